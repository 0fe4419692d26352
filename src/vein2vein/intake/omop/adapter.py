"""Read, check and convert an OMOP CDM 5.4 delivery.

Place    Floor 3, intake. Called by `intake.door`; the other modules of this package are its parts.
In       A folder or zip of CSV or Parquet files, a DuckDB file, or the URL of a PostgreSQL database.
Out      `read`: the needed rows, each with its meaning. `check`: the report. `convert`: cohort and report.
Knows    First the infusions, then the persons who had one, then only their rows of wanted concepts. Everything else is
         counted where it lies.
Missing  A delivery without any CAR-T infusion gives an empty cohort and says so (INTAKE-510).
Does not Open NOTE, NOTE_NLP or tables about staff, places and money.
Checked  tests/unit/intake/omop, tests/acceptance/intake/omop
"""

from __future__ import annotations

from pathlib import Path

from vein2vein.intake.delivery import Delivery, Report
from vein2vein.intake.omop.assemble import delivery
from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.reading import OmopRows, read
from vein2vein.intake.times import TimePolicy

__all__ = ["OmopRows", "Options", "TimePolicy", "check", "convert", "read"]


def check(place: str | Path | OmopRows, options: Options | None = None) -> Report:
    """All faults of a delivery at once, and an account of every row, without keeping the cohort."""
    return convert(place, options).report


def convert(place: str | Path | OmopRows, options: Options | None = None) -> Delivery:
    """Cohort tables of all CAR-T courses of a delivery, with the report on how they came about.

    Raises:
        IntakeError: See `open_source`.
    """
    rows = place if isinstance(place, OmopRows) else read(place, options)
    return delivery(rows)
