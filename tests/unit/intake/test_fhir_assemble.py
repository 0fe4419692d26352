"""Patients, versions, courses and times of a whole delivery; every resource is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unit.intake.fhir_resources import (
    DAY_0,
    Resource,
    bundle,
    drug,
    ids,
    infusion,
    ndjson,
    observation,
    own,
    patient,
    quantity,
    reasons,
    told,
)
from vein2vein.errors import IntakeError
from vein2vein.intake.fhir import adapter, urls
from vein2vein.intake.times import TimePolicy

FEVER = {"valueQuantity": quantity(38.5)}


def cilta(subject: str, at: str) -> Resource:
    product = own("http://www.whocc.no/atc", "L01XL05")
    return infusion(subject, at, medicationCodeableConcept=product)


def test_every_resource_is_accounted_for(tmp_path: Path) -> None:
    resources = [
        observation(**FEVER),
        observation(valueQuantity={"value": 5}),
        observation(own("https://hospital.example", "x"), **FEVER),
        {"resourceType": "Practitioner", "id": "dr"},
        {"resourceType": "Observation"},
        {"resourceType": "Starship"},
    ]
    delivery = told(tmp_path, *resources)
    assert delivery.report.total() == {"rows": 8, "used": 3, "not_needed": 2, "not_assessable": 1, "refused": 2}
    assert reasons(delivery) == {5: "INTAKE-306", 6: "INTAKE-305", 7: "INTAKE-304", 8: "INTAKE-305"}
    assert "Resources: 1 MedicationAdministration, 4 Observation, 1 Patient; 2 of other types." in delivery.report.notes


def test_a_delivery_can_be_converted_twice(tmp_path: Path) -> None:
    delivered = adapter.read(ndjson(tmp_path / "d", "all.ndjson", patient(), infusion(), observation(**FEVER)))
    first, second = adapter.convert(delivered), adapter.convert(delivered, adapter.Options(zone="Asia/Shanghai"))
    assert first.report.total() == second.report.total()
    assert second.cohort.courses["zone"].to_list() == ["Asia/Shanghai"]
    assert delivered.references()["all.ndjson:2"] == "MedicationAdministration/inf-p1-2026-03-04"


def test_checking_gives_the_same_report(tmp_path: Path) -> None:
    folder = ndjson(tmp_path / "d", "all.ndjson", patient(), infusion(), observation(valueQuantity={"value": 1}))
    assert adapter.check(folder).to_json() == adapter.convert(folder).report.to_json()


class TestPatients:
    def test_what_names_no_patient_of_the_delivery_is_refused(self, tmp_path: Path) -> None:
        others = [observation(**FEVER, subject={"reference": s}) for s in ("Patient/p9", "Group/g", "Device/d")]
        nobody = observation(**FEVER)
        del nobody["subject"]
        delivery = told(tmp_path, *others, nobody)
        assert set(reasons(delivery).values()) == {"INTAKE-308"}
        assert any("about 'Patient/p9'" in f.saw for f in delivery.faults)

    @pytest.mark.parametrize(
        "subject",
        [
            {"reference": "https://hospital.example/fhir/Patient/p1"},
            {"reference": "Patient/p1/_history/3"},
            {"identifier": {"system": "urn:mrn", "value": "77"}, "type": "Patient"},
            {"identifier": {"system": "urn:mrn", "value": "77"}},
        ],
    )
    def test_every_way_to_name_a_patient_is_understood(self, tmp_path: Path, subject: Resource) -> None:
        person = patient(identifier=[{"system": "urn:mrn", "value": "77"}])
        delivery = told(tmp_path, person, infusion(), observation(**FEVER, subject=subject), alone=True)
        assert delivery.cohort.observations.height == 1

    def test_temporary_addresses_of_a_transaction_are_understood(self, tmp_path: Path) -> None:
        address = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
        person = patient()
        del person["id"]
        content = bundle(infusion() | {"subject": {"reference": address}})
        content["type"] = "transaction"
        content["entry"][0]["request"] = {"method": "POST", "url": "MedicationAdministration"}
        content["entry"].append(
            {"fullUrl": address, "resource": person, "request": {"method": "POST", "url": "Patient"}}
        )
        (tmp_path / "t.json").write_text(json.dumps(content), encoding="utf-8")
        delivery = adapter.convert(tmp_path)
        assert delivery.cohort.courses["patient_id"].to_list() == [address]

    def test_the_data_of_a_merged_patient_belong_to_the_one_that_replaced_it(self, tmp_path: Path) -> None:
        old = patient("old", link=[{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}])
        delivery = told(tmp_path, old, observation(**FEVER, subject={"reference": "Patient/old"}))
        assert delivery.cohort.observations.height == 1
        assert reasons(delivery) == {3: "INTAKE-321"}

    def test_a_month_of_birth_is_its_first_day(self, tmp_path: Path) -> None:
        delivery = told(tmp_path, patient(birthDate="1968-05", gender="unknown"), infusion(), alone=True)
        (person,) = delivery.cohort.patients.to_dicts()
        assert (person["born_on"].isoformat(), person["sex"]) == ("1968-05-01", None)
        assert "INTAKE-019" in ids(delivery)

    def test_a_death_without_a_date_is_named(self, tmp_path: Path) -> None:
        delivery = told(tmp_path, patient(deceasedBoolean=True), infusion(), alone=True)
        assert delivery.cohort.milestones["kind"].to_list() == ["infusion"]
        assert ids(delivery)["INTAKE-320"] == 1

    def test_a_death_known_to_its_day_stands_at_the_end_of_it(self, tmp_path: Path) -> None:
        late = observation(at="2026-03-09T21:00:00+01:00", **FEVER)
        delivery = told(tmp_path, patient(deceasedDateTime="2026-03-09"), infusion(), late, alone=True)
        (death,) = delivery.cohort.milestones.filter(kind="death").to_dicts()
        assert death["at"].isoformat() == "2026-03-09T22:59:59+00:00"
        assert delivery.cohort.observations["usability"].to_list() == ["ok"]

    def test_patients_without_infusion_are_one_fault(self, tmp_path: Path) -> None:
        delivery = told(
            tmp_path, patient("p2"), patient("p3"), observation(**FEVER, subject={"reference": "Patient/p2"})
        )
        assert list(reasons(delivery).values()) == ["INTAKE-316"] * 3
        (fault,) = [f for f in delivery.faults if f.id == "INTAKE-316"]
        assert (fault.saw, fault.count) == ("2 patients without infusion or order of a CAR-T product", 3)


class TestVersions:
    def versions(self, *pairs: tuple[str, float, str]) -> list[Resource]:
        return [
            observation(id="o", meta={"versionId": v}, valueQuantity=quantity(value), status=status)
            for v, value, status in pairs
        ]

    @pytest.mark.parametrize("turned", [False, True])
    def test_the_last_version_counts_wherever_it_stands(self, tmp_path: Path, turned: bool) -> None:
        given = self.versions(("9", 39.9, "final"), ("10", 38.8, "corrected"))
        delivery = told(tmp_path, *(reversed(given) if turned else given))
        assert delivery.cohort.observations["value"].to_list() == [38.8]
        assert list(reasons(delivery).values()) == ["INTAKE-318"]

    def test_a_withdrawal_takes_the_earlier_version_with_it(self, tmp_path: Path) -> None:
        delivery = told(tmp_path, *self.versions(("1", 39.9, "final"), ("2", 39.9, "entered-in-error")))
        assert delivery.cohort.observations.is_empty()
        assert sorted(reasons(delivery).values()) == ["INTAKE-309", "INTAKE-318"]


class TestCourses:
    def test_a_second_product_is_a_second_course_and_rows_go_to_the_open_one(self, tmp_path: Path) -> None:
        later = "2026-09-01T10:00:00+02:00"
        rows = [
            observation(at=at, **FEVER)
            for at in ("2026-03-05T08:00:00Z", "2026-07-01T08:00:00Z", "2026-08-28T08:00:00Z", "2026-09-02T08:00:00Z")
        ]
        delivery = told(tmp_path, cilta("p1", later), *rows)
        assert delivery.cohort.courses.select("course_id", "product").rows() == [
            ("p1-1", "axicabtagene-ciloleucel"),
            ("p1-2", "ciltacabtagene-autoleucel"),
        ]
        assert delivery.cohort.observations["course_id"].to_list() == ["p1-1", "p1-1", "p1-2", "p1-2"]
        assert "2 courses of 1 patients." in delivery.report.notes

    def test_an_interval_reaches_into_the_course_that_begins_while_it_lasts(self, tmp_path: Path) -> None:
        home = drug(
            own(urls.EXPOSURES, "oxygen/nasal-cannula"),
            status="in-progress",
            effectivePeriod={"start": "2026-01-01T08:00:00Z"},
        )
        delivery = told(tmp_path, cilta("p1", "2026-09-01T10:00:00+02:00"), home)
        assert delivery.cohort.exposures["course_id"].to_list() == ["p1-1", "p1-2"]

    @pytest.mark.parametrize(
        ("at", "kinds", "n"),
        [
            ("2026-03-14T10:00:00+01:00", ["infusion", "fraction"], 1),
            ("2026-05-14T10:00:00+02:00", ["infusion", "infusion"], 2),
        ],
    )
    def test_a_second_dose_soon_after_is_a_fraction(self, tmp_path: Path, at: str, kinds: list[str], n: int) -> None:
        delivery = told(tmp_path, infusion(at=at))
        assert delivery.cohort.milestones["kind"].to_list() == kinds
        assert len(delivery.cohort) == n

    def test_a_centre_can_name_its_courses(self, tmp_path: Path) -> None:
        named = infusion(identifier=[{"system": urls.COURSES, "value": "C-17"}])
        assert told(tmp_path, patient(), named, alone=True).cohort.course_ids == ("C-17",)

    def test_rows_long_before_the_infusion_are_not_needed(self, tmp_path: Path) -> None:
        delivery = told(tmp_path, observation(at="2024-03-05T08:00:00Z", **FEVER))
        assert reasons(delivery) == {3: "INTAKE-050"}
        assert (
            told(
                tmp_path, observation(at="2024-03-05T08:00:00Z", **FEVER), options=adapter.Options(lead_days=1000)
            ).cohort.observations.height
            == 1
        )

    def test_no_infusion_at_all_is_an_empty_cohort_that_says_so(self, tmp_path: Path) -> None:
        delivery = told(tmp_path, patient(), observation(**FEVER), alone=True)
        assert len(delivery.cohort) == 0
        with pytest.raises(IntakeError, match="1 patients without infusion"):
            delivery.require_courses()


class TestTimes:
    def test_a_time_without_offset_needs_the_zone_of_the_centre(self, tmp_path: Path) -> None:
        bare = observation(at="2026-03-05T08:00:00", **FEVER)
        declared = told(tmp_path, bare)
        assert declared.cohort.observations["observed_at"][0].isoformat() == "2026-03-05T07:00:00+00:00"
        assert ids(declared) == {"INTAKE-325": 1}
        undeclared = told(tmp_path, bare, options=adapter.Options())
        assert reasons(undeclared) == {3: "INTAKE-009"}
        assert "No zone of the centre is declared: days are counted in UTC." in undeclared.report.notes

    @pytest.mark.parametrize(
        ("at", "id"),
        [
            ("2026-03-29T02:30:00", "INTAKE-011"),
            ("2026-10-25T02:30:00", "INTAKE-018"),
            ("2026-03", "INTAKE-019"),
            ("2026", "INTAKE-019"),
        ],
    )
    def test_doubtful_times_are_refused(self, tmp_path: Path, at: str, id: str) -> None:
        assert reasons(told(tmp_path, observation(at=at, **FEVER))) == {3: id}

    def test_a_date_alone_is_kept_aside_unless_the_centre_says_where_it_stands(self, tmp_path: Path) -> None:
        given = observation(at="2026-03-05", **FEVER)
        assert told(tmp_path, given).cohort.observations["usability"].to_list() == ["not-assessable"]
        noon = adapter.Options(zone="Europe/Berlin", times=TimePolicy(date_only="noon"))
        row = told(tmp_path, given, options=noon).cohort.observations.row(0, named=True)
        assert (row["usability"], row["observed_at"].isoformat()) == ("ok", "2026-03-05T11:00:00+00:00")

    def test_the_same_instant_in_other_offsets_is_the_same_cohort(self, tmp_path: Path) -> None:
        def cohort(day_0: str, at: str) -> list[dict[str, Any]]:
            delivery = told(tmp_path, patient(), infusion(at=day_0), observation(at=at, **FEVER), alone=True)
            return [*delivery.cohort.courses.to_dicts(), *delivery.cohort.observations.to_dicts()]

        assert cohort(DAY_0, "2026-03-05T08:00:00+01:00") == cohort("2026-03-04T17:00:00+08:00", "2026-03-05T07:00:00Z")


def test_declared_streams_are_charted_over_the_course(tmp_path: Path) -> None:
    options = adapter.Options(zone="Europe/Berlin", charted=("vasopressor",))
    rows = [observation(at=f"2026-03-0{day}T08:00:00Z", **FEVER) for day in (3, 7)]
    delivery = told(tmp_path, *rows, options=options)
    (charted,) = delivery.cohort.exposures.filter(kind="charted").to_dicts()
    assert (charted["agent"], charted["started_at"].day, charted["ended_at"]) == ("vasopressor", 3, None)


def test_a_product_that_is_no_car_t_cell_makes_no_course(tmp_path: Path) -> None:
    other = own("http://www.whocc.no/atc", "L01XL11")
    delivery = told(tmp_path, patient(), drug(other, effectiveDateTime=DAY_0), alone=True)
    assert len(delivery.cohort) == 0
    assert "MedicationAdministration http://www.whocc.no/atc|L01XL11" in {f.saw for f in delivery.faults}
