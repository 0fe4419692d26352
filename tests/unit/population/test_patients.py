"""Patients: medians, limits and correlations are those of the parameters."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.centres import centres, shares_of
from vein2vein.population.parameters import setting
from vein2vein.population.patients import COMORBIDITIES, correlation, draw_patients, low_systolic, observe_patients
from vein2vein.population.states import KINDS, Patients

BLOCKS = 12


def _many(name: str) -> dict[str, np.ndarray]:
    drawn = [draw_patients(Block(1, number, setting(name))) for number in range(BLOCKS)]
    return {field: np.concatenate([getattr(one, field) for one in drawn]) for field in Patients.__dataclass_fields__}


@pytest.fixture(scope="module")
def adults() -> dict[str, np.ndarray]:
    return _many("axi-cel")


@pytest.fixture(scope="module")
def young() -> dict[str, np.ndarray]:
    return _many("tisa-cel")


@pytest.mark.parametrize("name", ["crp", "ferritin", "neutrophils", "platelets", "ldh_over_uln", "lymphocytes"])
def test_medians_are_those_of_the_setting(adults: dict[str, np.ndarray], name: str) -> None:
    wanted = setting("axi-cel").value(f"patients.{name}_median")
    assert np.median(adults[name]) == pytest.approx(wanted, rel=0.1)


def test_the_latents_have_the_named_correlations(adults: dict[str, np.ndarray]) -> None:
    latents = np.stack([adults[name] for name in ("burden", "inflammation", "marrow", "fitness")])
    wanted = correlation(Block(1, 0, setting("axi-cel")))
    assert np.abs(np.corrcoef(latents) - wanted).max() < 0.06
    assert np.abs(latents.std(axis=1) - 1).max() < 0.05


def test_values_go_with_the_latent_behind_them(adults: dict[str, np.ndarray]) -> None:
    def together(value: str, latent: str) -> float:
        return float(np.corrcoef(np.log(adults[value]), adults[latent])[0, 1])

    assert together("ldh_over_uln", "burden") == pytest.approx(0.7, abs=0.05)
    assert together("platelets", "marrow") == pytest.approx(-0.7, abs=0.05)
    assert together("crp", "inflammation") == pytest.approx(0.8, abs=0.05)


def test_ages_stay_within_the_limits_of_the_trial(adults: dict[str, np.ndarray], young: dict[str, np.ndarray]) -> None:
    assert adults["age_years"].min() >= 23
    assert adults["age_years"].max() < 77
    assert young["age_years"].min() >= 3
    assert young["age_years"].max() < 24


def test_children_are_small_and_grow(young: dict[str, np.ndarray]) -> None:
    age, height, weight = young["age_years"], young["height_cm"], young["weight_kg"]
    assert 95 < np.median(height[age < 5]) < 112
    assert 160 < np.median(height[age >= 18]) < 180
    assert 12 < np.median(weight[age < 5]) < 22
    assert np.corrcoef(age, height)[0, 1] > 0.85


def test_no_usual_pressure_is_near_the_limit_for_the_age(young: dict[str, np.ndarray]) -> None:
    assert (young["baseline_bp"] - low_systolic(young["age_years"])).min() >= 20
    assert low_systolic(np.array([1.5, 9.9, 10.0, 60.0])).tolist() == [72, 88, 90, 90]


def test_fitter_patients_have_a_better_performance_status(adults: dict[str, np.ndarray]) -> None:
    assert (adults["ecog"] == 0).mean() == pytest.approx(0.42, abs=0.03)
    assert adults["fitness"][adults["ecog"] == 0].min() > adults["fitness"][adults["ecog"] == 1].max()


def test_patients_are_treated_at_centres_of_the_regions_of_the_trial(adults: dict[str, np.ndarray]) -> None:
    regions = {centres()[number].region for number in adults["centre"]}
    assert regions == {"north-america", "europe"}
    shares = shares_of(("china",))
    assert shares.sum() == pytest.approx(1)
    assert {c.region for c, share in zip(centres(), shares, strict=True) if share} == {"china"}
    assert all("made-up" in centre.id for centre in centres())


def test_counted_comorbidities_are_named_items(adults: dict[str, np.ndarray]) -> None:
    has = {name: adults["comorbid"][:, place] for place, name in enumerate(COMORBIDITIES)}
    assert len(has) == 17
    counted = np.stack([has[name] for name in has if name not in {"comorbidity_obesity", "comorbidity_renal"}], axis=1)
    assert (counted.sum(axis=1) <= adults["comorbidities"]).all()
    assert (counted.any(axis=1) == (adults["comorbidities"] > 0)).all()
    mass = adults["weight_kg"] / (adults["height_cm"] / 100) ** 2
    assert (has["comorbidity_obesity"] == (mass > 35)).all()
    assert not (has["comorbidity_pulmonary_moderate"] & has["comorbidity_pulmonary_severe"]).any()
    assert not (has["comorbidity_hepatic_mild"] & has["comorbidity_hepatic_severe"]).any()


def test_what_is_known_at_acceptance_is_written_of_everybody() -> None:
    block = Block(1, 0, setting("tisa-cel"))
    patients = draw_patients(block)
    rows = observe_patients(block, patients, np.full(block.n, -500.0))
    kinds, counts = np.unique([KINDS[kind] for kind in rows.kind], return_counts=True)
    found = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    child = patients.age_years < 16
    assert found.pop("lansky") == child.sum()
    assert found.pop("ecog") == (~child).sum()
    assert set(found.values()) == {block.n}
    assert set(found) == {"prior_lines", "weight", "height", *COMORBIDITIES}
    lansky = rows.kind == KINDS.index("lansky")
    fitness = patients.fitness[rows.course[lansky]]
    order = np.argsort(fitness)
    assert (np.diff(rows.value[lansky][order]) >= 0).all()
    assert set(rows.value[lansky]) <= {50.0, 60.0, 70.0, 80.0, 90.0, 100.0}
