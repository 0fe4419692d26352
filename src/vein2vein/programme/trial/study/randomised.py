"""Randomised studies: group sequential trials that wait for events, with hazards, accrual, looks and their dates.

Place    Programme, trial, study.
In       The keys of a design file: plan, test, cut-offs, arms, accrual; scenarios that change arms, accrual or drop-out.
Out      `Randomised`: simulated power and duration with errors, boundaries with dates, stall, early deaths, expected curves.
Knows    The first scenario is the planned one: dates, expected events and the number of events (Schoenfeld, with the inflation of
         the plan) come from it. Chances of stopping in the boundary table are asymptotic and say so; results are simulated.
Checked  tests/unit/programme/trial/study/test_randomised.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, ClassVar, Final, Literal

import numpy as np

from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.events import Stall, stall
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, Weight
from vein2vein.programme.trial.randomised.planning import covariances_at_events, schoenfeld_events
from vein2vein.programme.trial.randomised.sequential import (
    Futility,
    Plan,
    WangTsiatis,
    classical,
    spending,
    with_futility,
)
from vein2vein.programme.trial.randomised.simulate import Analysis, Trials, events_at, simulate
from vein2vein.programme.trial.randomised.spending import Spending
from vein2vein.programme.trial.study import randomised_tables
from vein2vein.programme.trial.study.arms import split_arms
from vein2vein.programme.trial.study.information import fractions_of, is_weighted
from vein2vein.programme.trial.study.randomised_words import read_boundaries, read_spending, read_weights, source_of
from vein2vein.programme.trial.study.reading import Convert, made, parameters_of, refuse
from vein2vein.programme.trial.study.results import Curves, Figure, Kind, Line, Result, Table, chance, mean_of, share_of
from vein2vein.programme.trial.words import Floats, Parameter

OTHER: Final = ("design", "title", "scenarios", "search", "protocol")
LAN_DEMETS: Final = "Lan and DeMets 1983, Biometrika 70:659"
RANDOMISED: Final = ("group-sequential",)
Derive = Callable[[tuple[int, ...], tuple[Weight, ...]], Floats]


@dataclass(frozen=True)
class Looks:
    """The plan of a trial that waits for events.

    Args:
        looks: Number of equally spaced looks, or information fractions that end with 1.
        spending: Spending function of alpha; either this or `boundaries`.
        boundaries: Classical boundaries instead, for looks that come as planned: of Pocock 1977, of O'Brien & Fleming 1979, or of
            Wang & Tsiatis 1987 with their delta, C t^(delta - 1/2), between (0 is O'Brien-Fleming, 0.5 is Pocock).
        alpha: Error to be spent, both sides together for two sides.
        sides: 1 or 2.
        futility: How beta is spent on futility; None for no futility.
        events: Events of the last look; worked out from `hazard_ratio` and `power` where None.
        hazard_ratio: Planned hazard ratio, below 1: the events are worked out for it, and the chance at a look of a log-rank test
            if it holds. Beside `events` it serves the latter only.
        power: Power for which the events are worked out; refused beside `events`.
        month: Calendar month at which data are cut where events have not come; None waits for events.
        test: "log-rank", "maxcombo", or a weight: rho and gamma, or t_star. `fixed_time` has "rmst" and "milestone".
        first_patient: Date of the first randomisation, for the dates of looks.
        early: Months at which early deaths are looked at.
        information: Information fraction of each look, the last 1, where it is not the share of the events; None derives it for
            weighted tests and MaxCombo, and takes the share of the events for the log-rank test.
    """

    looks: int | tuple[float, ...]
    spending: Spending | None = None
    boundaries: WangTsiatis | None = None
    alpha: float = 0.025
    sides: Literal[1, 2] = 1
    futility: Futility | None = None
    events: int | None = None
    hazard_ratio: float | None = None
    power: float = 0.9
    month: float | None = None
    test: Any = "log-rank"
    first_patient: date | None = None
    early: tuple[float, ...] = (1.0, 3.0, 6.0)
    information: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if (self.spending is None) == (self.boundaries is None):
            both = "both" if self.spending is not None else "neither"
            refuse(f"{both} of spending and boundaries", "one of both", "write such as `spending: obrien-fleming`")

    def plan(self, at: tuple[float, ...] | None = None) -> Plan:
        """Bounds of the looks; alpha and beta are spent at the fractions `at` where looks came otherwise than planned.

        Raises:
            TrialError: TRIAL-005 for futility of a two-sided plan; TRIAL-002 for binding futility with classical boundaries.
        """
        looks = (self.information or self.looks) if at is None else at
        if self.futility is not None:
            if self.sides != 1:
                refuse("futility of a two-sided plan", "a one-sided plan", "write `sides: 1`, or leave futility out")
            return with_futility(looks, self._rule, self.futility, alpha=self.alpha)
        if isinstance(self._rule, WangTsiatis):
            return classical(looks, self._rule.delta, alpha=self.alpha, sides=self.sides)
        return spending(looks, self._rule, alpha=self.alpha, sides=self.sides)

    @property
    def _rule(self) -> Spending | WangTsiatis:
        found = self.boundaries or self.spending
        assert found is not None  # noqa: S101  (one of both is there)
        return found

    def _bounds_at(self, information: tuple[float, ...]) -> Plan:
        """The plan at other information, without futility."""
        return replace(self, futility=None, information=information).plan()

    def analysis(self, share: float, derive: Derive, given: dict[str, Parameter]) -> tuple[Looks, Analysis]:
        """The analysis at numbers of events, and the plan with the information of each look.

        Args:
            share: Part of the patients in the experimental arm.
            derive: Covariance of the scores of a weighted test or MaxCombo at the events of each look, without an effect.
            given: Parameters of the plan; what is derived is written there.
        """
        by_events, weights = replace(self, information=None).plan(), read_weights(self.test)
        events = self.events_for(by_events, share)
        counts = events_at(by_events.t, events)
        looks, weighted = self, is_weighted(weights)
        if self.information is not None and len(self.information) != len(counts):
            refuse(
                f"information of {len(self.information)} looks, and {len(counts)} looks", "one for each", "correct it"
            )
        if self.information is None:
            del given["information"]
            if weighted and len(counts) > 1:
                found, source = fractions_of(derive(counts, weights), self._bounds_at)
                looks = replace(self, information=found)
                given["information"] = Parameter(found, "derived", source)
        if self.events is None:
            told = "Schoenfeld 1981, Biometrika 68:316, times the plan's inflation"
            told += "; of a log-rank test, not of the weighted one" if weighted else ""
            given["events"] = Parameter(events, "derived", told)
        return looks, Analysis.at_events(looks.plan(), events, weights, month=self.month, counted=counts)

    def drift(self, events: int, share: float) -> float | None:
        """Mean of z at the last look if the planned hazard ratio holds: log(1 / HR) sqrt(events p (1 - p)), Schoenfeld 1981.

        Args:
            events: Events of the last look.
            share: Part of the patients in the experimental arm.

        Returns:
            None without a planned hazard ratio, and for a weighted test, whose z has another mean.
        """
        if self.hazard_ratio is None or is_weighted(read_weights(self.test)):
            return None
        return -math.log(self.hazard_ratio) * math.sqrt(events * share * (1 - share))

    def events_for(self, plan: Plan, share: float) -> int:
        """The planned number of events: given, or worked out for the hazard ratio and power."""
        if self.hazard_ratio is not None and not 0 < self.hazard_ratio < 1:
            refuse(
                f"a planned hazard ratio of {self.hazard_ratio:g}",
                "a number between 0 and 1: experimental to control, so that below 1 is benefit",
                "turn it round, or swap the arms",
            )
        if self.events is not None:
            return self.events
        if self.hazard_ratio is None:
            refuse("neither events nor hazard_ratio", "one of both", "add `events: 250` or `hazard_ratio: 0.65`")
        if self.power <= self.alpha / self.sides:
            refuse(
                f"a power of {self.power:g} with alpha {self.alpha:g}",
                "a power above alpha, which a test without an effect has",
                "write such as `power: 0.9`",
            )
        single = schoenfeld_events(self.hazard_ratio, self.alpha / self.sides, self.power, share)
        return math.ceil(single * plan.inflation(self.power))


@dataclass(frozen=True)
class Randomised:
    """A group sequential trial with the truths in which it is looked at.

    Args:
        name: What people call it.
        looks: The plan as asked for.
        analysis: Bounds, cut-offs and weights.
        events: Events of the last look; 0 where the trial waits for none.
        parameters: Every choice with its value, origin and source.
        worlds: Truths; the first is the planned one.
    """

    name: str
    looks: Looks
    analysis: Analysis
    events: int
    parameters: Mapping[str, Parameter]
    worlds: tuple[Scenario, ...]
    is_exact: ClassVar[bool] = False

    @property
    def most(self) -> int:
        """Patients of the planned scenario."""
        return self.worlds[0].accrual.patients

    @property
    def drift(self) -> float | None:
        """Mean of z at the last look if the planned hazard ratio holds; None where none was planned for a log-rank test."""
        return self.looks.drift(self.events, self.worlds[0].share)

    def results(self, *, trials: int, seed: int, executor: Executor | None = None) -> tuple[Result, ...]:
        """What the design does in each scenario, simulated with errors.

        Args:
            trials: How many trials.
            seed: Root seed; patient k of trial i has the same numbers in every scenario.
            executor: Shares the blocks of trials, with the same result.
        """
        return tuple(
            result_of(world.name, simulate(world, self.analysis, trials, seed, executor=executor), self.analysis, seed)
            for world in self.worlds
        )

    def tables(self) -> tuple[Table, ...]:
        """Boundaries with dates, the chance that events are reached, average hazard ratios, early deaths."""
        planned, plan = self.worlds[0], self.analysis.plan
        cuts = self.analysis.cut_offs
        months = tuple(cut.month_at(planned, 0.5) for cut in cuts)
        return (
            randomised_tables.boundaries(
                plan,
                cuts,
                months,
                share=planned.share,
                first=self.looks.first_patient,
                weights=self.analysis.weights,
            ),
            randomised_tables.stalled([(world.name, self._stall(world)) for world in self.worlds]),
            randomised_tables.ratios(self.worlds, months),
            *randomised_tables.early(self.worlds, self.looks.early),
        )

    def _stall(self, world: Scenario) -> Stall:
        end = math.ceil(self.worlds[0].accrual.end / 6) * 6
        months = {float(end + k) for k in (0, 6, 12, 24, 48)}
        cut = self.looks.month
        return stall(world, self.events, tuple(sorted(months | ({cut} if cut is not None else set()))))

    def curves(self) -> tuple[Curves, ...]:
        """Expected survival and numbers at risk at the last look of each scenario."""
        return tuple(
            randomised_tables.expected(world, self.analysis.cut_offs[-1].month_at(world, 0.5)) for world in self.worlds
        )


def result_of(name: str, run: Trials, analysis: Analysis, seed: int) -> Result:
    """Figures of simulated trials, each with its error."""
    ended, two = run.look > 0, analysis.plan.sides > 1
    figures: dict[str, Figure] = {
        "power": share_of(run.upper.astype(float)),
        "harm" if two else "futility": share_of(run.lower.astype(float)),
        "stalled" if analysis.at_time is None else "not_estimable": share_of((~ended).astype(float)),
    }
    if ended.sum() > 1:
        figures |= {
            "duration_months": mean_of(run.month[ended], "months"),
            "patients": mean_of(run.enrolled[ended].astype(float)),
            "events": mean_of(run.events[ended].astype(float)),
        }
        figures |= _observed(run, analysis)
    lines = tuple(
        Line(
            str(k + 1),
            {
                "information": chance(float(t)),
                "superior_here": share_of((run.upper & (run.look == k + 1)).astype(float)),
                "harm_here" if two else "futile_here": share_of((run.lower & (run.look == k + 1)).astype(float)),
            },
        )
        for k, t in enumerate(analysis.plan.t)
    )
    return Result(name, figures, lines, "look", len(run), seed)


def _observed(run: Trials, analysis: Analysis) -> dict[str, Figure]:
    """The mean estimate of the effect over the trials that ended, on the scale of the test."""
    ended = run.look > 0
    if analysis.at_time is not None:
        kind: Kind = "months" if analysis.at_time.statistic == "rmst" else "chance"
        return {"observed_difference": mean_of(run.difference[ended], kind)}
    if analysis.weights[0] != LOG_RANK:  # a weighted score over its variance is no log hazard ratio
        return {}
    known = run.log_ratio[ended & np.isfinite(run.log_ratio)]
    if len(known) < 2:  # noqa: PLR2004  (no trial had an event to compare)
        return {}
    log = mean_of(known)
    return {"observed_ratio": Figure(math.exp(log.value), math.exp(log.value) * (log.error or 0.0), "ratio")}


def read_randomised(name: str, content: Mapping[str, Any]) -> Randomised:
    """A randomised study of a design file.

    Args:
        name: Name of the design.
        content: The whole file.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit; TRIAL-002 for values that cannot be; TRIAL-041 for too many events.
    """
    given = {str(key): value for key, value in content.items() if key not in OTHER}
    one_way(given)
    arms, worlds = split_arms(given, content)
    looks = made(Looks, given, f"the design {name}", TURNS)
    parameters = stopping(looks, given, parameters_of(Looks, given, "")) | arms
    planned = worlds[0]
    asked = looks.events_for(replace(looks, information=None).plan(), planned.share)
    for world in worlds:
        stall(world, asked, ())  # refuses more events than patients before anything is derived
    looks, analysis = looks.analysis(planned.share, partial(covariances_at_events, planned), parameters)
    events = analysis.cut_offs[-1].events or 0
    return Randomised("group sequential, event-driven", looks, analysis, events, parameters, worlds)


def one_way(given: Mapping[str, Any]) -> None:
    """Refuse a power beside the events, which would change nothing.

    Args:
        given: The keys of the file.

    Raises:
        TrialError: TRIAL-005.
    """
    if given.get("events") is not None and given.get("power") is not None:
        refuse(
            f"events {given['events']} and power {given['power']}",
            "events, or hazard_ratio with power, from which they are worked out",
            "leave `power` out, or `events`",
        )


def stopping(looks: Looks, given: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """All parameters, of which the one that shapes the boundaries has its source; the one that was not chosen is left out.

    Args:
        looks: The plan.
        given: The keys of the file.
        parameters: All parameters of the plan.
    """
    key, source = ("spending", LAN_DEMETS) if looks.boundaries is None else ("boundaries", source_of(looks.boundaries))
    chosen, found = Parameter(given[key], "set", source), dict[str, Parameter]()
    for name, one in parameters.items():
        root = name.partition(".")[0]
        if root == key:
            found[key] = chosen
        elif root not in {"spending", "boundaries"}:
            found[name] = one
    return found


def _date(value: Any) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        refuse(f"first_patient {value!r}", "a date such as 2027-03-01", "correct it")


TURNS: Final[Mapping[str, Convert]] = {
    "spending": lambda value, _: read_spending(value),
    "boundaries": lambda value, _: read_boundaries(value),
    "Spending": lambda value, _: read_spending(value),
    "rule": lambda value, _: read_spending(value),
    "first_patient": lambda value, _: _date(value),
    "test": lambda value, _: value,
}
