"""Look codings up in the code files: what kind, agent, category or milestone a FHIR coding means.

Place    Floor 3, FHIR adapter. The only place of the adapter that turns codes into words of the record.
In       Codings (system URI and code) as the model library gives them.
Out      `Meaning` values; none when no coding is known, several when the codes contradict each other.
Knows    Which system URI names which terminology (data/systems.yaml); the codes themselves stand in knowledge/data/codes, and
         those that only FHIR needs (yes and no, places of care) in data/meanings.yaml.
         Our own code systems (`intake.fhir.urls`) hold every kind, so that facts without an agreed code can be sent too.
Missing  A text without a coding has no meaning here: texts are never matched.
Does not Guess from displays, parents in a hierarchy or similar codes.
Checked  tests/unit/intake/test_fhir_terminology.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from vein2vein.basis.data_files import package_yaml
from vein2vein.intake.fhir import urls
from vein2vein.knowledge import codes

Table = Literal[
    "observation",
    "category",
    "exposure",
    "milestone",
    "product",
    "reason",
    "infusion",
    "location",
    "hospital",
    "toxicity",
    "sign",
    "disposition",
]
_HL7 = ("http://terminology.hl7.org/", "http://hl7.org/fhir/")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for.

    Attributes:
        table: What it names.
        kind: Kind of observation, stream or milestone; empty where the code does not say one.
        what: Category, agent, detail, reason, product or place; empty when the code names the kind alone.
    """

    table: Table
    kind: str
    what: str = ""


@cache
def systems() -> Mapping[str, str]:
    """Terminology of each known system URI."""
    return dict(package_yaml("vein2vein.intake.fhir", "data", "systems.yaml"))


def system_of(uri: str | None) -> str | None:
    """The terminology that a system URI names; None when it is not one of ours. SNOMED editions count as SNOMED."""
    if uri is None:
        return None
    uri = uri.rstrip("/")
    if uri in systems():
        return systems()[uri]
    if uri.startswith("http://snomed.info/sct/"):
        return "snomed"
    if uri.startswith(_HL7):
        return "hl7"
    return None


def show(codings: Iterable[Any]) -> str:
    """Codings as text for people: ``system|code`` each, best first."""
    shown = [f"{c.system or 'no system'}|{c.code or 'no code'}" for c in codings]
    return ", ".join(shown) or "no coding"


def meanings(concept: Any, table: Table) -> tuple[Meaning, ...]:
    """All different meanings that a CodeableConcept has in a table of the record; empty when none is known."""
    found: dict[Meaning, None] = {}
    for coding in (concept.coding or []) if concept is not None else []:
        for meaning in _meanings_of(coding.system, coding.code):
            if meaning.table == table:
                found.setdefault(meaning)
    return tuple(found)


def meanings_of(system: str | None, code: str | None, table: Table) -> tuple[Meaning, ...]:
    """All different meanings of one code in a table of the record."""
    return tuple(m for m in _meanings_of(system, code) if m.table == table)


def _meanings_of(system: str | None, code: str | None) -> tuple[Meaning, ...]:
    if not system or not code:
        return ()
    if system.startswith(urls.BASE):
        return _own(system, code)
    terminology = system_of(system)
    listed = () if terminology is None else _index().get((terminology, code), ())
    return listed + _listed().get((_exact(system), code), ())


def is_other_drug(system: str | None, code: str | None) -> bool:
    """Whether an ATC code lies in a part of the classification that no stream of the code files reaches into.

    Other codes say nothing: a clinical drug has a number of its own, whatever is in it.
    """
    return system_of(system) == "atc" and code is not None and code.startswith(_OTHER_DRUGS)


# Acid, bowel, nausea, constipation, diabetes, vitamins, skin, sensory organs.
_OTHER_DRUGS = ("A02", "A03", "A04", "A06", "A10", "A11", "D", "S")


def _own(system: str, code: str) -> tuple[Meaning, ...]:
    if system == urls.PRODUCTS:
        # A centre names its products as it likes; the name is kept.
        return (Meaning("product", "", code),)
    found = _own_index().get((system, code))
    return () if found is None else (found,)


@cache
def _own_index() -> Mapping[tuple[str, str], Meaning]:
    """Every code of our own code systems; see `intake.fhir.urls`."""
    found = {(urls.CATEGORIES, answer): Meaning("category", "", answer) for answer in ("yes", "no")}
    for kind, observation in codes.observations().items():
        found[urls.KINDS, kind] = Meaning("observation", kind)
        for category in (*observation.categories, *(("yes", "no") if observation.type == "yes_no" else ())):
            found[urls.CATEGORIES, f"{kind}/{category}"] = Meaning("category", kind, category)
    for name, stream in codes.streams().items():
        agents = codes.streams() if name == "charted" else {**stream.agents, "unspecified": None}
        for agent in agents:
            found[urls.EXPOSURES, f"{name}/{agent}"] = Meaning("exposure", name, agent)
        for reason in stream.reasons:
            found[urls.REASONS, f"{name}/{reason}"] = Meaning("reason", name, reason)
    for name, milestone in codes.milestones().items():
        found[urls.MILESTONES, name] = Meaning("milestone", name)
        for detail in milestone.details:
            found[urls.MILESTONES, f"{name}/{detail}"] = Meaning("milestone", name, detail)
    return found


def _exact(uri: str) -> str:
    """The terminology of a URI; the URI itself where one word covers many code systems.

    N is "no" in one code system of HL7 and "normal" in another.
    """
    terminology = system_of(uri)
    return uri if terminology in {None, "hl7"} else str(terminology)


@cache
def _listed() -> Mapping[tuple[str, str], tuple[Meaning, ...]]:
    """The codes of data/meanings.yaml, by terminology, or by the URI of their system."""
    tables: Mapping[str, Table] = {
        "answers": "category", "hospital": "hospital", "location": "location",
        "toxicity": "toxicity", "signs": "sign", "disposition": "disposition",
    }  # fmt: skip
    found: dict[tuple[str, str], tuple[Meaning, ...]] = {}
    for section, entries in package_yaml("vein2vein.intake.fhir", "data", "meanings.yaml").items():
        for what, listed in entries.items():
            for code in listed:
                key = (_exact(code["system"]), str(code["code"]))
                meaning = (
                    Meaning("exposure", what, "unspecified")
                    if section == "flows"
                    else Meaning(tables[section], "", what)
                )
                found[key] = (*found.get(key, ()), meaning)
    return found


@cache
def _index() -> Mapping[tuple[str, str], tuple[Meaning, ...]]:
    found: dict[tuple[str, str], dict[Meaning, None]] = {}

    def add(entry: Any, meaning: Meaning) -> None:
        for code in entry.codes:
            found.setdefault((code.system, code.code), {}).setdefault(meaning)

    for kind, observation in codes.observations().items():
        add(observation, Meaning("observation", kind))
        for category, entry in observation.categories.items():
            add(entry, Meaning("category", kind, category))
    for name, stream in codes.streams().items():
        add(stream, Meaning("exposure", name, "unspecified"))
        for agent, named in stream.agents.items():
            add(named, Meaning("exposure", name, agent))
    for name, milestone in codes.milestones().items():
        add(milestone, Meaning("milestone", name))
    for name, product in codes.products().items():
        # A procedure says that cells were given, and does not name them.
        add(product, Meaning("infusion" if name == codes.UNNAMED_PRODUCT else "product", "", name))
    return {key: tuple(values) for key, values in found.items()}
