"""A cohort in numbers: who reached which grade, when, for how long, and how much could not be assessed and why.

Place    Report. Reads the verdict and episode tables of `engine.verdict`; read by tables and the cohort page.
Knows    "Certain" counts courses whose lowest possible result reached a level, "possible" those whose highest did.
Missing  A course to which a rule set never applies is counted apart and stands in no denominator.
Does not Compare rule sets or test hypotheses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import polars as pl

from vein2vein.engine.verdict import VERDICTS, Graded
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort

LEVELS: Final = {
    "rule_set_id": pl.String,
    "level": pl.Int32,
    "name": pl.String,
    "courses": pl.UInt32,
    "reached_certain": pl.UInt32,
    "reached_possible": pl.UInt32,
    "possible_only_at_first": pl.UInt32,
    "peak_exactly": pl.UInt32,
}
RULE_SETS: Final = {
    "rule_set_id": pl.String,
    "courses": pl.UInt32,
    "courses_applicable": pl.UInt32,
    "courses_fully_assessable": pl.UInt32,
    "courses_with_episode": pl.UInt32,
    "onset_day_median": pl.Float64,
    "onset_day_quarter": pl.Float64,
    "onset_day_three_quarters": pl.Float64,
    "episodes": pl.UInt32,
    "episodes_resolved": pl.UInt32,
    "episode_days_median": pl.Float64,
    "episode_days_quarter": pl.Float64,
    "episode_days_three_quarters": pl.Float64,
    "hours": pl.Float64,
    "hours_not_assessable": pl.Float64,
}
MISSING: Final = {"rule_set_id": pl.String, "input": pl.String, "hours": pl.Float64, "courses": pl.UInt32}


@dataclass(frozen=True)
class Summary:
    """Three tables about a graded cohort, each in the order of the rule sets given.

    Attributes:
        rule_sets: One row per rule set, columns of `RULE_SETS`. Onset is the relative day of the first episode of a course
            that is certain (lowest possible peak above 0); days in episode are those of resolved certain episodes.
        levels: One row per rule set and level, columns of `LEVELS`. Possible only at first is a level that a course may have
            reached only before its first certain result, such as in the hours before the first laboratory value.
        missing: One row per rule set and missing input, most hours first, columns of `MISSING`. Hours of several inputs
            that are missing at once count for each of them.
        peaks: One row per course and rule set: highest `low`, highest `high`, hours, hours not assessable, and
            how many steps are open (`open_steps`) and certain (`closed_steps`).
    """

    rule_sets: pl.DataFrame
    levels: pl.DataFrame
    missing: pl.DataFrame
    peaks: pl.DataFrame


def summarise(cohort: Cohort, graded: Graded, rule_sets: Sequence[RuleSet]) -> Summary:
    """Count and measure a graded cohort."""
    return summarise_batches(cohort, [graded.verdicts], graded.episodes, rule_sets)


def summarise_batches(
    cohort: Cohort, batches: Iterable[pl.DataFrame], episodes: pl.DataFrame, rule_sets: Sequence[RuleSet]
) -> Summary:
    """The same from the verdict table in pieces, so that a large one is never held.

    Args:
        cohort: Only its courses are read.
        batches: Pieces of the verdict table, in its order; a course may begin in one and end in another.
        episodes: The whole episode table.
        rule_sets: As graded.
    """
    found: list[pl.DataFrame] = []
    lacking: list[pl.DataFrame] = []
    for batch in chain([pl.DataFrame(schema=VERDICTS)], batches):
        steps = _with_hours(cohort, batch)
        found.append(_compact(_peaks(steps)))
        lacking.append(_compact(_missing(steps)))
    peaks = _joined_peaks(pl.concat(found), rule_sets)
    rows = [_rule_set_row(rule, peaks, episodes) for rule in rule_sets]
    levels = [row for rule in rule_sets for row in _level_rows(rule, peaks)]
    order = {rule.id: i for i, rule in enumerate(rule_sets)}
    missing = (
        pl.concat(lacking)
        .group_by("rule_set_id", "missing")
        .agg(hours=pl.col("hours").sum(), courses=pl.col("course_id").n_unique())
        .rename({"missing": "input"})
        .with_columns(_order=pl.col("rule_set_id").replace_strict(order, default=len(order), return_dtype=pl.Int32))
        .sort(["_order", "hours", "input"], descending=[False, True, False])
        .select(*MISSING)
        .cast(MISSING)  # type: ignore[arg-type]
    )
    return Summary(pl.DataFrame(rows, schema=RULE_SETS), pl.DataFrame(levels, schema=LEVELS), missing, peaks)


def steps_with_hours(cohort: Cohort, graded: Graded) -> pl.DataFrame:
    """The verdict table with `hours` of each step; the last step of a course lasts until the end of its follow-up.

    Where the end of the follow-up is not known, the last step has no length: it is what held at the last look.
    """
    return _with_hours(cohort, graded.verdicts)


def _with_hours(cohort: Cohort, verdicts: pl.DataFrame) -> pl.DataFrame:
    ends = cohort.courses.select("course_id", "followed_until")
    until = pl.coalesce("until_at", "followed_until")
    hours = (until - pl.col("from_at")).dt.total_microseconds() / 3_600_000_000
    return (
        verdicts.join(ends, on="course_id", how="left", maintain_order="left")
        .with_columns(hours=hours.clip(0).fill_null(0.0), until_at=until)
        .drop("followed_until")
    )


def _compact(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with texts of their own: texts of Polars are views that keep the whole batch alive."""
    return pl.DataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest())).cast(frame.schema)


def _missing(steps: pl.DataFrame) -> pl.DataFrame:
    """Hours by rule set, missing input and course."""
    return (
        steps.filter(pl.col("low") < pl.col("high"))
        .select("rule_set_id", "course_id", "missing", "hours")
        .explode("missing", empty_as_null=True)
        .drop_nulls("missing")
        .group_by("rule_set_id", "missing", "course_id")
        .agg(hours=pl.col("hours").sum())
    )


def _peaks(steps: pl.DataFrame) -> pl.DataFrame:
    """What the steps of each course and rule set come to; sums and peaks of parts can be joined."""
    is_open = pl.col("low") < pl.col("high")
    is_closed = (pl.col("low") == pl.col("high")).fill_null(value=False)
    return steps.group_by("course_id", "rule_set_id", maintain_order=True).agg(
        peak_low=pl.col("low").max(),
        highest=pl.col("high").max(),
        last_high=pl.col("high").drop_nulls().last(),
        later_high=pl.col("high").filter(is_closed.cast(pl.Int8).cum_max() == 1).max(),
        hours=pl.col("hours").filter(pl.col("low").is_not_null()).sum(),
        hours_not_assessable=pl.col("hours").filter(is_open).sum(),
        open_steps=is_open.sum(),
        closed_steps=is_closed.sum(),
    )


def _joined_peaks(parts: pl.DataFrame, rule_sets: Sequence[RuleSet]) -> pl.DataFrame:
    cumulative = pl.col("rule_set_id").first().is_in([rule.id for rule in rule_sets if rule.result.cumulative])
    last = pl.max_horizontal(pl.col("last_high").drop_nulls().last(), pl.col("peak_low").max())
    is_later = pl.col("closed_steps").cum_sum() > pl.col("closed_steps")
    later = pl.when(is_later).then(pl.col("highest")).otherwise(pl.col("later_high")).max()
    return (
        parts.group_by("course_id", "rule_set_id", maintain_order=True)
        .agg(
            pl.col("peak_low").max(),
            peak_high=pl.when(cumulative).then(last).otherwise(pl.col("highest").max()),
            later_high=pl.when(pl.col("closed_steps").sum() > 0).then(later).otherwise(pl.col("highest").max()),
            hours=pl.col("hours").sum(),
            hours_not_assessable=pl.col("hours_not_assessable").sum(),
            open_steps=pl.col("open_steps").sum(),
            closed_steps=pl.col("closed_steps").sum(),
        )
        .sort("course_id", "rule_set_id", maintain_order=True)
    )


def _rule_set_row(rule: RuleSet, peaks: pl.DataFrame, episodes: pl.DataFrame) -> dict[str, object]:
    mine = peaks.filter(pl.col("rule_set_id") == rule.id)
    applicable = mine.filter(pl.col("peak_low").is_not_null())
    certain = episodes.filter((pl.col("rule_set_id") == rule.id) & (pl.col("peak_low") > 0))
    firsts = certain.sort("course_id", "episode").group_by("course_id", maintain_order=True).first()
    resolved = certain.filter(pl.col("state") == "resolved")
    onset, days = firsts["onset_day"].cast(pl.Float64), resolved["episode_hours"] / 24
    return {
        "rule_set_id": rule.id,
        "courses": mine.height,
        "courses_applicable": applicable.height,
        "courses_fully_assessable": applicable.filter(pl.col("open_steps") == 0).height,
        "courses_with_episode": firsts.height,
        "onset_day_median": _quantile(onset, 0.5),
        "onset_day_quarter": _quantile(onset, 0.25),
        "onset_day_three_quarters": _quantile(onset, 0.75),
        "episodes": certain.height,
        "episodes_resolved": resolved.height,
        "episode_days_median": _quantile(days, 0.5),
        "episode_days_quarter": _quantile(days, 0.25),
        "episode_days_three_quarters": _quantile(days, 0.75),
        "hours": float(applicable["hours"].sum()),
        "hours_not_assessable": float(applicable["hours_not_assessable"].sum()),
    }


def _quantile(values: pl.Series, share: float) -> float | None:
    return values.drop_nulls().quantile(share, interpolation="linear")


def levels_of(rule: RuleSet) -> tuple[tuple[int, str], ...]:
    """The levels of a rule set that are counted, lowest first, each with its name.

    Grades above the lowest, "met" for criteria, and the named bands of a score above its lowest.
    """
    if rule.result.kind == "met":
        return ((rule.result.highest, "met"),)
    if rule.result.kind == "points":
        above = (band for band in rule.bands if band.at_least > rule.result.lowest)
        bands = sorted(above, key=lambda band: band.at_least)
        return tuple((band.at_least, f"{band.name} (from {band.at_least})") for band in bands)
    return tuple((g, str(g)) for g in range(max(1, rule.result.lowest), rule.result.highest + 1))


def _level_rows(rule: RuleSet, peaks: pl.DataFrame) -> list[dict[str, object]]:
    mine = peaks.filter((pl.col("rule_set_id") == rule.id) & pl.col("peak_low").is_not_null())
    levels = levels_of(rule)
    rows: list[dict[str, object]] = []
    for i, (level, name) in enumerate(levels):
        following = levels[i + 1][0] if i + 1 < len(levels) else rule.result.highest + 1
        within = pl.col("peak_low").is_between(level, following - 1) & pl.col("peak_high").is_between(
            level, following - 1
        )
        rows.append(
            {
                "rule_set_id": rule.id,
                "level": level,
                "name": name,
                "courses": mine.height,
                "reached_certain": mine.filter(pl.col("peak_low") >= level).height,
                "reached_possible": mine.filter(pl.col("peak_high") >= level).height,
                "possible_only_at_first": mine.filter(
                    (pl.col("peak_high") >= level) & (pl.col("peak_low") < level) & (pl.col("later_high") < level)
                ).height,
                "peak_exactly": mine.filter(within).height,
            }
        )
    return rows
