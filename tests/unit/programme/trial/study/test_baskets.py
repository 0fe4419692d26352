"""Basket studies: listed outcomes and drawn trials agree, distinct outcomes are analysed once on any executor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import numpy as np
import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import design_of
from vein2vein.programme.trial.phase2.mem import borrow
from vein2vein.programme.trial.study import baskets
from vein2vein.programme.trial.study.baskets import BASKETS, BasketStudy

COMMON: dict[str, Any] = {
    "patients": [5, 6], "null": 0.2, "claim": 0.8,
    "scenarios": [{"name": "none", "rates": [0.2, 0.2]}, {"name": "one", "rates": [0.6, 0.2]}],
}  # fmt: skip
TAU = {"scale": 0.5}
FILES: dict[str, dict[str, Any]] = {
    "mem": COMMON | {"names": ["a", "b"]},
    "bhm": COMMON | {"mean": -1.4, "sd": 2, "tau": TAU},
    "exnex": COMMON | {"priors": {"mean": -1.4, "sd": 2, "tau": TAU, "exchangeable": 0.5}},
}


def study(name: str = "mem", **more: Any) -> BasketStudy:
    found = design_of(FILES[name] | more | {"design": name}).study
    assert isinstance(found, BasketStudy)
    return found


def test_every_design_has_an_example_here() -> None:
    assert set(FILES) == set(BASKETS)


@pytest.mark.parametrize("name", FILES)
def test_every_design_can_be_made_from_a_file_and_looked_at(name: str) -> None:
    none, one = study(name).results(trials=2, seed=1)
    assert none.trials is None
    assert none.lines[0].figures["claimed"].value < one.lines[0].figures["claimed"].value
    assert 0 < none.figures["any_wrong"].value < 0.5
    assert study(name).tables()[0].rows[0][1] == "5"


def test_drawn_trials_agree_with_listed_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    known = study().results(trials=2, seed=1)
    monkeypatch.setattr(baskets, "LISTED", 1)
    with ThreadPoolExecutor(2) as executor:
        drawn = study().results(trials=20_000, seed=5, executor=executor)
    assert drawn == study().results(trials=20_000, seed=5)
    for exact, simulated in zip(known, drawn, strict=True):
        for key, figure in exact.figures.items():
            error = simulated.figures[key].error
            assert error is not None
            assert abs(figure.value - simulated.figures[key].value) < 4 * error


def test_the_table_of_claims_is_that_of_the_analysis() -> None:
    row = study().tables()[0].rows[0]
    least = int(row[2].removeprefix("≥ "))
    claimed = [borrow((y, 0), (5, 6), 0.2).above[0] > 0.8 for y in range(6)]
    assert claimed.index(True) == least


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("others", [0, 2, 5])
def test_more_responses_of_its_own_never_lower_the_chance_of_a_basket(name: str, others: int) -> None:
    """What the table of claims stands on: it halves instead of asking every number of responses."""
    analysis = study(name).borrowing.analysis
    chances = [float(analysis((y, others))[0]) for y in range(6)]
    assert chances == sorted(chances)


def test_without_scenarios_the_rate_to_beat_is_looked_at() -> None:
    (found,) = study(scenarios=[]).results(trials=2, seed=1)
    assert found.scenario == "null"
    assert [line.figures["true_rate"].value for line in found.lines] == [0.2, 0.2]
    assert found.figures["any_wrong"] == study().results(trials=2, seed=1)[0].figures["any_wrong"]


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"names": ["a"]}, "baskets ['a']"),
        ({"names": ["a", "a"]}, "baskets ['a', 'a']"),
        ({"scenarios": [{"name": "x", "rates": [0.2, True]}]}, "scenario 1"),
        ({"scenarios": [{"name": "x", "rates": [0.2]}]}, "scenario 1"),
        ({"claim": 1.0}, "chance that claims 1"),
        ({"prior": {"a": 1}}, "no key 'b' in prior"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], saw: str) -> None:
    with pytest.raises(TrialError) as told:
        study(**change)
    assert saw in told.value.fault.saw


def test_outcomes_that_swap_baskets_of_one_size_are_analysed_once_and_swapped_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truths = [{"name": "none", "rates": [0.2] * 4}]
    found = study(patients=[3, 2, 3, 2], names=["a", "b", "c", "d"], scenarios=truths)
    listed = np.array(list(product(range(4), range(3), range(4), range(3))))
    plain = np.array([found.borrowing.analysis(tuple(map(int, row))) > found.borrowing.claim for row in listed])
    analysed: list[int] = []
    kept = baskets._analysed

    def counting(work: Any, rows: list[tuple[int, ...]]) -> Any:
        analysed.append(len(rows))
        return kept(work, rows)

    monkeypatch.setattr(baskets, "_analysed", counting)
    assert (found._claims(listed, None) == plain).all()
    assert sum(analysed) == 10 * 6
    assert plain.any()
    assert not plain.all()
