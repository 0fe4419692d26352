"""What no source may ever propose, over states that stand at the boundaries of the rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vein2vein.basis.clock import hours
from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.decide import Body, DoseLog, Proposal, decide
from vein2vein.knowledge.decisions import Fact, GradeOf
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Give, Guidance
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.values import NumberRange, Value

LIBRARY = default_library()
SOURCES = LIBRARY.of(Guidance)
DRUGS = {drug.id: drug for drug in LIBRARY.of(Drug)}
NOW = hours(100_000)
TOCILIZUMAB = "drug.tocilizumab"
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 12, 23, 24, 30, 47, 48, 71, 72, 73, 90, 400, 1000)
every_source = pytest.mark.parametrize("source", SOURCES, ids=[g.id for g in SOURCES])


def _values(fact: Fact) -> st.SearchStrategy[Any]:
    if fact.type == "yes_no":
        return st.sampled_from(["yes", "no", None])
    if fact.type == "category":
        return st.sampled_from([*fact.categories, None])
    pool = tuple(range(6)) if isinstance(fact.source, GradeOf) else NUMBERS
    pairs = st.lists(st.sampled_from(pool), min_size=2, max_size=2).map(sorted)
    return st.one_of(st.sampled_from(pool), pairs, st.none())


@st.composite
def _states(draw: st.DrawFn, source: Guidance) -> dict[str, Value]:
    state = {name: fact.value(draw(_values(fact))) for name, fact in source.facts.items()}
    if "product" in source.facts and draw(st.booleans()):
        state["product"] = source.facts["product"].value(source.typical["product"])
    return state


def _subjects(source: Guidance, subject: str) -> list[str]:
    return [n for n, f in source.facts.items() if isinstance(f.source, GradeOf) and f.source.subject == subject]


def _decided(source: Guidance, state: dict[str, Value], ago: tuple[float, ...] = ()) -> tuple[Proposal, ...]:
    log = DoseLog(tuple(NOW - hours(h) for h in ago), (), is_charted=True)
    body = Body({id: NumberRange(70, 70) for id in DRUGS})
    return decide(source, state, at=NOW, drugs=DRUGS, given={TOCILIZUMAB: log}, body=body)


def _tocilizumab(proposals: tuple[Proposal, ...]) -> list[Proposal]:
    return [p for p in proposals if isinstance(p.action, Give) and p.action.drug == TOCILIZUMAB]


quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@every_source
@quick
@given(data=st.data())
def test_icans_without_crs_never_proposes_tocilizumab(source: Guidance, data: st.DataObject) -> None:
    """Whatever else is so: with CRS certainly absent no source gives it, not even perhaps."""
    state = data.draw(_states(source))
    for name in _subjects(source, "crs"):
        state[name] = NumberRange(0, 0)
    for name in _subjects(source, "icans"):
        state[name] = NumberRange(data.draw(st.sampled_from([1, 2, 3, 4])), 4)
    assert not _tocilizumab(_decided(source, state))


@every_source
@quick
@given(data=st.data())
def test_locks_hold_whatever_the_state(source: Guidance, data: st.DataObject) -> None:
    """Never now within 8 h of a dose, with three in 24 h, or with four in all."""
    ago = tuple(sorted(data.draw(st.lists(st.sampled_from([0, 1, 7.9, 8, 12, 16, 23.9, 24, 48, 90]), max_size=5))))
    last_day = [h for h in ago if h < 24]
    is_free = not [h for h in ago if h < 8] and len(last_day) < 3 and len(ago) < 4
    for proposal in _tocilizumab(_decided(source, data.draw(_states(source)), ago)):
        if proposal.is_proposed:
            assert (proposal.standing == "now") == is_free


@every_source
@quick
@given(data=st.data())
def test_knowing_more_takes_nothing_that_was_certain_away(source: Guidance, data: st.DataObject) -> None:
    """What applies for certain still applies when a missing fact becomes known; what may apply is a superset of what does."""
    state = data.draw(_states(source))
    name = data.draw(st.sampled_from(sorted(source.facts)))
    unsure = {**state, name: source.facts[name].unknown}
    before, after = _decided(source, unsure), _decided(source, state)
    certain = {p.name for p in before if p.truth is Truth.TRUE}
    assert certain <= {p.name for p in after if p.truth is Truth.TRUE}
    assert {p.name for p in after} <= {p.name for p in before}


@every_source
@quick
@given(data=st.data())
def test_what_only_may_apply_names_what_would_settle_it(source: Guidance, data: st.DataObject) -> None:
    for proposal in _decided(source, data.draw(_states(source))):
        assert bool(proposal.missing) == (proposal.truth is Truth.UNKNOWN)
        assert proposal.because


def test_the_states_reach_every_row_of_every_source() -> None:
    """The property tests look at something: worked cases show that each source proposes tocilizumab where it names it."""
    for source in SOURCES:
        if TOCILIZUMAB in source.drugs and any(
            isinstance(a, Give) and a.drug == TOCILIZUMAB for a in source.actions.values()
        ):
            shown = [_tocilizumab(_decided(source, source.state(case.given))) for case in source.worked_cases]
            assert any(shown), source.id
