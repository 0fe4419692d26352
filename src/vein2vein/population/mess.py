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
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
import polars as pl
import yaml

from vein2vein.errors import SimulationError
from vein2vein.knowledge import codes
from vein2vein.numerics.streams import Streams
from vein2vein.population import gaps
from vein2vein.record.cohort import Cohort, run_starts
from vein2vein.record.timeline import UNSPECIFIED

KINDS: Final = (
    "irregular", "jitter", "night-gaps", "missing-devices", "free-text", "charting-gaps", "late", "corrections", "duplicates",
    "units",
)  # fmt: skip
FREE_TEXT: Final = "charted as: "
"""How the source of an exposure begins that was charted as a text; the text follows."""
_AT: Final = ["course_id", "observed_at"]


@cache
def assumptions() -> dict[str, Any]:
    """The content of data/mess.yaml."""
    file = resources.files("vein2vein.population").joinpath("data", "mess.yaml")
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


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
    observations = _drawn(cohort.observations, _OF_OBSERVATIONS, mess, seed)
    exposures = _drawn(cohort.exposures, _OF_EXPOSURES, mess, seed)
    for kind, step in _OBSERVATION_STEPS.items():
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


_OF_OBSERVATIONS: Final = {
    "irregular": 1, "jitter": 2, "night-gaps": 1, "late": 2, "corrections": 4, "duplicates": 1, "units": 1,
}  # fmt: skip
_OF_EXPOSURES: Final = {"missing-devices": 1, "free-text": 2}


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


def _vital() -> pl.Expr:
    return pl.col("kind").is_in(assumptions()["vital_signs"])


def _irregular(frame: pl.DataFrame, mess: Mess, _: Cohort) -> pl.DataFrame:
    """Drop all vital signs of an instant together."""
    gone = pl.col("irregular:0").filter(_vital()).first().over(_AT) < mess.number("irregular", "share")
    return frame.filter(~(_vital() & gone.fill_null(value=False)))


def _jitter(frame: pl.DataFrame, mess: Mess, cohort: Cohort) -> pl.DataFrame:
    """Move all vital signs of an instant by the same whole minutes; never behind the death or the end of the follow-up."""
    moved = pl.col("jitter:0").filter(_vital()).first().over(_AT) < mess.number("jitter", "share")
    minutes = 1 + (pl.col("jitter:1").filter(_vital()).first().over(_AT) * mess.number("jitter", "minutes")).floor()
    later = pl.col("observed_at") + pl.duration(minutes=minutes.cast(pl.Int64))
    ends = cohort.courses.select("course_id", pl.col("followed_until").alias("_end")).join(
        cohort.milestones.filter(pl.col("kind") == "death")
        .group_by("course_id")
        .agg(pl.col("at").min().alias("_died")),
        on="course_id",
        how="left",
    )
    frame = frame.join(ends, on="course_id", how="left", maintain_order="left")
    inside = later < pl.min_horizontal(pl.col("_end"), pl.col("_died")).fill_null(later + pl.duration(minutes=1))
    change = (_vital() & moved & inside).fill_null(value=False)
    return frame.with_columns(pl.when(change).then(later).otherwise(pl.col("observed_at")).alias("observed_at")).drop(
        "_end", "_died"
    )


def _night_gaps(frame: pl.DataFrame, mess: Mess, cohort: Cohort) -> pl.DataFrame:
    """Drop all vital signs of whole nights by the clock of the centre."""
    frame = frame.join(cohort.courses.select("course_id", "zone"), on="course_id", how="left", maintain_order="left")
    hours = int(mess.number("night-gaps", "from_hour"))
    since: pl.Expr = pl.lit(None, dtype=pl.Datetime("us"))
    for zone in sorted(cohort.courses["zone"].unique()):
        wall = pl.col("observed_at").dt.convert_time_zone(zone).dt.replace_time_zone(None) - pl.duration(hours=hours)
        since = pl.when(pl.col("zone") == zone).then(wall).otherwise(since)
    frame = frame.with_columns(since.alias("_since")).with_columns(
        pl.col("_since").dt.date().alias("_night"),
        (_vital() & (pl.col("_since").dt.hour() < int(mess.number("night-gaps", "hours")))).alias("_inside"),
    )
    first = pl.col("night-gaps:0").filter(pl.col("_inside")).first().over("course_id", "_night")
    gone = pl.col("_inside") & (first < mess.number("night-gaps", "share"))
    return frame.filter(~gone.fill_null(value=False)).drop("zone", "_since", "_night", "_inside")


def _late(frame: pl.DataFrame, mess: Mess, _: Cohort) -> pl.DataFrame:
    """Enter some rows hours after they were made."""
    minutes = 1 + (pl.col("late:1") * mess.number("late", "hours") * 60).floor()
    entered = pl.col("observed_at") + pl.duration(minutes=minutes.cast(pl.Int64))
    late = pl.max_horizontal(entered, pl.col("recorded_at"))
    chosen = pl.col("late:0") < mess.number("late", "share")
    return frame.with_columns(pl.when(chosen).then(late).otherwise(pl.col("recorded_at")).alias("recorded_at"))


def _corrections(frame: pl.DataFrame, mess: Mess, _: Cohort) -> pl.DataFrame:
    """Put a wrong row in front of some numbers, which then were entered later."""
    kinds = [(name, *kind.plausible, kind.decimals) for name, kind in codes.observations().items() if kind.plausible]
    limits = pl.DataFrame(
        kinds,
        schema={"kind": pl.String, "_low": pl.Float64, "_high": pl.Float64, "_places": pl.Int64},
        orient="row",
    )
    frame = frame.with_row_index("_row").join(limits, on="kind", how="left", maintain_order="left")
    value, draw = pl.col("value"), pl.col("corrections:1")
    slips = [value * 10, value / 10, value + 1 + (draw * 9).floor(), value - 1 - (draw * 9).floor()]
    fitting = [pl.when(s.is_between(pl.col("_low"), pl.col("_high")) & (s != value)).then(s) for s in slips]
    # Which slip comes first to mind depends on the draw; the first that is plausible is made.
    slip = pl.when(draw < 0.5).then(pl.coalesce(fitting)).otherwise(pl.coalesce(fitting[::-1]))  # noqa: PLR2004  (a coin)
    rounded: pl.Expr = slip
    for places in sorted({places for *_, places in kinds}):
        rounded = pl.when(pl.col("_places") == places).then(slip.round(places)).otherwise(rounded)
    chosen = (pl.col("corrections:0") < mess.number("corrections", "share")) & (pl.col("usability") == "ok")
    chosen &= value.is_not_null() & pl.col("comparator").is_null() & (rounded != value)
    entered = pl.max_horizontal(pl.col("observed_at"), pl.col("recorded_at"))
    most = mess.number("corrections", "minutes")
    first, second = (1 + (pl.col(f"corrections:{i}") * most).floor().cast(pl.Int64) for i in (2, 3))
    frame = frame.with_columns(chosen.fill_null(value=False).alias("_chosen"), rounded.alias("_wrong"))
    wrong = frame.filter("_chosen").with_columns(
        pl.col("_wrong").alias("value"), (entered + pl.duration(minutes=first)).alias("recorded_at")
    )
    mended = pl.when("_chosen").then(entered + pl.duration(minutes=first + second)).otherwise(pl.col("recorded_at"))
    right = frame.with_columns(mended.alias("recorded_at"))
    both = pl.concat([wrong.with_columns(_turn=pl.lit(0)), right.with_columns(_turn=pl.lit(1))])
    ordered = both.sort("_row", "_turn", maintain_order=True)
    # A copy or another unit of the row itself is decided by the draws of that row; the wrong one has none of its own.
    others = [
        pl.when(pl.col("_turn") == 1).then(pl.col(n)).alias(n)
        for n in frame.columns
        if n in {"duplicates:0", "units:0"}
    ]
    return ordered.with_columns(others).drop("_row", "_turn", "_chosen", "_wrong", "_low", "_high", "_places")


def _duplicates(frame: pl.DataFrame, mess: Mess, _: Cohort) -> pl.DataFrame:
    """Deliver some rows twice, one behind the other."""
    often = pl.when(pl.col("duplicates:0") < mess.number("duplicates", "share")).then(2).otherwise(1)
    return frame.select(pl.all().repeat_by(often).explode())


def _units(frame: pl.DataFrame, mess: Mess, _: Cohort) -> pl.DataFrame:
    """Say of some numbers that they were sent in another unit, with the digits that bring the value back."""
    from vein2vein.population.writers.text import in_units, number  # noqa: PLC0415  (the writers import this module)

    table = in_units(assumptions()["other_units"])
    frame = frame.join(table, on="kind", how="left", maintain_order="left")
    chosen = (
        (pl.col("units:0") < mess.number("units", "share"))
        & (pl.col("usability") == "ok")
        & pl.col("as_sent").is_null()
    )
    chosen &= pl.col("value").is_not_null() & pl.col("reference_low").is_null() & pl.col("reference_high").is_null()
    sent = pl.concat_str(number("_number"), pl.lit(" "), pl.col("_unit"))
    back = (pl.col("value") - pl.col("_offset")) / pl.col("_scale")
    rounded: pl.Expr = back
    for digits in table["_digits"].unique().sort().to_list():
        rounded = pl.when(pl.col("_digits") == digits).then(back.round(digits)).otherwise(rounded)
    return (
        frame.with_columns(rounded.alias("_number"))
        .with_columns(pl.when(chosen.fill_null(value=False)).then(sent).otherwise(pl.col("as_sent")).alias("as_sent"))
        .drop("_unit", "_scale", "_offset", "_digits", "_number")
    )


def _devices(*, but_air: bool) -> pl.Expr:
    """Uses of an oxygen device that somebody named."""
    air = [agent for agent, entry in codes.stream("oxygen").agents.items() if entry.absence] if but_air else []
    return (pl.col("kind") == "oxygen") & ~pl.col("agent").is_in([UNSPECIFIED, *air])


def _missing_devices(frame: pl.DataFrame, mess: Mess) -> pl.DataFrame:
    """Leave out which device it was; the flow stays."""
    chosen = _devices(but_air=True) & (pl.col("missing-devices:0") < mess.number("missing-devices", "share"))
    return frame.with_columns(pl.when(chosen).then(pl.lit(UNSPECIFIED)).otherwise(pl.col("agent")).alias("agent"))


def _free_text(frame: pl.DataFrame, mess: Mess) -> pl.DataFrame:
    """Chart some devices as a text; device and flow are then for people to read."""
    texts: Mapping[str, list[str]] = assumptions()["free_texts"]
    chosen = _devices(but_air=False) & pl.col("agent").is_in(list(texts))
    chosen &= pl.col("free-text:0") < mess.number("free-text", "share")
    said: pl.Expr = pl.lit(None, dtype=pl.String)
    for agent, listed in texts.items():
        place = (pl.col("free-text:1") * len(listed)).floor().cast(pl.Int64)
        for i, text in enumerate(listed):
            said = pl.when((pl.col("agent") == agent) & (place == i)).then(pl.lit(text)).otherwise(said)
    flow = pl.col("rate").round(1).cast(pl.String).str.strip_suffix(".0").fill_null("")
    said = pl.concat_str(pl.lit(FREE_TEXT), said.str.replace("{rate}", flow, literal=True))
    nothing = {
        "agent": pl.lit(UNSPECIFIED),
        "rate": pl.lit(None, dtype=pl.Float64),
        "rate_unit": pl.lit(None, dtype=pl.String),
    }
    frame = frame.with_columns(
        chosen.alias("_chosen"), pl.when(chosen).then(said).otherwise(pl.col("source")).alias("source")
    )
    return frame.with_columns(
        pl.when("_chosen").then(value).otherwise(pl.col(name)).alias(name) for name, value in nothing.items()
    ).drop("_chosen")


def _gaps(cohort: Cohort, mess: Mess, seed: int) -> pl.DataFrame:
    """Gaps of the charting: course_id, kind (the stream), from_at, until_at."""
    times = pl.concat(
        [
            cohort.observations.select("course_id", pl.col("observed_at").alias("at")),
            cohort.exposures.select("course_id", pl.col("started_at").alias("at")),
        ]
    )
    spans = (
        times.group_by("course_id")
        .agg(pl.col("at").min().alias("first"), pl.col("at").max().alias("last"))
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


_OBSERVATION_STEPS: Final = {
    "irregular": _irregular,
    "jitter": _jitter,
    "night-gaps": _night_gaps,
    "late": _late,
    "corrections": _corrections,
    "duplicates": _duplicates,
    "units": _units,
}
_EXPOSURE_STEPS: Final = {"missing-devices": _missing_devices, "free-text": _free_text}
