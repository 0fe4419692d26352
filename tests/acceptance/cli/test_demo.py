"""The demonstration cohort tells its stories, says that it is made up, and is written by its program."""

from __future__ import annotations

import filecmp
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from acceptance.cli.conftest import DEMO, Run
from vein2vein.cli.demo import SCALES
from vein2vein.cli.options import bound_rules
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.verdict import Graded
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.door import open_delivery
from vein2vein.journey.toxicity.scales import scale_ids
from vein2vein.knowledge.registry import default_registry

CRS, ICANS, CHILD = "astct-2019.crs", "astct-2019.icans", "astct-2019.icans-children"
EARLY, LATE, PLATELETS = "ebmt-2023.icaht-early", "ebmt-2023.icaht-late", "t-icaht-2025.early"
HYPER, HYPER_PATTERN = "iec-hs-2023.grade", "iec-hs-2023.pattern"
LYSIS, CLINICAL_LYSIS = "cairo-bishop-2004.tls-laboratory", "cairo-bishop-2004.tls-clinical"
# course, rule set -> (onset day, lowest and highest possible peak, state) of each episode in order
STORIES = {
    ("01-no-toxicity", CRS): [],
    ("01-no-toxicity", ICANS): [],
    ("02-crs-1", CRS): [(2, 1, 1, "resolved")],
    ("03-crs-2-fluid-bolus", CRS): [(1, 2, 2, "resolved")],
    ("04-crs-2-low-flow-oxygen", CRS): [(3, 2, 2, "resolved")],
    ("04-crs-2-low-flow-oxygen", ICANS): [],
    ("05-oxygen-device-not-recorded", CRS): [(2, 2, 4, "resolved")],
    ("06-crs-3-afebrile-on-norepinephrine", CRS): [(2, 3, 3, "resolved")],
    ("07-crs-3-norepinephrine-vasopressin", CRS): [(2, 3, 3, "resolved")],
    ("08-crs-4-icans-hidden-by-sedation", CRS): [(1, 4, 4, "resolved")],
    ("09-crs-4-bipap", CRS): [(2, 4, 4, "resolved")],
    ("10-crs-1-cpap-for-sleep-apnoea", CRS): [(2, 1, 1, "resolved")],
    ("11-crs-1-home-oxygen", CRS): [(3, 1, 1, "resolved")],
    ("12-icans-1-without-crs", CRS): [],
    ("12-icans-1-without-crs", ICANS): [(5, 1, 1, "resolved")],
    ("13-icans-2", ICANS): [(5, 2, 2, "resolved")],
    ("14-icans-3-ice-0-awake", ICANS): [(4, 3, 3, "resolved")],
    ("15-icans-4-unarousable", ICANS): [(4, 4, 4, "resolved")],
    ("15-icans-4-unarousable", CRS): [(1, 1, 1, "resolved")],
    ("16-icans-3-seizure", ICANS): [(4, 3, 3, "resolved")],
    ("17-child-capd", CRS): [(2, 2, 2, "resolved")],
    ("17-child-capd", ICANS): [],
    ("17-child-capd", CHILD): [(5, 3, 3, "resolved")],
    ("18-crs-biphasic", CRS): [(1, 2, 2, "resolved"), (6, 1, 1, "resolved")],
    ("19-icaht-early-biphasic", EARLY): [(1, 2, 2, "ongoing")],
    ("20-icaht-late", LATE): [(42, 3, 3, "ongoing")],
    ("21-t-icaht", PLATELETS): [(2, 3, 3, "ongoing")],
    ("22-iec-hs", HYPER): [(12, 2, 2, "resolved")],
    ("22-iec-hs", HYPER_PATTERN): [(1, 5, 5, "ongoing")],
    ("22-iec-hs", CRS): [(2, 1, 1, "resolved"), (11, 1, 1, "resolved")],
    ("23-tumour-lysis", LYSIS): [(1, 1, 1, "ongoing")],
    ("23-tumour-lysis", CLINICAL_LYSIS): [(2, 2, 2, "resolved")],
    ("24-death-of-crs", CRS): [(1, 5, 5, "fatal")],
    ("25-death-of-infection", CRS): [(2, 1, 1, "resolved")],
    ("25-death-of-infection", EARLY): [(0, 4, 4, "ongoing")],
    ("26-not-infused", CRS): [],
    ("27-first-of-two-courses", CRS): [(2, 1, 1, "resolved")],
    ("28-second-of-two-courses", CRS): [(1, 1, 1, "resolved")],
    ("29-clock-change", CRS): [(2, 1, 1, "resolved")],
    ("30-oxygen-entered-late", CRS): [(2, 3, 3, "resolved")],
}


@pytest.fixture(scope="module")
def delivery() -> Delivery:
    return open_delivery(DEMO, mapping=DEMO / "mapping.yaml")


@pytest.fixture(scope="module")
def graded(delivery: Delivery) -> Graded:
    registry = default_registry()
    return grade_cohort(delivery.cohort, bound_rules(scale_ids(SCALES.split(","), registry), registry, ()))


@pytest.mark.parametrize(("course", "rule"), STORIES, ids=str)
def test_every_story_is_told_right(graded: Graded, course: str, rule: str) -> None:
    episodes = [e for e in graded.episodes_of(course) if e.rule_set_id == rule]
    assert [(e.onset_day, e.peak.low, e.peak.high, e.state) for e in episodes] == STORIES[course, rule]


def test_every_course_has_a_story(delivery: Delivery) -> None:
    assert {course for course, _ in STORIES} == set(delivery.cohort.course_ids)


def test_the_device_that_nobody_recorded_leaves_two_to_four_on_day_4(graded: Graded) -> None:
    of_course = (pl.col("course_id") == "05-oxygen-device-not-recorded") & (pl.col("rule_set_id") == CRS)
    (step,) = graded.verdicts.filter(of_course & (pl.col("high") > pl.col("low"))).to_dicts()
    assert (step["low"], step["high"], step["missing"]) == (2, 4, ["high_flow", "positive_pressure"])


def test_sedation_hides_the_neurotoxicity_of_course_8(graded: Graded) -> None:
    of_course = (pl.col("course_id") == "08-crs-4-icans-hidden-by-sedation") & (pl.col("rule_set_id") == ICANS)
    hidden = graded.verdicts.filter(of_course & (pl.col("high") == 4))
    assert hidden["low"].max() == 0
    hours = (hidden["until_at"] - hidden["from_at"]).sum().total_seconds() / 3600
    assert hours > 72


def test_a_course_without_infusion_has_no_grade_and_is_not_lost(graded: Graded) -> None:
    rows = graded.verdicts.filter(pl.col("course_id") == "26-not-infused")
    assert rows["low"].null_count() == rows.height > 0


def test_the_delivery_has_something_to_report(delivery: Delivery) -> None:
    seen = {fault.id for fault in delivery.faults}
    slips = (11, 13, 14, 15, 16, 20, 22, 23, 24, 26, 27, 28, 29, 30, 31, 35, 39, 40)
    assert {f"INTAKE-{number:03}" for number in slips} <= seen
    total = delivery.report.total()
    assert total.pop("rows") == sum(total.values())
    assert delivery.refused.height == total["refused"] > 0
    assert delivery.spared.height == total["not_needed"] > 0


def test_it_says_everywhere_that_it_is_made_up(delivery: Delivery) -> None:
    courses = delivery.cohort.courses
    for column in ("product", "indication", "centre_id"):
        assert courses[column].str.contains("made up|made-up").all()
    assert delivery.cohort.patients["patient_id"].str.starts_with("MADE-UP-").all()
    assert "made up" in (DEMO / "mapping.yaml").read_text(encoding="utf-8")
    assert "made up" in (DEMO / "README.md").read_text(encoding="utf-8")


def test_its_program_writes_the_same_bytes(tmp_path: Path, repository: Path) -> None:
    program = repository / "tools" / "make_demo_cohort.py"
    subprocess.run([sys.executable, "-W", "error", program, tmp_path], check=True, capture_output=True)
    names = sorted(path.name for path in DEMO.glob("*.csv"))
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert filecmp.cmpfiles(DEMO, tmp_path, names, shallow=False) == (names, [], [])


@pytest.mark.slow
def test_the_command_writes_everything_and_says_where(run: Run, tmp_path: Path) -> None:
    result = run("demo", "-o", tmp_path / "out", "--scale", CRS, "--no-open")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.html", "delivery.txt", "delivery.json", "refused_rows.csv", "verdicts.csv", "fhir"} <= names
    assert "Everything in this cohort is made up." in result.output
    assert result.output.rstrip().endswith((tmp_path / "out" / "report.html").as_uri())
    assert "No rule set here is verified" in result.output
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "demonstration cohort, made up: no real patient" in report
    assert "CRS 2 to 4" in report


def test_its_tables_can_be_taken_away(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--tables", tmp_path / "hospital")
    assert "vein2vein intake check" in result.output
    assert (tmp_path / "hospital" / "vitals.csv").read_bytes() == (DEMO / "vitals.csv").read_bytes()
    assert not (tmp_path / "demo-output").exists()
