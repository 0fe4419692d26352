"""Values that intake cannot take as they are: too many digits, or another value at the same instant.

Place    Floor 4, writers.
Out      `too_fine`, `contradicting`, and what the accounts say of them.
Checked  tests/unit/population/test_writers.py
"""

from __future__ import annotations

from typing import Final

import polars as pl

from vein2vein.knowledge import codes
from vein2vein.population.writers.text import said

TOO_FINE: Final = ("digits beyond those of the kind", "intake rounds to the decimals that the code files name")
CONTRADICTING: Final = (
    "several values of one kind at one instant",
    "intake believes none of them where the form does not say which was entered last",
)


def too_fine(observations: pl.DataFrame) -> int:
    """Rows whose value changes when it is rounded to the decimals of its kind."""
    places = {kind: str(entry.decimals) for kind, entry in codes.observations().items()}
    frame = observations.filter(pl.col("value").is_not_null()).with_columns(
        said("kind", places).cast(pl.Int64).alias("_places")
    )
    count = 0
    for (number,), rows in frame.drop_nulls("_places").group_by("_places"):
        count += int((rows["value"].round(int(str(number))) != rows["value"]).sum())
    return count


def contradicting(observations: pl.DataFrame, *, entered: bool) -> int:
    """Usable rows that stand at one instant of one kind with another value.

    Args:
        observations: Table of observations.
        entered: Whether the form says when a row was entered: then rows of which one was entered last contradict nothing.
    """
    key = ["course_id", "kind", "observed_at"]
    usable = observations.filter(pl.col("usability") == "ok").select(*key, "value", "comparator", "code", "recorded_at")
    several = usable.filter(pl.struct(key).is_duplicated())
    if several.is_empty():
        return 0
    latest = pl.col("recorded_at").max().over(key)
    content = pl.struct("value", "comparator", "code")
    judged = several.with_columns(
        (content.n_unique().over(key) > 1).alias("_differs"),
        (
            pl.col("recorded_at").is_not_null().all().over(key)
            & (pl.when(pl.col("recorded_at") == latest).then(content).drop_nulls().n_unique().over(key) == 1)
        ).alias("_ordered"),
    )
    return judged.filter(pl.col("_differs") & ~(pl.col("_ordered") & pl.lit(entered))).height
