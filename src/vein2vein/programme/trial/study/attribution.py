"""What makes two published trials differ, as findings: the share of each part, with its Monte Carlo error.

Place    Programme, trial, study.
In       Names of two published trials, how many blocks of patients, a seed.
Out      `Findings` of `published.contrast`.
Checked  tests/unit/programme/trial/study/test_attribution.py, tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from vein2vein.programme.trial.published.contrast import Mixtures, Table, contrast
from vein2vein.programme.trial.published.figures import SEED
from vein2vein.programme.trial.published.files import trial_file
from vein2vein.programme.trial.randomised.batch import BLOCK
from vein2vein.programme.trial.randomised.refuse import refuse_parameter
from vein2vein.programme.trial.study.findings import Cell, Findings, Grid
from vein2vein.programme.trial.words import Parameter

BLOCKS: Final = 4


def attribution(
    first: str,
    second: str,
    *,
    blocks: int = BLOCKS,
    seed: int = SEED,
    progress: Callable[[int, int], None] | None = None,
) -> Findings:
    """Share out the difference of the hazard ratios of two published trials.

    Args:
        first: Name of a published trial, such as "zuma-7".
        second: Name of the other.
        blocks: Blocks of simulated trials, at least 2; the error is told from their differences.
        seed: Root seed.
        progress: Told how many blocks of how many are done.

    Raises:
        TrialError: TRIAL-050 for another name, TRIAL-002 for the same trial twice, control arms of different kinds, or fewer
            than two blocks.
    """
    if first == second:
        refuse_parameter(f"{first} twice", "two trials")
    if blocks < 2:  # noqa: PLR2004
        refuse_parameter(f"{blocks} blocks", "at least 2")
    files, tables = (trial_file(first), trial_file(second)), list[Table]()
    for number in range(blocks):
        tables.append(Mixtures(*files, number, seed).table())
        if progress is not None:
            progress(number + 1, blocks)
    found = contrast(tables)
    whole = math.log(found.second / found.first)
    rows: list[tuple[Cell, ...]] = [
        (name, part.share, part.error, part.share / whole, part.alone, part.back) for name, part in found.parts.items()
    ]
    rows.append(("all", whole, None, 1.0, found.second, found.first))
    heads = ("part", "share of log ratio", "error", "of the difference", f"{first} with it", f"{second} without it")
    ratios = Grid("simulated hazard ratio", ("trial", "ratio"), ((first, found.first), (second, found.second)))
    settings = {"blocks": blocks, "trials in a block": BLOCK, "seed": seed}
    defaults = {"blocks": BLOCKS, "trials in a block": BLOCK, "seed": SEED}
    chosen = {key: Parameter(v, "default" if v == defaults[key] else "set") for key, v in settings.items()}
    notes = (
        f"{second} is played with as many patients as {first}, on the same latent patients",
        "a share is averaged over all orders in which the parts can be changed, and holds for the parameters of the files",
    )
    return Findings(
        f"{first} and {second}: what makes them differ", chosen, (ratios, Grid("shares", heads, tuple(rows))), {}, notes
    )
