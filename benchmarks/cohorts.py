"""Made-up cohorts for measuring: hourly vital signs over 30 days, a fever in most courses, some oxygen, pressors and tocilizumab.

Not the population model: only large, regular and quick to make. Drawn from named streams, so every run measures the same data.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet

from vein2vein.numerics.streams import Streams
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

BLOCK = 1_000
ROW_GROUP = 250_000
HOURS = 24 * 30
LABS = {
    "neutrophils": (3.0, 2.5),
    "platelets": (150.0, 80.0),
    "haemoglobin": (10.0, 2.0),
    "ferritin": (900.0, 800.0),
    "crp": (40.0, 30.0),
    "creatinine": (0.9, 0.3),
    "ast": (40.0, 30.0),
    "alt": (40.0, 30.0),
    "bilirubin": (0.8, 0.4),
    "ldh": (300.0, 150.0),
    "fibrinogen": (3.0, 1.2),
    "ice_score": (9.0, 2.0),
}


def make_cohort(n: int, folder: Path, seed: int = 7) -> None:
    """Make `n` courses of hourly temperatures and four-hourly pressures, daily laboratory values, and write them to `folder`.

    They are made in blocks, so that 100,000 courses need little memory, and a smaller cohort is the beginning of a larger one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    streams = Streams(seed)
    starts = range(0, n, BLOCK)
    blocks = (_block(streams[f"benchmarks/cohort/{start}"], start, min(n - start, BLOCK)) for start in starts)
    with ExitStack() as stack:
        writers: dict[str, pyarrow.parquet.ParquetWriter] = {}
        for block, name in ((block, name) for block in blocks for name in tables.SCHEMAS):
            data = getattr(block, name).to_arrow(compat_level=pl.CompatLevel.oldest())
            if name not in writers:
                file = pyarrow.parquet.ParquetWriter(folder / f"{name}.parquet", data.schema, compression="zstd")
                writers[name] = stack.enter_context(file)
            writers[name].write_table(data, row_group_size=ROW_GROUP)


def _block(rng: np.random.Generator, first: int, wanted: int) -> Cohort:
    """Courses `first` to `first + wanted`; whole blocks are drawn, so that a course does not depend on how many there are."""
    n = BLOCK
    ids = pl.Series("course_id", [f"c{i:06d}" for i in range(first, first + n)])
    opened = np.datetime64("2025-01-01T00:00", "us") + rng.integers(0, 365, n) * np.timedelta64(1, "D")
    infused = opened + np.timedelta64(8, "h")
    onset, lasts = rng.integers(30, 200, n), rng.integers(0, 120, n)
    observations = pl.concat(
        [_vitals(rng, opened, onset, lasts), _labs(rng, opened)],
    ).sort("course", "observed_at", maintain_order=True)
    observations = observations.select(ids.gather(observations["course"]), "kind", "value", "observed_at")
    cohort = Cohort.of(
        patients=pl.DataFrame(
            {"patient_id": ids, "born_on": pl.Series(rng.integers(-15_000, 0, n).astype(np.int32)).cast(pl.Date)}
        ),
        courses=pl.DataFrame(
            {
                "course_id": ids,
                "patient_id": ids,
                "infused_at": _utc(infused),
                "followed_until": _utc(opened + np.timedelta64(HOURS, "h")),
            }
        ),
        observations=observations,
        exposures=_exposures(rng, ids, opened, onset),
        milestones=pl.DataFrame({"course_id": ids, "at": _utc(infused)}).with_columns(kind=pl.lit("infusion")),
    )
    return cohort.part(0, wanted)


def _utc(at: np.ndarray) -> pl.Series:
    return pl.Series(at).dt.replace_time_zone("UTC")


def _vitals(rng: np.random.Generator, opened: np.ndarray, onset: np.ndarray, lasts: np.ndarray) -> pl.DataFrame:
    n = len(opened)
    hour = np.arange(HOURS)
    febrile = (hour >= onset[:, None]) & (hour < (onset + lasts)[:, None])
    temperature = np.round(36.8 + rng.normal(0, 0.25, (n, HOURS)) + 1.8 * febrile, 1)
    pressure = np.round(118 + rng.normal(0, 9, (n, HOURS)) - 20 * febrile)[:, ::4]
    at = opened[:, None] + hour * np.timedelta64(1, "h")
    return pl.concat(
        [_long("body_temperature", temperature, at), _long("systolic_blood_pressure", pressure, at[:, ::4])]
    )


def _labs(rng: np.random.Generator, opened: np.ndarray) -> pl.DataFrame:
    day = np.arange(HOURS // 24)
    at = opened[:, None] + (day * 24 + 6) * np.timedelta64(1, "h")
    frames = []
    for kind, (mean, spread) in LABS.items():
        values = np.abs(rng.normal(mean, spread, (len(opened), len(day))))
        top = 10.0 if kind == "ice_score" else np.inf
        frames.append(_long(kind, np.minimum(np.round(values, 0 if kind == "ice_score" else 2), top), at))
    return pl.concat(frames)


def _long(kind: str, values: np.ndarray, at: np.ndarray) -> pl.DataFrame:
    n, width = values.shape
    return pl.DataFrame(
        {
            "course": np.repeat(np.arange(n, dtype=np.int32), width),
            "kind": pl.repeat(kind, n * width, eager=True, dtype=pl.String),
            "value": values.ravel(),
            "observed_at": _utc(at.ravel()),
        }
    )


def _exposures(rng: np.random.Generator, ids: pl.Series, opened: np.ndarray, onset: np.ndarray) -> pl.DataFrame:
    start = pl.Series(opened).dt.replace_time_zone("UTC")
    parts = [
        pl.DataFrame({"course_id": ids, "kind": "charted", "agent": stream, "started_at": start})
        for stream in ("vasopressor", "antipyretic", "anticytokine", "corticosteroid", "sedation", "oxygen")
    ]
    for share, kind, agent, delay, length in (
        (0.3, "anticytokine", "tocilizumab", 10, 1),
        (0.25, "oxygen", "nasal-cannula", 11, 30),
        (0.1, "vasopressor", "norepinephrine", 12, 20),
        (0.02, "vasopressor", "epinephrine", 13, 5),
    ):
        some = rng.random(len(ids)) < share
        begin = opened[some] + (onset[some] + delay) * np.timedelta64(1, "h")
        parts.append(
            pl.DataFrame({"course_id": ids.filter(pl.Series(some)), "started_at": _utc(begin)}).with_columns(
                pl.lit(kind).alias("kind"),
                pl.lit(agent).alias("agent"),
                ended_at=pl.col("started_at") + pl.duration(hours=length),
                rate=pl.lit(3.0 if kind == "oxygen" else None, dtype=pl.Float64),
                rate_unit=pl.lit("L/min" if kind == "oxygen" else None, dtype=pl.String),
            )
        )
    return pl.concat(parts, how="diagonal")
