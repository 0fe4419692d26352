"""Whole columns as text: JSON, instants, numbers, and numbers in the unit in which they were sent.

Place    Floor 4, writers.
In       Polars expressions and frames.
Out      Expressions of text.
Knows    Text is made for whole columns at once; making an object for every row would take a hundred times as long.
Checked  tests/unit/population/test_writers.py
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from vein2vein.basis.units import conversion
from vein2vein.knowledge import codes
from vein2vein.knowledge.spellings import ucum_of

_SENT: Final = r"^(-?\d+(?:\.\d+)?) (\S.*)$"
_NEAR: Final = 1e-9
FREE_TEXT: Final = "charted as: "
"""How the source of an exposure begins that was charted as a text; the text follows."""
NOTHING: Final = pl.lit("")


def literal(value: Any) -> str:
    """A value as JSON text without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def quoted(frame: pl.DataFrame, column: str) -> pl.Expr:
    """A text column as JSON strings; null stays null. Each distinct text is made once."""
    words = frame[column].drop_nulls().unique().sort().to_list()
    return said(column, {word: literal(word) for word in words})


def said(column: str | pl.Expr, table: dict[Any, str], *, default: str | None = None) -> pl.Expr:
    """A column by a table of words; what is not in the table becomes `default`."""
    by = pl.col(column) if isinstance(column, str) else column
    if not table:
        return pl.lit(default, dtype=pl.String)
    return by.replace_strict(list(table), list(table.values()), default=default, return_dtype=pl.String)


def instant(column: str, zone: str) -> pl.Expr:
    """An instant with the offset that the clocks of a zone showed, such as 2026-03-01T08:00:00+01:00."""
    return pl.col(column).dt.convert_time_zone(zone).dt.strftime("%Y-%m-%dT%H:%M:%S%.f%:z")


def number(column: str | pl.Expr) -> pl.Expr:
    """A number as text that reads back as the same number; whole numbers without a point."""
    value = pl.col(column) if isinstance(column, str) else column
    return value.cast(pl.String).str.strip_suffix(".0")


def joined(parts: Sequence[pl.Expr | str]) -> pl.Expr:
    """Texts one behind the other; bare strings are taken as they are."""
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part for part in parts])


def where(condition: pl.Expr, parts: Sequence[pl.Expr | str]) -> pl.Expr:
    """The joined parts where the condition holds, nothing elsewhere."""
    return pl.when(condition).then(joined([_filled(part) for part in parts])).otherwise(NOTHING)


def _filled(part: pl.Expr | str) -> pl.Expr:
    return pl.lit(part) if isinstance(part, str) else part.fill_null("")


def append_lines(path: Path, lines: pl.Series) -> int:
    """Append lines to a text file, which is made when needed; how many there were."""
    if len(lines):
        with path.open("ab") as file:
            lines.to_frame("line").write_csv(file, include_header=False, quote_style="never")
    return len(lines)


def as_sent(observations: pl.DataFrame) -> pl.DataFrame:
    """Add sent_value (text), sent_unit, sent_low and sent_high: as in `as_sent` where that means the value, else its own.

    A usable number whose `as_sent` says "101.3 [degF]" was sent in that unit. Only a text that converts back to exactly the
    value of the row is believed; everything else is written in the canonical unit of its kind.
    """
    units = {kind: str(entry.unit) for kind, entry in codes.observations().items() if entry.type == "number"}
    parts = pl.col("as_sent").str.extract_groups(_SENT)
    frame = observations.with_columns(
        said("kind", units).alias("_canonical"),
        parts.struct.field("1").alias("_sent"),
        parts.struct.field("2").alias("_unit"),
    )
    fitting = (pl.col("usability") == "ok") & pl.col("_sent").is_not_null()
    frame = frame.with_columns(pl.when(fitting.fill_null(value=False)).then(pl.col("_unit")).alias("_unit"))
    pairs = frame.filter(pl.col("_unit").is_not_null()).select("kind", "_unit").unique().rows()
    schema: dict[str, Any] = {
        "kind": pl.String,
        "_unit": pl.String,
        "_scale": pl.Float64,
        "_offset": pl.Float64,
        "_places": pl.Int64,
    }
    table = pl.DataFrame(
        [(kind, unit, *_conversion(kind, unit)) for kind, unit in pairs], schema=schema, orient="row"
    ).drop_nulls()
    frame = frame.join(table, on=["kind", "_unit"], how="left", maintain_order="left")
    back: pl.Expr = pl.col("_sent").cast(pl.Float64) * pl.col("_scale") + pl.col("_offset")
    rounded = back
    for places in table["_places"].unique().sort().to_list():
        rounded = pl.when(pl.col("_places") == places).then(back.round(places)).otherwise(rounded)
    same = ((rounded - pl.col("value")).abs() <= _NEAR).fill_null(value=False)
    limits = {s: ((pl.col(f"reference_{s}") - pl.col("_offset")) / pl.col("_scale")).round(9) for s in ("low", "high")}
    return frame.with_columns(
        pl.when(same).then(pl.col("_sent")).otherwise(number("value")).alias("sent_value"),
        pl.when(same).then(pl.col("_unit")).otherwise(pl.col("_canonical")).alias("sent_unit"),
        *(pl.when(same).then(limits[s]).otherwise(pl.col(f"reference_{s}")).alias(f"sent_{s}") for s in limits),
    ).drop("_canonical", "_sent", "_unit", "_scale", "_offset", "_places")


def in_units(units: Mapping[str, str]) -> pl.DataFrame:
    """Units in which kinds are sent: kind, _unit, and _scale, _offset, _digits that bring back every value of the kind.

    ``value = sent * _scale + _offset``, where `sent` is rounded to `_digits` and `value` to the decimals of the kind.
    """
    rows = []
    for kind, unit in units.items():
        scale, offset, places = _conversion(kind, unit)
        if scale is None or places is None:
            msg = f"unit {unit!r} of {kind} cannot be converted"
            raise AssertionError(msg)
        rows.append((kind, unit, scale, offset, max(math.floor(places + math.log10(scale)) + 1, 0)))
    schema = {"kind": pl.String, "_unit": pl.String, "_scale": pl.Float64, "_offset": pl.Float64, "_digits": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _conversion(kind: str, unit: str) -> tuple[float | None, float | None, int | None]:
    entry = codes.observations().get(kind)
    ucum = ucum_of(unit)
    if entry is None or ucum is None or ucum in entry.ambiguous_units:
        return None, None, None
    found = conversion(entry.accepted_as.get(ucum, ucum), str(entry.unit), entry.molar_mass)
    return (None, None, None) if found is None else (*found, entry.decimals)


def ucum(units: Iterable[str]) -> dict[str, str]:
    """Units as sent -> UCUM units."""
    return {unit: found for unit in units if (found := ucum_of(unit)) is not None}
