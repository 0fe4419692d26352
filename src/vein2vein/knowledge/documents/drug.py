"""A drug of the guidance: its named doses, caps and weight bands, how far apart doses lie and how many may be given.

Place    Floor 1. Guidance files name drugs by the id of these files; the journey computes doses and locks with them.
In       Files of kind `drug` (knowledge/data/drugs).
Out      `ComputedDose` for a weight or body surface; `Opening`: from when the next dose is allowed, and why not before.
Knows    A dose counts from the instant it was started. A lock is half-open: exactly `hours_apart` after the last start the
         next dose is allowed; a dose started exactly `within_hours` ago no longer counts.
Missing  A dose that lacks an input is not computed: `missing` names the input. A missing weight is never a default. A dose of
         adults is not computed for a child; without an age it is computed and says that it is one of adults.
Does not Round to vials, or choose a weight: the file says which recorded weight is asked for.
Checked  worked cases of every drug file; tests/unit/knowledge/test_drug.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from vein2vein.basis.clock import hours
from vein2vein.basis.units import is_unit
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.edition import Edition, Strict, Text, Wording
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.wording import fixed_words

WEIGHT: Final = "weight"
SURFACE: Final = "body surface area"
_NOISE_DECIMALS: Final = 9
Route = Literal["intravenous", "subcutaneous", "oral", "intrathecal"]


class Band(Strict):
    """What replaces the amount and the cap of a dose from a body weight on (inclusive), up to the next band."""

    at_least_kg: Annotated[float, Field(gt=0)]
    amount: Annotated[float, Field(gt=0)]
    cap: float | None = None


class DoseRule(Strict):
    """A dose: amount, or a range `amount` to `up_to`, fixed or per kg or m2, with a cap for one dose in `unit`.

    `adults` marks a dose that a source states for adults only; the drug file says from which age on that is.
    """

    amount: Annotated[float, Field(gt=0)]
    up_to: float | None = None
    unit: Text = "mg"
    per: Literal["kg", "m2"] | None = None
    cap: float | None = None
    bands: tuple[Band, ...] = ()
    adults: bool = False

    @model_validator(mode="after")
    def _is_coherent(self) -> DoseRule:
        problems = [] if is_unit(self.unit) else [f"{self.unit!r} is no UCUM unit"]
        starts = [band.at_least_kg for band in self.bands]
        if starts != sorted(set(starts)):
            problems.append("weight bands stand lightest first, each once")
        if self.up_to is not None and self.up_to <= self.amount:
            problems.append("up_to is not above the amount")
        if self.cap is not None and self.per is None:
            problems.append("a cap belongs to a dose by body size")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """What the dose cannot be computed without."""
        weight = (WEIGHT,) if self.per == "kg" or self.bands else ()
        return (*weight, SURFACE) if self.per == "m2" else weight

    @property
    def words(self) -> str:
        """The dose as it is written, such as "8 mg/kg (at most 800 mg)"."""
        return self.words_in("en")

    def words_in(self, language: str) -> str:
        """The dose as it is written, in English or Chinese."""
        says = fixed_words("dose", language)
        unit = self.unit if self.per is None else f"{self.unit}/{self.per}"

        def one(amount: float, up_to: float | None, cap: float | None) -> str:
            end = "" if up_to is None else f" {says['to']} {up_to:g}"
            return f"{amount:g}{end} {unit}" + ("" if cap is None else says["cap"].format(f"{cap:g} {self.unit}"))

        bands = (says["from"].format(f"{b.at_least_kg:g}") + one(b.amount, None, b.cap) for b in self.bands)
        return "".join((one(self.amount, self.up_to, self.cap), *bands))

    def compute(self, *, weight: float | None = None, surface: float | None = None) -> ComputedDose:
        """The dose for a body weight in kg and a body surface in m2; None is missing."""
        known = {WEIGHT: weight, SURFACE: surface}
        missing = tuple(name for name in self.needs if known[name] is None)
        if missing:
            return ComputedDose(None, None, self.unit, self.words, is_capped=False, missing=missing)
        amount, up_to, cap = self.amount, self.up_to, self.cap
        for band in self.bands:
            if weight is not None and weight >= band.at_least_kg:
                amount, up_to, cap = band.amount, None, band.cap
        size = {"kg": weight, "m2": surface, None: 1.0}[self.per] or 0.0
        per = "" if self.per is None else f"/{self.per}"
        end = amount if up_to is None else up_to
        top = math.inf if cap is None else cap
        low, high = (min(round(x * size, _NOISE_DECIMALS), top) for x in (amount, end))
        shown = f"{amount:g}" if up_to is None else f"{amount:g} to {up_to:g}"
        return ComputedDose(low, high, self.unit, f"{shown} {self.unit}{per}", is_capped=end * size > top)


@dataclass(frozen=True, slots=True)
class ComputedDose:
    """One dose for one patient.

    Attributes:
        low, high: Amount in `unit`; different where the source gives a range; None where it cannot be computed.
        unit: UCUM unit of the amount.
        rule: The rule that gave it, such as "8 mg/kg".
        is_capped: Whether the cap of one dose made it smaller.
        missing: What it cannot be computed without; empty where it was computed.
        adults_from: Age in completed years (inclusive) from which the dose is stated; None where it is for all ages.
        age: Completed years of the patient; None where they are not known.
    """

    low: float | None
    high: float | None
    unit: str
    rule: str
    is_capped: bool
    missing: tuple[str, ...] = ()
    adults_from: float | None = None
    age: float | None = None

    @property
    def is_too_young(self) -> bool:
        """Whether the dose is one of adults and the patient is none."""
        return self.adults_from is not None and self.age is not None and self.age < self.adults_from

    @property
    def is_computed(self) -> bool:
        """Whether there is an amount."""
        return self.low is not None


class AtMost(Strict):
    """At most `count` doses in (t - within, t]; of the whole course without `within_hours`."""

    count: Annotated[int, Field(ge=1)]
    within_hours: Annotated[float, Field(gt=0)] | None = None

    def words_in(self, language: str) -> str:
        """Such as "at most 3 in 24 h"."""
        says = fixed_words("limit", language)
        if self.within_hours is None:
            return says["in_all"].format(self.count)
        return says["within"].format(self.count, f"{self.within_hours:g}")

    @property
    def words(self) -> str:
        """The same in English."""
        return self.words_in("en")


@dataclass(frozen=True, slots=True)
class Opening:
    """From when another dose is allowed.

    Attributes:
        not_before: UTC microseconds; None where it is allowed now or never.
        never: Whether the doses of the course are used up.
        because: The limits that keep it locked, in English; empty where it is allowed now.
        left: Doses left in the whole course before this one; None without such a limit.
    """

    not_before: int | None
    never: bool
    because: tuple[str, ...]
    left: int | None

    @property
    def is_open(self) -> bool:
        """Whether another dose is allowed now."""
        return not self.never and self.not_before is None


class Limits(Strict):
    """How far apart doses lie, from start to start, and how many there may be."""

    hours_apart: Annotated[float, Field(gt=0)] | None = None
    at_most: tuple[AtMost, ...] = ()

    def lines(self, language: str = "en") -> tuple[str, ...]:
        """Each limit in words; none where there are no limits."""
        says = fixed_words("limit", language)
        apart = () if self.hours_apart is None else (says["apart"].format(f"{self.hours_apart:g}"),)
        return (*apart, *(limit.words_in(language) for limit in self.at_most))

    @property
    def words(self) -> str:
        """Such as "at least 8 h apart, at most 3 in 24 h"."""
        return ", ".join(self.lines())

    def and_also(self, other: Limits | None) -> Limits:
        """Both sets of limits at once."""
        if other is None:
            return self
        apart = [h for h in (self.hours_apart, other.hours_apart) if h is not None]
        both = tuple(dict.fromkeys((*self.at_most, *other.at_most)))
        return Limits(hours_apart=max(apart, default=None), at_most=both)

    def opening(self, starts: Sequence[int], at: int) -> Opening:
        """From when the next dose is allowed.

        Args:
            starts: Starts of the doses so far in UTC microseconds; later ones than `at` do not count.
            at: The instant of the question in UTC microseconds.
        """
        given = sorted(start for start in starts if start <= at)
        locks: list[tuple[float, str]] = []
        if given and self.hours_apart is not None:
            locks.append((given[-1] + hours(self.hours_apart), self.lines()[0]))
        for limit in self.at_most:
            if len(given) >= limit.count:
                first = given[-limit.count]
                end = math.inf if limit.within_hours is None else first + hours(limit.within_hours)
                locks.append((end, limit.words))
        closed = [(end, words) for end, words in locks if end > at]
        end = max((end for end, _ in closed), default=-math.inf)
        never = math.isinf(end) and bool(closed)
        totals = [limit.count - len(given) for limit in self.at_most if limit.within_hours is None]
        left = max(min(totals), 0) if totals else None
        because = tuple(words for last, words in closed if last == end or not never)
        return Opening(int(end) if closed and not never else None, never, because, left)


class DrugCase(Strict):
    """One example: a dose for a weight (null = missing) and an age, or the wait after doses started so many hours ago.

    `weighed_hours_ago` is how old the weight is: one that no longer holds is missing.
    """

    name: Text
    dose: Text | None = None
    weight: float | None = None
    surface: float | None = None
    expect: float | tuple[float, float] | Literal["cannot be computed", "only adults"] | None = None
    hours_ago: tuple[float, ...] | None = None
    wait_hours: float | Literal["never"] | None = None
    left: int | None = None
    age: float | None = None
    weighed_hours_ago: float = 0
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> DrugCase:
        if (self.dose is None) == (self.hours_ago is None) or (self.dose is None) != (self.expect is None):
            msg = "a case gives a dose and what it comes to, or the hours since doses and the wait"
            raise ValueError(msg)
        return self


class Drug(Edition):
    """One drug, with parameters put in.

    Attributes:
        name: The drug in words.
        exposure, agent: Where its doses stand in a timeline; None for a drug whose doses no stream records.
        doses: Named doses.
        spacing: How far apart doses lie and how many there may be, whatever a guidance says.
        weight: Which recorded weight a dose is computed by; needed when a dose depends on weight.
        adult_age: Completed years (inclusive) from which doses of adults hold; needed when the file has such a dose.
        is_one_course: Whether drugs of its stream are given as one course: no second one beside the first.
    """

    RULE_PARTS: ClassVar = ("doses", "spacing", "adult_age", "parameters")

    kind: Literal["drug"]
    name: Wording
    exposure: Text | None = None
    agent: Text | None = None
    doses: Annotated[dict[str, DoseRule], Field(min_length=1)]
    spacing: Limits = Limits()
    weight: Latest | None = None
    adult_age: Annotated[float, Field(gt=0)] | None = None
    is_one_course: bool = False
    worked_cases: Annotated[tuple[DrugCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_coherent(self) -> Drug:
        problems = [
            f"case {c.name!r} names dose {c.dose!r}" for c in self.worked_cases if c.dose not in {None, *self.doses}
        ]
        if (self.exposure is None) != (self.agent is None):
            problems.append("exposure and agent stand together")
        elif self.exposure is not None and self.agent not in streams()[self.exposure].agents:
            problems.append(f"{self.agent!r} is no agent of {self.exposure!r}")
        if self.exposure is None and self.spacing.words:
            problems.append("doses that no stream records cannot be counted")
        if self.weight is None and any(WEIGHT in rule.needs for rule in self.doses.values()):
            problems.append("a dose by weight needs to say which recorded weight")
        if self.adult_age is None and any(rule.adults for rule in self.doses.values()):
            problems.append("a dose of adults needs to say from which age on")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def compute(
        self, rule: DoseRule, *, weight: float | None = None, surface: float | None = None, age: float | None = None
    ) -> ComputedDose:
        """A dose of this file or of a source, for a weight in kg, a surface in m2 and completed years; None is missing."""
        dose = rule.compute(weight=weight, surface=surface)
        if not rule.adults:
            return dose
        dose = replace(dose, adults_from=self.adult_age, age=age)
        return replace(dose, low=None, high=None, is_capped=False, missing=()) if dose.is_too_young else dose

    def case_failure(self, case: DrugCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        if case.dose is not None:
            return self._dose_failure(case, self.doses[case.dose])
        got = self.spacing.opening([-hours(ago) for ago in case.hours_ago or ()], 0)
        wait = "never" if got.never else (got.not_before or 0) / hours(1)
        wanted = case.wait_hours if case.wait_hours is not None else 0
        if wait != wanted or got.left != case.left:
            return f"expected a wait of {wanted} h and {case.left} left, got {wait} h and {got.left}"
        return None

    def _dose_failure(self, case: DrugCase, rule: DoseRule) -> str | None:
        holds = math.inf if self.weight is None or self.weight.holds_hours is None else float(self.weight.holds_hours)
        weight = case.weight if case.weighed_hours_ago < holds else None
        got = self.compute(rule, weight=weight, surface=case.surface, age=case.age)
        if case.expect == "only adults" or got.is_too_young:
            return (
                None
                if got.is_too_young == (case.expect == "only adults")
                else f"expected {case.expect}, age {case.age}"
            )
        if case.expect == "cannot be computed" or case.expect is None:
            return None if not got.is_computed else f"expected that it cannot be computed, got {got.low}"
        wanted = case.expect if isinstance(case.expect, tuple) else (case.expect, case.expect)
        return None if (got.low, got.high) == wanted else f"expected {wanted}, got {got.low} to {got.high}"
