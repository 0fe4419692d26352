"""Say over which time a refused resource may have been an exposure.

Place    Floor 3, FHIR adapter. Used while reading; the rule stands in `intake.lost`.
In       The JSON of one resource, valid or not.
Out      Texts of its start and end, as sent.
Knows    A finished administration at one instant ran at that instant. A device, a procedure or what is still given at one
         instant may run on. What is charted as an Observation is no drug; a device charted so holds at its instant.
Missing  No time at all is any time.
Checked  tests/acceptance/intake/test_lost_exposures.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vein2vein.intake.fhir.elements import When, when

_STEMS: Final = {"MedicationAdministration": "effective", "Procedure": "performed", "DeviceUseStatement": "timing"}
EXPOSING: Final = frozenset(_STEMS)
"""Resource types that say that a drug was given or a device used."""
_FINISHED: Final = ("completed", "stopped")
Span = tuple[str | None, str | None]


def span_of(body: Mapping[str, Any]) -> Span | None:
    """Start and end as sent, each None when it is not known; None for a type that is no exposure."""
    kind = body.get("resourceType")
    if kind not in EXPOSING:
        return None
    try:
        sent = when(dict(body), _STEMS[str(kind)])
    except (AttributeError, TypeError, KeyError):
        return None, None
    return _of(sent, is_over=kind == "MedicationAdministration" and body.get("status") in _FINISHED)


def _of(sent: When, *, is_over: bool) -> Span:
    start = sent.start if isinstance(sent.start, str) else None
    end = sent.end if isinstance(sent.end, str) else None
    return start, (start if end is None and is_over and not sent.is_period else end)
