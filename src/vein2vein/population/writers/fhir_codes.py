"""Codings of kinds, agents, products and milestones as pieces of FHIR JSON.

Place    Floor 4, writers. Used by the other modules of the FHIR writer.
In       The code files of knowledge; the addresses of our own code systems (intake.fhir.urls); data/fhir.yaml.
Out      JSON text of CodeableConcepts.
Knows    Our own code stands beside every agreed one, because many kinds have none. An agreed code is written only when it was
         read or seen in a list (never when it was recalled) and when it means this one thing alone.
Does not Invent a code: a kind without one carries ours only.
Checked  tests/unit/population/test_writers.py
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from vein2vein.basis.data_files import package_yaml
from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.terminology import Meaning, Table, meanings_of
from vein2vein.knowledge import codes
from vein2vein.population.writers.text import literal

_SURE: Final = ("read", "secondary")
_WRITTEN: Final = ("loinc", "snomed", "rxnorm", "atc")


@cache
def conventions() -> dict[str, Any]:
    """The content of data/fhir.yaml."""
    found: dict[str, Any] = package_yaml("vein2vein.population.writers", "data", "fhir.yaml")
    return found


def system(name: str) -> str:
    """The address of a code system by its short name in data/fhir.yaml."""
    return str(conventions()["systems"][name])


def coding(address: str, code: str) -> dict[str, str]:
    """A Coding."""
    return {"system": address, "code": code}


def concept(codings: list[dict[str, str]], text: str) -> str:
    """A CodeableConcept as JSON."""
    return literal({"coding": codings, "text": text})


def agreed(listed: tuple[codes.Code, ...], means: Meaning, table: Table, *, every: bool) -> list[dict[str, str]]:
    """Agreed codes that mean this and nothing else: one of each terminology, or every one."""
    found: dict[str, list[dict[str, str]]] = {}
    for code in listed:
        if code.status not in _SURE or code.system not in _WRITTEN:
            continue
        address = system(code.system)
        if meanings_of(address, code.code, table) == (means,):
            found.setdefault(code.system, []).append(coding(address, code.code))
    return [code for group in found.values() for code in (group if every else group[:1])]


@cache
def kinds() -> dict[str, str]:
    """Kind of observation -> its concept."""
    every = conventions()["every_code"]
    found = {}
    for kind, entry in codes.observations().items():
        codings = agreed(entry.codes, Meaning("observation", kind), "observation", every=kind in every)
        found[kind] = concept([*codings, coding(urls.KINDS, kind)], entry.label["en"])
    return found


@cache
def categories() -> dict[str, str]:
    """Kind of observation -> its category as JSON: vital sign, laboratory, survey or exam."""
    found = {}
    vital = set(conventions()["vital_signs"])
    for kind, entry in codes.observations().items():
        if kind in vital:
            category = "vital-signs"
        elif entry.type == "number" and entry.unit in {"{score}", "{grade}"}:
            category = "survey"
        else:
            category = "laboratory" if entry.type == "number" else "exam"
        found[kind] = literal([{"coding": [coding(system("category"), category)]}])
    return found


@cache
def agents() -> dict[str, str]:
    """``stream/agent`` -> concept, for every agent of every stream and for "unspecified"."""
    found = {}
    for stream, entry in codes.streams().items():
        listed: dict[str, Any] = dict(codes.streams() if stream == "charted" else entry.agents)
        for agent, named in {**listed, "unspecified": None}.items():
            key = f"{stream}/{agent}"
            sure = () if named is None or stream == "charted" else named.codes
            codings = agreed(sure, Meaning("exposure", stream, agent), "exposure", every=False)
            text = entry.label["en"] if named is None else named.label["en"]
            found[key] = concept([*codings, coding(urls.EXPOSURES, key)], text)
    return found


@cache
def milestones() -> dict[str, str]:
    """Kind of milestone -> concept; and ``death/cause`` for the causes of death."""
    found = {}
    for kind, entry in codes.milestones().items():
        found[kind] = concept([coding(urls.MILESTONES, kind)], entry.label["en"])
        for detail, labels in entry.details.items():
            key = f"{kind}/{detail}"
            found[key] = concept([coding(urls.MILESTONES, key)], labels["en"])
    return found


def product(name: str) -> str:
    """The concept of a product; our own code first, because it may name what no terminology does."""
    entry = codes.products().get(name)
    listed = () if entry is None else entry.codes
    codings = agreed(listed, Meaning("product", "", name), "product", every=False)
    return concept([coding(urls.PRODUCTS, name), *codings], name if entry is None else entry.label["en"])
