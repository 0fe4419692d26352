"""Account for the tables of a delivery: what was used, and what was counted and not needed.

Place    Floor 3, intake.
In       Stocks of the tables, what was settled in the ledger, lines that could not be read.
Out      A frame with one row per table and why rows were not needed, and the sentences of the report.
Knows    rows = used + not_assessable + refused + not_needed, for every table about persons.
Does not Count rows of tables that are never opened (`cdm.NEVER_READ`) or are not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from vein2vein.intake.omop.cdm import NEVER_READ

COVERAGE: Final = {
    "table": pl.String,
    "rows": pl.Int64,
    "of_other_persons": pl.Int64,
    "of_other_concepts": pl.Int64,
    "outside_courses": pl.Int64,
    "needed": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Line:
    """What became of the rows of one table before they were judged.

    Attributes:
        rows: Readable rows in all.
        of_persons: Rows of persons with a course.
        read: Rows that were read, because their concept is wanted.
        needed: Rows that lie in a course.
    """

    rows: int
    of_persons: int
    read: int
    needed: int


def coverage(lines: Mapping[str, Line]) -> pl.DataFrame:
    """One row per table: rows, the three reasons for not being needed, and rows needed (they add up)."""
    return pl.DataFrame(
        [
            (
                table,
                line.rows,
                line.rows - line.of_persons,
                line.of_persons - line.read,
                line.read - line.needed,
                line.needed,
            )
            for table, line in sorted(lines.items())
        ],
        schema=COVERAGE,
        orient="row",
    )


def coverage_text(frame: pl.DataFrame) -> str:
    """The coverage as lines for people."""
    head = ("table", "rows", "other persons", "other concepts", "outside courses", "needed")
    body = [tuple(str(row[0]) if i == 0 else f"{row[i]:,}" for i in range(6)) for row in frame.iter_rows()]
    widths = [max(len(line[i]) for line in (head, *body)) for i in range(6)]
    lines = [
        "  ".join([line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in range(1, 6))])
        for line in (head, *body)
    ]
    never = ", ".join(sorted(NEVER_READ))
    return "\n".join(["Rows of the delivery that were counted and not needed", *lines, f"Never opened: {never}."])


def with_not_needed(account: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The account of a report with one more column, not_needed, and with tables of which nothing was needed."""
    spared = frame.select(
        pl.col("table").alias("file"),
        (pl.col("of_other_persons") + pl.col("of_other_concepts") + pl.col("outside_courses")).alias("not_needed"),
    )
    zeros = [pl.col(name).fill_null(0) for name in ("rows", "used", "not_assessable", "refused", "not_needed")]
    return account.join(spared, on="file", how="full", coalesce=True).with_columns(zeros).sort("file")
