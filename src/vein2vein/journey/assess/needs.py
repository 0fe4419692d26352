"""What is missing and would change an answer: each thing once, with its words and the files that ask for it.

Place    Journey, assess.
In       Scores, advice, prophylaxis, and what stands before the next step.
Out      `Need`s, sorted by name; `label_of`: what an input or fact is called.
Missing  Where a file has no words for an input, its name says what it is.
Checked  tests/unit/journey/assess/test_needs.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vein2vein.journey.assess.phrases import words
from vein2vein.journey.assess.ready import Ready
from vein2vein.journey.followup.prophylaxis import Step
from vein2vein.knowledge.codes import observations, streams
from vein2vein.knowledge.decisions import DecisionTable
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.documents.prophylaxis import SILENT
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.formulas import Formula
from vein2vein.knowledge.schema import RuleSet


@dataclass(frozen=True, slots=True)
class Need:
    """Something that is missing, and the answers that it would change.

    Attributes:
        what: Its name, as `told` takes it where it may be told.
        label: What it is called, by language; empty where its name says so.
        changes: Files whose answers it would change, sorted.
    """

    what: str
    label: Mapping[str, str]
    changes: tuple[str, ...]


def needs_of(*asked: Iterable[tuple[str, Edition]]) -> tuple[Need, ...]:
    """Everything that is missing, by name, from names with the file that asks; what two files ask for stands once with both."""
    found: dict[str, tuple[Mapping[str, str], set[str]]] = {}
    for name, edition in (pair for pairs in asked for pair in pairs):
        if name not in found:
            found[name] = (label_of(edition, name), set())
        found[name][1].add(edition.id)
    return tuple(Need(what, label, tuple(sorted(changes))) for what, (label, changes) in sorted(found.items()))


def asked_before(ready: Ready) -> Iterator[tuple[str, Edition]]:
    """What is open before the next step."""
    if ready.go is not None:
        listed = ready.go.checklist
        yield from ((name, listed) for verdict in ready.go.open for name in verdict.missing)


def asked_by_policies(steps: Iterable[Step]) -> Iterator[tuple[str, Edition]]:
    """What policies leave open; whether an item is given stands beside the item, as it has no name to be told by."""
    for step in steps:
        yield from ((name, step.policy) for name in step.missing if name not in {"runs", SILENT})


def label_of(edition: Edition, name: str) -> Mapping[str, str]:
    """What an input or a fact of a file is called, by language; its name in words where nobody named it."""
    label: Mapping[str, str] = words("need", name)
    if isinstance(edition, DecisionTable) and name in edition.facts:
        label = edition.facts[name].label
    elif isinstance(edition, Product) and name in edition.conditions:
        label = edition.conditions[name]
    elif isinstance(edition, RuleSet | Formula) and name in edition.inputs:
        declared = edition.inputs[name]
        label = declared.label or _observed(declared) or label
    elif name in observations() and not label:
        label = observations()[name].label
    return label or {"en": name.replace("_", " ")}


def _observed(declared: object) -> Mapping[str, str]:
    kind, stream = getattr(declared, "observation", None), getattr(declared, "exposure", None)
    if kind in observations():
        return observations()[str(kind)].label
    return streams()[str(stream)].label if stream in streams() else {}
