"""How a centre kept its protocol over a cohort: rule by rule, for how many courses it was met, not met, or cannot be said.

Place    Journey, assess.
In       Courses, a protocol, an instant for each course (the end of its follow-up by default).
Out      `Adherence`: one row for each rule, sorted as asked: criteria at acceptance, wash-out, lymphodepletion, product, drugs,
         calendar, response. An item of a calendar is done in time (met), late, not done (not met), or not assessable.
         Beside what cannot be said stands what was missing, each with the courses that lack it.
Knows    A rule that does not concern a course (no infusion, no dose of the drug, an item not yet due) does not count it.
Missing  What the record cannot show is not assessable, and is neither met nor not met.
Does not Judge a centre: courses leave rules for good reasons, and a record has gaps.
Checked  tests/unit/journey/assess/test_audit.py
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from vein2vein.basis.clock import from_microseconds, local_date
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.journey.assess.depletion import days_given, round_kept
from vein2vein.journey.assess.deviations import over_limit
from vein2vein.journey.assess.given import cells_given, typed
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.parts import parts_kept
from vein2vein.journey.assess.phrases import say, words
from vein2vein.journey.assess.plan import Plan
from vein2vein.journey.assess.ready import Readying
from vein2vein.journey.assess.responded import Became, responded
from vein2vein.journey.assess.stopped import Kept, Stops
from vein2vein.journey.assess.supportive import doses_of, drugs_kept, is_withheld_somewhere
from vein2vein.journey.assess.unjudged import lacks_of_cells
from vein2vein.journey.followup import Due, due_items
from vein2vein.journey.guidance.advise import Desk
from vein2vein.journey.guidance.grades import Grades
from vein2vein.journey.response import Criteria
from vein2vein.journey.selection.criteria import eligibility
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import Timeline

Answer = Literal["met", "late", "not met", "not assessable"]
_CRITERIA: dict[str, Answer] = {"met": "met", "concern": "not met", "unknown": "not assessable"}
_WORST: tuple[Answer, ...] = ("not met", "late", "not assessable", "met")
_STATES: dict[str, Answer] = {
    "done": "met", "done early": "met", "done late": "late", "late": "not met", "missed": "not met",
    "not recorded": "not assessable",
}  # fmt: skip
_RESPONDED: dict[Became, Answer] = {
    "in time": "met", "late": "late", "not assessed": "not met", "open": "not assessable",
}  # fmt: skip
_TRUTHS: dict[Truth, Answer] = {Truth.TRUE: "met", Truth.FALSE: "not met", Truth.UNKNOWN: "not assessable"}


@dataclass(frozen=True, slots=True)
class Lack:
    """Something for want of which a rule cannot be assessed, in words by language, and the courses that lack it."""

    said: Mapping[str, str]
    courses: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Adherence:
    """One rule over a cohort.

    Attributes:
        said: The rule in words, by language.
        file: Id of the file that it stands in.
        unproven: Why no record can show it, by language; None where a record can.
        met: Courses that kept it: of a calendar, in time.
        late: Courses that kept it later than its window; of calendars only.
        not_met: Courses that certainly did not.
        not_assessable: Courses of which it cannot be said.
        lacks: What those courses lack, by its English words; a course may lack several things.
    """

    said: Mapping[str, str]
    file: str
    unproven: Mapping[str, str] | None = None
    met: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    not_met: list[str] = field(default_factory=list)
    not_assessable: list[str] = field(default_factory=list)
    lacks: dict[str, Lack] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        """The rule in English."""
        return self.said["en"]

    @property
    def applicable(self) -> int:
        """Courses that the rule concerns: the denominator."""
        return len(self.met) + len(self.late) + len(self.not_met) + len(self.not_assessable)

    @property
    def most_lacked(self) -> tuple[Lack, ...]:
        """What is missing, what most courses lack first."""
        return tuple(sorted(self.lacks.values(), key=lambda lack: (-len(lack.courses), lack.said["en"])))

    def add(self, course: str, answer: Answer, lacks: Iterable[Mapping[str, str]]) -> None:
        """Count a course; what it lacks counts only where it cannot be assessed."""
        self.of(answer).append(course)
        for said in {text["en"]: text for text in lacks}.values() if answer == "not assessable" else ():
            self.lacks.setdefault(said["en"], Lack(said)).courses.append(course)

    def of(self, answer: Answer) -> list[str]:
        """Courses with one answer."""
        return {"met": self.met, "late": self.late, "not met": self.not_met, "not assessable": self.not_assessable}[
            answer
        ]


@dataclass(frozen=True)
class _Files:
    protocol: Protocol
    selection: tuple[RuleSet, ...]
    desk: Desk
    calendars: tuple[FollowUp, ...]
    books: Library
    rules: Registry
    stops: Stops
    is_over: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """What one course answers to one rule."""

    place: int
    said: Mapping[str, str]
    file: str
    answer: Answer
    unproven: Mapping[str, str] | None = None
    lacks: tuple[Mapping[str, str], ...] = ()


def audit(
    timelines: Iterable[Timeline],
    protocol: Protocol,
    *,
    at: datetime | None = None,
    registry: Registry | None = None,
    library: Library | None = None,
) -> tuple[Adherence, ...]:
    """The adherence table of a cohort.

    Args:
        timelines: The courses.
        protocol: The protocol.
        at: Aware instant up to which all courses are looked at; the end of each one's follow-up (or its last row) when None.
        registry: Where rule sets are looked up; those of the package when None.
        library: Where documents are looked up; those of the package when None.

    Raises:
        KnowledgeError: RULE-003 when the protocol names a file that is not known.
    """
    rules, books, chosen = registry or default_registry(), library or default_library(), protocol.choices
    files = _Files(
        protocol,
        tuple(rules.get(id, chosen.get(id)) for id in protocol.selection),
        Desk.of(protocol.guidance, books, parameters=chosen, scales=dict(protocol.scales), registry=rules),
        tuple(books.get(id, FollowUp, chosen.get(id)) for id in protocol.followup),
        books,
        rules,
        Readying.of(protocol, books).stops,
        at is None,
    )
    table: dict[tuple[int, str, str], Adherence] = {}
    for timeline in timelines:
        until = at or _end(timeline)
        if until is None:
            continue
        for found in _answers(timeline.until(until), until, files):
            key = found.place, found.file, found.said["en"]
            row = table.setdefault(key, Adherence(found.said, found.file, found.unproven))
            row.add(timeline.course.course_id, found.answer, found.lacks)
    return tuple(table[key] for key in sorted(table))


def _end(timeline: Timeline) -> datetime | None:
    last = CourseIndex(timeline).last_row
    return timeline.course.followed_until or (None if last is None else from_microseconds(last))


def _answers(known: Timeline, at: datetime, files: _Files) -> Iterator[_Found]:
    """What a course answers to every rule that concerns it, chapter by chapter."""
    accepted = known.milestone("accepted")
    for rule in files.selection if accepted is not None else ():
        if accepted is not None:
            for criterion in eligibility(known, rule, accepted.at).criteria:
                said = say("at-acceptance", criterion=criterion.label)
                lacks = tuple(label_of(rule, name) for name in criterion.missing)
                yield _Found(0, said, rule.id, _CRITERIA[criterion.state], lacks=lacks)
    yield from _stopped(known, files.stops)
    plan = Plan.of(known, files.protocol, files.books)
    yield from _depletion(known, plan, files.protocol)
    if known.course.infused_at is not None:
        yield from _product(known, known.course.infused_at, plan)
    cells = tuple(cells_given(known, plan))
    if cells and plan.product is not None:
        lacks = tuple(lacks_of_cells(cells[-1], plan, counted=True))
        yield _Found(5, say("in-range"), plan.product.id, cells[-1].state, lacks=lacks)
    yield from _parts(known, at, plan, files)
    yield from _drugs(known, at, files)
    yield from _calendar(known, at, files)
    criteria = Criteria.of(known.course.indication, files.protocol, files.books)
    for one in responded(known, at, criteria):
        said = say("responded", item=one.item.label)
        yield _Found(8, said, one.calendar, _RESPONDED[one.became], lacks=(say("one-category"),))


def _stopped(known: Timeline, stops: Stops) -> Iterator[_Found]:
    """Wash-outs and lists; a course collected twice keeps its wash-out where both collections do."""
    found: dict[tuple[str, str], list[Answer]] = {}
    lacks: dict[tuple[str, str], list[Mapping[str, str]]] = {}

    def note(key: tuple[str, str], kept: Kept) -> None:
        found.setdefault(key, []).append(_TRUTHS[kept.truth])
        lacks.setdefault(key, []).extend(kept.open)

    for kept in stops.washouts(known):
        document = stops.collection if kept.step == "collected" else stops.lymphodepletion
        if document is not None:
            note((f"stopped-{kept.step}", document.id), kept)
    for kept in stops.lists(known):
        step = "lymphodepletion" if kept.step == "depleted" else "infusion"
        note((f"list-{kept.step}", stops.checklists[step].id), kept)
    for key, answers in found.items():
        yield _Found(1, say(key[0]), key[1], _worst(answers), lacks=tuple(lacks[key]))


def _worst(answers: Iterable[Answer]) -> Answer:
    return min(answers, key=_WORST.index)


def _depletion(known: Timeline, plan: Plan, protocol: Protocol) -> Iterator[_Found]:
    days, whole = tuple(days_given(known, plan)), round_kept(known, plan)
    if days:
        ids = {regimen.id for day in days for regimen, _, _ in day.beside}
        said = _lent("daily-doses", known, days[0].rows[0].started_at, plan, ids=ids)
        lacks = tuple(day.needs for day in days if day.state == "not assessable")
        yield _Found(2, said, protocol.id, _worst(d.state for d in days), lacks=lacks)
    if whole is not None and known.course.infused_at is not None:
        said = _lent("regimen-kept", known, known.course.infused_at, plan, ids={whole.regimen})
        yield _Found(2, said, protocol.id, _TRUTHS[whole.truth], lacks=(words("need", "charting"),))


def _lent(phrase: str, known: Timeline, at: datetime, plan: Plan, *, ids: Collection[str]) -> dict[str, str]:
    """A rule about a regimen, with the label that lends it where the one in force names none."""
    lent = plan.lent(known.until(at), at)
    lender = next((lent[id] for id in sorted(ids) if id in lent), None)
    return say(phrase) if lender is None else say("aside", text=say(phrase), aside=lender.said)


def _product(known: Timeline, infused: datetime, plan: Plan) -> Iterator[_Found]:
    ids = {regimen.id for regimen, _ in plan.gaps(known, infused)}
    gap = say("the-window") if ids else say("a-regimen")
    said = _lent("in-window", known, infused, plan, ids=ids)
    yield _Found(3, said, plan.protocol.id, _window(known, plan), lacks=(gap,))
    answer, lacks = _label(known, plan)
    yield _Found(4, say("on-label"), plan.protocol.id, answer, lacks=lacks)
    met = typed(known.until(infused), infused, plan)
    if met is not None and plan.product is not None:
        kinds = dict.fromkeys(kind for gate in plan.gates(known.until(infused), infused) for kind in gate.missing)
        lacks = tuple(observation_kind(kind).label for kind in kinds)
        yield _Found(4, say("typing-kept"), plan.product.id, _TRUTHS[met], lacks=lacks)


def _parts(known: Timeline, at: datetime, plan: Plan, files: _Files) -> Iterator[_Found]:
    """Parts of a split dose; grades are made only for courses that had a second one."""
    product = plan.product
    if product is None or not any(rule.splits for rule in product.doses.values()):
        return
    scales = {id for gate in product.next_part for id in files.protocol.scales.get(gate.subject, ())}
    chosen = files.protocol.choices
    grades = Grades.of_timeline(known, [files.rules.get(id, chosen.get(id)) for id in sorted(scales)], at)
    kept = tuple(parts_kept(known, plan, grades))
    if kept:
        answer = _worst(_TRUTHS[part.as_planned] for part in kept)
        yield _Found(5, say("parts-kept"), product.id, answer, lacks=(say("a-split"),))
    gates = [part.gates for part in kept if part.gates is not None]
    if gates:
        answer = _worst(_TRUTHS[truth] for truth in gates)
        yield _Found(5, say("gates-kept"), product.id, answer, lacks=(say("a-grade"),))


def _drugs(known: Timeline, at: datetime, files: _Files) -> Iterator[_Found]:
    """Doses of the drugs of the guidance: how far apart, how much, and whether a source was against them."""
    given = [drug for drug in files.desk.drugs.values() if doses_of(known, drug)]
    for drug in given:
        if drug.spacing.words:
            limits = {language: ", ".join(drug.spacing.lines(language)) for language in ("en", "zh")}
            said = say("limits", drug=drug.name, limits=limits)
            yield _Found(6, said, drug.id, "not met" if tuple(over_limit(known, drug)) else "met")
    grades = Grades({})
    if any(is_withheld_somewhere(files.desk, drug) for drug in given):
        chosen = files.protocol.choices
        grades = Grades.of_timeline(known, [files.rules.get(id, chosen.get(id)) for id in files.desk.rule_sets], at)
    for kept in drugs_kept(known, files.desk, files.protocol.dose_limits, grades):
        said, lacks = say("dose-limits", drug=kept.drug.name), tuple(needs for _, needs in kept.open)
        yield _Found(6, said, kept.drug.id, _TRUTHS[kept.amount], lacks=lacks)
        if kept.allowed is not None:
            said = say("not-against", drug=kept.drug.name)
            yield _Found(6, said, kept.drug.id, _TRUTHS[kept.allowed], lacks=kept.unclear)


def _window(known: Timeline, plan: Plan) -> Answer:
    infused = known.course.infused_at
    answers = {gap.allowed for _, gap in plan.gaps(known, infused)} if infused is not None else set()
    if answers == {False}:
        return "not met"
    return "met" if True in answers else "not assessable"


def _label(known: Timeline, plan: Plan) -> tuple[Answer, tuple[Mapping[str, str], ...]]:
    """Whether the product was infused as a label allows, and what is missing where nobody can say."""
    infused, product = known.course.infused_at, plan.product
    if infused is None or product is None:
        return "not assessable", (say("a-product"),)
    labels = plan.labels(known.until(infused), infused)
    if not labels:
        return "not met", ()
    lacks = tuple(label_of(product, name) for verdict in labels for name in verdict.missing)
    return ("met" if any(v.truth is Truth.TRUE for v in labels) else "not assessable"), lacks


def _calendar(known: Timeline, at: datetime, files: _Files) -> Iterator[_Found]:
    """Items of the calendars whose time is over; an item that comes often is met where every one of its days is."""
    today = local_date(at, known.course.zone)
    for calendar in files.calendars:
        found: dict[str, list[Answer]] = {}
        items = {item.name: item for item in calendar.items}
        for due in due_items(known, calendar, at):
            answer = _done(due, today, is_over=files.is_over)
            if answer is not None:
                found.setdefault(due.item.name, []).append(answer)
        for name, answers in found.items():
            yield _Found(7, items[name].label, calendar.id, _worst(answers), items[name].unproven)


def _done(due: Due, today: date, *, is_over: bool) -> Answer | None:
    """What became of an item; None where it may still be done in time."""
    if due.state in _STATES:
        return _STATES[due.state]
    if due.state != "due" or due.closes is not None:
        return None
    return "not met" if due.item.every is None and is_over and due.on < today else None
