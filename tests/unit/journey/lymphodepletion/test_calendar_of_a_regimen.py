"""The calendar of a regimen: full days back from the infusion, windows with both ends, hours where the source counts hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from vein2vein.errors import JourneyError
from vein2vein.journey.lymphodepletion.calendar import calendar, gap_of, repeats
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange


def _regimen(id: str) -> Regimen:
    return default_library().get(id, Regimen)


def test_days_count_back_from_the_infusion_over_a_change_of_the_clock() -> None:
    days = calendar(_regimen("us-label.flu-30-cy-500"), date(2026, 3, 30))
    assert [(d.on.isoformat(), d.relative_day, d.regimen_day) for d in days if d.drug == "fludarabine"] == [
        ("2026-03-25", -5, 1),
        ("2026-03-26", -4, 2),
        ("2026-03-27", -3, 3),
    ]


def test_a_drug_of_the_last_day_only_stands_on_the_last_day() -> None:
    days = calendar(_regimen("us-label.brexu-all"), date(2026, 5, 10))
    assert [d.relative_day for d in days if d.drug == "cyclophosphamide"] == [-2]


@pytest.mark.parametrize(("gap", "ok"), [(1, False), (2, True), (14, True), (15, False)])
def test_a_gap_outside_the_window_is_refused(gap: int, ok: bool) -> None:
    regimen = _regimen("us-label.tisa-all")
    if ok:
        assert max(day.relative_day for day in calendar(regimen, date(2026, 5, 20), gap=gap)) == -gap
    else:
        with pytest.raises(JourneyError, match="2 to 14 full days"):
            calendar(regimen, date(2026, 5, 20), gap=gap)


def test_full_days_are_those_of_the_centre() -> None:
    """23:30 and 00:30 UTC are one local day apart in London in winter and the same local day in New York."""
    last, infusion = datetime(2026, 1, 10, 23, 30, tzinfo=UTC), datetime(2026, 1, 12, 0, 30, tzinfo=UTC)
    regimen = _regimen("us-label.cilta")
    assert gap_of(regimen, last, infusion, "Europe/London").days == 2
    assert gap_of(regimen, last, infusion, "Europe/London").allowed is True
    assert gap_of(regimen, last, infusion, "America/New_York").days == 1
    assert gap_of(regimen, last, infusion, "America/New_York").allowed is False


@pytest.mark.parametrize(("hours", "allowed"), [(47.9, False), (48, True), (72, True)])
def test_hours_stay_hours(hours: float, allowed: bool) -> None:
    last = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert gap_of(_regimen("us-label.obe"), last, last + timedelta(hours=hours), "UTC").allowed is allowed


def test_a_source_without_a_window_says_neither_yes_nor_no() -> None:
    last = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert gap_of(_regimen("cn-label.relma"), last, last + timedelta(days=30), "Asia/Shanghai").allowed is None


def test_an_infusion_before_the_last_dose_is_refused() -> None:
    last = datetime(2026, 6, 1, 9, tzinfo=UTC)
    with pytest.raises(JourneyError, match="JOURNEY-004"):
        gap_of(_regimen("us-label.ide"), last, last - timedelta(hours=1), "UTC")


@pytest.mark.parametrize(
    ("days", "leukocytes", "expected"),
    [
        (28, NumberRange(2, 2), {"leave-out": False, "again": False}),
        (28.1, NumberRange(2, 2), {"leave-out": False, "again": True}),
        (30, NumberRange(1.0, 1.0), {"leave-out": True, "again": False}),
        (30, NumberRange(1.01, 1.01), {"leave-out": False, "again": True}),
        (30, ANY_NUMBER, {"leave-out": None, "again": None}),
        (3, ANY_NUMBER, {"leave-out": None, "again": False}),
    ],
)
def test_whether_to_give_it_again(days: float, leukocytes: NumberRange, expected: dict[str, bool | None]) -> None:
    answers = repeats(_regimen("us-label.tisa-lbcl"), days, leukocytes)
    assert {answer.rule.name: answer.holds for answer in answers} == expected
