"""The cohort tables, five and that of lesions: one fixed schema for real and simulated patients alike.

Place    Floor 2. Written by intake and population, read by the engines and everything above.
In       Polars frames.
Out      The same frames with exactly these columns, types and order, or RECORD-001 naming what differs.
Knows    Times are UTC instants in microseconds; the centre's zone stands in `courses.zone`.
Missing  Null means not recorded. It never means normal, none or zero.
Does not Convert units (intake does) or judge values (rule sets do).

Words
    kind        which observation, milestone or exposure stream, from the code files in knowledge/data/codes
    value       number in the canonical unit of its kind
    code        category of a categorical kind; "yes" or "no" for a stated fact
    comparator  "<", "<=", ">" or ">=" when the laboratory reports only a limit
    usability   "ok", or "not-assessable" for a row kept for the record whose value or unit cannot be used
    agent       which drug, device or blood product of the stream; "unspecified" when only the stream is known
    lesion      name of a lesion, the same on every scan; a scan is all rows of one course at one instant
    site        node, extranodal (outside the nodes), plasmacytoma (of soft tissue) or bone
    role        target, non-target, or new for a lesion that its reader calls new
    seen        measured, too-small (to measure) or gone; null where it was not assessed
    charted     an exposure of kind "charted" says: the stream named in `agent` is recorded completely in this interval,
                so that the absence of a row means the absence of the thing
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from vein2vein.errors import RecordError

Instant: Final = pl.Datetime("us", "UTC")

PATIENTS: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {"patient_id": pl.String, "born_on": pl.Date, "sex": pl.String}
)
COURSES: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {
        "course_id": pl.String,
        "patient_id": pl.String,
        "product": pl.String,
        "indication": pl.String,
        "centre_id": pl.String,
        "zone": pl.String,
        "infused_at": Instant,
        "followed_until": Instant,
    }
)
OBSERVATIONS: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {
        "course_id": pl.String,
        "kind": pl.String,
        "value": pl.Float64,
        "comparator": pl.String,
        "code": pl.String,
        "reference_low": pl.Float64,
        "reference_high": pl.Float64,
        "observed_at": Instant,
        "recorded_at": Instant,
        "usability": pl.String,
        "as_sent": pl.String,
        "source": pl.String,
    }
)
EXPOSURES: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {
        "course_id": pl.String,
        "kind": pl.String,
        "agent": pl.String,
        "amount": pl.Float64,
        "amount_unit": pl.String,
        "rate": pl.Float64,
        "rate_unit": pl.String,
        "reason": pl.String,
        "started_at": Instant,
        "ended_at": Instant,
        "recorded_at": Instant,
        "source": pl.String,
    }
)
MILESTONES: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {
        "course_id": pl.String,
        "kind": pl.String,
        "at": Instant,
        "detail": pl.String,
        "source": pl.String,
    }
)
LESIONS: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {
        "course_id": pl.String,
        "lesion": pl.String,
        "site": pl.String,
        "role": pl.String,
        "seen": pl.String,
        "long_mm": pl.Float64,
        "short_mm": pl.Float64,
        "unequivocal": pl.String,
        "method": pl.String,
        "observed_at": Instant,
        "recorded_at": Instant,
        "usability": pl.String,
        "as_sent": pl.String,
        "source": pl.String,
    }
)

SCHEMAS: Final = MappingProxyType(
    {
        "patients": PATIENTS,
        "courses": COURSES,
        "observations": OBSERVATIONS,
        "exposures": EXPOSURES,
        "milestones": MILESTONES,
    }
)
ALL: Final = MappingProxyType({**SCHEMAS, "lesions": LESIONS})
"""The five tables that every cohort has, and the table of lesions, which is only written where imaging was delivered."""


def empty(table: str) -> pl.DataFrame:
    """An empty frame of one of the tables."""
    return pl.DataFrame(schema=dict(ALL[table]))


def conform(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Return `frame` with exactly the columns, order and types of `table`.

    Missing optional columns (all but identifiers, kinds and times that order the rows) are added as null. Integers are
    taken as numbers. Columns that the schema does not have are refused, so that nothing is lost unnoticed.

    Raises:
        RecordError: RECORD-001 when a needed column is missing, unknown, or of a type that cannot be used.
    """
    schema = ALL[table]
    unknown = [name for name in frame.columns if name not in schema]
    lacking = [name for name in NEEDED[table] if name not in frame.columns]
    if unknown or lacking:
        raise RecordError(
            "RECORD-001",
            saw=f"table {table!r} with unknown columns {unknown} and without columns {lacking}",
            expected=f"columns {list(schema)}",
            fix="rename or remove the unknown columns and add the missing ones",
        )
    columns = [
        _cast(frame, name, dtype, table) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in schema.items()
    ]
    return frame.select(columns)


NEEDED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "patients": ("patient_id",),
        "courses": ("course_id", "patient_id"),
        "observations": ("course_id", "kind", "observed_at"),
        "exposures": ("course_id", "kind", "agent", "started_at"),
        "milestones": ("course_id", "kind", "at"),
        "lesions": ("course_id", "lesion", "observed_at"),
    }
)


def _cast(frame: pl.DataFrame, name: str, dtype: pl.DataType | type[pl.DataType], table: str) -> pl.Expr:
    have = frame.schema[name]
    column = pl.col(name)
    if have == dtype:
        return column
    if have == pl.Null or (dtype == pl.Float64 and have.is_numeric()):
        return column.cast(dtype)
    if dtype == pl.String and isinstance(have, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if dtype == Instant and isinstance(have, pl.Datetime) and have.time_zone is not None:
        return column.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    raise RecordError(
        "RECORD-001",
        saw=f"column {name!r} of table {table!r} with type {have}",
        expected=f"type {dtype}" + (" (aware date-times)" if dtype == Instant else ""),
        fix="convert the column before building the cohort, or read the data through an intake adapter",
    )
