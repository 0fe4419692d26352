"""Guidance and drug files as Markdown, in both languages; what sources say side by side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, severe
from vein2vein.journey.guidance.advise import Desk
from vein2vein.journey.guidance.compare import compare
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.library import default_library
from vein2vein.report.guidance_text import compared_markdown, drug_markdown, guidance_markdown

LIBRARY = default_library()
DRUGS = {drug.id: drug for drug in LIBRARY.of(Drug)}
SOURCES = LIBRARY.of(Guidance)


@pytest.mark.parametrize("guidance", SOURCES, ids=[g.id for g in SOURCES])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_source_shows_each_row_status_and_sources(guidance: Guidance, language: str) -> None:
    text = guidance_markdown(guidance, DRUGS, language)
    assert all(row.text[language] in text for row in guidance.rows)
    assert f"**{guidance.status}**" in text
    assert all(source.locator in text for source in guidance.sources)
    assert all(limit in text for limit in (*guidance.limits, *guidance.silence))


@pytest.mark.parametrize(("language", "says"), [("en", "; in place of Dexamethasone ("), ("zh", "; 取代 地塞米松 (")])
def test_a_row_shows_what_its_drug_takes_the_place_of(language: str, says: str) -> None:
    text = guidance_markdown(LIBRARY.get("asco-2021.guidance", Guidance), DRUGS, language)
    rows = [line for line in text.splitlines() if says in line]
    assert len(rows) == 1
    assert "500 mg" in rows[0]


def test_a_drug_shows_its_bands_and_spacing() -> None:
    text = drug_markdown(DRUGS["drug.tocilizumab"])
    assert "| standard | 12 mg/kg; from 30 kg 8 mg/kg (at most 800 mg) |" in text
    assert "Spacing: at least 8 h apart, at most 3 in 24 h, at most 4 in all" in text
    chinese = drug_markdown(DRUGS["drug.tocilizumab"], "zh")
    assert "12 mg/kg；体重 ≥30 kg：8 mg/kg（单次至多 800 mg）" in chinese
    assert "间隔至少 8 小时, 24 小时内至多 3 次, 总计至多 4 次" in chinese


def test_sources_stand_side_by_side() -> None:
    desk = Desk.of(["asco-2021.guidance", "ebmt-2022.guidance"])
    found = compare(desk.advise(severe(), INFUSED_AT + timedelta(days=4)))
    text = compared_markdown(found, DRUGS)
    assert text.splitlines()[0] == "| about | relation | asco-2021.guidance | ebmt-2022.guidance |"
    (tocilizumab,) = [line for line in text.splitlines() if line.startswith("| Tocilizumab |")]
    assert tocilizumab.startswith("| Tocilizumab | agree |")
    assert any(line.endswith("| silent |") for line in text.splitlines())
    assert "dose cannot be computed: needs weight" in tocilizumab
    assert compared_markdown((), DRUGS) == ""
