"""Scores at one instant: point scores (rule sets) and formulas, in one kind of answer.

Place    Journey, risk. Read by assess, the command line and the report.
In       A timeline, an instant, ids of scores.
Out      `ScoreAnswer`: possible values, possible bands, what is missing, the rows behind, status.
Knows    Nothing after the instant. A score that does not apply (age, time) says so. A score whose file says `before:
         lymphodepletion` is asked as of its first dose: what is measured afterwards no longer tells the risk before it.
Missing  A missing input widens the value and the bands; nothing is taken as normal.
Does not Know a cut-off: every number stands in the files of knowledge/data/scores and formulas.
Checked  tests/unit/journey/risk/test_scores.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vein2vein.basis.clock import from_microseconds
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row, verdict_at
from vein2vein.journey.stages.asking import ask_formula
from vein2vein.journey.stages.scored import before_lymphodepletion
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import Library
from vein2vein.knowledge.registry import Registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import Timeline

SUBJECTS = ("prognosis", "toxicity-risk")


@dataclass(frozen=True, slots=True)
class ScoreAnswer:
    """What a score says of a course at an instant.

    Attributes:
        edition: The file, with its parameters put in; its status and sources go with every output.
        low: Lowest possible value; None where the score does not apply or nothing bounds it.
        high: Highest possible value.
        bands: Names of the bands that are possible, lowest first.
        missing: Inputs that keep it open, sorted.
        problem: Why there is no value; None when there is one.
        rows: The rows behind the inputs, by input.
        as_of: The moment that the answer is about; None where it is not on record.
    """

    edition: RuleSet | Formula
    low: float | None
    high: float | None
    bands: tuple[str, ...]
    missing: tuple[str, ...]
    problem: str | None
    rows: dict[str, tuple[Row, ...]]
    as_of: datetime | None

    @property
    def value(self) -> float | None:
        """The score; None unless it is known."""
        return self.low if self.low is not None and self.low == self.high else None


def score(
    timeline: Timeline, edition: RuleSet | Formula, at: datetime, *, questions: Questions | None = None
) -> ScoreAnswer:
    """One score of a course at an instant; `questions` are those of the course at that instant, if made before."""
    asked = questions or Questions(timeline, at)
    meant = asked if edition.before is None else before_lymphodepletion(asked)
    if meant is None:
        return ScoreAnswer(edition, None, None, (), (START,), NOT_DATED, {}, None)
    return _formula(meant, edition) if isinstance(edition, Formula) else _points(meant, edition)


def scores(timeline: Timeline, at: datetime, registry: Registry, library: Library) -> tuple[ScoreAnswer, ...]:
    """All scores of risk and prognosis that apply to a course at an instant, by id."""
    found: list[RuleSet | Formula] = [registry.get(id) for id in registry.ids if registry.about(id) in SUBJECTS]
    found += [formula for formula in library.of(Formula) if formula.about in SUBJECTS]
    questions = Questions(timeline, at)
    answers = (score(timeline, edition, at, questions=questions) for edition in found)
    return tuple(sorted((a for a in answers if a.problem != NOT_APPLICABLE), key=lambda answer: answer.edition.id))


NOT_APPLICABLE = "does not apply"
START = "start_of_lymphodepletion"
NOT_DATED = "cannot be settled: needs the first dose of lymphodepletion"


def _points(questions: Questions, rule: RuleSet) -> ScoreAnswer:
    at = from_microseconds(questions.at)
    verdict = verdict_at(questions.timeline, rule, at, index=questions.index)
    if verdict.bounds is None:
        return ScoreAnswer(rule, None, None, (), (), NOT_APPLICABLE, {}, at)
    low, high = verdict.bounds.low, verdict.bounds.high
    starts = [band.at_least for band in rule.bands]
    first = max((place for place, start in enumerate(starts) if start <= low), default=0)
    bands = tuple(band.name for place, band in enumerate(rule.bands) if place >= first and band.at_least <= high)
    problem = None if low == high else f"cannot be settled: needs {', '.join(verdict.missing)}"
    rows = {used.name: tuple(used.rows) for used in verdict.inputs}
    return ScoreAnswer(rule, low, high, bands, verdict.missing, problem, rows, at)


def _formula(questions: Questions, formula: Formula) -> ScoreAnswer:
    at = from_microseconds(questions.at)
    answer = ask_formula(questions, formula)
    if answer.computed.applies is Truth.FALSE:
        return ScoreAnswer(formula, None, None, (), (), NOT_APPLICABLE, {}, at)
    rows = {name: asked.rows for name, asked in answer.asked.items()}
    known = answer.problem is None
    low, high = (answer.range.low, answer.range.high) if known or answer.computed.problem is None else (None, None)
    return ScoreAnswer(formula, low, high, answer.computed.bands, answer.computed.missing, answer.problem, rows, at)
