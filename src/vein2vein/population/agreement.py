"""Intended against graded episodes, and what the mess of hospital data leaves of them.

Place    Floor 4. Used by `calibration` and tools/calibrate.py.
In       What the generator intended, and what our engine found in the rows.
Out      Tables: peaks intended and graded, hours between onsets and ends; with mess, how much can no longer be assessed.
Knows    A course is *found* when both bounds of its graded peak are the intended peak, *open* when the bounds differ and hold it,
         *wrong* when they exclude it. A wrong peak is no fault of grading where the mess took away what showed it, or changed it.
         Hours are those of the first 30 days after the infusion.
Does not Repair anything.
Checked  tests/unit/population/test_agreement.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Final

import polars as pl

from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.workers import answers
from vein2vein.population.blocks import BLOCK
from vein2vein.population.mess import KINDS, Mess, with_mess
from vein2vein.population.simulate import Task, intended, task_of
from vein2vein.record.cohort import Cohort

ASTCT: Final = ("astct-2019.crs", "astct-2019.icans")
CHILDREN: Final = "-children"
FATAL: Final = 5
WINDOW_DAYS: Final = 30
DISTURBANCES: Final = (("none",), *((kind,) for kind in KINDS), ("all",))
_HOUR: Final = pl.duration(hours=1)
_SYNDROMES: Final = ("crs", "icans")


def pairs_of(meant: pl.DataFrame, episodes: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """One row per infused course and syndrome: peak, first and last hour, intended and graded.

    Args:
        meant: As `simulate.intended` gives it.
        episodes: Graded under ASTCT (with its edition for children, where it was asked for).
        courses: The courses table.
    """
    zero = courses.select("course_id", "infused_at")
    frames = []
    for name, scale in zip(_SYNDROMES, ASTCT, strict=True):
        onset, end = (
            ((pl.col(at) - pl.col("infused_at")) / _HOUR).cast(pl.Float64) for at in ("onset_at", "resolved_at")
        )
        found = (
            episodes.filter(pl.col("rule_set_id").is_in([scale, scale + CHILDREN]))
            .join(zero, on="course_id")
            .group_by("course_id")
            .agg(
                low=pl.col("peak_low").max(),
                high=pl.col("peak_high").max(),
                graded_from=onset.min(),
                graded_until=end.max(),
            )
        )
        peak = pl.when((pl.col("died_of") == name).fill_null(value=False)).then(FATAL).otherwise(pl.col(f"{name}_peak"))
        frames.append(
            meant.select(
                "course_id",
                syndrome=pl.lit(name),
                meant=peak.cast(pl.Int32),
                meant_from=pl.col(f"{name}_first_hour").cast(pl.Float64),
                meant_until=pl.col(f"{name}_last_hour").cast(pl.Float64) + 1,
            )
            .join(found, on="course_id", how="left", maintain_order="left")
            .with_columns(pl.col("low", "high").fill_null(0).cast(pl.Int32))
        )
    return pl.concat(frames).drop("course_id")


def agreement_of(pairs: pl.DataFrame) -> pl.DataFrame:
    """Courses by syndrome, intended peak (5 where the syndrome was fatal), lowest and highest graded peak."""
    keys = ["syndrome", "meant", "low", "high"]
    return pairs.group_by(keys).agg(courses=pl.len()).sort(keys)


def timing_of(pairs: pl.DataFrame) -> pl.DataFrame:
    """How far graded onset and end lie from the intended ones where both exist: median and 95th percentile, hours."""
    rows = []
    for (syndrome,), some in pairs.group_by("syndrome", maintain_order=True):
        for what in ("from", "until"):
            off = (some[f"graded_{what}"] - some[f"meant_{what}"]).drop_nulls().abs()
            rows.append((syndrome, what, len(off), off.median(), off.quantile(0.95)))
    names = ["syndrome", "end", "courses", "median_hours", "p95_hours"]
    return pl.DataFrame(rows, schema=names, orient="row")


def disturbed(
    id: str,
    n: int,
    *,
    seed: int = 1,
    disturbances: Sequence[tuple[str, ...]] = DISTURBANCES,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pl.DataFrame:
    """What grading finds of the intended courses under each kind of mess.

    Args:
        id: Setting.
        n: Enrolled courses; rounded up to whole blocks of 250.
        seed: Root seed of the courses and of the mess.
        disturbances: Kinds of mess that are switched on together, as `Mess.of` takes them.
        executor: Where blocks are drawn and graded; None does it here.
        progress: Called with (courses done, courses in all) after each block.

    Returns:
        One row per disturbance and syndrome: courses (infused), found, open, wrong, hours, open_hours.
    """
    task = task_of(id, seed=seed)
    blocks = -(-n // BLOCK)
    work = partial(_disturbed_block, task, tuple(disturbances))
    made = map(work, range(blocks)) if executor is None else answers(executor, work, range(blocks))
    parts = []
    for done, part in enumerate(made, start=1):
        parts.append(part)
        if progress is not None:
            progress(done * BLOCK, blocks * BLOCK)
    keys = ["mess", "syndrome"]
    return pl.concat(parts).group_by(keys, maintain_order=True).agg(pl.all().sum())


def _disturbed_block(task: Task, disturbances: tuple[tuple[str, ...], ...], number: int) -> pl.DataFrame:
    made, states = task.block(number)
    cohort = Cohort.of(**made.frames())
    meant = intended(made.ids, states)
    rules = [*ASTCT, ASTCT[1] + CHILDREN]
    rows = []
    for kinds in disturbances:
        messy = with_mess(cohort, Mess.of(",".join(kinds)), seed=task.seed)
        graded = grade_cohort(messy, rules, threads=1)
        pairs = pairs_of(meant, graded.episodes, cohort.courses)
        for syndrome in _SYNDROMES:
            some = pairs.filter(pl.col("syndrome") == syndrome)
            rows.append(
                {
                    "mess": ", ".join(kinds),
                    "syndrome": syndrome,
                    **_fates(some),
                    **_hours(graded.verdicts, cohort, syndrome),
                }
            )
    return pl.DataFrame(rows)


def _fates(pairs: pl.DataFrame) -> dict[str, int]:
    low, high, meant = pairs["low"], pairs["high"], pairs["meant"]
    found = (low == meant) & (high == meant)
    is_open = ~found & (low <= meant) & (meant <= high)
    return {
        "courses": len(pairs),
        "found": int(found.sum()),
        "open": int(is_open.sum()),
        "wrong": int((~found & ~is_open).sum()),
    }


def _hours(verdicts: pl.DataFrame, cohort: Cohort, syndrome: str) -> dict[str, float]:
    """Hours of the window that were graded, and those in which the bounds differ."""
    scale = ASTCT[_SYNDROMES.index(syndrome)]
    window = pl.col("infused_at") + pl.duration(days=WINDOW_DAYS)
    steps = (
        verdicts.filter(pl.col("rule_set_id").is_in([scale, scale + CHILDREN]) & pl.col("low").is_not_null())
        .join(cohort.courses.select("course_id", "infused_at"), on="course_id")
        .with_columns(start=pl.max_horizontal("from_at", "infused_at"), stop=pl.min_horizontal("until_at", window))
        .with_columns(hours=((pl.col("stop") - pl.col("start")) / _HOUR).cast(pl.Float64))
        .filter(pl.col("hours") > 0)
    )
    is_open = pl.col("low") != pl.col("high")
    summed = steps.select(hours=pl.col("hours").sum(), open_hours=pl.col("hours").filter(is_open).sum())
    return {name: float(summed[name][0]) for name in ("hours", "open_hours")}
