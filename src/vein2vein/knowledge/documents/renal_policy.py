"""How much of a drug is given at which kidney function: one file for each policy, because the sources disagree.

Place    Floor 1. Read by `journey.lymphodepletion`.
In       Files of kind `renal-policy` (data/policies).
Out      `RenalPolicy`: the fraction of the full dose for a clearance, or that the drug is not given.
Missing  An unknown clearance leaves every band of the policy possible; no policy is ever chosen silently.
Checked  tests/knowledge/test_every_document.py
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.knowledge.edition import Edition, Strict, Text, Wording
from vein2vein.knowledge.values import NumberRange

NOT_GIVEN = "not given"


Fraction = Annotated[float, Field(gt=0, le=1)]


class RenalBand(Strict):
    """From `at_least` (or `above`) up to the next band: a fraction of the full dose, not given, or not stated by the source.

    A source that leaves the fraction to the centre states [least, most], both inclusive.
    """

    text: Wording
    at_least: float | None = None
    above: float | None = None
    fraction: Fraction | tuple[Fraction, Fraction] | Literal["not given", "not stated"]

    @model_validator(mode="after")
    def _range_is_ordered(self) -> RenalBand:
        if isinstance(self.fraction, tuple) and self.fraction[0] >= self.fraction[1]:
            msg = "a range of fractions stands as [least, most]"
            raise ValueError(msg)
        return self

    @property
    def ends(self) -> tuple[float, float] | None:
        """Least and most of the full dose, equal where the source states one; 0 where it is not given, None where not stated."""
        if isinstance(self.fraction, tuple):
            return self.fraction
        if isinstance(self.fraction, str):
            return (0.0, 0.0) if self.fraction == NOT_GIVEN else None
        return self.fraction, self.fraction

    @property
    def start(self) -> float:
        """Lower end of the band; minus infinity for the lowest."""
        end = self.above if self.above is not None else self.at_least
        return float("-inf") if end is None else end

    def holds(self, value: float) -> bool:
        """Whether a clearance has reached the band."""
        return value > self.above if self.above is not None else value >= self.start


class RenalCase(Strict):
    """One example: a clearance (or [low, high], or null = unknown) and what is possible."""

    name: Text
    clearance: float | tuple[float, float] | None
    expect: tuple[float | tuple[float, float] | Literal["not given", "not stated"], ...]
    parameters: dict[str, Any] = Field(default_factory=dict)


class RenalPolicy(Edition):
    """One policy, with parameters put in. Bands stand lowest first; only the lowest has no lower end."""

    RULE_PARTS: ClassVar = ("bands",)

    kind: Literal["renal-policy"]
    drug: Text
    clearance: Text
    indexed: bool
    bands: Annotated[tuple[RenalBand, ...], Field(min_length=2)]
    worked_cases: Annotated[tuple[RenalCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _bands_are_ordered(self) -> RenalPolicy:
        starts = [band.start for band in self.bands]
        if starts != sorted(set(starts)) or starts[0] != float("-inf"):
            msg = "bands stand lowest first, and only the lowest has no lower end"
            raise ValueError(msg)
        return self

    def possible(self, clearance: NumberRange) -> tuple[RenalBand, ...]:
        """Bands in which the clearance (mL/min, or per 1.73 m2 where `indexed`) can lie, lowest first."""
        reached_high = [band for band in self.bands if band.holds(clearance.high)]
        surely = sum(band.holds(clearance.low) for band in self.bands)
        return tuple(reached_high[max(surely - 1, 0) :])

    def case_failure(self, case: RenalCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        ends = case.clearance if isinstance(case.clearance, tuple) else (case.clearance, case.clearance)
        range_ = NumberRange() if ends[0] is None or ends[1] is None else NumberRange(ends[0], ends[1])
        got = tuple(band.fraction for band in self.possible(range_))
        return None if got == case.expect else f"expected {case.expect}, got {got}"
