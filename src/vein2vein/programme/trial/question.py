"""What a search is asked: which keys are varied over which values, and what is required of which figure.

Place    Programme, trial. Read by `search`, the command line and the report.
In       The section `search` of a design file, or text such as "correct >= 60%" of the command line.
Out      `Question`, with its candidates in one order, and `Required`.
Checked  tests/unit/programme/trial/test_search.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np

from vein2vein.programme.trial.study.reading import made, refuse
from vein2vein.programme.trial.study.results import Figure

_MOST: Final = 100_000
_REQUIRED: Final = re.compile(r"\s*(\w+)\s*(>=|<=)\s*([0-9.]+)\s*(%?)\s*(?:in\s+(.+?))?\s*")


@dataclass(frozen=True)
class Required:
    """What a figure has to be.

    Args:
        figure: Key of a figure of the results, such as "correct", "overdose", "power".
        at_least: Smallest value; None for no such bound.
        at_most: Largest value; None for no such bound.
        scenarios: Names of scenarios in which it has to hold; empty for all.
    """

    figure: str
    at_least: float | None = None
    at_most: float | None = None
    scenarios: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            refuse(f"nothing required of {self.figure!r}", "at_least or at_most", "add `at_least: 0.6`")

    @classmethod
    def read(cls, text: str) -> Required:
        """From text such as "correct >= 60%" or "overdose <= 0.2 in first dose is right".

        Raises:
            TrialError: TRIAL-005 for text that cannot be read.
        """
        match = _REQUIRED.fullmatch(text)
        if match is None:
            refuse(f"{text!r}", 'such as "correct >= 60%" or "overdose <= 0.2 in plateau"', "correct the constraint")
        value = float(match[3]) / (100 if match[4] else 1)
        low, high = (value, None) if match[2] == ">=" else (None, value)
        return cls(match[1], low, high, tuple(name.strip() for name in match[5].split(",")) if match[5] else ())

    def __str__(self) -> str:
        """The constraint in words."""
        bounds = [f"{sign} {v:g}" for sign, v in (("≥", self.at_least), ("≤", self.at_most)) if v is not None]
        where = f" in {', '.join(self.scenarios)}" if self.scenarios else " in all scenarios"
        return f"{self.figure} {' and '.join(bounds)}{where}"

    def spare(self, figure: Figure) -> float:
        """How far a figure is inside its bounds; below 0 where it is outside."""
        parts = [figure.value - self.at_least] if self.at_least is not None else []
        parts += [self.at_most - figure.value] if self.at_most is not None else []
        return min(parts) if not np.isnan(figure.value) else -np.inf

    def misses(self, figure: Figure) -> float:
        """How far a figure is outside: of a chance as it is, of others as a part of the bound, so that both can be compared."""
        short = max(-self.spare(figure), 0.0)
        if figure.kind == "chance" or not short:
            return short
        low = self.at_least is not None and figure.value < self.at_least
        bound = abs((self.at_least if low else self.at_most) or 0.0)
        return short / bound if bound else np.inf


@dataclass(frozen=True)
class Question:
    """A search.

    Args:
        vary: Values of each parameter, by its key in the file; dots go into nested keys ("cohorts.number").
        require: What has to hold.
        smallest: "most" for the largest number of patients, or a figure, whose largest value over the scenarios is made small.
        trials: Simulated trials per scenario, where a design cannot be enumerated.
        seed: Root seed; every candidate meets the same patients.
    """

    vary: Mapping[str, tuple[Any, ...]]
    require: tuple[Required, ...]
    smallest: str = "most"
    trials: int = 10_000
    seed: int = 1

    def __post_init__(self) -> None:
        count = int(np.prod([float(len(values)) for values in self.vary.values()])) if self.vary else 0
        if not 1 <= count <= _MOST:
            refuse(f"{count} candidates", f"1 to {_MOST:,}", "vary at least one parameter, over fewer values")
        if not self.require:
            refuse("no constraint", "at least one", 'add one such as "correct >= 60%"')

    def candidates(self) -> Iterator[dict[str, Any]]:
        """Every combination, the last key running fastest."""
        for values in product(*self.vary.values()):
            yield dict(zip(self.vary, values, strict=True))


def question_of(content: Mapping[str, Any], *, trials: int = 10_000, seed: int = 1) -> Question:
    """The search that a design file asks for under `search`.

    Raises:
        TrialError: TRIAL-005 where there is none, or it cannot be read.
    """
    section = content.get("search")
    if not isinstance(section, Mapping):
        refuse(
            "no search in the file", "a section `search` with vary and require", "add it, or pass --vary and --require"
        )
    return made(_question, {"trials": trials, "seed": seed} | dict(section), "search", _TURNS)


def _question(
    vary: Mapping[str, Any],
    require: tuple[Required, ...],
    *,
    smallest: str = "most",
    trials: int = 10_000,
    seed: int = 1,
) -> Question:
    return Question(vary, require, smallest, trials, seed)


def values_of(value: Any) -> tuple[Any, ...]:
    """Values to try: a list, or {from, to, step} with both ends included.

    Raises:
        TrialError: TRIAL-005 for anything else.
    """
    if isinstance(value, list) and value:
        return tuple(value)
    if isinstance(value, Mapping) and {"from", "to"} <= set(value) <= {"from", "to", "step"}:
        start, end, step = value["from"], value["to"], value.get("step", 1)
        if all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (start, end, step)) and step > 0:
            several = [start + k * step for k in range(int((end - start) / step + 1e-9) + 1)] if end >= start else []
            if several:
                return tuple(round(one, 12) if isinstance(one, float) else one for one in several)
    return refuse(f"values {value!r}", "a list, or {from: 6, to: 16, step: 1}", "correct the values to try")


def _vary(value: Any) -> dict[str, tuple[Any, ...]]:
    if not isinstance(value, Mapping) or not value:
        refuse(f"vary {value!r}", "keys of the design with values", "write `cohorts.number: {from: 6, to: 16}`")
    return {str(key): values_of(one) for key, one in value.items()}


def _require(value: Any) -> tuple[Required, ...]:
    if not isinstance(value, list):
        refuse(f"require {value!r}", "a list of constraints", "write `- {figure: correct, at_least: 0.6}`")
    return tuple(Required.read(one) if isinstance(one, str) else _required(one) for one in value)


def _required(value: Any) -> Required:
    named = dict(value) if isinstance(value, Mapping) else {"figure": value}
    where = named.pop("in", [])
    named["scenarios"] = [] if where == "all" else where
    return made(Required, named, "a constraint")


_TURNS: Final = {"vary": lambda value, _: _vary(value), "require": lambda value, _: _require(value)}
