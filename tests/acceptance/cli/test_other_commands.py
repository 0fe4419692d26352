"""explain, intake, knowledge and errors: the other questions of the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from acceptance.cli.conftest import Run
from vein2vein.cli import options

CRS = "astct-2019.crs"
DEVICE = "05-oxygen-device-not-recorded"
AT = "2026-02-13T08:00+01:00"
Mapping = tuple[str, str]


def test_explain_says_what_is_missing_and_what_it_would_change(run: Run, hospital: Path, mapping: Mapping) -> None:
    said = run("explain", hospital, *mapping, "--course", DEVICE, "--at", AT, "--scale", CRS).output
    assert "CRS 2 to 4: oxygen device not recorded" in said
    assert "2 certain   Fever with hypotension not needing vasopressors" in said
    assert "4 possible  Fever with hypotension needing several vasopressors" in said
    assert "Body temperature: 39.1 Cel  (vitals.csv:" in said
    assert "Vasopressin as the only vasopressor: grade-3" in said
    assert "status secondary" in said
    assert "Lee DW, et al. Biol Blood Marrow Transplant 2019, CRS definition and table (read: recalled)" in said
    assert "Article PMC8021214. Table 1, grading of cytokine release syndrome" in said


def test_explain_takes_the_clock_of_the_course(run: Run, hospital: Path, mapping: Mapping) -> None:
    words = ("explain", hospital, *mapping, "--course", DEVICE, "--scale", CRS, "--at")
    assert run(*words, "2026-02-13T08:00").output == run(*words, AT).output


def test_explain_for_programs(run: Run, hospital: Path, mapping: Mapping) -> None:
    said = run(
        "explain", hospital, *mapping, "--course", DEVICE, "--at", AT, "--scale", f"{CRS},lee-2014.crs", "--json"
    )
    first, second = json.loads(said.output)
    assert (first["rule_set_id"], first["low"], first["high"]) == (CRS, 2, 4)
    assert first["missing"] == ["high_flow", "positive_pressure"]
    assert first["parameters"]["low_blood_pressure"] == "possible"
    assert second["rule_set_id"] == "lee-2014.crs"


def test_explain_knows_nothing_later_and_on_demand_nothing_entered_later(
    run: Run, hospital: Path, mapping: Mapping
) -> None:
    words = ("explain", hospital, *mapping, "--course", "30-oxygen-entered-late", "--scale", CRS, "--json", "--at")
    at = "2026-02-22T12:00+01:00"
    (seen,) = json.loads(run(*words, at).output)
    (entered,) = json.loads(run(*words, at, "--as-recorded").output)
    assert (seen["low"], seen["high"]) == (3, 3)
    assert entered["low"] == 1
    assert entered["high"] > 1


def test_explain_before_the_infusion_does_not_say_that_none_is_recorded(
    run: Run, hospital: Path, mapping: Mapping
) -> None:
    """At that instant nobody knew of it; who asks today does."""
    at = "2026-01-01T08:00+01:00"
    said = run("explain", hospital, *mapping, "--course", DEVICE, "--at", at, "--scale", CRS).output
    assert "the instant (day -39) lies before the infusion at 2026-02-09 11:17 Europe/Berlin" in said
    assert "no infusion is recorded" not in said


def test_explain_where_a_scale_does_not_apply(run: Run, hospital: Path, mapping: Mapping) -> None:
    said = run("explain", hospital, *mapping, "--course", DEVICE, "--at", AT, "--scale", "astct-2019.icans-children")
    assert "does not apply: " in said.output


def test_explain_of_an_unknown_course(run: Run, hospital: Path, mapping: Mapping) -> None:
    said = run("explain", hospital, *mapping, "--course", "nobody", "--at", AT, "--scale", CRS, exits=5).output
    assert said.startswith("RECORD-003  A course identifier is unknown.\n  saw       course 'nobody'")


def test_intake_check_reports_and_does_not_fail_for_faults_of_rows(run: Run, hospital: Path, mapping: Mapping) -> None:
    with (hospital / "vitals.csv").open("a", encoding="utf-8") as file:
        file.write("18-crs-biphasic,VS-TEMP,3.87,°C,2026-02-01 08:01,\n")
    said = run("intake", "check", hospital, *mapping).output
    assert "INTAKE-015  A value is not plausible.\n  saw       3.87 °C for body_temperature" in said
    total = json.loads(run("intake", "check", hospital, *mapping, "--json").output)["total"]
    assert total.pop("rows") == sum(total.values())


def test_intake_check_fails_where_nothing_is_left(run: Run, tmp_path: Path) -> None:
    (tmp_path / "courses.csv").write_text("course_id,patient_id\n", encoding="utf-8")
    assert "INTAKE-041" in run("intake", "check", tmp_path / "courses.csv", exits=3).output


def test_a_mapping_is_drafted_and_asks_what_only_people_know(run: Run, hospital: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    said = run("intake", "draft-mapping", hospital, "-o", draft).output
    assert f"Mapping  {draft}" in said
    assert "--force" in run("intake", "draft-mapping", hospital, "-o", draft, exits=2).output
    assert f"Mapping  {draft}" in run("intake", "draft-mapping", hospital, "-o", draft, "--force").output
    text = draft.read_text(encoding="utf-8")
    asked = yaml.safe_load(text)
    assert asked["zone"] == "ASK"
    assert asked["codes"]["observations"]["NEUT"] == "ASK"
    assert asked["codes"]["observations"]["CRP"] == "crp"
    assert "nearest body_temperature" in text
    unanswered = run("intake", "check", hospital, "--mapping", draft, exits=3).output
    assert unanswered.startswith("INTAKE-039  A question of the mapping file is not answered.")


def test_every_rule_set_is_listed_with_its_status(run: Run) -> None:
    said = run("knowledge", "list").output
    assert "astct-2019.crs" in said
    assert "recalled" in said
    assert "  verified  " not in said.split("Status:")[0]
    assert run("knowledge", "list", "--about", "icans").output.count("\n") < said.count("\n")
    assert "分级" in run("knowledge", "list", "--about", "crs", "--language", "zh").output


def test_a_rule_set_is_shown_as_tables(run: Run) -> None:
    said = run("knowledge", "show", CRS).output
    assert "NOT VERIFIED" in said
    assert "| 5 | Death due to CRS |" in said
    assert "`low_blood_pressure`" in said
    counted = run("knowledge", "show", CRS, "--set", f"{CRS}.low_blood_pressure=counts").output
    row = next(line for line in said.splitlines() if "`low_blood_pressure`" in line)
    assert "| possible |" in row
    assert row.replace("| possible |", "| counts |") in counted


def test_an_unknown_rule_set_is_refused_with_near_names(run: Run) -> None:
    said = run("knowledge", "show", "astct-2019.cr", exits=4).output
    assert said.startswith("RULE-003")
    assert "astct-2019.crs" in said


def test_sources_say_what_was_read_and_what_the_source_leaves_open(run: Run) -> None:
    said = run("knowledge", "sources", CRS).output
    assert "doi:10.1016/j.bbmt.2018.12.758" in said
    assert "body not read" in said
    assert "open point" in said


def test_the_review_queue_names_works_and_signatures(run: Run) -> None:
    said = run("knowledge", "review-queue").output
    assert "lee2019" in said
    assert "signs      a clinician and a second person" in said
    assert said.rstrip().endswith("works to read.")


def test_two_editions_are_compared(run: Run) -> None:
    said = run("knowledge", "diff", CRS, "lee-2014.crs").output
    assert "2019" in said
    assert "lee-2014.crs: 2014" in said
    assert run("knowledge", "diff", CRS, CRS).output.strip() == "no difference"


def test_a_rule_file_is_checked_and_a_slip_in_it_is_found(run: Run, tmp_path: Path, repository: Path) -> None:
    source = repository / "src/vein2vein/knowledge/data/scales/ctcae-5.0.anemia.yaml"
    file = tmp_path / "anaemia.yaml"
    file.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    assert "1 files, 0 with faults" in run("knowledge", "check", file).output
    file.write_text(
        source.read_text(encoding="utf-8").replace("below: [haemoglobin, 8", "below: [haemoglobin, 7"), "utf-8"
    )
    said = run("knowledge", "check", file, exits=4).output
    assert "FAULT  anaemia.yaml" in said
    assert "expected" in said


def test_the_check_of_many_files_shows_how_far_it_is(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int]] = []

    @contextmanager
    def bar(what: str) -> Iterator[Callable[[int, int], None]]:
        assert what == "Checking files"
        yield lambda done, total: seen.append((done, total))

    monkeypatch.setattr(options, "progress_bar", bar)
    folder = repository / "src/vein2vein/knowledge/data/scales"
    files = [folder / f"ctcae-5.0.{name}.yaml" for name in ("anemia", "crs")]
    assert "2 files, 0 with faults" in run("knowledge", "check", "--no-mutants", *files).output
    assert seen == [(0, 2), (1, 2)]


@pytest.mark.parametrize(
    ("text", "said"),
    [("- not a mapping\n", "RULE-"), ("id: x\n", "RULE-"), ("id: [unclosed\n", "RULE-")],
    ids=["a list", "a stub", "no YAML"],
)
def test_a_file_that_is_no_rule_file_is_refused_in_words(run: Run, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rule.yaml"
    file.write_text(text, encoding="utf-8")
    assert said in run("knowledge", "check", file, exits=4).output


def test_error_ids_are_explained(run: Run) -> None:
    assert "INTAKE-012" in run("errors").output
    said = run("errors", "intake-012").output
    assert said.startswith("INTAKE-012  A unit is not usable")
    assert "  why   " in said
    assert "  cure  " in said
    assert "nearest" in run("errors", "INTAKE-999", exits=2).output


@pytest.mark.parametrize("command", ["grade", "explain", "intake", "knowledge", "demo", "errors"])
def test_every_command_has_help(run: Run, command: str) -> None:
    assert command in run("--help").output
    assert "Usage: vein2vein " + command in run(command, "--help").output


def test_an_unknown_command(run: Run) -> None:
    assert "No such command" in run("grades", exits=2).output


def test_a_centre_gets_a_guidance_file_that_passes_the_check(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "our-centre.guidance.yaml"
    file.write_text(run("knowledge", "new-guidance", "our-centre.guidance").output, encoding="utf-8")
    assert "1 files, 0 with faults" in run("knowledge", "check", str(file)).output
    file.write_text(file.read_text(encoding="utf-8").replace("applies: [icans]", "applies: [crs]"), encoding="utf-8")
    said = run("knowledge", "check", str(file), exits=4).output
    assert "case 'ICANS 1': expected crs (perhaps none), got icans (perhaps none)" in said
    assert run("knowledge", "new-guidance", "Our Centre", exits=4).output.startswith("RULE-001")


def test_a_centre_gets_a_protocol_that_passes_the_check(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "our-centre.protocol.yaml"
    file.write_text(run("knowledge", "new-protocol", "our-centre.protocol").output, encoding="utf-8")
    assert "1 files, 0 with faults" in run("knowledge", "check", str(file)).output
    assert "US" in run("knowledge", "new-protocol", "our-centre.protocol", "--like", "reference-us").output
    assert run("knowledge", "new-protocol", "Our Centre", exits=4).output.startswith("RULE-001")
    assert (
        "one of reference-us.protocol" in run("knowledge", "new-protocol", "a.protocol", "--like", "x", exits=4).output
    )


def test_documents_are_listed_shown_and_sourced_like_rule_sets(run: Run) -> None:
    assert "reference.protocol" in run("knowledge", "list", "--about", "protocol").output
    shown = run("knowledge", "show", "us-generic.fludarabine-renal").output
    assert "| 30 to 70: four fifths | 0.8 | 30 |  |" in shown
    assert "status: **secondary**" in shown
    assert "减 20%" in run("knowledge", "show", "us-generic.fludarabine-renal", "--language", "zh").output
    assert "status secondary, next review" in run("knowledge", "sources", "us-generic.fludarabine-renal").output
    assert "us-generic.fludarabine-renal" in run("knowledge", "review-queue").output


@pytest.mark.parametrize("command", [("list",), ("review-queue",), ("check",)])
def test_no_open_point_is_decided_where_none_is_used(run: Run, command: tuple[str, ...]) -> None:
    refused = run("knowledge", *command, "--set", "astct-2019.crs.low_blood_pressure=counts", exits=2)
    assert "No such option '--set'" in refused.output


@pytest.mark.parametrize("command", ["show", "sources"])
def test_an_open_point_of_a_document_is_not_decided_in_silence(run: Run, command: str) -> None:
    refused = run("knowledge", command, "asco-2021.guidance", "--set", "asco-2021.guidance.x=1", exits=2)
    assert "Decide its points in a file of your own" in refused.output
