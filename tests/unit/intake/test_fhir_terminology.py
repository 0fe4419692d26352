"""Codings mean what the code files say, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.model import model_of
from vein2vein.intake.fhir.terminology import Meaning, meanings, meanings_of, system_of
from vein2vein.knowledge import codes


def concept(*pairs: tuple[str, str], text: str | None = None) -> Any:
    return model_of("CodeableConcept")(coding=[{"system": s, "code": c} for s, c in pairs] or None, text=text)


@pytest.mark.parametrize(
    ("uri", "terminology"),
    [
        ("http://loinc.org", "loinc"),
        ("http://loinc.org/", "loinc"),
        ("urn:oid:2.16.840.1.113883.6.1", "loinc"),
        ("http://snomed.info/sct/731000124108", "snomed"),
        ("http://fhir.de/CodeSystem/bfarm/atc", "atc"),
        ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "hl7"),
        ("https://hospital.example/codes", None),
        (None, None),
    ],
)
def test_system_uris_name_terminologies(uri: str | None, terminology: str | None) -> None:
    assert system_of(uri) == terminology


def test_every_kind_agent_and_milestone_has_a_code_of_ours() -> None:
    for kind in codes.observations():
        assert meanings_of(urls.KINDS, kind, "observation") == (Meaning("observation", kind),)
    for name, stream in codes.streams().items():
        for agent in stream.agents:
            assert meanings_of(urls.EXPOSURES, f"{name}/{agent}", "exposure") == (Meaning("exposure", name, agent),)
    for name in codes.milestones():
        assert meanings_of(urls.MILESTONES, name, "milestone") == (Meaning("milestone", name),)


def test_every_code_of_the_code_files_is_found_under_its_system() -> None:
    uris = {
        "loinc": "http://loinc.org",
        "snomed": "http://snomed.info/sct",
        "atc": "http://www.whocc.no/atc",
        "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    }
    looked = 0
    for kind, entry in codes.observations().items():
        for code in entry.codes:
            if code.system in uris:
                looked += 1
                assert Meaning("observation", kind) in meanings_of(uris[code.system], code.code, "observation")
    assert looked > 0


def test_codings_that_agree_are_one_meaning_and_others_are_several() -> None:
    same = concept((urls.KINDS, "crp"), (urls.KINDS, "crp"))
    assert len(meanings(same, "observation")) == 1
    other = concept((urls.KINDS, "crp"), (urls.KINDS, "ferritin"))
    assert len(meanings(other, "observation")) == 2


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (urls.KINDS, "no_such_kind"),
        (urls.EXPOSURES, "oxygen/hose"),
        (urls.CATEGORIES, "arousal/asleep"),
        ("http://loinc.org", "0000-0"),
        (None, "8310-5"),
        ("http://loinc.org", None),
    ],
)
def test_what_is_not_listed_means_nothing(system: str | None, code: str | None) -> None:
    assert all(meanings_of(system, code, table) == () for table in ("observation", "category", "exposure", "milestone"))  # type: ignore[arg-type]


def test_a_text_alone_means_nothing() -> None:
    assert meanings(concept(text="Body temperature"), "observation") == ()
    assert meanings(None, "observation") == ()


def test_a_letter_means_no_in_one_code_system_only() -> None:
    assert meanings_of("http://terminology.hl7.org/CodeSystem/v2-0136", "N", "category") == (
        Meaning("category", "", "no"),
    )
    assert meanings_of("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "N", "category") == ()


def test_products_of_the_atc_group_that_are_no_car_t_cells_are_not_taken_for_them() -> None:
    atc = "http://www.whocc.no/atc"
    assert meanings_of(atc, "L01XL03", "product") == (Meaning("product", "", "axicabtagene-ciloleucel"),)
    for code in ("L01XL", "L01XL09", "L01XL11"):
        assert meanings_of(atc, code, "product") == ()
