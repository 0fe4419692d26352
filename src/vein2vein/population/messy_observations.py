"""The mess of observations, one function for each kind.

Place    Floor 4. A part of `mess`, which draws the random numbers and says in which order the kinds come.
In       The table of observations with columns of uniform draws (``kind:0``, ``kind:1``, ...).
Out      The same table, changed in the way of the kind and in no other.
Checked  tests/unit/population/test_mess.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Protocol

import numpy as np
import polars as pl

from vein2vein.basis.data_files import package_yaml
from vein2vein.knowledge import codes
from vein2vein.population.writers.text import in_units, number
from vein2vein.record.cohort import Cohort

_AT: Final = ("course_id", "observed_at")


class Amounts(Protocol):
    """How much of each kind there is."""

    def number(self, kind: str, name: str) -> float:
        """One number of a kind."""


@cache
def assumptions() -> dict[str, Any]:
    """The content of data/mess.yaml."""
    found: dict[str, Any] = package_yaml("vein2vein.population", "data", "mess.yaml")
    return found


def _first(frame: pl.DataFrame, draw: str, among: pl.Series, *by: str) -> pl.Series:
    """For every row the draw of the first row of its run that is among some; NaN where the run has none of them.

    Rows of one instant, or of one night, stand together in the table: runs are told by where the columns change.
    """
    changes = np.zeros(frame.height, bool)
    for name in by:
        column = frame[name].rle_id().to_numpy()
        changes[1:] |= column[1:] != column[:-1]
    starts = np.concatenate([[0], np.flatnonzero(changes)]) if frame.height else np.zeros(0, np.int64)
    places = np.where(among.to_numpy(), np.arange(frame.height), frame.height)
    firsts = np.minimum.reduceat(places, starts) if frame.height else places
    draws = np.append(frame[draw].to_numpy(), np.nan)[firsts]
    return pl.Series(draw, np.repeat(draws, np.diff(np.append(starts, frame.height))))


def _are_vital(frame: pl.DataFrame) -> pl.Series:
    return frame["kind"].is_in(assumptions()["vital_signs"])


def _irregular(frame: pl.DataFrame, mess: Amounts, _: Cohort) -> pl.DataFrame:
    """Drop all vital signs of an instant together."""
    vital = _are_vital(frame)
    gone = _first(frame, "irregular:0", vital, *_AT) < mess.number("irregular", "share")
    return frame.filter(~(vital & gone))


def _jitter(frame: pl.DataFrame, mess: Amounts, cohort: Cohort) -> pl.DataFrame:
    """Move all vital signs of an instant by the same whole minutes; never behind the death or the end of the follow-up."""
    vital = _are_vital(frame)
    chosen = vital & (_first(frame, "jitter:0", vital, *_AT) < mess.number("jitter", "share"))
    minutes = 1 + (_first(frame, "jitter:1", vital, *_AT) * mess.number("jitter", "minutes")).fill_nan(0).floor().cast(
        pl.Int64
    )
    died = (
        cohort.milestones.filter(pl.col("kind") == "death").group_by("course_id").agg(pl.col("at").min().alias("_died"))
    )
    ends = cohort.courses.select("course_id", pl.col("followed_until").alias("_end")).join(
        died, on="course_id", how="left"
    )
    ends = ends.select("course_id", pl.min_horizontal("_end", "_died").alias("_end"))
    frame = frame.with_columns(chosen.alias("_chosen"), minutes.alias("_minutes"))
    frame = frame.join(ends, on="course_id", how="left", maintain_order="left")
    later = pl.col("observed_at") + pl.duration(minutes=pl.col("_minutes"))
    change = pl.col("_chosen") & ((later < pl.col("_end")) | pl.col("_end").is_null())
    moved = pl.when(change).then(later).otherwise(pl.col("observed_at")).alias("observed_at")
    frame = frame.with_columns(moved).drop("_chosen", "_minutes", "_end")
    return frame.sort(_AT, maintain_order=True)


def _night_gaps(frame: pl.DataFrame, mess: Amounts, cohort: Cohort) -> pl.DataFrame:
    """Drop all vital signs of whole nights by the clock of the centre."""
    frame = frame.join(cohort.courses.select("course_id", "zone"), on="course_id", how="left", maintain_order="left")
    begins = pl.duration(hours=int(mess.number("night-gaps", "from_hour")))
    since: pl.Expr = pl.lit(None, dtype=pl.Datetime("us"))
    for zone in sorted(cohort.courses["zone"].unique()):
        wall = pl.col("observed_at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        since = pl.when(pl.col("zone") == zone).then(wall - begins).otherwise(since)
    frame = frame.with_columns(since.alias("_since"))
    frame = frame.with_columns(pl.col("_since").dt.date().alias("_night"))
    inside = _are_vital(frame) & (frame["_since"].dt.hour() < int(mess.number("night-gaps", "hours")))
    gone = _first(frame, "night-gaps:0", inside, "course_id", "_night") < mess.number("night-gaps", "share")
    return frame.filter(~(inside & gone)).drop("zone", "_since", "_night")


def _late(frame: pl.DataFrame, mess: Amounts, _: Cohort) -> pl.DataFrame:
    """Enter some rows hours after they were made."""
    minutes = 1 + (pl.col("late:1") * mess.number("late", "hours") * 60).floor()
    entered = pl.col("observed_at") + pl.duration(minutes=minutes.cast(pl.Int64))
    late = pl.max_horizontal(entered, pl.col("recorded_at"))
    chosen = pl.col("late:0") < mess.number("late", "share")
    return frame.with_columns(pl.when(chosen).then(late).otherwise(pl.col("recorded_at")).alias("recorded_at"))


def _corrections(frame: pl.DataFrame, mess: Amounts, _: Cohort) -> pl.DataFrame:
    """Put a wrong row in front of some numbers, which then were entered later."""
    chosen = (pl.col("corrections:0") < mess.number("corrections", "share")) & (pl.col("usability") == "ok")
    chosen &= pl.col("value").is_not_null() & pl.col("comparator").is_null()
    frame = frame.with_row_index("_row")
    some = _slipped(frame.filter(chosen.fill_null(value=False)))
    entered = pl.max_horizontal(pl.col("observed_at"), pl.col("recorded_at"))
    most = mess.number("corrections", "minutes")
    first, second = (1 + (pl.col(f"corrections:{i}") * most).floor().cast(pl.Int64) for i in (2, 3))
    # A copy or another unit of the row itself is decided by the draws of that row; the wrong one has none of its own.
    own = [pl.lit(None, dtype=pl.Float64).alias(name) for name in ("duplicates:0", "units:0") if name in frame.columns]
    wrong = some.with_columns(
        pl.col("_wrong").alias("value"), (entered + pl.duration(minutes=first)).alias("recorded_at"), *own
    )
    mended = some.with_columns((entered + pl.duration(minutes=first + second)).alias("recorded_at"))
    rest = frame.join(some.select("_row"), on="_row", how="anti", maintain_order="left")
    both = pl.concat([rest, wrong.select(frame.columns), mended.select(frame.columns)])
    return both.sort("_row", maintain_order=True).drop("_row")


def _slipped(some: pl.DataFrame) -> pl.DataFrame:
    """The rows for which a plausible slip of the pen is known, with it in _wrong."""
    kinds = [(name, *kind.plausible, kind.decimals) for name, kind in codes.observations().items() if kind.plausible]
    schema = {"kind": pl.String, "_low": pl.Float64, "_high": pl.Float64, "_places": pl.Int64}
    limits = pl.DataFrame(kinds, schema=schema, orient="row")
    some = some.join(limits, on="kind", how="inner", maintain_order="left")
    value, draw = pl.col("value"), pl.col("corrections:1")
    slips = [value * 10, value / 10, value + 1 + (draw * 9).floor(), value - 1 - (draw * 9).floor()]
    fitting = [pl.when(s.is_between(pl.col("_low"), pl.col("_high")) & (s != value)).then(s) for s in slips]
    # Which slip comes first to mind depends on the draw; the first that is plausible is made.
    slip = pl.when(draw < 0.5).then(pl.coalesce(fitting)).otherwise(pl.coalesce(fitting[::-1]))  # noqa: PLR2004  (a coin)
    rounded: pl.Expr = slip
    for places in sorted({places for *_, places in kinds}):
        rounded = pl.when(pl.col("_places") == places).then(slip.round(places)).otherwise(rounded)
    return some.with_columns(rounded.alias("_wrong")).filter(
        pl.col("_wrong").is_not_null() & (pl.col("_wrong") != value)
    )


def _duplicates(frame: pl.DataFrame, mess: Amounts, _: Cohort) -> pl.DataFrame:
    """Deliver some rows twice, one behind the other."""
    often = pl.when(pl.col("duplicates:0") < mess.number("duplicates", "share")).then(2).otherwise(1)
    return frame.select(pl.all().repeat_by(often).explode())


def _units(frame: pl.DataFrame, mess: Amounts, _: Cohort) -> pl.DataFrame:
    """Say of some numbers that they were sent in another unit, with the digits that bring the value back."""
    table = in_units(assumptions()["other_units"])
    chosen = (
        (pl.col("units:0") < mess.number("units", "share"))
        & (pl.col("usability") == "ok")
        & pl.col("as_sent").is_null()
    )
    chosen &= pl.col("value").is_not_null()
    frame = frame.with_row_index("_row")
    some = frame.filter(chosen.fill_null(value=False)).select("_row", "kind", "value").join(
        table, on="kind", how="inner", maintain_order="left"
    )  # fmt: skip
    back = (pl.col("value") - pl.col("_offset")) / pl.col("_scale")
    rounded: pl.Expr = back
    for digits in table["_digits"].unique().sort().to_list():
        rounded = pl.when(pl.col("_digits") == digits).then(back.round(digits)).otherwise(rounded)
    sent = some.select("_row", pl.concat_str(number(rounded), pl.lit(" "), pl.col("_unit")).alias("_sent"))
    joined = frame.join(sent, on="_row", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("_sent", "as_sent").alias("as_sent")).drop("_row", "_sent")


STEPS: Final[Mapping[str, Callable[[pl.DataFrame, Amounts, Cohort], pl.DataFrame]]] = {
    "irregular": _irregular,
    "jitter": _jitter,
    "night-gaps": _night_gaps,
    "late": _late,
    "corrections": _corrections,
    "duplicates": _duplicates,
    "units": _units,
}
DRAWS: Final = {"irregular": 1, "jitter": 2, "night-gaps": 1, "late": 2, "corrections": 4, "duplicates": 1, "units": 1}
"""How many draws each kind needs for every row."""
