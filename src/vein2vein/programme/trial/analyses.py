"""Analyses of patients that a file can ask for: the loader that command line and Python share.

Place    Programme, trial. Stands beside `designs`, which plans trials; here patients are at hand.
In       YAML or JSON with ``design: external-control`` or ``design: treatment-switching``, and perhaps ``data: patients.csv``.
Out      `Findings`; of a `Request` also the content and the hashes of both files, for a report.
Checked  tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vein2vein.programme.trial.study import external, switching
from vein2vein.programme.trial.study.findings import Findings
from vein2vein.programme.trial.study.patients import read_patients, refuse_patients
from vein2vein.programme.trial.study.reading import plain_values, refuse

COMMANDS: Final = {external.NAME: "external", switching.NAME: "switching"}


@dataclass(frozen=True)
class Request:
    """What an analysis is made of.

    Args:
        content: Plain values of the design file.
        patients: CSV text of the patients.
        place: Where the patients stand.
    """

    content: Mapping[str, Any]
    patients: str
    place: Path

    @property
    def hashes(self) -> dict[str, str]:
        """First sixteen digits of the SHA-256 of the patients and of the plain values of the design file."""
        canonical = json.dumps(dict(self.content), sort_keys=True, default=str)
        return {"patients": _digest(self.patients), "design": _digest(canonical)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def request_of(name: str, design: Path | None = None, data: Path | None = None) -> Request:
    """Read a design file and the patients.

    Args:
        name: "external-control" or "treatment-switching".
        design: The design file; without one, everything is at its default.
        data: The CSV of the patients; that of the design file by default, beside it.

    Raises:
        TrialError: TRIAL-005 for a design file that does not fit, TRIAL-006 for a file of patients that does not.
    """
    content = {"design": name} if design is None else _content(design.read_text(encoding="utf-8"), name)
    place = data
    if place is None and design is not None and isinstance(content.get("data"), str):
        place = design.parent / str(content["data"])
    if place is None:
        refuse_patients("no file of patients", "one", "name it, or write `data: patients.csv` in the design file")
    if not place.is_file():
        refuse_patients(f"no file {place.name!r}", "a CSV of patients", "correct its name")
    return Request(content, place.read_text(encoding="utf-8"), place)


def analyse(name: str, design: Path | None = None, data: Path | None = None) -> Findings:
    """Read a design file and the patients, and analyse them.

    Args:
        name: "external-control" or "treatment-switching".
        design: The design file; without one, everything is at its default.
        data: The CSV of the patients; that of the design file by default, beside it.

    Raises:
        TrialError: As `request_of`; what the analysis itself refuses.
    """
    asked = request_of(name, design, data)
    return analysed(asked.content, asked.patients)


def analysed(content: Mapping[str, Any], patients: str) -> Findings:
    """Analyse patients by the plain values of a design file.

    Args:
        content: The design file as plain values.
        patients: CSV text.

    Raises:
        TrialError: As `analyse`.
    """
    rows = read_patients(patients)
    if content.get("design") == external.NAME:
        plan, choices = external.read_external(content)
        return external.compare_external(plan, rows, choices)
    if content.get("design") != switching.NAME:
        refuse(f"design {content.get('design')!r}", f"one of {', '.join(COMMANDS)}", "write `design: external-control`")
    asked, choices = switching.read_switching(content)
    return switching.without_switching(asked, rows, choices)


def _content(text: str, name: str) -> dict[str, Any]:
    given = plain_values(text)
    if not isinstance(given, dict) or given.get("design") != name:
        saw = given.get("design") if isinstance(given, dict) else None
        refuse(f"design {saw!r}", f"`design: {name}`", "correct the file, or use the command of its design")
    return given
