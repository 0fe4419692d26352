"""Ask sources of guidance about a course at an instant: the door of this room.

Place    Journey, guidance. Read by `assess`, the command line and reports.
In       A timeline, ids of guidance files (or bound files), an instant, what the asker tells.
Out      `Advice` for each source: its proposals, and everything they rest on.
Knows    Nothing after the instant. Grades that were made before can be handed over, which saves nearly all the time.
Missing  Before an infusion and after a death a source says nothing, and the advice says why.
Does not Choose a source: each is asked by name. Order anything: proposals are for a person to judge.
Checked  tests/unit/journey/guidance, tests/property/test_guidance.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

from vein2vein.basis.clock import to_microseconds
from vein2vein.basis.truth import Bounds, Truth
from vein2vein.engine.plain.ask import Asked, Questions
from vein2vein.engine.plain.engine import NO_INFUSION
from vein2vein.errors import JourneyError
from vein2vein.journey.guidance.decide import Body, DoseLog, Proposal, Weighed, decide
from vein2vein.journey.guidance.grades import Grades
from vein2vein.journey.guidance.lines import Line, lines_of
from vein2vein.journey.guidance.state import Given, State, doses, state_of
from vein2vein.journey.stages.scored import scores_of
from vein2vein.knowledge.decisions import FromFormula
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.edition import Source
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import AgeYears, Latest
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import NumberRange, Value
from vein2vein.record.timeline import Observation, Timeline

DEAD: Final = "the patient has died"
NOT_MEANT: Final = "outside the patients that the source is meant for"


@dataclass(frozen=True, slots=True)
class Advice:
    """What one source says about a course at an instant.

    Attributes:
        guidance: The source, with its parameters put in (id, edition, jurisdiction, status, sources, limits).
        at: The instant.
        proposals: In the order of the file; contraindicated and held ones among them.
        not_applicable: Why the source says nothing; None where it speaks.
        state: Possible values of its facts and the rows behind them.
        grades: Bounds by subject, as graded by the rule sets in `scales`.
        scales: Subject -> rule sets that graded it.
        weights: Drug -> the recorded weight its doses are computed by, with its row.
        zone: The clock of the centre.
    """

    guidance: Guidance
    at: datetime
    proposals: tuple[Proposal, ...]
    not_applicable: str | None
    state: State
    grades: Mapping[str, Bounds | None]
    scales: Mapping[str, tuple[str, ...]]
    weights: Mapping[str, Asked]
    zone: str = "UTC"

    @property
    def proposed(self) -> tuple[Proposal, ...]:
        """Proposals that the source speaks for, locked ones among them."""
        return tuple(p for p in self.proposals if p.is_proposed)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The proposals as a handover shows them: one line for each drug or topic, the most urgent first."""
        return lines_of(self.proposals)

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts that would change the advice if they were known, and inputs that a dose lacks, sorted."""
        facts = {fact for p in self.proposals for fact in p.missing}
        return tuple(sorted(facts | {need for p in self.proposals if p.dose is not None for need in p.dose.missing}))

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the source was read in."""
        return self.guidance.sources

    def is_in_force(self, day: date) -> bool:
        """Whether the edition is in force on a day."""
        valid = self.guidance.valid
        return valid.since <= day and (valid.to is None or day < valid.to)


@dataclass(frozen=True)
class Desk:
    """Guidance and drug files, resolved once for many questions.

    Attributes:
        sources: The guidance files asked.
        drugs: Every drug file that they name.
        formulas: Every formula file that they name.
        scales: Subject -> rule sets that grade it, in place of those that a source presumes.
        scores: Every point score that the sources ask for.
    """

    sources: tuple[Guidance, ...]
    drugs: Mapping[str, Drug]
    formulas: Mapping[str, Formula]
    scales: Mapping[str, tuple[str, ...]]
    scores: Mapping[str, RuleSet] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        sources: Iterable[str | Guidance],
        library: Library | None = None,
        *,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        scales: Mapping[str, tuple[str, ...]] | None = None,
        registry: Registry | None = None,
    ) -> Desk:
        """Find the files.

        Args:
            sources: Ids of guidance files, or bound files.
            library: Where ids are looked up; the documents of the package when None.
            parameters: Id of a guidance or drug file -> parameters in place of its defaults.
            scales: Subject -> rule sets to grade it by, in place of those that each source presumes.
            registry: Where point scores are looked up; those of the package when None.

        Raises:
            KnowledgeError: RULE-001, RULE-003 or RULE-004.
            JourneyError: JOURNEY-006 when a subject is graded by a rule set of another kind than the source means.
        """
        books, chosen = library or default_library(), parameters or {}
        found = tuple(books.get(s, Guidance, chosen.get(s)) if isinstance(s, str) else s for s in sources)
        drugs = {id: books.get(id, Drug, chosen.get(id)) for g in found for id in g.drugs}
        asked = {f.source.formula for g in found for f in g.facts.values() if isinstance(f.source, FromFormula)}
        formulas = {id: books.get(id, Formula, chosen.get(id)) for id in sorted(asked)}
        rules = registry or default_registry()
        _refuse_other_kinds(found, scales or {}, rules)
        return cls(found, drugs, formulas, scales or {}, scores_of(found, rules, chosen))

    def scales_of(self, guidance: Guidance) -> dict[str, tuple[str, ...]]:
        """Subject -> rule sets, for one source."""
        return {subject: self.scales.get(subject, ids) for subject, ids in guidance.presumes.items()}

    @property
    def rule_sets(self) -> tuple[str, ...]:
        """Ids of all rule sets that the sources need, sorted."""
        return tuple(sorted({id for g in self.sources for ids in self.scales_of(g).values() for id in ids}))

    def advise(  # noqa: PLR0913  (the options of the one question, all named)
        self,
        timeline: Timeline,
        at: datetime,
        *,
        grades: Grades | None = None,
        told: Mapping[str, object] | None = None,
        surface: NumberRange | None = None,
        registry: Registry | None = None,
        questions: Questions | None = None,
        computed: Mapping[str, Value] | None = None,
    ) -> tuple[Advice, ...]:
        """What each source says.

        Args:
            timeline: The course; rows after `at` are cut off.
            at: Aware instant.
            grades: Grades of the course, if they were made before; else they are made here by the plain engine.
            told: Fact -> what the asker says; a source passes over what it does not ask to be told.
            surface: Body surface in m2, from the formula that the asker chose; without it a dose per m2 is not computed.
            registry: Where rule sets are looked up; those of the package when None.
            questions: The timeline cut off at `at` and looked up, if that was done before.
            computed: Values of facts that code works out, by name.
        """
        asked = questions or Questions(timeline, at)
        if grades is None:
            rules = registry or default_registry()
            grades = Grades.of_timeline(timeline, [rules.get(id) for id in self.rule_sets], at)
        why_not = _why_not(asked)
        body, weights = self._body(asked, surface)
        logs = {} if why_not else {id: _log(asked, drug) for id, drug in self.drugs.items()}
        advice = []
        for guidance in self.sources:
            scales = self.scales_of(guidance)
            mine = {name: value for name, value in (told or {}).items() if name in guidance.to_be_told}
            given = Given(
                grades, scales, told=mine, formulas=self.formulas, computed=computed or {}, scores=self.scores
            )
            bounds = {subject: grades.of(ids).at(asked.at) for subject, ids in scales.items()}
            state, reason = State(), why_not
            proposals: tuple[Proposal, ...] = ()
            if reason is None:
                state = state_of(guidance, asked, given)
                proposals = decide(guidance, state.values, at=asked.at, drugs=self.drugs, given=logs, body=body)
                if not proposals and guidance.is_meant(state.values) is Truth.FALSE:
                    reason = NOT_MEANT
            used = {id: weights[id] for id in guidance.drugs if id in weights}
            zone = timeline.course.zone
            advice.append(Advice(guidance, at, proposals, reason, state, bounds, scales, used, zone))
        return tuple(advice)

    def _body(self, questions: Questions, surface: NumberRange | None) -> tuple[Body, dict[str, Asked]]:
        asked = {
            id: (drug.weight, questions.ask(drug.weight)) for id, drug in self.drugs.items() if drug.weight is not None
        }
        weights = {id: found for id, (_, found) in asked.items()}
        kilograms = {id: a.value for id, a in weights.items() if isinstance(a.value, NumberRange)}
        weighed = {
            id: w for id, (take, found) in asked.items() if (w := self._weighed(questions, id, take, found)) is not None
        }
        age = questions.ask(AgeYears(take="age_years")).value
        return Body(
            kilograms, surface or NumberRange(), age if isinstance(age, NumberRange) else NumberRange(), weighed
        ), weights

    @cached_property
    def _last_weights(self) -> Mapping[str, Latest]:
        """The weight that each drug asks for, however old, by drug."""
        asked = {id: drug.weight for id, drug in self.drugs.items() if drug.weight is not None}
        return {id: take.model_copy(update={"holds_hours": None}) for id, take in asked.items()}

    def _weighed(self, questions: Questions, id: str, take: Latest, found: Asked) -> Weighed | None:
        """The row behind a weight; where none counts any more the last one."""
        is_current = isinstance(found.value, NumberRange) and found.value.is_known
        if not is_current:
            found = questions.ask(self._last_weights[id])
        value, row = found.value, next(iter(found.rows[-1:]), None)
        if not isinstance(value, NumberRange) or not value.is_known or not isinstance(row, Observation):
            return None
        return Weighed(value.low, to_microseconds(row.observed_at), take.holds_hours, is_current)


def _refuse_other_kinds(sources: Iterable[Guidance], scales: Mapping[str, tuple[str, ...]], rules: Registry) -> None:
    """Another edition of a scale may stand in for the one a source means; a count of criteria may not stand in for a grade."""
    pairs = ((guidance, subject) for guidance in sources for subject in sorted(set(guidance.presumes) & set(scales)))
    for guidance, subject in pairs:
        meant = [rules.get(id) for id in guidance.presumes[subject]]
        kinds = {(rule.about, rule.result.kind) for rule in meant}
        other = next((r for r in map(rules.get, scales[subject]) if (r.about, r.result.kind) not in kinds), None)
        if other is not None:
            raise JourneyError(
                "JOURNEY-006",
                saw=f"{subject} graded by {other.id}, which gives {other.result.kind} of {other.about}",
                expected=f"{' and '.join(rule.id for rule in meant)}, which {guidance.id} means, or another edition",
                fix=f"name such a rule set under `{subject}`, and {other.id} under a subject of its own",
            )


def _why_not(questions: Questions) -> str | None:
    if questions.index.course.infused_at is None:
        return NO_INFUSION
    return None if questions.index.death is None else DEAD


def _log(questions: Questions, drug: Drug) -> DoseLog:
    if drug.exposure is None or drug.agent is None:
        return DoseLog()
    found = doses(questions, drug.exposure, (drug.agent,))
    return DoseLog(found.starts, found.possible_starts, found.is_charted)


def advise(  # noqa: PLR0913  (the options of the one question, all named)
    timeline: Timeline,
    sources: Sequence[str | Guidance],
    at: datetime,
    *,
    told: Mapping[str, object] | None = None,
    surface: NumberRange | None = None,
    library: Library | None = None,
    registry: Registry | None = None,
) -> tuple[Advice, ...]:
    """What sources of guidance say about a course at an instant; see `Desk` for many questions to the same sources."""
    return Desk.of(sources, library).advise(timeline, at, told=told, surface=surface, registry=registry)
