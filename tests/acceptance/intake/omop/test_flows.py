"""OMOP has no flow of a device: a flow that was measured belongs to the device in use, or to the one charted last."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from acceptance.intake.omop.delivery import DAY_0, ZONE, OmopDelivery, as_folder, concept, hours
from vein2vein.intake.omop import adapter

if TYPE_CHECKING:
    from pathlib import Path

CANNULA = concept("SNOMED", "371907003")


def ward() -> OmopDelivery:
    made = OmopDelivery().with_vocabulary().person(7)
    made.add("concept", concept_id=2_100_000_000, vocabulary_id="LOINC", concept_code="3151-8", standard_concept="S")
    made.add("concept", concept_id=2_100_000_001, vocabulary_id="UCUM", concept_code="L/min", standard_concept="S")
    return made.drug(7, ("RxNorm", "made-up axicabtagene bag"), DAY_0)


def flow(made: OmopDelivery, at: float, value: float) -> OmopDelivery:
    return made.add(
        "measurement", person_id=7, measurement_concept_id=2_100_000_000, measurement_date=hours(at).date(),
        measurement_datetime=hours(at), value_as_number=value, unit_concept_id=2_100_000_001,
    )  # fmt: skip


def told(made: OmopDelivery, folder: Path) -> tuple[list[tuple[object, ...]], dict[str, int]]:
    options = adapter.Options(zone=ZONE, hold={"oxygen": timedelta(hours=8)})
    delivery = adapter.convert(as_folder(made, folder / "omop"), options)
    zero = delivery.cohort.courses["infused_at"][0]
    hour = [((pl.col(name) - zero).dt.total_minutes() / 60).alias(name) for name in ("started_at", "ended_at")]
    rows = delivery.cohort.exposures.filter(kind="oxygen").sort("started_at")
    return rows.select("agent", "rate", *hour).rows(), delivery.report.total()


def test_a_flow_cuts_the_use_of_the_device_that_runs(tmp_path: Path) -> None:
    made = ward().add(
        "device_exposure", person_id=7, device_concept_id=CANNULA, device_exposure_start_date=hours(24).date(),
        device_exposure_start_datetime=hours(24), device_exposure_end_date=hours(36).date(),
        device_exposure_end_datetime=hours(36),
    )  # fmt: skip
    rows, total = told(flow(flow(made, 26, 2), 30, 4), tmp_path)
    (device,) = {row[0] for row in rows}
    assert [row[1:] for row in rows] == [(None, 24, 26), (2, 26, 30), (4, 30, 36)]
    assert device != "unspecified"
    assert (total["used"], total["refused"]) == (total["rows"], 0)


def test_a_flow_without_a_device_is_a_flow_by_an_unknown_device(tmp_path: Path) -> None:
    rows, total = told(flow(ward(), 26, 2), tmp_path)
    assert rows == [("unspecified", 2, 26, 34)]
    assert total["refused"] == 0
