"""Facts about patients, products and cells (ADR 0013) come back from every form as the same rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from population_example import deliveries, simulated, together
from vein2vein.population.states import KINDS
from vein2vein.population.writers.carried import carried, numbered
from vein2vein.population.writers.deliver import Form, deliver
from vein2vein.record.cohort import Cohort

FACTS = [k for k in KINDS if k.startswith(("comorbidity_", "car_", "cd3_"))] + ["prior_lines", "ecog", "lansky"]
PRODUCTS = ("axi-cel", "tisa-cel/b-all-young", "obe-cel")


def _facts(cohort: Cohort) -> dict[str, pl.DataFrame]:
    observed = cohort.observations.filter(pl.col("kind").is_in(FACTS))
    given = cohort.exposures.filter(kind="cell_product")
    steps = cohort.milestones.filter(pl.col("kind").is_in(["apheresis", "manufacture_failed", "released"]))
    return {
        "observations": observed.select("course_id", "kind", "observed_at", "value", "comparator", "code"),
        "exposures": given.select("course_id", "agent", "started_at", "ended_at", "amount", "amount_unit"),
        "milestones": steps.select("course_id", "kind", "at", "detail"),
    }


def _same(read: Cohort, wanted: Cohort) -> None:
    for name, frame in _facts(wanted).items():
        assert frame.height > 0, name
        found = _facts(read)[name]
        assert found.sort(pl.all()).equals(frame.sort(pl.all())), name


@pytest.mark.parametrize("form", ["hospital", "fhir"])
@pytest.mark.parametrize("product", PRODUCTS)
def test_facts_come_back_from_tables_and_fhir(tmp_path: Path, form: Form, product: str) -> None:
    cohort = simulated(product, n=12, days=1)
    deliver(cohort, tmp_path, form)
    _same(together([found.cohort for found in deliveries(tmp_path).values()]), cohort)


@pytest.mark.parametrize("product", PRODUCTS)
def test_facts_come_back_from_omop_for_whoever_was_infused(tmp_path: Path, product: str) -> None:
    cohort = simulated(product, n=12, days=1)
    deliver(cohort, tmp_path, "omop")
    for name, found in deliveries(tmp_path).items():
        here = cohort.courses.filter(pl.col("centre_id") == name)
        if here["infused_at"].null_count() == here.height:
            continue  # OMOP knows no course without an infusion
        persons = pl.read_csv(tmp_path / name / "identifiers.csv").select("patient_id", "person_id").unique()
        part = cohort.select(here["course_id"].to_list())
        said, _ = carried(part, numbered(part, dict(persons.iter_rows())), here["zone"][0])
        _same(found.cohort, said)


def test_the_account_of_omop_leaves_out_no_release(tmp_path: Path) -> None:
    accounts = deliver(simulated("axi-cel", n=12, days=1), tmp_path, "omop")
    assert not [e for account in accounts.values() for e in account.left_out if "detail" in e.what]
