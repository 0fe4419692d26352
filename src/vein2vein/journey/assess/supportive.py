"""Drugs against toxicity: a dose above the most that the files state, and a drug that a source says not to give.

Place    Journey, assess.
In       A course, the sources of guidance and drug files of a protocol, its grades, its limits of dose.
Out      `DrugKept` for each drug that was given; departures.
Knows    The most is the largest dose of the drug file and of the sources for this weight and age at the instant of the dose. What
         stands against a drug is asked at that instant, with the grades of that instant.
Missing  A dose without an amount in the unit of the files, or one whose most lacks a weight, is not assessable. Only what is
         certain is a departure.
Does not Judge doses below: sources state ranges, and smaller doses have reasons.
Checked  tests/unit/journey/assess/test_supportive.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vein2vein.basis.truth import Truth, all_of
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.assess.deviations import Deviation
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.phrases import listed, say, words
from vein2vein.journey.guidance.advise import Desk
from vein2vein.journey.guidance.grades import Grades
from vein2vein.knowledge.documents.drug import ComputedDose, DoseRule, Drug
from vein2vein.knowledge.documents.guidance import Give, Guidance, Withhold
from vein2vein.knowledge.documents.protocol import DoseLimits
from vein2vein.knowledge.inputs import AgeYears
from vein2vein.knowledge.values import NumberRange
from vein2vein.record.timeline import Exposure, Timeline


@dataclass(frozen=True, slots=True)
class DrugKept:
    """One drug of a course beside the files.

    Attributes:
        drug: The drug file.
        amount: Whether no dose was above the most; UNKNOWN where one cannot be said.
        allowed: Whether no source was against it when it was given; None where no source ever is.
        found: Departures.
        open: Doses that could not be held against the most, each with what that needs, by language.
        unclear: What would settle whether a source was against it, where nobody can say, by language.
    """

    drug: Drug
    amount: Truth
    allowed: Truth | None
    found: tuple[Deviation, ...]
    open: tuple[tuple[Exposure, Mapping[str, str]], ...]
    unclear: tuple[Mapping[str, str], ...] = ()


def doses_of(timeline: Timeline, drug: Drug) -> list[Exposure]:
    """Doses of a drug in the record, in their order."""
    return [
        e for e in timeline.exposures if drug.agent is not None and (e.kind, e.agent) == (drug.exposure, drug.agent)
    ]


def is_withheld_somewhere(desk: Desk, drug: Drug) -> bool:
    """Whether any source has a state in which the drug must not be given."""
    return any(_withholds(source, drug.id) for source in desk.sources)


def _withholds(source: Guidance, drug: str) -> bool:
    return any(isinstance(action, Withhold) and _is_against(action, drug) for action in source.actions.values())


def drugs_kept(timeline: Timeline, desk: Desk, limits: DoseLimits, grades: Grades) -> Iterator[DrugKept]:
    """Every drug of the sources that the course was given; `grades` are those of the rule sets that the sources ask for."""
    for drug in desk.drugs.values():
        rows = doses_of(timeline, drug)
        if not rows:
            continue
        against = is_withheld_somewhere(desk, drug)
        found: list[Deviation] = []
        amounts: list[Truth] = []
        allowed: list[Truth] = []
        unsettled: list[tuple[Exposure, Mapping[str, str]]] = []
        unclear: list[Mapping[str, str]] = []
        for row in rows:
            questions = Questions(timeline, row.started_at)
            kept, over = _amount(row, drug, desk.sources, questions, limits=limits)
            amounts.append(kept)
            if kept is Truth.UNKNOWN:
                unsettled.append((row, _lacks(row, drug, desk.sources, questions)))
            found += over
            if against:
                truth, stood, lacks = _allowed(row, drug, desk, grades, questions=questions)
                allowed.append(truth)
                found += stood
                unclear += lacks
        judged = all_of(allowed) if against else None
        yield DrugKept(drug, all_of(amounts), judged, tuple(found), tuple(unsettled), tuple(unclear))


def _amount(
    row: Exposure, drug: Drug, sources: Sequence[Guidance], questions: Questions, *, limits: DoseLimits
) -> tuple[Truth, tuple[Deviation, ...]]:
    most = _most(drug, sources, questions)
    if row.amount is None or most is None or row.amount_unit != most[1]:
        return Truth.UNKNOWN, ()
    level = limits.level(max(100 * (row.amount - most[0]) / most[0], 0.0))
    if level == "none":
        return Truth.TRUE, ()
    given, unit = f"{row.amount:g}", most[1]
    said = say("over-dose", level=say(level), drug=drug.name, given=given, unit=unit, most=f"{most[0]:g}")
    return Truth.FALSE, (Deviation("dose", said, drug.id, row.started_at, (row,)),)


def _most(drug: Drug, sources: Sequence[Guidance], questions: Questions) -> tuple[float, str] | None:
    """The largest dose for one patient now, with its unit; None where one lacks an input or units differ."""
    doses = _doses(drug, sources, questions)
    units = {dose.unit for dose in doses}
    if len(units) != 1 or any(dose.missing for dose in doses):
        return None
    highest = max((dose.high for dose in doses if dose.high is not None), default=None)
    return None if highest is None else (highest, units.pop())


def _doses(drug: Drug, sources: Sequence[Guidance], questions: Questions) -> list[ComputedDose]:
    weight, age = _exact(questions, drug), _age(questions)
    rules = [*drug.doses.values(), *(rule for source in sources for rule in _rules(source, drug.id))]
    return [drug.compute(rule, weight=weight, age=age) for rule in rules]


def _lacks(row: Exposure, drug: Drug, sources: Sequence[Guidance], questions: Questions) -> Mapping[str, str]:
    """Why a dose could not be held against the most."""
    if row.amount is None:
        return words("need", "amount")
    doses = _doses(drug, sources, questions)
    names = dict.fromkeys(name for dose in doses for name in dose.missing)
    if names:
        return listed(_fresh(name, drug) for name in names)
    return words("need", "most" if row.amount_unit in {dose.unit for dose in doses} else "unit")


def _fresh(name: str, drug: Drug) -> Mapping[str, str]:
    """What an input of a dose is called; a weight with the hours for which it counts."""
    label = words("need", name) or {"en": name}
    hours = getattr(drug.weight, "holds_hours", None) if name == "weight" else None
    return label if hours is None else say("fresh", what=label, hours=f"{hours:g}")


def _rules(source: Guidance, drug: str) -> Iterator[DoseRule]:
    for action in source.actions.values():
        if isinstance(action, Give) and action.drug == drug and isinstance(action.dose, DoseRule):
            yield action.dose


def _exact(questions: Questions, drug: Drug) -> float | None:
    value = None if drug.weight is None else questions.ask(drug.weight).value
    return value.low if isinstance(value, NumberRange) and value.is_known else None


def _age(questions: Questions) -> float | None:
    value = questions.ask(AgeYears(take="age_years")).value
    return value.low if isinstance(value, NumberRange) and value.is_known else None


def _allowed(
    row: Exposure, drug: Drug, desk: Desk, grades: Grades, *, questions: Questions
) -> tuple[Truth, tuple[Deviation, ...], tuple[Mapping[str, str], ...]]:
    advice = desk.advise(questions.timeline, row.started_at, grades=grades, questions=questions)
    against = [
        (one.guidance, proposal.truth, proposal.action, proposal.missing)
        for one in advice
        for proposal in one.proposals
        if isinstance(proposal.action, Withhold) and _is_against(proposal.action, drug.id)
    ]
    found = tuple(
        Deviation(
            "no-go",
            say("against", drug=drug.name, source=source.title, why=_why(action)),
            source.id,
            row.started_at,
            (row,),
        )
        for source, truth, action, _ in against
        if truth is Truth.TRUE
    )
    unclear = ((source, name) for source, truth, _, names in against if truth is Truth.UNKNOWN for name in names)
    lacks = tuple(label_of(source, name) for source, name in unclear)
    return all_of(~truth for _, truth, *_ in against), found, lacks


def _is_against(action: Withhold, drug: str) -> bool:
    return (action.do, action.drug) == ("contraindicated", drug)


def _why(action: Withhold) -> Mapping[str, str]:
    if action.note is None:
        return {"en": "", "zh": ""}
    return {language: f" ({text})" for language, text in action.note.items()}
