"""Turn raw facts into rows of the cohort tables: the one place where intake converts units and judges values.

Place    Floor 3. Called by every adapter, after `times.place` has made instants of the times.
In       Frames of raw observations, exposures or milestones; `RAW_*` name the columns; absent ones are empty.
Out      `Canonical`: rows in the schema of record.tables (with file and row), and refused rows with the id of the reason.
         Every row given comes out exactly once, in one of the two.
Knows    A value that cannot be used (unit, number, category, plausibility) stays as a row with usability
         "not-assessable" and the value as sent. A row that cannot be placed (course, kind, time) is refused.
Missing  An empty unit is refused where the kind has one; a slip of the unit is named for people and never mended.
Checked  tests/unit/intake/test_canonical.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake import words
from vein2vein.intake.book import PLACE, FaultBook
from vein2vein.intake.given import RAW_EXPOSURES, RAW_MILESTONES, exposures, milestones
from vein2vein.intake.numbers import DecimalSign, read_numbers
from vein2vein.intake.placing import Canonical, complete, placed, refused_anyway, source, unknown_kind
from vein2vein.intake.unit_table import UNIT_TABLE, implausible_fault, slip_column, unit_fault, unit_table
from vein2vein.intake.words import plain
from vein2vein.knowledge import codes
from vein2vein.record import tables

__all__ = [
    "DIAGNOSIS",
    "RAW_EXPOSURES",
    "RAW_MILESTONES",
    "RAW_OBSERVATIONS",
    "Canonical",
    "exposures",
    "milestones",
    "observations",
    "unknown_kind",
]

DIAGNOSIS: Final = "diagnosis "
"""How the code of a yes/no observation begins that is only a diagnosis which does not answer (`codes.is_answered`)."""
RAW_OBSERVATIONS: Final[Mapping[str, Any]] = {
    "file": pl.String,
    "row": pl.Int64,
    "course_id": pl.String,
    "kind": pl.String,  # id of the code files
    "value": None,  # text or number; a category or yes/no may stand here too
    "unit": pl.String,  # as sent; see knowledge.spellings
    "code": pl.String,  # category or yes/no, as id of the code files or as sent
    "comparator": pl.String,
    "observed_at": tables.Instant,  # from times.place, with observed_at_reason
    "recorded_at": tables.Instant,
    "reference_low": None,  # in the unit of the value
    "reference_high": None,
}


def observations(raw: pl.DataFrame, book: FaultBook, *, decimal: DecimalSign = "auto") -> Canonical:
    """Observations in canonical units.

    Args:
        raw: Columns of `RAW_OBSERVATIONS`; ``observed_at_reason`` of `times.place` is respected.
        book: Faults are entered here.
        decimal: What a comma in a number means; see `numbers`.
    """
    given = complete(raw, RAW_OBSERVATIONS)
    frame, refused = placed(given, "observed_at", known=codes.observations(), book=book)
    frame = _judged(frame, decimal=decimal)
    _note_observations(frame, book)
    if refused.height:
        here = given.filter(pl.col("kind").is_in(list(codes.observations())))
        here = here.join(refused, on=["file", "row"], how="semi", nulls_equal=True, maintain_order="left")
        here = here.with_columns(pl.lit(None, dtype=pl.String).alias("held"))
        _note_observations(_judged(here, decimal=decimal), book, are_refused=True)
    return Canonical(_observation_rows(frame), refused)


def _judged(frame: pl.DataFrame, *, decimal: DecimalSign) -> pl.DataFrame:
    """Add what each row says in canonical form, and the first fault that keeps it from being assessed as `trouble`."""
    frame = _with_units(read_numbers(frame, "value", decimal=decimal))
    frame = _worded(_converted(frame))
    first = pl.coalesce(*(pl.when(condition).then(pl.lit(id)) for id, condition in _troubles().items()), "held")
    return frame.with_columns(first.alias("trouble"))


def _with_units(frame: pl.DataFrame) -> pl.DataFrame:
    """Add type, scale, offset, decimals, limits and unit_trouble of each row's kind and unit."""
    spoken = pl.col("unit").str.strip_chars()
    written = pl.col("unit_in_value").str.strip_chars()
    frame = frame.with_columns(pl.when(spoken != "").then(spoken).otherwise(written).alias("unit"))
    # A unit behind the number that is not the one in the unit column makes the cell unreadable.
    differs = written.is_not_null() & (written != pl.col("unit"))
    frame = frame.with_columns((pl.col("is_text") | differs.fill_null(value=False)).alias("is_text"))
    pairs = frame.select("kind", "unit").unique().rows()
    table = pl.DataFrame(unit_table(pairs), schema=UNIT_TABLE, orient="row")
    return frame.join(table, on=["kind", "unit"], how="left", nulls_equal=True, maintain_order="left")


def _converted(frame: pl.DataFrame) -> pl.DataFrame:
    """Add value_out, reference limits and is_implausible."""
    raw = pl.col("number") * pl.col("scale") + pl.col("offset")
    rounded = raw
    for places in frame["decimals"].drop_nulls().unique().sort().to_list():
        rounded = pl.when(pl.col("decimals") == places).then(raw.round(places)).otherwise(rounded)
    frame = frame.with_columns(rounded.alias("value_out"))
    outside = ~pl.col("value_out").is_between(pl.col("low"), pl.col("high"))
    frame = frame.with_columns(outside.fill_null(value=False).alias("is_implausible"))
    for name in ("reference_low", "reference_high"):
        limit = frame.select(pl.col(name)).pipe(read_numbers, name)["number"]
        frame = frame.with_columns(
            limit.alias(f"{name}_number"), (pl.col(name).is_not_null() & limit.is_null()).alias(f"{name}_is_text")
        )
        limit_out = (pl.col(f"{name}_number") * pl.col("scale") + pl.col("offset")).round(6)
        frame = frame.with_columns(limit_out.alias(f"{name}_out"))
    return frame


def _worded(frame: pl.DataFrame) -> pl.DataFrame:
    """Add code_out for categories and yes/no kinds."""
    spoken = pl.coalesce(pl.col("code"), pl.col("value").cast(pl.String)).str.strip_chars()
    frame = frame.with_columns(pl.when(pl.col("type") != "number").then(spoken).alias("word"))
    pairs = frame.filter(pl.col("word").is_not_null()).select("kind", "type", "word").unique().rows()
    found = [(kind, word, _category(kind, type_, word), words.means_missing(word)) for kind, type_, word in pairs]
    schema = {"kind": pl.String, "word": pl.String, "code_out": pl.String, "word_is_absent": pl.Boolean}
    table = pl.DataFrame(found, schema=schema, orient="row")
    return frame.join(table, on=["kind", "word"], how="left", maintain_order="left")


def _category(kind: str, type_: str, word: str) -> str | None:
    if type_ == "category":
        return words.categories(kind).get(plain(word))
    return words.yes_or_no(word)


def _troubles() -> dict[str, pl.Expr]:
    """What keeps a row from being assessed: id -> which rows. A number can have several; the first is what it is counted as."""
    is_number = pl.col("type") == "number"
    is_sent = is_number & ~pl.col("is_absent")
    wordless = pl.col("word").is_null() | (pl.col("code_out").is_null() & pl.col("word_is_absent"))
    is_diagnosis = ~is_number & pl.col("word").str.starts_with(DIAGNOSIS).fill_null(value=False)
    is_strange = (~_comparator().is_in(_COMPARATORS)).fill_null(value=False)
    units = {id: is_sent & (pl.col("unit_trouble") == id) for id in _UNIT_TROUBLES}
    return {
        "INTAKE-025": (is_number & pl.col("is_absent")) | (~is_number & ~is_diagnosis & wordless),
        "INTAKE-016": is_sent & (pl.col("is_text") | pl.col("is_doubtful") | is_strange),
        **units,
        "INTAKE-015": is_sent & pl.col("is_implausible"),
        "INTAKE-053": is_diagnosis,
        "INTAKE-017": ~is_number & ~is_diagnosis & ~wordless & pl.col("code_out").is_null(),
    }


_UNIT_TROUBLES: Final = ("INTAKE-012", "INTAKE-013", "INTAKE-014")
_COMPARATORS: Final = ("<", "<=", ">", ">=")


def _comparator() -> pl.Expr:
    spoken = pl.col("comparator").str.strip_chars().replace({"≤": "<=", "≥": ">=", "=": None, "": None})
    return pl.coalesce(spoken, pl.col("comparator_in_value"))


def _observation_rows(frame: pl.DataFrame) -> pl.DataFrame:
    fine = pl.col("trouble").is_null()
    is_number = pl.col("type") == "number"
    unit = pl.when(pl.col("unit_in_value").is_null()).then(pl.col("unit"))
    text = pl.concat_str(pl.col("comparator").fill_null(""), pl.col("value").cast(pl.String).fill_null(""))
    sent = pl.concat_str(text.replace("", None), unit, separator=" ", ignore_nulls=True).replace("", None)
    as_is = (
        fine & is_number & (pl.col("scale") == 1) & (pl.col("offset") == 0) & pl.col("comparator_in_value").is_null()
    )
    return (
        frame.with_columns(
            source(),
            pl.when(is_number).then(sent).otherwise(pl.col("word")).alias("as_sent"),
            pl.when(fine).then(pl.lit("ok")).otherwise(pl.lit("not-assessable")).alias("usability"),
            pl.when(fine & is_number).then(pl.col("value_out")).alias("value"),
            pl.when(fine & is_number).then(_comparator()).alias("comparator"),
            pl.when(fine).then(pl.col("code_out")).alias("code"),
            pl.when(fine).then(pl.col("reference_low_out")).alias("reference_low"),
            pl.when(fine).then(pl.col("reference_high_out")).alias("reference_high"),
        )
        .with_columns(pl.when(~as_is.fill_null(value=False)).then(pl.col("as_sent")).alias("as_sent"))
        .select(*PLACE, *tables.OBSERVATIONS)
    )


def _note_observations(frame: pl.DataFrame, book: FaultBook, *, are_refused: bool = False) -> None:
    """Enter every fault of every row; of rows that are refused for another one, those beside it."""
    bad = frame.with_columns(slip_column().alias("slip")).filter(pl.col("trouble").is_not_null())
    told: dict[str, tuple[list[str], Callable[[Mapping[str, Any]], Fault]]] = {
        **{id: (["kind", "unit"], partial(_unit_fault, id)) for id in _UNIT_TROUBLES},
        "INTAKE-015": (["kind", "unit", "slip"], implausible_fault),
        "INTAKE-016": (["kind"], _no_number),
        "INTAKE-017": (["kind", "word"], _no_category),
        "INTAKE-053": (["kind", "word"], _diagnosis),
        "INTAKE-025": (["kind"], _no_value),
    }
    columns = ["file", "row", "kind", "unit", "value", "word", "slip", "low", "high"]
    for id, condition in _troubles().items():
        keys, describe = told[id]
        here = bad.filter(condition).select(columns)
        if are_refused:
            here = here.with_columns(pl.lit("refused").alias("fate"))
            book.note_rows(here, [*keys, "fate"], partial(refused_anyway, describe))
        else:
            book.note_rows(here, keys, describe)
    if are_refused:
        return
    limits = frame.filter(pl.col("reference_low_is_text") | pl.col("reference_high_is_text"))
    book.note_rows(limits.select("file", "row", "kind", "reference_low", "reference_high"), ["kind"], _no_limit)


def _unit_fault(id: str, group: Mapping[str, Any]) -> Fault:
    return unit_fault(group["kind"], group["unit"], id)


_KEPT: Final = "the rows are kept as not assessable; nothing is computed from them"


def _no_number(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-016",
        saw=f"{group['value']!r} for {group['kind']}",
        expected="one number, with a point or comma before the decimals and perhaps <, <=, > or >= in front",
        fix="correct the cells; where commas are decimal signs, declare decimal: comma in the mapping file",
        effect=_KEPT,
    )


def _no_category(group: Mapping[str, Any]) -> Fault:
    kind = codes.observation_kind(group["kind"])
    known = tuple(kind.categories) if kind.type == "category" else ("yes", "no")
    return Fault(
        "INTAKE-017",
        saw=f"{group['word']!r} for {group['kind']} ({kind.label['en']})",
        expected=f"one of {', '.join(known)}",
        fix="map the word under values in the mapping file",
        effect=_KEPT,
    )


def _diagnosis(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-053",
        saw=f"{group['word']} for {group['kind']} ({codes.observation_kind(group['kind']).label['en']})",
        expected="a statement, or the measurements and treatment themselves",
        fix="nothing need be done; chart the statement if it was made",
        effect=_KEPT,
    )


def _no_value(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-025",
        saw=f"rows of {group['kind']} without a value",
        expected="a value in every row",
        fix="leave out rows of measurements that were not made, or send what they said",
        effect=_KEPT,
    )


def _no_limit(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-042",
        saw=f"{group['reference_low']!r} to {group['reference_high']!r} as reference limits of {group['kind']}",
        expected="a number in each of the two columns, in the unit of the value",
        fix="split the range into its lower and its upper limit",
        effect="the values are used, without these limits",
    )
