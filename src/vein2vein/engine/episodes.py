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
from vein2vein.engine.calendars import NEVER, Ints, column_of, in_zones, instants_of, local_days, zones_of
from vein2vein.engine.steps import Steps
from vein2vein.engine.verdict import EPISODES
from vein2vein.knowledge.schema import RuleSet

Bools = npt.NDArray[np.bool_]
Column = pl.Series | Ints | npt.NDArray[np.float64]
_AFTER_ALL: Final = np.iinfo(np.int64).max
_STATES: Final = ("fatal", "resolved", "ongoing", "censored")


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


def derive_episodes(
    steps: Steps, rule_sets: Sequence[tuple[str, EpisodeWords | None]], courses: pl.DataFrame
) -> pl.DataFrame:
    """Episodes of every grading scale.

    Args:
        steps: Verdict steps.
        rule_sets: Id of each rule set, in the order of `steps`, and its words; without words it has no episodes.
        courses: The courses table, for zones and day 0.

    Returns:
        A frame in the schema of `engine.verdict.EPISODES`, sorted by course, rule set id and onset.
    """
    runs = _runs(steps, rule_sets)
    if not len(runs.course):
        return pl.DataFrame(schema=dict(EPISODES))
    ids = [id for id, _ in rule_sets]
    first, last = runs.edges()
    columns = _times_and_peaks(runs, first, last) | _days(runs, first, courses)
    columns["course_id"] = courses["course_id"][runs.course[first]]
    columns["rule_set_id"] = pl.Series(ids)[runs.rule_set[first]]
    return pl.DataFrame([pl.Series(name, columns[name]).cast(dtype) for name, dtype in EPISODES.items()])


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
        first = np.flatnonzero(begins)
        return first, np.append(first[1:], len(begins)) - 1


def _runs(steps: Steps, rule_sets: Sequence[tuple[str, EpisodeWords | None]]) -> _Runs:
    words = [word for _, word in rule_sets]
    has_words = np.array([word is not None for word in words], bool)
    inside, present = _inside(steps, (steps.low >= 1) & has_words[steps.rule_set], [id for id, _ in rule_sets])
    run = np.cumsum(present) - 1
    high, since, until = steps.high[inside], steps.since[inside], steps.until[inside]
    look = steps.looks[steps.course[inside], steps.rule_set[inside]]
    until = np.where(until == NEVER, np.maximum(look, since), until)
    first = np.flatnonzero(present)
    absent, length = high == 0, until - since

    def total(which: Bools) -> Ints:
        return np.add.reduceat(np.where(which, length, 0), first) if len(first) else first

    first_absent = np.minimum.reduceat(np.where(absent, since, _AFTER_ALL), first) if len(first) else first
    neither = ~present & ~absent
    is_late = since > first_absent[run]
    rule_set = steps.rule_set[inside][first]
    gap, fatal, is_cumulative = _of_rule_sets(words)
    is_closed = (first_absent != _AFTER_ALL) & (total(absent) >= gap[rule_set])
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
        is_present_last=np.diff(first, append=len(inside)) == 1,
        fatal=fatal[rule_set],
        is_cumulative=is_cumulative[rule_set],
    )


def _inside(steps: Steps, present: Bools, ids: list[str]) -> tuple[Ints, Bools]:
    """Positions of the steps from the first present one of a course and rule set on, by rule set id; which are present."""
    heads = np.flatnonzero(present)
    if not len(heads):
        return heads, present[heads]
    group = steps.course * len(ids) + steps.rule_set
    before = np.cumsum(present) - 1  # the last present step so far, of whatever group
    inside = np.flatnonzero((before >= 0) & (group[heads[before]] == group))
    if ids != sorted(ids):
        rank = np.argsort(np.argsort(np.array(ids)))[steps.rule_set[inside]]
        inside = inside[np.lexsort((rank, steps.course[inside]))]  # stable: steps stay in order of time
    return inside, present[inside]


def _of_rule_sets(words: Sequence[EpisodeWords | None]) -> tuple[Ints, Ints, Bools]:
    """The gap in microseconds, the fatal result and whether the answer is cumulative, for each rule set."""
    gap = [0 if word is None else hours(word.gap_hours) for word in words]
    fatal = [_AFTER_ALL if word is None or word.fatal is None else word.fatal for word in words]
    is_cumulative = [word is not None and word.is_cumulative for word in words]
    return np.array(gap, np.int64), np.array(fatal, np.int64), np.array(is_cumulative, bool)


def _times_and_peaks(runs: _Runs, first: Ints, last: Ints) -> dict[str, Column]:
    episode_of = np.repeat(np.arange(len(first)), last - first + 1)
    onset, look = runs.since[first], runs.look[first]
    peak = np.maximum.reduceat(runs.low, first)
    at_peak = np.where(runs.low == peak[episode_of], runs.since, _AFTER_ALL)
    resolved = np.where(runs.is_closed[last], runs.first_absent[last], NEVER)
    end = np.where(resolved == NEVER, np.maximum(look, onset), resolved)
    is_fatal, is_resolved = peak >= runs.fatal[first], resolved != NEVER
    state = np.select([is_fatal, is_resolved, runs.is_present_last[last]], [0, 1, 2], 3)
    highest = np.maximum.reduceat(runs.high, first)
    return {
        "episode": _numbered(runs, first),
        "onset_at": column_of(onset),
        "peak_low": peak,
        "peak_high": np.where(runs.is_cumulative[first], runs.high[last], highest),
        "peak_at": column_of(np.minimum.reduceat(at_peak, first)),
        "resolved_at": column_of(resolved),
        "last_at": column_of(np.maximum.reduceat(runs.until, first)),
        "state": pl.Series(_STATES)[state],
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
    episode = np.cumsum(np.isin(np.arange(len(from_day)), first)) - 1
    apart = episode * 2 * (int(np.abs(to_day).max()) + 1)  # so that the days of one episode never reach the next
    seen = np.maximum.accumulate(to_day + apart) - apart
    new = from_day.copy()
    new[1:] = np.where(episode[1:] == episode[:-1], np.maximum(from_day[1:], seen[:-1] + 1), from_day[1:])
    affected = np.add.reduceat(np.maximum(to_day - new + 1, 0), first)
    onset_day = pl.Series(from_day[first] - infused)
    unknown = infused == NEVER
    return {
        "onset_day": onset_day.set(pl.Series(unknown), None) if unknown.any() else onset_day,
        "days_affected": affected,
    }
