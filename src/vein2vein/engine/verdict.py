"""What a rule set says about a timeline, and the episodes that follow from it.

Place    Floor between record and journey. Written by both engines; read by episodes, journey, report and the command line.
Out      `Verdict` (one instant, with reasons), the verdict table (steps over time) and the episode table.
Knows    Steps are half-open [from_at, until_at); the last step of a course has no `until_at` (it holds as of the last look).
Missing  `low` and `high` are what the grade could be; both are null where the rule set does not apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from vein2vein.basis.truth import Bounds, Truth
from vein2vein.record.tables import Instant
from vein2vein.record.timeline import Exposure, Milestone, Observation

VERDICTS: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {
        "course_id": pl.String,
        "rule_set_id": pl.String,
        "from_at": Instant,
        "until_at": Instant,
        "low": pl.Int32,
        "high": pl.Int32,
        "deciding": pl.List(pl.String),
        "missing": pl.List(pl.String),
        "flags": pl.List(pl.Int32),
    }
)
EPISODES: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = MappingProxyType(
    {
        "course_id": pl.String,
        "rule_set_id": pl.String,
        "episode": pl.Int32,
        "onset_at": Instant,
        "onset_day": pl.Int32,
        "peak_low": pl.Int32,
        "peak_high": pl.Int32,
        "peak_at": Instant,
        "resolved_at": Instant,
        "last_at": Instant,
        "state": pl.String,
        "episode_hours": pl.Float64,
        "days_affected": pl.Int32,
        "unassessed_hours": pl.Float64,
    }
)


@dataclass(frozen=True, slots=True)
class InputUsed:
    """One input of a verdict: what it could be, and the rows it rests on."""

    name: str
    shown: str
    is_known: bool
    rows: tuple[Observation | Exposure | Milestone, ...] = ()
    assumption: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule set says about one course at one instant, with its reasons.

    Attributes:
        bounds: Lowest and highest possible result; None where the rule set does not apply.
        not_applicable: Why it does not apply; None where it does.
        deciding: Criteria that hold for certain in the case that gives the lower bound.
        missing: Inputs (or criteria over time) that keep a higher result open.
        flags: Positions of the remarks of the rule file that hold or may hold.
        criteria: Truth of every criterion.
        inputs: Every input with its possible values and the rows behind them.
        parameters: Value of every open point of the scale.
    """

    rule_set_id: str
    at: datetime
    bounds: Bounds | None
    not_applicable: str | None = None
    deciding: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    flags: tuple[int, ...] = ()
    criteria: Mapping[str, Truth] = field(default_factory=dict)
    inputs: tuple[InputUsed, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_assessable(self) -> bool:
        """Whether nothing that is missing could change the result."""
        return self.bounds is not None and self.bounds.is_exact


@dataclass(frozen=True, slots=True)
class Episode:
    """A maximal run of verdicts with a lower bound of at least 1; see `engine.episodes` for the words.

    Attributes:
        onset_at: First instant at which the criteria are met for certain.
        peak: Lowest and highest possible peak over the assessed steps.
        resolved_at: First instant of the sustained absence; None while ongoing or censored.
        state: resolved, ongoing, censored or fatal.
        episode_hours: From onset to resolution, or to the last look.
        days_affected: Local calendar days with a lower bound of at least 1.
        unassessed_hours: Time inside the episode in which the lower bound is 0 and the upper one is not.
    """

    course_id: str
    rule_set_id: str
    episode: int
    onset_at: datetime
    onset_day: int | None
    peak: Bounds
    peak_at: datetime
    resolved_at: datetime | None
    last_at: datetime
    state: str
    episode_hours: float
    days_affected: int
    unassessed_hours: float

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Episode:
        """An episode from a row of the episode table."""
        rest = {name: value for name, value in row.items() if name not in {"peak_low", "peak_high"}}
        return cls(peak=Bounds(row["peak_low"], row["peak_high"]), **rest)


@dataclass(frozen=True)
class Graded:
    """Verdict steps and episodes of a cohort under one or more rule sets.

    Attributes:
        verdicts: One row per course, rule set and step; see `VERDICTS`. Courses for which the window of a rule set never opens
            have one row with null times and bounds, so that every course is accounted for; steps during which a rule set
            does not apply (outside its population) have null bounds.
        episodes: One row per episode; see `EPISODES`.
        parameters: Chosen parameters by rule set.
    """

    verdicts: pl.DataFrame
    episodes: pl.DataFrame
    parameters: Mapping[str, Mapping[str, Any]]

    def episodes_of(self, course_id: str) -> tuple[Episode, ...]:
        """Episodes of one course, by rule set and onset."""
        rows = self.episodes.filter(pl.col("course_id") == course_id)
        return tuple(Episode.of_row(row) for row in rows.iter_rows(named=True))
