"""`vein2vein candidate`: a patient before collection, as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from vein2vein.basis.truth import Truth
from vein2vein.cli import assess as shared
from vein2vein.cli import options
from vein2vein.journey.assess.candidate import Candidate, candidate
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.phrases import agent_label, local
from vein2vein.journey.selection.criteria import CriterionVerdict, Eligibility
from vein2vein.knowledge.codes import observation_kind
from vein2vein.knowledge.library import Library


@click.command("candidate")
@click.argument("place", metavar="INPUT")
@click.option("--course", "course_id", required=True, help="Identifier of the course.")
@click.option("--at", required=True, help="The instant, such as 2026-03-05T08:00+01:00.")
@shared.PROTOCOL
@click.option("--planned", help="The planned collection; the instant when left out.")
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
@click.option("--json", "as_json", is_flag=True, help="Machine-readable answer.")
@options.delivery_options
@options.rule_options
def candidate_of(**given: Any) -> None:
    """Say what is known of one course of INPUT before collection: labels, limits, typing, wash-out, markers, volume, doses."""
    registry, books = options.registry_of(given["folders"]), Library(given["folders"])
    protocol = shared.protocol_of(given, registry, books)
    timeline = shared.delivery_of(given).cohort.timeline(given["course_id"])
    zone = given["zone"] or timeline.course.zone
    found = candidate(
        timeline,
        protocol,
        options.instant(given["at"], zone, option="--at"),
        planned=None if given["planned"] is None else options.instant(given["planned"], zone, option="--planned"),
        target_cd3=given["target_cd3"],
        efficiencies=given["efficiency"],
        registry=registry,
        library=books,
    )
    if given["as_json"]:
        chapters = [{"title": title, "lines": list(lines)} for title, lines in _chapters(found)]
        head = {"course": found.timeline.course.course_id, "at": found.at.isoformat(), "protocol": protocol.id}
        click.echo(
            json.dumps(
                {**head, "planned": found.planned.isoformat(), "chapters": chapters}, indent=2, ensure_ascii=False
            )
        )
        return
    blocks = ["\n".join((title, *(f"  - {line}" for line in lines))) for title, lines in _chapters(found)]
    click.echo(
        "\n\n".join((*blocks, "Limits of trials are columns to compare with, not gates of care; clinicians decide."))
    )


def _chapters(found: Candidate) -> Iterator[tuple[str, tuple[str, ...]]]:
    where = found.protocol.jurisdiction_of_labels
    chapters = (
        (f"Products whose label in {where} fits on the planned day", _offers(found)),
        ("Typing", _gates(found)),
        *((_title(one), (_criterion(c) for c in one.criteria)) for one in found.selection),
        ("Which trials' limits would be met", (_trial(one) for one in found.trials)),
        ("Wash-out", _washout(found)),
        ("Markers of infection for the planned collection", _markers(found)),
        ("Counts to start", (_criterion(c) for c in found.counts.criteria)),
        ("Volume to process, by collection efficiency", _volumes(found)),
        ("Body surface and kidney function, by formula", _sizes(found)),
        ("Lymphodepletion a day, by renal policy", _doses(found)),
    )
    for title, lines in chapters:
        yield title, tuple(lines) or ("nothing that the record or the files show",)


def _title(one: Eligibility) -> str:
    return f"{one.rule.title['en']} ({one.rule.status}): {one.state}"


def _offers(found: Candidate) -> Iterator[str]:
    for offer in found.offers:
        verdict = offer.verdict
        needs = ", ".join(label_of(offer.product, name)["en"] for name in verdict.missing)
        state = "holds" if verdict.truth is Truth.TRUE else f"may hold: needs {needs}"
        yield f"{offer.product.title['en']}, {verdict.label.indication} [{verdict.label.row}, {verdict.label.status}]: {state}"


def _gates(found: Candidate) -> Iterator[str]:
    for id, answers in found.gates.items():
        for answer in answers:
            state = {Truth.TRUE: "met", Truth.FALSE: "not met"}.get(answer.met, f"needs {', '.join(answer.missing)}")
            yield f"{id} [{answer.gate.row}]: {state}"


def _criterion(one: CriterionVerdict) -> str:
    values = "; ".join(
        f"{v.shown}{'' if v.age_hours is None else f', {v.age_hours / 24:.1f} days old'}" for v in one.values
    )
    rows = ", ".join(dict.fromkeys(row.source for value in one.values for row in value.rows if row.source))
    needs = f"; needs {', '.join(one.missing)}" if one.missing else ""
    return f"{one.label['en']}: {one.state} ({values or 'no value'}{f' [{rows}]' if rows else ''}{needs})"


def _trial(one: Eligibility) -> str:
    against, still_open = (", ".join(c.label["en"] for c in part) for part in (one.concerns, one.unknowns))
    text = f"{one.rule.title['en']}: {one.state}"
    text += f"; not met: {against}" if against else ""
    return text + (f"; open: {still_open}" if still_open else "")


def _washout(found: Candidate) -> Iterator[str]:
    if found.washout is None:
        return
    zone, binding = found.timeline.course.zone, found.washout.binding
    for stop in found.washout.stops:
        last = "still given" if stop.last is None else f"last {local(stop.last, zone)}"
        until = "" if stop.earliest is None else f", not before {local(stop.earliest, zone)}"
        aside = "" if stop.binds else f", {stop.rule.strength}"
        decides = ", decides" if binding is not None and binding.rule.row == stop.rule.row else ""
        yield f"{agent_label(stop.row.kind, stop.agent)['en']}: {last}{until}{aside}{decides} [{stop.rule.status}]"
    if found.washout.not_charted:
        yield f"not charted: {', '.join(found.washout.not_charted)}"


def _markers(found: Candidate) -> Iterator[str]:
    for answer in found.markers:
        result = "" if answer.is_positive is None else " positive," if answer.is_positive else " negative,"
        until = "" if answer.fresh_until is None else f", fresh until {answer.fresh_until}"
        where = "" if answer.marker.everywhere else " (where required)"
        yield f"{observation_kind(answer.marker.observation).label['en']}:{result} {answer.state}{until}{where}"


def _volumes(found: Candidate) -> Iterator[str]:
    for one in found.volumes:
        value = one.answer.problem if one.answer.value is None else f"{one.answer.value:.2f} L"
        yield f"{one.collection_efficiency:g}: {value}"


def _sizes(found: Candidate) -> Iterator[str]:
    for answer in found.sizes:
        value = answer.problem if answer.value is None else f"{answer.value:.2f} {answer.formula.result.unit}"
        chosen = ", ".join(f"{name}: {choice}" for name, choice in answer.formula.chosen.items())
        yield f"{answer.formula.title['en']} [{answer.formula.id}]: {value}{f' ({chosen})' if chosen else ''}"


def _doses(found: Candidate) -> Iterator[str]:
    for policy, regimens in found.doses.items():
        for regimen, drugs in regimens:
            told = "; ".join(f"{agent_label('lymphodepletion', d.drug.drug)['en']} {d.text}" for d in drugs)
            yield f"{policy}, {regimen.id}: {told}"
