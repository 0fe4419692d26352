"""Response of acute lymphoblastic leukaemia from the record: remission, relapse, residual disease, central nervous system.

Place    Journey, response.
In       A timeline and the files of the criteria.
Out      `Assessment` for every local day after the infusion on which marrow or blood was examined for blasts.
Knows    Relapse asks for an earlier assessment in remission, which this code finds.
Missing  What is not on record leaves categories open.
Checked  tests/unit/journey/response/test_leukaemia.py
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from vein2vein.basis.truth import Truth, any_of
from vein2vein.engine.plain.ask import Questions
from vein2vein.journey.response.assessed import Assessment
from vein2vein.journey.response.series import day_of, instants
from vein2vein.journey.stages.facts import state_of
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.response import Categorised, Response
from vein2vein.knowledge.values import Value
from vein2vein.record.timeline import Timeline

_OPENS = ("marrow_blasts", "peripheral_blasts")
_BESIDE = ("neutrophils", "platelets", "extramedullary_disease", "trilineage_haematopoiesis")
KINDS = frozenset((*_OPENS, *_BESIDE))
"""Kinds of observations that are read by this code; what the files ask besides stands in them."""
_REMISSION = frozenset({"CR", "CRh", "CRi"})


def leukaemia(timeline: Timeline, criteria: Response, at: datetime) -> tuple[Assessment, ...]:
    """Response on every assessment after the infusion, oldest first; rows after `at` are not seen. Empty before the infusion.

    Args:
        timeline: The course.
        criteria: `all-2026.response` or a centre's file of the same facts.
        at: Aware instant of the question.
    """
    known = timeline.until(at)
    infused_at = known.course.infused_at
    if infused_at is None:
        return ()
    found: list[Assessment] = []
    for instant in instants(known, _OPENS, infused_at, beside=_BESIDE):
        computed: dict[str, Value] = {"was_in_remission": any_of(_in_remission(one) for one in found)}
        state, rows = state_of(criteria, Questions(known, instant), told={}, computed=computed, formulas={})
        result = criteria.categorise(state)
        found.append(Assessment(criteria, instant, day_of(known, instant), result, criteria.complete(state), rows=rows))
    return tuple(found)


def _in_remission(assessment: Assessment) -> Truth:
    possible = frozenset(assessment.possible)
    return Truth.from_pair(certain=possible <= _REMISSION, possible=bool(possible & _REMISSION))


def leukaemia_mrd(timeline: Timeline, criteria: Response, at: datetime) -> tuple[RowVerdict, ...]:
    """What residual disease is (`all-2026.mrd`) at an instant; a row that may hold is unknown and names what keeps it open."""
    state, _ = state_of(criteria, Questions(timeline, at), told={}, computed={}, formulas={})
    found = criteria.decide(state)
    return tuple(v if v.truth is Truth.TRUE else replace(v, missing=criteria.open_in(v.row, state)) for v in found)


def central_nervous_system(timeline: Timeline, criteria: Response, at: datetime) -> Categorised:
    """CNS 1 to 3 (`all-2026.cns`) at an instant."""
    state, _ = state_of(criteria, Questions(timeline, at), told={}, computed={}, formulas={})
    return criteria.categorise(state)
