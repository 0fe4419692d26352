"""Figures of simulated trials: by hand from histories, intervals, errors, and the way from a file to a comparison."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from vein2vein.errors import TrialError
from vein2vein.programme.trial.cell_trial import CellTrial
from vein2vein.programme.trial.endpoints import CARTITUDE_4, DAYS_PER_MONTH, DEFINITIONS, KARMMA_3, ZUMA_7
from vein2vein.programme.trial.published.figures import (
    SEED,
    Block,
    block_figures,
    clopper_pearson,
    compare,
    compared,
    ratio_of,
)
from vein2vein.programme.trial.published.files import trial_file
from vein2vein.programme.trial.randomised.cox import cox
from vein2vein.programme.trial.randomised.sample import Sample

FILE = trial_file("zuma-7")


@pytest.fixture(scope="module")
def block() -> Block:
    return Block(FILE, SEED, 0)


def test_shares_are_counts_of_histories(block: Block) -> None:
    control, cells = block.arms
    assert block.figure("share.infused") == np.isfinite(cells.infusion).mean()
    assert block.figure("share.transplanted") == np.isfinite(control.transplant).mean()
    assert block.figure("share.response.cells") == np.isfinite(cells.response).mean()
    assert block.figure("share.switched") == np.isfinite(control.switch).mean()
    assert block.figure("share.response_by.60.control") == (control.response <= 60).mean()
    early = np.minimum(cells.early, cells.late)
    assert block.figure("share.progressed_by.42.cells") == (early <= 42).mean()
    short = Block(trial_file("belinda"), SEED, 0)  # cut so early that some cross over after it
    assert 0 < short.figure("share.crossed_over") < np.isfinite(short.arms[0].crossover).mean()


def test_survival_figures_agree_with_the_data(block: Block) -> None:
    sample = block.pooled("os")
    deaths = sample.time[(sample.arm == 0) & (sample.event == 1)]
    assert block.figure("os.ratio") == cox(sample).log
    alive = block.figure("os.at.12.control")
    # nobody is censored before month 37 of 57 after 20 months of accrual, so early landmarks are plain shares
    assert alive == pytest.approx(1 - (deaths <= 12).sum() / (sample.arm == 0).sum(), abs=1e-9)
    median = block.figure("efs.median.control")
    assert (
        block.figure(f"efs.at.{median + 0.001:.3f}.control")
        <= 0.5
        <= block.figure(f"efs.at.{median - 0.001:.3f}.control")
    )


def test_early_events_have_no_weight_from_a_day_on() -> None:
    """Two hundred patients: all control events after day 60, experimental ones before it count for nothing."""
    rng = np.random.default_rng(3)
    late = rng.exponential(10, 200) + 60 / DAYS_PER_MONTH
    arm = np.repeat([0, 1], 100)
    plain = Sample.of(late, np.ones(200), arm)
    early = np.full(50, 0.5)
    both = Sample.of(np.concatenate([late, early]), np.ones(250), np.concatenate([arm, np.ones(50)]))
    assert ratio_of(both, 56) == cox(plain).log
    assert ratio_of(both, 0) > ratio_of(both, 56)


def test_definitions_of_the_myeloma_trials() -> None:
    assert CARTITUDE_4.weight_from == 56
    assert KARMMA_3.weight_from == 0
    assert not CARTITUDE_4.new_therapy
    assert DEFINITIONS["ZUMA-7"] is ZUMA_7
    with pytest.raises(TrialError, match="a number from 0"):
        type(ZUMA_7)("x", weight_from=-1)


def test_a_time_from_apheresis_is_counted_from_it() -> None:
    found = block_figures(trial_file("karmma-3"), ["days.infusion"], 0)["days.infusion"]
    assert found == pytest.approx(49, abs=1)


def test_intervals_are_exact() -> None:
    low, high = clopper_pearson(36, 100)
    assert binom.sf(35, 100, low) == pytest.approx(0.025)
    assert binom.cdf(36, 100, high) == pytest.approx(0.025)
    assert clopper_pearson(0, 10)[0] == 0
    assert clopper_pearson(10, 10)[1] == 1


def test_comparison_says_where_a_figure_lies() -> None:
    by_name = {one.figure: one for one in FILE.printed}
    ratio = compared(FILE, by_name["efs.ratio"], np.log([0.39, 0.41, 0.40]))
    assert ratio.value == pytest.approx(0.40, abs=0.001)
    assert ratio.error == pytest.approx(0.4 * np.std(np.log([0.39, 0.41, 0.40]), ddof=1) / math.sqrt(3), rel=0.01)
    assert (ratio.lies, ratio.origin) == ("inside", "read")
    assert compared(FILE, by_name["efs.ratio"], np.log([0.8, 0.8])).lies == "outside"
    share = compared(FILE, by_name["share.infused"], np.array([0.94, 0.94]))
    assert share.origin == "percentage"
    assert share.interval == clopper_pearson(169, 180)
    none = compared(FILE, by_name["os.median.control"], np.array([31.0, np.inf]))
    assert none.lies == "no interval"
    assert math.isinf(none.value)
    assert math.isnan(none.error)


def test_one_block_has_no_error() -> None:
    with pytest.raises(TrialError, match="at least 2"):
        compare(FILE, 1)
    assert len(compare(FILE, 2)) == len(FILE.printed)


def test_late_visits_move_what_is_seen_at_visits_only() -> None:
    trial: CellTrial = FILE.trial()
    control, cells, entry = trial.histories(SEED, 0)
    assert np.all(ZUMA_7.day(control, 5.0) <= ZUMA_7.day(control) + 5.0)
    seen = np.isfinite(control.early) & (control.early <= 50) & (control.death > 60) & np.isinf(control.switch)
    assert set(np.unique(ZUMA_7.day(control, 5.0)[seen])) == {55.0}
    assert entry.shape == (128, 359)
    assert cells.infusion.shape == (128, 180)
