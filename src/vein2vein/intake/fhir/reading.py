"""Read every resource of a delivery once and collect what it says, still as sent.

Place    Floor 3, FHIR adapter; the verb `read`.
In       A file or folder.
Out      `Delivered`: facts, refusals, the keys of patients, and how many resources each file holds.
Knows    Resources are read one after the other and let go. What refers to a medicine, device or location that comes later
         in the delivery waits, as JSON, until everything else has been read.
Missing  Every entry gives a fact or a refusal. A type that grading does not read is refused unread, as not needed.
Checked  tests/unit/intake/test_fhir_assemble.py, test_fhir_medications.py (what waits)
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook, Ledger
from vein2vein.intake.fhir import faults
from vein2vein.intake.fhir.conditions import read_adverse_event, read_condition
from vein2vein.intake.fhir.context import Context, WaitingError
from vein2vein.intake.fhir.declared import Declared
from vein2vein.intake.fhir.elements import key_of, keys_of
from vein2vein.intake.fhir.encounters import read_encounter
from vein2vein.intake.fhir.facts import FACTS, Collector, Spot
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.medications import read_administration, read_request
from vein2vein.intake.fhir.model import READ, read_resource
from vein2vein.intake.fhir.observations import read_observation, short_hash
from vein2vein.intake.fhir.patients import read_patient
from vein2vein.intake.fhir.procedures import read_device_use, read_procedure
from vein2vein.intake.fhir.questionnaires import read_response
from vein2vein.intake.fhir.source import Entry, find_files, read_entries
from vein2vein.intake.fhir.spans import EXPOSING, span_of
from vein2vein.intake.local import Codes
from vein2vein.intake.unread import unread

Reader = Callable[[Any, dict[str, Any], Context], None]
READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "Observation": read_observation,
        "MedicationAdministration": read_administration,
        "MedicationRequest": read_request,
        "Procedure": read_procedure,
        "DeviceUseStatement": read_device_use,
        "Condition": read_condition,
        "AdverseEvent": read_adverse_event,
        "Encounter": read_encounter,
        "QuestionnaireResponse": read_response,
    }
)
DEFINITIONS: Final = ("Medication", "Device", "Location")
_SKIPPED: Final = MappingProxyType(
    {"question": "entries that ask or delete", "search-outcome": "entries that tell how a search went"}
)


@dataclass
class Delivered:
    """What a delivery says, as sent.

    Attributes:
        out: Facts and refusals.
        ledger: How many resources each file holds.
        book: Faults found so far.
        aliases: Further keys of patients.
        n_resources: Resources by type.
        n_panel_members_missing: Observations that panels name and that the delivery does not hold.
    """

    out: Collector
    ledger: Ledger
    book: FaultBook
    aliases: Mapping[str, str]
    n_resources: Mapping[str, int]
    n_panel_members_missing: int

    def references(self) -> dict[str, str]:
        """From the source of a row of the cohort (``file:row``) to the resource it came from, such as ``Observation/1``.

        The FHIR output of the report names with it what a grade is derived from.
        """
        known = pl.col("resource") != ""
        pairs = [self.out.frame(name).filter(known).select("source", "resource").unique() for name in FACTS]
        return dict(pl.concat(pairs).iter_rows())


@dataclass
class _Reading:
    context: Context
    declared: Declared
    ledger: Ledger = field(default_factory=Ledger)
    waiting: list[Entry] = field(default_factory=list)
    seen: array[int] = field(default_factory=lambda: array("Q"))
    counts: dict[str, int] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Count an entry and read it."""
        self.ledger.read(entry.file, 1)
        out = self.context.out
        out.begin(Spot(entry.file, entry.row))
        if entry.skip:
            out.refuse(fault(faults.DEFINITION, _SKIPPED[entry.skip]), what=entry.skip)
        elif entry.body is None:
            out.refuse(fault(faults.NOT_A_RESOURCE, f"{entry.problem}: {entry.detail}"), what=entry.problem)
            self.types.setdefault(entry.file, set()).add("")
        else:
            self._take_body(entry, entry.body)

    def _take_body(self, entry: Entry, body: dict[str, Any]) -> None:
        out = self.context.out
        kind = body.get("resourceType")
        if not isinstance(kind, str) or not kind:
            out.refuse(fault(faults.NOT_A_RESOURCE, "a JSON object without resourceType"), what="no-type")
            self.types.setdefault(entry.file, set()).add("")
            return
        self.types.setdefault(entry.file, set()).add(kind)
        if kind == "Bundle":
            out.refuse(fault(faults.NOT_A_RESOURCE, "a Bundle in a line, which is not unpacked"), what="bundle")
            self.types[entry.file].add("")
            return
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind not in READ:
            out.refuse(fault(faults.TYPE_NOT_USED, f"resources of type {kind}"), what=kind)
            return
        self.declared.put_into(body)
        read = read_resource(body)
        if read.resource is None:
            out.begin_again(Spot(entry.file, entry.row, patient=_patient_as_sent(body), span=span_of(body)))
            first = read.problems[0]
            out.refuse(
                fault(faults.NOT_IN_MODEL, f"{kind}.{first.element} {first.saw}: {first.says}"),
                what=f"{kind}|{first.element}|{first.says}",
            )
            return
        for problem in read.completed:
            out.note(
                fault(faults.INCOMPLETE_TIME, f"{kind}.{problem.element} such as {problem.saw}"),
                what=f"{kind}|{problem.element}",
            )
        self._dispatch(entry, read.resource, body)

    def _dispatch(self, entry: Entry, resource: Any, body: dict[str, Any]) -> None:
        kind = resource.get_resource_type()
        keys = keys_of(resource, entry.full_url)
        if kind in DEFINITIONS:
            self.context.definitions.update(dict.fromkeys(keys, resource))
            self.context.out.refuse(
                fault(faults.DEFINITION, f"{kind} resources, read where others refer to them"), what=kind
            )
            return
        if kind == "Observation" and keys:
            self.seen.append(short_hash(keys[0]))
        patient = keys[0] if kind == "Patient" and keys else _patient_of(resource)
        identity = keys[0] if keys else ""
        self.context.out.begin_again(Spot(entry.file, entry.row, identity, _version(body), patient, span_of(body)))
        if kind == "Patient":
            read_patient(resource, body, self.context, keys)
        elif not patient:
            self.context.out.refuse(fault(faults.NO_PATIENT, f"{kind} that names no patient"), what=kind)
        else:
            self._read(entry, resource, body)

    def _read(self, entry: Entry, resource: Any, body: dict[str, Any]) -> None:
        try:
            READERS[resource.get_resource_type()](resource, body, self.context)
        except WaitingError:
            self.waiting.append(entry)
            self.context.out.postpone()

    def finish(self) -> int:
        """Read what had to wait; say how many members of panels are missing."""
        self.context.is_last_look = True
        for entry in self.waiting:
            assert entry.body is not None  # noqa: S101  (only resources wait)
            self.context.out.begin(Spot(entry.file, entry.row))
            read = read_resource(entry.body)
            self._dispatch(entry, read.resource, entry.body)
        for types in self.types.values():
            # What is no resource is taken for one like the others of its file: bulk exports have one type in each.
            if "" in types and (types == {""} or types & EXPOSING):
                self.context.out.book.lose_all()
        return len(self.context.panels - set(self.seen)) if self.context.panels else 0


def read(
    path: Path,
    *,
    on_progress: Callable[[int], None] | None = None,
    mapping_file: Path | None = None,
    codes: Codes | None = None,
) -> Delivered:
    """Read all resources of a file or folder.

    Args:
        path: A Bundle or resource (.json), NDJSON (.ndjson, .ndjson.gz), or a folder of them.
        on_progress: Told the number of resources read so far, every 10,000.
        mapping_file: The mapping file, which may lie in the folder.
        codes: Local codes of the centre.

    Raises:
        IntakeError: INTAKE-301 nothing to read, INTAKE-302 a Bundle too large to hold in memory.
    """
    book = FaultBook()
    reading = _Reading(Context(Collector(book)), Declared(codes or Codes()))
    names = {file.name if path.is_file() else str(file.relative_to(path)) for file in find_files(path)}
    left = unread(
        path, find_files(path), "JSON (.json) and NDJSON (.ndjson, .jsonl), also compressed (.gz)", mapping=mapping_file
    )
    if left is not None:
        book.note(left)
    for number, entry in enumerate(read_entries(path), start=1):
        reading.take(entry)
        names.discard(entry.file)
        if on_progress is not None and number % 10_000 == 0:
            on_progress(number)
    missing = reading.finish()
    for name in sorted(names):
        reading.ledger.read(name, 0)
        book.note(_empty(name), what=name)
    return Delivered(
        reading.context.out,
        reading.ledger,
        book,
        dict(reading.context.aliases),
        dict(sorted(reading.counts.items())),
        missing,
    )


def _empty(name: str) -> Fault:
    fix = "check the selection of the export; a file without resources on purpose can stay"
    return Fault("INTAKE-003", name, "at least one resource", fix, "nothing was read from it")


def _patient_of(resource: Any) -> str:
    """Key of the patient that a resource is about; empty when it is about something else."""
    reference = getattr(resource, "subject", None) or getattr(resource, "patient", None)
    key = key_of(reference, wanted="Patient")
    kind = key.partition("/")[0] if "/" in key and not key.startswith("urn:") else "Patient"
    return key if kind == "Patient" or key.startswith("Patient?") else ""


def _patient_as_sent(body: Mapping[str, Any]) -> str:
    """Key of the patient of a resource that the model does not accept; empty when it cannot be told."""
    reference = body.get("subject") or body.get("patient")
    text = reference.get("reference") if isinstance(reference, dict) else None
    return "/".join(text.split("/")[-2:]) if isinstance(text, str) else ""


def _version(body: dict[str, Any]) -> str:
    meta = body.get("meta") or {}
    version = str(meta.get("versionId") or "")
    return f"{meta.get('lastUpdated') or ''}|{version.zfill(12)}"
