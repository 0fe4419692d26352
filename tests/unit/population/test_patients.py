"""Patients: medians, limits and correlations are those of the parameters."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.population.blocks import Block
from vein2vein.population.centres import centres, shares_of
from vein2vein.population.parameters import setting
from vein2vein.population.patients import correlation, draw_patients, low_systolic
from vein2vein.population.states import Patients

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
