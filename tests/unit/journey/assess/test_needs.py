"""What is missing is named once, as it can be told, with its words in both languages and the files that ask."""

from __future__ import annotations

from datetime import timedelta

from builders import INFUSED_AT, a_patient, severe
from vein2vein.journey.assess import assess
from vein2vein.journey.assess.needs import label_of
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import default_registry

EU = default_library().get("reference.protocol", Protocol)


def test_each_need_stands_once_with_all_that_ask() -> None:
    needs = assess(severe(), EU, INFUSED_AT + timedelta(days=4)).needs
    assert len({need.what for need in needs}) == len(needs)
    weight = next(need for need in needs if need.what == "weight")
    assert {"mosteller-1987.bsa", "icaht-2023.guidance"} <= set(weight.changes)
    assert set(weight.label) == {"en", "zh"}


def test_what_a_policy_and_a_list_lack_is_named() -> None:
    after = assess(severe(), EU, INFUSED_AT + timedelta(days=4)).needs
    assert "ebmt-eha-2023.prophylaxis" in next(n for n in after if n.what == "car_hematotox").changes
    before = a_patient("A").with_milestone("apheresis", -30).built()
    needs = assess(before, EU, INFUSED_AT - timedelta(days=9)).needs
    assert next(n for n in needs if n.what == "product_on_site").changes == ("universal.lymphodepletion-go",)


def test_whether_an_item_runs_is_no_need_of_its_own() -> None:
    assert "runs" not in {need.what for need in assess(severe(), EU, INFUSED_AT + timedelta(days=4)).needs}


def test_inputs_of_scores_and_formulas_have_words_in_both_languages() -> None:
    rules, books = default_registry(), default_library()
    editions = [rules.get(id) if id in rules else books.get(id, Formula) for id in EU.scores]
    for edition in editions:
        for name in edition.inputs:
            assert set(label_of(edition, name)) == {"en", "zh"}, f"{edition.id}: {name}"


def test_a_name_that_no_file_knows_is_said_in_words() -> None:
    assert label_of(EU, "some_other_thing") == {"en": "some other thing"}
