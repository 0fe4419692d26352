"""Rows, intervals and events of a block as cohort tables.

Place    Floor 4. Last of the modules of a block; called by `simulate`.
In       `Drawn`: everything that a block has to say, hours since infusion.
Out      `Tables`: compact columns in the order of course and time; `Tables.frames` makes the five Polars frames of the record.
Knows    Identifiers are made up from the setting and the number of the course; they sort in the order of the courses, so that
         partitions stay in order. Instants: the referral is at 9 o'clock local time of a day drawn within a year from the
         start of the calendar; all else follows in hours. Rows at or after the end of a course are cut.
         A course that is never infused counts its rows from the referral.
         Vital signs are regular and stay in place; the other rows are sorted among themselves and merged in.
Does not Write files, or hold what was intended.
Checked  tests/unit/population/test_assemble.py
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from vein2vein.population.bedside import VITALS
from vein2vein.population.blocks import Block
from vein2vein.population.centres import centres
from vein2vein.population.chemistry import reference_ranges
from vein2vein.population.states import (
    BELOW,
    CODES,
    KIND,
    KINDS,
    NO_CODE,
    Events,
    Floats,
    Numbers,
    Patients,
    Rows,
    Spans,
    Way,
)
from vein2vein.population.way import REFERRED_CLOCK
from vein2vein.record import tables

DAYS_OF_CALENDAR: Final = 365
SOURCE: Final = "simulated"
_SECOND: Final = 1_000_000
_HOUR: Final = 3600 * _SECOND
_LONG_BEFORE: Final = 100_000
_DAYS_OF_YEAR: Final = 365.2425
_KINDS: Final = pl.Series("kind", KINDS, dtype=pl.String)
_CODES: Final = pl.Series("code", [*CODES, None], dtype=pl.String)
_VITAL_KINDS: Final = np.array([KIND[name] for name in VITALS], np.int16)


@dataclass(frozen=True)
class Drawn:
    """What is known of a block before it becomes tables.

    Attributes:
        vitals: Shape (courses, hours, VITALS).
        rows: All other observations, hours since infusion; of courses that are never infused hours since referral.
        spans: All exposures.
        events: All milestones.
        watched: End of the hourly observation, hours since infusion; NaN for courses that are never infused.
        until: End of the follow-up, hours since infusion; NaN for courses that are never infused.
        left: End of the follow-up of those that are never infused, hours since referral.
    """

    vitals: Floats
    rows: Rows
    spans: Spans
    events: Events
    watched: Floats
    until: Floats
    left: Floats


@dataclass(frozen=True)
class Tables:
    """The tables of a block: observations as compact columns, the small tables as frames.

    `limits` holds the reference ranges of the laboratory, shape (2, kinds, 2): of men and of women, low and high; `is_female`
    says by course which of them is meant.
    """

    ids: pl.Series
    course: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int16]
    at: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    code: npt.NDArray[np.int16]
    is_female: npt.NDArray[np.bool_]
    limits: Floats
    patients: pl.DataFrame
    courses: pl.DataFrame
    exposures: pl.DataFrame
    milestones: pl.DataFrame

    def limit_places(self) -> npt.NDArray[np.int32]:
        """Where the reference range of each row stands in the flattened `limits` of a side."""
        found: npt.NDArray[np.int32] = self.is_female[self.course] * np.int32(len(KINDS)) + self.kind
        return found

    def comparators(self) -> pl.Series:
        """The sign "<" where a number is a limit that was not reached, else null."""
        nothing = pl.repeat(None, len(self.code), dtype=pl.String, eager=True)
        return nothing.scatter(np.flatnonzero(self.code == BELOW), "<")

    def observations(self) -> pl.DataFrame:
        """The table of observations."""
        numbers = pl.Series("value", self.value)
        which = self.limit_places()
        codes = np.maximum(self.code, NO_CODE)
        low, high = (pl.Series(self.limits[:, :, side].reshape(-1)).fill_nan(None).gather(which) for side in (0, 1))
        return pl.DataFrame(
            {
                "course_id": self.ids.gather(self.course),
                "kind": _KINDS.gather(self.kind),
                "value": numbers.fill_nan(None),
                "code": _CODES.gather(codes),
                "observed_at": _instants(self.at),
            }
        ).select(
            "course_id", "kind", "value",
            self.comparators().alias("comparator"), "code",
            low.alias("reference_low"), high.alias("reference_high"),
            "observed_at", pl.lit(None, tables.Instant).alias("recorded_at"),
            pl.lit("ok").alias("usability"), pl.lit(None, pl.String).alias("as_sent"), pl.lit(SOURCE).alias("source"),
        )  # fmt: skip

    def frames(self) -> dict[str, pl.DataFrame]:
        """The five tables."""
        return {
            "patients": self.patients,
            "courses": self.courses,
            "observations": self.observations(),
            "exposures": self.exposures,
            "milestones": self.milestones,
        }

    def first(self, wanted: int) -> Tables:
        """The tables of the first courses of the block."""
        if wanted >= len(self.ids):
            return self
        ids = self.ids.head(wanted)
        stop = int(np.searchsorted(self.course, wanted, side="left"))
        cut: dict[str, Any] = {name: getattr(self, name)[:stop] for name in ("course", "kind", "at", "value", "code")}
        cut |= {name: _of(getattr(self, name), ids) for name in ("courses", "exposures", "milestones")}
        cut |= {"is_female": self.is_female[:wanted], "limits": self.limits}
        return Tables(ids=ids, patients=self.patients.head(wanted), **cut)


def course_ids(block: Block) -> pl.Series:
    """Made-up identifiers of a block's courses; they sort in the order of the courses."""
    first = block.number * block.n
    name = block.setting.id.replace("/", ".")
    return pl.Series("course_id", [f"{name}-{i:07d}" for i in range(first, first + block.n)])


def assemble(  # noqa: PLR0917
    block: Block, patients: Patients, way: Way, drawn: Drawn, calendar_from: date
) -> Tables:
    """Put a block into tables."""
    ids = course_ids(block)
    referred = _referrals(block, patients, calendar_from)
    infused = referred + np.round(np.nan_to_num(way.infused) * 60).astype(np.int64) * 60 * _SECOND
    observed = _merged(drawn, infused)
    return Tables(
        ids=ids,
        **observed,
        is_female=patients.is_female,
        limits=reference_ranges(block.setting),
        patients=_patients(ids, patients, np.where(way.is_infused, infused, referred)),
        courses=_courses(block, ids, patients, drawn, (referred, infused)),
        exposures=_exposures(ids, drawn, infused),
        milestones=_milestones(ids, drawn.events, referred, infused),
    )


def _referrals(block: Block, patients: Patients, calendar_from: date) -> npt.NDArray[np.int64]:
    """Instants of referral, UTC microseconds."""
    days = np.floor(DAYS_OF_CALENDAR * block.stream("assemble/calendar").random(block.n)).astype(int)
    zones = [ZoneInfo(centre.zone) for centre in centres()]
    hour = int(REFERRED_CLOCK)
    found = []
    for day, centre in zip(days.tolist(), patients.centre.tolist(), strict=True):
        on = calendar_from + timedelta(days=day)
        at = datetime(on.year, on.month, on.day, hour, tzinfo=zones[centre]).astimezone(UTC)
        found.append(int(at.timestamp()) * _SECOND)
    return np.array(found, np.int64)


def _instants(at: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series("observed_at", at).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _after(start: npt.NDArray[np.int64], hours: Floats) -> npt.NDArray[np.int64]:
    """Instants some hours after others, to the second."""
    found: npt.NDArray[np.int64] = start + np.rint(hours * 3600).astype(np.int64) * _SECOND
    return found


def _merged(drawn: Drawn, infused: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Vital signs and all other rows, in the order of course and time; vital signs first where times are equal."""
    width, kinds = drawn.vitals.shape[1:]
    watched = np.nan_to_num(drawn.watched)
    length = np.minimum(np.ceil(watched), width).astype(np.int64)
    keep = np.arange(width) < length[:, None]
    rows = _sorted(_before(drawn.rows, np.where(np.isnan(drawn.until), drawn.left, drawn.until)))
    starts = np.cumsum(length) - length
    seconds = np.rint(rows.hour * 3600).astype(np.int64)  # as they are sorted, so that places never swap
    hours_before = np.clip(seconds // 3600 + 1, 0, length[rows.course])
    place = (starts[rows.course] + hours_before) * kinds + np.arange(len(rows))
    total = int(length.sum()) * kinds + len(rows)
    is_vital = np.ones(total, bool)
    is_vital[place] = False
    at = (infused[:, None] + np.arange(width) * _HOUR)[keep]
    found: dict[str, Numbers] = {
        "course": np.repeat(
            np.arange(len(length), dtype=np.int32), length * kinds + np.bincount(rows.course, minlength=len(length))
        ),
        "code": np.full(total, NO_CODE, np.int16),
    }
    found["code"][place] = rows.code
    parts: dict[str, tuple[Numbers, Numbers]] = {
        "kind": (np.tile(_VITAL_KINDS, len(at)), rows.kind),
        "at": (np.repeat(at, kinds), _after(infused[rows.course], rows.hour)),
        "value": (drawn.vitals[keep].reshape(-1), rows.value),
    }
    for name, (regular, other) in parts.items():
        column = np.empty(total, other.dtype)
        column[is_vital] = regular
        column[place] = other
        found[name] = column
    return found


def _before(rows: Rows, until: Floats) -> Rows:
    some = rows.hour < until[rows.course]
    return rows if some.all() else Rows(*(getattr(rows, f.name)[some] for f in fields(rows)))


def _sorted(rows: Rows) -> Rows:
    """By course and time; rows at the same time keep their order. Concatenated sorted runs are merged quickly."""
    key = (rows.course.astype(np.int64) << 40) + np.rint((rows.hour + _LONG_BEFORE) * 3600).astype(np.int64)
    order = np.argsort(key, kind="stable")
    return Rows(*(getattr(rows, f.name)[order] for f in fields(rows)))


def _patients(ids: pl.Series, patients: Patients, at: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Born so many years before the infusion (or the referral)."""
    day = at // (24 * _HOUR) - np.round(patients.age_years * _DAYS_OF_YEAR).astype(np.int64)
    born = pl.Series("born_on", day.astype(np.int32)).cast(pl.Date)
    sex = pl.Series("sex", np.where(patients.is_female, "female", "male"))
    return pl.DataFrame({"patient_id": _patient_ids(ids), "born_on": born, "sex": sex})


def _patient_ids(ids: pl.Series) -> pl.Series:
    return ("p-" + ids).alias("patient_id")


def _courses(  # noqa: PLR0917
    block: Block, ids: pl.Series, patients: Patients, drawn: Drawn, starts: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> pl.DataFrame:
    referred, infused = starts
    is_infused = ~np.isnan(drawn.until)
    until = np.where(
        is_infused, _after(infused, np.nan_to_num(drawn.until)), _after(referred, np.nan_to_num(drawn.left))
    )
    known = centres()
    begun = pl.Series(is_infused)
    return pl.DataFrame(
        {
            "course_id": ids,
            "patient_id": _patient_ids(ids),
            "product": pl.repeat(block.setting.product, block.n, eager=True),
            "indication": pl.repeat(block.setting.indication, block.n, eager=True),
            "centre_id": [known[i].id for i in patients.centre.tolist()],
            "zone": [known[i].zone for i in patients.centre.tolist()],
            "infused_at": _instants(infused).set(~begun, None),
            "followed_until": _instants(until),
        }
    )


def _exposures(ids: pl.Series, drawn: Drawn, infused: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Exposures that begin before the end; longer ones end there."""
    spans, end = drawn.spans, drawn.until[drawn.spans.course]
    order = np.lexsort((spans.start, spans.course))
    order = order[spans.start[order] < end[order]]
    course = spans.course[order]
    start, until = spans.start[order], np.minimum(spans.until[order], end[order])
    words = {
        name: pl.Series(name, getattr(spans, where)[order].tolist(), dtype=pl.String)
        for name, where in (
            ("kind", "stream"), ("agent", "agent"), ("amount_unit", "amount_unit"), ("rate_unit", "rate_unit"),
            ("reason", "reason"),
        )
    }  # fmt: skip
    open_end = pl.Series(np.isnan(until))
    frame = pl.DataFrame(
        {
            "course_id": ids.gather(course),
            **words,
            "amount": pl.Series(spans.amount[order]).fill_nan(None),
            "rate": pl.Series(spans.rate[order]).fill_nan(None),
            "started_at": _instants(_after(infused[course], start)),
            "ended_at": _instants(_after(infused[course], np.nan_to_num(until))).set(open_end, None),
        }
    )
    return tables.conform(frame.with_columns(source=pl.lit(SOURCE)), "exposures")


def _milestones(
    ids: pl.Series, events: Events, referred: npt.NDArray[np.int64], infused: npt.NDArray[np.int64]
) -> pl.DataFrame:
    at = _after(np.where(events.since_referral, referred[events.course], infused[events.course]), events.hour)
    order = np.lexsort((at, events.course))
    frame = pl.DataFrame(
        {
            "course_id": ids.gather(events.course[order]),
            "kind": pl.Series(events.kind[order].tolist(), dtype=pl.String),
            "at": _instants(at[order]),
            "detail": pl.Series(events.detail[order].tolist(), dtype=pl.String),
        }
    )
    return tables.conform(frame.with_columns(source=pl.lit(SOURCE)), "milestones")


def _of(frame: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    return frame.filter(pl.col("course_id").is_in(ids.implode()))
