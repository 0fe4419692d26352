"""Spending functions: how much of an error may be spent by which part of the information.

Place    Programme, trial, randomised. Read by `boundaries`.
In       The error to be spent and the information fractions of the looks.
Out      Error spent up to each fraction; all of it at 1, none at 0.
Knows    Lan & DeMets 1983 Biometrika 70:659 (both named families), Kim & DeMets 1987 Biometrika 74:149 (power),
         Hwang, Shih & DeCani 1990 Stat Med 9:1439 (gamma).
Checked  tests/unit/programme/trial/randomised/test_boundaries.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.stats import norm

from vein2vein.programme.trial.randomised.refuse import positive, refuse_parameter
from vein2vein.programme.trial.words import Floats


class Spending(Protocol):
    """Error spent up to a fraction of the information."""

    def spent(self, fraction: Floats, error: float) -> Floats:
        """Error spent at each fraction.

        Args:
            fraction: Information fractions, above 0 and at most 1.
            error: The whole error, one-sided.
        """


@dataclass(frozen=True)
class OBrienFlemingLike:
    """Lan & DeMets 1983: 2 - 2 Phi(z(error / 2) / sqrt(t)); little is spent early."""

    def spent(self, fraction: Floats, error: float) -> Floats:
        """Error spent at each fraction."""
        found: Floats = 2 * norm.sf(norm.isf(error / 2) / np.sqrt(fraction))
        return found


@dataclass(frozen=True)
class PocockLike:
    """Lan & DeMets 1983: error ln(1 + (e - 1) t); nearly even."""

    def spent(self, fraction: Floats, error: float) -> Floats:
        """Error spent at each fraction."""
        found: Floats = error * np.log1p((math.e - 1) * fraction)
        return found


@dataclass(frozen=True)
class PowerFamily:
    """Kim & DeMets 1987: error t^rho, rho above 0; 3 is near O'Brien-Fleming, 1 is linear."""

    rho: float

    def __post_init__(self) -> None:
        positive("rho of the power family", self.rho)

    def spent(self, fraction: Floats, error: float) -> Floats:
        """Error spent at each fraction."""
        found: Floats = error * fraction**self.rho
        return found


@dataclass(frozen=True)
class HwangShihDeCani:
    """Hwang, Shih & DeCani 1990: error (1 - exp(-gamma t)) / (1 - exp(-gamma)); -4 is near O'Brien-Fleming, 1 near Pocock."""

    gamma: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.gamma) or abs(self.gamma) > 50:  # noqa: PLR2004  (beyond it, exp loses the digits)
            refuse_parameter(f"gamma {self.gamma:g}", "a number from -50 to 50")

    def spent(self, fraction: Floats, error: float) -> Floats:
        """Error spent at each fraction."""
        if self.gamma == 0:
            return error * fraction
        found: Floats = error * np.expm1(-self.gamma * fraction) / math.expm1(-self.gamma)
        return found


def fractions(looks: int | tuple[float, ...]) -> Floats:
    """Information fractions: equally spaced for a number of looks, or those that are given.

    Raises:
        TrialError: TRIAL-002 unless they rise, stay above 0 and end with 1.
    """
    if isinstance(looks, int):
        if looks < 1:
            refuse_parameter(f"{looks} looks", "at least one")
        return np.arange(1, looks + 1) / looks
    found = np.array(looks, dtype=float)
    rises = found.size > 0 and found[0] > 0 and bool(np.all(np.diff(found) > 0))
    if not rises or abs(found[-1] - 1) > 1e-12:  # noqa: PLR2004
        refuse_parameter(f"information fractions {list(looks)}", "rising numbers above 0, the last of them 1")
    return found
