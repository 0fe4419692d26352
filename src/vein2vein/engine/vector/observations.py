"""Vector input methods over observations and over what is known of the course itself.

Place    Engine, vector. The fast twin of `engine.plain.observations`; same names, same meaning.
In       A batch and an input declaration.
Out      `Rows`: possible values over half-open times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vein2vein.basis.clock import MICROSECONDS_PER_DAY, MICROSECONDS_PER_HOUR, hours
from vein2vein.engine.vector.batch import (
    AT_LEAST,
    AT_MOST,
    FOREVER,
    LESS,
    MORE,
    NEVER,
    Batch,
    Bools,
    Floats,
    Ints,
    Observed,
)
from vein2vein.engine.vector.rows import (
    UNKNOWN,
    Categories,
    Facts,
    Numbers,
    Rows,
    Values,
    distinct,
    last_of_each_key,
    numbers_of,
    unknown_numbers,
    until_next,
)
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.inputs import (
    Baseline,
    BaselineValue,
    CourseField,
    Death,
    Extreme,
    ItemSum,
    Latest,
    MeasuredSpan,
    Reference,
    SteepestRise,
)


def held_rows(batch: Batch, kind: str) -> tuple[Observed, Rows]:
    """Usable observations of a kind, the last of each instant; each holds until the next, or until one that cannot be used."""
    rows = batch.observed(kind)
    keep = last_of_each_key(rows.key)
    if not keep.all():
        rows = rows.take(keep)
    key = rows.key
    end = until_next(batch, key, None)
    unusable = batch.unusable(kind)
    if len(unusable):
        place = np.searchsorted(unusable, key, side="right")
        end = np.minimum(end, np.append(unusable, np.iinfo(np.int64).max)[place])
    return rows, Rows(key, end, reported(rows), UNKNOWN)


def latest(batch: Batch, take: Latest) -> Rows:
    """The last usable value while it holds."""
    kind = observation_kind(take.observation)
    rows, held = batch.once(held_rows, take.observation)
    key, end, numbers = held.key, held.end, numbers_of(held.values)
    if take.holds_hours is not None:
        end = np.minimum(end, key + hours(take.holds_hours))
    if take.ends_with:
        end = np.minimum(end, _ends_with(batch, take.ends_with, rows))
    if kind.type == "yes_no":
        says = np.zeros(len(rows), bool) if rows.code is None else rows.code == take.says
        may_say, is_open = says, take.when_absent == "unknown"
        if take.since_infusion and rows.code is not None:
            void = (rows.code == "yes") & _is_before_infusion(batch, rows)
            says, may_say = says & ~void, np.where(void, is_open, says)
        return Rows(key, end, Facts(says, may_say), Facts(np.array([False]), np.array([is_open])))
    if kind.type == "category":
        return Rows(key, end, *_categories(rows, tuple(sorted(kind.categories))))
    splits = _splits(batch, take)
    if splits is not None:
        key, end, source = _split(batch, key, end, splits)
        rows, numbers = rows.take(source), numbers.take(source)
    numbers = _relative(batch, take, rows, numbers, key)
    if take.minus_per_year_of_age is not None:
        numbers = numbers.shifted(-take.minus_per_year_of_age * age_at(batch, key))
    none = np.zeros(1)
    return Rows(key, end, numbers, Numbers(none, none) if take.when_absent == "no" else UNKNOWN)


def _is_before_infusion(batch: Batch, rows: Observed) -> Bools:
    """Whether each row was observed before the infusion; also where there is none."""
    infused = batch.infused[rows.course]
    before: Bools = (infused == NEVER) | (rows.at < infused)
    return before


def _ends_with(batch: Batch, streams: tuple[str, ...], rows: Observed) -> Ints:
    """The key at which everything that ran when a row was observed has ended; FOREVER where nothing ran."""
    latest_end = np.full(len(rows), NEVER, np.int64)
    for stream in streams:
        exposed = batch.exposed(stream)
        first = np.searchsorted(exposed.course, rows.course, side="left")
        count = np.searchsorted(exposed.course, rows.course, side="right") - first
        for number in range(int(count.max(initial=0))):
            place = np.minimum(first + number, len(exposed) - 1)
            runs = (number < count) & (exposed.start[place] <= rows.at) & (rows.at < exposed.end[place])
            latest_end = np.where(runs, np.maximum(latest_end, exposed.end[place]), latest_end)
    bounded = (latest_end != NEVER) & (latest_end != FOREVER)
    return np.where(bounded, batch.key(rows.course, np.where(bounded, latest_end, 0)), FOREVER)


def _categories(rows: Observed, names: tuple[str, ...]) -> tuple[Categories, Categories]:
    everything = (1 << len(names)) - 1
    mask = np.full(len(rows), everything, np.int64)
    if rows.code is not None:
        for number, name in enumerate(names):
            mask[rows.code == name] = 1 << number
    return Categories(mask, names), Categories(np.array([everything]), names)


def _splits(batch: Batch, take: Latest) -> Ints | None:
    """Keys at which a held value means something else although no new row arrives: anchors and birthdays."""
    parts = []
    if "baseline" in (take.relative_to, take.minus):
        anchor = _anchor(batch, take.baseline)
        known = np.flatnonzero(anchor != NEVER)
        parts.append(batch.key(known, anchor[known]))
    if take.minus_per_year_of_age is not None:
        parts.append(batch.birthdays[0])
    return None if not parts else distinct(*parts)


def _split(batch: Batch, key: Ints, end: Ints, at: Ints) -> tuple[Ints, Ints, Ints]:
    """Cut rows at some keys; returns new keys, ends and the position of the row each piece came from."""
    place = np.searchsorted(key, at, side="right") - 1
    inside = (
        (place >= 0) & (at > key[np.maximum(place, 0)]) & (at < end[np.maximum(place, 0)])
        if len(key)
        else np.zeros(len(at), bool)
    )
    all_keys = np.concatenate([key, at[inside]])
    source = np.concatenate([np.arange(len(key)), place[inside]])
    order = np.argsort(all_keys, kind="stable")
    all_keys, source = all_keys[order], source[order]
    new_end = end[source]
    if len(all_keys) > 1:
        new_end[:-1] = np.minimum(new_end[:-1], all_keys[1:])
    return all_keys, new_end, source


def reported(rows: Observed) -> Numbers:
    """Ranges behind reported values; a comparator opens one side."""
    value, sign = np.where(np.isnan(rows.value), 0.0, rows.value), rows.comparator
    unknown = np.isnan(rows.value)
    if not sign.any():
        if not unknown.any():
            return Numbers(value, value)
        return Numbers(np.where(unknown, -np.inf, value), np.where(unknown, np.inf, value))
    upper, lower = (sign == LESS) | (sign == AT_MOST), (sign == MORE) | (sign == AT_LEAST)
    return Numbers(
        np.where(unknown | upper, -np.inf, value),
        np.where(unknown | lower, np.inf, value),
        sign == MORE,
        sign == LESS,
    )


def _relative(batch: Batch, take: Latest | Extreme, rows: Observed, numbers: Numbers, key: Ints) -> Numbers:  # noqa: PLR0917
    if take.relative_to is not None:
        return numbers.over(_reference(batch, take, take.relative_to, rows=rows, key=key))
    if take.minus is not None:
        return numbers.shifted(-_reference(batch, take, take.minus, rows=rows, key=key))
    return numbers


def _reference(batch: Batch, take: Latest | Extreme, to: Reference, *, rows: Observed, key: Ints) -> Floats:
    """The limit or baseline of each row at its key; NaN where it is not known."""
    if to == "baseline":
        base, anchor_key = batch.once(baselines, take.observation, take.baseline)
        course = batch.course_of(key)
        low, high = base.low[course], base.high[course]
        return np.where((low == high) & (key >= anchor_key[course]), low, np.nan)
    limit = rows.reference_high if to == "upper_limit" else rows.reference_low
    return limit if take.assumed_limit is None else np.where(np.isnan(limit), take.assumed_limit, limit)


def _anchor(batch: Batch, spec: Baseline) -> Ints:
    return batch.infused if spec.before == "infusion" else batch.milestones(("lymphodepletion",))


def baseline_rows(batch: Batch, kind: str, spec: Baseline) -> tuple[Ints, Ints, Observed]:
    """Courses with a baseline, the keys of their anchors, and the rows that are the baselines."""
    anchor = _anchor(batch, spec)
    rows = batch.observed(kind)
    courses = np.flatnonzero(anchor != NEVER)
    if not len(rows) or not len(courses):
        return courses[:0], courses[:0], rows.take(np.zeros(0, np.intp))
    anchor_key = batch.key(courses, anchor[courses])
    place = np.searchsorted(rows.key, anchor_key, side="right") - 1
    earliest = anchor[courses] - round(spec.within_days * MICROSECONDS_PER_DAY)
    safe = np.maximum(place, 0)
    found = (place >= 0) & (rows.course[safe] == courses) & (rows.at[safe] >= earliest)
    return courses[found], anchor_key[found], rows.take(safe[found])


def baselines(batch: Batch, kind: str, spec: Baseline) -> tuple[Numbers, Ints]:
    """Baseline range per course (fully open where there is none) and the key from which it is known."""
    courses, anchor_key, rows = batch.once(baseline_rows, kind, spec)
    numbers = unknown_numbers(batch.n)
    exact = reported(rows)
    numbers.low[courses], numbers.high[courses] = exact.low, exact.high
    keys = np.full(batch.n, FOREVER, np.int64)
    keys[courses] = anchor_key
    return numbers, keys


def baseline_value(batch: Batch, take: BaselineValue) -> Rows:
    """The baseline itself, from its anchor on."""
    if take.items:
        return _baseline_of_items(batch, take)
    _, key, rows = batch.once(baseline_rows, take.observation, take.baseline)
    numbers = reported(rows)
    if take.relative_to is not None:
        numbers = numbers.over(rows.reference_high if take.relative_to == "upper_limit" else rows.reference_low)
    return Rows(key, until_next(batch, key, None), numbers, UNKNOWN)


def _baseline_of_items(batch: Batch, take: BaselineValue) -> Rows:
    """The recorded total of each course that has a baseline, or the sum of the items where one is newer or there is no total."""
    found = {kind: batch.once(baseline_rows, kind, take.baseline) for kind in (take.observation, *take.items)}
    key, newest = np.full(batch.n, FOREVER, np.int64), np.full(batch.n, NEVER, np.int64)
    low, high = np.zeros(batch.n), np.zeros(batch.n)
    for kind, (lowest, highest) in take.items.items():
        courses, anchor_key, rows = found[kind]
        numbers, low_of, high_of = reported(rows), np.full(batch.n, float(lowest)), np.full(batch.n, float(highest))
        low_of[courses], high_of[courses] = numbers.low, numbers.high
        low, high, key[courses] = low + low_of, high + high_of, anchor_key
        newest[courses] = np.maximum(newest[courses], rows.at)
    courses, anchor_key, rows = found[take.observation]
    is_total = rows.at >= newest[courses]
    courses, numbers = courses[is_total], reported(rows.take(is_total))
    low[courses], high[courses], key[courses] = numbers.low, numbers.high, anchor_key[is_total]
    opened = np.zeros((2, batch.n), bool)
    for side, is_open in enumerate((numbers.low_is_open, numbers.high_is_open)):
        opened[side, courses] = False if is_open is None else is_open
    known = np.flatnonzero(key != FOREVER)
    sums = Numbers(low[known], high[known], opened[0, known], opened[1, known])
    return Rows(key[known], until_next(batch, key[known], None), sums, UNKNOWN)


def extreme(batch: Batch, take: Extreme) -> Rows:
    """The highest or lowest value observed in (t - within, t]."""
    is_baseline = "baseline" in (take.relative_to, take.minus)
    window = batch.once(
        _windows,
        take.observation,
        take.within_hours,
        take.since_day,
        take.baseline if is_baseline else None,
        take.since_infusion,
        take.except_during,
    )
    if not is_baseline:
        numbers = window.folded(take, _relative(batch, take, window.rows, window.numbers, window.rows.key))
    else:  # the meaning of every row in the window depends on what was known of the baseline at the point
        points = window.points[window.filled]
        reference = _reference(batch, take, "baseline", rows=window.rows, key=points)
        moved = window.folded(take, window.numbers)
        numbers = moved.over(reference) if take.relative_to else moved.shifted(-reference)
    if window.only_rules_out is not None:
        numbers = _opened(numbers, window.only_rules_out, downwards=take.take == "highest")
    if not numbers.is_exact or len(numbers.low) < len(window.points):
        known, numbers = numbers, unknown_numbers(len(window.points))
        numbers.low[window.filled], numbers.high[window.filled] = known.low, known.high
    return Rows(window.points, window.end, numbers, UNKNOWN)


def _opened(numbers: Numbers, where: Bools, *, downwards: bool) -> Numbers:
    """Ranges of which some are opened on one side, because what was seen before the infusion can only rule out."""
    if not where.any():
        return numbers
    if downwards:
        return Numbers(np.where(where, -np.inf, numbers.low), numbers.high)
    return Numbers(numbers.low, np.where(where, np.inf, numbers.high))


@dataclass(frozen=True, eq=False)
class _Windows:
    """Points at which a row enters or leaves the window, and the rows in it from each on.

    Attributes:
        filled: Which points have a row in the window.
        places: For each of these: position of the first row in the window, and of the first behind it.
        only_rules_out: For each of these: whether all rows in it lie before the infusion, where that matters.
    """

    rows: Observed
    numbers: Numbers
    points: Ints
    end: Ints
    filled: Bools
    places: Ints
    only_rules_out: Bools | None = None

    def folded(self, take: Extreme, numbers: Numbers) -> Numbers:
        """The highest or lowest of the rows of each filled window."""
        if not len(self.places):
            return Numbers(np.zeros(0), np.zeros(0))
        ufunc = np.maximum if take.take == "highest" else np.minimum

        def reduced(values: Floats) -> Floats:
            padded = np.append(values, 0.0)  # so that a window may end at the last row
            return ufunc.reduceat(padded, self.places)[::2]

        low = reduced(numbers.low)
        return Numbers(low, low if numbers.is_exact else reduced(numbers.high))


def _windows(  # noqa: PLR0913, PLR0917  (what the windows of several inputs have in common)
    batch: Batch,
    kind: str,
    within_hours: float,
    since_day: int | None,
    baseline: Baseline | None,
    since_infusion: bool,  # noqa: FBT001
    except_during: tuple[str, ...],
) -> _Windows:
    rows = batch.observed(kind)
    if since_day is not None:
        starts = _day_start(batch, since_day)
        late = (starts[rows.course] != NEVER) & (rows.at >= starts[rows.course])
        rows = rows.take(late)
    if except_during:
        rows = rows.take(~_was_during(batch, rows, except_during))
    within, key = hours(within_hours), rows.key
    points = distinct(key, key + within)
    if baseline is not None:
        anchor = _anchor(batch, baseline)
        known = np.flatnonzero(anchor != NEVER)
        points = distinct(points, batch.key(known, anchor[known]))
    left, right = _window(batch, key, points, within)
    filled = right > left
    only_rules_out = None
    if since_infusion:
        left, before = _since_infusion(batch, key, points, left, right)
        only_rules_out = before[filled]
    places = np.empty(2 * int(filled.sum()), np.int64)
    places[0::2], places[1::2] = left[filled], right[filled]
    return _Windows(rows, reported(rows), points, until_next(batch, points, None), filled, places, only_rules_out)


def _since_infusion(batch: Batch, key: Ints, points: Ints, left: Ints, right: Ints) -> tuple[Ints, Bools]:  # noqa: PLR0917
    """Windows without their rows before the infusion where any later one is in them, and which of them hold no later one."""
    course = batch.course_of(points)
    infused = batch.infused[course]
    never = infused == NEVER
    first = np.searchsorted(key, batch.key(course, np.where(never, 0, infused)), side="left")
    before = never | (right <= first)
    return np.where(before, left, np.maximum(left, first)), before


def _was_during(batch: Batch, rows: Observed, named: tuple[str, ...]) -> Bools:
    """Whether each row was observed while one of the exposures named as stream/agent ran."""
    found = np.zeros(len(rows), bool)
    for stream, _, agent in (name.partition("/") for name in named):
        exposed = batch.exposed(stream)
        for place in np.flatnonzero(exposed.agent == agent):
            here = rows.course == exposed.course[place]
            found |= here & (exposed.start[place] <= rows.at) & (rows.at < exposed.end[place])
    return found


def _day_start(batch: Batch, day: int) -> Ints:
    courses = np.flatnonzero(batch.infused != NEVER)
    starts = np.full(batch.n, NEVER, np.int64)
    starts[courses] = batch.day_starts(courses, batch.day_zero[courses] + day)
    return starts


def _window(batch: Batch, key: Ints, points: Ints, within: int) -> tuple[Ints, Ints]:
    """Half-open ranges of rows in (point - within, point], never reaching into another course."""
    start_of_course = batch.starts[batch.course_of(points)] - 1
    left = np.searchsorted(key, np.maximum(points - within, start_of_course), side="right")
    return left, np.searchsorted(key, points, side="right")


def steepest_rise(batch: Batch, take: SteepestRise) -> Rows:
    """The steepest rise per hour between consecutive exact values."""
    rows = batch.observed(take.observation)
    rows = rows.take((rows.comparator == 0) & ~np.isnan(rows.value))
    within, apart = hours(take.within_hours), hours(take.apart_hours)
    gap = rows.at[1:] - rows.at[:-1]
    usable = (rows.course[1:] == rows.course[:-1]) & (gap > 0) & (gap >= apart) & (gap <= within)
    later = np.flatnonzero(usable) + 1
    slope = np.round((rows.value[later] - rows.value[later - 1]) / (gap[later - 1] / MICROSECONDS_PER_HOUR), 9)
    key = rows.key[later]
    points = distinct(key, key + within)
    left, right = _window(batch, key, points, within)
    filled = right > left
    before = np.zeros(len(points), bool)
    if take.since_infusion:
        left, before = _since_infusion(batch, key, points, left, right)
    values = unknown_numbers(len(points))
    if filled.any():
        places = np.column_stack([left[filled], right[filled]]).ravel()
        values.low[filled] = values.high[filled] = np.maximum.reduceat(np.append(slope, 0.0), places)[::2]
        values.low[before] = -np.inf
    return Rows(points, until_next(batch, points, None), values, UNKNOWN)


def measured_span(batch: Batch, take: MeasuredSpan) -> Rows:
    """Hours from the first to the last of the unbroken run of qualifying measurements that ends now."""
    rows = batch.observed(take.observation)
    numbers = reported(rows)
    low_end = numbers.low > take.at_least if take.strict else numbers.low >= take.at_least
    high_end = numbers.high > take.at_least if take.strict else numbers.high >= take.at_least
    if numbers.low_is_open is not None and numbers.high_is_open is not None:
        if take.strict:
            low_end |= (numbers.low == take.at_least) & numbers.low_is_open
        else:
            high_end &= (numbers.high > take.at_least) | ~numbers.high_is_open
    low = _span(rows, low_end, hours(take.gap_hours))
    high = _span(rows, high_end, hours(take.gap_hours))
    keep = last_of_each_key(rows.key)
    key, low, high = rows.key[keep], low[keep], high[keep]
    end = until_next(batch, key, hours(take.holds_hours))
    return Rows(key, end, Numbers(low, high), Numbers(np.array([0.0]), np.array([np.inf])))


def _span(rows: Observed, qualifies: Bools, gap: int) -> Floats:
    if not len(rows):
        return np.zeros(0)
    breaks = np.ones(len(rows), bool)
    breaks[1:] = (rows.course[1:] != rows.course[:-1]) | (rows.at[1:] - rows.at[:-1] > gap) | ~qualifies[:-1]
    first = np.maximum.accumulate(np.where(breaks, np.arange(len(rows)), 0))
    return np.where(qualifies, (rows.at - rows.at[first]) / MICROSECONDS_PER_HOUR, 0.0)


def item_sum(batch: Batch, take: ItemSum) -> Rows:
    """A recorded total while it holds and is not older than the newest item; else the sum of the items."""
    parts = {kind: _held_for(batch, kind, take.holds_hours) for kind in (*take.items, take.total)}
    points = distinct(batch.starts, *(edge for p in parts.values() for edge in (p.key, p.end)))
    points = points[batch.course_of(points) < batch.n]
    low, high = np.zeros(len(points)), np.zeros(len(points))
    newest = np.full(len(points), NEVER, np.int64)
    for kind, (lowest, highest) in take.items.items():
        here, numbers, since = _at(parts[kind], points)
        low += np.where(here, numbers.low, lowest)
        high += np.where(here, numbers.high, highest)
        newest = np.where(here, np.maximum(newest, since), newest)
    here, numbers, since = _at(parts[take.total], points)
    use_total = here & (since >= newest)
    low, high = np.where(use_total, numbers.low, low), np.where(use_total, numbers.high, high)
    sums = Numbers(low, high, _where_open(use_total, numbers.low_is_open), _where_open(use_total, numbers.high_is_open))
    lowest = float(sum(low for low, _ in take.items.values()))
    highest = float(sum(high for _, high in take.items.values()))
    return Rows(points, until_next(batch, points, None), sums, Numbers(np.array([lowest]), np.array([highest])))


def _where_open(use_total: Bools, is_open: Bools | None) -> Bools | None:
    return None if is_open is None else use_total & is_open


def _held_for(batch: Batch, kind: str, holds_hours: float) -> Rows:
    _, held = batch.once(held_rows, kind)
    return replace(held, end=np.minimum(held.end, held.key + hours(holds_hours)))


def _at(rows: Rows, points: Ints) -> tuple[Bools, Numbers, Ints]:
    """Whether a row holds at each point, its value, and its key."""
    if not len(rows):
        return np.zeros(len(points), bool), unknown_numbers(len(points)), np.full(len(points), NEVER, np.int64)
    place = np.searchsorted(rows.key, points, side="right") - 1
    safe = np.maximum(place, 0)
    here = (place >= 0) & (points < rows.end[safe])
    values: Values = rows.values.take(safe)
    return here, numbers_of(values), rows.key[safe]


def age_rows(batch: Batch) -> Rows:
    """Completed years of age over time."""
    key, age = batch.birthdays
    order = np.argsort(key, kind="stable")
    key, age = key[order], age[order]
    last = last_of_each_key(key)
    key, age = key[last], age[last]
    return Rows(key, until_next(batch, key, None), Numbers(age, age), UNKNOWN)


def age_at(batch: Batch, key: Ints) -> Floats:
    """Completed years at each key; NaN without a birth date."""
    rows = batch.once(age_rows)
    here, numbers, _ = _at(rows, key)
    return np.where(here, numbers.low, np.nan)


def relative_day(batch: Batch) -> Rows:
    """Relative day over time, from the infusion on."""
    courses = np.flatnonzero(batch.infused != NEVER)
    last = np.maximum(batch.last_row[courses], batch.last_look[courses])
    last_day = batch.local_days(courses, np.maximum(last, batch.infused[courses])) - batch.day_zero[courses]
    lengths = np.maximum(last_day, 0) + 2
    course = np.repeat(courses, lengths)
    day = np.concatenate([np.arange(n) for n in lengths]) if len(lengths) else np.zeros(0, np.int64)
    start = batch.day_starts(course, batch.day_zero[course] + day)
    key = batch.key(course, np.maximum(start, batch.infused[course]))
    number = day.astype(np.float64)
    return Rows(key, until_next(batch, key, None), Numbers(number, number), UNKNOWN)


def course_field(batch: Batch, take: CourseField) -> Rows:
    """A category of the course itself."""
    names = (*take.categories, "other")
    column = batch.of_patient("sex") if take.field == "sex" else batch.cohort.courses[take.field]
    everything = (1 << len(names)) - 1
    place = {name: 1 << number for number, name in enumerate(names)}
    mask = np.array([everything if v is None else place.get(v, place["other"]) for v in column], np.int64)
    return Rows(batch.starts, batch.ends + 1, Categories(mask, names), Categories(np.array([everything]), names))


def death(batch: Batch, take: Death) -> Rows:
    """Whether the patient has died of one of the causes."""
    courses = np.flatnonzero(batch.death_at != NEVER)
    key = batch.key(courses, batch.death_at[courses])
    cause = batch.death_detail[courses]
    certain = np.array([c in take.causes for c in cause], bool)
    possible = certain | np.array([c is None for c in cause], bool)
    return Rows(
        key, until_next(batch, key, None), Facts(certain, possible), Facts(np.array([False]), np.array([False]))
    )
