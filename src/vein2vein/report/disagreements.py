"""Where documents of the standard of care differ, as tables that are computed from their files.

Place    Report. Read by the documentation.
In       A library of documents and a registry of rule sets.
Out      `Section`s: a heading, a sentence and a table, in English, as Markdown.
Knows    Nothing is typed here but headings: every cell comes from a file, and changes with it.
Missing  What a source does not state is "-". A date or an age that no file holds stays open.
Does not Say who is right.
Checked  tests/unit/report/test_disagreements.py; tests/docs/test_guidance_pages.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vein2vein.journey.guidance.decide import Body, decide
from vein2vein.journey.guidance.words import drug_name
from vein2vein.knowledge.decisions import GradeOf
from vein2vein.knowledge.documents.biomarkers import Biomarkers, Effect
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.followup import FollowUp, Item, Offset
from vein2vein.knowledge.documents.guidance import Give, Guidance
from vein2vein.knowledge.documents.product import Care, Label, Product
from vein2vein.knowledge.documents.prophylaxis import Policy
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.library import Library
from vein2vein.knowledge.predicates import Compare, walk
from vein2vein.knowledge.registry import Registry
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import NumberRange
from vein2vein.knowledge.wording import unit_of
from vein2vein.report.guidance_text import markdown_table

_SIGNS: Final = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}
_NONE: Final = "-"
# The limits that most selections have, by the names that all of these files share.
_LIMITS: Final = (
    "performance_limit", "lymphocytes_limit", "neutrophils_limit", "platelets_limit", "haemoglobin_limit", "kidney_limit",
    "transaminases_limit", "bilirubin_limit", "ejection_fraction_limit", "oxygen_limit", "lines_limit", "age_limit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, what its table is, and the table as lines of Markdown."""

    title: str
    about: str
    table: tuple[str, ...]


def sections(library: Library, registry: Registry) -> tuple[Section, ...]:
    """Every point on which documents can be set side by side."""
    return (
        _drugs(library),
        _renal(library),
        _prophylaxis(library),
        _vaccines(library),
        _care(library),
        _ages(library),
        _limits(registry),
        _markers(library),
    )


def _section(title: str, about: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Section:
    return Section(title, about, tuple(markdown_table(columns, list(rows))))


def _drugs(library: Library) -> Section:
    """From which grade on each source gives a drug without anything else being known of the course."""
    drugs = {drug.id: drug for drug in library.of(Drug)}
    sources = library.of(Guidance)
    given = {source.id: _first_grades(source, drugs) for source in sources}
    rows = []
    for drug in sorted({name for found in given.values() for name in found}):
        told = [source for source in sources if drug in given[source.id]]
        rows.append(
            (
                drug_name(drug, drugs),
                "<br>".join(f"`{source.id}`: {', '.join(given[source.id][drug])}" for source in told),
            )
        )
    about = (
        "For an adult without treatment so far, and one toxicity alone of a known grade: the grades at which a row of the source "
        "certainly leads to the drug. Conditions such as an early onset, a second row or a missed response stand on the pages of "
        "the sources."
    )
    return _section("Drugs: at which grade each source gives them", about, ("drug", "source: grades"), rows)


def _first_grades(source: Guidance, drugs: Mapping[str, Drug]) -> dict[str, list[str]]:
    asked = {name: fact.source.subject for name, fact in source.facts.items() if isinstance(fact.source, GradeOf)}
    found: dict[str, list[str]] = {}
    for subject in sorted(set(asked.values())):
        for grade in range(1, 5):
            grades = {name: grade if one == subject else 0 for name, one in asked.items()}
            proposals = decide(source, source.state(grades), at=0, drugs=drugs, given={}, body=Body())
            certain = {
                p.action.drug for p in proposals if isinstance(p.action, Give) and p.truth.is_certain and p.is_proposed
            }
            for drug in certain:
                found.setdefault(drug, []).append(f"{subject} {grade}")
    return found


def _renal(library: Library) -> Section:
    policies = library.of(RenalPolicy)
    cuts = sorted({band.start for policy in policies for band in policy.bands if band.start > 0})
    points = sorted({*cuts, *((a + b) / 2 for a, b in pairwise([0.0, *cuts, 2 * cuts[-1]]))})
    rows = [
        (f"{point:g}", *(_fraction(policy, point) for policy in policies))
        for point in points
    ]  # fmt: skip
    columns = ("clearance, mL/min", *(f"`{policy.id}`" for policy in policies))
    about = "Part of the full dose at a clearance, by each policy, at every limit that any of them has and between the limits."
    return _section("Fludarabine in reduced kidney function", about, columns, rows)


def _fraction(policy: RenalPolicy, clearance: float) -> str:
    (band,) = policy.possible(NumberRange(clearance, clearance))
    if isinstance(band.fraction, tuple):
        return "{:g} to {:g} %".format(*(100 * end for end in band.fraction))
    return band.fraction if isinstance(band.fraction, str) else f"{100 * band.fraction:g} %"


def _prophylaxis(library: Library) -> Section:
    policies = library.of(Policy)
    told = [(item, policy) for policy in policies for item in policy.items]
    order = list(dict.fromkeys(item.subject for item, _ in told))
    rows = []
    for item, policy in sorted(told, key=lambda one: order.index(one[0].subject)):
        steps = {row.then[1]: row.text["en"] for row in policy.rows if row.then[0] == item.name}
        dose = _NONE if item.dose is None else item.dose["en"]
        start, stop = (steps.get(step, _NONE) for step in ("start", "stop"))
        rows.append((item.subject, f"`{policy.id}`", item.label["en"], dose, start, stop))
    columns = ("subject", "source", "item", "dose", "starts", "may stop")
    about = "Start and stop by source. A source that states no start, or no stop, has none here."
    return _section("Prophylaxis, immunoglobulin and G-CSF", about, columns, rows)


def _vaccines(library: Library) -> Section:
    rows = [
        (f"`{calendar.id}`", item.label["en"], _offset(item))
        for calendar in library.of(FollowUp)
        for item in calendar.items
        if item.kind == "vaccine"
    ]
    return _section("Vaccines", "From when on after the infusion.", ("source", "vaccine", "from"), rows)


def _offset(item: Item) -> str:
    at: Offset = item.at
    parts = ((at.days, "days"), (at.months, "months"), (at.years, "years"))
    return next(f"{n} {word.removesuffix('s') if n == 1 else word}" for n, word in parts if n is not None)


def _care(library: Library) -> Section:
    rows = []
    for product in library.of(Product):
        for row in product.care:
            numbers = (row.daily_monitoring_days, row.monitoring_days, row.proximity_days, row.driving_days)
            if any(number is not None for number in numbers):
                shown = (_NONE if number is None else f"{number}" for number in numbers)
                rows.append((product.title["en"], "/".join(row.jurisdiction), _validity(row), *shown, row.status))
    columns = ("product", "where", "infused", "daily visits", "monitoring", "near the centre", "no driving", "status")
    about = "Days from the infusion, by the label that holds on its day."
    return _section("Monitoring, proximity and driving", about, columns, rows)


def _validity(row: Care) -> str:
    parts = [f"from {row.since}" if row.since is not None else "", f"before {row.to}" if row.to is not None else ""]
    return " ".join(part for part in parts if part) or "any day"


def _ages(library: Library) -> Section:
    """Products whose labels of different places name different ages for one disease."""
    rows = []
    for product in library.of(Product):
        for indication in dict.fromkeys(label.indication for label in product.labels):
            labels = [label for label in product.labels if label.indication == indication]
            ages = {
                place: _ages_of(labels, place) for place in dict.fromkeys(p for one in labels for p in one.jurisdiction)
            }
            if len(set(ages.values())) > 1:
                told = "<br>".join(f"{place}: {age}" for place, age in ages.items())
                rows.append((product.title["en"], indication, told))
    about = "Ages of labels, where places differ for one product and disease; a label that names no age says so."
    return _section("Ages on labels", about, ("product", "disease", "ages"), rows)


def _ages_of(labels: Sequence[Label], place: str) -> str:
    ages = []
    for label in labels:
        if place in label.jurisdiction:
            low = "" if label.age_from is None else f"from {label.age_from}"
            high = "" if label.age_to is None else f"to {label.age_to}"
            ages.append(" ".join(part for part in (low, high) if part) or "no age named")
    return ", ".join(dict.fromkeys(ages))


def _limits(registry: Registry) -> Section:
    rules = [registry.get(id) for id in registry.ids if registry.about(id) == "eligibility"]
    named = [name for name in _LIMITS if sum(name in rule.criteria for rule in rules) > 1]
    rows = [(rule.title["en"], *(_limit(rule, name) for name in named)) for rule in rules]
    columns = ("source", *(name.removesuffix("_limit").replace("_", " ") for name in named))
    about = (
        "Limits as numbers, each with its measure where a limit knows several. Those of trials are limits of enrolment. "
        "Conditions without a number, and which of several measures counts for whom, stand on the page of each rule set."
    )
    return _section("Limits of selection", about, columns, rows)


def _limit(rule: RuleSet, name: str) -> str:
    if name not in rule.criteria:
        return _NONE
    leaves = list(dict.fromkeys(leaf for leaf in walk(rule.criteria[name].when) if isinstance(leaf, Compare)))
    many = len({leaf.input for leaf in leaves}) > 1
    return "<br>".join(_leaf(rule, leaf, named=many) for leaf in leaves) or "no number"


def _leaf(rule: RuleSet, leaf: Compare, *, named: bool) -> str:
    is_ratio = getattr(rule.inputs[leaf.input], "relative_to", None) == "upper_limit"
    label = f"{leaf.input.removesuffix('_of_limit').replace('_', ' ')} " if named else ""
    unit = "x upper limit" if is_ratio else unit_of(rule, leaf.input).replace("{1.73_m2}", "1.73 m²")
    return f"{label}{_SIGNS[leaf.op]} {leaf.cut_off:g} {unit}".rstrip()


def _markers(library: Library) -> Section:
    """Markers of which effects were published in several settings."""
    effects = [effect for collection in library.of(Biomarkers) for effect in collection.effects]
    settings: dict[str, set[str]] = {}
    for effect in effects:
        settings.setdefault(effect.marker, set()).add(effect.setting["en"])
    rows = [
        (effect.label["en"], effect.setting["en"], effect.outcome["en"], _effect(effect), effect.status)
        for effect in effects
        if len(settings[effect.marker]) > 1
    ]
    columns = ("marker", "setting", "outcome", "effect", "status")
    return _section("Markers with effects in several settings", "As published, one by one.", columns, rows)


def _effect(effect: Effect) -> str:
    return "; ".join(_effect_parts(effect))


def _effect_parts(effect: Effect) -> Iterator[str]:
    if effect.value is not None:
        ends = "" if effect.interval is None else f" ({effect.interval[0]:g} to {effect.interval[1]:g})"
        yield f"{effect.measure} {effect.value:g}{ends}"
    if effect.text is not None:
        yield effect.text["en"]
