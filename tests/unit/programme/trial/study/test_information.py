"""Information of looks in design files: derived for weighted tests, given by the file, or the share of the events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.batch import cut, patients
from vein2vein.programme.trial.randomised.hazards import exponential
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, FlemingHarrington, ModestlyWeighted, Weight
from vein2vein.programme.trial.randomised.maxcombo import STRAW_MAN
from vein2vein.programme.trial.randomised.planning import covariances_at_events, information_fractions
from vein2vein.programme.trial.randomised.sequential import spending
from vein2vein.programme.trial.randomised.spending import PocockLike
from vein2vein.programme.trial.study.advise import advise
from vein2vein.programme.trial.study.cells import CellStudy
from vein2vein.programme.trial.study.information import of_cells
from vein2vein.programme.trial.study.randomised import Randomised

FILE: dict[str, Any] = {
    "design": "group-sequential", "looks": [0.5, 0.75, 1], "spending": "pocock", "alpha": 0.05, "events": 180,
    "test": {"rho": 0, "gamma": 1}, "control": {"median": 5}, "accrual": {"patients": 200, "months": 6},
    "scenarios": [{"name": "planned", "experimental": {"ratio": 0.6}}],
}  # fmt: skip
NULL = Scenario(exponential(5), exponential(5), Accrual.over(200, 6))
CELLS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[5] / "examples" / "trials" / "cell-trial.yaml").read_text(encoding="utf-8")
)


def study(**more: Any) -> Randomised:
    found = design_of(FILE | more).study
    assert isinstance(found, Randomised)
    return found


def cells(**more: Any) -> CellStudy:
    found = design_of(CELLS | more).study
    assert isinstance(found, CellStudy)
    return found


@pytest.mark.parametrize(
    "weight", [LOG_RANK, FlemingHarrington(0, 1), FlemingHarrington(1, 1), ModestlyWeighted(4), ModestlyWeighted(60)]
)
def test_integrals_say_what_simulated_variances_say(weight: Weight) -> None:
    counts = (60, 120, 180)
    block = patients(NULL, 4, 0)
    seen = np.sort(block.seen, axis=1)
    drawn = [cut(block, seen[:, count - 1], (weight,)).covariance[:, 0, 0].mean() for count in counts]
    found = covariances_at_events(NULL, counts, (weight,))[:, 0, 0]
    assert found / found[-1] == pytest.approx(np.array(drawn) / drawn[-1], abs=0.015)


def test_covariances_of_weights_are_those_of_simulated_scores() -> None:
    counts = (60, 120, 180)
    block = patients(NULL, 4, 0)
    seen = np.sort(block.seen, axis=1)
    drawn = np.array([cut(block, seen[:, count - 1], STRAW_MAN).covariance.mean(axis=0) for count in counts]) / 200
    assert covariances_at_events(NULL, counts, STRAW_MAN) == pytest.approx(drawn, rel=0.08)


def test_a_weighted_test_has_its_own_information_without_an_effect() -> None:
    one = study()
    expected = information_fractions(NULL, (7.4855, 11.277, 19.612), 0, 1)
    assert one.analysis.plan.t == pytest.approx(expected, abs=2e-3)
    assert one.parameters["information"].origin == "derived"
    assert one.parameters["information"].value == tuple(one.analysis.plan.t)
    assert [cut.events for cut in one.analysis.cut_offs] == [90, 135, 180]
    bounds = spending(tuple(one.analysis.plan.t), PocockLike(), alpha=0.05)
    assert one.analysis.plan.upper == pytest.approx(bounds.upper)
    facts = dict(advise(one, "1.2").facts)
    assert facts["power"] == f"{bounds.conditional_power(1, 1.2):.1%} if the trend goes on"
    assert facts["next"] == "look 2 at 44% of the information"


def test_the_table_keeps_events_and_information_apart_and_leaves_out_hazard_ratios() -> None:
    table = study().tables()[0]
    assert table.heads == (
        "look", "information", "events", "event_share", "expected_month", "z_bound", "nominal_p", "alpha_spent",
    )  # fmt: skip
    assert table.rows[0][1:4] == ("15.6%", "90", "50.0%")
    futile = study(futility={"rule": "pocock"}).tables()[0]
    assert futile.heads[-1] == "futility_z"
    assert "observed_ratio" not in study().results(trials=8, seed=1)[0].figures


def test_the_log_rank_test_takes_the_share_of_the_events() -> None:
    one = study(test="log-rank")
    assert one.analysis.plan.t.tolist() == [0.5, 0.75, 1]
    assert "information" not in one.parameters
    table = one.tables()[0]
    assert "event_share" not in table.heads
    assert "ratio_at_bound" in table.heads


def test_the_information_of_a_maxcombo_lies_between_those_of_its_weights() -> None:
    one = study(test={"maxcombo": [{"rho": 0, "gamma": 0}, {"rho": 0, "gamma": 1}]})
    late = study().analysis.plan.t
    assert (late[:2] < one.analysis.plan.t[:2]).all()
    assert (one.analysis.plan.t[:2] < [0.5, 0.75]).all()
    assert "joint law" in one.parameters["information"].source
    assert "ratio_at_bound" not in one.tables()[0].heads
    assert study(test="maxcombo", looks=1).parameters.get("information") is None


def test_a_file_may_say_the_information_itself() -> None:
    one = study(information=[0.2, 0.5, 1])
    assert one.analysis.plan.t.tolist() == [0.2, 0.5, 1]
    assert one.parameters["information"].origin == "set"
    assert [cut.events for cut in one.analysis.cut_offs] == [90, 135, 180]


def test_one_look_needs_no_information() -> None:
    assert "information" not in study(looks=1).parameters


def test_events_worked_out_for_a_weighted_test_say_what_they_are_of() -> None:
    one = study(events=None, hazard_ratio=0.6)
    assert one.events == study(events=None, hazard_ratio=0.6, test="log-rank").events
    assert "not of the weighted one" in one.parameters["events"].source


def test_cells_have_their_own_information_from_simulated_trials() -> None:
    one = cells(test={"rho": 0, "gamma": 1})
    assert 0.6 < one.analysis.plan.t[0] < 0.67  # entries come over 18 months, so that late events are seen early
    assert one.parameters["information"].origin == "derived"
    assert [cut.events for cut in one.analysis.cut_offs] == [105, 150]
    assert "ratio_at_bound" not in one.tables()[0].heads
    alone = of_cells(one.worlds[0][1], (105, 150), (LOG_RANK,))[:, 0, 0]
    assert alone / alone[-1] == pytest.approx((0.7, 1), abs=0.01)
    assert cells(test={"rho": 0, "gamma": 1}, information=[0.4, 1]).analysis.plan.t.tolist() == [0.4, 1]
    assert "information" not in cells().parameters


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"information": [0.2, 1]}, "information of 2 looks, and 3 looks"),
        ({"information": [0.5, 0.4, 1]}, "information fractions"),
        ({"control": {"median": 5, "cured": 0.5}}, "looks at 135 and 180 events, of which 99.9 are expected"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError) as told:
        study(**change)
    assert saw in told.value.fault.saw


def test_cells_are_refused_where_the_events_never_come_or_none_are_waited_for() -> None:
    with pytest.raises(TrialError) as told:
        cells(test={"rho": 0, "gamma": 1}, events=240)
    assert "240 events, which most trials without an effect never have" in told.value.fault.saw
    with pytest.raises(TrialError) as told:
        design_of({"design": "cell-trial", "published": "zuma-7", "information": [1]})
    assert "information, and no events" in told.value.fault.saw


def test_the_lower_bound_of_a_two_sided_trial_is_harm() -> None:
    one = study(test="log-rank", sides=2, looks=[0.5, 1], scenarios=[{"name": "x", "experimental": {"ratio": 1.6}}])
    table = one.tables()[0]
    plan = one.analysis.plan
    assert table.heads[5:] == (
        "nominal_p_both", "ratio_at_bound", "alpha_spent_both", "harm_z", "harm_ratio",
    )  # fmt: skip
    for row, upper, lower in zip(table.rows, plan.upper, plan.lower, strict=True):
        assert row[4] == f"{upper:.4f}"
        assert row[8] == f"{lower:.4f}" == f"{-upper:.4f}"
    assert table.rows[0][5] == table.rows[0][7] == "0.03101"  # both sides, of p and of alpha
    assert float(table.rows[0][6]) * float(table.rows[0][9]) == pytest.approx(1, abs=2e-3)
    found = one.results(trials=64, seed=1)[0]
    assert found.figures["harm"].value > 0.5
    assert "futility" not in found.figures
    assert {"harm_here"} == {key for line in found.lines for key in line.figures} - {"information", "superior_here"}


def test_actual_information_of_a_weighted_test_moves_the_bounds() -> None:
    plan = spending((0.2, 0.4375, 1.0), PocockLike(), alpha=0.05)
    assert f"the upper bound is {plan.upper[0]:.4f}" in advise(study(), "1.2", "", "0.2").reasons[0]
