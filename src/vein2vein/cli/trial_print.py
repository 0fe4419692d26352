"""What the commands on trials share: reading a design file, printing columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vein2vein.programme.trial.designs import DesignFile


def read_file(file: Path) -> DesignFile:
    """A design file, or one of the published trials by its name."""
    from vein2vein.programme.trial.designs import design_of, read_design
    from vein2vein.programme.trial.published.files import trial_ids

    if not file.exists():
        if str(file) in trial_ids():
            return design_of({"design": "cell-trial", "title": f"{file} as published", "published": str(file)})
        names = ", ".join(trial_ids())
        msg = f"There is no file {str(file)!r}, and no published trial of that name ({names})."
        raise click.UsageError(msg)
    return read_design(file.read_text(encoding="utf-8"))


def columns(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns as wide as their widest cell."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
