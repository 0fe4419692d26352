"""The dose rule of a product label: per kilogram or flat, bands of weight, cap, fractions by marrow blasts.

Place    Floor 1. Part of a product file; computed here because its worked cases are.
In       A weight in kg (the asker says which weight it is), marrow blasts in per cent and the age of their sample.
Out      `PlannedDose`: range and target of the whole dose, its parts, whether the cap was reached, and what is missing.
Knows    All amounts are 10^6 cells of the kind that the rule counts. A cap is for one infusion.
Missing  Without the weight that a rule needs there is no dose: `missing` says so. A rule by marrow blasts names the parts that
         it gives when the blasts are not known, and says that it did.
Checked  worked cases of every product file; tests/unit/knowledge/test_products.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from vein2vein.knowledge.edition import Status, Strict, Text

Amount = Annotated[float, Field(gt=0)]


class DoseBand(Strict):
    """Amounts for a range of weights: of every weight without limits.

    `low` and `high` are the range of the label, inclusive; without `high` it is open upwards.
    """

    above_kg: Amount | None = None
    up_to_kg: Amount | None = None
    basis: Literal["per_kg", "flat"]
    low: Amount | None = None
    high: Amount | None = None
    target: Amount | None = None
    cap: Amount | None = None

    @model_validator(mode="after")
    def _says_an_amount(self) -> DoseBand:
        if self.low is None and self.high is None and self.target is None:
            msg = "a band needs a range or a target; without either the dose is null"
            raise ValueError(msg)
        return self

    def holds(self, weight: float) -> bool:
        """Whether a weight lies in the band: above_kg < weight <= up_to_kg."""
        return (self.above_kg is None or weight > self.above_kg) and (self.up_to_kg is None or weight <= self.up_to_kg)


class Part(Strict):
    """One infusion of a split dose. `day` counts as the label does: the first infusion is day 1.

    `days_either_side` is the tolerance of the day. An amount, or a share of the whole dose.
    """

    day: Annotated[int, Field(ge=1)] | None = None
    days_either_side: int = 0
    amount: Amount | None = None
    share: Amount | None = None
    bags: Text | None = None

    @model_validator(mode="after")
    def _has_one_measure(self) -> Part:
        if (self.amount is None) == (self.share is None):
            msg = "a part has either an amount or a share"
            raise ValueError(msg)
        return self


class Split(Strict):
    """A dose in parts, for marrow blasts (per cent) above or up to a limit, or always."""

    name: Text
    blasts_above: float | None = None
    blasts_up_to: float | None = None
    when_unknown: bool = False
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]

    def holds(self, blasts: float) -> bool:
        """Whether marrow blasts fall under this split."""
        low = self.blasts_above is None or blasts > self.blasts_above
        return low and (self.blasts_up_to is None or blasts <= self.blasts_up_to)


class DoseRule(Strict):
    """How much, of which cells, and in which parts."""

    cells: Text
    bands: tuple[DoseBand, ...] = ()
    splits: tuple[Split, ...] = ()
    blasts_sampled_within_days: int | None = None
    hours_between_parts: float | None = None
    status: Status
    note: Text | None = None

    @model_validator(mode="after")
    def _leaves_no_gap(self) -> DoseRule:
        weights = [(band.above_kg, band.up_to_kg) for band in self.bands]
        ordered = sorted(self.splits, key=lambda split: -1.0 if split.blasts_above is None else split.blasts_above)
        if weights and (weights[0][0] is not None or weights[-1][1] is not None):
            msg = "bands of weight reach from nothing to any weight"
            raise ValueError(msg)
        if any(left[1] != right[0] for left, right in pairwise(weights)):
            msg = "a band of weight begins where the one before ends"
            raise ValueError(msg)
        if any(left.blasts_up_to != right.blasts_above for left, right in pairwise(ordered)):
            msg = "a split by marrow blasts begins where the other ends"
            raise ValueError(msg)
        return self

    def plan(
        self, *, weight: float | None = None, blasts: float | None = None, sample_days: int | None = None
    ) -> PlannedDose:
        """The dose that the label plans.

        Args:
            weight: Body weight in kg; which weight it is (apheresis, order) is the asker's to say.
            blasts: Marrow blasts in per cent.
            sample_days: Calendar days from the marrow sample to the start of lymphodepletion; negative when it was taken later.
        """
        if not self.bands:
            return PlannedDose(self.cells, problem="cannot be computed: no dose is known for this label")
        band = self._band(weight)
        if band is None:
            return PlannedDose(self.cells, missing=("weight",), problem="cannot be computed: needs weight")
        factor = weight if band.basis == "per_kg" and weight is not None else 1.0
        low, high, target = (_capped(value, factor, band.cap) for value in (band.low, band.high, band.target))
        highest = band.high if band.high is not None else band.target
        is_capped = band.cap is not None and highest is not None and highest * factor > band.cap
        split, assumed = self._split(blasts, sample_days)
        return PlannedDose(
            self.cells,
            basis=band.basis,
            weight=weight if band.basis == "per_kg" or len(self.bands) > 1 else None,
            low=low,
            high=high,
            target=target,
            cap=band.cap,
            is_capped=is_capped,
            split=None if split is None else split.name,
            parts=() if split is None else tuple(_part(p, low, high, target) for p in split.parts),
            splits=tuple(tuple(_part(p, low, high, target) for p in one.parts) for one in self.splits),
            missing=("marrow_blasts",) if assumed else (),
            assumed=assumed,
        )

    def _band(self, weight: float | None) -> DoseBand | None:
        if weight is None:
            needless = len(self.bands) == 1 and self.bands[0].basis == "flat"
            return self.bands[0] if needless else None
        return next((band for band in self.bands if band.holds(weight)), None)

    def _split(self, blasts: float | None, sample_days: int | None) -> tuple[Split | None, str | None]:
        if not self.splits:
            return None, None
        if all(s.blasts_above is None and s.blasts_up_to is None for s in self.splits):
            return self.splits[0], None
        limit = self.blasts_sampled_within_days
        is_fresh = sample_days is not None and sample_days >= 0 and (limit is None or sample_days <= limit)
        if blasts is not None and is_fresh:
            return next((s for s in self.splits if s.holds(blasts)), None), None
        why = "no marrow blasts" if blasts is None else f"no marrow sample within {limit} days before lymphodepletion"
        chosen = next((s for s in self.splits if s.when_unknown), None)
        return chosen, f"{why}: {'no parts' if chosen is None else chosen.name} by the rule for an unknown result"


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """One infusion of the plan: the label's day (first infusion = 1), and its amounts in 10^6 cells."""

    day: int | None
    days_either_side: int
    low: float | None
    high: float | None
    target: float | None
    bags: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedDose:
    """What a dose rule gives; amounts in 10^6 cells.

    Attributes:
        cells: Which cells are counted.
        basis: per_kg or flat; None without a dose.
        weight: The weight in kg that entered; None where none did.
        low: Least of the label, after the cap; None where the label states none.
        high: Most of the label, after the cap; None where the label states none.
        target: Target of the label, after the cap; None where it states a range only.
        cap: Most for one infusion; None without a cap.
        is_capped: Whether the cap lowered the range or the target.
        split: Name of the split that was chosen.
        parts: The infusions of a split dose, in order; empty for one infusion.
        splits: The infusions of every split of the rule: another one may hold where the choice was `assumed`.
        missing: What was needed and not known.
        problem: Why there is no dose; None when there is one.
        assumed: What was done about an unknown, such as the parts for unknown marrow blasts.
    """

    cells: str
    basis: str | None = None
    weight: float | None = None
    low: float | None = None
    high: float | None = None
    target: float | None = None
    cap: float | None = None
    is_capped: bool = False
    split: str | None = None
    parts: tuple[PlannedPart, ...] = ()
    splits: tuple[tuple[PlannedPart, ...], ...] = ()
    missing: tuple[str, ...] = ()
    problem: str | None = None
    assumed: str | None = None

    def deviation(self, given: float) -> Deviation | None:
        """How far a dose given (10^6 cells, all parts together) is from the label; None without a plan.

        Inside the range the deviation is 0; outside it is counted from the nearer end.
        Where there is no range it is counted from the target.
        """
        if self.problem is not None:
            return None
        has_range = self.low is not None or self.high is not None
        if has_range:
            nearest = min(max(given, self.low or 0.0), math.inf if self.high is None else self.high)
        elif self.target is not None:
            nearest = self.target
        else:
            return None
        percent = round(100 * (given - nearest) / nearest, 6)
        above_cap = self.cap is not None and given > self.cap
        if has_range:
            return Deviation(percent, percent == 0 and not above_cap, above_cap)
        return Deviation(percent, False if above_cap else None, above_cap)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A dose beside its plan.

    Attributes:
        percent: Signed distance in per cent of the nearer end of the range, or of the target.
        is_within: Whether it lies in the range of the label; None where the label states a target and no range.
        is_above_cap: Whether it is more than the cap.
    """

    percent: float
    is_within: bool | None
    is_above_cap: bool


def _capped(value: float | None, factor: float, cap: float | None) -> float | None:
    if value is None:
        return None
    return round(value * factor if cap is None else min(value * factor, cap), 9)


def _part(part: Part, low: float | None, high: float | None, target: float | None) -> PlannedPart:
    if part.amount is not None:
        return PlannedPart(part.day, part.days_either_side, None, None, part.amount, part.bags)
    share = part.share or 0.0
    parts = [None if whole is None else round(whole * share, 9) for whole in (low, high, target)]
    return PlannedPart(part.day, part.days_either_side, parts[0], parts[1], parts[2], part.bags)
