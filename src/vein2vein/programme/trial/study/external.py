"""An external control from a file of patients: the design file, the patients, and what the comparison found.

Place    Programme, trial, study.
In       A design file ``design: external-control`` and a CSV: `patient`, `group` (treated or control), `time` from eligibility,
         `event`, `wait` from eligibility to infusion (treated only), covariates at eligibility, perhaps `response`.
Out      `Findings`: patients, balance, effects with intervals, survival, and who was left out.
Knows    The clock starts at infusion, for controls at a pseudo-infusion date (`waiting`). Weighting takes every control at every
         date and fits the propensity score among those who live then; matching gives a control the wait of its partner, and only
         to controls who live then. Rows of one patient, and pairs, are one cluster (`compare`). Weights are taken as known.
Does not Mend what was not measured, nor progression while waiting that controls had otherwise.
Checked  tests/unit/programme/trial/study/test_external.py, tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2.compare import Estimate, hazard_ratio, response_difference, survival
from vein2vein.programme.trial.phase2.propensity import Target, effective, match, rows_of, scores, weights
from vein2vein.programme.trial.phase2.refuse import positive, refuse_control
from vein2vein.programme.trial.phase2.waiting import PseudoInfused, drawn_dates, expected_dates
from vein2vein.programme.trial.study.findings import Cell, Findings, Grid
from vein2vein.programme.trial.study.patients import Patients, refuse_patients
from vein2vein.programme.trial.study.reading import made, parameters_of, refuse
from vein2vein.programme.trial.words import Bools, Floats, Ints, Parameter

NAME: Final = "external-control"
SOURCE: Final = "Rosenbaum and Rubin 1983; Suissa 2008; Lin and Wei 1989"
_APART: Final = 0.1  # standardised difference that is usually called balanced (Austin 2009 Stat Med 28:3083, recalled)
_ROUND: Final = 1e-9


@dataclass(frozen=True)
class ExternalControl:
    """How treated patients are compared with an external control.

    Args:
        covariates: Columns of covariates at eligibility, numbers.
        method: Weighting, or matching in pairs.
        target: Whose effect weighting estimates; "treated" by default.
        caliper: Of matching, in standard deviations of the logit of the score; 0.2 by default.
        dates: Pseudo-infusion dates: "average" over all waits (default of weighting), "drawn" once for each control, or
            "partner" (matching always).
        stratum: Column of a stratum on which waits depend, for "average".
        seed: Of the dates that are drawn.
        at: Times after infusion at which survival is told, in the unit of the file.
        missing: Whether a missing value is refused, or the patient is left out and counted.

    Raises:
        TrialError: TRIAL-002 for a caliper that is not above 0, TRIAL-005 for options that do not go together.
    """

    covariates: tuple[str, ...]
    method: Literal["weighting", "matching"] = "weighting"
    target: Target | None = None
    caliper: float | None = None
    dates: Literal["average", "drawn", "partner"] | None = None
    stratum: str | None = None
    seed: int | None = None
    at: tuple[float, ...] = ()
    missing: Literal["refuse", "leave-out"] = "refuse"

    def __post_init__(self) -> None:
        matching = self.method == "matching"
        if not self.covariates or len(set(self.covariates)) < len(self.covariates):
            refuse(f"covariates {list(self.covariates)}", "at least one, each once", "list the columns")
        if (self.dates == "partner") != matching and self.dates is not None:
            refuse(f"dates {self.dates!r} with {self.method}", "partner with matching only", "leave `dates` out")
        for key, wanted in (("target", not matching), ("caliper", matching)):
            if getattr(self, key) is not None and not wanted:
                refuse(f"a {key} with {self.method}", f"none, since {self.method} has no {key}", "leave it out")
        if self.stratum is not None and self.waits != "average":
            refuse(f"a stratum with dates {self.waits!r}", "dates averaged over all waits", "leave the stratum out")
        if self.seed is not None and self.waits != "drawn":
            refuse("a seed where nothing is drawn", "a seed with `dates: drawn`", "leave the seed out")
        if any(not one > 0 for one in self.at):
            refuse(f"times {list(self.at)}", "times above 0", "correct `at`")
        positive("caliper", 0.2 if self.caliper is None else self.caliper)

    @property
    def waits(self) -> str:
        """The pseudo-infusion dates in use."""
        return self.dates or ("partner" if self.method == "matching" else "average")

    def parameters(self, given: Mapping[str, Any]) -> dict[str, Parameter]:
        """Every choice with its origin; what the method does not use is not named."""
        found = parameters_of(ExternalControl, given, SOURCE)
        matching = self.method == "matching"
        found["dates"] = replace(found["dates"], value=self.waits)
        if found["dates"].origin == "default":
            found["dates"] = replace(found["dates"], origin="derived")
        for key, default in (("target", "treated"), ("caliper", 0.2), ("seed", 1)):
            if found[key].value is None:
                found[key] = replace(found[key], value=default)
        for key, used in (("target", not matching), ("caliper", matching), ("seed", self.waits == "drawn")):
            if not used:
                del found[key]
        return found


@dataclass(frozen=True)
class _Known:
    """Patients that are used, as numbers."""

    x: Floats
    treated: Bools
    time: Floats
    event: Floats
    wait: Floats
    response: Floats | None
    stratum: list[str] | None


@dataclass(frozen=True)
class _Rows:
    """Rows from infusion on: number of the patient, cluster, time, event, weight of the date and of both."""

    patient: Ints
    cluster: Ints
    time: Floats
    event: Floats
    date: Floats
    weight: Floats


def read_external(content: Mapping[str, Any]) -> tuple[ExternalControl, dict[str, Parameter]]:
    """The plan of a design file, and its choices.

    Raises:
        TrialError: TRIAL-005 for keys or values that do not fit, TRIAL-002 for a caliper that cannot be.
    """
    given = {str(key): value for key, value in content.items() if key not in {"design", "title", "data"}}
    plan = made(ExternalControl, given, f"the design {NAME}")
    return plan, plan.parameters(given)


def compare_external(
    plan: ExternalControl, patients: Patients, parameters: Mapping[str, Parameter] | None = None
) -> Findings:
    """Compare treated patients with the control.

    Args:
        plan: How.
        patients: Columns `group`, `time`, `event`, `wait`, the covariates, perhaps `response` and the stratum.
        parameters: Choices as read from a file; those of the plan by default, all marked as set.

    Raises:
        TrialError: TRIAL-006 for columns or cells that do not fit; TRIAL-062 for missing values that are not left out, groups
            that do not overlap, nobody alive at a date, or a group without an event.
    """
    known, left_out = _known(plan, patients)
    rows, alive = _matched(plan, known, left_out) if plan.method == "matching" else _weighted(plan, known)
    balance, notes = _balance(plan, known, rows)
    if alive is not None:
        notes = [f"{1 - alive:.1%} of the controls would have died or been lost before infusion", *notes]
    grids = [_counts(known, rows), balance, _effects(known, rows)]
    if plan.at:
        grids.append(_survival(plan, known, rows))
    told = parameters or plan.parameters({key: value for key, value in vars(plan).items() if value is not None})
    return Findings(f"external control by {plan.method}", told, tuple(grids), left_out, tuple(notes))


def _known(plan: ExternalControl, patients: Patients) -> tuple[_Known, dict[str, int]]:
    words = patients.words("group")
    strange = next((word for word in words if word not in {"treated", "control"}), None)
    if strange is not None:
        refuse_patients(f"group {strange!r}", "treated or control", "correct the cell")
    treated = np.array([word == "treated" for word in words])
    wait, time = patients.numbers("wait"), patients.numbers("time")
    if (~treated & ~np.isnan(wait)).any():
        refuse_control("a wait of a control", "an empty cell, since controls are not infused", "empty the cell")
    keep, left_out = np.ones(patients.rows, bool), dict[str, int]()

    def drop(reason: str, who: Bools) -> None:
        count = int((who & keep).sum())
        if count:
            left_out[reason] = count
        keep[who] = False

    drop("treated who were never infused (no wait)", treated & np.isnan(wait))
    needed = {name: np.isnan(patients.numbers(name)) for name in ("time", "event", *plan.covariates)}
    response = "response" in patients.columns
    if response:
        needed["response"] = np.isnan(patients.codes("response"))
    if plan.stratum is not None:
        needed[plan.stratum] = np.array([not cell for cell in patients.words(plan.stratum)])
    for name, gone in needed.items():
        if (gone & keep).any() and plan.missing == "refuse":
            row = int(np.flatnonzero(gone & keep)[0]) + 1
            refuse_control(f"no {name} in row {row}", "complete values", "impute it, or write `missing: leave-out`")
        drop(f"{name} is missing", gone)
    if (treated & keep & (time < wait - _ROUND)).any():
        refuse_control("a treated patient whose time ends before infusion", "time from eligibility, as for controls")
    few = patients.only(keep)
    x = np.column_stack([few.numbers(name) for name in plan.covariates])
    stratum = None if plan.stratum is None else few.words(plan.stratum)
    return (
        _Known(x, treated[keep], time[keep], few.codes("event"), wait[keep],
               few.codes("response") if response else None, stratum),
        left_out,
    )  # fmt: skip


def _weighted(plan: ExternalControl, known: _Known) -> tuple[_Rows, float]:
    ours, theirs = np.flatnonzero(known.treated), np.flatnonzero(~known.treated)
    dated = _dated(plan, known, ours, theirs)
    patient = np.concatenate([ours, theirs[dated.control]])
    time = np.concatenate([np.maximum(known.time[ours] - known.wait[ours], 0.0), dated.time])
    event = np.concatenate([known.event[ours], dated.event.astype(np.float64)])
    living = float(dated.infused.sum())
    date = np.concatenate([np.ones(len(ours)), dated.weight * living / float(dated.weight.sum())])
    group = known.treated[patient]
    score = scores(known.x[patient], group, date)
    return _Rows(patient, patient, time, event, date, date * weights(score, group, plan.target or "treated")), (
        living / len(theirs)
    )


def _dated(plan: ExternalControl, known: _Known, ours: Ints, theirs: Ints) -> PseudoInfused:
    wait, time, event = known.wait[ours], known.time[theirs], known.event[theirs]
    if plan.waits == "drawn":
        return drawn_dates(wait, time, event, streams=Streams(1 if plan.seed is None else plan.seed))
    strata = None
    if known.stratum is not None:
        strata = (np.array(known.stratum)[ours], np.array(known.stratum)[theirs])
    return expected_dates(wait, time, event, strata=strata)


def _matched(plan: ExternalControl, known: _Known, left_out: dict[str, int]) -> tuple[_Rows, None]:
    ours, theirs = np.flatnonzero(known.treated), np.flatnonzero(~known.treated)
    lives = known.time[theirs][None, :] > known.wait[ours][:, None]
    pairs = match(scores(known.x, known.treated), known.treated, plan.caliper or 0.2, lives)
    patient = rows_of(pairs)
    wait = np.repeat([known.wait[one] for one, _ in pairs], 2)
    if len(pairs) < len(ours):
        left_out["treated without a partner within the caliper who lived as long as they waited"] = len(ours) - len(
            pairs
        )
    if len(pairs) < len(theirs):
        left_out["controls who are nobody's partner"] = len(theirs) - len(pairs)
    ones = np.ones(len(patient))
    cluster = np.repeat(np.arange(len(pairs)), 2)
    time = np.maximum(known.time[patient] - wait, 0.0)
    return _Rows(patient, cluster, time, known.event[patient], ones, ones), None


def _counts(known: _Known, rows: _Rows) -> Grid:
    found: list[tuple[Cell, ...]] = []
    per_patient: Floats = np.bincount(rows.patient, rows.weight, len(known.time)).astype(np.float64)
    for word, mine in (("treated", known.treated), ("control", ~known.treated)):
        here = per_patient[mine]
        found.append((word, int(mine.sum()), int((here > 0).sum()), effective(here)))
    return Grid("patients", ("group", "usable", "compared", "effective"), tuple(found))


def _balance(plan: ExternalControl, known: _Known, rows: _Rows) -> tuple[Grid, list[str]]:
    """Standardised differences at eligibility as they are, and at infusion with weights, over the same deviation."""
    group = known.treated
    if min(group.sum(), (~group).sum()) < 2:  # noqa: PLR2004
        refuse_control("a group of one patient", "at least two in each group, since one has no spread")
    spread = np.sqrt((known.x[group].var(axis=0, ddof=1) + known.x[~group].var(axis=0, ddof=1)) / 2)
    spread = np.where(spread > 0, spread, 1.0)
    before = (known.x[group].mean(axis=0) - known.x[~group].mean(axis=0)) / spread
    x, mine = known.x[rows.patient], group[rows.patient]
    ours, theirs = (np.average(x[who], axis=0, weights=rows.weight[who]) for who in (mine, ~mine))
    after = (ours - theirs) / spread
    table = tuple(
        (name, float(a), float(b), float(c), float(d))
        for name, a, b, c, d in zip(plan.covariates, ours, theirs, before, after, strict=True)
    )
    heads = ("covariate", "treated", "control", "difference before", "difference after")
    apart = [name for name, d in zip(plan.covariates, after, strict=True) if abs(d) > _APART]
    notes = [f"{name} is still more than {_APART:g} standard deviations apart" for name in apart]
    return Grid("balance", heads, table), notes


def _effects(known: _Known, rows: _Rows) -> Grid:
    group = known.treated[rows.patient]

    def ratio(weight: Floats) -> Estimate:
        return hazard_ratio(rows.time, rows.event, group, weight=weight, patient=rows.cluster)

    found: list[tuple[Cell, ...]] = [
        _told("hazard ratio", ratio(rows.weight)),
        _told("  with dates, without weights", ratio(rows.date)),
        _told("  from eligibility, with immortal time", hazard_ratio(known.time, known.event, known.treated)),
    ]
    if known.response is not None:
        weight = np.bincount(rows.patient, weights=rows.weight, minlength=len(known.time))
        found.append(_told("difference of responses", response_difference(known.response, known.treated, weight)))
    return Grid("effect, treated to control", ("effect", "value", "95% from", "to"), tuple(found))


def _told(word: str, one: Estimate) -> tuple[Cell, ...]:
    return word, one.value, one.low, one.high


def _survival(plan: ExternalControl, known: _Known, rows: _Rows) -> Grid:
    group = known.treated[rows.patient]
    found: list[tuple[Cell, ...]] = []
    for at in plan.at:
        sides = [survival(rows.time[who], rows.event[who], rows.weight[who], at) for who in (group, ~group)]
        found.append((f"{at:g}", *sides, sides[0] - sides[1]))
    return Grid("without event after infusion", ("time", "treated", "control", "difference"), tuple(found))
