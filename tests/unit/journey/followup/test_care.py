"""Visits, staying near and driving: by the label of the day of the infusion, in the place whose labels count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from builders import a_patient
from vein2vein.journey.followup import care_ends
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.library import default_library

AXI = default_library().get("axicabtagene-ciloleucel.product", Product)


def _ends(infused: datetime, place: str, days: float = 3) -> dict[str, tuple[date, bool]]:
    timeline = a_patient("A").with_course(infused_at=infused).built()
    found = care_ends(timeline, AXI, place, infused + timedelta(days=days))
    return {end.duty: (end.free_from, end.is_over) for end in found}


@pytest.mark.parametrize(
    ("infused", "place", "driving", "proximity"),
    [
        (datetime(2025, 6, 25, 9, tzinfo=UTC), "US", date(2025, 8, 20), date(2025, 7, 23)),
        (datetime(2025, 6, 26, 9, tzinfo=UTC), "US", date(2025, 7, 10), date(2025, 7, 10)),
        (datetime(2026, 3, 4, 9, tzinfo=UTC), "US", date(2026, 3, 18), date(2026, 3, 18)),
        (datetime(2026, 3, 4, 9, tzinfo=UTC), "EU", date(2026, 4, 29), date(2026, 4, 1)),
    ],
)
def test_the_label_of_the_day_of_infusion_counts(infused: datetime, place: str, driving: date, proximity: date) -> None:
    found = _ends(infused, place)
    assert (found["driving"][0], found["proximity"][0]) == (driving, proximity)


def test_a_duty_is_over_on_its_first_free_day() -> None:
    infused = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    assert _ends(infused, "US", 13.5)["driving"] == (date(2026, 3, 18), False)
    assert _ends(infused, "US", 13.7)["driving"] == (date(2026, 3, 18), True), "local midnight lies before"
    assert _ends(infused, "US", 7)["daily"][1] is True


def test_before_the_infusion_and_where_nothing_is_stated_there_is_none() -> None:
    infused = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    timeline = a_patient("A").with_course(infused_at=infused).built()
    assert care_ends(timeline, AXI, "US", infused - timedelta(seconds=1)) == ()
    assert care_ends(timeline, AXI, "SG", infused) == ()
