"""Pseudo-infusion dates take immortal time away: without an effect of treatment none is found."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2.compare import hazard_ratio, survival
from vein2vein.programme.trial.phase2.waiting import drawn_dates, expected_dates


def test_rows_by_hand() -> None:
    """Waits of 1 and 3; one control dies at 2, one is censored at 5."""
    found = expected_dates([1, 3], [2, 5], [1, 0], dates_as_treated=False)
    assert list(zip(found.control, found.time, found.event, found.weight, strict=True)) == [
        (0, 1.0, True, 0.5),
        (1, 4.0, False, 0.5),
        (1, 2.0, False, 0.5),
    ]
    assert found.infused.tolist() == [0.5, 1.0]
    assert found.lost == 0.25


def test_each_date_weighs_what_it_weighs_among_the_treated() -> None:
    found = expected_dates([1, 3], [2, 5], [1, 0])
    assert found.weight.tolist() == [0.5, 0.5, 1.0]


def test_no_effect_is_no_effect() -> None:
    """The same people with waits of up to 4 months: those who live through their wait are infused, which changes nothing.

    Deaths are frequent early (Weibull, shape 0.6). From eligibility the infused seem to do better; with pseudo-infusion dates the
    hazard ratio is 1 within its interval, and survival agrees at every time.
    """
    draws = Streams(11)["trial/test/immortal time"]
    life, wait = 8 * draws.weibull(0.6, 3000), draws.uniform(0, 4, 3000)
    infused = life > wait
    control = 8 * draws.weibull(0.6, 3000)
    naive = hazard_ratio(
        np.append(life[infused], control),
        np.ones(infused.sum() + 3000),
        np.append(np.ones(infused.sum()), np.zeros(3000)),
    )
    assert naive.high < 0.85
    after = life[infused] - wait[infused]
    pseudo = expected_dates(wait[infused][::10], control[::2], np.ones(1500))
    for at in (1.0, 3.0, 8.0):
        ours = survival(after, np.ones(len(after)), np.ones(len(after)), at)
        assert survival(pseudo.time, pseudo.event, pseudo.weight, at) == pytest.approx(ours, abs=0.05)
    drawn = drawn_dates(wait[infused], control, np.ones(3000), streams=Streams(1))
    rows = np.append(after, drawn.time)
    fair = hazard_ratio(rows, np.ones(len(rows)), np.append(np.ones(len(after)), np.zeros(len(drawn.time))))
    assert fair.low < 1.06
    assert fair.high > 0.97


def test_expectation_is_the_average_of_draws() -> None:
    waits, time, event = [1, 2, 6], [0.5, 3, 7, 9], [1, 1, 0, 1]
    found = expected_dates(waits, time, event)
    drawn = [drawn_dates(waits, time, event, streams=Streams(5), replication=i).infused for i in range(2000)]
    assert np.mean(drawn, axis=0) == pytest.approx(found.infused, abs=4 * 0.5 / np.sqrt(2000))


def test_strata_have_their_own_waits() -> None:
    found = expected_dates([1, 4], [3, 3], [1, 1], strata=(["fast", "slow"], ["fast", "slow"]))
    assert found.infused.tolist() == [1.0, 0.0]
    with pytest.raises(TrialError, match="stratum slow without a treated"):
        expected_dates([1, 4], [3, 3], [1, 1], strata=(["fast", "fast"], ["fast", "slow"]))


def test_impossible_times_are_refused() -> None:
    with pytest.raises(TrialError, match="waiting time that is missing or negative"):
        expected_dates([-1], [3], [1])
    with pytest.raises(TrialError, match="no control alive"):
        expected_dates([5], [3, 5], [1, 1])
    with pytest.raises(TrialError, match="event of 0 or 1"):
        expected_dates([1], [3, 5], [1, 2])
