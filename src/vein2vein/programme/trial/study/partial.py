"""Studies of dose finding where some patients get less than their dose.

Place    Programme, trial, study. Read by `designs`.
In       The keys of a design file: those of `partial_dose`; scenarios with toxicity at the planned amounts and a `capacity`.
Out      `PartialStudy`.
Knows    A scenario without a capacity is one in which every product reaches its dose; on a calendar the way may say with `made`
         how much of the planned dose is made instead, not both. Everything is simulated: an amount that was received is any
         number, so that the states cannot be listed.
Checked  tests/unit/programme/trial/study/test_partial.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from vein2vein.programme.trial import staggered_partial
from vein2vein.programme.trial.phase1 import partial
from vein2vein.programme.trial.phase1.partial import PartialDesign
from vein2vein.programme.trial.phase1.partial_dose import chance_to_reach, partial_dose
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.study.dose import DoseStudy, JudgedBy, Scenario, marked, setting_of
from vein2vein.programme.trial.study.dose_makers import convert_for
from vein2vein.programme.trial.study.dose_scenarios import right_of, truth_of
from vein2vein.programme.trial.study.on_calendar import OnCalendar, read_calendar
from vein2vein.programme.trial.study.reading import cases_of, made, refuse
from vein2vein.programme.trial.study.results import Result, mean_of

_AROUND: Final = ("design", "title", "scenarios", "setting", "calendar", "judged_by", "figures", "search", "protocol")
_ENDLESS: Final = (1e12, 0.0)


@dataclass(frozen=True)
class Capacity:
    """What can be made of a patient's cells.

    Args:
        median: Median of the largest amount that can be made, in the unit of the planned amounts.
        log_sd: Standard deviation of its logarithm.
    """

    median: float
    log_sd: float = 0.0


@dataclass(frozen=True)
class PartialStudy(DoseStudy):
    """A study of a `PartialDesign`.

    Args:
        capacities: Median and SD of the logarithm of what can be made, for each scenario.
    """

    capacities: tuple[tuple[float, float], ...] = ()

    @property
    def _feasible(self) -> float | None:
        """Least chance that a product reaches the dose."""
        assert isinstance(self.design, PartialDesign)  # noqa: S101  (read so)
        return self.design.feasible.least

    def _simulated(self, one: Scenario, trials: int, seed: int) -> Result:
        """As for other designs, and how many got less than planned."""
        assert isinstance(self.design, PartialDesign)  # noqa: S101  (read so)
        capacity = self.capacities[self.truths.index(one.truth)]
        days = None
        if self.calendar is None:
            run = partial.simulate(self.design, one.truth, capacity, trials=trials, seed=seed)
        else:
            way, schedule = self.calendar.way, self.calendar.schedule
            run, days = staggered_partial.simulate(
                self.design, one.truth, capacity, way, schedule, trials=trials, seed=seed
            )
        found = self._told(one, run.trials, days, (trials, seed))
        return replace(found, figures={**found.figures, "below_planned": mean_of(run.below.astype(float))})


def read_partial(name: str, content: Mapping[str, Any]) -> PartialStudy:
    """A study of a design file.

    Args:
        name: Name of the design.
        content: The whole file.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit; TRIAL-001 and TRIAL-002 for values that cannot be.
    """
    given = {str(key): value for key, value in content.items() if key not in _AROUND}
    if content.get("figures") not in {None, "simulated"}:
        refuse(f"figures {content['figures']!r}", "simulated; amounts received cannot be listed", "leave the key out")
    found = made(partial_dose, given, f"the design {name}", convert_for(given))
    cases = cases_of(content)
    capacities = tuple(_capacity(entry, i) for i, entry in enumerate(cases))
    calendar = _calendar(content, found)
    whole = 1.0 if calendar is None else staggered_partial.chance_to_be_whole(calendar.way)
    truths = tuple(
        replace(_truth(entry, i), efficacy=tuple((whole * chance_to_reach(found.partial.amounts, capacity)).tolist()))
        for i, (entry, capacity) in enumerate(zip(cases, capacities, strict=True))
    )
    return PartialStudy(
        design=marked(found, partial_dose, given),
        truths=truths,
        setting=setting_of(content.get("setting"), late=False),
        calendar=calendar,
        judged=made(JudgedBy, content.get("judged_by") or {}, "judged_by"),
        right=tuple(right_of(entry, found.doses) for entry in cases),
        around=MappingProxyType({}),
        capacities=capacities,
    )


def _calendar(content: Mapping[str, Any], design: PartialDesign) -> OnCalendar | None:
    """The calendar of a file, which says by itself how much is made, or leaves that to the scenarios."""
    calendar = read_calendar(content.get("calendar"), design)
    if calendar is None:
        return None
    if content.get("setting") is not None:
        refuse("a calendar with `setting`", "the calendar alone", "leave the other out")
    made_too = calendar.parameters.keys() & {"calendar.way.made", "calendar.way.made.median"}
    told = any(calendar.parameters[key].origin == "set" for key in made_too)
    if told and any("capacity" in entry for entry in cases_of(content)):
        saw = "`capacity` in a scenario and `made` in the calendar"
        refuse(saw, "one of them: both say how much of a dose can be made", "leave one out")
    return calendar


def _truth(entry: Mapping[str, Any], i: int) -> Truth:
    wrong = [key for key in ("efficacy", "feasibility", "odds_ratio") if key in entry]
    if wrong:
        refuse(
            f"{wrong[0]!r} in scenario {i + 1}",
            "a capacity, from which the feasibility of each dose follows",
            "leave it out",
        )
    return truth_of({key: value for key, value in entry.items() if key != "capacity"}, i)


def _capacity(entry: Mapping[str, Any], i: int) -> tuple[float, float]:
    if "capacity" not in entry:
        return _ENDLESS
    found = made(Capacity, entry["capacity"], f"the capacity of scenario {i + 1}")
    if not found.median > 0 or not found.log_sd >= 0:
        refuse(
            f"a capacity of {found.median:g} with log_sd {found.log_sd:g}",
            "a median above 0, a spread from 0",
            "correct it",
        )
    return found.median, found.log_sd
