"""Overall survival of a published trial with crossover, without it, and as the estimators would have it without it.

Place    Programme, trial, published. Read by the page of the documentation.
In       A file of a trial whose control arm crosses over, how many trials, a seed.
Out      Log hazard ratios of each simulated trial: as randomised, adjusted in three ways, and in the world without crossover.
Knows    The world without crossover has the same latent patients, so an estimator is judged by its difference from that world,
         patient by patient.
Checked  tests/unit/programme/trial/published/test_adjusted.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from vein2vein.programme.trial.endpoints import survival_with_crossover
from vein2vein.programme.trial.published.figures import SEED
from vein2vein.programme.trial.published.files import TrialFile
from vein2vein.programme.trial.randomised.batch import BLOCK
from vein2vein.programme.trial.randomised.cox import cox
from vein2vein.programme.trial.randomised.ipcw import ipcw
from vein2vein.programme.trial.randomised.refuse import refuse_parameter
from vein2vein.programme.trial.randomised.rpsft import rpsft
from vein2vein.programme.trial.words import Floats


@dataclass(frozen=True)
class Adjusted:
    """Log hazard ratios of overall survival, one for each trial.

    Args:
        randomised: As randomised.
        rpsft: By the structural model.
        ipcw: By weights.
        ended: With follow-up that ends at crossover, without weights.
        without: In the world without crossover.
        largest: Largest weight of each trial.
    """

    randomised: Floats
    rpsft: Floats
    ipcw: Floats
    ended: Floats
    without: Floats
    largest: Floats


def adjusted(file: TrialFile, trials: int, seed: int = SEED) -> Adjusted:
    """Play trials with and without crossover, and estimate.

    Args:
        file: The published trial.
        trials: How many.
        seed: Root of the random streams.

    Raises:
        TrialError: TRIAL-002 for less than one trial, or a trial in which nobody crosses over.
    """
    if trials < 1 or file.trial().after[0].crossover == 0:
        refuse_parameter(f"{trials} trials of {file.name}", "at least one trial, of a control arm that crosses over")
    rows = list(_rows(file, trials, seed))
    return Adjusted(*(np.array(column) for column in zip(*rows, strict=True)))


def _rows(file: TrialFile, trials: int, seed: int) -> Iterator[tuple[float, ...]]:
    trial, cut = file.trial(), file.cut(survival=True)
    without = replace(trial, after=(replace(trial.after[0], crossover=0.0), trial.after[1]))
    for number in range(-(-trials // BLOCK)):
        control, cells, entry = trial.histories(seed, number)
        stays = without.histories(seed, number)[0]
        for row in range(min(BLOCK, trials - number * BLOCK)):
            data = survival_with_crossover((control, cells), entry, cut, trial=row)
            alone = survival_with_crossover((stays, cells), entry, cut, trial=row)
            model, weighted = rpsft(data), ipcw(data)
            yield (
                model.randomised.log, model.ratio.log, weighted.ratio.log, cox(data.ended_at_crossover()).log,
                cox(alone.sample).log, weighted.largest,
            )  # fmt: skip
