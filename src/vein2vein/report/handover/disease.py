"""Response of the disease in words: what it is or may be and why, best response, progression, time points, cautions.

Place    Report, handover.
In       A voice with an assessment.
Out      Lines for people; whether one of them must not be missed.
Missing  An open category is a list of what it may be, with what is needed; silence never stands for no disease.
Checked  tests/unit/report/test_handover_disease.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from vein2vein.basis.messages import messages, spoken
from vein2vein.basis.truth import Truth
from vein2vein.journey.response import Assessment, DiseaseResponse
from vein2vein.journey.response.disease import NOT_ASSESSED
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.values import Categories, NumberRange, Value
from vein2vein.report.handover.voice import Voice

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "uptake": ("pet_uptake",),
    "non_measured": ("non_measured_disease",),
    "marrow": ("marrow_lymphoma", "marrow_cll"),
    "liver": ("liver_disease",),
}
"""Facts of the files that are categories, and the kinds of observations that say them."""


def words_of(voice: Voice) -> Mapping[str, str]:
    """Words of this section in the language of a voice."""
    return messages("vein2vein.report", "handover", spoken(voice.language))["disease"]


def is_grave(found: DiseaseResponse | None) -> bool:
    """Whether progression is certain, or a caution applies."""
    if found is None:
        return False
    progressed = found.progression is not None and found.progression.truth is Truth.TRUE
    return progressed or any(verdict.truth is Truth.TRUE for _, verdict in _cautions(found))


def disease_lines(voice: Voice) -> Iterator[str]:
    """What is said of the response; nothing before the infusion."""
    found, words = voice.found.response, words_of(voice)
    if found is None:
        return
    if found.problem is not None:
        ids = ", ".join(file.id for _, file in found.files)
        yield words[found.problem].format(ids if found.problem == NOT_ASSESSED else found.indication)
    if found.current is not None:
        yield from _current(found, found.current, voice)
        yield from _so_far(found, voice)
    if found.stated is not None and found.stated.code is not None:
        category = observation_kind(found.stated.kind).categories[found.stated.code]
        yield words["stated"].format(_on(voice, found.stated.observed_at), voice.pick(category.label))
    yield from (f"{voice.pick(remark)} [{file.id}]" for _, file in found.files for remark in file.remarks)


def _current(found: DiseaseResponse, now: Assessment, voice: Voice) -> Iterator[str]:
    words = words_of(voice)
    basis = "" if found.basis is None else words[f"by {found.basis}"]
    day = _on(voice, now.at) if now.day is None else f"{_on(voice, now.at)}, {words['day'].format(now.day)}"
    title = voice.pick(now.criteria.title)
    yield words["now"].format(title, now.criteria.id, _categories(now.criteria, now.possible, voice), day, basis)
    if now.result.missing:
        yield words["needs"].format(_labels(now.criteria, now.result.missing, voice))
    elif now.result.row is not None:
        said = [_fact(now, name, voice) for name in now.result.deciding]
        yield words["because"].format("; ".join((voice.pick(now.result.row.text), *said)))
    elif now.result.deciding:
        yield words["because"].format("; ".join(_fact(now, name, voice) for name in now.result.deciding))
    if found.scans:
        yield _by_ct(found, voice)
    for id, verdict in _cautions(found):
        text = voice.pick(verdict.row.text)
        if verdict.truth is Truth.TRUE:
            yield words["caution"].format(text, id)
        else:
            yield words["perhaps"].format(", ".join(verdict.missing), text, id)
    for id, verdict in found.findings:
        if (id, verdict) not in _cautions(found) and verdict.truth is Truth.TRUE:
            yield words["found"].format(voice.pick(verdict.row.text), id)
    yield from _residual(found, voice)
    nerves, file = found.nervous_system, dict(found.files).get("cns")
    if nerves is not None and file is not None and len(nerves.possible) < len(file.names):
        yield words["nerves"].format(_categories(file, nerves.possible, voice), file.id)


def _by_ct(found: DiseaseResponse, voice: Voice) -> str:
    """CT, and the sums behind it: where PET counts it stands beside, where CT counts it gives the numbers."""
    words, ct = words_of(voice), found.scans[-1].ct
    now, before = ct.state.get("spd"), ct.state.get("baseline_spd")
    sums = words["spd"].format(_number(now, words), _number(before, words))
    if (
        _known(now)
        and _known(before)
        and isinstance(now, NumberRange)
        and isinstance(before, NumberRange)
        and before.low > 0
    ):
        sums += words["change"].format(100 * (now.low / before.low - 1))
    text = words["ct"].format(_categories(ct.criteria, ct.possible, voice))
    if ct.result.missing and found.basis != "ct":
        text += f" ({words['needs'].format(_labels(ct.criteria, ct.result.missing, voice))})"
    return f"{text}; {sums} [{ct.criteria.id}]"


def _cautions(found: DiseaseResponse) -> tuple[tuple[str, RowVerdict], ...]:
    """Findings of files about caution; what is found of residual disease is none."""
    files = {file.id: file for _, file in found.files}
    return tuple((id, verdict) for id, verdict in found.findings if files[id].about == "response-caution")


def _residual(found: DiseaseResponse, voice: Voice) -> Iterator[str]:
    """Residual disease of which a level is on record that cannot be called: what is needed, and what it may be."""
    file, verdicts = dict(found.files).get("mrd"), found.uncalled
    if file is None or not verdicts:
        return
    words, missing = words_of(voice), {name for verdict in verdicts for name in verdict.missing}
    needs = _labels(file, [name for name in file.facts if name in missing], voice)
    texts = words["or"].join(f"“{voice.pick(verdict.row.text)}”" for verdict in verdicts)
    yield words["residual"].format(needs, texts, file.id)


def _so_far(found: DiseaseResponse, voice: Voice) -> Iterator[str]:
    words, current = words_of(voice), found.current
    if current is None or found.progression is None:
        return
    text = words["best"].format(_short(found.best, words))
    if current.criteria.confirm:
        text += f"; {words['twice'].format(_short(found.confirmed, words))}"
    yield text
    at = found.progression.at
    if at is not None:
        borne = words["unknown borne"] if found.borne_out is Truth.UNKNOWN else words[found.borne_out.value]
        yield words["progressed"].format(_on(voice, at), borne)
    else:
        yield words["may progress" if found.progression.truth is Truth.UNKNOWN else "no progression"]
    labels = {item.name: item.label for calendar in found.calendars for item in calendar.items}
    for point in reversed(found.points):  # the last first: a page that is too short cuts at the end
        said = words["no point"].format(point.opens, point.closes)
        if point.assessment is not None:
            said = f"{_short(point.assessment.possible, words)} ({_on(voice, point.assessment.at)})"
        yield words["point"].format(voice.pick(labels[point.item]), point.on, said)


def _on(voice: Voice, at: datetime) -> str:
    return at.astimezone(ZoneInfo(voice.found.timeline.course.zone)).date().isoformat()


def _short(names: Sequence[str], words: Mapping[str, str]) -> str:
    return words["or"].join(names) or words["nothing yet"]


def _categories(file: Response, names: Sequence[str], voice: Voice) -> str:
    """Categories with their labels; several with "may be"."""
    words = words_of(voice)
    labels = {category.name: voice.pick(category.label) for category in file.categories}
    if len(names) == 1:
        return f"{names[0]} ({labels[names[0]]})"
    return words["may"].format(words["or"].join(names))


def _labels(file: Response, names: Sequence[str], voice: Voice) -> str:
    return ", ".join(voice.pick(file.facts[name].label) if name in file.facts else name for name in names)


def _fact(now: Assessment, name: str, voice: Voice) -> str:
    """A fact with its value."""
    fact, value = now.criteria.facts[name], now.state.get(name)
    unit = "" if fact.unit is None or fact.unit.startswith("{") else f" {fact.unit}"
    label = voice.pick(fact.label)
    if isinstance(value, NumberRange):
        return f"{label} {_number(value, words_of(voice))}{unit if _known(value) else ''}"
    if isinstance(value, Categories):
        return f"{label}: {'/'.join(_category(name, word, voice) for word in sorted(value.possible))}"
    yes_no = {Truth.TRUE: ("yes", "是"), Truth.FALSE: ("no", "否")}
    said = yes_no.get(value, ("?", "?")) if isinstance(value, Truth) else ("?", "?")
    return f"{label}: {said[0] if voice.is_english else said[1]}"


def _category(fact: str, word: str, voice: Voice) -> str:
    """A category of a fact in words, by the kind of observation that it comes from; the bare word where no kind has it."""
    for kind in _KINDS.get(fact, ()):
        if word in observation_kind(kind).categories:
            return voice.pick(observation_kind(kind).categories[word].label)
    return word


def _known(value: Value | None) -> bool:
    return isinstance(value, NumberRange) and value.is_known


def _number(value: Value | None, words: Mapping[str, str]) -> str:
    return f"{value.low:.4g}" if isinstance(value, NumberRange) and value.is_known else words["unknown"]
