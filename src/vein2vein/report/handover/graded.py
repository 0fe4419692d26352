"""Grades in a handover: what each scale says now, why, and what keeps it open.

Place    Report, handover.
In       The assessment and its language, through a `Voice`.
Out      `grade_lines`, and `edition_note` for a source that means another edition than the protocol grades by.
Missing  An open grade names what is missing ("oxygen device not recorded"); a settled one, what the scale says of it.
Checked  tests/unit/report/test_handover_graded.py
"""

from __future__ import annotations

from itertools import islice

from vein2vein.basis.truth import Bounds
from vein2vein.engine.plain.engine import verdict_at
from vein2vein.journey.assess.assess import GradeNow
from vein2vein.journey.guidance.advise import Advice
from vein2vein.report.handover.voice import Voice
from vein2vein.report.rule_words import full_name, lacking


def grade_lines(voice: Voice) -> tuple[tuple[str, ...], int]:
    """A line for each scale, those that apply now first, and how many apply."""
    grades = voice.found.grades
    now = [grade for grade in grades if grade.bounds is not None]
    listed = [*now, *(grade for grade in grades if grade.bounds is None)]
    return tuple(_line(grade, voice) for grade in listed), len(now)


def edition_note(advice: Advice, voice: Voice) -> str | None:
    """Which scales stand in for those that the source means; None where the protocol grades by the same."""
    graded = {grade.rule.id: grade.rule for grade in voice.found.grades}
    told = []
    for subject, meant in advice.guidance.presumes.items():
        used = advice.scales.get(subject, meant)
        if set(used) != set(meant):
            names = voice.join(full_name(graded[id]).in_(voice.language) if id in graded else id for id in used)
            told.append(voice.words["stands_in"].format(", ".join(meant), names))
    return None if not told else "; ".join(told)


def bounds_text(bounds: Bounds, voice: Voice) -> str:
    """Bounds such as "2" or "2 to 4"."""
    return f"{bounds.low}" if bounds.low == bounds.high else f"{bounds.low} {voice.words['to']} {bounds.high}"


def _line(grade: GradeNow, voice: Voice) -> str:
    words = voice.words
    text = words["no_grade"] if grade.bounds is None else bounds_text(grade.bounds, voice) + _why(grade, voice)
    if grade.bounds is not None and grade.since is not None:
        text += f"; {words['since'].format(voice.when(grade.since))}"
    if grade.worst is not None and grade.worst != grade.bounds:
        text += f"; {words['worst'].format(bounds_text(grade.worst, voice))}"
    return f"{full_name(grade.rule).in_(voice.language)} [{grade.rule.id}]: {text}"


def _why(grade: GradeNow, voice: Voice) -> str:
    """What keeps a grade open, else what the scale says of this grade; nothing of one that is at its lowest."""
    if grade.bounds is None or grade.bounds.high <= grade.rule.result.lowest:
        return ""
    if grade.bounds.is_exact:
        says = (voice.pick(case.text) for case in grade.rule.cases if case.value == grade.bounds.low)
        return "".join(f" ({text})" for text in islice(says, 1))
    verdict = verdict_at(voice.found.timeline, grade.rule, voice.found.at)
    missing = lacking(grade.rule, verdict.missing, {used.name: used.rows for used in verdict.inputs})
    return f" ({voice.join(words.in_(voice.language) for words in missing)})" if missing else ""
