"""The months after: aplasia, immunoglobulins, second malignancy, quality of life."""

from __future__ import annotations

import numpy as np

from unit.population.late_blocks import drawn, same, upstream
from vein2vein.knowledge import codes
from vein2vein.population.late import observe_late
from vein2vein.population.outcome import MONTH, PARTIAL
from vein2vein.population.states import KIND
from vein2vein.population.visits import DAYS, column

BLOCKS = range(4)


def _remission(i: int) -> np.ndarray:
    outcome = drawn(i).outcome
    return (outcome.response >= PARTIAL) & np.isnan(outcome.progressed)


def test_b_cells_are_gone_at_a_month_and_back_in_half_at_a_year() -> None:
    gone = {day: [] for day in (28, 365)}
    for i in BLOCKS:
        for day, found in gone.items():
            found.append((drawn(i).late.b_cells[:, column(day)] < 0.001)[_remission(i)])
    # baird2021: 88 % undetectable at day 30, 42 % at a year; logue2021: 60 % at a year
    assert 0.8 < np.concatenate(gone[28]).mean() < 0.995
    assert 0.35 < np.concatenate(gone[365]).mean() < 0.65


def test_more_expansion_means_longer_aplasia() -> None:
    back = np.concatenate([drawn(i).late.b_cells_back[_remission(i)] for i in BLOCKS])
    z = np.concatenate([upstream(i).kinetics.z[_remission(i)] for i in BLOCKS])
    assert np.corrcoef(np.log(back), z)[0, 1] > 0.1


def test_igg_falls_and_replacement_lifts_it() -> None:
    up = upstream()
    late = drawn().late
    infused = up.way.is_infused
    assert np.median(late.igg[infused, column(180)]) < np.median(late.igg[infused, 0])
    none = up.with_parameters(late__igg_replaced=0.0).laboratory().late
    assert not none.replaced.any()
    who, at = np.nonzero(late.replaced[:, : column(365)])
    columns = np.flatnonzero(np.isin(DAYS, (28, 90, 180, 270, 365, 545)))
    following = columns[np.searchsorted(columns, at) + 1]
    assert (late.igg[who, following] > none.igg[who, following]).all()


def test_children_are_replaced_more_often() -> None:
    def share(name: str) -> float:
        return float(drawn(0, name).late.replaced[upstream(0, name).way.is_infused].any(axis=1).mean())

    assert share("tisa-cel") > share("axi-cel")


def test_second_malignancy_has_the_published_rate() -> None:
    hour = np.concatenate([drawn(i).late.second_malignancy for i in range(8)])
    # 6.0 % over 21.7 months (tix2024), among those who live
    assert 0.04 < (hour < 21.7 * MONTH).mean() < 0.08


def test_quality_of_life_falls_at_first_and_gains_in_remission() -> None:
    quality, well = drawn().late.quality, _remission(0)
    before, early, late = (quality[well, at].mean() for at in (0, column(14), column(180)))
    assert early < before < late
    relapsed = drawn().outcome.progressed < 90 * 24
    assert quality[relapsed, column(180)].mean() < quality[well, column(180)].mean() - 10


def test_all_reported_values_are_plausible_and_lie_before_the_end() -> None:
    up, lab = upstream(), drawn()
    until = np.where(up.way.is_infused, lab.outcome.followed, -np.inf)
    rows, spans, events = observe_late(up.block, lab.late, lab.counts, lab.visits, until)
    for kind in ("b_cells", "b_cell_percentage", "cd4_cells", "igg", "qlq_c30_global_health", "eq_vas"):
        low, high = codes.observation_kind(kind).plausible or (-np.inf, np.inf)
        value = rows.value[rows.kind == KIND[kind]]
        assert len(value) > 100, kind
        assert low <= value.min(), kind
        assert value.max() <= high, kind
    assert (rows.hour <= until[rows.course]).all()
    assert (spans.start < until[spans.course]).all()
    assert (events.hour < until[events.course]).all()
    assert set(events.detail) <= set(codes.milestones()["second_malignancy"].details)


def test_the_same_block_gives_the_same_months() -> None:
    assert same(drawn().late, upstream().laboratory().late)
