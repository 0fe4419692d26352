"""Plain input methods over observations.

Place    Engine, plain. Carries out Latest, Extreme, BaselineValue, SteepestRise, MeasuredSpan and ItemSum of knowledge.inputs.
In       A course index, an input declaration, an instant in microseconds.
Out      The possible values and the rows behind them.
Knows    Rows at or before the instant only.
Checked  tests/unit/engine/test_plain_methods.py; the fast twin is held to this.
"""

from __future__ import annotations

import itertools
import math
from datetime import date

from vein2vein.basis.clock import (
    MICROSECONDS_PER_DAY,
    MICROSECONDS_PER_HOUR,
    from_microseconds,
    hours,
    local_date,
    to_microseconds,
)
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.inputs import (
    Baseline,
    BaselineValue,
    Extreme,
    ItemSum,
    Latest,
    MeasuredSpan,
    Reference,
    SteepestRise,
)
from vein2vein.knowledge.values import ANY_NUMBER, Categories, NumberRange, Value
from vein2vein.record.timeline import Observation

Found = tuple[Value, tuple[Observation, ...]]
RATIO_DECIMALS = 9


def latest(index: CourseIndex, take: Latest, at: int) -> Found:
    """The last usable value while it holds."""
    row = held(index, take.observation, take.holds_hours, at)
    if row is not None and _has_ended_with(index, take.ends_with, row, at):
        row = None
    kind = observation_kind(take.observation)
    if kind.type == "yes_no":
        if take.since_infusion and row is not None and row.code == "yes" and index.is_before_infusion(row.observed_at):
            row = None
        return _stated(take, row)
    if kind.type == "category":
        universe = frozenset(kind.categories)
        return Categories(frozenset((row.code,)) if row and row.code in universe else universe), _rows(row)
    if row is None:
        return (NumberRange(0, 0) if take.when_absent == "no" else ANY_NUMBER), ()
    number = _relative(index, take, row, at)
    if take.minus_per_year_of_age is not None:
        years = age_years(index, at)
        number = ANY_NUMBER if years is None else _shifted(number, -take.minus_per_year_of_age * years)
    return number, (row,)


def _stated(take: Latest, row: Observation | None) -> Found:
    if row is None:
        return (Truth.FALSE if take.when_absent == "no" else Truth.UNKNOWN), ()
    return Truth.of(row.code == take.says), (row,)


def _has_ended_with(index: CourseIndex, streams: tuple[str, ...], row: Observation, at: int) -> bool:
    """Whether everything that ran when the row was observed has ended by now; False when nothing ran."""
    observed = to_microseconds(row.observed_at)
    ends = [
        end
        for stream in streams
        for start, end in index.spans(stream)
        if start <= observed and (end is None or observed < end)
    ]
    return bool(ends) and all(end is not None and end <= at for end in ends)


def held(index: CourseIndex, kind: str, holds_hours: float | None, at: int) -> Observation | None:
    """The last usable row of a kind, if it still holds at `at`.

    A later row that cannot be used ends it: something was measured since, and nobody can say what.
    """
    row = index.latest(kind, at)
    if row is None or any(to_microseconds(row.observed_at) < later <= at for later in index.unusable(kind)):
        return None
    return row if holds_hours is None or at < to_microseconds(row.observed_at) + hours(holds_hours) else None


def extreme(index: CourseIndex, take: Extreme, at: int) -> Found:
    """The highest or lowest value observed in (at - within, at]."""
    after = at - hours(take.within_hours)
    since = _since(index, take.since_day)
    if since is None:
        return ANY_NUMBER, ()
    rows = [
        r
        for r in index.before(take.observation, at)
        if to_microseconds(r.observed_at) > after
        and to_microseconds(r.observed_at) >= since
        and not _was_during(index, take.except_during, to_microseconds(r.observed_at))
    ]
    if not rows:
        return ANY_NUMBER, ()
    if take.since_infusion:
        rows, only_rules_out = _since_infusion(index, rows)
    else:
        only_rules_out = False
    ranges = [_relative(index, take, row, at) for row in rows]
    best = max if take.take == "highest" else min
    low, high = best(r.low for r in ranges), best(r.high for r in ranges)
    if only_rules_out:
        low, high = (-math.inf, high) if take.take == "highest" else (low, math.inf)
    return NumberRange(low, high), tuple(rows)


def _since_infusion(index: CourseIndex, rows: list[Observation]) -> tuple[list[Observation], bool]:
    """The rows at or after the infusion; without one all of them, which can then only rule out."""
    after = [row for row in rows if not index.is_before_infusion(row.observed_at)]
    return (after, False) if after else (rows, True)


def _was_during(index: CourseIndex, named: tuple[str, ...], at: int) -> bool:
    """Whether one of the exposures named as stream/agent ran at an instant."""
    return any(
        exposure.agent == agent and start <= at and (end is None or at < end)
        for stream, _, agent in (name.partition("/") for name in named)
        for exposure, (start, end) in zip(index.exposures(stream), index.spans(stream), strict=True)
    )


def _since(index: CourseIndex, since_day: int | None) -> float | None:
    """Start of the first day that counts; None while the infusion that days are counted from is not known."""
    if since_day is None:
        return -math.inf
    starts = index.day_starts(range(since_day, since_day + 1))
    return starts[0] if starts else None


def baseline_value(index: CourseIndex, take: BaselineValue, at: int) -> Found:
    """The baseline itself."""
    row = baseline_row(index, take.observation, take.baseline, at)
    items = {kind: baseline_row(index, kind, take.baseline, at) for kind in take.items}
    known = [item for item in items.values() if item is not None]
    if known and (row is None or any(item.observed_at > row.observed_at for item in known)):
        return _sum_of(items, take.items), tuple(known)
    if row is None:
        return ANY_NUMBER, ()
    if take.relative_to is None:
        return _reported(row), (row,)
    limit = row.reference_high if take.relative_to == "upper_limit" else row.reference_low
    return _over(_reported(row), limit), (row,)


def baseline_row(index: CourseIndex, kind: str, spec: Baseline, at: int) -> Observation | None:
    """The last usable row in [anchor - within, anchor]; None before the anchor."""
    if spec.before == "infusion":
        anchor = index.course.infused_at
    else:
        milestones = index.milestones(("lymphodepletion",))
        anchor = milestones[0].at if milestones else None
    if anchor is None or to_microseconds(anchor) > at:
        return None
    end = to_microseconds(anchor)
    row = index.latest(kind, end)
    earliest = end - round(spec.within_days * MICROSECONDS_PER_DAY)
    return row if row is not None and to_microseconds(row.observed_at) >= earliest else None


def steepest_rise(index: CourseIndex, take: SteepestRise, at: int) -> Found:
    """The steepest rise per hour between consecutive exact values."""
    rows = [r for r in index.before(take.observation, at) if r.comparator is None]
    within, apart = hours(take.within_hours), hours(take.apart_hours)
    slopes: list[tuple[float, tuple[Observation, ...]]] = []
    for before, after in itertools.pairwise(rows):
        gap = to_microseconds(after.observed_at) - to_microseconds(before.observed_at)
        recent = to_microseconds(after.observed_at) > at - within
        if not recent or gap <= 0 or not apart <= gap <= within:
            continue
        slope = round((_number(after) - _number(before)) / (gap / MICROSECONDS_PER_HOUR), RATIO_DECIMALS)
        slopes.append((slope, (before, after)))
    if not slopes:
        return ANY_NUMBER, ()
    since = [found for found in slopes if not index.is_before_infusion(found[1][-1].observed_at)]
    steepest, behind = max(since or slopes if take.since_infusion else slopes, key=lambda found: found[0])
    return NumberRange(-math.inf if take.since_infusion and not since else steepest, steepest), behind


def measured_span(index: CourseIndex, take: MeasuredSpan, at: int) -> Found:
    """Hours from the first to the last of the unbroken run of qualifying measurements that ends now."""
    rows = index.before(take.observation, at)
    if not rows or at >= to_microseconds(rows[-1].observed_at) + hours(take.holds_hours):
        return NumberRange(0, math.inf), ()
    low = _span(rows, take, certain=True)
    high = _span(rows, take, certain=False)
    return NumberRange(low, high), (rows[-1],)


def _span(rows: list[Observation], take: MeasuredSpan, *, certain: bool) -> float:
    first: int | None = None
    following: int | None = None
    for row in reversed(rows):
        truth = _reported(row).compare("above" if take.strict else "at_least", take.at_least)
        instant = to_microseconds(row.observed_at)
        broken = following is not None and following - instant > hours(take.gap_hours)
        if broken or not (truth.is_certain if certain else truth.is_possible):
            break
        first = following = instant
    last = to_microseconds(rows[-1].observed_at)
    return 0.0 if first is None else (last - first) / MICROSECONDS_PER_HOUR


def item_sum(index: CourseIndex, take: ItemSum, at: int) -> Found:
    """A recorded total while it holds and is not older than the newest item; else the sum of the items."""
    items = {kind: held(index, kind, take.holds_hours, at) for kind in take.items}
    known = [row for row in items.values() if row is not None]
    total = held(index, take.total, take.holds_hours, at)
    if total is not None and all(total.observed_at >= row.observed_at for row in known):
        return _reported(total), (total,)
    return _sum_of(items, take.items), tuple(known)


def _sum_of(items: dict[str, Observation | None], points: dict[str, tuple[float, float]]) -> NumberRange:
    """The sum of some items; one without a row contributes its whole range."""
    numbers = [NumberRange(*points[kind]) if row is None else _reported(row) for kind, row in items.items()]
    return NumberRange(sum(n.low for n in numbers), sum(n.high for n in numbers))


def age_years(index: CourseIndex, at: int) -> int | None:
    """Completed years of age on the local calendar day of `at`; a birthday on 29 February is kept on 1 March."""
    born = index.course.patient.born_on
    if born is None:
        return None
    today = local_date(from_microseconds(at), index.course.zone)
    return today.year - born.year - (_month_and_day(today) < _month_and_day(born))


def _month_and_day(day: date) -> tuple[int, int]:
    return day.month, day.day


def _relative(index: CourseIndex, take: Latest | Extreme, row: Observation, at: int) -> NumberRange:
    number = _reported(row)
    if take.relative_to is not None:
        return _over(number, _reference(index, take, take.relative_to, row, at))
    if take.minus is not None:
        limit = _reference(index, take, take.minus, row, at)
        return ANY_NUMBER if limit is None else _shifted(number, -limit)
    return number


def _reference(  # noqa: PLR0917
    index: CourseIndex, take: Latest | Extreme, to: Reference, row: Observation, at: int
) -> float | None:
    match to:
        case "upper_limit":
            return row.reference_high if row.reference_high is not None else take.assumed_limit
        case "lower_limit":
            return row.reference_low if row.reference_low is not None else take.assumed_limit
        case "baseline":
            base = baseline_row(index, take.observation, take.baseline, at)
            return None if base is None or base.comparator is not None else base.value


def _over(number: NumberRange, limit: float | None) -> NumberRange:
    if limit is None or limit <= 0:
        return ANY_NUMBER
    return NumberRange(
        round(number.low / limit, RATIO_DECIMALS),
        round(number.high / limit, RATIO_DECIMALS),
        number.low_is_open,
        number.high_is_open,
    )


def _reported(row: Observation) -> NumberRange:
    return ANY_NUMBER if row.value is None else NumberRange.reported(row.value, row.comparator)


def _shifted(number: NumberRange, by: float) -> NumberRange:
    return NumberRange(
        round(number.low + by, RATIO_DECIMALS),
        round(number.high + by, RATIO_DECIMALS),
        number.low_is_open,
        number.high_is_open,
    )


def _number(row: Observation) -> float:
    return math.nan if row.value is None else row.value


def _rows(row: Observation | None) -> tuple[Observation, ...]:
    return () if row is None else (row,)
