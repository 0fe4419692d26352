"""Survival without crossover: exact recovery of a simulated truth, and the trial as randomised where nobody crossed over.

No printed example with patient data was at hand, so the reference is the truth of simulations: exact where the model holds
without noise, within Monte Carlo error where it does not.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from vein2vein.programme.trial.endpoints import survival_with_crossover
from vein2vein.programme.trial.published.files import trial_file
from vein2vein.programme.trial.randomised.cox import cox
from vein2vein.programme.trial.randomised.crossover import Crossed
from vein2vein.programme.trial.randomised.ipcw import ipcw
from vein2vein.programme.trial.randomised.log_rank import FlemingHarrington, log_rank
from vein2vein.programme.trial.randomised.rpsft import rpsft, untreated_times

PSI = -0.7


def _structural(
    rng: np.random.Generator, n: int, *, twins: bool, cut: float = math.inf, crosses: float = 1.0
) -> Crossed:
    """Patients who live by the structural model: every month on treatment counts exp(psi) of a month off it."""
    latent = rng.exponential(10, n)
    untreated = np.concatenate([latent, latent if twins else rng.exponential(10, n)])
    arm = np.repeat([0, 1], n)
    begins = np.where(arm == 1, 0.0, rng.uniform(0, 12, 2 * n))
    begins = np.where((arm == 1) | (rng.random(2 * n) < crosses), begins, np.inf)
    on = begins < untreated
    life = np.where(on, np.where(on, begins, 0) + (untreated - np.where(on, begins, 0)) * math.exp(-PSI), untreated)
    follow = np.full(2 * n, cut) if math.isfinite(cut) else np.full(2 * n, life.max())
    time = np.minimum(life, follow)
    crossover = np.where((arm == 0) & on & (begins <= time), begins, np.inf)
    return Crossed.of(time, life <= follow, arm, crossover, follow_up=follow)


def test_psi_is_recovered_exactly_where_both_arms_have_the_same_latent_patients() -> None:
    data = _structural(np.random.default_rng(1), 300, twins=True)
    found = rpsft(data, recensor=False)
    at_truth = untreated_times(data, PSI, recensor=False)
    assert np.sort(at_truth.time[at_truth.arm == 0]) == pytest.approx(np.sort(at_truth.time[at_truth.arm == 1]))
    assert found.psi == pytest.approx(PSI, abs=0.01)
    assert found.psi_interval[0] < PSI < found.psi_interval[1]


def test_the_ratio_is_that_of_a_trial_in_which_nobody_crosses_over() -> None:
    """Exponential lives: without crossover the ratio is exp(psi); as randomised it is diluted."""
    rng = np.random.default_rng(2)
    found = [rpsft(_structural(rng, 400, twins=False, cut=25.0)) for _ in range(25)]
    logs = np.array([one.ratio.log for one in found])
    psis = np.array([one.psi for one in found])
    assert psis.mean() == pytest.approx(PSI, abs=3.5 * psis.std() / 5)
    assert logs.mean() == pytest.approx(PSI, abs=3.5 * logs.std() / 5)
    diluted = np.array([one.randomised.log for one in found])
    assert diluted.mean() > PSI + 0.15


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    covered = [
        low < PSI < high
        for low, high in (rpsft(_structural(rng, 60, twins=False, cut=30.0)).psi_interval for _ in range(60))
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=3.5 * math.sqrt(0.95 * 0.05 / 60))


def test_without_crossover_both_are_the_trial_as_randomised() -> None:
    data = _structural(np.random.default_rng(3), 200, twins=False, cut=20.0, crosses=0.0)
    as_randomised = cox(data.sample)
    model = rpsft(data)
    assert model.ratio.log == as_randomised.log
    assert model.ratio.log / model.ratio.error == pytest.approx(-log_rank(data.sample).z)
    weighted = ipcw(data)
    assert weighted.ratio.log == pytest.approx(cox(data.sample, "breslow").log, abs=1e-9)
    assert weighted.largest == 1
    assert weighted.ratio.error == pytest.approx(as_randomised.error, rel=0.05)


def test_recensoring_keeps_censoring_apart_from_the_effect() -> None:
    """Nobody is followed untreated for longer than the shortest that any treatment would have allowed."""
    data = _structural(np.random.default_rng(5), 200, twins=False, cut=15.0)
    control = data.sample.arm == 0
    assert untreated_times(data, PSI).time[control].max() == pytest.approx(15 * math.exp(PSI))
    assert untreated_times(data, 0.4).time[control].max() <= 15
    assert untreated_times(data, PSI, recensor=False).time[control].max() > 15 * math.exp(PSI)


def test_a_test_that_looks_early_finds_psi_as_well() -> None:
    data = _structural(np.random.default_rng(6), 400, twins=True)
    assert rpsft(data, weight=FlemingHarrington(1, 0), recensor=False).psi == pytest.approx(PSI, abs=0.01)


def _prognostic(rng: np.random.Generator, n: int, *, crosses: bool) -> Crossed:
    """Sicker patients cross over sooner, and treatment after crossover helps much: only the covariate tells both."""
    arm, sick = np.repeat([0, 1], n), rng.random(2 * n) < 0.5
    rate = 0.08 * np.where(sick, 3.0, 1.0)
    life = rng.exponential(1, 2 * n) / (rate * np.where(arm == 1, 0.6, 1.0))
    begins = rng.exponential(1, 2 * n) / (0.06 * np.where(sick, 3.0, 1.0))
    on = crosses & (arm == 0) & (begins < life)
    life = np.where(on, np.where(on, begins, 0) + (life - np.where(on, begins, 0)) * 3, life)
    time = np.minimum(life, 24.0)
    crossover = np.where(on & (begins <= time), begins, np.inf)
    return Crossed.of(time, life <= 24, arm, crossover, follow_up=np.full(2 * n, 24.0), covariates=sick.astype(float))


def test_weights_recover_the_ratio_where_the_covariate_tells_crossover() -> None:
    """Against the same patients in a world without crossover; ending follow-up without weights is biased."""
    weighted, ended, truth, coefficients = [], [], [], []
    for k in range(40):
        data = _prognostic(np.random.default_rng((7, k)), 400, crosses=True)
        found = ipcw(data)
        weighted.append(found.ratio.log)
        coefficients.append(found.coefficients[0])
        ended.append(cox(data.ended_at_crossover()).log)
        truth.append(cox(_prognostic(np.random.default_rng((7, k)), 400, crosses=False).sample).log)
    difference = np.array(weighted) - truth
    spread = difference.std() / math.sqrt(40)
    assert difference.mean() == pytest.approx(0, abs=3.5 * spread)
    assert np.mean(np.array(ended) - truth) > 0.05 > 3.5 * spread
    assert np.mean(coefficients) == pytest.approx(math.log(3), abs=0.06)


def test_weights_by_hand() -> None:
    """Three control patients, eligible at once: one of three crosses over at month 1, so those left count exp(1/3)."""
    data = Crossed.of(
        [5, 2, 4, 3, 6], [1, 1, 1, 1, 1], [0, 0, 0, 1, 1], [1, np.inf, np.inf, np.inf, np.inf], follow_up=np.full(5, 9)
    )
    w = math.exp(1 / 3)
    found = ipcw(data)
    assert found.largest == pytest.approx(w)
    # maximum of the weighted partial likelihood: deaths at 2 (control, w), 3 (experimental), 4 (control, w), 6
    r = math.exp(found.ratio.log)
    score = -w * (2 * r / (2 * w + 2 * r)) + 1 - 2 * r / (w + 2 * r) - w * (r / (w + r))
    assert score == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("id", ["zuma-7", "karmma-3"])
def test_estimators_read_simulated_trials(id: str) -> None:
    """On a published trial without an effect of crossover, all estimators read the same trial."""
    file = trial_file(id)
    trial = file.trial()
    control = replace(trial.after[0], crossover=0.0)
    control_arm, cells, entry = replace(trial, after=(control, trial.after[1])).histories(1, 0)
    data = survival_with_crossover((control_arm, cells), entry, file.cut(survival=True), trial=0)
    assert not data.crossed.any()
    assert rpsft(data).ratio.log == cox(data.sample).log
    assert ipcw(data).ratio.log == pytest.approx(cox(data.sample, "breslow").log)
