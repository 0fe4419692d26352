"""The stay: ward, intensive care and home without gaps, and charting of every stream."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from vein2vein.knowledge import codes
from vein2vein.population.simulate import simulate
from vein2vein.record.cohort import Cohort


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return simulate("axi-cel", n=250, seed=11, days=30)


def test_places_follow_each_other_without_gap_or_overlap(cohort: Cohort) -> None:
    stays = cohort.exposures.filter(kind="stay").sort("course_id", "started_at")
    following = stays.with_columns(
        next_at=pl.col("started_at").shift(-1).over("course_id"), next_place=pl.col("agent").shift(-1).over("course_id")
    ).drop_nulls("next_at")
    assert following.height > 100
    assert (following["ended_at"] == following["next_at"]).all()
    assert (following["agent"] != following["next_place"]).all()
    assert set(stays["agent"]) == {"ward", "icu", "home"}


def test_discharge_is_when_the_stay_at_home_begins(cohort: Cohort) -> None:
    home = cohort.exposures.filter(kind="stay", agent="home").select("course_id", "started_at")
    left = cohort.milestones.filter(kind="discharge").select("course_id", "at")
    both = home.join(left, on="course_id", how="full")
    assert both.null_count().sum_horizontal().item() == 0
    assert (both["started_at"] == both["at"]).all()


def test_every_stream_is_charted_for_every_infused_course(cohort: Cohort) -> None:
    charted = cohort.exposures.filter(kind="charted")
    infused = cohort.courses["infused_at"].is_not_null().sum()
    streams = set(codes.streams()) - {"charted", "other_cause", "oxygen", "stay"}
    assert set(charted["agent"]) == streams
    assert charted.height == infused * len(streams)
    assert np.unique(charted.group_by("agent").len()["len"].to_numpy()).tolist() == [infused]


def test_one_death_at_most_and_none_after_the_end(cohort: Cohort) -> None:
    deaths = cohort.milestones.filter(kind="death")
    assert deaths["course_id"].n_unique() == deaths.height > 0
    ends = deaths.join(cohort.courses, on="course_id")
    assert (ends["at"] == ends["followed_until"]).all()


def test_the_second_fraction_waits_for_the_toxicity_of_the_first() -> None:
    cohort, meant = simulate("obe-cel", n=250, seed=11, days=30, with_intentions=True)
    starts = cohort.courses.select("course_id", "infused_at")
    second = cohort.milestones.filter(kind="fraction").join(starts, on="course_id")
    days = second.select((pl.col("at") - pl.col("infused_at")).dt.total_hours() / 24).to_series()
    assert days.min() == 9
    assert days.max() <= 21
    assert (days == 9).mean() > 0.5
    late = second.filter(pl.Series(days > 9)).join(meant, on="course_id")
    assert late.filter((pl.col("crs_peak") < 2) & (pl.col("icans_peak") < 1)).is_empty()
    assert second.height < meant.height or not late.is_empty()
    assert "fraction" not in simulate("axi-cel", n=20, seed=1, days=1).milestones["kind"]
