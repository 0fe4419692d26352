"""The calendar of cells in a design file of dose finding: staggered infusions, window, review, and who is lost on the way.

Place    Programme, trial, study. Read by `dose`.
In       A section `calendar`: the keys of `staggered.Schedule`, and `way` with the way to infusion.
Out      `OnCalendar`; figures of days, consents and losses, each with its error.
Knows    Doses and outcomes of a design that waits for every outcome are those of the same seed without a calendar; only the time
         is new. A design that decides while outcomes are pending is asked when the next patient can be infused, so that its
         decisions follow the calendar. A trial that finds too few patients has those whom it infused, and selects no dose;
         days are those of the other trials. Designs with backfill have no calendar: when backfilled patients come, and whether
         their outcomes are known by the next decision, would be a model of ours that no paper at hand describes.
Checked  tests/unit/programme/trial/study/test_on_calendar.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vein2vein.programme.trial.calendar import NOTHING, Cells, Lognormal
from vein2vein.programme.trial.phase1.late import LateDesign
from vein2vein.programme.trial.phase1.partial import PartialDesign
from vein2vein.programme.trial.staggered import Schedule, Schedules
from vein2vein.programme.trial.study.reading import Convert, made, parameters_of, refuse
from vein2vein.programme.trial.study.results import Figure, mean_of, share_of
from vein2vein.programme.trial.words import Cohorts, Parameter


@dataclass(frozen=True)
class OnCalendar:
    """What the protocol asks of time, and how patients come to their infusion.

    Args:
        schedule: Staggering, window, review, arrivals.
        way: The way to infusion.
        parameters: Every choice with its origin.
    """

    schedule: Schedule
    way: Cells
    parameters: Mapping[str, Parameter]

    @staticmethod
    def figures(found: Schedules) -> dict[str, Figure]:
        """Days of the trials that ended, share that found too few patients, consents, aphereses, losses and waiting."""
        days = found.days[np.isfinite(found.days)]
        figures = {"duration": mean_of(days, "days")} if len(days) > 1 else {}
        figures |= {
            "stalled": share_of(np.isinf(found.days).astype(float)),
            "consented": mean_of(found.consented.astype(float)),
            "apheresed": mean_of(found.counted.apheresed.astype(float)),
            "lost": mean_of(found.lost.astype(float)),
            "waited": mean_of(found.waited, "days"),
        }
        return figures if found.suspended is None else figures | {"suspended": mean_of(found.suspended.astype(float))}


def read_calendar(entry: Any, design: Any, *, backfilled: bool = False) -> OnCalendar | None:
    """The section `calendar` of a design file; None where there is none.

    Args:
        entry: The section.
        design: The design.
        backfilled: Whether patients are treated between its cohorts.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit, a design whose cohorts differ in size, or one with backfill.
    """
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        refuse(f"calendar {entry!r}", "{window: 28, first: 14, interval: 10, way: {wait: 30}}", "write its keys")
    if backfilled:
        refuse(
            f"a calendar for the design {design.name}",
            "a design without backfill: nobody says when backfilled patients come and their outcomes are known",
            "leave the section out, or choose such as tite-boin",
        )
    if not isinstance(getattr(design, "cohorts", None), Cohorts):
        refuse(
            f"a calendar for the design {getattr(design, 'name', design)}",
            "a design with cohorts of one size",
            "leave the section out, or choose such as boin",
        )
    rest = {str(key): value for key, value in entry.items() if key != "way"}
    way = entry.get("way", {"wait": 0})
    schedule = made(Schedule, rest, "the calendar")
    found = made(_way, way, "the way to infusion", _DAYS)
    idle = _idle(design)
    _check(design, (rest, way), idle)
    parameters = {f"calendar.{key}": one for key, one in parameters_of(Schedule, rest, "").items()}
    parameters |= {f"calendar.way.{key}": one for key, one in parameters_of(_way, way, "").items()}
    return OnCalendar(schedule, found, {key: one for key, one in parameters.items() if key not in idle})


def _idle(design: Any) -> dict[str, str]:
    """Keys that would change nothing in a design, each with the designs in which it does."""
    idle = {}
    if not isinstance(design, LateDesign):
        idle["calendar.late"] = "a design that decides while outcomes are pending"
    if not isinstance(design, LateDesign) or design.cohorts.size_of_each > 1:
        idle["calendar.under_way"] = "a design that decides patient by patient while outcomes are pending"
    return idle


def _check(design: Any, given: tuple[Mapping[str, Any], Mapping[str, Any]], idle: Mapping[str, str]) -> None:
    """Refuse keys that change nothing."""
    rest, way = given
    for key in rest:
        if f"calendar.{key}" in idle:
            refuse(f"{key!r} in the calendar of {design.name}", idle[f"calendar.{key}"], "leave it out")
    if "least_dose" in way and "made" not in way:
        refuse("'least_dose' and no 'made'", "the share of the planned dose that is made", "add `made: {median: 1}`")
    if "made" in way and "least_dose" not in way and not isinstance(design, PartialDesign):
        refuse(
            f"'made' in the way of {design.name}",
            "with `least_dose`, below which nobody is infused: this design counts who got less as planned",
            "add `least_dose: 0.5`, or choose partial-dose",
        )


def _way(  # noqa: PLR0913  (what there is on the way, by its keys)
    wait: Lognormal,
    *,
    apheresis: Lognormal = NOTHING,
    slot: float = 0.0,
    failure: float = 0.0,
    second_wait: Lognormal | None = None,
    out_of_specification: float = 0.0,
    released: float = 1.0,
    made: Lognormal = Lognormal(1.0),  # noqa: B008  (frozen)
    least_dose: float = 0.0,
    bridging: float = 0.0,
    bridging_ratio: float = 1.0,
    progression: float = 0.0,
    death: float = 0.0,
    given_after_progression: float = 1.0,
    death_after_progression: float = 0.0,
) -> Cells:
    """The way to infusion; what comes after it is not used by the schedule.

    Args:
        wait: Days from the start of manufacture to infusion.
        apheresis: Days from consent to apheresis.
        slot: Days between two starts of manufacture; 0 for no limit.
        failure: Chance that a manufacture fails.
        second_wait: Days that a second attempt adds; no second attempt where it is left out.
        out_of_specification: Chance that a product is out of specification.
        released: Chance that such a product is given all the same.
        made: Dose made over the planned dose; more than 1 is given as 1.
        least_dose: Smallest share of the planned dose that is given.
        bridging: Chance of bridging.
        bridging_ratio: Hazard of progression while waiting, bridged to not bridged.
        progression: Progressions per day while waiting, without bridging.
        death: Deaths per day while waiting.
        given_after_progression: Chance to be infused after progression while waiting.
        death_after_progression: Further deaths per day from a progression while waiting until infusion.
    """
    after = {"response": (0.5, 0.5), "response_day": 0.0, "durable": 0.5, "relapse": 1.0, "no_response": 1.0}
    return Cells(
        wait=wait, apheresis=apheresis, slot=slot, failure=failure, second_wait=second_wait, death=death,
        out_of_specification=out_of_specification, released=released, made=made, least_dose=least_dose,
        bridging=bridging, bridging_ratio=bridging_ratio,
        progression=progression, given_after_progression=given_after_progression,
        death_after_progression=death_after_progression, **after,  # type: ignore[arg-type]
    )  # fmt: skip


def _days(value: Any, _: Mapping[str, Any]) -> Lognormal | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Lognormal(float(value))
    return made(Lognormal, value, "days, or a dose")


_DAYS: Final[Mapping[str, Convert]] = {"wait": _days, "apheresis": _days, "second_wait": _days, "made": _days}
