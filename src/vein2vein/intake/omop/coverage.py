"""Account for the tables of a delivery: what was used, and what was counted and not needed.

Place    Floor 3, intake.
In       Stocks of the tables, what was settled in the ledger, lines that could not be read.
Out      Counts of rows that were never looked at one by one, in the ledger; and a sentence of the report.
Knows    Of a table about persons every readable row is needed, or of another person, of another concept, outside the
         courses, or without a concept.
Does not Count rows of tables that are never opened (`cdm.NEVER_READ`) or are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vein2vein.intake.book import Ledger
from vein2vein.intake.omop.cdm import NEVER_READ

OUTSIDE: Final = "INTAKE-050"
OTHER_PERSON: Final = "INTAKE-051"
OTHER_CONCEPT: Final = "INTAKE-052"
UNMAPPED: Final = "INTAKE-514"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of the rows of one table before they were judged.

    Attributes:
        rows: Readable rows in all.
        of_persons: Rows of persons with a course.
        read: Rows that were read, because their concept is wanted.
        needed: Rows that lie in a course.
        unmapped: Rows of persons with a course that carry no concept and no code that is understood.
    """

    rows: int
    of_persons: int
    read: int
    needed: int
    unmapped: int = 0


def count_unread(table: str, line: Line, ledger: Ledger) -> None:
    """Enter the rows of a table that are not needed, each under its reason, and those without a concept as refused."""
    unmapped = min(line.unmapped, line.of_persons - line.read)
    ledger.count(table, OTHER_PERSON, line.rows - line.of_persons)
    ledger.count(table, OTHER_CONCEPT, line.of_persons - line.read - unmapped)
    ledger.count(table, UNMAPPED, unmapped)
    ledger.count(table, OUTSIDE, line.read - line.needed)


def never_opened() -> str:
    """Which tables of the data model are never opened, for people."""
    return f"Never opened: {', '.join(sorted(NEVER_READ))}."
