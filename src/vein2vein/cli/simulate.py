"""`vein2vein simulate`: made-up courses that behave like the published ones."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

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
@click.option(
    "--format",
    "form",
    type=click.Choice(["tables", "hospital", "fhir", "omop"]),
    default="tables",
    show_default=True,
    help="Cohort tables, or a delivery as a hospital would send it, with the mapping file that reads it.",
)
@click.option(
    "--mess",
    default="none",
    show_default=True,
    help="Mess of hospital data: all, or kinds such as night-gaps,units separated by commas.",
)
@click.option("--play", "plays", is_flag=True, help="Play a programme day by day; one folder for each day.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="With --play: first day that is not played. A later one plays on.",
)
@click.option(
    "--per-week",
    type=click.FloatRange(min=0, min_open=True),
    default=3.0,
    show_default=True,
    help="With --play: referrals.",
)
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
    form: str,
    mess: str,
    plays: bool,
    until: datetime | None,
    per_week: float,
    **given: Any,
) -> None:
    r"""Simulate enrolled courses of a product, from referral to the end of follow-up.

    The courses come from a model with stated assumptions that is held against published tables; nothing in them is from a
    real person, and every row names "simulated" as its source. The folder can be graded as it is:

    \b
        vein2vein simulate --product axi-cel --n 1000 --seed 7 -o cohort/
        vein2vein grade cohort/ --scale standard

    With --format it is written as deliveries, one for each made-up centre. With --play a programme runs from --calendar-from
    to --until; several products are weighted, as in --product axi-cel=2,ide-cel=1.
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
    _refuse_idle("--play", ("n", "form", "workers") if plays else ("until", "per_week"), plays=plays)
    if plays:
        _play(output, product, begin, until, mess=mess, per_week=per_week, **given)
        return
    if form != "tables" or mess != "none":
        _into(output, product, begin, form=form, mess=mess, workers=workers, **given)
        return
    with (
        writing(output),
        options.progress_bar("Simulating courses") as progress,
        options.executor(workers) as executor,
    ):
        written = simulate_to(output, product, calendar_from=begin, executor=executor, progress=progress, **given)
    rows = ", ".join(f"{count:,} {name}" for name, count in written.rows.items())
    click.echo(f"{written.courses:,} simulated courses, no real person: {rows}\nCohort  {written.folder}")


def _into(output: Path, product: str, begin: date | None, *, form: Any, mess: str, workers: int, **given: Any) -> None:
    """Write deliveries, or tables with mess."""
    from vein2vein.cli.output import writing
    from vein2vein.population.forms import simulate_into
    from vein2vein.population.mess import Mess
    from vein2vein.population.simulate import task_of

    wanted = Mess.of(mess)
    n = given.pop("n")
    task = task_of(product, calendar_from=begin, **given)
    with (
        writing(output),
        options.progress_bar("Simulating courses") as progress,
        options.executor(workers) as executor,
    ):
        accounts = simulate_into(output, task, n, form=form, mess=wanted, executor=executor, progress=progress)
    click.echo(f"{n:,} simulated courses, no real person")
    for name, account in accounts.items():
        rows = sum(account.written.values())
        lost = sum(entry.rows for entry in account.left_out if entry.graded)
        said = f"; {lost:,} rows or parts that rules could read are left out, see account.yaml" if lost else ""
        click.echo(f"{form:8}  {output / name}  {rows:,} rows{said}")


def _play(
    output: Path, product: str, begin: date | None, until: datetime | None, *, mess: str, per_week: float, **given: Any
) -> None:
    """Play a programme into folders of days."""
    if until is None or begin is None:
        msg = "--play needs a first day with --calendar-from and an end with --until"
        raise click.UsageError(msg)
    if given["setting"] is not None or given["protocol"] != "reference":
        msg = "--play takes settings in --product, as in axi-cel/lbcl-2l=1, and the reference protocol"
        raise click.UsageError(msg)
    from vein2vein.cli.output import writing
    from vein2vein.population.mess import Mess
    from vein2vein.population.play import Programme
    from vein2vein.population.play_folder import play_to

    programme = Programme(_weights(product), per_week, begin, given["seed"], days=given["days"], mess=Mess.of(mess))
    with writing(output), options.progress_bar("Playing days") as progress:
        rows = play_to(output, programme, until.date(), progress=progress)
    click.echo(f"Played until {until.date().isoformat()}, no real person: {rows:,} rows added\nDays  {output}")


def _refuse_idle(option: str, names: tuple[str, ...], *, plays: bool) -> None:
    """Refuse options that would do nothing in this call."""
    context = click.get_current_context()
    idle = [name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if idle:
        said = {"form": "--format", "per_week": "--per-week"}.get(idle[0], f"--{idle[0]}")
        msg = f"{said} does nothing {'with' if plays else 'without'} {option}"
        raise click.UsageError(msg)


def _weights(text: str) -> dict[str, float]:
    """Products with weights: "axi-cel=2,ide-cel"; without a weight it is 1."""
    found: dict[str, float] = {}
    for part in options.parts(text, option="--product"):
        name, sign, weight = part.partition("=")
        try:
            found[name.strip()] = float(weight) if sign else 1.0
        except ValueError as error:
            msg = f"saw {part!r}; expected a product and a weight, such as axi-cel=2"
            raise click.BadParameter(msg, param_hint="--product") from error
    return found


def _list() -> None:
    from vein2vein.population.parameters import setting, setting_ids
    from vein2vein.population.protocols import protocol, protocol_ids

    width = max(len(id) for id in setting_ids())
    for id in setting_ids():
        one = setting(id)
        click.echo(f"{id:{width}}  {one.name}; {one.indication.replace('-', ' ')}, {one.line}; after {one.imitates}")
    for id in protocol_ids():
        click.echo(f"{'protocol ' + id:{width}}  {protocol(id).title}")
