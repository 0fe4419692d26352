"""Verdict steps of some courses: what an engine hands back for a partition."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from vein2vein.engine.calendars import NEVER, Ints, instants_of


@dataclass(frozen=True)
class Steps:
    """Verdict steps in order of course, rule set and time, as a table and as arrays.

    Attributes:
        verdicts: The table `verdict.VERDICTS`.
        course: Position of each row's course among the courses.
        rule_set: Position of each row's rule set among those asked for.
        since, until: `from_at` and `until_at` in UTC microseconds; `calendars.NEVER` where there is none.
        low, high: The bounds; NEVER where there are none.
        looks: How far each course was looked at under each rule set, array (n_courses, n_rule_sets) of UTC microseconds; NEVER
            where it was not.
    """

    verdicts: pl.DataFrame
    course: Ints
    rule_set: Ints
    since: Ints
    until: Ints
    low: Ints
    high: Ints
    looks: Ints

    @classmethod
    def of(cls, verdicts: pl.DataFrame, *, course: Ints, rule_set: Ints, looks: Ints) -> Steps:
        """Steps of a table."""
        since, until = (instants_of(verdicts[name]) for name in ("from_at", "until_at"))
        low, high = (verdicts[name].cast(pl.Int64).fill_null(NEVER).to_numpy() for name in ("low", "high"))
        return cls(verdicts, course, rule_set, since, until, low, high, looks)
