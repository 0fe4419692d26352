"""Verdict steps to episodes: onset, peak, resolution, state.

Place    Engine. Read by `engine.grade`; the episode table is what cohort work and trials count.
In       Verdict steps of grading scales, and the last look of each course.
Out      Episodes in order of onset, never overlapping; see `engine.verdict.EPISODES`.
Knows    Only steps up to the last look. An episode open then is ongoing or censored, never resolved.
Missing  A step whose lower bound is 0 and whose upper bound is not neither opens nor closes an episode; its time inside an
         episode is `unassessed_hours`. Such a step also stops the clock of the absence that resolution needs.
Sources  `gap_hours` comes from the rule set.
Does not Count recurrences as new courses, or impute between steps.
Checked  tests/unit/engine/test_episodes.py

Words
    present     lower bound at least 1
    resolved    absence (upper bound 0) has added up to gap_hours since the last present step; resolved_at is its first instant
    ongoing     present at the last look
    censored    neither present at the last look nor resolved
    fatal       the episode reached the grade that means death; points and criteria have none
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from vein2vein.basis.clock import MICROSECONDS_PER_HOUR, hours
from vein2vein.engine.calendars import NEVER, Ints, columns_of, in_zones, instants_of, local_days, picked, zones_of
from vein2vein.engine.steps import Steps
from vein2vein.engine.verdict import EPISODES
from vein2vein.knowledge.schema import RuleSet

Bools = npt.NDArray[np.bool_]
Column = pl.Series | Ints | npt.NDArray[np.float64]
_AFTER_ALL: Final = np.iinfo(np.int64).max
_STATES: Final = pl.Series(("fatal", "resolved", "ongoing", "censored"))


@dataclass(frozen=True, slots=True)
class EpisodeWords:
    """What episodes need to know of a grading scale.

    Attributes:
        gap_hours: Hours of absence that end an episode.
        fatal: The result that means death; None where no result does.
        is_cumulative: Whether the last verdict is the answer, so that its upper bound is that of the peak.
    """

    gap_hours: float
    fatal: int | None
    is_cumulative: bool = False

    @classmethod
    def of(cls, rule: RuleSet) -> EpisodeWords | None:
        """The words of a rule set; None when it has no episodes."""
        if rule.episodes is None:
            return None
        fatal = rule.result.highest if rule.result.kind == "grade" and rule.reads_deaths else None
        return cls(rule.episodes.gap_hours, fatal, rule.result.cumulative)


class Scales:
    """What episodes need to know of all rule sets that were asked, as arrays.

    Args:
        rule_sets: Id of each, in the order in which they were asked, and its words; without words it has no episodes.
    """

    def __init__(self, rule_sets: Sequence[tuple[str, EpisodeWords | None]]) -> None:
        ids, words = [id for id, _ in rule_sets], [word for _, word in rule_sets]
        self.ids = pl.Series(ids, dtype=pl.String)
        self.has_words = np.array([word is not None for word in words], bool)
        self.rank = None if ids == sorted(ids) else np.argsort(np.argsort(np.array(ids)))
        gap = [0 if word is None else hours(word.gap_hours) for word in words]
        fatal = [_AFTER_ALL if word is None or word.fatal is None else word.fatal for word in words]
        self.gap, self.fatal = np.array(gap, np.int64), np.array(fatal, np.int64)
        self.is_cumulative = np.array([word is not None and word.is_cumulative for word in words], bool)

    @classmethod
    def of(cls, rules: Sequence[RuleSet]) -> Scales:
        """Of bound rule sets."""
        return cls([(rule.id, EpisodeWords.of(rule)) for rule in rules])


def derive_episodes(steps: Steps, scales: Scales, courses: pl.DataFrame) -> pl.DataFrame:
    """Episodes of every grading scale.

    Args:
        steps: Verdict steps.
        scales: The rule sets, in the order of `steps`.
        courses: The courses table, for zones and day 0.

    Returns:
        A frame in the schema of `engine.verdict.EPISODES`, sorted by course, rule set id and onset.
    """
    runs = _runs(steps, scales)
    if not len(runs.course):
        return pl.DataFrame(schema=dict(EPISODES))
    first, last = runs.edges()
    columns = _times_and_peaks(runs, first, last) | _days(runs, first, courses)
    columns["course_id"] = picked(runs.course[first], courses["course_id"])[0]
    columns["rule_set_id"] = picked(runs.rule_set[first], scales.ids)[0]
    return pl.DataFrame([_column(name, columns[name], dtype) for name, dtype in EPISODES.items()])


def _column(name: str, values: Column, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """A column of the episode table; numbers take their width before Polars sees them."""
    if isinstance(values, np.ndarray) and dtype == pl.Int32:
        return pl.Series(name, values.astype(np.int32))
    column = pl.Series(name, values)
    return column if column.dtype == dtype else column.cast(dtype)


@dataclass(frozen=True, eq=False)
class _Runs:
    """Each is a present step and all steps up to the next present one; in order of course, rule set id and time.

    Attributes:
        since, until, low, high: Of the present step.
        first_absent: Start of the first step of absence; _AFTER_ALL where there is none.
        is_closed: Whether the absence adds up to what ends an episode.
        unassessed: Microseconds that could not be assessed and belong to the episode.
        is_present_last: Whether the run has no other step.
        fatal: The result that means death; _AFTER_ALL where none does.
        is_cumulative: Whether the last verdict is the answer.
    """

    course: Ints
    rule_set: Ints
    look: Ints
    since: Ints
    until: Ints
    low: Ints
    high: Ints
    first_absent: Ints
    is_closed: Bools
    unassessed: Ints
    is_present_last: Bools
    fatal: Ints
    is_cumulative: Bools

    def edges(self) -> tuple[Ints, Ints]:
        """Positions of the first and last run of each episode: it ends when a run is closed."""
        begins = np.ones(len(self.course), bool)
        begins[1:] = self.is_closed[:-1] | (self.course[1:] != self.course[:-1])
        begins[1:] |= self.rule_set[1:] != self.rule_set[:-1]
        first = begins.nonzero()[0]
        return first, np.append(first[1:], len(begins)) - 1


def _runs(steps: Steps, scales: Scales) -> _Runs:
    inside, present = _inside(steps, (steps.low >= 1) & scales.has_words[steps.rule_set], scales)
    run = present.cumsum() - 1
    high, since, until = steps.high[inside], steps.since[inside], steps.until[inside]
    look = steps.looks[steps.course[inside], steps.rule_set[inside]]
    until = np.where(until == NEVER, np.maximum(look, since), until)
    first = present.nonzero()[0]
    absent, length = high == 0, until - since

    def total(which: Bools) -> Ints:
        return np.add.reduceat(np.where(which, length, 0), first) if len(first) else first

    first_absent = np.minimum.reduceat(np.where(absent, since, _AFTER_ALL), first) if len(first) else first
    neither = ~present & ~absent
    is_late = since > first_absent[run]
    rule_set = steps.rule_set[inside][first]
    is_closed = (first_absent != _AFTER_ALL) & (total(absent) >= scales.gap[rule_set])
    unassessed = total(neither & ~is_late) + np.where(is_closed, 0, total(neither & is_late))
    return _Runs(
        course=steps.course[inside][first],
        rule_set=rule_set,
        look=look[first],
        since=since[first],
        until=until[first],
        low=steps.low[inside][first],
        high=high[first],
        first_absent=first_absent,
        is_closed=is_closed,
        unassessed=unassessed,
        is_present_last=np.append(first[1:], len(inside)) - first == 1,
        fatal=scales.fatal[rule_set],
        is_cumulative=scales.is_cumulative[rule_set],
    )


def _inside(steps: Steps, present: Bools, scales: Scales) -> tuple[Ints, Bools]:
    """Positions of the steps from the first present one of a course and rule set on, by rule set id; which are present."""
    heads = present.nonzero()[0]
    if not len(heads):
        return heads, present[heads]
    group = steps.course * len(scales.ids) + steps.rule_set
    before = present.cumsum() - 1  # the last present step so far, of whatever group
    inside = np.flatnonzero((before >= 0) & (group[heads[before]] == group))
    if scales.rank is not None:
        rank = scales.rank[steps.rule_set[inside]]
        inside = inside[np.lexsort((rank, steps.course[inside]))]  # stable: steps stay in order of time
    return inside, present[inside]


def _times_and_peaks(runs: _Runs, first: Ints, last: Ints) -> dict[str, Column]:
    episode_of = np.repeat(np.arange(len(first)), last - first + 1)
    onset, look = runs.since[first], runs.look[first]
    peak = np.maximum.reduceat(runs.low, first)
    at_peak = np.where(runs.low == peak[episode_of], runs.since, _AFTER_ALL)
    resolved = np.where(runs.is_closed[last], runs.first_absent[last], NEVER)
    end = np.where(resolved == NEVER, np.maximum(look, onset), resolved)
    is_fatal, is_resolved = peak >= runs.fatal[first], resolved != NEVER
    state = np.where(is_fatal, 0, np.where(is_resolved, 1, np.where(runs.is_present_last[last], 2, 3)))
    highest = np.maximum.reduceat(runs.high, first)
    at_first_peak, last_at = np.minimum.reduceat(at_peak, first), np.maximum.reduceat(runs.until, first)
    onset_at, peak_at, resolved_at, last_seen = columns_of(onset, at_first_peak, resolved, last_at)
    return {
        "episode": _numbered(runs, first),
        "onset_at": onset_at,
        "peak_low": peak,
        "peak_high": np.where(runs.is_cumulative[first], runs.high[last], highest),
        "peak_at": peak_at,
        "resolved_at": resolved_at,
        "last_at": last_seen,
        "state": picked(state, _STATES)[0],
        "episode_hours": (end - onset) / MICROSECONDS_PER_HOUR,
        "unassessed_hours": np.add.reduceat(runs.unassessed, first) / MICROSECONDS_PER_HOUR,
    }


def _numbered(runs: _Runs, first: Ints) -> Ints:
    """Episodes of a course and rule set, counted from 1."""
    course, rule_set = runs.course[first], runs.rule_set[first]
    is_another = np.ones(len(first), bool)
    is_another[1:] = (course[1:] != course[:-1]) | (rule_set[1:] != rule_set[:-1])
    place = np.arange(len(first))
    return 1 + place - np.maximum.accumulate(np.where(is_another, place, 0))


def _days(runs: _Runs, first: Ints, courses: pl.DataFrame) -> dict[str, Column]:
    """Onset day and days affected, on the calendar of each centre."""
    zones, names = zones_of(courses)

    def local(at: Ints, course: Ints) -> Ints:
        return in_zones(local_days, at, zones[course], names)

    course = runs.course[first]
    infused = local(instants_of(courses["infused_at"])[course], course)
    from_day = local(runs.since, runs.course)
    # The end of a half-open step is not part of it; a step without length still touches its day.
    to_day = local(np.maximum(runs.until - 1, runs.since), runs.course)
    begins = np.zeros(len(from_day), np.int64)
    begins[first] = 1
    episode = begins.cumsum() - 1
    apart = episode * 2 * (int(np.abs(to_day).max()) + 1)  # so that the days of one episode never reach the next
    seen = np.maximum.accumulate(to_day + apart) - apart
    new = from_day.copy()
    new[1:] = np.where(episode[1:] == episode[:-1], np.maximum(from_day[1:], seen[:-1] + 1), from_day[1:])
    affected = np.add.reduceat(np.maximum(to_day - new + 1, 0), first)
    onset_day = pl.Series((from_day[first] - infused).astype(np.int32))
    unknown = infused == NEVER
    return {
        "onset_day": onset_day.set(pl.Series(unknown), None) if unknown.any() else onset_day,
        "days_affected": affected,
    }
