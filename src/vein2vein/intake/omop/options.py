"""What must be declared to read an OMOP delivery, because the data model does not say it.

Place    Floor 3, intake.
Out      `Options`, shown in the report.
Does not Contain a clinical number: the days below only sort rows into courses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from vein2vein.intake.local import Local
from vein2vein.intake.times import STRICT, TimePolicy


@dataclass(frozen=True, slots=True)
class Options:
    """Declared for one delivery.

    Attributes:
        zone: IANA zone of the centre. OMOP times carry none; without it every time is refused (INTAKE-009).
        times: How doubtful times are read, and where in the day a date alone stands.
        midnight: "day": a time of exactly 00:00:00 is a date alone, because most exports write dates so. "time": it is
            midnight.
        centre_id: Identifier of the centre, for the courses.
        schema: Database schema of the clinical tables; needed when several hold persons.
        vocabulary_schema: Database schema of the vocabulary; needed when it is another and not the only other one.
        hold: Per exclusive stream (oxygen), how long a device charted at an instant is believed when no other follows.
            Without it such rows are refused (INTAKE-509): there is no default.
        charted: Streams that the centre records completely, so that no row means none (see intake.charting).
        same_course_days: An infusion of the same product at most so many days after the first is a further fraction of
            the same course; a later one opens a new course.
        lead_days: How many days before its infusion a course begins; earlier rows are not needed.
        next_lead_days: The same for a second or later course of a patient, so that it takes little from the one before.
        local: Local codes, units and words of the centre.
        mapping_file: The file that declares this, so that it is not called unread where it lies beside the data.
    """

    zone: str | None = None
    times: TimePolicy = STRICT
    midnight: Literal["day", "time"] = "day"
    centre_id: str | None = None
    schema: str | None = None
    vocabulary_schema: str | None = None
    hold: Mapping[str, timedelta] = field(default_factory=dict)
    charted: tuple[str, ...] = ()
    same_course_days: int = 30
    lead_days: int = 365
    next_lead_days: int = 30
    local: Local = field(default_factory=Local)
    mapping_file: Path | None = None
