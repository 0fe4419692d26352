"""Tumour lysis in its two editions: boundaries in both printed units, the window of days, and what the editions do differently.

Source     Cairo and Bishop 2004, Howard 2011, in three reproductions.
Tolerance  The decimals of each kind: two for phosphate and calcium in mmol/L, so that both printed units agree.
Doubtful   Ionised calcium is printed as 1.12 mg/dL (0.3 mmol/L); the two differ, and the mmol/L value is used.
"""

from __future__ import annotations

import pytest

from reference.published import bounds, bounds_at, course, exactly, hour, lab, stated, verdicts
from vein2vein.basis.truth import Bounds
from vein2vein.basis.units import convert
from vein2vein.engine.grade import Engine
from vein2vein.knowledge.codes import observation_kind
from vein2vein.record.timeline import Milestone, Observation

LAB_2004 = "cairo-bishop-2004.tls-laboratory"
CLINICAL_2004 = "cairo-bishop-2004.tls-clinical"
LAB_2011 = "howard-2011.tls-laboratory"
CLINICAL_2011 = "howard-2011.tls-clinical"
LYMPHODEPLETION = Milestone("lymphodepletion", hour(-120))

# input, printed cut-off in two units, a value in each that misses it
BOTH_UNITS = [
    ("uric_acid", (8, "mg/dL"), (476, "umol/L"), (7.9, "mg/dL"), (475, "umol/L"), 60),
    ("phosphate", (4.5, "mg/dL"), (1.45, "mmol/L"), (4.4, "mg/dL"), (1.44, "mmol/L"), 60),
    ("phosphate", (6.5, "mg/dL"), (2.1, "mmol/L"), (6.4, "mg/dL"), (2.09, "mmol/L"), 10),
    ("calcium", (7.0, "mg/dL"), (1.75, "mmol/L"), (7.1, "mg/dL"), (1.76, "mmol/L"), 60),
]


@pytest.mark.parametrize("edition", [LAB_2004, LAB_2011])
@pytest.mark.parametrize(("name", "mass", "molar", "mass_short", "molar_short", "age"), BOTH_UNITS)
def test_the_printed_units_agree(
    edition: str,
    name: str,
    mass: tuple[float, str],
    molar: tuple[float, str],
    mass_short: tuple[float, str],
    molar_short: tuple[float, str],
    age: int,
) -> None:
    def met(value: float, unit: str) -> Bounds | None:
        return bounds(edition, {"potassium": 6.0, "age": age, name: {"value": value, "unit": unit}})

    assert (met(*mass), met(*molar)) == (exactly(1), exactly(1))
    assert (met(*mass_short), met(*molar_short)) == (exactly(0), exactly(0))


def test_the_printed_limits_of_ionised_calcium_do_not_agree() -> None:
    kind = observation_kind("ionised_calcium")
    assert convert(1.12, "mg/dL", str(kind.unit), molar_mass=kind.molar_mass) == pytest.approx(0.2795, abs=0.0001)
    given = {"potassium": 6.0, "ionised_calcium": 0.3}
    assert bounds(LAB_2011, given, calcium_measured_as="ionised") == exactly(1)
    assert bounds(LAB_2011, given, calcium_measured_as="ionised", ionised_calcium_at_most=0.28) == exactly(0)


def quiet(*hours: float) -> list[Observation]:
    values = {"uric_acid": 4.0, "potassium": 4.0, "phosphate": 1.0, "corrected_calcium": 2.3}
    return [lab(kind, h, value) for h in hours for kind, value in values.items()]


def test_a_rise_of_25_per_cent_counts_only_in_2004(engine: Engine) -> None:
    rows = [*quiet(-130, 24), lab("uric_acid", 30, 5.0), lab("potassium", 30, 5.0)]
    timeline = course(rows, milestones=[LYMPHODEPLETION])
    assert bounds_at(timeline, LAB_2004, engine, 31) == exactly(1)
    assert bounds_at(timeline, LAB_2011, engine, 31) == exactly(0)


def test_two_values_on_two_days_count_only_in_2004(engine: Engine) -> None:
    rows = [*quiet(-130, *range(-60, 170, 12)), lab("uric_acid", 10, 9.0), lab("potassium", 40, 6.5)]
    timeline = course(rows, milestones=[LYMPHODEPLETION])
    assert bounds_at(timeline, LAB_2004, engine, 41) == exactly(1)
    assert bounds_at(timeline, LAB_2011, engine, 41) == exactly(0)


def test_the_same_24_hours_are_half_open(engine: Engine) -> None:
    def at_40(first: float) -> Bounds | None:
        rows = [*quiet(*range(-60, 40, 12)), lab("uric_acid", first, 9.0), lab("potassium", 40, 6.5)]
        return bounds_at(course(rows), LAB_2011, engine, 40)

    assert at_40(16.1) == exactly(1)
    assert at_40(16.0) == exactly(0), "a value of exactly 24 hours ago no longer counts"


def test_the_window_runs_from_day_minus_3_to_the_end_of_day_7(engine: Engine) -> None:
    lysis = [[lab("uric_acid", h, 9.0), lab("potassium", h, 6.5)] for h in (-90, -60, 180)]
    timeline = course([*quiet(-130), *(row for rows in lysis for row in rows)], milestones=[LYMPHODEPLETION])
    for edition in (LAB_2004, LAB_2011):
        steps = [
            s for s in verdicts(timeline, edition, engine, 400) if s["from_at"] is not None and s["low"] is not None
        ]
        assert min(s["from_at"] for s in steps) == hour(-82), "the start of local day -3"
        assert all(s["until_at"] is not None for s in steps)
        assert max(s["until_at"] for s in steps) == hour(182), "the start of local day 8"


def test_values_before_day_minus_3_never_count(engine: Engine) -> None:
    rows = [*quiet(-130), lab("uric_acid", -84, 9.0), lab("potassium", -81, 6.5)]
    timeline = course(rows, milestones=[LYMPHODEPLETION])
    assert bounds_at(timeline, LAB_2004, engine, -80, as_of=0) == Bounds(0, 1), "uric acid of day -4 does not count"
    assert bounds_at(timeline, LAB_2011, engine, -80, as_of=0) == Bounds(0, 1)
    again = course([*rows, *quiet(-80)[:1], *quiet(-80)[2:]], milestones=[LYMPHODEPLETION])
    assert bounds_at(again, LAB_2004, engine, -80, as_of=0) == exactly(0)
    assert bounds_at(again, LAB_2011, engine, -80, as_of=0) == exactly(0)


@pytest.mark.parametrize(
    ("multiple", "grade"), [(1.4, 0), (1.5, 1), (1.51, 2), (3.0, 2), (3.01, 3), (6.0, 3), (6.01, 4)]
)
def test_creatinine_grades_of_2004(multiple: float, grade: int) -> None:
    assert bounds(CLINICAL_2004, {"uric_acid": 9, "potassium": 7, "creatinine_limits": multiple}) == exactly(grade)


def test_clinical_tumour_lysis_needs_the_laboratory_one() -> None:
    assert bounds(CLINICAL_2004, {"creatinine_limits": 9, "arrhythmia_grade": 4}) == exactly(0)
    assert bounds(CLINICAL_2011, {"creatinine_rise": 3, "seizure": "yes"}) == exactly(0)


@pytest.mark.parametrize(("creatinine", "expected"), [(1.09, 0), (1.1, 1), (1.11, 1)])
def test_the_rise_of_creatinine_in_2011_is_taken_from_the_baseline(
    engine: Engine, creatinine: float, expected: int
) -> None:
    denied = [stated(kind, 30, "no") for kind in ("oliguria", "tls_arrhythmia", "tls_seizure")]
    rows = [*quiet(-130), lab("creatinine", -130, 0.8), lab("uric_acid", 30, 9.0), lab("potassium", 30, 6.5)]
    timeline = course([*rows, lab("creatinine", 31, creatinine), *denied], milestones=[LYMPHODEPLETION])
    assert bounds_at(timeline, CLINICAL_2011, engine, 32) == exactly(expected)


def test_without_a_baseline_the_25_per_cent_rule_stays_open(engine: Engine) -> None:
    timeline = course([*quiet(5), lab("potassium", 10, 6.5)])
    assert bounds_at(timeline, LAB_2004, engine, 11) == Bounds(0, 1)
    assert bounds_at(timeline, LAB_2011, engine, 11) == exactly(0), "2011 asks for no baseline"


def test_death_due_to_tumour_lysis_is_grade_5(engine: Engine) -> None:
    died = Milestone("death", hour(50), detail="tumour-lysis")
    other = Milestone("death", hour(50), detail="progression")
    rows = quiet(-130, -20, 20, 48)
    fatal, elsewhere = (course(rows, milestones=[LYMPHODEPLETION, death]) for death in (died, other))
    assert verdicts(fatal, CLINICAL_2004, engine, 51)[-1]["low"] == 5
    assert verdicts(elsewhere, CLINICAL_2004, engine, 51)[-1]["low"] == 0
