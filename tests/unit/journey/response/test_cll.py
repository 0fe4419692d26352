"""iwCLL 2018: groups A and B, nadir, lymphocytes that may be CAR-T cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.errors import JourneyError
from vein2vein.journey.response import CllFindings, Lesion, Scan, cll
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.library import default_library

CRITERIA = default_library().get("iwcll-2018.response", Response)
END = INFUSED_AT + timedelta(days=400)


def scan(day: float, ldi: float, sdi: float, *, spleen: float = 16, **more) -> Scan:
    lesions = (Lesion("axilla", "node", "measured", ldi, sdi),)
    return Scan(INFUSED_AT + timedelta(days=day), lesions, is_complete=True, liver="normal", spleen=spleen, **more)


def blood(
    patient: PatientBuilder,
    day: float,
    lymphocytes: float,
    platelets: float,
    *,
    hb: float = 9.5,
    marrow: str = "infiltrated",
) -> PatientBuilder:
    patient.with_value("lymphocytes", day, lymphocytes, reference_high=4.0)
    patient.with_value("platelets", day, platelets).with_value("haemoglobin", day, hb)
    return (
        patient.with_statement("disease_symptoms", day, "no")
        .with_statement("marrow_cll", day, marrow)
        .with_statement("cytopenia_of_treatment", day, "no")
    )


def course() -> PatientBuilder:
    return blood(a_patient("C", days=400), -3, 40, 80)


BASELINE = scan(-5, 4, 3)
SAID = CllFindings(lymphocytes_are_cll=True, marrow_halved=False, new_lesion=False)


def answers(patient: PatientBuilder, *scans: Scan, told: CllFindings = SAID, at=END):
    return cll(patient.built(), CRITERIA, (BASELINE, *scans), at, findings={one.at: told for one in scans})


def test_partial_then_complete_then_progression() -> None:
    patient = blood(course(), 30, 10, 120)
    blood(patient, 90, 2, 150, hb=13.0, marrow="clear")
    blood(patient, 180, 2, 150, hb=13.0, marrow="clear")
    scans = (scan(31, 2, 2, spleen=14), scan(91, 1, 1, spleen=12), scan(181, 2, 2, spleen=12))
    found = answers(patient, *scans)
    assert [one.possible for one in found] == [("PR",), ("CR",), ("PD",)]
    assert found[2].state["nadir_nodes"].low == 1
    assert answers(patient, *scans, at=scans[0].at) == found[:1]


def test_a_rise_of_lymphocytes_counts_only_where_flow_says_cll() -> None:
    patient = blood(course(), 14, 70, 80)
    one = scan(15, 4, 3)
    assert answers(patient, one)[0].possible == ("PD",)
    cells = CllFindings(lymphocytes_are_cll=False, marrow_halved=False, new_lesion=False)
    assert answers(patient, one, told=cells)[0].possible == ("SD",)
    unsaid = CllFindings(marrow_halved=False, new_lesion=False)
    (found,) = answers(patient, one, told=unsaid)
    assert found.possible == ("SD", "PD")
    assert "lymphocytes_are_cll" in found.result.missing


def test_what_is_not_said_stays_open() -> None:
    patient = blood(course(), 30, 10, 120)
    one = Scan(INFUSED_AT + timedelta(days=31))
    (found,) = answers(patient, one, told=CllFindings())
    assert "PD" in found.possible
    assert {"nodes", "spleen"} <= set(found.result.missing)


def test_lymphocytes_without_the_limit_of_the_laboratory_are_not_called_normal() -> None:
    patient = (
        course().with_value("lymphocytes", 90, 2).with_value("platelets", 90, 150).with_value("haemoglobin", 90, 130)
    )
    patient.with_statement("disease_symptoms", 90, "no").with_statement("marrow_cll", 90, "clear")
    (found,) = answers(patient, scan(91, 1, 1, spleen=12))
    assert "lymphocytes_high" in found.result.missing
    assert "CR" in found.possible


def _cause(of_treatment: str, told: bool | None) -> tuple[str, ...]:
    patient = blood(course(), 28, 40, 39).with_statement("cytopenia_of_treatment", 28, of_treatment)
    said = replace(SAID, cytopenia_of_cll=told)
    (found,) = answers(patient, scan(28, 4, 3), told=said)
    return found.possible


@pytest.mark.parametrize(
    ("of_treatment", "told", "possible"),
    [("no", None, ("SD", "PD")), ("no", True, ("PD",)), ("no", False, ("SD",)), ("yes", None, ("SD",))],
)
def test_fallen_platelets_are_progression_only_where_cll_causes_them(
    of_treatment: str, told: bool | None, possible: tuple[str, ...]
) -> None:
    assert _cause(of_treatment, told) == possible


def test_no_more_targets_than_the_file_sums_up() -> None:
    def of(number: int) -> Scan:
        nodes = tuple(Lesion(f"N{n}", "node", "measured", 2, 1) for n in range(number))
        return replace(scan(28, 4, 3), lesions=nodes)

    assert answers(blood(course(), 28, 40, 80), of(6))
    with pytest.raises(JourneyError, match=r"7 target lesions(?s:.*)at most 6"):
        answers(blood(course(), 28, 40, 80), of(7))


@pytest.mark.parametrize(("hb", "says"), [(11.0, "CR"), (10.9, "PR")])
def test_haemoglobin_of_the_record_in_grams_per_decilitre_meets_the_file_in_grams_per_litre(
    hb: float, says: str
) -> None:
    """The record is canonical (g/dL); the file draws its line at 110 g/L."""
    patient = blood(course(), 90, 2, 150, hb=hb, marrow="clear")
    (found,) = answers(patient, scan(91, 1, 1, spleen=12))
    assert found.possible == (says,)
    assert found.state["haemoglobin"].low == hb * 10
    assert found.state["baseline_haemoglobin"].low == 95


@pytest.mark.parametrize(("hb", "says"), [(7.5, "SD"), (7.4, "PD")])
def test_a_fall_of_haemoglobin_by_more_than_20_grams_per_litre_is_progression_where_cll_causes_it(
    hb: float, says: str
) -> None:
    told = replace(SAID, cytopenia_of_cll=True)
    (found,) = answers(blood(course(), 30, 40, 80, hb=hb), scan(31, 4, 3), told=told)
    assert found.possible == (says,)


@pytest.mark.parametrize(("spleen", "says"), [(12.9, "CR"), (13.0, "PR"), (13.1, "PR")])
def test_a_normal_spleen_is_shorter_than_13_cm(spleen: float, says: str) -> None:
    patient = blood(course(), 90, 2, 150, hb=13.0, marrow="clear")
    assert answers(patient, scan(91, 1, 1, spleen=spleen))[0].possible == (says,)


def test_a_file_that_asks_for_a_measurement_in_another_quantity_is_refused() -> None:
    facts = {**CRITERIA.facts, "haemoglobin": CRITERIA.facts["haemoglobin"].model_copy(update={"unit": "cm"})}
    other = CRITERIA.model_copy(update={"facts": facts})
    patient = blood(course(), 90, 2, 150)
    with pytest.raises(JourneyError, match="JOURNEY-022") as caught:
        cll(patient.built(), other, (BASELINE, scan(91, 1, 1)), END)
    assert "haemoglobin in cm" in str(caught.value)
