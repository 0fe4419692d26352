"""assess and audit: one course under a protocol now, a cohort under it so far."""

from __future__ import annotations

import csv
import json
import re
import zlib
from io import StringIO
from pathlib import Path

import pytest

from acceptance.cli.conftest import Run

Mapping = tuple[str, str]
COURSE = "06-crs-3-afebrile-on-norepinephrine"
ASKED = ("--course", COURSE, "--at", "2026-02-20T06:00+01:00", "--protocol", "reference")


def test_assess_shows_grade_advice_need_and_status(run: Run, hospital: Path, mapping: Mapping) -> None:
    said = run("assess", hospital, *mapping, *ASKED).output
    assert "NOT VERIFIED: nobody has signed it" in said
    assert "CRS · ASTCT 2019 [astct-2019.crs]: 3 (Fever with hypotension needing one vasopressor" in said
    assert "give Tocilizumab (dose cannot be computed: needs weight)" in said
    assert re.search(r"weight \(Body weight\): ebmt-2022.guidance, icaht-2023.guidance, .*mosteller-1987.bsa", said)
    assert "Body surface [mosteller-1987.bsa]: cannot be computed: needs height, weight" in said
    assert "ebmt-2022.guidance 2022, any, status uncertain" in said


def test_sources_are_held_beside_one_another(run: Run, hospital: Path, mapping: Mapping) -> None:
    said = run("assess", hospital, *mapping, *ASKED, "--compare", "ebmt-2022,asco-2021").output
    said = said[said.index("Sources side by side") :]
    assert re.search(r"- Agree \(ebmt-2022.guidance, asco-2021.guidance\): .*give Tocilizumab ", said)
    assert re.search(r"- Only asco-2021.guidance: .*test Echocardiography", said)
    assert said.index("- Agree (") < said.index("- Only asco")


def test_a_source_that_has_nothing_to_say_is_named_with_the_reason(run: Run, hospital: Path, mapping: Mapping) -> None:
    asked = (*ASKED, "--compare", "ebmt-2022,breyanzi-us")
    said = run("assess", hospital, *mapping, *asked).output
    assert "breyanzi-us.guidance: says nothing: outside the patients that the source is meant for" in said
    found = json.loads(run("assess", hospital, *mapping, *asked, "--json").output)
    assert found["say_nothing"][0]["source"] == "breyanzi-us.guidance"
    assert {t for c in found["compared"] for t in c["said"].get("ebmt-2022.guidance", [])}


def test_the_json_names_files_grades_and_proposals(run: Run, hospital: Path, mapping: Mapping) -> None:
    found = json.loads(run("assess", hospital, *mapping, *ASKED, "--json").output)
    assert found["protocol"]["id"] == "reference.protocol"
    crs = next(g for g in found["grades"] if g["subject"] == "crs")
    assert (crs["low"], crs["high"], crs["status"]) == (3, 3, "secondary")
    (ebmt,) = [a for a in found["advice"] if a["id"] == "ebmt-2022.guidance"]
    tocilizumab = next(p for p in ebmt["proposals"] if p["about"] == "drug.tocilizumab")
    assert tocilizumab["dose"]["missing"] == ["weight"]
    assert tocilizumab["lock"]["left"] == 3


def test_the_json_speaks_the_language(run: Run, hospital: Path, mapping: Mapping) -> None:
    found = json.loads(run("assess", hospital, *mapping, *ASKED, "--json", "--language", "zh").output)
    assert all(re.search("[\u4e00-\u9fff]", p["text"]) for a in found["advice"] for p in a["proposals"])
    assert {n["label"] for n in found["needs"] if n["what"] == "weight"} == {"体重"}


def test_what_is_told_is_heard(run: Run, hospital: Path, mapping: Mapping) -> None:
    silent = run("assess", hospital, *mapping, *ASKED).output
    told = run("assess", hospital, *mapping, *ASKED, "--tell", "platelets_refractory=no").output
    assert "platelets_refractory" in silent
    assert "platelets_refractory" not in told


def test_a_slip_in_what_is_told_is_refused(run: Run, hospital: Path, mapping: Mapping) -> None:
    assert "expected FACT=VALUE" in run("assess", hospital, *mapping, *ASKED, "--tell", "yes", exits=2).output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("platelets_refractory=maybe",), "expected yes or no for platelets_refractory"),
        (("nosuchfact=yes",), "saw the fact 'nosuchfact', which no file asks to be told; expected one of"),
        (("platelets_refractry=yes",), "expected platelets_refractory, or another of"),
        (("platelets_refractory=no", "platelets_refractory=yes"), "expected one answer for platelets_refractory"),
        (("platelets_refractory=maybe", "nosuchfact=yes"), "saw the fact 'nosuchfact'"),
    ],
)
def test_what_nobody_asks_or_what_does_not_fit_is_refused_with_what_was_expected(
    run: Run, hospital: Path, mapping: Mapping, words: tuple[str, ...], says: str
) -> None:
    told = [word for text in words for word in ("--tell", text)]
    assert says in " ".join(run("assess", hospital, *mapping, *ASKED, *told, exits=2).output.split())


def test_an_open_point_may_be_decided_otherwise(run: Run, hospital: Path, mapping: Mapping) -> None:
    """And a rule set that the protocol does not name is refused, for the setting would do nothing."""

    def grade(*words: str) -> dict[str, object]:
        found = json.loads(run("assess", hospital, *mapping, *ASKED, "--json", *words).output)
        return next(g for g in found["grades"] if g["subject"] == "crs")

    assert grade("--set", "astct-2019.crs.observation_holds_hours=1") != grade()
    other = ("--set", "lee-2014.crs.observation_holds_hours=1")
    said = run("assess", hospital, *mapping, *ASKED, *other, exits=4).output
    assert "--set for lee-2014.crs, which reference.protocol does not name" in said


def test_an_unknown_protocol_is_named(run: Run, hospital: Path, mapping: Mapping) -> None:
    words = [*ASKED[:-1], "nowhere"]
    assert "RULE-003" in run("assess", hospital, *mapping, *words, exits=4).output


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_handover_is_a_pdf_of_one_page(
    run: Run, hospital: Path, mapping: Mapping, tmp_path: Path, language: str
) -> None:
    pytest.importorskip("typst")
    file = tmp_path / "handover.pdf"
    said = run("assess", hospital, *mapping, *ASKED, "--pdf", file, "--language", language).output
    assert ("交接单" if language == "zh" else "Handover") in said
    data = file.read_bytes()
    assert data.startswith(b"%PDF-")
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    plain = data + b"".join(_unpacked(stream) for stream in streams)
    assert len(re.findall(rb"/Type\s*/Page\b", plain)) == 1
    assert b"/ToUnicode" in plain, "text that can be selected"


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_audit_counts_rule_by_rule(run: Run, tmp_path: Path) -> None:
    run("simulate", "--product", "axi-cel", "--n", "3", "--seed", "5", "--days", "10", "-o", tmp_path / "cohort")
    words = ("audit", tmp_path / "cohort", "--protocol", "reference-us")
    rows = list(csv.DictReader(StringIO(run(*words, "--format", "csv").output)))
    assert rows
    for row in rows:
        parts = [int(row[name]) for name in ("met", "late", "not_met", "not_assessable")]
        assert sum(parts) == int(row["applicable"]) > 0
        assert len(row["courses_not_met"].split()) == int(row["not_met"])
    window = next(row for row in rows if row["rule"] == "infused inside the window after lymphodepletion")
    assert window["not_assessable"] == "0"
    assert json.loads(run(*words, "--format", "json").output)[0]["file"] == rows[0]["file"]
    text = run(*words).output
    assert "infused inside the window after lymphodepletion" in text
    assert "axicabtagene-ciloleucel.product" in text
    assert "nothing on the list stood against the infusion" in text
    chinese = run(*words, "--language", "zh").output
    assert "在清淋后窗口内输注" in chinese
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", chinese)


def test_a_candidate_is_shown_before_collection(run: Run, tmp_path: Path) -> None:
    run("simulate", "--product", "axi-cel", "--n", "1", "--seed", "7", "--days", "5", "-o", tmp_path / "cohort")
    words = ("candidate", tmp_path / "cohort", "--course", "axi-cel.lbcl-3l-0000000", "--protocol", "reference-us")
    said = run(*words, "--at", "2025-08-23T14:00+00:00").output
    assert "Products whose label in US fits on the planned day" in said
    assert "TRANSFORM: limits of enrolment: concern; not met: Exactly 1 line of therapy before" in said
    assert "0.5: cannot be computed: needs CD3-positive T cells in blood" in said
    assert (
        "fludara-pi.fludarabine-renal, us-label.flu-30-cy-500: Fludarabine cannot be computed: needs Creatinine" in said
    )
    at = ("--at", "2025-08-23T14:00+00:00")
    found = json.loads(run(*words, *at, "--json").output)
    assert found["calendar"] is None
    assert [(one["applies"], [n["what"] for n in one["needs"]]) for one in found["labels"]] == [
        ("unknown", ["subtype"])
    ] * 3
    told = json.loads(run(*words, *at, "--json", "--tell", "subtype=other").output)
    assert [one["applies"] for one in told["labels"]] == ["true"] * 3
    assert json.loads(run(*words, *at, "--json", "--tell", "subtype=primary-cns-lymphoma").output)["labels"] == []
    refused = run(*words, *at, "--tell", "refractory=yes", exits=2).output
    assert (
        "saw the fact 'refractory', which no file asks to be told; expected lenalidomide-refractory, or another of"
        in refused
    )
    planned = json.loads(run(*words, *at, "--json", "--planned-infusion", "2025-10-28").output)["calendar"]
    assert (planned["infusion_on"], planned["regimens"][0]["first_day"]) == ("2025-10-28", "2025-10-23")
    assert "计划于 2025-10-28 输注前的日程" in run(
        *words, *at, "--language", "zh", "--planned-infusion", "2025-10-28"
    ).output  # fmt: skip
    assert "expected a day after" in run(*words, *at, "--planned-infusion", "2025-08-20", exits=2).output
    assert "expected a day such as" in run(*words, *at, "--planned-infusion", "2025-13-20", exits=2).output
    refused = run(*words, "--at", "2025-08-23T14:00+00:00", "--target-cd3", "4000", exits=4).output
    assert "RULE-004" in refused
