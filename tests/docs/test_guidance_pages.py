"""The pages of guidance hold every source, drug and stated disagreement; the grid is computed from the files."""

from __future__ import annotations

import pytest

from tool_modules import load_tool
from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.disagreements import disagreements
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import default_registry

LIBRARY = default_library()


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    found: dict[str, str] = load_tool("guidance_pages").guidance_pages()
    return found


def test_every_source_and_every_drug_has_a_page_that_the_index_leads_to(pages: dict[str, str]) -> None:
    index = pages["reference/guidance/index.md"]
    documents = (*LIBRARY.of(Guidance), *LIBRARY.of(Drug))
    assert len(pages) == len(documents) + 2
    for document in documents:
        assert f"[`{document.id}`]({document.id}.md) | {document.title['en']} | {document.status} |" in index
        assert f"`{document.id}`" in pages[f"reference/guidance/{document.id}.md"]


def _row(page: str, start: str) -> list[str]:
    return [
        cell.strip() for cell in next(line for line in page.splitlines() if line.startswith(start)).split("|")[1:-1]
    ]


def test_the_grid_shows_where_sources_differ_for_one_state(pages: dict[str, str]) -> None:
    page = pages["reference/guidance/where-the-sources-disagree.md"]
    _, same, asco, ebmt, cartox = _row(page, "| CRS 4 |")
    assert same == "no"
    assert asco.startswith("give Tocilizumab")
    assert "Methylprednisolone 500 mg" in asco
    assert ebmt.startswith("give Tocilizumab")
    assert ebmt.endswith("give Dexamethasone 20 mg intravenously every 6 h")
    assert "Methylprednisolone 1000 mg" in cartox
    assert _row(page, "| ICANS 1, no CRS |")[1:] == ["-", "silent", "nothing in the file", "nothing in the file"]


def test_a_cell_tells_what_was_never_read_and_what_has_to_be_told_from_silence(pages: dict[str, str]) -> None:
    page = pages["reference/guidance/where-the-sources-disagree.md"]
    asco = _row(page, "| ICANS 2, no CRS |")[2]
    assert asco.startswith("only if Product or patient at high risk of neurotoxicity: give Dexamethasone 10 mg")
    labels = page[page.index("US labels, each for its own product") :]
    assert _row(labels, "| ICANS 2, no CRS |")[2] == "not read", "the 2017 label of Yescarta"
    heads = next(line for line in labels.splitlines() if line.startswith("| state"))
    assert heads.count("<br>uncertain") == 4


def test_no_cell_gives_tocilizumab_for_icans_without_crs(pages: dict[str, str]) -> None:
    lines = [
        line
        for line in pages["reference/guidance/where-the-sources-disagree.md"].splitlines()
        if line.startswith("| ICANS") and "no CRS" in line
    ]
    assert len(lines) == 8
    assert not [line for line in lines if "Tocilizumab" in line]


def test_every_stated_disagreement_is_shown_and_names_files_that_are_there(pages: dict[str, str]) -> None:
    page = pages["reference/guidance/where-the-sources-disagree.md"]
    ids = [one.id for one in disagreements()]
    assert len(set(ids)) == len(ids)
    for one in disagreements():
        assert all(text in page for text in (one.topic["en"], *(side.text for side in one.says)))
        for source in (source for side in one.says for source in side.sources):
            assert f"`{source.key}`, {source.locator}, {source.read}" in page
            assert f"- `{source.key}`: {citation(source.key).reference()}" in page
        assert {"en", "zh"} <= set(one.topic)
        assert not [id for id in one.files if id not in LIBRARY and id not in default_registry()]
