"""Two stages: the search finds what a search without short cuts finds, and characteristics are sums that can be made by hand."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.simon import TwoStage, find


def every_design(null: float, alternative: float, alpha: float, beta: float, most: int) -> list[TwoStage]:
    """All designs of up to `most` patients that keep both errors, without any short cut."""
    shapes = [
        (r1, n1, r, n) for n in range(2, most + 1) for n1 in range(1, n) for r1 in range(n1) for r in range(r1, n)
    ]
    designs = [TwoStage(*shape) for shape in shapes if binom.cdf(shape[0], shape[1], alternative) <= beta]
    return [d for d in designs if d.succeeds(null) <= alpha and d.succeeds(alternative) >= 1 - beta]


@pytest.mark.parametrize(("null", "alternative"), [(0.1, 0.5), (0.3, 0.7)])
def test_the_search_finds_the_best_of_all_designs(null: float, alternative: float) -> None:
    found = find(null, alternative, 0.1, 0.2)
    designs = every_design(null, alternative, 0.1, 0.2, 16)
    cheapest = min(d.expected(null) for d in designs)
    fewest = min(d.n for d in designs)
    assert found.optimal.n <= 16
    assert found.optimal.expected(null) == pytest.approx(cheapest)
    assert found.minimax.n == fewest
    assert found.minimax.expected(null) == pytest.approx(min(d.expected(null) for d in designs if d.n == fewest))


def test_characteristics_by_hand() -> None:
    """0/1 1/2 with p = 1/2: stops with 1/2, succeeds when both respond."""
    design = TwoStage(0, 1, 1, 2)
    assert design.stops_early(0.5) == 0.5
    assert design.expected(0.5) == 1.5
    assert design.succeeds(0.5) == 0.25


def test_each_admissible_design_is_best_for_its_weights() -> None:
    found = find(0.1, 0.3, 0.05, 0.2)
    for best in found.admissible:
        for weight in (best.low + 1e-9, (best.low + best.high) / 2, best.high - 1e-9):
            losses = [weight * o.design.n + (1 - weight) * o.design.expected(0.1) for o in found.admissible]
            mine = weight * best.design.n + (1 - weight) * best.design.expected(0.1)
            assert mine == pytest.approx(min(losses))
    assert found.admissible[0].design == found.minimax
    assert found.admissible[-1].design == found.optimal


def test_success_gets_no_rarer_with_the_response_rate() -> None:
    design = find(0.2, 0.4, 0.05, 0.2).optimal
    chances = [design.succeeds(i / 20) for i in range(21)]
    assert chances == sorted(chances)
    assert design.type_1_error(0.2) == max(design.succeeds(i / 100) for i in range(21))


@pytest.mark.parametrize(
    "rates", [(0.3, 0.3, 0.05, 0.2), (0.0, 0.3, 0.05, 0.2), (0.1, 0.3, 1.0, 0.2), (0.1, 0.3, 0.05, 0.0)]
)
def test_impossible_numbers_are_refused(rates: tuple[float, float, float, float]) -> None:
    with pytest.raises(TrialError, match=r"TRIAL-002[\s\S]*expected"):
        find(*rates)


def test_too_few_patients_are_named() -> None:
    with pytest.raises(TrialError, match=r"TRIAL-061[\s\S]*both within 20 patients"):
        find(0.1, 0.3, 0.05, 0.2, most=20)


@pytest.mark.parametrize("shape", [(2, 2, 3, 4), (0, 4, 3, 4), (2, 4, 1, 9), (-1, 4, 1, 9), (0, 4, 9, 9)])
def test_impossible_designs_are_refused(shape: tuple[int, int, int, int]) -> None:
    with pytest.raises(TrialError, match="0 <= r1 < n1 < n"):
        TwoStage(*shape)


def test_every_design_of_the_check_is_distinct() -> None:
    """The check above would prove nothing on an empty list."""
    assert len(set(every_design(0.1, 0.5, 0.1, 0.2, 12))) > 50
