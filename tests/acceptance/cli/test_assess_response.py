"""assess shows the response of the disease: the made-up courses of examples/response, worked by hand."""

from __future__ import annotations

import json
import re
import shutil
import zlib
from pathlib import Path
from typing import Any

import pytest

from acceptance.cli.conftest import Run

EXAMPLE = Path(__file__).parents[3] / "examples" / "response"
ASKED = ("--protocol", "reference")


def section(text: str, title: str) -> str:
    return text[text.index(title) :].split("\n\n", maxsplit=1)[0]


def said(run: Run, course: str, at: str, *more: str, place: Path = EXAMPLE) -> str:
    return str(run("assess", place, "--course", course, "--at", at, *ASKED, *more).output)


def found(run: Run, course: str, at: str, place: Path = EXAMPLE) -> dict[str, Any]:
    response: dict[str, Any] = json.loads(said(run, course, at, "--json", place=place))["response"]
    return response


def test_the_first_scan_of_lymphoma_with_its_caution(run: Run) -> None:
    text = section(said(run, "lymphoma", "2026-04-10T12:00+02:00"), "Response of the disease")
    assert "[lugano-2014.pet]: PR (Partial metabolic response), 2026-03-30, day 28, by PET" in text
    assert (
        "because: Partial metabolic response: score 4 or 5 with reduced uptake; Uptake compared with baseline: Reduced"
        in text
    )
    assert (
        "CT beside it: may be PR or PD (needs: Marrow; indeterminate by morphology has to be negative by stain)" in text
    )
    assert "sum of products 7.25 cm2, 20 cm2 at baseline (-63.7 %) [lugano-2014.ct]" in text
    assert "Caution: Score 4 at month 1 is not a failure by itself" in text
    assert "Progression: none" in text
    assert "due 2026-03-30: PR (2026-03-30)" in text


def test_nothing_is_said_before_the_report(run: Run) -> None:
    text = section(said(run, "lymphoma", "2026-03-31T15:59+02:00"), "Response of the disease")
    assert (
        "Not judged: nothing on record after the infusion that the criteria read (lugano-2014.lesion, lugano-2014.ct"
        in text
    )
    assert "7.25" not in text
    assert found(run, "lymphoma", "2026-03-31T16:00+02:00")["current"]["possible"] == ["PR"]


def test_relapse_of_lymphoma_is_borne_out_by_biopsy(run: Run) -> None:
    before = found(run, "lymphoma", "2026-09-03T12:00+02:00")
    assert (before["progression"]["certain"], before["progression"]["borne_out"]) == ("true", "unknown")
    after = found(run, "lymphoma", "2026-09-10T12:00+02:00")
    assert (after["best"], after["progression"]["at"][:10], after["progression"]["borne_out"]) == (
        ["CR"],
        "2026-08-31",
        "true",
    )
    assert [(one["possible"], one["spd"]) for one in after["assessments"]] == [
        (["PR"], 7.25),
        (["CR"], 3.2),
        (["PD"], 4.8),
    ]
    assert [p["possible"] for p in after["time_points"]] == [["PR"], ["CR"], ["PD"]]
    text = section(said(run, "lymphoma", "2026-09-10T12:00+02:00"), "Response of the disease")
    assert "Progression: certain since 2026-08-31; borne out by the next assessment or by biopsy" in text


def test_what_keeps_a_category_open_stands_among_what_is_missing(run: Run) -> None:
    text = said(run, "myeloma", "2026-03-31T12:00+02:00")
    assert "may be VGPR or PR or MR or SD or PD" in section(text, "Response of the disease")
    assert re.search(r"plasmacytoma.*imwg-2016.response", section(text, "Missing, and what it would change"))


def test_myeloma_is_judged_once_imaging_is_reported(run: Run) -> None:
    text = section(said(run, "myeloma", "2026-04-10T12:00+02:00"), "Response of the disease")
    assert "[imwg-2016.response]: VGPR (Very good partial response), 2026-03-30, day 28" in text
    assert "Serum M-protein, at baseline 30 g/L" in text
    assert "Sum of products of soft-tissue plasmacytomas at baseline 8 cm2" in text
    assert "borne out by two assessments in a row: none yet" in text
    assert "Nothing found, but no complete response yet" in text


def test_leukaemia_is_judged_from_observations_alone(run: Run) -> None:
    text = section(said(run, "leukaemia", "2026-04-10T12:00+02:00"), "Response of the disease")
    assert "CRh (Complete remission with partial recovery)" in text
    assert "Negative by flow cytometry: below 0.01 % (10^-4) [all-2026.mrd]" in text


@pytest.mark.parametrize("course", ["lymphoma", "myeloma", "leukaemia"])
def test_it_is_said_in_chinese(run: Run, course: str) -> None:
    text = section(said(run, course, "2026-09-10T12:00+02:00", "--language", "zh"), "疾病疗效")
    for line in text.splitlines()[1:]:
        assert re.search("[\u4e00-\u9fff]", line), line
    assert not re.search(r"\b(because|needs|Progression|Best|reduced|increased)\b", text)


def test_files_of_the_criteria_stand_among_those_used(run: Run) -> None:
    text = section(said(run, "lymphoma", "2026-04-10T12:00+02:00"), "Files used")
    for line in ("lugano-2014.pet 2014, any, status secondary", "car-t.pseudoprogression 2026, any, status recalled"):
        assert line in text


def test_nothing_is_said_of_response_before_the_infusion(run: Run) -> None:
    assert found(run, "lymphoma", "2026-03-01T12:00+01:00") is None
    assert "Response of the disease" not in said(run, "lymphoma", "2026-03-01T12:00+01:00")


def test_a_course_without_an_indication_says_so(run: Run, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "d")
    courses = tmp_path / "d" / "courses.csv"
    courses.write_text(courses.read_text().replace("large-b-cell-lymphoma", "").replace("multiple-myeloma", "melanoma"))
    text = said(run, "lymphoma", "2026-04-10T12:00+02:00", place=tmp_path / "d")
    assert "Not judged: the course names no indication" in text
    text = said(run, "myeloma", "2026-04-10T12:00+02:00", place=tmp_path / "d")
    assert "Not judged: the protocol names no criteria for melanoma" in text


def test_diameters_without_a_unit_leave_every_category_open(run: Run, tmp_path: Path) -> None:
    """Whether 40 is mm or cm is never guessed."""
    shutil.copytree(EXAMPLE, tmp_path / "d")
    lesions = tmp_path / "d" / "lesions.csv"
    lesions.write_text(lesions.read_text().replace("long_mm,short_mm", "long,short"))
    response = found(run, "lymphoma", "2026-04-10T12:00+02:00", place=tmp_path / "d")
    [one] = response["assessments"]
    assert one["spd"]["low"] == 0.0
    assert one["spd"]["high"] > 1000
    assert one["by_ct"] == ["CR", "PR", "SD", "PD"]
    assert "INTAKE-061" in run("intake", "check", tmp_path / "d").output


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_the_response(run: Run, tmp_path: Path, language: str) -> None:
    pytest.importorskip("typst")
    place = tmp_path / "handover.pdf"
    said(run, "lymphoma", "2026-09-10T12:00+02:00", "--pdf", str(place), "--language", language)
    made = place.read_bytes()
    assert made.startswith(b"%PDF")
    plain = b"".join(_streams(made))
    assert len(re.findall(rb"/Type\s*/Page\b", made + plain)) == 1


def _streams(pdf: bytes) -> list[bytes]:
    """Compressed streams of a PDF, unpacked."""
    found = []
    for part in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(part))
        except zlib.error:
            continue
    return found
