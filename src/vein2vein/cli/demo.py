"""`vein2vein demo`: the main job on the demonstration cohort."""

from __future__ import annotations

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

import click

from vein2vein.cli import options
from vein2vein.cli import output as results
from vein2vein.cli.grade import Shown, report, run, write_account, write_results
from vein2vein.cli.show import show_summary
from vein2vein.journey.toxicity.scales import scale_ids

SCALES = "standard,cairo-bishop-2004.tls-laboratory,cairo-bishop-2004.tls-clinical"


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for the results.",
)
@click.option("--scale", "scales", default=SCALES, show_default=True, help="Rule sets, as for grade.")
@click.option(
    "--tables",
    type=click.Path(file_okay=False, path_type=Path),
    help="Copy the tables and the mapping file of the cohort into this folder, to try the other commands on; nothing is graded.",
)
@click.option("--open/--no-open", "opens", default=None, help="Open the report in a browser; by default on a terminal.")
@click.option("--serve", is_flag=True, help="Serve the folder on this machine until stopped.")
@click.option("--port", type=int, default=8000, show_default=True, help="Port for --serve.")
def demo(output: Path, scales: str, tables: Path | None, opens: bool | None, serve: bool, port: int) -> None:
    """Grade the demonstration cohort, which is made up, and write its report; results of an earlier call are replaced."""
    with resources.as_file(resources.files("vein2vein.cli").joinpath("demo_cohort")) as folder:
        if tables is not None:
            _copy(folder, tables)
            return
        delivery = options.open_input(str(folder), mapping=folder / "mapping.yaml", zone=None, charted=None, holds=())
    registry = options.registry_of(())
    rules = options.bound_rules(scale_ids(options.parts(scales, option="--scale"), registry), registry, ())
    with results.writing(output):
        results.clear(output)
        write_account(delivery, output)
    graded = run(delivery.require_courses(), rules, as_of=None, engine="vector", workers=1)
    write_results(delivery, graded, rules, output, ("parquet", "csv", "json", "fhir"))
    path = output / "report.html"
    report(delivery, graded, rules, path, Shown(None, None, _made_up()))
    show_summary(delivery, graded, rules, output, path)
    click.echo("\nEverything in this cohort is made up. The report opens in any browser, without a network:")
    click.echo(f"  {path.resolve().as_uri()}")
    if serve:
        _serve(output, port)
    elif sys.stdout.isatty() if opens is None else opens:
        click.launch(path.resolve().as_uri())


def _made_up() -> str:
    from vein2vein.report.words import say

    return say("document.demo_source")


def _copy(folder: Path, place: Path) -> None:
    """Copy the delivery of the demonstration cohort as it is."""
    with results.writing(place):
        for file in sorted(folder.iterdir()):
            if file.is_file():
                (place / file.name).write_bytes(file.read_bytes())
    click.echo(
        f"The made-up tables are in {place}. Try: vein2vein intake check {place} --mapping {place / 'mapping.yaml'}"
    )


def _serve(folder: Path, port: int) -> None:
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        click.echo(f"Serving http://127.0.0.1:{port}/report.html (stop with Ctrl-C)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("Stopped.")
