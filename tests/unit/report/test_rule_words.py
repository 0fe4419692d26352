"""What is missing, in words that name the record and not the program."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vein2vein.knowledge.registry import default_registry
from vein2vein.record.timeline import Exposure, Observation
from vein2vein.report import rule_words

AT = datetime(2026, 3, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def crs():
    return default_registry().get("astct-2019.crs")


def test_names_are_short_and_say_the_edition(crs) -> None:
    assert (rule_words.short_name(crs), rule_words.edition_name(crs)) == ("CRS", "ASTCT 2019")


def test_a_result_is_said_with_its_bounds(crs) -> None:
    assert rule_words.result_sentence(crs, 2, 4) == "CRS 2 to 4"


@pytest.mark.parametrize(
    ("agent", "more", "names", "said"),
    [
        ("unspecified", {}, ["high_flow", "positive_pressure"], ("oxygen device not recorded",)),
        ("nasal-cannula", {}, ["high_flow"], ("oxygen flow not recorded",)),
        ("nasal-cannula", {"rate": 2.0, "rate_unit": "L/min"}, ["positive_pressure"], ("oxygen not charted",)),
    ],
)
def test_what_is_missing_about_oxygen_is_named(crs, agent: str, more: dict, names: list[str], said: tuple) -> None:
    rows = {name: (Exposure("oxygen", agent, AT, **more),) for name in names}
    assert rule_words.lacking(crs, names, rows) == said


def test_without_rows_the_stream_was_not_charted(crs) -> None:
    assert rule_words.lacking(crs, ["vasopressors"], {"vasopressors": ()}) == ("vasopressor infusion not charted",)


def test_without_knowledge_of_the_rows_nothing_more_is_claimed(crs) -> None:
    assert rule_words.lacking(crs, ["high_flow"]) == ("record of oxygen device incomplete",)


def test_a_value_that_is_too_old_is_said_to_be_possibly_so(crs) -> None:
    assert rule_words.lacking(crs, ["temperature"], {}) == ("body temperature not recorded or too old",)


def test_lines_of_a_chart_are_cut_offs_of_the_chosen_rule_sets(crs) -> None:
    assert rule_words.cut_offs([crs], "body_temperature") == (("≥", 38.0),)
    assert rule_words.cut_offs([crs], "ferritin") == ()


@pytest.mark.parametrize(
    ("rows", "english", "chinese"),
    [
        ((), "ferritin not recorded", "铁蛋白未记录"),
        (
            (Observation("ferritin", datetime(2026, 3, 14, tzinfo=UTC), 32000.0),),
            "ferritin: upper limit of the laboratory not recorded",
            "铁蛋白：未记录实验室正常上限",
        ),
    ],
)
def test_a_value_without_its_limit_is_not_called_unrecorded(
    rows: tuple[Observation, ...], english: str, chinese: str
) -> None:
    rule = default_registry().get("iec-hs-2023.grade")
    (said,) = rule_words.lacking(rule, ["ferritin_limits"], {"ferritin_limits": rows})
    assert (said, said.in_("zh")) == (english, chinese)
