"""Values of a series of assessments: numbers that may be unknown, words, the lowest so far, days.

Place    Journey, response. Shared by the criteria.
In       Numbers, words or None; instants of assessments.
Out      Possible values; in the units of a file, whatever the canonical unit is.
Missing  None is any number and any word; the lowest of numbers of which one is unknown may be lower than the known ones.
Checked  tests/unit/journey/response
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from vein2vein.basis.clock import local_date, relative_day
from vein2vein.basis.truth import Truth
from vein2vein.basis.units import conversion
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.errors import JourneyError
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.values import ANY_NUMBER, Categories, NumberRange, Value
from vein2vein.record.timeline import Timeline


def number(value: float | None) -> NumberRange:
    """A number, or any number."""
    return ANY_NUMBER if value is None else NumberRange(float(value), float(value))


def as_range(value: Value | None) -> NumberRange:
    """A value as a number; any number where it is none."""
    return value if isinstance(value, NumberRange) else ANY_NUMBER


def as_truth(value: Value | None) -> Truth:
    """A value as a truth; unknown where it is none."""
    return value if isinstance(value, Truth) else Truth.UNKNOWN


def word(value: str | None, universe: Iterable[str]) -> Categories:
    """A category, or any of them."""
    return Categories(frozenset(universe if value is None else (value,)))


def lowest(values: Sequence[NumberRange]) -> NumberRange:
    """The lowest of several numbers that may be unknown; unknown without any."""
    if not values:
        return ANY_NUMBER
    return NumberRange(min(value.low for value in values), min(value.high for value in values))


def in_units_of(table: DecisionTable, state: Mapping[str, Value], kinds: Mapping[str, str]) -> dict[str, Value]:
    """A state with the numbers of some facts, given in the canonical unit of their kind, in the unit that the file names.

    Args:
        table: The file.
        state: Possible values by fact.
        kinds: Kind of observation by fact; facts that the file does not have are passed over.

    Raises:
        JourneyError: JOURNEY-022 when the unit of a fact does not measure what its kind measures.
    """
    found = dict(state)
    for fact, name in kinds.items():
        value, kind = state.get(fact), observation_kind(name)
        unit = table.facts[fact].unit if fact in table.facts else None
        if not isinstance(value, NumberRange) or unit is None or unit == kind.unit:
            continue
        affine = conversion(str(kind.unit), unit, kind.molar_mass)
        if affine is None:
            raise JourneyError(
                "JOURNEY-022",
                saw=f"{table.id}: {fact} in {unit}",
                expected=f"a unit that {name} in {kind.unit} can be converted to",
                fix="correct the unit of the fact in the file",
            )
        scale, offset = affine
        found[fact] = NumberRange(_tidy(value.low * scale + offset), _tidy(value.high * scale + offset))
    return found


def _tidy(value: float) -> float:
    # The noise of binary floating point must not decide on which side of a limit a value lies.
    return round(value, 9)


def day_of(timeline: Timeline, at: datetime) -> int | None:
    """Relative day of an instant; None before the infusion is known."""
    infused_at = timeline.course.infused_at
    return None if infused_at is None else relative_day(at, infused_at=infused_at, zone=timeline.course.zone)


def held(
    timeline: Timeline, kinds: Sequence[str], at: datetime, hours: float | None
) -> tuple[dict[str, Value], dict[str, tuple[Row, ...]]]:
    """Last values of some kinds at an instant, as long as they hold, and the rows behind them."""
    questions = Questions(timeline, at)
    asked = {kind: questions.ask(Latest(take="latest", observation=kind, holds_hours=hours)) for kind in kinds}
    return {kind: one.value for kind, one in asked.items()}, {kind: one.rows for kind, one in asked.items()}


def instants(
    timeline: Timeline,
    kinds: Iterable[str],
    after: datetime,
    *,
    beside: Iterable[str] = (),
    at: Iterable[datetime] = (),
) -> tuple[datetime, ...]:
    """The last instant of every local day after `after` on which a usable row of one of the kinds was observed.

    Rows of the kinds `beside`, and instants `at` such as those of scans, open no assessment, but on a day that has one they
    belong to it: it stands at the last of all of them.
    """
    wanted = frozenset(kinds)
    for kind in wanted:
        observation_kind(kind)
    zone, allowed = timeline.course.zone, wanted | frozenset(beside)
    rows = [row for row in timeline.observations if row.kind in allowed and row.is_usable and row.observed_at > after]
    opened = {local_date(row.observed_at, zone) for row in rows if row.kind in wanted}
    by_day: dict[date, datetime] = {}
    for instant in (*(row.observed_at for row in rows), *(one for one in at if one > after)):
        day = local_date(instant, zone)
        if day in opened:
            by_day[day] = max(instant, by_day.get(day, instant))
    return tuple(sorted(by_day.values()))
