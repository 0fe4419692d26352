"""What makes two published trials differ, as findings: the share of each part, with its Monte Carlo error.

Place    Programme, trial, study.
In       Names of two published trials, how many blocks of patients, a seed.
Out      `Findings` of `published.contrast`.
Checked  tests/acceptance/trial/test_analyses.py
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
from vein2vein.programme.trial.texts import said
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
        (_name(name), part.share, part.error, part.share / whole, part.alone, part.back)
        for name, part in found.parts.items()
    ]
    rows.append((said("attribution.all"), whole, None, 1.0, found.second, found.first))
    heads = (
        *(said(f"attribution.{key}") for key in ("part", "share", "error", "of_difference")),
        said("attribution.with_it", trial=first),
        said("attribution.without_it", trial=second),
    )
    simulated = ((first, found.first), (second, found.second))
    ratios = Grid(said("attribution.ratios"), (said("attribution.trial"), said("attribution.ratio")), simulated)
    settings = {"blocks": blocks, "trials in a block": BLOCK, "seed": seed}
    defaults = {"blocks": BLOCKS, "trials in a block": BLOCK, "seed": SEED}
    chosen = {key: Parameter(v, "default" if v == defaults[key] else "set") for key, v in settings.items()}
    shares = Grid(said("attribution.shares"), heads, tuple(rows), "shares", len(found.parts))
    notes = (said("attribution.same_patients", first=first, second=second), said("attribution.orders"))
    name = said("attribution.name", first=first, second=second)
    return Findings(name, chosen, (ratios, shares), None, notes)


def _name(part: str) -> str:
    """What a part is called."""
    return said(f"attribution.{part.replace(' ', '_')}")
