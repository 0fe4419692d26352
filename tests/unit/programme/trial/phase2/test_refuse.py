"""Every check of phase II says what was expected."""

from __future__ import annotations

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2 import refuse


def test_responses_above_patients_name_the_group() -> None:
    with pytest.raises(TrialError, match=r"TRIAL-060[\s\S]*4 responses of 3 patients in group 2"):
        refuse.counts([1, 4], [3, 3])
    with pytest.raises(TrialError, match="one of each per group"):
        refuse.counts([1], [3, 3])


def test_counts_that_fit_are_given_back() -> None:
    y, n = refuse.counts([0, 3], [3, 3])
    assert (y.tolist(), n.tolist()) == ([0, 3], [3, 3])


def test_numbers_outside_their_range_are_refused() -> None:
    with pytest.raises(TrialError, match=r"share 1\.5"):
        refuse.probability("share", 1.5)
    with pytest.raises(TrialError, match="weight inf"):
        refuse.positive("weight", float("inf"))
