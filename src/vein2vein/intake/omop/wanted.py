"""Which codes are looked for in an OMOP delivery, and what each stands for.

Place    Floor 3, intake.
In       The code files of knowledge (kinds, streams, milestones, products) and knowledge/data/codes/omop.yaml.
Out      `wanted_codes()`: vocabulary, code and meaning of everything that is looked for; `conventions()`.
Knows    Drugs, devices and procedures are found with everything below them in the vocabulary (a clinical drug contains its
         ingredient); observations only exactly, because what lies below a test is another test.
Does not Contain a concept number: those come from the delivery (`concepts`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from vein2vein.basis.data_files import package_yaml
from vein2vein.intake.local import ASK, IGNORE, Codes
from vein2vein.knowledge import codes

Role = Literal["observation", "category", "exposure", "milestone", "infusion", "ignored"]

VOCABULARIES: Final[Mapping[str, str]] = {
    "loinc": "LOINC",
    "snomed": "SNOMED",
    "rxnorm": "RxNorm",
    "atc": "ATC",
    "icd10cm": "ICD10CM",
    "icd10pcs": "ICD10PCS",
    "cpt": "CPT4",
    "hcpcs": "HCPCS",
}
INFUSION: Final = "infusion"
UNSPECIFIED: Final = codes.UNNAMED_PRODUCT
IGNORED: Final = "ignored"
"""A role of declared codes: rows that nobody needs."""
CONCEPT_ID: Final = "concept_id"
"""In place of a vocabulary: the code is a concept number."""
FLOW: Final = "flow"
"""In place of an agent: the row is the flow of a device that another row names."""


@dataclass(frozen=True, slots=True, order=True)
class Meaning:
    """What a concept stands for in the cohort tables.

    Attributes:
        role: Which kind of row it makes.
        kind: Kind of observation, exposure stream or milestone.
        code: Category, agent, product or detail of a milestone; empty where the kind says it all.
    """

    role: Role
    kind: str
    code: str = ""

    @property
    def descends(self) -> bool:
        """Whether concepts below it in the vocabulary mean the same."""
        return self.role in {"exposure", "infusion"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One code that is looked for.

    Attributes:
        vocabulary: OMOP vocabulary id; empty for a concept number.
        code: Code in that vocabulary, or the concept number.
    """

    vocabulary: str
    code: str
    meaning: Meaning


class Convention(BaseModel):
    """How the data model itself says something."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vocabulary: str
    code: str
    id: int | None = None
    status: Literal["read", "secondary", "recalled"]
    source: str


class Conventions(BaseModel):
    """Contents of knowledge/data/codes/omop.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operators: dict[str, Convention]
    sex: dict[str, Convention]
    answers: dict[str, tuple[Convention, ...]]
    stay: dict[str, Convention]
    flow: dict[str, Convention]


@cache
def conventions() -> Conventions:
    """Operators, sexes, answers, places of care and flows of the data model."""
    return Conventions.model_validate(package_yaml("vein2vein.knowledge", "data", "codes", "omop.yaml"))


@cache
def wanted_codes() -> tuple[Wanted, ...]:
    """Everything that is looked for, each code with what it stands for."""
    return tuple(dict.fromkeys(_all()))


@dataclass(frozen=True)
class Declared:
    """Local codes of a mapping file, each with what it stands for.

    Attributes:
        texts: Codes as the delivering system wrote them (``*_source_value``).
        numbers: Concept numbers (``concept_id|2000000001``).
        coded: (vocabulary, code) of the delivery's own vocabulary (``vocabulary|code``).
        unanswered: Keys that still say ASK.
    """

    texts: Mapping[str, Meaning] = field(default_factory=dict)
    numbers: Mapping[int, Meaning] = field(default_factory=dict)
    coded: Mapping[tuple[str, str], Meaning] = field(default_factory=dict)
    unanswered: tuple[str, ...] = ()


def declared_codes(local: Codes) -> Declared:
    """The local codes of a mapping file. A code under two headings has the meaning of the first: observation, exposure."""
    texts: dict[str, Meaning] = {}
    numbers: dict[int, Meaning] = {}
    coded: dict[tuple[str, str], Meaning] = {}
    unanswered = []
    for key, meaning in _declared(local):
        vocabulary, bar, code = key.partition("|")
        if meaning is None:
            unanswered.append(key)
        elif not bar:
            texts.setdefault(key, meaning)
        elif vocabulary == CONCEPT_ID and code.isdecimal():
            numbers.setdefault(int(code), meaning)
        else:
            coded.setdefault((vocabulary, code), meaning)
    return Declared(texts, numbers, coded, tuple(unanswered))


def _declared(local: Codes) -> Iterator[tuple[str, Meaning | None]]:
    """Each local code with its meaning; None where it still says ASK."""
    aside = {IGNORE: Meaning(IGNORED, ""), ASK: None}
    for key, kind in local.observations.items():
        yield key, aside[kind] if kind in aside else Meaning("observation", kind)
    for key, target in local.exposures.items():
        stream, _, agent = target.partition("/")
        yield key, aside[target] if target in aside else Meaning("exposure", stream, agent or UNSPECIFIED)
    for key, kind in local.milestones.items():
        infusion = Meaning("infusion", INFUSION, UNSPECIFIED)
        yield key, aside[kind] if kind in aside else infusion if kind == INFUSION else Meaning("milestone", kind)


def _all() -> Iterator[Wanted]:
    yield from _listed()
    yield from _own()


def _own() -> Iterator[Wanted]:
    """The ids of the code files themselves, for what has no agreed code; see `concepts` for how they are written."""
    for kind in codes.observations():
        yield Wanted("own", kind, Meaning("observation", kind))
    for stream, entry in codes.streams().items():
        agents = codes.streams() if stream == "charted" else {**entry.agents, UNSPECIFIED: None}
        for agent in agents:
            yield Wanted("own", f"{stream}/{agent}", Meaning("exposure", stream, agent))
    for kind in codes.milestones():
        if kind != INFUSION:
            yield Wanted("own", kind, Meaning("milestone", kind))
        for detail in codes.milestones()[kind].details:
            yield Wanted("own", f"{kind}/{detail}", Meaning("milestone", kind, detail))


def _listed() -> Iterator[Wanted]:
    for kind, observation in codes.observations().items():
        yield from _of(observation.codes, Meaning("observation", kind))
        for category, entry in observation.categories.items():
            yield from _of(entry.codes, Meaning("category", kind, category))
    for kind, stream in codes.streams().items():
        yield from _of(stream.codes, Meaning("exposure", kind, UNSPECIFIED))
        for agent, listed_agent in stream.agents.items():
            yield from _of(listed_agent.codes, Meaning("exposure", kind, agent))
    for kind, milestone in codes.milestones().items():
        role: Role = "infusion" if kind == INFUSION else "milestone"
        yield from _of(milestone.codes, Meaning(role, kind, UNSPECIFIED if role == "infusion" else ""))
    for product, listed_product in codes.products().items():
        yield from _of(listed_product.codes, Meaning("infusion", INFUSION, product))
    for agent, convention in conventions().stay.items():
        yield Wanted(convention.vocabulary, convention.code, Meaning("exposure", "stay", agent))
    for of_stream, convention in conventions().flow.items():
        yield Wanted(convention.vocabulary, convention.code, Meaning("exposure", of_stream, FLOW))


def _of(listed: tuple[codes.Code, ...], meaning: Meaning) -> Iterator[Wanted]:
    for code in listed:
        if code.system in VOCABULARIES:
            yield Wanted(VOCABULARIES[code.system], code.code, meaning)
        elif code.system == "omop":
            yield Wanted("", code.code, meaning)
        elif code.system == "own":
            yield Wanted("own", code.code, meaning)
