"""Take the time in which something refused may have run out of what counts as completely charted.

Place    Floor 3. Filled by every adapter and shared step through `FaultBook.lose`; applied by `checks`.
In       What is known of refused rows that may have been exposures: whose, of which stream, from when, until when.
Out      Charted exposures (see `charting.complete`) without those times.
Knows    The rule: a refused row that may have been an exposure never leaves its time charted. What it does not say counts as
         anything: without a course it may be of any course of its patient, without a patient of any course; without a stream
         of any stream; without a time it may have run at any time, in every course of its patient. So does a row whose time
         cannot be true (before birth, after death).
Does not Concern rows that are not needed, copies, rows of courses that the delivery does not hold, and laboratory values of an
         unknown code.
Checked  tests/unit/intake/test_lost.py, tests/acceptance/intake/test_lost_exposures.py
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from vein2vein.record.tables import Instant

LOST: Final[Mapping[str, Any]] = {
    "course_id": pl.String,
    "patient_id": pl.String,
    "kind": pl.String,
    "started_at": Instant,
    "ended_at": Instant,
}
_ALWAYS: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_TICK: Final = timedelta(microseconds=1)
_MANY: Final = 500
_NEAR: Final = timedelta(hours=1)
_Span = tuple[datetime, datetime]
_Key = tuple[str | None, str | None, str | None]


def without_lost(charted: pl.DataFrame, lost: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """Charted exposures without the time in which a refused exposure of their stream may have run.

    Args:
        charted: Rows of kind "charted"; agent is the stream.
        lost: Refused exposures (`LOST`): between its two times, in either order, each may have run; without a first time
            from the start of the charting, without a last one until its end; one of an instant takes that instant.
        courses: course_id and patient_id of the courses of these rows.
    """
    if lost.is_empty() or charted.is_empty():
        return charted
    gaps = _gaps(lost, courses)
    owners: dict[str, str | None] = dict(courses.select("course_id", "patient_id").iter_rows())
    cut: list[dict[str, Any]] = []
    for row in charted.iter_rows(named=True):
        span = (row["started_at"], row["ended_at"] or _ALWAYS[1])
        keys = _keys(row["course_id"], owners.get(row["course_id"]), row["agent"])
        here = _merged([gap for key in keys for gap in _within(gaps.get(key, []), span)])
        parts = _around(span, here) if here else [span]
        cut += [row | {"started_at": start, "ended_at": None if end == _ALWAYS[1] else end} for start, end in parts]
    return pl.DataFrame(cut, schema=charted.schema)


def _keys(course: str, patient: str | None, stream: str) -> Iterable[_Key]:
    """Under which keys of `_gaps` what concerns a stream of a course may stand."""
    whose = [(course, None), (None, None), *([(None, patient)] if patient is not None else [])]
    return [(*who, what) for who in whose for what in (stream, None)]


def _gaps(lost: pl.DataFrame, courses: pl.DataFrame) -> dict[_Key, list[_Span]]:
    """Merged spans by course or patient or neither, and by stream or none."""
    owners: dict[str, str | None] = dict(courses.select("course_id", "patient_id").iter_rows())
    found: dict[_Key, list[_Span]] = {}
    for course, patient, stream, start, end in lost.select(*LOST).unique().iter_rows():
        if start is None and owners.get(course) is not None:
            who: tuple[str | None, str | None] = (None, owners[course])
        else:
            who = (course, None) if course is not None else (None, patient)
        found.setdefault((*who, stream), []).append(_span(start, end))
    return {key: _merged(spans) for key, spans in found.items()}


def _span(start: datetime | None, end: datetime | None) -> _Span:
    if start is not None and end is not None and end < start:
        start, end = end, start
    first, last = start or _ALWAYS[0], end or _ALWAYS[1]
    return first, max(last, first + _TICK)


def _merged(spans: list[_Span]) -> list[_Span]:
    """Spans in order that do not touch. Where there are very many, those nearer than an hour become one."""
    room = _NEAR if len(spans) > _MANY else timedelta()
    done: list[_Span] = []
    for start, end in sorted(spans):
        if done and (start <= done[-1][1] or start - done[-1][1] <= room):
            done[-1] = (done[-1][0], max(done[-1][1], end))
        else:
            done.append((start, end))
    return done


def _within(gaps: list[_Span], span: _Span) -> list[_Span]:
    """The gaps, in order and apart, that overlap a span."""
    first = max(bisect_right(gaps, (span[0], _ALWAYS[1])) - 1, 0)
    found = []
    for gap in gaps[first:]:
        if gap[0] >= span[1]:
            break
        if gap[1] > span[0]:
            found.append(gap)
    return found


def _around(span: _Span, gaps: list[_Span]) -> list[_Span]:
    """What is left of a span outside the gaps."""
    left: list[_Span] = []
    at = span[0]
    for start, end in gaps:
        if start > at:
            left.append((at, min(start, span[1])))
        at = max(at, end)
    if at < span[1]:
        left.append((at, span[1]))
    return left
