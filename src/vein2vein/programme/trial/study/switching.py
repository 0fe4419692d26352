"""Survival without treatment switching from a file of patients: the design file, the patients, and what the estimators say.

Place    Programme, trial, study.
In       A design file ``design: treatment-switching`` and a CSV: `arm` (experimental or control), `time`, `event`, `crossover`
         (empty for none), `follow_up` (administrative end), perhaps `eligible` (empty for never) and baseline covariates.
Out      `Findings`: hazard ratios as randomised, by RPSFT, by IPCW, and with follow-up that ends at crossover.
Knows    The estimators stand in `rpsft` and `ipcw`, with what each assumes; nothing in the data tells which assumption holds.
Checked  tests/unit/programme/trial/study/test_switching.py, tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from scipy.stats import norm

from vein2vein.programme.trial.randomised.cox import HazardRatio, cox
from vein2vein.programme.trial.randomised.crossover import Crossed
from vein2vein.programme.trial.randomised.ipcw import Weighted, ipcw
from vein2vein.programme.trial.randomised.refuse import refuse_data
from vein2vein.programme.trial.randomised.rpsft import Untreated, rpsft
from vein2vein.programme.trial.study.findings import Cell, Findings, Grid
from vein2vein.programme.trial.study.patients import Patients, refuse_patients
from vein2vein.programme.trial.study.reading import made, parameters_of, refuse
from vein2vein.programme.trial.texts import said
from vein2vein.programme.trial.words import Floats, Parameter

NAME: Final = "treatment-switching"
SOURCE: Final = "Robins and Tsiatis 1991; Robins and Finkelstein 2000 (recalled)"
_HEAVY: Final = 10.0  # a weight above it is pointed at; the number is ours


@dataclass(frozen=True)
class Switching:
    """How survival without switching is estimated.

    Args:
        methods: Estimators beside the analysis as randomised.
        covariates: Baseline columns on which crossover depends, for IPCW.
        recensor: Of RPSFT: whether follow-up is cut where treatment could have shortened it.
        reach: Of RPSFT: psi is sought from `-reach` to `reach`.
        level: Of all intervals.

    Raises:
        TrialError: TRIAL-005 for a method that is named twice, or covariates without IPCW.
    """

    methods: tuple[Literal["rpsft", "ipcw"], ...] = ("rpsft", "ipcw")
    covariates: tuple[str, ...] = ()
    recensor: bool = True
    reach: float = 3.0
    level: float = 0.95

    def __post_init__(self) -> None:
        if not self.methods or len(set(self.methods)) < len(self.methods):
            refuse(f"methods {list(self.methods)}", "rpsft, ipcw or both, each once", "correct `methods`")
        if self.covariates and "ipcw" not in self.methods:
            refuse("covariates without ipcw", "covariates for ipcw only", "leave them out, or add ipcw")
        if not 0 < self.level < 1:
            refuse(f"a level of {self.level:g}", "a number between 0 and 1", "write such as 0.95")

    def parameters(self, given: Mapping[str, Any]) -> dict[str, Parameter]:
        """Every choice with its origin; what no method uses is not named."""
        found = parameters_of(Switching, given, SOURCE)
        unused = (() if "rpsft" in self.methods else ("recensor", "reach")) + (
            () if "ipcw" in self.methods else ("covariates",)
        )
        return {key: one for key, one in found.items() if key not in unused}


def read_switching(content: Mapping[str, Any]) -> tuple[Switching, dict[str, Parameter]]:
    """The plan of a design file, and its choices.

    Raises:
        TrialError: TRIAL-005 for keys or values that do not fit.
    """
    given = {str(key): value for key, value in content.items() if key not in {"design", "title", "data"}}
    plan = made(Switching, given, f"the design {NAME}")
    return plan, plan.parameters(given)


def without_switching(
    plan: Switching, patients: Patients, parameters: Mapping[str, Parameter] | None = None
) -> Findings:
    """Estimate the hazard ratio as if nobody had switched.

    Args:
        plan: How.
        patients: Columns `arm`, `time`, `event`, `crossover`, `follow_up`, perhaps `eligible` and covariates.
        parameters: Choices as read from a file; those of the plan by default, all marked as set.

    Raises:
        TrialError: TRIAL-006 for columns or cells that do not fit; TRIAL-040 for data that cannot be, nobody who switched, or an
            estimator without an answer.
    """
    data = crossed_of(plan, patients)
    ended = data.ended_at_crossover()
    effects = [_told("randomised", cox(data.sample), plan.level)]
    grids, notes = [_counts(data)], list[str]()
    if "rpsft" in plan.methods:
        model = rpsft(data, recensor=plan.recensor, reach=plan.reach, level=plan.level)
        effects.append(_told("rpsft", model.ratio, plan.level))
        grids.append(_effect_on_time(model))
        if len(model.roots) > 1:
            notes.append(said("switching.roots", n=len(model.roots)))
        if not all(map(math.isfinite, model.psi_interval)):
            notes.append(said("switching.open", reach=f"{plan.reach:g}"))
    if "ipcw" in plan.methods:
        weighted = ipcw(data)
        effects.append(_told("ipcw", weighted.ratio, plan.level))
        grids.append(_model(plan, weighted))
        if weighted.largest > _HEAVY:
            notes.append(said("switching.heavy", weight=f"{weighted.largest:.1f}"))
        if not plan.covariates:
            notes.append(said("switching.no_covariates"))
    effects.append(_told("ended", cox(ended), plan.level))
    interval = (said("findings.value"), said("findings.from", level=f"{plan.level:.0%}"), said("findings.to"))
    grids.insert(1, Grid(said("switching.effects"), (said("switching.ratio"), *interval), tuple(effects), "ratios"))
    told = parameters or plan.parameters(vars(plan))
    return Findings(said("switching.name"), told, tuple(grids), {}, tuple(notes))


def crossed_of(plan: Switching, patients: Patients) -> Crossed:
    """The data of the estimators.

    Raises:
        TrialError: TRIAL-006 and TRIAL-040 as `without_switching`.
    """
    arms = patients.words("arm")
    strange = next((word for word in arms if word not in {"experimental", "control"}), None)
    if strange is not None:
        refuse_patients(f"arm {strange!r}", "experimental or control", "correct the cell")

    def complete(name: str, *, codes: bool = False) -> Floats:
        found = patients.codes(name) if codes else patients.numbers(name)
        if np.isnan(found).any():
            row = int(np.flatnonzero(np.isnan(found))[0]) + 1
            refuse_patients(
                f"no {name} in row {row}", "a value for each patient", "fill it in or leave the patient out"
            )
        return found

    def or_never(name: str) -> Floats:
        found = patients.numbers(name)
        return np.where(np.isnan(found), np.inf, found)

    data = Crossed.of(
        complete("time"),
        complete("event", codes=True),
        [int(word == "experimental") for word in arms],
        or_never("crossover"),
        follow_up=complete("follow_up"),
        eligible=or_never("eligible") if "eligible" in patients.columns else None,
        covariates=np.column_stack([complete(name) for name in plan.covariates]) if plan.covariates else None,
    )
    if not data.crossed.any():
        refuse_data("nobody who switched", "at least one control patient with a time of crossover")
    return data


def _counts(data: Crossed) -> Grid:
    found: list[tuple[Cell, ...]] = []
    for word, code in (("experimental", 1), ("control", 0)):
        mine = data.sample.arm == code
        events = int(data.sample.event[mine].sum())
        found.append((said(f"switching.{word}"), int(mine.sum()), events, int((data.crossed & mine).sum())))
    heads = (said("switching.arm"), said("findings.patients"), said("switching.events"), said("switching.switched"))
    return Grid(said("findings.patients"), heads, tuple(found))


def _effect_on_time(model: Untreated) -> Grid:
    low, high = model.psi_interval
    row = (model.psi, low, high, math.exp(-model.psi))
    heads = (said("switching.psi"), said("findings.lower"), said("findings.to"), said("switching.counts_as"))
    return Grid(said("switching.effect_on_time"), heads, (row,))


def _model(plan: Switching, weighted: Weighted) -> Grid:
    rows: list[tuple[Cell, ...]] = [
        (said("switching.switching_by", name=name), math.exp(one))
        for name, one in zip(plan.covariates, weighted.coefficients, strict=True)
    ]
    heads = (said("switching.what"), said("findings.value"))
    return Grid(said("switching.model"), heads, (*rows, (said("switching.largest_weight"), weighted.largest)))


def _told(word: str, one: HazardRatio, level: float) -> tuple[Cell, ...]:
    reach = float(norm.isf((1 - level) / 2)) * one.error
    return said(f"switching.{word}"), math.exp(one.log), _exp(one.log - reach), _exp(one.log + reach)


def _exp(value: float) -> float:
    return math.inf if value > 700 else math.exp(value)  # noqa: PLR2004  (beyond it there is no float)
