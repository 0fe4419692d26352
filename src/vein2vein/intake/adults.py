"""Set aside measurements that no adult has, such as a weight of 8 kg: plausible for a child, and most often a slip of a unit.

Place    Floor 3. Called by `checks` for observations between birth and death.
In       Observations, and what is known of the birth in each course.
Out      The same rows; those that no adult has are not assessable, and INTAKE-066 names them.
Knows    Kinds state their range for adults in the code files (`plausible_adult`); an adult has turned 18 on the local day.
Missing  Without a date of birth nothing is set aside.
Checked  tests/unit/intake/test_adults.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook
from vein2vein.intake.facts import set_aside
from vein2vein.knowledge import codes

ADULT_YEARS: Final = 18


def as_an_adult_has(frame: pl.DataFrame, life: pl.DataFrame, book: FaultBook) -> pl.DataFrame:
    """Observations of adults inside the closed ranges of adults; others are kept as not assessable.

    Args:
        frame: Observations in canonical units.
        life: course_id, zone and born_on of each course.
        book: Where the rows are named.
    """
    ranges = {name: kind.plausible_adult for name, kind in codes.observations().items() if kind.plausible_adult}
    limits = pl.DataFrame(
        [(name, low, high) for name, (low, high) in ranges.items()],
        schema={"kind": pl.String, "least": pl.Float64, "most": pl.Float64},
        orient="row",
    )
    judged = frame.filter(pl.col("usability") == "ok").join(limits, on="kind", maintain_order="left")
    beyond = judged.filter(~pl.col("value").is_between(pl.col("least"), pl.col("most")))
    if beyond.is_empty():
        return frame
    beyond = beyond.join(life, on="course_id", how="left", maintain_order="left")
    grown = pl.col("observed_at") >= _birthday(life)
    beyond = beyond.filter(grown.fill_null(value=False))
    book.note_rows(beyond.select("file", "row", "kind", "value"), ["kind", "value"], _no_adult)
    return set_aside(frame, beyond.select(frame.columns))


def _birthday(life: pl.DataFrame) -> pl.Expr:
    """The start of the local day on which the patient turns 18."""
    day: pl.Expr = pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    turned = pl.col("born_on").dt.offset_by(f"{ADULT_YEARS}y").cast(pl.Datetime("us"))
    for zone in life["zone"].unique().sort():
        local = turned.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
        day = pl.when(pl.col("zone") == zone).then(local).otherwise(day)
    return day


def _no_adult(group: Mapping[str, Any]) -> Fault:
    kind = codes.observation_kind(group["kind"])
    least, most = kind.plausible_adult or (None, None)
    return Fault(
        "INTAKE-066",
        saw=f"{group['value']:g} {kind.unit} for {group['kind']} ({kind.label['en']}) of an adult",
        expected=f"{least:g} to {most:g} {kind.unit} from the age of {ADULT_YEARS}",
        fix="look for a slip of the unit, or correct the date of birth",
        effect="the values are kept as not assessable; nothing is computed from them",
    )
