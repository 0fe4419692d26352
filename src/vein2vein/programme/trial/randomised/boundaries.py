"""Chances of crossing group sequential bounds, and bounds that spend a given error.

Place    Programme, trial, randomised. Read by `sequential`.
In       Information fractions, bounds on the z scale, the drift (mean of z at full information).
Out      Chance of crossing each bound first at each look; the bound that spends a given error at the next look.
Knows    Armitage, McPherson & Rowe 1969 JRSS-A 132:235: the density of z among the trials that still run follows from that
         at the look before. Integrals on the grid of Jennison & Turnbull 2000, section 19.3 (Simpson, dense in the middle,
         logarithmic in the tails), here 12 r points.
Checked  tests/reference/trial_randomised/test_group_sequential.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from vein2vein.programme.trial.words import Floats

GRID: Final = 32
_FAR: Final = 12.0
_ROOT_2PI: Final = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True)
class Running:
    """The trials that still run after a look: weighted density of z on grid points.

    Args:
        t: Information fraction of the look; 0 before the first.
        z: Grid points.
        weight: Density times width at each point; they sum to the chance that the trial still runs.
    """

    t: float
    z: Floats
    weight: Floats

    @classmethod
    def before_the_first(cls) -> Running:
        """No look yet: every trial runs."""
        return cls(0.0, np.zeros(1), np.ones(1))

    def _standard(self, t: float, z: Floats | float, drift: float) -> Floats:
        """Score at t, less what is expected given the last look, in standard deviations; shape (z, grid)."""
        step = t - self.t
        mean = self.z * np.sqrt(self.t) + drift * step
        found: Floats = (np.atleast_1d(z)[:, None] * np.sqrt(t) - mean) / np.sqrt(step)
        return found

    def above(self, t: float, bound: float, drift: float) -> float:
        """Chance to run until t and then to be at the bound or above."""
        return float(ndtr(-self._standard(t, bound, drift))[0] @ self.weight)

    def below(self, t: float, bound: float, drift: float) -> float:
        """Chance to run until t and then to be below the bound."""
        return float(ndtr(self._standard(t, bound, drift))[0] @ self.weight)

    def after(self, t: float, bounds: tuple[float, float], drift: float) -> Running:
        """Those that still run after a look at t with a lower and an upper bound."""
        z, width = _grid(drift * np.sqrt(t), *bounds)
        scale = np.sqrt(t / (t - self.t)) / _ROOT_2PI
        density = (np.exp(-0.5 * self._standard(t, z, drift) ** 2) @ self.weight) * scale
        return Running(t, z, density * width)


@dataclass(frozen=True)
class Crossing:
    """Chance to cross first at each look: the upper bound, and the lower (futility, or the other side)."""

    upper: Floats
    lower: Floats

    @property
    def stops(self) -> Floats:
        """Chance that the trial ends at each look by crossing."""
        return self.upper + self.lower


def crossing(t: Floats, upper: Floats, lower: Floats, drift: float) -> Crossing:
    """Chance to cross each bound first at each look.

    Args:
        t: Information fractions of the looks.
        upper: Upper bounds.
        lower: Lower bounds; minus infinity for none.
        drift: Mean of z at information 1.
    """
    running = Running.before_the_first()
    up, down = np.zeros(len(t)), np.zeros(len(t))
    for k, at in enumerate(t):
        up[k] = running.above(at, upper[k], drift)
        down[k] = running.below(at, lower[k], drift)
        if k + 1 < len(t):
            running = running.after(at, (lower[k], upper[k]), drift)
    return Crossing(up, down)


def upper_for(running: Running, t: float, error: float, drift: float = 0.0) -> float:
    """The upper bound at t that is crossed with the given chance; infinite where that chance is (as good as) zero."""
    if running.above(t, _FAR, drift) >= error:
        return float("inf")
    if running.above(t, -_FAR, drift) <= error:  # fewer still run than may be stopped
        return -_FAR
    return float(brentq(lambda bound: running.above(t, bound, drift) - error, -_FAR, _FAR, xtol=1e-12))


def lower_for(running: Running, t: float, error: float, drift: float) -> float:
    """The lower bound at t that is crossed with the given chance; minus infinite where that chance is (as good as) zero."""
    if running.below(t, -_FAR, drift) >= error:
        return float("-inf")
    if running.below(t, 2 * _FAR, drift) <= error:
        return 2 * _FAR
    return float(brentq(lambda bound: running.below(t, bound, drift) - error, -_FAR, 2 * _FAR, xtol=1e-12))


def _grid(mean: float, low: float, high: float) -> tuple[Floats, Floats]:
    """Points and Simpson weights of Jennison & Turnbull around a mean, cut to the region in which the trial goes on."""
    r = GRID
    tail = 3 + 4 * np.log(r / np.arange(1, r))
    middle = -3 + 3 * np.arange(4 * r + 1) / (2 * r)
    knots = mean + np.concatenate([-tail, middle, tail[::-1]])
    low, high = max(low, knots[0]), min(high, knots[-1])
    if low >= high:
        return np.array([mean]), np.zeros(1)
    knots = np.concatenate([[low], knots[(knots > low) & (knots < high)], [high]])
    width = np.diff(knots)
    z = np.empty(2 * len(knots) - 1)
    z[::2], z[1::2] = knots, (knots[1:] + knots[:-1]) / 2
    weight = np.zeros(len(z))
    weight[1::2] = 4 * width
    weight[:-2:2] += width
    weight[2::2] += width
    return z, weight / 6
