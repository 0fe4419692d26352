"""What part of the information each look of a weighted test or a MaxCombo has, if nothing differs between the arms.

Place    Programme, trial, study. Read by `randomised` and `cells`.
In       A planned truth, the events of each look, the weights of the test.
Out      Covariances of scores of cells on the calendar, by simulated trials; information fractions of them.
Knows    The variance of a weighted score does not grow with the share of the events: a test that looks late has little of it
         early. Scores at the looks have independent increments without an effect, for the weights of design files, as a weight
         tends to the same number at each look (Tsiatis 1982 J Am Stat Assoc 77:855). Of a MaxCombo it is the information with
         which the plan spends what all weights at all looks spend together (`randomised.joint`).
         Without an effect means that both arms follow the control arm; another truth without an effect has other fractions.
Checked  tests/unit/programme/trial/study/test_information.py, tests/unit/programme/trial/randomised/test_type_one_error.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from vein2vein.programme.trial.cell_trial import CellTrial
from vein2vein.programme.trial.randomised import joint
from vein2vein.programme.trial.randomised.batch import BLOCK, Patients, cut
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, Weight
from vein2vein.programme.trial.randomised.sequential import Plan
from vein2vein.programme.trial.study.reading import refuse
from vein2vein.programme.trial.words import Bools, Floats

_ALIKE: Final = "where both arms are as the control arm"
_ONE: Final = f"variance of the weighted score {_ALIKE} (Tsiatis 1982, J Am Stat Assoc 77:855)"
_SEVERAL: Final = f"joint law of all weights at all looks {_ALIKE} (Wang, Luo and Zheng 2021, arXiv 1911.05684)"
_BLOCKS: Final = 4
_SEED: Final = 1


def is_weighted(weights: tuple[Weight, ...]) -> bool:
    """Whether a test is not the log-rank test, so that its information is not the share of the events."""
    return weights != (LOG_RANK,)


def fractions_of(covariances: Floats, plan_of: Callable[[tuple[float, ...]], Plan]) -> tuple[tuple[float, ...], str]:
    """Information fractions of the looks, and where they come from.

    Args:
        covariances: Covariance of the scores at each look, shape (looks, weights, weights).
        plan_of: The plan for information fractions, used for several weights.
    """
    if covariances.shape[1] > 1:
        found, source = joint.information(covariances, plan_of), _SEVERAL
    else:
        found, source = tuple((covariances[:, 0, 0] / covariances[-1, 0, 0]).tolist()), _ONE
    return (*(round(one, 4) for one in found[:-1]), 1.0), source


def of_cells(world: CellTrial, counts: tuple[int, ...], weights: tuple[Weight, ...]) -> Floats:
    """Covariance of the scores at numbers of events, from 512 simulated trials in which both arms get the control.

    Args:
        world: The planned truth.
        counts: Events of each look, rising.
        weights: The weights of the test.

    Raises:
        TrialError: TRIAL-005 where most of these trials never have the events of the last look.
    """
    total = np.zeros((len(counts), len(weights), len(weights)))
    trials = 0
    for number in range(_BLOCKS):
        block = without_effect(world, number)
        months = np.sort(block.seen, axis=1)[:, [count - 1 for count in counts]]
        reached: Bools = np.all(np.isfinite(months), axis=1)
        trials += int(reached.sum())
        if reached.any():
            some = block.take(reached)
            total += [cut(some, month, weights).covariance.sum(axis=0) for month in months[reached].T]
    if 2 * trials < _BLOCKS * BLOCK or not (np.diagonal(total[-1]) > 0).all():
        refuse(
            f"{counts[-1]} events, which most trials without an effect never have",
            "fewer events, or `information` for each look",
            "write such as `information: [0.2, 1]`",
        )
    return total


def without_effect(world: CellTrial, number: int) -> Patients:
    """Trials whose experimental arm holds controls of other trials.

    Args:
        world: The trial; of its truths the control arm and accrual are used.
        number: Which block of trials, from 0.
    """
    own = world.block(_SEED, number)
    size, control = own.entry.shape[1], own.control
    others = -(-(size - control) // control)
    drawn = [world.block(_SEED, _BLOCKS * (k + 1) + number).followed[:, :control] for k in range(others)]
    followed = np.concatenate([own.followed[:, :control], *drawn], axis=1)[:, :size]
    return Patients(own.entry, followed, own.entry + followed, control)
