"""The smallest design that meets constraints: sample size and any parameter varied over values, every scenario looked at.

Place    Programme, trial. Stands on `designs`, so any family can be searched.
In       The content of a design file, a `Question`.
Out      `Found`: the best design, and every candidate with its worst figure, whether it meets, and whether that is settled.
Knows    Candidates are looked at in one order and independently, so any executor on any number of processes gives the same.
         A simulated figure within 1.96 of its errors of a bound does not settle the question, and says so. A candidate that
         refuses itself (no such two-stage design) does not meet; when all refuse, their first reason is raised. Keys, figures
         and scenarios that there are not, and shares above 1, are refused before the candidates are looked at. Where none
         meets, the nearest are told: those of which the constraint that fails most fails least, chances as they are, others
         as a part of the bound.
Checked  tests/unit/programme/trial/test_search.py
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, NoReturn

import numpy as np

from vein2vein.engine.workers import answers
from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import Study, design_of
from vein2vein.programme.trial.question import Question, Required
from vein2vein.programme.trial.study.reading import UnknownKeyError, cases_of, refuse
from vein2vein.programme.trial.study.results import Figure, Result

Progress = Callable[[int, int], None]
_Z: Final = 1.96
_FEW: Final = 64  # trials of the first candidate, to see which figures there are
_NOTHING: Final = ("title", "protocol", "search")  # keys that no result depends on
_DIGITS: Final = 9


@dataclass(frozen=True)
class Miss:
    """A constraint that a candidate does not meet.

    Args:
        required: The constraint.
        scenario: Where it fails most.
        figure: What it is there.
        short: By how much it is outside, in the unit of the figure.
    """

    required: Required
    scenario: str
    figure: Figure
    short: Figure


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

    @property
    def nearest(self) -> tuple[Tried, ...]:
        """Where none meets, those that miss least, in the order of the search; empty where one meets or all refuse."""
        designs = [one for one in self.tried if not one.refused]
        if self.best is not None or not designs:
            return ()
        far = [self._misses(one) for one in designs]
        least = min(far)
        return tuple(one for one, away in zip(designs, far, strict=True) if away == least)

    def _misses(self, one: Tried) -> tuple[float, ...]:
        """How far each constraint is missed, the worst first; of two that miss it alike, the next decides."""
        pairs = zip(self.required, one.worst, strict=True)
        return tuple(sorted((round(need.misses(figure), _DIGITS) for need, (_, figure) in pairs), reverse=True))

    def missed(self, one: Tried) -> tuple[Miss, ...]:
        """The constraints that a candidate does not meet."""
        pairs = zip(self.required, one.worst, strict=True)
        return tuple(
            Miss(need, scenario, figure, Figure(-need.spare(figure), None, figure.kind))
            for need, (scenario, figure) in pairs
            if need.spare(figure) < 0
        )


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
        TrialError: TRIAL-005 for a key, figure or scenario that there is not, or a share above 1, before the candidates are
            looked at; when every candidate refuses itself, the first refusal.
    """
    plain = {key: value for key, value in content.items() if key != "search"}
    _check(plain, question)
    work = partial(_try, plain, question)
    candidates = list(question.candidates())
    made_up = map(work, candidates) if executor is None else answers(executor, work, candidates)
    tried = []
    for done, one in enumerate(made_up, start=1):
        tried.append(one)
        if progress is not None:
            progress(done, len(candidates))
    return Found(question.require, tuple(tried))


def _check(content: Mapping[str, Any], question: Question) -> None:
    """Refuse keys, scenarios and figures that there are not, and shares above 1, before the candidates are looked at."""
    for path in question.vary:
        if path.partition(".")[0] in _NOTHING:
            refuse(f"parameter {path!r}", "a key on which the design depends", "vary another one")
    names = [str(case["name"]) for case in cases_of(content)]
    for name in (name for need in question.require for name in need.scenarios):
        if names and name not in names:
            _unknown("scenario", name, names)
    study = _first(content, question)
    results = study.results(trials=min(_FEW, question.trials), seed=question.seed)
    try:
        _fits(question, results)
    except TrialError:  # a figure may be there only with more trials, such as an estimate of the trials that ended
        if all(one.trials is None for one in results) or question.trials <= _FEW:
            raise
        _fits(question, study.results(trials=question.trials, seed=question.seed))


def _first(content: Mapping[str, Any], question: Question) -> Study:
    """The first candidate that is a design; the first refusal where none is, or where a key is not known."""
    first: TrialError | None = None
    for values in question.candidates():
        try:
            return design_of(with_values(content, values)).study
        except TrialError as error:
            if isinstance(error, UnknownKeyError) and "design" not in question.vary:
                raise
            first = first or error
    assert first is not None  # noqa: S101  (a question has at least one candidate)
    raise first


def _fits(question: Question, results: Sequence[Result]) -> None:
    for need in question.require:
        for _, figure in _figures(need, results):
            _is_share(need, figure)
    if question.smallest != "most":
        _figures(_everywhere(question), results)


def _is_share(need: Required, figure: Figure) -> None:
    """Refuse a bound of a share above 1, which is most likely a percentage without its sign."""
    for sign, bound in ((">=", need.at_least), ("<=", need.at_most)):
        if figure.kind == "chance" and bound is not None and bound > 1:
            refuse(
                f"{need.figure} {sign} {bound:g}, which is {bound:.0%}",
                "a share from 0 to 1, or a percentage with its sign",
                f'write "{need.figure} {sign} {bound:g}%" or {bound / 100:g}',
            )


def with_values(content: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a design file with some of its values changed."""
    found = copy.deepcopy(dict(content))
    for path, value in values.items():
        here: Any = found
        *above, last = path.split(".")
        for key in above:
            here = here.setdefault(key, {}) if isinstance(here, dict) else None
        if not isinstance(here, dict):
            raise UnknownKeyError(
                "TRIAL-005",
                saw=f"parameter {path!r}",
                expected="a key of the design, with dots into nested ones",
                fix="correct the name",
            )
        here[last] = value
    return found


def _try(content: Mapping[str, Any], question: Question, values: dict[str, Any]) -> Tried:
    try:
        study = design_of(with_values(content, values)).study
        results = study.results(trials=question.trials, seed=question.seed)
    except TrialError as error:  # the candidate is no design; faults of the question are raised below
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
    names = [result.scenario for result in results]
    if not results:
        refuse("a search without scenarios", "a truth in which to look at the design", "add `scenarios` to the file")
    unknown = next((name for name in need.scenarios if name not in names), None)
    if unknown is not None:
        _unknown("scenario", unknown, names)
    chosen = [result for result in results if not need.scenarios or result.scenario in need.scenarios]
    for result in chosen:
        if need.figure not in result.figures:
            _unknown("figure", need.figure, result.figures)
    return [(result.scenario, result.figures[need.figure]) for result in chosen]


def _unknown(what: str, name: str, known: Iterable[str]) -> NoReturn:
    near = get_close_matches(name, known := list(known), 1)
    fix = f"write {near[0]!r}" if near else "correct the constraint"
    refuse(f"{what} {name!r}", f"one of {', '.join(known)}", fix)


def _everywhere(question: Question) -> Required:
    return Required(question.smallest, at_most=np.inf)


def _goal(question: Question, most: int, results: Sequence[Result]) -> float:
    if question.smallest == "most":
        return float(most)
    return max(figure.value for _, figure in _figures(_everywhere(question), results))
