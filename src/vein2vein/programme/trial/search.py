"""The smallest design that meets constraints: sample size and any parameter varied over values, every scenario looked at.

Place    Programme, trial. Stands on `designs`, so any family can be searched.
In       The content of a design file, the parameters to vary, what is required of which figure in which scenario.
Out      `Found`: the best design, and every candidate with its worst figure, whether it meets, and whether that is settled.
Knows    Candidates are looked at in one order and independently, so any executor on any number of processes gives the same.
         A simulated figure within 1.96 of its errors of a bound does not settle the question, and says so. A candidate that
         refuses itself (no such two-stage design) does not meet; when all refuse, their first reason is raised.
Checked  tests/unit/programme/trial/test_search.py
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, Final

import numpy as np

from vein2vein.engine.workers import answers
from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.study.reading import made, refuse
from vein2vein.programme.trial.study.results import Figure, Result

Progress = Callable[[int, int], None]
_Z: Final = 1.96
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


@dataclass(frozen=True)
class Tried:
    """One candidate.

    Args:
        values: The varied parameters.
        patients: Largest number of patients.
        goal: What is made small.
        worst: For each constraint the figure nearest to breaking it, and its scenario.
        meets: Whether every constraint holds.
        settled: Whether no bound lies within the Monte Carlo error.
        refused: Why the candidate is no design; empty where it is one.
    """

    values: Mapping[str, Any]
    patients: int
    goal: float
    worst: tuple[tuple[str, Figure], ...]
    meets: bool
    settled: bool
    refused: str = ""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Args:
        required: The constraints.
        tried: Every candidate in the order of the search.
    """

    required: tuple[Required, ...]
    tried: tuple[Tried, ...]

    @property
    def best(self) -> Tried | None:
        """The candidate that meets with the smallest goal; of equals the first. None where none meets."""
        able = [one for one in self.tried if one.meets]
        return min(able, key=lambda one: one.goal) if able else None


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


def search(
    content: Mapping[str, Any],
    question: Question,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Found:
    """Look at every candidate.

    Args:
        content: Plain values of a design file.
        question: What is varied, required and made small.
        executor: Any `concurrent.futures.Executor`; None works here. The answer is the same.
        progress: Called with (candidates done, candidates in all).

    Raises:
        TrialError: TRIAL-005 for a figure or scenario that the results do not have; when every candidate refuses itself, the
            first refusal.
    """
    plain = {key: value for key, value in content.items() if key != "search"}
    work = partial(_try, plain, question)
    candidates = list(question.candidates())
    made_up = map(work, candidates) if executor is None else answers(executor, work, candidates)
    tried = []
    for done, one in enumerate(made_up, start=1):
        tried.append(one)
        if progress is not None:
            progress(done, len(candidates))
    if all(one.refused for one in tried):
        _try(plain, question, candidates[0], keep=False)
    return Found(question.require, tuple(tried))


def with_values(content: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a design file with some of its values changed."""
    found = copy.deepcopy(dict(content))
    for path, value in values.items():
        here: Any = found
        *above, last = path.split(".")
        for key in above:
            here = here.setdefault(key, {}) if isinstance(here, dict) else None
        if not isinstance(here, dict):
            refuse(f"parameter {path!r}", "a key of the design, with dots into nested ones", "correct the name")
        here[last] = value
    return found


def _try(content: Mapping[str, Any], question: Question, values: dict[str, Any], *, keep: bool = True) -> Tried:
    try:
        study = design_of(with_values(content, values)).study
        results = study.results(trials=question.trials, seed=question.seed)
    except TrialError as error:  # the candidate is no design; faults of the question are raised below
        if not keep:
            raise
        return Tried(values, 0, np.inf, (), False, True, f"{error.fault.id}: {error.fault.saw}")  # noqa: FBT003
    worst, meets, settled = [], True, True
    for need in question.require:
        figures = _figures(need, results)
        scenario, figure = min(figures, key=lambda pair: need.spare(pair[1]))
        worst.append((scenario, figure))
        meets &= need.spare(figure) >= 0
        settled &= all(abs(need.spare(one)) > _Z * one.error for _, one in figures if one.error is not None)
    return Tried(values, study.most, _goal(question, study.most, results), tuple(worst), bool(meets), bool(settled))


def _figures(need: Required, results: Sequence[Result]) -> list[tuple[str, Figure]]:
    unknown = [name for name in need.scenarios if name not in {result.scenario for result in results}]
    if unknown or not results:
        names = ", ".join(result.scenario for result in results) or "none: the file has no scenarios"
        shown = repr(unknown[0]) if unknown else "to look at"
        refuse(f"scenario {shown}", f"one of {names}", "correct the constraint")
    chosen = [result for result in results if not need.scenarios or result.scenario in need.scenarios]
    for result in chosen:
        if need.figure not in result.figures:
            refuse(f"figure {need.figure!r}", f"one of {', '.join(result.figures)}", "correct the constraint")
    return [(result.scenario, result.figures[need.figure]) for result in chosen]


def _goal(question: Question, most: int, results: Sequence[Result]) -> float:
    if question.smallest == "most":
        return float(most)
    everywhere = Required(question.smallest, at_most=np.inf)
    return max(figure.value for _, figure in _figures(everywhere, results))
