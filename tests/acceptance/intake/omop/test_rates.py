"""A quantity with a unit per time is the rate of an infusion; any other one is an amount."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.intake.omop.delivery import DAY_0, ZONE, OmopDelivery, as_folder, hours
from vein2vein.intake.delivery import Delivery
from vein2vein.intake.omop import adapter

NOREPINEPHRINE, TOCILIZUMAB = ("ATC", "C01CA03"), ("ATC", "L04AC07")


def _read(folder: Path, of: tuple[str, str], quantity: float, unit: str) -> Delivery:
    omop = OmopDelivery().with_vocabulary().person(1).drug(1, ("ATC", "L01XL03"), DAY_0)
    omop.drug(1, of, hours(20), hours(23), quantity=quantity, dose_unit_source_value=unit)
    return adapter.convert(as_folder(omop, folder / "omop"), adapter.Options(zone=ZONE))


@pytest.mark.parametrize(
    ("quantity", "unit", "rate"),
    [(4, "ug/min", (4.0, "ug/min")), (0.1, "mcg/kg/min", (0.1, "ug/kg/min")), (0.24, "mg/h", (4.0, "ug/min"))],
)
def test_a_unit_per_time_makes_a_rate(tmp_path: Path, quantity: float, unit: str, rate: tuple[float, str]) -> None:
    exposures = _read(tmp_path, NOREPINEPHRINE, quantity, unit).cohort.exposures
    assert exposures.select("rate", "rate_unit", "amount", "amount_unit").rows() == [(*rate, None, None)]


def test_an_amount_stays_an_amount(tmp_path: Path) -> None:
    exposures = _read(tmp_path, TOCILIZUMAB, 560, "mg").cohort.exposures
    assert exposures.select("rate", "amount", "amount_unit").rows() == [(None, 560.0, "mg")]


def test_a_rate_in_a_unit_that_the_stream_does_not_have_is_named_and_left_empty(tmp_path: Path) -> None:
    delivery = _read(tmp_path, NOREPINEPHRINE, 5, "mL/h")
    assert delivery.cohort.exposures.select("rate", "amount").rows() == [(None, None)]
    assert any("mL/h" in fault.saw for fault in delivery.faults)
