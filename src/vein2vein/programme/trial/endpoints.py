"""Event definitions over the calendar of a cell-therapy trial, denominators, and samples for a test.

Place    Programme, trial.
In       A `History`; an event definition; accrual and a cut-off.
Out      The day of the event of each patient; response by enrolled, apheresed, infused and evaluable; a `Sample`.
Knows    A progression is seen at the next assessment. What happens before `counts_from` is forgiven to those in response by then.
         The first assessments and the rules of the named trials are as read (Locke 2022 doi 10.1056/NEJMoa2116133, Bishop 2022
         doi 10.1056/NEJMoa2116596, Kamdar 2022 doi 10.1016/S0140-6736(22)00662-6, through tables and abstracts); the later
         schedules were not at hand, so that later progressions are seen on their day.
Checked  tests/unit/programme/trial/test_calendar.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.programme.trial.calendar import History
from vein2vein.programme.trial.randomised.crossover import Crossed
from vein2vein.programme.trial.randomised.refuse import not_negative, positive, refuse_parameter
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Bools, Floats

DAYS_PER_MONTH: Final = 365.25 / 12


@dataclass(frozen=True)
class EventDefinition:
    """When a patient has an event; death always is one.

    Args:
        name: What people call it.
        response_by: Day by which a response is due, and an event without one; None for no such day.
        counts_from: Day before which progression is no event for those who are in response by that day.
        new_therapy: Whether the start of a second regimen is an event.
        assessments: Days of the first assessments; a progression is seen at the next of them, after the last on its day.
        weight_from: Day from which events have weight in the hazard ratio; earlier ones have none.
        source: Where the definition was read.
    """

    name: str
    response_by: float | None = None
    counts_from: float = 0.0
    new_therapy: bool = False
    assessments: tuple[float, ...] = ()
    weight_from: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        for day in (*self.assessments, *(() if self.response_by is None else (self.response_by,))):
            positive("a day of", day)
        not_negative("counts_from", self.counts_from)
        not_negative("weight_from", self.weight_from)
        if list(self.assessments) != sorted(set(self.assessments)):
            refuse_parameter(f"assessments on days {list(self.assessments)}", "rising days")

    def seen(self, day: Floats) -> Floats:
        """The day on which something is seen."""
        if not self.assessments:
            return day
        grid = np.array([*self.assessments, np.inf])
        visit = grid[np.searchsorted(grid[:-1], day, side="left")]
        return np.where(np.isinf(visit), day, visit)

    def day(self, history: History, delay: Floats | float = 0.0) -> Floats:
        """Day of the event of each patient, infinite for none.

        Args:
            history: What happened.
            delay: Days by which the visits of each patient are later than planned.
        """
        early, late = self.seen(history.early - delay) + delay, self.seen(history.late - delay) + delay
        first = self.counts_from + (delay if self.counts_from else 0.0)
        forgiven = (early < first) & (history.response <= first)
        early = np.where(forgiven, np.inf, np.maximum(early, first))
        found: Floats = np.minimum(early, np.maximum(late, first))
        if self.new_therapy:
            found = np.minimum(found, history.switch)
        if self.response_by is not None:
            due = self.response_by + delay
            found = np.minimum(found, np.where(history.response > due, due, np.inf))
        return np.minimum(found, history.death)


ZUMA_7: Final = EventDefinition(
    "ZUMA-7 event-free survival", response_by=150, new_therapy=True, assessments=(50, 100, 150),
    source="Locke 2022, doi 10.1056/NEJMoa2116133: progression, death, new therapy, stable disease to day 150",
)  # fmt: skip
TRANSFORM: Final = EventDefinition(
    "TRANSFORM event-free survival", response_by=63, new_therapy=True, assessments=(63, 126),
    source="Kamdar 2022, doi 10.1016/S0140-6736(22)00662-6: progression, death, no response by week 9, new therapy",
)  # fmt: skip
BELINDA: Final = EventDefinition(
    "BELINDA event-free survival", response_by=84, counts_from=84, assessments=(42, 84),
    source="Bishop 2022, doi 10.1056/NEJMoa2116596: stable or progressive disease at or after week 12, death at any time",
)  # fmt: skip
PROGRESSION_FREE: Final = EventDefinition("progression-free survival", source="progression or death, on its day")
KARMMA_3: Final = EventDefinition(
    "KarMMa-3 progression-free survival",
    source="Rodriguez-Otero 2023, doi 10.1056/NEJMoa2213614: progression or death; visits every few weeks, seen on the day",
)
CARTITUDE_4: Final = EventDefinition(
    "CARTITUDE-4 progression-free survival", weight_from=56,
    source="San-Miguel 2023, doi 10.1056/NEJMoa2303379: progression or death; the hazard ratio gives no weight to the first "
    "8 weeks, in which both arms have the same treatment",
)  # fmt: skip
DEFINITIONS: Final = {d.name.split()[0]: d for d in (ZUMA_7, TRANSFORM, BELINDA, KARMMA_3, CARTITUDE_4)}


@dataclass(frozen=True)
class Denominators:
    """How many patients there are by four ways of counting, and how many of them respond; means per trial.

    Args:
        patients: Enrolled, apheresed, infused, and evaluable (infused and alive at the assessment of response).
        responders: Of them, with a response.
        infusion: Median days from consent to infusion of the infused.
        below_dose: Share of the infused that got less than the planned dose.
    """

    patients: Mapping[str, float]
    responders: Mapping[str, float]
    infusion: float
    below_dose: float

    @property
    def rates(self) -> Mapping[str, float]:
        """Responders over patients, for each way of counting; NaN without patients."""
        return {k: self.responders[k] / n if n else float("nan") for k, n in self.patients.items()}


def denominators(history: History, response_day: float) -> Denominators:
    """Count the patients of an arm that gets cells.

    Args:
        history: What happened.
        response_day: Days from infusion to the assessment of response.
    """
    infused, by_way = np.isfinite(history.infusion), counted(history, response_day)
    return Denominators(
        {way: float(patients.mean()) for way, (patients, _) in by_way.items()},
        {way: float(responders.mean()) for way, (_, responders) in by_way.items()},
        float(np.median(history.infusion[infused])) if infused.any() else float("inf"),
        float((history.dose[infused] < 1).mean()) if infused.any() else float("nan"),
    )


def counted(history: History, response_day: float) -> dict[str, tuple[Floats, Floats]]:
    """Patients and responders of each trial by way of counting; see `denominators`."""
    infused, responds = np.isfinite(history.infusion), np.isfinite(history.response)
    ways: dict[str, Bools] = {
        "enrolled": np.ones(infused.shape, bool),
        "apheresed": np.isfinite(history.apheresis),
        "infused": infused,
        "evaluable": infused & (history.death > history.infusion + response_day),
    }
    return {
        way: (who.sum(axis=1).astype(np.float64), (who & responds).sum(axis=1).astype(np.float64))
        for way, who in ways.items()
    }


def sample(events: tuple[Floats, Floats], consent: tuple[Floats, Floats], cut: float, *, trial: int) -> Sample:
    """The data of one trial at a calendar day, in months.

    Args:
        events: Day of the event of the (control, experimental) arm, from `EventDefinition.day` or the days of death.
        consent: Calendar day of consent of both arms.
        cut: Calendar day of the cut; patients who consent later are left out.
        trial: Row of the trial.
    """
    time, event, arms = [], [], []
    for arm in (0, 1):
        follow = cut - consent[arm][trial]
        there = follow > 0
        day = events[arm][trial]
        time.append((np.minimum(day, follow) / DAYS_PER_MONTH)[there])
        event.append((day <= follow)[there])
        arms.append(np.full(int(there.sum()), arm))
    return Sample.of(np.concatenate(time), np.concatenate(event), np.concatenate(arms))


def survival_with_crossover(histories: tuple[History, History], entry: Floats, cut: float, *, trial: int) -> Crossed:
    """Overall survival of one simulated trial in months, with progression as eligibility for crossover.

    Args:
        histories: Of the control and experimental arm, from `CellTrial.histories`.
        entry: Months of randomisation, control arm first.
        cut: Calendar month of the cut; patients who are randomised later are left out.
        trial: Row of the trial.
    """
    arm = np.repeat([0, 1], [h.death.shape[1] for h in histories])
    follow = cut - entry[trial]

    def row(name: str) -> Floats:
        days: Floats = np.concatenate([getattr(h, name)[trial] for h in histories])
        return days / DAYS_PER_MONTH

    time = np.minimum(row("death"), follow)
    crossover = np.where(row("crossover") <= time, row("crossover"), np.inf)
    # the first progression: of a response that follows it, the relapse comes later
    eligible = np.minimum(row("early"), row("late"))
    there = follow > 0
    return Crossed.of(
        time[there], (row("death") <= follow)[there], arm[there], crossover[there],
        follow_up=follow[there], eligible=eligible[there],
    )  # fmt: skip
