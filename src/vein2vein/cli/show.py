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
from vein2vein.record.cohort import Cohort

_FATES = {
    "used": "used",
    "not_needed": "not needed",
    "not_assessable": "kept as not assessable",
    "refused": "refused",
}


def show_summary(
    delivery: Delivery, graded: Graded, rules: tuple[RuleSet, ...], output: Path, report: Path | None
) -> None:
    """Courses, faults, highest results per rule set, and where the files are."""
    total = delivery.report.total()
    fates = ", ".join(f"{total[fate]:,} {text}" for fate, text in _FATES.items() if total[fate] or fate != "not_needed")
    kinds = "1 kind of fault" if len(delivery.faults) == 1 else f"{len(delivery.faults)} kinds of fault"
    courses = "1 course" if len(delivery.cohort) == 1 else f"{len(delivery.cohort)} courses"
    click.echo(f"{courses}; {total['rows']:,} rows delivered: {fates}; {kinds}")
    Console(width=130).print(_peaks(delivery.cohort, graded, rules))
    show_statuses(rules)
    click.echo(f"Account  {output / 'delivery.txt'}")
    click.echo(f"Results  {output}")
    if report is not None:
        click.echo(f"Report   {report}")


def show_statuses(rules: tuple[RuleSet, ...]) -> None:
    """That none of the rule sets is verified, where that is so."""
    if not any(rule.status == "verified" for rule in rules):
        statuses = ", ".join(sorted({rule.status for rule in rules}))
        click.echo(f"No rule set here is verified ({statuses}): see `vein2vein knowledge review-queue`.")


def _peaks(cohort: Cohort, graded: Graded, rules: tuple[RuleSet, ...]) -> Table:
    """How many courses reached which highest result for certain, and how much of the time stayed open."""
    from vein2vein.report.summary import summarise

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, justify in (
        ("Rule set", "left"),
        ("Courses", "right"),
        ("Highest certain result x courses", "left"),
        ("Never assessable", "right"),
        ("Sometimes open", "right"),
        ("Time open", "right"),
    ):
        table.add_column(column, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    summary = summarise(cohort, graded, rules)
    for row in summary.rule_sets.iter_rows(named=True):
        spread, n_never = spread_of(summary.peaks.filter(pl.col("rule_set_id") == row["rule_set_id"]))
        sometimes = row["courses_applicable"] - row["courses_fully_assessable"] - n_never
        share = f"{row['hours_not_assessable'] / row['hours']:.1%}" if row["hours"] else "-"
        table.add_row(
            row["rule_set_id"], str(row["courses_applicable"]), spread or "-", str(n_never), str(sometimes), share
        )
    return table


def spread_of(peaks: pl.DataFrame) -> tuple[str, int]:
    """How many courses reached which highest certain result, and how many were never assessable.

    Args:
        peaks: Rows of `Summary.peaks` of one rule set. Courses to which it never applied are left out. A course whose result
            was open at every time is counted as never assessable where nothing above 0 is certain: its 0 says nothing.
    """
    mine = peaks.drop_nulls("peak_low")
    never = (pl.col("closed_steps") == 0) & (pl.col("peak_low") == 0)
    found = mine.filter(~never).group_by("peak_low").len().sort("peak_low")
    return "  ".join(f"{low} x {n:,}" for low, n in found.iter_rows()), mine.filter(never).height
