"""What must be declared to read a FHIR delivery, because FHIR does not say it.

Place    Floor 3, FHIR adapter.
Out      `Options`.
Does not Contain a clinical number: the days below only sort rows into courses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vein2vein.intake.local import Local
from vein2vein.intake.times import STRICT, TimePolicy


@dataclass(frozen=True, slots=True)
class Options:
    """Declared for one delivery.

    Attributes:
        zone: IANA zone of the centre. It says on which calendar day an instant falls, and where times without an offset
            stand; without it days are counted in UTC and times without an offset are refused (INTAKE-009).
        times: How doubtful times are read, and where in the day a date alone stands.
        centre_id: Identifier of the centre, for the courses.
        charted: Streams that the delivery holds completely over each course, so that the absence of a row means the
            absence of the thing.
        hold_hours: For streams that are charted now and then (an oxygen device at an instant): how many hours a charting
            is believed when no other follows. A stream without a hold keeps its instants as instants.
        same_course_days: An infusion of the same product at most so many days after the first is a further fraction of
            the same course; a later one opens a new course.
        lead_days: How many days before its infusion a course begins; earlier rows are not needed.
        next_lead_days: The same for a second or later course of a patient, so that it takes little from the one before.
        local: Local codes, units and words of the centre; the codes count while resources are read, so that what `adapter.read`
            gave keeps the codes it was read with.
        mapping_file: The file that declares this, so that it is not called unread where it lies beside the data.
    """

    zone: str | None = None
    times: TimePolicy = STRICT
    centre_id: str | None = None
    charted: tuple[str, ...] = ()
    hold_hours: Mapping[str, float] = field(default_factory=dict)
    same_course_days: int = 30
    lead_days: int = 365
    next_lead_days: int = 30
    local: Local = field(default_factory=Local)
    mapping_file: Path | None = None
