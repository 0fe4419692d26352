"""Say what a delivered fact says of another kind, as a row of its own that names the row it comes from.

Place    Floor 3. A part of `checks`, so that every form of delivery gets the same.
In       Checked observations with file and row.
Out      The same, and the derived rows, which have no source row of their own: they never count in the account.
Knows    A cognitive test that was not done because the patient could not be roused says that the patient could not be roused
         (`_SAID`). The derived row is at the same instant and was entered when the other was.
Missing  A row that is kept as not assessable, or that was corrected later, derives nothing.
Does not Overrule: where the delivery says something else about the same kind at the same instant, the rows contradict each
         other as two delivered ones would.
Checked  tests/unit/intake/test_derived.py, tests/acceptance/intake/test_derived.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook
from vein2vein.intake.facts import without_contradictions
from vein2vein.intake.tableset import completed

_SAID: Final = pl.DataFrame(
    [
        ("ice_not_done_reason", "unarousable", "arousal", "unarousable"),
        ("capd_not_done_reason", "unarousable", "arousal", "unarousable"),
    ],
    schema=["kind", "code", "kind_derived", "code_derived"],
    orient="row",
)
PREFIX: Final = "derived from "
"""How the source of a derived row begins; the place of the row it is derived from follows."""


def with_derived(observations: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """Observations and the facts that they say besides; rows that the delivery says itself are not derived again."""
    usable = observations.filter(pl.col("usability") == "ok")
    telling = usable.join(_SAID, on=["kind", "code"], maintain_order="left")
    if telling.is_empty():
        return observations
    at = ["course_id", "kind", "observed_at", "code"]
    facts = telling.select(
        "course_id",
        pl.col("kind_derived").alias("kind"),
        pl.col("code_derived").alias("code"),
        "observed_at",
        "recorded_at",
        pl.format(f"{PREFIX}{{}}", pl.col("source")).alias("source"),
        pl.col("kind").alias("_from"),
        pl.col("file").alias("_file"),
        pl.col("row").alias("_row"),
    )
    new = facts.join(usable.select(at), on=at, how="anti", maintain_order="left").unique(
        at, keep="first", maintain_order=True
    )
    if new.is_empty():
        return observations
    seen = new.select(pl.col("_file").alias("file"), pl.col("_row").alias("row"), "_from", "kind", "code")
    book.note_rows(seen, ["_from", "kind", "code"], _derived)
    together = pl.concat([observations, completed(new.drop("_from", "_file", "_row"), "observations")])
    touched = pl.col("kind").is_in(_SAID["kind_derived"].unique().to_list())
    judged = without_contradictions(together.filter(touched), book)
    return pl.concat([together.filter(~touched), judged])


def source_of(source: str) -> str:
    """The place of the delivered row behind a row of the cohort: its own, or that of the row it is derived from."""
    return source.removeprefix(PREFIX)


def _derived(group: Mapping[str, Any]) -> Fault:
    return Fault(
        "INTAKE-049",
        saw=f"{group['kind']} {group['code']}, said by {group['_from']}",
        expected="nothing else: the delivery says it in this way",
        fix="nothing need be done",
        effect=f"a row of {group['kind']} was added at the same instant; its source names the row",
    )
