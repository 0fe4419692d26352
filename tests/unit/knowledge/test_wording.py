"""Conditions in words are made from the file, without the branches that parameters have switched off."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.knowledge import wording
from vein2vein.knowledge.predicates import Constant, parse
from vein2vein.knowledge.registry import default_registry

CRS = default_registry().get("astct-2019.crs")
HIGH, DEATH = "High-flow cannula or mask", "Death of this cause"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"at_least": ["temperature", 38]}, "Body temperature ≥ 38 °C"),
        ({"below": ["systolic", 90]}, "Systolic blood pressure < 90 mmHg"),
        ({"above": ["age", 10]}, "Age > 10 years"),
        ({"at_most": ["vasopressors", 1]}, "Number of vasopressors running ≤ 1"),
        ({"not": "midodrine"}, "not (Midodrine)"),
        ({"possible": "midodrine"}, "(Midodrine) does not decide it but leaves the result open"),
        ({"all": ["midodrine", {"any": ["high_flow", "death"]}]}, f"Midodrine and ({HIGH} or {DEATH})"),
        ({"n_of": {"at_least": 2, "of": ["midodrine", "high_flow", "death"]}}, f"at least 2 of: Midodrine; {HIGH}; {DEATH}"),
        ({"sustained": {"of": "midodrine", "hours": 3}}, "(Midodrine) for at least 3 h without a break"),
        ("fever", "Fever: temperature at least 38.0 °C, no other cause"),
    ],
)  # fmt: skip
def test_every_word_of_the_language_has_words_for_people(raw: Any, text: str) -> None:
    assert wording.condition_text(CRS, parse(raw)) == text


def test_chinese_words() -> None:
    raw = {"all": ["fever", {"not": "hypoxia"}]}
    assert (
        wording.condition_text(CRS, parse(raw), "zh")
        == "发热：体温不低于 38.0 °C，且无其他原因 且 非（因低氧需要吸氧或通气支持）"
    )


def test_a_category_is_shown_with_its_label() -> None:
    icans = default_registry().get("astct-2019.icans")
    assert (
        wording.condition_text(icans, parse({"is": ["arousal", "voice"]})) == "Level of consciousness: Awakens to voice"
    )


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ({"any": [{"chosen": ["a", "b"]}, "death"]}, parse("death")),
        ({"all": [{"chosen": ["a", "a"]}, "death"]}, parse("death")),
        ({"any": [{"chosen": ["a", "a"]}, "death"]}, Constant(value=True)),
        ({"all": [{"chosen": ["a", "b"]}, "death"]}, Constant(value=False)),
        ({"not": {"chosen": ["a", "b"]}}, Constant(value=True)),
        ({"possible": {"chosen": ["a", "b"]}}, Constant(value=False)),
    ],
)
def test_switched_off_branches_are_folded_away(raw: Any, left: object) -> None:
    assert wording.folded(parse(raw)) == left


def test_a_constant_condition_is_still_words() -> None:
    assert wording.condition_text(CRS, Constant(value=True)) == "always"
    assert wording.condition_text(CRS, Constant(value=False), "zh") == "从不"


def test_an_input_says_what_it_is_taken_from() -> None:
    lee = default_registry().get("lee-2014.crs")
    assert wording.subject_of(lee, "high_dose_agent").startswith("Vasopressor infusion: norepinephrine ≥ 20 ug/min")
    assert wording.subject_of(lee, "temperature") == "Body temperature"
    assert wording.subject_of(CRS, "age") == "age years"
    assert wording.input_text(CRS, "systolic_less_twice_age") == "Systolic blood pressure less twice the age"


def test_an_input_without_a_label_is_named_in_plain_words() -> None:
    tls = default_registry().get("howard-2011.tls-laboratory")
    bare = tls.inputs["uric_acid"].model_copy(update={"label": None})
    assert wording.input_text(tls.model_copy(update={"inputs": {"uric_acid": bare}}), "uric_acid", "zh") == "uric acid"
    assert wording.input_text(tls, "uric_acid", "zh") == "尿酸"


def test_a_language_that_is_missing_falls_back_to_english() -> None:
    assert wording.pick({"en": "heat"}, "zh") == "heat"
    assert wording.pick(None, "en", "x") == "x"
