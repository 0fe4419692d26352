"""What the simulated team gives, and when: protocols as data.

Place    Floor 4. Read by `care`.
In       population/data/protocols/*.yaml.
Out      Frozen `Protocol`s.
Knows    A rule gives an agent once the severity of a syndrome has been at or above a limit for some hours; several rules may
         give the same agent, which then acts once. A limit or an effect is a number or the name of a parameter.
Does not Decide: `care` does.
Checked  tests/unit/population/test_care.py
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from vein2vein.basis.data_files import package_yaml
from vein2vein.errors import SimulationError

Syndrome = Literal["crs", "icans"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dose(_Strict):
    """Amount per kg up to the most; another amount per kg below a weight."""

    per_kg: Annotated[float, Field(gt=0)]
    per_kg_light: float | None = None
    light_below_kg: float = 0.0
    most: Annotated[float, Field(gt=0)]
    unit: str


class Rule(_Strict):
    """One rule.

    Attributes:
        agent: What is given.
        stream: Kind of exposure.
        for_: Syndrome whose severity is looked at.
        severity: From this severity on (1 any, 2 grade 2, ...); a number or the name of a parameter.
        after_hours: How long the severity has been there.
        dose: How much each time.
        every_hours: Hours between doses.
        most: Most doses decided one by one; None for a drug that, once begun, is given until the syndromes are over.
        longest_hours: A drug that is given on ends after this.
        until_clear_hours: A drug that is given on ends this long after the last sign of both syndromes.
        effect: Factor on the logarithm of the severity by syndrome, a number or the name of a parameter.
        effect_over_hours: Hours in which the factor comes to bear.
    """

    agent: str
    stream: str
    for_: Annotated[Syndrome, Field(alias="for")]
    severity: float | str
    after_hours: float = 0.0
    dose: Dose
    every_hours: Annotated[float, Field(gt=0)]
    most: int | None = None
    longest_hours: float = 24.0 * 28
    until_clear_hours: float = 0.0
    effect: dict[Syndrome, float | str]
    effect_over_hours: Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class Protocol:
    """A named set of rules; status says how its doses are known."""

    id: str
    title: str
    status: str
    rules: tuple[Rule, ...] = field(repr=False)


@cache
def protocol_ids() -> tuple[str, ...]:
    """Ids of all protocols, sorted."""
    files = resources.files("vein2vein.population").joinpath("data", "protocols").iterdir()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")))


@cache
def protocol(id: str) -> Protocol:
    """A protocol by id.

    Raises:
        SimulationError: SIM-003 when there is none of this id.
    """
    if id not in protocol_ids():
        raise SimulationError(
            "SIM-003",
            saw=f"protocol {id!r}",
            expected=f"one of {', '.join(protocol_ids())}",
            fix="use one of these, or add a file to population/data/protocols",
        )
    raw = package_yaml("vein2vein.population", "data", "protocols", f"{id}.yaml")
    rules = tuple(Rule.model_validate(rule) for rule in raw.pop("rules"))
    return Protocol(**raw, rules=rules)
