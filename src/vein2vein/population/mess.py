"""The mess of hospital data, switched on kind by kind.

Place    Floor 4. Between a simulated cohort and whoever reads it; the writers carry what only a form can show.
In       A cohort, a seed, the kinds wanted; data/mess.yaml holds how much of each (assumptions, every one).
Out      A cohort.
Knows    A pure function: every kind has its own random stream per course, drawn over the rows as they came, so that switching one
         kind on leaves the draws of the others as they were, and parts of a cohort give the parts of the result.
         A number sent in another unit keeps its value; `as_sent` says how it was sent, and the writers send it so.
         A device charted as free text is unspecified in the cohort; `source` holds the text behind `FREE_TEXT`.
Missing  What is taken away is taken away together with the statement that it was charted, so that its absence says nothing.
Does not Change who was treated, what was given, milestones or the times of exposures.
Checked  tests/unit/population/test_mess.py, tests/property/test_mess.py
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import polars as pl

from vein2vein.errors import SimulationError
from vein2vein.knowledge import codes
from vein2vein.numerics.streams import Streams
from vein2vein.population import gaps
from vein2vein.population.messy_observations import DRAWS, STEPS, assumptions
from vein2vein.population.writers.text import FREE_TEXT
from vein2vein.record.cohort import Cohort, run_starts
from vein2vein.record.timeline import UNSPECIFIED

KINDS: Final = (
    "irregular", "jitter", "night-gaps", "missing-devices", "free-text", "free-text-air", "charting-gaps", "late",
    "corrections", "duplicates", "units",
)  # fmt: skip


@dataclass(frozen=True)
class Mess:
    """Which kinds of mess, in the order of `KINDS`, and how much of each.

    Attributes:
        kinds: Names of `KINDS`.
        changed: ``kind/name`` -> number, instead of the one in data/mess.yaml, such as ``{"night-gaps/share": 1.0}``.
    """

    kinds: tuple[str, ...] = ()
    changed: Mapping[str, float] | None = None

    @classmethod
    def of(cls, text: str) -> Mess:
        """From "all", "none" or names separated by commas.

        Raises:
            SimulationError: SIM-024 for a name that is no kind of mess.
        """
        names = tuple(part.strip() for part in text.split(",") if part.strip())
        wanted = set(KINDS) if names == ("all",) else set(names) - {"none"}
        unknown = sorted(wanted - set(KINDS))
        if unknown:
            near = codes.nearest(unknown[0], KINDS)
            raise SimulationError(
                "SIM-024",
                saw=f"mess {unknown[0]!r}",
                expected=f"all, none or some of {', '.join(KINDS)}" + (f"; nearest: {', '.join(near)}" if near else ""),
                fix="correct the name",
            )
        return cls(tuple(kind for kind in KINDS if kind in wanted))

    def number(self, kind: str, name: str) -> float:
        """One number of a kind."""
        return float((self.changed or {}).get(f"{kind}/{name}", assumptions()[kind][name]["value"]))


def with_mess(cohort: Cohort, mess: Mess, *, seed: int) -> Cohort:
    """The cohort as a hospital would have recorded it.

    Args:
        cohort: Any cohort; nothing of it is changed.
        mess: Which kinds.
        seed: Root seed of the random streams.
    """
    if not mess.kinds:
        return cohort
    observations = _drawn(cohort.observations, DRAWS, mess, seed)
    exposures = _drawn(cohort.exposures, _OF_EXPOSURES, mess, seed)
    for kind, step in STEPS.items():
        if kind in mess.kinds:
            observations = step(observations, mess, cohort)
    for kind, exposure_step in _EXPOSURE_STEPS.items():
        if kind in mess.kinds:
            exposures = exposure_step(exposures, mess)
    exposures = exposures.select(cohort.exposures.columns)
    if "charting-gaps" in mess.kinds:
        exposures = gaps.without(exposures, _gaps(cohort, mess, seed))
    return Cohort.of(
        patients=cohort.patients,
        courses=cohort.courses,
        observations=observations.select(cohort.observations.columns),
        exposures=exposures,
        milestones=cohort.milestones,
    )


_OF_EXPOSURES: Final = {"missing-devices": 1, "free-text": 2, "free-text-air": 2}


def number_of(course_id: str) -> int:
    """The replication of a course in every stream: a number made of its identifier alone."""
    return int.from_bytes(hashlib.blake2b(course_id.encode(), digest_size=8).digest(), "big")


def _drawn(frame: pl.DataFrame, wanted: Mapping[str, int], mess: Mess, seed: int) -> pl.DataFrame:
    """Add columns of uniform draws, ``kind:0``, ``kind:1``, ... for the kinds that are on."""
    kinds = [kind for kind in wanted if kind in mess.kinds]
    starts = run_starts(frame["course_id"])
    heads = frame["course_id"].gather(starts).to_list()
    ends = np.append(starts[1:], frame.height)
    streams = Streams(seed)
    columns = []
    for kind in kinds:
        found = np.empty((wanted[kind], frame.height))
        for name, start, end in zip(heads, starts, ends, strict=True):
            rng = streams.replication(f"population/mess/{kind}", number_of(name))
            # Row by row, so that the draws of a row do not depend on how many rows follow it.
            found[:, start:end] = rng.random((end - start, wanted[kind])).T
        columns += [pl.Series(f"{kind}:{i}", values) for i, values in enumerate(found)]
    return frame.with_columns(columns)


def _missing_devices(frame: pl.DataFrame, mess: Mess) -> pl.DataFrame:
    """Leave out which device it was; the flow stays."""
    air = [agent for agent, entry in codes.stream("oxygen").agents.items() if entry.absence]
    named = (pl.col("kind") == "oxygen") & ~pl.col("agent").is_in([UNSPECIFIED, *air])
    chosen = named & (pl.col("missing-devices:0") < mess.number("missing-devices", "share"))
    return frame.with_columns(pl.when(chosen).then(pl.lit(UNSPECIFIED)).otherwise(pl.col("agent")).alias("agent"))


def _free_text(frame: pl.DataFrame, mess: Mess) -> pl.DataFrame:
    """Chart some devices as a text; device and flow are then for people to read."""
    return _texted(frame, "free-text", mess)


def _free_text_air(frame: pl.DataFrame, mess: Mess) -> pl.DataFrame:
    """Chart some stretches without oxygen as a text, which no reader tells from a device."""
    return _texted(frame, "free-text-air", mess)


def _texted(frame: pl.DataFrame, kind: str, mess: Mess) -> pl.DataFrame:
    texts: Mapping[str, list[str]] = assumptions()[kind]["texts"]
    chosen = (pl.col("kind") == "oxygen") & pl.col("agent").is_in(list(texts))
    chosen &= pl.col(f"{kind}:0") < mess.number(kind, "share")
    said: pl.Expr = pl.lit(None, dtype=pl.String)
    for agent, listed in texts.items():
        place = (pl.col(f"{kind}:1") * len(listed)).floor().cast(pl.Int64)
        for i, text in enumerate(listed):
            said = pl.when((pl.col("agent") == agent) & (place == i)).then(pl.lit(text)).otherwise(said)
    flow = pl.col("rate").round(1).cast(pl.String).str.strip_suffix(".0").fill_null("")
    said = pl.concat_str(pl.lit(FREE_TEXT), said.str.replace("{rate}", flow, literal=True))
    nothing = {
        "agent": pl.lit(UNSPECIFIED),
        "rate": pl.lit(None, dtype=pl.Float64),
        "rate_unit": pl.lit(None, dtype=pl.String),
        "source": said,
    }
    frame = frame.with_columns(chosen.fill_null(value=False).alias("_chosen"))
    return frame.with_columns(
        pl.when("_chosen").then(value).otherwise(pl.col(name)).alias(name) for name, value in nothing.items()
    ).drop("_chosen")


def _gaps(cohort: Cohort, mess: Mess, seed: int) -> pl.DataFrame:
    """Gaps of the charting while vital signs were charted: course_id, kind (the stream), from_at, until_at."""
    vital = cohort.observations.filter(pl.col("kind").is_in(assumptions()["vital_signs"]))
    spans = (
        vital.group_by("course_id")
        .agg(pl.col("observed_at").min().alias("first"), pl.col("observed_at").max().alias("last"))
        .sort("course_id")
    )
    share, length = mess.number("charting-gaps", "share"), timedelta(hours=mess.number("charting-gaps", "hours"))
    streams: Iterable[str] = assumptions()["charting_gaps_of"]
    rows = []
    for course, first, last in spans.iter_rows():
        days = (last - first).days + 1
        for stream in streams:
            rng = Streams(seed).replication(f"population/mess/charting-gaps/{stream}", number_of(course))
            draws = rng.random((days, 2))
            for day in np.flatnonzero(draws[:, 0] < share):
                start = first + timedelta(days=int(day), minutes=int(draws[day, 1] * 1440))
                rows.append((course, stream, start, start + length))
    return pl.DataFrame(rows, schema=gaps.GAPS, orient="row")


_EXPOSURE_STEPS: Final = {"missing-devices": _missing_devices, "free-text": _free_text, "free-text-air": _free_text_air}
