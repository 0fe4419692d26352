"""An arm that is treated until progression, as the standard regimens of myeloma are, on the calendar of `calendar`.

Place    Programme, trial. Read by `cell_trial`.
In       `Continued`, what follows progression, the random numbers of the arm.
Out      A `History` without infusion, switch or transplant.
Does not Hold clinical numbers.
Checked  tests/unit/programme/trial/test_continued.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vein2vein.programme.trial.calendar import LN2, After, Chances, History, check, ended
from vein2vein.programme.trial.randomised.refuse import positive


@dataclass(frozen=True)
class Continued:
    """The way of an arm that is treated until progression.

    Args:
        response: Chance of a response.
        response_day: Days from consent to the response.
        progression: Median days from consent to progression (without, with) a response; with one, counted from the response.
        durable: Share of responders that never progress.
    """

    response: float
    response_day: float
    progression: tuple[float, float]
    durable: float = 0.0

    def __post_init__(self) -> None:
        check(self, ("response", "durable"), (), ("response_day",))
        for median in self.progression:
            positive("a median to progression of", median)


def play_continued(arm: Continued, after: After, chances: Chances) -> History:
    """Play an arm that is treated until progression."""
    none = np.full(chances.shape, np.inf)
    responds = chances.happens("response", arm.response)
    stays = responds & chances.happens("durable", arm.durable)
    response = np.where(responds, arm.response_day, np.inf)
    median = np.where(responds, arm.progression[1], arm.progression[0])
    days = chances.days("relapse", LN2 / median) + np.where(responds, arm.response_day, 0.0)
    late = np.where(stays, np.inf, days)
    nobody = np.full(chances.shape, np.nan)
    history = History(none, none, nobody, none, none, response, none, late, none, none)
    return ended(history, late, (after, chances), none)
