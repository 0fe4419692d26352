"""The plain input methods at their boundaries: exactly at the hold, exactly at the window, ties, limits, no charting."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vein2vein.basis.clock import to_microseconds
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain import days, exposures, observations
from vein2vein.engine.plain.engine import value_at
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.values import NumberRange
from vein2vein.record.timeline import CHARTED, Course, Exposure, Milestone, Observation, Patient, Timeline

ZERO = datetime(2026, 6, 1, 8, tzinfo=UTC)


def at(hours: float) -> int:
    """Microseconds of an hour from the infusion."""
    return to_microseconds(ZERO + timedelta(hours=hours))


def index_of(*rows: Any, followed: float | None = None) -> CourseIndex:
    """A course with these rows, infused at 08:00 UTC."""
    end = None if followed is None else ZERO + timedelta(hours=followed)
    course = Course(CourseId("c"), Patient(PatientId("p")), infused_at=ZERO, followed_until=end)
    by_type = {kind: tuple(r for r in rows if isinstance(r, kind)) for kind in (Observation, Exposure, Milestone)}
    return CourseIndex(Timeline(course, by_type[Observation], by_type[Exposure], by_type[Milestone]))


def measured(kind: str, hours: float, value: float, **more: Any) -> Observation:
    """One number."""
    return Observation(kind, ZERO + timedelta(hours=hours), value, **more)


def runs(stream: str, agent: str, start: float, end: float | None, **more: Any) -> Exposure:
    """One exposure."""
    return Exposure(
        stream, agent, ZERO + timedelta(hours=start), None if end is None else ZERO + timedelta(hours=end), **more
    )


def point(value: float) -> NumberRange:
    """A known number."""
    return NumberRange(value, value)


@pytest.mark.parametrize(("hours", "known"), [(-0.001, False), (0, True), (11.999, True), (12, False)])
def test_a_value_holds_from_its_instant_to_just_before_the_end(hours: float, known: bool) -> None:
    take = methods.Latest(take="latest", observation="body_temperature", holds_hours=12)
    value, rows = observations.latest(index_of(measured("body_temperature", 0, 38.0)), take, at(hours))
    assert (value == point(38.0)) is known
    assert len(rows) == known


def test_of_two_rows_at_one_instant_the_later_one_counts() -> None:
    take = methods.Latest(take="latest", observation="body_temperature", holds_hours=12)
    index = index_of(measured("body_temperature", 0, 38.0), measured("body_temperature", 0, 37.0))
    assert observations.latest(index, take, at(0))[0] == point(37.0)


@pytest.mark.parametrize(
    ("comparator", "at_least_half"), [("<", Truth.FALSE), ("<=", Truth.UNKNOWN), (">", Truth.TRUE), (">=", Truth.TRUE)]
)
def test_a_reported_limit_is_a_range(comparator: str, at_least_half: Truth) -> None:
    take = methods.Latest(take="latest", observation="neutrophils")
    value, _ = observations.latest(index_of(measured("neutrophils", 0, 0.5, comparator=comparator)), take, at(1))
    assert isinstance(value, NumberRange)
    assert value.compare("at_least", 0.5) is at_least_half


def test_a_ratio_needs_its_limit() -> None:
    take = methods.Latest(take="latest", observation="alt", relative_to="upper_limit")
    assert observations.latest(index_of(measured("alt", 0, 120, reference_high=40.0)), take, at(0))[0] == point(3.0)
    for limit in (None, 0.0):
        value, _ = observations.latest(index_of(measured("alt", 0, 120, reference_high=limit)), take, at(0))
        assert value == NumberRange()
    assumed = take.model_copy(update={"assumed_limit": 60.0})
    assert observations.latest(index_of(measured("alt", 0, 120)), assumed, at(0))[0] == point(2.0)


@pytest.mark.parametrize(("hours", "lowest"), [(0, 3.0), (5, 1.0), (23.999, 1.0), (24, 1.0), (29, 2.0), (29.001, 2.0)])
def test_the_window_is_open_at_its_start_and_closed_at_its_end(hours: float, lowest: float) -> None:
    take = methods.Extreme(take="lowest", observation="fibrinogen", within_hours=24)
    rows = (measured("fibrinogen", 0, 3.0), measured("fibrinogen", 5, 1.0), measured("fibrinogen", 10, 2.0))
    assert observations.extreme(index_of(*rows), take, at(hours))[0] == point(lowest)


def test_an_extreme_without_rows_in_its_window_is_unknown() -> None:
    take = methods.Extreme(take="highest", observation="ferritin", within_hours=24)
    assert observations.extreme(index_of(measured("ferritin", 0, 900)), take, at(24))[0] == NumberRange()


@pytest.mark.parametrize(("hours", "known"), [(-24 * 30 - 1, False), (-24 * 30, True), (0, True), (0.001, False)])
def test_the_baseline_is_the_last_value_up_to_the_infusion(hours: float, known: bool) -> None:
    take = methods.BaselineValue(take="baseline", observation="alt")
    value, _ = observations.baseline_value(index_of(measured("alt", hours, 30)), take, at(1))
    assert (value == point(30)) is known
    assert observations.baseline_value(index_of(measured("alt", -5, 30)), take, at(-1))[0] == NumberRange()


@pytest.mark.parametrize(("apart", "known"), [(0.5, False), (1, True), (24, True), (24.1, False)])
def test_the_steepest_rise_asks_for_the_right_distance(apart: float, known: bool) -> None:
    take = methods.SteepestRise(take="steepest_rise", observation="ferritin", within_hours=24, apart_hours=1)
    index = index_of(measured("ferritin", 0, 1000), measured("ferritin", apart, 1000 + 100 * apart))
    value, _ = observations.steepest_rise(index, take, at(apart))
    assert value == (point(100.0) if known else NumberRange())


@pytest.mark.parametrize(("gap", "span"), [(6, 6.0), (6.1, 0.0)])
def test_a_measured_span_breaks_at_a_gap(gap: float, span: float) -> None:
    take = methods.MeasuredSpan(
        take="measured_span", observation="body_temperature", at_least=38, gap_hours=6, holds_hours=12
    )
    index = index_of(measured("body_temperature", 0, 38.0), measured("body_temperature", gap, 38.0))
    assert observations.measured_span(index, take, at(gap))[0] == point(span)
    assert observations.measured_span(index, take, at(gap + 12))[0] == NumberRange(0, math.inf)


def test_a_recorded_total_gives_way_to_a_newer_item() -> None:
    take = methods.ItemSum(
        take="item_sum", items={"ice_naming": (0, 3), "ice_orientation": (0, 4)}, total="ice_score", holds_hours=12
    )
    index = index_of(measured("ice_score", 1, 5), measured("ice_naming", 1, 3), measured("ice_naming", 4, 1))
    assert observations.item_sum(index, take, at(1))[0] == point(5)
    assert observations.item_sum(index, take, at(4))[0] == NumberRange(1, 5)


NOREPINEPHRINE = methods.Active(take="active", exposure="vasopressor", agents=("norepinephrine",))


@pytest.mark.parametrize(("hours", "truth"), [(0, Truth.FALSE), (1, Truth.TRUE), (3.999, Truth.TRUE), (4, Truth.FALSE)])
def test_an_infusion_runs_from_its_start_to_just_before_its_end(hours: float, truth: Truth) -> None:
    index = index_of(runs("vasopressor", "norepinephrine", 1, 4), runs(CHARTED, "vasopressor", -5, None))
    assert exposures.active(index, NOREPINEPHRINE, at(hours))[0] is truth


def test_without_charting_absence_is_unknown() -> None:
    assert exposures.active(index_of(), NOREPINEPHRINE, at(0))[0] is Truth.UNKNOWN
    assumed = NOREPINEPHRINE.model_copy(update={"when_uncharted": "no"})
    assert exposures.active(index_of(), assumed, at(0))[0] is Truth.FALSE


def test_an_unspecified_agent_may_be_the_one() -> None:
    index = index_of(runs("vasopressor", "unspecified", 0, 4), runs(CHARTED, "vasopressor", -5, None))
    assert exposures.active(index, NOREPINEPHRINE, at(1))[0] is Truth.UNKNOWN
    anything = methods.Active(take="active", exposure="vasopressor")
    assert exposures.active(index, anything, at(1))[0] is Truth.TRUE


def test_an_infusion_that_ends_with_the_follow_up_is_not_known_to_have_ended() -> None:
    index = index_of(runs("vasopressor", "norepinephrine", 1, 4), runs(CHARTED, "vasopressor", -5, 4), followed=4)
    assert exposures.active(index, NOREPINEPHRINE, at(4))[0] is Truth.TRUE


@pytest.mark.parametrize(("hours", "truth"), [(2, Truth.TRUE), (7.999, Truth.TRUE), (8, Truth.FALSE)])
def test_a_dose_counts_for_its_hours(hours: float, truth: Truth) -> None:
    take = methods.Given(take="given", exposure="anticytokine", within_hours=6)
    index = index_of(runs("anticytokine", "tocilizumab", 2, 2), runs(CHARTED, "anticytokine", -20, None))
    assert exposures.given(index, take, at(hours))[0] is truth


def test_a_window_that_is_not_charted_throughout_leaves_a_dose_open() -> None:
    take = methods.Given(take="given", exposure="anticytokine", within_hours=6)
    index = index_of(runs(CHARTED, "anticytokine", 0, 4), runs(CHARTED, "anticytokine", 4, None))
    assert exposures.given(index, take, at(5.999))[0] is Truth.UNKNOWN
    assert exposures.given(index, take, at(6))[0] is Truth.FALSE


def test_counting_agents_and_their_rates() -> None:
    index = index_of(
        runs("vasopressor", "norepinephrine", 0, 9, rate=4.0, rate_unit="ug/min"),
        runs("vasopressor", "epinephrine", 1, 9),
        runs("vasopressor", "epinephrine", 2, 9, rate=2.0, rate_unit="ug/min"),
        runs(CHARTED, "vasopressor", -5, None),
    )
    count = methods.CountActive(take="count_active", exposure="vasopressor", at_most_agents=5)
    assert exposures.count_active(index, count, at(3))[0] == point(2)
    weights = {"norepinephrine": (1.0, "ug/min"), "epinephrine": (1.0, "ug/min")}
    rates = methods.RateSum(take="rate_sum", exposure="vasopressor", weights=weights, at_most=100)
    assert exposures.rate_sum(index, rates, at(0))[0] == point(4)
    assert exposures.rate_sum(index, rates, at(1))[0] == NumberRange(4, 100)


def test_the_relative_day_and_the_age_change_at_midnight_of_the_centre() -> None:
    take = methods.RelativeDay(take="relative_day")
    index = index_of()
    assert value_at(index, take, at(15.999))[0] == point(0)
    assert value_at(index, take, at(16))[0] == point(1)
    assert value_at(index, take, at(-0.001))[0] == NumberRange()


@pytest.mark.parametrize(
    ("value", "step", "rounded"),
    [(0.505, 0.01, 0.5), (0.445, 0.01, 0.44), (0.455, 0.01, 0.46), (math.inf, 0.01, math.inf)],
)
def test_halves_are_rounded_to_even(value: float, step: float, rounded: float) -> None:
    assert days.round_to(value, step) == rounded


def test_a_death_is_known_from_its_instant() -> None:
    take = methods.Death(take="death", causes=("crs",))
    for detail, truth in (("crs", Truth.TRUE), ("infection", Truth.FALSE), (None, Truth.UNKNOWN)):
        index = index_of(Milestone("death", ZERO + timedelta(hours=3), detail))
        assert value_at(index, take, at(2.999))[0] is Truth.FALSE
        assert value_at(index, take, at(3))[0] is truth
