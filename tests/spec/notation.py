"""The tiny notation of the spec tables: what is recorded of a course, and what a rule set is expected to say.

A course is a table of two columns, *when* and *what*::

    when       | recorded
    -2 h to    | recorded completely: oxygen, vasopressor
    0 h        | body temperature 38.6 Cel
    2 h to 6 h | vasopressor: norepinephrine 4 ug/min because hypotension
    days 3-9   | neutrophils 0.3

When   `6 h` or `-2 h` from the infusion; `day 3 14:00` by the clock of the centre (08:00 when no hour is named); `a to b`
       for what lasts, `a to` for what is still running; `days 3-9` for once on each day; `end` for the end of the follow-up.
       `always` speaks of the whole time from a week before the infusion, which is at 08:00 on day 0.
What   `kind value [unit]`, `kind yes`, `kind < 0.1`, with `(normal 10 to 40)` behind it for the limits of the laboratory;
       `stream: agent [rate unit] [because reason]`; `recorded completely: stream, stream` (`everything` for all streams);
       `milestone kind [detail]`. A `kind ?` is a row that cannot be used.
Facts  lines without a time: `born 2015-04-01`, `indication systemic-sclerosis`, `zone Asia/Beirut`, `infused never`,
       `infused 2026-03-28 23:30`, `followed 48 h`, `followed unknown`. Without such a line: born in 1968, Europe/Berlin,
       followed for 10 h.

The expected verdicts are a table of when and grade: `2`, `[2, 4]`, or `does not apply`; each holds until the next line.
A table that begins with `...` names some instants only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.knowledge.codes import milestones, observation_kind, observations, streams
from vein2vein.record.timeline import CHARTED, UNSPECIFIED, Course, Exposure, Milestone, Observation, Patient, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY_ZERO = date(2026, 6, 1)
INFUSED_AT_CLOCK = time(8)
LONG_BEFORE = timedelta(days=7)
_FACT = re.compile(r"(born|indication|zone|infused|followed)\s+(.+)")
_LIMITS = re.compile(r"\s*\(normal(?:\s+from\s+|\s+)?([\d.]+)?(?:\s*(?:up )?to\s+([\d.]+))?\)$")
_VALUE = re.compile(r"^(.+?)\s+(<=|>=|<|>)?\s*(-?\d+(?:\.\d+)?)(?:\s+(\S+))?$")


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    left: str
    right: str


def lines_of(table: str) -> list[Line]:
    """Lines of a table; blank ones left out. A line without a bar is a fact and has nothing on its left."""
    found = []
    for text in table.strip().splitlines():
        if text.strip():
            left, bar, right = text.partition("|")
            found.append(Line(left.strip(), right.strip()) if bar else Line("", left.strip()))
    return found


@dataclass
class _Clock:
    """Instants of a table, seen from the centre."""

    zone: str = "Europe/Berlin"
    infused: datetime | None = field(default=None)
    followed: datetime | None = field(default=None)

    def __post_init__(self) -> None:
        self.infused = self.infused or datetime.combine(DAY_ZERO, INFUSED_AT_CLOCK, ZoneInfo(self.zone))

    @property
    def day_zero(self) -> datetime:
        assert self.infused is not None
        return self.infused

    def at(self, text: str) -> datetime:
        """One instant."""
        if text == "end":
            assert self.followed is not None, "`end` needs a line `followed ...`"
            return self.followed
        if hour := re.fullmatch(r"(-?\d+(?:\.\d+)?) h", text):
            return self.day_zero.astimezone(UTC) + timedelta(minutes=round(float(hour[1]) * 60))
        if day := re.fullmatch(r"day (-?\d+)(?: (\d\d):(\d\d))?", text):
            clock = time(int(day[2]), int(day[3])) if day[2] else INFUSED_AT_CLOCK
            return self.on_day(int(day[1]), clock)
        message = f"{text!r} is no time of the spec notation"
        raise ValueError(message)

    def on_day(self, number: int, clock: time = INFUSED_AT_CLOCK) -> datetime:
        """An hour of a relative day, by the clock of the centre."""
        zone = ZoneInfo(self.zone)
        return datetime.combine(self.day_zero.astimezone(zone).date() + timedelta(days=number), clock, zone)

    def span(self, text: str) -> tuple[datetime, datetime | None]:
        """Start and end; no end while it runs; the same instant twice for what does not last."""
        if text == "always":
            return self.at("0 h") - LONG_BEFORE, None
        start, to, end = (part.strip() for part in text.partition(" to"))
        return self.at(start), (self.at(end) if end else None) if to else self.at(start)

    def instants(self, text: str) -> Iterator[datetime]:
        """One instant, or one on each day of `days a-b`."""
        if days := re.fullmatch(r"days (-?\d+)-(-?\d+)", text):
            for number in range(int(days[1]), int(days[2]) + 1):
                yield self.on_day(number)
        else:
            yield self.at(text)


def timeline_of(table: str, name: str = "spec") -> Timeline:
    """The course that a table tells."""
    facts: dict[str, str] = {}
    rows: list[Line] = []
    for line in lines_of(table):
        fact = None if line.left else _FACT.fullmatch(line.right)
        if fact:
            facts[fact[1]] = fact[2]
        else:
            rows.append(line)
    clock = _clock(facts)
    course = Course(
        CourseId(name),
        Patient(PatientId(f"P-{name}"), _birthday(facts.get("born", "1968-05-17"))),
        indication=facts.get("indication"),
        zone=clock.zone,
        infused_at=None if facts.get("infused") == "never" else clock.infused,
        followed_until=clock.followed,
    )
    made = [row for line in rows for row in _rows(line, clock)]
    return Timeline(
        course,
        tuple(sorted((r for r in made if isinstance(r, Observation)), key=lambda r: r.observed_at)),
        tuple(sorted((r for r in made if isinstance(r, Exposure)), key=lambda r: r.started_at)),
        tuple(sorted((r for r in made if isinstance(r, Milestone)), key=lambda r: r.at)),
    )


def _birthday(text: str) -> date | None:
    return None if text == "unknown" else date.fromisoformat(text)


def _clock(facts: dict[str, str]) -> _Clock:
    zone = facts.get("zone", "Europe/Berlin")
    infused = facts.get("infused", "never")
    at = None if infused == "never" else datetime.fromisoformat(infused).replace(tzinfo=ZoneInfo(zone))
    clock = _Clock(zone, at)
    followed = facts.get("followed", "10 h")
    clock.followed = None if followed == "unknown" else clock.at(followed)
    return clock


def _rows(line: Line, clock: _Clock) -> Iterator[Observation | Exposure | Milestone]:
    what = line.right
    if what.startswith("milestone "):
        kind, _, detail = what.removeprefix("milestone ").partition(" ")
        assert kind in milestones(), f"no milestone {kind!r}"
        yield Milestone(kind, clock.at(line.left), detail or None)
    elif what.startswith("recorded completely:"):
        names = [name.strip().replace(" ", "_") for name in what.partition(":")[2].split(",")]
        for name in streams() if names == ["everything"] else names:
            assert name in streams(), f"no stream {name!r}"
            yield Exposure(CHARTED, name, *clock.span(line.left))
    elif ": " in what:
        yield _exposure(what, *clock.span(line.left))
    else:
        yield from (_observation(what, at) for at in clock.instants(line.left))


def _exposure(what: str, start: datetime, end: datetime | None) -> Exposure:
    stream, _, rest = what.partition(": ")
    kind = stream.replace(" ", "_")
    rest, _, reason = rest.partition(" because ")
    agent, _, rate = rest.partition(" ")
    number, _, unit = rate.partition(" ")
    known = streams()[kind]
    assert agent == UNSPECIFIED or agent in known.agents, f"no agent {agent!r} of {kind}"
    assert not reason or reason in known.reasons, f"no reason {reason!r} of {kind}"
    return Exposure(
        kind, agent, start, end, rate=float(number) if number else None, rate_unit=unit or None, reason=reason or None
    )


def _observation(what: str, at: datetime) -> Observation:
    limits = _LIMITS.search(what)
    low, high = (None if text is None else float(text) for text in limits.groups()) if limits else (None, None)
    text = what[: limits.start()] if limits else what
    if value := _VALUE.match(text):
        kind = value[1].replace(" ", "_")
        unit = observation_kind(kind).unit
        assert value[4] in {None, unit}, f"{kind} is recorded in {unit}"
        return Observation(kind, at, float(value[3]), value[2], reference_low=low, reference_high=high)
    name, _, code = text.rpartition(" ")
    kind = name.replace(" ", "_")
    assert kind in observations(), f"no observation {kind!r}"
    if code == "?":
        return Observation(kind, at, usability="not-assessable", as_sent="?")
    definition = observation_kind(kind)
    assert code in (definition.categories or ("yes", "no")), f"{kind} cannot be {code!r}"
    return Observation(kind, at, code=code)


def expected_steps(table: str, course: str) -> list[tuple[datetime, str]]:
    """When and grade of each line of the expected verdicts."""
    facts = {m[1]: m[2] for line in lines_of(course) if not line.left and (m := _FACT.fullmatch(line.right))}
    clock = _clock(facts)
    return [(clock.at(line.left), line.right) for line in lines_of(table)]


def shown_time(at: datetime, course: str) -> str:
    """An instant in the notation of a table, in hours from the infusion, or by day and clock after three days."""
    facts = {m[1]: m[2] for line in lines_of(course) if not line.left and (m := _FACT.fullmatch(line.right))}
    clock = _clock(facts)
    since = at.astimezone(UTC) - clock.day_zero.astimezone(UTC)
    if abs(since) <= timedelta(days=3):
        return f"{since / timedelta(hours=1):g} h"
    local = at.astimezone(ZoneInfo(clock.zone))
    day = (local.date() - clock.day_zero.astimezone(local.tzinfo).date()).days
    return f"day {day}" + ("" if local.time() == INFUSED_AT_CLOCK else f" {local:%H:%M}")
