"""Until when a label asks for visits, for staying near the centre and for not driving, after an infusion.

Place    Journey, follow-up. Read by assess, the command line and the report.
In       A timeline with its infusion, the product file, a jurisdiction, an instant.
Out      `CareEnd`: for each duty of each label row that holds or may hold on the day of the infusion the first day free of it.
Knows    The label of the day of the infusion counts, not that of today. Days are local calendar days from the first infusion.
Missing  A duty that the label row does not state has no end here: that is not leave to drive. Where the day from which a row
         holds is not known, the row may hold, and is given as such.
Checked  tests/unit/journey/followup/test_care.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth
from vein2vein.knowledge.documents.product import Care, Product
from vein2vein.record.timeline import Timeline

Duty = Literal["daily", "monitoring", "proximity", "driving"]
_FIELDS: Final[tuple[tuple[Duty, str], ...]] = (
    ("daily", "daily_monitoring_days"),
    ("monitoring", "monitoring_days"),
    ("proximity", "proximity_days"),
    ("driving", "driving_days"),
)


@dataclass(frozen=True, slots=True)
class CareEnd:
    """One duty of a label row.

    Attributes:
        duty: daily (daily visits), monitoring (visits at all), proximity (staying near the centre), driving (none).
        days: Days from the infusion.
        free_from: First local calendar day on which it is over.
        row: The label row, with its dates and status.
        truth: TRUE where the row held on the day of the infusion, UNKNOWN where it may have.
        is_over: Whether it is over on the local day of the instant.
    """

    duty: Duty
    days: int
    free_from: date
    row: Care
    truth: Truth
    is_over: bool


def care_ends(timeline: Timeline, product: Product, jurisdiction: str, at: datetime) -> tuple[CareEnd, ...]:
    """Duties after the infusion, in the order of the file; empty before it, and where the label states none.

    Args:
        timeline: The course; an infusion after `at` is not seen.
        product: The product file.
        jurisdiction: Whose label counts, such as US or EU.
        at: Aware instant of the question.
    """
    course = timeline.course
    if course.infused_at is None or course.infused_at > at:
        return ()
    infused_on, today = local_date(course.infused_at, course.zone), local_date(at, course.zone)
    found = []
    for row, truth in product.care_on(infused_on, jurisdiction):
        for duty, field in _FIELDS:
            days = getattr(row, field)
            if days is not None:
                free_from = infused_on + timedelta(days=days)
                found.append(CareEnd(duty, days, free_from, row, truth, today >= free_from))
    return tuple(found)
