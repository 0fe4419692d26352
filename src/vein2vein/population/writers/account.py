"""What was written, and what a form could not carry.

Place    Floor 4, writers.
Out      `LeftOut`, `Account`; as YAML beside the delivery.
Knows    Every row of a cohort is either written whole, written without a named part, or left out under a named reason.
Checked  tests/unit/population/test_writers.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a form cannot say.

    Attributes:
        table: Table of the cohort.
        what: Which rows, or which part of them.
        why: Why the form, or what reads it, cannot hold it.
        rows: How many rows are concerned.
        graded: Whether a rule set could read it, so that verdicts may differ after the way through the form.
    """

    table: str
    what: str
    why: str
    rows: int
    graded: bool


@dataclass
class Account:
    """The books of one delivery.

    Attributes:
        form: hospital, fhir or omop.
        declared: What must be declared to whoever reads it, such as the zone; the mapping file beside it says it.
    """

    form: str
    declared: dict[str, Any] = field(default_factory=dict)
    _written: dict[str, int] = field(default_factory=dict, repr=False)
    _left_out: dict[tuple[str, str, str, bool], int] = field(default_factory=dict, repr=False)

    def wrote(self, file: str, rows: int) -> None:
        """Enter rows written to a file."""
        self._written[file] = self._written.get(file, 0) + rows

    def leave_out(self, entries: Iterable[LeftOut]) -> None:
        """Enter what was left out; entries about the same are added up, those about no row are not entered."""
        for entry in entries:
            if entry.rows:
                key = (entry.table, entry.what, entry.why, entry.graded)
                self._left_out[key] = self._left_out.get(key, 0) + entry.rows

    @property
    def written(self) -> dict[str, int]:
        """Rows by file, by name."""
        return dict(sorted(self._written.items()))

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What was left out, by table and then by what."""
        return tuple(
            LeftOut(table, what, why, rows, graded)
            for (table, what, why, graded), rows in sorted(self._left_out.items())
        )

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out that a rule set could read."""
        return not any(entry.graded for entry in self.left_out)

    def to_yaml(self) -> str:
        """The account as YAML."""
        content = {
            "form": self.form,
            "declared": self.declared,
            "written": self.written,
            "left_out": [
                {"table": e.table, "what": e.what, "why": e.why, "rows": e.rows, "graded": e.graded}
                for e in self.left_out
            ],
        }
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
