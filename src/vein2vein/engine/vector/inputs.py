"""Inputs of all methods over a batch; what can be worked out of their declarations is worked out once.

Place    Engine, vector. Kept by `vector.plan`; read by `vector.engine`.
In       Declarations of inputs, then batches.
Out      `Rows` of each input.
Knows    Inputs of one method are worked out at once where they are few rows, as calls cost most there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vein2vein.engine.vector import days, exposures, held, measured, observations
from vein2vein.engine.vector.batch import Batch
from vein2vein.engine.vector.rows import Rows
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.inputs import Input


class Inputs:
    """Inputs that are asked of batches together.

    Args:
        takes: Their declarations.
    """

    def __init__(self, takes: Sequence[Input]) -> None:
        self._held_kinds = held.held_kinds(takes)
        latest = {
            place: take for place, take in enumerate(takes) if isinstance(take, methods.Latest) and _is_number(take)
        }
        extremes = {place: take for place, take in enumerate(takes) if isinstance(take, methods.Extreme)}
        exposed = {place: take for place, take in enumerate(takes) if isinstance(take, methods.Active | methods.Given)}
        self._latest = measured.LatestTogether(list(latest.values()))
        self._extremes = measured.ExtremesTogether(list(extremes.values()))
        of_days = {place: take for place, take in enumerate(takes) if isinstance(take, methods.DayInput)}
        self._exposed = exposures.FactsTogether(list(exposed.values()))
        at_once: dict[int, Input] = {**latest, **extremes, **exposed, **of_days}
        self._days = days.DaysTogether(list(of_days.values()))
        alone = [(place, take) for place, take in enumerate(takes) if place not in at_once]
        self._alone = [take for _, take in alone]
        order = [*at_once, *(place for place, _ in alone)]
        self._back = np.argsort(order).tolist()

    def rows(self, batch: Batch) -> list[Rows]:
        """Possible values over time, of each input."""
        held.hold(batch, self._held_kinds)
        found = measured.latest(batch, self._latest)
        found += measured.extremes(batch, self._extremes)
        found += exposures.facts(batch, self._exposed)
        found += days.day_values(batch, self._days)
        found += [_rows_of(batch, take) for take in self._alone]
        return [found[place] for place in self._back]


def _is_number(take: methods.Latest) -> bool:
    return observation_kind(take.observation).type == "number"


def _rows_of(batch: Batch, take: Input) -> Rows:  # noqa: C901, PLR0911, PLR0912  (one line per input method)
    """Possible values of one input over time."""
    match take:
        case methods.Latest():
            return observations.stated(batch, take)
        case methods.BaselineValue():
            return held.baseline_value(batch, take)
        case methods.SteepestRise():
            return observations.steepest_rise(batch, take)
        case methods.MeasuredSpan():
            return observations.measured_span(batch, take)
        case methods.ItemSum():
            return observations.item_sum(batch, take)
        case methods.CountActive():
            return exposures.count_active(batch, take)
        case methods.RateSum():
            return exposures.rate_sum(batch, take)
        case methods.Death():
            return observations.death(batch, take)
        case methods.AgeYears():
            return observations.age_rows(batch)
        case methods.RelativeDay():
            return observations.relative_day(batch)
        case methods.CourseField():
            return observations.course_field(batch, take)
        case _:
            message = f"{type(take).__name__} is worked out with others of its method"
            raise TypeError(message)
