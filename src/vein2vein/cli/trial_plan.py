"""`vein2vein trial search` and `trial report`: the smallest design that will do, and the pages for a protocol."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vein2vein.cli import options
from vein2vein.cli.trial_print import LANGUAGE, columns, read_file, write_report

if TYPE_CHECKING:
    from vein2vein.programme.trial.designs import DesignFile
    from vein2vein.programme.trial.question import Question
    from vein2vein.programme.trial.search import Found

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))  # or the name of a published trial
_TRIALS = click.option(
    "--trials", type=click.IntRange(min=2), default=10_000, show_default=True, help="Simulated, where not exact."
)
_SEED = click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same patients."
)
_PROCESSES = click.option(
    "--processes", type=click.IntRange(min=1), default=1, show_default=True, help="The result does not depend on it."
)


@click.command()
@click.argument("one", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("other", type=click.Path(dir_okay=False, path_type=Path))
@_TRIALS
@_SEED
def compare(one: Path, other: Path, trials: int, seed: int) -> None:
    """Print ONE less OTHER, two dose-finding designs, on the same simulated patients."""
    from vein2vein.programme.trial.study.paired import paired

    found = paired(read_file(one).study, read_file(other).study, trials=trials, seed=seed)
    for name, figures in found.items():
        click.echo(f"\n{name} ({trials:,} simulated trials of each, seed {seed})")
        rows = [(key, *(f"{x:.4f}" for x in (d.value, d.error, d.unpaired_error))) for key, d in figures.items()]
        columns([("figure", "difference", "error", "error if unpaired"), *rows])


@click.command()
@_FILE
@click.option("--vary", multiple=True, help="KEY=FROM:TO[:STEP] or KEY=A,B,C; dots go into nested keys.")
@click.option("--require", multiple=True, help='Such as "correct >= 60%" or "overdose <= 0.2 in NAME".')
@click.option("--smallest", help="What is made small: most (patients), or a figure.")
@_TRIALS
@_SEED
@_PROCESSES
def search(
    file: Path,
    vary: tuple[str, ...],
    require: tuple[str, ...],
    smallest: str | None,
    trials: int,
    seed: int,
    processes: int,
) -> None:
    """Find the smallest design that meets constraints; without options, those of the file."""
    from vein2vein.programme.trial.search import search as look

    read = read_file(file)
    question = _question(read, vary, require, smallest, (trials, seed))
    with options.executor(processes) as executor:
        found = look(read.content, question, executor=executor, progress=_progress)
    click.echo("", err=True)
    _print_found(found)


@click.command()
@_FILE
@click.option(
    "-o", "--output", "outputs", multiple=True, type=click.Path(dir_okay=False, path_type=Path),
    help="report.html or report.docx; may be given twice.",
)  # fmt: skip
@_TRIALS
@_SEED
@_PROCESSES
@LANGUAGE
@click.option("--search/--no-search", "with_search", default=True, help="Whether the search of the file is made.")
def report(
    file: Path,
    outputs: tuple[Path, ...],
    trials: int,
    seed: int,
    processes: int,
    language: Any,
    with_search: bool,
) -> None:
    """Write the report for a protocol as HTML, Word or both."""
    from vein2vein.programme.trial.question import question_of
    from vein2vein.programme.trial.search import search as look
    from vein2vein.report.trial.content import Asked, blocks_of

    read = read_file(file)
    asked = Asked(datetime.now(UTC), file.name, trials, seed)
    with options.executor(processes) as executor:
        results = read.study.results(trials=trials, seed=seed, executor=executor)
        found = None
        if with_search and "search" in read.content:
            found = look(read.content, question_of(read.content, trials=trials, seed=seed), executor=executor)
    blocks = blocks_of(read, results, asked, found)
    for path in outputs or (file.with_suffix(".html"),):
        click.echo(f"Report   {write_report(path, read.title, blocks, asked, language)}")


def _progress(done: int, all_: int) -> None:
    click.echo(f"\r{done:,} of {all_:,}", err=True, nl=False)


def _question(
    read: DesignFile, vary: tuple[str, ...], require: tuple[str, ...], smallest: str | None, drawn: tuple[int, int]
) -> Question:
    from vein2vein.programme.trial.question import Question, Required, question_of

    trials, seed = drawn
    if not vary and not require:
        found = question_of(read.content, trials=trials, seed=seed)
        return found if smallest is None else Question(found.vary, found.require, smallest, trials, seed)
    values = dict(_values(one) for one in vary)
    return Question(values, tuple(Required.read(one) for one in require), smallest or "most", trials, seed)


def _values(given: str) -> tuple[str, tuple[Any, ...]]:
    """KEY=6:16 or KEY=0.2,0.25 as key and values."""
    import yaml

    from vein2vein.programme.trial.question import values_of

    key, _, text = given.partition("=")
    ends = text.split(":")
    if len(ends) in {2, 3} and text.strip():
        named = zip(("from", "to", "step"), (yaml.safe_load(one) for one in ends), strict=False)
        return key.strip(), values_of(dict(named))
    return key.strip(), values_of([yaml.safe_load(one) for one in text.split(",") if one.strip()])


def _print_found(found: Found) -> None:
    from vein2vein.report.trial.content import nearest, search_grid

    grid = search_grid(found)
    columns([tuple(map(str, grid.heads)), *(tuple(map(str, row)) for row in grid.rows)])
    open_ = sum(not one.settled for one in found.tried)
    if open_:
        click.echo(f"{open_} of {len(found.tried)} lie within the Monte Carlo error of a bound: simulate more trials")
    best = found.best
    if best is None:
        click.echo("no candidate meets every constraint")
        for line in nearest(found):
            click.echo(str(line))
        return
    values = ", ".join(f"{key} = {value}" for key, value in best.values.items())
    click.echo(f"smallest that meets: {values}, {best.patients} patients at most")
