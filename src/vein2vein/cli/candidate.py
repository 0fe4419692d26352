"""`vein2vein candidate`: a patient before collection, as text or JSON."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any, Final

import click

from vein2vein.basis.clock import local_date
from vein2vein.cli import assess as shared
from vein2vein.cli import options
from vein2vein.cli.tell import SUBTYPE, asked_by_labels, told
from vein2vein.journey.assess.candidate import Candidate, candidate
from vein2vein.journey.assess.schedule import Schedule, schedule
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.library import Library
from vein2vein.report.candidate import as_plain, as_text

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@click.command("candidate")
@click.argument("place", metavar="INPUT")
@click.option("--course", "course_id", required=True, help="Identifier of the course.")
@click.option("--at", required=True, help="The instant, such as 2026-03-05T08:00+01:00.")
@shared.PROTOCOL
@click.option("--planned", help="The planned collection; the instant when left out.")
@click.option(
    "--planned-infusion",
    "infusion",
    metavar="DAY",
    help="The planned infusion, a day or an instant: adds the calendar of bridging and lymphodepletion before it.",
)
@click.option(
    "--target-cd3", type=float, default=2.0, show_default=True, help="Target of the collection, 10^9 CD3 cells."
)
@click.option(
    "--efficiency",
    type=float,
    multiple=True,
    default=(0.4, 0.5, 0.6),
    show_default=True,
    help="Share of CD3 collected.",
)
@click.option(
    "--tell",
    multiple=True,
    metavar="CONDITION=VALUE",
    help="What no table records and a label asks for, such as refractory-or-second-relapse=yes, or subtype=other.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable answer: every number a field.")
@click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of labels."
)
@options.delivery_options
@options.rule_options
def candidate_of(**given: Any) -> None:
    """Say what is known of one course of INPUT before collection: labels, limits, typing, wash-out, markers, volume, doses.

    With --planned-infusion also the days before it: doses, the window in which they may begin, what stops by when.
    """
    registry, books = options.registry_of(given["folders"]), Library(given["folders"])
    protocol = shared.protocol_of(given, registry, books)
    timeline = shared.delivery_of(given).cohort.timeline(given["course_id"])
    zone = given["zone"] or timeline.course.zone
    asked = asked_by_labels(books.of(Product))
    said = told(given["tell"], asked)
    found = candidate(
        timeline,
        protocol,
        options.instant(given["at"], zone, option="--at"),
        planned=None if given["planned"] is None else options.instant(given["planned"], zone, option="--planned"),
        target_cd3=given["target_cd3"],
        efficiencies=given["efficiency"],
        told={name: value == "yes" for name, value in said.items() if asked[name].type == "yes_no"},
        subtype=None if SUBTYPE not in said else str(said[SUBTYPE]),
        registry=registry,
        library=books,
    )
    planned = None if given["infusion"] is None else _schedule(found, given["infusion"], books)
    plain = as_plain(found, planned, language=given["language"])
    if given["as_json"]:
        click.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    else:
        click.echo(as_text(plain, language=given["language"]))


def _schedule(found: Candidate, text: str, books: Library) -> Schedule:
    """The calendar before a planned infusion, which is a day, or an instant with a time."""
    zone, name = found.timeline.course.zone, found.protocol.before_lymphodepletion
    at = None if _DAY.fullmatch(text) else options.instant(text, zone, option="--planned-infusion")
    try:
        on = date.fromisoformat(text) if at is None else local_date(at, zone)
    except ValueError as error:
        msg = f"saw {text!r}; expected a day such as 2026-03-01, or a time such as 2026-03-01T08:00+01:00"
        raise click.BadParameter(msg, param_hint="--planned-infusion") from error
    if on < local_date(max(found.at, found.planned), zone):
        msg = f"saw {text}; expected a day after the instant and after the planned collection"
        raise click.BadParameter(msg, param_hint="--planned-infusion")
    document = None if name is None else books.get(name, Washout, found.protocol.choices.get(name))
    return schedule(found, on, infusion_at=at, document=document)
