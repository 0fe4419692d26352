"""Volumes for a target, counts at the start, and the sum of what was collected."""

from __future__ import annotations

import pytest

from builders import a_patient
from vein2vein.errors import KnowledgeError
from vein2vein.journey.collection.plan import collected, expected_yield, start_counts, volumes


def test_a_volume_for_each_efficiency() -> None:
    patient = a_patient().with_value("cd3_cells", -35, 0.5)
    found = volumes(patient.built(), patient.at(-34.9), target_cd3=1, efficiencies=(0.4, 0.5, 0.6))
    assert [v.answer.value for v in found] == [5, 4, pytest.approx(10 / 3)]
    assert [row.kind for v in found for row in v.answer.asked["cd3"].rows] == ["cd3_cells"] * 3


def test_an_old_count_gives_no_volume() -> None:
    patient = a_patient().with_value("cd3_cells", -39, 0.5)
    (found,) = volumes(patient.built(), patient.at(-35), target_cd3=1, efficiencies=(0.5,))
    assert found.answer.problem == "cannot be computed: needs cd3"


def test_an_efficiency_above_one_is_refused() -> None:
    patient = a_patient().with_value("cd3_cells", -35, 0.5)
    with pytest.raises(KnowledgeError, match=r"RULE-004(?s:.*)a number from 0.1 to 1"):
        volumes(patient.built(), patient.at(-34.9), target_cd3=1, efficiencies=(40,))


def test_the_yield_to_expect_is_the_other_way_round() -> None:
    patient = a_patient().with_value("cd3_cells", -35, 0.5)
    assert expected_yield(patient.built(), patient.at(-34.9), volume=4, efficiency=0.5).value == 1


@pytest.mark.parametrize(
    ("lymphocytes", "cd3", "state"),
    [(0.2, 0.05, "met"), (0.19, 0.05, "concern"), (0.1, 0.2, "met"), (0.1, None, "unknown"), (None, None, "unknown")],
)
def test_counts_at_the_start(lymphocytes: float | None, cd3: float | None, state: str) -> None:
    patient = a_patient().with_value("leukocytes", -35, 4).with_value("peripheral_blasts", -35, 0)
    for kind, value in (("lymphocytes", lymphocytes), ("cd3_cells", cd3)):
        if value is not None:
            patient.with_value(kind, -35, value)
    assert start_counts(patient.built(), patient.at(-34.9)).state == state


def test_many_blasts_among_many_leukocytes_defer_the_start() -> None:
    patient = a_patient().with_value("lymphocytes", -35, 2)
    patient.with_value("leukocytes", -35, 60).with_value("peripheral_blasts", -35, 90)
    (concern,) = start_counts(patient.built(), patient.at(-34.9)).concerns
    assert (concern.name, concern.strength) == ("blasts_limit", "deferral")


def test_yields_of_several_collections_are_summed() -> None:
    patient = a_patient().with_milestone("apheresis", -35).with_milestone("apheresis", -34)
    patient.with_value("cd3_yield", -35 + 0.1, 1.2)
    first = collected(patient.built(), patient.at(-33))
    assert (first.cd3, first.is_complete) == (1.2, False)
    patient.with_value("cd3_yield", -34 + 0.1, 0.9)
    both = collected(patient.built(), patient.at(-33))
    assert (both.cd3, both.is_complete, len(both.because)) == (2.1, True, 2)
    before = collected(patient.built(), patient.at(-36))
    assert (before.cd3, before.is_complete) == (None, False)
