"""A simulated record without mess says each thing once: no kind has two rows at one instant of a course."""

from __future__ import annotations

import polars as pl
import pytest

from vein2vein.population.simulate import simulate


@pytest.mark.parametrize("product", ["axi-cel", "tisa-cel", "cilta-cel"])
def test_no_kind_is_observed_twice_at_one_instant(product: str) -> None:
    rows = simulate(product, n=250, seed=3).observations
    twice = rows.group_by("course_id", "kind", "observed_at").len().filter(pl.col("len") > 1)
    assert twice.height == 0, twice["kind"].unique().to_list()
