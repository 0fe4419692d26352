"""How a centre kept its protocol over a cohort: rule by rule, for how many courses it was met, not met, or cannot be said.

Place    Journey, assess.
In       Courses, a protocol, an instant for each course (the end of its follow-up by default).
Out      `Adherence`: one row for each rule, sorted as asked: criteria at acceptance, lymphodepletion, product, drugs, calendar.
Knows    A rule that does not concern a course (no infusion, no dose of the drug, an item not yet due) does not count it.
Missing  What the record cannot show is not assessable, and is neither met nor not met.
Does not Judge a centre: courses leave rules for good reasons, and a record has gaps.
Checked  tests/unit/journey/assess/test_audit.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from vein2vein.basis.clock import from_microseconds
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.journey.assess.deviations import over_limit
from vein2vein.journey.assess.given import Plan, cells_given, days_given
from vein2vein.journey.followup import due_items
from vein2vein.journey.guidance.advise import Desk
from vein2vein.journey.selection.criteria import eligibility
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import Timeline

Answer = Literal["met", "not met", "not assessable"]
_CRITERIA: dict[str, Answer] = {"met": "met", "concern": "not met", "unknown": "not assessable"}
_WORST: tuple[Answer, ...] = ("not met", "not assessable", "met")


@dataclass(slots=True)
class Adherence:
    """One rule over a cohort.

    Attributes:
        rule: The rule in words.
        file: Id of the file that it stands in.
        met: Courses that kept it.
        not_met: Courses that certainly did not.
        not_assessable: Courses of which it cannot be said.
    """

    rule: str
    file: str
    met: list[str] = field(default_factory=list)
    not_met: list[str] = field(default_factory=list)
    not_assessable: list[str] = field(default_factory=list)

    @property
    def applicable(self) -> int:
        """Courses that the rule concerns."""
        return len(self.met) + len(self.not_met) + len(self.not_assessable)


@dataclass(frozen=True)
class _Files:
    protocol: Protocol
    selection: tuple[RuleSet, ...]
    drugs: tuple[Drug, ...]
    calendars: tuple[FollowUp, ...]
    books: Library


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
        tuple(Desk.of(protocol.guidance, books, parameters=chosen).drugs.values()),
        tuple(books.get(id, FollowUp, chosen.get(id)) for id in protocol.followup),
        books,
    )
    table: dict[tuple[int, str, str], Adherence] = {}
    for timeline in timelines:
        until = at or _end(timeline)
        if until is None:
            continue
        for place, rule, file, answer in _answers(timeline.until(until), until, files):
            row = table.setdefault((place, file, rule), Adherence(rule, file))
            {"met": row.met, "not met": row.not_met, "not assessable": row.not_assessable}[answer].append(
                timeline.course.course_id
            )
    return tuple(table[key] for key in sorted(table))


def _end(timeline: Timeline) -> datetime | None:
    last = CourseIndex(timeline).last_row
    return timeline.course.followed_until or (None if last is None else from_microseconds(last))


def _answers(known: Timeline, at: datetime, files: _Files) -> Iterator[tuple[int, str, str, Answer]]:
    """Place of the chapter, rule, file and answer, for every rule that concerns a course."""
    accepted = known.milestone("accepted")
    for rule in files.selection if accepted is not None else ():
        if accepted is not None:
            for criterion in eligibility(known, rule, accepted.at).criteria:
                yield 0, f"at acceptance: {criterion.label['en']}", rule.id, _CRITERIA[criterion.state]
    plan = Plan.of(known, files.protocol, files.books)
    days = tuple(days_given(known, plan))
    if days:
        yield 1, "daily doses of lymphodepletion within the limits", files.protocol.id, _worst(d.state for d in days)
    if known.course.infused_at is not None:
        yield 2, "infused inside the window after lymphodepletion", files.protocol.id, _window(known, plan)
        yield 3, "infused as a label allows", files.protocol.id, _label(known, plan)
    cells = tuple(cells_given(known, plan))
    if cells and plan.product is not None:
        yield 4, "cells inside the range of the label", plan.product.id, cells[-1].state
    for drug in files.drugs:
        if drug.spacing.words and any(e.kind == drug.exposure and e.agent == drug.agent for e in known.exposures):
            found = tuple(over_limit(known, drug))
            yield 5, f"{drug.name['en']}: {drug.spacing.words}", drug.id, "not met" if found else "met"
    yield from _calendar(known, at, files)


def _worst(answers: Iterable[Answer]) -> Answer:
    return min(answers, key=_WORST.index)


def _window(known: Timeline, plan: Plan) -> Answer:
    infused = known.course.infused_at
    answers = {gap.allowed for _, gap in plan.gaps(known, infused)} if infused is not None else set()
    if answers == {False}:
        return "not met"
    return "met" if True in answers else "not assessable"


def _label(known: Timeline, plan: Plan) -> Answer:
    infused = known.course.infused_at
    if infused is None or plan.product is None:
        return "not assessable"
    labels = plan.labels(known.until(infused), infused)
    if not labels:
        return "not met"
    return "met" if any(v.truth is Truth.TRUE for v in labels) else "not assessable"


def _calendar(known: Timeline, at: datetime, files: _Files) -> Iterator[tuple[int, str, str, Answer]]:
    """Items of the calendars whose window is over; an item that comes often is met where every one of its days is."""
    for calendar in files.calendars:
        found: dict[str, list[Answer]] = {}
        for due in due_items(known, calendar, at):
            label = due.item.label["en"]
            if due.state in {"late", "done late"}:
                found.setdefault(label, []).append("not met")
            elif due.state in {"done", "done early"}:
                found.setdefault(label, []).append("met")
            elif due.state == "not recorded":
                found.setdefault(label, []).append("not assessable")
        for label, answers in found.items():
            yield 6, label, calendar.id, _worst(answers)
