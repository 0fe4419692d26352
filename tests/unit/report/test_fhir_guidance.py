"""Every source as a PlanDefinition with ActivityDefinitions that the FHIR library accepts."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from vein2vein.errors import ReportError
from vein2vein.intake.fhir.model import model_of
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.library import default_library
from vein2vein.report.fhir_guidance import guidance_bundle, write_guidance

LIBRARY = default_library()
DRUGS = {drug.id: drug for drug in LIBRARY.of(Drug)}
SOURCES = LIBRARY.of(Guidance)


def _resources(id: str) -> list[dict[str, Any]]:
    bundle = json.loads(guidance_bundle(LIBRARY.get(id, Guidance), DRUGS).model_dump_json())
    return [entry["resource"] for entry in bundle["entry"]]


def _activity(id: str, name: str) -> dict[str, Any]:
    (found,) = [r for r in _resources(id) if r["id"] == f"{id}.{name}"]
    return found


@pytest.mark.parametrize("guidance", SOURCES, ids=[g.id for g in SOURCES])
def test_every_source_is_valid_and_its_actions_point_to_what_is_there(guidance: Guidance) -> None:
    plan, *activities = _resources(guidance.id)
    for resource in (plan, *activities):
        model_of(resource["resourceType"]).model_validate(resource)
    urls = {a["url"] for a in activities}
    assert len(urls) == len(activities) == len(guidance.actions)
    parts = [step for row in plan["action"] for part in row["action"] for step in part.get("action", [part])]
    assert {step["definitionCanonical"] for step in parts} == urls
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", r["name"]) for r in (plan, *activities))
    assert len({a["name"] for a in activities}) == len(activities)
    drugs = [a for a in activities if a["kind"] == "MedicationRequest" and not a.get("doNotPerform")]
    assert all(dosage["doseAndRate"] for a in drugs for dosage in a["dosage"])
    assert [row["title"] for row in plan["action"]] == [row.name for row in guidance.rows]
    assert {r["status"] for r in (plan, *activities)} == {"draft"}


def test_a_drug_has_its_codes_its_timing_and_its_length() -> None:
    pulse = _activity("asco-2021.guidance", "methylprednisolone-pulse")
    assert pulse["kind"] == "MedicationRequest"
    (dosage,) = pulse["dosage"]
    assert dosage["doseAndRate"][0]["doseQuantity"] == {
        "value": 1000,
        "unit": "mg",
        "system": "http://unitsofmeasure.org",
        "code": "mg",
    }
    repeat = dosage["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodMax"], repeat["periodUnit"]) == (1, 12, 24, "h")
    assert repeat["boundsDuration"]["value"] == 3
    codes = {(c["system"], c["code"]) for c in pulse["productCodeableConcept"]["coding"]}
    assert ("http://www.whocc.no/atc", "H02AB04") in codes


def test_a_range_of_days_and_a_range_of_doses() -> None:
    (dosage,) = _activity("ebmt-2022.guidance", "dexamethasone-1-3d")["dosage"]
    assert dosage["timing"]["repeat"]["boundsRange"]["high"]["value"] == 3
    (dosage,) = _activity("ebmt-2022.guidance", "dexamethasone-10-20")["dosage"]
    assert dosage["doseAndRate"][0]["doseRange"]["high"]["value"] == 20


def test_every_weight_band_is_a_dosage_with_its_limits() -> None:
    light, heavy = _activity("asco-2021.guidance", "tocilizumab")["dosage"]
    assert [d["additionalInstruction"][0]["text"] for d in (light, heavy)] == [
        "body weight below 30 kg",
        "body weight of 30 kg or more",
    ]
    assert [d["doseAndRate"][0]["doseQuantity"]["value"] for d in (light, heavy)] == [12, 8]
    assert heavy["doseAndRate"][0]["doseQuantity"]["code"] == "mg/kg"
    assert "maxDosePerAdministration" not in light
    assert heavy["maxDosePerAdministration"]["value"] == 800
    most = heavy["maxDosePerPeriod"]
    assert (most["numerator"]["value"], most["numerator"]["code"]) == (2400, "mg")
    assert (most["denominator"]["value"], most["denominator"]["code"]) == (24, "h")
    assert (light["maxDosePerPeriod"]["numerator"]["value"], light["maxDosePerPeriod"]["numerator"]["code"]) == (
        36,
        "mg/kg",
    )
    repeat = heavy["timing"]["repeat"]
    assert repeat == {"count": 1, "countMax": 4}
    assert (
        heavy["asNeededCodeableConcept"]["text"]
        == "another dose only if needed; at least 8 h apart, at most 3 in 24 h, at most 4 in all"
    )
    words = {one["text"] for one in heavy["additionalInstruction"]}
    assert {"at least 8 h apart", "at most 3 in 24 h", "at most 4 in all"} <= words


def test_limits_of_the_drug_file_hold_where_the_source_states_none() -> None:
    heavy = _activity("ebmt-2022.guidance", "tocilizumab")["dosage"][1]
    assert heavy["maxDosePerPeriod"]["numerator"]["value"] == 2400
    six = _activity("cartox-2018.guidance", "tocilizumab")["dosage"][1]
    assert "period" not in six["timing"]["repeat"]
    assert "at least 8 h apart" in six["asNeededCodeableConcept"]["text"]
    once = _activity("cartox-2018.guidance", "siltuximab")["dosage"][0]
    assert once["timing"]["repeat"] == {"count": 1}


def test_a_dose_of_adults_says_from_which_age_on() -> None:
    (context,) = _activity("asco-2021.guidance", "methylprednisolone-pulse")["useContext"]
    assert (context["valueRange"]["low"]["value"], context["valueRange"]["low"]["code"]) == (18, "a")
    assert "useContext" not in _activity("asco-2021.guidance", "tocilizumab")


def test_alternatives_are_a_group_of_which_exactly_one_is_chosen() -> None:
    plan = _resources("cartox-2018.guidance")[0]
    (row,) = [a for a in plan["action"] if a["title"] == "crs-2"]
    (group,) = [part for part in row["action"] if "action" in part]
    assert group["selectionBehavior"] == "exactly-one"
    assert [step["title"].split()[1] for step in group["action"]] == ["Tocilizumab", "Siltuximab"]


def test_a_drug_that_takes_the_place_of_another_says_so() -> None:
    plan = _resources("asco-2021.guidance")[0]
    (row,) = [a for a in plan["action"] if a["title"] == "crs-4"]
    (steroid,) = [step["title"] for step in row["action"] if "Methylprednisolone" in step["title"]]
    assert steroid.endswith("; in place of Dexamethasone")


def test_what_is_contraindicated_says_do_not_perform() -> None:
    withheld = _activity("asco-2021.guidance", "no-tocilizumab")
    assert (withheld["doNotPerform"], withheld["kind"]) == (True, "MedicationRequest")
    assert "doNotPerform" not in _activity("asco-2021.guidance", "icu")


def test_a_row_says_its_condition_in_words() -> None:
    plan = _resources("asco-2021.guidance")[0]
    (row,) = [a for a in plan["action"] if a["title"] == "icans-3-alone"]
    assert row["condition"][0]["expression"]["description"] == "ICANS grade 3 and not (CRS of any grade)"
    label = _resources("breyanzi-us.guidance")[0]
    assert "Only where: Product: lisocabtagene-maraleucel." in label["description"]
    assert label["effectivePeriod"] == {"start": "2021-02-05"}


def test_a_bundle_is_written_and_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    source = LIBRARY.get("tecelra-us.guidance", Guidance)
    file = write_guidance(tmp_path / "plan.json", source, DRUGS)
    assert json.loads(file.read_text(encoding="utf-8"))["resourceType"] == "Bundle"
    with pytest.raises(ReportError) as caught:
        write_guidance(tmp_path / "missing" / "plan.json", source, DRUGS)
    assert "a file that can be written to" in str(caught.value)
