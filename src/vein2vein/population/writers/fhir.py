"""A cohort as FHIR R4, one NDJSON file per resource type, as a bulk export gives it.

Place    Floor 4, writers. Read back by `intake.fhir`.
In       Parts of a cohort, all of one centre and zone.
Out      A folder of NDJSON, and the account of what it does not hold.
Knows    Every part is appended, so memory does not grow. A share of what is written is read with the models of the library that
         intake uses; one resource that they refuse stops the writing.
Missing  See `fhir_observations` and `fhir_exposures`; docs/how-to/simulated-deliveries.md lists all of it.
Does not Write names, addresses or anything else that identifies a person.
Checked  tests/unit/population/test_writers.py, tests/property/test_round_trips.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import polars as pl

from vein2vein.errors import SimulationError
from vein2vein.intake.fhir.model import read_resource
from vein2vein.population.writers import fhir_codes, fhir_exposures, fhir_observations, fhir_people
from vein2vein.population.writers.account import Account, LeftOut
from vein2vein.population.writers.digits import CONTRADICTING, TOO_FINE, contradicting, too_fine
from vein2vein.population.writers.text import append_lines, joined
from vein2vein.record.cohort import Cohort

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_CHECKED_OF_EACH: Final = 20


class FhirFolder:
    """A folder of NDJSON that is written part by part.

    Args:
        folder: An existing, empty folder.
        zone: Zone of the centre, in whose clock times are written.
        check: How many resources of each type and part are read with the models of the FHIR library.
    """

    def __init__(self, folder: Path, zone: str, *, check: int = _CHECKED_OF_EACH) -> None:
        self.account = Account("fhir", {"zone": zone})
        self._folder, self._zone, self._check = folder, zone, check
        self._numbers: dict[str, int] = {}
        self._patients: set[str] = set()
        self._devices: set[str] = set()

    def add(self, part: Cohort) -> None:
        """Append the courses of a part.

        Raises:
            SimulationError: SIM-020 for identifiers that FHIR cannot carry, SIM-021 when the models refuse a resource.
        """
        _check_ids(part)
        subjects = fhir_people.subjects_of(part)
        deaths = fhir_people.deaths_of(part)
        exposures, lost = fhir_exposures.lines(part.exposures, subjects, deaths, self._zone)
        people, more = fhir_people.lines(part, subjects, self._zone)
        self._add_patients(part, deaths)
        for lines in (people, fhir_observations.lines(part.observations, subjects, self._zone), exposures):
            for kind, series in lines.items():
                self._append(kind, series)
        self._define(part)
        self.account.leave_out([*lost, *more, *_values(part), *fhir_people.misplaced(part)])

    def close(self) -> Account:
        """The account of all parts."""
        return self.account

    def _append(self, kind: str, series: pl.Series) -> None:
        if series.is_empty():
            return
        first = self._numbers.get(kind, 0)
        self._numbers[kind] = first + len(series)
        names = pl.int_range(first + 1, first + len(series) + 1)
        head = joined([f'{{"resourceType":"{kind}","id":"', names.cast(pl.String), '",'])
        self._write(kind, series.to_frame("line").select(joined([head, pl.col("line"), "}"]).alias("line"))["line"])

    def _write(self, kind: str, lines: pl.Series) -> None:
        if lines.null_count():
            msg = f"{kind} with an empty line"
            raise AssertionError(msg)
        step = max(len(lines) // max(self._check, 1), 1)
        for line in lines.gather_every(step).head(self._check):
            _check_resource(kind, line)
        self.account.wrote(f"{kind}.ndjson", append_lines(self._folder / f"{kind}.ndjson", lines))

    def _define(self, part: Cohort) -> None:
        """Devices and locations that the resources refer to, each once."""
        kinds = fhir_codes.conventions()["devices"]
        used = part.exposures.filter(pl.col("kind").is_in(kinds)).select("kind", "agent").unique().rows()
        keys = {
            f"{k}/{a}" if f"{k}/{a}" in fhir_codes.agents() else f"{k}/unspecified" for k, a in used
        } - self._devices
        self._devices |= keys
        if keys:
            self._write("Device", fhir_exposures.devices(sorted(keys)))
        if "Encounter" in self._numbers and "Location.ndjson" not in self.account.written:
            self._write("Location", fhir_exposures.locations())

    def _add_patients(self, part: Cohort, deaths: pl.DataFrame) -> None:
        """Patients who have a course here, each once over all parts."""
        known = pl.col("patient_id").is_in(list(self._patients))
        new = part.patients.join(part.courses, on="patient_id", how="semi", maintain_order="left").filter(~known)
        self._patients |= set(new["patient_id"])
        dead = deaths.join(part.courses.select("course_id", "patient_id"), on="course_id").unique("patient_id")
        if new.height:
            self._write("Patient", fhir_people.patients(new, dead, self._zone))


def _check_ids(part: Cohort) -> None:
    wrong = [name for name in part.patients["patient_id"].unique() if not _ID.fullmatch(name)]
    if wrong:
        raise SimulationError(
            "SIM-020",
            saw=f"{len(wrong)} identifiers of patients such as {min(wrong)!r}",
            expected="letters, digits, hyphens and points, at most 64: FHIR allows nothing else",
            fix="give the patients other identifiers, or write another form",
        )


def _check_resource(kind: str, line: str) -> None:
    read = read_resource(json.loads(line))
    if read.resource is None or read.completed:
        first = (*read.problems, *read.completed)[0]
        raise SimulationError(
            "SIM-021",
            saw=f"{kind}.{first.element} {first.saw}: {first.says}",
            expected="a resource that the models of the FHIR library read",
            fix="look for a text in the cohort (a product, an indication) that begins or ends with a blank; else tell us",
        )


def _values(part: Cohort) -> list[LeftOut]:
    rows = part.observations
    return [
        LeftOut("observations", *TOO_FINE, too_fine(rows), graded=True),
        LeftOut("observations", *CONTRADICTING, contradicting(rows, entered=True), graded=True),
    ]
