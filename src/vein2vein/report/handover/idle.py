"""Lines of a source that only hang on a grade nobody looked at: told in one line, by name, in place of doses for everybody.

Place    Report, handover.
In       What a source says; the grades of the assessment.
Out      The lines that stand for themselves, and one line about the others.
Knows    A grade is idle where no value that it reads still holds and it was over, or never there, when somebody last looked. A
         line hangs on it where none of the rows behind it would apply at grade 0. What must not be given is told as ever.
Missing  Nothing is lost: the line names every drug, place and consult, and the whole proposals stand in the data for programs.
Checked  tests/unit/report/test_handover_idle.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vein2vein.basis.truth import Truth
from vein2vein.journey.assess.assess import GradeNow
from vein2vein.journey.guidance.advise import Advice
from vein2vein.journey.guidance.lines import Line
from vein2vein.journey.guidance.words import drug_name
from vein2vein.knowledge.decisions import GradeOf, HoursAtGrade
from vein2vein.knowledge.documents.guidance import Withhold
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.values import NumberRange
from vein2vein.report.handover.voice import Voice
from vein2vein.report.rule_words import full_name


def parted(advice: Advice, lines: Sequence[Line], voice: Voice) -> tuple[tuple[Line, ...], str | None]:
    """The lines that stand for themselves, and one line about those that hang on a grade nobody looked at."""
    idle = _idle(advice, voice.found.grades)
    if not idle:
        return tuple(lines), None
    still = _rows_at_zero(advice, idle.keys())
    open_ones = (one for one in lines if one.truth is not Truth.TRUE and not isinstance(one.lead.action, Withhold))
    hanging = [one for one in open_ones if not still & _rows(one)]
    if not hanging:
        return tuple(lines), None
    names = [*dict.fromkeys(about(one.about, voice) for one in hanging if one.is_vital)]
    rest = sum(not one.is_vital for one in hanging)
    names += [voice.words["idle_more"].format(rest)] if rest else []
    asked = {fact for one in hanging for fact in one.missing}
    subjects = {subject for subject in idle if _facts(advice, (subject,)) & asked} or idle.keys()
    scales = dict.fromkeys(_graded(g, voice) for subject in sorted(subjects) for g in idle[subject])
    told = voice.words["idle"].format(voice.join(scales), voice.join(names))
    return tuple(one for one in lines if one not in hanging), told


def about(name: str, voice: Voice) -> str:
    """A drug or a topic, as it is called."""
    topic = topics().get(name)
    return voice.pick(topic.label) if topic else drug_name(name, voice.drugs, voice.language)


def _idle(advice: Advice, grades: Iterable[GradeNow]) -> dict[str, list[GradeNow]]:
    """Subjects of a source of which every scale that applies is idle, with those scales."""
    now = {grade.rule.id: grade for grade in grades if grade.bounds is not None}
    found = {subject: [now.get(id) for id in ids if id in now] for subject, ids in advice.scales.items()}
    return {
        subject: [g for g in scales if g is not None]
        for subject, scales in found.items()
        if scales and all(g is not None and g.is_idle for g in scales)
    }


def _facts(advice: Advice, subjects: Iterable[str]) -> set[str]:
    """Facts of a source about the grade of some subjects."""
    asked = set(subjects)
    return {
        name
        for name, fact in advice.guidance.facts.items()
        if isinstance(fact.source, GradeOf | HoursAtGrade) and fact.source.subject in asked
    }


def _rows_at_zero(advice: Advice, subjects: Iterable[str]) -> set[str]:
    """Rows that apply or may apply were the grade of some subjects 0."""
    zero = dict.fromkeys(_facts(advice, subjects), NumberRange(0, 0))
    return {verdict.row.name for verdict in advice.guidance.decide({**advice.state.values, **zero})}


def _rows(line: Line) -> set[str]:
    return {row for p in (*line.parts, *line.alternatives, *line.overruled) for row in p.because}


def _graded(grade: GradeNow, voice: Voice) -> str:
    bounds = grade.bounds
    ends = "" if bounds is None else f" {bounds.low} {voice.words['to']} {bounds.high}"
    return f"{full_name(grade.rule).in_(voice.language)}{ends}"
