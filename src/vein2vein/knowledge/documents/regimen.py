"""Lymphodepletion regimens: which drug on which day in which dose, and how long before the infusion the last day lies.

Place    Floor 1. Read by `journey.lymphodepletion`.
In       Files of kind `regimen` (data/regimens), one for each regimen of a label, trial or centre.
Out      `Regimen`: doses per day of the regimen, and the gap in full calendar days between its last day and the infusion.
Knows    The gap is the date of the infusion minus the date of the last dose; both ends of the window count.
Missing  A window that the source does not give is null: then only the planned gap stands, with its status.
Does not Know a body, a kidney or a date: `journey.lymphodepletion` puts them in.
Checked  tests/knowledge/test_every_document.py; tests/unit/journey/lymphodepletion
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.knowledge.edition import Edition, Strict, Text, Wording
from vein2vein.knowledge.values import NumberRange

RegimenDay = Annotated[int, Field(ge=1)]


class DrugDays(Strict):
    """One drug: its dose on each of its days, counted from 1 on the first day of the regimen.

    `amount_to` is the upper end where the source gives a range; every dose from `amount` to it, both inclusive, is as it says.
    """

    drug: Text
    label: Wording
    amount: Annotated[float, Field(gt=0)]
    amount_to: float | None = None
    unit: Literal["mg/m2", "mg/kg", "mg"]
    days: Annotated[tuple[RegimenDay, ...], Field(min_length=1)]
    renal: bool = False
    note: Wording | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> DrugDays:
        if self.amount_to is not None and self.amount_to <= self.amount:
            msg = f"{self.drug}: the range ends at {self.amount_to:g}, not above {self.amount:g}"
            raise ValueError(msg)
        return self

    @property
    def ends(self) -> tuple[float, float]:
        """Least and most of a dose, equal where the source gives one."""
        return self.amount, self.amount if self.amount_to is None else self.amount_to


class Gap(Strict):
    """Full calendar days from the last dose to the infusion: allowed from `least` to `most`, both inclusive.

    `least_hours` says so in hours instead, where the source counts hours. `planned` is what a calendar is drawn with.
    """

    planned: Annotated[int, Field(ge=0)]
    least: Annotated[int, Field(ge=0)] | None = None
    most: Annotated[int, Field(ge=0)] | None = None
    least_hours: float | None = None
    status: Literal["secondary", "recalled", "uncertain"] = "recalled"

    @model_validator(mode="after")
    def _is_ordered(self) -> Gap:
        if (self.least is not None and self.planned < self.least) or (
            self.most is not None and self.planned > self.most
        ):
            msg = "the planned gap lies outside the allowed one"
            raise ValueError(msg)
        return self


class Repeat(Strict):
    """When the label says to give the regimen again, or to leave it out."""

    name: Text
    text: Wording
    days_since_last_dose_above: float | None = None
    leukocytes_above: float | None = None
    leukocytes_at_most: float | None = None

    def holds(self, days: float | None, leukocytes: NumberRange) -> bool | None:
        """Whether the rule holds so many days after the last dose, at a leukocyte count in 10*9/L; None while it is open."""
        parts: list[bool | None] = []
        if self.days_since_last_dose_above is not None:
            parts.append(None if days is None else days > self.days_since_last_dose_above)
        if self.leukocytes_above is not None:
            truth = leukocytes.compare("above", self.leukocytes_above)
            parts.append(True if truth.is_certain else None if truth.is_possible else False)
        if self.leukocytes_at_most is not None:
            truth = leukocytes.compare("at_most", self.leukocytes_at_most)
            parts.append(True if truth.is_certain else None if truth.is_possible else False)
        if False in parts:
            return False
        return None if None in parts else True


class RegimenCase(Strict):
    """One example, the infusion on day 0: each drug's days relative to it, whether a gap in days is allowed, or which rules hold.

    `renal` names the drugs whose dose follows the kidney.
    `repeats` is asked with `days_since_last_dose` and `leukocytes` (10*9/L; null = not known): rule -> holds, null = open.
    """

    name: Text
    days: dict[str, tuple[int, ...]] | None = None
    total: dict[str, float | tuple[float, float]] | None = None
    renal: tuple[Text, ...] | None = None
    gap: int | None = None
    gap_hours: float | None = None
    allowed: bool | None = None
    days_since_last_dose: float | None = None
    leukocytes: float | None = None
    repeats: dict[str, bool | None] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class Regimen(Edition):
    """One regimen, with parameters put in."""

    RULE_PARTS: ClassVar = ("drugs", "gap", "repeat")

    kind: Literal["regimen"]
    products: tuple[Text, ...]
    drugs: Annotated[tuple[DrugDays, ...], Field(min_length=1)]
    gap: Gap
    repeat: tuple[Repeat, ...] = ()
    only_if: tuple[Wording, ...] = ()
    worked_cases: Annotated[tuple[RegimenCase, ...], Field(min_length=1)]

    @property
    def n_days(self) -> int:
        """Calendar days from the first to the last dose, both inclusive."""
        return max(day for drug in self.drugs for day in drug.days)

    def relative_days(self, drug: DrugDays, gap: int | None = None) -> tuple[int, ...]:
        """Days of a drug relative to the infusion (day 0), for a gap in full days; the planned gap when none is given."""
        last = -(self.gap.planned if gap is None else gap)
        return tuple(last - (self.n_days - day) for day in drug.days)

    def allows(self, gap_days: int, gap_hours: float | None = None) -> bool | None:
        """Whether a gap is inside the allowed window; None where the source gives no window (or hours that are not known)."""
        gap = self.gap
        if gap.least is None and gap.most is None and gap.least_hours is None:
            return None
        if (gap.least is not None and gap_days < gap.least) or (gap.most is not None and gap_days > gap.most):
            return False
        if gap.least_hours is None:
            return True
        return None if gap_hours is None else gap_hours >= gap.least_hours

    def case_failure(self, case: RegimenCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        days = {drug.drug: self.relative_days(drug) for drug in self.drugs}
        if case.days is not None and days != case.days:
            return f"expected {case.days}, got {days}"
        total = {drug.drug: _total(drug) for drug in self.drugs}
        if case.total is not None and total != case.total:
            return f"expected totals {case.total}, got {total}"
        renal = tuple(drug.drug for drug in self.drugs if drug.renal)
        if case.renal is not None and renal != case.renal:
            return f"expected {case.renal} to follow the kidney, got {renal}"
        if case.repeats is not None:
            count = NumberRange() if case.leukocytes is None else NumberRange(case.leukocytes, case.leukocytes)
            holds = {rule.name: rule.holds(case.days_since_last_dose, count) for rule in self.repeat}
            return None if holds == case.repeats else f"expected {case.repeats}, got {holds}"
        if case.gap is not None:
            got = self.allows(case.gap, case.gap_hours)
            return None if got is case.allowed else f"gap {case.gap}: expected {case.allowed}, got {got}"
        return None


def _total(drug: DrugDays) -> float | tuple[float, float]:
    low, high = (end * len(drug.days) for end in drug.ends)
    return low if low == high else (low, high)
