"""Verdict steps to episodes: onset, peak, resolution, state.

Place    Engine. Read by `engine.grade`; the episode table is what cohort work and trials count.
In       Verdict steps of grading scales, and the last look of each course.
Out      Episodes in order of onset, never overlapping; see `engine.verdict.EPISODES`.
Knows    Only steps up to the last look. An episode open then is ongoing or censored, never resolved.
Missing  A step whose lower bound is 0 and whose upper bound is not neither opens nor closes an episode; its time inside an
         episode is `unassessed_hours`. Such a step also stops the clock of the absence that resolution needs.
Sources  `gap_hours` comes from the rule set.
Does not Count recurrences as new courses, or impute between steps.
Checked  tests/unit/engine/test_episodes.py

Words
    present     lower bound at least 1
    resolved    absence (upper bound 0) has added up to gap_hours since the last present step; resolved_at is its first instant
    ongoing     present at the last look
    censored    neither present at the last look nor resolved
    fatal       the episode reached the grade that means death; points and criteria have none
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from vein2vein.engine.verdict import EPISODES
from vein2vein.knowledge.inputs import Death
from vein2vein.knowledge.schema import RuleSet

_KEYS: Final = ["course_id", "rule_set_id"]
_HOUR: Final = pl.duration(hours=1)


@dataclass(frozen=True, slots=True)
class EpisodeWords:
    """What episodes need to know of a grading scale.

    Attributes:
        gap_hours: Hours of absence that end an episode.
        fatal: The result that means death; None where no result does.
        is_cumulative: Whether the last verdict is the answer, so that its upper bound is that of the peak.
    """

    gap_hours: float
    fatal: int | None
    is_cumulative: bool = False

    @classmethod
    def of(cls, rule: RuleSet) -> EpisodeWords | None:
        """The words of a rule set; None when it has no episodes."""
        if rule.episodes is None:
            return None
        has_death = rule.result.kind == "grade" and any(isinstance(take, Death) for take in rule.inputs.values())
        return cls(rule.episodes.gap_hours, rule.result.highest if has_death else None, rule.result.cumulative)


def derive_episodes(
    verdicts: pl.DataFrame, last_looks: pl.DataFrame, rules: Mapping[str, EpisodeWords], courses: pl.DataFrame
) -> pl.DataFrame:
    """Episodes of every grading scale in a verdict table.

    Args:
        verdicts: Verdict steps; see `engine.verdict.VERDICTS`.
        last_looks: course_id, rule_set_id, last_look.
        rules: Hours of absence that end an episode and the result that means death, by rule set id; rule sets not named have
            no episodes.
        courses: The courses table, for zones and day 0.

    Returns:
        A frame in the schema of `engine.verdict.EPISODES`, sorted by course, rule set and onset.
    """
    words = pl.DataFrame(
        [(id, rule.gap_hours, rule.fatal, rule.is_cumulative) for id, rule in rules.items()],
        schema={"rule_set_id": pl.String, "gap": pl.Float64, "fatal": pl.Int32, "is_cumulative": pl.Boolean},
        orient="row",
    )
    steps = (
        verdicts.lazy()
        .filter(pl.col("from_at").is_not_null())
        .select(*_KEYS, "from_at", "until_at", "low", "high")
        .join(words.lazy(), on="rule_set_id")
        .join(last_looks.lazy(), on=_KEYS)
        .sort(*_KEYS, "from_at")
        .with_columns(
            until=pl.col("until_at").fill_null(pl.max_horizontal("last_look", "from_at")),
            present=(pl.col("low") >= 1).fill_null(value=False),
            absent=(pl.col("high") == 0).fill_null(value=False),
        )
        .with_columns(hours=(pl.col("until") - pl.col("from_at")) / _HOUR, run=pl.col("present").cum_sum().over(_KEYS))
        .filter(pl.col("run") > 0)
        .with_columns(first_absent=pl.col("from_at").filter(pl.col("absent")).min().over(*_KEYS, "run"))
    )
    runs = steps.group_by(*_KEYS, "run", maintain_order=True).agg(
        pl.col("gap").first(),
        pl.col("fatal").first(),
        pl.col("is_cumulative").first(),
        pl.col("last_look").first(),
        pl.col("first_absent").first(),
        absent_hours=pl.col("hours").filter(pl.col("absent")).sum(),
        unassessed_hours=pl.col("hours")
        .filter(
            ~pl.col("present")
            & ~pl.col("absent")
            & ~(pl.col("from_at") > pl.col("first_absent")).fill_null(value=False)
        )
        .sum(),
        late_unassessed=pl.col("hours")
        .filter(
            ~pl.col("present") & ~pl.col("absent") & (pl.col("from_at") > pl.col("first_absent")).fill_null(value=False)
        )
        .sum(),
        from_at=pl.col("from_at").first(),
        until=pl.col("until").first(),
        low=pl.col("low").first(),
        high=pl.col("high").first(),
        is_present_last=pl.col("present").last(),
    )
    closed = pl.col("first_absent").is_not_null() & (pl.col("absent_hours") >= pl.col("gap"))
    episodes = (
        runs.with_columns(closed=closed)
        .with_columns(
            episode=1 + pl.col("closed").cast(pl.Int32).shift(1, fill_value=0).cum_sum().over(_KEYS),
            unassessed_hours=pl.col("unassessed_hours")
            + pl.when(closed).then(0.0).otherwise(pl.col("late_unassessed")),
        )
        .group_by(*_KEYS, "episode", maintain_order=True)
        .agg(
            onset_at=pl.col("from_at").first(),
            peak_low=pl.col("low").max(),
            peak_high=pl.when(pl.col("is_cumulative").first())
            .then(pl.col("high").last())
            .otherwise(pl.col("high").max()),
            peak_at=pl.col("from_at").filter(pl.col("low") == pl.col("low").max()).first(),
            resolved_at=pl.col("first_absent").filter(pl.col("closed")).last(),
            last_at=pl.col("until").max(),
            last_look=pl.col("last_look").first(),
            fatal=pl.col("fatal").first(),
            is_present_last=pl.col("is_present_last").last(),
            unassessed_hours=pl.col("unassessed_hours").sum(),
            present_from=pl.col("from_at"),
            present_until=pl.col("until"),
        )
        .with_columns(
            state=pl.when((pl.col("peak_low") >= pl.col("fatal")).fill_null(value=False))
            .then(pl.lit("fatal"))
            .when(pl.col("resolved_at").is_not_null())
            .then(pl.lit("resolved"))
            .when(pl.col("is_present_last"))
            .then(pl.lit("ongoing"))
            .otherwise(pl.lit("censored")),
            episode_hours=(pl.coalesce("resolved_at", pl.max_horizontal("last_look", "onset_at")) - pl.col("onset_at"))
            / _HOUR,
        )
        .collect()
    )
    return _with_days(episodes, courses).select(pl.col(name).cast(dtype) for name, dtype in EPISODES.items())


def _with_days(episodes: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    """Add onset day and days affected, on the calendar of each centre."""
    known = courses.select("course_id", "zone", "infused_at")
    joined = episodes.join(known, on="course_id", how="left").with_row_index("row")
    parts = [_days_in_zone(part, str(zone)) for (zone,), part in joined.partition_by("zone", as_dict=True).items()]
    if not parts:
        return episodes.with_columns(onset_day=pl.lit(None, pl.Int32), days_affected=pl.lit(None, pl.Int32))
    return joined.join(pl.concat(parts), on="row").sort("row")


def _days_in_zone(part: pl.DataFrame, zone: str) -> pl.DataFrame:
    def local(column: str) -> pl.Expr:
        return pl.col(column).dt.convert_time_zone(zone).dt.date()

    onset = part.select("row", onset_day=(local("onset_at") - local("infused_at")).dt.total_days().cast(pl.Int32))
    steps = part.select("row", "present_from", "present_until").explode("present_from", "present_until")
    # The end of a half-open step is not part of it; a step without length still touches its day.
    end = pl.max_horizontal(pl.col("present_until") - pl.duration(microseconds=1), pl.col("present_from"))
    days = (
        steps.with_columns(first=local("present_from"), last=end.dt.convert_time_zone(zone).dt.date())
        .with_columns(seen=pl.col("last").cum_max().shift(1).over("row"))
        .with_columns(new=pl.max_horizontal(pl.col("first"), pl.col("seen") + pl.duration(days=1)))
        .group_by("row")
        .agg(
            days_affected=((pl.col("last") - pl.col("new")).dt.total_days() + 1)
            .clip(lower_bound=0)
            .sum()
            .cast(pl.Int32)
        )
    )
    return onset.join(days, on="row")
