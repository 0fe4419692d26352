"""A delivery that was read and holds no CAR-T therapy: no error to check, nothing to grade."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_it_is_said_and_the_exit_code_tells_checking_from_grading(run: Any, tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1968-05-17"}
    file = tmp_path / "patients.ndjson"
    file.write_text(json.dumps(patient) + "\n", encoding="utf-8")
    checked = run("intake", "check", file, "--zone", "Europe/Berlin").output
    assert "1 patients without infusion or order of a CAR-T product" in checked
    graded = run("grade", file, "--zone", "Europe/Berlin", "-o", tmp_path / "out", exits=3).output
    assert graded.startswith("INTAKE-316  A patient has no CAR-T infusion.")
    assert "1 patients without infusion or order of a CAR-T product" in graded
    assert "INTAKE-041" not in graded
    account = json.loads((tmp_path / "out" / "delivery.json").read_text(encoding="utf-8"))
    assert account["total"] == {"rows": 1, "used": 0, "not_needed": 1, "not_assessable": 0, "refused": 0}
