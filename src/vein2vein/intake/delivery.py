"""What came of a delivery: the cohort, all faults at once, and an account of every row.

Place    Floor 3. Made by the adapters; read by the command line, reports and people.
Out      `Delivery` (in memory) and `SpooledDelivery` (on disk): `render()` as text, `to_json()` for machines.
Knows    rows = used + not_needed + not_assessable + refused, for every file and every form of delivery. Refused rows stand in
         `refused`, rows that are not needed in `spared`, each with its reason.
Does not Judge whether what is left is enough: `require_courses` says when nothing is left.
Checked  tests/unit/intake/test_delivery.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from vein2vein.errors import Fault, IntakeError, describe
from vein2vein.intake.book import FATES, PER_COURSE, REFUSED, FaultBook, Ledger
from vein2vein.record.cohort import Cohort


@dataclass(frozen=True)
class Report:
    """Faults and the account of a delivery.

    Attributes:
        faults: All faults, grouped, by id.
        account: One row per source file: file, rows, used, not_needed, not_assessable, refused.
        refused: One row per refused source row: file, row, reason (an error id), course_id (where the row states its course,
            else null); empty when they were spilled to disk.
        reasons: Error id and number of refused rows, the commonest first.
        notes: Sentences about the delivery that are not faults, such as what it does not hold.
        spared: One row per source row that is not needed, as `refused`; without those that were only counted where they lie.
        spared_reasons: Error id and number of rows that are not needed, the commonest first.
        by_course: How many source rows of each course were refused or kept as not assessable, also when they were spilled to
            disk. One row per combination of course_id (null: rows that name no course of their own), fate ("refused" or
            "not_assessable"), reason (an error id; null for rows kept as not assessable); rows is their number. Over all
            courses they add up to the account. A course without such rows is not in it.
    """

    faults: tuple[Fault, ...]
    account: pl.DataFrame
    refused: pl.DataFrame
    reasons: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    spared: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REFUSED))
    spared_reasons: tuple[tuple[str, int], ...] = ()
    by_course: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PER_COURSE))

    @classmethod
    def of(cls, book: FaultBook, ledger: Ledger, *, notes: tuple[str, ...] = ()) -> Report:
        """Close the books."""
        return cls(
            book.faults(),
            ledger.account(),
            ledger.refused(),
            ledger.reasons(),
            notes,
            ledger.spared(),
            ledger.spared_reasons(),
            ledger.by_course(),
        )

    def render(self) -> str:
        """The whole report as text for people."""
        reasons = [
            _reasons_text("Refused rows, by reason", self.reasons),
            _reasons_text("Rows that are not needed, by reason", self.spared_reasons),
        ]
        parts = [self._account_text(), *reasons, *self.notes, *(fault.render() for fault in self.faults)]
        if not self.faults:
            parts.append("No faults found.")
        return "\n\n".join(part for part in parts if part) + "\n"

    def to_json(self) -> str:
        """The whole report as JSON: account, totals, refused and not needed by reason, faults, notes."""
        content = {
            "account": self.account.to_dicts(),
            "total": self.total(),
            "refused_by_reason": dict(self.reasons),
            "not_needed_by_reason": dict(self.spared_reasons),
            "faults": [{**asdict(fault), "title": describe(fault.id).get("title", "")} for fault in self.faults],
            "notes": list(self.notes),
        }
        return json.dumps(content, ensure_ascii=False, indent=2)

    def total(self) -> dict[str, int]:
        """Rows, used, not_needed, not_assessable and refused over all files."""
        return {name: int(self.account[name].sum()) for name in ("rows", *FATES)}

    def unused_of(self, course_id: str | None) -> dict[str, int]:
        """How many source rows of one course were "refused" and "not_assessable"; None asks for rows that name no course."""
        here = self.by_course.filter(pl.col("course_id").eq_missing(pl.lit(course_id, dtype=pl.String)))
        counted = dict(here.group_by("fate").agg(pl.col("rows").sum()).iter_rows())
        return {fate: int(counted.get(fate, 0)) for fate in ("refused", "not_assessable")}

    def _account_text(self) -> str:
        head = ("file", *(name.replace("_", " ") for name in ("rows", *FATES)))
        lines = [head, *((str(row[0]), *(f"{n:,}" for n in row[1:])) for row in self.account.iter_rows())]
        if self.account.height != 1:
            lines.append(("all files", *(f"{number:,}" for number in self.total().values())))
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in range(1, len(head)))])
            for line in lines
        )


def _reasons_text(title: str, reasons: tuple[tuple[str, int], ...]) -> str:
    lines = [f"  {count:>10,}  {id}  {describe(id).get('title', '')}".rstrip() for id, count in reasons]
    return "\n".join([title, *lines]) if lines else ""


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
        """One row per source file: file, rows, used, not_needed, not_assessable, refused."""
        return self.report.account

    @property
    def refused(self) -> pl.DataFrame:
        """One row per refused source row: file, row, reason, course_id."""
        return self.report.refused

    @property
    def spared(self) -> pl.DataFrame:
        """One row per source row that is not needed and was looked at: file, row, reason, course_id."""
        return self.report.spared

    def render(self) -> str:
        """The whole report as text for people."""
        return self.report.render()

    def to_json(self) -> str:
        """The whole report as JSON."""
        return self.report.to_json()

    def require_courses(self) -> Delivery:
        """Return the delivery, or raise when no course is left to work with.

        Raises:
            IntakeError: What the report says about therapy when the delivery holds no CAR-T infusion (`no_therapy`),
                otherwise INTAKE-041.
        """
        require_courses(len(self.cohort), self.report)
        return self

    @property
    def has_usable(self) -> bool:
        """Whether one observation of the cohort at least can be assessed."""
        return bool((self.cohort.observations["usability"] == "ok").any())


@dataclass(frozen=True)
class SpooledDelivery:
    """A delivery larger than memory: its courses in partitions on disk, and the report.

    Attributes:
        partitions: Folders as written by `Cohort.write`; all rows of a patient are in one of them.
        report: Faults and account; the refused rows are in `refused_folder` as Parquet.
        refused_folder: Folder of Parquet files with file, row, reason, course_id.
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


NO_THERAPY: Final = ("INTAKE-510", "INTAKE-316")
"""What OMOP and FHIR deliveries say when nobody in them had CAR-T cells."""


def no_therapy(report: Report) -> Fault | None:
    """The fault that says that a delivery holds no CAR-T infusion; None when the report says no such thing."""
    return next((fault for fault in report.faults if fault.id in NO_THERAPY), None)


def require_courses(courses: int, report: Report) -> None:
    """Raise when there is no course to work with; see `Delivery.require_courses`."""
    if courses:
        return
    said = no_therapy(report)
    if said is None:
        raise nothing_left(report)
    raise IntakeError(said.id, saw=said.saw, expected=said.expected, fix=said.fix, effect=said.effect)


def require_observations(report: Report, *, has_usable: bool) -> None:
    """Raise when a delivery with courses gave not one usable observation, although most of its rows were something.

    Args:
        report: The report of the delivery.
        has_usable: Whether one observation at least can be assessed.

    Raises:
        IntakeError: INTAKE-059, when more rows are refused or not assessable than used.
    """
    total = report.total()
    lost = total["refused"] + total["not_assessable"]
    if has_usable or lost <= total["used"]:
        return
    raise IntakeError(
        "INTAKE-059",
        saw=f"{total['rows']} rows, of which {lost} are refused or not assessable, and no observation{_most(report)}",
        expected="at least one observation that can be assessed",
        fix=f"mend the faults that the report lists{_draft_hint(report)}",
        effect="nothing was graded",
    )


def _most(report: Report) -> str:
    """The fault that costs most rows."""
    refused = dict(report.reasons)
    costly = sorted(report.faults, key=lambda fault: (-refused.get(fault.id, 0), -fault.count))
    return f"; most rows: {costly[0].id} {costly[0].saw}" if costly else ""


def _draft_hint(report: Report) -> str:
    hint = "; for local columns, codes and units draft a mapping file (`vein2vein intake draft-mapping`)"
    return hint if any(fault.id in _ABOUT_MAPPING for fault in report.faults) else ""


def nothing_left(report: Report) -> IntakeError:
    """INTAKE-041 with the fault of the report that costs most rows."""
    total = report.total()
    return IntakeError(
        "INTAKE-041",
        saw=f"{total['rows']} rows, {len(report.faults)} faults, and no course{_most(report)}",
        expected="at least one course that can be placed in time",
        fix=f"mend the faults that the report lists{_draft_hint(report)}",
    )


_ABOUT_MAPPING: Final = frozenset({"INTAKE-006", "INTAKE-007", "INTAKE-021"})
