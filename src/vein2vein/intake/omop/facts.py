"""Say the rows of OMOP in the words of intake: raw observations, exposures and milestones.

Place    Floor 3, intake. Between `rows` and `intake.canonical`.
In       Rows with meaning, course and instant; the delivery's names of units, operators and values.
Out      Frames in the columns that `intake.canonical` takes.
Knows    A unit concept of the UCUM vocabulary carries its unit as its code. Where concept and unit text contradict each
         other and the value was not converted, both are handed on as one unit that nobody can read, so that the row is
         kept as not assessable and named.
Does not Convert units, parse numbers or judge values.
Checked  tests/acceptance/intake/omop/test_four_forms.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from vein2vein.intake.canonical import DIAGNOSIS
from vein2vein.intake.omop.concepts import Lexicon, codes_of_concepts, convention_concepts
from vein2vein.intake.omop.source import RAW, Source
from vein2vein.intake.omop.wanted import FLOW, conventions
from vein2vein.intake.unit_table import UNIT_TABLE, unit_table
from vein2vein.knowledge import codes
from vein2vein.knowledge.spellings import ucum_of

_CLOSE: Final = 0.01
_INSTANT_TABLES: Final = frozenset({"procedure_occurrence", "measurement", "observation"})
_PER_TIME: Final = ("/min", "/h", "/s", "/d")
_DAY: Final = r"^\d{4}-\d{2}-\d{2}$"


@dataclass(frozen=True)
class Names:
    """What the concept numbers of values say in one delivery: operator, unit, answer or category."""

    operators: dict[int, str]
    values: dict[int, tuple[str, str]]

    def unit(self, concept: int) -> str | None:
        """UCUM unit of a unit concept."""
        vocabulary, code = self.values.get(concept, ("", ""))
        return code if vocabulary == "UCUM" else None

    def word(self, concept: int) -> str | None:
        """What a value concept says: yes, no, or its code."""
        found = self.values.get(concept)
        if found is None:
            return None
        for answer, listed in conventions().answers.items():
            if any((c.vocabulary, c.code) == found for c in listed):
                return answer
        return found[1]


def names_of(source: Source, frames: list[pl.DataFrame]) -> Names:
    """Look up the units, operators and value concepts that occur in the frames."""
    concepts: set[int] = set()
    for frame in frames:
        for column in ("unit_concept_id", "value_as_concept_id"):
            if column in frame.columns:
                concepts |= set(frame[column].drop_nulls().unique().to_list())
    return Names(convention_concepts(source, conventions().operators), codes_of_concepts(source, concepts))


def observations(frame: pl.DataFrame, names: Names) -> list[pl.DataFrame]:
    """Raw observations of one table: numbers as numbers in one frame, everything that is text in another."""
    here = frame.filter(pl.col("role") == "observation")
    if here.is_empty():
        return []
    if "value_as_number" not in here.columns:
        # A condition or procedure states the fact by being recorded, unless its code leaves open what the kind asks.
        weak = [kind for kind in here["kind"].unique() if not codes.is_answered(kind)]
        said = pl.when(pl.col("kind").is_in(weak)).then(pl.lit(DIAGNOSIS) + pl.col("file")).otherwise(pl.lit("yes"))
        return [_named(here.with_columns(said.alias("code")))]
    here = _with_unit(_with_words(here, names), names)
    types = {kind: entry.type for kind, entry in codes.observations().items()}
    is_number = pl.col("kind").replace_strict(types, return_dtype=pl.String) == "number"
    numeric = is_number & pl.col("value_as_number").is_not_null()
    parts = [
        here.filter(numeric).with_columns(
            pl.col("value_as_number").alias("value"), pl.lit(None, dtype=pl.String).alias("code")
        ),
        here.filter(~numeric & is_number).with_columns(
            _text().alias("value"), pl.lit(None, dtype=pl.String).alias("code")
        ),
        here.filter(~is_number).with_columns(pl.lit(None, dtype=pl.String).alias("value"), _word().alias("code")),
    ]
    return [_named(part) for part in parts if part.height]


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    columns = [
        "file",
        "row",
        "course_id",
        "kind",
        "value",
        "unit",
        "code",
        "comparator",
        "reference_low",
        "reference_high",
    ]
    times = ["observed_at", "observed_at_reason", "observed_at_sent"]
    renamed = frame.rename({"at": "observed_at", "at_reason": "observed_at_reason", "at_sent": "observed_at_sent"})
    return renamed.select(c for c in (*columns, *times) if c in renamed.columns)


def _with_words(frame: pl.DataFrame, names: Names) -> pl.DataFrame:
    operator = pl.lit(None, dtype=pl.String)
    if "operator_concept_id" in frame.columns:
        operator = _looked_up("operator_concept_id", names.operators)
    present = [c for c in frame["value_as_concept_id"].drop_nulls().unique().to_list() if c]
    words = {concept: word for concept in present if (word := names.word(concept)) is not None}
    limits = [
        (pl.col(f"range_{side}") if f"range_{side}" in frame.columns else pl.lit(None, dtype=pl.Float64)).alias(
            f"reference_{side}"
        )
        for side in ("low", "high")
    ]
    return frame.with_columns(
        operator.alias("comparator"), _looked_up("value_as_concept_id", words).alias("word"), *limits
    )


def _looked_up(column: str, table: dict[int, str]) -> pl.Expr:
    return pl.col(column).cast(pl.Int64).replace_strict(
        list(table), list(table.values()), default=None, return_dtype=pl.String
    ) if table else pl.lit(None, dtype=pl.String)  # fmt: skip


def _text() -> pl.Expr:
    """The value as the delivering system wrote it, for a number that the data model could not hold."""
    return pl.coalesce(pl.col("_raw"), pl.col("_string"), pl.col("value_source_value"))


def _word() -> pl.Expr:
    number = pl.col("value_as_number").cast(pl.String)
    return pl.coalesce(pl.col("word"), pl.col("_string"), pl.col("value_source_value"), pl.col("_raw"), number)


def _with_unit(frame: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Add unit: that of the unit concept, else as written; both together where they contradict each other."""
    nothing = pl.lit(None, dtype=pl.String)
    raw, string = f"value_as_number{RAW}", "value_as_string"
    present = [c for c in frame["unit_concept_id"].drop_nulls().unique().to_list() if c]
    units = {concept: unit for concept in present if (unit := names.unit(concept)) is not None}
    frame = frame.with_columns(
        (pl.col(raw) if raw in frame.columns else nothing).alias("_raw"),
        (pl.col(string) if string in frame.columns else nothing).alias("_string"),
        _looked_up("unit_concept_id", units).alias("_ucum"),
        pl.col("unit_source_value").str.strip_chars().alias("_written"),
    )
    both = frame.filter(
        pl.col("_ucum").is_not_null() & pl.col("_written").is_not_null() & (pl.col("_ucum") != pl.col("_written"))
    )
    pairs = both.select("kind", "_ucum", "_written").unique()
    frame = frame.join(_ratios(pairs), on=["kind", "_ucum", "_written"], how="left", maintain_order="left")
    as_written = pl.col("value_source_value").str.strip_chars().cast(pl.Float64, strict=False)
    converted = ((as_written * pl.col("_ratio") + pl.col("_shift") - pl.col("value_as_number")).abs()
                 <= _CLOSE * pl.col("value_as_number").abs())  # fmt: skip
    contradicts = pl.col("_ratio").is_not_null() & ~converted.fill_null(value=False)
    stated = pl.coalesce(pl.col("_ucum"), pl.col("_written"))
    return frame.with_columns(
        pl.when(contradicts)
        .then(pl.format("{} as concept, {} as text", pl.col("_ucum"), pl.col("_written")))
        .otherwise(stated)
        .alias("unit")
    )


def _ratios(pairs: pl.DataFrame) -> pl.DataFrame:
    """For pairs of units that mean different quantities: how to come from the written one to the concept."""
    schema = {"kind": pl.String, "_ucum": pl.String, "_written": pl.String, "_ratio": pl.Float64, "_shift": pl.Float64}
    rows = []
    for kind, ucum, written in pairs.iter_rows():
        table = pl.DataFrame(unit_table([(kind, ucum), (kind, written)]), schema=UNIT_TABLE, orient="row")
        (scale, offset), (scale_2, offset_2) = table.select("scale", "offset").rows()
        if None not in {scale, scale_2} and (scale, offset) != (scale_2, offset_2):
            rows.append((kind, ucum, written, scale_2 / scale, (offset_2 - offset) / scale))
    return pl.DataFrame(rows, schema=schema, orient="row")


def exposures(frame: pl.DataFrame) -> pl.DataFrame:
    """Raw exposures of one table, those that are charted points left out (see `points`)."""
    here = frame.filter((pl.col("role") == "exposure") & ~_is_point())
    nothing = pl.lit(None, dtype=pl.String)
    amount = pl.col("quantity") if "quantity" in here.columns else pl.lit(None, dtype=pl.Float64)
    unit = pl.col("dose_unit_source_value") if "dose_unit_source_value" in here.columns else nothing
    is_rate = _is_rate(here, unit)
    # A procedure without an end, and a drug that is not run at a rate and whose end is the day of its start alone, are
    # single administrations: they start and end at one instant.
    no_end = pl.col("ended_at").is_null() & pl.col("ended_at_reason").is_null()
    is_single = (no_end & pl.col("file").is_in(sorted(_INSTANT_TABLES))) | (
        pl.col("ended_at_sent").str.contains(_DAY)
        & (pl.col("ended_at_day") == pl.col("at_day"))
        & ~pl.col("kind").is_in(_running())
        & (pl.col("file") == "drug_exposure")
    )
    single = is_single.fill_null(value=False)
    return here.select(
        "file", "row", "course_id", "kind", "agent",
        # A quantity without a unit counts packs or tablets, not an amount; one per time is the rate of an infusion.
        pl.when(unit.is_not_null() & ~is_rate).then(amount).alias("amount"),
        pl.when(~is_rate).then(unit).alias("amount_unit"),
        pl.when(is_rate).then(amount.cast(pl.String)).alias("rate"), pl.when(is_rate).then(unit).alias("rate_unit"),
        pl.col("at").alias("started_at"), pl.col("at_reason").alias("started_at_reason"),
        pl.col("at_sent").alias("started_at_sent"),
        pl.when(single).then(pl.col("at")).otherwise(pl.col("ended_at")).alias("ended_at"),
        pl.when(~single).then(pl.col("ended_at_reason")).alias("ended_at_reason"), "ended_at_sent",
    )  # fmt: skip


def _is_rate(frame: pl.DataFrame, unit: pl.Expr) -> pl.Expr:
    """Whether the unit of a quantity is one per time, of a stream that is run at a rate."""
    written = frame.select(unit.alias("unit"))["unit"].drop_nulls().unique().to_list()
    rates = [text for text in written if str(ucum_of(text)).endswith(_PER_TIME)]
    rated = [name for name, stream in codes.streams().items() if stream.rate_units]
    return (pl.col("kind").is_in(rated) & unit.is_in(rates)).fill_null(value=False)


def points(frame: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Devices and flows of exclusive streams charted at an instant, for `charting.intervals`, with kind and reason.

    A flow has a rate and no agent.
    """
    here = frame.filter((pl.col("role") == "exposure") & _is_point())
    nothing = pl.lit(None, dtype=pl.String)
    rate, unit = nothing, nothing
    if "value_as_number" in here.columns and "unit_concept_id" in here.columns:
        here = _with_unit(here, names)
        rate, unit = pl.coalesce(pl.col("value_as_number").cast(pl.String), _text()), pl.col("unit")
    is_flow = pl.col("agent") == FLOW
    return here.select(
        "file", "row", "course_id", "kind", "at", "at_reason", "at_sent",
        pl.when(~is_flow).then(pl.col("agent")).alias("agent"),
        pl.when(is_flow).then(rate).alias("rate"), pl.when(is_flow).then(unit).alias("rate_unit"),
    )  # fmt: skip


def _is_point() -> pl.Expr:
    """Rows of an exclusive stream in a table of instants."""
    exclusive = sorted(name for name, stream in codes.streams().items() if stream.exclusive)
    no_end = pl.col("ended_at").is_null() & pl.col("ended_at_reason").is_null()
    return pl.col("kind").is_in(exclusive) & pl.col("file").is_in(sorted(_INSTANT_TABLES)) & no_end


def _running() -> list[str]:
    """Streams that run over time: those with a rate, and exclusive ones."""
    return sorted(name for name, stream in codes.streams().items() if stream.exclusive or stream.rate_units)


def milestones(frame: pl.DataFrame) -> pl.DataFrame:
    """Raw milestones of one table; infusions are told by the courses and left out here."""
    here = frame.filter(pl.col("role") == "milestone")
    detail = pl.when(pl.col("agent") != "").then(pl.col("agent")).alias("detail")
    return here.select("file", "row", "course_id", "kind", "at", "at_reason", "at_sent", detail)


def unmapped(concepts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Texts of wanted persons' rows that have no concept and no meaning, with how often they occur."""
    where = pl.col("role").is_null() & pl.col("code_text").is_not_null()
    if lexicon.has_vocabulary:
        where &= pl.col("concept") == 0
    return (
        concepts.filter(where)
        .group_by("code_text")
        .agg(pl.col("n").sum())
        .sort("n", "code_text", descending=[True, False])
    )
