"""`vein2vein intake check` warns of slips of a unit inside what is plausible, and refuses nothing for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.cli.conftest import Run
from vein2vein.cli import large

WEIGHTS = "course_id,kind,value,unit,observed_at\n" + "".join(
    f"C1,weight,{value},kg,2026-03-0{day} 08:00\n" for day, value in enumerate((70, 70.5, 155, 71), start=3)
)


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    folder = tmp_path / "ward"
    folder.mkdir()
    (folder / "courses.csv").write_text(
        "course_id,patient_id,zone,infused_at,followed_until\nC1,P1,Europe/Berlin,2026-03-02 10:00,2026-03-12 10:00\n"
    )
    (folder / "patients.csv").write_text("patient_id,birth_date,sex\nP1,1961-05-14,f\n")
    (folder / "weights.csv").write_text(WEIGHTS)
    return folder


def test_a_weight_in_pounds_is_named_and_still_used(ward: Path, run: Run) -> None:
    said = run("intake", "check", ward).output
    assert "INTAKE-065  A value may have slipped by a factor of its unit (a warning)." in said
    assert "155 kg for weight (Body weight) of course C1, about 2.20462 times its neighbours: 70.5, 71, 70 kg" in said
    assert "where     weights.csv:3" in said
    report = json.loads(run("intake", "check", ward, "--json").output)
    assert (report["total"]["used"], report["total"]["refused"]) == (6, 0)
    assert [fault["rows"] for fault in report["faults"]] == [["weights.csv:3"]]


def test_a_delivery_larger_than_memory_is_warned_of_alike(
    ward: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run("intake", "check", ward).output
    monkeypatch.setattr(large, "LARGE_BYTES", 0)
    assert run("intake", "check", ward).output == whole


def test_the_same_weights_in_pounds_give_no_warning(ward: Path, run: Run) -> None:
    (ward / "weights.csv").write_text(WEIGHTS.replace("155,kg", "155,lb"))
    assert "No faults found." in run("intake", "check", ward).output


def test_the_demonstration_gives_no_warning(tmp_path: Path, run: Run) -> None:
    run("demo", "--tables", tmp_path / "hospital")
    said = run("intake", "check", tmp_path / "hospital", "--mapping", tmp_path / "hospital" / "mapping.yaml").output
    assert "all files" in said
    assert "INTAKE-065" not in said
