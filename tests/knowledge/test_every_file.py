"""Is every rule file sound? Schema, sources, vocabulary, units, cut-offs. All tests run over all files of the package."""

from __future__ import annotations

import pytest

from knowledge import checks
from knowledge.files import IDS, REGISTRY, all_bound, choices
from vein2vein.basis.units import is_unit
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.codes import observation_kind, observations, stream
from vein2vein.knowledge.edition import PLACEHOLDERS
from vein2vein.knowledge.wording import name_text

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
    assert not checks.unknown_sources(rule)
    assert all(len(source.locator) > 3 and source.locator.lower() not in PLACEHOLDERS for source in rule.sources)


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
    texts += [declared.label for declared in rule.inputs.values() if declared.label]
    texts += [i.label for i in rule.items] + [c.text for i in rule.items for c in i.cases]
    texts += [p.title for p in rule.parameters.values()] + [b.text for b in rule.bands]
    lacking = [text for text in texts if not wanted <= set(text)]
    nameless = [name for name in rule.inputs if name_text(rule, name, "zh") == name.replace("_", " ")]
    assert not nameless, f"inputs without a Chinese name: {nameless}"
    assert not lacking, f"without one of the languages: {lacking[:5]}"


@every_file
def test_inputs_name_what_the_code_files_know(id: str) -> None:
    problems = [problem for rule in all_bound(id) for problem in checks.strangers(rule)]
    assert not problems, "; ".join(sorted(set(problems)))


@every_file
def test_conditions_ask_each_input_what_it_can_answer(id: str) -> None:
    problems = [problem for rule in all_bound(id) for problem in checks.misunderstandings(rule)]
    assert not problems, "; ".join(sorted(set(problems)))


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
    problems = sorted(set(checks.implausible_cut_offs(all_bound(id), REGISTRY.get(id))))
    assert not problems, "; ".join(problems)


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


@every_file
def test_items_of_a_score_have_the_range_of_the_code_files(id: str) -> None:
    assert not list(checks.strange_items(REGISTRY.get(id)))
