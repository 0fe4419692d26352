"""Read Patient: birth, sex, death; and which patients were merged into which.

Place    Floor 3, FHIR adapter.
In       One Patient and its JSON.
Out      The person; under which keys other resources name it.
Missing  A death without a date is named and stands in no timeline.
Does not Read names, addresses or contacts: no rule needs them. The patient id of the record is the id of the resource.
Checked  tests/unit/intake/test_fhir_assemble.py
"""

from __future__ import annotations

from typing import Any

from vein2vein.intake.fhir import faults
from vein2vein.intake.fhir.context import Context
from vein2vein.intake.fhir.elements import key_of
from vein2vein.intake.fhir.faults import fault


def read_patient(resource: Any, body: dict[str, Any], context: Context, keys: tuple[str, ...]) -> None:
    """Enter the person under all keys by which other resources may name it."""
    if not keys:
        context.out.refuse(fault(faults.NO_PATIENT, "Patient without id, address or identifier"))
        return
    merged = [key_of(link.other, wanted="Patient") for link in resource.link or [] if link.type == "replaced-by"]
    if merged and merged[0]:
        for key in keys:
            context.aliases[key] = merged[0]
        context.out.refuse(fault(faults.MERGED, "Patients that were merged into another"))
        return
    for key in keys[1:]:
        context.aliases[key] = keys[0]
    died_at = body.get("deceasedDateTime")
    if died_at is None and resource.deceasedBoolean:
        context.note(fault(faults.DEATH_WITHOUT_DATE, "patients who died, without the date"))
    sex = None if resource.gender in {None, "unknown"} else str(resource.gender)
    context.out.patient(born_on=body.get("birthDate"), sex=sex)
    if died_at is not None:
        context.out.milestone("death", died_at)
