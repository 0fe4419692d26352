"""`vein2vein trial dlt`: which graded courses had a dose-limiting toxicity, by a trial's own definition."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from vein2vein.cli import options
from vein2vein.cli.trial_print import columns


@click.command("dlt")
@click.argument("place", metavar="INPUT")
@click.option(
    "--definition",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML with name, window_days and toxicities.",
)
@options.delivery_options
def dose_limiting_toxicities(place: str, definition: Path, **given: Any) -> None:
    """Say for every infused course of INPUT whether it had a dose-limiting toxicity: T, N, pending or open."""
    from vein2vein.programme.trial.dlt import dose_limiting, read_definition

    read = read_definition(definition)
    delivery = options.open_input(
        place, mapping=given["mapping"], zone=given["zone"], charted=given["charted"], holds=given["holds"]
    )
    found = dose_limiting(delivery.cohort, read)
    zones = dict(delivery.cohort.courses.select("course_id", "zone").iter_rows())
    rows = [
        (
            row["course_id"],
            row["outcome"],
            row["toxicity"] or "-",
            "-" if row["at"] is None else _shown(row["at"], zones[row["course_id"]]),
            f"{row['followed']:.2f}",
        )
        for row in found.iter_rows(named=True)
    ]
    click.echo(f"{read.name}; window {read.window_days:g} days; {', '.join(read.rule_sets)}")
    columns([("course", "outcome", "toxicity", "since", "followed"), *rows])
    counts = found["outcome"].value_counts(sort=False).sort("outcome")
    click.echo("\n" + ", ".join(f"{n} {word}" for word, n in counts.iter_rows()))


def _shown(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")
