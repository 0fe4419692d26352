"""The part of the report about the rule sets: status, open points and choices, limits, silence, references.

Place    Report. Reads bound rule sets and citations; part of the cohort page.
Does not Present anything unverified as verified.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vein2vein.basis.messages import LANGUAGES
from vein2vein.knowledge.citations import citation, citations
from vein2vein.knowledge.schema import Parameter, RuleSet, Signature, Source
from vein2vein.report import rule_words
from vein2vein.report.markup import element, english, facts, status_badge, table, text, wording
from vein2vein.report.words import Words, joined, say, words_of


def scales_section(rules: Sequence[RuleSet]) -> str:
    """All rule sets of the report, each in a part that opens."""
    parts = [_scale(rule, is_open=len(rules) == 1) for rule in rules]
    return element(
        "section",
        element("h2", say("scales.heading"), id="scales-heading"),
        element("p", say("scales.words")),
        *parts,
        aria_labelledby="scales-heading",
        id="scales",
    )


def _scale(rule: RuleSet, *, is_open: bool) -> str:
    summary = element("summary", element("strong", rule_words.full_name(rule)), " ", status_badge(rule.status))
    where = [say("scales.anywhere") if place == "any" else place for place in rule.jurisdiction]
    # a summary may not hold a heading in every reader: the heading stands first inside
    body = [
        element("h3", words_of(rule.title)),
        facts(
            [
                (say("scales.id"), rule.id),
                (say("scales.edition"), rule.edition),
                (say("scales.encoding"), rule.encoding),
                (say("scales.population"), words_of(rule.population)),
                (say("scales.jurisdiction"), joined(where, ", ")),
                (say("scales.signed"), joined([_signature(s) for s in rule.signed_off]) or say("scales.nobody")),
            ]
        ),
        _results(rule),
        _parameters(rule),
        *_lists(rule),
        _sources(rule),
    ]
    return element("details", summary, *body, class_="scale", id=f"scale-{rule.id}", open=is_open)


def _signature(signed: Signature) -> str:
    return say("scales.signature", who=signed.who, role=say(f"scales.{signed.role}"), on=signed.on.isoformat())


def _results(rule: RuleSet) -> str:
    if rule.items:
        rows = [
            (
                wording(item.label),
                "<br>".join(
                    text(say("scales.item_case", points=case.value, words=words_of(case.text))) for case in item.cases
                ),
            )
            for item in rule.items
        ]
        caption = say("scales.adds_up", scale=rule_words.short_name(rule))
        return table((say("scales.item"), say("scales.points")), rows, caption=caption)
    rows = [(str(case.value), wording(case.text)) for case in rule.cases]
    rows.append((str(rule.otherwise), text(say("scales.otherwise"))))
    return table((say("scales.result"), say("scales.when")), rows, caption=say("scales.results"))


def _parameters(rule: RuleSet) -> str:
    if not rule.parameters:
        return element("p", say("scales.no_points"))
    rows = [
        (
            wording(parameter.title),
            _chosen(parameter, rule.chosen.get(name, parameter.default)),
            english(parameter.source_says),
            status_badge(parameter.status),
        )
        for name, parameter in rule.parameters.items()
    ]
    heads = tuple(say(f"scales.{key}") for key in ("open_point", "chosen", "source_says", "status"))
    return table(heads, rows, caption=say("scales.choices"))


def _chosen(parameter: Parameter, value: Any) -> str:
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    unit = f" {parameter.unit}" if parameter.unit else ""
    means = (parameter.choices or {}).get(str(value), "")
    other = (
        ""
        if value == parameter.default
        else element("span", say("scales.default", value=str(parameter.default)), class_="badge warn")
    )
    return (
        element("strong", text(shown + unit), lang="en")
        + (english(f": {means}") if means else "")
        + (f" {other}" if other else "")
    )


def _lists(rule: RuleSet) -> list[str]:
    named = (("scales.limits", rule.limits), ("scales.silence", rule.silence))
    return [
        element("h4", say(heading)) + element("ul", *(element("li", text(entry)) for entry in entries), lang="en")
        for heading, entries in named
        if entries
    ]


def _sources(rule: RuleSet) -> str:
    entries = [element("li", _source(source)) for source in rule.sources]
    return element("h4", say("scales.sources")) + element("ol", *entries)


def _source(source: Source) -> str:
    note = english(f" {source.note}.") if source.note else ""
    return f"{english(f'{reference(source.key)} {source.locator}')} ({text(say(f'read.{source.read}'))}).{note}"


def reference(key: str) -> str:
    """The work behind a key as one line; the key itself where no citation file has it."""
    return citation(key).reference() if key in citations() else f"[{key}]"


def rule_data(rules: Sequence[RuleSet]) -> list[dict[str, Any]]:
    """What the page needs to show a verdict of each rule set, in every language of the rule file."""
    return [_rule(rule) for rule in rules]


def _rule(rule: RuleSet) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": _in_all(rule_words.full_name(rule)),
        "title": rule.title,
        "kind": rule.result.kind,
        "low": rule.result.lowest,
        "high": rule.result.highest,
        "edition": rule.edition,
        "encoding": rule.encoding,
        "status": rule.status,
        "cases": {str(case.value): case.text for case in rule.cases},
        "otherwise": rule.otherwise,
        "bands": [[band.at_least, band.text] for band in sorted(rule.bands, key=lambda b: b.at_least)],
        "criteria": [
            {"label": c.label, "note": c.note, "means": _in_all(rule_words.condition_words(rule, c.when))}
            for c in rule.criteria.values()
        ],
        "inputs": [_input(rule, name) for name in rule.inputs],
        "flags": [flag.text for flag in rule.flags],
        "parameters": [
            [p.title, str(rule.chosen.get(n, p.default)) + (f" {p.unit}" if p.unit else ""), p.status]
            for n, p in rule.parameters.items()
        ],
        "sources": [[reference(s.key), s.locator, s.read] for s in rule.sources],
    }


def _in_all(words: Words) -> dict[str, str]:
    return {language: words.in_(language) for language in LANGUAGES}


def _input(rule: RuleSet, name: str) -> dict[str, Any]:
    label = rule_words.input_words(rule, name).each(lambda text: text[:1].upper() + text[1:])
    return _in_all(label) | {"from": _in_all(rule_words.subject_words(rule, name))}
