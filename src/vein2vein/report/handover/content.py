"""What an assessment says, as titled lists of lines: the one content of the text and of the handover page.

Place    Report. Read by the command line and by `handover.page`.
In       An assessment, the names of drugs, a language; compared advice where sources are compared.
Out      `Handover`: head lines and sections.
Missing  An empty section says so in words where its silence could be misread (grades, deviations); others are left out.
Does not Say anything that is not in the assessment. Ids of files, rows and courses are the same in every language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from vein2vein.basis.clock import relative_day
from vein2vein.journey.assess import Assessment
from vein2vein.journey.assess.assess import MarkerEffect
from vein2vein.journey.assess.needs import Need
from vein2vein.journey.followup.prophylaxis import Step
from vein2vein.journey.guidance.advise import Advice
from vein2vein.journey.guidance.compare import Compared, Quiet
from vein2vein.journey.guidance.lines import Line
from vein2vein.journey.guidance.words import line_words
from vein2vein.journey.risk import ScoreAnswer
from vein2vein.journey.stages.asking import FormulaAnswer
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.decisions import Row
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.schema import RuleSet
from vein2vein.report.handover.before import ready_lines
from vein2vein.report.handover.beside import compared_lines
from vein2vein.report.handover.care import called_lines, care_lines, care_words
from vein2vein.report.handover.disease import disease_lines, is_grave, words_of
from vein2vein.report.handover.graded import edition_note, grade_lines
from vein2vein.report.handover.idle import parted
from vein2vein.report.handover.patient import patient_head
from vein2vein.report.handover.preventive import policies_beside, policies_title, preventive_lines
from vein2vein.report.handover.voice import Voice


@dataclass(frozen=True, slots=True)
class Section:
    """A titled list of lines; `is_grave` where a reader must not miss it, `is_background` where a page has room for it last.

    The first `kept` lines (grades, treatment, places, consults, what is withheld) stand on every page, however short.
    """

    title: str
    lines: tuple[str, ...]
    is_grave: bool = False
    kept: int = 0
    is_background: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """An assessment in words.

    Attributes:
        title: The title.
        head: Label and text, in order.
        sections: What is said, the most urgent first.
        foot: What the page is not.
        more: How a shortened section ends, with a place for the number.
        elsewhere: How sections are named of which a page shows nothing, with a place for them.
    """

    title: str
    head: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str
    more: str
    elsewhere: str


def handover(
    found: Assessment,
    drugs: Mapping[str, Drug],
    *,
    compared: Sequence[Compared] = (),
    quiet: Sequence[Quiet] = (),
    policies: Sequence[Step] = (),
    language: str = "en",
) -> Handover:
    """An assessment in words.

    Args:
        found: The assessment.
        drugs: Drug files by id, for their names.
        compared: Topics of several sources.
        quiet: Sources that were asked beside and say nothing, with why.
        policies: Steps of policies of prophylaxis that are held beside one another.
        language: en or zh.
    """
    voice = Voice(found, drugs, language)
    words = voice.words
    beside, n_kept = compared_lines(compared, quiet, voice)
    made = [
        _grades(voice),
        *(_advice(a, voice) for a in found.advice),
        Section(words_of(voice)["title"], tuple(disease_lines(voice)), is_grave=is_grave(found.response)),
        Section(care_words(voice)["called"], tuple(called_lines(voice)), is_grave=True),
        Section(words["ready"], tuple(ready_lines(voice))),
        Section(words["prophylaxis"], tuple(preventive_lines(voice))),
        Section(policies_title(voice), tuple(policies_beside(policies, voice))),
        Section(words["compare"], beside, kept=n_kept),
        Section(words["deviations"], tuple(_departures(voice)), is_grave=bool(found.deviations)),
        Section(care_words(voice)["care"], tuple(care_lines(voice))),
        Section(words["due"], tuple(_due(voice))),
        Section(words["needs"], tuple(_need(n, voice) for n in found.needs)),
        Section(words["scores"], tuple(_scores(voice)), is_background=True),
        Section(words["effects"], tuple(_effect(e, voice) for e in found.effects), is_background=True),
        Section(words["sources"], tuple(_files(voice)), is_background=True),
    ]  # fmt: skip
    sections = tuple(_settled(section, voice) for section in made if section.lines)
    head = tuple((label, voice.settled(text)) for label, text in _head(voice))
    return Handover(words["title"], head, sections, words["foot"], words["more"], words["elsewhere"])


def _settled(section: Section, voice: Voice) -> Section:
    return replace(section, title=voice.settled(section.title), lines=tuple(map(voice.settled, section.lines)))


def _head(voice: Voice) -> Iterator[tuple[str, str]]:
    found, words = voice.found, voice.words
    stage, protocol = found.stage, found.protocol
    yield words["course"], found.timeline.course.course_id
    yield words["at"], voice.when(found.at)
    yield words["product"], _product(voice)
    yield from patient_head(voice)
    since = "" if stage.since is None else f", {words['since'].format(voice.when(stage.since))}"
    named = words.get(f"stage {stage.name}", stage.name)
    yield words["stage"], named + ("" if stage.day is None else f", {words['day'].format(stage.day)}") + since
    signed = protocol.status == "verified"
    yield words["protocol"], f"{protocol.id} {protocol.edition}" + ("" if signed else f" ({words['not_verified']})")


def _product(voice: Voice) -> str:
    """The product as people call it, with its id; the id alone where no file describes it."""
    id, file = voice.found.timeline.course.product or "-", voice.found.ready.product
    return id if file is None else f"{voice.pick(file.title)} [{id}]"


def _grades(voice: Voice) -> Section:
    lines, n_kept = grade_lines(voice)
    return Section(voice.words["grades"], lines, kept=n_kept)


def _advice(advice: Advice, voice: Voice) -> Section:
    """What one source says, treatment first; every line with the rows behind it and what would settle it."""
    words = voice.words
    title = words["advice"].format(
        voice.pick(advice.guidance.title), advice.guidance.id, voice.said(advice.guidance.status)
    )
    if advice.not_applicable is not None:
        return Section(title, (words["silent"].format(voice.said(advice.not_applicable)),), is_grave=True)
    lines, idle = parted(advice, advice.lines, voice)
    told = tuple(f"{_line(one, voice)} ({_why(advice, one, voice)})" for one in lines)
    head = tuple(line for line in (edition_note(advice, voice), idle) if line is not None)
    n_kept = len(head) + sum(one.is_vital for one in lines)
    told = told if told or idle is not None else (words["nothing"],)
    return Section(title, (*head, *told), is_grave=True, kept=n_kept)


def _line(found: Line, voice: Voice) -> str:
    return line_words(found, voice.drugs, voice.language, zone=voice.found.timeline.course.zone)


def _why(advice: Advice, found: Line, voice: Voice) -> str:
    words = voice.words
    rows = {row.name: row for row in advice.guidance.rows}
    told = (_condition(rows[name], voice) if name in rows else name for name in found.because)
    text = f"{words['for']}: {', '.join(told)}"
    return text if not found.missing else f"{text}; {words['open']}: {voice.named(advice.guidance, found.missing)}"


def _condition(row: Row, voice: Voice) -> str:
    """What a row is about and its name: what stands before the colon of its text, since what follows is what it proposes."""
    about = re.split("[:：]", voice.pick(row.text), maxsplit=1)[0].strip()
    note = "" if row.note is None else f" [{voice.pick(row.note)}]"
    return f"{about} ({row.name}){note}"


def _need(need: Need, voice: Voice) -> str:
    label = voice.pick(need.label)
    # What has no name that can be told is only called what it is.
    plain = label.lower() == need.what.replace("_", " ") or " " in need.what
    called = label if " " in need.what else need.what if plain else f"{need.what} ({label})"
    return f"{called}: {', '.join(need.changes)}"


def _departures(voice: Voice) -> Iterator[str]:
    """What went otherwise, and what could not be judged: silence about the second would read as "as planned"."""
    found, words = voice.found, voice.words
    yield from (f"{voice.when(d.at)}: {voice.pick(d.said)} [{d.file}]" for d in found.deviations)
    if not found.deviations:
        yield words["none"]
    for one in found.unjudged:
        days = words["days"].format(voice.join(str(day) for day in one.days)) if one.days else ""
        yield words["unjudged"].format(f"{voice.pick(one.said)}{days}", voice.pick(one.needs), one.file)


def _due(voice: Voice) -> Iterator[str]:
    words = voice.words
    names = {
        "late": words["late"],
        "due": words["due_"],
        "to come": words["to come"],
        "not recorded": words["not recorded"],
    }
    for due in sorted(
        (d for d in voice.found.due if d.state in names), key=lambda d: (list(names).index(d.state), d.on)
    ):
        day = words["on"].format(due.on) if due.closes is None else words["by"].format(due.closes)
        yield f"{names[due.state]}: {voice.pick(due.item.label)}, {day} [{due.calendar}]"


def _scores(voice: Voice) -> Iterator[str]:
    surface, words = voice.found.surface, voice.words
    value = _problem(surface, voice) if surface.value is None else f"{surface.value:.2f} {surface.formula.result.unit}"
    yield f"{words['surface']} [{surface.formula.id}]: {value}"
    for answer in voice.found.scores:
        yield f"{voice.pick(answer.edition.title)} [{answer.edition.id}]{_moment(answer, voice)}: {_score(answer, voice)}"


def _moment(answer: ScoreAnswer, voice: Voice) -> str:
    """The moment that a score is about: a paper's time points differ, and its cut-off holds for its own alone."""
    if answer.as_of is None:
        return ""
    course = voice.found.timeline.course
    if answer.edition.before is not None:
        return voice.words["as_of"].format(voice.when(answer.as_of))
    if course.infused_at is None or answer.as_of < course.infused_at:
        return ""
    return voice.words["on_day"].format(relative_day(answer.as_of, infused_at=course.infused_at, zone=course.zone))


def _problem(answer: FormulaAnswer | ScoreAnswer, voice: Voice) -> str:
    """Why there is no value, in words; inputs are named as their file names them."""
    problem = answer.problem or "-"
    if voice.is_english or answer.problem is None:
        return problem
    missing: tuple[str, ...]
    edition: Edition
    if isinstance(answer, FormulaAnswer):
        missing, edition = answer.computed.missing, answer.formula
    else:
        missing, edition = answer.missing, answer.edition
    if not missing:
        return voice.words["not_computed"]
    key = "needs_open" if isinstance(edition, RuleSet) else "needs_computed"
    return voice.words[key].format(voice.named(edition, missing))


def _score(answer: ScoreAnswer, voice: Voice) -> str:
    words = voice.words
    if answer.low is None or answer.high is None:
        return _problem(answer, voice)
    if answer.edition.before is not None and not any(answer.rows.values()):
        return words["nothing_then"]
    if math.isinf(answer.high):
        # A range without an end says nothing of the patient; what is needed does.
        return f"{words['not_known']}; {_score_needs(answer, voice)}"
    ends = (f"{answer.low:.4g}", f"{answer.high:.4g}")
    text = ends[0] if answer.low == answer.high else f" {words['to']} ".join(ends)
    text += f" ({' / '.join(_band(answer.edition, name, voice) for name in answer.bands)})" if answer.bands else ""
    return text if answer.problem is None else f"{text}; {_problem(answer, voice)}"


def _score_needs(answer: ScoreAnswer, voice: Voice) -> str:
    if answer.problem is not None or not answer.missing:
        return _problem(answer, voice)
    return voice.words["needs_open"].format(voice.named(answer.edition, answer.missing))


def _band(edition: Edition, name: str, voice: Voice) -> str:
    bands = edition.bands if isinstance(edition, RuleSet | Formula) else ()
    return name if voice.is_english else next((voice.pick(b.text) for b in bands if b.name == name), name)


def _effect(found: MarkerEffect, voice: Voice) -> str:
    effect, row, words = found.effect, found.row, voice.words
    unit = observation_kind(row.kind).unit or ""
    value = "" if effect.value is None else f"{effect.value:g}"
    value += "" if effect.interval is None else f" ({effect.interval[0]:g}-{effect.interval[1]:g})"
    value += "" if effect.per is None else f", {voice.pick(effect.per)}"
    value += "" if effect.text is None else f"; {voice.pick(effect.text)}"
    value += "" if effect.note is None else f"; {voice.pick(effect.note)}"
    setting = voice.pick(effect.setting)
    setting = setting if effect.n is None else words["in_setting"].format(setting, effect.n)
    outcome, measure = voice.pick(effect.outcome), voice.said(effect.measure)
    return words["effect"].format(
        voice.pick(effect.label),
        f"{row.value:g}",
        unit,
        voice.when(row.observed_at),
        f"{outcome} [{setting}]",
        measure,
        value,
    )


def _files(voice: Voice) -> Iterator[str]:
    found = voice.found
    files: list[Edition] = [g.rule for g in found.grades] + [a.guidance for a in found.advice]
    files += [found.surface.formula] + [s.edition for s in found.scores]
    files += [step.policy for step in found.prophylaxis]
    files += [] if found.ready.washout is None else [found.ready.washout.document]
    files += [] if found.ready.go is None else [found.ready.go.checklist]
    files += [] if found.ready.stopping is None else [found.ready.stopping.readiness.document]
    files += [regimen for regimen, _ in found.ready.depletion]
    files += [effect.collection for effect in found.effects]
    files += [] if found.response is None else [file for _, file in found.response.files]
    yield from _once(
        f"{f.id} {f.edition}, {'/'.join(map(voice.place, f.jurisdiction))}, {voice.words['status']} {voice.said(f.status)}"
        for f in files
    )


def _once(texts: Iterable[str]) -> Iterator[str]:
    yield from dict.fromkeys(texts)


def as_text(page: Handover) -> str:
    """A handover as readable text."""
    width = max(len(label) for label, _ in page.head)
    blocks = ["\n".join((page.title, *(f"  {label.ljust(width)}  {text}" for label, text in page.head)))]
    blocks += ["\n".join((section.title, *(f"  - {text}" for text in section.lines))) for section in page.sections]
    return "\n\n".join((*blocks, page.foot))
