"""Is every rule file sound? Schema, sources, vocabulary, units, cut-offs. All tests run over all files of the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from knowledge.files import IDS, REGISTRY, all_bound, choices, comparisons, conditions, range_of
from vein2vein.basis.units import is_unit
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.casepack import categories_of, value_type
from vein2vein.knowledge.citations import citations
from vein2vein.knowledge.codes import milestones, observation_kind, observations, stream, streams
from vein2vein.knowledge.predicates import Compare, IsIn, walk
from vein2vein.knowledge.schema import PLACEHOLDERS, RuleSet

every_file = pytest.mark.parametrize("id", IDS)
STATUSES = ("verified", "secondary", "recalled", "uncertain")


@every_file
def test_a_rule_file_loads_with_its_defaults_and_with_every_choice(id: str) -> None:
    rule = REGISTRY.get(id)
    assert len(all_bound(id)) == len(list(choices(rule)))
    assert dict(rule.chosen) == {name: p.default for name, p in rule.parameters.items()}


@every_file
def test_sources_are_known_and_have_a_locator(id: str) -> None:
    rule = REGISTRY.get(id)
    assert {source.key for source in rule.sources} <= set(citations())
    assert all(len(source.locator) > 3 and source.locator.lower() not in PLACEHOLDERS for source in rule.sources)
    cited = {source.key for source in rule.sources}
    named = {case.source for case in rule.worked_cases if case.source in citations()}
    assert named <= cited, f"worked cases cite {sorted(named - cited)}, which the file does not list as sources"


@every_file
def test_a_status_is_not_better_than_its_sources(id: str) -> None:
    """What is only recalled cannot be called secondary, let alone verified."""
    rule = REGISTRY.get(id)
    ways = {source.read for source in rule.sources}
    if ways == {"recalled"}:
        assert rule.status in {"recalled", "uncertain"}, f"{rule.status} with sources read as {sorted(ways)}"
    if rule.status == "verified":
        assert "full" in ways


@every_file
def test_people_find_the_words_in_english_and_chinese(id: str) -> None:
    rule = REGISTRY.get(id)
    wanted = {"en", "zh"}
    texts = [rule.title, rule.population, rule.result.name]
    texts += [c.label for c in rule.criteria.values()] + [c.text for c in rule.cases] + [f.text for f in rule.flags]
    texts += [i.label for i in rule.items] + [c.text for i in rule.items for c in i.cases]
    lacking = [text for text in texts if not wanted <= set(text)]
    assert not lacking, f"without one of the languages: {lacking[:5]}"


@every_file
def test_inputs_name_what_the_code_files_know(id: str) -> None:
    problems = [problem for rule in all_bound(id) for problem in _strangers(rule)]
    assert not problems, "; ".join(sorted(set(problems)))


def _strangers(rule: RuleSet) -> Iterator[str]:
    for name, declared in rule.inputs.items():
        kind = getattr(declared, "observation", None)
        if kind is not None and kind not in observations():
            yield f"{name}: kind of observation {kind!r}"
        if isinstance(declared, methods.ItemSum):
            yield from (f"{name}: item {i!r}" for i in (*declared.items, declared.total) if i not in observations())
        if isinstance(declared, methods.Active | methods.CountActive | methods.Given | methods.RateSum):
            yield from _strange_exposures(name, declared)
        if isinstance(declared, methods.Death):
            known = milestones()["death"].details
            yield from (f"{name}: cause of death {cause!r}" for cause in declared.causes if cause not in known)


def _strange_exposures(name: str, declared: Any) -> Iterator[str]:
    if declared.exposure not in streams():
        yield f"{name}: stream {declared.exposure!r}"
        return
    known = stream(declared.exposure)
    agents = [] if declared.agents == "any" else [a if isinstance(a, str) else a.agent for a in declared.agents]
    agents += [*declared.except_agents, *getattr(declared, "weights", {})]
    yield from (f"{name}: agent {agent!r} of {declared.exposure}" for agent in agents if agent not in known.agents)
    reasons = (*declared.except_reasons, *(declared.only_reasons or ()))
    yield from (f"{name}: reason {r!r} of {declared.exposure}" for r in reasons if r not in known.reasons)


@every_file
def test_conditions_ask_each_input_what_it_can_answer(id: str) -> None:
    problems = [problem for rule in all_bound(id) for problem in _misunderstandings(rule)]
    assert not problems, "; ".join(sorted(set(problems)))


def _misunderstandings(rule: RuleSet) -> Iterator[str]:
    for node in (n for condition in conditions(rule) for n in walk(condition)):
        if isinstance(node, Compare) and value_type(rule, node.input) != "number":
            yield f"{node.input} is compared with {node.cut_off} and is no number"
        if isinstance(node, IsIn):
            if value_type(rule, node.input) != "category":
                yield f"{node.input} is no category"
            elif not node.categories <= categories_of(rule, node.input):
                yield f"{node.input}: {sorted(node.categories - categories_of(rule, node.input))} do not exist"


@every_file
def test_units_are_ucum(id: str) -> None:
    rule = REGISTRY.get(id)
    used = {p.unit for p in rule.parameters.values() if p.unit}
    for declared in rule.inputs.values():
        kind = getattr(declared, "observation", None)
        used |= {observation_kind(kind).unit or "1"} if kind else set()
        used |= {unit for _, unit in getattr(declared, "weights", {}).values()}
        agents = getattr(declared, "agents", ())
        used |= {a.rate_unit for a in agents if isinstance(a, methods.AgentClause) and a.rate_unit}
    assert not [unit for unit in sorted(used) if not is_unit(unit)]


@every_file
def test_rates_are_in_a_unit_of_the_stream(id: str) -> None:
    for declared in REGISTRY.get(id).inputs.values():
        if isinstance(declared, methods.Active | methods.CountActive | methods.Given | methods.RateSum):
            known = stream(declared.exposure).rate_units
            units = {unit for _, unit in getattr(declared, "weights", {}).values()}
            if declared.agents != "any":
                units |= {a.rate_unit for a in declared.agents if not isinstance(a, str) and a.rate_unit}
            assert units <= set(known)


@every_file
def test_cut_offs_are_plausible(id: str) -> None:
    """A cut-off that no real value can reach is a slip of a unit or of a decimal point."""
    problems = []
    usual = REGISTRY.get(id)
    for rule in all_bound(id):
        for comparison in comparisons(rule):
            limits = range_of(usual, comparison.input)
            if limits is not None and not limits[0] <= comparison.cut_off <= limits[1]:
                problems.append(f"{comparison.input} {comparison.op} {comparison.cut_off} outside {limits}")
    assert not problems, "; ".join(sorted(set(problems)))


def test_kinds_have_units_that_parse_and_a_range_that_is_not_empty() -> None:
    numbers = {name: kind for name, kind in observations().items() if kind.type == "number"}
    assert not [name for name, kind in numbers.items() if not is_unit(str(kind.unit))]
    assert not [name for name, kind in numbers.items() if kind.plausible and kind.plausible[0] >= kind.plausible[1]]


def test_nothing_calls_itself_verified_without_two_signatures() -> None:
    for id in IDS:
        rule = REGISTRY.get(id)
        assert rule.status in STATUSES
        if rule.status == "verified":
            assert len({signature.who for signature in rule.signed_off}) >= 2
