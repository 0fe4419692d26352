"""Guidance files as documents: their drugs, scales and orders are known; faults are refused."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Give, Guidance, order
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import bound_model, default_registry
from vein2vein.knowledge.slips import run_cases

LIBRARY = default_library()
SOURCES = LIBRARY.of(Guidance)
every_source = pytest.mark.parametrize("guidance", SOURCES, ids=[g.id for g in SOURCES])


@every_source
def test_every_drug_dose_and_scale_that_a_source_names_is_there(guidance: Guidance) -> None:
    for action in guidance.actions.values():
        if isinstance(action, Give):
            drug = LIBRARY.get(action.drug, Drug)
            assert not isinstance(action.dose, str) or action.dose in drug.doses, f"{guidance.id}: {action.dose}"
    missing = [id for ids in guidance.presumes.values() for id in ids if id not in default_registry()]
    assert not missing


@every_source
def test_every_action_is_spelled_out_in_a_worked_case(guidance: Guidance) -> None:
    spelled = {name for case in guidance.worked_cases for name in (case.orders or {})}
    assert spelled == set(guidance.actions)


def test_every_topic_is_used_and_worded_in_both_languages() -> None:
    used = {a.about for g in SOURCES for a in g.actions.values() if getattr(a, "topic", None) is not None}
    assert set(topics()) == used
    assert all({"en", "zh"} <= set(topic.label) for topic in topics().values())


def test_an_order_is_spelled_out_in_full() -> None:
    actions = LIBRARY.get("asco-2021.guidance", Guidance).actions
    assert order(actions["methylprednisolone-crs-4"]) == (
        "give drug.methylprednisolone asco-crs-4 intravenous every 12 h for 3 d, "
        "then 250 mg every 12 h for 2 d, then 125 mg every 12 h for 2 d, then 60 mg every 12 h "
        "in place of dexamethasone-6h, dexamethasone-12h"
    )
    assert order(actions["no-tocilizumab"]) == "contraindicated drug.tocilizumab"
    assert order(actions["icu-consider"]) == "consider: place icu"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda raw: raw["rows"][0]["then"].append("nothing"), "action 'nothing' is not listed"),
        (lambda raw: raw["rows"][0].update(then=[]), "row 'crs' leads to nothing"),
        (lambda raw: raw["actions"].update(idle={"do": "test", "topic": "eeg"}), "'idle' is named by no row"),
        (lambda raw: raw["actions"]["monitor"].update(topic="eeg"), "'eeg' is no topic of 'monitor'"),
        (lambda raw: raw.update(presumes={}), "no rule set is presumed for 'crs'"),
    ],
)
def test_a_faulty_file_is_refused_and_says_why(change: Any, says: str) -> None:
    raw = deepcopy(LIBRARY.raw("tecelra-us.guidance"))
    change(raw)
    with pytest.raises(KnowledgeError) as caught:
        bound_model(raw, {}, Guidance)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda raw: raw["actions"]["siltuximab"].update(instead_of="bolus"),
            "'bolus', which is no drug that is given first",
        ),
        (
            lambda raw: raw["actions"]["tocilizumab"].update(instead_of="siltuximab"),
            "which is no drug that is given first",
        ),
        (lambda raw: raw["actions"]["siltuximab"].update(instead_of="tocilizumab-or"), "leads to 'siltuximab' without"),
        (lambda raw: raw["actions"]["siltuximab"].update(drug="drug.tocilizumab"), "is instead of the same drug"),
        (
            lambda raw: raw["actions"]["tocilizumab"].update(replaces=["icu"]),
            "action 'tocilizumab' replaces 'icu', which is no other drug that is given",
        ),
        (
            lambda raw: raw["actions"]["tocilizumab"].update(replaces=["tocilizumab"]),
            "action 'tocilizumab' replaces 'tocilizumab', which is no other drug",
        ),
    ],
)
def test_an_alternative_stands_beside_the_drug_that_it_stands_for(change: Any, says: str) -> None:
    raw = deepcopy(LIBRARY.raw("cartox-2018.guidance"))
    change(raw)
    with pytest.raises(KnowledgeError) as caught:
        bound_model(raw, {}, Guidance)
    assert says in str(caught.value)


def test_no_row_of_any_source_gives_two_steroids_without_saying_that_one_is_instead_of_the_other() -> None:
    steroids = {"drug.dexamethasone", "drug.methylprednisolone"}
    for source in SOURCES:
        for row in source.rows:
            given = [source.actions[name] for name in row.then]
            firsts = [a.drug for a in given if isinstance(a, Give) and a.drug in steroids and a.instead_of is None]
            assert len(set(firsts)) < 2, f"{source.id}: {row.name}"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("crs_hours", "at_least"), 2, "crs_hours asks 'ask hours_at_grade, subject crs, at_least 2'"),
        (("boluses", "within_hours"), 12, "within_hours 12"),
    ],
)
def test_a_question_that_changes_is_noticed_by_a_worked_case(path: tuple[str, str], value: int, says: str) -> None:
    raw = deepcopy(LIBRARY.raw("cartox-2018.guidance"))
    raw["facts"][path[0]]["source"][path[1]] = value
    assert any(says in failure for failure in run_cases(raw))


def test_what_all_possible_grades_ask_for_is_certain_and_other_open_facts_are_not_guessed() -> None:
    source = LIBRARY.get("asco-2021.guidance", Guidance)

    def certain(**given: Any) -> set[str]:
        state = source.state(given)
        return {n for n, rows in source.led_to(source.decide(state)).items() if source.is_certain(rows, state)}

    assert "tocilizumab" in certain(crs=[2, 4])
    assert "tocilizumab" not in certain(crs=[1, 4])
    assert "tocilizumab" not in certain(crs=None)
    assert "dexamethasone-12h" not in certain(crs=2, hypotension=None, boluses=2, tocilizumab_given=1)
