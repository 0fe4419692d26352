"""What a centre says about its own codes, units and words, and the shared steps that act on it.

Place    Floor 3. Used by every adapter; `tables.mapping` reads it from a mapping file.
In       Frames in the words of the sender.
Out      The same frames in the words of the code files, and faults of codes that are set aside.
Missing  A code or unit that still says ASK is as good as undeclared; it is named, never guessed.
Checked  tests/acceptance/intake/test_local_words.py, tests/acceptance/intake/test_tables_mapped.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from vein2vein.errors import Fault
from vein2vein.intake.numbers import DecimalSign

ASK: Final = "ASK"
IGNORE: Final = "ignore"
IGNORED: Final = "INTAKE-040"
UNANSWERED: Final = "INTAKE-039"


class Part(BaseModel):
    """A part of a mapping file: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Codes(Part):
    """Local code -> id of the code files, ``ignore`` or ASK; an exposure is ``stream`` or ``stream/agent``.

    How a local code is written depends on the form: a word of tables; ``system|code`` or a bare code of FHIR; a bare source
    value, ``vocabulary|code`` or ``concept_id|number`` of OMOP.
    """

    observations: dict[str, str] = Field(default_factory=dict)
    exposures: dict[str, str] = Field(default_factory=dict)
    milestones: dict[str, str] = Field(default_factory=dict)


class Units(Part):
    """Local units.

    Attributes:
        missing: Kind -> unit of rows that name none.
        spellings: Unit as sent -> UCUM, for all kinds.
        by_kind: Kind -> unit as sent -> UCUM; before `spellings`.
    """

    missing: dict[str, str] = Field(default_factory=dict)
    spellings: dict[str, str] = Field(default_factory=dict)
    by_kind: dict[str, dict[str, str]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Local:
    """The local words of a delivery that is no plain table.

    Attributes:
        codes: Local codes.
        units: Local units.
        values: Kind -> word of the sender -> category, or yes or no.
        decimal: What a comma means in numbers that are sent as text.
    """

    codes: Codes = field(default_factory=Codes)
    units: Units = field(default_factory=Units)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decimal: DecimalSign = "auto"


def with_units(frame: pl.DataFrame, units: Units) -> pl.DataFrame:
    """Rows with the declared unit: by kind, by spelling, and for rows without one.

    Args:
        frame: Columns kind and unit; stated facts, which have no column for units, stay as they are.
        units: What is declared.
    """
    if "unit" not in frame.columns:
        return frame
    pairs = frame.select("kind", "unit").unique().rows()
    found = [(kind, unit, _unit(kind, unit, units)) for kind, unit in pairs]
    schema = {"kind": pl.String, "unit": pl.String, "_unit": pl.String}
    table = pl.DataFrame(found, schema=schema, orient="row")
    joined = frame.join(table, on=["kind", "unit"], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col("_unit").alias("unit")).drop("_unit")


def _unit(kind: str | None, unit: str | None, units: Units) -> str | None:
    if unit is None:
        answer = units.missing.get(kind or "")
    else:
        answer = units.by_kind.get(kind or "", {}).get(unit) or units.spellings.get(unit)
    return unit if answer in {None, ASK} else answer


def respelled(frame: pl.DataFrame, columns: tuple[str, ...], units: Units) -> pl.DataFrame:
    """Columns of units with the declared spellings; absent columns are passed over."""
    answers = {unit: answer for unit, answer in units.spellings.items() if answer != ASK}
    return frame.with_columns(pl.col(name).replace(answers) for name in columns if name in frame.columns)


def with_values(frame: pl.DataFrame, values: Mapping[str, Mapping[str, str]]) -> pl.DataFrame:
    """Words of values (columns value and code) put into the words of the code files, kind by kind."""
    for kind, answers in values.items():
        here = pl.col("kind") == kind
        given = {word: answer for word, answer in answers.items() if answer != ASK}
        frame = frame.with_columns(
            pl.when(here)
            .then(pl.col(name).cast(pl.String).replace(given))
            .otherwise(pl.col(name).cast(pl.String))
            .alias(name)
            for name in ("value", "code")
            if name in frame.columns
        )
    return frame


def set_aside(answer: str, local: str, table: str) -> Fault:
    """The fault of a local code whose declared answer is ``ignore`` or ASK."""
    saw = f"code {local!r} in {table}"
    if answer == IGNORE:
        return Fault(
            IGNORED, f"{saw}, set to ignore", "nothing else", "nothing need be done", "the rows are not needed"
        )
    fix = "answer it under codes in the mapping file"
    aside = "the rows are refused until it is answered"
    return Fault(UNANSWERED, f"{saw}: {ASK}", "an id of the code files, or ignore", fix, aside)


def unnamed_products(products: Sequence[str | None]) -> list[str]:
    """A note on courses whose product stays unknown; nothing when every course has one."""
    unnamed = sum(product is None for product in products)
    if not unnamed:
        return []
    note = (
        f"Of {len(products):,} courses {unnamed:,} have no product: their infusion stands under codes that say that cells were"
        " given and not which, such as CPT 38228 or ICD-10-PCS XW033C3. A code of the product (ATC, HCPCS) on the same day"
        " names it."
    )
    return [note]
