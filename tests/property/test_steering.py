"""Does the generator touch what it should? Every result of every rule set, and its unknown branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from property.properties import IDS, REGISTRY, STREAMS, graded
from steered import steered_timelines

if TYPE_CHECKING:
    from collections.abc import Mapping

# Results that steered courses do not reach, and why.
UNREACHED: Mapping[str, tuple[frozenset[int], str]] = {
    "mskcc-2018.crs": (frozenset({1}), "the row of grade 1 was not read: by default it is never certain"),
}


def results(id: str, n: int) -> tuple[set[int], bool]:
    """Results that a steered cohort reaches for certain, and whether some bounds stay open."""
    rule = REGISTRY.get(id)
    verdicts = graded(steered_timelines(rule, STREAMS[f"reach/{id}"], n), rule).verdicts
    exact = verdicts.filter(pl.col("low") == pl.col("high"))["low"].unique().to_list()
    return set(exact), bool(verdicts.select((pl.col("low") < pl.col("high")).any()).item())


@pytest.mark.parametrize("id", IDS)
def test_every_result_is_reached_and_every_rule_set_is_left_open_somewhere(id: str) -> None:
    rule = REGISTRY.get(id)
    wanted = {case.value for case in rule.cases} | {rule.otherwise or 0}
    if rule.items:
        wanted = {rule.result.lowest, rule.result.highest}  # a sum of points: both ends
    missing, why = UNREACHED.get(id, (frozenset(), ""))
    reached, has_open = results(id, 200)
    if not wanted - missing <= reached:
        more, _ = results(id, 800)
        reached |= more
    assert has_open
    assert wanted - reached == set(missing), why
