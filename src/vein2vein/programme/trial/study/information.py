"""What part of the information each look of a weighted test has, if nothing differs between the arms.

Place    Programme, trial, study. Read by `randomised` and `cells`.
In       A planned truth, the events of each look, the weight of a log-rank test.
Out      Information fractions: of hazards by integrals, of cells on the calendar by simulated trials.
Knows    The variance of a weighted score does not grow with the share of the events: a test that looks late has little of it
         early. Scores at the looks have independent increments without an effect, for the weights of design files, as a weight
         tends to the same number at each look (Tsiatis 1982 J Am Stat Assoc 77:855). Of MaxCombo there is no one information.
         Without an effect means that both arms follow the control arm; another truth without an effect has other fractions.
Checked  tests/unit/programme/trial/study/test_information.py, tests/unit/programme/trial/randomised/test_type_one_error.py
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vein2vein.programme.trial.cell_trial import CellTrial
from vein2vein.programme.trial.randomised.batch import BLOCK, Patients, cut
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, Weight
from vein2vein.programme.trial.study.reading import refuse
from vein2vein.programme.trial.words import Bools, Floats

SOURCE: Final = (
    "variance of the weighted score where both arms are as the control arm (Tsiatis 1982, J Am Stat Assoc 77:855)"
)
_BLOCKS: Final = 4
_SEED: Final = 1


def is_weighted(weights: tuple[Weight, ...]) -> bool:
    """Whether a test is one weighted log-rank test, so that its information is not the share of the events."""
    return len(weights) == 1 and weights != (LOG_RANK,)


def of_cells(world: CellTrial, counts: tuple[int, ...], weight: Weight) -> tuple[float, ...]:
    """Information fractions of looks at numbers of events, from 512 simulated trials in which both arms get the control.

    Args:
        world: The planned truth.
        counts: Events of each look, rising.
        weight: The weight of the test.

    Raises:
        TrialError: TRIAL-005 where most of these trials never have the events of the last look.
    """
    total = np.zeros(len(counts))
    trials = 0
    for number in range(_BLOCKS):
        block = without_effect(world, number)
        months = np.sort(block.seen, axis=1)[:, [count - 1 for count in counts]]
        reached: Bools = np.all(np.isfinite(months), axis=1)
        trials += int(reached.sum())
        if reached.any():
            some = block.take(reached)
            total += [_variance(some, month, weight) for month in months[reached].T]
    if 2 * trials < _BLOCKS * BLOCK or not total[-1] > 0:
        refuse(
            f"{counts[-1]} events, which most trials without an effect never have",
            "fewer events, or `information` for each look",
            "write such as `information: [0.2, 1]`",
        )
    return tuple(float(one) for one in total / total[-1])


def _variance(block: Patients, months: Floats, weight: Weight) -> float:
    return float(cut(block, months, (weight,)).covariance[:, 0, 0].sum())


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
