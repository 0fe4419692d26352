"""Toxicity and response in the same patient: joint counts beside marginal ones, enumeration beside simulation.

No published table with utilities that do not sum to 100 was at hand. Tolerances: joint against marginal counts 1e-9, since both
are the same sum; simulation against enumeration four Monte Carlo standard errors; a window of zero patient by patient.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import betaincc

from vein2vein.errors import TrialError
from vein2vein.programme.trial import exact, simulate
from vein2vein.programme.trial.notation import read_outcomes, state_after
from vein2vein.programme.trial.phase1.late import Setting
from vein2vein.programme.trial.phase12.boin12 import Boin12Rule, boin12, rank_table
from vein2vein.programme.trial.phase12.common import Utilities
from vein2vein.programme.trial.phase12.late import Together, TwoSeen
from vein2vein.programme.trial.phase12.late import simulate as simulate_late
from vein2vein.programme.trial.phase12.optimise import Comparison, _means, _means_together
from vein2vein.programme.trial.phase12.optimise import characteristics as compare
from vein2vein.programme.trial.phase12.tite_boin12 import PendingUtility, tite_boin12
from vein2vein.programme.trial.phase12.u_boin import UBoinRule, u_boin
from vein2vein.programme.trial.recommend import paths, recommend
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, Design

SHORT = Cohorts(3, 4)
OWN = Utilities(30, 50)
RATES = ([0.10, 0.25, 0.50], [0.20, 0.45, 0.60])
TRUTHS = [Truth.of(*RATES, "independent"), Truth.of(*RATES, "together", 6), Truth.of(*RATES, "apart", 0.2)]
DESIGNS = {
    "BOIN12": lambda used: boin12(3, toxicity=0.35, efficacy=0.25, cohorts=SHORT, utilities=used),
    "U-BOIN": lambda used: u_boin(
        3, toxicity=0.35, efficacy=0.25, cohorts=SHORT, utilities=used, first_stage=6, stop_at=9
    ),
}


def design(name: str, used: Utilities | None) -> Design:
    return DESIGNS[name](used)


def test_the_chance_of_both_gives_the_rates_and_the_odds_ratio_back() -> None:
    for odds in (1e-6, 0.2, 0.999999, 1.0, 1.000001, 6.0, 1e6):
        one = Truth.of(*RATES, odds_ratio=odds)
        both, toxic, works = one.both, one.rates, np.array(one.efficacy)
        assert ((both > 0) & (both < np.minimum(toxic, works) + 1e-12)).all()
        alone = (toxic - both) * (works - both)
        assert both * (1 - toxic - works + both) == pytest.approx(odds * alone, rel=1e-6)
        again = toxic * one.response_given(toxic=True) + (1 - toxic) * one.response_given(toxic=False)
        assert again == pytest.approx(works)
    assert Truth.of([0.3], [0.4]).both == pytest.approx([0.12])
    assert Truth.of([0.0, 1.0], [0.4, 0.4], odds_ratio=3).both == pytest.approx([0.0, 0.4])


@pytest.mark.parametrize("name", sorted(DESIGNS))
def test_utilities_that_sum_to_100_give_the_same_from_joint_counts(name: str) -> None:
    apart = design(name, Utilities(40, 60))
    together = replace(apart, joint=True)
    (a,), (b,) = (exact.characteristics(one, TRUTHS[0]) for one in (apart, together))
    assert not apart.joint
    assert b.selected == pytest.approx(a.selected, abs=1e-9)
    assert b.none_selected == pytest.approx(a.none_selected, abs=1e-9)
    assert b.patients == pytest.approx(a.patients, abs=1e-9)
    assert b.patients_variance == pytest.approx(a.patients_variance, abs=1e-6)
    one, other = (simulate.run(d, TRUTHS[0], trials=300, seed=4) for d in (apart, together))
    for column in ("n", "y", "e", "selected"):
        assert np.array_equal(getattr(one, column), getattr(other, column)), column


def test_utilities_that_hardly_miss_100_give_hardly_anything_else() -> None:
    """The joint sum itself, which utilities that sum to 100 do not take, in every state that a design reaches."""
    whole, almost = Utilities(37, 63), Utilities(37, 63 + 1e-6)
    assert (whole.additive, almost.additive) == (True, False)
    states = exact.chain_of(design("BOIN12", almost)).states
    assert len(states) > 10_000
    assert np.abs(whole.score_of(states) - almost.score_of(states)).max() < 1e-6
    assert whole.mean(0.3, 0.4) == pytest.approx(almost.mean(0.3, 0.4), abs=1e-7)


@pytest.mark.parametrize("name", sorted(DESIGNS))
@pytest.mark.parametrize("truth", TRUTHS, ids=lambda one: one.name)
@pytest.mark.parametrize("used", [None, OWN], ids=["100", "80"])
def test_enumeration_agrees_with_simulation(name: str, truth: Truth, used: Utilities | None) -> None:
    one = design(name, used)
    (listed,) = exact.characteristics(one, truth)
    drawn = simulate.characteristics(one, truth, trials=12_000, seed=8)
    assert drawn.errors is not None
    assert listed.selected.sum() + listed.none_selected == pytest.approx(1)
    assert (np.abs(drawn.selected - listed.selected) < 4 * drawn.errors.selected).all()
    assert (np.abs(drawn.patients - listed.patients) < 4 * drawn.errors.patients).all()
    assert (np.abs(drawn.toxicities - listed.toxicities) < 4 * drawn.errors.toxicities).all()


def test_an_association_changes_what_joint_utilities_choose() -> None:
    """Where both come together, a response costs a toxicity less often than the rates say, and the other way round."""
    found = exact.characteristics(design("BOIN12", Utilities(60, 80)), TRUTHS)
    assert abs(found[1].selected[1] - found[2].selected[1]) > 0.005
    ends = exact.ends_of(design("BOIN12", None))
    with pytest.raises(TrialError, match="an odds ratio of 6 between toxicity and response"):
        ends.characteristics(TRUTHS[1:2])


def test_the_gradient_is_that_of_finite_differences() -> None:
    ends = exact.ends_of(design("BOIN12", OWN))
    figure = (ends.selected == 1).astype(float)
    for truth in TRUTHS:
        _, slope = ends.expectation(truth, figure)
        for dose in range(3):
            sides = []
            for step in (-1e-6, 1e-6):
                toxicity = list(truth.toxicity)
                toxicity[dose] += step
                moved = Truth.of(toxicity, truth.efficacy, odds_ratio=truth.odds_ratio)
                sides.append(ends.expectation(moved, figure)[0])
            assert slope[dose] == pytest.approx((sides[1] - sides[0]) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("odds", [1.0, 6.0, 0.2])
@pytest.mark.parametrize("used", [Utilities(40, 60), OWN], ids=["100", "80"])
def test_compared_doses_agree_with_drawn_patients(used: Utilities, odds: float) -> None:
    truth = Truth.of([0.1, 0.4], [0.3, 0.55], odds_ratio=odds)
    found = compare(Comparison((14, 12), utilities=used), truth)
    generator, trials, means = np.random.default_rng(2), 40_000, []
    for dose, n in enumerate((14, 12)):
        ill = generator.random((trials, n)) < truth.toxicity[dose]
        rates = [truth.response_given(toxic=toxic)[dose] for toxic in (False, True)]
        well = generator.random((trials, n)) < np.where(ill, rates[1], rates[0])
        worth = np.where(ill, np.where(well, used.both, 0), np.where(well, 100, used.neither))
        means.append(np.round(worth.mean(axis=1), 9))
    first = float((means[0] >= means[1]).mean())  # the lowest of equals
    assert found.chance[0] == pytest.approx(first, abs=4 * 0.5 / trials**0.5)
    assert found.chance.sum() == pytest.approx(1)


def test_compared_doses_are_the_same_patient_by_patient_where_the_utilities_add_up() -> None:
    for n, efficacy, toxicity in ((5, 0.4, 0.2), (30, 0.6, 0.0), (8, 1.0, 0.5)):
        apart, together = (
            _means(n, efficacy, toxicity, Utilities()),
            _means_together(n, efficacy, toxicity, Utilities(), 1.0),
        )
        likely = apart[1] > 1e-15
        at = np.searchsorted(together[0], apart[0][likely] - 1e-9)
        assert together[1][at] == pytest.approx(apart[1][likely], abs=1e-12)
    with pytest.raises(TrialError, match="more than 5,000 different sums"):
        compare(Comparison((60, 60), utilities=Utilities(31.4159, 55.5551)), Truth.of([0.1, 0.2], [0.3, 0.4]))


def test_utilities_by_hand() -> None:
    """Of four: a response 100, a response with toxicity 50, neither 30, toxicity alone 0: 180 of four patients."""
    state = state_after(read_outcomes("1EBNT", 3), 3, with_efficacy=True, joint=True)
    rules = [design(name, OWN).rule for name in ("BOIN12", "U-BOIN")]
    assert isinstance(rules[0], Boin12Rule)
    assert isinstance(rules[1], UBoinRule)
    assert OWN.score_of(state)[0, 0] == pytest.approx(1.80)
    # a quarter of a patient of each outcome before the first: 45 of one patient
    assert rules[1].mean_utility(state)[0, 0] == pytest.approx((1.80 + 0.45) / 5)
    # just acceptable: toxicity .35 and response .25 independent; halfway between that and 1
    low = (30 * 0.65 * 0.75 + 100 * 0.65 * 0.25 + 50 * 0.35 * 0.25) / 100
    rule = rules[0].desirability
    assert rule.benchmark == pytest.approx((1 + low) / 2)
    assert rule.of(*(np.array([k]) for k in (4, 2, 2, 1)))[0] == pytest.approx(
        betaincc(1 + 1.8, 1 + 4 - 1.8, rule.benchmark)
    )


def test_the_same_counts_with_and_without_overlap_are_told_apart() -> None:
    one = design("BOIN12", Utilities(60, 90))
    overlap, apart = recommend(one, "1ENN 2BNN"), recommend(one, "1ENN 2TEN")
    assert "1 with a response, 1 with both" in overlap.reasons[0]
    assert "1 with a response, 0 with both" in apart.reasons[0]
    assert overlap.reasons != apart.reasons
    listed = [path.outcomes for path in paths(one, cohorts=1)]
    assert len(listed) == 21  # the present, and 20 ways in which three patients have four outcomes
    assert {"1NNB", "1NET"} < set(listed)


def test_ranks_tell_patients_with_both() -> None:
    rows = rank_table(design("BOIN12", OWN), (0, 3))
    found = {(row.toxicities, row.responses, row.both): row.rank for row in rows if row.patients == 3}
    assert len(found) == 20
    overlap, apart = found[1, 1, 1], found[1, 1, 0]
    assert overlap is not None
    assert apart is not None
    assert overlap < apart  # 30 + 50 = 80 < 100: one patient with both is worth less than two patients


def test_marginal_counts_do_not_do_for_such_utilities() -> None:
    state = state_after(read_outcomes("1EBN", 3), 3, with_efficacy=True)
    one = design("BOIN12", OWN)
    with pytest.raises(TrialError, match="utilities 30 and 50 with toxicities and responses counted apart"):
        one.rule.next_dose(state, one.safety.closed(state))
    late = tite_boin12(3, toxicity=0.35, efficacy=0.25, cohorts=SHORT, utilities=OWN)
    with pytest.raises(TrialError, match="toxicities and responses counted apart"):
        late.rule.next_dose(TwoSeen.complete(state), late.safety.closed(state))
    with pytest.raises(TrialError, match="joint counts of the design"):
        replace(one, with_efficacy=False)
    with pytest.raises(TrialError, match="utilities 101 and 50"):
        Utilities(101, 50)
    with pytest.raises(TrialError, match="an odds ratio of 0"):
        Truth.of([0.1], [0.2], odds_ratio=0)
    with pytest.raises(TrialError, match="odds ratio of 2 without efficacy"):
        Truth.of([0.1], odds_ratio=2)


@pytest.mark.parametrize("estimator", ["imputed", "effective"])
@pytest.mark.parametrize("truth", TRUTHS[:2], ids=lambda one: one.name)
def test_with_both_windows_at_zero_pending_outcomes_are_none(estimator: str, truth: Truth) -> None:
    options = {"toxicity": 0.35, "efficacy": 0.25, "cohorts": Cohorts(3, 8), "utilities": OWN}
    late = simulate_late(tite_boin12(3, estimator=estimator, **options), truth, Setting(0, 10), Setting(0, 10),
                         trials=300, seed=5).trials  # fmt: skip
    parent = simulate.run(boin12(3, **options), truth, trials=300, seed=5)
    for name in ("n", "y", "e", "selected"):
        assert np.array_equal(getattr(late, name), getattr(parent, name)), name


def test_pending_pairs_by_hand() -> None:
    """Six at dose 1. One had both. One had a toxicity and is 0.4 through the window of response. One responded and is 0.7 through
    that of toxicity. One is 0.5 and 0.2 through both. One finished the window of toxicity and is 0.2 through the other. One is
    known to have had neither."""
    seen = _pending()
    rules = {}
    for estimator in ("imputed", "effective"):
        rules[estimator] = tite_boin12(
            3, toxicity=0.35, efficacy=0.25, cohorts=SHORT, utilities=OWN, estimator=estimator
        ).rule
        assert isinstance(rules[estimator], PendingUtility)
    y, e, n_toxic, n_works = (column[0, 0] for column in rules["imputed"].events(seen))
    toxic, works = (2 + 0.175) / (6 - 2 + 1), (2 + 0.125) / (6 - 3 + 1)
    toxic, works = toxic / (1 - toxic), works / (1 - works)
    assert (y, e) == pytest.approx((2 + toxic * (2 - 1.2), 2 + works * (3 - 0.8)))
    both = (1 + works * 0.6 + toxic * 0.3 + toxic * works * 0.5 * 0.8) / 6
    limits = y / 6 + e / 6 - 1, min(y, e) / 6
    found = rules["imputed"].both_rate(seen, *(np.array([[k / 6, 0, 0]]) for k in (y, e)))
    assert found[0, 0] == pytest.approx(np.clip(both, *limits))
    y, e, n_toxic, n_works = (column[0, 0] for column in rules["effective"].events(seen))
    assert (y, e, n_toxic, n_works) == pytest.approx((2, 2, 6 - 2 + 1.2, 6 - 3 + 0.8))
    rates = y / n_toxic, e / n_works
    # three may still have both: 0.4, 0.7 and 0.5 * 0.2 of that is known
    pair = 1 / (6 - 3 + 0.4 + 0.7 + 0.1)
    found = rules["effective"].both_rate(seen, *(np.array([[k, 0, 0]]) for k in rates))
    assert found[0, 0] == pytest.approx(pair)
    told = min(n_toxic, n_works)
    x = told * (0.3 * (1 - rates[0]) + 0.7 * rates[1] - 0.2 * pair)
    rule = rules["effective"].parent.desirability
    assert rules["effective"].desirability(seen)[0, 0] == pytest.approx(betaincc(1 + x, 1 + told - x, rule.benchmark))


def _pending() -> TwoSeen:
    none, count = np.nan, np.array
    toxic, works = count([[1, 1, 0.7, 0.5, none, none]]), count([[1, 0.4, 1, 0.2, 0.2, none]])
    state = state_after(read_outcomes("1BTENNN", 3), 3, with_efficacy=True, joint=True)
    one = count([[1, 0, 0]])
    together = Together.of(np.zeros((1, 6), int), toxic, works, 3)
    complete = TwoSeen.complete(state)
    return replace(complete, pending=2 * one, followed=1.2 * one, waiting=3 * one, watched=0.8 * one, together=together)
