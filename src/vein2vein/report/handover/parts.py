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
from typing import Final

from vein2vein.basis.truth import Bounds, Truth
from vein2vein.journey.assess.parts import GateNow, PartDue
from vein2vein.journey.assess.phrases import say
from vein2vein.report.handover.voice import Voice

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "part": {"en": "Next part: {} of {}, {} x 10^6 cells", "zh": "下一次输注：第 {}/{} 次，{}×10⁶ 细胞"},
    "may": {
        "en": "Part {} of {} may hold: needs {}. If no gate keeps it back: {} x 10^6 cells",
        "zh": "第 {}/{} 次输注尚不能确定：需要{}。如无限制条件成立：{}×10⁶ 细胞",
    },
    "grade": {"en": "the grade of {} ({} since the last part)", "zh": "{} 分级（自上次输注以来 {} 级）"},
    "no-grade": {"en": "the grade of {} (not graded here)", "zh": "{}的分级（此处未分级）"},
    "stop": {"en": "Part {} of {} is not to be given now: {}", "zh": "目前不得进行第 {}/{} 次输注：{}"},
    "other": {
        "en": "Part {} of {} was not given; the label plans no next part after an amount like that already given: decide first",
        "zh": "第 {}/{} 次尚未输注；已输注的剂量不符合说明书的任何分次方案，说明书未给出下一次：须先决定",
    },
    "missed": {
        "en": "Part {} of {} ({} x 10^6 cells) was not given; its last day of the label, {}, has passed",
        "zh": "第 {}/{} 次（{}×10⁶ 细胞）未输注；说明书的最后日期 {} 已过",
    },
    "days": {"en": ", not before {}, at the latest {}", "zh": "，不早于 {}，不晚于 {}"},
    "wait": {"en": ", not before {}", "zh": "，不早于 {}"},
    "row": {"en": " (label row {})", "zh": "（说明书条目 {}）"},
    "assumed": {
        "en": "; marrow blasts not known in time, one of several plans",
        "zh": "；骨髓原始细胞结果缺失，为可能方案之一",
    },
    "gate": {"en": "{} {} since the last part, now {}: {} [{}]", "zh": "自上次输注以来{} {} 级，目前 {}：{} [{}]"},
    "perhaps": {"en": "may be reached: ", "zh": "可能达到："},
    "until": {"en": " up to day {}, until grade {}", "zh": "至第 {} 天，待降至 {} 级"},
    "over": {"en": " (over now)", "zh": "（目前已缓解）"},
    "none": {"en": "no gate of a graded toxicity is reached", "zh": "已分级的毒性均未达到限制条件"},
    "ungraded": {"en": "not graded here: {} {}: {} [{}]", "zh": "此处未分级：{} {} 级：{} [{}]"},
    "to": {"en": "{} to {}", "zh": "{} 至 {}"},
    "other-toxicity": {"en": "any other toxicity", "zh": "其他毒性"},
    "open": {"en": "not known", "zh": "不详"},
}


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


def _said(name: str, voice: Voice) -> str:
    return voice.pick(_WORDS[name])


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
    return _said(name, voice) if name in _WORDS else name.upper()


def _bounds(bounds: Bounds | None, voice: Voice) -> str:
    if bounds is None:
        return _said("open", voice)
    return f"{bounds.low}" if bounds.is_exact else _said("to", voice).format(bounds.low, bounds.high)
