"""The same course delivered in other units gets the same verdicts, row for row, under every rule set."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from property.properties import IDS, courses
from vein2vein.engine.grade import grade_cohort
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.door import open_delivery
from vein2vein.intake.unit_table import UNIT_TABLE, unit_table, usable_units
from vein2vein.knowledge import codes
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

# Unit of a rate or amount -> another one, and how many of it are one of the first.
OTHER = {
    "ug/min": ("mg/h", 0.06), "ug/kg/min": ("mg/kg/h", 0.06), "U/min": ("U/h", 60.0), "L/min": ("mL/min", 1000.0),
    "mg": ("g", 0.001), "mL": ("L", 0.001), "mL/h": ("mL/d", 24.0),
}  # fmt: skip


def other_units(kinds: list[str]) -> pl.DataFrame:
    """For each kind that is a number: its canonical unit, and the last usual unit that converts to it."""
    numbers = [kind for kind in kinds if codes.observation_kind(kind).type == "number"]
    pairs = [(kind, usable_units(kind)[-1]) for kind in numbers]
    table = pl.DataFrame(unit_table(pairs), schema=UNIT_TABLE, orient="row")
    canonical = pl.Series("canonical", [codes.observation_kind(kind).unit for kind in numbers], dtype=pl.String)
    return table.select("kind", "unit", "scale", "offset").with_columns(canonical)


def delivered(cohort: Cohort, *, other: bool, slip: float = 1.0) -> Delivery:
    """What intake makes of a cohort that is sent as tables, in canonical units or in others."""
    frames = {name: getattr(cohort, name) for name in tables.SCHEMAS}
    units = other_units(frames["observations"]["kind"].unique().to_list())
    rows = frames["observations"].join(units, on="kind", how="left", maintain_order="left")
    sent = [
        ((pl.col(name) - pl.col("offset")) / pl.col("scale") * slip if other else pl.col(name)).alias(name)
        for name in ("value", "reference_low", "reference_high")
    ]
    unit = pl.col("unit") if other else pl.col("canonical")
    usable = pl.col("usability") == "ok"
    unread = pl.when(usable).then(unit).otherwise(pl.lit("bananas")).alias("unit")
    frames["observations"] = (
        rows.with_columns(*sent).with_columns(unread).drop("scale", "offset", "canonical", "as_sent")
    )
    if other:
        exposures = frames["exposures"]
        for quantity in ("rate", "amount"):
            of = pl.col(f"{quantity}_unit")
            factor = of.replace_strict({k: v for k, (_, v) in OTHER.items()}, default=1.0, return_dtype=pl.Float64)
            renamed = of.replace({k: v for k, (v, _) in OTHER.items()})
            exposures = exposures.with_columns((pl.col(quantity) * factor).alias(quantity), renamed)
        frames["exposures"] = exposures
    with tempfile.TemporaryDirectory() as name:
        for table, frame in frames.items():
            frame.drop("source", "usability", strict=False).write_parquet(Path(name) / f"{table}.parquet")
        return open_delivery(name)


@pytest.mark.parametrize("id", IDS)
def test_other_units_give_the_same_verdicts(id: str) -> None:
    rule, timelines = courses(id, 3, what="units")
    cohort = Cohort.of_timelines(timelines)
    same, moved = (delivered(cohort, other=other) for other in (False, True))
    assert same.report.total() == moved.report.total()
    assert_frame_equal(
        same.cohort.observations.drop("as_sent"), moved.cohort.observations.drop("as_sent"), abs_tol=1e-9
    )
    left, right = (grade_cohort(found.cohort, rule) for found in (same, moved))
    assert left.verdicts.height > 0
    assert_frame_equal(left.verdicts, right.verdicts)
    assert_frame_equal(left.episodes, right.episodes)


def test_units_that_are_really_other_are_sent() -> None:
    table = other_units(["body_temperature", "crp", "ferritin", "neutrophils"])
    assert (table["unit"] != table["canonical"]).all()


def test_a_planted_slip_of_a_unit_is_caught() -> None:
    rule, timelines = courses("astct-2019.crs", 12, what="units")
    cohort = Cohort.of_timelines(timelines)
    right, wrong = delivered(cohort, other=True), delivered(cohort, other=True, slip=1.02)
    verdicts = [grade_cohort(found.cohort, rule).verdicts for found in (right, wrong)]
    assert not verdicts[0].equals(verdicts[1])
