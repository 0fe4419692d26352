"""The same responses among enrolled, apheresed, infused and evaluable patients, side by side.

Place    Programme, trial, phase II.
In       How many patients reached each step, and how many responded.
Out      One line per denominator with its exact interval; what a rate among the infused is among the enrolled.
Knows    An estimand names its population (ICH E9(R1)): a rate among the infused is not the rate of those who were offered the
         treatment. A patient who is not infused has not responded to it.
Checked  tests/unit/programme/trial/phase2/test_denominators.py
"""

from __future__ import annotations

from dataclasses import dataclass

from vein2vein.numerics.proportions import clopper_pearson
from vein2vein.programme.trial.phase2.monitor import Characteristics, Monitoring
from vein2vein.programme.trial.phase2.refuse import between_0_and_1, probability, refuse_counts

STEPS = ("enrolled", "apheresed", "infused", "evaluable")


@dataclass(frozen=True)
class Flow:
    """How many patients reached each step of a single-arm trial.

    Raises:
        TrialError: TRIAL-060 where more patients are further on, or more respond than are evaluable.
    """

    enrolled: int
    apheresed: int
    infused: int
    evaluable: int
    responders: int

    def __post_init__(self) -> None:
        counts = [self.enrolled, self.apheresed, self.infused, self.evaluable, self.responders]
        if counts != sorted(counts, reverse=True) or self.responders < 0 or self.evaluable < 1:
            refuse_counts(
                " >= ".join(f"{n} {word}" for n, word in zip(counts, [*STEPS, "responders"], strict=True)),
                "no more patients at a later step, at least one evaluable",
            )


@dataclass(frozen=True)
class Line:
    """The response rate with one denominator; the interval is Clopper & Pearson's."""

    denominator: str
    responders: int
    patients: int
    rate: float
    low: float
    high: float


def side_by_side(flow: Flow, level: float = 0.95) -> list[Line]:
    """The response rate with each denominator.

    Raises:
        TrialError: TRIAL-002 unless the level is between 0 and 1.
    """
    between_0_and_1("level", level)
    lines = []
    for word in STEPS:
        patients = int(getattr(flow, word))
        low, high = clopper_pearson(flow.responders, patients, level)
        lines.append(Line(word, flow.responders, patients, flow.responders / patients, low, high))
    return lines


@dataclass(frozen=True)
class Reach:
    """The chance to reach each step from the one before; the last is the response of an evaluable patient.

    Raises:
        TrialError: TRIAL-002 for a number outside 0 to 1.
    """

    apheresed: float
    infused: float
    evaluable: float
    response: float

    def __post_init__(self) -> None:
        for word in ("apheresed", "infused", "evaluable", "response"):
            probability(f"chance of {word}", getattr(self, word))

    def rates(self) -> dict[str, float]:
        """The response rate with each denominator; who is not evaluable counts as not responding."""
        infused = self.evaluable * self.response
        apheresed = self.infused * infused
        return {
            "enrolled": self.apheresed * apheresed,
            "apheresed": apheresed,
            "infused": infused,
            "evaluable": self.response,
        }


def characteristics(design: Monitoring, reach: Reach) -> dict[str, Characteristics]:
    """What a design does when its patients are counted at each step; exact."""
    return {word: design.characteristics(rate) for word, rate in reach.rates().items()}
