"""What each FHIR status means for the record: use the resource, keep it out and say why, or say that it is withdrawn.

Place    Floor 3, FHIR adapter.
Knows    The required status value sets of FHIR R4. The model library does not check them.
Missing  A status that R4 does not have, or ``unknown``, is never taken as done.
Checked  tests/unit/intake/test_fhir_statuses.py
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Use = Literal["use", "withdrawn", "not-done", "planned", "no-result", "unknown"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a resource of a status, and why in words for people."""

    use: Use
    why: str = ""


_DONE = Decision("use")
_WITHDRAWN = Decision("withdrawn", "entered in error: withdrawn by the sender")
_UNKNOWN = Decision("unknown", "the sender does not know whether it happened")
_NOT_STARTED = Decision("planned", "planned, not started")
_NOT_DONE = Decision("not-done", "stated as not done")

OBSERVATION: Final = MappingProxyType(
    {
        "final": _DONE,
        "amended": _DONE,
        "corrected": _DONE,
        "preliminary": _DONE,
        "registered": Decision("no-result", "registered, no result yet"),
        "cancelled": Decision("no-result", "cancelled, no result"),
        "entered-in-error": _WITHDRAWN,
        "unknown": _UNKNOWN,
    }
)
MEDICATION_ADMINISTRATION: Final = MappingProxyType(
    {
        "completed": _DONE,
        "in-progress": _DONE,
        "on-hold": _DONE,
        "stopped": _DONE,
        "not-done": _NOT_DONE,
        "entered-in-error": _WITHDRAWN,
        "unknown": _UNKNOWN,
    }
)
MEDICATION_REQUEST: Final = MappingProxyType(
    {
        "active": _DONE,
        "on-hold": _DONE,
        "completed": _DONE,
        "cancelled": _NOT_DONE,
        "stopped": _DONE,
        "draft": _NOT_STARTED,
        "entered-in-error": _WITHDRAWN,
        "unknown": _UNKNOWN,
    }
)
PROCEDURE: Final = MappingProxyType(
    {
        "completed": _DONE,
        "in-progress": _DONE,
        "on-hold": _DONE,
        "stopped": _DONE,
        "preparation": _NOT_STARTED,
        "not-done": _NOT_DONE,
        "entered-in-error": _WITHDRAWN,
        "unknown": _UNKNOWN,
    }
)
DEVICE_USE: Final = MappingProxyType(
    {
        "active": _DONE,
        "completed": _DONE,
        "stopped": _DONE,
        "on-hold": _DONE,
        "intended": _NOT_STARTED,
        "entered-in-error": _WITHDRAWN,
    }
)
ENCOUNTER: Final = MappingProxyType(
    {
        "arrived": _DONE,
        "triaged": _DONE,
        "in-progress": _DONE,
        "onleave": _DONE,
        "finished": _DONE,
        "planned": _NOT_STARTED,
        "cancelled": _NOT_DONE,
        "entered-in-error": _WITHDRAWN,
        "unknown": _UNKNOWN,
    }
)
RESPONSE: Final = MappingProxyType(
    {
        "completed": _DONE,
        "amended": _DONE,
        "in-progress": Decision("no-result", "the form is not completed"),
        "stopped": Decision("no-result", "the form was stopped before the end"),
        "entered-in-error": _WITHDRAWN,
    }
)
VERIFICATION: Final = MappingProxyType(
    {
        "confirmed": _DONE,
        "provisional": _DONE,
        "differential": Decision("no-result", "a differential diagnosis, not stated as present"),
        "unconfirmed": Decision("no-result", "not confirmed"),
        "refuted": _NOT_DONE,
        "entered-in-error": _WITHDRAWN,
    }
)
BY_TYPE: Final = MappingProxyType(
    {
        "Observation": OBSERVATION,
        "MedicationAdministration": MEDICATION_ADMINISTRATION,
        "MedicationRequest": MEDICATION_REQUEST,
        "Procedure": PROCEDURE,
        "DeviceUseStatement": DEVICE_USE,
        "Encounter": ENCOUNTER,
        "QuestionnaireResponse": RESPONSE,
    }
)


def decide(resource_type: str, status: str | None) -> Decision:
    """What a status of a resource type means; a status that R4 does not have is `unknown` with its name."""
    known = BY_TYPE[resource_type]
    if status is not None and status in known:
        return known[status]
    return Decision("unknown", f"status {status!r} is not one of R4's: {', '.join(known)}")
