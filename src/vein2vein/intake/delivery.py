"""What came of a delivery: the cohort, all faults at once, and an account of every row.

Place    Floor 3. Made by the adapters; read by the command line, reports and people.
Out      `Delivery` (in memory) and `SpooledDelivery` (on disk): `render()` as text, `to_json()` for machines.
Knows    rows = used + not_assessable + refused, for every file. Refused rows stand in `refused` with their reason.
Does not Judge whether what is left is enough: `require_courses` says when nothing is left.
Checked  tests/unit/intake/test_delivery.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl  # noqa: TC002  (dataclasses name their types at run time)

from vein2vein.errors import Fault, IntakeError, describe
from vein2vein.intake.book import FaultBook, Ledger
from vein2vein.record.cohort import Cohort


@dataclass(frozen=True)
class Report:
    """Faults and the account of a delivery.

    Attributes:
        faults: All faults, grouped, by id.
        account: One row per source file: file, rows, used, not_assessable, refused.
        refused: One row per refused source row: file, row, reason (an error id); empty when they were spilled to disk.
        reasons: Error id and number of refused rows, the commonest first.
        notes: Sentences about the delivery that are not faults, such as what it does not hold.
    """

    faults: tuple[Fault, ...]
    account: pl.DataFrame
    refused: pl.DataFrame
    reasons: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, book: FaultBook, ledger: Ledger, *, notes: tuple[str, ...] = ()) -> Report:
        """Close the books."""
        return cls(book.faults(), ledger.account(), ledger.refused(), ledger.reasons(), notes)

    def render(self) -> str:
        """The whole report as text for people."""
        parts = [self._account_text(), self._refused_text(), *self.notes, *(fault.render() for fault in self.faults)]
        if not self.faults:
            parts.append("No faults found.")
        return "\n\n".join(part for part in parts if part) + "\n"

    def to_json(self) -> str:
        """The whole report as JSON: account, totals, refused by reason, faults, notes."""
        content = {
            "account": self.account.to_dicts(),
            "total": self.total(),
            "refused_by_reason": dict(self.reasons),
            "faults": [{**asdict(fault), "title": describe(fault.id).get("title", "")} for fault in self.faults],
            "notes": list(self.notes),
        }
        return json.dumps(content, ensure_ascii=False, indent=2)

    def total(self) -> dict[str, int]:
        """Rows, used, not_assessable and refused over all files."""
        return {name: int(self.account[name].sum()) for name in ("rows", "used", "not_assessable", "refused")}

    def _account_text(self) -> str:
        head = ("file", "rows", "used", "not assessable", "refused")
        body = [tuple(str(row[0]) if i == 0 else f"{row[i]:,}" for i in range(5)) for row in self.account.iter_rows()]
        total = self.total()
        last = ("all files", *(f"{total[name]:,}" for name in ("rows", "used", "not_assessable", "refused")))
        lines = [head, *body, last] if len(body) != 1 else [head, *body]
        widths = [max(len(line[i]) for line in lines) for i in range(5)]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in range(1, 5))]) for line in lines
        )

    def _refused_text(self) -> str:
        lines = [f"  {count:>10,}  {id}  {describe(id).get('title', '')}".rstrip() for id, count in self.reasons]
        return "\n".join(["Refused rows, by reason", *lines]) if lines else ""


@dataclass(frozen=True)
class Delivery:
    """A cohort, and the report on how it came about."""

    cohort: Cohort
    report: Report

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults, grouped."""
        return self.report.faults

    @property
    def account(self) -> pl.DataFrame:
        """One row per source file: file, rows, used, not_assessable, refused."""
        return self.report.account

    @property
    def refused(self) -> pl.DataFrame:
        """One row per refused source row: file, row, reason."""
        return self.report.refused

    def render(self) -> str:
        """The whole report as text for people."""
        return self.report.render()

    def to_json(self) -> str:
        """The whole report as JSON."""
        return self.report.to_json()

    def require_courses(self) -> Delivery:
        """Return the delivery, or raise INTAKE-041 when no course is left to work with."""
        if len(self.cohort) == 0:
            raise nothing_left(self.report)
        return self


@dataclass(frozen=True)
class SpooledDelivery:
    """A delivery larger than memory: its courses in partitions on disk, and the report.

    Attributes:
        partitions: Folders as written by `Cohort.write`; all rows of a patient are in one of them.
        report: Faults and account; the refused rows are in `refused_folder` as Parquet.
        refused_folder: Folder of Parquet files with file, row, reason.
    """

    partitions: tuple[Path, ...]
    report: Report
    refused_folder: Path

    def cohorts(self) -> Iterator[Cohort]:
        """The cohorts of the partitions, one at a time."""
        return (Cohort.read(folder) for folder in self.partitions)

    def render(self) -> str:
        """The whole report as text for people."""
        return self.report.render()

    def to_json(self) -> str:
        """The whole report as JSON."""
        return self.report.to_json()


def nothing_left(report: Report) -> IntakeError:
    """INTAKE-041 with the most important fault of the report."""
    total = report.total()
    first = f"; first: {report.faults[0].id} {report.faults[0].saw}" if report.faults else ""
    return IntakeError(
        "INTAKE-041",
        saw=f"{total['rows']} rows, {len(report.faults)} faults, and no course{first}",
        expected="at least one course that can be placed in time",
        fix="mend the faults that the report lists",
    )
