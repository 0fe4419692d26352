"""From a state to proposals: rows that apply or may apply, doses, locks, what is withheld. Pure: no timeline, no clock.

Place    Journey, guidance. Read by `advise`.
In       A guidance file, the state of its facts, the drug files it names, weight and doses so far.
Out      `Proposal`s with their rows, what is missing, the dose, and from when it is allowed.
Knows    The limits of the drug file hold besides those of the source; the stricter one locks. What a row contraindicates for
         certain is never proposed, whatever another row says.
Missing  A row that may apply gives a proposal that may apply, with the facts that would settle it. A dose without its weight
         says "cannot be computed: needs weight". Doses that nobody charted leave a lock in doubt.
Checked  tests/unit/journey/guidance, tests/property/test_guidance.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.drug import WEIGHT, ComputedDose, DoseRule, Drug, Limits, Opening
from vein2vein.knowledge.documents.guidance import Act, Give, Guidance, Withhold
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange, Value

Standing = Literal["now", "locked", "used-up", "contraindicated", "held", "replaced"]


@dataclass(frozen=True, slots=True)
class DoseLog:
    """Doses of one drug so far.

    Attributes:
        starts: Starts in UTC microseconds.
        possible: Starts of rows that may have been this drug.
        is_charted: Whether there can be no other doses in the course.
    """

    starts: tuple[int, ...] = ()
    possible: tuple[int, ...] = ()
    is_charted: bool = False


@dataclass(frozen=True, slots=True)
class Weighed:
    """A recorded weight.

    Attributes:
        kg: The weight.
        at: When it was measured, in UTC microseconds.
        holds_hours: How long the drug file lets a weight count; None for ever.
        is_current: Whether it still counts; a dose is computed by no other.
    """

    kg: float
    at: int
    holds_hours: float | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class Body:
    """Sizes of the patient.

    Attributes:
        weights: Weight in kg by drug, as each drug file asks for it.
        surface: Body surface in m2.
        age: Completed years.
        weighed: The recorded weight behind a dose by drug, or the last one where none counts any more.
    """

    weights: Mapping[str, NumberRange] = field(default_factory=dict)
    surface: NumberRange = ANY_NUMBER
    age: NumberRange = ANY_NUMBER
    weighed: Mapping[str, Weighed] = field(default_factory=dict)

    def dose(self, drug: Drug, rule: DoseRule) -> ComputedDose:
        """One dose; not computed while a size that it needs is not known, or for an age that the source does not mean."""
        weight = self.weights.get(drug.id, ANY_NUMBER)
        return drug.compute(rule, weight=_point(weight), surface=_point(self.surface), age=_point(self.age))


def _point(value: NumberRange) -> float | None:
    return value.low if value.is_known else None


@dataclass(frozen=True, slots=True)
class Lock:
    """Whether another dose is allowed.

    Attributes:
        opening: What follows from the doses that are certain, by the drug file and the source together.
        source_alone: What would follow from the limits that the source itself states; None where it states none.
        in_doubt: Whether doses that are not charted, or whose agent nobody stated, could lock it.
        limits: The limits of the drug file and of the source together.
        at_worst: What would follow if every charted dose of an unknown agent had been this drug.
    """

    opening: Opening
    source_alone: Opening | None
    in_doubt: bool
    limits: Limits
    at_worst: Opening


@dataclass(frozen=True, slots=True)
class Proposal:
    """One action of a source, for this patient at this instant.

    Attributes:
        name: Name of the action in the file.
        action: The action.
        truth: TRUE where a row that leads to it applies, or where one of them must whatever the unknown grades are; UNKNOWN
            where one may.
        because: Rows that apply, or where none does those that may, in the order of the file.
        missing: Facts that would settle whether it applies, sorted.
        standing: now, or why not now: locked, used-up, contraindicated, held, replaced by another action of the source.
        dose: The dose of a drug, computed whether or not it may be given: `standing` says that, and no page shows a barred one.
        lock: The lock of a drug; None for a drug without limits and for everything else.
        against: Rows that withhold it, or may.
        weighed: The weight behind a dose by weight, or the last one where none counts any more; None for any other dose.
        together: Names of the actions that a row asks for beside this one.
        course: Stream of a drug that is given as one course with all others of it; None for any other.
    """

    name: str
    action: Give | Act | Withhold
    truth: Truth
    because: tuple[str, ...]
    missing: tuple[str, ...]
    standing: Standing = "now"
    dose: ComputedDose | None = None
    lock: Lock | None = None
    against: tuple[str, ...] = ()
    weighed: Weighed | None = None
    together: frozenset[str] = frozenset()
    course: str | None = None

    @property
    def is_proposed(self) -> bool:
        """Whether the source speaks for it: a drug that is contraindicated or held is shown, not proposed."""
        return self.standing not in {"contraindicated", "held", "replaced"}

    @property
    def is_barred(self) -> bool:
        """Whether it is not to be given, however long one waits: contraindicated, held, replaced, or the last dose was given."""
        return self.standing in {"contraindicated", "held", "replaced", "used-up"}


def decide(
    guidance: Guidance,
    state: Mapping[str, Value],
    *,
    at: int,
    drugs: Mapping[str, Drug],
    given: Mapping[str, DoseLog],
    body: Body,
) -> tuple[Proposal, ...]:
    """Proposals of one source.

    Args:
        guidance: The source.
        state: Possible values of its facts; an absent one is missing.
        at: The instant in UTC microseconds.
        drugs: Drug files by id, all that the source names.
        given: Doses so far by drug id; an absent drug is one whose doses are not charted.
        body: Weights and surface.
    """
    led_to = guidance.led_to(guidance.decide(state))
    truths = {n: Truth.TRUE if guidance.is_certain(rows, state) else Truth.UNKNOWN for n, rows in led_to.items()}
    withheld = _withheld(guidance, led_to, truths)
    found = []
    for name, rows in led_to.items():
        action, truth = guidance.actions[name], truths[name]
        because = _because(rows)
        together = frozenset(other for v in rows for other in v.row.then) - {name}
        missing = () if truth is Truth.TRUE else tuple(sorted({fact for v in rows for fact in v.missing}))
        if not isinstance(action, Give):
            found.append(Proposal(name, action, truth, because, missing, together=together))
            continue
        drug = drugs[action.drug]
        rule = drug.doses[action.dose] if isinstance(action.dose, str) else action.dose
        lock = _lock(drug, action, given.get(action.drug, DoseLog()), at)
        against = withheld.get(action.drug, ())
        proposal = Proposal(
            name,
            action,
            truth,
            because,
            missing,
            standing=_standing(against, lock),
            dose=body.dose(drug, rule),
            lock=lock,
            against=tuple(row for row, _, _ in against),
            weighed=body.weighed.get(action.drug) if WEIGHT in rule.needs else None,
            together=together,
            course=drug.exposure if drug.is_one_course else None,
        )
        found.append(proposal)
    return _replaced(found)


def _replaced(found: list[Proposal]) -> tuple[Proposal, ...]:
    """The proposals, with those marked whose place another one takes for certain, and what stood instead of them."""
    gone = {
        name
        for p in found
        if isinstance(p.action, Give) and p.truth is Truth.TRUE and not p.is_barred
        for name in p.action.replaces
    }
    return tuple(
        replace(p, standing="replaced")
        if isinstance(p.action, Give) and not p.is_barred and gone & {p.name, p.action.instead_of}
        else p
        for p in found
    )


def _because(rows: tuple[RowVerdict, ...]) -> tuple[str, ...]:
    """Rows that apply; where none does by itself, those that may."""
    certain = tuple(v.row.name for v in rows if v.truth is Truth.TRUE)
    return certain or tuple(v.row.name for v in rows)


_Against = tuple[tuple[str, str, Truth], ...]


def _withheld(
    guidance: Guidance, led_to: Mapping[str, tuple[RowVerdict, ...]], truths: Mapping[str, Truth]
) -> dict[str, _Against]:
    """Drug -> rows that withhold it or may, with what they do."""
    found: dict[str, _Against] = {}
    for name, rows in led_to.items():
        action = guidance.actions[name]
        if isinstance(action, Withhold) and action.drug is not None:
            new = tuple((v.row.name, str(action.do), truths[name]) for v in rows)
            found[action.drug] = (*found.get(action.drug, ()), *new)
    return found


def _standing(against: _Against, lock: Lock | None) -> Standing:
    certain = {do for _, do, truth in against if truth is Truth.TRUE}
    if "contraindicated" in certain:
        return "contraindicated"
    if "hold" in certain:
        return "held"
    if lock is None or lock.opening.is_open:
        return "now"
    return "used-up" if lock.opening.never else "locked"


def _lock(drug: Drug, action: Give, log: DoseLog, at: int) -> Lock | None:
    limits = drug.spacing.and_also(action.spacing)
    if not limits.words:
        return None
    opening = limits.opening(log.starts, at)
    alone = None if action.spacing is None else action.spacing.opening(log.starts, at)
    at_worst = limits.opening((*log.starts, *log.possible), at)
    in_doubt = opening.is_open and not (log.is_charted and at_worst.is_open)
    return Lock(opening, alone, in_doubt, limits, at_worst)
