"""Dose-finding studies: what is right, what is an overdose, how long it lasts, decisions with pending columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase1.tite_boin import PendingInterval
from vein2vein.programme.trial.study.dose import DoseStudy

BOIN: dict[str, Any] = {"design": "boin", "doses": 4, "target": 0.25, "cohorts": {"size": 3, "number": 4}}
TITE = BOIN | {"design": "tite-boin", "setting": {"window": 28, "interval": 14}}


def study(**more: Any) -> DoseStudy:
    found = design_of(BOIN | more).study
    assert isinstance(found, DoseStudy)
    return found


def scenario(*rates: float, **more: Any) -> dict[str, Any]:
    return {"name": "A", "toxicity": list(rates)} | more


@pytest.mark.parametrize(
    ("rates", "right"),
    [
        ((0.05, 0.1, 0.25, 0.4), (2,)),
        ((0.2, 0.3, 0.5, 0.6), (0, 1)),
        ((0.35, 0.5, 0.6, 0.7), (0,)),
        ((0.36, 0.5, 0.6, 0.7), ()),
    ],
)
def test_the_dose_closest_to_the_target_is_right_and_none_above_1_4_of_it(
    rates: tuple[float, ...], right: tuple[int, ...]
) -> None:
    assert study(scenarios=[scenario(*rates)]).scenarios()[0].right == right


def test_the_file_may_name_what_is_right() -> None:
    one = study(scenarios=[scenario(0.1, 0.2, 0.3, 0.4, right=[2, 3])]).scenarios()[0]
    none = study(scenarios=[scenario(0.1, 0.2, 0.3, 0.4, right="none")]).scenarios()[0]
    assert (one.right, none.right) == ((1, 2), ())


def test_figures_are_sums_of_the_exact_characteristics() -> None:
    one = study(scenarios=[scenario(0.1, 0.25, 0.4, 0.5)])
    found = exact.characteristics(one.design, one.truths[0])[0]  # type: ignore[arg-type]
    (result,) = one.results(trials=2, seed=1)
    figures = {key: figure.value for key, figure in result.figures.items()}
    assert figures["correct"] == pytest.approx(found.selected[1])
    assert figures["overdose_selected"] == pytest.approx(found.selected[2:].sum())
    assert figures["overdose"] == pytest.approx(found.patients[2:].sum() / found.patients.sum())
    assert all(figure.error is None for figure in result.figures.values())


def test_a_dose_at_the_target_is_no_overdose_and_the_limit_can_be_moved() -> None:
    at = study(scenarios=[scenario(0.1, 0.25, 0.4, 0.5)]).scenarios()[0].over
    moved = study(scenarios=[scenario(0.1, 0.25, 0.4, 0.5)], judged_by={"overdose_above": 0.45}).scenarios()[0].over
    assert at is not None
    assert moved is not None
    assert (at.tolist(), moved.tolist()) == ([False, False, True, True], [False, False, False, True])


def test_the_right_dose_is_no_overdose_unless_the_file_says_so() -> None:
    def over(**more: Any) -> list[bool]:
        found = study(scenarios=[scenario(0.12, 0.28, 0.45, 0.6)], **more).scenarios()[0].over
        assert found is not None
        return found.tolist()

    assert over() == [False, False, True, True]  # 28 % is closest to 25 %
    assert over(judged_by={"overdose_above": 0.25}) == [False, True, True, True]
    toxic = study(scenarios=[scenario(0.4, 0.5, 0.6, 0.7)]).scenarios()[0]
    assert (toxic.right, toxic.over is not None and toxic.over.all()) == ((), True)


def test_a_design_without_a_target_has_no_right_dose_until_the_file_says_so() -> None:
    file = {"design": "3+3", "doses": 3, "scenarios": [{"name": "A", "toxicity": [0.1, 0.2, 0.4]}]}
    assert "correct" not in design_of(file).study.results(trials=2, seed=1)[0].figures
    told = design_of(file | {"judged_by": {"target": 0.2}}).study.results(trials=2, seed=1)[0].figures
    assert 0 < told["correct"].value < 1


def test_duration_of_waiting_cohorts_is_windows_and_gaps() -> None:
    one = study(scenarios=[scenario(0.0, 0.0, 0.0, 0.0)], setting={"window": 28, "interval": 10})
    days = one.results(trials=2, seed=1)[0].figures["duration"]
    assert days.value == pytest.approx(4 * 28 + 11 * 10)


def test_duration_agrees_with_a_design_that_plays_the_calendar() -> None:
    # 3 patients, no toxicity: the calendar design ends one window after the last patient, as does one waiting cohort
    late = design_of(TITE | {"cohorts": {"size": 3, "number": 1}, "scenarios": [scenario(0, 0, 0, 0)]}).study
    known = study(
        cohorts={"size": 3, "number": 1}, setting={"window": 28, "interval": 14}, scenarios=[scenario(0, 0, 0, 0)]
    )
    played = late.results(trials=20_000, seed=1)[0].figures["duration"]
    assert played.error is not None
    assert abs(played.value - known.results(trials=2, seed=1)[0].figures["duration"].value) < 4 * played.error


def test_exact_and_simulated_figures_agree() -> None:
    file = {
        "design": "boin12", "doses": 2, "toxicity": 0.35, "efficacy": 0.25, "cohorts": {"size": 3, "number": 4},
        "scenarios": [{"name": "A", "toxicity": [0.1, 0.3], "efficacy": [0.3, 0.6]}],
    }  # fmt: skip
    (known,) = design_of(file | {"figures": "exact"}).study.results(trials=2, seed=1)
    (drawn,) = design_of(file | {"figures": "simulated"}).study.results(trials=20_000, seed=1)
    assert (known.trials, drawn.trials) == (None, 20_000)
    for key, figure in known.figures.items():
        assert abs(figure.value - drawn.figures[key].value) <= 4 * (drawn.figures[key].error or 0), key


def test_the_right_dose_of_a_design_with_utilities_is_the_tolerable_one_with_the_largest() -> None:
    file = {
        "design": "boin12", "doses": 3, "toxicity": 0.3, "efficacy": 0.2, "cohorts": {"size": 3, "number": 2},
        "scenarios": [{"name": "A", "toxicity": [0.1, 0.2, 0.5], "efficacy": [0.5, 0.52, 0.9]}],
    }  # fmt: skip
    one = design_of(file).study
    assert isinstance(one, DoseStudy)
    assert one.scenarios()[0].right == (0,)  # 60 x 0.02 more responses, 40 x 0.1 more toxicities


def test_the_pending_table_says_what_the_rule_says() -> None:
    one = design_of(TITE).study
    assert isinstance(one, DoseStudy)
    rule = one.design.rule
    assert isinstance(rule, PendingInterval)
    (table,) = one.tables()
    checked = 0
    for n, y, span, *cells in table.rows:
        for pending in _pending(span) if y.isdigit() else ():
            for followed in np.linspace(0, pending, 25).tolist():
                moved = int(rule.move(*(np.array([int(k)]) for k in (n, y, pending)), np.array([followed]))[0])
                expected = _from_row(cells, followed)
                assert expected in {None, {1: "E", 0: "S", -1: "D", -2: "wait"}[moved]}, (n, y, pending, followed)
                checked += expected is not None
    assert checked > 200


def _pending(span: str) -> range:
    low, _, high = span.partition("-")
    return range(int(low), int(high or low) + 1)


def _from_row(cells: list[str], followed: float) -> str | None:
    """What a row of the table says; None within the rounding of its limits."""
    up, stay, down, always = cells
    if always:
        return always
    for cell, letter, inside in ((up, "E", followed), (down, "D", -followed)):
        if cell:
            limit = float(cell[2:]) * (1 if letter == "E" else -1)
            if inside >= limit:
                return letter
            if inside > limit - 0.01:
                return None
    return "S" if stay else None


def test_the_right_dose_of_feasibility_and_of_backfill() -> None:
    feasible = {
        "design": "feasible-dose", "target": 0.25, "least": 0.7, "cohorts": {"size": 3, "number": 2},
        "model": {"curve": {"skeleton": [0.06, 0.14, 0.25]}, "prior": 1.34},
        "scenarios": [
            {"name": "not made", "toxicity": [0.05, 0.12, 0.25], "feasibility": [0.98, 0.9, 0.55]},
            {"name": "made", "toxicity": [0.05, 0.25, 0.4], "feasibility": [0.98, 0.9, 0.85]},
            {"name": "never made", "toxicity": [0.05, 0.25, 0.4], "feasibility": [0.5, 0.4, 0.3]},
        ],
    }  # fmt: skip
    one = design_of(feasible).study
    assert isinstance(one, DoseStudy)
    assert [case.right for case in one.scenarios()] == [(1,), (1,), ()]
    assert "true_feasibility" in one.results(trials=2, seed=1)[0].lines[0].figures
    fill = {
        "design": "backfill-boin", "doses": 3, "target": 0.25, "cohorts": {"size": 3, "number": 2}, "waiting": 1,
        "scenarios": [{"name": "A", "toxicity": [0.1, 0.25, 0.4], "efficacy": [0.6, 0.2, 0.1]}],
    }  # fmt: skip
    two = design_of(fill).study
    assert isinstance(two, DoseStudy)
    assert two.scenarios()[0].right == (1,)


def test_settings_of_time_are_parameters_too() -> None:
    parameters = design_of(TITE).study.parameters
    assert parameters["setting.window"].origin == "set"
    assert (parameters["setting.late"].value, parameters["setting.late"].origin) == (0.5, "default")
    assert "setting.window" not in design_of(BOIN).study.parameters


BOTH: dict[str, Any] = {"design": "boin12", "doses": 3, "toxicity": 0.35, "efficacy": 0.25,
                        "cohorts": {"size": 3, "number": 3}}  # fmt: skip
RATES: dict[str, Any] = {"toxicity": [0.1, 0.25, 0.45], "efficacy": [0.2, 0.5, 0.6]}


def test_an_association_is_a_parameter_of_the_scenarios_and_independence_its_default() -> None:
    def told(*odds: float | None) -> Any:
        entries = [
            {"name": str(k)} | RATES | ({} if one is None else {"odds_ratio": one}) for k, one in enumerate(odds)
        ]
        return design_of(BOTH | {"scenarios": entries}).study

    assert (told(None).parameters["odds_ratio"].value, told(None).parameters["odds_ratio"].origin) == (1.0, "default")
    assert (told(2, 2).parameters["odds_ratio"].value, told(2, 2).parameters["odds_ratio"].origin) == (2.0, "set")
    assert told(None, 2).parameters["odds_ratio"].value == (1.0, 2.0)
    assert "odds_ratio" not in study(scenarios=[scenario(0.1, 0.2, 0.3, 0.4)]).parameters
    plain, joined = told(None, 5).results(trials=2, seed=1)
    assert "true_both" not in plain.lines[0].figures
    assert joined.lines[0].figures["true_both"].value > 0.1 * 0.2
    with pytest.raises(TrialError, match="odds_ratio 'high' in scenario 1"):
        told("high")  # type: ignore[arg-type]


def test_a_design_with_responses_is_right_by_its_utilities_also_while_outcomes_are_pending() -> None:
    late = BOTH | {"design": "tite-boin12", "setting": {"window": 28, "interval": 9}, "response": {"window": 60}}
    for file in (BOTH, late):
        (one,) = design_of(file | {"scenarios": [{"name": "A"} | RATES]}).study.scenarios()
        assert one.right == (1,)
    # with a toxicity that costs nothing beside a response the third dose is the most desirable, and is an overdose
    (own,) = design_of(BOTH | {"utilities": {"neither": 0, "both": 100}, "judged_by": {"overdose_above": 0.5},
                               "scenarios": [{"name": "A"} | RATES]}).study.scenarios()  # fmt: skip
    assert own.right == (2,)


def test_tables_of_own_utilities_have_a_column_of_patients_with_both() -> None:
    own = {"utilities": {"neither": 30, "both": 50}, "scenarios": [{"name": "A"} | RATES]}
    tables = {table.key: table for table in design_of(BOTH | own).study.tables()}
    assert tables["ranks"].heads == ("patients_here", "toxicities", "responses", "with_both", "rank")
    late = BOTH | own | {"design": "tite-boin12", "setting": {"window": 28, "interval": 9}, "response": {"window": 60}}
    pending = {table.key: table for table in design_of(late).study.tables()}["next_pending"]
    assert pending.heads[:4] == ("toxicities", "responses", "with_both", "pending")
    assert len(pending.rows) == 20 + 10 + 4 + 1
    u_boin = {"design": "u-boin", "first_stage": 6, "stop_at": 9}
    first = {table.key: table for table in design_of(BOTH | own | u_boin).study.tables()}["next_both"]
    assert first.heads == ("toxicities", "with_both", "0", "1", "2", "3")
    assert sum(cell != "" for row in first.rows for cell in row[2:]) == 20
