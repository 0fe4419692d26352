"""What mess does to grades: it leaves them, widens them, or is named here as what it is."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest

from population_example import every_rule_set, simulated
from vein2vein.engine.grade import grade_cohort
from vein2vein.population.mess import Mess, with_mess
from vein2vein.record.cohort import Cohort

KEY = ["course_id", "rule_set_id"]


def _cohort() -> Cohort:
    return simulated(n=12, days=20)


@cache
def _before() -> pl.DataFrame:
    return grade_cohort(_cohort(), every_rule_set()).verdicts


def _after(kind: str, share: float, *rule_sets: str) -> pl.DataFrame:
    messy = with_mess(_cohort(), Mess((kind,), {f"{kind}/share": share}), seed=9)
    return grade_cohort(messy, rule_sets or every_rule_set()).verdicts


def together(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Bounds of both at every instant at which one of them changes, with how many hours they hold."""
    steps = {
        name: frame.filter(pl.col("from_at").is_not_null())
        .select(*KEY, "from_at", pl.col("until_at", "low", "high").name.suffix(f"_{name}"))
        .sort("from_at")
        for name, frame in (("before", before), ("after", after))
    }
    ends = [frame.select(*KEY, pl.col(f"until_at_{name}").alias("from_at")) for name, frame in steps.items()]
    points = pl.concat([*(frame.select(*KEY, "from_at") for frame in steps.values()), *ends]).drop_nulls().unique()
    found = points.sort("from_at")
    for frame in steps.values():
        found = found.join_asof(frame, on="from_at", by=KEY, strategy="backward", check_sortedness=False)
    inside = [pl.col(f"until_at_{name}").is_null() | (pl.col("from_at") < pl.col(f"until_at_{name}")) for name in steps]
    found = found.sort(*KEY, "from_at").with_columns(
        (pl.col("from_at").shift(-1).over(KEY) - pl.col("from_at")).dt.total_seconds().fill_null(0).alias("seconds")
    )
    return found.filter(*inside).drop_nulls(["low_before", "low_after"])


NARROWER = (pl.col("low_after") > pl.col("low_before")) | (pl.col("high_after") < pl.col("high_before"))
WRONG = (pl.col("low_after") == pl.col("high_after")) & (
    (pl.col("low_after") > pl.col("high_before")) | (pl.col("high_after") < pl.col("low_before"))
)


@pytest.mark.parametrize("kind", ["late", "duplicates", "units"])
def test_what_is_late_or_twice_or_in_another_unit_leaves_every_verdict(kind: str) -> None:
    assert _after(kind, 0.5).equals(_before())


@pytest.mark.parametrize("kind", ["missing-devices", "free-text", "charting-gaps"])
def test_what_is_not_charted_only_widens_bounds(kind: str) -> None:
    both = together(_before(), _after(kind, 0.7))
    assert both.filter(NARROWER).is_empty()
    wider = both.filter((pl.col("low_after") < pl.col("low_before")) | (pl.col("high_after") > pl.col("high_before")))
    assert wider.height > 0


@pytest.mark.parametrize(("kind", "most"), [("irregular", 0.015), ("night-gaps", 0.01), ("jitter", 0.002)])
def test_fewer_vital_signs_are_rarely_wrong_where_the_last_value_still_holds(kind: str, most: float) -> None:
    scales = ("astct-2019.crs", "astct-2019.icans")
    before = _before().filter(pl.col("rule_set_id").is_in(scales))
    both = together(before, _after(kind, 0.5, *scales))
    # A value holds for some hours by the rule file: what began in a gap shows when the next value is charted. Fever comes and
    # goes within hours, so that what is graded from half of the readings lags a little behind it.
    share = both.filter(WRONG)["seconds"].sum() / both["seconds"].sum()
    assert share < most
    assert both.filter(WRONG).height > 0, "if this never happens the page on mess should say so"


def test_a_text_for_room_air_is_read_as_a_device_that_nobody_knows() -> None:
    both = together(_before(), _after("free-text-air", 1.0))
    higher = both.filter(pl.col("low_after") > pl.col("high_before"))
    # A hazard of free text, not of the mess: intake cannot tell "on air" from a device, and takes it for one.
    assert "ctcae-5.0.crs" in set(higher["rule_set_id"])
    assert both.filter(WRONG & (pl.col("low_after") < pl.col("low_before"))).is_empty()


def test_corrections_leave_the_scales_that_look_at_an_instant() -> None:
    scales = ("astct-2019.crs", "astct-2019.icans")
    before = _before().filter(pl.col("rule_set_id").is_in(scales))
    assert _after("corrections", 0.2, *scales).select(before.columns).equals(before)
