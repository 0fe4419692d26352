"""`vein2vein trial external`, `trial switching` and `trial attribution`: what patients or published trials say."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vein2vein.cli.trial_print import LANGUAGE, write_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vein2vein.programme.trial.study.findings import Findings

_DATA = click.argument("data", required=False, type=click.Path(dir_okay=False, path_type=Path))
_DESIGN = click.option(
    "--design", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML or JSON; may name the data."
)
_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="Names in JSON are English in every language.",
)  # fmt: skip
_OUTPUT = click.option(
    "-o", "--output", "outputs", multiple=True, type=click.Path(dir_okay=False, path_type=Path),
    help="Also write report.html or report.docx; may be given twice.",
)  # fmt: skip


@click.command()
@_DATA
@_DESIGN
@_FORMAT
@_OUTPUT
@LANGUAGE
def external(data: Path | None, design: Path | None, **how: Any) -> None:
    """Compare treated patients of DATA (CSV) with an external control, from pseudo-infusion dates on."""
    _patients("external", "external-control", data, design, how)


@click.command()
@_DATA
@_DESIGN
@_FORMAT
@_OUTPUT
@LANGUAGE
def switching(data: Path | None, design: Path | None, **how: Any) -> None:
    """Estimate the hazard ratio of DATA (CSV) as if no control patient had switched: RPSFT and IPCW."""
    _patients("switching", "treatment-switching", data, design, how)


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--blocks", type=click.IntRange(min=2), default=4, show_default=True, help="More blocks, smaller errors.")
@click.option("--seed", type=click.IntRange(min=0), help="Root seed; that of the published page by default.")
@_FORMAT
@_OUTPUT
@LANGUAGE
def attribution(first: str, second: str, blocks: int, seed: int | None, **how: Any) -> None:
    """Say what makes two published trials differ: vein2vein trial attribution zuma-7 belinda."""
    from vein2vein.programme.trial.published.figures import SEED
    from vein2vein.programme.trial.study.attribution import attribution as attribute

    root = SEED if seed is None else seed
    found = attribute(first, second, blocks=blocks, seed=root, progress=_progress)
    click.echo("", err=True)
    again = ["attribution", first, second, "--blocks", str(blocks), "--seed", str(root)]
    _show(found, ("attribution", again, {}, {}), how)


def _patients(kind: str, name: str, data: Path | None, design: Path | None, how: Mapping[str, Any]) -> None:
    from vein2vein.programme.trial.analyses import analysed, request_of

    asked = request_of(name, design, data)
    again = [kind, *([data.name] if data else []), *(["--design", design.name] if design else [])]
    files = {
        key: f"{place.name}, {asked.hashes[key]}"
        for key, place in (("patients", asked.place), ("design", design))
        if place
    }
    _show(analysed(asked.content, asked.patients), (kind, again, asked.content if design else {}, files), how)


def _show(
    found: Findings, asked: tuple[str, list[str], Mapping[str, Any], Mapping[str, str]], how: Mapping[str, Any]
) -> None:
    """Print what was found, and write it where that is asked for."""
    import json

    as_json = how["form"] == "json"
    click.echo(json.dumps(found.as_data(), indent=2) if as_json else "\n".join(found.lines(how["language"])))
    if not how["outputs"]:
        return
    from vein2vein.report.trial.analysis import Analysed, blocks_of_analysis, name_of
    from vein2vein.report.trial.content import Asked

    kind, again, content, files = asked
    command = shlex.join(["vein2vein", "trial", *again, "-o", "report.html"])
    blocks = blocks_of_analysis(found, Analysed(kind, command, content, files))  # type: ignore[arg-type]
    at = Asked(datetime.now(UTC), "", 0, 0)
    for path in how["outputs"]:
        place = write_report(path, name_of(found), blocks, at, how["language"])
        click.echo(f"Report   {place}", err=as_json)


def _progress(done: int, all_: int) -> None:
    click.echo(f"\r{done:,} of {all_:,}", err=True, nl=False)
