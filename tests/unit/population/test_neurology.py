"""Neurology: tests that show the intended grade, when they are due and when it changes."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.neurology import FINDINGS, observe_neurology
from vein2vein.population.parameters import setting
from vein2vein.population.patients import draw_patients
from vein2vein.population.states import CODES, KINDS, Acute, Given, Patients, Rows

HOURS = 240
CLOCK = 11.25


def _acute(n: int) -> Acute:
    grade = np.tile(np.repeat([0, 1, 2, 3, 4, 3, 1, 0, 0, 0], 24), (n, 1)).astype(np.int8)
    grade[0] = 0
    nothing, none, never = np.zeros(0), np.zeros(0, dtype=object), np.full(n, np.nan)
    given = Given(nothing.astype(int), nothing, none, none, nothing, none, none)
    zero = np.zeros(grade.shape, np.int8)
    return Acute(
        crs_severity=zero.astype(np.float32), icans_severity=grade.astype(np.float32), crs_grade=zero, icans_grade=grade,
        temperature=zero.astype(np.float32), given=given, icu_from=never, icu_until=never, discharged=never, died=never,
        died_of=np.full(n, None, dtype=object),
    )  # fmt: skip


@pytest.fixture(scope="module")
def charted() -> tuple[Patients, Acute, Rows]:
    block = Block(1, 0, setting("tisa-cel"))
    patients, acute = draw_patients(block), _acute(block.n)
    until = np.full(block.n, 240.0)
    until[1] = np.nan
    sedated = np.zeros(acute.icans_grade.shape, bool)
    sedated[2, 100:110] = True
    rows, _ = observe_neurology(block, patients, np.full(block.n, CLOCK), acute, sedated, until)
    return patients, acute, rows


def _of(rows: Rows, kind: str) -> np.ndarray:
    return np.flatnonzero(rows.kind == KINDS.index(kind))


def test_children_have_a_capd_and_others_an_ice(charted: tuple[Patients, Acute, Rows]) -> None:
    patients, _, rows = charted
    assert patients.age_years[rows.course[_of(rows, "capd_score")]].max() < 12
    assert patients.age_years[rows.course[_of(rows, "ice_score")]].min() >= 12


@pytest.mark.parametrize(
    ("kind", "bounds"),
    [("ice_score", ((8, 10), (7, 9), (3, 6), (0, 2))), ("capd_score", ((0, 4), (1, 8), (1, 8), (9, 24)))],
)
def test_scores_lie_in_the_band_of_the_grade(
    charted: tuple[Patients, Acute, Rows], kind: str, bounds: tuple[tuple[int, int], ...]
) -> None:
    _, acute, rows = charted
    some = _of(rows, kind)
    hour = np.maximum(rows.hour[some], 0).astype(int)
    grade = acute.icans_grade[rows.course[some], hour]
    assert grade.max() == 3
    for wanted, (low, high) in enumerate(bounds):
        values = rows.value[some][grade == wanted]
        assert values.min() >= low
        assert values.max() <= high
        if wanted:
            assert len(np.unique(values)) == high - low + 1


def test_who_cannot_be_roused_has_no_test_but_a_reason(charted: tuple[Patients, Acute, Rows]) -> None:
    _, acute, rows = charted
    arousal = _of(rows, "arousal")
    grade = acute.icans_grade[rows.course[arousal], np.maximum(rows.hour[arousal], 0).astype(int)]
    words = np.array(CODES)[rows.code[arousal]]
    assert set(words[grade == 4]) == {"unarousable"}
    assert "unarousable" not in words[grade < 4]
    assert set(words[grade <= 1]) == {"spontaneous"}
    assert "touch" in words[grade == 3]
    reasons = np.concatenate([_of(rows, "ice_not_done_reason"), _of(rows, "capd_not_done_reason")])
    assert set(np.array(CODES)[rows.code[reasons]]) == {"unarousable", "sedation"}


def test_under_sedation_nothing_is_said_about_consciousness(charted: tuple[Patients, Acute, Rows]) -> None:
    _, _, rows = charted
    inside = (rows.course == 2) & (rows.hour >= 100) & (rows.hour < 110)
    kinds = {KINDS[kind] for kind in rows.kind[inside]} - set(FINDINGS)
    assert kinds <= {"ice_not_done_reason", "capd_not_done_reason"}


def test_tests_are_due_three_times_a_day_and_at_every_change(charted: tuple[Patients, Acute, Rows]) -> None:
    _, acute, rows = charted
    hours = np.sort(rows.hour[_of(rows, "arousal")][rows.course[_of(rows, "arousal")] == 3])
    clock = (hours + CLOCK) % 24
    changes = 1.0 + np.flatnonzero(np.diff(acute.icans_grade[3]))
    assert set(changes) <= set(hours)
    assert hours[0] == -1
    assert np.diff(hours).max() <= 8
    assert set(clock[~np.isin(hours, changes) & (hours >= 0)]) == {6.0, 14.0, 22.0}


def test_findings_are_denied_daily_and_stated_in_some(charted: tuple[Patients, Acute, Rows]) -> None:
    _, acute, rows = charted
    for kind in FINDINGS:
        some = _of(rows, kind)
        denied = some[rows.code[some] == CODES.index("no")]
        hours = np.sort(rows.hour[denied][rows.course[denied] == 5])
        assert np.diff(hours).max() <= 24, kind
    seizures = _of(rows, "seizure")
    stated = seizures[rows.code[seizures] == CODES.index("yes")]
    assert 0.05 < len(np.unique(rows.course[stated])) / len(acute.icans_grade) < 0.2
    assert (acute.icans_grade[rows.course[stated], rows.hour[stated].astype(int)] >= 3).all()


def test_who_is_not_infused_is_not_tested(charted: tuple[Patients, Acute, Rows]) -> None:
    assert 1 not in charted[2].course


def test_a_point_lost_without_neurotoxicity_has_another_cause_until_the_next_test() -> None:
    block = Block(1, 0, setting("tisa-cel"))
    patients, acute = draw_patients(block), _acute(block.n)
    awake = np.zeros(acute.icans_grade.shape, bool)
    until = np.full(block.n, 240.0)
    rows, causes = observe_neurology(block, patients, np.full(block.n, CLOCK), acute, awake, until)
    assert set(causes.stream) == {"other_cause"}
    assert set(causes.agent) == {"cognition"}
    said = {(course, start) for course, start in zip(causes.course, causes.start, strict=True)}
    for kind, full in (("ice_score", 10), ("capd_score", 0)):
        some = _of(rows, kind)
        grade = acute.icans_grade[rows.course[some], np.maximum(rows.hour[some], 0).astype(int)]
        off = some[(grade == 0) & (rows.value[some] != full)]
        assert 0.005 < len(off) / (grade == 0).sum() < 0.06
        assert {(rows.course[i], rows.hour[i]) for i in off} <= said
    for course, start, stop in zip(causes.course, causes.start, causes.until, strict=True):
        assert acute.icans_grade[course, int(start) : int(stop) + 1].max() == 0
        assert stop - start == 8
        assert ((rows.course == course) & (rows.hour == stop)).any()
