"""Words of a delivery lead to ids of the code files, or to nothing."""

from __future__ import annotations

import pytest

from vein2vein.intake import words
from vein2vein.knowledge.codes import Category, Code


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("CRP", "crp"),
        ("c-reactive protein", "crp"),
        ("体温", "body_temperature"),
        ("8310-5", "body_temperature"),
        ("S.B.P.", "systolic_blood_pressure"),
    ],
)
def test_a_kind_is_found_by_id_label_name_or_code(word: str, kind: str) -> None:
    assert words.kinds()[words.plain(word)] == kind


def test_a_word_of_two_entries_finds_nothing_unless_it_is_an_id() -> None:
    entries = {
        "a": Category(label={"en": "Alpha"}, names=("shared", "b")),
        "b": Category(label={"en": "Beta"}, names=("shared",)),
        "c": Category(label={"en": "Gamma"}, codes=(Code(system="own", code="X1", status="read", source="test"),)),
    }
    index = words.index_of(entries)
    assert "shared" not in index
    assert (index["b"], index["alpha"], index["x1"]) == ("b", "a", "c")


def test_a_drug_names_its_stream() -> None:
    assert words.any_agent()["noradrenaline"] == ("vasopressor", "norepinephrine")
    assert words.any_agent()["l04ac07"] == ("anticytokine", "tocilizumab")


def test_an_agent_of_two_streams_names_none() -> None:
    assert "intravenous" not in words.any_agent()


def test_missing_words() -> None:
    assert words.means_missing(None)
    assert words.means_missing(" N/A ")
    assert not words.means_missing("0")
