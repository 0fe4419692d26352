"""The grading of simulated laboratory values, against published cohorts and against what the generator meant."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from unit.population.late_blocks import drawn, upstream
from vein2vein.engine.grade import grade_cohort
from vein2vein.knowledge.registry import rule_set
from vein2vein.population.simulate import simulate

SEED = 5
SCALES = (
    "ebmt-2023.icaht-early", "t-icaht-2025.early", "t-icaht-2025.late", "iec-hs-2023.grade", "isth-2001.overt-dic",
    "howard-2011.tls-laboratory", "ctcae-5.0.neutrophil-count-decreased", "astct-2019.crs",
)  # fmt: skip


@cache
def _peaks(product: str, n: int) -> pl.DataFrame:
    """Highest certain grade of each course, one column per scale; the cohort itself, of 350 MB, is not held."""
    cohort = simulate(product, n=n, seed=SEED)
    verdicts = grade_cohort(cohort, [rule_set(id) for id in SCALES]).verdicts
    peaks = verdicts.group_by("course_id", "rule_set_id").agg(pl.col("low").max())
    wide = peaks.pivot("rule_set_id", index="course_id", values="low")
    infused = cohort.courses.filter(pl.col("infused_at").is_not_null()).select("course_id")
    return infused.join(wide, on="course_id", how="left").sort("course_id")


def _share(peaks: pl.DataFrame, scale: str, at_least: int) -> float:
    return float((peaks[scale].drop_nulls() >= at_least).mean())  # type: ignore[arg-type]


def test_severe_early_icaht_is_as_frequent_as_published_and_ordered_by_disease() -> None:
    # 549 real-world patients: 23 % in large B-cell lymphoma, 28 % in mantle cell lymphoma, 15 % in myeloma (rejeski2024)
    lymphoma, mantle, myeloma = (
        _share(_peaks(product, 500), "ebmt-2023.icaht-early", 3) for product in ("axi-cel", "brexu-cel", "cilta-cel")
    )
    assert 0.17 < lymphoma < 0.34
    assert 0.2 < mantle < 0.38
    assert 0.08 < myeloma < 0.22


def test_low_platelets_are_as_frequent_as_published() -> None:
    # 744 patients with CD19 products: early 43 and 23 %, late 42 and 13 % of any and of severe grade (rejeski2025)
    peaks = _peaks("axi-cel", 500)
    assert 0.35 < _share(peaks, "t-icaht-2025.early", 1) < 0.52
    assert 0.16 < _share(peaks, "t-icaht-2025.early", 3) < 0.3
    assert 0.3 < _share(peaks, "t-icaht-2025.late", 1) < 0.52
    assert 0.05 < _share(peaks, "t-icaht-2025.late", 3) < 0.19


def test_nearly_everybody_has_neutropenia_and_few_have_lysis_or_dic() -> None:
    peaks = _peaks("axi-cel", 500)
    assert _share(peaks, "ctcae-5.0.neutrophil-count-decreased", 4) > 0.88
    assert _share(peaks, "howard-2011.tls-laboratory", 1) < 0.04
    # 7 of 100 courses had disseminated intravascular coagulation (wang2020coagulation)
    assert 0.02 < _share(peaks, "isth-2001.overt-dic", 5) < 0.18


def test_grading_finds_the_intended_iec_hs() -> None:
    peaks = _peaks("axi-cel", 500)
    meant = []
    for number in range(2):
        up, lab = upstream(number), drawn(number)
        hyper = lab.hyperinflammation
        seen = hyper.from_hour < np.minimum(lab.outcome.followed, 1e6)
        fatal = hyper.dies & (lab.outcome.died_of == "iec-hs") & ~np.isnan(lab.outcome.died)
        grade = np.where(seen, np.where(fatal, 5, hyper.severity), 0)
        meant.append(grade[up.way.is_infused])
    wanted = np.concatenate(meant)
    found = peaks["iec-hs-2023.grade"].to_numpy()
    assert ((found > 0) == (wanted > 0)).all()
    assert (wanted > 0).sum() >= 5
    assert (np.abs(found - wanted)[wanted > 0] <= 1).mean() >= 0.8


def test_a_fever_of_infection_makes_no_crs() -> None:
    peaks = _peaks("axi-cel", 500)
    without, feverish = [], []
    for number in range(2):
        up, lab = upstream(number), drawn(number)
        infused = up.way.is_infused
        without.append((up.acute.crs_grade.max(axis=1) == 0)[infused])
        feverish.append(lab.infections.fever(up.acute.hours).any(axis=1)[infused])
    none, other = np.concatenate(without), np.concatenate(feverish)
    grade = peaks["astct-2019.crs"].to_numpy()
    assert (none & other).sum() >= 3
    assert (grade[none & other] == 0).all()


def test_early_icaht_is_closed_at_the_end_of_its_window() -> None:
    verdicts = grade_cohort(simulate("axi-cel", n=250, seed=SEED), [rule_set("ebmt-2023.icaht-early")]).verdicts
    last = verdicts.filter(pl.col("from_at").is_not_null()).group_by("course_id").agg(pl.all().last())
    assert (last["low"] == last["high"]).all()
