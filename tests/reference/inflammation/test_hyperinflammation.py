"""IEC-HS, carHLH and MAS-L: published numbers, the printed unit trap, and how they behave over time.

Source     IEC-HS: Hines 2023 (recalled); carHLH: Neelapu 2018 (White Book copy); MAS-L: Kennedy 2020, abstract.
Tolerance  None for grades and criteria; rates of ferritin are compared at 0.1 µg/L per hour.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from reference.published import bounds, bounds_at, course, evaluation, exactly, hour, lab, stated, verdicts
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.engine.grade import Engine
from vein2vein.knowledge.codes import observation_kind
from vein2vein.record.timeline import Exposure, Observation

PATTERN = "iec-hs-2023.pattern"
GRADE = "iec-hs-2023.grade"
CARHLH = "cartox-2018.carhlh"
MASL = "ucsf-2021.mas-l"


def test_the_pattern_names_every_criterion_as_met_unmet_or_unknown() -> None:
    found = evaluation(PATTERN, {"ferritin_limits": 30, "fibrinogen": 1.2, "haemophagocytosis_marrow": None})
    assert found.criteria["required"] is Truth.TRUE
    assert found.criteria["hypofibrinogenaemia"] is Truth.TRUE
    assert found.criteria["haemophagocytosis"] is Truth.UNKNOWN
    assert found.criteria["transaminases"] is Truth.FALSE
    assert found.bounds == Bounds(2, 3)


def test_a_local_rule_makes_a_syndrome_of_the_pattern() -> None:
    one = {"ferritin_limits": 30, "fibrinogen": 1.2}
    assert bounds(PATTERN, one) == exactly(2)
    assert bounds(PATTERN, one, local_rule="one-most-common") == exactly(2)
    assert bounds(PATTERN, one, local_rule="two-most-common") == exactly(0)


@pytest.mark.parametrize(("grams", "mg", "expected"), [(1.49, 149, 2), (1.5, 150, 1)])
def test_fibrinogen_agrees_in_both_units(grams: float, mg: float, expected: int) -> None:
    for value, unit in ((grams, "g/L"), (mg, "mg/dL")):
        assert bounds(PATTERN, {"ferritin_limits": 30, "fibrinogen": {"value": value, "unit": unit}}) == exactly(
            expected
        )


def test_manifestations_count_together_for_72_hours(engine: Engine) -> None:
    rows = [
        lab("ferritin", -48, 300.0, high=300.0),
        lab("ferritin", 24, 9000, high=300.0),
        lab("fibrinogen", 20, 3.0, low=2.0),
        lab("fibrinogen", 90, 1.0, low=2.0),
        *(lab(kind, h, 20.0, high=40.0) for h in (-48, 20, 90) for kind in ("ast", "alt")),
        *(lab("neutrophils", h, 3.0) for h in (20, 90)),
        *(lab("platelets", h, 150.0) for h in (20, 90)),
        *(stated(kind, 1, "no") for kind in ("haemophagocytosis_marrow", "haemophagocytosis_tissue")),
    ]
    timeline = course(rows)
    assert bounds_at(timeline, PATTERN, engine, 30) == exactly(1)
    assert bounds_at(timeline, PATTERN, engine, 95.9) == exactly(2), "ferritin of hour 24 still counts"
    assert bounds_at(timeline, PATTERN, engine, 96) == Bounds(0, 2), "72 hours later nothing is known of ferritin"


def test_another_cause_takes_the_whole_pattern_away(engine: Engine) -> None:
    sepsis = Exposure("other_cause", "hyperinflammation", hour(10), hour(20))
    timeline = course([lab("ferritin", 1, 9000, high=300.0), lab("fibrinogen", 1, 1.0, low=2.0)], [sepsis])
    low = [(bounds_at(timeline, PATTERN, engine, at) or Bounds(9, 9)).low for at in (5, 15, 25)]
    assert low == [2, 0, 2]


def test_the_grade_follows_what_was_done() -> None:
    ladder = [{}, {"directed_drug": "yes"}, {"bleeding_transfusion": "yes"}, {"dialysis": "yes"}, {"death": "yes"}]
    assert [bounds(GRADE, given) for given in ladder] == [exactly(n) for n in (1, 2, 3, 4, 5)]


def test_the_grade_over_a_course(engine: Engine) -> None:
    rows = [
        stated("iec_hs", 100),
        *(
            stated(kind, h, "no")
            for h in (1, 60, 120)
            for kind in ("bleeding_transfusion", "bleeding_life_threatening")
        ),
        *(stated("acute_kidney_injury", h, "no") for h in (1, 60)),
        stated("acute_kidney_injury", 120),
        *(lab("ferritin", h, 9000, high=300.0) for h in (1, 60, 120)),
    ]
    charted = [
        Exposure("charted", k, hour(-240), hour(400))
        for k in ("vasopressor", "renal_replacement", "anticytokine", "corticosteroid", "transfusion")
    ]
    timeline = course(
        rows,
        [
            *charted,
            Exposure("oxygen", "room-air", hour(-48), None),
            Exposure("stay", "ward", hour(-48), None),
            Exposure("anticytokine", "anakinra", hour(110), hour(110)),
            Exposure("renal_replacement", "haemodialysis", hour(130), hour(140)),
        ],
    )
    at = {h: bounds_at(timeline, GRADE, engine, h) for h in (50, 105, 115, 125, 135, 145)}
    assert at == {50: Bounds(0, 1), 105: exactly(1), 115: exactly(2), 125: exactly(3), 135: exactly(4), 145: exactly(3)}


def test_carhlh_needs_the_peak_and_two_organ_criteria(engine: Engine) -> None:
    rows = [lab("ferritin", 40, 12_000), lab("ast", 50, 250, high=40.0), stated("pulmonary_oedema_severe", 60)]
    timeline = course(rows)
    held = {h: (bounds_at(timeline, CARHLH, engine, h) or Bounds(9, 9)).low for h in (45, 55, 65)}
    assert held == {45: 0, 55: 0, 65: 1}


@pytest.mark.parametrize(("ferritin", "expected"), [(10_000, 0), (10_001, 1)])
def test_carhlh_asks_for_more_than_ten_thousand(ferritin: float, expected: int) -> None:
    assert bounds(CARHLH, {"ferritin": ferritin, "ast_limits": 6, "oliguria": "yes"}) == exactly(expected)


def masl(*ferritin: tuple[float, float]) -> list[Observation]:
    return [lab("ferritin", h, value) for h, value in ferritin]


def test_masl_takes_micrograms_although_the_abstract_prints_milligrams(engine: Engine) -> None:
    ldh = lab("ldh", 20, 900, high=250.0)
    rising = course([*masl((0, 1000), (24, 1000 + 24 * 100)), ldh])
    assert bounds_at(rising, MASL, engine, 24) == exactly(1)
    # A rise of 100 mg/L per hour would be 2.4 million µg/L in a day, which is refused as implausible.
    plausible = observation_kind("ferritin").plausible
    assert plausible is not None
    assert plausible[1] < 24 * 100 * 1000


@pytest.mark.parametrize(("rise", "expected"), [(2399, 0), (2400, 1), (2401, 1)])
def test_masl_counts_a_rise_of_exactly_one_hundred_per_hour(engine: Engine, rise: float, expected: int) -> None:
    timeline = course([*masl((0, 1000), (24, 1000 + rise)), lab("fibrinogen", 24, 1.0)])
    assert bounds_at(timeline, MASL, engine, 24) == exactly(expected)


def test_masl_wants_the_two_ferritins_within_24_hours(engine: Engine) -> None:
    low = lab("fibrinogen", 24, 1.0)
    within = course([*masl((0, 1000), (24, 9000)), low])
    beyond = course([*masl((0, 1000), (24.1, 9000)), low])
    assert bounds_at(within, MASL, engine, 25) == exactly(1)
    assert bounds_at(beyond, MASL, engine, 25) == Bounds(0, 1), "no pair of values at most 24 hours apart"


def test_masl_holds_for_a_day_after_the_steep_rise(engine: Engine) -> None:
    timeline = course([*masl((0, 1000), (12, 9000)), lab("fibrinogen", 12, 1.0)])
    steps = [(s["from_at"], s["low"], s["high"]) for s in verdicts(timeline, MASL, engine, 60)]
    assert (hour(12), 1, 1) in steps
    assert (hour(12) + timedelta(hours=24), 0, 1) in steps


def test_masl_passes_over_samples_taken_almost_together(engine: Engine) -> None:
    timeline = course([*masl((0, 1000), (0.5, 1100), (24, 1300)), lab("fibrinogen", 24, 1.0)])
    assert bounds_at(timeline, MASL, engine, 24) == exactly(0)
    assert bounds_at(timeline, MASL, engine, 24, apart_hours=0) == exactly(1)
