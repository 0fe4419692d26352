"""Verdicts and episodes as FHIR resources that the model library accepts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builders import a_patient
from vein2vein.engine.verdict import EPISODES, VERDICTS, Graded
from vein2vein.errors import ReportError
from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.model import model_of
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.report.fhir import Exported, export, write_fhir

AT = datetime(2026, 3, 5, 8, tzinfo=UTC)
CRS, ICAHT = "astct-2019.crs", "ebmt-2023.icaht-early"


def step(low: int | None, high: int | None, *, hours: float | None = 4, rule: str = CRS, **more: Any) -> dict[str, Any]:
    until = None if hours is None else AT + timedelta(hours=hours)
    row = {
        "course_id": "A",
        "rule_set_id": rule,
        "from_at": AT,
        "until_at": until,
        "low": low,
        "high": high,
        "deciding": [],
        "missing": [],
        "flags": [],
    }
    return row | more


def episode(low: int, high: int, *, state: str = "resolved", rule: str = CRS) -> dict[str, Any]:
    ended = AT + timedelta(days=3) if state == "resolved" else None
    return {
        "course_id": "A", "rule_set_id": rule, "episode": 1, "onset_at": AT, "onset_day": 1, "peak_low": low, "peak_high": high,
        "peak_at": AT + timedelta(hours=5), "resolved_at": ended, "last_at": AT + timedelta(days=3), "state": state,
    }  # fmt: skip


def exported(*steps: dict[str, Any], episodes: tuple[dict[str, Any], ...] = (), **more: Any) -> Exported:
    cohort = Cohort.of_timelines([a_patient("A").with_course(**more.pop("course", {})).built()])
    graded = Graded(
        pl.DataFrame(list(steps), schema=dict(VERDICTS)), pl.DataFrame(list(episodes), schema=dict(EPISODES)), {}
    )
    rules = [default_registry().get(id) for id in (CRS, ICAHT)]
    return export(graded, cohort, rules, **more)


def as_json(resource: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(resource.model_dump_json())
    assert model_of(content["resourceType"]).model_validate(content) == resource
    return content


def test_a_certain_grade_is_a_value_with_its_bounds() -> None:
    (only,) = exported(step(3, 3, deciding=["one_vasopressor"])).observations
    content = as_json(only)
    assert content["status"] == "preliminary"
    assert content["valueInteger"] == 3
    assert {c["code"]["coding"][0]["code"]: c["valueInteger"] for c in content["component"]} == {
        "lowest": 3,
        "highest": 3,
    }
    assert content["effectivePeriod"] == {"start": "2026-03-05T08:00:00Z", "end": "2026-03-05T12:00:00Z"}
    assert content["subject"] == {"reference": "Patient/P-A"}
    assert content["note"] == [{"text": "Decided by: one_vasopressor"}]
    assert content["code"]["coding"][0] == {
        "system": urls.RULE_SETS,
        "code": CRS,
        "display": "ASTCT consensus grading of cytokine release syndrome",
    }
    assert "derivedFrom" not in content


def test_a_grade_that_is_not_certain_has_bounds_and_no_value() -> None:
    content = as_json(exported(step(2, 4, missing=["oxygen_device"])).observations[0])
    assert "valueInteger" not in content
    assert content["dataAbsentReason"]["text"] == "between 2 and 4: inputs are missing"
    assert [c["valueInteger"] for c in content["component"]] == [2, 4]
    assert content["note"] == [{"text": "Missing: oxygen_device"}]


def test_the_method_names_rule_set_encoding_status_and_choices() -> None:
    rule = default_registry().get(CRS)
    content = as_json(exported(step(0, 0)).observations[0])
    assert content["method"]["coding"] == [{"system": urls.RULE_SETS, "version": rule.encoding, "code": CRS}]
    assert content["method"]["text"].startswith(f"{CRS}, encoding {rule.encoding}, status {rule.status}; ")
    assert "resolution_hours=24" in content["method"]["text"]


@pytest.mark.parametrize(("low", "high", "code"), [(3, 3, "D89.833"), (2, 4, "D89.839"), (0, 0, None)])
def test_the_classification_stands_beside_our_code_with_how_sure_it_is(low: int, high: int, code: str | None) -> None:
    codings = as_json(exported(step(low, high)).observations[0])["code"]["coding"][1:]
    assert [c["code"] for c in codings] == ([] if code is None else [code])
    for coding in codings:
        assert coding["extension"] == [
            {"url": f"{urls.BASE}/StructureDefinition/code-status", "valueCode": "secondary"}
        ]


def test_other_rule_sets_have_our_code_alone() -> None:
    assert len(as_json(exported(step(2, 2, rule=ICAHT)).observations[0])["code"]["coding"]) == 1


def test_a_last_step_has_no_end_and_steps_that_do_not_apply_are_left_out() -> None:
    result = exported(step(1, 1, hours=None), step(None, None, rule=ICAHT, from_at=None, until_at=None))
    assert as_json(result.observations[0])["effectivePeriod"] == {"start": "2026-03-05T08:00:00Z"}
    assert len(result.observations) == 1
    assert result.without == (("A", ICAHT),)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("resolved", "resolved"), ("ongoing", "ongoing"), ("censored", "unknown"), ("fatal", "fatal")],
)
def test_an_episode_is_an_event_with_its_outcome(state: str, outcome: str) -> None:
    (only,) = exported(episodes=(episode(4, 4, state=state),)).events
    content = as_json(only)
    assert (content["actuality"], content["date"]) == ("actual", "2026-03-05T08:00:00Z")
    assert content["outcome"]["coding"][0]["code"] == outcome
    assert content["event"]["coding"][1]["code"] == "D89.834"
    assert content["suspectEntity"] == [{"instance": {"display": "product A"}}]
    told = {
        part["url"]: value
        for part in content["extension"][0]["extension"]
        for name, value in part.items()
        if name != "url"
    }
    assert told["onset-day"] == 1
    assert (told["peak-lowest"], told["peak-highest"], told["state"]) == (4, 4, state)
    assert ("resolved-at" in told) == (state == "resolved")


def test_an_event_of_an_uncertain_peak_has_the_unspecified_code_and_no_product_is_no_suspect() -> None:
    content = as_json(exported(episodes=(episode(2, 4),), course={"product": None}).events[0])
    assert content["event"]["coding"][1]["code"] == "D89.839"
    assert "suspectEntity" not in content


def test_ids_are_the_same_in_every_run_and_differ_between_steps() -> None:
    steps = (step(1, 1), step(2, 2, from_at=AT + timedelta(hours=4)))
    first, second = exported(*steps), exported(*steps)
    ids = [o.id for o in first.observations]
    assert ids == [o.id for o in second.observations]
    assert len(set(ids)) == 2


def test_a_patient_whose_id_is_no_resource_id_is_named_by_identifier() -> None:
    timeline = a_patient("B_1").built()
    cohort = Cohort.of_timelines([timeline])
    graded = Graded(
        pl.DataFrame([step(1, 1, course_id="B_1")], schema=dict(VERDICTS)), pl.DataFrame(schema=dict(EPISODES)), {}
    )
    (only,) = export(graded, cohort, [default_registry().get(CRS)]).observations
    assert as_json(only)["subject"] == {"type": "Patient", "identifier": {"value": "P-B_1"}}


def test_the_time_of_issue_is_stated_when_it_is_passed_in() -> None:
    content = as_json(exported(step(1, 1), issued_at=datetime(2026, 3, 6, tzinfo=UTC)).observations[0])
    assert content["issued"] == "2026-03-06T00:00:00Z"


def test_strangers_are_refused() -> None:
    with pytest.raises(ReportError, match=r"REPORT-003[\s\S]*course 'Z' under 'astct-2019.crs'"):
        exported(step(1, 1, course_id="Z"))


def test_files_hold_one_resource_a_line_and_a_bundle(tmp_path: Path) -> None:
    cohort = Cohort.of_timelines([a_patient("A").built()])
    graded = Graded(
        pl.DataFrame([step(1, 1)], schema=dict(VERDICTS)), pl.DataFrame([episode(1, 1)], schema=dict(EPISODES)), {}
    )
    written = write_fhir(tmp_path / "new" / "fhir", cohort, graded, rule_sets=[default_registry().get(CRS)])
    assert [file.name for file in written] == ["Observation.ndjson", "AdverseEvent.ndjson", "bundle.json"]
    (line,) = written[0].read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["valueInteger"] == 1
    bundle = model_of("Bundle").model_validate_json(written[2].read_text(encoding="utf-8"))
    assert [e.resource.get_resource_type() for e in bundle.entry] == ["Observation", "AdverseEvent"]


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match=r"REPORT-001[\s\S]*choose another folder"):
        exported(step(1, 1)).write(tmp_path / "file")


def test_nothing_graded_is_an_empty_bundle() -> None:
    assert exported().bundle().entry is None
