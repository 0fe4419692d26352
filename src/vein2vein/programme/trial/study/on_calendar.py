"""The calendar of cells in a design file of dose finding: staggered infusions, window, review, and who is lost on the way.

Place    Programme, trial, study. Read by `dose`.
In       A section `calendar`: the keys of `staggered.Schedule`, and `way` with the way to infusion.
Out      `OnCalendar`; figures of days, consents and losses, each with its error.
Knows    Doses and outcomes are those of the same seed without a calendar; only the time is new. A trial that finds too few
         patients has those whom it infused, and selects no dose; days are those of the other trials.
Checked  tests/unit/programme/trial/study/test_on_calendar.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vein2vein.programme.trial.calendar import NOTHING, Cells, Lognormal
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
        """Days of the trials that ended, share that found too few patients, consents, losses and waiting."""
        days = found.days[np.isfinite(found.days)]
        figures = {"duration": mean_of(days, "days")} if len(days) > 1 else {}
        return figures | {
            "stalled": share_of(np.isinf(found.days).astype(float)),
            "consented": mean_of(found.consented.astype(float)),
            "lost": mean_of(found.lost.astype(float)),
            "waited": mean_of(found.waited, "days"),
        }


def read_calendar(entry: Any, design: Any) -> OnCalendar | None:
    """The section `calendar` of a design file; None where there is none.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit, or a design whose cohorts differ in size or wait for nothing.
    """
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        refuse(f"calendar {entry!r}", "{window: 28, first: 14, interval: 10, way: {wait: 30}}", "write its keys")
    if not isinstance(getattr(design, "cohorts", None), Cohorts) or not hasattr(design, "stopping"):
        refuse(
            f"a calendar for the design {getattr(design, 'name', design)}",
            "a design that knows every outcome of a cohort of one size before the next",
            "leave the section out, or choose such as boin",
        )
    rest = {str(key): value for key, value in entry.items() if key != "way"}
    way = entry.get("way", {"wait": 0})
    schedule = made(Schedule, rest, "the calendar")
    found = made(_way, way, "the way to infusion", _DAYS)
    parameters = {f"calendar.{key}": one for key, one in parameters_of(Schedule, rest, "").items()}
    parameters |= {f"calendar.way.{key}": one for key, one in parameters_of(_way, way, "").items()}
    return OnCalendar(schedule, found, parameters)


def _way(  # noqa: PLR0913  (what there is on the way, by its keys)
    wait: Lognormal,
    *,
    apheresis: Lognormal = NOTHING,
    slot: float = 0.0,
    failure: float = 0.0,
    second_wait: Lognormal | None = None,
    out_of_specification: float = 0.0,
    released: float = 1.0,
    bridging: float = 0.0,
    bridging_ratio: float = 1.0,
    progression: float = 0.0,
    death: float = 0.0,
    given_after_progression: float = 1.0,
    death_after_progression: float = 0.0,
) -> Cells:
    """The way to infusion; what comes after it is not used by the schedule."""
    after = {"response": (0.5, 0.5), "response_day": 0.0, "durable": 0.5, "relapse": 1.0, "no_response": 1.0}
    return Cells(
        wait=wait, apheresis=apheresis, slot=slot, failure=failure, second_wait=second_wait, death=death,
        out_of_specification=out_of_specification, released=released, bridging=bridging, bridging_ratio=bridging_ratio,
        progression=progression, given_after_progression=given_after_progression,
        death_after_progression=death_after_progression, **after,  # type: ignore[arg-type]
    )  # fmt: skip


def _days(value: Any, _: Mapping[str, Any]) -> Lognormal | None:
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Lognormal(float(value))
    return made(Lognormal, value, "days")


_DAYS: Final[Mapping[str, Convert]] = {"wait": _days, "apheresis": _days, "second_wait": _days}
