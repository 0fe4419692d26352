"""The next part of a split dose, line by line: amount, days, and the gates that the toxicity so far has reached.

Place    Report, handover.
In       The parts that are due of an assessment, a voice.
Out      Lines; none where no part is left.
Missing  A gate whose toxicity no scale of the protocol grades is shown as not graded, whatever it would say. While a gate may
         keep the part back, what would settle it leads and the amount stands under that condition.
Checked  tests/unit/report/test_handover_parts.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vein2vein.basis.messages import messages, spoken
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.journey.assess.parts import GateNow, PartDue
from vein2vein.journey.assess.phrases import say
from vein2vein.report.handover.voice import Voice


def next_part_lines(parts: Sequence[PartDue], voice: Voice) -> Iterator[str]:
    """What is due next of a split dose, and what stands against it."""
    yield from dict.fromkeys(_part(part, voice) for part in parts)
    if not parts or all(part.is_late for part in parts):
        return
    gates, stops = parts[0].gates, parts[0].stops
    graded = [gate for gate in gates if gate.worst is not None]
    reached = [gate for gate in graded if gate.reached is not Truth.FALSE]
    if graded and not reached:
        yield _said("none", voice)
    yield from (_gate(gate, voice) for gate in reached if gate not in stops)
    yield from (_ungraded(gate, voice) for gate in gates if gate.worst is None)


def _words(voice: Voice) -> Mapping[str, str]:
    return messages("vein2vein.report", "handover", spoken(voice.language))["part"]


def _said(name: str, voice: Voice) -> str:
    return _words(voice)[name]


def _part(part: PartDue, voice: Voice) -> str:
    """The part; without an amount where a gate is closed or what was given fits no plan, under a condition where one may be."""
    planned = part.planned
    if part.stops:
        why = "; ".join(_gate(gate, voice) for gate in part.stops)
        return _said("stop", voice).format(part.number, part.count, why)
    if not part.is_as_planned:
        return _said("other", voice).format(part.number, part.count)
    ends = dict.fromkeys(f"{end:g}" for end in (planned.low, planned.high) if end is not None)
    amount = f"{planned.target:g}" if planned.target is not None else f" {voice.words['to']} ".join(ends)
    if part.is_late:
        return _said("missed", voice).format(part.number, part.count, amount, part.closes)
    if part.unsettled:
        needs = dict.fromkeys(_settles(gate, voice) for gate in part.unsettled)
        listed = voice.join(needs)
        text = _said("may", voice).format(part.number, part.count, listed, amount)
    else:
        text = _said("part", voice).format(part.number, part.count, amount)
    if part.opens is not None and part.closes is not None:
        text += _said("days", voice).format(part.opens, part.closes)
    elif part.not_before is not None:
        text += _said("wait", voice).format(voice.when(part.not_before))
    text += _said("row", voice).format(part.label.row)
    return text if part.assumed is None else text + _said("assumed", voice)


def _gate(gate: GateNow, voice: Voice) -> str:
    may = "" if gate.reached is Truth.TRUE else _said("perhaps", voice)
    over = _said("over", voice) if gate.closed is Truth.FALSE else ""
    subject = _subject(gate, voice)
    grades = (_bounds(bounds, voice) for bounds in (gate.worst, gate.now))
    return may + _said("gate", voice).format(subject, *grades, _action(gate, voice), gate.rule.row) + over


def _settles(gate: GateNow, voice: Voice) -> str:
    """What would settle a gate that may keep the part back."""
    if gate.worst is None:
        return _said("no-grade", voice).format(_subject(gate, voice))
    return _said("grade", voice).format(_subject(gate, voice), _bounds(gate.worst, voice))


def _ungraded(gate: GateNow, voice: Voice) -> str:
    grades = _bounds(Bounds(gate.rule.grade_from, gate.rule.grade_to), voice)
    return _said("ungraded", voice).format(_subject(gate, voice), grades, _action(gate, voice), gate.rule.row)


def _action(gate: GateNow, voice: Voice) -> str:
    rule = gate.rule
    text = voice.pick(say(f"gate-{rule.action}"))
    if rule.until_day is None or rule.until_grade is None:
        return text
    return text + _said("until", voice).format(rule.until_day, rule.until_grade)


def _subject(gate: GateNow, voice: Voice) -> str:
    name = gate.rule.subject
    return _said(name, voice) if name in _words(voice) else name.upper()


def _bounds(bounds: Bounds | None, voice: Voice) -> str:
    if bounds is None:
        return _said("open", voice)
    return f"{bounds.low}" if bounds.is_exact else _said("to", voice).format(bounds.low, bounds.high)
