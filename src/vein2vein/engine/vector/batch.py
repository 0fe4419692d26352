"""The cohort tables of many courses as sorted arrays with one integer key per row.

Place    Engine, vector. Made once for a partition of courses; read by the vector input methods.
In       A `Cohort`, already cut at the instant of the question.
Out      Arrays per kind, stream and milestone, in order of (course, time).
Knows    A key is ``course << bits | microseconds since the first row of the course``: keys sort like (course, time), so that
         looking back is one binary search and looking back past the start of a course is seen at once.
Missing  A missing instant is `NEVER`; an open end is `FOREVER`.
Does not Judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from vein2vein.basis.clock import MICROSECONDS_PER_DAY
from vein2vein.engine import calendars
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import CHARTED

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Result = TypeVar("Result")

NEVER: Final = calendars.NEVER
FOREVER: Final = np.iinfo(np.int64).max
MARGIN_BITS: Final = 46  # about 800 days after the last row, so that holding times never run into the next course
LEAD: Final = 60 * MICROSECONDS_PER_DAY  # windows may open this long before the first row or the infusion
KEY_BITS: Final = 62
_FIRST: Final = np.zeros(1, np.int64)
_NOWHERE: Final = 0, 0, 0
_FEW: Final = 8
COMPARATORS: Final = ("<", "<=", ">", ">=")
LESS, AT_MOST, MORE, AT_LEAST = range(1, 5)  # their numbers in `Observed.comparator`; 0 is none


@dataclass(frozen=True)
class Observed:
    """Usable observations of one kind, sorted by course and time (so by key), rows at one instant in table order."""

    key: Ints
    course: Ints
    at: Ints
    value: Floats
    comparator: npt.NDArray[np.int8]
    code: npt.NDArray[np.object_] | None
    reference_low: Floats
    reference_high: Floats

    def __len__(self) -> int:
        return len(self.at)

    def take(self, where: npt.NDArray[np.intp] | Bools | slice) -> Observed:
        """Some of the rows."""
        return Observed(
            self.key[where],
            self.course[where],
            self.at[where],
            self.value[where],
            self.comparator[where],
            None if self.code is None else self.code[where],
            self.reference_low[where],
            self.reference_high[where],
        )


@dataclass(frozen=True)
class Exposed:
    """Exposures of one stream, sorted by course and start."""

    course: Ints
    start: Ints
    end: Ints
    agent: npt.NDArray[np.object_]
    reason: npt.NDArray[np.object_]
    rate: Floats
    rate_unit: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, where: Ints) -> Exposed:
        """Some of the rows."""
        return Exposed(
            self.course[where],
            self.start[where],
            self.end[where],
            self.agent[where],
            self.reason[where],
            self.rate[where],
            self.rate_unit[where],
        )


class TooManyCoursesError(Exception):
    """Time within the longest course and the number of courses do not fit into one key; a single course always does."""


class Batch:
    """A partition of courses as arrays.

    Args:
        cohort: Some courses.
        as_of: Microseconds up to which anything is known, or None.

    Raises:
        TooManyCoursesError: When fewer courses have to be taken at once.
    """

    def __init__(self, cohort: Cohort, as_of: int | None) -> None:
        self.cohort = cohort
        self.n = len(cohort)
        courses = cohort.courses
        self.ids = courses["course_id"]
        self.zones, self.zone_names = calendars.zones_of(courses)
        self.infused = calendars.instants_of(courses["infused_at"])
        self.followed = calendars.instants_of(courses["followed_until"])
        self._observed: dict[str, Observed] = {}
        self._exposed: dict[str, Exposed] = {}
        self._charted: dict[str, tuple[Ints, Ints, Ints]] = {}
        self._once: dict[tuple[object, ...], Any] = {}
        self._observation_course = _course_numbers(cohort.observations, self.ids)
        self._exposure_course = _course_numbers(cohort.exposures, self.ids)
        self._milestone_course = _course_numbers(cohort.milestones, self.ids)
        self.first, self.last_row = self._extent()
        earliest = np.minimum(self.first, np.where(self.infused == NEVER, FOREVER, self.infused))
        self.base = np.where(earliest == FOREVER, 0, earliest - LEAD)
        ends = np.maximum(self.last_row, np.maximum(self.followed, 0 if as_of is None else as_of))
        longest = int(np.maximum(ends - self.base, 0).max(initial=0))
        self.bits = max(longest.bit_length(), MARGIN_BITS) + 1
        if self.bits + max(self.n - 1, 0).bit_length() > KEY_BITS:
            raise TooManyCoursesError
        self.last_look = self._last_look(as_of)

    def once(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What `function(batch, *arguments)` gives, worked out once for this batch; for what several inputs share."""
        key = (function, *arguments)
        if key not in self._once:
            self._once[key] = function(self, *arguments)
        found: Result = self._once[key]
        return found

    def has_once(self, function: Callable[..., Any], *arguments: Any) -> bool:
        """Whether that was worked out."""
        return (function, *arguments) in self._once

    def put_once(self, result: Any, function: Callable[..., Any], *arguments: Any) -> None:
        """Keep what `function(batch, *arguments)` would give, for `once`; for what was worked out with others."""
        self._once[function, *arguments] = result

    def _extent(self) -> tuple[Ints, Ints]:
        first = np.full(self.n, FOREVER, np.int64)
        last = np.full(self.n, NEVER, np.int64)
        columns = [
            (self._observation_course, self.cohort.observations["observed_at"]),
            (self._exposure_course, self.cohort.exposures["started_at"]),
            (self._exposure_course, self.cohort.exposures["ended_at"]),
            (self._milestone_course, self.cohort.milestones["at"]),
        ]
        for course, column in columns:
            at, course = _known(calendars.instants_of(column), course)  # noqa: PLW2901  (the same rows, those with a time)
            if column.name != "ended_at":  # an end is no first sign of a course
                _reduce_sorted(np.minimum, first, course, at)
            _reduce_sorted(np.maximum, last, course, at)
        return first, last

    def _last_look(self, as_of: int | None) -> Ints:
        last = np.where(self.followed == NEVER, self.last_row, self.followed)
        if as_of is not None:
            last = np.where((self.followed == NEVER) | (as_of < self.followed), as_of, last)
        died = self.death_at
        return np.where(died == NEVER, last, np.minimum(np.where(last == NEVER, died, last), died))

    def key(self, course: Ints, at: Ints) -> Ints:
        """Sortable keys of instants; instants before the first row of a course are taken to its start."""
        key = at - (self.base if self.n == 1 else self.base[course])
        np.maximum(key, 0, out=key)
        np.minimum(key, (1 << self.bits) - 1, out=key)
        if self.n > 1:  # the only course is number 0
            key += course << self.bits
        return key

    def course_of(self, key: Ints) -> Ints:
        """The course of each key."""
        return key >> self.bits

    def at_of(self, key: Ints) -> Ints:
        """The instant of each key."""
        course = key >> self.bits
        instant: Ints = key - (course << self.bits) + self.base[course]
        return instant

    @cached_property
    def starts(self) -> Ints:
        """The lowest key of each course."""
        return np.arange(self.n, dtype=np.int64) << self.bits

    @cached_property
    def ends(self) -> Ints:
        """The highest key of each course."""
        return self.starts + ((1 << self.bits) - 1)

    @cached_property
    def _by_kind(self) -> tuple[dict[str, tuple[int, int, int]], Observed]:
        """All observations, kind by kind, the usable ones first; where each kind begins, where its unusable ones do, its end."""
        frame = self.cohort.observations
        codes = frame["kind"].cast(pl.Categorical).to_physical().to_numpy().astype(np.int64)
        usable = (frame["usability"] == "ok").to_numpy()
        if frame["value"].null_count():
            usable = usable & (frame["value"].is_not_null() | frame["code"].is_not_null()).to_numpy()
        group = 2 * codes + ~usable
        counts = np.bincount(group, minlength=2 * (int(codes.max(initial=-1)) + 1))
        order = _in_order_of(group, counts)
        edges = np.concatenate([_FIRST, counts.cumsum()])
        kinds = (counts[0::2] + counts[1::2]).nonzero()[0] * 2
        names = calendars.picked(order[edges[kinds]], frame["kind"])[0].to_list()
        places = zip(edges[kinds].tolist(), edges[kinds + 1].tolist(), edges[kinds + 2].tolist(), strict=True)
        return dict(zip(names, places, strict=True)), self._observations().take(order)

    def _observations(self) -> Observed:
        frame, course = self.cohort.observations, self._observation_course
        at = calendars.instants_of(frame["observed_at"])
        return _observed(frame, self.key(course, at), course, at)

    def unusable(self, kind: str) -> Ints:
        """Keys of the observations of a kind that cannot be used, in order."""
        places, rows = self._by_kind
        _, begin, end = places.get(kind, _NOWHERE)
        return rows.key[begin:end]

    def count(self, kind: str) -> int:
        """How many usable observations of a kind there are."""
        begin, end, _ = self._by_kind[0].get(kind, _NOWHERE)
        return end - begin

    @cached_property
    def recorded(self) -> frozenset[str]:
        """What anything at all was recorded of: kinds of observations, streams (also when only charted), milestones."""
        kinds, rows = self._all_exposed
        charted = rows.agent[kinds == CHARTED]
        return frozenset((*self._by_kind[0], *kinds.tolist(), *charted.tolist(), *self._all_milestones[0].tolist()))

    def observed(self, kind: str) -> Observed:
        """Usable observations of a kind."""
        if kind not in self._observed:
            places, rows = self._by_kind
            begin, end, _ = places.get(kind, _NOWHERE)
            self._observed[kind] = rows.take(slice(begin, end))
        return self._observed[kind]

    def exposed(self, stream: str) -> Exposed:
        """Exposures of a stream; an end at the end of the follow-up is not known to be an end."""
        if stream not in self._exposed:
            kinds, rows = self._all_exposed
            self._exposed[stream] = rows.take((kinds == stream).nonzero()[0])
        return self._exposed[stream]

    @cached_property
    def _all_exposed(self) -> tuple[npt.NDArray[np.object_], Exposed]:
        """Streams and rows of all exposures."""
        frame, course = self.cohort.exposures, self._exposure_course
        end, followed = calendars.instants_of(frame["ended_at"]), self.followed[course]
        end = np.where((end == NEVER) | ((followed != NEVER) & (end >= followed)), FOREVER, end)
        agent, reason, rate_unit = (_objects(frame[name]) for name in ("agent", "reason", "rate_unit"))
        rate = _numbers(frame["rate"])
        return _objects(frame["kind"]), Exposed(
            course, calendars.instants_of(frame["started_at"]), end, agent, reason, rate, rate_unit
        )

    def charted(self, stream: str) -> tuple[Ints, Ints, Ints]:
        """Merged charted intervals of a stream: course, start, end."""
        if stream not in self._charted:
            self._charted[stream] = self._merged_charted(stream)
        return self._charted[stream]

    def _merged_charted(self, stream: str) -> tuple[Ints, Ints, Ints]:
        rows = self.exposed(CHARTED)
        mine = rows.agent == stream
        course, start, end = rows.course[mine], rows.start[mine], rows.end[mine]
        if (course[1:] != course[:-1]).all():  # nothing to merge
            return course, start, end
        start_key = self.key(course, start)
        end_key = np.where(end == FOREVER, self.ends[course], self.key(course, np.where(end == FOREVER, 0, end)))
        reach = np.maximum.accumulate(end_key)
        opens = np.ones(len(course), bool)
        opens[1:] = start_key[1:] > reach[:-1]
        first = opens.nonzero()[0]
        merged_end = np.maximum.reduceat(end_key, first)
        ends = np.where(merged_end == self.ends[course[first]], FOREVER, self.at_of(merged_end))
        return course[first], start[first], ends

    def milestones(self, kinds: tuple[str, ...]) -> Ints:
        """First milestone of any of the kinds, per course; NEVER without one."""
        named, at = self._all_milestones
        here = np.zeros(len(named), bool)
        for kind in kinds:
            here |= named == kind
        first = np.full(self.n, FOREVER, np.int64)
        _reduce_sorted(np.minimum, first, self._milestone_course[here], at[here])
        return np.where(first == FOREVER, NEVER, first)

    @cached_property
    def _all_milestones(self) -> tuple[npt.NDArray[np.object_], Ints]:
        """Kinds and instants of all milestones."""
        return _objects(self.cohort.milestones["kind"]), calendars.instants_of(self.cohort.milestones["at"])

    @cached_property
    def death_at(self) -> Ints:
        """First recorded death, per course; NEVER without one."""
        return self.milestones(("death",))

    @cached_property
    def death_detail(self) -> npt.NDArray[np.object_]:
        """Cause of the first recorded death, per course; None without one."""
        cause = np.full(self.n, None, dtype=object)
        here = self._all_milestones[0] == "death"
        courses, details = self._milestone_course[here][::-1], _objects(self.cohort.milestones["detail"])[here][::-1]
        cause[courses] = details  # reversed, so that the first death wins
        return cause

    def of_patient(self, column: str) -> pl.Series:
        """A column of the patients table, per course."""
        return calendars.picked(self._patients, self.cohort.patients[column])[0]

    @cached_property
    def _patients(self) -> Ints:
        """Position of the patient of each course."""
        place = {id: number for number, id in enumerate(self.cohort.patients["patient_id"].to_list())}
        return np.array([place[id] for id in self.cohort.courses["patient_id"].to_list()], np.int64)

    @cached_property
    def birthdays(self) -> tuple[Ints, Floats]:
        """Keys at which a patient completes a year of life, and the age from then on; covers the whole of each course.

        A birthday on 29 February is kept on 1 March in other years.
        """
        born = self.of_patient("born_on").to_numpy().astype("datetime64[D]")
        known = np.flatnonzero(~np.isnat(born))
        born_month = born[known].astype("datetime64[M]")
        born_year = born_month.astype("datetime64[Y]")
        first = self.base[known].astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) - 1
        ends = np.maximum(np.maximum(self.last_row, self.last_look), self.base)[known]
        last = ends.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1
        lengths = np.maximum(last - first + 1, 1)
        row = np.repeat(np.arange(len(known)), lengths)
        year = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        age = year - born_year.astype(np.int64)[row]
        row, year, age = (a[age >= 0] for a in (row, year, age))
        month_of_year = (born_month - born_year).astype(np.int64)[row]
        day_of_month = (born[known] - born_month).astype(np.int64)[row]
        month = (year * 12 + month_of_year).astype("datetime64[M]")
        day = month.astype("datetime64[D]").astype(np.int64) + day_of_month
        return self.key(known[row], self.day_starts(known[row], day)), age.astype(np.float64)

    @cached_property
    def day_zero(self) -> npt.NDArray[np.int64]:
        """Local calendar day of the infusion as days since 1970-01-01; NEVER without one."""
        return self.local_days(np.arange(self.n, dtype=np.int64), self.infused)

    def local_days(self, course: Ints, at: Ints) -> Ints:
        """Local calendar day of each instant at the course's centre, as days since 1970-01-01; NEVER stays."""
        return calendars.in_zones(calendars.local_days, at, self.zones[course], self.zone_names)

    def day_starts(self, course: Ints, days: Ints) -> Ints:
        """First instant of local calendar days (days since 1970-01-01) at the course's centre."""
        return calendars.in_zones(calendars.day_starts, days, self.zones[course], self.zone_names)


def _course_numbers(frame: pl.DataFrame, ids: pl.Series) -> Ints:
    """Position of each row's course; rows and courses stand in the same order, so each course is looked up once."""
    if not frame.height or len(ids) == 1:
        return np.zeros(frame.height, np.int64)
    starts = np.asarray(frame["course_id"].search_sorted(ids[1:], side="left"), np.int64)
    return np.repeat(np.arange(len(ids)), np.diff(starts, prepend=0, append=frame.height))


def _reduce_sorted(ufunc: np.ufunc, into: Ints, course: Ints, at: Ints) -> None:
    """Fold sorted rows into one number per course."""
    if not len(course):
        return
    first = np.concatenate([_FIRST, 1 + (course[1:] != course[:-1]).nonzero()[0]])
    into[course[first]] = ufunc(into[course[first]], ufunc.reduceat(at, first))


def _in_order_of(group: Ints, counts: Ints) -> Ints:
    """Positions of the rows of each group in turn; `counts` says how many rows each has."""
    short = group.astype(np.min_scalar_type(len(counts)))
    present = counts.nonzero()[0]
    if 0 < len(present) <= _FEW:  # quicker than sorting
        return np.concatenate([(short == number).nonzero()[0] for number in present.tolist()])
    return short.argsort(kind="stable")


def _known(at: Ints, course: Ints) -> tuple[Ints, Ints]:
    known = at != NEVER
    return (at, course) if known.all() else (at[known], course[known])


def _objects(column: pl.Series) -> npt.NDArray[np.object_]:
    return np.array(column.to_list(), dtype=object) if len(column) else np.zeros(0, dtype=object)


def _numbers(column: pl.Series) -> Floats:
    if column.null_count() == len(column):
        return np.full(len(column), np.nan)
    return column.to_numpy().astype(np.float64, copy=False)


def _observed(frame: pl.DataFrame, key: Ints, course: Ints, at: Ints) -> Observed:
    comparator = np.zeros(frame.height, np.int8)
    if frame["comparator"].null_count() < frame.height:
        for number, sign in enumerate(COMPARATORS, start=1):
            comparator[(frame["comparator"] == sign).fill_null(value=False).to_numpy()] = number
    code = frame["code"]
    return Observed(
        key,
        course,
        at,
        _numbers(frame["value"]),
        comparator,
        None if code.null_count() == len(code) else code.to_numpy(),
        _numbers(frame["reference_low"]),
        _numbers(frame["reference_high"]),
    )
