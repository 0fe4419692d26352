"""A dose that is given in parts: how much on which day, and what a toxicity after one part means for the next.

Place    Journey, assess.
In       A course, the label rows that hold or may hold at its first infusion, grades of the course by the protocol's scales.
Out      What was given otherwise (`parts_kept`); the part that is next, from when, and the gates before it (`next_part`).
Knows    Label days count the first infusion as day 1. Bags of one local day are one part. What is shown at an instant rests on
         rows and grades up to it.
Missing  A label says no range around a part: an amount is out of place only where it lies nearer to another amount of the same
         label than to its own. Where marrow blasts are not known, every split may hold. A toxicity that no scale of the protocol
         grades leaves its gate open.
Does not Say that an infusion was wrong; "consider postponing" binds nobody and is shown, not counted.
Checked  tests/unit/journey/assess/test_parts.py
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from vein2vein.basis.clock import local_date, to_microseconds
from vein2vein.basis.truth import Bounds, Truth, all_of
from vein2vein.journey.assess.deviations import Deviation, Kind
from vein2vein.journey.assess.phrases import say
from vein2vein.journey.assess.plan import CELLS, Plan, million, rows_of
from vein2vein.journey.guidance.grades import Grades, GradeSteps
from vein2vein.journey.selection.products import DoseAnswer
from vein2vein.knowledge.documents.dose import PlannedPart
from vein2vein.knowledge.documents.product import Label, NextPart, Product
from vein2vein.record.timeline import Exposure, Timeline

_FRACTION: Final = "fraction"


@dataclass(frozen=True, slots=True)
class PartGiven:
    """Cells of one local day.

    Attributes:
        on: The local day.
        at: The first infusion of the day.
        rows: Its rows.
        cells: Sum in 10^6; None where a row has no amount (or no weight for one per kg).
    """

    on: date
    at: datetime
    rows: tuple[Exposure, ...]
    cells: float | None


@dataclass(frozen=True, slots=True)
class GateNow:
    """One gate before the next part.

    Attributes:
        rule: The row of the product file.
        worst: Highest certain and highest possible grade since the last part; None where no scale grades the subject.
        now: Bounds now; None where nothing is said.
    """

    rule: NextPart
    worst: Bounds | None
    now: Bounds | None

    @property
    def reached(self) -> Truth:
        """Whether the worst grade lies in the range of the gate."""
        if self.worst is None:
            return Truth.UNKNOWN
        if self.rule.grade_from <= self.worst.low and self.worst.high <= self.rule.grade_to:
            return Truth.TRUE
        apart = self.worst.high < self.rule.grade_from or self.worst.low > self.rule.grade_to
        return Truth.FALSE if apart else Truth.UNKNOWN

    @property
    def closed(self) -> Truth:
        """Whether the next part is kept back: for good where the gate discontinues, else while the grade is too high."""
        if self.rule.action == "discontinue" or self.reached is Truth.FALSE:
            return self.reached
        # Without a grade to come down to, the toxicity has to be over.
        least = self.rule.grade_from - 1 if self.rule.until_grade is None else self.rule.until_grade
        return all_of((self.reached, _is_above(self.now, least)))

    @property
    def against(self) -> Truth:
        """Whether a part that was given now left the label: a part that may be postponed may as well be given."""
        return Truth.FALSE if self.rule.action == "consider-postponing" else self.closed


def _is_above(bounds: Bounds | None, least: int) -> Truth:
    if bounds is None or bounds.low <= least < bounds.high:
        return Truth.UNKNOWN
    return Truth.of(bounds.low > least)


@dataclass(frozen=True, slots=True)
class PartDue:
    """The next part of a split dose.

    Attributes:
        product, label: Where it is planned.
        number: Which part, from 1.
        count: How many the label plans.
        planned: Its amount and day.
        opens: First day of the label for it; None where the label names no day.
        closes: Last day of the label for it, inclusive.
        not_before: Instant before which the hours between parts have not passed; None without such a rule.
        gates: Gates of the product.
        assumed: What was done about unknown marrow blasts.
        is_as_planned: Whether every part so far fits this split; where none fits, the next part is shown with its gates and
            without an amount that the label would mean for a patient like this.
        is_late: Whether the last day has passed, also the one to which a toxicity may postpone it.
    """

    product: Product
    label: Label
    number: int
    count: int
    planned: PlannedPart
    opens: date | None
    closes: date | None
    not_before: datetime | None
    gates: tuple[GateNow, ...]
    assumed: str | None
    is_as_planned: bool = True
    is_late: bool = False

    @property
    def stops(self) -> tuple[GateNow, ...]:
        """Gates that keep the part back for certain."""
        return tuple(gate for gate in self.gates if gate.against is Truth.TRUE)

    @property
    def unsettled(self) -> tuple[GateNow, ...]:
        """Gates that may keep the part back: the grade is not known well enough, or no scale of the protocol gives one."""
        return tuple(gate for gate in self.gates if gate.against is Truth.UNKNOWN)

    @property
    def truth(self) -> Truth:
        """Whether the part may be given by the label: FALSE behind a closed gate, after its last day or outside every plan."""
        if self.stops or self.is_late or not self.is_as_planned:
            return Truth.FALSE
        return Truth.UNKNOWN if self.unsettled else Truth.TRUE


@dataclass(frozen=True, slots=True)
class PartKept:
    """One part beside the plan of the label.

    Attributes:
        given: The part.
        number: Which part, from 1.
        as_planned: Whether amount and day are those of the label.
        gates: Whether no graded toxicity stood against it; None for the first part.
        found: What was otherwise.
        open: Doses whose marrow blasts are not known, where the amount is that of another split than the one for an unknown
            result: whether it is right, the record does not say.
    """

    given: PartGiven
    number: int
    as_planned: Truth
    gates: Truth | None
    found: tuple[Deviation, ...]
    open: tuple[DoseAnswer, ...] = ()


def parts_given(timeline: Timeline, weight: float | None) -> tuple[PartGiven, ...]:
    """Cells of the product of a course, by local day; `weight` in kg is for amounts per kg."""
    days: dict[date, list[Exposure]] = {}
    for row in rows_of(timeline, CELLS):
        if row.agent == timeline.course.product:
            days.setdefault(local_date(row.started_at, timeline.course.zone), []).append(row)
    given = []
    for on, rows in sorted(days.items()):
        amounts = [million(row, weight) for row in rows]
        known = [amount for amount in amounts if amount is not None]
        cells = sum(known) if len(known) == len(amounts) else None
        given.append(PartGiven(on, min(row.started_at for row in rows), tuple(rows), cells))
    return tuple(given)


def split_doses(timeline: Timeline, plan: Plan) -> tuple[DoseAnswer, ...]:
    """Doses of the label rows at the first infusion; none unless every one of them is split.

    They rest on rows up to that infusion alone, and so are the same at every instant from it on.
    """
    first = timeline.course.infused_at
    if first is None or plan.product is None:
        return ()
    known = timeline.until(first)
    doses = plan.cells(known, first, plan.labels(known, first))
    return doses if doses and all(dose.planned.parts for dose in doses) else ()


def _weight(doses: Sequence[DoseAnswer]) -> float | None:
    return next((dose.planned.weight for dose in doses if dose.planned.weight is not None), None)


def parts_kept(timeline: Timeline, plan: Plan, grades: Grades) -> Iterator[PartKept]:
    """Every part of a split dose that was given, beside what the label plans."""
    doses, product = split_doses(timeline, plan), plan.product
    if not doses or product is None:
        return
    given = parts_given(timeline, _weight(doses))
    alive = _splits(doses)
    for place, part in enumerate(given):
        before = given[place - 1].at if place else None
        gates = () if before is None else gates_now(plan, grades, before, part.at)
        fitting = [split for split in alive if _fits(part, place, split, doses)]
        found: list[tuple[Kind, dict[str, str]]] = []
        if not fitting:
            found.append(("dose", _amount_words(part, place, alive[0], product)))
        unsettled = tuple(d for d in doses if fitting and d.planned.assumed is not None and d.planned.parts in alive)
        unsettled = tuple(d for d in unsettled if d.planned.parts not in fitting)
        alive = fitting or alive
        planned = alive[0][place] if place < len(alive[0]) else None
        timed = _timed(part, given[0].on, planned, gates)
        if timed is Truth.FALSE and planned is not None:
            found.append(("outside-window", _day_words(part, place, _days(given[0].on, planned), product)))
        apart = _hours_apart(doses)
        if before is not None and apart is not None and part.at < before + timedelta(hours=apart):
            found.append(("outside-window", _hours_words(place, apart, product)))
            timed = Truth.FALSE
        found += [("no-go", _gate_words(place, gate, product)) for gate in gates if gate.against is Truth.TRUE]
        graded = [gate for gate in gates if gate.rule.subject in plan.protocol.scales]
        yield PartKept(
            part,
            place + 1,
            all_of((timed, Truth.of(None if part.cells is None or unsettled else bool(fitting)))),
            None if before is None else all_of(~gate.against for gate in graded),
            tuple(Deviation(kind, said, product.id, part.at, part.rows) for kind, said in found),
            unsettled,
        )


def _splits(doses: Sequence[DoseAnswer]) -> list[tuple[PlannedPart, ...]]:
    """Splits that may hold: the one of the marrow blasts, or every one where they are not known."""
    found = [s for d in doses for s in ((d.planned.parts,) if d.planned.assumed is None else d.planned.splits)]
    return list(dict.fromkeys(found))


def _hours_apart(doses: Sequence[DoseAnswer]) -> float | None:
    stated = [None if dose.rule is None else dose.rule.hours_between_parts for dose in doses]
    known = [apart for apart in stated if apart is not None]
    return min(known) if known and len(known) == len(stated) else None


def _fits(part: PartGiven, place: int, split: tuple[PlannedPart, ...], doses: Sequence[DoseAnswer]) -> bool:
    """Whether a part may be the one that a split plans here: its amount lies nearest to it among all amounts of the label."""
    if place >= len(split):
        return False
    mine = split[place].target
    if part.cells is None or mine is None:
        return True
    others = {p.target for d in doses for s in d.planned.splits for p in s} | {d.planned.target for d in doses}
    given = math.log(part.cells)
    return all(abs(given - math.log(mine)) <= abs(given - math.log(other)) for other in others if other is not None)


def _timed(part: PartGiven, first: date, planned: PlannedPart | None, gates: Sequence[GateNow]) -> Truth:
    """Whether a part came on a day of the label; a toxicity that postpones it moves the last day."""
    opens, closes = (None, None) if planned is None else _days(first, planned)
    if opens is None or closes is None or opens <= part.on <= closes:
        return Truth.TRUE
    until = [gate.rule.until_day for gate in gates if gate.reached is not Truth.FALSE]
    last = max((first + timedelta(days=day - 1) for day in until if day is not None), default=closes)
    return Truth.FALSE if part.on < opens or part.on > last else Truth.UNKNOWN


def _days(first: date, planned: PlannedPart) -> tuple[date | None, date | None]:
    if planned.day is None:
        return None, None
    on, either_side = first + timedelta(days=planned.day - 1), timedelta(days=planned.days_either_side)
    return on - either_side, on + either_side


def gates_now(plan: Plan, grades: Grades, since: datetime, at: datetime) -> tuple[GateNow, ...]:
    """Every gate of the product, with the grades from one part up to an instant."""
    rules = () if plan.product is None else plan.product.next_part
    scales = plan.protocol.scales
    steps = {rule.subject: grades.of(scales[rule.subject]) for rule in rules if rule.subject in scales}
    return tuple(_gate(rule, steps.get(rule.subject), to_microseconds(since), to_microseconds(at)) for rule in rules)


def _gate(rule: NextPart, steps: GradeSteps | None, since: int, at: int) -> GateNow:
    if steps is None:
        return GateNow(rule, None, None)
    spans = steps.bounds[max(steps.place(since), 0) : steps.place(at) + 1]
    seen = [bounds for bounds in spans if bounds is not None]
    worst = Bounds(max(b.low for b in seen), max(b.high for b in seen)) if seen else None
    return GateNow(rule, worst, steps.at(at))


def next_part(
    known: Timeline, at: datetime, plan: Plan, grades: Grades, *, doses: Sequence[DoseAnswer]
) -> tuple[PartDue, ...]:
    """The next part of a split dose at an instant, by each label row and split that may hold; none when all were given.

    `doses` are the `split_doses` of the course.
    """
    first, product, zone = known.course.infused_at, plan.product, known.course.zone
    if first is None or product is None or not doses:
        return ()
    starts = {local_date(first, zone): first}
    for part in parts_given(known, None):
        starts[part.on] = part.at
    for milestone in known.milestones:
        if milestone.kind == _FRACTION:
            starts.setdefault(local_date(milestone.at, zone), milestone.at)
    place, last = len(starts), max(starts.values())
    gates = gates_now(plan, grades, last, at)
    given, due, today = parts_given(known, _weight(doses)), [], local_date(at, zone)
    for dose in doses:
        for split in _splits((dose,)):
            fits = all(_fits(part, number, split, doses) for number, part in enumerate(given))
            if place < len(split):
                opens, closes = _days(min(starts), split[place])
                apart = None if dose.rule is None else dose.rule.hours_between_parts
                wait = None if apart is None else last + timedelta(hours=apart)
                due.append(
                    PartDue(
                        product, dose.label, place + 1, len(split), split[place], opens, closes, wait, gates,
                        dose.planned.assumed, fits, today > _ends(min(starts), split[place], product),
                    )
                )  # fmt: skip
    fitting = tuple(part for part in due if part.is_as_planned)
    # After a part that fits no split nothing is certain of the next one but that it and its gates are there.
    return fitting or tuple(due)


def _ends(first: date, planned: PlannedPart, product: Product) -> date:
    """The last day on which a part may still come: of the label, or as long as a toxicity may postpone it."""
    _, closes = _days(first, planned)
    if closes is None:
        return date.max
    return max(
        [closes, *(first + timedelta(days=r.until_day - 1) for r in product.next_part if r.until_day is not None)]
    )


def _amount_words(part: PartGiven, place: int, split: tuple[PlannedPart, ...], product: Product) -> dict[str, str]:
    given = "" if part.cells is None else f"{part.cells:g}"
    if place >= len(split):
        return say("part-more", product=product.title, n=str(place + 1), cells=given, count=str(len(split)))
    planned = f"{split[place].target:g}"
    return say("part-amount", product=product.title, n=str(place + 1), cells=given, planned=planned)


def _day_words(part: PartGiven, place: int, days: tuple[date | None, date | None], product: Product) -> dict[str, str]:
    opens, closes = (str(day) for day in days)
    return say("part-day", product=product.title, n=str(place + 1), day=str(part.on), opens=opens, closes=closes)


def _hours_words(place: int, apart: float, product: Product) -> dict[str, str]:
    return say("part-hours", product=product.title, n=str(place + 1), hours=f"{apart:g}")


def _gate_words(place: int, gate: GateNow, product: Product) -> dict[str, str]:
    grade = "" if gate.worst is None else str(gate.worst.low)
    said = say(f"gate-{gate.rule.action}")
    return say(
        "part-gate",
        product=product.title,
        n=str(place + 1),
        subject=gate.rule.subject.upper(),
        grade=grade,
        action=said,
    )
