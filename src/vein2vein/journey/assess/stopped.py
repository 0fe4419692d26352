"""Whether what had to stop had stopped, and whether a step was taken although its list said no.

Place    Journey, assess.
In       A course with all its rows, the wash-out documents and go/no-go lists of a protocol.
Out      `Deviation`s, each with the instant from which it is known.
Knows    A collection is judged from the rows up to it. The start of lymphodepletion is judged when its local day is over, since
         a milestone may be dated before the first dose of that day.
Missing  Only what is certain is named: a drug that was certainly given, a reason that the record itself shows.
Checked  tests/unit/journey/assess/test_stopped.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.journey.assess.phrases import agent_label, local, say
from vein2vein.journey.bridging import stopping
from vein2vein.journey.collection.washout import Readiness, Stop, readiness
from vein2vein.journey.infusion.go import go
from vein2vein.journey.stages.scored import LYMPHODEPLETION, began
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.documents.checklist import Checklist
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.formulas import Formula
from vein2vein.record.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Kept:
    """One step of a course against what had to stop before it, or against its list.

    Attributes:
        step: collected, depleted or infused.
        at: When the step was taken.
        known_at: From when it is known.
        truth: TRUE where everything was kept, FALSE where something certainly was not, else UNKNOWN.
        found: What was not kept.
        open: What would settle it where the truth is UNKNOWN, by language.
    """

    step: str
    at: datetime
    known_at: datetime
    truth: Truth
    found: tuple[Deviation, ...]
    open: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Stops:
    """The files of a protocol that say what stops before a step, and what forbids it.

    Attributes:
        protocol: The protocol.
        collection: Wash-out before collection.
        lymphodepletion: Wash-out before lymphodepletion.
        checklists: Go/no-go lists by step.
        formulas: Formulas that the lists ask for, by id.
    """

    protocol: Protocol
    collection: Washout | None
    lymphodepletion: Washout | None
    checklists: Mapping[str, Checklist]
    formulas: Mapping[str, Formula]

    def departures(self, timeline: Timeline) -> tuple[Deviation, ...]:
        """Everything that certainly was not kept, in a course with all its rows."""
        return tuple(d for kept in (*self.washouts(timeline), *self.lists(timeline)) for d in kept.found)

    def washouts(self, timeline: Timeline) -> Iterator[Kept]:
        """Every collection, and the start of lymphodepletion, against what had to stop before."""
        for milestone in timeline.milestones:
            if milestone.kind == "apheresis" and self.collection is not None:
                found = readiness(timeline, milestone.at, self.collection, setting=self.protocol.setting)
                yield _kept(found, "collected", milestone.at, milestone.at, zone=timeline.course.zone)
        start = _depletion(timeline)
        if start is not None and self.lymphodepletion is not None:
            answer = stopping(timeline, start[0], self.lymphodepletion, start[0])
            yield _kept(answer.readiness, "depleted", *start, zone=timeline.course.zone)

    def lists(self, timeline: Timeline) -> Iterator[Kept]:
        """The start of lymphodepletion and the infusion against their lists, as far as the record alone answers them."""
        start, infused = _depletion(timeline), timeline.course.infused_at
        steps = [("lymphodepletion", "depleted", start)] if start is not None else []
        steps += [("infusion", "infused", (infused, infused))] if infused is not None else []
        for name, step, instants in steps:
            checklist = self.checklists.get(name)
            if checklist is not None and instants is not None:
                yield self._listed(timeline, checklist, step, instants)

    def _listed(self, timeline: Timeline, checklist: Checklist, step: str, instants: tuple[datetime, datetime]) -> Kept:
        at, known_at = instants
        answer = go(timeline.until(at), checklist, at, formulas=self.formulas)
        against = [v for v in answer.reasons if v.row.then[0] in {"hold", "stop"}]
        found = tuple(
            Deviation(
                "no-go",
                say("although", event=say(step), reason=verdict.row.text),
                checklist.id,
                known_at,
                tuple(row for fact in sorted(checklist.facts_of(verdict.row.when)) for row in answer.rows[fact]),
            )
            for verdict in against
        )
        truth = Truth.FALSE if found else Truth.UNKNOWN if answer.open else Truth.TRUE
        asked = dict.fromkeys(name for verdict in answer.open for name in verdict.missing)
        return Kept(step, at, known_at, truth, found, tuple(checklist.facts[name].label for name in asked))


def _depletion(timeline: Timeline) -> tuple[datetime, datetime] | None:
    """When lymphodepletion began, and from when that is known for good: the end of the local day of its first sign."""
    zone = timeline.course.zone
    signs = [e.started_at for e in timeline.exposures if e.kind == LYMPHODEPLETION]
    signs += [m.at for m in timeline.milestones if m.kind == LYMPHODEPLETION]
    if not signs:
        return None
    over = datetime.combine(local_date(min(signs), zone) + timedelta(days=1), time(), ZoneInfo(zone))
    start = began(timeline, over)
    return None if start is None else (start, over)


def _kept(found: Readiness, step: str, at: datetime, known_at: datetime, *, zone: str) -> Kept:
    against = [stop for stop in found.stops if _is_against(stop, at)]
    departures = tuple(
        Deviation("wash-out", _words(stop, step, zone), found.document.id, known_at, (stop.row,)) for stop in against
    )
    truth = Truth.FALSE if against else found.ready(at)
    return Kept(step, at, known_at, truth, departures, tuple(_open(found, at)))


def _open(found: Readiness, at: datetime) -> Iterator[Mapping[str, str]]:
    """Why nobody can say whether a wash-out was kept: charting, drugs without a rule, drugs that run, rules that may apply."""
    for stream in found.not_charted:
        yield say("charting-of", stream=streams()[stream].label)
    for row in found.without_rule:
        yield say("rule-for", drug=agent_label(row.kind, row.agent))
    for stop in found.stops:
        if stop.binds and (stop.is_running or (stop.earliest is not None and at < stop.earliest)):
            yield say("last-dose-of", drug=agent_label(stop.row.kind, stop.agent))


def _is_against(stop: Stop, at: datetime) -> bool:
    if not stop.binds or stop.truth is not Truth.TRUE:
        return False
    return stop.is_running or (stop.earliest is not None and at < stop.earliest)


def _words(stop: Stop, step: str, zone: str) -> dict[str, str]:
    drug, event = agent_label(stop.row.kind, stop.agent), say(step)
    if stop.last is None or stop.earliest is None:
        return say("still-given", event=event, drug=drug)
    return say("too-soon", event=event, drug=drug, last=local(stop.last, zone), earliest=local(stop.earliest, zone))
