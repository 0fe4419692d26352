"""Tests, curves and hazard ratios against R survival 3.5-3 on six made-up data sets (survival_*.csv, README.md).

The sets have no ties, few, and many; equal and unequal arms; three strata with different hazards; a late effect. Weighted tests
are worked out in R from the tables of `survfit`, since `survdiff` has only S^rho. Tolerance: 1e-8 for sums, 1e-6 for
likelihoods, which R stops at a relative change of 1e-9.
"""

from __future__ import annotations

import csv
import math

import numpy as np
import numpy.typing as npt
import pytest

from reference.trial_r.r_results import HERE, numbers, rows
from vein2vein.programme.trial.phase2 import compare
from vein2vein.programme.trial.randomised.cox import Ties, cox
from vein2vein.programme.trial.randomised.curves import Curve, restricted_mean_difference
from vein2vein.programme.trial.randomised.log_rank import FlemingHarrington, ModestlyWeighted, log_rank
from vein2vein.programme.trial.randomised.maxcombo import STRAW_MAN, max_combo
from vein2vein.programme.trial.randomised.sample import Sample

SUM, LIKELIHOOD = 1e-8, 1e-6
MONTHS = [3.0, 6.0, 9.0]

with (HERE / "survival_data.csv").open(encoding="utf-8", newline="") as file:
    _DATA = list(csv.DictReader(file))
_STORED = rows("survival_statistics")
NAMES = list(dict.fromkeys(row["set"] for row in _DATA))


def _sample(name: str) -> tuple[Sample, npt.NDArray[np.str_]]:
    mine = [row for row in _DATA if row["set"] == name]
    columns = ([float(row[key]) for row in mine] for key in ("time", "event", "arm"))
    return Sample.of(*columns), np.array([row["stratum"] for row in mine])


def _in_r(name: str) -> dict[str, str]:
    return {row["quantity"]: row["value"] for row in _STORED if row["set"] == name}


@pytest.mark.parametrize("name", NAMES)
def test_log_rank_tests(name: str) -> None:
    (sample, strata), r = _sample(name), _in_r(name)
    chi = {
        "log-rank chi-squared (survdiff)": log_rank(sample),
        "FH(1,0) chi-squared (survdiff rho=1)": log_rank(sample, FlemingHarrington(1, 0)),
        "stratified log-rank chi-squared (survdiff)": log_rank(sample, strata=strata),
    }
    for key, found in chi.items():
        assert found.z**2 == pytest.approx(float(r[key]), abs=SUM, rel=SUM)
    for rho, gamma in ((0, 0), (0, 1), (1, 1), (1, 0), (0.5, 2)):
        expected = float(r[f"FH({rho:g},{gamma:g}) z (by hand from survfit)"])
        assert log_rank(sample, FlemingHarrington(rho, gamma)).z == pytest.approx(expected, abs=SUM)
    assert log_rank(sample, ModestlyWeighted(6)).z == pytest.approx(
        float(r["modest t*=6 z (by hand from survfit)"]), abs=SUM
    )
    usual = [float(r[f"FH({w.rho:g},{w.gamma:g}) z (by hand from survfit)"]) for w in STRAW_MAN]
    assert max_combo(sample).z == pytest.approx(usual, abs=SUM)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_stratified_or_not(name: str, ties: Ties) -> None:
    (sample, strata), r = _sample(name), _in_r(name)
    for word, found in (("", cox(sample, ties)), ("stratified ", cox(sample, ties, strata))):
        assert found.log == pytest.approx(float(r[f"{word}cox log ratio {ties}"]), abs=LIKELIHOOD)
        assert found.error == pytest.approx(float(r[f"{word}cox error {ties}"]), abs=LIKELIHOOD)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arm", [0, 1])
def test_curves(name: str, arm: int) -> None:
    (sample, _), r = _sample(name), _in_r(name)
    curve = Curve.of(*sample.of_arm(arm))
    found = {
        "survival": curve.survival_at(MONTHS),
        "error": curve.error_at(MONTHS),
        "lower": curve.interval_at(MONTHS)[0],
        "upper": curve.interval_at(MONTHS)[1],
        "at risk": curve.number_at_risk(MONTHS),
    }
    for word, values in found.items():
        assert values == pytest.approx(numbers(r[f"arm {arm} {word} at 3, 6, 9"]), abs=SUM)
    median = [math.inf if math.isnan(one) else one for one in numbers(r[f"arm {arm} median, lower, upper"])]
    assert list(curve.median()) == pytest.approx(median)
    mean, error = curve.restricted_mean(9)
    assert mean == pytest.approx(float(r[f"arm {arm} restricted mean to 9"]), abs=SUM)
    assert error == pytest.approx(float(r[f"arm {arm} restricted mean error to 9"]), abs=SUM)


@pytest.mark.parametrize("name", NAMES)
def test_differences_of_restricted_means(name: str) -> None:
    (sample, _), r = _sample(name), _in_r(name)
    control, experimental = (float(r[f"arm {arm} restricted mean to 9"]) for arm in (0, 1))
    errors = [float(r[f"arm {arm} restricted mean error to 9"]) for arm in (0, 1)]
    found = restricted_mean_difference(sample, 9)
    assert found.value == pytest.approx(experimental - control, abs=SUM)
    assert found.error == pytest.approx(math.hypot(*errors), abs=SUM)


@pytest.mark.parametrize("name", NAMES)
def test_weighted_curves_and_hazard_ratios_of_external_controls(name: str) -> None:
    (sample, _), r = _sample(name), _in_r(name)
    weight = numbers(r["weights"])
    found = compare.hazard_ratio(sample.time, sample.event, sample.arm, weight=weight)
    assert math.log(found.value) == pytest.approx(float(r["weighted cox log ratio breslow"]), abs=LIKELIHOOD)
    assert found.error == pytest.approx(float(r["weighted cox robust error breslow"]), rel=LIKELIHOOD)
    for arm in (0, 1):
        mine = sample.arm == arm
        alive = compare.survival(sample.time[mine], sample.event[mine], weight[mine], 6)
        assert alive == pytest.approx(float(r[f"arm {arm} weighted survival at 6"]), abs=SUM)
