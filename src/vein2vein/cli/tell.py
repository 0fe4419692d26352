"""What `--tell` says of facts that no table records, held against what files ask to be told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import click

from vein2vein.journey.assess.phrases import words
from vein2vein.knowledge.decisions import DecisionTable, Fact, Told
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.wording import pick

_OPTION = "--tell"
SUBTYPE = "subtype"


def tellable(documents: Iterable[Edition]) -> dict[str, Fact]:
    """Facts that documents ask to be told, by name, sorted."""
    tables = (d for d in documents if isinstance(d, DecisionTable))
    found = {name: fact for table in tables for name, fact in table.facts.items() if fact.may_be_told}
    return dict(sorted(found.items()))


def asked_by_labels(products: Iterable[Product]) -> dict[str, Fact]:
    """Conditions of labels, by name, sorted, and the subtype of the disease where a label leaves one out."""
    found: dict[str, Fact] = {}
    left_out: set[str] = set()
    for product in products:
        left_out.update(name for label in product.labels for name in label.excludes)
        for name, label in product.conditions.items():
            found.setdefault(name, Fact(label=label, type="yes_no", source=Told(ask="told")))
    if left_out:
        categories = (*sorted(left_out), "other")
        label = words("need", SUBTYPE)
        found[SUBTYPE] = Fact(label=label, type="category", categories=categories, source=Told(ask="told"))
    return dict(sorted(found.items()))


def told(texts: Iterable[str], facts: Mapping[str, Fact]) -> dict[str, object]:
    """Answers by fact.

    Raises:
        click.BadParameter: naming every text that is no FACT=VALUE, whose fact no file asks for, whose value does not fit
            the fact, or that says something else of a fact than another one.
    """
    answers: dict[str, object] = {}
    problems: list[str] = []
    for text in texts:
        name, sign, word = (part.strip() for part in text.partition("="))
        if not sign or not name:
            problems.append(f"saw {text!r}; expected FACT=VALUE, such as infection_excluded=yes")
        elif name not in facts:
            problems.append(_stranger(name, facts))
        elif (value := _value(word, facts[name])) is None:
            problems.append(
                f"saw {text!r}; expected {_expected(facts[name])} for {name} ({pick(facts[name].label, 'en')})"
            )
        elif answers.setdefault(name, value) != value:
            problems.append(f"saw {text!r} beside {name}={answers[name]}; expected one answer for {name}")
    if problems:
        raise click.BadParameter("\n".join(problems), param_hint=_OPTION)
    return answers


def _stranger(name: str, facts: Mapping[str, Fact]) -> str:
    close = difflib.get_close_matches(name, facts, n=3)
    shown = f"{', '.join(close)}, or another of " if close else "one of "
    return f"saw the fact {name!r}, which no file asks to be told; expected {shown}{', '.join(facts)}"


def _value(word: str, fact: Fact) -> object | None:
    """The answer as the fact takes it; None where it does not fit."""
    if fact.type == "yes_no":
        return word if word in {"yes", "no"} else None
    if fact.type == "category":
        return word if word in fact.categories else None
    try:
        number = float(word)
    except ValueError:
        return None
    low, high = fact.plausible or (float("-inf"), float("inf"))
    return number if low <= number <= high else None


def _expected(fact: Fact) -> str:
    if fact.type == "yes_no":
        return "yes or no"
    if fact.type == "category":
        return f"one of {', '.join(fact.categories)}"
    between = "" if fact.plausible is None else f" from {fact.plausible[0]:g} to {fact.plausible[1]:g}"
    return f"a number{between}" + ("" if fact.unit is None else f" in {fact.unit}")
