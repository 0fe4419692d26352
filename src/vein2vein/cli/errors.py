"""`vein2vein errors`: what an error id means and how to mend it."""

from __future__ import annotations

import click

from vein2vein.errors import catalogue, describe
from vein2vein.knowledge.codes import nearest


@click.command()
@click.argument("id", required=False)
def errors(id: str | None) -> None:
    """Say what an error ID means, why it comes, and how to mend it; without ID, list all."""
    if id is None:
        for known, entry in sorted(catalogue().items()):
            click.echo(f"{known}  {entry['title']}")
        return
    entry = describe(id.upper())
    if not entry:
        close = ", ".join(nearest(id.upper(), catalogue())) or "none"
        msg = f"{id!r} is no error id; nearest: {close}"
        raise click.BadParameter(msg, param_hint="ID")
    click.echo(f"{id.upper()}  {entry['title']}\n\n  why   {entry['cause']}\n  cure  {entry['cure']}")
