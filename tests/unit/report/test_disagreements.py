"""Where documents differ: every table is computed from the files, and holds what the files say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from vein2vein.knowledge.citations import citations
from vein2vein.knowledge.disagreements import Side, disagreements
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import default_registry
from vein2vein.report.disagreements import Section, sections

SECTIONS = {section.title: section for section in sections(default_library(), default_registry())}
# What the sources are known to disagree on (the points of the collection that the project started from).
TOPICS = (
    "fludarabine-renal", "driving", "pjp-prophylaxis", "immunoglobulin", "inactivated-vaccines", "obe-cel-age", "brexu-cel-age",
    "lymphocytes-gate", "expansion-response", "hematotox-performance", "easix-performance", "hematotox-day", "registry-tracks",
    "cll-criteria", "viability", "dates-in-the-news", "tocilizumab-grade-1", "early-steroids", "anakinra", "day-of-infusion",
)  # fmt: skip


def _rows(section: Section) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.table[2:]]


def test_every_table_is_a_table() -> None:
    for section in SECTIONS.values():
        n_columns = section.table[0].count("|")
        assert len(section.table) > 3, section.title
        assert all(line.count("|") == n_columns for line in section.table), section.title


@pytest.mark.parametrize(
    ("clearance", "expected"),
    [
        ("15", ["not stated", "not given", "not given", "not given", "50 %"]),
        ("30", ["60 %", "50 to 100 %", "60 %", "80 %", "80 %"]),
        ("70", ["100 %", "50 to 100 %", "80 %", "80 %", "80 %"]),
        ("75", ["100 %", "100 %", "80 %", "100 %", "100 %"]),
        ("80", ["100 %", "100 %", "100 %", "100 %", "100 %"]),
    ],
)
def test_fludarabine_by_policy(clearance: str, expected: list[str]) -> None:
    rows = _rows(SECTIONS["Fludarabine in reduced kidney function"])
    assert next(row[1:] for row in rows if row[0] == clearance) == expected


def test_labels_of_places_and_days() -> None:
    yescarta = [row for row in _rows(SECTIONS["Monitoring, proximity and driving"]) if "Yescarta" in row[0]]
    driving = {(row[1], row[6]) for row in yescarta}
    assert {("US", "56"), ("US", "14"), ("EU", "56")} <= driving
    ages = {row[0]: row[2] for row in _rows(SECTIONS["Ages on labels"]) if "lymphoblastic" in row[1]}
    assert "US: from 18" in ages["Obecabtagene autoleucel (Aucatzyl)"]
    assert "EU: from 26" in ages["Obecabtagene autoleucel (Aucatzyl)"]


def test_limits_of_lymphocytes() -> None:
    section = SECTIONS["Limits of selection"]
    column = [cell.strip() for cell in section.table[0].split("|")[1:-1]].index("lymphocytes")
    found = {row[0].split(":")[0]: row[column] for row in _rows(section)}
    assert (found["ZUMA-1"], found["CARTITUDE-1"]) == ("\u2265 0.1 \u00d710\u2079/L", "\u2265 0.3 \u00d710\u2079/L")


def test_drugs_and_grades() -> None:
    found = {row[0]: row[1] for row in _rows(SECTIONS["Drugs: at which grade each source gives them"])}
    assert "`asco-2021.guidance`: crs 2, crs 3, crs 4" in found["Tocilizumab"]
    assert "icans" not in found["Tocilizumab"], "never for ICANS alone"
    assert "iec-hs-2023.guidance" in found["Anakinra"]


def test_every_known_point_is_told_with_a_file_behind_it() -> None:
    told = {one.id: one for one in disagreements()}
    assert set(TOPICS) <= set(told)
    assert [id for id in TOPICS if not told[id].files] == []


def test_every_side_names_the_work_and_the_place_or_says_that_none_was_noted() -> None:
    sides = [side for one in disagreements() for side in one.says]
    assert [s.key for side in sides for s in side.sources if s.key not in citations()] == []
    assert sum(side.not_noted is not None for side in sides) == 2
    ways = {one.id: {s.read for side in one.says for s in side.sources} for one in disagreements()}
    assert [one.id for one in disagreements() if one.status == "read" and ways[one.id] == {"recalled"}] == []


def test_a_side_without_a_work_is_refused() -> None:
    with pytest.raises(ValidationError, match="'yes' needs its sources, or says that none was noted"):
        Side.model_validate({"text": "yes"})
