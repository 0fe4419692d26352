"""BOIN12: the published ranks, and exact characteristics beside simulated ones.

Source: Lin et al. 2020 (doi 10.1200/PO.20.00257), rank table as printed by the vignette A310 of escalation 0.2.3 (anchor P10,
read). Tolerance: ranks exact. Simulation against enumeration: four Monte Carlo standard errors.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from reference.trial_phase12.published import anchors
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.phase12.boin12 import boin12, rank_table
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts

DESIGN = boin12(3, toxicity=0.35, efficacy=0.25, cohorts=Cohorts(3, 6))


def test_published_ranks() -> None:
    (row,) = anchors("P10")
    cells = [tuple(map(int, cell.split(";"))) for cell in re.findall(r"\((\d+;\d+;\d+)\)", row["quantity"])]
    assert len(cells) == 10
    found = {(r.patients, r.toxicities, r.responses): r.rank for r in rank_table(DESIGN, (0, 3, 6, 9))}
    assert [found[cell] for cell in cells] == [int(rank) for rank in row["published_value"].split(";")]


def test_further_ranks_of_the_same_table() -> None:
    """The rest of the rows for three patients, from the same vignette; outcomes that close a dose have no rank."""
    found = {(r.patients, r.toxicities, r.responses): r.rank for r in rank_table(DESIGN, (9, 6, 3, 0))}
    assert [found[3, 2, e] for e in range(4)] == [13, 31, 48, 69]
    assert [found[3, 3, e] for e in range(4)] == [None] * 4
    assert found[9, 0, 0] is None  # no response in nine


def test_exact_characteristics_agree_with_simulation() -> None:
    truth = Truth.of([0.05, 0.20, 0.45], [0.15, 0.45, 0.50])
    (listed,) = exact.characteristics(DESIGN, truth)
    drawn = simulate.characteristics(DESIGN, truth, trials=20_000, seed=5)
    assert drawn.errors is not None
    assert listed.error == "exact"
    assert listed.selected.sum() + listed.none_selected == pytest.approx(1)
    assert (np.abs(drawn.selected - listed.selected) < 4 * drawn.errors.selected).all()
    assert (np.abs(drawn.patients - listed.patients) < 4 * drawn.errors.patients).all()
    assert (np.abs(drawn.toxicities - listed.toxicities) < 4 * drawn.errors.toxicities).all()
    assert listed.selected[1] > max(listed.selected[0], listed.selected[2])  # the dose with the best trade-off


def test_certain_toxicity_stops_and_no_response_selects_nothing() -> None:
    design = boin12(2, toxicity=0.35, efficacy=0.25, cohorts=Cohorts(3, 6))
    certain, idle = exact.characteristics(design, [Truth.of([1, 1], [1, 1]), Truth.of([0, 0], [0, 0], "nothing works")])
    assert certain.none_selected == pytest.approx(1)
    assert certain.expected_patients == pytest.approx(3)
    # Pr(response rate < 0.25) is 0.867 after none of six and 0.944 after none of nine: nine at each dose, then nothing.
    assert idle.patients == pytest.approx([9, 9])
    assert idle.none_selected == pytest.approx(1)
