"""TITE-CRM against published estimates, and against its parent.

Sources: anchors P03 (trialr 0.1.6, sampled, read; means, medians and chances: tolerance 0.012, 0.02, 0.026 as for CRM) and P11
(escalation 0.2.3, plug-in, read; exact to three significant figures).
"""

from __future__ import annotations

import numpy as np
import pytest

from reference.trial_phase1.anchors import anchors
from vein2vein.programme.trial import simulate as plain
from vein2vein.programme.trial.phase1.crm import Curve, Model, crm, skeleton
from vein2vein.programme.trial.phase1.late import Seen, Setting, simulate
from vein2vein.programme.trial.phase1.quadrature import share_below
from vein2vein.programme.trial.phase1.tite_crm import WeightedEstimate, tite_crm
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, States

CHEUNG = (0.05, 0.12, 0.25, 0.40, 0.55)
TRUTH = Truth.of([0.05, 0.15, 0.30, 0.45, 0.60])


def seen(dose: list[int], toxic: list[int], weight: list[float]) -> Seen:
    n, y = np.zeros((1, 5), np.int64), np.zeros((1, 5), np.int64)
    np.add.at(n[0], np.array(dose) - 1, 1)
    np.add.at(y[0], np.array(dose) - 1, toxic)
    open_ = [i for i in range(len(dose)) if not toxic[i] and weight[i] < 1]
    states = States(n, y, np.array([dose[-1] - 1]), np.array([1]), np.array([toxic[-1]]))
    return Seen.of(states, np.array([dose[i] - 1 for i in open_]), np.array([weight[i] for i in open_]))


def test_averaged_estimates_medians_and_chances() -> None:
    rows = anchors("P03")
    published = np.array([[float(value) for value in row["published_value"].split(";")] for row in rows])
    data = seen([3, 3, 3, 3], [0, 0, 0, 0], [73 / 126, 66 / 126, 35 / 126, 28 / 126])
    design = tite_crm(0.25, CHEUNG, cohorts=Cohorts(1, 20), estimate="averaged")
    assert isinstance(design.rule, WeightedEstimate)
    assert design.rule.estimates(data)[0] == pytest.approx(published[:, 0], abs=0.012)
    # The median of a rate: half of the posterior of the parameter lies below the parameter that gives it.
    points, weight = design.rule.posterior(data)
    for dose, value in enumerate(published[:, 1]):
        a = np.log(np.log(value) / np.log(CHEUNG[dose]))
        assert (weight @ share_below(points, a))[0] == pytest.approx(0.5, abs=0.02)
    limits = [Model(Curve(CHEUNG))._where_mean_is(0.25, dose) for dose in range(4)]
    below = [0.0, *((weight @ share_below(points, limit))[0] for limit in limits), 1.0]
    assert np.diff(below) == pytest.approx(published[:, 2], abs=0.026)
    # Recommended dose 4: the averaged estimate 0.278 is closest to 0.25.
    assert np.abs(design.rule.estimates(data)[0] - 0.25).argmin() + 1 == 4


def test_plug_in_estimates() -> None:
    data = seen([1, 1, 2, 2, 3, 3], [0, 0, 0, 0, 1, 0], [1, 1, 1, 0.9, 1, 0.5])
    design = tite_crm(0.25, CHEUNG, curve="logistic", cohorts=Cohorts(1, 20))
    assert isinstance(design.rule, WeightedEstimate)
    found = design.rule.estimates(data)[0]
    for value, row in zip(found, anchors("P11"), strict=True):
        assert f"{value:.3g}" == f"{float(row['published_value']):.3g}"
    assert np.abs(found - 0.25).argmin() + 1 == 3


@pytest.mark.parametrize("cohorts", [Cohorts(3, 8), Cohorts(1, 15)])
def test_a_window_of_zero_gives_crm_patient_by_patient(cohorts: Cohorts) -> None:
    guess = skeleton(5, 0.3)
    late = simulate(tite_crm(0.3, guess, cohorts=cohorts), TRUTH, Setting(0, 7), trials=500, seed=3)
    parent = plain.run(crm(0.3, guess, cohorts=cohorts), TRUTH, trials=500, seed=3)
    assert (late.trials.n == parent.n).all()
    assert (late.trials.selected == parent.selected).all()


def test_late_toxicities_are_seen_late_so_more_patients_meet_them() -> None:
    design = tite_crm(0.3, skeleton(5, 0.3), cohorts=Cohorts(1, 24))
    toxic = Truth.of([0.3, 0.5, 0.6, 0.7, 0.8])
    early, late = (
        simulate(design, toxic, Setting(56, 7, late=share), trials=500, seed=2).characteristics()
        for share in (0.0, 1.0)
    )
    assert late.patients[2:].sum() > early.patients[2:].sum()
