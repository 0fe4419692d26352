"""The HScore against its published table of points and probabilities.

Source     Fardet 2014, reproduced in Case Rep Crit Care 2017 (5304180) table 3, PMC7589537 table 4, PMC10101193 table 1.
Tolerance  None: points are whole numbers, the probabilities are compared as they are printed.
"""

from __future__ import annotations

from itertools import product

import pytest

from reference.published import bounds, bounds_at, course, exactly, lab, stated
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import Engine
from vein2vein.knowledge.registry import default_registry

HSCORE = "fardet-2014.hscore"
# Each row: what is seen, and the printed points.
TABLE = {
    "immunosuppression": [({"immunosuppression": "no"}, 0), ({"immunosuppression": "yes"}, 18)],
    "temperature": [({"temperature": 38.3}, 0), ({"temperature": 38.9}, 33), ({"temperature": 39.5}, 49)],
    "organs": [
        ({"hepatomegaly": "no", "splenomegaly": "no"}, 0),
        ({"hepatomegaly": "no", "splenomegaly": "yes"}, 23),
        ({"hepatomegaly": "yes", "splenomegaly": "yes"}, 38),
    ],
    "lineages": [
        ({"haemoglobin": 9.3, "leukocytes": 4, "platelets": 120}, 0),
        ({"haemoglobin": 9.2, "leukocytes": 5.0, "platelets": 120}, 24),
        ({"haemoglobin": 9.2, "leukocytes": 5.0, "platelets": 110}, 34),
    ],
    "ferritin": [({"ferritin": 1999}, 0), ({"ferritin": 2000}, 35), ({"ferritin": 6001}, 50)],
    "triglycerides": [
        ({"triglycerides": {"value": 1.4, "unit": "mmol/L"}}, 0),
        ({"triglycerides": {"value": 1.5, "unit": "mmol/L"}}, 44),
        ({"triglycerides": {"value": 4.1, "unit": "mmol/L"}}, 64),
    ],
    "fibrinogen": [({"fibrinogen": 2.6}, 0), ({"fibrinogen": 2.5}, 30)],
    "ast": [({"ast": 29}, 0), ({"ast": 31}, 19)],
    "marrow": [({"haemophagocytosis": "no"}, 0), ({"haemophagocytosis": "yes"}, 35)],
}
PROBABILITY = {
    90: "<1 %", 100: "1 %", 110: "3 %", 120: "5 %", 130: "9 %", 140: "16 %", 150: "25 %", 160: "40 %", 170: "54 %",
    180: "70 %", 190: "80 %", 200: "88 %", 210: "93 %", 220: "96 %", 230: "98 %", 240: "99 %", 250: ">99 %",
}  # fmt: skip


def test_each_row_of_the_table_gives_the_printed_points() -> None:
    for rows in TABLE.values():
        for given, points in rows:
            assert bounds(HSCORE, given) == exactly(points), given


def test_every_combination_of_rows_gives_the_sum_of_the_printed_points() -> None:
    totals = set()
    for rows in product(*TABLE.values()):
        given = {name: value for row, _ in rows for name, value in row.items()}
        total = sum(points for _, points in rows)
        assert bounds(HSCORE, given) == exactly(total), given
        totals.add(total)
    assert (min(totals), max(totals)) == (0, 337), "the published range of the score"


def test_the_probabilities_are_those_that_are_printed() -> None:
    rule = default_registry().get(HSCORE)
    assert {point.value: point.means for point in rule.score_map} == PROBABILITY


def test_the_cut_off_of_169_classifies_and_is_no_probability() -> None:
    rule = default_registry().get(HSCORE)
    band = next(band for band in rule.bands if band.at_least == 169)
    assert "not a probability" in band.text["en"]
    # 93 % is the sensitivity at 169; as a probability it belongs to 210 points, while 170 points mean 54 %.
    assert PROBABILITY[170] == "54 %"
    assert PROBABILITY[210] == "93 %"
    assert 169 not in {point.value for point in rule.score_map}


@pytest.mark.parametrize(
    ("mmol", "mg", "points"),
    [(1.49, 132.0, 0), (1.5, 132.7, 44), (4.0, 354.0, 44), (4.01, 354.5, 64)],
)
def test_the_cut_offs_printed_in_both_units_agree(mmol: float, mg: float, points: int) -> None:
    assert bounds(HSCORE, {"triglycerides": {"value": mmol, "unit": "mmol/L"}}) == exactly(points)
    assert bounds(HSCORE, {"triglycerides": {"value": mg, "unit": "mg/dL"}}) == exactly(points)


def test_an_ast_of_30_scores_except_where_a_copy_leaves_it_undefined() -> None:
    assert bounds(HSCORE, {"ast": 30}) == exactly(19)
    assert bounds(HSCORE, {"ast": 30}, ast_exactly_30="not-scored") == exactly(0)


def test_a_marrow_that_nobody_looked_at_leaves_its_points_open(engine: Engine) -> None:
    rows = [
        *(stated(kind, 1, "no") for kind in ("known_immunosuppression", "hepatomegaly", "splenomegaly")),
        lab("body_temperature", 1, 39.0),
        lab("haemoglobin", 1, 8.0),
        lab("leukocytes", 1, 0.5),
        lab("platelets", 1, 30),
        lab("ferritin", 1, 9000),
        lab("triglycerides", 1, 100),
        lab("fibrinogen", 1, 2.0),
        lab("ast", 1, 90),
    ]
    seen = 33 + 34 + 50 + 0 + 30 + 19
    assert bounds_at(course(rows), HSCORE, engine, 2) == Bounds(seen, seen + 35)
    examined = [*rows, stated("haemophagocytosis_marrow", 2, "no")]
    assert bounds_at(course(examined), HSCORE, engine, 3) == exactly(seen)
    assert bounds_at(course(rows), HSCORE, engine, 2, unstated_findings="no") == exactly(seen)
