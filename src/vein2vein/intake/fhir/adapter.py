"""Read, check and convert a FHIR R4 delivery.

Place    Floor 3, FHIR adapter. Called by `intake.door`; the other modules of this package are its parts.
In       A Bundle or resource (.json), NDJSON of a bulk export (.ndjson, .ndjson.gz), or a folder of them.
Out      `read`: what the resources say, as sent. `check`: the report. `convert`: cohort and report.
Knows    Every resource is read by the models of a maintained library; see `intake.fhir.model` for the edition.
Missing  A delivery without any CAR-T infusion or order gives an empty cohort and says so (INTAKE-316).
Does not Talk to a FHIR server.
Checked  tests/unit/intake/test_fhir_*.py, tests/acceptance/intake/test_fhir_*.py
"""

from __future__ import annotations

from pathlib import Path

from vein2vein.intake.delivery import Delivery, Report
from vein2vein.intake.fhir.assemble import assemble
from vein2vein.intake.fhir.options import Options
from vein2vein.intake.fhir.reading import Delivered, read

__all__ = ["Delivered", "Options", "check", "convert", "read"]


def check(place: str | Path | Delivered, options: Options | None = None) -> Report:
    """All faults of a delivery at once, and an account of every resource, without keeping the cohort."""
    return convert(place, options).report


def convert(place: str | Path | Delivered, options: Options | None = None) -> Delivery:
    """Cohort tables of all CAR-T courses of a delivery, with the report on how they came about.

    Args:
        place: A file or folder, or what `read` gave for one.
        options: What must be declared because FHIR does not say it.

    Raises:
        IntakeError: INTAKE-301 nothing to read, INTAKE-302 a Bundle too large to hold in memory.
    """
    options = options or Options()
    if isinstance(place, Delivered):
        return assemble(place, options)
    delivered = read(Path(place), mapping_file=options.mapping_file, codes=options.local.codes)
    return assemble(delivered, options)
