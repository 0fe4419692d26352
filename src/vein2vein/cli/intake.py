"""`vein2vein intake`: look at a delivery before grading it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from vein2vein.cli import options

if TYPE_CHECKING:
    import polars as pl

    from vein2vein.intake.delivery import Report


@click.group()
def intake() -> None:
    """Check a delivery, or draft a mapping for local codes and units."""


@intake.command()
@click.argument("place", metavar="INPUT")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable report.")
@options.delivery_options
def check(place: str, as_json: bool, **given: Any) -> None:
    """Report all faults of INPUT at once, grouped, with an account of every row.

    A delivery that was read and holds no CAR-T therapy says so and is no error.
    """
    from vein2vein.cli.large import is_large
    from vein2vein.intake.delivery import no_therapy, require_courses, require_observations

    report, courses, has_usable = (_large if is_large(place) else _whole)(place, given)
    click.echo(report.to_json() if as_json else report.render())
    if no_therapy(report) is None:
        require_courses(courses, report)
        require_observations(report, has_usable=has_usable)


def _whole(place: str, given: dict[str, Any]) -> tuple[Report, int, bool]:
    """The report, how many courses there are, and whether an observation can be used, from the delivery in memory."""
    declared = {name: given[name] for name in ("mapping", "zone", "charted", "holds")}
    delivery = options.open_input(place, **declared)
    return _warned(delivery.report, [delivery.cohort.observations]), len(delivery.cohort), delivery.has_usable


def _large(place: str, given: dict[str, Any]) -> tuple[Report, int, bool]:
    """The same, with partitions on disk that are deleted at the end."""
    import polars as pl

    from vein2vein.cli.large import opened
    from vein2vein.intake.slips import known_slips

    declared = options.declared(given["mapping"], given["zone"], charted=given["charted"], holds=given["holds"])
    with TemporaryDirectory(prefix="vein2vein-") as scratch:
        parts = opened(place, Path(scratch), **declared)
        wanted = pl.col("kind").is_in(list(known_slips().kinds))
        files = (folder / "observations.parquet" for folder in parts.folders)
        frames = (pl.scan_parquet(file).filter(wanted).collect() for file in files)
        return _warned(parts.report, frames), parts.courses, parts.has_usable


def _warned(report: Report, frames: Iterable[pl.DataFrame]) -> Report:
    """The report with warnings about slips of a unit, which only this command looks for."""
    from vein2vein.intake.slips import unit_slips

    return replace(report, faults=(*report.faults, *unit_slips(frames)))


@intake.command("draft-mapping")
@click.argument("place", metavar="INPUT", type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The mapping file to write."
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A draft in which columns are named: what it says is kept, codes and units are drafted.",
)
@click.option("--force", is_flag=True, help="Overwrite OUTPUT.")
def draft(place: Path, output: Path, mapping: Path | None, *, force: bool) -> None:
    r"""Draft a mapping file from what INPUT holds; questions for people stand in it and must be answered.

    \b
    vein2vein intake draft-mapping delivery/ -o mapping.yaml
    """
    from vein2vein.intake.tables.draft import draft_mapping

    text = draft_mapping(place, mapping)
    if output.exists() and not force:
        msg = f"{output} exists and may hold answers; name another file, or overwrite it with --force"
        raise click.BadParameter(msg, param_hint="--output")
    output.write_text(text, encoding="utf-8")
    click.echo(
        f"Mapping  {output}\nAnswer the questions in it, then: vein2vein intake check {place} --mapping {output}"
    )
