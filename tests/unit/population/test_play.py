"""A programme played day by day: what is known when, and that all days add up to the courses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from population_example import together
from vein2vein.errors import SimulationError
from vein2vein.population.mess import Mess
from vein2vein.population.play import Day, Programme, in_order, known_until, play, replayed
from vein2vein.population.play_folder import play_to, played
from vein2vein.population.simulate import simulate
from vein2vein.record.cohort import Cohort

START = date(2026, 1, 5)
TABLES = ("patients", "courses", "observations", "exposures", "milestones")


def programme(seed: int = 7, mess: str = "late,corrections,duplicates") -> Programme:
    """Three weeks of referrals to two products."""
    return Programme({"axi-cel": 2, "cilta-cel": 1}, 3, START, seed, weeks=3, days=5, mess=Mess.of(mess))


@cache
def batch() -> Cohort:
    """All courses of the programme at once."""
    return in_order(together(list(programme().cohorts())))


@cache
def all_days() -> tuple[Day, ...]:
    """Every day until nothing is to come."""
    cohort = batch()
    times = [cohort.courses["followed_until"], cohort.observations["recorded_at"], cohort.exposures["ended_at"]]
    last = max(t.max() for t in times)  # type: ignore[type-var]
    assert isinstance(last, datetime)
    return tuple(play(programme(), last.date() + timedelta(days=1)))


def same(one: Cohort, other: Cohort) -> bool:
    """Whether all tables are equal."""
    return all(getattr(one, name).equals(getattr(other, name)) for name in TABLES)


def test_all_days_together_are_exactly_the_batch() -> None:
    assert len(batch()) >= 5
    assert same(replayed(all_days()), batch())


@pytest.mark.parametrize("days", [0, 10, 40, 60, 75, 400])
def test_the_days_so_far_are_what_was_known_so_far(days: int) -> None:
    until = START + timedelta(days=days)
    assert same(replayed(d for d in all_days() if d.day < until), known_until(batch(), until))


def test_no_day_holds_a_row_of_a_later_one() -> None:
    for day in all_days():
        end = datetime(day.day.year, day.day.month, day.day.day, tzinfo=UTC) + timedelta(days=1)
        for name, column in (("observations", "recorded_at"), ("exposures", "ended_at"), ("courses", "followed_until")):
            last = day.frames[name][column].max()
            assert last is None or last < end, (day.day, name)  # type: ignore[operator]


def test_a_drug_that_runs_is_open_until_it_ends() -> None:
    stay = batch().exposures.filter(pl.col("kind") == "stay").row(0, named=True)
    middle = stay["started_at"].date() + timedelta(days=2)
    assert stay["ended_at"].date() > middle
    known = replayed(d for d in all_days() if d.day <= middle).exposures
    mine = known.filter((pl.col("course_id") == stay["course_id"]) & (pl.col("started_at") == stay["started_at"]))
    assert mine.filter(pl.col("kind") == "stay")["ended_at"].to_list() == [None]


def test_a_referral_is_known_before_its_infusion() -> None:
    first = batch().milestones.filter(pl.col("kind") == "referred")["at"].min()
    assert isinstance(first, datetime)
    known = replayed(d for d in all_days() if d.day <= first.date())
    assert len(known) >= 1
    assert known.courses["infused_at"].null_count() == len(known)


def test_referrals_come_on_working_days_at_nine_by_the_local_clock() -> None:
    referred = batch().milestones.filter(pl.col("kind") == "referred").join(batch().courses, on="course_id")
    for at, zone in referred.select("at", "zone").iter_rows():
        local = pl.Series([at]).dt.convert_time_zone(zone)[0]
        assert local.hour == 9
        assert local.weekday() < 5
        assert START <= local.date() < START + timedelta(weeks=3)


def test_the_courses_are_those_of_the_simulation_in_order() -> None:
    found = batch().courses.filter(pl.col("product") == "axicabtagene-ciloleucel")["course_id"].to_list()
    wanted = simulate("axi-cel", n=len(found), seed=7, days=5)
    assert found == wanted.courses["course_id"].to_list()
    mine = in_order(batch().select(found)).observations.filter(pl.col("recorded_at").is_null())
    assert mine.height > 0
    assert set(mine["value"].drop_nulls()) <= set(wanted.observations["value"].drop_nulls())


def test_another_seed_gives_other_referrals() -> None:
    one, two, other = (list(programme(seed, "none").arrivals()) for seed in (7, 7, 8))
    assert one == two
    assert [len(week) for week in one] != [len(week) for week in other] or one != other


def test_a_programme_goes_on_where_it_stopped(tmp_path: Path) -> None:
    middle, end = START + timedelta(days=30), START + timedelta(days=60)
    play_to(tmp_path / "at once", programme(), end)
    play_to(tmp_path / "twice", programme(), middle)
    (tmp_path / "twice" / ".open").mkdir()  # an interrupted day
    before = {p: p.read_bytes() for p in (tmp_path / "twice").rglob("*.parquet")}
    seen: list[tuple[int, int]] = []
    play_to(tmp_path / "twice", programme(), end, progress=lambda done, total: seen.append((done, total)))
    assert all(p.read_bytes() == content for p, content in before.items())
    assert seen[-1][0] == seen[-1][1] > 0
    names = [
        sorted(str(p.relative_to(f)) for p in f.rglob("*.parquet")) for f in (tmp_path / "at once", tmp_path / "twice")
    ]
    assert names[0] == names[1]
    assert same(replayed(played(tmp_path / "twice")), replayed(played(tmp_path / "at once")))
    assert same(replayed(played(tmp_path / "twice", until=middle)), known_until(batch(), middle))


def test_another_programme_is_not_added_to_the_folder(tmp_path: Path) -> None:
    play_to(tmp_path, programme(), START + timedelta(days=3))
    with pytest.raises(SimulationError, match="seed 7") as error:
        play_to(tmp_path, programme(8), START + timedelta(days=3))
    assert error.value.id == "SIM-026"


@pytest.mark.parametrize(("products", "per_week"), [({}, 3.0), ({"axi-cel": 0.0}, 3.0), ({"axi-cel": 1.0}, 0.0)])
def test_a_programme_without_anybody_is_refused(products: dict[str, float], per_week: float) -> None:
    with pytest.raises(SimulationError, match="referrals a week") as error:
        Programme(products, per_week, START, 1)
    assert error.value.id == "SIM-025"


def test_an_unknown_product_is_refused_when_the_programme_is_made() -> None:
    with pytest.raises(SimulationError, match="axi-sel") as error:
        Programme({"axi-sel": 1}, 1, START, 1)
    assert error.value.id == "SIM-001"
