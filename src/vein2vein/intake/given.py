"""Turn raw exposures and milestones into rows of the cohort tables.

Place    Floor 3. Offered to the adapters by `canonical`.
In       Frames with the columns of `RAW_EXPOSURES` and `RAW_MILESTONES`; absent ones are empty.
Out      `Canonical`.
Missing  A rate or amount that cannot be converted, an unknown reason or detail becomes empty; an unknown agent becomes
         "unspecified"; each is named.
Checked  tests/unit/intake/test_canonical.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import polars as pl

from vein2vein.basis.units import conversion
from vein2vein.errors import Fault
from vein2vein.intake import words
from vein2vein.intake.book import PLACE, FaultBook, refusals
from vein2vein.intake.numbers import DecimalSign, read_numbers
from vein2vein.intake.placing import Canonical, complete, placed, refused_anyway, source
from vein2vein.intake.times import DATE_ONLY
from vein2vein.intake.words import plain
from vein2vein.knowledge import codes
from vein2vein.knowledge.spellings import ucum_of
from vein2vein.record import tables
from vein2vein.record.timeline import UNSPECIFIED

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


def exposures(raw: pl.DataFrame, book: FaultBook, *, decimal: DecimalSign = "auto") -> Canonical:
    """Exposures with known agents and canonical rates and amounts.

    A rate or amount whose unit cannot be used becomes empty and an unknown agent "unspecified"; both are named. A row
    whose start or end cannot be read, or that ends before it starts, is refused: left open it would run forever.
    """
    given = complete(raw, RAW_EXPOSURES)
    frame, refused = placed(given, "started_at", known=codes.streams(), book=book)
    frame, more = _with_ends(frame, book)
    frame, unknown = _with_agents(frame, book)
    _note_refused(given, refused, book)
    gone = pl.concat([refused, more, unknown])
    lose(given.join(gone, on=["file", "row"], how="semi", nulls_equal=True), book)
    for quantity in ("amount", "rate"):
        frame = _with_quantity(frame, quantity, book, decimal=decimal)
    frame = _with_names(frame, "reason", known=words.reasons, id="INTAKE-043", book=book)
    rows = frame.with_columns(source()).select(*PLACE, *tables.EXPOSURES)
    return Canonical(rows, gone)


def _note_refused(given: pl.DataFrame, refused: pl.DataFrame, book: FaultBook) -> None:
    """Enter what else is wrong with rows that are refused for their course, kind or time: agents that nobody knows."""
    here = given.filter(pl.col("kind").is_in(list(codes.streams()))).join(refused, on=["file", "row"], how="semi")
    table = _agents_of(here)
    strange = table.filter(pl.col("agent_out").is_null()).select("file", "row", "kind", "agent")
    strange = strange.with_columns(pl.lit("refused").alias("fate"))
    book.note_rows(strange, ["kind", "agent", "fate"], partial(refused_anyway, _strange_agent))


def milestones(raw: pl.DataFrame, book: FaultBook) -> Canonical:
    """Milestones with known details; a date alone stands at the start of its local day, a death near its end."""
    frame, refused = placed(complete(raw, RAW_MILESTONES), "at", known=codes.milestones(), book=book)
    is_last = pl.col("kind").is_in(["death", "last_seen"])
    frame = frame.with_columns(pl.when(is_last).then(late_in_its_day("at", "held")).otherwise(pl.col("at")).alias("at"))
    frame = _with_names(frame, "detail", known=words.details, id="INTAKE-044", book=book)
    return Canonical(frame.with_columns(source()).select(*PLACE, *tables.MILESTONES), refused)


def late_in_its_day(at: str, reason: str) -> pl.Expr:
    """The instant of a death or of a last visit; near the end of its local day where only that is known.

    Whatever was charted on that day came before it. A local day has 23 hours at the least.
    """
    return pl.when(pl.col(reason) == DATE_ONLY).then(pl.col(at) + pl.duration(seconds=82_799)).otherwise(pl.col(at))


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
        refusals(refused, pl.col("refusal")),
    )


def lose(refused: pl.DataFrame, book: FaultBook) -> None:
    """Remember when refused exposures may have run (see `lost`); rows that say neither whose nor what they are say nothing.

    A date alone may be any time of its day, and a local day has 25 hours.

    Args:
        refused: Raw exposures (`RAW_EXPOSURES`), perhaps with patient_id and the reasons of `times.place`; a kind that is no
            stream counts as any.
        book: Where they are entered.
    """
    frame = complete(refused, RAW_EXPOSURES)
    end = pl.col("ended_at")
    if "ended_at_reason" in frame.columns:
        end = pl.when(pl.col("ended_at_reason") == DATE_ONLY).then(end + pl.duration(hours=25)).otherwise(end)
    whose = pl.col("course_id").is_not_null()
    if "patient_id" in frame.columns:
        whose |= pl.col("patient_id").is_not_null()
    what = pl.col("kind").is_not_null() | pl.col("agent").is_not_null()
    kind = pl.when(pl.col("kind").is_in(list(codes.streams()))).then(pl.col("kind"))
    said = frame.filter(what | (whose & pl.col("started_at").is_not_null()))
    book.lose(said.with_columns(end.alias("ended_at"), kind.alias("kind")))


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
    frame = _agents_of(frame)
    strange = frame.filter(pl.col("agent_out").is_null()).select("file", "row", "kind", "agent")
    book.note_rows(strange, ["kind", "agent"], _strange_agent)
    lost = pl.col("agent_out").is_null() & pl.col("kind").is_in(_NEEDS_AGENT)
    refused = refusals(frame.filter(lost), "INTAKE-038")
    kept = frame.filter(~lost).with_columns(pl.col("agent_out").fill_null(UNSPECIFIED).alias("agent"))
    return kept.drop("agent_out"), refused


def _agents_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with agent_out: the id of what was sent, null for an agent that nobody knows."""
    pairs = frame.select("kind", "agent").unique().rows()
    found = [(kind, sent, _agent(kind, sent)) for kind, sent in pairs]
    schema = {"kind": pl.String, "agent": pl.String, "agent_out": pl.String}
    table = pl.DataFrame(found, schema=schema, orient="row")
    return frame.join(table, on=["kind", "agent"], how="left", nulls_equal=True, maintain_order="left")


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
