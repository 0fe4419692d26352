"""Texts of analyses and advice: English is a plain string, Chinese stands beside it, columns hold with Han letters."""

from __future__ import annotations

import json
import pickle

import pytest

from vein2vein.programme.trial.texts import Said, columns, in_language, said


def test_a_text_is_its_english_and_knows_its_chinese() -> None:
    one = said("external.missing", name="ldh")
    assert one == "ldh is missing"
    assert json.loads(json.dumps({one: one})) == {"ldh is missing": "ldh is missing"}
    assert in_language(one, "zh") == "缺少 ldh"
    assert in_language(one, "en") == "ldh is missing"
    assert in_language("ldh", "zh") == "ldh"


def test_a_text_in_a_gap_stands_there_in_each_language() -> None:
    whole = said("findings.left_out_why", count=2, why=said("external.missing", name="ldh"))
    assert (whole, in_language(whole, "zh")) == ("2: ldh is missing", "2：缺少 ldh")


def test_a_text_travels_with_its_languages() -> None:
    again = pickle.loads(pickle.dumps(said("findings.value")))  # noqa: S301  (made here)
    assert isinstance(again, Said)
    assert in_language(again, "zh") == "值"


def test_a_key_or_a_gap_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(KeyError):
        said("external.nothing")
    with pytest.raises(KeyError):
        said("external.missing")


def test_columns_begin_at_one_place_also_after_han_letters() -> None:
    rows = [(said("findings.parameter"), said("findings.value")), ("ab", "1")]
    assert columns(rows) == ["parameter  value", "ab         1"]
    assert columns(rows, "zh") == ["参数  值", "ab    1"]
