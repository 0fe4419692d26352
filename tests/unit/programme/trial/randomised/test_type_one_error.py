"""The type I error of every randomised test lies within its Monte Carlo error, and the check sees tests that do not keep theirs.

Each case draws trials without an effect and counts rejections; the share may depart from alpha by 3 standard errors. At 20,480
trials and alpha .025 that is .0033, so a test that really rejects .030 is seen with a chance of more than nine in ten.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.stats import norm

from vein2vein.programme.trial.cell_trial import CellTrial
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime, Statistic
from vein2vein.programme.trial.randomised.batch import Patients
from vein2vein.programme.trial.randomised.cox import cox
from vein2vein.programme.trial.randomised.events import CutOff, expected_events
from vein2vein.programme.trial.randomised.hazards import Cure, exponential
from vein2vein.programme.trial.randomised.log_rank import (
    LOG_RANK,
    FlemingHarrington,
    ModestlyWeighted,
    Weight,
    log_rank,
)
from vein2vein.programme.trial.randomised.maxcombo import STRAW_MAN, max_combo
from vein2vein.programme.trial.randomised.planning import information_fractions
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.randomised.sequential import Futility, Plan, Sides, classical, spending, with_futility
from vein2vein.programme.trial.randomised.simulate import Analysis, World, simulate
from vein2vein.programme.trial.randomised.spending import (
    HwangShihDeCani,
    OBrienFlemingLike,
    PocockLike,
    PowerFamily,
    Spending,
)
from vein2vein.programme.trial.study.cells import CellStudy
from vein2vein.programme.trial.study.information import without_effect
from vein2vein.programme.trial.study.randomised import Randomised
from vein2vein.programme.trial.words import Ints

TRIALS = 20480
PLAIN = Scenario(exponential(6), exponential(6), Accrual.over(300, 12))
CURED = Scenario(Cure(0.2, exponential(4)), Cure(0.2, exponential(4)), Accrual.over(300, 12))
LOOKS = (0.4, 0.7, 1.0)
ONE = spending(1, OBrienFlemingLike())
WEIGHTS: list[tuple[Weight, ...]] = [
    (LOG_RANK,),
    (FlemingHarrington(0, 1),),
    (FlemingHarrington(1, 1),),
    (FlemingHarrington(1, 0),),
    (FlemingHarrington(0.5, 2),),
    (ModestlyWeighted(6),),
    STRAW_MAN,
    (LOG_RANK, ModestlyWeighted(6)),
]
RULES: list[Spending] = [
    OBrienFlemingLike(),
    PocockLike(),
    PowerFamily(2),
    HwangShihDeCani(-4),
    HwangShihDeCani(0),
    HwangShihDeCani(1),
]


def errors_away(rejected: float, trials: int, alpha: float) -> float:
    """How many standard errors the share of rejections is from alpha."""
    return (rejected - alpha) / math.sqrt(alpha * (1 - alpha) / trials)


def _away(world: Scenario | World, analysis: Analysis, alpha: float = 0.025, trials: int = TRIALS) -> float:
    run = simulate(world, analysis, trials, 77)
    assert (run.look > 0).all()
    rejected = run.upper if analysis.plan.sides == 1 else run.upper | run.lower
    return errors_away(float(rejected.mean()), trials, alpha)


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
@pytest.mark.parametrize("world", [PLAIN, CURED], ids=["exponential", "cure"])
def test_weighted_tests_and_their_largest_in_one_look(weights: tuple[Weight, ...], world: Scenario) -> None:
    assert abs(_away(world, Analysis.at_events(ONE, 200, weights))) < 3


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("sides", [1, 2])
def test_each_spending_function(rule: Spending, sides: Sides) -> None:
    plan = spending(LOOKS, rule, alpha=0.025 * sides, sides=sides)
    assert abs(_away(PLAIN, Analysis.at_events(plan, 200), 0.025 * sides)) < 3


NULL = {"scenarios": [{"name": "no effect", "experimental": {"ratio": 1}}], "design": "group-sequential"}
LATE = {"rho": 0, "gamma": 1}
SMALL: dict[str, Any] = {
    "events": 180,
    "control": {"median": 5},
    "accrual": {"patients": 200, "months": 6},
    "alpha": 0.05,
}
CURED_FILE: dict[str, Any] = {
    "events": 240, "control": {"median": 6, "cured": 0.2}, "accrual": {"patients": 360, "months": 24}, "alpha": 0.025,
}  # fmt: skip
FILES: list[dict[str, Any]] = [
    SMALL | {"looks": [0.5, 0.75, 1], "spending": "pocock", "test": LATE},
    SMALL | {"looks": [0.25, 0.5, 0.8, 1], "spending": {"hwang": -2}, "test": LATE},
    SMALL | {"looks": [0.3, 0.6, 1], "spending": "pocock", "test": {"t_star": 12}},
    CURED_FILE | {"looks": [0.4, 0.7, 1], "spending": "pocock", "test": LATE},
    SMALL | {"looks": [0.3, 0.6, 1], "spending": "pocock", "test": {"rho": 1, "gamma": 0}},
    SMALL | {"looks": 3, "spending": "pocock", "test": {"rho": 1, "gamma": 1}, "sides": 2},
    CURED_FILE | {"looks": [0.5, 1], "spending": "obrien-fleming", "test": {"t_star": 6}},
    SMALL | {"looks": [0.5, 0.75, 1], "spending": "pocock", "test": "maxcombo"},
    SMALL | {"looks": [0.5, 0.75, 1], "spending": "pocock", "test": {"maxcombo": [{"rho": 0, "gamma": 0}, LATE]}},
    SMALL | {"looks": [0.5, 0.75, 1], "spending": "pocock", "test": {"maxcombo": [LATE, {"rho": 0, "gamma": 2}]}},
    SMALL | {"looks": [0.3, 0.5, 0.75, 1], "spending": "pocock", "test": {"maxcombo": [LATE, {"rho": 1, "gamma": 1}]}},
    CURED_FILE | {"looks": [0.4, 0.7, 1], "boundaries": "pocock", "test": {"maxcombo": [LATE, {"rho": 0, "gamma": 2}]}},
    SMALL | {"looks": [0.5, 0.75, 1], "boundaries": "pocock", "test": "log-rank"},
    CURED_FILE | {"looks": 5, "boundaries": {"wang-tsiatis": 0.25}, "sides": 2, "test": "log-rank"},
    SMALL | {"looks": [0.5, 0.75, 1], "boundaries": "obrien-fleming", "test": LATE},
]


def _of_file(content: dict[str, Any]) -> Randomised:
    found = design_of(NULL | content).study
    assert isinstance(found, Randomised)
    return found


@pytest.mark.parametrize("content", FILES, ids=lambda one: f"{one['test']} {one['looks']} {one['alpha']}")
def test_weighted_tests_of_design_files_at_several_looks(content: dict[str, Any]) -> None:
    """An error of .055 for .05 is more than three standard errors away. FH(0, 1) has .0525 here, with one look as with three."""
    one = _of_file(content)
    assert abs(_away(one.worlds[0], one.analysis, content["alpha"])) < 3


@pytest.mark.parametrize(
    "content", [FILES[0], FILES[1], FILES[2], FILES[3]], ids=["late", "4 looks", "modest", "cured"]
)
def test_the_check_sees_weighted_tests_with_the_events_as_information(content: dict[str, Any]) -> None:
    events = _of_file(content | {"information": content["looks"]})
    assert _away(events.worlds[0], events.analysis, content["alpha"], 2 * TRIALS) > 3


class _NoEffect:
    """Trials of cells without an effect: the experimental arm holds controls of other trials."""

    def __init__(self, world: CellTrial) -> None:
        self.world, self.size = world, world.size

    def block(self, _seed: int, number: int) -> Patients:
        return without_effect(self.world, number)


def test_a_weighted_test_of_a_cell_trial_at_several_looks() -> None:
    file = yaml.safe_load((Path(__file__).parents[5] / "examples/trials/cell-trial.yaml").read_text(encoding="utf-8"))
    plan = {"looks": [0.4, 0.7, 1], "spending": "pocock", "test": LATE, "alpha": 0.05, "month": None}
    own = design_of(file | plan).study
    events = design_of(file | plan | {"information": [0.4, 0.7, 1]}).study
    assert isinstance(own, CellStudy)
    assert isinstance(events, CellStudy)
    world = _NoEffect(own.worlds[0][1])
    assert own.parameters["information"].origin == "derived"
    assert abs(_away(world, own.analysis, 0.05, TRIALS // 2)) < 3
    assert _away(world, events.analysis, 0.05, TRIALS // 2) > 3


@pytest.mark.parametrize("delta", [0.0, 0.25, 0.5])
def test_classical_bounds(delta: float) -> None:
    assert abs(_away(PLAIN, Analysis.at_events(classical(LOOKS, delta), 200), 0.05)) < 3


@pytest.mark.parametrize("weights", [(LOG_RANK,), STRAW_MAN], ids=["log-rank", "MaxCombo"])
def test_futility_that_does_not_bind_keeps_the_error_when_it_is_ignored(weights: tuple[Weight, ...]) -> None:
    free = with_futility(LOOKS, OBrienFlemingLike(), Futility(PocockLike(), 0.1))
    ignored = Plan(free.t, free.upper, np.full(3, -np.inf), free.alpha)
    assert abs(_away(PLAIN, Analysis.at_events(ignored, 200, weights))) < 3
    assert _away(PLAIN, Analysis.at_events(free, 200, weights)) < 3


def test_futility_that_binds_keeps_the_error_when_it_is_obeyed() -> None:
    bound = with_futility(LOOKS, OBrienFlemingLike(), Futility(PocockLike(), 0.1, binding=True))
    assert abs(_away(PLAIN, Analysis.at_events(bound, 200))) < 3


@pytest.mark.parametrize("statistic", ["rmst", "milestone"])
@pytest.mark.parametrize("sides", [1, 2])
def test_tests_at_a_time(statistic: Statistic, sides: Sides) -> None:
    away = _away(CURED, Analysis.at_month(AtTime(statistic, 18), 32, alpha=0.025 * sides, sides=sides), 0.025 * sides)
    assert abs(away) < 3


@pytest.mark.parametrize(("statistic", "told"), [("rmst", 0.033), ("milestone", 0.036)])
def test_tests_at_a_time_reject_too_often_in_small_arms_as_the_manual_tells(statistic: Statistic, told: float) -> None:
    """Forty patients in all, 20 % of them cured, nominal 2.5 %: docs/how-to/trials.md has the sizes; 100 are nearly enough."""
    size = {}
    for patients in (40, 100):
        world = replace(CURED, accrual=Accrual.over(patients, 12))
        run = simulate(world, Analysis.at_month(AtTime(statistic, 18), 32), TRIALS, 77)
        size[patients] = float(run.upper.mean())
    assert size[40] == pytest.approx(told, abs=0.004)
    assert 0.025 < size[100] < 0.031 < size[40] + 0.002


@pytest.mark.parametrize("both", ["first", "last"])
def test_hybrid_cut_offs_with_bounds_for_the_information_they_bring(both: str) -> None:
    """Looks at the first, or the last, of an expected number of events and a month: events decide half of the trials."""
    months = (8.0, 12.0, 18.0)
    t = information_fractions(PLAIN, months)
    plan = spending((*t[:-1], 1.0), PocockLike())
    counts = [round(sum(expected_events(PLAIN, month))) for month in months]
    cuts = tuple(
        CutOff(count, month, "first" if both == "first" else "last")
        for count, month in zip(counts, months, strict=True)
    )
    run = simulate(PLAIN, Analysis(plan, cuts), 2048, 3)
    ended = run.month[run.look == 3]
    assert 0.2 < np.isclose(ended, 18).mean() < 0.8
    assert abs(_away(PLAIN, Analysis(plan, cuts))) < 3


def test_calendar_cut_offs_with_bounds_for_the_information_they_bring() -> None:
    months = (6.0, 9.0, 30.0)
    t = information_fractions(PLAIN, months)
    cuts = tuple(CutOff(month=month) for month in months)
    assert abs(_away(PLAIN, Analysis(spending((*t[:-1], 1.0), PocockLike()), cuts))) < 3


def test_an_early_end_of_the_calendar_costs_error_and_does_not_inflate_it() -> None:
    """Looks that were planned for later events see the same data then."""
    away = _away(PLAIN, Analysis.at_events(spending(LOOKS, PocockLike()), 200, month=11))
    assert away < 3


def _prognostic(rng: np.random.Generator, patients: int, *, fair: bool) -> tuple[Sample, Ints]:
    """No effect, three strata of very different hazards, months rounded to a tenth; fair allocation within strata or not."""
    strata = rng.integers(0, 3, patients)
    hazard = np.array([0.05, 0.15, 0.45])[strata]
    share = 0.5 if fair else np.array([0.75, 0.5, 0.25])[strata]
    life, follow = rng.exponential(1, patients) / hazard, rng.uniform(3, 18, patients)
    time = np.maximum(np.round(np.minimum(life, follow), 1), 0.1)
    return Sample.of(time, life <= follow, rng.random(patients) < share), strata


@pytest.mark.parametrize("fair", [True, False])
def test_stratified_tests(*, fair: bool) -> None:
    """Stratified they keep their error even where allocation goes with prognosis; without strata they do not then."""
    rng, trials = np.random.default_rng((5, fair)), 4000
    rejected = np.zeros((trials, 3))
    for k in range(trials):
        sample, strata = _prognostic(rng, 150, fair=fair)
        ratio = cox(sample, strata=strata) if k < 1500 else None
        rejected[k] = (
            log_rank(sample, strata=strata).one_sided <= 0.025,
            0.025 if ratio is None else -ratio.log / ratio.error >= norm.isf(0.025),
            log_rank(sample).one_sided <= 0.025,
        )
    assert abs(errors_away(float(rejected[:, 0].mean()), trials, 0.025)) < 3
    assert abs(errors_away(float(rejected[:1500, 1].mean()), 1500, 0.025)) < 3
    if not fair:
        assert errors_away(float(rejected[:, 2].mean()), trials, 0.025) > 20


def test_a_stratified_max_combo() -> None:
    rng, trials = np.random.default_rng(8), 1500
    p = [
        max_combo(sample, strata=strata).p
        for sample, strata in (_prognostic(rng, 150, fair=False) for _ in range(trials))
    ]
    assert abs(errors_away(float((np.array(p) <= 0.05).mean()), trials, 0.05)) < 3


def test_the_check_sees_a_test_that_does_not_keep_its_error() -> None:
    """Three looks at 1.96 each; bounds for .032; the largest of four statistics against the bound of one; looks far too early."""
    free = np.full(3, -np.inf)
    repeated = Plan(np.array(LOOKS), np.full(3, norm.isf(0.025)), free, 0.025)
    assert _away(PLAIN, Analysis.at_events(repeated, 200)) > 10
    assert _away(PLAIN, Analysis.at_events(spending(LOOKS, OBrienFlemingLike(), alpha=0.032), 200)) > 3
    rng = np.random.default_rng(1)
    largest = [max_combo(_prognostic(rng, 150, fair=True)[0]).largest for _ in range(1500)]
    assert errors_away(float((np.array(largest) >= norm.isf(0.025)).mean()), 1500, 0.025) > 4
    early = tuple(
        CutOff(month=month) for month in (3.0, 5.0, 30.0)
    )  # far less information than the bounds were made for
    assert _away(PLAIN, Analysis(spending((0.7, 0.9, 1.0), PocockLike()), early)) > 3
