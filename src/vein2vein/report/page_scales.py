"""The part of the report about the rule sets: status, open points and choices, limits, silence, references.

Place    Report. Reads bound rule sets and citations; part of the cohort page.
Does not Present anything unverified as verified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vein2vein.knowledge.citations import citation, citations
from vein2vein.knowledge.schema import Parameter, RuleSet, Source
from vein2vein.knowledge.wording import condition_text, input_text, pick, subject_of
from vein2vein.report import rule_words
from vein2vein.report.markup import element, facts, status_badge, table, text, wording

_READ = {
    "full": "read in full",
    "abstract": "abstract read",
    "secondary": "read in a reproduction",
    "recalled": "from memory",
    "executed": "executed",
}


def scales_section(rules: Sequence[RuleSet]) -> str:
    """All rule sets of the report, each in a part that opens."""
    parts = [_scale(rule, is_open=len(rules) == 1) for rule in rules]
    return element(
        "section",
        element("h2", "Scales, choices and sources", id="scales-heading"),
        element(
            "p",
            "Every scale leaves points open. The choices below were made for this report; another choice can change a "
            "grade. The status says how the numbers of a scale were checked against its source.",
        ),
        *parts,
        aria_labelledby="scales-heading",
        id="scales",
    )


def _scale(rule: RuleSet, *, is_open: bool) -> str:
    name = f"{rule_words.short_name(rule)} · {rule_words.edition_name(rule)}"
    summary = element("summary", element("strong", text(name)), " ", status_badge(rule.status))
    # a summary may not hold a heading in every reader: the heading stands first inside
    body = [
        element("h3", wording(rule.title)),
        facts(
            [
                ("Id", rule.id),
                ("Edition", rule.edition),
                ("Encoding", rule.encoding),
                ("Population", pick(rule.population, "en")),
                ("Jurisdiction", ", ".join(rule.jurisdiction)),
                (
                    "Signed by",
                    ", ".join(f"{s.who} ({s.role}, {s.on.isoformat()})" for s in rule.signed_off) or "nobody yet",
                ),
            ]
        ),
        _results(rule),
        _parameters(rule),
        *_lists(rule),
        _sources(rule),
    ]
    return element("details", summary, *body, class_="scale", id=f"scale-{rule.id}", open=is_open)


def _results(rule: RuleSet) -> str:
    if rule.items:
        rows = [
            (wording(item.label), "<br>".join(f"{case.value}: {wording(case.text)}" for case in item.cases))
            for item in rule.items
        ]
        return table(("Item", "Points"), rows, caption=f"What {rule_words.short_name(rule)} adds up")
    rows = [(str(case.value), wording(case.text)) for case in rule.cases]
    rows.append((str(rule.otherwise), "otherwise"))
    return table(("Result", "When"), rows, caption="Results, the first that holds from above")


def _parameters(rule: RuleSet) -> str:
    if not rule.parameters:
        return element("p", "This encoding has no open points to choose.")
    rows = [
        (
            wording(parameter.title),
            _chosen(parameter, rule.chosen.get(name, parameter.default)),
            text(parameter.source_says),
            status_badge(parameter.status),
        )
        for name, parameter in rule.parameters.items()
    ]
    heads = ("Open point", "Chosen here", "The source says", "Status")
    return table(heads, rows, caption="Choices made for open points")


def _chosen(parameter: Parameter, value: Any) -> str:
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    unit = f" {parameter.unit}" if parameter.unit else ""
    means = (parameter.choices or {}).get(str(value), "")
    other = (
        ""
        if value == parameter.default
        else element("span", text(f"default: {parameter.default}"), class_="badge warn")
    )
    return (
        element("strong", text(shown + unit)) + (f": {text(means)}" if means else "") + (f" {other}" if other else "")
    )


def _lists(rule: RuleSet) -> list[str]:
    named = (("Limits of this encoding", rule.limits), ("What the source is silent on", rule.silence))
    return [
        element("h4", heading) + element("ul", *(element("li", text(entry)) for entry in entries))
        for heading, entries in named
        if entries
    ]


def _sources(rule: RuleSet) -> str:
    entries = [element("li", _source(source)) for source in rule.sources]
    return element("h4", "Sources") + element("ol", *entries)


def _source(source: Source) -> str:
    note = f" {text(source.note)}." if source.note else ""
    return f"{text(reference(source.key))} {text(source.locator)} ({_READ[source.read]}).{note}"


def reference(key: str) -> str:
    """The work behind a key as one line; the key itself where no citation file has it."""
    return citation(key).reference() if key in citations() else f"[{key}]"


def rule_data(rules: Sequence[RuleSet]) -> list[dict[str, Any]]:
    """What the page needs to show a verdict of each rule set, in every language of the rule file."""
    return [_rule(rule) for rule in rules]


def _rule(rule: RuleSet) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": f"{rule_words.short_name(rule)} · {rule_words.edition_name(rule)}",
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
        "criteria": [{"label": c.label, "note": c.note, "means": _means(rule, c.when)} for c in rule.criteria.values()],
        "inputs": [_input(rule, name) for name in rule.inputs],
        "flags": [flag.text for flag in rule.flags],
        "parameters": [
            [p.title, str(rule.chosen.get(n, p.default)) + (f" {p.unit}" if p.unit else ""), p.status]
            for n, p in rule.parameters.items()
        ],
        "sources": [[reference(s.key), s.locator, _READ[s.read]] for s in rule.sources],
    }


def _means(rule: RuleSet, when: Any) -> Mapping[str, str]:
    return {language: condition_text(rule, when, language) for language in ("en", "zh")}


def _input(rule: RuleSet, name: str) -> dict[str, str]:
    shown = {language: input_text(rule, name, language) for language in ("en", "zh")}
    return {language: label[:1].upper() + label[1:] for language, label in shown.items()} | {
        "from": subject_of(rule, name)
    }
