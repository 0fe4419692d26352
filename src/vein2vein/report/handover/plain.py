"""An assessment as plain data for programs.

Place    Report. Read by the command line.
In       An assessment; compared advice.
Out      Dictionaries and lists that JSON can hold; instants in ISO 8601 with offset.
Missing  null where nothing is known; missing inputs stand under `missing` and `needs`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vein2vein.basis.clock import from_microseconds
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.assess import Assessment
from vein2vein.journey.assess.assess import MarkerEffect
from vein2vein.journey.assess.parts import PartDue
from vein2vein.journey.assess.plan import Lent
from vein2vein.journey.collection.washout import Readiness
from vein2vein.journey.followup.calendar import Due
from vein2vein.journey.followup.care import CareEnd
from vein2vein.journey.followup.prophylaxis import Step
from vein2vein.journey.guidance.advise import Advice
from vein2vein.journey.guidance.compare import Compared, Quiet
from vein2vein.journey.guidance.decide import Proposal
from vein2vein.journey.guidance.words import line, line_words
from vein2vein.knowledge.documents.drug import Drug, Opening
from vein2vein.knowledge.documents.guidance import Give
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.wording import pick
from vein2vein.record.timeline import Exposure, Milestone, Observation, ScannedLesion
from vein2vein.report.handover.disease_plain import response_as_plain
from vein2vein.report.handover.preventive import answer_of, by_subject, is_same

Plain = dict[str, Any]


def as_plain(
    found: Assessment,
    drugs: Mapping[str, Drug],
    compared: Sequence[Compared] = (),
    quiet: Sequence[Quiet] = (),
    *,
    policies: Sequence[Step] = (),
    language: str = "en",
) -> Plain:
    """The whole assessment; labels and texts for people in a language, everything else the same in all."""
    plain = {
        **_standing(found),
        **_asked(found, drugs, policies, language),
        **_departed(found, language),
    }
    if compared:
        plain["compared"] = [
            {
                "about": c.about,
                "relation": c.relation,
                "said": {s.source: list(s.texts(drugs, language)) for s in c.said},
            }
            for c in compared
        ]
    if quiet:
        plain["say_nothing"] = [{"source": q.source, "why": q.why} for q in quiet]
    return plain


def _standing(found: Assessment) -> Plain:
    """Where the course stands: stage, grades, scores, body surface."""
    stage = found.stage
    return {
        "course": found.timeline.course.course_id,
        "at": found.at.isoformat(),
        "protocol": _edition(found.protocol),
        "stage": {"name": stage.name, "since": _instant(stage.since), "day": stage.day},
        "grades": [
            {"subject": g.subject, **_edition(g.rule), **_bounds(g.bounds), "since": _instant(g.since),
             "worst": _bounds(g.worst), "is_idle": g.is_idle, "choices": dict(g.rule.chosen)}
            for g in found.grades
        ],
        "scores": [
            {**_edition(s.edition), **_score_ends(s.low, s.high), "bands": list(s.bands), "missing": list(s.missing),
             "problem": s.problem, "before": s.edition.before, "as_of": _instant(s.as_of),
             "rows": {name: [_row(r) for r in rows] for name, rows in s.rows.items()}}
            for s in found.scores
        ],
        "body_surface": {**_edition(found.surface.formula), "value": found.surface.value,
                         "unit": found.surface.formula.result.unit, "problem": found.surface.problem},
    }  # fmt: skip


def _asked(found: Assessment, drugs: Mapping[str, Drug], policies: Sequence[Step], language: str) -> Plain:
    """What is proposed, due, answered and missing."""
    return {
        "advice": [_advice(a, drugs, language) for a in found.advice],
        "due": [_due(d, language) for d in found.due],
        "response": response_as_plain(found.response, language=language),
        "care": [_care(c) for c in found.care],
        "ready": _ready(found),
        "prophylaxis": [_preventive(step) for step in found.prophylaxis],
        "policies": [
            {"subject": subject, "same": is_same(steps), "steps": [_preventive(step) for step in steps]}
            for subject, steps in by_subject(policies).items()
        ],
        "needs": [{"what": n.what, "label": pick(n.label, language), "changes": list(n.changes)} for n in found.needs],
        "effects": [_effect(e, language) for e in found.effects],
    }


def _due(d: Due, language: str) -> Plain:
    return {
        "calendar": d.calendar,
        "item": d.item.name,
        "label": pick(d.item.label, language),
        "state": d.state,
        "on": d.on.isoformat(),
        "opens": d.opens.isoformat(),
        "closes": None if d.closes is None else d.closes.isoformat(),
        "by": None if d.by is None else _row(d.by),
    }


def _care(c: CareEnd) -> Plain:
    return {
        "duty": c.duty,
        "days": c.days,
        "free_from": c.free_from.isoformat(),
        "is_over": c.is_over,
        "label": c.row.row,
        "status": c.row.status,
        "applies": c.truth.value,
    }


def _effect(e: MarkerEffect, language: str) -> Plain:
    return {
        "collection": e.collection.id,
        "effect": e.effect.name,
        "marker": e.effect.marker,
        "row": _row(e.row),
        "measured": e.effect.measured,
        "note": None if e.effect.note is None else pick(e.effect.note, language),
        "measure": e.effect.measure,
        "value": e.effect.value,
        "interval": e.effect.interval,
        "outcome": pick(e.effect.outcome, language),
        "status": e.effect.status,
        "source": e.effect.source,
    }


def _departed(found: Assessment, language: str) -> Plain:
    """Departures, and what could not be held against the files."""
    return {
        "deviations": [
            {"kind": d.kind, "what": pick(d.said, language), "file": d.file, "at": d.at.isoformat(),
             "rows": [_row(r) for r in d.rows]}
            for d in found.deviations
        ],
        "unjudged": [
            {"what": pick(u.said, language), "needs": pick(u.needs, language), "days": [str(day) for day in u.days],
             "file": u.file, "at": u.at.isoformat(), "rows": [_row(r) for r in u.rows]}
            for u in found.unjudged
        ],
    }  # fmt: skip


def _edition(edition: Edition) -> Plain:
    return {
        "id": edition.id,
        "edition": edition.edition,
        "jurisdiction": list(edition.jurisdiction),
        "status": edition.status,
        "sources": [source.key for source in edition.sources],
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _bounds(bounds: Bounds | None) -> Plain:
    return {"low": None, "high": None} if bounds is None else {"low": bounds.low, "high": bounds.high}


def _row(row: Row | ScannedLesion) -> Plain:
    match row:
        case Observation():
            value = row.value if row.code is None else row.code
            return {"kind": row.kind, "at": row.observed_at.isoformat(), "value": value, "source": row.source}
        case Exposure():
            given = f"{row.kind}/{row.agent}"
            amount = None if row.amount is None else f"{row.amount:g} {row.amount_unit}"
            return {"kind": given, "at": row.started_at.isoformat(), "value": amount, "source": row.source}
        case Milestone():
            return {"kind": row.kind, "at": row.at.isoformat(), "value": row.detail, "source": row.source}
        case ScannedLesion():
            return {"kind": "lesion", "at": row.observed_at.isoformat(), "value": row.lesion, "source": row.source}


def _advice(advice: Advice, drugs: Mapping[str, Drug], language: str) -> Plain:
    return {
        **_edition(advice.guidance),
        "not_applicable": advice.not_applicable,
        "scales": {subject: list(ids) for subject, ids in advice.scales.items()},
        "proposals": [_proposal(p, drugs, language, advice.zone) for p in advice.proposals],
        "lines": [
            {
                "about": found.about,
                "text": line_words(found, drugs, language, zone=advice.zone),
                "proposals": [p.name for p in (*found.parts, *found.alternatives, *found.overruled)],
                "replaces": [p.name for p in found.replaced],
                "one_course_with": [p.name for p in found.same_course],
            }
            for found in advice.lines
        ],
    }


def _preventive(step: Step) -> Plain:
    judged = step.judged
    return {
        "policy": _edition(step.policy), "item": judged.item.name, "subject": judged.item.subject, "answer": step.answer,
        "plan": answer_of(step), "start": judged.start.value, "stop": judged.stop.value, "runs": step.runs.value,
        "missing": list(step.missing),
    }  # fmt: skip


def _proposal(proposal: Proposal, drugs: Mapping[str, Drug], language: str, zone: str) -> Plain:
    plain: Plain = {
        "name": proposal.name,
        "about": proposal.action.about,
        "text": line(proposal, drugs, language, zone=zone),
        "applies": Truth.FALSE.value if proposal.is_barred else proposal.truth.value,
        "standing": proposal.standing,
        "because": list(proposal.because),
        "missing": list(proposal.missing),
    }
    dose, lock = proposal.dose, proposal.lock
    if isinstance(proposal.action, Give) and dose is not None and not proposal.is_barred:
        plain["dose"] = {
            "low": dose.low, "high": dose.high, "unit": dose.unit, "rule": dose.rule, "is_capped": dose.is_capped,
            "missing": list(dose.missing), "adults_from": dose.adults_from, "age": dose.age,
            "instead_of": proposal.action.instead_of, "weight": _weight(proposal),
        }  # fmt: skip
    if lock is not None:
        plain["lock"] = {**_opening(lock.opening), "in_doubt": lock.in_doubt}
        if lock.at_worst != lock.opening:
            plain["lock"]["if_unknown_agents_were_this"] = _opening(lock.at_worst)
    return plain


def _score_ends(low: float | None, high: float | None) -> Plain:
    """Both ends of a score, or neither: a range without an end is not known, and no number that JSON can hold."""
    is_known = low is not None and high is not None and not math.isinf(high)
    return {"low": low, "high": high} if is_known else {"low": None, "high": None}


def _opening(opening: Opening) -> Plain:
    not_before = None if opening.not_before is None else from_microseconds(opening.not_before).isoformat()
    return {
        "not_before": not_before,
        "never": opening.never,
        "left": opening.left,
        "because": list(opening.because),
    }


def _weight(proposal: Proposal) -> Plain | None:
    found = proposal.weighed
    if found is None:
        return None
    return {"kg": found.kg, "at": from_microseconds(found.at).isoformat(), "is_current": found.is_current}


def _ready(found: Assessment) -> Plain:
    ready = found.ready
    plain: Plain = {
        "labels": [
            {"row": v.label.row, "applies": v.truth.value, "missing": list(v.missing), "status": v.label.status}
            for v in ready.labels
        ],
        "doses": [
            {"label": d.label.row, "low": d.planned.low, "high": d.planned.high, "target": d.planned.target, "unit": "10*6",
             "weight_kg": d.planned.weight, "weight_basis": d.weight_basis, "is_capped": d.planned.is_capped,
             "missing": list(d.planned.missing), "problem": d.planned.problem}
            for d in ready.doses
        ],
        "lymphodepletion": [
            {**_edition(regimen), "drug": d.drug.drug, "mg_a_day": d.value,
             "mg_a_day_span": None if d.span is None else list(d.span), "days": list(regimen.relative_days(d.drug)),
             "renal_policy": None if d.renal is None else d.renal.policy.id, "withheld": d.is_withheld, "needs": list(d.needs),
             "lent": lent_as_plain(ready.lent.get(regimen.id))}
            for regimen, drugs in ready.depletion for d in drugs
        ],
        "typing": [
            {"row": g.gate.row, "met": g.met.value, "missing": list(g.missing), "status": g.gate.status} for g in ready.gates
        ],
        "next_part": [_part(part) for part in ready.parts],
        "bridging": [{"option": o.name, "status": o.status} for o in ready.bridging],
    }  # fmt: skip
    if ready.washout is not None:
        plain["washout"] = _stops(ready.washout)
    if ready.stopping is not None:
        plain["stop_before_lymphodepletion"] = _stops(ready.stopping.readiness)
    if ready.go is not None:
        plain["go"] = {
            **_edition(ready.go.checklist),
            "answer": ready.go.answer,
            "reasons": [v.row.name for v in ready.go.reasons],
            "open": [v.row.name for v in ready.go.open],
        }
    return plain


def lent_as_plain(found: Lent | None) -> Plain | None:
    """Whose regimen stands in, and the label row that names none."""
    return None if found is None else {"label": list(found.label), "here": found.here, "row": found.silent}


def _part(part: PartDue) -> Plain:
    # An amount that is not to be given now, that fits no plan, or that a gate may keep back is no field that a program may
    # take for an order.
    planned = {"low": part.planned.low, "high": part.planned.high, "target": part.planned.target}
    amounts = planned if part.truth is Truth.TRUE else dict.fromkeys(planned)
    return {
        "label": part.label.row, "number": part.number, "count": part.count, "applies": part.truth.value, **amounts,
        "if_no_gate_keeps_it_back": planned if part.truth is Truth.UNKNOWN else None,
        "may_be_stopped_by": [gate.rule.row for gate in part.unsettled], "unit": "10*6",
        "is_as_planned": part.is_as_planned, "is_late": part.is_late,
        "stopped_by": [gate.rule.row for gate in part.stops], "opens": None if part.opens is None else str(part.opens),
        "closes": None if part.closes is None else str(part.closes), "not_before": _instant(part.not_before),
        "assumed": part.assumed,
        "gates": [
            {"row": g.rule.row, "subject": g.rule.subject, "action": g.rule.action, "reached": g.reached.value,
             "closed": g.closed.value, "worst": None if g.worst is None else [g.worst.low, g.worst.high],
             "now": None if g.now is None else [g.now.low, g.now.high], "status": g.rule.status}
            for g in part.gates
        ],
    }  # fmt: skip


def _stops(found: Readiness) -> Plain:
    binding = found.binding
    return {
        **_edition(found.document),
        "earliest": _instant(found.earliest),
        "binding": None if binding is None else binding.agent,
        "drugs": [
            {"rule": s.rule.row, "agent": s.agent, "last": _instant(s.last), "earliest": _instant(s.earliest),
             "strength": s.rule.strength, "binds": s.binds, "certain": s.truth.is_certain, "status": s.rule.status}
            for s in found.stops
        ],
        "running": [stop.agent for stop in found.running],
        "without_rule": [row.agent for row in found.without_rule],
        "ended_without_rule": [{"agent": r.agent, "last": _instant(r.ended_at)} for r in found.ended_without_rule],
        "not_charted": list(found.not_charted),
    }  # fmt: skip
