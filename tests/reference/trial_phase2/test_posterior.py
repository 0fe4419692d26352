"""Thall & Simon and Lee & Liu against published boundaries.

Lee & Liu 2008 Clin Trials 5:93, doi:10.1177/1740774508089279: p0 .2, p1 .4, prior Beta(.2, .8), 36 patients, looks from 10 on,
theta_L .001, theta_T .852 to .922. Status: recalled. Tolerance: boundaries exact, figures half a unit of the last digit.
"""

from __future__ import annotations

import pytest

from vein2vein.programme.trial.phase2.monitor import Monitoring
from vein2vein.programme.trial.phase2.posterior import Beta, lee_liu, predictive_probability


def rises(design: Monitoring) -> list[tuple[int, int]]:
    """The looks at which the futility boundary gets higher, as packages print it."""
    pairs = zip(design.looks, design.futile, strict=True)
    found: list[tuple[int, int]] = []
    for n, bound in pairs:
        if bound >= 0 and (not found or bound > found[-1][1]):
            found.append((n, bound))
    return found


@pytest.mark.parametrize("target", [0.86, 0.90, 0.92])
def test_lee_liu_2008(target: float) -> None:
    design = lee_liu(range(10, 37), Beta(0.2, 0.8), 0.2, target=target, futility=0.001)
    region = [(10, 0), (17, 1), (21, 2), (24, 3), (27, 4), (29, 5), (31, 6), (33, 7), (34, 8), (35, 9), (36, 10)]
    assert rises(design) == region
    null, alternative = design.characteristics(0.2), design.characteristics(0.4)
    assert null.success == pytest.approx(0.088, abs=5e-4)
    assert alternative.success == pytest.approx(0.906, abs=5e-4)
    assert null.expected_patients == pytest.approx(27.67, abs=5e-3)
    assert null.early_futility == pytest.approx(0.86, abs=5e-3)
    assert design.type_1_error(0.2)[0] == pytest.approx(0.088, abs=5e-4)


def test_lee_liu_2008_predictive_probability() -> None:
    """16 of 23 responses, 40 patients in all, prior Beta(.6, .4), theta_T .9: PP = .5656. Status: recalled; four digits."""
    assert predictive_probability(Beta(0.6, 0.4), 16, 23, most=40, null=0.6, target=0.9) == pytest.approx(
        0.5656, abs=5e-5
    )


def test_ph2bayes_predictive_boundaries() -> None:
    """stopbound_pred(0.05, "futility", 40, 0.6, 1.4, 0.3, 0.85) of ph2bayes 0.0.2 as printed on rdrr.io. Status: read, up to
    29 patients (the stored page ends there). Exact.
    """
    design = lee_liu(range(1, 41), Beta(0.6, 1.4), 0.3, target=0.85, futility=0.05)
    printed = [(4, 0), (8, 1), (11, 2), (14, 3), (17, 4), (20, 5), (22, 6), (25, 7), (27, 8), (29, 9)]
    assert rises(design)[:10] == printed
