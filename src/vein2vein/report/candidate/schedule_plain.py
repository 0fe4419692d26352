"""The calendar before a planned infusion as plain data.

Place    Report, candidate.
In       A `Schedule` of a `Candidate`, a language.
Out      Fields: for each regimen its doses by day, the days on which it may begin, what has to have stopped by when.
Missing  null where the source gives no window or no interval.
"""

from __future__ import annotations

from vein2vein.basis.truth import Truth
from vein2vein.journey.assess.candidate import Candidate
from vein2vein.journey.assess.phrases import agent_label
from vein2vein.journey.assess.schedule import RegimenDates, Schedule, StopBy
from vein2vein.journey.bridging.stop import Stopping
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.wording import pick
from vein2vein.report.candidate.common import Plain, edition, instant


def schedule_as_plain(planned: Schedule, found: Candidate, language: str) -> Plain:
    """The whole calendar; labels in a language."""
    zone = found.timeline.course.zone
    return {
        "infusion_on": planned.infusion_on.isoformat(),
        "infusion_at": instant(planned.infusion_at, zone),
        "stop_before_lymphodepletion": None if planned.document is None else edition(planned.document),
        "regimens": [_regimen(one, found, language) for one in planned.regimens],
    }


def _regimen(one: RegimenDates, found: Candidate, language: str) -> Plain:
    gap, zone, lent = one.regimen.gap, found.timeline.course.zone, found.lent.get(one.regimen.id)
    return {
        **edition(one.regimen),
        "title": pick(one.regimen.title, language),
        "lent_label": None if lent is None else pick(lent.said, language),
        "gap": {"planned": gap.planned, "least": gap.least, "most": gap.most, "least_hours": gap.least_hours,
                "status": gap.status},
        "first_day": one.first_day.isoformat(),
        "is_late": one.is_late,
        "start_from": None if one.start_from is None else one.start_from.isoformat(),
        "start_until": None if one.start_until is None else one.start_until.isoformat(),
        "last_dose_until": instant(one.last_dose_until, zone),
        "doses": [
            {"on": d.on.isoformat(), "relative_day": d.relative_day, "regimen_day": d.regimen_day, "drug": d.drug,
             "label": pick(agent_label("lymphodepletion", d.drug), language)}
            for d in one.days
        ],
        "stops": [_stop(stop, zone, language) for stop in one.stops],
        "so_far": None if one.so_far is None else _so_far(one.so_far, zone, language),
    }  # fmt: skip


def _stop(one: StopBy, zone: str, language: str) -> Plain:
    return {
        "rule": one.rule.row,
        "label": pick(one.rule.label, language),
        "strength": one.rule.strength,
        "last_instant": instant(one.until, zone),
        "last_day": None if one.on is None else one.on.isoformat(),
        "preferred_last_day": None if one.preferred is None else one.preferred.isoformat(),
        "status": one.rule.status,
        "source": one.rule.source,
    }


def _so_far(one: Stopping, zone: str, language: str) -> Plain:
    known = streams()
    return {
        "kept": {Truth.TRUE: True, Truth.FALSE: False}.get(one.truth),
        "drugs": [
            {"rule": s.rule.row, "agent": s.agent, "label": pick(agent_label(s.row.kind, s.agent), language),
             "last": instant(s.last, zone), "earliest": instant(s.earliest, zone), "strength": s.rule.strength,
             "too_late": s in one.too_late, "status": s.rule.status}
            for s in one.readiness.stops
        ],
        "not_charted": [{"stream": s, "label": pick(known[s].label, language)} for s in one.readiness.not_charted],
    }  # fmt: skip
