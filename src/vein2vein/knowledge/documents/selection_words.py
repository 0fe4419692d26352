"""Products and wash-outs as readable tables, made from their files.

Place    Floor 1. Read by the command line and by the documentation.
In       A bound product or wash-out document, and a language.
Out      Markdown.
Missing  What the file does not know is a dash; a label that lacks the language is shown in English.
Does not Say anything that is not in the file or in the citations.
Checked  tests/unit/knowledge/test_selection_words.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.documents.dose import DoseBand, DoseRule, Split
from vein2vein.knowledge.documents.product import DatedRow, Label, Product
from vein2vein.knowledge.documents.washout import Washout, WashoutRule
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.markdown import bullets, table
from vein2vein.knowledge.wording import fixed_words, pick

NONE: Final = "–"


def render_product(product: Product, language: str = "en") -> str:
    """A product as Markdown: construct, labels, doses, duties, warnings, gates, limits and sources."""
    words = fixed_words("document", language)
    return _page(product, language, _product_sections(product, words, language))


def render_washout(document: Washout, language: str = "en") -> str:
    """A wash-out document as Markdown: rules, markers, irradiated blood, limits and sources."""
    words = fixed_words("document", language)
    return _page(document, language, _washout_sections(document, words, language))


def _page(document: Edition, language: str, sections: Iterator[tuple[str, str]]) -> str:
    words = fixed_words("document", language)
    blocks = [
        f"# {pick(document.title, language)}",
        f"`{document.id}`, encoding {document.encoding}, {words['status']}: {document.status}",
    ]
    if document.status != "verified":
        blocks.append(f"**{words['unverified']}**")
    blocks.append(pick(document.population, language))
    closing = [("limits", bullets(document.limits)), ("silence", bullets(document.silence))]
    closing.append(("sources", bullets(_sources(document))))
    for heading, body in [*sections, *closing]:
        if body:
            blocks += [f"## {words[heading]}", body]
    return "\n\n".join(blocks) + "\n"


def _sources(document: Edition) -> Iterator[str]:
    for source in document.sources:
        note = f" ({source.note})" if source.note else ""
        yield f"{citation(source.key).reference()} {source.locator}; read: {source.read}{note}"


def _head(words: Mapping[str, str], *names: str) -> list[str]:
    return [words[name] for name in names]


def _product_sections(product: Product, words: Mapping[str, str], language: str) -> Iterator[tuple[str, str]]:
    construct = (", ".join(product.targets), product.binder, product.costimulation, product.vector)
    yield (
        "product",
        table(_head(words, "target", "binder", "costimulation", "vector"), [[part or NONE for part in construct]]),
    )
    head = _head(
        words, "where", "disease", "from", "to", "line", "age", "asks", "dose", "lymphodepletion", "status", "note"
    )
    yield "labels", table(head, [_label(product, row, words, language) for row in product.labels])
    doses = [_dose(name, rule) for name, rule in product.doses.items()]
    yield "doses", table(_head(words, "dose", "amount", "parts", "status", "note"), doses)
    head = _head(words, "where", "from", "to", "daily", "monitoring", "near", "driving", "status", "note")
    care = [
        [
            *_when(r),
            *map(_number, (r.daily_monitoring_days, r.monitoring_days, r.proximity_days, r.driving_days)),
            *_sure(r),
        ]
        for r in product.care
    ]
    yield "care", table(head, care)
    handling = [
        [*_when(r), _number(r.store_at_most_celsius), _number(r.minutes_after_thaw), *_sure(r)]
        for r in product.handling
    ]
    yield "handling", table(_head(words, "where", "from", "to", "store", "thaw", "status", "note"), handling)
    warnings = [[*_when(r), pick(r.text, language), *_sure(r)] for r in product.boxed_warnings]
    yield "warnings", table(_head(words, "where", "from", "to", "text", "status", "note"), warnings)
    gates = [[*_when(r), *map(_list, (r.any_allele, r.no_allele, r.antigens)), *_sure(r)] for r in product.gates]
    yield "gates", table(_head(words, "where", "from", "to", "any_of", "none_of", "antigens", "status", "note"), gates)
    following = [
        [r.subject, f"{r.grade_from}–{r.grade_to}", r.action, _number(r.until_day), r.status, r.note or NONE]
        for r in product.next_part
    ]
    yield "next_part", table(_head(words, "row", "grade", "action", "until", "status", "note"), following)


def _when(row: DatedRow) -> list[str]:
    return [", ".join(row.jurisdiction), _date(row.since), _date(row.to)]


def _sure(row: DatedRow) -> list[str]:
    return [row.status, row.note or NONE]


def _label(product: Product, row: Label, words: Mapping[str, str], language: str) -> list[str]:
    asks = [pick(product.conditions[name], language, name) for name in row.requires]
    asks += [f"{words['except']} {subtype}" for subtype in row.excludes]
    line, age = _span(row.line_from, row.line_to), _span(row.age_from, row.age_to)
    where, since, to = _when(row)
    regimens = _list([f"`{id}`" for id in row.lymphodepletion])
    return [
        where,
        row.indication,
        since,
        to,
        line,
        age,
        "; ".join(asks) or NONE,
        row.dose or NONE,
        regimens,
        *_sure(row),
    ]


def _dose(name: str, rule: DoseRule) -> list[str]:
    amounts = "; ".join(_band(band) for band in rule.bands)
    parts = "; ".join(_split(split) for split in rule.splits)
    return [name, amounts or NONE, parts or NONE, rule.status, rule.note or NONE]


def _band(band: DoseBand) -> str:
    unit = "/kg" if band.basis == "per_kg" else ""
    amount = _span(band.low, band.high) if band.low is not None or band.high is not None else ""
    target = "" if band.target is None else f"{_number(band.target)}"
    shown = " → ".join(part for part in (amount, target) if part)
    weights = _span(band.above_kg, band.up_to_kg, open_below=True)
    limit = "" if band.cap is None else f", ≤ {_number(band.cap)}"
    return f"{shown}{unit}{limit}" + ("" if weights == NONE else f" ({weights} kg)")


def _split(split: Split) -> str:
    parts = [
        f"{_number(p.amount) if p.amount is not None else f'{_number(100 * (p.share or 0.0))} %'}"
        + ("" if p.day is None else f" (d {p.day}{f' ± {p.days_either_side}' if p.days_either_side else ''})")
        for p in split.parts
    ]
    blasts = _span(split.blasts_above, split.blasts_up_to, open_below=True)
    return f"{split.name}{'' if blasts == NONE else f' (blasts {blasts} %)'}: {' + '.join(parts)}"


def _washout_sections(document: Washout, words: Mapping[str, str], language: str) -> Iterator[tuple[str, str]]:
    head = _head(words, "row", "drugs", "setting", "interval", "preferred", "strength", "status", "source", "note")
    yield "rules", table(head, [_rule(rule, language) for rule in document.rules])
    markers = [
        [m.observation, str(m.within_days), words["always" if m.everywhere else "some"], m.status]
        for m in document.markers
    ]
    shown = table(_head(words, "marker", "days", "everywhere", "status"), markers)
    window = document.irradiation
    if window is not None:
        sentence = words["irradiation"].format(window.days_before_collection, window.days_after_infusion)
        shown = f"{shown}\n\n{sentence}"
    yield "markers", shown


def _rule(rule: WashoutRule, language: str) -> list[str]:
    drugs = "; ".join(
        stream if agents == "any" else f"{stream}: {', '.join(agents)}" for stream, agents in rule.streams.items()
    )
    interval = (
        NONE if rule.strength == "flag" else f"{_number(rule.hours)} h" if rule.hours is not None else f"{rule.days} d"
    )
    preferred = NONE if rule.preferred_days is None else f"{rule.preferred_days} d"
    label = pick(rule.label, language, rule.row)
    source = citation(rule.source).short()
    return [label, drugs, rule.setting, interval, preferred, rule.strength, rule.status, source, rule.note or NONE]


def _span(low: float | None, high: float | None, *, open_below: bool = False) -> str:
    """A range in words: both ends count, but for a lower end that is `open_below`."""
    if low is None and high is None:
        return NONE
    if high is None:
        return f"{'>' if open_below else '≥'} {_number(low)}"
    if low is None:
        return f"≤ {_number(high)}"
    return _number(low) if low == high else f"{_number(low)}–{_number(high)}"


def _number(number: float | None) -> str:
    return NONE if number is None else f"{number:g}"


def _list(parts: Sequence[str]) -> str:
    return ", ".join(parts) or NONE


def _date(when: date | str | None) -> str:
    return NONE if when is None else str(when)
