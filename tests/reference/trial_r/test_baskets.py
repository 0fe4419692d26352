"""EXNEX and hierarchical baskets against JAGS 4.3.1, which draws what we integrate (jags_baskets.csv, README.md).

Tolerance: five standard errors of JAGS, which it tells per figure for its own autocorrelation, and half a unit of the last
digit stored. Where the prior of tau squared is Berry's inverse-gamma, chains stay near tau = 0 for long: its own errors tell
too little of mu and tau, which are left out there, and chances and rates may differ by .01.
"""

from __future__ import annotations

import pytest

from reference.trial_r.r_results import label, rows
from vein2vein.programme.trial.phase2.hierarchical import HalfNormal, InverseGamma, Priors, Shrunk, shrink
from vein2vein.programme.trial.words import Floats

NULL = 0.25
PRIORS = {
    "exnex": Priors(-1.735, 0.146**-0.5, HalfNormal(1), 0.5, -1.734, 0.128**-0.5),
    "hierarchical": Priors(-1.1, 2, HalfNormal(1)),
    "berry": Priors(-1.34, 10, InverseGamma(0.0005, 0.000005)),
}
_STORED = rows("jags_baskets")
_CASES = [row for row in _STORED if row["quantity"] == "mu"]


def _ours(found: Shrunk) -> dict[str, float]:
    columns: dict[str, Floats] = {"p": found.mean, "above": found.above, "exchangeable": found.exchangeable}
    listed = {f"{key}[{i + 1}]": float(one) for key, column in columns.items() for i, one in enumerate(column)}
    return listed | {"mu": found.mu, "tau": found.tau}


@pytest.mark.parametrize("case", _CASES, ids=lambda row: label(row, "data", "model"))
def test_posterior_of_every_basket(case: dict[str, str]) -> None:
    y, n = ([int(one) for one in case[key].split(";")] for key in ("responses", "patients"))
    found = shrink(y, n, NULL, PRIORS[case["model"]])
    ours, berry = _ours(found), case["model"] == "berry"
    mine = [row for row in _STORED if (row["data"], row["model"]) == (case["data"], case["model"])]
    assert len(mine) == 3 * len(y) + 2
    for row in mine:
        if berry and row["quantity"] in {"mu", "tau"}:
            continue
        error = 5 * float(row["error"]) + 1e-6 + (0.01 if berry else 0.0)
        assert ours[row["quantity"]] == pytest.approx(float(row["mean"]), abs=error), row["quantity"]
    for i, sd in enumerate(found.sd):
        expected = next(float(row["sd"]) for row in mine if row["quantity"] == f"p[{i + 1}]")
        assert sd == pytest.approx(expected, rel=0.05 if berry else 0.02)
