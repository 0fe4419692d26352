"""A running programme, day by day: new referrals arrive, and every day gives the rows that became known on it.

Place    Floor 4. Used by the demonstration and by tests of load.
In       Products with weights, referrals per week, a first day, a seed.
Out      `Day` values: slices of the five cohort tables; `replayed` puts them together again.
Knows    A row is known from the later of when it happened and when it was entered; days are days in UTC. A course is said
         again when its infusion and when the end of its follow-up becomes known, an exposure when it ends; the later row counts.
         The courses are those of `simulate`, moved so that the referral falls on the day of arrival at the same local hour; the
         k-th referral of a setting is always the k-th course of its simulation, however long the programme runs.
Does not Keep what was given: the rows that are still to come are all that is in memory.
Checked  tests/unit/population/test_play.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import numpy as np
import polars as pl

from vein2vein.basis.clock import zone_of
from vein2vein.errors import SimulationError
from vein2vein.numerics.streams import Streams
from vein2vein.population.assemble import Tables
from vein2vein.population.blocks import BLOCK
from vein2vein.population.mess import Mess, with_mess
from vein2vein.population.simulate import Task, task_of
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

_WORKDAYS: Final = 5
_DAYS_OF_WEEK: Final = 7
_BLOCKS_KEPT: Final = 4
_TIMES: Final[Mapping[str, tuple[str, ...]]] = {
    "courses": ("infused_at", "followed_until"),
    "observations": ("observed_at", "recorded_at"),
    "exposures": ("started_at", "ended_at", "recorded_at"),
    "milestones": ("at",),
}
_ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "patients": ("patient_id",),
    "courses": ("course_id",),
    "observations": ("course_id", "observed_at", "kind", "recorded_at", "value", "code"),
    "exposures": ("course_id", "started_at", "kind", "agent", "ended_at", "amount", "rate"),
    "milestones": ("course_id", "at", "kind", "detail"),
}
Frames = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Day:
    """What became known on one day.

    Attributes:
        day: Day in UTC.
        frames: The five tables; rows of earlier days belong to the same courses, so a day is no cohort of its own.
    """

    day: date
    frames: Frames

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(frame.height for frame in self.frames.values())


@dataclass(frozen=True)
class Programme:
    """A programme that takes patients as they come.

    Args:
        products: Product or setting as `simulate` takes it -> weight; above 0.
        per_week: Expected number of referrals in a week; the numbers of the weeks are Poisson.
        start: First day; weeks are counted from it.
        seed: Root seed.
        weeks: Weeks in which patients are referred; None never stops.
        days: Days of hourly observation after each infusion.
        mess: Mess of the data.
    """

    products: Mapping[str, float]
    per_week: float
    start: date
    seed: int
    weeks: int | None = None
    days: int = 60
    mess: Mess = field(default_factory=Mess)

    def __post_init__(self) -> None:
        if not self.products or min(self.products.values()) <= 0 or self.per_week <= 0:
            raise SimulationError(
                "SIM-025",
                saw=f"products {dict(self.products)} and {self.per_week:g} referrals a week",
                expected="at least one product, weights above 0, and more than 0 referrals a week",
                fix="correct the numbers",
            )
        self.tasks()

    def tasks(self) -> tuple[Task, ...]:
        """The simulation of each product, by name.

        Raises:
            SimulationError: SIM-001 unknown product.
        """
        return tuple(task_of(name, seed=self.seed, days=self.days) for name in sorted(self.products))

    def arrivals(self) -> Iterator[list[tuple[Task, int, date]]]:
        """Week by week the referrals: the simulation, the number of its course, and the day."""
        tasks = self.tasks()
        weights = np.array([self.products[name] for name in sorted(self.products)], float)
        edges = np.cumsum(weights / weights.sum())
        taken = [0] * len(tasks)
        week = 0
        while self.weeks is None or week < self.weeks:
            rng = Streams(self.seed).replication("population/play/arrivals", week)
            draws = rng.random((rng.poisson(self.per_week), 2))
            found = []
            for which, when in draws[np.argsort(draws[:, 1], kind="stable")]:
                chosen = int(min(np.searchsorted(edges, which, side="right"), len(tasks) - 1))
                day = self.start + timedelta(days=_DAYS_OF_WEEK * week + int(when * _WORKDAYS))
                found.append((tasks[chosen], taken[chosen], day))
                taken[chosen] += 1
            yield found
            week += 1

    def cohorts(self) -> Iterator[Cohort]:
        """The whole courses of the referrals, week by week."""
        for week in self.arrivals():
            frames = [_course(task, number, day) for task, number, day in week]
            if not frames:
                yield Cohort.of(patients=tables.empty("patients"), courses=tables.empty("courses"))
                continue
            cohort = Cohort.of(**{name: pl.concat([f[name] for f in frames]) for name in tables.SCHEMAS})
            yield with_mess(cohort, self.mess, seed=self.seed)


def play(programme: Programme, until: date, *, first: date | None = None) -> Iterator[Day]:
    """The days of a programme, one after the other.

    Args:
        programme: What is played.
        until: First day that is not played.
        first: First day that is given; earlier ones are passed over, as when an interrupted call goes on. None: the start.
    """
    begin = first or programme.start
    waiting: dict[date, list[Frames]] = {}
    cohorts = programme.cohorts()
    day = programme.start
    while day < until:
        if (day - programme.start).days % _DAYS_OF_WEEK == 0:
            _put(waiting, next(cohorts, None), since=max(begin, day))
        pieces = waiting.pop(day, [])
        if day >= begin:
            yield Day(day, _joined(pieces))
        day += timedelta(days=1)


def _put(waiting: dict[date, list[Frames]], cohort: Cohort | None, *, since: date) -> None:
    """Put the rows of a week's referrals to the days on which they will be known; earlier days are over."""
    for known, frames in _by_day(cohort) if cohort is not None else ():
        if known >= since:
            waiting.setdefault(known, []).append(frames)


def replayed(days: Iterable[Day]) -> Cohort:
    """The cohort that the days add up to; rows in the order of `in_order`."""
    listed = list(days)
    frames = {name: pl.concat([tables.empty(name), *(d.frames[name] for d in listed)]) for name in tables.SCHEMAS}
    frames["patients"] = frames["patients"].unique("patient_id", keep="last", maintain_order=True)
    frames["courses"] = frames["courses"].unique("course_id", keep="last", maintain_order=True)
    frames["exposures"] = _closed(frames["exposures"])
    return in_order(Cohort.of(**frames))


def known_until(cohort: Cohort, until: date) -> Cohort:
    """What of a cohort is known before a day begins in UTC, in the order of `in_order`."""
    cut = pl.lit(datetime(until.year, until.month, until.day, tzinfo=UTC)).cast(tables.Instant)
    referred = _referred(cohort).filter(pl.col("_at") < cut)
    here = cohort.courses.join(referred, on="course_id", how="semi", maintain_order="left")
    courses = here.with_columns(
        pl.when(pl.col(name) < cut).then(pl.col(name)).alias(name) for name in _TIMES["courses"]
    )
    exposures = cohort.exposures.filter(_known("exposures") < cut).with_columns(
        pl.when(_ended() < cut).then(pl.col("ended_at")).alias("ended_at")
    )
    return in_order(
        Cohort.of(
            patients=cohort.patients.join(here, on="patient_id", how="semi", maintain_order="left"),
            courses=courses,
            observations=cohort.observations.filter(_known("observations") < cut),
            exposures=exposures,
            milestones=cohort.milestones.filter(_known("milestones") < cut),
        )
    )


def in_order(cohort: Cohort) -> Cohort:
    """The cohort with its rows in an order that does not depend on when they became known."""
    frames = {name: getattr(cohort, name).sort(_ORDER[name], maintain_order=True) for name in tables.SCHEMAS}
    return Cohort.of(**frames)


@lru_cache(maxsize=_BLOCKS_KEPT)
def _block(task: Task, number: int) -> Tables:
    return task.block(number)[0]


def _course(task: Task, number: int, arrival: date) -> Frames:
    """The tables of one course, moved to its day of arrival."""
    whole, place = _block(task, number // BLOCK), number % BLOCK
    start, stop = np.searchsorted(whole.course, [place, place + 1])
    cut: dict[str, Any] = {name: getattr(whole, name)[start:stop] for name in ("course", "kind", "at", "value", "code")}
    id = whole.ids[place]
    frames: Frames = {"observations": replace(whole, **cut).observations()}
    for name in ("courses", "exposures", "milestones"):
        frames[name] = getattr(whole, name).filter(pl.col("course_id") == id)
    patient = frames["courses"]["patient_id"][0]
    frames["patients"] = whole.patients.filter(pl.col("patient_id") == patient)
    return _moved(frames, arrival)


def _moved(frames: Frames, arrival: date) -> Frames:
    zone = zone_of(frames["courses"]["zone"][0])
    referred: datetime = frames["milestones"]["at"].min()  # type: ignore[assignment]
    clock = referred.astimezone(zone)
    target = datetime(arrival.year, arrival.month, arrival.day, clock.hour, clock.minute, tzinfo=zone).astimezone(UTC)
    by = pl.lit(target - referred, dtype=pl.Duration("us"))
    moved = {
        name: frame.with_columns((pl.col(c) + by).alias(c) for c in _TIMES.get(name, ()))
        for name, frame in frames.items()
    }
    years = pl.lit(timedelta(days=round((target - referred).total_seconds() / 86_400)))
    moved["patients"] = moved["patients"].with_columns((pl.col("born_on") + years).cast(pl.Date).alias("born_on"))
    return {name: tables.conform(frame, name) for name, frame in moved.items()}


def _known(table: str) -> pl.Expr:
    time = _TIMES[table][0]
    entered = [pl.col("recorded_at")] if "recorded_at" in _TIMES[table] else []
    return pl.max_horizontal(pl.col(time), *entered)


def _ended() -> pl.Expr:
    """When the end of an exposure is known: not before the exposure itself is."""
    return pl.when(pl.col("ended_at").is_not_null()).then(pl.max_horizontal("ended_at", _known("exposures")))


def _referred(cohort: Cohort) -> pl.DataFrame:
    """When each course became known: its first milestone, or its first row where there is none."""
    times = [cohort.milestones.select("course_id", pl.col("at").alias("_at"))]
    times += [cohort.observations.select("course_id", _known("observations").alias("_at"))]
    times += [cohort.exposures.select("course_id", _known("exposures").alias("_at"))]
    return pl.concat(times).group_by("course_id").agg(pl.col("_at").min()).sort("course_id")


def _by_day(cohort: Cohort) -> Iterator[tuple[date, Frames]]:
    """The rows of a cohort by the day on which they become known."""
    referred = _referred(cohort)
    said = _said_courses(cohort.courses, referred)
    owners = cohort.courses.join(referred, on="course_id").group_by("patient_id").agg(pl.col("_at").min())
    exposures = cohort.exposures.with_columns(_known("exposures").alias("_at"), _ended().alias("_end"))
    later = pl.col("_end").dt.date() > pl.col("_at").dt.date()
    opened = exposures.with_columns(
        pl.when(later.fill_null(value=False)).then(None).otherwise(pl.col("ended_at")).alias("ended_at")
    )
    closed = exposures.filter(later).with_columns(pl.col("_end").alias("_at"))
    frames = {
        "patients": cohort.patients.join(owners, on="patient_id", maintain_order="left"),
        "courses": said,
        "observations": cohort.observations.with_columns(_known("observations").alias("_at")),
        "exposures": pl.concat([opened, closed]).drop("_end"),
        "milestones": cohort.milestones.with_columns(_known("milestones").alias("_at")),
    }
    pieces: dict[date, Frames] = {}
    for name, frame in frames.items():
        dated = frame.with_columns(pl.col("_at").dt.date().alias("_day"))
        for (day,), rows in dated.partition_by("_day", as_dict=True, maintain_order=True).items():
            pieces.setdefault(day, {})[name] = rows.drop("_day", "_at")
    yield from sorted(pieces.items())


def _said_courses(courses: pl.DataFrame, referred: pl.DataFrame) -> pl.DataFrame:
    """Each course once for every day on which something more is known of it, with _at."""
    frame = courses.join(referred, on="course_id", maintain_order="left")
    moments = [
        frame.with_columns(pl.lit(None, dtype=tables.Instant).alias(name) for name in _TIMES["courses"]),
        frame.filter(pl.col("infused_at").is_not_null()).with_columns(
            pl.max_horizontal("_at", "infused_at").alias("_at"),
            pl.lit(None, dtype=tables.Instant).alias("followed_until"),
        ),
        frame.filter(pl.col("followed_until").is_not_null()).with_columns(
            pl.max_horizontal("_at", "followed_until", "infused_at").alias("_at")
        ),
    ]
    dated = pl.concat(moments).with_columns(pl.col("_at").dt.date().alias("_day"))
    # Of what becomes known on one day only the last is said.
    return dated.unique(["course_id", "_day"], keep="last", maintain_order=True).drop("_day")


def _joined(pieces: list[Frames]) -> Frames:
    return {name: pl.concat([tables.empty(name), *(p[name] for p in pieces if name in p)]) for name in tables.SCHEMAS}


def _closed(frame: pl.DataFrame) -> pl.DataFrame:
    """Exposures without the open rows that a later row closed."""
    key = [name for name in frame.columns if name != "ended_at"]
    later = pl.max_horizontal("ended_at", _known("exposures")).dt.date() > _known("exposures").dt.date()
    is_open = pl.col("ended_at").is_null()
    numbered = frame.with_columns(
        pl.when(is_open).then(0).when(later).then(1).otherwise(2).alias("_state")
    ).with_columns(pl.int_range(pl.len()).over([*key, "_state"]).alias("_nth"))
    closing = numbered.filter(pl.col("_state") == 1).select(*key, "_nth")
    still = numbered.filter(pl.col("_state") == 0).join(
        closing, on=[*key, "_nth"], how="anti", nulls_equal=True, maintain_order="left"
    )
    return pl.concat([numbered.filter(pl.col("_state") > 0), still]).drop("_state", "_nth")
