"""The words of the faults that only FHIR has; the texts about causes and cures stand in errors/catalogue/intake-fhir.yaml.

Place    Floor 3, FHIR adapter.
In       What was seen.
Out      `Fault` values with expectation, fix and effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vein2vein.errors import Fault

NOT_A_RESOURCE: Final = "INTAKE-303"
NOT_IN_MODEL: Final = "INTAKE-304"
TYPE_NOT_USED: Final = "INTAKE-305"
UNKNOWN_CODE: Final = "INTAKE-306"
CONTRADICTING_CODES: Final = "INTAKE-307"
NO_PATIENT: Final = "INTAKE-308"
WITHDRAWN: Final = "INTAKE-309"
NOT_DONE: Final = "INTAKE-310"
NO_TIME: Final = "INTAKE-311"
NO_VALUE: Final = "INTAKE-313"
ORDER: Final = "INTAKE-314"
PANEL: Final = "INTAKE-315"
NO_INFUSION: Final = "INTAKE-316"
BROKEN_REFERENCE: Final = "INTAKE-317"
SUPERSEDED: Final = "INTAKE-318"
NO_END: Final = "INTAKE-319"
DEATH_WITHOUT_DATE: Final = "INTAKE-320"
MERGED: Final = "INTAKE-321"
OTHER_FORM: Final = "INTAKE-322"
TOTAL_DIFFERS: Final = "INTAKE-323"
CLINICIANS_GRADE: Final = "INTAKE-324"
INCOMPLETE_TIME: Final = "INTAKE-325"
DEFINITION: Final = "INTAKE-326"
OTHER_UNIT: Final = "INTAKE-312"
NOT_ABOUT_PATIENT: Final = "INTAKE-327"
PRELIMINARY: Final = "INTAKE-328"
NOT_HOSPITAL: Final = "INTAKE-329"

MAY_HAVE_RUN: Final = frozenset(
    {NOT_IN_MODEL, UNKNOWN_CODE, CONTRADICTING_CODES, NO_PATIENT, NO_TIME, BROKEN_REFERENCE}
)
"""Reasons for which a resource is refused although what it tells of may have happened."""

_KEPT: Final = "kept as not assessable"
_REFUSED: Final = "refused"
_ACCOUNTED: Final = "not needed"

_WORDS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        NOT_A_RESOURCE: (
            "one FHIR resource as a JSON object in UTF-8",
            "repeat the export of the file, or correct the line",
            _REFUSED,
        ),
        NOT_IN_MODEL: ("a resource of FHIR R4", "correct the element at the sender", "the whole resource is refused"),
        TYPE_NOT_USED: (
            "a resource type that grading reads",
            "nothing to do; leave the type out of the export to save time",
            _ACCOUNTED,
        ),
        UNKNOWN_CODE: (
            "a code of knowledge/data/codes",
            "nothing to do when no scale needs it; else map it under codes in the mapping file, or send an agreed code beside it",
            _REFUSED,
        ),
        CONTRADICTING_CODES: (
            "codings of one concept that mean the same thing",
            "correct the codings at the sender",
            _REFUSED,
        ),
        NO_PATIENT: (
            "a reference to a Patient of this delivery",
            "add the Patient, or correct the reference",
            _REFUSED,
        ),
        WITHDRAWN: ("nothing: the sender withdrew it", "nothing to do", _ACCOUNTED),
        NOT_DONE: (
            "a thing that was done, or a result that exists",
            "nothing to do, unless the status is wrong",
            _ACCOUNTED,
        ),
        NO_TIME: ("one time or period at which it was observed or given", "send the effective time", _REFUSED),
        OTHER_UNIT: (
            "limits in the unit of the value",
            "send referenceRange in the unit of the value",
            "the limits are left out",
        ),
        NO_VALUE: ("a value", "nothing to do, when it was never measured", _KEPT),
        ORDER: (
            "what was given: an order is not an administration",
            "send MedicationAdministration resources",
            _ACCOUNTED,
        ),
        PANEL: (
            "values in the panel or in its members",
            "nothing to do when the members are in the delivery",
            _ACCOUNTED,
        ),
        NO_INFUSION: (
            "an infusion or an order of a CAR-T product for each patient",
            "send the MedicationAdministration or Procedure of the infusion with a code of the product",
            "there is no course to which the rows could belong; they are not needed",
        ),
        BROKEN_REFERENCE: (
            "the resource that the reference names",
            "add it to the delivery, or put the code into the resource",
            _REFUSED,
        ),
        SUPERSEDED: (
            "one version of each resource",
            "nothing to do",
            "only the last version is used; the others are refused",
        ),
        NO_END: (
            "an end, or a status that says that it still runs",
            "send the end of the period",
            "taken as running only at its start",
        ),
        DEATH_WITHOUT_DATE: ("deceasedDateTime", "send the date of death", "the death stands in no timeline"),
        MERGED: (
            "one Patient resource per person",
            "nothing to do",
            "its data are read as those of the patient it was merged into",
        ),
        OTHER_FORM: (
            "the ICE or CAPD form of this library",
            "send the form with the linkIds of docs/how-to/fhir.md, or its total as an Observation",
            _REFUSED,
        ),
        TOTAL_DIFFERS: ("a total that is the sum of its items", "correct the form at the sender", _KEPT),
        CLINICIANS_GRADE: (
            "what was observed: a grade that was stated is not an input of grading",
            "nothing to do",
            _ACCOUNTED,
        ),
        INCOMPLETE_TIME: (
            "a date-time with seconds and offset, as FHIR demands",
            "send times such as 2026-03-01T08:00:00+01:00",
            "read as local time of the declared zone",
        ),
        DEFINITION: ("a resource that another one refers to", "nothing to do", _ACCOUNTED),
        NOT_ABOUT_PATIENT: ("a statement about the patient", "nothing to do", _ACCOUNTED),
        PRELIMINARY: ("a final result", "send the final result when it exists", "used as it is"),
        NOT_HOSPITAL: ("a stay in hospital", "nothing to do", _ACCOUNTED),
    }
)


def fault(id: str, saw: str, *, effect: str | None = None) -> Fault:
    """A fault of this adapter with the usual words of its id."""
    expected, fix, usual = _WORDS[id]
    return Fault(id, saw, expected, fix, usual if effect is None else effect)
