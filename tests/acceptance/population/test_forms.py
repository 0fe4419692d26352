"""The command line simulates into every form, with mess, and plays a programme."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from vein2vein.cli import cli
from vein2vein.population.forms import simulate_into
from vein2vein.population.mess import Mess, with_mess
from vein2vein.population.simulate import simulate, task_of
from vein2vein.record.cohort import Cohort


def run(*arguments: str) -> Result:
    """One call of the command line."""
    return CliRunner().invoke(cli, ["simulate", "--product", "axi-cel", "--seed", "5", *arguments])


@pytest.mark.parametrize("form", ["hospital", "omop"])
def test_a_delivery_is_written_for_each_centre_and_can_be_graded(tmp_path: Path, form: str) -> None:
    result = run("--n", "8", "--days", "3", "--format", form, "-o", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert "8 simulated courses, no real person" in result.output
    folders = sorted((tmp_path / "out").iterdir())
    assert all(f.name.startswith("made-up-") for f in folders)
    one = folders[0]
    where = ["--mapping", str(one / "mapping.yaml"), "-o", str(tmp_path / "graded")]
    graded = CliRunner().invoke(cli, ["grade", str(one), *where])
    assert graded.exit_code == 0, graded.output


def test_tables_with_mess_are_the_mess_of_the_simulation(tmp_path: Path) -> None:
    result = run("--n", "6", "--days", "3", "--mess", "night-gaps,units", "-o", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    wanted = with_mess(simulate("axi-cel", n=6, seed=5, days=3), Mess.of("night-gaps,units"), seed=5)
    assert Cohort.read(tmp_path / "out").observations.equals(wanted.observations)


def test_more_blocks_begin_with_the_same_rows(tmp_path: Path) -> None:
    task, mess = task_of("axi-cel", seed=5, days=1), Mess.of("irregular,late")
    for n in (20, 260):
        simulate_into(tmp_path / str(n), task, n, form="tables", mess=mess)
    few, many = (Cohort.read(tmp_path / str(n)) for n in (20, 260))
    assert many.select(few.course_ids).observations.equals(few.observations)


def test_a_programme_is_played_and_played_on(tmp_path: Path) -> None:
    options = ("--play", "--days", "2", "--calendar-from", "2026-01-05", "--per-week", "4", "-o", str(tmp_path / "out"))
    assert run(*options, "--until", "2026-01-20").exit_code == 0
    days = {p.name for p in (tmp_path / "out").iterdir() if p.is_dir()}
    assert days
    result = run(*options, "--until", "2026-02-10")
    assert result.exit_code == 0, result.output
    assert "rows added" in result.output
    assert days < {p.name for p in (tmp_path / "out").iterdir() if p.is_dir()}
    known = pl.read_parquet(tmp_path / "out" / min(days) / "courses.parquet")
    assert known["infused_at"].null_count() == known.height


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--play", "--until", "2026-01-20"), "--play needs a first day with --calendar-from and an end with --until"),
        (("--play", "--n", "5"), "--n does nothing with --play"),
        (("--until", "2026-01-20"), "--until does nothing without --play"),
        (("--per-week", "2"), "--per-week does nothing without --play"),
        (("--play", "--format", "fhir"), "--format does nothing with --play"),
    ],
)
def test_options_that_would_do_nothing_are_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments, "-o", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert said in result.output


def test_a_weight_that_is_no_number_is_refused(tmp_path: Path) -> None:
    options = ["--play", "--calendar-from", "2026-01-05", "--until", "2026-01-06", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(cli, ["simulate", "--product", "axi-cel=many", *options])
    assert result.exit_code == 2
    assert "expected a product and a weight" in result.output
