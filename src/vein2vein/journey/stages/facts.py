"""The state that a decision table asks for, from a course at one instant and from what somebody says.

Place    Journey, stages. Read by the stages that use decision tables about one instant (go/no-go lists).
In       A table, questions to a timeline, told facts, facts that a stage worked out, formulas by id.
Out      Possible values by fact, and the rows behind those that come from the timeline.
Missing  A fact that is neither recorded, told nor worked out is unknown. What is told never overrules what is recorded: where
         the two differ the fact is open.
Does not Answer questions about grades over time: those facts belong to `journey.guidance`.
Checked  tests/unit/journey/infusion
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.errors import JourneyError
from vein2vein.journey.stages.asking import ask_formula
from vein2vein.journey.stages.scored import score_before_lymphodepletion
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.decisions import (
    DecisionTable,
    Fact,
    FromCode,
    FromFormula,
    FromScore,
    FromTimeline,
    Recorded,
    Told,
)
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.inputs import Extreme, Latest
from vein2vein.knowledge.registry import default_registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import Value, is_known

State = dict[str, Value]


def state_of(
    table: DecisionTable,
    questions: Questions,
    *,
    told: Mapping[str, Any],
    computed: Mapping[str, Value],
    formulas: Mapping[str, Formula],
    scores: Mapping[str, RuleSet] | None = None,
) -> tuple[State, dict[str, tuple[Row, ...]]]:
    """Possible values of the facts of a table, and rows behind them.

    Args:
        table: The decision table.
        questions: The course at an instant.
        told: Answers of people by fact: yes, no, a number, a category, null for "not known".
        computed: Values that a stage of the journey worked out, by the name that a fact asks for.
        formulas: Formulas by id.
        scores: Point scores by id, all that the table asks for; those of the package when None.

    Raises:
        JourneyError: JOURNEY-005 when something is told that the table does not ask to be told.
    """
    strangers = sorted(set(told) - table.to_be_told)
    if strangers:
        raise JourneyError(
            "JOURNEY-005",
            saw=f"{', '.join(strangers)} told to {table.id}",
            expected=f"only what it asks to be told: {', '.join(sorted(table.to_be_told)) or 'nothing'}",
            fix="leave it out; what is recorded is taken from the timeline",
        )
    state: State = {}
    rows: dict[str, tuple[Row, ...]] = {}
    for name, fact in table.facts.items():
        if isinstance(fact.source, FromScore):
            rule = (scores or {}).get(fact.source.rule_set) or default_registry().get(fact.source.rule_set)
            found, rows[name] = score_before_lymphodepletion(questions, rule)
            state[name] = found if is_known(found) or name not in told else fact.value(told[name])
            continue
        state[name], rows[name] = _value(name, fact, questions, told, computed, formulas)
        if name in told:
            state[name] = _with_told(state[name], fact.value(told[name]), fact)
    return state, rows


def _with_told(recorded: Value, said: Value, fact: Fact) -> Value:
    """What is told where the record is silent; what contradicts the record is open until somebody has settled it."""
    if not is_known(recorded):
        return said
    return recorded if not is_known(said) or said == recorded else fact.unknown


def _value(  # noqa: PLR0917  (the pieces of one answer)
    name: str,
    fact: Fact,
    questions: Questions,
    told: Mapping[str, Any],
    computed: Mapping[str, Value],
    formulas: Mapping[str, Formula],
) -> tuple[Value, tuple[Row, ...]]:
    match fact.source:
        case Told():
            return fact.value(told.get(name)), ()
        case FromTimeline(inputs=takes):
            asked = [questions.ask(take) for take in takes]
            return FromTimeline.joined([one.value for one in asked]), tuple(row for one in asked for row in one.rows)
        case Recorded(observation=kind, within_hours=hours):
            return _recorded(questions, kind, hours)
        case FromFormula(formula=id) if id in formulas:
            answer = ask_formula(questions, formulas[id])
            return answer.range, tuple(row for asked in answer.asked.values() for row in asked.rows)
        case FromCode(name=asked_for):
            return computed.get(asked_for, fact.unknown), ()
        case _:
            return fact.unknown, ()


def _recorded(questions: Questions, kind: str, hours: float) -> tuple[Value, tuple[Row, ...]]:

    take = (
        Extreme(take="highest", observation=kind, within_hours=hours)
        if observation_kind(kind).type == "number"
        else Latest(take="latest", observation=kind, holds_hours=hours)
    )
    rows = questions.ask(take).rows
    return (Truth.TRUE if rows else Truth.UNKNOWN), rows
