"""`vein2vein grade`: every option does what it says, and every form of input goes the same way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from acceptance.cli.conftest import COURSES, Run
from acceptance.intake.fhir_cohort import write_bundle, write_ndjson
from acceptance.intake.omop.delivery import OmopDelivery, as_duckdb, as_folder, as_zip, hours
from vein2vein.intake.door import open_delivery

CRS = "astct-2019.crs"
LATE = "30-oxygen-entered-late"
MILD = "18-crs-biphasic"
DEVICE = "05-oxygen-device-not-recorded"
Mapping = tuple[str, str]


def _verdicts(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "verdicts.parquet")


def _peak(folder: Path, course: str, rule: str = CRS) -> tuple[int, int]:
    mine = _verdicts(folder).filter(pl.col("course_id") == course, pl.col("rule_set_id") == rule)
    return mine["low"].max(), mine["high"].max()  # type: ignore[return-value]


def test_tables_become_verdicts_episodes_a_summary_and_an_account(
    run: Run, hospital: Path, mapping: Mapping, tmp_path: Path
) -> None:
    result = run("grade", hospital, *mapping, "--scale", "astct-2019.crs, astct-2019.icans", "-o", tmp_path / "out")
    assert result.output.startswith("4 courses; ")
    assert "astct-2019.icans" in result.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    summaries = ("summary_rule_sets", "summary_levels", "summary_missing")
    stems = ("verdicts", "episodes", *summaries, "rule_sets", "choices")
    assert {f"{stem}.{ending}" for stem in stems for ending in ("parquet", "csv", "json")} <= names
    assert {"columns.json", "delivery.txt", "delivery.json", "refused_rows.csv", "not_needed_rows.csv"} <= names
    account = json.loads((tmp_path / "out" / "delivery.json").read_text(encoding="utf-8"))["total"]
    assert account.pop("rows") == sum(account.values()) > 1000
    assert set(_verdicts(tmp_path / "out")["course_id"]) == set(COURSES)


def test_the_three_formats_hold_the_same_rows(run: Run, hospital: Path, mapping: Mapping, tmp_path: Path) -> None:
    run("grade", hospital, *mapping, "--scale", CRS, "-o", tmp_path / "out")
    wanted = _verdicts(tmp_path / "out").select("course_id", "low", "high")
    csv = pl.read_csv(tmp_path / "out" / "verdicts.csv").select("course_id", "low", "high")
    rows = json.loads((tmp_path / "out" / "verdicts.json").read_text(encoding="utf-8"))
    assert csv.rows() == wanted.rows()
    assert [(row["course_id"], row["low"], row["high"]) for row in rows] == wanted.rows()


def test_only_the_formats_that_were_asked_for(run: Run, hospital: Path, mapping: Mapping, tmp_path: Path) -> None:
    run("grade", hospital, *mapping, "--scale", CRS, "-o", tmp_path / "out", "--format", "csv,fhir")
    endings = {path.suffix for path in (tmp_path / "out").glob("verdicts.*")}
    assert endings == {".csv"}
    lines = (tmp_path / "out" / "fhir" / "Observation.ndjson").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["resourceType"] for line in lines} == {"Observation"}


def test_a_report_with_a_page_for_the_worst_course(run: Run, hospital: Path, mapping: Mapping, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    result = run(
        "grade", hospital, *mapping, "--scale", CRS, "-o", tmp_path / "out", "--report", report, "--pages", "1"
    )
    assert f"Report   {report}" in result.output
    html = report.read_text(encoding="utf-8")
    assert html.count('<section id="course-') == 1 or html.count('id="course-0"') == 1
    assert 'id="course-1"' not in html


def test_a_course_that_is_asked_for_has_a_page_and_a_figure_in_the_language(
    run: Run, hospital: Path, mapping: Mapping, tmp_path: Path
) -> None:
    report, figures = tmp_path / "report.html", tmp_path / "figures"
    words = ("--report", report, "--pages", "1", "--course", MILD, "--figures", figures, "--language", "zh")
    result = run("grade", hospital, *mapping, "--scale", CRS, "-o", tmp_path / "out", *words)
    html = report.read_text(encoding="utf-8")
    assert html.count('<section class="page course"') == 2
    assert f"Course {MILD}</h1>" in html
    assert '<html lang="en" data-opens="zh">' in html
    assert f"Figures  {figures} (2 as svg and png)" in result.output
    names = {f"{name}.{ending}" for name in (f"cohort.{CRS}", "course.1") for ending in ("svg", "png")}
    assert {path.name for path in figures.iterdir()} == names
    assert f"疗程 {MILD}" in (figures / "course.1.svg").read_text(encoding="utf-8")


def test_an_open_point_can_be_decided(run: Run, hospital: Path, mapping: Mapping, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("grade", hospital, *mapping, "--scale", CRS, "--replace", "-o", out)
    run(*words, "--set", f"{CRS}.unstated_reason=possible")
    assert _peak(out, LATE) == (1, 3)  # the mask has no reason, so it may have another
    run(*words)
    assert _peak(out, LATE) == (3, 3)


def test_as_of_knows_nothing_later(run: Run, hospital: Path, mapping: Mapping, tmp_path: Path) -> None:
    words = ("grade", hospital, *mapping, "--scale", CRS, "--replace", "-o", tmp_path / "out", "--as-of")
    run(*words, "2026-02-21T08:00+01:00")  # day 2 of the course, before its fever
    assert _peak(tmp_path / "out", LATE)[1] < 3
    run(*words, "2026-02-23T00:00+01:00")  # day 4: the mask of day 3 was observed, though nobody had entered it
    assert _peak(tmp_path / "out", LATE) == (3, 3)
    run(*words, "2026-02-23T00:00+01:00", "--as-recorded")
    low, high = _peak(tmp_path / "out", LATE)
    assert low == 1
    assert high == 4  # nobody had entered any device by then


def test_both_engines_and_two_workers_give_the_same_bytes(
    run: Run, hospital: Path, mapping: Mapping, tmp_path: Path
) -> None:
    found = []
    for name, words in (("vector", ()), ("plain", ("--engine", "plain")), ("two", ("--workers", "2"))):
        out = tmp_path / name
        run("grade", hospital, *mapping, "--scale", "astct-2019.crs,ebmt-2023.icaht-early", "-o", out, *words)
        found.append([(out / f"{table}.csv").read_bytes() for table in ("verdicts", "episodes")])
    assert found[0] == found[1] == found[2]


def test_a_rule_file_of_the_centre(
    run: Run, hospital: Path, mapping: Mapping, tmp_path: Path, repository: Path
) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    text = (repository / "src/vein2vein/knowledge/data/scales/ctcae-5.0.anemia.yaml").read_text(encoding="utf-8")
    (folder / "centre.anaemia.yaml").write_text(text.replace("id: ctcae-5.0.anemia", "id: centre.anaemia"), "utf-8")
    run("grade", hospital, *mapping, "--scale", "centre.anaemia", "--rules", folder, "-o", tmp_path / "out")
    assert set(_verdicts(tmp_path / "out")["rule_set_id"]) == {"centre.anaemia"}


@pytest.mark.parametrize("form", ["ndjson", "bundle", "cohort"])
def test_other_forms_of_the_same_courses_give_the_same_peaks(
    run: Run, hospital: Path, mapping: Mapping, tmp_path: Path, form: str
) -> None:
    cohort = open_delivery(hospital, mapping=hospital / "mapping.yaml").cohort
    place = tmp_path / "delivery"
    if form == "ndjson":
        place.mkdir()
        write_ndjson(list(cohort.timelines()), place)
    elif form == "bundle":
        place = tmp_path / "bundle.json"
        write_bundle(list(cohort.timelines()), place)
    else:
        cohort.write(place)
    words = ("--scale", "ebmt-2023.icaht-early", "-o")
    run("grade", hospital, *mapping, *words, tmp_path / "one")
    run("grade", place, "--zone", "Europe/Berlin", *words, tmp_path / "other")
    one, other = (_lowest_peaks(tmp_path / name) for name in ("one", "other"))
    assert one == other
    assert list(one) == list(COURSES)


def _lowest_peaks(folder: Path) -> dict[str, int]:
    return dict(_verdicts(folder).group_by("course_id").agg(pl.col("low").max()).sort("course_id").iter_rows())


@pytest.mark.parametrize("form", ["folder", "zip", "duckdb"])
def test_an_omop_delivery(run: Run, tmp_path: Path, form: str) -> None:
    ward = OmopDelivery().with_vocabulary().person(7)
    ward.drug(7, ("RxNorm", "made-up axicabtagene bag"), hours(0))
    for hour, value in ((24, 38.9), (28, 39.1), (48, 36.8)):
        ward.measured(7, "8310-5", hours(hour), value, "Cel", unit_source_value="C")
    folder = as_folder(ward, tmp_path / "omop")
    place = {
        "folder": lambda: folder,
        "zip": lambda: as_zip(folder, tmp_path / "omop.zip"),
        "duckdb": lambda: as_duckdb(ward.frames(), tmp_path / "omop.duckdb"),
    }[form]()
    run("grade", place, "--zone", "Europe/Berlin", "--scale", CRS, "-o", tmp_path / "out")
    steps = _verdicts(tmp_path / "out")
    assert steps["low"].max() == 1
    assert steps["high"].max() == 4


def test_as_a_program_of_its_own(hospital: Path, tmp_path: Path) -> None:
    command = Path(sys.executable).parent / "vein2vein"
    words = ["grade", hospital, "--mapping", hospital / "mapping.yaml", "--scale", CRS, "-o", tmp_path / "out"]
    done = subprocess.run([command, *words], capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "No rule set here is verified (secondary)" in done.stdout
    bad = subprocess.run(
        [command, "grade", "nowhere", "-o", "other"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert bad.returncode == 3
    assert bad.stderr.startswith("INTAKE-001  The delivery is not there.\n  saw       nowhere\n")
    assert "Traceback" not in bad.stderr
    module = [sys.executable, "-m", "vein2vein", "--version"]
    env = {**os.environ, "PYTHONWARNINGS": "error"}
    assert subprocess.run(module, capture_output=True, text=True, check=True, env=env).stdout.startswith("vein2vein")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--scale", "crss"), 4, "RULE-003"),
        (("--scale", "crss"), 4, "nearest: crs"),
        (("--scale", " , "), 2, "expected one or more names"),
        (("--format", "xlsx"), 2, "expected some of parquet, csv, json, fhir"),
        (("--format", ""), 2, "expected one or more names"),
        (("--pages", "-1"), 2, "--pages"),
        (("--workers", "0"), 2, "--workers"),
        (("--as-of", "tomorrow"), 2, "expected a time such as"),
        (("--as-of", "2026-02-21T08:00"), 2, "without an offset"),
        (("--as-recorded",), 2, "name the instant with --as-of"),
        (("--set", "nonsense"), 2, "expected ID.NAME=VALUE"),
        (("--set", f"{CRS}.low_blood_pressure=perhaps"), 4, "RULE-004"),
        (("--set", f"{CRS}.nothing=1"), 4, "RULE-004"),
        (("--set", "lee-2014.crs.onset=fever"), 4, "not graded in this call"),
        (("--hold", "oxygen"), 2, "expected STREAM=HOURS"),
        (("--zone", "Atlantis/Capital"), 3, "Atlantis/Capital"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_words(
    run: Run, hospital: Path, mapping: Mapping, tmp_path: Path, words: tuple[str, ...], code: int, text: str
) -> None:
    scale = () if "--scale" in words else ("--scale", CRS)
    result = run("grade", hospital, *mapping, *scale, "-o", tmp_path / "out", *words, exits=code)
    assert text in result.output
    assert not (tmp_path / "out" / "verdicts.parquet").exists()


def test_an_output_that_cannot_be_written(run: Run, hospital: Path, mapping: Mapping, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file stands here", encoding="utf-8")
    result = run("grade", hospital, *mapping, "--scale", CRS, "-o", tmp_path / "out", exits=2)
    assert "is a file" in result.output
