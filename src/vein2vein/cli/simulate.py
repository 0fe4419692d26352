"""`vein2vein simulate`: made-up courses that behave like the published ones."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from vein2vein.cli import options


@click.command(short_help="Simulate a population of courses.")
@click.option("--product", help="Product such as axi-cel; --list shows all.")
@click.option("--setting", help="Setting of the product, such as lbcl-2l; its default when left out.")
@click.option(
    "--n", "n", type=click.IntRange(min=1), default=1000, show_default=True, help="Courses that are enrolled."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same courses."
)
@click.option(
    "--calendar-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day on which anybody is referred; referrals spread over a year.  [default: 2025-01-01]",
)
@click.option("--days", type=click.IntRange(1, 365), default=60, show_default=True, help="Days of hourly observation.")
@click.option("--protocol", default="reference", show_default=True, help="How CRS and ICANS are treated.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the cohort; new, empty or interrupted.",
)
@click.option("--list", "wants_list", is_flag=True, help="Show products, settings and protocols, and leave.")
def simulate(
    product: str | None,
    output: Path | None,
    calendar_from: datetime | None,
    workers: int,
    wants_list: bool,
    **given: Any,
) -> None:
    r"""Simulate enrolled courses of a product, from referral to the end of follow-up.

    The courses come from a model with stated assumptions that is held against published tables; nothing in them is from a
    real person, and every row names "simulated" as its source. The folder can be graded as it is:

    \b
        vein2vein simulate --product axi-cel --n 1000 --seed 7 -o cohort/
        vein2vein grade cohort/ --scale standard
    """
    if wants_list:
        _list()
        return
    if product is None or output is None:
        msg = "name a product with --product and a folder with -o; --list shows the products"
        raise click.UsageError(msg)
    from vein2vein.cli.output import writing
    from vein2vein.population.folder import simulate_to

    begin: date | None = None if calendar_from is None else calendar_from.date()
    with (
        writing(output),
        options.progress_bar("Simulating courses") as progress,
        _executor(workers) as executor,
    ):
        written = simulate_to(output, product, calendar_from=begin, executor=executor, progress=progress, **given)
    rows = ", ".join(f"{count:,} {name}" for name, count in written.rows.items())
    click.echo(f"{written.courses:,} simulated courses, no real person: {rows}\nCohort  {written.folder}")


def _list() -> None:
    from vein2vein.population.parameters import setting, setting_ids
    from vein2vein.population.protocols import protocol, protocol_ids

    width = max(len(id) for id in setting_ids())
    for id in setting_ids():
        one = setting(id)
        click.echo(f"{id:{width}}  {one.name}; {one.indication.replace('-', ' ')}, {one.line}; after {one.imitates}")
    for id in protocol_ids():
        click.echo(f"{'protocol ' + id:{width}}  {protocol(id).title}")


@contextmanager
def _executor(workers: int) -> Iterator[Executor | None]:
    if workers == 1:
        yield None
        return
    from vein2vein.engine.workers import WorkerProcesses

    with WorkerProcesses(workers) as pool:
        yield pool
