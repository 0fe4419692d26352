"""One timeline, looked up by kind and cut at an instant.

Place    Engine, plain. Read by the plain input methods.
In       A timeline and the instant up to which anything may be known.
Out      Rows by kind, at or before a time; the span over which a rule set is asked.
Knows    An interval that ends at the end of the follow-up is not known to have ended: the observation stopped, not the infusion.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise

from vein2vein.basis.clock import day_zero_starts, from_microseconds, local_date, relative_day, to_microseconds
from vein2vein.knowledge.schema import Window
from vein2vein.record.timeline import CHARTED, Exposure, Milestone, Observation, Timeline


class CourseIndex:
    """Rows of one course by kind, with times in UTC microseconds."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.course = timeline.course
        self._observations: dict[str, tuple[list[int], list[Observation]]] = {}
        self._unusable: dict[str, list[int]] = {}
        for row in timeline.observations:
            if not row.is_usable:
                self._unusable.setdefault(row.kind, []).append(to_microseconds(row.observed_at))
            else:
                times, rows = self._observations.setdefault(row.kind, ([], []))
                times.append(to_microseconds(row.observed_at))
                rows.append(row)
        self._exposures: dict[str, list[Exposure]] = {}
        for exposure in timeline.exposures:
            self._exposures.setdefault(exposure.kind, []).append(self._open_ended(exposure))
        self._spans = {kind: list(map(span_of, rows)) for kind, rows in self._exposures.items()}
        self._charted: dict[str, list[tuple[int, int | None]]] = {}

    @cached_property
    def _is_in_order(self) -> bool:
        """Whether every table stands in time order, as it should."""
        line = self.timeline
        times = (
            [o.observed_at for o in line.observations],
            [e.started_at for e in line.exposures],
            [m.at for m in line.milestones],
        )
        return all(before <= after for table in times for before, after in pairwise(table))

    @cached_property
    def _running(self) -> dict[int, Exposure]:
        """Each exposure as it was while it ran, without its end; rows live as long as their index, so identity is a safe key."""
        rows = (*self.timeline.exposures, *(row for rows in self._exposures.values() for row in rows))
        return {id(row): row if row.ended_at is None else replace(row, ended_at=None) for row in rows}

    def until(self, at: datetime) -> CourseIndex:
        """The index of `timeline.until(at)`: the same rows, found by bisection instead of by looking at each."""
        if not self._is_in_order:
            return CourseIndex(self.timeline.until(at))
        line, instant = self.timeline, to_microseconds(at)
        bare = replace(line, observations=(), exposures=(), milestones=()).until(at)
        running = self._running
        exposures = tuple(
            e if e.ended_at is None or e.ended_at <= at else running[id(e)]
            for e in line.exposures[: bisect_right(line.exposures, at, key=lambda row: row.started_at)]
        )
        cut = CourseIndex(Timeline(bare.course))
        cut._is_in_order = True  # as the tables that it was cut from
        cut.timeline = replace(
            cut.timeline,
            exposures=exposures,
            observations=line.observations[: bisect_right(line.observations, at, key=lambda row: row.observed_at)],
            milestones=line.milestones[: bisect_right(line.milestones, at, key=lambda row: row.at)],
            lesions=bare.lesions,
            cut_at=at,
        )
        for kind, (times, rows) in self._observations.items():
            place = bisect_right(times, instant)
            if place:
                cut._observations[kind] = times[:place], rows[:place]
        for kind, times in self._unusable.items():
            place = bisect_right(times, instant)
            if place:
                cut._unusable[kind] = times[:place]
        for kind, spans in self._spans.items():
            begun = list(zip(self._exposures[kind], spans, strict=True))[: bisect_right(spans, instant, key=_start)]
            if begun:
                is_over = [end is not None and end <= instant for _, (_, end) in begun]
                cut._exposures[kind] = [
                    row if over else running[id(row)] for (row, _), over in zip(begun, is_over, strict=True)
                ]
                cut._spans[kind] = [
                    span if over else (span[0], None) for (_, span), over in zip(begun, is_over, strict=True)
                ]
        return cut

    def _open_ended(self, exposure: Exposure) -> Exposure:
        until = self.course.followed_until
        if exposure.ended_at is not None and until is not None and exposure.ended_at >= until:
            return replace(exposure, ended_at=None)
        return exposure

    def times(self, kind: str) -> list[int]:
        """Times of the usable observations of a kind, in order."""
        return self._observations.get(kind, ([], []))[0]

    def unusable(self, kind: str) -> list[int]:
        """Times of the rows of a kind that cannot be used, in order."""
        return self._unusable.get(kind, [])

    def before(self, kind: str, at: int) -> list[Observation]:
        """Usable observations of a kind at or before `at`, in order."""
        times, rows = self._observations.get(kind, ([], []))
        return rows[: bisect_right(times, at)]

    def latest(self, kind: str, at: int) -> Observation | None:
        """The last usable observation of a kind at or before `at`."""
        times, rows = self._observations.get(kind, ([], []))
        place = bisect_right(times, at)
        return rows[place - 1] if place else None

    def exposures(self, kind: str) -> list[Exposure]:
        """Exposures of a stream, in order of start."""
        return self._exposures.get(kind, [])

    def spans(self, kind: str) -> list[tuple[int, int | None]]:
        """[start, end) of each exposure of a stream, in the same order."""
        return self._spans.get(kind, [])

    def charted(self, stream: str) -> list[tuple[int, int | None]]:
        """Intervals [start, end) in which a stream is recorded completely, merged where they touch."""
        if stream not in self._charted:
            self._charted[stream] = self._merged_charted(stream)
        return self._charted[stream]

    def _merged_charted(self, stream: str) -> list[tuple[int, int | None]]:
        merged: list[tuple[int, int | None]] = []
        for exposure in self.exposures(CHARTED):
            if exposure.agent != stream:
                continue
            start, end = to_microseconds(exposure.started_at), _end(exposure)
            if merged and (merged[-1][1] is None or start <= merged[-1][1]):
                before = merged.pop()
                end = None if before[1] is None or end is None else max(before[1], end)
                start = before[0]
            merged.append((start, end))
        return merged

    def milestones(self, kinds: tuple[str, ...]) -> list[Milestone]:
        """Milestones of some kinds, in order."""
        return [m for m in self.timeline.milestones if m.kind in kinds]

    @cached_property
    def death(self) -> Milestone | None:
        """The first recorded death."""
        return self.timeline.milestone("death")

    @cached_property
    def last_row(self) -> int | None:
        """Last instant at which any row begins or ends; None for a course without rows."""
        line = self.timeline
        ends = slice(-1, None) if self._is_in_order else slice(None)
        instants = [o.observed_at for o in line.observations[ends]]
        instants += [t for e in line.exposures for t in (e.started_at, e.ended_at) if t is not None]
        instants += [m.at for m in line.milestones[ends]]
        return to_microseconds(max(instants)) if instants else None

    @cached_property
    def first_row(self) -> int | None:
        """First instant at which any row begins."""
        line = self.timeline
        starts = slice(1) if self._is_in_order else slice(None)
        instants = [o.observed_at for o in line.observations[starts]]
        instants += [e.started_at for e in line.exposures[starts]] + [m.at for m in line.milestones[starts]]
        return to_microseconds(min(instants)) if instants else None

    def last_look(self, as_of: int | None) -> int | None:
        """The last instant about which anything is said: end of follow-up (else the last row), death, or `as_of`."""
        followed = self.course.followed_until
        ends = [self.last_row if followed is None else to_microseconds(followed)]
        if as_of is not None and (followed is None or ends[0] is None or as_of < ends[0]):
            ends = [as_of]
        if self.death is not None:
            ends.append(to_microseconds(self.death.at))
        known = [end for end in ends if end is not None]
        return min(known) if known else None

    def day(self, at: int) -> int | None:
        """Relative day of an instant; None without an infusion."""
        if self.course.infused_at is None:
            return None
        return relative_day(from_microseconds(at), infused_at=self.course.infused_at, zone=self.course.zone)

    def is_before_infusion(self, at: datetime) -> bool:
        """Whether an instant lies before the first infusion; also where there is none."""
        return self.course.infused_at is None or at < self.course.infused_at

    @cached_property
    def day_zero(self) -> date | None:
        """Local calendar day of the first infusion."""
        return None if self.course.infused_at is None else local_date(self.course.infused_at, self.course.zone)

    def opening(self, window: Window) -> int | None:
        """First instant of a rule set's window; None when it cannot open."""
        if window.opens is None:
            return self.first_row
        if self.course.infused_at is None:
            return None
        if window.opens == "infusion":
            return to_microseconds(self.course.infused_at)
        return self.day_starts(range(window.opens, window.opens + 1))[0]

    def closing(self, window: Window) -> int | None:
        """First instant after a rule set's window; None when it stays open."""
        if window.closes is None or self.course.infused_at is None:
            return None
        if window.closes == "infusion":
            return to_microseconds(self.course.infused_at)
        return self.day_starts(range(window.closes, window.closes + 1))[0]

    def day_starts(self, days: range) -> list[int]:
        """Starts of relative days; empty without an infusion."""
        if self.course.infused_at is None:
            return []
        return day_zero_starts(self.course.infused_at, self.course.zone, days)

    def weight_at(self, at: int) -> float | None:
        """Body weight in kg last measured at or before `at`."""
        row = self.latest("weight", at)
        return None if row is None else row.value


def _end(exposure: Exposure) -> int | None:
    return None if exposure.ended_at is None else to_microseconds(exposure.ended_at)


def _start(span: tuple[int, int | None]) -> int:
    return span[0]


def span_of(exposure: Exposure) -> tuple[int, int | None]:
    """[start, end) of an exposure in microseconds; no end while it runs."""
    return to_microseconds(exposure.started_at), _end(exposure)
