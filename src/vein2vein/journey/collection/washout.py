"""From which instant cells may be collected, drug by drug, and which drug decides.

Place    Journey, collection. Read by assess and the command line.
In       A timeline, a wash-out document, a setting, an instant.
Out      `Readiness`: for each drug the last dose and the earliest instant; the binding one; what is not known.
Knows    Nothing after the instant. Hours are counted on the clock, days on the calendar of the centre.
Missing  A drug that still runs has no last dose: there is no earliest instant, and the drug is named. A stream that is not
         charted for as long as its rules look back is named: nobody can say that nothing was given.
Does not Know an interval: all stand in knowledge/data/washout.
Checked  tests/unit/journey/collection/test_washout.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.documents.washout import Washout, WashoutRule
from vein2vein.record.timeline import CHARTED, Exposure, Timeline

Setting = Literal["oncology", "autoimmune"]


@dataclass(frozen=True, slots=True)
class Stop:
    """One rule and the dose that it counts from.

    Attributes:
        rule: The rule with its interval, strength, source and status.
        truth: TRUE where the rule is about this drug; UNKNOWN where it tells doses apart and the dose is not known, or where the
            drug of the row is not stated.
        agent: The drug.
        last: End of its last dose; None while it runs.
        earliest: Earliest instant of collection; None while it runs, and for a rule without an interval.
        preferred: The instant that the source prefers; None where it prefers none.
        row: The exposure that counts.
    """

    rule: WashoutRule
    truth: Truth
    agent: str
    last: datetime | None
    earliest: datetime | None
    preferred: datetime | None
    row: Exposure

    @property
    def is_running(self) -> bool:
        """Whether the drug had not been stopped by the instant."""
        return self.last is None

    @property
    def binds(self) -> bool:
        """Whether the rule is one that has to be waited for."""
        return self.rule.strength == "required"


@dataclass(frozen=True, slots=True)
class Readiness:
    """When cells may be collected, by one document.

    Attributes:
        document: The document: id, edition, status and sources go with every output.
        setting: The setting whose rules were asked.
        at: The instant up to which the timeline was known.
        stops: One entry for each rule that is or may be about a drug given, in the order of the document.
        not_charted: Streams of the rules that are not recorded completely for as long as their rules look back, sorted.
        without_rule: Drugs of these streams that still run and that no rule is about, one row for each: nobody has said how long
            they have to be stopped.
        ended_without_rule: The last rows of drugs of these streams that ended within the time that their rules look back and that
            no rule is about: shown, never binding.
    """

    document: Washout
    setting: Setting
    at: datetime
    stops: tuple[Stop, ...]
    not_charted: tuple[str, ...]
    without_rule: tuple[Exposure, ...] = ()
    ended_without_rule: tuple[Exposure, ...] = ()

    @property
    def running(self) -> tuple[Stop, ...]:
        """Required rules whose drug still runs: there is no last dose to count from."""
        return tuple(stop for stop in self.stops if stop.binds and stop.is_running)

    @property
    def binding(self) -> Stop | None:
        """The required rule that is waited for longest; None without one, and while a drug of a required rule runs."""
        ended = [stop for stop in self.stops if stop.binds and stop.earliest is not None]
        if self.running or not ended:
            return None
        return max(ended, key=lambda stop: (stop.earliest or self.at, stop.truth.is_certain))

    @property
    def earliest(self) -> datetime | None:
        """The earliest instant by all required rules; None while a drug runs, and where no rule was met."""
        return None if self.binding is None else self.binding.earliest

    @property
    def concerns(self) -> tuple[Stop, ...]:
        """Advised intervals and flags: shown, never binding."""
        return tuple(stop for stop in self.stops if not stop.binds)

    def ready(self, planned: datetime) -> Truth:
        """Whether a collection at `planned` keeps every required interval.

        FALSE where a known last dose is too late; UNKNOWN while a drug runs, where only a possible rule stands against it, or
        where a stream is not charted.
        """
        late = [s for s in self.stops if s.binds and s.earliest is not None and planned < s.earliest]
        if any(stop.truth is Truth.TRUE for stop in late):
            return Truth.FALSE
        return Truth.UNKNOWN if late or self.running or self.not_charted or self.without_rule else Truth.TRUE


def readiness(timeline: Timeline, at: datetime, document: Washout, *, setting: Setting) -> Readiness:
    """When cells may be collected.

    Args:
        timeline: The course; rows after `at` are cut off.
        at: Aware instant up to which anything is known.
        document: The wash-out document.
        setting: Whose rules are asked: those for oncology or for autoimmune disease.
    """
    known = timeline.until(at)
    latest: dict[str, Stop] = {}
    for stop in _stops(known, document, setting):
        before = latest.get(stop.rule.row)
        if before is None or _rank(stop, at) > _rank(before, at):
            latest[stop.rule.row] = stop
    rules = document.of_setting(setting)
    stops = tuple(latest[rule.row] for rule in rules if rule.row in latest)
    streams = sorted({name for rule in rules for name in rule.streams})
    open_ones = tuple(s for s in streams if not _is_charted(known, s, at - _look_back(rules, s), at))
    unruled = _without_rule(known, document, setting, streams)
    running = {(row.kind, row.agent): row for row in unruled if row.ended_at is None}
    since = {stream: at - _look_back(rules, stream) for stream in streams}
    ended = (row for row in unruled if row.ended_at is not None and row.ended_at >= since[row.kind])
    last = {(row.kind, row.agent): row for row in sorted(ended, key=lambda row: row.ended_at or at)}
    late = tuple(row for drug, row in last.items() if drug not in running)
    return Readiness(document, setting, at, stops, open_ones, tuple(running.values()), late)


def _without_rule(known: Timeline, document: Washout, setting: Setting, streams: Sequence[str]) -> tuple[Exposure, ...]:
    """Rows of the drugs of the streams that the document says nothing about, in the order of the record."""
    ruled = {(stop.row.kind, stop.agent) for stop in _stops(known, document, setting)}
    return tuple(row for row in known.exposures if row.kind in streams and (row.kind, row.agent) not in ruled)


def _stops(timeline: Timeline, document: Washout, setting: Setting) -> Iterator[Stop]:
    zone = timeline.course.zone
    for row in timeline.exposures:
        last = row.ended_at
        counted_from = row.started_at if last is None else last
        dose = row.amount if row.amount_unit == "mg/m2" else None
        found = document.matched(setting, stream=row.kind, agent=row.agent, last=counted_from, zone=zone, dose=dose)
        for match in found:
            earliest, preferred = (None, None) if last is None else (match.earliest, match.preferred)
            yield Stop(match.rule, match.truth, row.agent, last, earliest, preferred, row)


def _rank(stop: Stop, at: datetime) -> tuple[bool, datetime, bool]:
    """A drug that runs comes before every last dose; then the later one; then the certain one."""
    return stop.is_running, stop.last or at, stop.truth.is_certain


def _look_back(rules: tuple[WashoutRule, ...], stream: str) -> timedelta:
    """How far back the rules of a stream look, whatever they ask for."""
    hours = [max(r.hours or 0.0, 24.0 * (r.days or 0)) for r in rules if stream in r.streams]
    return timedelta(hours=max(hours, default=0.0))


def _is_charted(timeline: Timeline, stream: str, since: datetime, until: datetime) -> bool:
    """Whether statements of charting cover [since, until) without a gap."""
    spans = sorted(
        (e.started_at, e.ended_at or until) for e in timeline.exposures if e.kind == CHARTED and e.agent == stream
    )
    covered = since
    for start, end in spans:
        if start > covered:
            break
        covered = max(covered, end)
    return bool(spans) and covered >= until
