"""knowledge fhir: guidance as a Bundle of one plan and its activities."""

from __future__ import annotations

import json
from pathlib import Path

from acceptance.cli.conftest import Run


def test_guidance_is_written_as_fhir(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "asco.json"
    assert run("knowledge", "fhir", "asco-2021.guidance", "-o", file).output.strip() == f"wrote {file}"
    kinds = [entry["resource"]["resourceType"] for entry in json.loads(file.read_text(encoding="utf-8"))["entry"]]
    assert kinds.count("PlanDefinition") == 1
    assert "ActivityDefinition" in kinds
    assert "RULE-003" in run("knowledge", "fhir", "nowhere.guidance", "-o", file, exits=4).output
    words = ("--set", "astct-2019.crs.observation_holds_hours=1")
    assert (
        "No such option '--set'" in run("knowledge", "fhir", "asco-2021.guidance", "-o", file, *words, exits=2).output
    )
