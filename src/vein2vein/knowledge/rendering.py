"""A rule set as a readable table, made from its file: what a clinician reads before signing.

Place    Floor 1. Read by `vein2vein knowledge show` and by the documentation.
In       A bound rule set and a language.
Out      Markdown, which is also readable as plain text.
Missing  A label that lacks the language is shown in English.
Does not Say anything that is not in the rule file, the code files or the citations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.markdown import bullets, table
from vein2vein.knowledge.wording import condition_text, fixed_words, input_text, pick, subject_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vein2vein.knowledge.inputs import Input
    from vein2vein.knowledge.schema import RuleSet


def render(rule: RuleSet, language: str = "en") -> str:
    """The rule set as Markdown: header, results, criteria, open points, inputs, limits, sources and worked cases."""
    words = fixed_words("rule_set", language)
    blocks = [_header(rule, language)]
    if rule.applies is not None:
        blocks.append(f"{words['applies']}: {condition_text(rule, rule.applies, language)}")
    for heading, body in _sections(rule, language):
        if body:
            blocks += [f"## {words[heading]}", body]
    return "\n\n".join(blocks) + "\n"


def _header(rule: RuleSet, language: str) -> str:
    words = fixed_words("rule_set", language)
    until = rule.valid.to.isoformat() if rule.valid.to else ""
    lines = [
        f"# {pick(rule.title, language)}",
        "",
        f"`{rule.id}`, encoding {rule.encoding}, {words['status']}: {rule.status}",
    ]
    if rule.status != "verified":
        lines += ["", f"**{words['unverified']}**"]
    lines += ["", f"{pick(rule.population, language)}. {rule.valid.since.isoformat()} – {until}".rstrip(" –")]
    return "\n".join(lines)


def _sections(rule: RuleSet, language: str) -> Iterator[tuple[str, str]]:
    words = fixed_words("rule_set", language)
    yield "grades", _table(words, ("value", "meaning", "condition"), _results(rule, language))
    yield "items", _table(words, ("item", "value", "meaning", "condition"), _items(rule, language))
    yield (
        "bands",
        _table(words, ("value", "meaning"), [(f"≥ {b.at_least}", pick(b.text, language)) for b in rule.bands]),
    )
    criteria = [(pick(c.label, language), condition_text(rule, c.when, language)) for c in rule.criteria.values()]
    yield "criteria", _table(words, ("criterion", "condition"), criteria)
    columns = ("parameter", "chosen", "choices", "says", "status")
    yield "parameters", _table(words, columns, _parameters(rule, language))
    yield "inputs", _table(words, ("input", "from", "unit", "method"), _inputs(rule, language))
    yield "flags", bullets(f"{condition_text(rule, f.when, language)}: {pick(f.text, language)}" for f in rule.flags)
    yield "not_encoded", bullets(pick(text, language) for text in rule.not_encoded)
    yield "limits", bullets(rule.limits)
    yield "silence", bullets(rule.silence)
    yield "sources", bullets(_source_lines(rule))
    yield "cases", _table(words, ("case", "given", "expect"), _cases(rule, words))


def _results(rule: RuleSet, language: str) -> list[tuple[str, ...]]:
    rows = [(str(c.value), pick(c.text, language), condition_text(rule, c.when, language)) for c in rule.cases]
    return [*rows, (str(rule.otherwise), "", fixed_words("rule_set", language)["otherwise"])] if rule.cases else []


def _items(rule: RuleSet, language: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for item in rule.items:
        label = pick(item.label, language, item.name)
        for case in item.cases:
            text = condition_text(rule, case.when, language)
            rows.append((label, f"{case.value:+d}", pick(case.text, language), text))
        rows.append((label, f"{item.otherwise:+d}", "", fixed_words("rule_set", language)["otherwise"]))
    return rows


def _parameters(rule: RuleSet, language: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, parameter in rule.parameters.items():
        unit = f" {parameter.unit}" if parameter.unit else ""
        if parameter.choices:
            choices = "; ".join(f"{choice}: {text}" for choice, text in parameter.choices.items())
        else:
            choices = f"{parameter.minimum} – {parameter.maximum}{unit}"
        title = f"{pick(parameter.title, language)} (`{name}`)"
        rows.append((title, f"{rule.chosen.get(name)}{unit}", choices, parameter.source_says, parameter.status))
    return rows


def _inputs(rule: RuleSet, language: str) -> list[tuple[str, ...]]:
    return [
        (
            input_text(rule, name, language),
            subject_of(rule, name, language),
            unit_of(rule, name, language),
            method_text(declared),
        )
        for name, declared in rule.inputs.items()
    ]


def method_text(declared: Input) -> str:
    """The method of an input with every setting that is not the default, as "take: setting value, ..."."""
    passed_over = {"take", "label", "observation", "exposure", "agents"}
    settings = declared.model_dump(exclude_defaults=True, exclude=passed_over)
    shown = ", ".join(f"{key} {_plain(value)}" for key, value in settings.items())
    return f"{declared.take}: {shown}" if shown else declared.take


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {_plain(part)}" for key, part in value.items())
    return " ".join(_plain(part) for part in value) if isinstance(value, list | tuple) else str(value)


def _source_lines(rule: RuleSet) -> Iterator[str]:
    for source in rule.sources:
        note = f" ({source.note})" if source.note else ""
        yield f"{citation(source.key).reference()} {source.locator}; read: {source.read}{note}"


def case_table(rule: RuleSet, language: str = "en") -> str:
    """The worked cases of a rule set as a table."""
    words = fixed_words("rule_set", language)
    return _table(words, ("case", "given", "expect"), _cases(rule, words))


def _cases(rule: RuleSet, words: Mapping[str, str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for case in rule.worked_cases:
        expected = words["not_applicable"] if case.bounds is None else str(case.bounds)
        given = ", ".join(f"{name} {'?' if value is None else _plain(value)}" for name, value in case.given.items())
        rows.append((case.name, given, expected))
    return rows


def _table(words: Mapping[str, str], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table([words[column] for column in columns], rows)
