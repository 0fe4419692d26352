"""One calendar for patients of a cell-therapy trial: from consent to infusion or not, response, relapse, death.

Place    Programme, trial. Read by `continued`, `endpoints`, `cell_trial`; phase I, single-arm and randomised trials share it.
In       `Cells` (apheresis, slots, manufacture, bridging, waiting, infusion, response) or `Salvage` (regimens, transplant), and
         `After` (what follows progression, crossover included).
Out      `History`: the days of each patient, infinite for what never happens.
Knows    Days count from consent, which is randomisation in a randomised trial. All patients are columns; each decision has a
         stream of its own, so that changing one parameter leaves all other chances of a patient as they were.
Does not Hold clinical numbers: every parameter is the user's, or comes from a file that says where it was read.
Checked  tests/unit/programme/trial/test_calendar.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.randomised.refuse import not_negative, positive, refuse_parameter
from vein2vein.programme.trial.words import Bools, Floats

LN2: Final = math.log(2)


@dataclass(frozen=True)
class Lognormal:
    """A duration in days, or an amount, that is log-normal about its median and never below a least value.

    Args:
        median: Median of the days; of a dose that was made, over the planned dose.
        log_sd: Standard deviation of the logarithm of what is above the least value.
        least: Smallest value; the median counts it.
    """

    median: float
    log_sd: float = 0.0
    least: float = 0.0

    def __post_init__(self) -> None:
        not_negative("a standard deviation of", self.log_sd)
        if not 0 <= self.least <= self.median < math.inf:
            refuse_parameter(f"a median of {self.median:g} and a least value of {self.least:g}", "0 <= least <= median")

    def of(self, normal: Floats) -> Floats:
        """Values for standard normal numbers."""
        found: Floats = self.least + (self.median - self.least) * np.exp(self.log_sd * normal)
        return found


NOTHING: Final = Lognormal(0.0)


@dataclass(frozen=True)
class Cells:
    """The way of an arm that gets cells.

    Args:
        apheresis: Days from consent to apheresis; 0 when patients enter after it.
        wait: Days from the start of manufacture to infusion.
        slot: Days between two starts of manufacture; 0 for no limit.
        failure: Chance that a manufacture fails.
        second_wait: Days that a second attempt adds; None when there is none.
        out_of_specification: Chance that a product is out of specification.
        released: Chance that such a product is given all the same.
        made: Dose made over the planned dose.
        least_dose: Smallest share of the planned dose that is given.
        bridging: Chance of bridging.
        bridging_ratio: Hazard of progression while waiting, bridged to not bridged.
        progression: Progressions per day while waiting, without bridging.
        death: Deaths per day while waiting.
        death_after_progression: Further deaths per day from a progression while waiting until infusion.
        given_after_progression: Chance to be infused after progression while waiting.
        response: Chance of a response when infused (without, after) progression.
        response_day: Days from infusion to the assessment of response.
        durable: Share of responders that never relapse.
        relapse: Median days from response to relapse of the others.
        no_response: Median days from infusion to progression of those who do not respond.
    """

    wait: Lognormal
    response: tuple[float, float]
    response_day: float
    durable: float
    relapse: float
    no_response: float
    progression: float
    apheresis: Lognormal = NOTHING
    slot: float = 0.0
    failure: float = 0.0
    second_wait: Lognormal | None = None
    out_of_specification: float = 0.0
    released: float = 1.0
    made: Lognormal = field(default_factory=lambda: Lognormal(1.0))
    least_dose: float = 0.0
    bridging: float = 0.0
    bridging_ratio: float = 1.0
    death: float = 0.0
    given_after_progression: float = 1.0
    death_after_progression: float = 0.0

    def __post_init__(self) -> None:
        shares = ("durable", "failure", "out_of_specification", "released", "bridging", "given_after_progression")
        from_zero = ("response_day", "progression", "slot", "least_dose", "death", "death_after_progression")
        check(self, shares, ("relapse", "no_response"), from_zero)
        for chance in self.response:
            share("response", chance)
        not_negative("bridging_ratio", self.bridging_ratio)


@dataclass(frozen=True)
class Salvage:
    """The way of an arm that gets chemotherapy, a second regimen when it fails, and a transplant when it works.

    Args:
        assessed: Days from consent to the assessment of the first regimen.
        response: Chance of a response to it.
        progressive: Share of those without response that has progressed then; the others are stable.
        no_response: Median days from then to progression of the stable.
        transplant: Chance of a transplant after a response.
        transplant_day: Days from response to transplant.
        durable: Share of responders (without, with) a transplant that never relapse.
        relapse: Median days from response to relapse of the others.
        leaves: Chance that a responder without a transplant starts another therapy at the response.
        second: Chance of a second regimen without a response to the first.
        second_assessed: Days from its start to its assessment.
        second_response: Chance of a response to it.
    """

    assessed: float
    response: float
    progressive: float
    no_response: float
    transplant: float
    transplant_day: float
    durable: tuple[float, float]
    relapse: float
    second: float = 0.0
    second_assessed: float = 0.0
    second_response: float = 0.0
    leaves: float = 0.0

    def __post_init__(self) -> None:
        shares = ("response", "progressive", "transplant", "second", "second_response", "leaves")
        check(self, shares, ("assessed", "no_response", "relapse"), ("transplant_day", "second_assessed"))
        for chance in self.durable:
            share("durable", chance)


@dataclass(frozen=True)
class After:
    """What follows progression.

    Args:
        survival: Median days from progression to death without crossover.
        background: Deaths per day from other causes.
        crossover: Chance to cross over to cells after progression; 0 in an arm that had them.
        crossover_wait: Days from progression to the infusion of those who cross over.
        crossover_ratio: Hazard of death after crossover to that before.
        crossover_durable: Share of those infused after crossover who do not die of the disease any more.
    """

    survival: float
    background: float = 0.0
    crossover: float = 0.0
    crossover_wait: Lognormal = NOTHING
    crossover_ratio: float = 1.0
    crossover_durable: float = 0.0

    def __post_init__(self) -> None:
        check(self, ("crossover", "crossover_durable"), ("survival", "crossover_ratio"), ("background",))


@dataclass(frozen=True)
class History:
    """Days of each patient from consent, shape (trials, patients); infinite for what never happens.

    Args:
        apheresis: Apheresis.
        infusion: Infusion of cells of the arm.
        dose: Dose given over the planned dose; NaN without an infusion.
        early: Progression before infusion, or at the assessment of the first regimen.
        switch: Start of a second regimen.
        response: Response.
        transplant: Transplant.
        late: Relapse, or progression after infusion or after the last regimen.
        crossover: Infusion after crossover.
        death: Death.
    """

    apheresis: Floats
    infusion: Floats
    dose: Floats
    early: Floats
    switch: Floats
    response: Floats
    transplant: Floats
    late: Floats
    crossover: Floats
    death: Floats

    def until_death(self) -> History:
        """The same history, without what would have happened after death."""
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        dead = self.death
        for name, column in columns.items():
            if name not in {"death", "dose"}:
                columns[name] = np.where(column <= dead, column, np.inf)
        columns["dose"] = np.where(np.isfinite(columns["infusion"]), self.dose, np.nan)
        return History(**columns)


@dataclass(frozen=True)
class Chances:
    """The random numbers of the patients of one arm in one block of trials: a stream for every decision."""

    seed: int
    block: int
    shape: tuple[int, int]
    arm: str

    def uniform(self, decision: str) -> Floats:
        """Uniform numbers of a decision."""
        return self._stream(decision).random(self.shape)

    def happens(self, decision: str, chance: Floats | float) -> Bools:
        """Whether something with a chance happens to each patient."""
        found: Bools = self.uniform(decision) < chance
        return found

    def normal(self, decision: str) -> Floats:
        """Standard normal numbers of a decision."""
        return self._stream(decision).standard_normal(self.shape)

    def days(self, decision: str, rate: Floats | float) -> Floats:
        """Days until an event with a constant rate per day; infinite for a rate of 0."""
        unit = self._stream(decision).standard_exponential(self.shape)
        with np.errstate(divide="ignore"):
            found: Floats = unit / np.asarray(rate, dtype=float)
        return found

    def _stream(self, decision: str) -> np.random.Generator:
        return Streams(self.seed).replication(f"trial/calendar/{self.arm}/{decision}", self.block)


def play_cells(arm: Cells, after: After, chances: Chances, consent: Floats | None = None) -> History:
    """Play an arm that gets cells.

    Args:
        arm: The way to infusion and response.
        after: What follows progression.
        chances: Random numbers.
        consent: Calendar day of consent of each patient, for slots; all on one day when it is not given.
    """
    none = np.full(chances.shape, np.inf)
    apheresis = arm.apheresis.of(chances.normal("apheresis"))
    start = _slotted(apheresis, np.zeros(chances.shape) if consent is None else consent, arm.slot)
    made = arm.made.of(chances.normal("dose"))
    ready = start + arm.wait.of(chances.normal("wait"))
    ready = _product(arm, chances, ready, made)
    ratio = np.where(chances.happens("bridging", arm.bridging), arm.bridging_ratio, 1.0)
    early = chances.days("progression", arm.progression * ratio)
    dies = chances.days("death while waiting", arm.death)
    if arm.death_after_progression:
        further = early + chances.days("death after progression while waiting", arm.death_after_progression)
        dies = np.where(np.isfinite(ready) & (further <= ready), np.minimum(dies, further), dies)
    goes = (early > ready) | chances.happens("given after progression", arm.given_after_progression)
    infused = np.isfinite(ready) & (dies > ready) & goes
    apheresis = np.where(dies > apheresis, apheresis, np.inf)
    infusion = np.where(infused, ready, np.inf)
    before = early < ready
    responds = infused & chances.happens("response", np.where(before, arm.response[1], arm.response[0]))
    response = np.where(responds, infusion + arm.response_day, np.inf)
    late = np.where(
        responds,
        _relapse(chances, response, (arm.durable, arm.relapse)),
        infusion + chances.days("no response", LN2 / arm.no_response),
    )
    early = np.where(before | ~infused, early, np.inf)
    history = History(
        apheresis,
        infusion,
        np.where(infused, np.minimum(made, 1.0), np.nan),
        early,
        none,
        response,
        none,
        late,
        none,
        none,
    )
    return ended(history, np.where(infused, late, early), (after, chances), np.where(infused, np.inf, dies))


def play_salvage(arm: Salvage, after: After, chances: Chances) -> History:
    """Play an arm that gets chemotherapy and transplants."""
    none = np.full(chances.shape, np.inf)
    first = chances.happens("response", arm.response)
    progressive = ~first & chances.happens("progressive", arm.progressive)
    second = ~first & chances.happens("second regimen", arm.second)
    works = second & chances.happens("second response", arm.second_response)
    switch = np.where(second, arm.assessed, np.inf)
    response = np.where(first, arm.assessed, np.where(works, arm.assessed + arm.second_assessed, np.inf))
    responds = first | works
    transplanted = responds & chances.happens("transplant", arm.transplant)
    durable = np.where(transplanted, arm.durable[1], arm.durable[0])
    leaves = responds & ~transplanted & chances.happens("leaves", arm.leaves)
    switch = np.minimum(switch, np.where(leaves, response, np.inf))
    stable = arm.assessed + chances.days("no response", LN2 / arm.no_response)
    failed = np.where(second, np.maximum(arm.assessed + arm.second_assessed, np.where(progressive, 0, stable)), stable)
    late = np.where(
        responds,
        _relapse(chances, response, (durable, arm.relapse)),
        np.where(progressive & ~second, np.inf, failed),
    )
    early = np.where(progressive, arm.assessed, np.inf)
    history = History(
        none, none, np.full(chances.shape, np.nan), early, switch, response,
        np.where(transplanted, response + arm.transplant_day, np.inf), late, none, none,
    )  # fmt: skip
    return ended(history, np.where(progressive & ~second, early, late), (after, chances), none)


def _slotted(ready: Floats, consent: Floats, slot: float) -> Floats:
    """Days from consent at which manufacture starts, first come first served, one start per slot."""
    if slot == 0:
        return ready
    calendar = consent + ready
    order = np.argsort(calendar, axis=1, kind="stable")
    queue = np.take_along_axis(calendar, order, axis=1)
    turn = np.arange(queue.shape[1]) * slot
    starts = np.empty_like(calendar)
    np.put_along_axis(starts, order, np.maximum.accumulate(queue - turn, axis=1) + turn, axis=1)
    found: Floats = starts - consent
    return found


def _product(arm: Cells, chances: Chances, ready: Floats, made: Floats) -> Floats:
    """Days at which a product is there, infinite for none: failed, withheld, or too small."""
    fails = chances.happens("failure", arm.failure)
    again = chances.happens("second failure", arm.failure)
    if arm.second_wait is None:
        ready = np.where(fails, np.inf, ready)
    else:
        ready = np.where(
            fails, np.where(again, np.inf, ready + arm.second_wait.of(chances.normal("second wait"))), ready
        )
    out = chances.happens("out of specification", arm.out_of_specification)
    withheld = out & ~chances.happens("released", arm.released)
    return np.where(withheld | (made < arm.least_dose), np.inf, ready)


def _relapse(chances: Chances, response: Floats, durable_and_median: tuple[Floats | float, float]) -> Floats:
    durable, median = durable_and_median
    days = response + chances.days("relapse", LN2 / median)
    return np.where(chances.happens("durable", durable), np.inf, days)


def ended(history: History, progressed: Floats, rest: tuple[After, Chances], dies: Floats) -> History:
    """The history with crossover and death.

    Args:
        history: All that comes before.
        progressed: Day of progression, infinite for none.
        rest: What follows it, and the chances.
        dies: Day of death without progression, infinite for none.
    """
    after, chances = rest
    crosses = np.isfinite(progressed) & chances.happens("crossover", after.crossover)
    delay = after.crossover_wait.of(chances.normal("crossover wait"))
    days = chances.days("death after progression", LN2 / after.survival)
    # once crossed over, what is left of the time to death is stretched by the ratio of the hazards
    reached = crosses & (days > delay)
    days = np.where(reached, delay + (days - delay) / after.crossover_ratio, days)
    days = np.where(reached & chances.happens("crossover durable", after.crossover_durable), np.inf, days)
    background = chances.days("other death", after.background)
    death = np.minimum(np.minimum(dies, background), progressed + days)
    crossover = np.where(crosses, progressed + delay, np.inf)
    columns = {f.name: getattr(history, f.name) for f in fields(history)}
    return History(**{**columns, "death": death, "crossover": crossover}).until_death()


def share(word: str, value: float) -> None:
    """Refuse what is no share from 0 to 1."""
    if not 0 <= value <= 1:
        refuse_parameter(f"{word} {value:g}", "a share from 0 to 1")


def check(arm: object, shares: tuple[str, ...], above: tuple[str, ...], from_zero: tuple[str, ...]) -> None:
    """Refuse fields that are no share from 0 to 1, not above 0, or below 0."""
    for word in shares:
        share(word, getattr(arm, word))
    for word in above:
        positive(word, getattr(arm, word))
    for word in from_zero:
        not_negative(word, getattr(arm, word))
