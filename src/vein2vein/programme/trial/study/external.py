"""An external control from a file of patients: the design file, the patients, and what the comparison found.

Place    Programme, trial, study.
In       A design file ``design: external-control`` and a CSV: `patient`, `group` (treated or control), `time` from eligibility,
         `event`, `wait` from eligibility to infusion (treated only), covariates at eligibility, perhaps `response`.
Out      `Findings`: patients, balance, effects with intervals, survival, and who was left out.
Knows    The clock starts at infusion, for controls at a pseudo-infusion date (`waiting`). Intervals are those of the robust
         variance, which takes weights as known and is a little wide, or of resampled patients (`external_resampled`).
Does not Mend what was not measured, nor progression while waiting that controls had otherwise.
Checked  tests/unit/programme/trial/study/test_external.py, tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from vein2vein.programme.trial.phase2.compare import Estimate
from vein2vein.programme.trial.phase2.propensity import Target, effective
from vein2vein.programme.trial.phase2.refuse import positive, refuse_control, refuse_parameter
from vein2vein.programme.trial.study import external_resampled
from vein2vein.programme.trial.study.external_resampled import LEAST, Resampled
from vein2vein.programme.trial.study.external_rows import (
    Effects,
    How,
    Known,
    Rows,
    check_groups,
    effects_of,
    rows_by_matching,
    rows_by_weighting,
)
from vein2vein.programme.trial.study.findings import Cell, Findings, Grid
from vein2vein.programme.trial.study.patients import Patients, refuse_patients
from vein2vein.programme.trial.study.reading import made, parameters_of, refuse
from vein2vein.programme.trial.texts import said
from vein2vein.programme.trial.words import Bools, Floats, Parameter

NAME: Final = "external-control"
SOURCE: Final = "Rosenbaum and Rubin 1983; Suissa 2008; Lin and Wei 1989"
_APART: Final = 0.1  # standardised difference that is usually called balanced (Austin 2009 Stat Med 28:3083, recalled)
_ROUND: Final = 1e-9
_RESAMPLES: Final = 1000


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
        seed: Root seed of dates that are drawn and of resamples; 1 by default.
        intervals: "robust": by the robust variance, weights taken as known; "bootstrap": by resampling patients, or pairs.
        resamples: Of the bootstrap, at least 50; 1,000 by default.
        at: Times after infusion at which survival is told, in the unit of the file.
        missing: Whether a missing value is refused, or the patient is left out and counted.

    Raises:
        TrialError: TRIAL-002 for a caliper that is not above 0 or too few resamples, TRIAL-005 for options that do not go
            together.
    """

    covariates: tuple[str, ...]
    method: Literal["weighting", "matching"] = "weighting"
    target: Target | None = None
    caliper: float | None = None
    dates: Literal["average", "drawn", "partner"] | None = None
    stratum: str | None = None
    seed: int | None = None
    intervals: Literal["robust", "bootstrap"] = "robust"
    resamples: int | None = None
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
        self._check_draws()
        if any(not one > 0 for one in self.at):
            refuse(f"times {list(self.at)}", "times above 0", "correct `at`")
        positive("caliper", 0.2 if self.caliper is None else self.caliper)

    def _check_draws(self) -> None:
        if self.seed is not None and not self.draws:
            expected = "a seed with `dates: drawn` or `intervals: bootstrap`"
            refuse("a seed where nothing is drawn", expected, "leave the seed out")
        if self.seed is not None and self.seed < 0:
            refuse(f"a seed of {self.seed}", "a whole number from 0", "correct it")
        if self.resamples is not None and self.intervals != "bootstrap":
            refuse("resamples without bootstrap", "resamples with `intervals: bootstrap`", "add it, or leave them out")
        if self.resamples is not None and self.resamples < LEAST:
            refuse_parameter(f"{self.resamples} resamples", f"at least {LEAST}")

    @property
    def waits(self) -> str:
        """The pseudo-infusion dates in use."""
        return self.dates or ("partner" if self.method == "matching" else "average")

    @property
    def root(self) -> int:
        """The root seed of what is drawn."""
        return 1 if self.seed is None else self.seed

    @property
    def draws(self) -> bool:
        """Whether anything is drawn."""
        return self.waits == "drawn" or self.intervals == "bootstrap"

    def parameters(self, given: Mapping[str, Any]) -> dict[str, Parameter]:
        """Every choice with its origin; what the method does not use is not named."""
        found = parameters_of(ExternalControl, given, SOURCE)
        matching = self.method == "matching"
        found["dates"] = replace(found["dates"], value=self.waits)
        if found["dates"].origin == "default":
            found["dates"] = replace(found["dates"], origin="derived")
        for key, default in (("target", "treated"), ("caliper", 0.2), ("seed", 1), ("resamples", _RESAMPLES)):
            if found[key].value is None:
                found[key] = replace(found[key], value=default)
        used = {
            "target": not matching,
            "caliper": matching,
            "seed": self.draws,
            "resamples": self.intervals == "bootstrap",
        }
        return {key: one for key, one in found.items() if used.get(key, True)}


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
    how = How(plan.target, plan.caliper or 0.2, plan.root if plan.waits == "drawn" else None)
    notes = list[str]()
    if plan.method == "matching":
        rows = rows_by_matching(how, known, left_out)
    else:
        rows, alive = rows_by_weighting(how, known)
        notes.append(said("external.died_before", share=f"{1 - alive:.1%}"))
    balance, apart = _balance(plan, known, rows)
    found = effects_of(known, rows, plan.at)
    resampled = None
    if plan.intervals == "bootstrap":
        resampled = _resampled(plan, found, how, (known, rows))
        found = found.with_ends(resampled.error, resampled.ends)
        notes += _drawn_notes(plan, resampled)
    grids = [_counts(known, rows), balance, _effects(plan, found)]
    if plan.at:
        grids.append(_survival(plan, found, resampled))
    told = parameters or plan.parameters({key: value for key, value in vars(plan).items() if value is not None})
    return Findings(said(f"external.{plan.method}"), told, tuple(grids), left_out, (*notes, *apart))


def _resampled(plan: ExternalControl, found: Effects, how: How, data: tuple[Known, Rows]) -> Resampled:
    known, rows = data
    resamples, seed = plan.resamples or _RESAMPLES, plan.root
    if plan.method == "matching":
        return external_resampled.by_pairs(found, rows, known, plan.at, resamples=resamples, seed=seed)
    return external_resampled.by_weighting(found, how, known, plan.at, resamples=resamples, seed=seed)


def _drawn_notes(plan: ExternalControl, resampled: Resampled) -> list[str]:
    resamples, notes = plan.resamples or _RESAMPLES, list[str]()
    if resampled.failed:
        notes.append(said("external.failed", failed=resampled.failed, all=resamples))
    if resamples - resampled.failed < LEAST:
        notes.append(said("external.few", least=LEAST))
    return notes


def _known(plan: ExternalControl, patients: Patients) -> tuple[Known, dict[str, int]]:
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

    drop(said("external.not_infused"), treated & np.isnan(wait))
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
        drop(said("external.missing", name=name), gone)
    if (treated & keep & (time < wait - _ROUND)).any():
        refuse_control("a treated patient whose time ends before infusion", "time from eligibility, as for controls")
    few = patients.only(keep)
    x = np.column_stack([few.numbers(name) for name in plan.covariates])
    stratum = None if plan.stratum is None else np.array(few.words(plan.stratum))
    return (
        Known(x, treated[keep], time[keep], few.codes("event"), wait[keep],
              few.codes("response") if response else None, stratum),
        left_out,
    )  # fmt: skip


def _counts(known: Known, rows: Rows) -> Grid:
    found: list[tuple[Cell, ...]] = []
    per_patient: Floats = np.bincount(rows.patient, rows.weight, len(known.time)).astype(np.float64)
    for word, mine in (("treated", known.treated), ("control", ~known.treated)):
        here = per_patient[mine]
        found.append((said(f"external.{word}"), int(mine.sum()), int((here > 0).sum()), effective(here)))
    return Grid(said("findings.patients"), _heads("group", "usable", "compared", "effective"), tuple(found))


def _heads(*keys: str) -> tuple[str, ...]:
    return tuple(said(f"external.{key}") for key in keys)


def _balance(plan: ExternalControl, known: Known, rows: Rows) -> tuple[Grid, list[str]]:
    """Standardised differences at eligibility as they are, and at infusion with weights, over the same deviation."""
    group = known.treated
    check_groups(group)
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
    heads = _heads("covariate", "treated", "control", "before", "after")
    apart: list[str] = [
        said("external.apart", name=name, limit=f"{_APART:g}")
        for name, d in zip(plan.covariates, after, strict=True)
        if abs(d) > _APART
    ]
    return Grid(said("external.balance"), heads, table, "differences"), apart


def _effects(plan: ExternalControl, found: Effects) -> Grid:
    rows = [_told("ratio", found.ratio)]
    if plan.method == "weighting":  # pairs have no weights, so that without them is the same figure
        rows.append(_told("dates_only", found.dates_only))
    rows.append(_told("immortal", found.immortal))
    if found.responses is not None:
        rows.append(_told("responses", found.responses))
    heads = (*_heads("effect"), *_interval_heads())
    return Grid(said("external.effects"), heads, tuple(rows), "ratios", 3)


def _interval_heads() -> tuple[str, ...]:
    return said("findings.value"), said("findings.from", level="95%"), said("findings.to")


def _told(word: str, one: Estimate) -> tuple[Cell, ...]:
    return said(f"external.{word}"), one.value, one.low, one.high


def _survival(plan: ExternalControl, found: Effects, resampled: Resampled | None) -> Grid:
    heads = _heads("time", "treated", "control", "difference")
    rows: list[tuple[Cell, ...]] = [(f"{at:g}", *three) for at, three in zip(plan.at, found.survival, strict=True)]
    if resampled is not None:
        heads = (*heads, *_interval_heads()[1:])
        ends = resampled.ends[:, -3 * len(plan.at) :][:, 2::3].T  # those of the differences
        rows = [(*row, float(low), float(high)) for row, (low, high) in zip(rows, ends, strict=True)]
    return Grid(said("external.survival"), heads, tuple(rows))
