"""The door to the FHIR model library: every structure is read by its models, none by hand.

Place    Floor 3, FHIR adapter. Everything that touches a FHIR structure goes through here.
In       The JSON object of one resource.
Out      A typed resource, or the list of what is wrong with it.
Knows    The library publishes no R4 (4.0.1) models; its R4B (4.3.0) models are used. For the resources and data types read
         here the two editions have the same elements, cardinalities and types (docs/how-to/fhir.md says how that was compared).
         The library does not check codes against value sets, so statuses are checked by `intake.fhir.statuses`.
Missing  A date-time without offset or seconds is not valid FHIR, yet hospitals send it. Such an element is completed for the
         model only; the text as sent goes to `intake.times`, which refuses it unless the centre has declared its zone.
Checked  tests/unit/intake/test_fhir_model.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

from pydantic import ValidationError

RELEASE: Final = "R4B"
READ: Final = (
    "Patient",
    "Observation",
    "MedicationAdministration",
    "MedicationRequest",
    "Medication",
    "Procedure",
    "DeviceUseStatement",
    "Device",
    "Condition",
    "Encounter",
    "Location",
    "QuestionnaireResponse",
    "AdverseEvent",
)
_INCOMPLETE = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d)(?P<seconds>:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a resource: the element, what was seen, and what the model says."""

    element: str
    saw: str
    says: str


@dataclass(frozen=True, slots=True)
class Read:
    """The outcome of reading one resource: a typed resource or problems, and the times that had to be completed for the model."""

    resource: Any | None
    problems: tuple[Problem, ...] = ()
    completed: tuple[Problem, ...] = ()


@cache
def model_of(resource_type: str) -> Any:
    """The model class of a resource type of FHIR.

    Raises:
        KeyError: the library has no such resource type.
    """
    try:
        return getattr(import_module(f"fhir.resources.{RELEASE}.{resource_type.lower()}"), resource_type)
    except (ImportError, AttributeError) as error:
        raise KeyError(resource_type) from error


def read_resource(body: dict[str, Any]) -> Read:
    """Read one resource of a type in `READ` with its model.

    Args:
        body: The JSON object; its ``resourceType`` must be one of `READ`.

    Returns:
        The resource, or everything that is wrong with it.
    """
    model = model_of(body["resourceType"])
    try:
        return Read(model.model_validate(body))
    except ValidationError as error:
        problems = tuple(_problem(e) for e in error.errors(include_url=False, include_context=False))
    completed = _complete_times(body, problems)
    if not completed or len(completed) < len(problems):
        return Read(None, problems)
    again = read_resource(_with(body, completed))
    return Read(again.resource, again.problems, tuple(problem for problem, _ in completed))


def read_envelope(body: dict[str, Any]) -> tuple[Any | None, str]:
    """Read a Bundle without the resources in its entries; they are read one by one afterwards."""
    entries = body.get("entry") or []
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        return None, "entry is not a list of objects"
    bare = body | {
        "entry": [{k: v for k, v in e.items() if k != "resource"} | {"id": str(i)} for i, e in enumerate(entries)]
    }
    if not entries:
        bare.pop("entry")
    try:
        return model_of("Bundle").model_validate(bare), ""
    except ValidationError as error:
        first = _problem(error.errors(include_url=False, include_context=False)[0])
        return None, f"{first.element}: {first.says}"


def _problem(error: Any) -> Problem:
    element = ".".join(str(part) for part in error["loc"]) or "resource"
    saw = error["input"]
    shown = repr(saw) if isinstance(saw, str | int | float | bool) else type(saw).__name__
    return Problem(element, shown[:80], " ".join(error["msg"].split())[:400])


def _complete_times(body: dict[str, Any], problems: tuple[Problem, ...]) -> list[tuple[Problem, str]]:
    done: list[tuple[Problem, str]] = []
    for problem in problems:
        value = _at(body, problem.element)
        found = _INCOMPLETE.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            continue
        complete = f"{found['day']}T{found['clock']}{found['seconds'] or ':00'}Z"
        if complete != value:
            done.append((problem, complete))
    return done


def _at(body: Any, element: str) -> Any:
    for part in element.split("."):
        if isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, dict):
            body = body.get(part)
        else:
            return None
    return body


def _with(body: dict[str, Any], changes: list[tuple[Problem, str]]) -> dict[str, Any]:
    import copy  # noqa: PLC0415  (only for resources with an incomplete time)

    fresh = copy.deepcopy(body)
    for problem, value in changes:
        parent, _, last = problem.element.rpartition(".")
        holder: Any = _at(fresh, parent) if parent else fresh
        holder[int(last) if isinstance(holder, list) else last] = value
    return fresh
