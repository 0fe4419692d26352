"""The ISTH score of overt DIC against its printed table; the one copy that deviates is named and not followed.

Source     Taylor 2001, reproduced in PMC5011102 table 1, PMC8607173 table 1 and ASH table 7527030.
Deviates   CCJM table 2 scores the fibrin marker 0, 1, 2; all others 0, 2, 3.
Tolerance  None: points are whole numbers.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from reference.published import bounds, bounds_at, course, exactly, lab, stated
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine
from vein2vein.knowledge.registry import default_registry

DIC = "isth-2001.overt-dic"
TABLE: dict[str, list[tuple[float, int]]] = {
    "platelets": [(100, 0), (99, 1), (50, 1), (49, 2)],
    "d_dimer_limits": [(1.9, 0), (2, 2), (4, 2), (4.1, 3)],
    "prothrombin_prolongation": [(2.9, 0), (3, 1), (5.9, 1), (6, 2)],
    "fibrinogen": [(1.0, 0), (0.99, 1)],
}


def test_every_combination_of_rows_gives_the_sum_of_the_printed_points() -> None:
    for rows in product(*TABLE.values()):
        given = {name: value for name, (value, _) in zip(TABLE, rows, strict=True)}
        assert bounds(DIC, given) == exactly(sum(points for _, points in rows)), given


def test_five_points_are_overt() -> None:
    bands = {band.name: band.at_least for band in default_registry().get(DIC).bands}
    assert bands == {"not-overt": 0, "overt": 5}


@pytest.mark.parametrize(
    ("category", "points", "deviating_copy"), [("none", 0, 0), ("moderate", 2, 1), ("strong", 3, 2)]
)
def test_the_marker_scores_0_2_3_and_not_as_in_the_deviating_copy(
    category: str, points: int, deviating_copy: int
) -> None:
    found = bounds(DIC, {"marker_category": category}, fibrin_marker="category")
    assert found == exactly(points)
    assert category == "none" or found != exactly(deviating_copy)


def test_without_an_underlying_disorder_there_is_no_score() -> None:
    assert bounds(DIC, {"underlying_disorder": "no", "platelets": 10}) is None
    assert bounds(DIC, {"underlying_disorder": None, "platelets": 10}) == Bounds(0, 2)


def test_the_cut_offs_of_the_marker_are_those_of_the_laboratory() -> None:
    given = {"d_dimer_limits": 5}
    assert bounds(DIC, given) == exactly(3)
    assert bounds(DIC, given, moderate_from=5, strong_above=20) == exactly(2)
    assert bounds(DIC, given, moderate_from=6, strong_above=20) == exactly(0)


def rows(**changed: float) -> list[Any]:
    values = {"platelets": 80.0, "prothrombin_time": 18.0, "fibrinogen": 0.9, "d_dimer": 3.0, **changed}
    high = {"prothrombin_time": 14.0, "d_dimer": 0.5}
    return [lab(kind, 1, value, high=high.get(kind)) for kind, value in values.items()]


def test_prolongation_is_counted_from_the_limit_that_came_with_the_value(engine: Engine) -> None:
    disorder = stated("dic_underlying_disorder", 0)
    at_2 = [
        bounds_at(course([disorder, *rows(prothrombin_time=seconds)]), DIC, engine, 2)
        for seconds in (16.9, 17, 19.9, 20)
    ]
    assert at_2 == [exactly(1 + 3 + points + 1) for points in (0, 1, 1, 2)]


def test_a_prothrombin_time_without_a_limit_leaves_its_points_open(engine: Engine) -> None:
    without = [stated("dic_underlying_disorder", 0), *rows()[:1], lab("prothrombin_time", 1, 18.0), *rows()[2:]]
    assert bounds_at(course(without), DIC, engine, 2) == Bounds(5, 7)


def test_values_older_than_a_day_no_longer_score(engine: Engine) -> None:
    timeline = course([stated("dic_underlying_disorder", 0), *rows()])
    assert bounds_at(timeline, DIC, engine, 24.9) == exactly(6)
    assert bounds_at(timeline, DIC, engine, 25) == Bounds(0, 8)
