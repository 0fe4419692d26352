"""Single-arm studies: two stages, BOP2, TOP, Thall-Simon, predictive probability, two endpoints; exact but for TOP in time.

Place    Programme, trial, study.
In       The keys of a design file; `scenarios` with a response `rate` each, and `reach` for the ways of counting.
Out      `SingleArm` and `TwoEndpointArm`: chance of success, of stopping at each look, patients; boundaries, pending tables.
Knows    A boundary that was searched or worked out is derived; the numbers that it was worked out from are set. With `reach` each
         scenario's rate is that of an evaluable patient, and lines show the design with each denominator. TOP with an `interval`
         between patients is simulated in time; without one every response is awaited at each look, which is BOP2.
Checked  tests/unit/programme/trial/study/test_single.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Literal

from vein2vein.programme.trial.phase2 import bop2, denominators, pending, top_trials, two_endpoints
from vein2vein.programme.trial.phase2.bop2 import Bop2, Cutoff
from vein2vein.programme.trial.phase2.denominators import Reach
from vein2vein.programme.trial.phase2.monitor import Monitoring
from vein2vein.programme.trial.phase2.posterior import Beta, lee_liu, thall_simon
from vein2vein.programme.trial.phase2.refuse import positive
from vein2vein.programme.trial.phase2.simon import TwoStage, find
from vein2vein.programme.trial.phase2.two_endpoints import Endpoints, Joint, TwoEndpoints
from vein2vein.programme.trial.study.reading import cases_of, made, parameters_of, refuse
from vein2vein.programme.trial.study.results import Curves, Line, Result, Table, chance, mean_of, number, share_of
from vein2vein.programme.trial.words import Parameter

_AWAITED: Final = "without it every response is awaited at each look, as BOP2 does"
OTHER: Final = ("design", "title", "scenarios", "reach", "search", "protocol")


@dataclass(frozen=True)
class Arm:
    """Boundaries of a single arm, and what was worked out on the way to them.

    Args:
        boundaries: The design as numbers of responses.
        derived: What was worked out, by name.
        tuned: The BOP2 design, where pending responses can be weighed.
        window: Assessment window in days; None where responses are known at once.
        interval: Mean days between two patients, for trials in time; None where there is no time.
    """

    boundaries: Monitoring
    derived: Mapping[str, object]
    tuned: Bop2 | None = None
    window: float | None = None
    interval: float | None = None


def simon(  # noqa: PLR0913  (the published options, all named)
    null: float,
    alternative: float,
    alpha: float,
    beta: float,
    *,
    choice: Literal["optimal", "minimax", "admissible"] = "optimal",
    weight: float = 0.5,
    most: int = 300,
) -> Arm:
    """Simon's two-stage design, searched.

    Args:
        null: Response rate that is not of interest.
        alternative: Response rate that is.
        alpha: Largest type I error, one-sided.
        beta: Largest type II error.
        choice: Fewest patients expected under the null, the smallest largest number, or the least sum of both, weighted.
        weight: Of the largest number in that sum, from 0 to 1; only with "admissible" (Jung et al. 2004).
        most: Largest number of patients that is tried.
    """
    found = find(null, alternative, alpha, beta, most=most)
    if choice == "admissible":
        if not 0 <= weight <= 1:
            refuse(f"weight {weight:g}", "a number from 0 to 1", "write such as 0.5")
        plan = next(one.design for one in found.admissible if one.low <= weight <= one.high)
    else:
        plan = found.optimal if choice == "optimal" else found.minimax
    return Arm(_stages(plan), {"r1/n1 r/n": str(plan)})


def two_stage(r1: int, n1: int, r: int, n: int) -> Arm:
    """Two stages with cut-offs of one's own: go on when more than `r1` of `n1` respond, succeed with more than `r` of `n`."""
    return Arm(_stages(TwoStage(r1, n1, r, n)), {})


def bop2_arm(
    looks: tuple[int, ...],
    null: float,
    *,
    alternative: float | None = None,
    alpha: float | None = None,
    cutoff: Cutoff | None = None,
) -> Arm:
    """BOP2: given lambda and gamma, or those with the largest power at `alternative` whose type I error is at most `alpha`."""
    if cutoff is not None:
        found = bop2.design(looks, null, cutoff)
        return Arm(found.boundaries, {}, found)
    if alternative is None or alpha is None:
        refuse(
            "neither `cutoff` nor `alternative` and `alpha`", "one of both", "add `alternative: 0.4` and `alpha: 0.1`"
        )
    found = bop2.optimise(looks, null, alternative, alpha)
    return Arm(found.boundaries, {"lambda": found.cutoff.lam, "gamma": found.cutoff.gamma}, found)


def top_arm(  # noqa: PLR0913  (the published options, all named)
    looks: tuple[int, ...],
    null: float,
    window: float,
    *,
    alternative: float | None = None,
    alpha: float | None = None,
    cutoff: Cutoff | None = None,
    interval: float | None = None,
) -> Arm:
    """TOP: BOP2 that decides while responses are pending.

    Args:
        looks: Patients at each look.
        null: Response rate that is not of interest.
        window: Days of an assessment.
        alternative: Response rate at which the power is largest.
        alpha: Largest type I error.
        cutoff: Lambda and gamma, instead of a search.
        interval: Mean days between two patients: trials are then simulated in time, with pending responses; None for figures
            that await every response.
    """
    positive("assessment window", window)
    if interval is not None:
        positive("an interval of", interval)
    found = bop2_arm(looks, null, alternative=alternative, alpha=alpha, cutoff=cutoff)
    return Arm(found.boundaries, found.derived, found.tuned, window, interval)


def thall_simon_arm(
    looks: tuple[int, ...],
    prior: Beta,
    standard: float | Beta,
    *,
    futility: float = 0.05,
    success: float = 0.95,
    delta: float = 0.0,
) -> Arm:
    """Thall and Simon 1994: posterior boundaries against a standard."""
    return Arm(thall_simon(looks, prior, standard, futility=futility, success=success, delta=delta), {})


def predictive_arm(
    looks: tuple[int, ...],
    prior: Beta,
    null: float,
    *,
    target: float,
    futility: float,
    success: float = 1.0,
) -> Arm:
    """Lee and Liu 2008: boundaries on the predictive probability.

    Args:
        looks: Patients at each look.
        prior: Beta distribution of the response rate before the data: a and b.
        null: Response rate that is not of interest.
        target: Posterior probability of a rate above `null` that has to be reached at the end, such as 0.9.
        futility: Predictive probability to reach it, below which the arm is futile.
        success: Predictive probability above which the arm succeeds early; 1 for never.
    """
    return Arm(lee_liu(looks, prior, null, target=target, futility=futility, success=success), {})


def two_endpoints_arm(
    looks: tuple[int, ...],
    endpoints: Endpoints,
    *,
    truth: Joint | None = None,
    alpha: float | None = None,
    cutoff: Cutoff | None = None,
) -> TwoEndpoints:
    """BOP2 on two endpoints: a given cut-off, or the most powerful one at `truth` that keeps `alpha` at any correlation."""
    if cutoff is not None:
        return two_endpoints.design(looks, endpoints, cutoff)
    if truth is None or alpha is None:
        refuse("neither `cutoff` nor `truth` and `alpha`", "one of both", "add `truth` and `alpha: 0.1`")
    return two_endpoints.optimise(looks, endpoints, truth, alpha)


def _stages(plan: TwoStage) -> Monitoring:
    return Monitoring((plan.n1, plan.n), (plan.r1, plan.r), (plan.n1 + 1, plan.r + 1))


SINGLE: Final[Mapping[str, tuple[Callable[..., Any], str, str]]] = {
    "simon": (simon, "Simon two-stage", "Simon 1989, doi 10.1016/0197-2456(89)90015-9"),
    "two-stage": (two_stage, "two stages", ""),
    "bop2": (bop2_arm, "BOP2", "Zhou, Lee and Yuan 2017, doi 10.1002/sim.7338"),
    "top": (top_arm, "TOP", "Lin, Coleman and Yuan 2020, doi 10.1093/jnci/djz049"),
    "thall-simon": (thall_simon_arm, "Thall-Simon", "Thall and Simon 1994, Biometrics 50:337"),
    "predictive": (predictive_arm, "predictive probability", "Lee and Liu 2008, Clin Trials 5:93"),
    "bop2-two-endpoints": (two_endpoints_arm, "BOP2 on two endpoints", "Zhou, Lee and Yuan 2017, doi 10.1002/sim.7338"),
}


@dataclass(frozen=True)
class SingleArm:
    """A single-arm design with the response rates at which it is looked at.

    Args:
        name: What people call it.
        arm: Boundaries.
        parameters: Every choice with its value, origin and source.
        rates: Name and response rate of each scenario.
        reach: Chances to be apheresed, infused and evaluable, in this order; None where every patient counts.
        source: Who published the design.
    """

    name: str
    arm: Arm
    parameters: Mapping[str, Parameter]
    rates: tuple[tuple[str, float], ...]
    reach: tuple[float, float, float] | None = None
    source: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether every figure is free of Monte Carlo error: unless trials are in time."""
        return self.arm.interval is None

    @property
    def most(self) -> int:
        """The largest number of patients."""
        return self.arm.boundaries.most

    def results(self, *, trials: int = 0, seed: int = 0, executor: Executor | None = None) -> tuple[Result, ...]:
        """What the design does in each scenario: exactly, whatever trials and seed, or in time, simulated."""
        del executor
        if self.arm.interval is not None:
            return tuple(self._in_time(name, rate, self.arm.interval, (trials, seed)) for name, rate in self.rates)
        return tuple(self._result(name, rate) for name, rate in self.rates)

    def _in_time(self, name: str, rate: float, interval: float, drawn: tuple[int, int]) -> Result:
        assert self.arm.tuned is not None and self.arm.window is not None  # noqa: S101, PT018  (of TOP only)
        trials, seed = drawn
        found = top_trials.simulate(
            self.arm.tuned, rate, window=self.arm.window, interval=interval, trials=trials, seed=seed
        )
        last = len(self.arm.boundaries.looks) - 1
        figures = {
            "true_rate": chance(rate),
            "success": share_of(found.success.astype(float)),
            "early_futility": share_of((found.look < last).astype(float)),
            "patients": mean_of(found.patients.astype(float)),
            "duration": mean_of(found.days, "days"),
            "suspended_days": mean_of(found.suspended, "days"),
        }
        lines = tuple(
            Line(str(n), {"ends_here": share_of((found.look == k).astype(float))})
            for k, n in enumerate(self.arm.boundaries.looks)
        )
        return Result(name, figures, lines, "look", trials, seed)

    def _result(self, name: str, rate: float) -> Result:
        found = self.arm.boundaries.characteristics(rate)
        figures = {
            "true_rate": chance(rate),
            "success": chance(found.success),
            "early_futility": chance(found.early_futility),
            "early_success": chance(found.early_success),
            "patients": number(found.expected_patients),
        }
        if self.reach is None:
            looks = self.arm.boundaries.looks
            lines = tuple(Line(str(n), {"ends_here": chance(p)}) for n, p in zip(looks, found.ends_at, strict=True))
            return Result(name, figures, lines, "look")
        by_way = Reach(*self.reach, rate)
        counted = denominators.characteristics(self.arm.boundaries, by_way)
        lines = tuple(
            Line(
                way,
                {
                    "true_rate": chance(one.p),
                    "success": chance(one.success),
                    "early_futility": chance(one.early_futility),
                    "patients": number(one.expected_patients),
                },
            )
            for way, one in counted.items()
        )
        return Result(name, figures, lines, "denominator")

    def tables(self) -> tuple[Table, ...]:
        """Boundaries, and decisions while responses are pending."""
        bounds = self.arm.boundaries
        rows = tuple(
            (str(n), "-" if low < 0 else f"≤ {low}", "-" if high > n else f"≥ {high}")
            for n, low, high in zip(bounds.looks, bounds.futile, bounds.success, strict=True)
        )
        found = [Table("boundaries", ("patients_at_look", "futile", "success_from"), rows)]
        if self.arm.tuned is not None and self.arm.window is not None:
            found.append(_pending(self.arm.tuned))
        return tuple(found)

    def curves(self) -> tuple[Curves, ...]:
        """No curves: responses have no time."""
        return ()


def _pending(design: Bop2) -> Table:
    rows = []
    for row in pending.table(design):
        always = row.suspend_from is None
        wait = "-" if always else f"≥ {row.suspend_from}"
        go = "always" if row.go_below == float("inf") else "never" if row.go_below == 0 else f"< {row.go_below:.2f}"
        rows.append((str(row.patients), str(row.responses), wait, go))
    return Table("pending_responses", ("patients_at_look", "responses", "suspend_pending", "go_effective"), tuple(rows))


@dataclass(frozen=True)
class TwoEndpointArm:
    """A single arm on two endpoints with joint truths.

    Args:
        name: What people call it.
        design: Boundaries of both endpoints.
        parameters: Every choice with its value, origin and source.
        truths: Name and joint truth of each scenario.
        source: Who published the design.
    """

    name: str
    design: TwoEndpoints
    parameters: Mapping[str, Parameter]
    truths: tuple[tuple[str, Joint], ...]
    source: str = ""
    is_exact: ClassVar[bool] = True

    @property
    def most(self) -> int:
        """The largest number of patients."""
        return self.design.looks[-1]

    def results(self, *, trials: int = 0, seed: int = 0, executor: Executor | None = None) -> tuple[Result, ...]:
        """What the design does in each scenario, exactly; trials and seed change nothing."""
        del trials, seed, executor
        return tuple(self._result(name, truth) for name, truth in self.truths)

    def _result(self, name: str, truth: Joint) -> Result:
        success, patients = self.design.characteristics(truth)
        figures = {
            "first_rate": chance(truth.first),
            "second_rate": chance(truth.second),
            "both_rate": chance(truth.both),
            "success": chance(success),
            "patients": number(patients),
        }
        return Result(name, figures)

    def tables(self) -> tuple[Table, ...]:
        """Boundaries of both endpoints."""
        sign = "≥" if self.design.endpoints.second_is_harm else "≤"
        rows = tuple(
            (str(n), "-" if a < 0 else f"≤ {a}", "-" if b < 0 or b > n else f"{sign} {b}")
            for n, a, b in zip(self.design.looks, self.design.first, self.design.second, strict=True)
        )
        return (Table("boundaries", ("patients_at_look", "first_futile", "second_futile"), rows),)

    def curves(self) -> tuple[Curves, ...]:
        """No curves: responses have no time."""
        return ()


def read_single(name: str, content: Mapping[str, Any]) -> SingleArm | TwoEndpointArm:
    """A single-arm study of a design file.

    Args:
        name: Name of the design, a key of `SINGLE`.
        content: The whole file.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit; TRIAL-002 for values that cannot be; TRIAL-061 where no design will do.
    """
    maker, shown, source = SINGLE[name]
    given = {str(key): value for key, value in content.items() if key not in OTHER}
    found = made(maker, given, f"the design {name}")
    parameters = parameters_of(maker, given, source)
    cases = cases_of(content)
    if isinstance(found, TwoEndpoints):
        parameters |= {
            key: Parameter(value, "derived", source)
            for key, value in (("lambda", found.cutoff.lam), ("gamma", found.cutoff.gamma))
            if "cutoff" not in given
        }
        truths = tuple((str(entry["name"]), _joint(entry, i)) for i, entry in enumerate(cases))
        return TwoEndpointArm(shown, found, parameters, truths, source)
    parameters |= {key: Parameter(value, "derived", source) for key, value in found.derived.items()}
    if found.window is not None and found.interval is None:
        parameters["interval"] = replace(parameters["interval"], source=_AWAITED)
    reach = content.get("reach")
    counted = None if reach is None else _reach(reach)
    if counted is not None and found.interval is not None:
        refuse("reach with an interval", "one of both: ways of counting are exact", "leave one of them out")
    if counted is not None:
        parameters |= {
            f"reach.{key}": Parameter(value, "set")
            for key, value in zip(("apheresed", "infused", "evaluable"), counted, strict=True)
        }
    rates = [(str(entry["name"]), _rate(entry, i)) for i, entry in enumerate(cases)]
    if not rates:
        rates = [(key, float(given[key])) for key in ("null", "alternative") if key in given]
    return SingleArm(shown, found, parameters, tuple(rates), counted, source)


def _rate(entry: Mapping[str, Any], i: int) -> float:
    rest = {key: value for key, value in entry.items() if key != "name"}
    if set(rest) != {"rate"} or not isinstance(rest["rate"], (int, float)) or not 0 <= rest["rate"] <= 1:
        refuse(
            f"scenario {i + 1}: {rest!r}", "{name: ..., rate: 0.2}", "give each scenario its response rate, from 0 to 1"
        )
    return float(rest["rate"])


def _joint(entry: Mapping[str, Any], i: int) -> Joint:
    rest = {key: value for key, value in entry.items() if key != "name"}
    if "both" in rest or "first" not in rest or "second" not in rest:
        return made(Joint, rest, f"scenario {i + 1}")
    return made(Joint.independent, rest, f"scenario {i + 1}")


def _reach(value: Any) -> tuple[float, float, float]:
    found = made(Reach, {**(value if isinstance(value, Mapping) else {"reach": value}), "response": 0.5}, "reach")
    return found.apheresed, found.infused, found.evaluable
