"""TITE-BOIN: BOIN while outcomes are pending, with either of its two estimators.

Place    Programme, trial, phase I.
Source   "imputed": Yuan Y, Lin R, Li D, Nie L, Warren KE. Clin Cancer Res 2018;24:4921 (doi 10.1158/1078-0432.CCR-18-0246).
         "effective": Lin R, Yuan Y. Biostatistics 2020;21:807 (doi 10.1093/biostatistics/kxz007).
Knows    m of n patients are pending, STFT is the sum of their follow-up over the window. "imputed": each pending patient counts
         the odds of a toxicity times what is left of the window. "effective": toxicities over n - m + STFT patients. A dose with
         more than half of its patients pending suspends accrual, unless the toxicities seen already ask to go down. Doses are
         closed by all treated patients, as in the program of the authors. Without pending patients both are BOIN.
Checked  tests/reference/trial_phase1/test_tite_boin.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from vein2vein.programme.trial.phase1.boin import Bounds
from vein2vein.programme.trial.phase1.common import ClosestIsotonic, TooToxic, refuse, told
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen, after_move
from vein2vein.programme.trial.words import Bools, Cohorts, Floats, Ints, Parameter

IMPUTED: Final = "Yuan et al. 2018, doi 10.1158/1078-0432.CCR-18-0246"
EFFECTIVE: Final = "Lin and Yuan 2020, doi 10.1093/biostatistics/kxz007"
Estimator = Literal["imputed", "effective"]


@dataclass(frozen=True)
class PendingInterval:
    """BOIN's bounds on a rate that counts pending patients.

    Args:
        target: Target toxicity rate.
        bounds: The bounds of BOIN.
        estimator: "imputed" or "effective".
        most_pending: Accrual is suspended when more than this share of the patients at the dose is pending.
    """

    target: float
    bounds: Bounds
    estimator: Estimator
    most_pending: float = 0.5

    def rate(self, n: Ints, y: Ints, pending: Ints, followed: Floats) -> Floats:
        """The estimated toxicity rate at a dose."""
        if self.estimator == "effective":
            effective = n - pending + followed
            whole = np.divide(y, effective, out=np.ones(np.shape(effective)), where=effective > 0)
            return np.where(y > 0, np.minimum(whole, 1.0), 0.0)
        chance = self._completed(n, y, pending)
        return np.asarray((y + chance / (1 - chance) * (pending - followed)) / np.maximum(n, 1), np.float64)

    def _completed(self, n: Ints, y: Ints, pending: Ints) -> Floats:
        """The posterior mean among patients who are not pending, under a beta prior worth one patient."""
        return np.asarray((y + self.target / 2) / (n - pending + 1), np.float64)

    def move(self, n: Ints, y: Ints, pending: Ints, followed: Floats) -> Ints:
        """1 for up, 0 for stay, -1 for down, SUSPEND to wait."""
        rate = self.rate(n, y, pending, followed)
        with_pending = (rate <= self.bounds.up).astype(np.int64) - (rate >= self.bounds.down)
        found = np.where(pending > 0, with_pending, self.bounds.move(n, y))
        found = np.where(pending > self.most_pending * n, SUSPEND, found)
        return np.where(y >= self.bounds.least_to_go_down(n), -1, found)

    def limits(self, n: int, y: int, pending: int) -> tuple[float, float]:
        """Least STFT to go up, and most STFT to go down, of the imputed estimator; may lie outside 0 to `pending`.

        Raises:
            TrialError: TRIAL-002 for the other estimator.
        """
        if self.estimator != "imputed":
            refuse(f"estimator {self.estimator!r}", '"imputed"', "ask the imputed estimator")
        chance = float(self._completed(*(np.array([k]) for k in (n, y, pending)))[0])
        odds = (1 - chance) / chance
        return pending - (n * self.bounds.up - y) * odds, pending - (n * self.bounds.down - y) * odds

    def next_dose(self, seen: Seen, closed: Bools) -> Ints:
        """The dose of the next cohort, SUSPEND to wait, NONE where the lowest is closed."""
        states = seen.states
        n, y, pending = (states.here(column) for column in (states.n, states.y, seen.pending))
        move = self.move(n, y, pending, states.here(seen.followed))
        return after_move(seen, move, closed)

    def reasons(self, seen: Seen, closed: Bools) -> list[str]:
        """The estimated rate beside the bounds, or why it does not count."""
        states = seen.states
        n, y, pending = (states.here(column) for column in (states.n, states.y, seen.pending))
        rates, words = self.rate(n, y, pending, states.here(seen.followed)), []
        for row, rate in enumerate(rates):
            if y[row] >= self.bounds.least_to_go_down(n[row : row + 1])[0]:
                words.append(f"{y[row]} of {n[row]} is at least {self.bounds.down:.3f} whatever is pending, so go down")
            elif pending[row] > self.most_pending * n[row]:
                words.append(f"{pending[row]} of {n[row]} pending is more than {self.most_pending:.0%}, so wait")
            elif pending[row] == 0:
                words.append(self.bounds.why(int(n[row]), int(y[row])))
            else:
                up, down = rate <= self.bounds.up, rate >= self.bounds.down
                end = (
                    f"at most {self.bounds.up:.3f}, so go up"
                    if up
                    else (f"at least {self.bounds.down:.3f}, so go down" if down else "between the bounds, so stay")
                )
                words.append(f"the rate with pending patients ({self.estimator}) is {rate:.3f}: {end}")
        return words


def tite_boin(
    doses: int,
    target: float,
    *,
    cohorts: Cohorts,
    estimator: Estimator = "imputed",
    most_pending: float = 0.5,
    cutoff: float = 0.95,
) -> LateDesign:
    """A TITE-BOIN design that begins at the lowest dose.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        estimator: "imputed" (Yuan et al. 2018) or "effective" (Lin and Yuan 2020).
        most_pending: Accrual is suspended when more than this share of the patients at the dose is pending.
        cutoff: Posterior probability above which a dose is closed.

    Raises:
        TrialError: TRIAL-002 for a target or an estimator that cannot be.
    """
    if estimator not in {"imputed", "effective"}:
        refuse(f"estimator {estimator!r}", '"imputed" or "effective"', "choose one of the two")
    bounds = Bounds.of(target)
    given = {"target": target, "estimator": estimator, "most_pending": most_pending, "cutoff": cutoff}
    source = IMPUTED if estimator == "imputed" else EFFECTIVE
    parameters = told(given, {"estimator": "imputed", "most_pending": 0.5, "cutoff": 0.95}, source)
    parameters |= {
        "lambda_e": Parameter(bounds.up, "derived", source),
        "lambda_d": Parameter(bounds.down, "derived", source),
    }
    return LateDesign(
        name="TITE-BOIN",
        doses=doses,
        rule=PendingInterval(target, bounds, estimator, most_pending),
        selection=ClosestIsotonic(target),
        cohorts=cohorts,
        safety=TooToxic(target, cutoff),
        parameters=parameters,
    )
