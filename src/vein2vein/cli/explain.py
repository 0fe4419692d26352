"""`vein2vein explain`: the reason for one grade of one course at one instant."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import click

from vein2vein.basis.clock import relative_day, zone_of
from vein2vein.cli import options
from vein2vein.engine.plain.engine import NO_INFUSION, verdict_at
from vein2vein.engine.verdict import InputUsed, Verdict
from vein2vein.journey.toxicity.scales import scale_ids
from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.schema import Parameter, RuleSet
from vein2vein.knowledge.wording import input_text, pick
from vein2vein.record.timeline import Course


@click.command()
@click.argument("place", metavar="INPUT")
@click.option("--course", "course_id", required=True, help="Identifier of the course.")
@click.option("--at", required=True, help="The instant, such as 2026-03-05T08:00+01:00.")
@click.option("--scale", "scales", default="standard", show_default=True, help="Rule sets, as for grade.")
@click.option("--as-recorded", is_flag=True, help="Also leave out what was entered after the instant.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable answer.")
@options.delivery_options
@options.rule_options
def explain(**given: Any) -> None:
    """Say what rule sets say about one course of INPUT at one instant, knowing nothing later, and why."""
    registry = options.registry_of(given["folders"])
    ids = scale_ids(options.parts(given["scales"], option="--scale"), registry)
    rules = options.bound_rules(ids, registry, given["settings"])
    delivery = options.open_input(
        given["place"], mapping=given["mapping"], zone=given["zone"], charted=given["charted"], holds=given["holds"]
    )
    timeline = delivery.cohort.timeline(given["course_id"])
    at = options.instant(given["at"], given["zone"] or timeline.course.zone, option="--at")
    known = timeline.until(at, as_recorded=given["as_recorded"])
    verdicts = [(rule, _in_time(verdict_at(known, rule, at), timeline.course)) for rule in rules]
    if given["as_json"]:
        click.echo(json.dumps([as_json(rule, verdict) for rule, verdict in verdicts], ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join(as_text(rule, verdict) for rule, verdict in verdicts))


def _in_time(verdict: Verdict, course: Course) -> Verdict:
    """The verdict; one without an infusion says so if that is only because the question is of a time before it."""
    infused = course.infused_at
    if verdict.not_applicable != NO_INFUSION or infused is None or infused <= verdict.at:
        return verdict
    zone = zone_of(course.zone)
    day = relative_day(verdict.at, infused_at=infused, zone=course.zone)
    when = f"{infused.astimezone(zone):%Y-%m-%d %H:%M} {course.zone}"
    return replace(verdict, not_applicable=f"the instant (day {day}) lies before the infusion at {when}")


def as_text(rule: RuleSet, verdict: Verdict) -> str:
    """A verdict for people."""
    from vein2vein.report.rule_words import lacking, result_sentence

    head = f"{rule.title['en']}\n  {rule.id}, encoding {rule.encoding}, status {rule.status}"
    if verdict.bounds is None:
        return f"{head}\n  does not apply: {verdict.not_applicable}"
    low, high = verdict.bounds.low, verdict.bounds.high
    missing = lacking(rule, verdict.missing, {used.name: used.rows for used in verdict.inputs})
    sentence = result_sentence(rule, low, high) + (f": {'; '.join(missing)}" if missing else "")
    lines = [head, "", f"  {sentence}"]
    lines += [f"    {level} {certainty}  {text}" for level, certainty, text in _levels(rule, low, high)]
    lines += _block("because", [pick(rule.criteria[n].label, "en") for n in verdict.deciding if n in rule.criteria])
    lines += _block("remark, where it holds or may hold", [rule.flags[place].text["en"] for place in verdict.flags])
    lines += _block("read from", [_used(rule, used) for used in verdict.inputs if used.rows or not used.is_known])
    assumed = [input_text(rule, used.name) for used in verdict.inputs if used.assumption and not used.rows]
    lines += _block("taken as no, not recorded", [", ".join(assumed)] if assumed else [])
    lines += _block(
        "choices for open points",
        [_choice(rule.parameters[n], n, v) for n, v in verdict.parameters.items()],
    )
    lines += _block("source", [f"{citation(s.key).short()}, {s.locator} (read: {s.read})" for s in rule.sources])
    return "\n".join(lines)


def _levels(rule: RuleSet, low: int, high: int) -> Iterator[tuple[int, str, str]]:
    """What the scale says at the lowest result, which is certain, and at those above it, which are possible."""
    for case in reversed(rule.cases):
        if low <= case.value <= high:
            yield case.value, "certain " if case.value == low else "possible", pick(case.text, "en")


def _used(rule: RuleSet, used: InputUsed) -> str:
    where = f"  ({used.rows[-1].source})" if used.rows and used.rows[-1].source else ""
    return f"{input_text(rule, used.name)}: {used.shown}{where}"


def _choice(point: Parameter, name: str, value: object) -> str:
    unit = f" {point.unit}" if point.unit else ""
    default = "" if value == point.default else f" (default: {point.default}{unit})"
    return f"{pick(point.title, 'en', name)}: {value}{unit}{default}"


def _block(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"  {title}", *(f"    {line}" for line in lines)] if lines else []


def as_json(rule: RuleSet, verdict: Verdict) -> dict[str, Any]:
    """A verdict for machines."""
    return {
        "rule_set_id": rule.id,
        "encoding": rule.encoding,
        "status": rule.status,
        "at": verdict.at.isoformat(),
        "low": None if verdict.bounds is None else verdict.bounds.low,
        "high": None if verdict.bounds is None else verdict.bounds.high,
        "not_applicable": verdict.not_applicable,
        "deciding": list(verdict.deciding),
        "missing": list(verdict.missing),
        "remarks": [rule.flags[place].text["en"] for place in verdict.flags],
        "criteria": {name: truth.value for name, truth in verdict.criteria.items()},
        "inputs": [
            {
                "name": used.name,
                "shown": used.shown,
                "known": used.is_known,
                "assumption": used.assumption,
                "rows": [row.source for row in used.rows if row.source],
            }
            for used in verdict.inputs
        ],
        "parameters": dict(verdict.parameters),
        "sources": [{"key": s.key, "locator": s.locator, "read": s.read} for s in rule.sources],
    }
