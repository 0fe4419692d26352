"""Every fault of the FHIR adapter has words, and every entry of its catalogue a use."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import yaml

from vein2vein.errors import catalogue
from vein2vein.intake.fhir import faults, source

IDS = {value for name, value in vars(faults).items() if name.isupper() and str(value).startswith("INTAKE-")}


def test_every_id_has_words_and_an_entry_in_the_catalogue() -> None:
    for id in IDS:
        fault = faults.fault(id, "something")
        assert all((fault.expected, fault.fix, fault.effect)), id
        assert {"title", "cause", "cure"} <= set(catalogue()[id]), id


def test_every_entry_of_the_catalogue_is_used() -> None:
    text = resources.files("vein2vein.errors").joinpath("catalogue", "intake-fhir.yaml").read_text(encoding="utf-8")
    raised = {
        word for word in Path(source.__file__).read_text(encoding="utf-8").split('"') if word.startswith("INTAKE-")
    }
    assert set(yaml.safe_load(text)) == IDS | raised
