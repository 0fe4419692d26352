"""Point scores that other tables ask for, as of the moment that they are meant for.

Place    Journey, stages. Read by `facts`, by `risk.scores`, and by whoever counts days from lymphodepletion.
In       Questions to a timeline at an instant, a point score.
Out      Possible values of the score before lymphodepletion, with the rows behind them.
Knows    Rows up to the first dose of lymphodepletion alone: what is measured afterwards no longer tells the risk before it.
Missing  A missing input widens the score. After an infusion whose lymphodepletion nobody recorded it is not known.
Checked  tests/unit/journey/stages/test_scored.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from vein2vein.basis.clock import from_microseconds
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row, verdict_at
from vein2vein.knowledge.decisions import DecisionTable, FromScore
from vein2vein.knowledge.registry import Registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange
from vein2vein.record.timeline import Timeline

LYMPHODEPLETION = "lymphodepletion"


def began(timeline: Timeline, at: datetime) -> datetime | None:
    """When lymphodepletion began: its first dose, else its milestone; None where neither stands in the record up to `at`."""
    doses = [e.started_at for e in timeline.exposures if e.kind == LYMPHODEPLETION and e.started_at <= at]
    named = [m.at for m in timeline.milestones if m.kind == LYMPHODEPLETION and m.at <= at]
    return min(doses or named, default=None)


def scores_of(
    tables: Iterable[DecisionTable], registry: Registry, chosen: Mapping[str, Mapping[str, Any]]
) -> dict[str, RuleSet]:
    """The point scores that tables ask for, by id.

    Raises:
        KnowledgeError: RULE-003 when one of them is not known.
    """
    asked = {f.source.rule_set for table in tables for f in table.facts.values() if isinstance(f.source, FromScore)}
    return {id: registry.get(id, chosen.get(id)) for id in sorted(asked)}


def before_lymphodepletion(questions: Questions) -> Questions | None:
    """The same course, asked as of the first dose of lymphodepletion; as of now while none was given.

    None after an infusion whose lymphodepletion nobody recorded: which values came before it is then not known.
    """
    timeline, at = questions.timeline, from_microseconds(questions.at)
    start = began(timeline, at)
    if start is not None:
        return Questions(timeline, start, index=questions.index)
    infused = timeline.course.infused_at
    return None if infused is not None and infused <= at else questions


def score_before_lymphodepletion(questions: Questions, rule: RuleSet) -> tuple[NumberRange, tuple[Row, ...]]:
    """Possible values of a point score before lymphodepletion, and the rows behind them; worked out once for each start."""
    start = began(questions.timeline, from_microseconds(questions.at))
    if start is None:
        return _score(questions, rule)
    # Rule sets are told apart as objects; this one is kept beside its answer, so that no other can get its identity.
    key = "score before lymphodepletion", id(rule), start
    if key not in questions.kept:
        questions.kept[key] = rule, _score(questions, rule)
    found: tuple[NumberRange, tuple[Row, ...]] = questions.kept[key][1]
    return found


def _score(questions: Questions, rule: RuleSet) -> tuple[NumberRange, tuple[Row, ...]]:
    asked = before_lymphodepletion(questions)
    if asked is None:
        return ANY_NUMBER, ()
    verdict = verdict_at(asked.timeline, rule, from_microseconds(asked.at), index=asked.index)
    if verdict.bounds is None:
        return ANY_NUMBER, ()
    return NumberRange(verdict.bounds.low, verdict.bounds.high), tuple(r for used in verdict.inputs for r in used.rows)
