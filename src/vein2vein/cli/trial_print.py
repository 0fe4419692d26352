"""What the commands on trials share: reading a design file, printing columns, the language, writing a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from vein2vein.programme.trial.designs import DesignFile

LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of texts."
)


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


def write_report(path: Path, title: str, blocks: Any, asked: Any, language: Any) -> Path:
    """Write a report as HTML or Word, by the ending of the name."""
    from vein2vein.errors import ReportError
    from vein2vein.report.trial.html import write_html
    from vein2vein.report.trial.word import write_word

    writers = {".html": write_html, ".docx": write_word}
    if path.suffix.lower() not in writers:
        raise ReportError(
            "REPORT-002",
            saw=f"report file {path.name!r}",
            expected="a name that ends in .html or .docx",
            fix="rename the file",
        )
    return writers[path.suffix.lower()](path, title, blocks, asked, language=language)
