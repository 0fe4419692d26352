"""Figures of a study as everybody shows them: a value, its Monte Carlo error or none, and how it is written.

Place    Programme, trial, study. Read by the command line, reports and search, so that all say the same digits.
In       Numbers of any family of designs.
Out      `Figure`, `Line`, `Result`; `Table` for decisions and boundaries; `Series` for curves.
Knows    Names of figures and heads are keys; the report has the wording in each language. None for an error is exact.
Checked  tests/unit/programme/trial/study/test_results.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np

from vein2vein.programme.trial.words import Floats

Kind = Literal["chance", "number", "patients", "days", "months", "ratio"]
_DIGITS: Final[Mapping[str, int]] = MappingProxyType(
    {"chance": 4, "number": 2, "patients": 1, "days": 0, "months": 1, "ratio": 3}
)


@dataclass(frozen=True)
class Figure:
    """One number of a study.

    Args:
        value: The number; a chance from 0 to 1. NaN where there is none.
        error: Monte Carlo standard error; None for an exact figure.
        kind: How it is written.
    """

    value: float
    error: float | None = None
    kind: Kind = "number"

    def __str__(self) -> str:
        """The number as every page shows it, with its error in brackets where it has one."""
        if math.isnan(self.value):
            return "-"
        shown = self._written(self.value)
        if self.error is None or math.isnan(self.error):
            return shown
        error = max(self.error, 0.5000001 * 10 ** -_DIGITS[self.kind])  # a little more, since halves round to even
        return f"{shown} (± {self._written(error)})"

    def _written(self, value: float) -> str:
        if math.isinf(value):
            return "never" if self.kind in {"days", "months"} else "∞"
        if self.kind == "chance":
            return f"{value:.2%}"
        return f"{value:,.{_DIGITS[self.kind]}f}"


@dataclass(frozen=True)
class Line:
    """One row of a result: a dose, a look, a basket or a denominator.

    Args:
        label: What stands at its head.
        figures: Numbers by key.
    """

    label: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Result:
    """What a design does in one scenario.

    Args:
        scenario: Its name.
        figures: Numbers of the whole trial, by key.
        lines: Numbers by dose, look, basket or denominator.
        by: Key of what the lines are.
        trials: Simulated trials; None where every figure is exact.
        seed: Root seed of the simulation.
    """

    scenario: str
    figures: Mapping[str, Figure]
    lines: tuple[Line, ...] = ()
    by: str = "dose"
    trials: int | None = None
    seed: int | None = None

    @property
    def how(self) -> str:
        """That it is exact, or how many trials were simulated."""
        return "exact" if self.trials is None else f"{self.trials:,} simulated trials, seed {self.seed}"

    def as_data(self) -> dict[str, Any]:
        """Plain numbers for JSON: value and error of each figure; None for what is not finite."""
        return {
            "scenario": self.scenario,
            "how": self.how,
            "figures": {key: _data(figure) for key, figure in self.figures.items()},
            "by": self.by,
            "lines": [
                {"label": line.label} | {key: _data(figure) for key, figure in line.figures.items()}
                for line in self.lines
            ],
        }


def _data(figure: Figure) -> dict[str, float | None]:
    return {"value": _finite(figure.value), "error": None if figure.error is None else _finite(figure.error)}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True)
class Table:
    """Decisions or boundaries as they are printed.

    Args:
        key: What it is, such as "decisions", "boundaries", "stall".
        heads: Keys of its columns, or plain numbers.
        rows: Cells as text.
        about: What belongs to the title, such as the name of a scenario.
        simulated: Simulated trials behind its figures and their seed; None where they are exact or asymptotic.
    """

    key: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    about: str = ""
    simulated: tuple[int, int] | None = None


@dataclass(frozen=True)
class Curve:
    """Expected survival of one arm, and how many are expected to be at risk.

    Args:
        name: Key of the arm.
        survival: Share without event at each month.
        at_risk: Expected patients at risk at each month, at the last analysis.
        errors: Monte Carlo standard errors of both at each month; None where they are not simulated.
    """

    name: str
    survival: Floats
    at_risk: Floats
    errors: tuple[Floats, Floats] | None = None

    def at(self, place: int) -> tuple[Figure, Figure]:
        """Share without event and patients at risk at one of the months, with their errors."""
        survival, at_risk = (None, None) if self.errors is None else (float(one[place]) for one in self.errors)
        return chance(self.survival[place], survival), Figure(float(self.at_risk[place]), at_risk, "patients")


@dataclass(frozen=True)
class Curves:
    """Curves of the arms over the same months, in one scenario; `simulated` as in `Table`."""

    scenario: str
    months: Floats
    arms: tuple[Curve, ...] = field(default=())
    simulated: tuple[int, int] | None = None


def months_to(last: float) -> Floats:
    """Months at which curves are computed: 61 evenly from 0 to the last, and every whole month between."""
    found: Floats = np.unique(np.round(np.r_[np.linspace(0, last, 61), np.arange(0, np.floor(last) + 1)], 9))
    return found


def chance(value: float, error: float | None = None) -> Figure:
    """A chance."""
    return Figure(float(value), error, "chance")


def number(value: float, error: float | None = None) -> Figure:
    """A number, such as patients."""
    return Figure(float(value), error)


def share_of(happened: Floats) -> Figure:
    """The share of simulated trials in which something happened; where it is 0 or 1 the error is that of half a trial."""
    n, share = len(happened), float(np.mean(happened))
    likely = min(max(share, 0.5 / n), 1 - 0.5 / n)
    return chance(share, math.sqrt(likely * (1 - likely) / n))


def mean_of(values: Floats, kind: Kind = "number") -> Figure:
    """A mean over simulated trials with its standard error."""
    return Figure(float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values))), kind)


def median_of(values: Floats, kind: Kind = "number") -> Figure:
    """A median over simulated trials; its error is half the distance of the values one standard error to either side."""
    ordered, n = np.sort(values), len(values)
    away = math.sqrt(n) / 2
    low, high = max(round(n / 2 - away) - 1, 0), min(round(n / 2 + away), n - 1)
    middle = float(np.median(ordered))
    with np.errstate(invalid="ignore"):  # both infinite
        error = float(ordered[high] - ordered[low]) / 2
    return Figure(middle, error if math.isfinite(middle) and math.isfinite(error) else None, kind)


def ratio_of(part: Floats, whole: Floats) -> Figure:
    """Mean of `part` over mean of `whole`, with the error of a ratio of means."""
    share = float(part.mean() / whole.mean()) if whole.any() else math.nan
    off = (part - share * whole) / whole.mean() if whole.any() else part
    return chance(share, float(off.std(ddof=1) / math.sqrt(len(part))))
