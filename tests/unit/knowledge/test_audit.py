"""The audit says what must be read and by whom, how two rule sets differ, and shows a rule set as people read it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from vein2vein.knowledge.audit import diff, entries, render, review_queue
from vein2vein.knowledge.registry import bound, default_registry
from vein2vein.knowledge.schema import RuleSet


def a_rule(**changes: Any) -> RuleSet:
    """A small rule set on temperature."""
    raw: dict[str, Any] = {
        "id": "example-2020.heat",
        "title": {"en": "Heat", "zh": "热"},
        "about": "heat",
        "edition": "2020",
        "encoding": "1.0.0",
        "kind": "grading-scale",
        "status": "recalled",
        "valid": {"from": date(2020, 1, 1), "to": None},
        "jurisdiction": ["any"],
        "population": {"en": "Everybody", "zh": "所有人"},
        "sources": [{"key": "lee2014", "locator": "table 1", "read": "recalled"}],
        "next_review": date(2027, 1, 1),
        "parameters": {
            "hot": {
                "title": "What is hot",
                "default": 38,
                "unit": "Cel",
                "minimum": 37,
                "maximum": 40,
                "source_says": "silent",
                "status": "uncertain",
            },
            "shiver": {
                "title": "Shivering",
                "default": "ignored",
                "choices": {"ignored": "is ignored", "counts": "counts"},
                "source_says": "named once",
                "status": "secondary",
            },
        },
        "inputs": {
            "temperature": {"take": "latest", "observation": "body_temperature", "holds_hours": 12},
            "symptoms": {"take": "latest", "observation": "constitutional_symptoms", "when_absent": "no"},
        },
        "criteria": {
            "fever": {
                "label": {"en": "Fever", "zh": "发热"},
                "when": {
                    "any": [
                        {"at_least": ["temperature", "$hot"]},
                        {"all": [{"chosen": ["$shiver", "counts"]}, "symptoms"]},
                    ]
                },
            }
        },
        "result": {"kind": "grade", "lowest": 0, "highest": 1, "name": {"en": "heat", "zh": "热"}},
        "cases": [{"value": 1, "when": "fever", "text": {"en": "Hot", "zh": "热"}}],
        "otherwise": 0,
        "episodes": {"gap_hours": 24},
        "limits": ["Only heat."],
        "silence": ["How long."],
        "typical": {"temperature": 37, "symptoms": "no"},
        "worked_cases": [{"name": "hot", "given": {"temperature": 39}, "expect": 1}],
        **changes,
    }
    chosen = raw.pop("chosen", {})
    return bound(raw, chosen)


def test_entries_name_everything_somebody_stands_for() -> None:
    found = [(e.what, e.name, e.status) for e in entries([a_rule()])]
    assert found == [
        ("rule set", "example-2020.heat", "recalled"),
        ("source", "lee2014", "recalled"),
        ("parameter", "hot", "uncertain"),
        ("parameter", "shiver", "secondary"),
    ]
    assert {e.next_review for e in entries([a_rule()])} == {date(2027, 1, 1)}


def test_the_review_queue_puts_the_most_used_work_first_and_says_who_reads() -> None:
    other = a_rule(
        id="example-2020.more", sources=[{"key": k, "locator": "p. 1", "read": "full"} for k in ("lee2014", "ctcae5")]
    )
    queue = review_queue([a_rule(), other])
    assert [r.key for r in queue] == ["lee2014", "ctcae5"]
    first = queue[0]
    assert first.rule_sets == ("example-2020.heat", "example-2020.more")
    assert first.locators == ("example-2020.heat: table 1", "example-2020.more: p. 1")
    assert first.read == "recalled"
    assert first.by == "a clinician and a second person"
    assert first.open_points == 2
    assert first.reference.startswith("Lee DW")


@pytest.mark.parametrize(
    ("roles", "missing"),
    [
        (["clinician"], ["a second person"]),
        (["engineer"], ["a clinician"]),
        (["engineer", "statistician"], ["a clinician"]),
        (["clinician", "engineer"], []),
    ],
)
def test_a_rule_set_leaves_the_queue_when_two_people_have_signed(roles: list[str], missing: list[str]) -> None:
    signatures = [{"who": f"Person {i}", "role": role, "on": date(2026, 1, 1)} for i, role in enumerate(roles)]
    assert [r.by for r in review_queue([a_rule(signed_off=signatures)])] == missing


def test_every_rule_set_of_the_package_waits_for_a_reader() -> None:
    rules = default_registry().all()
    waiting = {id for reading in review_queue(rules) for id in reading.rule_sets}
    assert waiting == {rule.id for rule in rules if rule.status != "verified"}
    counts = [len(reading.rule_sets) for reading in review_queue(rules)]
    assert counts == sorted(counts, reverse=True)


def test_a_rule_set_does_not_differ_from_itself() -> None:
    assert diff(a_rule(), a_rule()) == ()


def test_a_difference_names_the_section_and_both_sides() -> None:
    found = {(d.section, d.name): (d.first, d.second) for d in diff(a_rule(), a_rule(chosen={"hot": 39}))}
    assert found == {
        ("parameter", "hot"): ("What is hot: 38 Cel", "What is hot: 39 Cel"),
        ("criterion", "fever"): ("Body temperature ≥ 38 °C", "Body temperature ≥ 39 °C"),
    }


def test_a_switched_branch_shows_in_words() -> None:
    found = {d.name: d.second for d in diff(a_rule(), a_rule(chosen={"shiver": "counts"}))}
    assert found["fever"].startswith("Body temperature ≥ 38 °C or Nausea, fatigue")


def test_what_one_side_lacks_is_empty() -> None:
    found = {d.name: (d.first, d.second) for d in diff(a_rule(), a_rule(limits=["Other."])) if d.section == "limits"}
    assert found == {"Only heat.": ("stated", ""), "Other.": ("", "stated")}


def test_two_scales_differ_in_criteria_inputs_parameters_and_results() -> None:
    registry = default_registry()
    found = diff(registry.get("astct-2019.crs"), registry.get("lee-2014.crs"))
    assert {"header", "parameter", "input", "criterion", "result", "source"} <= {d.section for d in found}


def test_a_rendered_rule_set_says_what_the_file_says() -> None:
    text = render(a_rule())
    assert text.startswith("# Heat\n\n`example-2020.heat`, encoding 1.0.0, status: recalled\n")
    assert "**NOT VERIFIED: not yet read in the primary source and signed by two people**" in text
    assert "| 1 | Hot | Fever |" in text
    assert "| Fever | Body temperature ≥ 38 °C |" in text
    assert "| What is hot (`hot`) | 38 Cel | 37.0 – 40.0 Cel | silent | uncertain |" in text
    assert "table 1; read: recalled" in text
    assert "| hot | temperature 39 | 1 |" in text


def test_a_rendered_rule_set_exists_in_chinese() -> None:
    text = render(a_rule(), "zh")
    assert "# 热" in text
    assert "| 1 | 热 | 发热 |" in text
    assert "未经核实" in text


@pytest.mark.parametrize("id", default_registry().ids)
def test_every_rule_set_renders_in_both_languages(id: str) -> None:
    rule = default_registry().get(id)
    for language in ("en", "zh"):
        text = render(rule, language)
        assert f"`{id}`" in text
        assert all(case.name in text for case in rule.worked_cases)
        assert all(left[language] in text for left in rule.not_encoded)
