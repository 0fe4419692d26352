"""Dose-finding studies: phase I and phase I-II designs with their scenarios, exact where they can be.

Place    Programme, trial, study.
In       The keys of a design file: the design's arguments, `scenarios`, `setting`, `judged_by`.
Out      `DoseStudy`: results by dose, decision tables with pending columns.
Knows    A dose is right when it is named so, or, where nobody named it: the most desirable tolerable dose of a design that
         chooses by responses; of a design that asks for feasibility, the highest dose that is feasible and not above the one
         closest to the target; else the dose whose true toxicity is closest to the target; none where the lowest is above 1.4
         times the target (BOIN's rate that is too high). An overdose is a dose above the right ones with a true toxicity above
         the target (above the interval of a design that aims at one), or any above `overdose_above` where the file says so.
         With a setting, a design that waits for each cohort lasts its windows and the gaps between patients (memoryless
         arrivals, nobody queues).
Checked  tests/unit/programme/trial/study/test_dose.py, tests/unit/programme/trial/test_designs.py
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

import numpy as np

from vein2vein.programme.trial import exact, simulate, staggered, staggered_late
from vein2vein.programme.trial.phase1 import backfill, late
from vein2vein.programme.trial.phase1.backfill import Backfill
from vein2vein.programme.trial.phase1.crm import SKELETON, middle_dose, skeleton
from vein2vein.programme.trial.phase1.feasible import TolerableFeasible
from vein2vein.programme.trial.phase1.late import LateDesign, Setting
from vein2vein.programme.trial.phase1.partial import PartialDesign
from vein2vein.programme.trial.phase12 import late as late_two
from vein2vein.programme.trial.phase12.tite_boin12 import PendingUtility
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.staggered import Schedules
from vein2vein.programme.trial.study.composed import COMPOSED, composed
from vein2vein.programme.trial.study.dose_makers import MAKERS, convert_for
from vein2vein.programme.trial.study.dose_scenarios import association, right_of, truths_of
from vein2vein.programme.trial.study.dose_tables import decisions
from vein2vein.programme.trial.study.on_calendar import OnCalendar, read_calendar
from vein2vein.programme.trial.study.reading import cases_of, made, parameters_of, refuse
from vein2vein.programme.trial.study.results import (
    Curves,
    Figure,
    Line,
    Result,
    Table,
    chance,
    mean_of,
    number,
    ratio_of,
    share_of,
)
from vein2vein.programme.trial.words import NONE, Bools, Cohorts, Design, Floats, Parameter

OTHER: Final = (
    "design",
    "title",
    "scenarios",
    "setting",
    "calendar",
    "response",
    "judged_by",
    "figures",
    "search",
    "protocol",
)
AnyDesign = TypeVar("AnyDesign", Design, LateDesign, PartialDesign)
_LISTED: Final = 48  # doses times patients up to which a design with responses is enumerated within seconds
_LISTED_TOGETHER: Final = 45  # the same where states count patients with both outcomes
MOST_LISTED: Final = 300  # patients up to which it is tried: a model asked at two million states takes minutes
LISTED_STATES: Final = 2_000_000  # up to which a design is enumerated without being asked to: seconds, and below 1 GB
_TOO_HIGH: Final = 1.4  # BOIN's phi2, Liu and Yuan 2015
_ALMOST: Final = 1e-9


@dataclass(frozen=True)
class JudgedBy:
    """What a scenario is judged by.

    Args:
        target: Toxicity rate that is aimed at; that of the design where None.
        overdose_above: A dose with a true toxicity above it is an overdose; the target where None.
    """

    target: float | None = None
    overdose_above: float | None = None


@dataclass(frozen=True)
class Scenario:
    """A truth, and the doses (from 0) that are right to select in it; None where that cannot be told."""

    truth: Truth
    right: tuple[int, ...] | None
    over: Bools | None


@dataclass(frozen=True)
class DoseStudy:
    """A dose-finding design with the scenarios in which it is looked at.

    Args:
        design: The design; every parameter says whether the file set it.
        truths: Scenarios in order of the file.
        setting: Window and arrivals; a design that decides while outcomes are pending needs it.
        judged: What is right and what is an overdose.
        right: Doses named as right by the file, for each scenario; None where it names none, empty for no dose.
        fill: Rule of backfill, with the number of patients who come while a cohort is waited for.
        response: Window and onset of responses, where a design decides while they are pending too.
        figures: Whether they are enumerated or simulated; where None, enumerated if that takes seconds.
        calendar: Staggering, review and the way to infusion; figures are then simulated.
        around: Parameters of the settings of time, and of who waits for backfill, with their origin.
    """

    design: Design | LateDesign | PartialDesign
    truths: tuple[Truth, ...]
    setting: Setting | None = None
    judged: JudgedBy = JudgedBy()
    right: tuple[tuple[int, ...] | None, ...] = ()
    fill: tuple[Backfill, int] | None = None
    figures: Literal["exact", "simulated"] | None = None
    response: Setting | None = None
    calendar: OnCalendar | None = None
    around: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def name(self) -> str:
        """What people call the design."""
        return self.design.name

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Every choice with its value, origin and source."""
        return {**self.design.parameters, **self.around, **({} if self.calendar is None else self.calendar.parameters)}

    @property
    def most(self) -> int:
        """The largest number of patients, backfill included."""
        cohorts = self.design.cohorts
        extra = 0 if self.fill is None or not isinstance(cohorts, Cohorts) else self.fill[1] * cohorts.number
        return cohorts.most + extra

    @property
    def target(self) -> float | None:
        """Toxicity rate that is aimed at; None where neither design nor file names one."""
        if self.judged.target is not None:
            return self.judged.target
        named = [self.parameters[key].value for key in ("target", "toxicity") if key in self.parameters]
        if not named and self._interval is not None:
            return sum(self._interval) / 2
        return float(named[0]) if named and isinstance(named[0], (int, float)) else None

    @property
    def _interval(self) -> tuple[float, float] | None:
        """The interval of a design that aims at one instead of a rate."""
        interval = self.parameters.get("interval")
        aims = interval is not None and "target" not in self.parameters and isinstance(interval.value, tuple)
        return interval.value if aims and interval is not None else None  # type: ignore[return-value]

    @property
    def limit(self) -> float | None:
        """A dose with a true toxicity above it is an overdose; None where that cannot be told."""
        if self.judged.overdose_above is not None:
            return self.judged.overdose_above
        return self.target if self.judged.target is not None or self._interval is None else self._interval[1]

    @property
    def is_exact(self) -> bool:
        """Whether every figure is free of Monte Carlo error."""
        design = self.design
        if not isinstance(design, Design) or self.fill is not None or self.calendar is not None:
            return False
        if self.figures is not None:
            return self.figures == "exact"
        if design.cohorts.most > MOST_LISTED:
            return False
        asked = exact.counting(design, self.truths)
        listed = _LISTED_TOGETHER if asked.joint else _LISTED
        few = not design.with_efficacy or design.doses * design.cohorts.most <= listed
        return few and exact.listable(asked, LISTED_STATES)

    @property
    def too_many_states(self) -> bool:
        """Whether figures are simulated only because the states are too many, and nobody said how."""
        waits = not isinstance(self.design, Design) or self.fill is not None or self.calendar is not None
        return not waits and self.figures is None and not self.is_exact

    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios with what is right in each."""
        named = self.right or (None,) * len(self.truths)
        return tuple(self._scenario(truth, right) for truth, right in zip(self.truths, named, strict=True))

    def _scenario(self, truth: Truth, named: tuple[int, ...] | None) -> Scenario:
        limit = self.limit
        over = None if limit is None else truth.rates > limit + _ALMOST
        right = self._right(truth, over) if named is None else named
        if over is not None and right and self.judged.overdose_above is None:  # a right dose is no overdose
            over = over & (np.arange(len(over)) > max(right))
        return Scenario(truth, right, over)

    def _right(self, truth: Truth, over: Bools | None) -> tuple[int, ...] | None:
        target = self.target
        if target is None or over is None:
            return None
        if truth.toxicity[0] > _TOO_HIGH * target + _ALMOST:
            return ()
        away = np.abs(truth.rates - target)
        closest = tuple(int(k) for k in np.flatnonzero(away <= away.min() + _ALMOST))
        if self._feasible is not None and truth.efficacy is not None:
            made = [k for k in range(closest[-1] + 1) if truth.efficacy[k] >= self._feasible - _ALMOST]
            return (made[-1],) if made else ()
        if truth.efficacy is not None and self.fill is None and looks_at_responses(self.design):
            desire = np.where(over, -np.inf, _desire(self.design, truth))
            return tuple(int(k) for k in np.flatnonzero(desire >= desire.max() - _ALMOST)) if (~over).any() else ()
        return closest

    @property
    def _feasible(self) -> float | None:
        """Least chance that a product reaches the dose, of a design that asks for it."""
        rule = self.design.rule
        return rule.feasible.least if isinstance(rule, TolerableFeasible) else None

    def results(self, *, trials: int, seed: int, executor: Executor | None = None) -> tuple[Result, ...]:
        """What the design does in each scenario.

        Args:
            trials: Simulated trials, where the design cannot be enumerated.
            seed: Root seed; the same seed gives the same patients in every scenario.
            executor: Not needed here: a scenario is one sum, or one block of trials in lockstep.
        """
        del executor
        if self.is_exact:
            return tuple(self._exact(one) for one in self.scenarios())
        return tuple(self._simulated(one, trials, seed) for one in self.scenarios())

    def _exact(self, one: Scenario) -> Result:
        assert isinstance(self.design, Design)  # noqa: S101  (for the type checker)
        found = exact.characteristics(self.design, one.truth)[0]
        figures: dict[str, Figure] = {}
        if one.right is not None:
            picked = found.selected[list(one.right)].sum() if one.right else found.none_selected
            figures["correct"] = chance(picked)
        if one.over is not None:
            total = found.expected_patients
            figures["overdose_selected"] = chance(found.selected[one.over].sum())
            figures["overdose"] = chance(found.patients[one.over].sum() / total if total else math.nan)
        figures["none_selected"] = chance(found.none_selected)
        figures["patients"] = number(found.expected_patients)
        figures["toxicities"] = number(found.expected_toxicities)
        days = self._days(found.expected_patients)
        if days is not None:
            figures["duration"] = days
        lines = [
            self._line(
                one.truth, k, (chance(found.selected[k]), number(found.patients[k]), number(found.toxicities[k]))
            )
            for k in range(self.design.doses)
        ]
        return Result(one.truth.name, figures, tuple(lines))

    def _line(self, truth: Truth, dose: int, found: tuple[Figure, Figure, Figure]) -> Line:
        figures = {"true_toxicity": chance(truth.toxicity[dose])}
        if truth.efficacy is not None:
            beside = "true_efficacy" if self._feasible is None else "true_feasibility"
            figures[beside] = chance(truth.efficacy[dose])
            if getattr(self.design, "joint", False) or truth.associated:
                figures["true_both"] = chance(truth.both[dose])
        selected, patients, toxicities = found
        return Line(str(dose + 1), figures | {"selected": selected, "patients": patients, "toxicities": toxicities})

    def _days(self, patients: float) -> Figure | None:
        """Expected duration where each cohort is waited for; None without a setting or with cohorts of several sizes."""
        cohorts = self.design.cohorts
        size = cohorts.size_of_each if isinstance(cohorts, Cohorts) else None
        if self.setting is None or size is None:
            return None
        waits = patients / size
        return Figure(waits * self.setting.window + (patients - 1) * self.setting.interval, None, "days")

    def _simulated(self, one: Scenario, trials: int, seed: int) -> Result:
        return self._told(one, *self._run(one.truth, trials, seed), (trials, seed))

    def _told(
        self,
        one: Scenario,
        run: simulate.Trials,
        days: tuple[Floats, Floats] | Schedules | None,
        drawn: tuple[int, int],
    ) -> Result:
        """The figures of simulated trials, and of their time."""
        scheduled = None
        if isinstance(days, Schedules):
            scheduled, days = days, None
        n, y, selected = run.n.astype(float), run.y.astype(float), run.selected
        figures: dict[str, Figure] = {}
        if one.right is not None:
            figures["correct"] = share_of(np.isin(selected, one.right or (NONE,)).astype(float))
        if one.over is not None:
            over = np.flatnonzero(one.over)
            figures["overdose_selected"] = share_of(np.isin(selected, over).astype(float))
            figures["overdose"] = ratio_of(n[:, over].sum(axis=1), n.sum(axis=1))
        figures["none_selected"] = share_of((selected == NONE).astype(float))
        figures["patients"] = mean_of(n.sum(axis=1))
        figures["toxicities"] = mean_of(y.sum(axis=1))
        if days is not None:
            figures["duration"] = mean_of(days[0], "days")
            figures["suspended"] = mean_of(days[1])
        elif scheduled is not None and self.calendar is not None:
            figures |= self.calendar.figures(scheduled)
        elif self.fill is None:
            mean, each = self._days(figures["patients"].value), self._days(1.0)
            if mean is not None and each is not None and self.setting is not None:
                slope = each.value + self.setting.interval
                figures["duration"] = replace(mean, error=slope * (figures["patients"].error or 0.0))
        lines = [
            self._line(one.truth, k, (share_of((selected == k).astype(float)), mean_of(n[:, k]), mean_of(y[:, k])))
            for k in range(self.design.doses)
        ]
        return Result(one.truth.name, figures, tuple(lines), trials=drawn[0], seed=drawn[1])

    def _run(
        self, truth: Truth, trials: int, seed: int
    ) -> tuple[simulate.Trials, tuple[Floats, Floats] | Schedules | None]:
        if self.calendar is not None:
            found = self._on_calendar(self.calendar, truth, {"trials": trials, "seed": seed})
            return found.trials, found
        if self.fill is not None and isinstance(self.design, Design):
            rule, waiting = self.fill
            return backfill.run(self.design, rule, truth, waiting=waiting, trials=trials, seed=seed), None
        if isinstance(self.design, Design):
            return simulate.run(self.design, truth, trials=trials, seed=seed), None
        assert self.setting is not None and isinstance(self.design, LateDesign)  # noqa: S101, PT018  (asked for when read)
        if self.response is not None:
            two = late_two.simulate(self.design, truth, self.setting, self.response, trials=trials, seed=seed)
            return two.trials, (two.days, two.suspended.astype(float))
        run = late.simulate(self.design, truth, self.setting, trials=trials, seed=seed)
        return run.trials, (run.days, run.suspended.astype(float))

    def _on_calendar(self, calendar: OnCalendar, truth: Truth, drawn: Mapping[str, int]) -> Schedules:
        """The trials on the calendar of cells."""
        if isinstance(self.design, LateDesign):
            way, schedule = calendar.way, calendar.schedule
            return staggered_late.simulate(self.design, truth, way, schedule, response=self.response, **drawn)
        assert isinstance(self.design, Design)  # noqa: S101  (partial doses have their own)
        return staggered.simulate(self.design, truth, calendar.way, calendar.schedule, **drawn)

    def tables(self) -> tuple[Table, ...]:
        """Decision tables, with columns for pending patients where the design has them."""
        return decisions(self.design)

    def curves(self) -> tuple[Curves, ...]:
        """No curves: a dose-finding study has no arms."""
        return ()


def _desire(design: Design | LateDesign | PartialDesign, truth: Truth) -> Floats:
    """How desirable each dose truly is: by the utilities or contour of the design, else by its response rate."""
    assert truth.efficacy is not None  # noqa: S101  (the caller has asked)
    efficacy, rule = np.array(truth.efficacy), getattr(design, "rule", None)
    rule = rule.parent if isinstance(rule, PendingUtility) else rule
    utilities = getattr(rule, "utilities", getattr(getattr(rule, "desirability", None), "utilities", None))
    utilities = getattr(getattr(design, "selection", None), "utilities", None) if utilities is None else utilities
    if utilities is not None:
        found: Floats = np.asarray(utilities.mean(truth.rates, efficacy, truth.both))
        return found
    contour = getattr(rule, "contour", None)
    return efficacy if contour is None else np.asarray(contour.utility(efficacy, truth.rates))


def looks_at_responses(design: Design | LateDesign | PartialDesign) -> bool:
    """Whether a design looks at responses, or at products that reached the dose."""
    return isinstance(design.rule, PendingUtility) or (isinstance(design, Design) and design.with_efficacy)


def read_dose(name: str, content: Mapping[str, Any]) -> DoseStudy:
    """A dose-finding study of a design file.

    Args:
        name: Name of the design, a key of `MAKERS`, or `COMPOSED`.
        content: The whole file.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit; TRIAL-001 and TRIAL-002 for values that cannot be.
    """
    maker = composed if name == COMPOSED else MAKERS[name]
    given = {str(key): value for key, value in content.items() if key not in OTHER}
    waiting = given.pop("waiting", None) if name == "backfill-boin" else None
    turns = convert_for(given)
    if name == COMPOSED:  # its parts are turned one by one
        turns = {key: turns[key] for key in ("cohorts", "start")}
    found = made(maker, given, f"the design {name}", turns)
    fill = None
    figures = content.get("figures")
    if figures not in {None, "exact", "simulated"} or (figures == "exact" and not isinstance(found, Design)):
        refuse(f"figures {figures!r}", "exact or simulated; exact where nothing is pending or backfilled", "correct it")
    if isinstance(found, tuple):
        found, rule = found
        if not isinstance(waiting, int) or isinstance(waiting, bool) or waiting < 0:
            refuse(f"waiting {waiting!r}", "patients who come while a cohort is waited for", "add `waiting: 2`")
        fill = (rule, waiting)
    design = _told_set(found, given) if name == COMPOSED else marked(found, maker, given)
    cases = cases_of(content)
    calendar = read_calendar(content.get("calendar"), design, backfilled=fill is not None)
    if calendar is not None and (figures == "exact" or content.get("setting") is not None):
        refuse("a calendar with `figures: exact` or `setting`", "the calendar alone", "leave the other out")
    pends = isinstance(design, LateDesign)
    setting = None if calendar is not None else setting_of(content.get("setting"), late=pends)
    if calendar is not None and pends:  # an advice asks for the window
        setting = calendar.schedule.setting
    return DoseStudy(
        design=design,
        truths=truths_of(cases, design.doses),
        setting=setting,
        judged=made(JudgedBy, content.get("judged_by") or {}, "judged_by"),
        right=tuple(right_of(entry, design.doses) for entry in cases),
        fill=fill,
        figures=figures,
        response=_response(content.get("response"), design),
        calendar=calendar,
        around=MappingProxyType(_around(content) | association(cases, looks=looks_at_responses(design))),
    )


def _told_set(design: AnyDesign, given: Mapping[str, Any]) -> AnyDesign:
    """The design, with what the file sets marked as set even where it is the default."""
    told = {
        key: replace(one, origin="set") if key in given and one.origin == "default" else one
        for key, one in design.parameters.items()
    }
    return replace(design, parameters=MappingProxyType(told))


def marked(design: AnyDesign, maker: Callable[..., Any], given: Mapping[str, Any]) -> AnyDesign:
    """The design, with what the file sets marked as set even where it is the default, and its cohorts told."""
    kept: dict[str, Parameter] = dict(_told_set(design, given).parameters)
    shape: dict[str, Parameter] = {"doses": Parameter(design.doses, "set" if "doses" in given else "derived")}
    if isinstance(design.cohorts, Cohorts):
        shape["cohorts"] = Parameter(
            f"{design.cohorts.number} of {design.cohorts.size_of_each}", "set" if "cohorts" in given else "derived"
        )
    rest = {
        key: parameter
        for key, parameter in parameters_of(maker, given, "").items()
        if key.partition(".")[0] not in {*shape, *kept, "skeleton", "utilities", "model", "contour", "start"}
        and (parameter.origin == "set" or "." in key)
    }
    calibrated = _calibrated(kept.get("skeleton"), given)
    return replace(design, parameters=MappingProxyType({**shape, **rest, **kept, **calibrated}))


def _calibrated(used: Parameter | None, given: Mapping[str, Any]) -> dict[str, Parameter]:
    """A skeleton that was calibrated is derived; what it was calibrated by is told, with what the file left out."""
    asked = given.get("skeleton")
    if used is None or not isinstance(asked, Mapping):
        return {}
    by = {key: one for key, one in parameters_of(skeleton, asked, SKELETON).items() if key != "target"}
    if by["prior_mtd"].value is None:
        by["prior_mtd"] = replace(by["prior_mtd"], value=middle_dose(asked["doses"]))
    found = {"skeleton": replace(used, origin="derived", source=SKELETON)}
    return found | {f"skeleton.{key}": one for key, one in by.items()}


def _around(content: Mapping[str, Any]) -> dict[str, Parameter]:
    """Parameters of what a file says around its design; those that it leaves out are defaults."""
    found: dict[str, Parameter] = {}
    for key in ("setting", "response"):
        if isinstance(content.get(key), Mapping):
            given = {str(name): value for name, value in content[key].items()}
            every = parameters_of(Setting, given, "")
            # arrivals are those of the setting, so that a response has none of its own
            found |= {
                f"{key}.{name}": one
                for name, one in every.items()
                if name in given or key == "setting" or name == "late"
            }
    if "waiting" in content:
        found["waiting"] = Parameter(content["waiting"], "set")
    return found


def _response(entry: Any, design: Design | LateDesign) -> Setting | None:
    if not isinstance(design.rule, PendingUtility):
        if entry is not None:
            refuse("a section `response`", "none: this design does not wait for responses", "leave it out")
        return None
    if not isinstance(entry, Mapping):
        refuse("no section `response`", "{window: 90}, in days", "add it: this design waits for responses too")
    return made(Setting, {"interval": 1.0} | dict(entry), "response")


def setting_of(entry: Any, *, late: bool) -> Setting | None:
    """The setting of a file; None where a design that waits for each cohort has none.

    Raises:
        TrialError: TRIAL-005 where a design that decides while outcomes are pending has none.
    """
    if entry is None and not late:
        return None
    if not isinstance(entry, Mapping):
        fix = "add it, or a section `calendar`: this design waits for outcomes"
        refuse("no setting", "{window: 28, interval: 10}, in days", fix)
    return made(Setting, entry, "the setting")
