"""Put flows that are charted by themselves to the device that was in use.

Place    Floor 3, FHIR and OMOP adapters; before charting and units. R4's DeviceUseStatement and OMOP's DEVICE_EXPOSURE have no
         flow: hospitals send it as an Observation or a measurement beside it.
In       Exposures of one stream with course and instants, still in the units as sent.
Out      The uses of devices, cut where a flow was charted; the flows that belong to no use.
Knows    A flow holds until the next flow of the same use, until its hold ends, or until the use ends.
Missing  Before the first flow of a use, and after the hold, the flow is unknown.
Checked  tests/unit/intake/test_flows.py, tests/acceptance/intake/omop/test_flows.py
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from vein2vein.record.timeline import UNSPECIFIED


def with_flows(frame: pl.DataFrame, stream: str, hold: timedelta | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Exposures with the flows of `stream` put to its devices.

    Args:
        frame: Columns of raw exposures with course_id, started_at, ended_at, charted_once.
        stream: Id of the stream.
        hold: How long a flow is believed; None: until the use of the device ends.

    Returns:
        The exposures, and the rows (file, row) of the flows that went into others.
    """
    of_stream = (pl.col("kind") == stream) & pl.col("started_at").is_not_null()
    is_flow = of_stream & pl.col("charted_once") & (pl.col("agent") == UNSPECIFIED) & pl.col("rate").is_not_null()
    numbered = frame.with_row_index("_row").with_columns(is_flow.fill_null(value=False).alias("_flow"))
    uses = numbered.filter(of_stream & ~pl.col("_flow") & ~pl.col("charted_once"))
    flows = numbered.filter("_flow").select(
        "course_id", pl.col("_row").alias("_flow_row"), pl.col("started_at").alias("_at"),
        pl.col("rate").alias("_rate"), pl.col("rate_unit").alias("_unit"), "file", "row",
    )  # fmt: skip
    during = (pl.col("_at") >= pl.col("started_at")) & (
        pl.col("ended_at").is_null() | (pl.col("_at") < pl.col("ended_at"))
    )
    pairs = (
        uses.select("_row", "course_id", "started_at", "ended_at").join(flows, on="course_id").filter(during)
        .unique("_flow_row", keep="last", maintain_order=True).sort("_row", "_at", maintain_order=True)
    )  # fmt: skip
    if pairs.is_empty():
        return frame, pairs.select("file", "row")
    cut = uses.join(pairs, on="_row", how="semi", maintain_order="left")
    pieces: list[dict[str, Any]] = []
    told: dict[int, list[tuple[datetime, float, str | None]]] = {}
    for row, at, rate, unit in pairs.select("_row", "_at", "_rate", "_unit").iter_rows():
        told.setdefault(row, []).append((at, rate, unit))
    for use in cut.iter_rows(named=True):
        pieces += list(_pieces(use, told[use["_row"]], hold))
    gone = pl.concat([cut.select("_row"), pairs.select(pl.col("_flow_row").alias("_row"))])
    rest = numbered.join(gone, on="_row", how="anti", maintain_order="left").select(frame.columns)
    made = pl.DataFrame(pieces, schema=numbered.schema, infer_schema_length=None).select(frame.columns)
    return pl.concat([rest, made]), pairs.select("file", "row")


def _pieces(
    use: dict[str, Any], flows: list[tuple[datetime, float, str | None]], hold: timedelta | None
) -> Iterator[dict[str, Any]]:
    """The use of a device, piece by piece; its own rate before the first flow."""
    end: datetime | None = use["ended_at"]
    changes: list[tuple[datetime, float | None, str | None]] = [(use["started_at"], use["rate"], use["rate_unit"])]
    for flow, following in zip(flows, [*(later[0] for later in flows[1:]), end], strict=True):
        at = flow[0]
        changes.append(flow)
        if hold is not None and (following is None or at + hold < following):
            changes.append((at + hold, None, None))
    ends = [*(change[0] for change in changes[1:]), end]
    for (at, rate, unit), until in zip(changes, ends, strict=True):
        if until is None or at < until:
            yield {**use, "started_at": at, "ended_at": until, "rate": rate, "rate_unit": unit}
