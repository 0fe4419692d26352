"""Scans are made of what a timeline holds: one a local day, once reported, in cm; nothing is taken for a lesion that is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from builders import INFUSED_AT, a_patient
from vein2vein.journey.response.measures import Lesion, MyelomaImaging, Scan
from vein2vein.journey.response.scans import cll_findings, myeloma_imaging, reported, scans_of
from vein2vein.record.timeline import Observation, ScannedLesion, Timeline


def at(day: float) -> datetime:
    return INFUSED_AT + timedelta(days=day)


def lesion(name: str, day: float, size: tuple[float, float] | None = (30, 20), **more: object) -> ScannedLesion:
    said = {"site": "node", "role": "target", "seen": "measured" if size else None}
    long_mm, short_mm = size or (None, None)
    return ScannedLesion(name, at(day), long_mm=long_mm, short_mm=short_mm, **{**said, **more})


def said(kind: str, day: float, word: str | float, *, reported_after: float | None = None) -> Observation:
    value = {"value": float(word)} if isinstance(word, int | float) else {"code": word}
    recorded = None if reported_after is None else at(day + reported_after)
    return Observation(kind, at(day), recorded_at=recorded, **value)


def course(*rows: ScannedLesion | Observation) -> Timeline:
    base = a_patient("A", days=400).built()
    lesions = sorted((row for row in rows if isinstance(row, ScannedLesion)), key=lambda row: row.observed_at)
    told = sorted((row for row in rows if isinstance(row, Observation)), key=lambda row: row.observed_at)
    return replace(base, lesions=tuple(lesions), observations=tuple(told))


def scans(*rows: ScannedLesion | Observation, until: float = 400, holds: float = 28, most: int = 6) -> tuple[Scan, ...]:
    return scans_of(reported(course(*rows), at(until)), holds_days=holds, most_targets=most)


def test_a_lesion_comes_out_in_centimetres() -> None:
    [scan] = scans(lesion("A", -7, (31, 20.5)), lesion("B", -7, None, site="extranodal", seen="gone"))
    assert scan.at == at(-7)
    assert scan.lesions == (
        Lesion("A", "node", "measured", 3.1, 2.05, is_target=True),
        Lesion("B", "extranodal", "gone", is_target=True),
    )
    assert (scan.is_complete, scan.non_measured, scan.deauville, scan.spleen) == (None, None, None, None)


def test_everything_of_a_local_day_is_one_scan() -> None:
    [scan] = scans(lesion("A", 28), lesion("B", 28.05), said("deauville_score", 28.1, 4), said("pet_uptake", 28.1, "reduced"),
                   said("imaging_complete", 28.1, "yes"), said("pet_new_focus", 28.1, "no"), said("pet_activation", 28.1, "no"),
                   said("non_measured_disease", 28.1, "persisting"))  # fmt: skip
    assert scan.at == at(28.05)
    assert (scan.deauville, scan.uptake, scan.is_complete, scan.new_focus, scan.activation, scan.non_measured) == (
        4, "reduced", True, False, False, "persisting")  # fmt: skip


def test_a_score_alone_is_a_scan_and_a_spleen_alone_is_none() -> None:
    assert [scan.deauville for scan in scans(said("deauville_score", 28, 2))] == [2]
    assert scans(said("spleen_length", 28, 12), said("marrow_lymphoma", 28, "clear")) == ()


@pytest.mark.parametrize(("until", "seen"), [(29.9, 0), (30, 1)])
def test_nothing_is_known_before_it_is_reported(until: float, seen: int) -> None:
    measured = lesion("A", 28, recorded_at=at(30))
    assert len(scans(measured, until=until)) == seen
    score = said("deauville_score", 28, 4, reported_after=2)
    assert len(scans(score, until=until)) == seen
    both = scans(lesion("A", 28), score, until=until)
    assert [scan.deauville for scan in both] == [4 if seen else None]


def test_other_observations_keep_their_time_of_observation() -> None:
    row = said("m_protein_serum", 28, 5, reported_after=2)
    assert reported(course(row), at(29)).observations == (row,)


@pytest.mark.parametrize(("before", "found"), [(0, 14.0), (27, 14.0), (28, None), (-1, None)])
def test_a_spleen_is_read_with_a_scan_as_long_as_it_holds(before: float, found: float | None) -> None:
    *_, scan = scans(said("spleen_length", 60 - before, 14.0), said("deauville_score", 60, 2))
    assert scan.spleen == found


def test_a_spleen_of_the_same_day_counts_at_whatever_hour() -> None:
    [scan] = scans(lesion("A", 60), said("spleen_length", 60.1, 14.0), said("marrow_lymphoma", 59, "involved"))
    assert (scan.spleen, scan.marrow) == (14.0, "involved")


def test_more_than_six_targets_leave_none() -> None:
    six, seven = (scans(*(lesion(f"T{n}", -7) for n in range(k)))[0] for k in (6, 7))
    assert sum(one.is_target for one in six.lesions) == 6
    assert len(seven.lesions) == 7
    assert not any(one.is_target for one in seven.lesions)


def test_a_lesion_of_which_nobody_says_whether_it_is_a_target_leaves_none() -> None:
    [scan] = scans(lesion("A", -7), lesion("B", -7, role=None))
    assert not any(one.is_target for one in scan.lesions)
    first, second = scans(lesion("A", -7), lesion("A", 28, role=None))
    assert first.lesions[0].is_target
    assert second.lesions[0].is_target  # what was said of it before still holds


def test_a_row_that_cannot_be_used_is_a_lesion_without_a_size_not_one_that_is_gone() -> None:
    broken = lesion("A", 28, None, site=None, role=None, usability="not-assessable")
    first, second = scans(lesion("A", -7), broken)
    assert first.lesions[0].ldi == 3.0
    assert (second.lesions[0].seen, second.lesions[0].ldi, second.lesions[0].site) == (None, None, "node")


def test_the_last_row_of_a_day_counts() -> None:
    [scan] = scans(lesion("A", 28, (30, 20)), lesion("A", 28.1, (25, 20)))
    assert [one.ldi for one in scan.lesions] == [2.5]


@pytest.mark.parametrize(
    ("day", "confirmed"),
    [(27, (None, None)), (28, (True, None)), (40, (True, None)), (60, (None, True)), (90, (None, True))],
)
def test_a_biopsy_belongs_to_the_scan_before_it(day: float, confirmed: tuple[bool | None, ...]) -> None:
    found = scans(lesion("A", 28), lesion("A", 60), said("growth_confirmed", day, "yes"))
    assert tuple(scan.confirmed for scan in found) == confirmed


def test_a_lesion_that_its_reader_calls_new() -> None:
    [scan] = scans(lesion("N", 28, role="new", unequivocal="yes"))
    assert (scan.lesions[0].is_new, scan.lesions[0].unequivocal, scan.lesions[0].is_target) == (True, True, False)


def plasmacytoma(name: str, day: float, size: tuple[float, float] | None = (40, 20), **more: object) -> ScannedLesion:
    return lesion(name, day, size, **{"site": "plasmacytoma", **more})


def imaging(*rows: ScannedLesion | Observation) -> tuple[MyelomaImaging, ...]:
    return myeloma_imaging(course(*rows))


def test_plasmacytomas_are_summed_where_the_list_is_complete() -> None:
    rows = (plasmacytoma("A", -7), plasmacytoma("B", -7, (10, 10)), said("imaging_complete", -7, "yes"),
            plasmacytoma("A", 28, (20, 20)), plasmacytoma("B", 28, None, seen="gone"),
            said("imaging_complete", 28, "yes"))  # fmt: skip
    assert [one.plasmacytoma for one in imaging(*rows)] == [9.0, 4.0]
    assert [one.new_lesion for one in imaging(*rows)] == [None, False]


def test_a_sum_is_unknown_while_one_of_them_was_not_measured_or_the_list_is_open() -> None:
    complete = said("imaging_complete", 28, "yes")
    assert imaging(plasmacytoma("A", 28))[0].plasmacytoma is None
    assert imaging(plasmacytoma("A", -7), complete)[1].plasmacytoma is None  # not listed any more
    assert imaging(plasmacytoma("A", 28, None, seen="too-small"), complete)[0].plasmacytoma is None
    assert imaging(complete)[0].plasmacytoma == 0.0


@pytest.mark.parametrize(
    ("rows", "new"),
    [
        ((plasmacytoma("A", 28),), False),
        ((plasmacytoma("A", 28), plasmacytoma("B", 28)), True),
        ((plasmacytoma("A", 28), plasmacytoma("B", 28, None, seen="gone")), False),
        ((plasmacytoma("A", 28, role="new"),), True),
        ((plasmacytoma("A", 28), lesion("B", 28, site="bone")), True),
        ((plasmacytoma("A", 28), said("new_lesion_stated", 28, "yes")), True),
        ((plasmacytoma("B", 28), said("new_lesion_stated", 28, "no")), False),
    ],
)
def test_new_lesions_of_myeloma(rows: tuple[ScannedLesion | Observation, ...], new: bool) -> None:
    found = imaging(plasmacytoma("A", -7), *rows, said("imaging_complete", 28, "yes"))
    assert found[-1].new_lesion is new


def test_without_a_complete_list_a_new_lesion_stays_possible() -> None:
    assert imaging(plasmacytoma("A", -7), plasmacytoma("A", 28))[-1].new_lesion is None
    [one] = imaging(said("pet_negative", 28, "yes"), said("lesion_grown_by_half", 28, "no"))
    assert (one.is_negative, one.lesion_grown, one.new_lesion) == (True, False, None)


def test_what_is_told_of_chronic_leukaemia_belongs_to_its_scan() -> None:
    timeline = course(lesion("A", 28), lesion("A", 90, role="new"), said("lymphocytes_are_cll", 20, "no"),
                      said("marrow_cll_halved", 28, "yes"), said("new_lesion_stated", 28, "no"))  # fmt: skip
    found = cll_findings(timeline, scans_of(timeline, holds_days=28, most_targets=6), holds_days=28)
    first, second = found.values()
    assert (first.lymphocytes_are_cll, first.marrow_halved, first.new_lesion) == (False, True, False)
    assert (second.lymphocytes_are_cll, second.marrow_halved, second.new_lesion) == (None, None, True)
