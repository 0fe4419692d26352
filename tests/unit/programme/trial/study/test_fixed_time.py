"""Restricted means and milestones from files: figures are those of the simulator, and what does not fit is refused."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime, Statistic
from vein2vein.programme.trial.randomised.hazards import Cure, Ratio, exponential
from vein2vein.programme.trial.randomised.simulate import Analysis, simulate
from vein2vein.programme.trial.study.fixed_time import FixedTime
from vein2vein.report.trial.flow import flow_of

FILE: dict[str, Any] = {
    "design": "group-sequential", "test": "rmst", "tau": 12, "first_patient": "2027-03-01",
    "control": {"median": 6, "cured": 0.2}, "accrual": {"patients": 120, "months": 10},
    "scenarios": [{"name": "planned", "experimental": {"ratio": 0.6}}, {"name": "null", "experimental": {"ratio": 1}}],
}  # fmt: skip


def study(**more: Any) -> FixedTime:
    found = design_of({key: value for key, value in (FILE | more).items() if value is not None}).study
    assert isinstance(found, FixedTime)
    return found


@pytest.mark.parametrize("statistic", ["rmst", "milestone"])
def test_a_file_and_calls_say_the_same(statistic: Statistic) -> None:
    control = Cure(0.2, exponential(6))
    world = Scenario(control, Ratio(control, (0.0,), (0.6,)), Accrual.over(120, 10), name="planned")
    run = simulate(world, Analysis.at_month(AtTime(statistic, 12), 20, alpha=0.05), 256, 3)
    found = study(test=statistic, month=20, alpha=0.05).results(trials=256, seed=3)[0]
    assert found.figures["power"].value == run.upper.mean()
    assert found.figures["observed_difference"].value == pytest.approx(run.difference.mean())
    assert found.figures["duration_months"].value == 20
    assert found.figures["not_estimable"].value == 0
    assert "observed_ratio" not in found.figures
    assert 0.3 < found.figures["power"].value < 1


def test_parameters_say_whether_they_were_set_or_derived() -> None:
    one = study()
    origins = {name: (p.value, p.origin) for name, p in one.parameters.items()}
    assert origins["tau"] == (12, "set")
    assert origins["month"] == (22, "derived")
    assert origins["test"] == ("rmst", "set")
    assert origins["alpha"] == (0.025, "default")
    assert study(month=20).parameters["month"].origin == "set"


def test_tables_have_no_events_and_say_what_is_true() -> None:
    looks, true = study(test="milestone", month=20).tables()[:2]
    assert looks.heads == (
        "look", "information", "expected_month", "expected_date", "z_bound", "nominal_p", "alpha_spent",
    )  # fmt: skip
    assert looks.rows == (("1", "100.0%", "20.0", "2028-10-30", "1.9600", "0.02500", "0.02500"),)
    assert (true.key, true.about) == ("at_time", "12")
    assert true.rows[1] == ("null", "40.00%", "40.00%", "0.00%", "80.00%")


def test_the_flow_chart_names_the_month() -> None:
    steps = [str(step) for step in flow_of(study())[1]]
    assert any("month 22" in step for step in steps)
    assert not any("events" in step for step in steps)


@pytest.mark.parametrize(
    ("change", "id", "saw"),
    [
        ({"looks": 3}, "TRIAL-005", "looks 3 with test 'rmst'"),
        ({"looks": [0.5, 1]}, "TRIAL-005", "looks [0.5, 1.0] with test 'rmst'"),
        ({"events": 60}, "TRIAL-005", "'events' with test 'rmst'"),
        ({"spending": "pocock"}, "TRIAL-005", "'spending' with test 'rmst'"),
        ({"futility": {"rule": "pocock"}}, "TRIAL-005", "'futility' with test 'rmst'"),
        ({"tau": -3}, "TRIAL-002", "tau -3"),
        ({"tau": 0}, "TRIAL-002", "tau 0"),
        ({"tau": None}, "TRIAL-005", "no key 'tau'"),
        (
            {"test": "milestone", "tau": 20, "month": 20},
            "TRIAL-002",
            "milestone at 20 months with data cut at month 20",
        ),
        ({"test": "log-rank"}, "TRIAL-005", "'tau' in the design group-sequential"),
        ({"design": "cell-trial"}, "TRIAL-005", "in the design cell-trial"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], id: str, saw: str) -> None:
    with pytest.raises(TrialError, match=id) as told:
        study(**change)
    assert saw in told.value.fault.saw
