"""The calendar of blood draws."""

from __future__ import annotations

import numpy as np
import pytest

from unit.population.late_blocks import drawn, upstream
from vein2vein.population.visits import DAYS, LAST_DAILY, column, daily_mean


def test_a_column_is_found_by_its_day() -> None:
    assert [DAYS[column(day)] for day in (0, 28, 100, 365)] == [0, 28, 100, 365]


def test_a_course_that_is_never_infused_has_no_draws() -> None:
    infused = upstream().way.is_infused
    assert not infused.all()
    assert not drawn().visits.drawn[~infused].any()


def test_the_first_draw_is_before_lymphodepletion_and_all_lie_on_their_day() -> None:
    visits, way = drawn().visits, upstream().way
    infused = way.is_infused
    assert (visits.hours[infused, 0] < (way.lymphodepletion - way.infused)[infused]).all()
    clock = (9 + way.infused[infused]) % 24
    days = np.floor((visits.hours[infused, 1 : LAST_DAILY + 2] + clock[:, None]) / 24)
    assert (days == DAYS[1 : LAST_DAILY + 2]).all()


def test_blood_is_drawn_daily_on_the_ward_and_seldom_later() -> None:
    visits, acute = drawn().visits, upstream().acute
    infused = upstream().way.is_infused
    assert visits.drawn[infused, column(0) : column(7) + 1].all()
    on_ward = visits.hours < acute.discharged[:, None]
    assert visits.drawn[infused][on_ward[infused] & (DAYS <= 60)].all()
    assert 0.3 < visits.drawn[infused, column(40) : column(60)].mean() < 0.5
    assert visits.drawn[infused, column(28)].all()


@pytest.mark.parametrize(("hour", "day"), [(0, 1), (18, 1), (19, 2), (42, 2), (43, 3)])
def test_a_mean_covers_the_24_hours_before_the_morning_draw(hour: int, day: int) -> None:
    hourly = np.zeros((1, 24 * 10))
    hourly[0, hour] = 24.0
    means = daily_mean(hourly)
    assert means[0, column(day)] == 1.0
    assert means.sum() == 1.0
