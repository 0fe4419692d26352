"""Randomised studies from files: figures are those of the simulator, tables those of the plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.randomised.accrual import Accrual, Scenario
from vein2vein.programme.trial.randomised.events import month_expected
from vein2vein.programme.trial.randomised.hazards import Cure, Ratio, delayed, exponential
from vein2vein.programme.trial.randomised.log_rank import FlemingHarrington
from vein2vein.programme.trial.randomised.planning import schoenfeld_events
from vein2vein.programme.trial.randomised.sequential import spending
from vein2vein.programme.trial.randomised.simulate import Analysis, simulate
from vein2vein.programme.trial.randomised.spending import HwangShihDeCani, OBrienFlemingLike, PowerFamily
from vein2vein.programme.trial.study.randomised import Randomised
from vein2vein.programme.trial.study.randomised_words import read_spending, read_weights
from vein2vein.programme.trial.words import Parameter

FILE: dict[str, Any] = {
    "design": "group-sequential", "looks": [0.5, 1], "spending": "obrien-fleming", "events": 60, "first_patient": "2027-03-01",
    "control": {"median": 6, "cured": 0.2}, "accrual": {"patients": 120, "months": 12},
    "scenarios": [{"name": "planned", "experimental": {"ratio": 0.6}}, {"name": "null", "experimental": {"ratio": 1}}],
}  # fmt: skip


def study(**more: Any) -> Randomised:
    return study_of(FILE | more)


def study_of(content: dict[str, Any]) -> Randomised:
    found = design_of(content).study
    assert isinstance(found, Randomised)
    return found


def test_a_file_and_calls_say_the_same() -> None:
    control = Cure(0.2, exponential(6))
    world = Scenario(control, Ratio(control, (0.0,), (0.6,)), Accrual.over(120, 12), name="planned")
    analysis = Analysis.at_events(spending((0.5, 1.0), OBrienFlemingLike()), 60)
    run = simulate(world, analysis, 256, 3)
    found = study().results(trials=256, seed=3)[0]
    assert found.figures["power"].value == pytest.approx(run.upper.mean())
    assert found.figures["duration_months"].value == pytest.approx(run.month[run.look > 0].mean())


def test_results_do_not_depend_on_the_executor() -> None:
    with ThreadPoolExecutor(2) as executor:
        assert study().results(trials=300, seed=3, executor=executor) == study().results(trials=300, seed=3)


def test_dates_are_months_from_the_first_patient() -> None:
    one = study()
    row = one.tables()[0].rows[1]
    month = one.analysis.cut_offs[1].month_at(one.worlds[0], 0.5)
    assert abs(month - month_expected(one.worlds[0], 60)) < 1
    assert row[3:5] == (f"{month:.1f}", (date(2027, 3, 1) + timedelta(days=round(month * 365.25 / 12))).isoformat())


def test_events_are_worked_out_from_a_hazard_ratio() -> None:
    file = {key: value for key, value in FILE.items() if key != "events"}
    one = design_of(file | {"hazard_ratio": 0.5}).study
    assert isinstance(one, Randomised)
    plan = spending((0.5, 1.0), OBrienFlemingLike())
    assert one.events == int(np.ceil(schoenfeld_events(0.5) * plan.inflation(0.9)))
    assert one.parameters["events"].origin == "derived"
    assert one.parameters["spending"].origin == "set"
    assert one.parameters["alpha"].origin == "default"


def test_alpha_spent_ends_with_alpha_and_futility_has_columns() -> None:
    table = study(futility={"rule": {"hwang": -4}, "beta": 0.2}).tables()[0]
    assert table.heads[-2:] == ("futility_z", "futility_ratio")
    assert table.rows[-1][table.heads.index("alpha_spent")] == "0.02500"


def test_arms_can_be_late_or_crossing() -> None:
    late = study(scenarios=[{"name": "late", "experimental": {"ratio": 0.5, "delay": 3}}]).worlds[0]
    at = np.array([1.0, 4.0, 20.0])
    control = Cure(0.2, exponential(6))
    assert late.experimental.cumulative(at) == pytest.approx(delayed(control, 3, 0.5).cumulative(at))
    steps = study(control={"rates": [0.1, 0.05], "starts": [0, 6]}).worlds[0].control
    assert steps.hazard(at).tolist() == [0.1, 0.1, 0.05]


def test_curves_begin_with_everybody_and_fall() -> None:
    for curves in study().curves():
        for arm in curves.arms:
            assert (arm.survival[0], arm.at_risk[0]) == (1, 60)
            assert (np.diff(arm.survival) <= 0).all()
            assert (np.diff(arm.at_risk) <= 1e-9).all()


def test_names_of_spending_and_tests() -> None:
    assert read_spending({"power": 3}) == PowerFamily(3)
    assert read_spending({"hwang": -4}) == HwangShihDeCani(-4)
    assert len(read_weights("maxcombo")) == 4
    assert read_weights({"rho": 0, "gamma": 1})[0].gamma == 1  # type: ignore[attr-defined]


UNSPENT = {key: value for key, value in FILE.items() if key != "spending"}


@pytest.mark.parametrize(
    ("boundaries", "constants", "source"),
    [
        ("pocock", [2.178, 2.289, 2.361, 2.413], "Pocock 1977, Biometrika 64:191"),
        ("obrien-fleming", [1.977, 2.004, 2.024, 2.040], "O'Brien and Fleming 1979, Biometrics 35:549"),
    ],
)
def test_classical_boundaries_of_a_file_have_the_printed_constants(
    boundaries: str, constants: list[float], source: str
) -> None:
    """Jennison & Turnbull 2000, tables 2.1 and 2.3 (recalled; agree with rpact), two-sided .05, 2 to 5 equal looks."""
    for looks, constant in enumerate(constants, start=2):
        one = study_of(UNSPENT | {"looks": looks, "boundaries": boundaries, "sides": 2, "alpha": 0.05})
        assert one.analysis.plan.upper[-1] == pytest.approx(constant, abs=5.01e-4)
        table = one.tables()[0]
        assert table.rows[-1][table.heads.index("z_bound")] == f"{one.analysis.plan.upper[-1]:.4f}"
        assert one.parameters["boundaries"] == Parameter(boundaries, "set", source)
        assert "spending" not in one.parameters


def test_the_family_of_wang_and_tsiatis_lies_between_and_futility_may_stand_beside_it() -> None:
    between = study_of(UNSPENT | {"boundaries": {"wang-tsiatis": 0.25}})
    plan = between.analysis.plan
    assert plan.upper[0] / plan.upper[1] == pytest.approx(2**0.25)
    assert plan.error() == pytest.approx(0.025)
    assert between.parameters["boundaries"].source == "Wang and Tsiatis 1987, Biometrics 43:193"
    futile = study_of(UNSPENT | {"boundaries": {"wang-tsiatis": 0.25}, "futility": {"rule": "pocock", "beta": 0.2}})
    assert futile.analysis.plan.upper == pytest.approx(plan.upper)
    found = futile.analysis.plan
    assert found.drift is not None
    assert found.crossing(found.drift).upper.sum() == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("more", "saw"),
    [
        ({}, "neither of spending and boundaries"),
        ({"spending": "pocock", "boundaries": "pocock"}, "both of spending and boundaries"),
        ({"boundaries": "haybittle"}, "boundaries 'haybittle'"),
        ({"boundaries": {"wang-tsiatis": "a"}}, "boundaries {'wang-tsiatis': 'a'}"),
        ({"boundaries": {"wang-tsiatis": 2}}, "a shape of 2"),
        (
            {"boundaries": "pocock", "futility": {"rule": "pocock", "beta": 0.2, "binding": True}},
            "binding futility with classical boundaries",
        ),
    ],
)
def test_boundaries_that_cannot_be_are_refused(more: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError) as told:
        design_of(UNSPENT | more)
    assert told.value.fault.saw.startswith(saw)


def test_trials_without_any_event_have_no_ratio() -> None:
    """Nobody in either arm ever has the event: figures say what can be said, without a warning."""
    never = {"rates": [0.0]}
    (found,) = study(control=never, scenarios=[{"name": "none", "experimental": never}], month=24).results(
        trials=4, seed=1
    )
    assert "observed_ratio" not in found.figures
    assert found.figures["power"].value == 0
    assert found.figures["events"].value == 0


@pytest.mark.parametrize(
    ("change", "id", "saw"),
    [
        ({"events": 121}, "TRIAL-041", "121 events of 120 patients"),
        ({"events": None}, "TRIAL-005", "neither events nor hazard_ratio"),
        ({"spending": "haybittle"}, "TRIAL-005", "haybittle"),
        ({"test": "gehan"}, "TRIAL-005", "gehan"),
        ({"looks": [0.5, 0.4, 1]}, "TRIAL-002", "information fractions"),
        ({"control": {"ratio": 0.5}}, "TRIAL-005", "a hazard ratio for control"),
        ({"control": {"median": 6, "rates": [0.1]}}, "TRIAL-005", "both or neither"),
        ({"first_patient": "March"}, "TRIAL-005", "first_patient 'March'"),
        ({"scenarios": [{"name": "x", "experimental": {"ratio": 1}, "arm": 1}]}, "TRIAL-005", "'arm' in scenario 'x'"),
        ({"scenarios": [{"name": "x"}]}, "TRIAL-005", "no key 'experimental'"),
        ({"events": None, "hazard_ratio": 1.5}, "TRIAL-005", "a planned hazard ratio of 1.5"),
        ({"events": None, "hazard_ratio": 0.6, "power": 0.02}, "TRIAL-005", "a power of 0.02"),
        ({"events": 60, "hazard_ratio": 1.5}, "TRIAL-005", "a planned hazard ratio of 1.5"),
        ({"events": 60, "power": 0.8}, "TRIAL-005", "events 60 and power 0.8"),
        ({"events": 60, "hazard_ratio": 0.6, "power": 0.8}, "TRIAL-005", "events 60 and power 0.8"),
        ({"month": 0}, "TRIAL-002", "a cut-off at month 0"),
        (
            {"scenarios": [{"name": "x", "experimental": {"ratio": 0.5, "delay": 0}}]},
            "TRIAL-005",
            "a delay of 0",
        ),
        ({"sides": 2, "futility": {"rule": "pocock"}}, "TRIAL-005", "futility of a two-sided plan"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], id: str, saw: str) -> None:
    with pytest.raises(TrialError, match=id) as told:
        study(**change)
    assert saw in told.value.fault.saw


def test_a_maxcombo_of_own_weights() -> None:
    two = {"maxcombo": [{"rho": 0, "gamma": 0}, {"rho": 0, "gamma": 1}]}
    assert read_weights(two) == (FlemingHarrington(0, 0), FlemingHarrington(0, 1))
    four = {"maxcombo": [{"rho": r, "gamma": g} for r, g in ((0, 0), (0, 1), (1, 1), (1, 0))]}
    assert set(read_weights(four)) == set(read_weights("maxcombo"))
    power = [study(test=test).results(trials=40, seed=1)[0].figures["power"].value for test in (four, "maxcombo")]
    assert power[0] == power[1]


@pytest.mark.parametrize(
    "weights", [[], 3, [{"rho": 0, "gamma": 1}], [{"rho": 0, "gamma": 1}] * 2, [{"rho": 0, "gamma": 1}, "log-rank"]]
)
def test_a_maxcombo_needs_two_weights(weights: Any) -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        read_weights({"maxcombo": weights})
    assert told.value.fault.expected == "at least two weights, each once"


def test_a_first_look_that_spends_next_to_nothing_shows_what_it_spends() -> None:
    table = study_of(UNSPENT | {"looks": 5, "boundaries": "obrien-fleming", "sides": 2, "alpha": 0.05}).tables()[0]
    first = dict(zip(table.heads, table.rows[0], strict=True))
    assert first["nominal_p_both"] == first["alpha_spent_both"] == "0.0000051"
    assert table.rows[-1][table.heads.index("alpha_spent_both")] == "0.05000"
