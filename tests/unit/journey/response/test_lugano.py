"""Lugano 2014 from raw scans: sums, nadir, new lesions, PET over CT, cautions; what is not seen stays open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import INFUSED_AT, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.errors import JourneyError
from vein2vein.journey.response import Lesion, LuganoAssessment, Scan, best_response, lugano, lugano_files, progression

FILES = lugano_files()
END = INFUSED_AT + timedelta(days=400)


def node(name: str, ldi: float, sdi: float, **more: object) -> Lesion:
    return Lesion(name, "node", "measured", ldi, sdi, **more)


def scan(day: float, *lesions: Lesion, **more: object) -> Scan:
    said = {
        "is_complete": True,
        "non_measured": "none",
        "marrow": "clear",
        "spleen": 12.0,
        "new_focus": False,
        "activation": False,
    }
    return Scan(INFUSED_AT + timedelta(days=day), lesions, **{**said, **more})


def assess(*scans: Scan, is_avid: bool | None = False, patient=None, at=END) -> tuple[LuganoAssessment, ...]:
    return lugano((patient or a_patient("A", days=400)).built(), scans, at, is_avid=is_avid, files=FILES)


BASELINE = scan(-7, node("a", 4, 3), node("b", 3, 2))


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((1.5, 1.4), (1.5, 1.0), "CR"),
        ((1.6, 1.4), (1.5, 1.0), "PR"),
        ((3, 2), (1.5, 2 / 1.5 - 0.001), "PR"),
        ((3, 2), (2, 1.5), "PR"),
        ((3, 2), (2, 1.501), "SD"),
        ((4, 3), (3, 2), "SD"),
        ((5, 3.6), (3, 2), "PD"),
        ((4.9, 3.7), (3, 2), "SD"),
    ],
)
def test_the_sum_of_products_decides(a: tuple[float, float], b: tuple[float, float], expected: str) -> None:
    (found,) = assess(BASELINE, scan(30, node("a", *a), node("b", *sorted(b, reverse=True))))
    assert found.counts.possible == (expected,)
    assert found.basis == "ct"


def test_sums_are_shown_with_the_numbers_for_words() -> None:
    (found,) = assess(BASELINE, scan(30, Lesion("a", "node", "too-small"), Lesion("b", "node", "gone")))
    assert found.ct.state["spd"].low == 0.25
    assert found.ct.state["baseline_spd"].low == 18
    assert found.counts.possible == ("CR",)


def test_growth_counts_from_the_nadir_of_the_lesion_and_not_from_baseline() -> None:
    small = scan(30, node("a", 2, 1), node("b", 1, 1))
    grown = scan(90, node("a", 2.6, 1.2), node("b", 1, 1))
    assert [one.counts.possible for one in assess(BASELINE, small, grown)] == [("PR",), ("PD",)]
    assert [one.counts.possible for one in assess(BASELINE, grown)] == [("PR",)]


def test_a_lesion_that_a_scan_left_out_may_have_been_smaller() -> None:
    left_out = scan(30, node("b", 1, 1))
    (_, last) = assess(BASELINE, left_out, scan(90, node("a", 3.9, 3), node("b", 1, 1)))
    assert set(last.counts.possible) >= {"SD", "PD"}
    assert "progressing" in last.counts.result.missing


def test_what_baseline_does_not_list_is_new() -> None:
    (found,) = assess(BASELINE, scan(30, node("a", 1, 1), node("b", 1, 1), node("c", 1.6, 1)))
    assert found.lesions["c"]["new-lesion"] is Truth.TRUE
    assert found.counts.possible == ("PD",)
    (small,) = assess(BASELINE, scan(30, node("a", 1, 1), node("b", 1, 1), node("c", 1.4, 1)))
    assert small.counts.possible == ("CR",)


def test_an_open_list_leaves_new_lesions_open() -> None:
    (found,) = assess(BASELINE, scan(30, node("a", 1, 1), node("b", 1, 1), is_complete=None))
    assert found.counts.possible == ("CR", "PD")
    assert "new_lesion" in found.counts.result.missing


def test_pet_overrides_ct_where_the_disease_is_avid() -> None:
    mass = scan(30, node("a", 4, 3), node("b", 3, 2), deauville=2, uptake="reduced")
    (found,) = assess(BASELINE, mass, is_avid=True)
    assert (found.basis, found.counts.possible, found.ct.possible) == ("pet", ("CR",), ("SD",))
    (open_,) = assess(BASELINE, mass, is_avid=None)
    assert open_.counts.possible == ("CR", "SD")
    assert "is_avid" in open_.counts.result.missing
    (without,) = assess(BASELINE, scan(30, node("a", 1, 1), node("b", 1, 1)), is_avid=True)
    assert without.counts.possible == ("CR", "PR", "SD", "PD")
    assert "deauville" in without.counts.result.missing


def test_a_score_on_record_stands_for_one_that_the_scan_does_not_give() -> None:
    patient = a_patient("A", days=400).with_value("deauville_score", 30, 3)
    (found,) = assess(BASELINE, scan(30, node("a", 4, 3), node("b", 3, 2)), is_avid=True, patient=patient)
    assert found.counts.possible == ("CR",)


@pytest.mark.parametrize(("day", "warned"), [(20, False), (30, True), (45, True), (46, False)])
def test_a_score_of_4_in_month_1_is_no_failure_and_says_so(day: int, warned: bool) -> None:
    (found,) = assess(BASELINE, scan(day, deauville=4, uptake="unchanged"), is_avid=True)
    texts = [verdict.row.text["en"] for id, verdict in found.counts.findings if id == "galtier-2022.month-1"]
    assert bool(texts) is warned
    assert found.counts.possible == ("SD",)
    assert all("78.9 %" in text for text in texts)


def test_early_growth_asks_for_a_second_look_unless_it_is_confirmed() -> None:
    (found,) = assess(BASELINE, scan(28, new_focus=True, deauville=5), is_avid=True)
    assert {verdict.row.name for _, verdict in found.counts.findings} == {"score-5", "repeat-or-biopsy"}
    (sure,) = assess(BASELINE, scan(28, new_focus=True, deauville=5, confirmed=True), is_avid=True)
    assert {verdict.row.name for _, verdict in sure.counts.findings} == {"score-5"}


def test_nothing_after_the_instant_is_seen() -> None:
    later = scan(90, node("a", 9, 9), node("b", 3, 2))
    early = scan(30, node("a", 4, 3), node("b", 3, 2))
    assert assess(BASELINE, early, later, at=early.at) == assess(BASELINE, early)
    assert assess(BASELINE, early, at=INFUSED_AT - timedelta(days=1)) == ()


def test_best_response_and_progression_of_the_series() -> None:
    scans = [
        scan(30, node("a", 2, 1), node("b", 1, 1)),
        scan(90, node("a", 1, 1), node("b", 1, 1)),
        scan(180, node("a", 3, 3), node("b", 1, 1)),
    ]
    found = [one.counts for one in assess(BASELINE, *scans)]
    assert [one.possible for one in found] == [("PR",), ("CR",), ("PD",)]
    assert best_response(found) == ("CR",)
    assert (progression(found).truth, progression(found).at) == (Truth.TRUE, scans[2].at)
    assert progression(found[:2]).truth is Truth.FALSE


def test_without_baseline_everything_that_rests_on_it_is_open() -> None:
    (found,) = assess(scan(30, node("a", 3, 2)))
    assert set(found.counts.possible) == {"CR", "PR", "SD", "PD"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: node("a", 65, 20), "0 to 60 cm"),
        (lambda: node("a", 2, 3), "the longest diameter first"),
        (lambda: scan(1, node("a", 2, 1), node("a", 2, 1)), "every lesion once"),
    ],
)
def test_what_cannot_be_is_refused(make, words: str) -> None:
    with pytest.raises(
        JourneyError, match=f"JOURNEY-020(?s:.*){words}(?s:.*)give lengths in cm, the longer diameter first"
    ):
        make()


def test_no_more_targets_than_the_file_sums_up() -> None:
    six, seven = ([scan(day, *(node(str(i), 2, 1) for i in range(n))) for day in (-5, 28)] for n in (6, 7))
    course, at = a_patient("A", days=60).built(), INFUSED_AT + timedelta(days=40)
    assert lugano(course, six, at, is_avid=False)
    with pytest.raises(JourneyError, match=r"7 target lesions(?s:.*)at most 6(?s:.*)say which are the targets"):
        lugano(course, seven, at, is_avid=False)


sizes = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(
    lambda pair: tuple(sorted((v / 10 for v in pair), reverse=True))
)


@given(st.lists(st.tuples(sizes, sizes), min_size=2, max_size=3), st.data())
def test_leaving_something_out_only_widens(series: list[tuple], data: st.DataObject) -> None:
    scans = [BASELINE, *(scan(30 * (i + 1), node("a", *a), node("b", *b)) for i, (a, b) in enumerate(series))]
    whole = assess(*scans)[-1].counts
    place = data.draw(st.integers(0, len(scans) - 1))
    field = data.draw(st.sampled_from(["a", "b", "spleen", "marrow", "non_measured", "is_complete"]))
    kept = scans[place]
    values = {
        n: getattr(kept, n) for n in ("is_complete", "non_measured", "marrow", "spleen", "new_focus", "activation")
    }
    lesions = [Lesion(x.name, x.site, None) if x.name == field else x for x in kept.lesions]
    scans[place] = Scan(kept.at, tuple(lesions), **{n: None if n == field else v for n, v in values.items()})
    assert set(whole.possible) <= set(assess(*scans)[-1].counts.possible)
