"""An external control: immortal time goes, balance comes, and what cannot be compared is refused or counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.analyses import analysed
from vein2vein.programme.trial.phase2.propensity import match, scores
from vein2vein.programme.trial.study.findings import Findings

HEAD = "group,time,event,wait,x,place,response\n"


def table(effect: float = 1.0, each: int = 400) -> str:
    """Patients whose hazard rises with x, which the treated have less of; who dies while waiting is not infused."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(2 * each):
        treated = i < each
        x = round(float(rng.normal(-0.4 if treated else 0.4, 1)), 3)
        time, wait = float(rng.exponential(10 / math.exp(0.5 * x))), 2.0 + 2.0 * (i % 2)
        if treated:
            infused = time > wait
            time = wait + (time - wait) / effect if infused else time
            rows.append(f"treated,{time},1,{wait if infused else ''},{x},{'ab'[i % 2]},{int(infused)}")
        else:
            rows.append(f"control,{time},1,,{x},{'ab'[i % 2]},{i % 2}")
    return HEAD + "\n".join(rows) + "\n"


DATA = table()


def found(data: str = DATA, **more: Any) -> Findings:
    return analysed({"design": "external-control", "covariates": ["x"]} | more, data)


@pytest.mark.parametrize(
    "more", [{}, {"method": "matching"}, {"dates": "drawn"}, {"stratum": "place"}, {"target": "overlap"}]
)
def test_without_an_effect_only_the_comparison_with_dates_and_weights_finds_none(more: dict[str, Any]) -> None:
    results = {str(row[0]).strip(): row[1:] for row in found(**more).grid("effect, treated to control").rows}
    value, low, high = (float(one or 0) for one in results["hazard ratio"])
    assert low < 1 < high
    assert abs(math.log(value)) < 0.2
    assert float(results["from eligibility, with immortal time"][0] or 1) < 0.6


def test_pairs_have_no_row_without_weights_since_it_would_repeat_the_first() -> None:
    paired, weighted = (found(method=one).grid("effect, treated to control").rows for one in ("matching", "weighting"))
    assert [str(row[0]).strip() for row in paired] == [
        "hazard ratio", "from eligibility, with immortal time", "difference of responses"
    ]  # fmt: skip
    assert [str(row[0]).strip() for row in weighted][1] == "with dates, without weights"
    assert paired[1] == weighted[2]


def test_an_effect_is_found() -> None:
    value = found(table(0.5)).grid("effect, treated to control").rows[0][1]
    assert value == pytest.approx(0.5, rel=0.2)


@pytest.mark.parametrize("more", [{}, {"method": "matching"}, {"target": "everybody"}])
def test_balance_comes_with_weights_and_with_pairs(more: dict[str, Any]) -> None:
    (_, treated, control, before, after) = found(**more).grid("balance").rows[0]
    assert float(before or 0) < -0.5
    assert abs(float(after or 0)) < 0.1
    assert treated == pytest.approx(control, abs=0.1)


def test_who_is_left_out_is_counted_by_reason() -> None:
    lost = DATA.count("treated,") - sum(line.split(",")[3] != "" for line in DATA.splitlines() if line[:2] == "tr")
    weighted = found()
    assert weighted.left_out == {"treated who were never infused (no wait)": lost}
    assert "of the controls would have died or been lost before infusion" in weighted.notes[0]
    paired = found(method="matching", caliper=0.05)
    assert set(paired.left_out or {}) >= {"controls who are nobody's partner"}
    rows = {row[0]: row[1:] for row in paired.grid("patients").rows}
    assert rows["treated"][1] == rows["control"][1]
    holed = DATA.replace("control,", "control,,1,,0.5,a,1\ncontrol,", 1)
    with pytest.raises(TrialError, match="no time in row"):
        found(holed)
    assert (found(holed, missing="leave-out").left_out or {})["time is missing"] == 1


def test_survival_is_told_at_times_after_infusion() -> None:
    grid = found(at=[1, 5, 1000]).grid("without event after infusion")
    assert [row[0] for row in grid.rows] == ["1", "5", "1000"]
    assert all(0 < float(row[k] or 0) < 1 for row in grid.rows[:2] for k in (1, 2))
    assert "-" not in found(at=[5]).lines()[-3].split()


def test_choices_are_marked_and_unused_ones_not_named() -> None:
    choices = found(target="overlap").parameters
    assert {key: one.origin for key, one in choices.items()} == {
        "covariates": "set", "method": "default", "target": "set", "dates": "derived", "stratum": "default",
        "intervals": "default", "at": "default", "missing": "default"}  # fmt: skip
    paired = found(method="matching").parameters
    assert (paired["caliper"].value, paired["dates"].value) == (0.2, "partner")
    assert "target" not in paired
    assert found(dates="drawn").parameters["seed"].value == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"covariates": []}, "at least one"),
        ({"covariates": ["x", "x"]}, "each once"),
        ({"covariates": ["z"]}, "no column 'z'"),
        ({"covariates": ["place"]}, "'a' as place in row 1"),
        ({"dates": "partner"}, "with matching only"),
        ({"method": "matching", "dates": "average"}, "with matching only"),
        ({"method": "matching", "target": "overlap"}, "matching has no target"),
        ({"caliper": 0.1}, "weighting has no caliper"),
        ({"method": "matching", "caliper": 0}, "above 0"),
        ({"method": "matching", "stratum": "place"}, "leave the stratum out"),
        ({"seed": 3}, "a seed with `dates: drawn`"),
        ({"intervals": "bootstrap", "seed": -1}, "a seed of -1"),
        ({"resamples": 200}, "resamples without bootstrap"),
        ({"intervals": "bootstrap", "resamples": 49}, "at least 50"),
        ({"at": [0]}, "times above 0"),
        ({"weigh": 1}, "keys covariates"),
        ({"target": "all"}, "'overlap'"),
    ],
)
def test_options_that_cannot_be_are_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(TrialError) as caught:
        found(**more)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "a head and at least one patient"),
        (HEAD, "a head and at least one patient"),
        ("a,a\n1,2\n", "a name for each column"),
        (HEAD + "treated,5\n", "7, one per column"),
        (HEAD + "placebo,5,1,,0,a,1\n", "treated or control"),
        (HEAD + "control,5,1,2,0,a,1\n", "controls are not infused"),
        (HEAD + "control,5,2,,0,a,1\n", "2 as event in row 1"),
        (HEAD + "control,nan,1,,0,a,1\n", "'nan' as time in row 1"),
        (HEAD + "treated,2,1,5,0,a,1\ncontrol,5,1,,0,a,1\n", "time from eligibility, as for controls"),
    ],
)
def test_patients_that_cannot_be_are_refused(data: str, said: str) -> None:
    with pytest.raises(TrialError) as caught:
        found(data)
    assert said in str(caught.value)


def test_a_file_of_patients_that_cannot_be_read_has_an_id() -> None:
    with pytest.raises(TrialError) as caught:
        found("group\n")
    assert caught.value.id == "TRIAL-006"


def test_rows_that_count_twice_are_two_rows_for_the_score() -> None:
    x, group = np.array([[0.0], [1], [2], [3], [1.5]]), np.array([0, 1, 0, 1, 0])
    twice = np.append(np.arange(5), 4)
    assert scores(x, group, [1, 1, 1, 1, 2]) == pytest.approx(scores(x[twice], group[twice])[:5])
    with pytest.raises(TrialError, match="0 in a whole group"):
        scores(x, group, [0, 1, 0, 1, 0])


def test_pairs_that_are_not_possible_are_not_made() -> None:
    score, group = np.array([0.4, 0.6, 0.4, 0.6]), np.array([1, 1, 0, 0])
    assert match(score, group, 5) == [(0, 2), (1, 3)]
    assert match(score, group, 5, [[False, True], [True, True]]) == [(0, 3), (1, 2)]
    with pytest.raises(TrialError, match="2 treated by 2 controls"):
        match(score, group, 5, [[True]])
