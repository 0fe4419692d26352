"""PoD-TPI: the decision of mTPI-2 while outcomes are pending, as the most probable one once they are known.

Place    Programme, trial, phase I.
Source   Zhou T, Guo W, Ji Y. PoD-TPI, arXiv 1904.12981 (abstract read: the decision is random while outcomes are pending, its
         posterior distribution is worked out, two probabilities trade speed against risky decisions), and an R program that
         follows it (Ziyu-Liu-WCM/POD-TPI, read): the defaults of both probabilities, what happens at the ends of the doses and
         while nobody at a dose is known are from there. No printed decision table or characteristics were at hand.
Knows    A pending patient with weight w contributes 1 - w p, and then has a toxicity with chance p (1 - w) / (1 - w p). The
         number of toxicities to come is summed over the posterior of p, with the prior of the parent, on Gauss-Legendre points.
         Escalation needs a probability of at least `least_up`, staying one of de-escalation of at most `most_down`; otherwise
         the trial waits, as it does while nobody at the dose has a known outcome. Where no dose is open above, or none is
         below, the decision to go there is one to stay. Without pending patients this is mTPI-2.
Departs  The program closes doses by patients with known outcomes only, and waits at the lowest dose until the pending ones are
         known; here all treated patients count, as in TITE-BOIN.
Checked  tests/reference/trial_phase1/test_pod_tpi.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.numerics.gauss import legendre
from vein2vein.programme.trial.phase1.common import DOWN, STAY, UP, ByMoves, refuse, told
from vein2vein.programme.trial.phase1.interval import MassMoves, mtpi2
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen, after_move
from vein2vein.programme.trial.words import Bools, Cohorts, Floats, Ints, Parameter

PAPER: Final = "Zhou, Guo and Ji, arXiv 1904.12981, rebuilt"
PROGRAM: Final = "default of the R program Ziyu-Liu-WCM/POD-TPI (read), which follows the paper"
_NODES: Final = 96
_MOVES: Final = (DOWN, STAY, UP)
_EVEN: Final = 1e-12


@dataclass(frozen=True)
class DecisionProbability:
    """The most probable decision, when it is certain enough.

    Args:
        moves: Decisions of the parent once all outcomes are known.
        least_up: Least probability of escalation to escalate.
        most_down: Largest probability of de-escalation to stay.
    """

    moves: MassMoves
    least_up: float = 1.0
    most_down: float = 0.15

    def probabilities(self, n: Ints, y: Ints, weights: Floats) -> Floats:
        """Posterior probability to go down, stay and go up once all outcomes are known, shape (rows, 3).

        Args:
            n: Patients at the dose, pending ones included.
            y: Toxicities seen.
            weights: Follow-up over the window of each pending patient, shape (rows, most pending); NaN for no patient.
        """
        there = ~np.isnan(weights)
        coming = self._coming(n, y, np.where(there, weights, 0.0), there)
        found = np.zeros((len(n), len(_MOVES)))
        for more in range(coming.shape[1]):
            move = self.moves.move(n, np.minimum(y + more, n))
            for k, wanted in enumerate(_MOVES):
                found[:, k] += np.where(move == wanted, coming[:, more], 0.0)
        return found

    def _coming(self, n: Ints, y: Ints, weights: Floats, there: Bools) -> Floats:
        """Posterior distribution of the toxicities to come, shape (rows, most pending + 1)."""
        points, shares = legendre(_NODES)
        p = (points + 1) / 2
        a, b = self.moves.prior
        fine = n - y - there.sum(axis=1)
        log = (y[:, None] + a - 1) * np.log(p) + (fine[:, None] + b - 1) * np.log1p(-p) + np.log(shares)
        log += np.where(there[:, :, None], np.log1p(-weights[:, :, None] * p), 0.0).sum(axis=1)
        posterior = np.exp(log - log.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
        number = np.zeros((*posterior.shape, weights.shape[1] + 1))
        number[:, :, 0] = 1.0
        for k in range(weights.shape[1]):
            w = weights[:, k, None]
            chance = np.where(there[:, k, None], p * (1 - w) / (1 - w * p), 0.0)[:, :, None]
            after = number * (1 - chance)
            after[:, :, 1:] += number[:, :, :-1] * chance
            number = after
        found: Floats = np.einsum("rp,rps->rs", posterior, number)
        return found

    def move(
        self, n: Ints, y: Ints, weights: Floats, *, can_rise: Bools | None = None, can_fall: Bools | None = None
    ) -> Ints:
        """1 for up, 0 for stay, -1 for down, SUSPEND to wait.

        Args:
            n: Patients at the dose, pending ones included.
            y: Toxicities seen.
            weights: As for `probabilities`.
            can_rise: Whether a dose is open above; everywhere when None.
            can_fall: Whether there is a dose below; everywhere when None.
        """
        chance = self.probabilities(n, y, weights)
        for end, able in ((2, can_rise), (0, can_fall)):
            if able is not None:
                chance[:, 1] += np.where(able, 0.0, chance[:, end])
                chance[:, end] = np.where(able, chance[:, end], 0.0)
        best = np.array(_MOVES)[
            (chance >= chance.max(axis=1, keepdims=True) - _EVEN).argmax(axis=1)
        ]  # of equals the lower
        waits = (best == UP) & (chance[:, 2] < self.least_up - _EVEN)
        waits |= (best == STAY) & (chance[:, 0] > self.most_down + _EVEN)
        pending = (~np.isnan(weights)).sum(axis=1)
        waits |= (pending > 0) & (pending == n)
        return np.where(waits, SUSPEND, best)

    def next_dose(self, seen: Seen, closed: Bools) -> Ints:
        """The dose of the next cohort, SUSPEND to wait, NONE where the lowest is closed."""
        states = seen.states
        top = np.minimum(states.at + 1, states.doses - 1)
        can_rise = (states.at < states.doses - 1) & ~closed[np.arange(len(states)), top]
        weights = _weights_here(seen)
        move = self.move(
            states.here(states.n), states.here(states.y), weights, can_rise=can_rise, can_fall=states.at > 0
        )
        return after_move(seen, move, closed)

    def reasons(self, seen: Seen, closed: Bools) -> list[str]:
        """The probability of each decision once all outcomes are known."""
        states = seen.states
        chances = self.probabilities(states.here(states.n), states.here(states.y), _weights_here(seen))
        return [
            f"once all is known: up {up:.1%}, stay {stay:.1%}, down {down:.1%}; up needs {self.least_up:.0%}, "
            f"stay at most {self.most_down:.0%} of down"
            + ("; nobody at the dose is known yet, so wait" if 0 < here == n else "")
            for (down, stay, up), here, n in zip(chances, states.here(seen.pending), states.here(states.n), strict=True)
        ]


def _weights_here(seen: Seen) -> Floats:
    """Weights of the pending patients at the current dose of each trial, NaN where there are fewer."""
    here = seen.dose == seen.states.at[seen.row]
    row, weight = seen.row[here], seen.weight[here]
    count = np.bincount(row, minlength=len(seen.states))
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    found = np.full((len(seen.states), int(count.max(initial=0))), np.nan)
    found[row, place] = weight
    return found


def pod_tpi(  # noqa: PLR0913  (every choice named)
    doses: int,
    target: float,
    *,
    cohorts: Cohorts,
    interval: tuple[float, float] | None = None,
    least_up: float = 1.0,
    most_down: float = 0.15,
    cutoff: float = 0.95,
) -> LateDesign:
    """A PoD-TPI design that begins at the lowest dose.

    Args:
        doses: How many doses.
        target: Target toxicity rate.
        cohorts: Cohort sizes and their number.
        interval: Equivalence interval; 0.05 to either side of the target when None.
        least_up: Least probability of escalation to escalate; 1 waits until nothing can change it.
        most_down: Largest probability of de-escalation to stay; 1 never waits for it.
        cutoff: Posterior probability above which a dose is closed.

    Raises:
        TrialError: TRIAL-002 for a target, an interval or a probability that cannot be.
    """
    parent = mtpi2(doses, target, cohorts=cohorts, interval=interval, cutoff=cutoff)
    if not 0 < least_up <= 1 or not 0 <= most_down <= 1:
        refuse(f"least_up {least_up:g}, most_down {most_down:g}", "probabilities, the first above 0", "correct them")
    assert isinstance(parent.rule, ByMoves)  # noqa: S101  (for the type checker)
    assert isinstance(parent.rule.moves, MassMoves)  # noqa: S101  (for the type checker)
    given = told({"target": target, "interval": (parent.rule.moves.edges[parent.rule.moves.at],
                  parent.rule.moves.edges[parent.rule.moves.at + 1]), "cutoff": cutoff},
                 {"interval": (target - 0.05, target + 0.05), "cutoff": 0.95}, PAPER)  # fmt: skip
    for name, value, usual in (("least_up", least_up, 1.0), ("most_down", most_down, 0.15)):
        given[name] = Parameter(value, "default" if value == usual else "set", PROGRAM if value == usual else None)
    return LateDesign(
        name="PoD-TPI",
        doses=doses,
        rule=DecisionProbability(parent.rule.moves, least_up, most_down),
        selection=parent.selection,
        cohorts=cohorts,
        safety=parent.safety,
        parameters=given,
    )
