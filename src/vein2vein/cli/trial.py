"""`vein2vein trial`: what a trial design decides and does, and the advice for a running trial."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vein2vein.cli.trial_analyse import attribution, external, switching
from vein2vein.cli.trial_dlt import dose_limiting_toxicities
from vein2vein.cli.trial_plan import compare, report, search
from vein2vein.cli.trial_print import columns, read_file

if TYPE_CHECKING:
    from vein2vein.programme.trial.designs import DesignFile
    from vein2vein.programme.trial.study.results import Result

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
_OUTCOMES = click.argument("outcomes", default="")
_TRIALS = click.option(
    "--trials", type=click.IntRange(min=2), default=10_000, show_default=True, help="Simulated, where not exact."
)
_SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same patients."
)


class _DesignFirst(click.Group):
    """`trial FILE` is `trial show FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` before a file."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DesignFirst)
def trial() -> None:
    """What a trial design decides and does: `vein2vein trial DESIGN.yaml`, or a published trial: `vein2vein trial zuma-7`."""


@trial.command()
@_FILE
@_TRIALS
@_SEED
def show(file: Path, trials: int, seed: int) -> None:
    """Print parameters, decisions or boundaries, and the characteristics in each scenario."""
    from vein2vein.report.trial.content import shown

    read = read_file(file)
    click.echo(f"{read.study.name}, design file {read.hash}\n")
    rows: list[tuple[str, ...]] = [("parameter", "value", "origin", "source")]
    rows += [(name, shown(p.value), p.origin, p.source or "") for name, p in read.study.parameters.items()]
    columns(rows)
    _print_tables(read)
    _print_results(read, trials, seed)


@trial.command()
@_FILE
@_TRIALS
@_SEED
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def characteristics(file: Path, trials: int, seed: int, form: str) -> None:
    """Print what the design does in each scenario, with Monte Carlo errors where it is not exact."""
    import json

    read = read_file(file)
    if form == "json":
        results = read.study.results(trials=trials, seed=seed)
        click.echo(json.dumps({"design": read.hash, "results": [result.as_data() for result in results]}, indent=2))
        return
    _print_results(read, trials, seed)


@trial.command()
@_FILE
def boundaries(file: Path) -> None:
    """Print decision tables (with pending columns) or boundaries (with dates)."""
    _print_tables(read_file(file), must=True)


class _Signed(click.Command):
    """A command of which an argument may begin with a minus and a digit, such as z of -2.9."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hand such an argument over as one, instead of as an option."""
        signed = [arg for arg in args if arg[:1] == "-" and arg[1:2] in set("0123456789.")]
        rest = [arg for arg in args if arg not in signed]
        return super().parse_args(ctx, args if "--" in args or not signed else [*rest, "--", *signed])


@trial.command(cls=_Signed)
@_FILE
@_OUTCOMES
@click.option(
    "--pending",
    default="",
    help='Patients without an outcome: "2@14 2T@30" (dose, T or E if that came already, days), or days for TOP.',
)
@click.option("--information", default="", help='Part of the planned information at each look made: "0.55 0.81".')
@click.option("--log", "log_file", type=click.Path(dir_okay=False, path_type=Path), help="Append to this audit log.")
@click.option("--by", default="", help="Who asks; needed with --log.")
def recommend(file: Path, outcomes: str, pending: str, information: str, log_file: Path | None, by: str) -> None:
    """Say what the design asks for after OUTCOMES: "1NNN 2NNT", "1NNE", "3/13", "5,2/13", or z of the looks."""
    from vein2vein.programme.trial.study import log
    from vein2vein.programme.trial.study.advise import advise

    read = read_file(file)
    advice = advise(read.study, outcomes, pending, information)
    for line in advice.lines():
        click.echo(line)
    if log_file is None:
        return
    before = log.check(log_file) if log_file.exists() else ()
    asked = log.Asked(datetime.now(UTC), by, read.hash, outcomes, pending)
    entry = log.append(log_file, asked, advice.as_data())
    click.echo(f"logged    line {entry.number}, hash {entry.hash}")
    if before and before[-1].design != read.hash:
        click.echo(f"note      the design file differs from that of line {before[-1].number}")
    revised = log.revised(before, outcomes)
    if revised is not None:
        click.echo(f"note      outcomes differ from those of line {revised}")


@trial.command()
@_FILE
@_OUTCOMES
@click.option("--cohorts", type=click.IntRange(1, 4), default=2, show_default=True, help="How many to look ahead.")
def paths(file: Path, outcomes: str, cohorts: int) -> None:
    """Print every way in which the next cohorts may turn out after OUTCOMES, and the dose after each."""
    from vein2vein.errors import TrialError
    from vein2vein.programme.trial.complete import complete
    from vein2vein.programme.trial.phase1.partial import PartialDesign
    from vein2vein.programme.trial.recommend import paths as look_ahead
    from vein2vein.programme.trial.study.dose import DoseStudy
    from vein2vein.programme.trial.words import Design

    study = read_file(file).study
    if not isinstance(study, DoseStudy) or study.fill is not None:
        raise TrialError(
            "TRIAL-004",
            saw=f"paths for the design {study.name}",
            expected="a dose-finding design without backfill",
            fix="ask for one state: vein2vein trial recommend FILE OUTCOMES",
        )
    design = study.design if isinstance(study.design, Design) else complete(study.design)
    found = look_ahead(design, outcomes, cohorts=cohorts)
    columns([("outcomes", "next dose"), *((path.outcomes or "now", str(path.dose or "stop")) for path in found)])
    if isinstance(study.design, PartialDesign):
        click.echo('while all get the planned dose; who got less: vein2vein trial recommend FILE "2NN 2N=1.4"')
    elif design is not study.design:
        click.echo("once every outcome is known; while some are pending: vein2vein trial recommend FILE --pending ...")


@trial.group()
def log() -> None:
    """The audit log of a running trial."""


@log.command()
@click.argument("log_file", metavar="LOG", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--last", help="A hash that was noted; the log must hold it.")
def check(log_file: Path, last: str | None) -> None:
    """Say whether the chain of a log holds, nothing changed, moved, added or left out, and where the design file changes."""
    from vein2vein.programme.trial.study.log import check as check_chain
    from vein2vein.programme.trial.study.log import design_changes

    entries = check_chain(log_file, last=last)
    click.echo(f"{len(entries)} lines, the chain holds")
    for number, before, after in design_changes(entries):
        click.echo(f"note      line {number} asks another design file: {after}, before {before}")
    click.echo(f"last      {entries[-1].at} by {entries[-1].by}, hash {entries[-1].hash}")


trial.add_command(show, "run")
trial.add_command(compare)
trial.add_command(search)
trial.add_command(report)
trial.add_command(dose_limiting_toxicities)
trial.add_command(external)
trial.add_command(switching)
trial.add_command(attribution)


def _print_tables(read: DesignFile, *, must: bool = False) -> None:
    from vein2vein.errors import TrialError
    from vein2vein.report.trial.content import drawn, word
    from vein2vein.report.words import say

    tables = read.study.tables()
    if must and not tables:
        raise TrialError(
            "TRIAL-004",
            saw=f"a table of the design {read.study.name}",
            expected="a design whose decisions are a table",
            fix="ask for one state: vein2vein trial recommend FILE OUTCOMES",
        )
    for table in tables:
        about = f": {table.about}" if table.about else ""
        click.echo(f"\n{say(f'trial_table.{table.key}')}{about}")
        if table.simulated is not None:
            click.echo(str(drawn(table.simulated)))
        columns([tuple(str(word(head)) for head in table.heads), *table.rows])


def _print_results(read: DesignFile, trials: int, seed: int) -> None:
    from vein2vein.report.trial.content import too_many

    for result in read.study.results(trials=trials, seed=seed):
        _print_result(result)
    if getattr(read.study, "too_many_states", False):
        click.echo(f"\n{too_many()}")


def _print_result(result: Result) -> None:
    from vein2vein.report.trial.content import word

    click.echo(f"\n{result.scenario} ({result.how})")
    columns([(str(word(key)), str(figure)) for key, figure in result.figures.items()])
    if result.lines:
        keys = list(result.lines[0].figures)
        heads = (str(word(result.by)), *(str(word(key)) for key in keys))
        columns([heads, *((line.label, *(str(line.figures[key]) for key in keys)) for line in result.lines)])
