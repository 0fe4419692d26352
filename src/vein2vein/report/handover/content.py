"""What an assessment says, as titled lists of lines: the one content of the text and of the handover page.

Place    Report. Read by the command line and by `handover.page`.
In       An assessment, the names of drugs, a language; compared advice where sources are compared.
Out      `Handover`: head lines and sections.
Missing  An empty section says so in words where its silence could be misread (grades, deviations); others are left out.
Does not Say anything that is not in the assessment. Words of deviations and stages are English in every language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from vein2vein.basis.truth import Bounds, Truth
from vein2vein.journey.assess import Assessment
from vein2vein.journey.assess.assess import GradeNow
from vein2vein.journey.guidance.advise import Advice
from vein2vein.journey.guidance.compare import Compared
from vein2vein.journey.guidance.words import drug_name, line
from vein2vein.journey.risk import ScoreAnswer
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.wording import pick

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Handover", "course": "Course", "at": "At", "stage": "Stage", "day": "day {}", "since": "since {}",
        "protocol": "Protocol", "not_verified": "NOT VERIFIED: nobody has signed it", "product": "Product",
        "grades": "Grades", "no_grade": "does not apply now", "worst": "worst so far {}", "to": "to",
        "advice": "What {} says", "silent": "says nothing: {}", "nothing": "no row applies", "for": "because",
        "open": "needs", "compare": "Where the sources differ", "needs": "Missing, and what it would change",
        "ready": "Before the next step", "prophylaxis": "Prophylaxis and replacement",
        "label": "Label row {} ({}): {}", "holds": "holds", "may": "may hold: needs {}",
        "no_label": "No label row of the product fits", "collect": "Cells may be collected from {}",
        "running": "still runs: {}", "uncharted": "not charted: {}", "go": "{}: {}", "reason": "reason: {}",
        "unsettled": "open: {}", "scores": "Scores", "surface": "Body surface", "due": "Due",
        "none": "none that the record shows",
        "deviations": "Departures from the protocol so far", "sources": "Files used", "status": "status",
        "late": "late", "due_": "due", "to come": "to come", "not recorded": "due, cannot be seen in the record",
        "by": "by {}", "on": "on {}", "more": "and {} more: see the text", "foot":
        "Shows what published rules say about recorded data. Not a medical device; clinicians decide.",
    },
    "zh": {
        "title": "交接单", "course": "疗程", "at": "时间", "stage": "阶段", "day": "第 {} 天", "since": "自 {}",
        "protocol": "方案", "not_verified": "未经核实：尚无人签字", "product": "产品",
        "grades": "分级", "no_grade": "目前不适用", "worst": "迄今最高 {}", "to": "至",
        "advice": "{} 的建议", "silent": "无建议：{}", "nothing": "无适用条目", "for": "依据",
        "open": "尚需", "compare": "各来源的差异", "needs": "缺失的信息及其影响",
        "ready": "下一步之前", "prophylaxis": "预防与替代治疗",
        "label": "说明书条目 {}（{}）：{}", "holds": "符合", "may": "可能符合：需要 {}",
        "no_label": "无适用的说明书条目", "collect": "最早采集时间 {}",
        "running": "仍在使用：{}", "uncharted": "记录不全：{}", "go": "{}：{}", "reason": "原因：{}",
        "unsettled": "待确认：{}", "scores": "评分", "surface": "体表面积", "due": "待办", "none": "记录中未见",
        "deviations": "迄今偏离方案之处", "sources": "所用文件", "status": "核对状态",
        "late": "逾期", "due_": "到期", "to come": "即将到期", "not recorded": "到期，记录中无法看出",
        "by": "截至 {}", "on": "{}", "more": "另有 {} 项，见文本", "foot":
        "仅显示已发表规则对所记录数据的判断；不是医疗器械，由临床医生决定。",
        "stage not begun": "未开始", "stage referred": "已转诊", "stage accepted": "已接受", "stage manufacture": "制备中",
        "stage manufacture failed": "制备失败", "stage product released": "产品已放行",
        "stage product delivered": "产品已送达", "stage bridging": "桥接治疗", "stage lymphodepletion": "清淋",
        "stage left before infusion": "输注前退出", "stage after infusion": "输注后",
        "stage progressed after infusion": "输注后进展", "stage ended by death": "已死亡",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A titled list of lines; `is_grave` where a reader must not miss it."""

    title: str
    lines: tuple[str, ...]
    is_grave: bool = False


@dataclass(frozen=True, slots=True)
class Handover:
    """An assessment in words.

    Attributes:
        title: The title.
        head: Label and text, in order.
        sections: What is said, the most urgent first.
        foot: What the page is not.
        more: How a shortened section ends, with a place for the number.
    """

    title: str
    head: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    foot: str
    more: str


@dataclass(frozen=True, slots=True)
class _Voice:
    found: Assessment
    drugs: Mapping[str, Drug]
    language: str

    @property
    def words(self) -> Mapping[str, str]:
        return _WORDS["zh" if self.language.startswith("zh") else "en"]

    def when(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self.found.timeline.course.zone)).strftime("%Y-%m-%d %H:%M %Z")

    def pick(self, texts: Mapping[str, str]) -> str:
        return pick(texts, self.language)


def handover(
    found: Assessment, drugs: Mapping[str, Drug], *, compared: Sequence[Compared] = (), language: str = "en"
) -> Handover:
    """An assessment in words.

    Args:
        found: The assessment.
        drugs: Drug files by id, for their names.
        compared: Topics of several sources; those on which they agree are left out.
        language: en or zh.
    """
    voice = _Voice(found, drugs, language)
    words = voice.words
    made = [
        Section(words["grades"], tuple(_grade(g, voice) for g in found.grades)),
        *(Section(words["advice"].format(a.guidance.id), tuple(_advice(a, voice)), is_grave=True) for a in found.advice),
        Section(words["ready"], tuple(_ready(voice))),
        Section(words["prophylaxis"], tuple(_prophylaxis(voice))),
        Section(words["compare"], tuple(_compared(c, voice) for c in compared if c.relation != "agree")),
        Section(words["deviations"], tuple(f"{voice.when(d.at)}: {d.what} [{d.file}]" for d in found.deviations)
                or (words["none"],), is_grave=bool(found.deviations)),
        Section(words["due"], tuple(_due(voice))),
        Section(words["needs"], tuple(f"{need.what}: {', '.join(need.changes)}" for need in found.needs)),
        Section(words["scores"], tuple(_scores(voice))),
        Section(words["sources"], tuple(_files(voice))),
    ]  # fmt: skip
    sections = tuple(section for section in made if section.lines)
    return Handover(words["title"], tuple(_head(voice)), sections, words["foot"], words["more"])


def _head(voice: _Voice) -> Iterator[tuple[str, str]]:
    found, words = voice.found, voice.words
    stage, protocol = found.stage, found.protocol
    yield words["course"], found.timeline.course.course_id
    yield words["at"], voice.when(found.at)
    yield words["product"], found.timeline.course.product or "-"
    since = "" if stage.since is None else f", {words['since'].format(voice.when(stage.since))}"
    named = words.get(f"stage {stage.name}", stage.name)
    yield words["stage"], named + ("" if stage.day is None else f", {words['day'].format(stage.day)}") + since
    signed = protocol.status == "verified"
    yield words["protocol"], f"{protocol.id} {protocol.edition}" + ("" if signed else f" ({words['not_verified']})")


def _bounds(bounds: Bounds, words: Mapping[str, str]) -> str:
    return f"{bounds.low}" if bounds.low == bounds.high else f"{bounds.low} {words['to']} {bounds.high}"


def _grade(grade: GradeNow, voice: _Voice) -> str:
    words = voice.words
    text = words["no_grade"] if grade.bounds is None else _bounds(grade.bounds, words)
    if grade.bounds is not None and grade.since is not None:
        text += f", {words['since'].format(voice.when(grade.since))}"
    if grade.worst is not None and grade.worst != grade.bounds:
        text += f"; {words['worst'].format(_bounds(grade.worst, words))}"
    return f"{grade.subject} [{grade.rule.id}]: {text}"


def _advice(advice: Advice, voice: _Voice) -> Iterator[str]:
    words = voice.words
    if advice.not_applicable is not None:
        yield words["silent"].format(advice.not_applicable)
        return
    if not advice.proposals:
        yield words["nothing"]
    for proposal in sorted(advice.proposals, key=lambda p: p.truth is not Truth.TRUE):
        why = f" ({words['for']}: {', '.join(proposal.because)}"
        why += f"; {words['open']}: {', '.join(proposal.missing)})" if proposal.missing else ")"
        yield line(proposal, voice.drugs, voice.language) + why


def _ready(voice: _Voice) -> Iterator[str]:
    ready, words = voice.found.ready, voice.words
    product = voice.found.timeline.course.product
    for verdict in ready.labels:
        truth = words["holds"] if verdict.truth is Truth.TRUE else words["may"].format(", ".join(verdict.missing))
        yield words["label"].format(verdict.label.row, product, truth)
    if ready.washout is not None:
        if ready.washout.earliest is not None:
            yield words["collect"].format(voice.when(ready.washout.earliest))
        if ready.washout.running:
            yield words["running"].format(", ".join(stop.agent for stop in ready.washout.running))
        if ready.washout.not_charted:
            yield words["uncharted"].format(", ".join(ready.washout.not_charted))
    if ready.go is not None:
        yield words["go"].format(voice.pick(ready.go.checklist.title), ready.go.answer)
        yield from (words["reason"].format(voice.pick(v.row.text)) for v in ready.go.reasons)
        yield from (words["unsettled"].format(voice.pick(v.row.text)) for v in ready.go.open)


def _prophylaxis(voice: _Voice) -> Iterator[str]:
    for step in voice.found.prophylaxis:
        if step.answer != "not needed":
            open_ones = f" ({voice.words['open']}: {', '.join(step.missing)})" if step.missing else ""
            yield f"{voice.pick(step.judged.item.label)}: {step.answer}{open_ones} [{step.policy.id}]"


def _compared(compared: Compared, voice: _Voice) -> str:
    topic = topics().get(compared.about)
    about = voice.pick(topic.label) if topic else drug_name(compared.about, voice.drugs, voice.language)
    said = "; ".join(f"{s.source}: {', '.join(s.orders) or '-'}" for s in compared.said)
    return f"{about} ({compared.relation}): {said}"


def _due(voice: _Voice) -> Iterator[str]:
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


def _scores(voice: _Voice) -> Iterator[str]:
    surface, words = voice.found.surface, voice.words
    value = surface.problem if surface.value is None else f"{surface.value:.2f} {surface.formula.result.unit}"
    yield f"{words['surface']} [{surface.formula.id}]: {value}"
    for answer in voice.found.scores:
        yield f"{voice.pick(answer.edition.title)} [{answer.edition.id}]: {_score(answer, words)}"


def _score(answer: ScoreAnswer, words: Mapping[str, str]) -> str:
    if answer.low is None or answer.high is None:
        return answer.problem or "-"
    text = f"{answer.low:.4g}" if answer.low == answer.high else f"{answer.low:.4g} {words['to']} {answer.high:.4g}"
    text += f" ({' / '.join(answer.bands)})" if answer.bands else ""
    return text if answer.problem is None else f"{text}; {answer.problem}"


def _files(voice: _Voice) -> Iterator[str]:
    found = voice.found
    files: list[Edition] = [g.rule for g in found.grades] + [a.guidance for a in found.advice]
    files += [found.surface.formula] + [s.edition for s in found.scores]
    files += [step.policy for step in found.prophylaxis]
    files += [] if found.ready.washout is None else [found.ready.washout.document]
    files += [] if found.ready.go is None else [found.ready.go.checklist]
    yield from _once(
        f"{f.id} {f.edition}, {'/'.join(f.jurisdiction)}, {voice.words['status']} {f.status}" for f in files
    )


def _once(texts: Iterable[str]) -> Iterator[str]:
    yield from dict.fromkeys(texts)


def as_text(page: Handover) -> str:
    """A handover as readable text."""
    width = max(len(label) for label, _ in page.head)
    blocks = ["\n".join((page.title, *(f"  {label.ljust(width)}  {text}" for label, text in page.head)))]
    blocks += ["\n".join((section.title, *(f"  - {text}" for text in section.lines))) for section in page.sections]
    return "\n\n".join((*blocks, page.foot))
