"""Every id of the catalogue of errors stands in a test, and every id that the code raises stands in the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "src" / "vein2vein" / "errors" / "catalogue"
ID = re.compile(r"\b[A-Z]{3,10}-\d{3}\b")


def _ids(folder: Path) -> set[str]:
    return {id for file in sorted(folder.rglob("*.py")) for id in ID.findall(file.read_text(encoding="utf-8"))}


def _known() -> dict[str, dict[str, str]]:
    return {
        id: entry
        for file in sorted(CATALOGUE.glob("*.yaml"))
        for id, entry in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }


def test_every_id_of_the_catalogue_stands_in_a_test() -> None:
    known = set(_known())
    assert len(known) > 160
    assert sorted(known - _ids(ROOT / "tests")) == []


def test_every_id_of_the_catalogue_is_raised_and_every_one_raised_is_catalogued() -> None:
    known = set(_known())
    areas = {id.split("-")[0] for id in known}
    raised = {id for id in _ids(ROOT / "src") if id.split("-")[0] in areas}
    assert (sorted(raised - known), sorted(known - raised)) == ([], [])


def test_every_id_says_what_it_is_why_it_comes_and_what_cures_it() -> None:
    assert [
        id for id, entry in _known().items() if not all(entry.get(part) for part in ("title", "cause", "cure"))
    ] == []
