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

from vein2vein.basis.truth import Truth
from vein2vein.journey.response import Assessment, DiseaseResponse
from vein2vein.journey.response.disease import NO_CRITERIA, NO_INDICATION, NOT_ASSESSED
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.values import Categories, NumberRange, Value
from vein2vein.report.handover.voice import Voice

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Response of the disease", "now": "{} [{}]: {}, {}{}", "may": "may be {}", "or": " or ", "needs": "needs: {}",
        "because": "because: {}", "day": "day {}", "by pet": ", by PET", "by ct": ", by CT",
        "by not known": ", not known whether PET or CT counts", "ct": "CT beside it: {}",
        "spd": "sum of products {} cm2, {} cm2 at baseline", "change": " ({:+.1f} %)", "unknown": "not known",
        "best": "Best so far: {}", "twice": "borne out by two assessments in a row: {}", "nothing yet": "none yet",
        "no progression": "Progression: none", "may progress": "Progression: possible, not certain",
        "progressed": "Progression: certain since {}; {}", "true": "borne out by the next assessment or by biopsy",
        "false": "not borne out by the next assessment or by biopsy: look again",
        "unknown borne": "not yet borne out: no assessment after it, and no biopsy",
        "caution": "Caution: {} [{}]", "perhaps": "Caution, if {}: {} [{}]", "found": "{} [{}]",
        "point": "{}, due {}: {}", "no point": "no assessment from {} to {}", "nerves": "Central nervous system: {} [{}]",
        "stated": "Stated by the team on {}: {}",
        NO_INDICATION: "Not judged: the course names no indication",
        NO_CRITERIA: "Not judged: the protocol names no criteria for {}",
        NOT_ASSESSED: "Not judged: nothing on record after the infusion that the criteria read ({})",
    },
    "zh": {
        "title": "疾病疗效", "now": "{} [{}]：{}，{}{}", "may": "可能为 {}", "or": "或", "needs": "尚需：{}",
        "because": "依据：{}", "day": "第 {} 天", "by pet": "，按 PET", "by ct": "，按 CT",
        "by not known": "，不清楚以 PET 还是 CT 为准", "ct": "CT 结果：{}",
        "spd": "SPD {} cm2，基线 {} cm2", "change": "（{:+.1f}%）", "unknown": "未知",
        "best": "迄今最佳疗效：{}", "twice": "连续两次评估证实：{}", "nothing yet": "尚无",
        "no progression": "进展：无", "may progress": "进展：可能，尚不确定",
        "progressed": "进展：自 {} 确定；{}", "true": "已由下一次评估或活检证实",
        "false": "下一次评估或活检未证实：应复查", "unknown borne": "尚未证实：其后无评估，也无活检",
        "caution": "注意：{} [{}]", "perhaps": "注意（若 {}）：{} [{}]", "found": "{} [{}]",
        "point": "{}，应于 {}：{}", "no point": "{} 至 {} 无评估", "nerves": "中枢神经系统：{} [{}]",
        "stated": "团队于 {} 陈述：{}",
        NO_INDICATION: "无法评估：疗程未注明适应证",
        NO_CRITERIA: "无法评估：方案未为 {} 指定标准",
        NOT_ASSESSED: "无法评估：输注后无标准所需的记录（{}）",
    },
}  # fmt: skip

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "uptake": ("pet_uptake",),
    "non_measured": ("non_measured_disease",),
    "marrow": ("marrow_lymphoma", "marrow_cll"),
    "liver": ("liver_disease",),
}
"""Facts of the files that are categories, and the kinds of observations that say them."""


def words_of(voice: Voice) -> Mapping[str, str]:
    """Words of this section in the language of a voice."""
    return _WORDS["en" if voice.is_english else "zh"]


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
