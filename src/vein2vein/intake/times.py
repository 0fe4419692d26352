"""Turn the times of a delivery into UTC instants, and say of each time that cannot be turned why.

Place    Floor 3. Used by every adapter; knows no format but dates and times.
In       A column of text, dates or date-times, and the zone declared for the centre (or none).
Out      The same frame with an instant column, and beside it the id of the fault where there is none.
Knows    A text with an offset is an instant. A text without one needs a declared zone. In that zone an hour is missing
         in spring (gap) and one comes twice in autumn (fold): both are faults unless the policy says how to read them.
         A date alone is a day, no instant: the policy says where in the day it stands, or that the row is only kept.
Missing  An empty time stays empty and has no fault; whether it was needed is for the caller to say.
Does not Guess a zone, a century or the order of day and month.
Checked  tests/unit/intake/test_times.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from vein2vein.basis.clock import zone_of
from vein2vein.errors import Fault, RecordError
from vein2vein.intake.book import FaultBook
from vein2vein.record.tables import Instant

NO_ZONE: Final = "INTAKE-009"
UNREADABLE: Final = "INTAKE-010"
GAP: Final = "INTAKE-011"
FOLD: Final = "INTAKE-018"
PARTIAL: Final = "INTAKE-019"
DATE_ONLY: Final = "INTAKE-020"

_OFFSET = r"(?:[zZ]|[+-]\d{2}(?::?\d{2})?)$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
_FALSE: Final = pl.lit(value=False)
_YEAR_LENGTH: Final = 4
_PARTIAL = r"^\d{4}(?:-\d{2})?$"
_CLOCK_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True)
class TimePolicy:
    """How a centre wants its doubtful times read.

    Attributes:
        gap: "refuse", or "after": as if the clock had not yet been put forward (02:30 becomes 03:30 summer time).
        fold: "refuse", "first" (before the clock is put back) or "second" (after it).
        date_only: "keep": the row is placed at the start of its local day and kept as not assessable; "start", "noon"
            and "end" place it there for good ("end" is the last second of the day).
        formats: Further formats to try, in the notation of strptime, such as "%d.%m.%Y %H:%M".
    """

    gap: Literal["refuse", "after"] = "refuse"
    fold: Literal["refuse", "first", "second"] = "refuse"
    date_only: Literal["keep", "start", "noon", "end"] = "keep"
    formats: tuple[str, ...] = ()


STRICT: Final = TimePolicy()


def place(
    frame: pl.DataFrame, column: str, *, zone: str | pl.Expr | None = None, policy: TimePolicy = STRICT
) -> pl.DataFrame:
    """Replace a column of times by UTC instants, and add ``<column>_reason`` and ``<column>_sent``.

    Args:
        frame: Any frame.
        column: Text, date or date-time column of the frame; when it is missing, instants are all null.
        zone: IANA zone for times without offset, or an expression giving one per row; null where none is declared.
        policy: How doubtful times are read.

    Returns:
        The frame in which `column` holds instants (null where there is none), ``<column>_reason`` the id of the fault
        (null where there is none; INTAKE-020 beside an instant means: kept, not assessable) and ``<column>_sent`` the
        time as it was sent.
    """
    zones = zone if isinstance(zone, pl.Expr) else pl.lit(zone, dtype=pl.String)
    if column not in frame.columns:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(column))
    named = frame.with_columns(zones.alias("_zone"))
    # Charts share their hours: each distinct time is read once.
    distinct = named.select(column, "_zone").unique()
    if distinct.height * 2 > named.height:
        return _place(named, column, policy).drop("_zone")
    added = {f"{column}_reason": pl.String, f"{column}_sent": pl.String}
    read = _place(distinct.with_columns(pl.col(column).alias("_key")), column, policy).rename({"_zone": "_key_zone"})
    joined = named.rename({column: "_key", "_zone": "_key_zone"}).join(
        read, on=["_key", "_key_zone"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.select(*frame.columns, *added)


def _place(frame: pl.DataFrame, column: str, policy: TimePolicy) -> pl.DataFrame:
    """Read the times of a frame whose column _zone names the zones."""
    reason, sent = f"{column}_reason", f"{column}_sent"
    nothing = pl.lit(None, dtype=pl.String)
    if frame.schema[column] == pl.Null:
        return frame.with_columns(pl.lit(None, dtype=Instant).alias(column), nothing.alias(reason), nothing.alias(sent))
    kind = frame.schema[column]
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        instant = pl.col(column).dt.convert_time_zone("UTC").dt.cast_time_unit("us")
        return frame.with_columns(instant.alias(column), nothing.alias(reason), nothing.alias(sent))
    worked = frame.with_columns(pl.col(column).cast(pl.String).alias(sent))
    worked = _read(worked, column, policy)
    worked = _to_utc(worked, policy)
    return worked.with_columns(
        pl.col("_at").alias(column),
        _reason(policy).alias(reason),
    ).drop("_aware", "_naive", "_day", "_partial", "_empty", "_at", "_gap", "_fold")


def _read(frame: pl.DataFrame, column: str, policy: TimePolicy) -> pl.DataFrame:
    """Add _aware (instant), _naive (wall clock), _day (date alone), _partial and _empty."""
    kind = frame.schema[column]
    wall = pl.Datetime("us")
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        is_day = kind == pl.Date
        return frame.with_columns(
            pl.lit(None, dtype=Instant).alias("_aware"),
            (pl.lit(None, dtype=wall) if is_day else pl.col(column).dt.cast_time_unit("us")).alias("_naive"),
            (pl.col(column) if is_day else pl.lit(None, dtype=pl.Date)).alias("_day"),
            _FALSE.alias("_partial"),
            pl.col(column).is_null().alias("_empty"),
        )
    text = pl.col(column).cast(pl.String).str.strip_chars()
    iso = text.str.replace(r"^(\d{4}-\d{2}-\d{2})\s+", "${1}T")
    # A bare offset of hours, or one without its colon, is what databases write; the parser wants +01:00.
    tidy = (
        iso.str.replace(r"[zZ]$", "+00:00").str.replace(r"([+-]\d{2})(\d{2})?$", "${1}:${2}").str.replace(r":$", ":00")
    )
    dated = iso.str.contains(r"^\d{4}-\d{2}-\d{2}T")
    with_offset = pl.when(dated & iso.str.contains(_OFFSET)).then(
        pl.when(iso.str.contains(r":\d{2}$") & ~iso.str.contains("[zZ]$")).then(iso).otherwise(tidy)
    )
    without = pl.when(dated & ~iso.str.contains(_OFFSET)).then(iso)
    aware = [
        with_offset.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
        for form in ("%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z")
    ]
    naive: list[pl.Expr] = [without.str.to_datetime(form, time_unit="us", strict=False) for form in _CLOCK_FORMATS]
    days = [pl.when(text.str.contains(_DATE)).then(text).str.to_date("%Y-%m-%d", strict=False)]
    for form in policy.formats:
        if _has_clock(form):
            naive.append(text.str.to_datetime(form, time_unit="us", strict=False))
        else:
            days.append(text.str.to_date(form, strict=False))
    return frame.with_columns(
        pl.coalesce(aware).alias("_aware"),
        pl.coalesce(naive).alias("_naive"),
        pl.coalesce(days).alias("_day"),
        text.str.contains(_PARTIAL).fill_null(value=False).alias("_partial"),
        (text.is_null() | (text == "")).alias("_empty"),
    )


def _has_clock(form: str) -> bool:
    return any(mark in form for mark in ("%H", "%I", "%T", "%R"))


def _to_utc(frame: pl.DataFrame, policy: TimePolicy) -> pl.DataFrame:
    """Add _at (instant), _gap and _fold from wall clocks in the zones of the rows."""
    offset = {
        "keep": pl.duration(),
        "start": pl.duration(),
        "noon": pl.duration(hours=12),
        "end": pl.duration(seconds=86_399),
    }
    wall = pl.coalesce(pl.col("_naive"), pl.col("_day").cast(pl.Datetime("us")) + offset[policy.date_only])
    frame = frame.with_columns(wall.alias("_wall"))
    at: pl.Expr = pl.lit(None, dtype=Instant)
    gap = fold = _FALSE
    for name in frame["_zone"].drop_nulls().unique().sort().to_list():
        zone_of(name)
        here = pl.col("_zone") == name
        first = _local(pl.col("_wall"), name, "earliest")
        second = _local(pl.col("_wall"), name, "latest")
        missing = pl.col("_wall").is_not_null() & first.is_null()
        # The offset in force three hours before the clock is put forward is the one that 02:30 was meant in.
        shifted = _local(pl.col("_wall") - pl.duration(hours=3), name, "latest") + pl.duration(hours=3)
        chosen = pl.when(missing).then(shifted).otherwise(second if policy.fold == "second" else first)
        at = pl.when(here).then(chosen).otherwise(at)
        gap = pl.when(here).then(missing).otherwise(gap)
        fold = pl.when(here).then(first != second).otherwise(fold)
    frame = frame.with_columns(
        at.alias("_at"), gap.fill_null(value=False).alias("_gap"), fold.fill_null(value=False).alias("_fold")
    )
    is_day = pl.col("_naive").is_null() & pl.col("_day").is_not_null()
    # A day whose midnight does not exist or comes twice is still that day: gap and fold concern clock times only.
    doubtful = ~is_day & (
        (pl.col("_gap") & pl.lit(policy.gap == "refuse")) | (pl.col("_fold") & pl.lit(policy.fold == "refuse"))
    )
    return frame.with_columns(
        pl.col("_gap") & ~is_day,
        pl.col("_fold") & ~is_day,
        pl.coalesce(pl.col("_aware"), pl.when(~doubtful).then(pl.col("_at"))).alias("_at"),
    ).drop("_wall")


def _local(wall: pl.Expr, zone: str, ambiguous: Literal["earliest", "latest"]) -> pl.Expr:
    return wall.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null").dt.convert_time_zone("UTC")


def _reason(policy: TimePolicy) -> pl.Expr:
    wall_known = pl.col("_naive").is_not_null() | pl.col("_day").is_not_null()
    return (
        pl.when(pl.col("_empty") | pl.col("_aware").is_not_null())
        .then(None)
        .when(~wall_known & pl.col("_partial"))
        .then(pl.lit(PARTIAL))
        .when(~wall_known)
        .then(pl.lit(UNREADABLE))
        .when(pl.col("_zone").is_null())
        .then(pl.lit(NO_ZONE))
        .when(pl.col("_gap") & pl.lit(policy.gap == "refuse"))
        .then(pl.lit(GAP))
        .when(pl.col("_fold") & pl.lit(policy.fold == "refuse"))
        .then(pl.lit(FOLD))
        .when(pl.col("_naive").is_null() & pl.lit(policy.date_only == "keep"))
        .then(pl.lit(DATE_ONLY))
        .otherwise(None)
    )


def birth_dates(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Replace a column of birth dates by dates, accepting a month or a year alone, and add ``<column>_reason``.

    A month or year alone is read as its first day, the latest age that the person can have; INTAKE-019 names the row, and
    the date is used. Text that is no date becomes null with INTAKE-010.
    """
    reason, sent = f"{column}_reason", f"{column}_sent"
    kind = frame.schema[column]
    as_sent = pl.col(column).cast(pl.String).alias(sent)
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        return frame.with_columns(as_sent, pl.col(column).cast(pl.Date), pl.lit(None, dtype=pl.String).alias(reason))
    text = pl.col(column).cast(pl.String).str.strip_chars()
    day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    partial = text.str.contains(_PARTIAL)
    padded = pl.when(text.str.len_chars() == _YEAR_LENGTH).then(text + "-01-01").otherwise(text + "-01")
    first = pl.when(partial).then(padded).str.to_date("%Y-%m-%d", strict=False)
    found = pl.coalesce(day, first)
    return frame.with_columns(
        as_sent,
        found.alias(column),
        pl.when(text.is_null() | (text == "")).then(None)
        .when(found.is_null()).then(pl.lit(UNREADABLE))
        .when(day.is_null()).then(pl.lit(PARTIAL))
        .otherwise(None).alias(reason),
    )  # fmt: skip


def note_times(frame: pl.DataFrame, column: str, book: FaultBook) -> None:
    """Enter the faults that `place` or `birth_dates` found in a column (the frame needs file and row)."""
    reason, sent = f"{column}_reason", f"{column}_sent"
    wrong = frame.filter(pl.col(reason).is_not_null()).select("file", "row", reason, sent)
    wrong = wrong.with_columns(pl.lit(column).alias("column"))
    book.note_rows(wrong, [reason, "column"], lambda group: _fault(group[reason], column, group[sent]))


# What becomes of a row whose time is doubtful, by the column that holds it.
_REFUSED: Final = "the rows cannot be placed in time and are refused"
_EFFECTS: Final[Mapping[str, str]] = {
    "ended_at": "the rows are refused; with an open end they would run on",
    "recorded_at": "the rows are used without the time of recording",
    "born_on": "the patients are used without a birth date",
    "followed_until": "the courses are used without an end of follow-up",
    "infused_at": "the courses are used without a time of infusion",
}
_EFFECTS_OF_DAYS: Final[Mapping[str, str]] = {
    "observed_at": "the rows stand at the start of their local day and are kept as not assessable",
    "at": "the milestones stand at the start of their local day, a death near its end",
    "infused_at": "the infusion stands at the start of its local day; hours since the infusion are then uncertain",
    "followed_until": "the follow-up ends at the start of that local day",
    "recorded_at": "the rows are used as if recorded at the start of that local day",
}


_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    NO_ZONE: (
        "a time with an offset, or a declared zone of the centre",
        "declare the zone, for example Europe/Berlin, in the mapping file or with --zone",
        "a time without zone",
    ),
    UNREADABLE: (
        "a date-time such as 2026-03-01T08:00+01:00, or a format that the mapping file declares",
        "correct the cells, or declare the format under times.formats",
        "a text that is no time",
    ),
    GAP: (
        "a time that the clock of the centre showed; this one was skipped when it was put forward",
        "correct the times, send them with an offset, or declare times.gap: after",
        "a time that did not exist",
    ),
    FOLD: (
        "a time that the clock of the centre showed once; this one came twice when it was put back",
        "send the times with an offset, or declare times.fold: first or second",
        "a time that came twice",
    ),
    PARTIAL: (
        "a day and a time; only a birth date may be a month or a year",
        "send the full time",
        "a date without its day",
    ),
    DATE_ONLY: (
        "a day and a time of day",
        "send the time of day, or declare times.date_only: start, noon or end",
        "a date without a time of day",
    ),
}


def _fault(reason: str, column: str, example: str) -> Fault:
    expected, fix, what = _WORDS[reason]
    effect = _EFFECTS.get(column, _REFUSED)
    if reason == DATE_ONLY:
        effect = _EFFECTS_OF_DAYS.get(column, _REFUSED)
    elif reason == PARTIAL and column == "born_on":
        effect = "the first day of the month or year is used, the oldest that the person can be"
    return Fault(reason, f"{what} in {column}, for example {example!r}", expected, fix, effect)


def known_zones(frame: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """The frame with its column zone, if it has one, emptied where that is no IANA zone, which is named."""
    if "zone" not in frame.columns:
        return frame
    strange = [name for name in frame["zone"].drop_nulls().unique().sort() if not _is_zone(name)]
    if not strange:
        return frame
    is_strange = pl.col("zone").is_in(strange)
    places = [pl.col(name) if name in frame.columns else pl.lit(None).alias(name) for name in ("file", "row")]
    book.note_rows(frame.filter(is_strange).select(*places, "zone"), ["zone"], _strange_zone)
    return frame.with_columns(pl.when(~is_strange).then(pl.col("zone")).alias("zone"))


def _is_zone(name: str) -> bool:
    try:
        zone_of(name)
    except RecordError:
        return False
    return True


def _strange_zone(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-055",
        saw=f"{group['zone']!r} as the zone of a course",
        expected="an IANA zone name such as Europe/Berlin or UTC",
        fix="correct the name",
        effect="the courses are used without a zone of their own",
    )
