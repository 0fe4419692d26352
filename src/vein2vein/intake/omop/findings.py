"""What is to be said of an OMOP delivery as a whole: faults of its own kind, and notes.

Place    Floor 3, intake.
In       `OmopRows`.
Out      Faults in the book (INTAKE-508 to 516) and sentences for the report.
Does not Concern units, values and times: `intake.canonical` and `intake.times` name those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import PLACE, FaultBook, refusals
from vein2vein.intake.local import ASK, IGNORE, set_aside, unnamed_products
from vein2vein.intake.omop import facts
from vein2vein.intake.omop.cdm import CLINICAL, SPARE
from vein2vein.intake.omop.clock import CONTRADICTION
from vein2vein.intake.omop.profile import Stock
from vein2vein.intake.omop.reading import OmopRows
from vein2vein.intake.omop.wanted import CONCEPT_ID, INFUSION, wanted_codes
from vein2vein.intake.unread import unread_fault

NO_HOLD: Final = "INTAKE-509"
NO_INFUSION: Final = "INTAKE-510"
UNREADABLE_LINE: Final = "INTAKE-511"
LACKING: Final = "INTAKE-512"
NO_VOCABULARY: Final = "INTAKE-513"
UNMAPPED: Final = "INTAKE-514"
AMBIGUOUS: Final = "INTAKE-515"
SHARED_NUMBER: Final = "INTAKE-516"
_SHOWN: Final = 5


def note_delivery(rows: OmopRows, book: FaultBook) -> None:
    """Enter everything that is true of the delivery as a whole."""
    if rows.infusions.is_empty():
        book.note(_no_infusion(rows))
    _note_lines(rows, book)
    left = unread_fault(
        [name for name in rows.not_read if not _is_spare(name)],
        "files named like the tables of OMOP CDM 5.4, as CSV or Parquet",
    )
    if left is not None:
        book.note(left)
    for table, columns in sorted(rows.lacking.items()):
        book.note(_lacking(table, columns), what=table)
    if not rows.lexicon.has_vocabulary:
        book.note(_no_vocabulary())
    elif not rows.lexicon.has_ancestors:
        book.note(_no_ancestors())
    for table, stock in sorted(rows.stocks.items()):
        unknown = facts.unmapped(stock.concepts, rows.lexicon)
        if unknown.height and not table.startswith("visit"):
            book.note(_unmapped(table, unknown), what=table)
        _note_aside(table, stock, rows, book)
    for concept, meanings in sorted(rows.lexicon.ambiguous.items()):
        said = ", ".join(" ".join(part for part in (m.kind, m.code) if part) for m in meanings)
        book.note(_ambiguous(concept, said), what=str(concept))


def _note_aside(table: str, stock: Stock, rows: OmopRows, book: FaultBook) -> None:
    """Codes that the mapping file sets to ignore, and those that it still asks about, as far as they occur."""
    ignored = pl.coalesce("code_text", pl.format("concept {}", "concept")).alias("local")
    for local, n in stock.ignored.group_by(ignored).agg(pl.col("n").sum()).sort("local").iter_rows():
        book.note(replace(set_aside(IGNORE, local, table), count=n), what=f"{table}|{local}")
    for local in rows.lexicon.declared.unanswered:
        vocabulary, _, number = local.partition("|")
        is_number = vocabulary == CONCEPT_ID and number.isdecimal()
        here = pl.col("concept") == int(number) if is_number else pl.col("code_text") == local
        n = int(stock.concepts.filter(here)["n"].sum())
        if n:
            book.note(replace(set_aside(ASK, local, table), count=n), what=f"{table}|{local}")


def notes(rows: OmopRows) -> tuple[str, ...]:
    """Sentences that are not faults: what was looked for and found, and what was declared."""
    options, lexicon = rows.options, rows.lexicon
    listed = [w for w in wanted_codes() if w.vocabulary not in {"", "own"}]
    found = len(listed) - len(lexicon.not_found) if lexicon.has_vocabulary else 0
    said = [
        f"Codes looked for: {len(listed)}; known to the vocabulary of the delivery: {found}.",
        f"Infusions are told by {rows.infusions.height} rows and give {len(rows.courses)} courses.",
        *unnamed_products([course.product for course in rows.courses]),
        f"Declared: zone {options.zone or 'none'}; a time of 00:00:00 is "
        + ("a date alone" if options.midnight == "day" else "midnight")
        + f"; dates alone: {options.times.date_only}; one course for infusions of a product within {options.same_course_days}"
        f" days; a course begins {options.lead_days} days before its infusion ({options.next_lead_days} for a later one).",
    ]
    if lexicon.undiscovered:
        codes = ", ".join("|".join(pair) for pair in lexicon.undiscovered)
        said.append(f"Codes of the mapping file that the vocabulary of the delivery does not hold: {codes}.")
    absent = [table for table in CLINICAL if table not in rows.lines]
    if absent:
        said.append(f"Tables that the delivery does not have: {', '.join(absent)}.")
    spare = [name for name in rows.not_read if _is_spare(name)]
    if spare:
        said.append(f"Tables of the data model that have no part in grading, not read: {', '.join(spare)}.")
    return tuple(said)


def _is_spare(name: str) -> bool:
    return PurePath(name).name.split(".")[0].casefold() in SPARE


def refused_infusions(rows: OmopRows) -> pl.DataFrame:
    """Rows that tell of an infusion that cannot be placed in time, of persons who have no other: file, row, reason."""
    persons = [course.person_id for course in rows.courses]
    lost = rows.infusions.filter(pl.col("at").is_null() & ~pl.col("person_id").is_in(persons))
    return refusals(lost, pl.col("at_reason").fill_null("INTAKE-032"))


def refused_lines(rows: OmopRows) -> pl.DataFrame:
    """Lines of text files that could not be split into columns: file name, line, reason."""
    lines = pl.DataFrame([(bad.file, bad.line) for bad in rows.bad_rows], schema=dict(PLACE), orient="row")
    return refusals(lines.unique(maintain_order=True), UNREADABLE_LINE)


def shared_number(group: Mapping[str, Any]) -> Fault:
    """INTAKE-516 for one table."""
    return Fault(
        SHARED_NUMBER,
        saw=f"rows of {group['file']} whose number is missing or used twice",
        expected="a number of its own for every row",
        fix="export the table with its primary key",
        effect="the rows are used; the report calls them by negative numbers",
    )


def no_hold(group: Mapping[str, Any]) -> Fault:
    """INTAKE-509 for one stream."""
    return Fault(
        NO_HOLD,
        saw=f"devices of {group['kind']} charted at an instant, without an end",
        expected=f"a declared time for which such a charting of {group['kind']} is believed",
        fix=f"declare it, such as hold={{{group['kind']!r}: timedelta(hours=8)}} with what is right for the centre",
        effect="the rows are refused",
    )


def contradicting_days(group: Mapping[str, Any]) -> Fault:
    """INTAKE-508 for one table."""
    return Fault(
        CONTRADICTION,
        saw=f"a date and a date-time of different days in {group['file']}, for example {group['sent']!r}",
        expected="the date of the date-time in the date column",
        fix="correct the export: often one of the two was converted to another zone",
        effect="the rows cannot be placed in time and are refused",
    )


def _no_infusion(rows: OmopRows) -> Fault:
    looked = len({w.meaning.code for w in wanted_codes() if w.meaning.role == INFUSION})
    persons = rows.lines["person"].rows
    return Fault(
        NO_INFUSION,
        saw=f"{persons} persons, and no drug, procedure, device or observation that says that CAR-T cells were given",
        expected=f"one of the codes of {looked} products and procedures, or what lies below them in the vocabulary",
        fix="nothing, when nobody was treated; otherwise map the local code of the infusion to one of the codes,"
        " or to infusion under codes.milestones in the mapping file",
        effect="the delivery was read without error; there is no course, and none of its rows was needed",
    )


def _note_lines(rows: OmopRows, book: FaultBook) -> None:
    frame = pl.DataFrame(
        [(bad.file, bad.line, bad.problem) for bad in rows.bad_rows],
        schema={"file": pl.String, "row": pl.Int64, "problem": pl.String},
        orient="row",
    )
    book.note_rows(frame.unique(["file", "row"], maintain_order=True), ["file"], _unreadable_line)


def _unreadable_line(group: Mapping[str, Any]) -> Fault:
    return Fault(
        UNREADABLE_LINE,
        saw=f"lines of {group['file']}: {group['problem']}",
        expected="as many fields in every line as the header has, in UTF-8",
        fix="export the table again with quotation marks around texts",
        effect="the lines are refused; the number behind the file is that of the line",
    )


def _lacking(table: str, columns: tuple[str, ...]) -> Fault:
    return Fault(
        LACKING,
        saw=f"table {table} without {', '.join(columns)}",
        expected="the columns that the data model requires",
        fix="export the table with these columns",
        effect="the table was not used",
    )


def _no_vocabulary() -> Fault:
    return Fault(
        NO_VOCABULARY,
        saw="no CONCEPT table, or an empty one",
        expected="CONCEPT, CONCEPT_RELATIONSHIP and CONCEPT_ANCESTOR with the concepts that the delivery uses",
        fix="add the vocabulary tables to the delivery",
        effect="only codes in the source_value columns that cannot be mistaken, and few concept numbers, were understood",
    )


def _no_ancestors() -> Fault:
    return Fault(
        NO_VOCABULARY,
        saw="no CONCEPT_ANCESTOR table, or an empty one",
        expected="what lies below the wanted drugs, devices and procedures",
        fix="add CONCEPT_ANCESTOR to the delivery",
        effect="drugs, devices and procedures were understood only where a row carries the very concept of a wanted code",
    )


def _unmapped(table: str, unknown: pl.DataFrame) -> Fault:
    shown = ", ".join(f"{text!r} ({n})" for text, n in unknown.head(_SHOWN).iter_rows())
    more = unknown.height - _SHOWN
    return Fault(
        UNMAPPED,
        saw=f"rows of {table} without a concept: {shown}" + (f" and {more} more codes" if more > 0 else ""),
        expected="a concept in every row, or a code that cannot be mistaken, such as 8310-5 or L04AC07",
        fix="map the codes that matter, in the delivery or under codes in the mapping file",
        effect="the rows are counted as refused",
        count=int(unknown["n"].sum()),
    )


def _ambiguous(concept: int, said: str) -> Fault:
    return Fault(
        AMBIGUOUS,
        saw=f"concept {concept}, which lies equally near to {said}",
        expected="a concept that means one of them",
        fix="tell us, with the code of the concept",
        effect="rows of this concept were counted and not used",
    )
