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
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import polars as pl

from vein2vein.basis.units import conversion
from vein2vein.errors import Fault
from vein2vein.intake import words
from vein2vein.intake.book import FaultBook
from vein2vein.intake.numbers import DecimalSign, read_numbers
from vein2vein.intake.times import DATE_ONLY
from vein2vein.intake.unit_table import UNIT_TABLE, implausible_fault, slip_column, unit_fault, unit_table
from vein2vein.intake.words import plain
from vein2vein.knowledge import codes
from vein2vein.knowledge.spellings import ucum_of
from vein2vein.record import tables

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
RAW_EXPOSURES: Final[Mapping[str, Any]] = {
    "file": pl.String,
    "row": pl.Int64,
    "course_id": pl.String,
    "kind": pl.String,  # id of the stream
    "agent": pl.String,
    "amount": None,
    "amount_unit": pl.String,
    "rate": None,
    "rate_unit": pl.String,
    "reason": pl.String,
    "started_at": tables.Instant,
    "ended_at": tables.Instant,
    "recorded_at": tables.Instant,
}
RAW_MILESTONES: Final[Mapping[str, Any]] = {
    "file": pl.String,
    "row": pl.Int64,
    "course_id": pl.String,
    "kind": pl.String,
    "at": tables.Instant,
    "detail": pl.String,
}
UNSPECIFIED: Final = "unspecified"
_PLACE: Final = {"file": pl.String, "row": pl.Int64}


@dataclass(frozen=True)
class Canonical:
    """Rows in the schema of a cohort table plus file and row, and the refused rows (file, row, reason)."""

    rows: pl.DataFrame
    refused: pl.DataFrame


def observations(raw: pl.DataFrame, book: FaultBook, *, decimal: DecimalSign = "auto") -> Canonical:
    """Observations in canonical units.

    Args:
        raw: Columns of `RAW_OBSERVATIONS`; ``observed_at_reason`` of `times.place` is respected.
        book: Faults are entered here.
        decimal: What a comma in a number means; see `numbers`.
    """
    frame, refused = _placed(_complete(raw, RAW_OBSERVATIONS), "observed_at", known=codes.observations(), book=book)
    frame = read_numbers(frame, "value", decimal=decimal)
    frame = _with_units(frame)
    frame = _converted(frame)
    frame = _worded(frame)
    frame = frame.with_columns(_trouble().alias("trouble"))
    _note_observations(frame, book)
    return Canonical(_observation_rows(frame), refused)


def exposures(raw: pl.DataFrame, book: FaultBook, *, decimal: DecimalSign = "auto") -> Canonical:
    """Exposures with known agents and canonical rates and amounts.

    A rate or amount whose unit cannot be used becomes empty and an unknown agent "unspecified"; both are named. A row
    whose start or end cannot be read, or that ends before it starts, is refused: left open it would run forever.
    """
    frame, refused = _placed(_complete(raw, RAW_EXPOSURES), "started_at", known=codes.streams(), book=book)
    frame, more = _with_ends(frame, book)
    frame, unknown = _with_agents(frame, book)
    for quantity in ("amount", "rate"):
        frame = _with_quantity(frame, quantity, book, decimal=decimal)
    frame = _with_names(frame, "reason", known=words.reasons, id="INTAKE-043", book=book)
    rows = frame.with_columns(_source()).select(*_PLACE, *tables.EXPOSURES)
    return Canonical(rows, pl.concat([refused, more, unknown]))


def milestones(raw: pl.DataFrame, book: FaultBook) -> Canonical:
    """Milestones with known details; a date alone stands at the start of its local day, a death near its end."""
    frame, refused = _placed(_complete(raw, RAW_MILESTONES), "at", known=codes.milestones(), book=book)
    # Whatever was charted on the day of a death came before it. A local day has 23 hours at the least.
    late = pl.col("kind").is_in(["death", "last_seen"]) & (pl.col("held") == DATE_ONLY)
    frame = frame.with_columns(pl.when(late).then(pl.col("at") + pl.duration(seconds=82_799)).otherwise(pl.col("at")))
    frame = _with_names(frame, "detail", known=words.details, id="INTAKE-044", book=book)
    return Canonical(frame.with_columns(_source()).select(*_PLACE, *tables.MILESTONES), refused)


def _complete(raw: pl.DataFrame, columns: Mapping[str, Any]) -> pl.DataFrame:
    """The frame with every column of the list; text columns as text."""
    return raw.with_columns(
        *(
            pl.lit(None, dtype=dtype or pl.String).alias(name)
            for name, dtype in columns.items()
            if name not in raw.columns
        ),
        *(
            pl.col(name).cast(dtype)
            for name, dtype in columns.items()
            if name in raw.columns and dtype is not None and raw.schema[name] != dtype
        ),
    )


def _source() -> pl.Expr:
    return pl.format("{}:{}", pl.col("file"), pl.col("row")).alias("source")


def _placed(
    frame: pl.DataFrame, time: str, *, known: Mapping[str, Any], book: FaultBook
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with a course, a known kind and an instant; and the refused others."""
    sent = pl.col(f"{time}_reason") if f"{time}_reason" in frame.columns else pl.lit(None, dtype=pl.String)
    # A date alone gives an instant; observations keep such a row aside, exposures have no way to do so.
    held = pl.when(pl.col(time).is_not_null()).then(sent)
    unknown = pl.col("kind").is_not_null() & ~pl.col("kind").is_in(list(known))
    reason = (
        pl.when(pl.col("course_id").is_null() | pl.col("kind").is_null())
        .then(pl.lit("INTAKE-032"))
        .when(unknown)
        .then(pl.lit("INTAKE-021"))
        .when(pl.col(time).is_null())
        .then(pl.coalesce(sent, pl.lit("INTAKE-032")))
    )
    if time == "started_at":
        reason = reason.when(held.is_not_null()).then(held)
    frame = frame.with_columns(reason.alias("refusal"), held.alias("held"))
    refused = frame.filter(pl.col("refusal").is_not_null())
    book.note_rows(
        refused.filter(pl.col("refusal") == "INTAKE-021"), ["kind"], lambda g: unknown_kind(g["kind"], known)
    )
    empty = refused.filter(pl.col("refusal") == "INTAKE-032").with_columns(
        pl.when(pl.col("course_id").is_null()).then(pl.lit("course"))
        .when(pl.col("kind").is_null()).then(pl.lit("kind")).otherwise(pl.lit(time)).alias("lacking")
    )  # fmt: skip
    book.note_rows(empty, ["lacking"], lambda g: _lacking(g["lacking"]))
    gone = refused.select("file", "row", pl.col("refusal").alias("reason"))
    return frame.filter(pl.col("refusal").is_null()).drop("refusal"), gone


def _lacking(what: str) -> Fault:
    return Fault(
        "INTAKE-032",
        saw=f"rows without {what}",
        expected="a course, a kind and a time in every row",
        fix="fill the cells, or name the column that holds them in the mapping file",
        effect="the rows cannot be placed and are refused",
    )


def unknown_kind(code: str, known: Mapping[str, Any], *, what: str = "kind") -> Fault:
    """INTAKE-021 for one unknown code, with the nearest known ones."""
    near = codes.nearest(code, known)
    return Fault(
        "INTAKE-021",
        saw=f"{what} {code!r}",
        expected="a code that the mapping file or the code files know"
        + (f"; nearest: {', '.join(near)}" if near else ""),
        fix="map the code, or set it to ignore, in the mapping file",
        effect="the rows are refused",
    )


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


def _trouble() -> pl.Expr:
    """Id of the first fault that keeps a row from being assessed; null for a usable row."""
    is_number = pl.col("type") == "number"
    wordless = pl.col("word").is_null() | (pl.col("code_out").is_null() & pl.col("word_is_absent"))
    return (
        pl.when(is_number & pl.col("is_absent")).then(pl.lit("INTAKE-025"))
        .when(is_number & (pl.col("is_text") | pl.col("is_doubtful"))).then(pl.lit("INTAKE-016"))
        .when(is_number & pl.col("unit_trouble").is_not_null()).then(pl.col("unit_trouble"))
        .when(is_number & pl.col("is_implausible")).then(pl.lit("INTAKE-015"))
        .when(~is_number & wordless).then(pl.lit("INTAKE-025"))
        .when(~is_number & pl.col("code_out").is_null()).then(pl.lit("INTAKE-017"))
        .when(is_number & _comparator().is_not_null() & ~_comparator().is_in(_COMPARATORS)).then(pl.lit("INTAKE-016"))
        .otherwise(pl.col("held"))
    )  # fmt: skip


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
            _source(),
            pl.when(is_number).then(sent).otherwise(pl.col("word")).alias("as_sent"),
            pl.when(fine).then(pl.lit("ok")).otherwise(pl.lit("not-assessable")).alias("usability"),
            pl.when(fine & is_number).then(pl.col("value_out")).alias("value"),
            pl.when(fine & is_number).then(_comparator()).alias("comparator"),
            pl.when(fine).then(pl.col("code_out")).alias("code"),
            pl.when(fine).then(pl.col("reference_low_out")).alias("reference_low"),
            pl.when(fine).then(pl.col("reference_high_out")).alias("reference_high"),
        )
        .with_columns(pl.when(~as_is.fill_null(value=False)).then(pl.col("as_sent")).alias("as_sent"))
        .select(*_PLACE, *tables.OBSERVATIONS)
    )


def _note_observations(frame: pl.DataFrame, book: FaultBook) -> None:
    frame = frame.with_columns(slip_column().alias("slip"))
    columns = ["file", "row", "kind", "unit", "value", "trouble", "word", "slip", "low", "high"]
    bad = frame.filter(pl.col("trouble").is_not_null()).select(columns)
    for id in ("INTAKE-012", "INTAKE-013", "INTAKE-014"):
        book.note_rows(_of(bad, id), ["kind", "unit"], partial(_unit_fault, id))
    book.note_rows(_of(bad, "INTAKE-015"), ["kind", "unit", "slip"], implausible_fault)
    book.note_rows(_of(bad, "INTAKE-016"), ["kind"], _no_number)
    book.note_rows(_of(bad, "INTAKE-017"), ["kind", "word"], _no_category)
    book.note_rows(_of(bad, "INTAKE-025"), ["kind"], _no_value)
    limits = frame.filter(pl.col("reference_low_is_text") | pl.col("reference_high_is_text"))
    book.note_rows(limits.select("file", "row", "kind", "reference_low", "reference_high"), ["kind"], _no_limit)


def _of(bad: pl.DataFrame, id: str) -> pl.DataFrame:
    return bad.filter(pl.col("trouble") == id)


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


def _with_ends(frame: pl.DataFrame, book: FaultBook) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows whose end can be believed; the others are refused."""
    end_reason = pl.col("ended_at_reason") if "ended_at_reason" in frame.columns else pl.lit(None, dtype=pl.String)
    negative = pl.col("ended_at") < pl.col("started_at")
    reason = pl.when(end_reason.is_not_null()).then(end_reason).when(negative).then(pl.lit("INTAKE-029"))
    frame = frame.with_columns(reason.alias("refusal"))
    refused = frame.filter(pl.col("refusal").is_not_null())
    backwards = refused.filter(pl.col("refusal") == "INTAKE-029").select(
        "file", "row", "kind", "started_at", "ended_at"
    )
    book.note_rows(backwards, ["kind"], _negative)
    return (
        frame.filter(pl.col("refusal").is_null()).drop("refusal"),
        refused.select("file", "row", pl.col("refusal").alias("reason")),
    )


def _negative(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-029",
        saw=f"{group['kind']} from {group['started_at'].isoformat()} to {group['ended_at'].isoformat()}",
        expected="an end that is not before the start",
        fix="correct the times, or leave the end empty when it is not known",
        effect="the rows are refused",
    )


def _with_agents(frame: pl.DataFrame, book: FaultBook) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Known agents; unknown ones become unspecified, but a charted stream or an other cause must be known."""
    pairs = frame.select("kind", "agent").unique().rows()
    found = [(kind, sent, _agent(kind, sent)) for kind, sent in pairs]
    schema = {"kind": pl.String, "agent": pl.String, "agent_out": pl.String}
    table = pl.DataFrame(found, schema=schema, orient="row")
    frame = frame.join(table, on=["kind", "agent"], how="left", nulls_equal=True, maintain_order="left")
    strange = frame.filter(pl.col("agent_out").is_null()).select("file", "row", "kind", "agent")
    book.note_rows(strange, ["kind", "agent"], _strange_agent)
    lost = pl.col("agent_out").is_null() & pl.col("kind").is_in(_NEEDS_AGENT)
    refused = frame.filter(lost).select("file", "row", pl.lit("INTAKE-038").alias("reason"))
    kept = frame.filter(~lost).with_columns(pl.col("agent_out").fill_null(UNSPECIFIED).alias("agent"))
    return kept.drop("agent_out"), refused


_NEEDS_AGENT: Final = ["charted", "other_cause"]


def _agent(stream: str, sent: str | None) -> str | None:
    if sent is None or words.means_missing(sent) or plain(sent) == UNSPECIFIED:
        return None if stream in _NEEDS_AGENT else UNSPECIFIED
    return words.agents(stream).get(plain(sent))


def _strange_agent(group: Mapping[str, Any]) -> Fault:
    known = codes.streams() if group["kind"] == "charted" else codes.stream(group["kind"]).agents
    refused = group["kind"] in _NEEDS_AGENT
    return Fault(
        "INTAKE-038",
        saw=f"{group['agent']!r} as agent of {group['kind']}",
        expected=f"one of {', '.join(known) or 'unspecified'}",
        fix="map the name under agents in the mapping file",
        effect="the rows are refused" if refused else "the rows are used with an unspecified agent",
    )


def _with_quantity(frame: pl.DataFrame, name: str, book: FaultBook, *, decimal: DecimalSign) -> pl.DataFrame:
    """Amount or rate in a canonical unit of its stream; what cannot be converted becomes empty and is named."""
    unit = f"{name}_unit"
    frame = read_numbers(frame, name, decimal=decimal)
    frame = frame.with_columns(
        pl.coalesce(pl.col(unit).str.strip_chars().replace("", None), pl.col("unit_in_value")).alias(unit)
    )
    pairs = frame.filter(~pl.col("is_absent")).select("kind", unit).unique().rows()
    found = [(kind, sent, *_stream_unit(kind, sent, name)) for kind, sent in pairs]
    schema = {"kind": pl.String, unit: pl.String, "unit_out": pl.String, "scale": pl.Float64}
    table = pl.DataFrame(found, schema=schema, orient="row")
    frame = frame.join(table, on=["kind", unit], how="left", nulls_equal=True, maintain_order="left")
    number = pl.when((pl.col("number") >= 0) & pl.col("comparator_in_value").is_null()).then(pl.col("number"))
    value = (number * pl.col("scale")).round(6)
    frame = frame.with_columns(value.alias("_out"))
    unusable = frame.filter(~pl.col("is_absent") & pl.col("_out").is_null())
    book.note_rows(
        unusable.select("file", "row", "kind", unit, pl.col(name).cast(pl.String).alias("value")),
        ["kind", unit],
        lambda group: _strange_quantity(group, name),
    )
    frame = frame.with_columns(
        pl.col("_out").alias(name), pl.when(pl.col("_out").is_not_null()).then(pl.col("unit_out")).alias(unit)
    )
    drop = [
        "number",
        "comparator_in_value",
        "unit_in_value",
        "is_absent",
        "is_doubtful",
        "is_text",
        "unit_out",
        "scale",
    ]
    return frame.drop(*drop, "_out")


def _stream_unit(stream: str, sent: str | None, name: str) -> tuple[str | None, float | None]:
    entry = codes.stream(stream)
    ucum = ucum_of(sent) if sent else None
    if ucum is None:
        return None, None
    ucum = entry.accepted_as.get(ucum, ucum)
    for canonical in entry.rate_units if name == "rate" else entry.amount_units:
        found = conversion(ucum, canonical)
        if found is not None and found[1] == 0:
            return canonical, found[0]
    return None, None


def _strange_quantity(group: Mapping[str, Any], name: str) -> Fault:
    entry = codes.stream(group["kind"])
    known = entry.rate_units if name == "rate" else entry.amount_units
    return Fault(
        "INTAKE-037",
        saw=f"{name} {group['value']!r} in {group[f'{name}_unit'] or 'no unit'} for {group['kind']}",
        expected=f"a number in {', '.join(known)}, or in a unit that converts to it" if known else f"no {name}",
        fix="send the unit with the number, or map it in the mapping file",
        effect=f"the rows are used without their {name}",
    )


def _with_names(
    frame: pl.DataFrame, column: str, *, known: Callable[[str], Mapping[str, str]], id: str, book: FaultBook
) -> pl.DataFrame:
    """A reason or detail by its id; an unknown one becomes empty where the kind has a list, and is named."""
    pairs = frame.filter(pl.col(column).is_not_null()).select("kind", column).unique().rows()
    found = [
        (kind, sent, known(kind).get(plain(sent)) if known(kind) else sent, words.means_missing(sent))
        for kind, sent in pairs
    ]
    schema = {"kind": pl.String, column: pl.String, "_out": pl.String, "_empty": pl.Boolean}
    table = pl.DataFrame(found, schema=schema, orient="row")
    frame = frame.join(table, on=["kind", column], how="left", maintain_order="left")
    strange = frame.filter(pl.col("_out").is_null() & ~pl.col("_empty"))
    book.note_rows(
        strange.select("file", "row", "kind", column),
        ["kind", column],
        lambda group: Fault(
            id,
            saw=f"{group[column]!r} as {column} of {group['kind']}",
            expected=f"one of {', '.join(dict.fromkeys(known(group['kind']).values()))}",
            fix=f"map the word under {column}s in the mapping file",
            effect=f"the rows are used without their {column}",
        ),
    )
    return frame.with_columns(pl.col("_out").alias(column)).drop("_out", "_empty")
