"""Doses of lymphodepletion: nothing is assumed, policies stand side by side, deviations are measured at their limits."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from builders import a_patient
from vein2vein.engine.plain.ask import Questions
from vein2vein.errors import JourneyError
from vein2vein.journey.lymphodepletion.doses import compare_policies, deviation, regimen_doses
from vein2vein.knowledge.documents.regimen import DrugDays, Regimen
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.library import default_library

LIBRARY = default_library()
REGIMEN = LIBRARY.get("us-label.flu-30-cy-500", Regimen)
SURFACE = LIBRARY.get("mosteller-1987.bsa", Formula)
POLICIES = LIBRARY.of(RenalPolicy)
FORMULAS = {id: LIBRARY.get(id, Formula) for id in ("cockcroft-gault-1976.clearance", "inker-2021.ckd-epi")}
WEIGHT = Latest(take="latest", observation="weight", holds_hours=720)


def _questions(*, creatinine: float | None = 1.0, weight: float | None = 70, height: float | None = 170) -> Questions:
    """A woman of 57 five days before the infusion; CrCl by Cockcroft and Gault 68.6 mL/min at creatinine 1.0."""
    patient = a_patient("A", days=2)
    for kind, value in (("creatinine", creatinine), ("weight", weight), ("height", height)):
        if value is not None:
            patient = patient.with_value(kind, -5.5, value)
    return Questions(patient.built(), patient.at(-5))


def _doses(questions: Questions, policy: str | None):
    chosen = None if policy is None else LIBRARY.get(policy, RenalPolicy)
    doses = regimen_doses(questions, REGIMEN, SURFACE, policy=chosen, formulas=FORMULAS, weight=WEIGHT)
    return {dose.drug.drug: dose for dose in doses}


def test_a_dose_is_body_surface_times_dose_times_fraction() -> None:
    """Mosteller of 170 cm and 70 kg is 1.8181 m2; a clearance of 68.6 is four fifths on the brand label."""
    doses = _doses(_questions(), "fludara-pi.fludarabine-renal")
    assert doses["fludarabine"].value == pytest.approx(1.8181 * 30 * 0.8, abs=0.01)
    assert doses["cyclophosphamide"].value == pytest.approx(1.8181 * 500, abs=0.1)
    assert doses["fludarabine"].text == "43.6 mg"


def test_without_a_policy_a_drug_cleared_by_the_kidney_has_no_dose() -> None:
    doses = _doses(_questions(), None)
    assert doses["fludarabine"].value is None
    assert doses["fludarabine"].text == "cannot be computed: needs a renal policy"
    assert doses["cyclophosphamide"].value is not None


@pytest.mark.parametrize(
    ("gone", "needs"),
    [
        ("creatinine", {"fludarabine": ("creatinine",)}),
        ("height", {"fludarabine": ("height",), "cyclophosphamide": ("height",)}),
    ],
)
def test_a_missing_input_is_named_and_no_dose_is_given(gone: str, needs: dict[str, tuple[str, ...]]) -> None:
    doses = _doses(_questions(**{gone: None}), "fludara-pi.fludarabine-renal")
    for drug, missing in needs.items():
        assert doses[drug].value is None
        assert doses[drug].needs == missing


def test_a_missing_creatinine_leaves_every_band_of_the_policy_possible() -> None:
    dose = _doses(_questions(creatinine=None), "fludara-pi.fludarabine-renal")["fludarabine"]
    assert dose.renal is not None
    assert dose.renal.fractions == (0.0, 0.6, 0.8, 1.0)
    assert dose.milligrams == (0.0, pytest.approx(1.8181 * 30, abs=0.01))


def test_a_clearance_that_cannot_be_real_gives_no_dose() -> None:
    """A creatinine in mg/dL that is one in another unit: such a clearance is not believed."""
    dose = _doses(_questions(creatinine=70), "us-oral.fludarabine-renal")["fludarabine"]
    assert dose.value is None
    assert "a plausible inker-2021.ckd-epi (creatinine 70 mg/dL is outside 0.05 to 30; check its unit)" in dose.text


def test_policies_disagree_for_the_same_patient_and_stand_side_by_side() -> None:
    compared = compare_policies(_questions(), REGIMEN, SURFACE, policies=POLICIES, formulas=FORMULAS, weight=WEIGHT)
    fractions = {id: doses[0].renal.fractions for id, doses in compared.items() if doses[0].renal is not None}
    assert fractions == {
        "dfci-practice.fludarabine-renal": (1.0,),
        "eu-spc.fludarabine-renal": (0.5, 1.0),
        "fludara-pi.fludarabine-renal": (0.8,),
        "us-generic.fludarabine-renal": (0.8,),
        "us-oral.fludarabine-renal": (0.8,),
    }


def test_below_thirty_the_brand_label_withholds_and_one_practice_does_not_say() -> None:
    questions = _questions(creatinine=4.0)
    assert _doses(questions, "fludara-pi.fludarabine-renal")["fludarabine"].text == "not given"
    dose = _doses(questions, "dfci-practice.fludarabine-renal")["fludarabine"]
    assert dose.value is None
    assert dose.needs == ("a policy that states this clearance",)


@pytest.mark.parametrize(
    ("percent", "level"), [(0, "none"), (5, "none"), (5.1, "flag"), (-10, "flag"), (-10.1, "stop"), (12, "stop")]
)
def test_a_deviation_is_judged_by_limits_that_are_exclusive(percent: float, level: str) -> None:
    dose = _doses(_questions(), "fludara-pi.fludarabine-renal")["fludarabine"]
    assert dose.value is not None
    found = deviation(dose, dose.value * (1 + percent / 100), flag_percent=5, stop_percent=10)
    assert found.level == level
    assert found.percent == pytest.approx(percent)


def test_anything_ordered_of_a_withheld_drug_stops_and_an_unknown_dose_stays_unknown() -> None:
    withheld = _doses(_questions(creatinine=4.0), "fludara-pi.fludarabine-renal")["fludarabine"]
    assert deviation(withheld, 1, flag_percent=5, stop_percent=10).level == "stop"
    unknown = _doses(_questions(weight=None), "fludara-pi.fludarabine-renal")["fludarabine"]
    assert deviation(unknown, 50, flag_percent=5, stop_percent=10).level == "unknown"


@pytest.mark.parametrize(
    ("part", "level", "sign"),
    [(0.5, "none", 0), (0.8, "none", 0), (1.0, "none", 0), (0.46, "flag", -1), (0.44, "stop", -1), (1.06, "flag", 1)],
)
def test_a_policy_that_leaves_the_fraction_to_the_centre_gives_a_range(part: float, level: str, sign: int) -> None:
    dose = _doses(_questions(), "eu-spc.fludarabine-renal")["fludarabine"]
    assert dose.span is not None
    low, high = dose.span
    assert (dose.value, dose.needs, dose.text) == (None, (), f"{low:.1f} to {high:.1f} mg")
    assert low == pytest.approx(high / 2)
    assert dose.amount_in("zh") == f"{low:.1f} 至 {high:.1f}"
    found = deviation(dose, part * high, flag_percent=5, stop_percent=10)
    assert (found.level, (found.percent or 0) * sign > 0) == (level, sign != 0)


@pytest.mark.parametrize("policy", ["fludara-pi.fludarabine-renal", None, "dfci-practice.fludarabine-renal"])
@pytest.mark.parametrize(
    ("part", "level"), [(0.5, "unknown"), (1.0, "unknown"), (1.04, "unknown"), (1.06, "flag"), (1.2, "stop")]
)
def test_more_than_the_whole_dose_is_too_much_whatever_the_clearance(
    policy: str | None, part: float, level: str
) -> None:
    dose = _doses(_questions(creatinine=None), policy)["fludarabine"]
    found = deviation(dose, part * 30 * 1.81812, flag_percent=5, stop_percent=10)
    assert (found.level, found.is_least) == (level, level != "unknown")


def test_an_order_that_cannot_be_is_refused() -> None:
    dose = _doses(_questions(), "fludara-pi.fludarabine-renal")["fludarabine"]
    with pytest.raises(JourneyError, match="JOURNEY-002"):
        deviation(dose, -1, flag_percent=5, stop_percent=10)
    with pytest.raises(JourneyError, match="stop above 4 %"):
        deviation(dose, 1, flag_percent=5, stop_percent=4)


def test_a_policy_without_its_formula_is_refused() -> None:
    policy = LIBRARY.get("us-generic.fludarabine-renal", RenalPolicy)
    with pytest.raises(JourneyError, match=r"inker-2021\.ckd-epi"):
        regimen_doses(_questions(), REGIMEN, SURFACE, policy=policy, formulas={}, weight=WEIGHT)


def test_a_later_creatinine_does_not_count() -> None:
    patient = a_patient("A", days=2).with_value("creatinine", -5.5, 1.0).with_value("creatinine", -4.9, 4.0)
    patient = patient.with_value("weight", -5.5, 70).with_value("height", -5.5, 170)
    dose = _doses(Questions(patient.built(), patient.at(-5)), "fludara-pi.fludarabine-renal")["fludarabine"]
    assert dose.renal is not None
    assert dose.renal.fractions == (0.8,)


def test_a_range_of_a_source_ends_above_its_start() -> None:
    drug = {"drug": "cyclophosphamide", "label": {"en": "C", "zh": "C"}, "amount": 300, "unit": "mg/m2", "days": [1]}
    assert DrugDays.model_validate({**drug, "amount_to": 500}).ends == (300, 500)
    assert DrugDays.model_validate(drug).ends == (300, 300)
    with pytest.raises(ValidationError, match="cyclophosphamide: the range ends at 300, not above 300"):
        DrugDays.model_validate({**drug, "amount_to": 300})
