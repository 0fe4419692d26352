"""A population in a folder: the same rows as in memory, resumable, refused where something else stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from vein2vein.errors import SimulationError, Vein2VeinError
from vein2vein.intake.door import form_of, open_delivery
from vein2vein.population import folder as folders
from vein2vein.population.folder import COURSES_PER_PART, simulate_to
from vein2vein.population.simulate import simulate
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

N = COURSES_PER_PART + 60
OPTIONS = {"seed": 5, "days": 2}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("population") / "cohort"
    found = simulate_to(place, "ide-cel", n=N, **OPTIONS)
    assert found.courses == found.rows["courses"] == N
    return place


def test_the_folder_holds_the_rows_of_the_call_in_memory(written: Path) -> None:
    read, made = Cohort.read(written), simulate("ide-cel", n=N, **OPTIONS)
    for name in tables.SCHEMAS:
        assert getattr(read, name).equals(getattr(made, name)), name


def test_a_small_population_is_one_file_per_table(tmp_path: Path) -> None:
    simulate_to(tmp_path / "small", "ide-cel", n=30, **OPTIONS)
    names = {p.name for p in (tmp_path / "small").iterdir() if p.is_file()}
    assert names == {f"{name}.parquet" for name in tables.SCHEMAS} | {"simulation.json"}
    assert len(Cohort.read(tmp_path / "small")) == 30


def test_intake_takes_the_folder_as_a_cohort(written: Path) -> None:
    assert form_of(written) == "cohort"
    delivery = open_delivery(written)
    assert len(delivery.cohort) == N
    first = delivery.cohort.course_ids[3]
    part = Cohort.read(written, kinds=["body_temperature"], courses=(first, delivery.cohort.course_ids[5]))
    assert part.course_ids == delivery.cohort.course_ids[3:5]


def test_the_account_says_how_it_was_made(written: Path) -> None:
    said = json.loads((written / "simulation.json").read_text(encoding="utf-8"))
    assert said["complete"] is True
    assert (said["setting"], said["seed"], said["n"], said["days"]) == ("ide-cel/mm-late", 5, N, 2)
    assert "no real person" in said["what"]


def test_an_interrupted_simulation_goes_on_where_it_stopped(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "interrupted"
    shutil.copytree(written, place)
    lost = place / "observations.parquet" / "part-00001.parquet"
    lost.rename(lost.with_name(".part-00001.parquet.partial"))
    drawn = []
    draw = folders._write_part

    def counted(*arguments: object) -> int:
        drawn.append(arguments[-1])
        return draw(*arguments)

    monkeypatch.setattr(folders, "_write_part", counted)
    simulate_to(place, "ide-cel", n=N, **OPTIONS)
    assert drawn == [1]
    assert Cohort.read(place).observations.equals(Cohort.read(written).observations)
    simulate_to(place, "ide-cel", n=N, **OPTIONS)
    assert drawn == [1]


def test_other_options_and_other_files_are_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=f"SIM-005.*\n.*simulation of {N} courses of ide-cel/mm-late, seed 5"):
        simulate_to(written, "ide-cel", n=N, seed=6, days=2)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SimulationError, match=r"notes\.txt"):
        simulate_to(tmp_path, "ide-cel", n=N, **OPTIONS)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("options", "saw"),
    [
        ({"n": 0}, "n 0"),
        ({"days": 0}, "days 0"),
        ({"days": 366}, "days 366"),
        ({"seed": -1}, "seed -1"),
        ({"protocol": "best"}, "protocol 'best'"),
        ({"setting": "lbcl-3l"}, "setting 'ide-cel/lbcl-3l'"),
        ({"setting": "axi-cel/lbcl-3l"}, "setting 'axi-cel/lbcl-3l' for product 'ide-cel'"),
    ],
)
def test_what_cannot_be_simulated_is_said(tmp_path: Path, options: dict[str, object], saw: str) -> None:
    with pytest.raises(Vein2VeinError, match=saw) as caught:
        simulate_to(tmp_path / "none", "ide-cel", **{"n": 10, "seed": 1, **options})
    assert caught.value.id in {"SIM-001", "SIM-003", "SIM-004"}
    assert not (tmp_path / "none").exists()


def test_progress_counts_courses(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    simulate_to(
        tmp_path / "a", "ide-cel", n=30, seed=1, days=1, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(0, 30), (30, 30)]
    simulate("ide-cel", n=300, seed=1, days=1, progress=lambda done, total: seen.append((done, total)))
    assert seen[2:] == [(250, 300), (300, 300)]
    rows = pl.scan_parquet(tmp_path / "a" / "observations.parquet").select(pl.len()).collect().item()
    assert rows > 30 * 24 * 6 * 0.7
