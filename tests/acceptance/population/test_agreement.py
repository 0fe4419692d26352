"""Grading the simulated rows finds the episodes that the generator intended, as long as nothing is missing."""

from __future__ import annotations

import polars as pl
import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.verdict import Graded
from vein2vein.population.simulate import simulate
from vein2vein.record.cohort import Cohort

SCALES = ("astct-2019.crs", "astct-2019.icans", "astct-2019.icans-children")
SETTINGS = ("axi-cel/lbcl-3l", "tisa-cel/b-all-young", "cilta-cel/mm-late", "brexu-cel/b-all-adult")
FATAL = 5


@pytest.fixture(scope="module", params=SETTINGS)
def simulated(request: pytest.FixtureRequest) -> tuple[Cohort, pl.DataFrame, Graded]:
    cohort, meant = simulate(request.param, n=250, seed=7, with_intentions=True)
    return cohort, meant, grade_cohort(cohort, SCALES)


def _compared(meant: pl.DataFrame, graded: Graded, about: str) -> pl.DataFrame:
    """Peak grade meant and found, bounds included, one row per infused course."""
    found = (
        graded.episodes.filter(pl.col("rule_set_id").is_in([id for id in SCALES if about in id]))
        .group_by("course_id")
        .agg(pl.col("peak_low").max(), pl.col("peak_high").max(), pl.col("onset_at").min())
    )
    died = pl.when((pl.col("died_of") == about).fill_null(value=False)).then(FATAL)
    return meant.join(found, on="course_id", how="left").with_columns(
        pl.col("peak_low", "peak_high").fill_null(0), meant=died.otherwise(pl.col(f"{about}_peak"))
    )


@pytest.mark.parametrize("about", ["crs", "icans"])
def test_peak_grades_are_the_intended_ones(simulated: tuple[Cohort, pl.DataFrame, Graded], about: str) -> None:
    _, meant, graded = simulated
    table = _compared(meant, graded, about)
    agrees = (pl.col("meant") == pl.col("peak_low")) & (pl.col("meant") == pl.col("peak_high"))
    missed = table.filter(~agrees)
    assert table.height > 150
    assert table["meant"].n_unique() >= 3, "the comparison must see several grades"
    assert missed.height <= 0.02 * table.height, missed


@pytest.mark.parametrize("about", ["crs", "icans"])
def test_onset_is_the_intended_hour(simulated: tuple[Cohort, pl.DataFrame, Graded], about: str) -> None:
    """Neurotoxicity that begins under sedation can only be seen later."""
    cohort, meant, graded = simulated
    meant = meant.join(_sedated(cohort), on="course_id", how="anti")
    table = _compared(meant, graded, about).join(cohort.courses.select("course_id", "infused_at"), on="course_id")
    late = (pl.col("onset_at") - pl.col("infused_at")).dt.total_minutes() / 60 - pl.col(f"{about}_first_hour")
    hours = table.filter(pl.col(f"{about}_peak") > 0).select(late.alias("late"))["late"]
    assert (hours.abs() <= 1).mean() >= 0.98


def _sedated(cohort: Cohort) -> pl.DataFrame:
    return cohort.exposures.filter(pl.col("kind") == "sedation").select("course_id").unique()


def test_nothing_is_open_while_the_chart_is_complete_and_nobody_is_sedated(
    simulated: tuple[Cohort, pl.DataFrame, Graded],
) -> None:
    cohort, _, graded = simulated
    awake = graded.verdicts.join(_sedated(cohort), on="course_id", how="anti")
    steps = awake.join(cohort.courses.select("course_id", "infused_at"), on="course_id").filter(
        pl.col("low").is_not_null(), pl.col("from_at") < pl.col("infused_at") + pl.duration(days=58)
    )
    end = pl.min_horizontal(pl.col("until_at"), pl.col("infused_at") + pl.duration(days=58))
    hours = steps.with_columns(hours=(end - pl.col("from_at")).dt.total_minutes() / 60)
    is_open = hours.filter(pl.col("low") != pl.col("high"))["hours"].sum()
    assert is_open <= 0.001 * hours["hours"].sum()
