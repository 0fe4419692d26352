"""TOP in time: its parent without a window, each look as the advice says, monotone in the rate and the window."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase2.bop2 import Cutoff, design
from vein2vein.programme.trial.phase2.pending import advise
from vein2vein.programme.trial.phase2.top_trials import simulate
from vein2vein.programme.trial.words import Bools, Floats

DESIGN = design((10, 20, 30), 0.2, Cutoff(0.86, 1.0))


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.4])
def test_without_a_window_it_is_its_parent(rate: float) -> None:
    found = simulate(DESIGN, rate, window=1e-6, interval=10, trials=20_000, seed=3)
    exact = DESIGN.boundaries.characteristics(rate)
    assert found.success.mean() == pytest.approx(exact.success, abs=0.011)
    assert found.patients.mean() == pytest.approx(exact.expected_patients, abs=0.2)
    assert found.suspended.max() < 1e-4


def test_each_look_is_decided_as_the_advice_says_patient_by_patient() -> None:
    """Trials are played anew, outcome by outcome, by asking the advice."""
    window, interval, rate, trials = 90.0, 12.0, 0.25, 120
    found = simulate(DESIGN, rate, window=window, interval=interval, trials=trials, seed=8)
    streams, shape = Streams(8), (trials, 30)
    gaps = interval * streams["trial/top/arrival"].standard_exponential(shape)
    responds = streams["trial/top/response"].random(shape) < rate
    after = np.where(responds, window * streams["trial/top/day of response"].random(shape), window)
    for i in range(trials):
        told = found.look[i], found.success[i], found.days[i], found.suspended[i]
        assert played(gaps[i], responds[i], after[i]) == pytest.approx(told)
    assert (found.suspended > 0).mean() > 0.4


def played(gaps: Floats, responds: Bools, after: Floats) -> tuple[int, bool, float, float]:
    """One trial: the look at which it ends, success, days and days suspended."""
    entry, day, waited = [0.0], 0.0, 0.0
    for k, n in enumerate(DESIGN.looks):
        while len(entry) < n:
            day += gaps[len(entry)]
            entry.append(day)
        day += gaps[n] if n < 30 else 0.0
        asked = day
        action = asked_on(day, entry, responds, after)
        while action == "suspend":
            day = min(e + a for e, a in zip(entry, after, strict=False) if e + a > day + 1e-9)
            action = asked_on(day, entry, responds, after)
        waited += day - asked if n < 30 else 0.0
        if action == "no go" or n == 30:
            return k, action == "go" and n == 30, day, waited
        entry.append(day)
    raise AssertionError


def asked_on(day: float, entry: list[float], responds: Bools, after: Floats) -> str:
    known = [e + a <= day + 1e-9 for e, a in zip(entry, after, strict=False)]
    followed = [min(day - e, 90.0) for e, there in zip(entry, known, strict=True) if not there]
    seen = sum(bool(there and answer) for there, answer in zip(known, responds, strict=False))
    return advise(DESIGN, seen, sum(known), followed, window=90.0).action


def test_a_higher_rate_succeeds_where_a_lower_did_and_a_longer_window_takes_longer() -> None:
    few, many = (simulate(DESIGN, rate, window=90, interval=10, trials=2000, seed=1) for rate in (0.2, 0.4))
    assert many.success.mean() > few.success.mean() + 0.5
    short = simulate(DESIGN, 0.4, window=30, interval=10, trials=2000, seed=1)
    assert short.days.mean() < many.days.mean() - 30
    assert short.suspended.mean() < many.suspended.mean()


def test_more_trials_leave_the_first_as_they_were() -> None:
    one, more = (simulate(DESIGN, 0.3, window=90, interval=10, trials=n, seed=1) for n in (50, 80))
    assert np.array_equal(one.days, more.days[:50])


FILE = {
    "design": "top", "looks": [10, 20, 30], "null": 0.2, "cutoff": {"lam": 0.86, "gamma": 1.0}, "window": 90,
    "scenarios": [{"name": "none", "rate": 0.2}, {"name": "some", "rate": 0.4}],
}  # fmt: skip


def test_a_file_with_an_interval_is_simulated_and_one_without_says_that_it_waits() -> None:
    study = design_of(FILE | {"interval": 12}).study
    assert not study.is_exact
    none, some = study.results(trials=500, seed=4)
    called = simulate(DESIGN, 0.4, window=90, interval=12, trials=500, seed=4)
    assert some.figures["success"].value == called.success.mean()
    assert some.figures["duration"].value == called.days.mean()
    assert some.figures["suspended_days"].value == called.suspended.mean() > 0
    assert sum(line.figures["ends_here"].value for line in none.lines) == pytest.approx(1)
    waits = design_of(FILE).study
    assert waits.is_exact
    assert "every response is awaited" in (waits.parameters["interval"].source or "")


@pytest.mark.parametrize(
    ("more", "saw"),
    [
        ({"interval": 0}, "an interval of 0"),
        ({"interval": 12, "reach": {"apheresed": 0.9, "infused": 0.8, "evaluable": 0.7}}, "reach with an interval"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, object], saw: str) -> None:
    with pytest.raises(TrialError) as told:
        design_of(FILE | more)
    assert told.value.fault.saw.startswith(saw)
    with pytest.raises(TrialError, match="a response rate of 2"):
        simulate(DESIGN, 2, window=90, interval=12, trials=5, seed=1)
