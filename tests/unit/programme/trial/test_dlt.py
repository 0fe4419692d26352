"""Dose-limiting toxicities by a trial's own definition: at once or when they last, inside the window, open where bounds are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.errors import KnowledgeError, TrialError
from vein2vein.programme.trial.dlt import dose_limiting, read_definition
from vein2vein.record.cohort import Cohort

AT_ONCE = {"name": "neutrophils 4", "rule_set": "ctcae-5.0.neutrophil-count-decreased", "at_least": 4}
EXAMPLE = {"name": "an example, no protocol's", "window_days": 28, "toxicities": [AT_ONCE]}


def _lasting(hours: float) -> dict[str, Any]:
    return {**EXAMPLE, "toxicities": [{**AT_ONCE, "longer_than_hours": hours}]}


def _outcome(patient: PatientBuilder, raw: dict[str, Any]) -> tuple[Any, ...]:
    found = dose_limiting(Cohort.of_timelines([patient.built()]), read_definition(raw))
    row = found.row(0, named=True)
    day = None if row["at"] is None else (row["at"] - INFUSED_AT) / timedelta(days=1)
    return row["outcome"], row["toxicity"], None if day is None else round(day, 3), round(row["followed"], 3)


def _counts(days: int = 40, **at: float) -> PatientBuilder:
    """Neutrophils of 2.0 every day, but for the days named d3=0.3."""
    patient = a_patient("A", days=days)
    low = {int(name[1:]): value for name, value in at.items()}
    for day in range(-1, days):
        patient = patient.with_value("neutrophils", day, low.get(day, 2.0))
    return patient


def test_a_grade_inside_the_window_limits_the_dose_at_its_first_instant() -> None:
    assert _outcome(_counts(d5=0.4, d9=0.3), EXAMPLE) == ("T", "neutrophils 4", 5.0, 1.0)


@pytest.mark.parametrize(("day", "outcome"), [(27, "T"), (28, "N"), (30, "N")])
def test_the_window_is_half_open(day: int, outcome: str) -> None:
    assert _outcome(_counts(**{f"d{day}": 0.4}), EXAMPLE)[0] == outcome


@pytest.mark.parametrize(("hours", "outcome"), [(23, "T"), (24, "N"), (25, "N")])
def test_a_grade_that_must_last_longer_counts_when_it_has(hours: float, outcome: str) -> None:
    """One low count that the next day replaces lasts 24 hours, which is not longer than 24."""
    assert _outcome(_counts(d5=0.4), _lasting(hours))[0] == outcome


def test_a_run_of_two_days_is_one_run() -> None:
    assert _outcome(_counts(d5=0.4, d6=0.2), _lasting(30)) == ("T", "neutrophils 4", 5.0 + 30 / 24, 1.0)


def test_a_course_that_is_not_followed_long_enough_is_pending_with_its_share() -> None:
    assert _outcome(_counts(days=7), EXAMPLE) == ("pending", None, None, 0.25)


def test_a_death_inside_the_window_ends_the_following() -> None:
    patient = _counts(days=7).with_milestone("death", 6.5, "progression")
    assert _outcome(patient, EXAMPLE)[3] == 1.0


def test_a_toxicity_before_the_window_is_over_is_one_though_the_follow_up_is_short() -> None:
    assert _outcome(_counts(days=7, d2=0.3), EXAMPLE)[:3] == ("T", "neutrophils 4", 2.0)


def test_what_may_have_been_is_open_and_never_no() -> None:
    patient = a_patient("A", days=40).with_value("neutrophils", 1, 1.0, comparator="<")
    assert _outcome(patient, EXAMPLE)[0] == "open"


def test_a_course_without_an_infusion_has_no_row() -> None:
    patient = a_patient("A").with_course(infused_at=None)
    assert dose_limiting(Cohort.of_timelines([patient.built()]), read_definition(EXAMPLE)).height == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window_days": 0}, "window_days 0"),
        ({"toxicities": []}, "at least one toxicity"),
        ({"windows": 3}, "windows in the definition"),
        ({"toxicities": [{**AT_ONCE, "at_least": 6}]}, "a grade from 1 to"),
        ({"toxicities": [{**AT_ONCE, "longer_than_hours": -1}]}, "0 or more hours"),
        ({"toxicities": [AT_ONCE, AT_ONCE]}, "each name once"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TrialError, match=message) as caught:
        read_definition({**EXAMPLE, **change})
    assert caught.value.id == "TRIAL-080"
    assert caught.value.fault.fix == "correct the definition of dose-limiting toxicity"


def test_an_unknown_rule_set_is_named() -> None:
    with pytest.raises(KnowledgeError, match="RULE-003"):
        read_definition({**EXAMPLE, "toxicities": [{**AT_ONCE, "rule_set": "crs"}]})
