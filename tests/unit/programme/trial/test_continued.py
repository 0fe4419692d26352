"""An arm that is treated until progression: shares and medians by hand, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.calendar import After, Chances
from vein2vein.programme.trial.continued import Continued, play_continued

# Numbers made up for arithmetic, not read from any trial.
ARM = Continued(response=0.6, response_day=40, progression=(90, 300))
MANY = Chances(7, 0, (50, 400), "control")


def test_share_and_medians() -> None:
    found = play_continued(ARM, After(1e9), MANY)
    responds = np.isfinite(found.response)
    assert responds.mean() == pytest.approx(0.6, abs=4 * math.sqrt(0.24 / 20_000))
    assert set(np.unique(found.response[responds])) == {40.0}
    assert np.median(found.late[~responds]) == pytest.approx(90, rel=0.05)
    assert np.median(found.late[responds]) == pytest.approx(340, rel=0.05)
    assert np.all(found.late[responds] >= 40)
    assert np.isinf(found.infusion).all()
    assert np.isnan(found.dose).all()


def test_durable_responders_never_progress() -> None:
    found = play_continued(replace(ARM, durable=1.0), After(200), MANY)
    responds = np.isfinite(found.response)
    assert np.isinf(found.late[responds]).all()
    assert np.isinf(found.death[responds]).all()


def test_crossover_leads_to_cells_and_some_live_on() -> None:
    after = After(200, crossover=1.0, crossover_durable=1.0)
    found = play_continued(ARM, after, MANY)
    assert np.isfinite(found.crossover).all()
    assert np.isinf(found.death).all()


@pytest.mark.parametrize(
    ("change", "told"),
    [({"response": 1.2}, "a share from 0 to 1"), ({"progression": (0, 300)}, "a number above 0"),
     ({"response_day": -1}, "a number from 0")],
)  # fmt: skip
def test_refusals(change: dict[str, object], told: str) -> None:
    with pytest.raises(TrialError, match=told):
        replace(ARM, **change)
