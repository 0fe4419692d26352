"""Doses of a regimen for one patient: body surface, kidney function and policy are named choices, never defaults in silence.

Place    Journey, lymphodepletion.
In       Questions to a timeline, a regimen, the formula of body surface, the renal policies that were chosen.
Out      `DrugDose` for each drug: mg a day with bounds, what it rests on, and "cannot be computed: needs ..." where it cannot.
Knows    A policy acts on drugs that its file names; several policies can be asked at once and stand side by side.
Missing  An unknown body surface or clearance gives bounds, not a dose; bands that stay open give every possible fraction.
Source   Regimens, formulas and policies are files; this module multiplies.
Checked  tests/unit/journey/lymphodepletion/test_lymphodepletion_doses.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vein2vein.engine.plain.ask import Asked, Questions
from vein2vein.errors import JourneyError
from vein2vein.journey.stages.asking import FormulaAnswer, ask_formula
from vein2vein.knowledge.documents.regimen import DrugDays, Regimen
from vein2vein.knowledge.documents.renal_policy import RenalBand, RenalPolicy
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.wording import fixed_words


@dataclass(frozen=True, slots=True)
class RenalAnswer:
    """What a policy says for a clearance.

    Attributes:
        policy: The policy.
        clearance: The clearance it asks for, with its rows.
        bands: Bands that are possible; one when it is settled.
    """

    policy: RenalPolicy
    clearance: FormulaAnswer
    bands: tuple[RenalBand, ...]

    @property
    def fractions(self) -> tuple[float, ...]:
        """Possible fractions of the full dose, ascending, both ends of a range; 0 where the drug is not given."""
        return tuple(sorted({end for band in self.bands if band.ends is not None for end in band.ends}))

    @property
    def is_stated(self) -> bool:
        """Whether the policy states a fraction in every band that is possible; else any part of the dose may be meant."""
        return all(band.ends is not None for band in self.bands)

    @property
    def is_settled(self) -> bool:
        """Whether one stated fraction, or one range of the source, is left."""
        return len({band.ends for band in self.bands}) == 1 and self.bands[0].ends is not None


@dataclass(frozen=True, slots=True)
class DrugDose:
    """The dose of one drug on one day.

    Attributes:
        drug: The drug's entry of the regimen.
        basis: Body surface or weight that the dose is multiplied with; None for a flat dose.
        renal: What the chosen policy says; None where none acts on this drug.
        milligrams: [lowest, highest] possible dose of a day in mg; equal when it is known. No policy gives more than the whole
            dose, so that also without a clearance or a policy something is more than it can be.
        needs: What is missing, sorted; empty when the dose, or the range that the source or the policy leaves to the centre, is
            known.
    """

    drug: DrugDays
    basis: FormulaAnswer | Asked | None
    renal: RenalAnswer | None
    milligrams: tuple[float, float]
    needs: tuple[str, ...]

    @property
    def value(self) -> float | None:
        """The dose of a day in mg, not rounded; None unless it is known."""
        if self.needs or self.milligrams[0] != self.milligrams[1]:
            return None
        return self.milligrams[0]

    @property
    def span(self) -> tuple[float, float] | None:
        """Least and most of a day in mg that the sources allow, not rounded; equal for one dose, None unless it is known."""
        return None if self.needs else self.milligrams

    def amount_in(self, language: str) -> str:
        """The dose of a day in mg without its unit: one number, or the range of the policy; empty where it is not known."""
        if self.span is None:
            return ""
        low, high = (f"{end:.1f}" for end in self.span)
        return low if low == high else fixed_words("dose", language)["span"].format(low, high)

    @property
    def is_withheld(self) -> bool:
        """Whether the policy says not to give the drug."""
        return self.renal is not None and self.renal.fractions == (0.0,) and self.renal.is_settled

    @property
    def text(self) -> str:
        """The dose in words, or what it needs."""
        if self.is_withheld:
            return "not given"
        if self.span is not None:
            return f"{self.amount_in('en')} mg"
        return f"cannot be computed: needs {', '.join(self.needs)}"


def renal_answer(questions: Questions, policy: RenalPolicy, formulas: Mapping[str, Formula]) -> RenalAnswer:
    """What a policy says for the clearance of a course; `formulas` holds the one it asks for, by id.

    Raises:
        JourneyError: JOURNEY-001 when the formula that the policy asks for was not given.
    """
    if policy.clearance not in formulas:
        raise JourneyError(
            "JOURNEY-001",
            saw=f"policy {policy.id} without the formula {policy.clearance}",
            expected=f"one of the formulas given: {', '.join(sorted(formulas)) or 'none'}",
            fix="give the formula that the policy names, with its weight basis chosen",
        )
    clearance = ask_formula(questions, formulas[policy.clearance])
    return RenalAnswer(policy, clearance, policy.possible(clearance.range))


def regimen_doses(
    questions: Questions,
    regimen: Regimen,
    surface: Formula,
    *,
    policy: RenalPolicy | None,
    formulas: Mapping[str, Formula],
    weight: Latest,
) -> tuple[DrugDose, ...]:
    """The dose of each drug of a regimen on each of its days.

    Args:
        questions: The course at an instant.
        regimen: The regimen.
        surface: The formula of body surface area.
        policy: The renal policy; None gives full doses, and drugs that are cleared by the kidney then need one.
        formulas: Formulas of kidney function, by id.
        weight: How the weight of a dose per kilogram is taken.

    Returns:
        One entry for each drug, in the order of the regimen.
    """
    area = ask_formula(questions, surface)
    kilograms = questions.ask(weight)
    renal = None if policy is None else renal_answer(questions, policy, formulas)
    return tuple(_dose(drug, area, kilograms, renal) for drug in regimen.drugs)


def _dose(drug: DrugDays, area: FormulaAnswer, kilograms: Asked, renal: RenalAnswer | None) -> DrugDose:
    needs: set[str] = set()
    basis: FormulaAnswer | Asked | None = None
    low = high = 1.0
    if drug.unit == "mg/m2":
        basis, low, high = area, area.range.low, area.range.high
        needs |= _lacks(area)
    elif drug.unit == "mg/kg":
        basis = kilograms
        low, high = getattr(kilograms.value, "low", 0.0), getattr(kilograms.value, "high", float("inf"))
        needs |= set() if low == high else {"weight"}
    acting = renal if renal is not None and renal.policy.drug == drug.drug else None
    fractions: tuple[float, ...] = (1.0,)
    if drug.renal and acting is None:
        needs.add("a renal policy")
        fractions = (0.0, 1.0)
    if acting is not None:
        fractions = acting.fractions if acting.is_stated else (0.0, 1.0)
        if not acting.is_settled:
            needs |= _lacks(acting.clearance) or {"a policy that states this clearance"}
    least, most = drug.ends
    ends = (least * low * fractions[0], most * high * fractions[-1])
    return DrugDose(drug, basis, acting, ends, tuple(sorted(needs)))


def _lacks(answer: FormulaAnswer) -> set[str]:
    """What a formula lacks: inputs, or one that it can believe."""
    problem = answer.computed.problem
    return set(answer.computed.missing) if problem is None else {f"a plausible {answer.formula.id} ({problem})"}


def compare_policies(
    questions: Questions,
    regimen: Regimen,
    surface: Formula,
    *,
    policies: Sequence[RenalPolicy],
    formulas: Mapping[str, Formula],
    weight: Latest,
) -> dict[str, tuple[DrugDose, ...]]:
    """Doses under several renal policies side by side, by policy id."""
    return {
        policy.id: regimen_doses(questions, regimen, surface, policy=policy, formulas=formulas, weight=weight)
        for policy in policies
    }


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far an ordered dose is from the computed one.

    Attributes:
        percent: (ordered - computed) / computed x 100, from the nearer end of a range and 0 inside it; None where the dose cannot
            be computed or is withheld.
        level: "none", "flag" above `flag_percent`, "stop" above `stop_percent` (or anything ordered of a withheld drug),
            "unknown" where it cannot be said.
        is_least: Whether the dose itself is not known, and `percent` counts from the nearer end of all that it can be.
    """

    percent: float | None
    level: str
    is_least: bool = False


def deviation(dose: DrugDose, ordered_mg: float, *, flag_percent: float, stop_percent: float) -> Deviation:
    """Compare an ordered daily dose in mg with the computed one; limits are a local policy, both exclusive.

    A dose that cannot be computed is still one of a range: what lies beyond it by more than the limits is certain.

    Raises:
        JourneyError: JOURNEY-002 when the ordered dose is negative or the limits are not in order.
    """
    if ordered_mg < 0 or not 0 <= flag_percent <= stop_percent:
        raise JourneyError(
            "JOURNEY-002",
            saw=f"ordered {ordered_mg} mg, flag above {flag_percent} %, stop above {stop_percent} %",
            expected="a dose of 0 or more, and 0 <= flag <= stop",
            fix="correct the order or the limits of the policy",
        )
    if dose.is_withheld:
        return Deviation(None, "stop" if ordered_mg > 0 else "none")
    is_least = dose.span is None
    nearest = min(max(ordered_mg, dose.milligrams[0]), dose.milligrams[1])
    if is_least and nearest in {ordered_mg, 0.0}:
        return Deviation(None, "unknown")
    percent = (ordered_mg - nearest) / nearest * 100
    size = round(abs(percent), 9)
    level = "stop" if size > stop_percent else "flag" if size > flag_percent else "none"
    if is_least and level == "none":
        return Deviation(None, "unknown")
    return Deviation(percent, level, is_least)
