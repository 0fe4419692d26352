"""Ribbons of many courses at once, straight from the verdict table, for the list of courses and for figures.

Place    Report. Read by `html` and `figures`.
Knows    Neighbouring steps with the same bounds are one; only what touches days 0 to 30 is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.report.figure import Ribbon, RibbonStep

OVERVIEW_DAYS: Final = 30


def ribbons_of(cohort: Cohort, steps: pl.DataFrame, rules: Sequence[RuleSet]) -> dict[tuple[str, str], Ribbon]:
    """Ribbons by course and rule set; courses without an infusion have none.

    Args:
        cohort: The cohort.
        steps: The verdict table with the hours of each step, see `summary.steps_with_hours`.
        rules: The rule sets wanted.
    """
    by_id = {rule.id: rule for rule in rules}
    infused = dict(zip(cohort.courses["course_id"], cohort.courses["infused_at"], strict=True))
    found: dict[tuple[str, str], list[RibbonStep]] = {}
    for row in steps.filter(pl.col("rule_set_id").is_in(list(by_id))).iter_rows(named=True):
        rule, zero = by_id.get(row["rule_set_id"]), infused.get(row["course_id"])
        if rule is None or zero is None or row["low"] is None or row["from_at"] is None:
            continue
        start = (row["from_at"] - zero).total_seconds() / 3600
        step = RibbonStep(start, start + row["hours"], row["low"], row["high"])
        mine = found.setdefault((row["course_id"], rule.id), [])
        if mine and (mine[-1].low, mine[-1].high, mine[-1].end) == (step.low, step.high, step.start):
            mine[-1] = RibbonStep(mine[-1].start, step.end, step.low, step.high)
        else:
            mine.append(step)
    return {
        (course_id, id): Ribbon(
            id,
            course_id,
            by_id[id].result.lowest,
            by_id[id].result.highest,
            by_id[id].result.kind,
            _clipped(mine),
        )
        for (course_id, id), mine in found.items()
    }


def _clipped(steps: Sequence[RibbonStep]) -> tuple[RibbonStep, ...]:
    end = 24.0 * (OVERVIEW_DAYS + 1)
    return tuple(s for s in steps if s.start < end and s.end > 0)
