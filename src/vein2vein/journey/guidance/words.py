"""Proposals in words, in English and Chinese.

Place    Journey, guidance. Read by comparison, reports and the command line.
In       A proposal of an advice, or a line of several.
Out      One line: what, how much by which weight, how often, or what instead, and why not now.
Missing  A dose that lacks an input reads "cannot be computed: needs weight", with the last weight where it is too old. A dose of
         adults is not shown as one for a child.
Does not Choose a clock: instants are in the zone that is asked for, else in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from vein2vein.basis.clock import from_microseconds
from vein2vein.basis.messages import messages, spoken
from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.decide import Lock, Proposal, Weighed
from vein2vein.journey.guidance.lines import Line
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.documents.drug import ComputedDose, DoseRule, Drug, Opening
from vein2vein.knowledge.documents.guidance import Act, Give, Guidance, Often, Stage, Withhold, often
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.wording import pick


@dataclass(frozen=True, slots=True)
class _Voice:
    """A language, the names of drugs in it, and the clock of the centre."""

    language: str
    drugs: Mapping[str, Drug]
    zone: str = "UTC"

    @property
    def words(self) -> Mapping[str, str]:
        return _words(self.language)

    def drug(self, id: str) -> str:
        return drug_name(id, self.drugs, self.language)

    def every(self, hours: Often) -> str:
        return self.words["every"].format(_often(hours, self.words))

    def note(self, proposal: Proposal) -> str:
        """The note of an action; none beside a dose that is not for this patient, whose steps it may name."""
        note, dose = proposal.action.note, proposal.dose
        return "" if note is None or (dose is not None and dose.is_too_young) else pick(note, self.language)

    def noted(self, note: str) -> str:
        return self.words["row"].format(note) if note else ""


def _words(language: str) -> Mapping[str, str]:
    return messages("vein2vein.journey", "guidance", spoken(language))["proposal"]


def _often(value: Often, words: Mapping[str, str]) -> str:
    return often(value) if not isinstance(value, tuple) else f"{value[0]:g} {words['to']} {value[1]:g}"


def line(
    proposal: Proposal, drugs: Mapping[str, Drug] | None = None, language: str = "en", *, zone: str = "UTC"
) -> str:
    """A proposal in one line; `drugs` gives the names of drugs, else their ids are shown; instants are in `zone`."""
    voice = _Voice(language, drugs or {}, zone)
    note = "" if proposal.is_barred else voice.noted(voice.note(proposal))
    return bare(proposal, drugs, language, zone=zone) + note


def line_words(found: Line, drugs: Mapping[str, Drug] | None = None, language: str = "en", *, zone: str = "UTC") -> str:
    """All that a source says about one drug or topic: the strictest statement, what is not given besides, what may be instead."""
    voice = _Voice(language, drugs or {}, zone)
    lead = line(found.lead, voice.drugs, language, zone=zone) + "".join(map(voice.noted, _other_notes(found, voice)))
    others = (voice.words["or"].format(_alternative(p, voice) + voice.noted(voice.note(p))) for p in found.alternatives)
    return "; ".join((lead, *others, *_around(found, voice)))


def bare(
    proposal: Proposal, drugs: Mapping[str, Drug] | None = None, language: str = "en", *, zone: str = "UTC"
) -> str:
    """A proposal in one line without the note of its source: what another source can be held against."""
    voice = _Voice(language, drugs or {}, zone)
    if proposal.is_barred:
        return _barred(proposal, voice)
    return (voice.words["may"] if proposal.truth is Truth.UNKNOWN else "") + _proposed(proposal, voice)


def added_words(
    found: Line, drugs: Mapping[str, Drug] | None = None, language: str = "en", *, zone: str = "UTC"
) -> tuple[str, ...]:
    """What a source says of a topic beyond its strictest statement and the alternatives: notes, and what is not given besides."""
    voice = _Voice(language, drugs or {}, zone)
    notes = () if found.lead.is_barred else (voice.note(found.lead), *_other_notes(found, voice))
    return (*filter(None, notes), *_around(found, voice))


def _around(found: Line, voice: _Voice) -> list[str]:
    """What stands around the statement of a line: other statements, what takes its place, which course it is part of."""
    words, lead = voice.words, found.lead
    parts = list(_besides(found, voice))
    if found.overruled:
        rows = dict.fromkeys(row for p in found.overruled for row in p.because)
        parts.append(words["overruled"].format(", ".join(rows)))
    if found.replaced:
        parts.append(words["replaces"].format(_with_rows(found.replaced, voice)))
    if found.same_course:
        course = pick(streams()[str(lead.course)].label, voice.language)
        parts.append(words["one_course"].format(course, _with_rows(found.same_course, voice)))
    return parts


def _with_rows(proposals: Iterable[Proposal], voice: _Voice) -> str:
    """Names of drugs with the rows that ask for them."""
    told = (voice.drug(p.action.about) + voice.words["row"].format(", ".join(p.because)) for p in proposals)
    return ", ".join(dict.fromkeys(told))


def alternative_words(
    proposal: Proposal,
    drug: str,
    drugs: Mapping[str, Drug] | None = None,
    language: str = "en",
    *,
    zone: str = "UTC",
    noted: bool = True,
) -> str:
    """An alternative in one line, with the name of the drug that it stands for; `noted` with the note of its source."""
    voice = _Voice(language, drugs or {}, zone)
    said = (line if noted else bare)(proposal, drugs, language, zone=zone)
    return said + voice.words["instead_of"].format(voice.drug(drug))


def _alternative(proposal: Proposal, voice: _Voice) -> str:
    if proposal.is_barred:
        return _barred(proposal, voice)
    given = f"{voice.drug(proposal.action.about)} {_regimen(proposal, voice)}"
    return f"{_waits(proposal, voice)}{given}{_standing(proposal, voice)}"


def _barred(proposal: Proposal, voice: _Voice) -> str:
    """A drug that is not given, and why; without a dose, because a line that names one reads as an order."""
    drug = voice.drug(proposal.action.about)
    if proposal.standing == "used-up" and proposal.lock is not None:
        return voice.words["used-up"].format(drug=drug, why=_reasons(proposal.lock, proposal.lock.opening, voice))
    return voice.words[f"{'held' if proposal.standing == 'held' else 'contraindicated'}-now"].format(drug=drug)


def _besides(found: Line, voice: _Voice) -> Iterator[str]:
    """Other statements about the same drug or topic, each once, with the rows behind them."""
    shown = {_statement(found.lead, voice)}
    for part in found.parts[1:]:
        statement = _statement(part, voice)
        if statement in shown or (isinstance(part.action, Act) and part.action.every_hours is None):
            continue
        shown.add(statement)
        rows = voice.words["row"].format(", ".join(part.because))
        if part.is_barred:
            yield statement + rows
            continue
        key = "perhaps_instead" if found.is_outdone_by(part) else "not_besides"
        yield voice.words[key].format(statement + voice.noted(voice.note(part)) + rows)


def _statement(proposal: Proposal, voice: _Voice) -> str:
    if proposal.is_barred:
        return _barred(proposal, voice)
    return _regimen(proposal, voice) if isinstance(proposal.action, Give) else _act(proposal.action, voice)


def _other_notes(found: Line, voice: _Voice) -> Iterator[str]:
    """Notes of parts that say the same as the lead and are told with it."""
    if found.lead.is_barred:
        return
    told = {voice.note(found.lead), ""}
    for part in found.parts[1:]:
        note = voice.note(part)
        if note not in told and _statement(part, voice) == _statement(found.lead, voice):
            told.add(note)
            yield note


def _proposed(proposal: Proposal, voice: _Voice) -> str:
    action = proposal.action
    if not isinstance(action, Give):
        return action_words(action, voice.drugs, voice.language)
    lead = voice.words["consider"] if action.strength == "consider" else ""
    text = f"{lead}{voice.words['give']} {voice.drug(action.drug)} {_regimen(proposal, voice)}"
    return _waits(proposal, voice) + text + _standing(proposal, voice)


def _regimen(proposal: Proposal, voice: _Voice) -> str:
    """Dose, way and times of a proposal; the steps that follow are left out where the dose is not for this patient."""
    action, dose = proposal.action, proposal.dose
    if not isinstance(action, Give):
        return ""
    rule = dose_rule(action, voice.drugs)
    if dose is None:
        shown = "" if rule is None else rule.words_in(voice.language)
    elif dose.is_too_young:
        rule_words = dose.rule if rule is None else rule.words_in(voice.language)
        return f"({voice.words['too_young'].format(rule=rule_words, age=f'{dose.age:g}')})"
    else:
        shown = dose_words(dose, voice.words, weighed=_weighed(proposal.weighed, voice))
    return _times(action, shown, voice)


def _weighed(weighed: Weighed | None, voice: _Voice) -> str:
    if weighed is None:
        return ""
    key = "weighed" if weighed.is_current else "old"
    hours = "" if weighed.holds_hours is None else f"{weighed.holds_hours:g}"
    # Not rounded: 29.99 kg is below a limit of 30 kg.
    return voice.words[key].format(kg=f"{weighed.kg:g}", at=instant(weighed.at, voice.zone), hours=hours)


def action_words(action: Give | Act | Withhold, drugs: Mapping[str, Drug], language: str = "en") -> str:
    """An action in words, with the rule of its dose."""
    voice = _Voice(language, drugs)
    lead = voice.words["consider"] if action.strength == "consider" else ""
    if isinstance(action, Give):
        rule = dose_rule(action, drugs)
        shown = "" if rule is None else rule.words_in(language)
        return f"{lead}{voice.words['give']} {voice.drug(action.drug)} {_times(action, shown, voice)}".rstrip()
    if isinstance(action, Withhold) and action.drug is not None:
        return f"{lead}{voice.words[action.do]} {voice.drug(action.drug)}"
    return lead + _act(action, voice)


def place_taken(
    guidance: Guidance, action: Give | Act | Withhold, drugs: Mapping[str, Drug], language: str = "en"
) -> str:
    """What an action takes the place of where it certainly applies, after a semicolon; empty for every other action."""
    names = getattr(action, "replaces", ())
    told = dict.fromkeys(drug_name(guidance.actions[name].about, drugs, language) for name in names)
    return f"; {_words(language)['replaces'].format(', '.join(told))}" if told else ""


def drug_name(id: str, drugs: Mapping[str, Drug], language: str = "en") -> str:
    """The name of a drug; the id without its prefix where the file is not at hand."""
    return pick(drugs[id].name, language) if id in drugs else id.removeprefix("drug.")


def _act(action: Act | Withhold, voice: _Voice) -> str:
    topic = topics().get(action.topic or "")
    label = pick(topic.label, voice.language) if topic is not None else action.about
    text = f"{voice.words[action.do]} {label}".strip()
    every = getattr(action, "every_hours", None)
    return text if every is None else f"{text}, {voice.every(every)}"


def _times(action: Give, dose: str, voice: _Voice) -> str:
    words = voice.words
    parts = [dose]
    parts += [] if action.route is None else [words[action.route]]
    parts += [] if action.every_hours is None else [voice.every(action.every_hours)]
    parts += (
        [] if action.times is None else [words["once"] if action.times == 1 else words["times"].format(action.times)]
    )
    parts += [] if action.days is None else [words["days"].format(_often(action.days, words))]
    text = " ".join(part for part in parts if part)
    return text + "".join(f", {words['then']} {_stage(stage, voice)}" for stage in action.then)


def dose_rule(action: Give, drugs: Mapping[str, Drug]) -> DoseRule | None:
    """The rule of a dose: that of the source, or the named one of the drug file; None where that is not at hand."""
    if not isinstance(action.dose, str):
        return action.dose
    return drugs[action.drug].doses[action.dose] if action.drug in drugs else None


def _stage(stage: Stage, voice: _Voice) -> str:
    parts = [f"{stage.amount:g} {stage.unit}"]
    parts += [] if stage.every_hours is None else [voice.every(stage.every_hours)]
    parts += [] if stage.days is None else [voice.words["days"].format(f"{stage.days:g}")]
    return " ".join(parts)


def dose_words(dose: ComputedDose, words: Mapping[str, str] | None = None, *, weighed: str = "") -> str:
    """A dose in words, with the rule and the weight that it comes from where it was computed by body size."""
    words = words or _words("en")
    if dose.low is None or dose.high is None:
        needs = words["needs"].format(", ".join(words[need] for need in dose.missing))
        return f"({needs}{'; ' + weighed if weighed else ''})"
    amount = _number(dose.low) if dose.low == dose.high else f"{_number(dose.low)} {words['to']} {_number(dose.high)}"
    why = [dose.rule + (f" x {weighed}" if weighed else "")] if "/" in dose.rule else []
    why += [words["capped"]] if dose.is_capped else []
    why += [words["ageless"]] if dose.adults_from is not None and dose.age is None else []
    return f"{amount} {dose.unit}" + (f" ({', '.join(why)})" if why else "")


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _standing(proposal: Proposal, voice: _Voice) -> str:
    """What is said behind a dose: why it waits, whether a dose may be missing, how many are left."""
    parts = [voice.words["perhaps_not"]] if proposal.against else []
    lock = proposal.lock
    why = "" if lock is None else _why(lock, voice)
    if lock is not None:
        parts += [voice.words["in_doubt"]] if lock.in_doubt and lock.at_worst.is_open else []
        parts += [] if lock.opening.left is None else [voice.words["left"].format(_left(lock, voice))]
    return "".join((why, *(f"; {part}" for part in parts)))


def _waits(proposal: Proposal, voice: _Voice) -> str:
    """From when a dose is allowed, said before it; empty where it is allowed now whatever was given."""
    lock, words = proposal.lock, voice.words
    if lock is None:
        return ""
    if not lock.opening.is_open:
        return _from(lock.opening, voice)
    return "" if lock.at_worst.is_open else words["agent"] + _from(lock.at_worst, voice)


def _from(opening: Opening, voice: _Voice) -> str:
    if opening.not_before is None:
        return voice.words["agent-all"]
    return voice.words["locked"].format(at=instant(opening.not_before, voice.zone))


def _why(lock: Lock, voice: _Voice) -> str:
    """The limit that a dose waits for, and what the source alone would allow."""
    opening = lock.at_worst if lock.opening.is_open else lock.opening
    if opening.is_open:
        return ""
    text, alone = voice.words["why"].format(why=_reasons(lock, opening, voice)), lock.source_alone
    if lock.opening.not_before is None or alone is None or alone.never or alone.not_before == lock.opening.not_before:
        return text
    sooner = voice.words["now"] if alone.not_before is None else instant(alone.not_before, voice.zone)
    return f"{text} ({voice.words['sooner'].format(sooner)})"


def _reasons(lock: Lock, opening: Opening, voice: _Voice) -> str:
    shown = dict(zip(lock.limits.lines(), lock.limits.lines(voice.language), strict=True))
    return ", ".join(shown[reason] for reason in opening.because)


def _left(lock: Lock, voice: _Voice) -> str:
    """How many doses are left; a range where a charted dose of an unknown agent may have been one."""
    least, most = lock.at_worst.left, lock.opening.left
    return f"{most}" if least == most else f"{least} {voice.words['to']} {most}"


def instant(at: int, zone: str = "UTC") -> str:
    """An instant for people, to the minute, as the clocks of a zone show it."""
    return from_microseconds(at).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")
