"""Cells given and cells in blood: doses of the label, one assay for each product, limits with their sign."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from vein2vein.population.assemble import assemble
from vein2vein.population.blocks import Block
from vein2vein.population.cells import KIND_OF_UNIT
from vein2vein.population.course import Intentions, draw_course
from vein2vein.population.parameters import setting, setting_ids
from vein2vein.population.protocols import protocol
from vein2vein.record.cohort import Cohort


def _cohort(id: str, number: int = 0) -> tuple[Cohort, Intentions]:
    block = Block(2, number, setting(id))
    drawn, meant = draw_course(block, protocol("reference"), 30)
    return Cohort.of(**assemble(block, meant.patients, meant.way, drawn, date(2025, 1, 1)).frames()), meant


@pytest.fixture(scope="module")
def split() -> tuple[Cohort, Intentions]:
    return _cohort("obe-cel")


def _doses(cohort: Cohort) -> pl.DataFrame:
    return cohort.exposures.filter(kind="cell_product").join(
        cohort.courses.select("course_id", "infused_at"), on="course_id"
    )


def test_one_dose_at_the_infusion_where_the_label_does_not_split_it() -> None:
    cohort, meant = _cohort("axi-cel")
    doses = _doses(cohort)
    assert doses.height == meant.way.is_infused.sum()
    assert (doses["started_at"] == doses["infused_at"]).all()
    assert set(doses["agent"]) == {"axicabtagene-ciloleucel"}
    assert set(doses["amount_unit"]) == {"10*6"}
    assert doses["amount"].to_list() == np.round(meant.way.cells[meant.way.is_infused], 1).tolist()


def test_a_split_dose_is_two_rows_by_burden_and_what_is_held_back_is_not_given(
    split: tuple[Cohort, Intentions],
) -> None:
    cohort, meant = split
    doses = _doses(cohort)
    first = doses.filter(pl.col("started_at") == pl.col("infused_at"))
    later = doses.filter(pl.col("started_at") > pl.col("infused_at"))
    assert set(first["amount"]) == {10.0, 100.0}
    small = first.filter(pl.col("amount") == 10)["course_id"]
    burden = pl.DataFrame({"course_id": cohort.courses["course_id"], "burden": meant.patients.burden})
    high = burden.join(first.select("course_id"), on="course_id").with_columns(
        small=pl.col("course_id").is_in(small.implode())
    )
    assert high.filter("small")["burden"].min() > high.filter(~pl.col("small"))["burden"].max()
    given = cohort.milestones.filter(kind="fraction").select("course_id", pl.col("at").alias("started_at"))
    assert later.join(given, on=["course_id", "started_at"]).height == later.height == given.height
    assert 0 < later.height < first.height
    total = doses.group_by("course_id").agg(pl.col("amount").sum(), pl.len())
    assert total.filter(pl.col("len") == 2)["amount"].median() == pytest.approx(410, rel=0.02)
    assert set(total.filter(pl.col("len") == 1)["amount"]) <= {10.0, 100.0}


def test_levels_are_those_of_the_kinetics_with_the_error_of_the_assay() -> None:
    cohort, meant = _cohort("axi-cel")
    rows = cohort.observations.filter(kind="car_cells").join(
        cohort.courses.with_row_index("place").select("course_id", "place", "infused_at"), on="course_id"
    )
    hours = ((rows["observed_at"] - rows["infused_at"]).dt.total_seconds() / 3600).to_numpy()
    place = rows["place"].to_numpy()
    true = meant.kinetics.at(np.repeat(hours[:, None], len(meant.patients.age_years), axis=1).T)[
        place, np.arange(len(place))
    ]
    known = rows["comparator"].is_null().to_numpy()
    error = np.log(rows["value"].to_numpy()[known] / true[known])
    assert np.std(error[true[known] > 1]) == pytest.approx(setting("axi-cel").value("kinetics.assay_sdlog"), rel=0.1)
    least = setting("axi-cel").value("kinetics.least_cells")
    assert set(rows.filter(pl.col("comparator") == "<")["value"]) == {least}
    assert rows["value"].min() >= least
    assert 0 < (~known).sum() < len(rows) / 2
    assert true[~known].max() < 4 * least


@pytest.mark.parametrize("id", setting_ids())
def test_every_setting_has_one_assay_that_the_code_files_know(id: str) -> None:
    assert str(setting(id).parameter("kinetics.unit").value) in KIND_OF_UNIT


def test_no_cohort_mixes_copies_and_cells(split: tuple[Cohort, Intentions]) -> None:
    cohort, _ = split
    found = cohort.observations.filter(pl.col("kind").str.starts_with("car_"))["kind"].unique().to_list()
    assert found == ["car_copies"]
