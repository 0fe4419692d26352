"""`vein2vein assess` and `vein2vein audit`: a course under a protocol now, and a cohort under it so far."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from vein2vein.cli import options
from vein2vein.cli.tell import tellable
from vein2vein.cli.tell import told as answers
from vein2vein.errors import KnowledgeError
from vein2vein.journey.assess import Assessor
from vein2vein.journey.assess.audit import Adherence, audit
from vein2vein.journey.followup import Step, prophylaxis
from vein2vein.journey.guidance.advise import Desk
from vein2vein.journey.guidance.compare import Compared, Quiet, compare, quiet
from vein2vein.journey.stages.scored import scores_of
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.library import Library
from vein2vein.knowledge.registry import Registry
from vein2vein.knowledge.wording import pick
from vein2vein.record.timeline import Timeline
from vein2vein.report.files import write_file
from vein2vein.report.handover.content import as_text, handover
from vein2vein.report.handover.page import as_pdf
from vein2vein.report.handover.plain import as_plain

PROTOCOL = click.option(
    "--protocol", "protocol_id", required=True, help="Id of a protocol such as reference, or of a centre's own."
)
_COLUMNS: Final = (
    "rule", "file", "applicable", "met", "late", "not_met", "not_assessable", "why_not_assessable", "needs",
    "courses_late", "courses_not_met",
)  # fmt: skip
_HEADS: Final = {
    "en": ("applicable", "in time", "late", "not met", "not assessable", "rule"),
    "zh": ("适用", "按时", "逾期", "未做到", "无法评估", "规则"),
}
_SHOWN: Final = 4
_NEEDS: Final = {"en": "needs ", "zh": "缺少："}
_MORE: Final = {"en": "and {} more", "zh": "另有 {} 项"}
_LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of labels."
)


@click.command()
@click.argument("place", metavar="INPUT")
@click.option("--course", "course_id", required=True, help="Identifier of the course.")
@click.option("--at", required=True, help="The instant, such as 2026-03-05T08:00+01:00.")
@PROTOCOL
@click.option(
    "--compare",
    "compared_ids",
    help="Sources of guidance, or policies of prophylaxis, to hold beside one another: ebmt-2022,asco-2021 or ash,stanford.",
)
@click.option(
    "--tell", multiple=True, metavar="FACT=VALUE", help="What no table records, such as infection_excluded=yes."
)
@click.option("--as-recorded", is_flag=True, help="Also leave out what was entered after the instant.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable answer.")
@click.option(
    "--pdf",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a handover of one page; of two if treatment does not fit.",
)
@_LANGUAGE
@options.delivery_options
@options.rule_options
def assess(**given: Any) -> None:
    """Say where one course of INPUT stands at one instant under a protocol: grades, advice, what is due, missing or departed."""
    registry, books = options.registry_of(given["folders"]), Library(given["folders"])
    protocol = protocol_of(given, registry, books)
    delivery = delivery_of(given)
    timeline = delivery.cohort.timeline(given["course_id"])
    at = options.instant(given["at"], given["zone"] or timeline.course.zone, option="--at")
    timeline = timeline.until(at, as_recorded=given["as_recorded"])
    compared_ids = options.parts(given["compared_ids"], option="--compare") if given["compared_ids"] else ()
    guidance_ids, policies = _sources(compared_ids, protocol, books)
    beside_ids = (*guidance_ids, *(policy.id for policy in policies))
    told = answers(given["tell"], tellable(_asked(protocol, beside_ids, books)))
    found = Assessor(timeline, protocol, registry=registry, library=books).at(at, told=told)
    desk = Desk.of(
        protocol.guidance, books, parameters=protocol.choices, scales=dict(protocol.scales), registry=registry
    )
    drugs, compared, silent = desk.drugs, tuple[Compared, ...](), tuple[Quiet, ...]()
    if guidance_ids:
        beside = Desk.of(
            guidance_ids, books, parameters=protocol.choices, scales=dict(protocol.scales), registry=registry
        )
        drugs = {**drugs, **beside.drugs}
        advice = beside.advise(timeline, at, told=told, surface=found.surface.range, registry=registry)
        compared, silent = compare(advice), quiet(advice)
    steps = tuple(_steps(timeline, at, policies, protocol, told, registry))
    page = handover(found, drugs, compared=compared, quiet=silent, policies=steps, language=given["language"])
    if given["as_json"]:
        click.echo(
            json.dumps(
                as_plain(found, drugs, compared, silent, policies=steps, language=given["language"]),
                indent=2,
                ensure_ascii=False,
            )
        )
    else:
        click.echo(as_text(page))
    if given["pdf"] is not None:
        write_file(given["pdf"], as_pdf(page, language=given["language"]))


@click.command("audit")
@click.argument("place", metavar="INPUT")
@PROTOCOL
@click.option("--at", help="Look at every course up to this instant; the end of its follow-up when left out.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="Form of the table.",
)
@_LANGUAGE
@options.delivery_options
@options.rule_options
def audit_cohort(**given: Any) -> None:
    """Say how the courses of INPUT kept a protocol: rule by rule, how many met it (in time or late), did not, or are open."""
    registry, books = options.registry_of(given["folders"]), Library(given["folders"])
    protocol = protocol_of(given, registry, books)
    cohort = delivery_of(given).cohort
    at = None if given["at"] is None else options.instant(given["at"], given["zone"], option="--at")
    timelines = (cohort.timeline(id) for id in cohort.courses["course_id"])
    table = audit(timelines, protocol, at=at, registry=registry, library=books)
    click.echo({"text": _as_text, "csv": _as_csv, "json": _as_json}[given["shape"]](table, given["language"]))


def delivery_of(given: dict[str, Any]) -> Any:
    """The delivery that INPUT names, read as its options say."""
    return options.open_input(
        given["place"], mapping=given["mapping"], zone=given["zone"], charted=given["charted"], holds=given["holds"]
    )


def protocol_of(given: dict[str, Any], registry: Registry, books: Library) -> Protocol:
    """The protocol, with what --set asks for in place of its own choices.

    Raises:
        KnowledgeError: RULE-003 and RULE-004, the latter also for a rule set that the protocol does not name.
    """
    protocol = books.get(_full(given["protocol_id"], "protocol", books), Protocol)
    wanted = options.parameters_of(given["settings"], registry)
    named = {id for ids in protocol.scales.values() for id in ids} | {*protocol.selection, *protocol.scores}
    unused = sorted(set(wanted) - named)
    if unused:
        raise KnowledgeError(
            "RULE-004",
            saw=f"--set for {unused[0]}, which {protocol.id} does not name",
            expected=f"one of {', '.join(sorted(named & set(registry.ids)))}",
            fix="name it in a protocol of your own, or leave the setting out",
        )
    choices = {id: {**protocol.choices.get(id, {}), **wanted.get(id, {})} for id in {*protocol.choices, *wanted}}
    return protocol.model_copy(update={"choices": choices}) if wanted else protocol


def _full(id: str, kind: str, books: Library) -> str:
    """The id of a file; its last part may be left out."""
    return f"{id}.{kind}" if id not in books and f"{id}.{kind}" in books else id


def _sources(ids: Iterable[str], protocol: Protocol, books: Library) -> tuple[tuple[str, ...], tuple[Policy, ...]]:
    """What is compared, sorted into guidance and policies of prophylaxis; a short name is looked for in both, in this order."""
    guidance, policies = [], []
    for id in ids:
        full = _full(_full(id, "guidance", books), "prophylaxis", books)
        if full in books and isinstance(books.any(full), Policy):
            policies.append(books.get(full, Policy, protocol.choices.get(full)))
        else:
            guidance.append(full)
    return tuple(guidance), tuple(policies)


def _steps(
    timeline: Timeline,
    at: datetime,
    policies: Iterable[Policy],
    protocol: Protocol,
    told: Mapping[str, object],
    registry: Registry,
) -> Iterator[Step]:
    """Steps of policies; each is told what it asks for. None after a death."""
    listed = () if timeline.milestone("death") is not None else tuple(policies)
    scores = scores_of(listed, registry, protocol.choices)
    for policy in listed:
        mine = {name: value for name, value in told.items() if name in policy.to_be_told}
        yield from prophylaxis(timeline, policy, at, told=mine, scores=scores)


def _asked(protocol: Protocol, compared: tuple[str, ...], books: Library) -> Iterator[Edition]:
    """Every document that could ask to be told something."""
    for id in (*protocol.guidance, *protocol.policies, *protocol.checklists.values(), *compared):
        yield books.any(id)


def _rows(table: tuple[Adherence, ...], language: str) -> list[dict[str, Any]]:
    return [
        {
            "rule": pick(row.said, language),
            "file": row.file,
            "applicable": row.applicable,
            "met": len(row.met),
            "late": len(row.late),
            "not_met": len(row.not_met),
            "not_assessable": len(row.not_assessable),
            "why_not_assessable": pick(row.unproven, language),
            "needs": [{"what": pick(one.said, language), "courses": len(one.courses)} for one in row.most_lacked],
            "courses_late": row.late,
            "courses_not_met": row.not_met,
        }
        for row in table
    ]


def _as_text(table: tuple[Adherence, ...], language: str) -> str:
    heads = _HEADS[language]
    widths = [max(len(head), 4) for head in heads[:-1]]
    lines, file = ["  ".join((*(h.rjust(w) for h, w in zip(heads, widths, strict=False)), heads[-1]))], None
    for row in table:
        if row.file != file:
            file = row.file
            lines += ["", file]
        counts = (row.applicable, len(row.met), len(row.late), len(row.not_met), len(row.not_assessable))
        why = f" ({pick(row.unproven, language)})" if row.unproven else _needs(row, language)
        shown = [str(count).rjust(width) for count, width in zip(counts, widths, strict=True)]
        lines.append("  ".join((*shown, pick(row.said, language) + why)))
    return "\n".join(lines)


def _needs(row: Adherence, language: str) -> str:
    """What a rule lacks most, each with the number of courses; how many more things there are."""
    lacked = row.most_lacked
    if not lacked:
        return ""
    shown = [f"{pick(one.said, language)}: {len(one.courses)}" for one in lacked[:_SHOWN]]
    more = [_MORE[language].format(len(lacked) - _SHOWN)] if len(lacked) > _SHOWN else []
    return f" [{_NEEDS[language]}{'; '.join([*shown, *more])}]"


def _as_csv(table: tuple[Adherence, ...], language: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in _rows(table, language):
        needs = "; ".join(f"{one['what']}: {one['courses']}" for one in row["needs"])
        courses = {name: " ".join(row[name]) for name in ("courses_late", "courses_not_met")}
        writer.writerow({**row, **courses, "needs": needs})
    return text.getvalue().rstrip("\n")


def _as_json(table: tuple[Adherence, ...], language: str) -> str:
    return json.dumps(_rows(table, language), indent=2, ensure_ascii=False)
