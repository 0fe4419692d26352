"""Verdict steps of some courses: what an engine hands back for a partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from vein2vein.engine.calendars import Ints


@dataclass(frozen=True)
class Steps:
    """Verdict steps in order of course, rule set and time.

    Attributes:
        verdicts: The table `verdict.VERDICTS`.
        course: Position of each row's course among the courses.
        rule_set: Position of each row's rule set among those asked for.
        looks: How far each course was looked at under each rule set, array (n_courses, n_rule_sets) of UTC microseconds;
            `calendars.NEVER` where it was not.
    """

    verdicts: pl.DataFrame
    course: Ints
    rule_set: Ints
    looks: Ints
