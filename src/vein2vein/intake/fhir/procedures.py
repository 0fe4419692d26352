"""Read Procedure and DeviceUseStatement: infusion, ventilation, dialysis, transfusion, apheresis, oxygen devices.

Place    Floor 3, FHIR adapter.
In       One resource, its JSON, and the Device it refers to.
Out      Exposures, milestones and infusions.
Missing  A device known by a text alone has no meaning. A device charted at an instant is turned into an interval by
         `intake.charting`; any other procedure at an instant starts and ends there.
Checked  tests/unit/intake/test_fhir_procedures.py
"""

from __future__ import annotations

from typing import Any

from vein2vein.intake.fhir.context import Context
from vein2vein.intake.fhir.elements import when
from vein2vein.intake.fhir.medications import enter_exposure, read_infusion, reason_of
from vein2vein.intake.fhir.terminology import meanings


def read_procedure(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter what a Procedure was."""
    if not context.is_usable(resource):
        return
    if resource.code is None:
        context.unknown(None, where="Procedure")
        return
    at = when(body, "performed")
    if not at:
        context.no_time(resource)
        return
    if read_infusion(resource, [resource.code, *(resource.usedCode or [])], at, context):
        return
    milestones = meanings(resource.code, "milestone")
    exposures = meanings(resource.code, "exposure")
    if len(milestones) + len(exposures) > 1:
        context.contradiction(resource.code, milestones + exposures, where="Procedure")
    elif milestones:
        context.out.milestone(milestones[0].kind, at.start or at.end, detail=milestones[0].what or None)
    elif exposures:
        enter_exposure(resource, exposures[0], at, context, reason=reason_of(resource.reasonCode, exposures[0].kind))
    else:
        context.unknown(resource.code, where="Procedure")


def read_device_use(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter the use of a device."""
    if not context.is_usable(resource):
        return
    device = context.resolve(resource, resource.device, "Device")
    if device is None:
        return
    concept = device.type
    meaning = context.one_meaning(concept, "exposure", where="Device")
    if meaning is None:
        if len(meanings(concept, "exposure")) == 0:
            context.unknown(concept, where="Device")
        return
    at = when(body, "timing")
    if not at:
        context.no_time(resource)
        return
    reason = reason_of(resource.reasonCode, meaning.kind)
    enter_exposure(resource, meaning, at, context, reason=reason, recorded_at=body.get("recordedOn"))
