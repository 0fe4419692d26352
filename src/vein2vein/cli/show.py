"""What the command line says at the end of its work.

Place    Command line.
Does not Print values of patients: counts and file names only.
"""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl
from rich.console import Console
from rich.table import Table

from vein2vein.engine.verdict import Graded
from vein2vein.intake.delivery import Delivery
from vein2vein.knowledge.schema import RuleSet


def show_summary(
    delivery: Delivery, graded: Graded, rules: tuple[RuleSet, ...], output: Path, report: Path | None
) -> None:
    """Courses, faults, highest results per rule set, and where the files are."""
    total = delivery.report.total()
    click.echo(
        f"{len(delivery.cohort)} courses; {total['rows']:,} rows delivered: {total['used']:,} used, "
        f"{total['not_assessable']:,} kept as not assessable, {total['refused']:,} refused; {len(delivery.faults)} kinds of fault"
    )
    Console(width=110).print(_peaks(graded, rules))
    statuses = sorted({rule.status for rule in rules})
    click.echo(
        f"No rule set here is verified ({', '.join(statuses)}): see `vein2vein knowledge review-queue`."
        if "verified" not in statuses
        else ""
    )
    click.echo(f"Results  {output}")
    if report is not None:
        click.echo(f"Report   {report}")


def _peaks(graded: Graded, rules: tuple[RuleSet, ...]) -> Table:
    """How many courses reached which highest result for certain, and how many could have reached more."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, justify in (
        ("Rule set", "left"),
        ("Courses", "right"),
        ("Highest certain result: courses", "left"),
        ("Could be higher", "right"),
        ("Not applicable", "right"),
    ):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    peaks = graded.verdicts.group_by("rule_set_id", "course_id").agg(pl.col("low").max(), pl.col("high").max())
    for rule in rules:
        mine = peaks.filter(pl.col("rule_set_id") == rule.id)
        known = mine.filter(pl.col("low").is_not_null())
        counts = known.group_by("low").len().sort("low")
        spread = ", ".join(f"{low}: {n}" for low, n in counts.iter_rows())
        higher = known.filter(pl.col("high") > pl.col("low")).height
        table.add_row(rule.id, str(known.height), spread, str(higher), str(mine.height - known.height))
    return table
