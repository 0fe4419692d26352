"""More deaths early: where the curves of two arms cross, by how much, and how likely a trial is to show it.

Place    Programme, trial, randomised. For overall survival when one arm waits for its cells.
In       True survival of both arms, patients per arm, landmarks in months.
Out      `EarlyDeaths`: true deficits, the month at which the curves cross, chances of seeing more deaths in the experimental arm.
Knows    Chances are exact: until a landmark at which everybody is followed, deaths of an arm are binomial. Advisers on ide-cel
         and cilta-cel (15 March 2024) asked about more early deaths in both, often before infusion.
Does not Say whether a later benefit outweighs an early harm: it shows both, with the months of life lost and gained.
Checked  tests/unit/programme/trial/randomised/test_early.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom

from vein2vein.programme.trial.randomised.events import nodes
from vein2vein.programme.trial.randomised.hazards import Hazard, survival
from vein2vein.programme.trial.randomised.refuse import positive, refuse_parameter, whole
from vein2vein.programme.trial.words import Floats

_GRID: Final = 2001
_Z: Final = 1.959963984540054


@dataclass(frozen=True)
class EarlyDeaths:
    """An early-death panel.

    Args:
        months: Landmarks.
        control: True share dead in the control arm by each landmark.
        experimental: True share dead in the experimental arm.
        more_deaths: Chance that a larger share has died in the experimental arm, among patients of a trial.
        significant: Chance that it is larger by a one-sided z of 1.96 (pooled variance) or more.
        expected_excess: Expected deaths of the experimental arm beyond those of the control arm, per 100 patients each.
        crossing: Month at which the true survival curves cross, after the experimental arm was below; None where it never is
            below, infinite where it stays below up to the horizon.
        worst: Month of the largest true deficit of the experimental arm, and the deficit; (0, 0) without one.
        lost: Months of life lost until the curves cross, per patient of the experimental arm.
        gained: Months of life gained from then to the horizon.
        horizon: Month up to which curves are compared.

    Raises:
        TrialError: TRIAL-002 for an arm without patients, parts of patients, or a month that is not above 0.
    """

    months: tuple[float, ...]
    control: Floats
    experimental: Floats
    more_deaths: Floats
    significant: Floats
    expected_excess: Floats
    crossing: float | None
    worst: tuple[float, float]
    lost: float
    gained: float
    horizon: float


def early_deaths(
    control: Hazard,
    experimental: Hazard,
    patients: tuple[int, int],
    months: tuple[float, ...],
    *,
    horizon: float = 60.0,
) -> EarlyDeaths:
    """Compare early deaths of two arms.

    Args:
        control: True time to death of the control arm.
        experimental: True time to death of the experimental arm.
        patients: Patients of the (control, experimental) arm, all followed to the last landmark.
        months: Landmarks, above 0.
        horizon: Month up to which curves are compared.
    """
    if min(patients) < 1:
        refuse_parameter(f"{patients[0]} and {patients[1]} patients", "at least one in each arm")
    for number in patients:
        whole("patients of", number)
    for month in (*months, horizon):
        positive("month", month)
    at = np.array(months)
    dead = [1 - survival(hazard, at) for hazard in (control, experimental)]
    pairs = [_chances(patients, float(c), float(e)) for c, e in zip(*dead, strict=True)]
    crosses = _crossing(control, experimental, horizon)
    grid = _grid(control, experimental, horizon)
    deficit = survival(control, grid) - survival(experimental, grid)
    worst = int(deficit.argmax())
    u, weight = nodes(control, experimental, horizon, (*np.linspace(0, horizon, 61),))
    gain = (survival(experimental, u) - survival(control, u)) * weight
    return EarlyDeaths(
        months, dead[0], dead[1],
        np.array([more for more, _ in pairs]), np.array([significant for _, significant in pairs]),
        100 * (dead[1] - dead[0]), crosses,
        (float(grid[worst]), float(deficit[worst])) if deficit[worst] > 1e-12 else (0.0, 0.0),  # noqa: PLR2004
        float(-gain[gain < 0].sum()), float(gain[gain > 0].sum()), horizon,
    )  # fmt: skip


def _chances(patients: tuple[int, int], control: float, experimental: float) -> tuple[float, float]:
    """Chance of a larger share dead in the experimental arm, and of one larger by z of 1.96."""
    d0, d1 = (np.arange(n + 1) for n in patients)
    joint = np.outer(binom.pmf(d0, patients[0], control), binom.pmf(d1, patients[1], experimental))
    excess = d1 / patients[1] - (d0 / patients[0])[:, None]
    pooled = (d1 + d0[:, None]) / sum(patients)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / patients[0] + 1 / patients[1]))
    certain = excess > 1e-12  # noqa: PLR2004  (equal shares are equal, however they are rounded)
    z = np.divide(excess, spread, out=np.zeros_like(excess), where=spread > 0)
    return float(joint[certain].sum()), float(joint[certain & (z >= _Z)].sum())


def _crossing(control: Hazard, experimental: Hazard, horizon: float) -> float | None:
    """Last month before the horizon at which the experimental arm comes from below."""

    def gap(month: float) -> float:
        return float(survival(experimental, month) - survival(control, month))

    grid = _grid(control, experimental, horizon)[1:]
    below = np.flatnonzero(survival(experimental, grid) - survival(control, grid) < -1e-12)  # noqa: PLR2004
    if not len(below):
        return None
    last = int(below[-1])
    if last + 1 == len(grid):
        return float("inf")
    return (
        float(brentq(gap, grid[last], grid[last + 1], xtol=1e-9)) if gap(grid[last + 1]) > 0 else float(grid[last + 1])
    )


def _grid(control: Hazard, experimental: Hazard, horizon: float) -> Floats:
    """Months to look at, those at which a hazard jumps among them: deficits peak there."""
    jumps = [month for month in (*control.breaks, *experimental.breaks) if month < horizon]
    return np.unique(np.concatenate([np.linspace(0, horizon, _GRID), jumps]))
