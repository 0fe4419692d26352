"""Assembling: order, cuts, instants and identifiers."""

from __future__ import annotations

from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from vein2vein.population.assemble import Drawn, Tables, assemble, course_ids
from vein2vein.population.blocks import Block
from vein2vein.population.course import Intentions, draw_course
from vein2vein.population.parameters import setting
from vein2vein.population.protocols import protocol
from vein2vein.population.states import KINDS
from vein2vein.record.cohort import Cohort

DAYS = 4


@cache
def _made() -> tuple[Block, Drawn, Intentions, Tables]:
    block = Block(1, 3, setting("axi-cel"))
    drawn, meant = draw_course(block, protocol("reference"), DAYS)
    return block, drawn, meant, assemble(block, meant.patients, meant.way, drawn, date(2025, 3, 1))


def test_every_row_before_the_end_is_there_once_and_in_order() -> None:
    _, drawn, _, made = _made()
    hours = np.minimum(np.ceil(np.nan_to_num(drawn.watched)), 24 * DAYS).sum()
    end = np.where(np.isnan(drawn.until), drawn.left, drawn.until)
    kept = (drawn.rows.hour < end[drawn.rows.course]).sum()
    assert len(made.course) == 6 * hours + kept
    order = np.lexsort((made.at, made.course))
    assert (order == np.arange(len(order))).all() or (np.diff(made.course) >= 0).all()
    same = np.diff(made.course) == 0
    assert (np.diff(made.at)[same] >= 0).all()


def test_values_stay_with_their_kind_course_and_time() -> None:
    _, drawn, meant, made = _made()
    one = int(np.flatnonzero(meant.way.is_infused)[4])
    own = made.course == one
    zero = made.at[own & (made.kind == KINDS.index("body_temperature"))][0]
    for kind in ("ice_score", "platelets", "weight"):
        some = own & (made.kind == KINDS.index(kind))
        wanted = (drawn.rows.course == one) & (drawn.rows.kind == KINDS.index(kind))
        wanted &= drawn.rows.hour < drawn.until[one]
        order = np.argsort(drawn.rows.hour[wanted], kind="stable")
        assert made.value[some].tolist() == drawn.rows.value[wanted][order].tolist()
        hours = (made.at[some] - zero) / 3.6e9
        assert hours == pytest.approx(drawn.rows.hour[wanted][order], abs=1 / 3600)


def test_the_tables_are_a_cohort_and_nothing_comes_after_the_end() -> None:
    _, _, meant, made = _made()
    cohort = Cohort.of(**made.frames())
    end = pl.col("followed_until")
    for name, column in (("observations", "observed_at"), ("exposures", "started_at"), ("milestones", "at")):
        rows = getattr(cohort, name).join(cohort.courses.select("course_id", "followed_until"), on="course_id")
        assert rows.filter(pl.col(column) > end).is_empty(), name
        assert set(rows["source"]) == {"simulated"}
    assert cohort.courses["infused_at"].is_null().sum() == (~meant.way.is_infused).sum()
    assert cohort.observations.equals(made.observations())


def test_infusions_are_at_day_at_the_centre_and_ages_are_those_drawn() -> None:
    _, _, meant, made = _made()
    infused = made.courses.filter(pl.col("infused_at").is_not_null())
    for at, zone in infused.select("infused_at", "zone").iter_rows():
        assert 9 <= at.astimezone(ZoneInfo(zone)).hour <= 14  # an hour to either side when the clocks change on the way
    ages = made.courses.join(made.patients, on="patient_id").select(
        (pl.coalesce("infused_at", "followed_until").dt.date() - pl.col("born_on")).dt.total_days() / 365.2425
    )
    drawn = meant.patients.age_years[meant.way.is_infused]
    found = ages.to_series().to_numpy()[meant.way.is_infused]
    assert np.abs(found - drawn).max() < 0.01


def test_referrals_spread_over_a_year_from_the_start_of_the_calendar() -> None:
    _, _, _, made = _made()
    at = made.milestones.filter(kind="referred")["at"]
    first, last = at.dt.date().min(), at.dt.date().max()
    assert date(2025, 3, 1) <= first < date(2025, 4, 1)
    assert date(2026, 2, 1) <= last <= date(2026, 3, 1)


def test_identifiers_sort_in_the_order_of_the_courses_over_blocks() -> None:
    block, _, _, made = _made()
    before = course_ids(Block(1, block.number - 1, block.setting))
    ids = pl.concat([before, made.ids])
    assert ids.is_sorted()
    assert ids.n_unique() == 2 * block.n
    assert made.ids[0] == "axi-cel.lbcl-3l-0000750"


def test_a_cut_block_keeps_its_first_courses() -> None:
    _, _, _, made = _made()
    cut = Cohort.of(**made.first(17).frames())
    assert cut.course_ids == tuple(made.ids[:17])
    whole = Cohort.of(**made.frames())
    assert cut.observations.equals(whole.part(0, 17).observations)
    assert made.first(1000) is made
