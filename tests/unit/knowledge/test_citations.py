"""Works are found by key, and a wrong key says which keys are near."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.citations import Citation, citation, citations, read_citations


def test_a_work_is_one_line() -> None:
    line = citation("lee2014").reference()
    assert line.startswith("Lee DW, Gardner R, Porter DL, et al. Current concepts")
    assert line.endswith("Blood 2014;124(2):188-195. doi:10.1182/blood-2014-05-552729.")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("lee2014", "Lee DW, et al. Blood 2014"),
        ("cairo2004", "Cairo MS, Bishop M. Br J Haematol 2004"),
        ("mdcalc-capd", "MDCalc. Cornell Assessment of Pediatric Delirium"),
    ],
)
def test_a_work_in_a_few_words(key: str, words: str) -> None:
    assert citation(key).short().startswith(words)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"pmc": "PMC1"}, "A. T. PMC1."),
        ({"pmid": 7, "journal": "J", "pages": "3:4"}, "A. T. J 3:4. PMID 7."),
        ({"place": "a page", "year": 2020}, "A. T. 2020. a page."),
    ],
)
def test_parts_that_are_not_known_leave_no_gap(fields: dict[str, object], line: str) -> None:
    assert Citation.model_validate({"authors": "A.", "title": "T", **fields}).reference() == line


def test_a_work_has_an_address_where_its_identifier_gives_one() -> None:
    assert citation("lee2014").url == "https://doi.org/10.1182/blood-2014-05-552729"
    assert citation("pmc8021214").url == "https://pmc.ncbi.nlm.nih.gov/articles/PMC8021214/"
    assert citation("mdcalc-capd").url is None


def test_a_work_must_be_findable() -> None:
    with pytest.raises(ValidationError, match="a citation needs doi, pmc, pmid or place"):
        Citation(authors="A", title="T")


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(KnowledgeError, match="nearest: lee2014") as error:
        citation("lee-2014")
    assert error.value.id == "RULE-005"
    assert "citation 'lee-2014'" in str(error.value)


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_key_may_stand_in_one_file_only(tmp_path: Path) -> None:
    one = _file(tmp_path, "a.yaml", "x: {authors: A, title: T, pmc: PMC1}\n")
    two = _file(tmp_path, "b.yaml", "x: {authors: B, title: U, pmc: PMC2}\n")
    assert read_citations([one])["x"].title == "T"
    with pytest.raises(KnowledgeError, match=r"citation 'x' of b\.yaml") as error:
        read_citations([one, two])
    assert error.value.id == "RULE-001"


def test_a_key_that_stands_twice_in_one_file_is_not_hidden(tmp_path: Path) -> None:
    file = _file(tmp_path, "a.yaml", "x: {authors: A, title: T, pmc: PMC1}\nx: {authors: B, title: U, pmc: PMC2}\n")
    with pytest.raises(KnowledgeError, match="a key that is used once"):
        read_citations([file])


def test_a_wrong_entry_is_named(tmp_path: Path) -> None:
    file = _file(tmp_path, "a.yaml", "x: {authors: A, title: T, doi: no-doi}\n")
    with pytest.raises(KnowledgeError, match=r"citation 'x' of a\.yaml"):
        read_citations([file])


def test_other_files_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    assert read_citations([_file(tmp_path, "a.yaml", ""), _file(tmp_path, "note.txt", "x")]) == {}


def test_every_key_is_short_and_plain() -> None:
    assert all(key == key.lower() and " " not in key for key in citations())
