"""Kinds of observations, exposure streams and milestones, with their units, categories and codes, as data.

Place    Floor 1. The vocabulary that rule files, tables and adapters share.
In       knowledge/data/codes/{observations,exposures,milestones,products}/*.yaml; families.yaml for families of diseases.
Out      `ObservationKind`, `Stream`, `MilestoneKind`, `Product`, by id; how two diseases are related.
Missing  An unknown kind is RULE-008 with the nearest known names, never a new kind.
Does not Convert units (basis.units) or map a centre's local codes (intake).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vein2vein.basis.data_files import package_yaml, parse_yaml
from vein2vein.basis.truth import Truth
from vein2vein.errors import KnowledgeError

UNNAMED_PRODUCT = "unspecified"
"""Id of the product that codes stand for which say that CAR-T cells were given and not which."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    label: dict[str, str]
    names: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    note: str | None = None


class Code(BaseModel):
    """A code of a terminology, how sure it is, and where it was read.

    Attributes:
        answers: Whether a diagnosis with this code, and nothing beside it, is a "yes" to what a yes/no kind asks. A code that
            names the sign but not what the kind asks about it is evidence, and leaves the question open.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: Literal[
        "loinc", "snomed", "rxnorm", "atc", "ucum", "omop", "icd10cm", "icd10pcs", "cpt", "hcpcs", "hl7", "own"
    ]
    code: str
    status: Literal["read", "secondary", "recalled"]
    source: str
    answers: bool = True
    note: str | None = None


class Category(_Entry):
    """One value of a categorical observation."""


class ObservationKind(_Entry):
    """One kind of measured or stated fact.

    Attributes:
        type: number, category or yes_no.
        unit: Canonical UCUM unit of a number; values in tables are in this unit.
        decimals: Places to which a converted value is rounded, so that cut-offs compare exactly.
        plausible: Closed range of values that can be real; values outside are refused with the row named.
        plausible_adult: Closed range of values that an adult can have, where it is much narrower; a technical limit, no
            reference range.
        molar_mass: g/mol, for units that count particles; null when no such conversion is allowed.
        ambiguous_units: UCUM units that two assays use for different quantities; refused although they would convert.
        accepted_as: UCUM units that laboratories write for this kind in the meaning of another, such as [IU]/L for U/L.
        names: Further names by which the kind is sent (intake compares them without case, blanks and punctuation).
        shown_by: Drugs (`stream/agent`) that say yes to an earlier treatment when a row of them stands before the cells; read
            where conditions of labels are asked.
    """

    type: Literal["number", "category", "yes_no"]
    unit: str | None = None
    decimals: int = 3
    plausible: tuple[float, float] | None = None
    plausible_adult: tuple[float, float] | None = None
    molar_mass: float | None = None
    ambiguous_units: tuple[str, ...] = ()
    accepted_as: dict[str, str] = Field(default_factory=dict)
    categories: dict[str, Category] = Field(default_factory=dict)
    shown_by: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_coherent(self) -> ObservationKind:
        if self.type == "number" and (self.unit is None or self.plausible is None):
            msg = "a number needs unit and plausible"
            raise ValueError(msg)
        if self.type == "category" and not self.categories:
            msg = "a category needs categories"
            raise ValueError(msg)
        return self


class Agent(_Entry):
    """One drug, device or blood product of a stream.

    Attributes:
        absence: Says that none is used, such as room air.
        off_at_zero: A row of this agent at a rate of 0 says that it does not run, such as an infusion that is paused.
    """

    absence: bool = False
    off_at_zero: bool = False


class Stream(_Entry):
    """One stream of exposures.

    Attributes:
        exclusive: Whether only one agent runs at a time, so that a recorded one says that the others do not run.
        rate_units: Canonical UCUM units in which rates are kept.
        amount_units: Canonical UCUM units in which amounts are kept.
        accepted_as: UCUM units that are written in the meaning of another, such as [IU]/min for U/min.
        reasons: Known reasons by id, with their labels.
        agents: Known agents by id.
    """

    exclusive: bool = False
    accepted_as: dict[str, str] = Field(default_factory=dict)
    rate_units: tuple[str, ...] = ()
    amount_units: tuple[str, ...] = ()
    reasons: dict[str, dict[str, str]] = Field(default_factory=dict)
    agents: dict[str, Agent] = Field(default_factory=dict)


class MilestoneKind(_Entry):
    """One dated step of a course."""

    details: dict[str, dict[str, str]] = Field(default_factory=dict)


class Product(_Entry):
    """One CAR-T product, with the codes by which a delivery says that it was given."""


_E = TypeVar("_E", bound=_Entry)


@cache
def observations() -> Mapping[str, ObservationKind]:
    """All kinds of observations by id."""
    return _read("observations", ObservationKind)


@cache
def streams() -> Mapping[str, Stream]:
    """All exposure streams by id."""
    return _read("exposures", Stream)


@cache
def milestones() -> Mapping[str, MilestoneKind]:
    """All kinds of milestones by id."""
    return _read("milestones", MilestoneKind)


@cache
def products() -> Mapping[str, Product]:
    """All CAR-T products by id; `UNNAMED_PRODUCT` stands for those that a code does not name."""
    return _read("products", Product)


@cache
def families() -> Mapping[str, frozenset[str]]:
    """Families of diseases by slug, each with the slugs of its members."""
    raw = package_yaml("vein2vein.knowledge", "data", "codes", "families.yaml")
    return {family: frozenset(members) for family, members in raw.items()}


def holds_for(disease: str, named: str) -> Truth:
    """Whether what is said of a disease holds for another: TRUE for itself and for members of a family that is named.

    UNKNOWN where only the family of the patient is known and one of its members is named.
    """
    if disease == named or disease in families().get(named, ()):
        return Truth.TRUE
    return Truth.UNKNOWN if named in families().get(disease, ()) else Truth.FALSE


def is_answered(kind: str, code: tuple[str, str] | None = None) -> bool:
    """Whether a bare diagnosis is a "yes" to a yes/no kind.

    Args:
        kind: Id of the kind.
        code: System and code of the diagnosis; None when it is not known which of the codes it was: then all must answer.
    """
    listed = [c for c in observation_kind(kind).codes if code is None or (c.system, c.code) == code]
    return all(c.answers for c in listed)


def observation_kind(kind: str) -> ObservationKind:
    """One kind of observation; RULE-008 when there is none of this id."""
    return _pick(observations(), kind, "kind of observation")


def stream(kind: str) -> Stream:
    """One exposure stream; RULE-008 when there is none of this id."""
    return _pick(streams(), kind, "exposure stream")


def nearest(name: str, known: Mapping[str, Any] | tuple[str, ...], n: int = 3, *, likeness: float = 0.4) -> list[str]:
    """The known names most like `name` (at least `likeness`, from 0 to 1), best first."""
    return difflib.get_close_matches(name, list(known), n=n, cutoff=likeness)


def _pick(known: Mapping[str, _E], kind: str, what: str) -> _E:
    if kind not in known:
        raise KnowledgeError(
            "RULE-008",
            saw=f"{what} {kind!r}",
            expected=f"one of {len(known)} known; nearest: {', '.join(nearest(kind, known)) or 'none'}",
            fix="correct the name, or add the kind to knowledge/data/codes",
        )
    return known[kind]


def _read(folder: str, model: type[_E]) -> dict[str, _E]:
    entries: dict[str, _E] = {}
    root = resources.files("vein2vein.knowledge").joinpath("data", "codes", folder)
    for file in sorted(root.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        raw = parse_yaml(file.read_text(encoding="utf-8")) or {}
        for name, body in raw.items():
            if name in entries:
                raise _wrong(file.name, name, "an id that is used once", "remove the second entry")
            try:
                entries[name] = model.model_validate(body)
            except ValidationError as error:
                raise _wrong(file.name, name, str(error), "correct the entry") from error
    return entries


def _wrong(file: str, name: str, expected: str, fix: str) -> KnowledgeError:
    return KnowledgeError("RULE-001", saw=f"entry {name!r} of {file}", expected=expected, fix=fix)
