"""Parts of a dose-finding design that cannot be are refused wherever they are made, in a call as in a file."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.crm import crm
from vein2vein.programme.trial.phase1.interval import keyboard
from vein2vein.programme.trial.phase1.late import Setting, simulate
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.phase1.tite_crm import tite_crm
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

FOUR = Cohorts(3, 4)
SKELETON = (0.1, 0.2, 0.4)


@pytest.mark.parametrize(
    ("make", "saw"),
    [
        (lambda: Cohorts(0, 4), "4 cohorts of 0"),
        (lambda: Cohorts(3, -1), "-1 cohorts of 3"),
        (lambda: boin(0, 0.3, cohorts=FOUR), "0 doses"),
        (lambda: boin(3, 0.3, cohorts=FOUR, start=7), "dose 8"),
        (lambda: keyboard(-1, 0.3, cohorts=FOUR), "-1 doses"),
        (lambda: tite_boin(0, 0.3, cohorts=FOUR), "0 doses"),
        (lambda: crm(0.3, SKELETON, cohorts=FOUR, start=3), "dose 4"),
        (lambda: boin(3, 0.3, cohorts=FOUR, cutoff=7), "cut-off 7"),
        (lambda: boin(3, 0.3, cohorts=FOUR, extra_safety=0.95), "extra safety 0.95"),
        (lambda: boin(3, 0.3, cohorts=FOUR, stop_at=0), "0 patients at a dose"),
        (lambda: crm(0.3, SKELETON, cohorts=FOUR, too_toxic=0), "cut-off 0"),
        (lambda: crm(0.3, SKELETON, cohorts=FOUR, prior=-1), "prior variance -1"),
    ],
)
def test_parts_that_cannot_be_are_refused(make: Callable[[], object], saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        make()
    assert saw in told.value.fault.saw


def test_a_whole_number_is_a_variance() -> None:
    assert crm(0.3, SKELETON, cohorts=FOUR, prior=2) == crm(0.3, SKELETON, cohorts=FOUR, prior=2.0)


def test_certain_toxicity_stops_tite_crm_and_with_no_window_as_crm() -> None:
    design = tite_crm(0.3, SKELETON, cohorts=FOUR, too_toxic=0.9)
    late = simulate(design, Truth.of([1, 1, 1]), Setting(28, 10), trials=100, seed=1).trials
    assert (late.selected == -1).all()
    assert (late.n[:, 2] == 0).all()
    at_once = simulate(design, Truth.of([1, 1, 1]), Setting(0, 10), trials=100, seed=1).trials
    assert (at_once.n == [3, 0, 0]).all()
