"""The search: every candidate in order, the same on any executor, the smallest that meets, honest about Monte Carlo error."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.search import Question, Required, question_of, search, values_of, with_values

BOIN: dict[str, Any] = {
    "design": "boin", "doses": 3, "target": 0.3, "cohorts": {"size": 3, "number": 4},
    "scenarios": [{"name": "low", "toxicity": [0.05, 0.15, 0.3]}, {"name": "middle", "toxicity": [0.1, 0.3, 0.5]}],
}  # fmt: skip
NUMBERS = {"cohorts.number": (4, 6, 8, 10, 12)}


def ask(*require: str, **more: Any) -> Question:
    return Question(NUMBERS, tuple(map(Required.read, require)), **more)


def test_the_smallest_that_meets_is_found() -> None:
    found = search(BOIN, ask("correct >= 60%", "overdose <= 0.25"))
    assert found.best is not None
    chosen = found.best.values["cohorts.number"]
    for number in NUMBERS["cohorts.number"]:
        results = design_of(with_values(BOIN, {"cohorts.number": number})).study.results(trials=2, seed=1)
        meets = all(r.figures["correct"].value >= 0.6 and r.figures["overdose"].value <= 0.25 for r in results)
        assert meets == next(one.meets for one in found.tried if one.values["cohorts.number"] == number)
        assert not meets or number >= chosen
    assert found.best.patients == 3 * chosen


def test_it_is_the_same_on_any_number_of_processes_and_tells_its_progress() -> None:
    question = ask("correct >= 0.55 in middle")
    steps: list[tuple[int, int]] = []
    here = search(BOIN, question, progress=lambda done, whole: steps.append((done, whole)))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert search(BOIN, question, executor=executor) == here
    assert steps == [(k, 5) for k in range(1, 6)]


def test_a_figure_can_be_made_small_instead_of_the_patients() -> None:
    found = search(BOIN, ask("correct >= 0.1", smallest="overdose"))
    assert found.best is not None
    assert found.best.goal == min(one.goal for one in found.tried)


def test_simulated_figures_near_a_bound_do_not_settle_it() -> None:
    tite = BOIN | {"design": "tite-boin", "setting": {"window": 28, "interval": 14}}
    question = Question({"cohorts.number": (4,)}, (Required("correct", at_least=0.0),), trials=200)
    value = search(tite, question).tried[0].worst[0][1].value
    near = Question({"cohorts.number": (4,)}, (Required("correct", at_least=value),), trials=200)
    assert search(tite, question).tried[0].settled
    assert not search(tite, near).tried[0].settled


def test_other_families_are_searched_too() -> None:
    simon = {"design": "simon", "null": 0.2, "alternative": 0.4, "alpha": 0.05, "beta": 0.2}
    question = Question(
        {"choice": ("optimal", "minimax"), "most": (20, 60)}, (Required.read("success >= 80% in alternative"),)
    )
    found = search(simon, question)
    assert [bool(one.refused) for one in found.tried] == [True, False, True, False]
    assert "TRIAL-061" in found.tried[0].refused
    assert found.best is not None
    assert found.best.values["choice"] == "minimax"


def test_nothing_may_meet() -> None:
    assert search(BOIN, ask("correct >= 99%")).best is None


def test_the_file_may_hold_the_question() -> None:
    section = {
        "vary": {"cohorts.number": {"from": 4, "to": 12, "step": 2}},
        "require": ["correct >= 60%", {"figure": "overdose", "at_most": 0.25, "in": ["middle"]}],
    }
    asked = question_of(BOIN | {"search": section}, trials=50, seed=3)
    assert asked.vary == NUMBERS
    assert asked.require == (
        Required("correct", at_least=0.6),
        Required("overdose", at_most=0.25, scenarios=("middle",)),
    )
    assert (asked.trials, asked.seed) == (50, 3)
    assert str(asked.require[1]) == "overdose ≤ 0.25 in middle"


@pytest.mark.parametrize(
    ("call", "saw"),
    [
        (lambda: Required.read("correct > 0.6"), "'correct > 0.6'"),
        (lambda: Required("correct"), "nothing required of 'correct'"),
        (lambda: values_of({"from": 6, "to": 4}), "values"),
        (lambda: question_of(BOIN), "no search in the file"),
        (ask, "no constraint"),
        (lambda: search(BOIN, ask("corect >= 0.6")), "figure 'corect'"),
        (lambda: search(BOIN, ask("correct >= 0.6 in high")), "scenario 'high'"),
        (lambda: search(BOIN, Question({"cohort.number": (4,)}, (Required("correct", 0.6),))), "'cohort'"),
        (lambda: search(BOIN, Question({"doses.number": (4,)}, (Required("correct", 0.6),))), "'doses.number'"),
    ],
)
def test_questions_that_cannot_be_are_refused(call: Any, saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        call()
    assert saw in told.value.fault.saw
