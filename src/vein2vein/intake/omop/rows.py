"""Read the needed rows of one table, and place each in time and in a course.

Place    Floor 3, intake.
In       An open source, the stock of a table, the courses.
Out      One frame with file, row, person_id, course_id, role, kind, agent, instants, and the value columns of the table.
Knows    Only rows of wanted persons with a wanted concept are asked for.
Missing  A row without a person or an instant has no course; what becomes of it is decided in `facts`.
Does not Judge values.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from vein2vein.intake.omop import clock
from vein2vein.intake.omop.cdm import EVENTS, EXTRA
from vein2vein.intake.omop.concepts import Opened, codes_of_concepts
from vein2vein.intake.omop.infusions import Course
from vein2vein.intake.omop.profile import KEYS, Stock, key_columns
from vein2vein.intake.omop.source import RAW, numbers, texts
from vein2vein.record.tables import Instant

MEANING: Final = ("role", "kind", "agent")
_NO_END: Final = {
    "ended_at": Instant,
    "ended_at_reason": pl.String(),
    "ended_at_sent": pl.String(),
    "ended_at_day": pl.Date(),
}


def question(opened: Opened, stock: Stock, persons: list[int]) -> str:
    """The SQL that reads the needed rows of a table."""
    events = EVENTS[stock.table]
    needed = stock.needed
    either = [
        f"e.{events.concept} IN ({numbers(c for c in needed['concept'] if c)})",
        f"e.{events.source_concept} IN ({numbers(c for c in needed['source_concept'] if c)})",
    ]
    written = [text for text in needed["code_text"] if text]
    if written:
        either.append(f"e.{events.source_value} IN ({texts(written)})")
    if needed.filter((pl.col("concept") == 0) & (pl.col("source_concept") == 0) & pl.col("code_text").is_null()).height:
        either.append(f"(coalesce(e.{events.concept}, 0) = 0 AND e.{events.source_value} IS NULL)")
    values = [concept for concept in needed["value_concept"] if concept]
    if values:
        either.append(f"e.value_as_concept_id IN ({numbers(values)})")
    keys = {events.concept, events.source_concept, events.source_value}
    columns = ", ".join(f"e.{name}" for name in opened.source.names(stock.table) if name not in keys)
    return (
        f"SELECT {columns}, {key_columns(events, opened.lexicon)} FROM {opened.source.relation(stock.table)} e"  # noqa: S608
        f" WHERE e.person_id IN ({numbers(persons)}) AND ({' OR '.join(either)})"
    )


def read_rows(opened: Opened, stock: Stock, courses: list[Course]) -> pl.DataFrame:
    """Needed rows of a table in any order, each with its meaning, its instants and (where there is one) its course."""
    persons = sorted({course.person_id for course in courses})
    asked = opened.source.batches(question(opened, stock, persons))
    return pl.concat([_prepared(piece, opened, stock, courses) for piece in asked])


def read_unknown(opened: Opened, stock: Stock, courses: list[Course]) -> pl.DataFrame:
    """Rows of persons with a course whose concept says nothing: in a table of exposures each may be one (`intake.lost`).

    Without a vocabulary, or without what lies below a concept, every concept that is not looked for may be such a one.
    """
    lexicon = opened.lexicon
    unknown = pl.col("role").is_null()
    if lexicon.has_vocabulary and lexicon.has_ancestors:
        concepts = stock.concepts.filter(unknown)["concept"].unique().to_list()
        known = set(codes_of_concepts(opened.source, set(concepts))) - {0, *lexicon.ambiguous}
        unknown &= ~pl.col("concept").is_in(sorted(known))
    wanted = stock.concepts.filter(unknown).with_columns(pl.lit("unknown").alias("role"))
    return read_rows(opened, replace(stock, concepts=wanted), courses)


def _prepared(frame: pl.DataFrame, opened: Opened, stock: Stock, courses: list[Course]) -> pl.DataFrame:
    events = EVENTS[stock.table]
    frame = frame.join(
        stock.needed.select(*KEYS, *MEANING), on=list(KEYS), how="inner", nulls_equal=True, maintain_order="left"
    )
    frame = clock.put(frame, date=events.date, datetime=events.datetime, into="at", options=opened.options)
    if events.end_date is not None and events.end_datetime is not None:
        ends = {"date": events.end_date, "datetime": events.end_datetime}
        frame = clock.put(frame, **ends, into="ended_at", options=opened.options, end=True)
    else:
        frame = frame.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in _NO_END.items())
    extra = [
        column for name in EXTRA.get(stock.table, {}) for column in (name, f"{name}{RAW}") if column in frame.columns
    ]
    frame = frame.select(
        pl.lit(stock.table).alias("file"), pl.col(events.id).cast(pl.Int64).alias("row"),
        pl.col("person_id").cast(pl.Int64), *MEANING, "code_text", "value_concept",
        *(f"{name}{suffix}" for name in ("at", "ended_at") for suffix in ("", "_reason", "_sent", "_day")),
        *extra,
    )  # fmt: skip
    return in_courses(frame, courses)


def in_courses(frame: pl.DataFrame, courses: list[Course]) -> pl.DataFrame:
    """Add course_id: the course of the person whose interval holds the row; null for rows outside all of them.

    A row that began earlier and still runs when the course begins belongs to it. A row without an instant gets the first
    course of its person, so that it is told of where it is missed.
    """
    table = pl.DataFrame(
        [(c.person_id, c.course_id, c.from_at, c.until_at) for c in courses],
        schema={"person_id": pl.Int64, "course_id": pl.String, "from_at": Instant, "until_at": Instant},
        orient="row",
    )
    if table["person_id"].n_unique() == table.height:
        joined = frame.join(table, on="person_id", how="left", maintain_order="left")
    else:
        joined = _in_one_of_several(frame, table)
    return joined.with_columns(pl.when(_belongs()).then(pl.col("course_id"))).drop("from_at", "until_at")


def _belongs() -> pl.Expr:
    reaches = (pl.col("at") >= pl.col("from_at")) | (pl.col("ended_at") > pl.col("from_at"))
    before_next = pl.col("until_at").is_null() | (pl.col("at") < pl.col("until_at"))
    return pl.col("at").is_null() | (reaches.fill_null(value=False) & before_next)


def _in_one_of_several(frame: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    indexed = frame.with_row_index("_row")
    joined = indexed.join(table, on="person_id", how="left", maintain_order="left")
    first = joined.with_columns(_belongs().fill_null(value=False).alias("_belongs"))
    best = (
        first.sort("_row", "_belongs", "from_at", descending=[False, True, False])
        .group_by("_row", maintain_order=True)
        .first()
    )
    return best.drop("_row", "_belongs")
