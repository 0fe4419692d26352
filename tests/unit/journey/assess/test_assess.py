"""One call joins the stages, and knows nothing later than its instant: asked whole or cut off, a course gives the same answer."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pytest

from builders import INFUSED_AT, a_patient, mild, not_infused, quiet, severe
from vein2vein.journey.assess import Assessment, Assessor, assess
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.population.simulate import simulate
from vein2vein.record.timeline import Timeline

PROTOCOL = default_library().get("reference.protocol", Protocol)
US = default_library().get("reference-us.protocol", Protocol)


@cache
def _simulated() -> tuple[Timeline, ...]:
    cohort = simulate("axi-cel", n=2, seed=11, days=30)
    return tuple(cohort.timeline(id) for id in cohort.courses["course_id"])


def _late(timeline: Timeline) -> Timeline:
    """Every third observation was entered 30 hours after it was made."""
    rows = tuple(
        replace(row, recorded_at=row.observed_at + timedelta(hours=30)) if place % 3 == 0 else row
        for place, row in enumerate(timeline.observations)
    )
    return replace(timeline, observations=rows)


def _courses() -> dict[str, Timeline]:
    known = {"severe": severe(), "dies": severe(dies=True), "mild": mild(), "quiet": quiet(), "none": not_infused()}
    known["entered late"] = _late(severe())
    return known | {f"simulated {n}": timeline for n, timeline in enumerate(_simulated())}


def _instants(timeline: Timeline, n: int) -> list[datetime]:
    """Instants of rows, a microsecond before them, and any others, from before the first row to long after the last."""
    rng = np.random.default_rng(4)
    rows = [r.observed_at for r in timeline.observations] + [e.started_at for e in timeline.exposures]
    rows += [e.ended_at for e in timeline.exposures if e.ended_at is not None] + [m.at for m in timeline.milestones]
    chosen = [rows[int(k)] for k in rng.integers(0, len(rows), n)]
    first, last = min(rows) - timedelta(days=2), max(rows) + timedelta(days=40)
    anywhere = [first + (last - first) * float(share) for share in rng.random(n)]
    return [*chosen, *(at - timedelta(microseconds=1) for at in chosen[: n // 2]), *anywhere]


def _same(one: Assessment, other: Assessment, name: str) -> None:
    for field in fields(Assessment):
        assert getattr(one, field.name) == getattr(other, field.name), f"{name} at {one.at}: {field.name}"


@pytest.mark.parametrize("name", list(_courses()))
def test_the_future_changes_nothing(name: str) -> None:
    timeline = _courses()[name]
    whole = Assessor(timeline, PROTOCOL)
    for at in _instants(timeline, 4):
        _same(whole.at(at), Assessor(timeline.until(at), PROTOCOL).at(at), name)
        _same(whole.at(at), assess(timeline, PROTOCOL, at), name)


def test_what_was_entered_later_can_be_left_out() -> None:
    timeline, at = _late(severe()), INFUSED_AT + timedelta(days=3)
    seen = timeline.until(at, as_recorded=True)
    assert len(seen.observations) < len(timeline.until(at).observations)
    _same(Assessor(seen, PROTOCOL).at(at), Assessor(seen.until(at), PROTOCOL).at(at), "as entered")


def test_a_severe_course_shows_grades_advice_and_what_is_missing() -> None:
    found = assess(severe(), PROTOCOL, INFUSED_AT + timedelta(days=4))
    crs = next(grade for grade in found.grades if grade.subject == "crs")
    assert crs.bounds is not None
    assert crs.worst is not None
    assert crs.worst.high >= crs.bounds.high >= 1
    assert [advice.guidance.id for advice in found.advice] == list(PROTOCOL.guidance)
    assert any(advice.proposals for advice in found.advice)
    assert found.needs
    assert all(need.changes for need in found.needs)


def test_a_missing_height_leaves_the_surface_uncomputed() -> None:
    found = assess(a_patient("A").with_value("weight", -3, 70).built(), PROTOCOL, INFUSED_AT)
    assert found.surface.problem == "cannot be computed: needs height"


def test_the_protocol_chooses_the_sources() -> None:
    at = INFUSED_AT + timedelta(days=4)
    assert [a.guidance.id for a in assess(severe(), US, at).advice] == list(US.guidance)


def test_what_is_told_reaches_the_sources_that_ask() -> None:
    at = INFUSED_AT - timedelta(days=1)
    before = a_patient("A").with_milestone("apheresis", -30).with_milestone("lymphodepletion", -5).built()
    silent, told = assess(before, PROTOCOL, at), Assessor(before, PROTOCOL).at(at, told={"identity_matches": "no"})
    assert silent.ready.go is not None
    assert silent.ready.go.answer == "settle first"
    assert told.ready.go is not None
    assert told.ready.go.answer == "stop"


def test_scores_before_lymphodepletion_stay_in_the_page_and_ask_for_nothing_new() -> None:
    """On day 4 the value of day -6 is shown; to measure LDH now would change nothing of it."""
    patient = a_patient("A", days=20).with_exposure("lymphodepletion", "fludarabine", -5, amount=50, amount_unit="mg")
    for kind, value in {"creatinine": 1.2, "platelets": 175}.items():
        patient.with_value(kind, -6, value).with_value(kind, 3.9, 12)
    at = INFUSED_AT + timedelta(days=4)
    without = Assessor(patient.built(), PROTOCOL).at(at)
    assert "korell-2022.easix" not in {file for need in without.needs for file in need.changes}
    found = {
        answer.edition.id: answer
        for answer in Assessor(patient.with_value("ldh", -6, 300).built(), PROTOCOL).at(at).scores
    }
    assert set(PROTOCOL.scores) == set(found)
    easix = found["korell-2022.easix"]
    assert (easix.value, easix.bands, easix.as_of) == (
        round(300 * 1.2 / 175, 9),
        ("at-or-below-cut-off",),
        patient.at(-5),
    )
