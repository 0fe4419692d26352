"""A cohort sent as FHIR comes back as the same cohort, and is graded the same."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from acceptance.intake.fhir_cohort import write_bundle, write_ndjson
from builders import a_small_cohort
from vein2vein.engine.grade import grade_cohort
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.fhir import adapter
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Timeline
from vein2vein.report.fhir import export

OPTIONS = adapter.Options(zone="Europe/Berlin")
RULE_SETS = (
    "astct-2019.crs",
    "astct-2019.icans",
    "ctcae-5.0.crs",
    "ebmt-2023.icaht-early",
    "iec-hs-2023.grade",
    "licats-2025.licats",
)
# What FHIR does not carry, or what says how the row was sent.
LEFT_OUT = ("source", "recorded_at", "as_sent")


@pytest.fixture(scope="module")
def timelines() -> list[Timeline]:
    return a_small_cohort()


@pytest.fixture(scope="module")
def sent(timelines: list[Timeline]) -> Cohort:
    return Cohort.of_timelines(timelines)


@pytest.fixture(scope="module")
def folder(timelines: list[Timeline], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ndjson(timelines, tmp_path_factory.mktemp("delivery"))


@pytest.fixture(scope="module")
def back(folder: Path) -> Delivery:
    return adapter.convert(folder, OPTIONS)


def comparable(frame: pl.DataFrame) -> pl.DataFrame:
    kept = frame.drop(LEFT_OUT, strict=False)
    return kept.sort(kept.columns)


def alive(cohort: Cohort, name: str, time: str) -> pl.DataFrame:
    """Rows up to the death: intake sets aside what is recorded behind it."""
    deaths = cohort.milestones.filter(kind="death").select("course_id", pl.col("at").alias("died_at"))
    joined = getattr(cohort, name).join(deaths, on="course_id", how="left")
    return joined.filter(pl.col("died_at").is_null() | (pl.col(time) <= pl.col("died_at"))).drop("died_at")


@pytest.mark.parametrize("name", ["patients", "courses", "exposures"])
def test_people_courses_and_treatments_come_back(sent: Cohort, back: Delivery, name: str) -> None:
    assert comparable(getattr(back.cohort, name)).equals(comparable(getattr(sent, name)))


def test_observations_come_back(sent: Cohort, back: Delivery) -> None:
    here, there = (comparable(alive(cohort, "observations", "observed_at")) for cohort in (back.cohort, sent))
    assert here.height > 4800
    assert here.equals(there)


def test_milestones_come_back_with_the_infusion_and_the_last_contact(sent: Cohort, back: Delivery) -> None:
    told = back.cohort.milestones.filter(~pl.col("kind").is_in(["infusion", "last_seen"]))
    assert comparable(told).equals(comparable(sent.milestones))
    assert back.cohort.milestones.filter(kind="infusion").height == 5


def test_nothing_is_lost_and_every_resource_is_accounted_for(folder: Path, back: Delivery) -> None:
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in folder.iterdir())
    total = back.report.total()
    assert total["rows"] == lines
    # Devices and locations serve others; the fatal course was last seen a little after its death.
    assert dict(back.refused.group_by("reason").len().iter_rows()) == {"INTAKE-027": 1}
    assert dict(back.report.spared_reasons) == {"INTAKE-326": 16}


def test_verdicts_and_episodes_are_the_same(sent: Cohort, back: Delivery) -> None:
    before, after = (grade_cohort(cohort, RULE_SETS, engine="plain") for cohort in (sent, back.cohort))
    assert after.verdicts.equals(before.verdicts)
    assert after.episodes.equals(before.episodes)
    assert before.episodes.height > 5


@pytest.mark.parametrize("kind", ["collection", "transaction", "searchset"])
def test_a_bundle_gives_the_same_cohort_as_lines(
    timelines: list[Timeline], back: Delivery, tmp_path: Path, kind: str
) -> None:
    delivery = adapter.convert(write_bundle(timelines, tmp_path / "bundle.json", kind=kind), OPTIONS)
    for name in ("patients", "courses", "observations", "exposures", "milestones"):
        assert comparable(getattr(delivery.cohort, name)).equals(comparable(getattr(back.cohort, name)))


def test_what_is_written_says_what_it_is_derived_from_and_is_no_input_when_it_comes_back(
    folder: Path, tmp_path: Path
) -> None:
    delivered = adapter.read(folder)
    cohort = adapter.convert(delivered, OPTIONS).cohort.select(["CRS-02"])  # type: ignore[list-item]
    rule = default_registry().get("astct-2019.crs")
    exported = export(grade_cohort(cohort, [rule], engine="plain"), cohort, [rule], references=delivered.references())
    named = {ref.reference for o in exported.observations for ref in o.derivedFrom or []}
    lines = (folder / "Observation.ndjson").read_text(encoding="utf-8")
    assert named
    assert all(f'"id": "{key.removeprefix("Observation/")}"' in lines for key in named)
    exported.write(tmp_path / "out")
    for name in ("Observation.ndjson", "AdverseEvent.ndjson"):
        with (folder / f"again-{name}").open("w", encoding="utf-8") as file:
            file.write((tmp_path / "out" / name).read_text(encoding="utf-8"))
    try:
        again = adapter.convert(folder, OPTIONS)
    finally:
        for name in ("Observation.ndjson", "AdverseEvent.ndjson"):
            (folder / f"again-{name}").unlink()
    extra = again.spared.filter(pl.col("file").str.starts_with("again-"))
    assert extra["reason"].unique().to_list() == ["INTAKE-324"]
    assert extra.height == len(exported.observations) + len(exported.events)
