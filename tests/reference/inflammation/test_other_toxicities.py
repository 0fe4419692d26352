"""LICATS, infection and the toxicities whose CTCAE grade is judged.

Source     LICATS: Hagen 2025 (abstract and digests); infection and judged terms: CTCAE 5.0 (recalled).
Tolerance  None.
"""

from __future__ import annotations

import pytest

from reference.published import bounds, bounds_at, course, exactly, hour, lab, stated, verdicts
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.timeline import Exposure, Milestone, Observation

LICATS = "licats-2025.licats"
INFECTION = "ctcae-5.0.infection"
JUDGED = {
    "ctcae-5.0.enterocolitis": ("enterocolitis", "enterocolitis_ctcae_grade", "diarrhoea", "enterocolitis"),
    "ctcae-5.0.parkinsonism": ("parkinsonism", "parkinsonism_ctcae_grade", "parkinsonism", "neurotoxicity-other"),
    "ctcae-5.0.cranial-nerve-palsy": (
        "cranial_nerve_palsy",
        "cranial_nerve_ctcae_grade",
        "cranial_nerve_palsy",
        "neurotoxicity-other",
    ),
}


def reaction(*days: int) -> list[Observation]:
    kinds = ("local_toxicity", "local_toxicity_organ_affected_before", "b_cell_aplasia")
    return [stated(kind, 24 * day) for day in days for kind in kinds]


CHARTED = [Exposure("charted", k, hour(-240), hour(2400)) for k in ("corticosteroid", "antimicrobial")]


def test_licats_is_for_autoimmune_disease_only(engine: Engine) -> None:
    home = Exposure("stay", "home", hour(-24), None)
    lupus = course(reaction(10), [*CHARTED, home], indication="systemic-lupus-erythematosus")
    lymphoma = course(reaction(10), [*CHARTED, home], indication="lymphoma")
    assert bounds_at(lupus, LICATS, engine, 24 * 10 + 1) == exactly(1)
    assert bounds_at(lymphoma, LICATS, engine, 24 * 10 + 1) is None
    assert [(row["low"], row["high"]) for row in verdicts(lymphoma, LICATS, engine, 300)] == [(None, None)]


def test_licats_grades_follow_treatment_and_place(engine: Engine) -> None:
    stays = [
        Exposure("stay", "home", hour(-24), hour(270)),
        Exposure("stay", "ward", hour(270), hour(280), reason="toxicity"),
        Exposure("stay", "icu", hour(280), hour(300), reason="toxicity"),
        Exposure("stay", "home", hour(300), None),
    ]
    steroid = Exposure("corticosteroid", "prednisolone", hour(255), hour(255), reason="licats")
    timeline = course(reaction(10), [*CHARTED, *stays, steroid], indication="systemic-sclerosis")
    found = {h: bounds_at(timeline, LICATS, engine, h) for h in (245, 260, 275, 290, 305)}
    assert found == {245: exactly(1), 260: exactly(2), 275: exactly(3), 290: exactly(4), 305: exactly(1)}


@pytest.mark.parametrize(("day", "flag"), [(14, 0), (15, 1), (30, 1), (31, 2)])
def test_licats_names_the_class_of_onset(engine: Engine, day: int, flag: int) -> None:
    timeline = course(reaction(day), CHARTED, indication="autoimmune-disease")
    shown = verdicts(timeline, LICATS, engine, 24 * day + 1)[-1]["flags"]
    assert [f for f in shown if f < 3] == [flag]
    assert "early" in default_registry().get(LICATS).flags[0].text["en"]


def test_infection_is_graded_by_its_treatment(engine: Engine) -> None:
    denied = [
        stated(kind, 1, "no")
        for kind in ("infection_topical_treatment", "infection_invasive_procedure", "infection_life_threatening")
    ]
    drugs = [
        Exposure("antimicrobial", "oral", hour(20), hour(40), reason="treatment"),
        Exposure("antimicrobial", "intravenous", hour(40), hour(60), reason="treatment"),
        Exposure("antimicrobial", "intravenous", hour(60), hour(80), reason="prophylaxis"),
    ]
    timeline = course([*denied, stated("infection", 10), stated("infection", 5, "no")], [*CHARTED, *drugs])
    found = {h: bounds_at(timeline, INFECTION, engine, h) for h in (6, 15, 30, 50, 70)}
    assert found == {6: exactly(0), 15: exactly(1), 30: exactly(2), 50: exactly(3), 70: exactly(1)}


@pytest.mark.parametrize("rule_set_id", JUDGED)
def test_a_judged_grade_holds_for_a_week_and_not_under_another_cause(engine: Engine, rule_set_id: str) -> None:
    sign, grade, cause, _ = JUDGED[rule_set_id]
    rows = [stated(sign, 2000), lab(grade, 2000, 3)]
    timeline = course(rows, [Exposure("other_cause", cause, hour(2100), hour(2110))])
    found = {h: bounds_at(timeline, rule_set_id, engine, h) for h in (1999, 2001, 2105, 2115, 2168)}
    assert found == {1999: Bounds(0, 5), 2001: exactly(3), 2105: exactly(0), 2115: exactly(3), 2168: Bounds(0, 5)}


@pytest.mark.parametrize("rule_set_id", JUDGED)
def test_death_of_the_toxicity_is_grade_5(engine: Engine, rule_set_id: str) -> None:
    sign, grade, _, cause = JUDGED[rule_set_id]
    rows = [stated(sign, 100), lab(grade, 100, 3)]
    of_it, of_progression = (
        course(rows, milestones=[Milestone("death", hour(150), detail=d)]) for d in (cause, "progression")
    )
    assert verdicts(of_it, rule_set_id, engine, 151)[-1]["low"] == 5
    assert verdicts(of_progression, rule_set_id, engine, 151)[-1]["low"] == 3


def test_death_of_another_neurotoxicity_needs_the_sign() -> None:
    for rule_set_id in ("ctcae-5.0.parkinsonism", "ctcae-5.0.cranial-nerve-palsy"):
        assert bounds(rule_set_id, {"sign": "no", "sign_denied": "yes", "death": "yes", "grade": None}) == exactly(0)
