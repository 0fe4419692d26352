"""Read numbers out of text: comparator, decimal sign, and a unit written behind the number.

Place    Floor 3. Used by `canonical`.
In       Text such as "<0.1", "38,5", "1.234,5", "12 mg/L".
Out      Columns number, comparator, unit_in_value, and whether the text is no number or could be two.
Knows    "1,234" is one thousand or one and a bit: without a declared decimal sign it is refused, never guessed.
Checked  tests/unit/intake/test_numbers.py
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from vein2vein.intake.words import missing_words

DecimalSign = Literal["auto", "point", "comma"]

_SHAPE: Final = (
    r"^(?P<comparator><=|>=|=<|=>|<|>|≤|≥|=)?\s*"
    r"(?P<number>[+-]?[0-9][0-9.,' ]*?(?:[eE][+-]?[0-9]+)?)"
    # A unit does not begin like a number or a range; a count such as 10^9/L needs a blank before it.
    r"(?:\s*(?P<unit>[^0-9.,'\s+-].*)|\s+(?P<count>10[*^eE].*))?\s*$"
)
_FALSE: Final = pl.lit(value=False)
_COMPARATORS: Final = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=", "=": None}
# One group of three behind a single comma: thousands, or three decimals.
_DOUBTFUL: Final = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
_PLAIN: Final = r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_DECIMAL_COMMA: Final = r"^[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?$"
_POINTS: Final = r"^[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]+)?$"
_COMMAS: Final = r"^[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
_BLANKS: Final = r"^[+-]?[1-9][0-9]{0,2}(?:[ '][0-9]{3})+(?:[.,][0-9]+)?$"


def read_numbers(frame: pl.DataFrame, column: str, *, decimal: DecimalSign = "auto") -> pl.DataFrame:
    """Add number, comparator_in_value, unit_in_value, is_absent, is_doubtful and is_text for a column.

    Args:
        frame: Any frame.
        column: Text or number column.
        decimal: What a single comma means: "auto" refuses what could be thousands, "comma" reads it as the decimal
            sign (and points as thousands), "point" reads commas as thousands.
    """
    if frame.schema[column].is_numeric():
        number = pl.col(column).cast(pl.Float64)
        number = pl.when(number.is_finite()).then(number)
        nothing = pl.lit(None, dtype=pl.String)
        return frame.with_columns(
            number.alias("number"), nothing.alias("comparator_in_value"), nothing.alias("unit_in_value"),
            number.is_null().alias("is_absent"), _FALSE.alias("is_doubtful"), _FALSE.alias("is_text"),
        )  # fmt: skip
    text = pl.col(column).cast(pl.String).str.strip_chars()
    # Most columns of a delivery are plain numbers: only the other words are taken apart, each distinct one once.
    # The cast alone would also read "1 23" and "inf". Where commas are decimal signs, "1.234" is a thousand and more.
    is_plain = text.str.contains(_PLAIN)
    if decimal == "comma":
        is_plain &= ~text.str.contains(_POINTS)
    quick = pl.when(is_plain).then(text.cast(pl.Float64, strict=False))
    quick = pl.when(quick.is_finite()).then(quick)
    frame = frame.with_columns(quick.alias("number"))
    odd = frame["number"].is_null() & frame[column].is_not_null()
    if not odd.any():
        nothing = pl.lit(None, dtype=pl.String)
        return frame.with_columns(
            nothing.alias("comparator_in_value"), nothing.alias("unit_in_value"), pl.col(column).is_null().alias("is_absent"),
            _FALSE.alias("is_doubtful"), _FALSE.alias("is_text"),
        )  # fmt: skip
    words = frame.filter(odd).select(pl.col(column)).unique()
    read = _read_words(words, column, decimal)
    joined = frame.drop("number").join(read, on=column, how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce(quick, pl.col("number")).alias("number"),
        pl.col("is_absent").fill_null(pl.col(column).is_null()),
        pl.col("is_doubtful").fill_null(value=False),
        pl.col("is_text").fill_null(value=False),
    )


def _read_words(words: pl.DataFrame, column: str, decimal: DecimalSign) -> pl.DataFrame:
    text = pl.col(column).cast(pl.String).str.strip_chars()
    parts = text.str.extract_groups(_SHAPE)
    frame = words.with_columns(
        parts.struct.field("comparator").replace(_COMPARATORS).alias("comparator_in_value"),
        parts.struct.field("number").alias("_digits"),
        pl.coalesce(parts.struct.field("unit"), parts.struct.field("count")).alias("unit_in_value"),
        text.str.to_lowercase().is_in(missing_words()).alias("is_absent"),
    )
    digits = pl.col("_digits")
    doubtful = digits.str.contains(_DOUBTFUL) if decimal == "auto" else _FALSE
    number = pl.when(~pl.col("is_absent") & ~doubtful).then(_plain(digits, decimal).cast(pl.Float64, strict=False))
    is_text = pl.col("number").is_null() & ~pl.col("is_absent") & ~pl.col("is_doubtful")
    return (
        frame.with_columns(
            number.alias("number"),
            (doubtful & ~pl.col("is_absent")).fill_null(value=False).alias("is_doubtful"),
        )
        .with_columns(is_text.alias("is_text"))
        .drop("_digits")
    )


def _plain(digits: pl.Expr, decimal: DecimalSign) -> pl.Expr:
    """The digits with a point as the decimal sign and no signs between thousands; null for anything else."""
    bare = pl.when(digits.str.contains(_BLANKS)).then(digits.str.replace_all("[ ']", "")).otherwise(digits)
    points = bare.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    commas = bare.str.replace_all(",", "", literal=True)
    is_plain, is_points, is_commas = (bare.str.contains(shape) for shape in (_PLAIN, _POINTS, _COMMAS))
    comma = bare.str.contains(_DECIMAL_COMMA)
    if decimal == "comma":
        return pl.when(is_points | comma).then(points).when(is_plain).then(bare)
    if decimal == "point":
        return pl.when(is_commas).then(commas).when(is_plain).then(bare)
    return pl.when(is_plain).then(bare).when(comma | is_points).then(points).when(is_commas).then(commas)
