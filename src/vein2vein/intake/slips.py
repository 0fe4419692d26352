"""Find slips of a unit that hide inside what is plausible: a value that differs from its neighbours by a factor of a unit.

Place    Floor 3. Asked by `vein2vein intake check`, after the delivery was read; grading does not pay for it.
In       Observations of a cohort, of any form of delivery.
Out      Warnings (INTAKE-065), one for each course, kind and factor, with rows, value and neighbours.
Knows    Kinds, units, window and tolerances stand in knowledge/data/codes/unit_slips.yaml; factors are computed from the units.
         The neighbours must agree among themselves, so that a real fall or rise is no slip.
Missing  A value without enough neighbours in the window is not judged. Where half of a series slipped, neighbours do not agree
         and nothing is said. Values that are not plausible are INTAKE-015 and not looked at here.
Does not Change, refuse or leave out a value.
Checked  tests/unit/intake/test_slips.py; tests/acceptance/cli/test_unit_slips.py
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import isclose
from typing import Annotated, Any, Final

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from vein2vein.basis.data_files import package_yaml
from vein2vein.basis.units import conversion
from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook
from vein2vein.knowledge.codes import observation_kind

ID: Final = "INTAKE-065"
_Share = Annotated[float, Field(gt=0, lt=1)]


class Kind(BaseModel):
    """One kind that changes slowly.

    Attributes:
        units: UCUM units whose values may stand where canonical ones are meant, or the other way round.
        times: Slips of the decimal point, as factors above 1.
        least_neighbours: How many other values the window must hold.
        window_days: Window of its own, for what is measured seldom; null for that of all kinds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    units: tuple[str, ...]
    times: tuple[float, ...] = ()
    least_neighbours: Annotated[int, Field(ge=1)]
    window_days: Annotated[int, Field(ge=1)] | None = None


class Slips(BaseModel):
    """What is looked for; see the data file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_days: Annotated[int, Field(ge=1)]
    tolerance: _Share
    steady_power: _Share
    steady_share: _Share
    neighbours_shown: Annotated[int, Field(ge=1)]
    kinds: dict[str, Kind]

    def window(self, name: str) -> int:
        """Days before and after a value in which its neighbours lie, inclusive."""
        return self.kinds[name].window_days or self.window_days


@cache
def known_slips() -> Slips:
    """The data file."""
    return Slips.model_validate(package_yaml("vein2vein.knowledge", "data", "codes", "unit_slips.yaml"))


@cache
def factors_of(name: str) -> tuple[tuple[float, str], ...]:
    """Factors above 1 by which a slip multiplies or divides a value of a kind, each with what slipped, ascending."""
    kind, slips = observation_kind(name), known_slips().kinds[name]
    canonical = str(kind.unit)
    found: dict[float, str] = {}
    for unit in slips.units:
        scale, _ = conversion(unit, canonical, kind.molar_mass) or (1.0, 0.0)
        found[max(scale, 1 / scale)] = f"{unit} and {canonical} mistaken for one another"
    for times in slips.times:
        # A unit that is a power of ten says more than the decimal point.
        if not any(isclose(times, factor) for factor in found):
            found[times] = "a slip of the decimal point"
    return tuple(sorted(found.items()))


def unit_slips(frames: Iterable[pl.DataFrame]) -> tuple[Fault, ...]:
    """Warnings about values that differ from their neighbours by a factor of a unit.

    Args:
        frames: Observations in the schema of `record.tables`, one frame for each partition of whole courses.
    """
    book = FaultBook()
    for frame in frames:
        for name in known_slips().kinds:
            for row in _suspects(_series(frame, name), name).iter_rows(named=True):
                factor, direction = _nearest(name, row["ratio"])
                # Of two values alone nobody can say which one slipped: they are one warning with both rows.
                direction = "pair" if row["n"] == 1 else direction
                book.note(_fault(name, row, factor), what=f"{row['course_id']}|{name}|{factor[0]}|{direction}")
    return book.faults()


def _series(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Usable values of a kind in courses whose values lie far enough apart for any slip."""
    least = factors_of(name)[0][0] * (1 - known_slips().tolerance)
    usable = (pl.col("kind") == name) & (pl.col("usability") == "ok") & pl.col("comparator").is_null()
    found = frame.filter(usable & (pl.col("value") > 0)).select("course_id", "value", "observed_at", "source")
    reach = pl.col("value").max().over("course_id") / pl.col("value").min().over("course_id")
    return found.filter(reach >= least).with_row_index("at")


def _suspects(series: pl.DataFrame, name: str) -> pl.DataFrame:
    """Values with enough neighbours that agree, whose ratio to their median is close to a factor; in the order of the rows."""
    slips, kind = known_slips(), known_slips().kinds[name]
    others = series.select("course_id", "observed_at", pl.col("at").alias("_at"), pl.col("value").alias("other"))
    apart = (pl.col("observed_at") - pl.col("observed_at_right")).abs().alias("apart")
    pairs = series.join(others, on="course_id").with_columns(apart)
    pairs = pairs.filter((pl.col("at") != pl.col("_at")) & (pl.col("apart") <= pl.duration(days=slips.window(name))))
    near = pl.col("other").sort_by("apart", "_at").head(slips.neighbours_shown).alias("near")
    middle = pl.col("other").median()
    size = pl.max_horizontal(pl.col("other") / middle, middle / pl.col("other"))
    agree = {factor: (size <= factor**slips.steady_power).mean() for factor, _ in factors_of(name)}
    found = pairs.group_by("at", "course_id", "value", "source").agg(
        pl.len().alias("n"), middle.alias("median"), near, *(share.alias(f"{f:g}") for f, share in agree.items())
    )
    found = found.with_columns((pl.col("value") / pl.col("median")).alias("ratio"))
    slipped = (_is_close(f) & (pl.col(f"{f:g}") >= slips.steady_share) for f in agree)
    return found.filter((pl.col("n") >= kind.least_neighbours) & pl.any_horizontal(slipped)).sort("at")


def _is_close(factor: float) -> pl.Expr:
    tolerance = known_slips().tolerance
    times, part = (pl.col("ratio") / factor - 1).abs(), (pl.col("ratio") * factor - 1).abs()
    return (times <= tolerance) | (part <= tolerance)


def _nearest(name: str, ratio: float) -> tuple[tuple[float, str], str]:
    """The factor that a ratio is closest to, and whether the value is too high or too low."""
    size = max(ratio, 1 / ratio)
    return min(factors_of(name), key=lambda one: abs(size / one[0] - 1)), "high" if ratio > 1 else "low"


def _fault(name: str, row: dict[str, Any], factor: tuple[float, str]) -> Fault:
    kind = observation_kind(name)
    size, slipped = factor
    times = f"{size:g} times" if row["ratio"] > 1 else f"1/{size:g} of"
    near = ", ".join(f"{value:g}" for value in row["near"])
    return Fault(
        ID,
        saw=f"{row['value']:g} {kind.unit} for {name} ({kind.label['en']}) of course {row['course_id']}, "
        f"about {times} its neighbours: {near} {kind.unit}",
        expected=f"a value like those within {known_slips().window(name)} days, median {row['median']:g} {kind.unit}",
        fix=f"look for {slipped} at the source; a value that is right needs nothing",
        effect="none: the value is used as it was sent",
        rows=(row["source"],) if row["source"] else (),
    )
