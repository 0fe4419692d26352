"""Go or no go: the reasons of a checklist that hold, those still open, and the answer.

Place    Journey, infusion.
In       A checklist, a timeline at an instant, what people say, what other stages worked out.
Out      `Go`: reasons that hold and reasons that are open, with the rows behind them.
Missing  An open reason is no go until it is settled: silence never lets an infusion pass.
Checked  tests/unit/journey/infusion/test_go.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.stages.facts import state_of
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.checklist import Checklist
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.values import Value
from vein2vein.record.timeline import Timeline

_CONFORMING: Final = "conforming"
Answer = Literal["go", "settle first", "decide", "hold", "stop"]


@dataclass(frozen=True, slots=True)
class Go:
    """The answer of a checklist.

    Attributes:
        checklist: The list, with its status and sources.
        at: The instant of the question.
        answer: "stop" or "hold" where a reason holds, "settle first" where one is open, "decide" where only a decision of a
            person is asked for, otherwise "go".
        reasons: Reasons that hold, in the order of the list.
        open: Reasons that nobody has settled, with what would settle them.
        rows: Rows behind the facts.
    """

    checklist: Checklist
    at: datetime
    answer: Answer
    reasons: tuple[RowVerdict, ...]
    open: tuple[RowVerdict, ...]
    rows: Mapping[str, tuple[Row, ...]]


def go(  # noqa: PLR0913  (the options of the one question, all named)
    timeline: Timeline,
    checklist: Checklist,
    at: datetime,
    *,
    told: Mapping[str, Any] | None = None,
    computed: Mapping[str, Value] | None = None,
    formulas: Mapping[str, Formula] | None = None,
    questions: Questions | None = None,
) -> Go:
    """Go through a checklist for a course at an instant; rows after it are not seen.

    `questions` are those of the course at the instant, if made before.

    Raises:
        JourneyError: JOURNEY-005 when something is told that the list does not ask to be told.
    """
    questions = questions or Questions(timeline, at)
    worked_out = {**_product(questions.timeline), **(computed or {})}
    state, rows = state_of(checklist, questions, told=told or {}, computed=worked_out, formulas=formulas or {})
    verdicts = checklist.decide(state)
    reasons = tuple(v for v in verdicts if v.truth is Truth.TRUE)
    still_open = tuple(v for v in verdicts if v.truth is Truth.UNKNOWN)
    return Go(checklist, at, _answer(reasons, still_open), reasons, still_open, rows)


def _product(known: Timeline) -> dict[str, Value]:
    """Delivery and release of the product by its milestones; a release out of specification still has to be approved."""
    delivered, released = known.milestone("product_delivered"), known.milestone("released")
    conforms = released is not None and released.detail == _CONFORMING
    return {
        "product_on_site": Truth.UNKNOWN if delivered is None else Truth.TRUE,
        "product_released": Truth.TRUE if conforms else Truth.UNKNOWN,
    }


def _answer(reasons: tuple[RowVerdict, ...], still_open: tuple[RowVerdict, ...]) -> Answer:
    follows = {verdict.row.then[0] for verdict in reasons}
    if "stop" in follows:
        return "stop"
    if "hold" in follows:
        return "hold"
    if still_open:
        return "settle first"
    return "decide" if "decide" in follows else "go"
