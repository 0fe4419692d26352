"""Rows of the record in words: values with units, times as relative day and local time, drugs with dose.

Place    Report. Read by figures, reasons and tables.
Knows    Days are calendar days of the treating centre; hours are hours since the infusion.
Missing  A unit, dose or reason that is not recorded is said to be so where it matters, else left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from vein2vein.basis.clock import day_zero_starts, from_microseconds, relative_day, zone_of
from vein2vein.knowledge import codes
from vein2vein.record.timeline import UNSPECIFIED, Exposure, Milestone, Observation, Timeline
from vein2vein.report.scales import short
from vein2vein.report.words import Words, joined, say, words_of

Row = Observation | Exposure | Milestone
_UNITS: Final = {
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "10*9/L": "×10⁹/L",
    "10*12/L": "×10¹²/L",
    "ug/L": "microg/L",
    "ug": "microg",
    "ug/kg/min": "microg/kg/min",
    "ug/min": "microg/min",
    "/min": "/min",
    "1": "",
}


def unit_text(unit: str | None) -> str:
    """A UCUM unit as it is printed for people: "°C", "mmHg"; annotations such as "{score}" are left out."""
    if not unit or unit.startswith("{"):
        return ""
    return _UNITS.get(unit, unit)


@dataclass(frozen=True)
class CourseClock:
    """Times of one course in words; `zero` is the infusion, or the first row where none is recorded."""

    zero: datetime
    zone: str
    is_infusion: bool

    @classmethod
    def of(cls, timeline: Timeline) -> CourseClock | None:
        """The clock of a course; None for a course without infusion and without rows."""
        course = timeline.course
        if course.infused_at is not None:
            return cls(course.infused_at, course.zone, is_infusion=True)
        firsts = [row_start(r) for r in rows_of(timeline)]
        return cls(min(firsts), course.zone, is_infusion=False) if firsts else None

    def hours(self, at: datetime) -> float:
        """Hours from the infusion to an instant."""
        return (at - self.zero) / timedelta(hours=1)

    def day(self, at: datetime) -> int:
        """Relative day of an instant."""
        return relative_day(at, infused_at=self.zero, zone=self.zone)

    def text(self, at: datetime) -> Words:
        """An instant as "day 4, 14:20", in local time."""
        return say("shown.when", day=short(self.day(at)), time=self.time(at))

    def time(self, at: datetime) -> str:
        """The local time of day of an instant as "14:20"."""
        return f"{at.astimezone(zone_of(self.zone)):%H:%M}"

    def date(self, at: datetime) -> str:
        """The local calendar day of an instant as "2026-03-08"."""
        return date_text(at.astimezone(zone_of(self.zone)))

    def midnights(self, first: int, last: int) -> tuple[tuple[int, float], ...]:
        """Relative days from `first` to `last`, both inclusive, each with the hour at which it starts."""
        starts = day_zero_starts(self.zero, self.zone, range(first, last + 1))
        return tuple((first + i, self.hours(from_microseconds(start))) for i, start in enumerate(starts))


def date_text(at: datetime) -> str:
    """A calendar day, the same in every language: "2026-03-08"."""
    return at.date().isoformat()


def rows_of(timeline: Timeline) -> tuple[Row, ...]:
    """All rows of a course: observations, exposures, milestones."""
    rows: list[Row] = [*timeline.observations, *timeline.exposures, *timeline.milestones]
    return tuple(rows)


def row_start(row: Row) -> datetime:
    """When a row begins to be known about."""
    if isinstance(row, Observation):
        return row.observed_at
    return row.started_at if isinstance(row, Exposure) else row.at


def number_text(value: float, decimals: int | None = None) -> str:
    """A number without trailing zero, at most `decimals` places."""
    rounded = value if decimals is None else round(value, decimals)
    return short(rounded)


@lru_cache(maxsize=1024)
def kind_label(kind: str) -> Words:
    """Label of an observation kind, stream or milestone; its id in words where the code files do not know it."""
    for table in (codes.observations(), codes.streams(), codes.milestones()):
        if kind in table:
            return words_of(table[kind].label, kind)
    return Words(kind.replace("_", " ").replace("-", " ").capitalize())


@lru_cache(maxsize=1024)
def agent_label(kind: str, agent: str) -> Words:
    """Label of an agent of a stream; of a `charted` row the label of the stream that is charted."""
    if agent == UNSPECIFIED:
        return say("shown.agent_not_recorded")
    if kind == "charted":
        return kind_label(agent)
    stream = codes.streams().get(kind)
    if stream is not None and agent in stream.agents:
        return words_of(stream.agents[agent].label, agent)
    return Words(agent.replace("-", " ").capitalize())


def category_label(kind: str, code: str) -> Words:
    """Label of a category of an observation kind; the code itself where the code files do not know it."""
    known = codes.observations().get(kind)
    return words_of(known.categories[code].label, code) if known and code in known.categories else Words(code)


def observation_text(row: Observation) -> Words:
    """Value of an observation with comparator and unit; what was sent when the value cannot be used."""
    kind = codes.observations().get(row.kind)
    if not row.is_usable:
        return say("shown.unusable", sent=row.as_sent or say("shown.nothing"))
    if row.value is None:
        return category_label(row.kind, str(row.code))
    unit = unit_text(kind.unit if kind else None)
    return Words(f"{row.comparator or ''}{number_text(row.value)}{' ' + unit if unit else ''}")


def dose_text(row: Exposure) -> str:
    """Amount and rate of an exposure; empty when neither is recorded."""
    parts = []
    if row.amount is not None:
        parts.append(f"{number_text(row.amount)} {unit_text(row.amount_unit)}".rstrip())
    if row.rate is not None:
        parts.append(f"{number_text(row.rate)} {unit_text(row.rate_unit)}".rstrip())
    return ", ".join(parts)


def exposure_text(row: Exposure) -> Words:
    """Agent with dose, such as "Norepinephrine 0.08 microg/kg/min"."""
    return joined([agent_label(row.kind, row.agent), dose_text(row)], " ").each(str.rstrip)


def reason_text(row: Exposure) -> Words:
    """Why an exposure was given, in words; empty when not recorded."""
    if row.reason is None:
        return Words("")
    stream = codes.streams().get(row.kind)
    texts = stream.reasons.get(row.reason) if stream else None
    return words_of(texts, row.reason.replace("-", " "))


def milestone_text(row: Milestone) -> Words:
    """A milestone with its detail, such as "Death: Cytokine release syndrome"."""
    kind = codes.milestones().get(row.kind)
    if row.detail is None:
        return kind_label(row.kind)
    detail = words_of(kind.details.get(row.detail) if kind else None, row.detail.replace("-", " "))
    return say("shown.detail", what=kind_label(row.kind), detail=detail)


def row_text(row: Row, clock: CourseClock) -> tuple[Words, Words, Words]:
    """What a row is about, what it says, and when, each in words."""
    if isinstance(row, Observation):
        return kind_label(row.kind), observation_text(row), clock.text(row.observed_at)
    if isinstance(row, Milestone):
        return say("shown.milestone"), milestone_text(row), clock.text(row.at)
    says = exposure_text(row)
    if row.reason is not None:
        says = say("shown.with_reason", what=says, reason=reason_text(row))
    started = clock.text(row.started_at)
    if row.ended_at == row.started_at:
        return kind_label(row.kind), says, started
    if row.ended_at is None:
        return kind_label(row.kind), says, say("shown.end_not_recorded", start=started)
    return kind_label(row.kind), says, say("shown.from_to", start=started, end=clock.text(row.ended_at))
