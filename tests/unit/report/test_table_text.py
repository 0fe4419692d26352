"""Decision tables and collections of effects as tables that people read."""

from __future__ import annotations

import re

import pytest

from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.documents.biomarkers import Biomarkers
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.library import default_library
from vein2vein.report.documents import document_markdown
from vein2vein.report.table_text import biomarkers_table, decision_table, taken_from

LIBRARY = default_library()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_document_shows_the_engine_s_own_words(language: str) -> None:
    machine = re.compile(r"Compare\(|CountOf\(|Ref\(|IsIn\(|Not\(part|ask (timeline|computed|told)|input observation")
    shown = {id: document_markdown(LIBRARY.any(id), LIBRARY, language) for id in LIBRARY.ids}
    assert [id for id, text in shown.items() if machine.search(text)] == []


def test_every_row_stands_in_its_table_with_its_condition() -> None:
    tables = [d for id in LIBRARY.ids if isinstance(d := LIBRARY.any(id), DecisionTable)]
    assert len(tables) > 10
    for table in tables:
        lines = decision_table(table)
        assert sum(line.startswith("| ") for line in lines[: lines.index("", 6)]) >= len(table.rows), table.id


def test_a_policy_shows_rules_then_where_facts_come_from() -> None:
    text = "\n".join(decision_table(LIBRARY.get("ash.prophylaxis", Policy)))
    assert "| While neutrophils are below 0.5 | Neutrophils < 0.5 ×10⁹/L | levofloxacin, start |" in text
    assert "| Neutrophils | ×10⁹/L | the record: Absolute neutrophil count, up to 72 h old |" in text
    assert text.index("## Rules") < text.index("## What is asked")


def test_chinese_tables_have_chinese_heads() -> None:
    facts = LIBRARY.get("ash.prophylaxis", Policy).facts
    assert "## 规则" in decision_table(LIBRARY.get("ash.prophylaxis", Policy), "zh")
    assert taken_from(facts["neutrophils"], "zh").endswith("，72 小时内")


def test_effects_begin_with_what_was_found_and_show_number_interval_and_status() -> None:
    lines = biomarkers_table(LIBRARY.get("collected-2026.biomarkers", Biomarkers))
    assert lines[3].startswith("| marker | outcome | effect (95 % interval) | patients | status | setting | source")
    (crp,) = (line for line in lines if line.startswith("| C-reactive protein | Objective"))
    assert (
        "day 90; highest against lowest quartile boundary (Q3 against Q1) | odds ratio 0.35 (0.23–0.55) | 408 | secondary |"
        in crp
    )
