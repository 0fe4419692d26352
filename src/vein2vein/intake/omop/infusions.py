"""Find the CAR-T infusions of a delivery, and make courses of them.

Place    Floor 3, intake.
In       An open delivery.
Out      Infusions (one row per recorded row), and courses with the interval of rows that belong to each.
Knows    Infusions of one person on one local day are one infusion, told by several rows (a drug and a procedure). A later
         infusion of the same or an unnamed product within `same_course_days` is a fraction; otherwise a course of its own.
Missing  No infusion at all is an answer, not an error.
Does not Read any other row.
Checked  tests/unit/intake/omop/test_infusions.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl

from vein2vein.intake.omop import clock
from vein2vein.intake.omop.cdm import EVENTS
from vein2vein.intake.omop.concepts import Opened
from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.source import numbers, texts
from vein2vein.intake.omop.wanted import INFUSION, UNSPECIFIED, Meaning, wanted_codes
from vein2vein.intake.placing import by_local_day
from vein2vein.record.tables import Instant

TABLES: Final = ("drug_exposure", "procedure_occurrence", "device_exposure", "observation")
COLUMNS: Final[Mapping[str, Any]] = {
    "file": pl.String,
    "row": pl.Int64,
    "person_id": pl.Int64,
    "product": pl.String,
    "at": Instant,
    "at_reason": pl.String,
    "at_sent": pl.String,
}


@dataclass(frozen=True, slots=True)
class Course:
    """One course of one person.

    Attributes:
        from_at: First instant of rows that belong to it, inclusive.
        until_at: First instant of rows that belong to the next course of the person; None for the last.
        fractions: Instants of further infusions of the same course.
    """

    course_id: str
    person_id: int
    product: str | None
    infused_at: datetime
    from_at: datetime
    until_at: datetime | None
    fractions: tuple[datetime, ...]


def find_infusions(opened: Opened) -> pl.DataFrame:
    """All rows that say that CAR-T cells were given, with product and instant (columns `COLUMNS`)."""
    lexicon = opened.lexicon
    meanings = {concept: m for concept, m in lexicon.meanings.items() if m.role == INFUSION}
    meanings |= _below(opened, meanings)
    frames = [_read(opened, table, meanings) for table in TABLES if opened.source.has(table)]
    found = pl.concat(frames) if frames else pl.DataFrame(schema=COLUMNS)
    return found.sort("person_id", "at", "file", "row")


def _below(opened: Opened, roots: Mapping[int, Meaning]) -> dict[int, Meaning]:
    if not (opened.lexicon.has_ancestors and roots):
        return {}
    descendants = opened.source.frame(
        f"SELECT DISTINCT a.descendant_concept_id AS d FROM {opened.source.relation('concept_ancestor')} a"  # noqa: S608
        f" WHERE a.ancestor_concept_id IN ({numbers(roots)})"
    )
    below, _ = opened.lexicon.below(opened.source, descendants["d"].to_list())
    return {concept: m for concept, m in below.items() if m.role == INFUSION}


def _read(opened: Opened, table: str, meanings: Mapping[int, Meaning]) -> pl.DataFrame:
    events = EVENTS[table]
    listed = numbers(meanings)
    written = texts(opened.lexicon.written(w for w in wanted_codes() if w.meaning.role == INFUSION))
    declared = texts(text for text, m in opened.lexicon.declared.texts.items() if m.role == INFUSION)
    unmapped = f"coalesce(e.{events.concept}, 0) = 0 AND " if opened.lexicon.has_vocabulary else ""
    frame = opened.source.frame(
        f"SELECT e.* FROM {opened.source.relation(table)} e WHERE e.{events.concept} IN ({listed})"  # noqa: S608
        f" OR e.{events.source_concept} IN ({listed}) OR ({unmapped}e.{events.source_value} IN ({written}))"
        f" OR e.{events.source_value} IN ({declared})"
    )
    frame = clock.put(frame, date=events.date, datetime=events.datetime, into="at", options=opened.options)

    def product(concept: int | None, source_concept: int | None, text: str | None) -> str:
        said = [meanings.get(concept or 0), meanings.get(source_concept or 0), opened.lexicon.of_text(text)]
        named = [m.code for m in said if m is not None and m.role == INFUSION and m.code != UNSPECIFIED]
        return named[0] if named else UNSPECIFIED

    keys = frame.select(events.concept, events.source_concept, events.source_value)
    return (
        frame.with_columns(
            pl.lit(table).alias("file"),
            pl.col(events.id).alias("row"),
            pl.Series("product", [product(*key) for key in keys.iter_rows()], dtype=pl.String),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())
        .filter(pl.col("person_id").is_not_null())
    )


def courses_of(infusions: pl.DataFrame, options: Options) -> list[Course]:
    """Courses from infusions that have an instant, by person and time."""
    placed = infusions.filter(pl.col("at").is_not_null()).sort("person_id", "at")
    courses: list[Course] = []
    for (person,), rows in placed.group_by("person_id", maintain_order=True):
        days = list(_days(rows, options.zone or "UTC"))
        courses += _courses_of_person(int(person), days, options)
    return courses


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    at: datetime
    product: str | None


def _days(rows: pl.DataFrame, zone: str) -> Iterator[_Day]:
    """Infusions by local day, with the named product."""
    for day, at, listed in by_local_day(rows, zone):
        products = sorted({str(row["product"]) for row in listed} - {UNSPECIFIED})
        yield _Day(day, at, " + ".join(products) or None)


def _courses_of_person(person: int, days: list[_Day], options: Options) -> list[Course]:
    groups: list[list[_Day]] = []
    for day in days:
        last = groups[-1][0] if groups else None
        same = last is not None and (day.product is None or last.product is None or day.product == last.product)
        if last is not None and same and (day.day - last.day).days <= options.same_course_days:
            groups[-1].append(day)
        else:
            groups.append([day])
    starts = [_start(groups, i, options) for i in range(len(groups))]
    return [
        Course(
            course_id=f"{person}-{i + 1}",
            person_id=person,
            product=next((d.product for d in group if d.product), None),
            infused_at=group[0].at,
            from_at=starts[i],
            until_at=starts[i + 1] if i + 1 < len(groups) else None,
            fractions=tuple(d.at for d in group[1:]),
        )
        for i, group in enumerate(groups)
    ]


def _start(groups: list[list[_Day]], i: int, options: Options) -> datetime:
    infused = groups[i][0].at
    if i == 0:
        return infused - timedelta(days=options.lead_days)
    # A later course never reaches back over the last infusion of the one before.
    return max(infused - timedelta(days=options.next_lead_days), groups[i - 1][-1].at + timedelta(seconds=1))
