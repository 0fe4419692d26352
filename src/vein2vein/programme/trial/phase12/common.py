"""What designs with toxicity and response share: utilities, doses that do not work, the best of some doses.

Place    Programme, trial, phase I-II.
In       Batches of states with responses.
Out      Utility scores, doses that are futile, the dose with the best score.
Knows    A utility can be counted from toxicities and responses apart where its four values are additive: with 100 for a
         response without toxicity and 0 for the opposite, the other two sum to 100. Others need how often both came in the
         same patient, so that the states of such a design count that too.
Checked  tests/unit/programme/trial/phase12, tests/reference/trial_phase12
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import betainc

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.common import ClosestIsotonic, refuse
from vein2vein.programme.trial.words import NONE, Bools, Floats, Ints, States, check_first_dose

_TIE: Final = 1e-9
_SUM: Final = 100.0


@dataclass(frozen=True)
class Utilities:
    """How desirable each outcome of a patient is; 100 for a response without toxicity, 0 for toxicity without response.

    Args:
        neither: Neither response nor toxicity.
        both: Response and toxicity.

    Raises:
        TrialError: TRIAL-002 unless both lie from 0 to 100.
    """

    neither: float = 40.0
    both: float = 60.0

    def __post_init__(self) -> None:
        if not (0 <= self.neither <= _SUM and 0 <= self.both <= _SUM):
            refuse(f"utilities {self.neither:g} and {self.both:g}", "both from 0 to 100", "choose such as 40 and 60")

    @property
    def additive(self) -> bool:
        """Whether the numbers of toxicities and of responses tell the sum of the utilities."""
        return abs(self._excess) <= _TIE

    @property
    def _excess(self) -> float:
        """What a patient with both outcomes adds to what the two outcomes add."""
        return self.neither + self.both - _SUM

    @property
    def uniform(self) -> float:
        """The mean utility, from 0 to 1, where all four outcomes are equally likely."""
        return (_SUM + self.neither + self.both) / (4 * _SUM)

    def score(self, n: Ints, y: Ints, e: Ints, both: Ints | None = None) -> Floats:
        """The sum of the utilities of `n` patients, divided by 100: between 0 and `n`.

        Args:
            n: Patients.
            y: Of these, with a toxicity.
            e: With a response.
            both: With both; needed unless the utilities are additive.

        Raises:
            TrialError: TRIAL-004 where `both` is needed and not there.
        """
        if self.additive:
            found: Floats = (self.neither * (n - y) + self.both * e) / _SUM
            return found
        if both is None:
            raise TrialError(
                "TRIAL-004",
                saw=f"utilities {self.neither:g} and {self.both:g} with toxicities and responses counted apart",
                expected="patients with both outcomes as well",
                fix="give the design joint=True, or utilities that sum to 100",
            )
        return np.asarray((self.neither * (n - y) + (_SUM - self.neither) * e + self._excess * both) / _SUM)

    def score_of(self, states: States) -> Floats:
        """The sum of the utilities at each dose, divided by 100, shape (states, doses)."""
        return self.score(states.n, states.y, responses(states), states.both)

    def mean(self, toxicity: Floats | float, efficacy: Floats | float, both: Floats | float | None = None) -> Floats:
        """The mean utility, from 0 to 1, at given rates; both outcomes are independent where nobody says otherwise."""
        toxic, works = np.asarray(toxicity), np.asarray(efficacy)
        if self.additive:
            found: Floats = (self.neither * (1 - toxic) + self.both * works) / _SUM
            return found
        pairs = toxic * works if both is None else np.asarray(both)
        return np.asarray((self.neither * (1 - toxic) + (_SUM - self.neither) * works + self._excess * pairs) / _SUM)


@dataclass(frozen=True)
class Futility:
    """Tells doses at which responses are too few: Pr(q < least response rate) exceeds a cut-off.

    Args:
        rate: Lowest response rate that is worth while.
        cutoff: Posterior probability above which a dose is futile.
        least: Fewest patients at a dose before it can be futile.
        prior: Parameters of the beta prior of the response rate.
    """

    rate: float
    cutoff: float = 0.90
    least: int = 3
    prior: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        check_rate("response rate", self.rate)
        check_rate("cut-off", self.cutoff)

    def futile(self, n: Ints, e: Ints) -> Bools:
        """Whether `e` responses of `n` are too few."""
        below = betainc(self.prior[0] + e, self.prior[1] + n - e, self.rate)
        found: Bools = (n >= self.least) & (below > self.cutoff)
        return found


def responses(states: States) -> Ints:
    """The responses per dose.

    Raises:
        TrialError: TRIAL-004 where the states do not count them.
    """
    if states.e is None:
        raise TrialError(
            "TRIAL-004",
            saw="trial states without responses",
            expected="responses at each dose",
            fix="give the design with_efficacy=True, or the outcomes with the letters E and B",
        )
    return states.e


def around(states: States, below: int = 1, above: int = 1) -> Bools:
    """The doses from `below` under the current one to `above` over it, shape (states, doses)."""
    away = np.arange(states.doses) - states.at[:, None]
    found: Bools = (away >= -below) & (away <= above)
    return found


def best_of(score: Floats, able: Bools, *, ties: Literal["lowest", "highest"] = "lowest") -> Ints:
    """The dose with the best score among some, NONE where there are none; equal scores are told apart by the dose."""
    top = np.where(able, score, -np.inf).max(axis=1, keepdims=True)
    equal = able & (score >= top - _TIE)
    dose = equal.argmax(axis=1) if ties == "lowest" else score.shape[1] - 1 - equal[:, ::-1].argmax(axis=1)
    found: Ints = np.where(able.any(axis=1), dose, NONE)
    return found


def open_below(states: States, closed: Bools) -> Ints:
    """One dose lower, or the highest that is open; the lowest where there is none lower, NONE where all are closed."""
    open_doses = states.doses - closed.sum(axis=1)
    found: Ints = np.where(open_doses == 0, NONE, np.maximum(np.minimum(states.at - 1, open_doses - 1), 0))
    return found


def up_to_mtd(states: States, closed: Bools, target: float) -> Bools:
    """The tried, open doses not above the one whose isotonic toxicity estimate is closest to the target."""
    mtd = ClosestIsotonic(target).selected(states, closed)
    found: Bools = (states.n > 0) & ~closed & (np.arange(states.doses) <= mtd[:, None])
    return found


def rates(counts: Ints, n: Ints) -> Floats:
    """Observed rates; 0 where nobody was treated."""
    found: Floats = counts / np.maximum(n, 1)
    return found


def check_rate(what: str, value: float) -> None:
    """Refuse a rate or probability outside (0, 1).

    Raises:
        TrialError: TRIAL-002.
    """
    if not 0 < value < 1:
        refuse(f"{what} {value:g}", "a number between 0 and 1, both excluded", "choose such as 0.3")


def check_start(doses: int, start: int) -> None:
    """Refuse a first dose that is not among the doses.

    Raises:
        TrialError: TRIAL-002.
    """
    check_first_dose(doses, start)
