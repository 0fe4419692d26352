"""Small cohorts for the tests of mess and writers: the demonstration cohort and a few simulated courses."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

import polars as pl

from vein2vein.intake.delivery import Delivery
from vein2vein.intake.door import open_delivery
from vein2vein.journey.toxicity.scales import scale_ids
from vein2vein.knowledge.registry import default_registry
from vein2vein.population.simulate import simulate
from vein2vein.record.cohort import Cohort

TABLES = ("courses", "observations", "exposures", "milestones")


@cache
def demo() -> Cohort:
    """The demonstration cohort."""
    with resources.as_file(resources.files("vein2vein.cli").joinpath("demo_cohort")) as folder:
        return open_delivery(folder, mapping=folder / "mapping.yaml").cohort


@cache
def simulated(product: str = "axi-cel", n: int = 6, days: int = 10) -> Cohort:
    """A few simulated courses."""
    return simulate(product, n=n, seed=11, days=days)


@cache
def every_rule_set() -> tuple[str, ...]:
    """Ids of all toxicity rule sets."""
    return scale_ids(("all",), default_registry())


def deliveries(folder: Path) -> dict[str, Delivery]:
    """What intake reads of every folder with a mapping file, by the name of the folder."""
    return {
        str(mapping.parent.relative_to(folder)): open_delivery(mapping.parent, mapping=mapping)
        for mapping in sorted(folder.rglob("mapping.yaml"))
    }


def together(cohorts: list[Cohort]) -> Cohort:
    """One cohort of several."""
    frames = {name: pl.concat([getattr(c, name) for c in cohorts]) for name in TABLES}
    patients = pl.concat([c.patients for c in cohorts]).unique("patient_id", keep="first", maintain_order=True)
    return Cohort.of(patients=patients, **frames)
