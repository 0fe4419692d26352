"""What is in the knowledge base, how sure it is, what must be read by whom, and how two rule sets differ.

Place    Floor 1. Read by `vein2vein knowledge list | show | sources | review-queue | diff`.
In       A registry, or two bound rule sets.
Out      Rows for tables: `Entry`, `Reading`, `Difference`; `render` gives one rule set as text.
Missing  A rule set without two signatures stays in the review queue, whatever its status says.
Does not Judge whether a number is right: it names who has to.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.rendering import method_text, render
from vein2vein.knowledge.wording import condition_text, pick, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from vein2vein.knowledge.edition import Edition, Source
    from vein2vein.knowledge.schema import Item, RuleSet

__all__ = ["Difference", "Entry", "Reading", "diff", "entries", "render", "review_queue"]

_CERTAINTY = ("uncertain", "recalled", "secondary", "verified")
_READ = ("recalled", "abstract", "secondary", "executed", "full")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing of a rule set that somebody has to stand for.

    Attributes:
        rule_set_id: Which rule set.
        what: rule set, source or parameter.
        name: Id of the rule set, citation key, or name of the parameter.
        status: Status of the rule set or the parameter; for a source, how it was read.
        locator: Place in the source, or what the source says about an open point; empty for a rule set.
        next_review: Day on which the rule set must be looked at again.
    """

    rule_set_id: str
    what: Literal["rule set", "source", "parameter"]
    name: str
    status: str
    locator: str
    next_review: date


@dataclass(frozen=True, slots=True)
class Reading:
    """One work that has to be read against the rule sets that rest on it.

    Attributes:
        key: Citation key.
        reference: The work as one line.
        rule_sets: Rule sets that cite it and are not signed by two people, sorted.
        locators: Places to read, one per rule set and source entry.
        read: The weakest way in which it was read so far.
        by: Whose signatures are missing.
        open_points: How many parameters of these rule sets are recalled or uncertain.
        next_review: The earliest review day among them.
    """

    key: str
    reference: str
    rule_sets: tuple[str, ...]
    locators: tuple[str, ...]
    read: str
    by: str
    open_points: int
    next_review: date


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which two rule sets differ; an empty side means that it has no such thing.

    Attributes:
        section: header, parameter, input, criterion, result, item, source, flag or limits.
        name: What in the section.
        first: Text in the first rule set.
        second: Text in the second rule set.
    """

    section: str
    name: str
    first: str
    second: str


def entries(rules: Iterable[Edition]) -> tuple[Entry, ...]:
    """Every rule set with its sources and parameters, in the order of `rules` and of each file."""
    return tuple(entry for rule in rules for entry in _entries_of(rule))


def _entries_of(rule: Edition) -> Iterator[Entry]:
    yield Entry(rule.id, "rule set", rule.id, rule.status, "", rule.next_review)
    for source in rule.sources:
        yield Entry(rule.id, "source", source.key, source.read, source.locator, rule.next_review)
    for name, parameter in rule.parameters.items():
        yield Entry(rule.id, "parameter", name, parameter.status, parameter.source_says, rule.next_review)


def review_queue(rules: Iterable[Edition]) -> tuple[Reading, ...]:
    """What must be read, by whom: the work on which most rule sets rest first, then the one that was read worst."""
    cited: dict[str, list[tuple[Edition, Source]]] = defaultdict(list)
    for rule in rules:
        if _missing_signatures(rule):
            for source in rule.sources:
                cited[source.key].append((rule, source))
    readings = [_reading(key, uses) for key, uses in cited.items()]
    return tuple(sorted(readings, key=lambda r: (-len(r.rule_sets), _READ.index(r.read), r.key)))


def _reading(key: str, uses: list[tuple[Edition, Source]]) -> Reading:
    rules = {rule.id: rule for rule, _ in uses}
    missing = {people for rule in rules.values() if (people := _missing_signatures(rule))}
    return Reading(
        key=key,
        reference=citation(key).reference(),
        rule_sets=tuple(sorted(rules)),
        locators=tuple(f"{rule.id}: {source.locator}" for rule, source in uses),
        read=min((source.read for _, source in uses), key=_READ.index),
        by=" / ".join(sorted(missing)),
        open_points=sum(_open_points(rule) for rule in rules.values()),
        next_review=min(rule.next_review for rule in rules.values()),
    )


def _open_points(rule: Edition) -> int:
    return sum(parameter.status in _CERTAINTY[:2] for parameter in rule.parameters.values())


def _missing_signatures(rule: Edition) -> str:
    """Whose signatures a rule set lacks; empty when two people have signed, one of them a clinician."""
    people = {signature.who for signature in rule.signed_off}
    clinician = any(signature.role == "clinician" for signature in rule.signed_off)
    if len(people) > 1:
        return "" if clinician else "a clinician"
    if len(people) == 1:
        return "a second person" if clinician else "a clinician"
    return "a clinician and a second person"


def diff(first: RuleSet, second: RuleSet, language: str = "en") -> tuple[Difference, ...]:
    """Where two bound rule sets differ, in words, section by section in the order of the first."""
    found: list[Difference] = []
    for section, texts in _SECTIONS.items():
        left, right = texts(first, language), texts(second, language)
        names = [*left, *(name for name in right if name not in left)]
        pairs = ((name, left.get(name, ""), right.get(name, "")) for name in names)
        found.extend(Difference(section, *pair) for pair in pairs if pair[1] != pair[2])
    return tuple(found)


def _header(rule: RuleSet, language: str) -> dict[str, str]:
    return {
        "title": pick(rule.title, language),
        "edition": rule.edition,
        "encoding": rule.encoding,
        "kind": rule.kind,
        "status": rule.status,
        "population": pick(rule.population, language),
        "applies": "always" if rule.applies is None else condition_text(rule, rule.applies, language),
        "window": f"opens {_or_first(rule.window.opens)}, closes {rule.window.closes}",
        "episodes": "none" if rule.episodes is None else f"joined over {rule.episodes.gap_hours:g} h",
    }


def _or_first(opens: object) -> str:
    return "with the first record" if opens is None else str(opens)


def _parameters(rule: RuleSet, language: str) -> dict[str, str]:
    return {
        name: f"{pick(p.title, language)}: {rule.chosen.get(name)}{f' {p.unit}' if p.unit else ''}"
        for name, p in rule.parameters.items()
    }


def _inputs(rule: RuleSet, language: str) -> dict[str, str]:
    return {name: f"{subject_of(rule, name, language)}; {method_text(i)}" for name, i in rule.inputs.items()}


def _criteria(rule: RuleSet, language: str) -> dict[str, str]:
    return {name: condition_text(rule, c.when, language) for name, c in rule.criteria.items()}


def _results(rule: RuleSet, language: str) -> dict[str, str]:
    rows = {str(c.value): f"{pick(c.text, language)}: {condition_text(rule, c.when, language)}" for c in rule.cases}
    return rows if rule.otherwise is None else {**rows, "otherwise": str(rule.otherwise)}


def _items(rule: RuleSet, language: str) -> dict[str, str]:
    return {item.name: "; ".join([*_points(rule, item, language), f"else {item.otherwise:+d}"]) for item in rule.items}


def _points(rule: RuleSet, item: Item, language: str) -> list[str]:
    return [f"{c.value:+d} when {condition_text(rule, c.when, language)}" for c in item.cases]


def _flags(rule: RuleSet, language: str) -> dict[str, str]:
    return {pick(f.text, language): condition_text(rule, f.when, language) for f in rule.flags}


def _sources(rule: RuleSet, _: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in rule.sources:
        place = f"{source.locator}; read: {source.read}"
        found[source.key] = f"{found[source.key]} / {place}" if source.key in found else place
    return found


def _limits(rule: RuleSet, _: str) -> dict[str, Any]:
    return dict.fromkeys((*rule.limits, *rule.silence), "stated")


_SECTIONS: Mapping[str, Callable[[RuleSet, str], Mapping[str, str]]] = {
    "header": _header,
    "parameter": _parameters,
    "input": _inputs,
    "criterion": _criteria,
    "result": _results,
    "item": _items,
    "flag": _flags,
    "source": _sources,
    "limits": _limits,
}
