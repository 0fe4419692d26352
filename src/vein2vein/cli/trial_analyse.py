"""`vein2vein trial external`, `trial switching` and `trial attribution`: what patients or published trials say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vein2vein.programme.trial.study.findings import Findings

_DATA = click.argument("data", required=False, type=click.Path(dir_okay=False, path_type=Path))
_DESIGN = click.option(
    "--design", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML or JSON; may name the data."
)
_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.command()
@_DATA
@_DESIGN
@_FORMAT
def external(data: Path | None, design: Path | None, form: str) -> None:
    """Compare treated patients of DATA (CSV) with an external control, from pseudo-infusion dates on."""
    from vein2vein.programme.trial.analyses import analyse

    _print(analyse("external-control", design, data), form)


@click.command()
@_DATA
@_DESIGN
@_FORMAT
def switching(data: Path | None, design: Path | None, form: str) -> None:
    """Estimate the hazard ratio of DATA (CSV) as if no control patient had switched: RPSFT and IPCW."""
    from vein2vein.programme.trial.analyses import analyse

    _print(analyse("treatment-switching", design, data), form)


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--blocks", type=click.IntRange(min=2), default=4, show_default=True, help="More blocks, smaller errors.")
@click.option("--seed", type=click.IntRange(min=0), help="Root seed; that of the published page by default.")
@_FORMAT
def attribution(first: str, second: str, blocks: int, seed: int | None, form: str) -> None:
    """Say what makes two published trials differ: vein2vein trial attribution zuma-7 belinda."""
    from vein2vein.programme.trial.published.figures import SEED
    from vein2vein.programme.trial.study.attribution import attribution as attribute

    found = attribute(first, second, blocks=blocks, seed=SEED if seed is None else seed, progress=_progress)
    click.echo("", err=True)
    _print(found, form)


def _progress(done: int, all_: int) -> None:
    click.echo(f"\r{done:,} of {all_:,}", err=True, nl=False)


def _print(found: Findings, form: str) -> None:
    import json

    click.echo(json.dumps(found.as_data(), indent=2) if form == "json" else "\n".join(found.lines()))
