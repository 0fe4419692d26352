"""Assess a course at an instant under a protocol: stage, grades, scores, what is due, what is proposed, what is missing.

Place    Journey, assess: above all stages. Read by the command line, the report and the service.
In       A timeline, a protocol, an instant; what people say.
Out      `Assessment`.
Knows    Nothing after the instant. Grades come from one grading of the whole course, whose verdicts at an instant rest on
         rows up to it alone (prefix invariance is a property of the engines and is tested here once more).
Missing  Everything that would change an answer is named once, with who needs it.
Does not Decide: it shows what the files of the protocol say about what is recorded.
Checked  tests/unit/journey/assess/test_assess.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vein2vein.basis.clock import from_microseconds, hours, to_microseconds
from vein2vein.basis.truth import Bounds
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.journey.assess.deviations import Deviation, deviations, outside_criteria, over_limit
from vein2vein.journey.assess.given import as_known, given_otherwise
from vein2vein.journey.assess.needs import Need, asked_before, asked_by_policies, needs_of
from vein2vein.journey.assess.parts import parts_kept, split_doses
from vein2vein.journey.assess.plan import Plan
from vein2vein.journey.assess.ready import Ready, Readying
from vein2vein.journey.assess.stage import Stage, stage_of
from vein2vein.journey.assess.supportive import drugs_kept
from vein2vein.journey.assess.unjudged import Unjudged, unjudged, unjudged_at
from vein2vein.journey.followup import CareEnd, Due, care_ends, due_items
from vein2vein.journey.followup.calendar import Shown
from vein2vein.journey.followup.prophylaxis import Step, prophylaxis
from vein2vein.journey.guidance.advise import Advice, Desk
from vein2vein.journey.guidance.grades import Grades
from vein2vein.journey.response import Criteria, DiseaseResponse
from vein2vein.journey.risk import ScoreAnswer
from vein2vein.journey.risk.scores import NOT_APPLICABLE, score
from vein2vein.journey.stages.asking import FormulaAnswer, ask_formula
from vein2vein.journey.stages.scored import began, scores_of
from vein2vein.knowledge.documents.biomarkers import Biomarkers, Effect
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import Extreme, Input, ItemSum, Latest
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Observation, Timeline

AHEAD_DAYS = 14
GRADED_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class GradeNow:
    """The verdict of one scale at the instant.

    Attributes:
        subject: What the protocol calls it, such as crs.
        rule: The scale.
        bounds: What the grade could be; None where the scale does not apply now.
        since: Since when these bounds hold.
        worst: The highest certain and the highest possible grade so far.
        is_idle: Whether it is open only because nobody looks any more: no value that it reads still holds, and it was over, or
            never there, when somebody last did.
    """

    subject: str
    rule: RuleSet
    bounds: Bounds | None
    since: datetime | None
    worst: Bounds | None
    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class MarkerEffect:
    """A published effect of a marker that is recorded; beside its last value before the infusion, never combined with another."""

    collection: Biomarkers
    effect: Effect
    row: Observation


@dataclass(frozen=True, slots=True)
class Assessment:
    """A course at an instant under a protocol.

    Attributes:
        timeline: The course, cut off at the instant.
        at: The instant.
        protocol: The protocol, with its status and sources.
        stage: Where on the way the course is.
        grades: One verdict for each scale of the protocol, in its order.
        scores: Scores that apply; those that are meant for before lymphodepletion as of its first dose.
        surface: Body surface by the formula of the protocol.
        due: What is done, due, late or to come within two weeks.
        advice: What each source of guidance says.
        needs: What is missing, by what it would change.
        prophylaxis: What each policy of the protocol says of its items, after the infusion.
        ready: Before the infusion: label, wash-out, go or no go.
        effects: Published effects of recorded markers in the disease of the course.
        care: Until when the label asks for visits, for staying near the centre and for not driving.
        deviations: What went otherwise than the protocol so far.
        unjudged: What was given and could not be held against the files, with what that needs.
        response: Response of the disease by the criteria of the protocol; None before the infusion.
    """

    timeline: Timeline
    at: datetime
    protocol: Protocol
    stage: Stage
    grades: tuple[GradeNow, ...]
    scores: tuple[ScoreAnswer, ...]
    surface: FormulaAnswer
    due: tuple[Due, ...]
    advice: tuple[Advice, ...]
    needs: tuple[Need, ...]
    prophylaxis: tuple[Step, ...]
    ready: Ready
    deviations: tuple[Deviation, ...]
    unjudged: tuple[Unjudged, ...]
    effects: tuple[MarkerEffect, ...]
    care: tuple[CareEnd, ...]
    response: DiseaseResponse | None


class Assessor:
    """A course and a protocol, prepared once for questions at many instants.

    Args:
        timeline: The course, with all its rows.
        protocol: The protocol.
        registry: Where rule sets are looked up; those of the package when None.
        library: Where documents are looked up; those of the package when None.

    Raises:
        KnowledgeError: RULE-003 when the protocol names a file that is not known.
    """

    def __init__(
        self,
        timeline: Timeline,
        protocol: Protocol,
        *,
        registry: Registry | None = None,
        library: Library | None = None,
    ) -> None:
        rules, books = registry or default_registry(), library or default_library()
        chosen = protocol.choices
        self.timeline = timeline
        self.protocol = protocol
        self._scales = {
            subject: tuple(rules.get(id, chosen.get(id)) for id in ids) for subject, ids in protocol.scales.items()
        }
        self._desk = Desk.of(protocol.guidance, books, parameters=chosen, scales=dict(protocol.scales), registry=rules)
        self._scores: tuple[RuleSet | Formula, ...] = tuple(
            rules.get(id, chosen.get(id)) if id in rules else books.get(id, Formula, chosen.get(id))
            for id in protocol.scores
        )
        self._scored_before: dict[tuple[str, datetime], ScoreAnswer] = {}
        self._surface = books.get(protocol.surface, Formula, chosen.get(protocol.surface))
        self._calendars = tuple(books.get(id, FollowUp, chosen.get(id)) for id in protocol.followup)
        selection = [rules.get(id, chosen.get(id)) for id in protocol.selection]
        self._accepted = outside_criteria(timeline, selection)
        self._policies = tuple(books.get(id, Policy, chosen.get(id)) for id in protocol.policies)
        self._asked_scores = scores_of(self._policies, rules, chosen)
        self._plan = Plan.of(timeline, protocol, books)
        self._split = split_doses(timeline, self._plan)
        self._ready = Readying.of(protocol, books)
        self._given: tuple[Deviation, ...] = (
            *given_otherwise(timeline, self._plan),
            *self._ready.stops.departures(timeline),
        )
        self._criteria = Criteria.of(timeline.course.indication, protocol, books)
        self._of_disease = self._criteria.slim(timeline)
        self._effects = tuple(books.get(id, Biomarkers, chosen.get(id)) for id in protocol.biomarkers)
        self._index = CourseIndex(timeline)
        self._kept: dict[tuple[object, ...], Any] = {}
        self._shown = Shown(timeline)
        wanted = {rule.id: rule for scales in self._scales.values() for rule in scales}
        wanted |= {id: rules.get(id, chosen.get(id)) for id in self._desk.rule_sets if id not in wanted}
        self._rules = wanted
        self._looks = {rule.id: _looks(rule) for rule in wanted.values()}
        # A course still open is graded beyond its last row, as values go on to grow old.
        self._graded_to = _last_row(self._index, timeline) + GRADED_AHEAD
        self._grades = self._graded(self._graded_to)
        parts = tuple(parts_kept(timeline, self._plan, self._grades))
        drugs = tuple(drugs_kept(timeline, self._desk, protocol.dose_limits, self._grades))
        self._given += tuple(d for found in (*(p.found for p in parts), *(d.found for d in drugs)) for d in found)
        self._unjudged = unjudged(timeline, self._plan, parts=parts, drugs=drugs)
        self._given += tuple(d for drug in self._desk.drugs.values() for d in over_limit(timeline, drug))

    def _graded(self, as_of: datetime) -> Grades:
        graded = grade_cohort(Cohort.of_timelines((self.timeline,)), list(self._rules.values()), as_of=as_of)
        return Grades.of_verdicts(graded.verdicts.iter_rows(named=True))

    def at(self, at: datetime, *, told: Mapping[str, object] | None = None) -> Assessment:
        """The assessment at an instant; rows after it are not seen."""
        questions = Questions(self.timeline, at, index=self._index, kept=self._kept)
        known = questions.timeline
        surface = ask_formula(questions, self._surface)
        grades = self._grades if at <= self._graded_to else self._graded(at)
        advice = self._desk.advise(known, at, grades=grades, told=told, surface=surface.range, questions=questions)
        scores = tuple(answer for answer in self._scored(questions, at) if answer.problem != NOT_APPLICABLE)
        due = tuple(
            d for c in self._calendars for d in due_items(known, c, at, ahead_days=AHEAD_DAYS, shown=self._shown)
        )
        now = tuple(self._now(grades, subject, rule, at) for subject, rules in self._scales.items() for rule in rules)
        stage = stage_of(known, at)
        ready = self._ready.at(questions, at, self._plan, told=told or {}, grades=grades, doses=self._split)
        prophylactic = self._prophylaxis(questions, at, told or {})
        response = self._criteria.at(self._of_disease, at)
        found = deviations(at, due, accepted=self._accepted, given=as_known(self._given, at))
        return Assessment(
            known,
            at,
            self.protocol,
            stage,
            now,
            scores,
            surface,
            due,
            advice,
            needs_of(
                ((name, answer.edition) for answer in scores if _may_change(answer, at) for name in answer.missing),
                ((name, surface.formula) for name in surface.computed.missing),
                ((name, one.guidance) for one in advice for name in one.missing),
                asked_by_policies(prophylactic),
                asked_before(ready),
                () if response is None else response.missing,
            ),
            prophylactic,
            ready,
            found,
            unjudged_at(self._unjudged, at),
            self._beside(questions),
            self._care(known, at),
            response,
        )

    def _scored(self, questions: Questions, at: datetime) -> Iterator[ScoreAnswer]:
        """Scores of the protocol; one that is meant for before lymphodepletion is asked once for each start of it."""
        known = questions.timeline
        start = began(known, at) if any(edition.before is not None for edition in self._scores) else None
        for edition in self._scores:
            if edition.before is None or start is None:
                yield score(known, edition, at, questions=questions)
            else:
                if (edition.id, start) not in self._scored_before:
                    self._scored_before[edition.id, start] = score(known, edition, at, questions=questions)
                yield self._scored_before[edition.id, start]

    def _prophylaxis(self, questions: Questions, at: datetime, told: Mapping[str, object]) -> tuple[Step, ...]:
        known = questions.timeline
        if known.course.infused_at is None or known.milestone("death") is not None:
            return ()
        return tuple(
            step
            for policy in self._policies
            for step in prophylaxis(
                known, policy, at, told=_asked(policy, told), questions=questions, scores=self._asked_scores
            )
        )

    def _care(self, known: Timeline, at: datetime) -> tuple[CareEnd, ...]:
        product = self._plan.product
        if product is None or known.milestone("death") is not None:
            return ()
        return care_ends(known, product, self.protocol.jurisdiction_of_labels, at)

    def _beside(self, questions: Questions) -> tuple[MarkerEffect, ...]:
        """Effects of markers by their last value before the infusion: what is measured afterwards is another marker."""
        infused = questions.timeline.course.infused_at
        until = questions.at if infused is None else min(questions.at, to_microseconds(infused))
        kinds = {str(effect.observation) for collection in self._effects for effect in collection.effects}
        rows = ((kind, questions.index.before(kind, until)) for kind in kinds)
        latest = {kind: row for kind, known in rows for row in known if row.value is not None}
        return tuple(
            MarkerEffect(collection, effect, latest[str(effect.observation)])
            for collection in self._effects
            for effect in collection.beside(questions.timeline.course.indication, frozenset(latest))
        )

    def _now(self, grades: Grades, subject: str, rule: RuleSet, at: datetime) -> GradeNow:
        steps = grades.of((rule.id,))
        instant = to_microseconds(at)
        place = steps.place(instant)
        if place < 0:
            return GradeNow(subject, rule, None, None, None)
        seen = [b for b in steps.bounds[: place + 1] if b is not None]
        worst = Bounds(max(b.low for b in seen), max(b.high for b in seen)) if seen else None
        now = steps.at(instant)
        is_open = now is not None and now.low == 0 < now.high
        is_idle = is_open and _is_over(seen) and not self._is_looked_at(rule, instant)
        return GradeNow(subject, rule, now, from_microseconds(steps.since[place]), worst, is_idle)

    def _is_looked_at(self, rule: RuleSet, at: int) -> bool:
        """Whether any value that a scale reads, and that grows old, still holds at an instant."""
        looks = ((kind, self._index.latest(kind, at), holds) for kind, holds in self._looks[rule.id])
        return any(row is not None and at - to_microseconds(row.observed_at) < holds for _, row, holds in looks)


def assess(
    timeline: Timeline,
    protocol: Protocol,
    at: datetime,
    *,
    told: Mapping[str, object] | None = None,
    registry: Registry | None = None,
    library: Library | None = None,
) -> Assessment:
    """Assess a course at an instant under a protocol; see `Assessor` for many instants of one course.

    Args:
        timeline: The course; rows after `at` are cut off.
        protocol: The protocol.
        at: Aware instant.
        told: What people say of facts that no table records.
        registry: Where rule sets are looked up; those of the package when None.
        library: Where documents are looked up; those of the package when None.
    """
    return Assessor(timeline.until(at), protocol, registry=registry, library=library).at(at, told=told)


def _is_over(seen: Sequence[Bounds]) -> bool:
    """Whether the last certain thing that bounds said is that there was nothing, or they never said anything."""
    certain = (bounds for bounds in reversed(seen) if bounds.high == 0 or bounds.low > 0)
    return next((bounds.high == 0 for bounds in certain), True)


def _looks(rule: RuleSet) -> tuple[tuple[str, int], ...]:
    """Kinds that a scale reads and that grow old, with the microseconds for which each counts."""
    return tuple(look for take in rule.inputs.values() for look in _looks_of(take))


def _looks_of(take: Input) -> Iterator[tuple[str, int]]:
    match take:
        case Latest(observation=kind, holds_hours=float() | int() as holds):
            yield kind, hours(holds)
        case Extreme():
            yield take.observation, hours(take.within_hours)
        case ItemSum():
            yield from ((kind, hours(take.holds_hours)) for kind in (take.total, *take.items))
        case _:
            pass


def _may_change(answer: ScoreAnswer, at: datetime) -> bool:
    """Whether a score can still change by what is measured now: not where its moment has passed."""
    return answer.edition.before is None or answer.as_of is None or answer.as_of >= at


def _asked(policy: Policy, told: Mapping[str, object]) -> dict[str, object]:
    """What a policy asks to be told; it refuses the rest."""
    return {n: v for n, v in told.items() if n in policy.to_be_told}


def _last_row(index: CourseIndex, timeline: Timeline) -> datetime:
    last = index.last_row
    if last is not None:
        return from_microseconds(last)
    return timeline.course.infused_at or datetime(1970, 1, 1, tzinfo=UTC)
