"""Take stock of each table before reading it: how many rows, and which concepts the wanted persons have.

Place    Floor 3, intake.
In       An open source, the lexicon, the wanted persons.
Out      `Stock` per table: rows in all, rows of wanted persons, and the meaning of each distinct concept of theirs.
Knows    Of rows of other persons only the number comes back.
Does not Read a value or a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from vein2vein.intake.omop.cdm import EVENTS, Events
from vein2vein.intake.omop.concepts import Lexicon, Opened
from vein2vein.intake.omop.source import numbers, texts
from vein2vein.intake.omop.wanted import IGNORED, Meaning
from vein2vein.knowledge import codes

KEYS: Final = ("concept", "source_concept", "code_text", "value_concept")
_MEANING: Final[Mapping[str, Any]] = {"role": pl.String, "kind": pl.String, "agent": pl.String}
_ROLES: Final = {
    "measurement": {"observation", "exposure", "milestone"},
    "observation": {"observation", "exposure", "milestone", "infusion"},
    "drug_exposure": {"exposure", "milestone", "infusion"},
    "procedure_occurrence": {"observation", "exposure", "milestone", "infusion"},
    "device_exposure": {"exposure", "infusion"},
    "condition_occurrence": {"observation"},
    "visit_occurrence": {"exposure"},
    "visit_detail": {"exposure"},
}


@dataclass(frozen=True)
class Stock:
    """What one table holds.

    Attributes:
        table: Its name.
        rows: Readable rows in all.
        of_persons: Rows of wanted persons.
        concepts: One row per distinct concept of the wanted persons: the four `KEYS`, role, kind, agent (null where
            it has no meaning here), and n, the number of rows.
        ambiguous: Concepts without a meaning that lie equally far below different wanted ones of this table, with these.
    """

    table: str
    rows: int
    of_persons: int
    concepts: pl.DataFrame
    ambiguous: Mapping[int, tuple[Meaning, ...]] = field(default_factory=dict)

    @property
    def needed(self) -> pl.DataFrame:
        """The concepts that have a meaning, other than those that the mapping file sets to ignore."""
        return self.concepts.filter(pl.col("role") != IGNORED)

    @property
    def ignored(self) -> pl.DataFrame:
        """The concepts that the mapping file sets to ignore."""
        return self.concepts.filter(pl.col("role") == IGNORED)


def key_columns(events: Events, lexicon: Lexicon) -> str:
    """SQL of the four `KEYS` of a row ``e``.

    The text of the delivering system counts only where there is no concept, or no vocabulary to know concepts from, or where the
    mapping file says what it means.
    """
    if lexicon.has_vocabulary:
        said = texts(lexicon.declared.texts)
        counts = f"coalesce(e.{events.concept}, 0) = 0 OR e.{events.source_value} IN ({said})"
        text = f"CASE WHEN {counts} THEN e.{events.source_value} END"
    else:
        text = f"e.{events.source_value}"
    devices = numbers(_charted_as_value(lexicon))
    value = "CAST(NULL AS BIGINT)"
    if events.table in {"measurement", "observation"} and devices != "NULL":
        value = f"CASE WHEN e.value_as_concept_id IN ({devices}) THEN e.value_as_concept_id END"
    return (
        f"coalesce(e.{events.concept}, 0) AS concept, coalesce(e.{events.source_concept}, 0) AS source_concept,"
        f" {text} AS code_text, {value} AS value_concept"
    )


def take_stock(opened: Opened, table: str, persons: Iterable[int]) -> Stock:
    """Count a table and find the meanings of the concepts that the wanted persons have in it."""
    source, ids = opened.source, numbers(persons)
    # A text file is scanned once for both answers; elsewhere counting is cheap, and an index or a statistic finds the rows.
    rows = source.count(table) if source.counts_cheaply else None
    where = "" if rows is None else f" WHERE e.person_id IN ({ids})"
    inner = (
        f"SELECT {key_columns(EVENTS[table], opened.lexicon)}, e.person_id IN ({ids}) AS wanted"  # noqa: S608
        f" FROM {source.relation(table)} e{where}"
    )
    blank = ", ".join(f"CASE WHEN wanted THEN {key} END AS {key}" for key in KEYS)
    frame = source.frame(
        f"SELECT {blank}, coalesce(wanted, FALSE) AS wanted, count(*) AS n"  # noqa: S608
        f" FROM ({inner}) AS k GROUP BY 1, 2, 3, 4, 5"
    )
    wanted = frame.filter(pl.col("wanted")).drop("wanted").with_columns(pl.col("n").cast(pl.Int64))
    concepts, ambiguous = _with_meanings(opened, table, wanted.sort(KEYS))
    return Stock(
        table,
        rows=int(frame["n"].sum()) if rows is None else rows,
        of_persons=int(wanted["n"].sum()),
        concepts=concepts,
        ambiguous=ambiguous,
    )


def _charted_as_value(lexicon: Lexicon) -> set[int]:
    """Concepts of exclusive streams other than places of care: oxygen devices stand as the value of a charted row."""
    exclusive = {kind for kind, stream in codes.streams().items() if stream.exclusive and kind != "stay"}
    return {concept for concept, m in lexicon.meanings.items() if m.role == "exposure" and m.kind in exclusive}


def _with_meanings(
    opened: Opened, table: str, concepts: pl.DataFrame
) -> tuple[pl.DataFrame, dict[int, tuple[Meaning, ...]]]:
    present = set(concepts["concept"].to_list()) | set(concepts["source_concept"].to_list())
    lexicon = opened.lexicon
    below, ties = lexicon.below(opened.source, present)
    known = below | dict(lexicon.meanings)
    allowed = _ROLES[table]

    def meaning(concept: int, source_concept: int, text: str | None, value: int | None) -> Meaning | None:
        said = lexicon.said(concept, source_concept, text)
        if said is not None and said.role == IGNORED:
            return said
        candidates = (said, known.get(concept), known.get(source_concept), lexicon.of_text(text), known.get(value or 0))
        return next((m for m in candidates if m is not None and _fits(m, table, allowed)), None)

    found = [meaning(*row) for row in concepts.select(KEYS).iter_rows()]
    columns: dict[str, list[str | None]] = {
        "role": [m.role if m else None for m in found],
        "kind": [m.kind if m else None for m in found],
        "agent": [m.code if m else None for m in found],
    }
    concepts = concepts.with_columns(pl.Series(name, columns[name], dtype=dtype) for name, dtype in _MEANING.items())
    without = set(
        concepts.filter(pl.col("role").is_null()).select("concept", "source_concept").to_numpy().ravel().tolist()
    )
    doubtful = without & set(ties)
    return concepts, {c: ties[c] for c in sorted(doubtful) if any(_fits(m, table, allowed) for m in ties[c])}


def _fits(meaning: Meaning, table: str, allowed: set[str]) -> bool:
    if meaning.role not in allowed:
        return False
    if meaning.role == "exposure" and (meaning.kind == "stay") != table.startswith("visit"):
        return False
    if meaning.role == "observation" and table in {"condition_occurrence", "procedure_occurrence"}:
        return codes.observations()[meaning.kind].type == "yes_no"
    return True
