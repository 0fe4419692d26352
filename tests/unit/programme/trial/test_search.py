"""The search: every candidate in order, the same on any executor, the smallest that meets, honest about Monte Carlo error."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.question import Question, Required, question_of, values_of
from vein2vein.programme.trial.search import search, with_values
from vein2vein.programme.trial.study.results import Figure

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


def test_where_nothing_meets_the_nearest_is_named_with_what_it_misses() -> None:
    found = search(BOIN, ask("correct >= 99%", "overdose <= 0.5"))
    assert found.best is None
    (near,) = found.nearest
    lowest = {one.values["cohorts.number"]: one.worst[0][1].value for one in found.tried}
    assert near.values["cohorts.number"] == max(lowest, key=lambda key: lowest[key])
    (miss,) = found.missed(near)
    assert (miss.required.figure, miss.scenario) == ("correct", near.worst[0][0])
    assert miss.short.value == pytest.approx(0.99 - max(lowest.values()))
    assert miss.short.kind == "chance"


def test_of_two_that_miss_one_constraint_alike_the_other_decides() -> None:
    toxic = BOIN | {"scenarios": [*BOIN["scenarios"], {"name": "toxic", "toxicity": [0.7, 0.8, 0.9]}]}
    found = search(toxic, ask("overdose <= 0.2", "correct >= 99% in low, middle"))
    assert {one.worst[0][1].value for one in found.tried} == {1.0}
    assert [one.values["cohorts.number"] for one in found.nearest] == [12]
    assert found.nearest[0] in found.tried
    assert search(BOIN, ask("correct >= 1%")).nearest == ()


def test_months_are_missed_as_a_part_of_their_bound_and_chances_as_they_are() -> None:
    months, share = Required("duration", at_most=20.0), Required("power", at_least=0.8)
    assert months.misses(Figure(25.0, kind="months")) == pytest.approx(0.25)
    assert share.misses(Figure(0.7, kind="chance")) == pytest.approx(0.1)
    assert months.misses(Figure(19.0, kind="months")) == 0
    assert Required("futility", at_most=0.0).misses(Figure(1.0)) == np.inf


def test_what_cannot_be_is_refused_before_any_candidate_is_looked_at() -> None:
    """Nobody is told of progress, and no study gives results in full."""
    steps: list[tuple[int, int]] = []
    for question in (
        Question({"cohorts.nmber": (4, 6)}, (Required("correct", 0.6),)),
        Question({"titel": ("a",)}, (Required("correct", 0.6),)),
        Question({"title": ("a", "b")}, (Required("correct", 0.6),)),
        ask("corect >= 0.6"),
        ask("correct >= 0.6 in hihg"),
        ask("correct >= 0.6", smallest="overdos"),
    ):
        with pytest.raises(TrialError, match="TRIAL-005"):
            search(BOIN, question, progress=lambda done, whole: steps.append((done, whole)))
    assert steps == []


@pytest.mark.parametrize(
    ("require", "fix"),
    [
        (Required.read("overdose <= 30 in low"), 'write "overdose <= 30%" or 0.3'),
        (Required.read("correct >= 90"), 'write "correct >= 90%" or 0.9'),
        (Required("correct", at_least=60), 'write "correct >= 60%" or 0.6'),
    ],
)
def test_a_share_above_1_is_refused_before_any_candidate_is_looked_at(require: Required, fix: str) -> None:
    """Overdosing of 30 had been met by any design, and 90 of the right doses by none."""
    steps: list[tuple[int, int]] = []
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        search(BOIN, Question(NUMBERS, (require,)), progress=lambda done, whole: steps.append((done, whole)))
    assert told.value.fault.expected == "a share from 0 to 1, or a percentage with its sign"
    assert told.value.fault.fix == fix
    assert steps == []
    assert search(BOIN, ask("patients <= 100", "overdose <= 1")).best is not None


def test_a_key_that_only_one_of_two_designs_has_is_no_typo() -> None:
    either = {key: value for key, value in BOIN.items() if key != "doses"}
    varied = {"design": ("boin", "crm"), "skeleton": ([0.1, 0.2, 0.3],)}
    found = search(either, Question(varied, (Required("overdose", at_most=1.0),)))
    assert [bool(one.refused) for one in found.tried] == [True, False]


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
