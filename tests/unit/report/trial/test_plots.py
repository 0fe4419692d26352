"""Columns of expected survival stand at the months that they name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vein2vein.programme.trial.designs import read_design
from vein2vein.programme.trial.randomised.hazards import survival
from vein2vein.programme.trial.study.randomised import Randomised
from vein2vein.programme.trial.study.results import Curves, months_to
from vein2vein.report.trial.content import _at_risk
from vein2vein.report.trial.plots import risk_months

EXAMPLES = Path(__file__).parents[4] / "examples" / "trials"


@pytest.mark.parametrize("last", [0.4, 1.0, 5.8, 21.225, 40.825, 60.0, 119.2, 240.0])
def test_named_months_are_whole(last: float) -> None:
    months = months_to(last)
    at = months[risk_months(Curves("any", months, ()))]
    assert at.tolist() == np.round(at).tolist()
    assert at[0] == 0
    assert len(set(np.diff(at))) <= 1
    assert 1 <= len(at) <= 8
    assert last < 4 or len(at) >= 4


def test_the_ends_are_kept() -> None:
    months = months_to(40.825)
    assert (months[0], months[-1]) == (0, 40.825)
    assert (np.diff(months) > 0).all()


def test_a_printed_share_is_that_of_the_printed_month() -> None:
    study = read_design((EXAMPLES / "group-sequential.yaml").read_text(encoding="utf-8")).study
    assert isinstance(study, Randomised)
    curves, world = study.curves()[0], study.worlds[0]
    grid = _at_risk(curves)
    printed = np.array([float(head) for head in grid.heads[1:]])
    for row, hazard in zip(grid.rows, (world.control, world.experimental), strict=True):
        shares = [cell.partition("%")[0] for cell in row[1:]]
        assert shares == [f"{100 * share:.2f}" for share in survival(hazard, printed)]
