"""Run the worked cases of a document, and try to fool them with slips of the pen.

Place    Floor 1. The counterpart of `casepack` for documents of `library`; read by the knowledge checks.
In       A raw document.
Out      Failures of its worked cases; mutants that no worked case notices.
Knows    A model names its rule parts (`RULE_PARTS`) and judges one worked case (`case_failure`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.casepack import copied_along
from vein2vein.knowledge.kinds import model_of
from vein2vein.knowledge.predicates import COMPARISONS
from vein2vein.knowledge.registry import bound_model


def run_cases(raw: Mapping[str, Any]) -> Iterator[str]:
    """Worked cases of a raw document that fail, each under its own parameters; nothing when all hold."""
    documents: dict[str, Any] = {"{}": bound_model(raw, {}, model_of(raw))}
    for case in sorted(documents["{}"].worked_cases, key=lambda case: bool(case.parameters)):
        key = str(case.parameters)
        if key not in documents:
            documents[key] = bound_model(raw, case.parameters, model_of(raw))
        failure = documents[key].case_failure(case)
        if failure is not None:
            yield f"case {case.name!r}: {failure}"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A document with one deliberate slip."""

    slip: str
    raw: dict[str, Any]


_TWIN: Final = {"at_least": "above", "above": "at_least", "at_most": "below", "below": "at_most"}
_OPERATORS: Final = {"+": "-", "-": "+", "*": "/", "/": "*"}


def mutants(raw: dict[str, Any]) -> Iterator[Mutant]:
    """Every document that differs by one slip in the parts that its kind calls the rule.

    Slips: a number one step up or down (1 for whole numbers up to 20, else 10 %), a comparison strict for non-strict and back,
    a key `at_least` for `above` and back, an entry of a list dropped, and in a formula one operator for its opposite, `min`
    for `max`, or one number changed.
    """
    parts = [part for part in model_of(raw).RULE_PARTS if part in raw]  # type: ignore[attr-defined]
    for path, slip, change in (found for part in parts for found in _slips((part,), raw[part])):
        copied, node = copied_along(raw, path[:-1])
        change(node, path[-1])
        yield Mutant(f"{'/'.join(str(p) for p in path)}: {slip}", copied)


Change = Callable[[Any, Any], None]
Path_ = tuple[Any, ...]


def _slips(path: Path_, node: Any) -> Iterator[tuple[Path_, str, Change]]:
    match node:
        case None | bool():
            return
        case int() | float():
            yield from ((path, f"{node} -> {value:g}", _put(value)) for value in _steps(node))
        case str() if path == ("formula",):
            yield from ((path, text, _put(text)) for text in formula_slips(node))
        case Mapping():
            yield from _slips_of_keys(path, node)
        case list():
            yield from _slips_of_entries(path, node)


def _slips_of_keys(path: Path_, node: Mapping[str, Any]) -> Iterator[tuple[Path_, str, Change]]:
    for key, body in node.items():
        if key in COMPARISONS:
            yield (*path, key), f"{key} -> {_TWIN[key]}", _rename(_TWIN[key])
        if key not in _WORDS:
            yield from _slips((*path, key), body)


def _slips_of_entries(path: Path_, node: list[Any]) -> Iterator[tuple[Path_, str, Change]]:
    for place, body in enumerate(node):
        if len(node) > 1 and isinstance(body, Mapping | str) and _may_drop(path, body):
            yield (*path, place), f"{_short(body)} dropped", _drop
        yield from _slips((*path, place), body)


# Words for people, references, the range of a choice, and what in a record shows that something was done: a slip there changes
# no decision.
_WORDS: Final = frozenset(
    {
        "done_by",
        "text",
        "label",
        "note",
        "source",
        "title",
        "name",
        "sources",
        "locator",
        "status",
        "minimum",
        "maximum",
    }
)


def _may_drop(path: Path_, body: Any) -> bool:
    """Rows, bands and parts of conditions may be dropped; the input name of a comparison may not."""
    return not (path[-1] in (*COMPARISONS, "between", "is", "chosen") or (path[-1] == "in" and isinstance(body, str)))


def _steps(number: float) -> tuple[float, float]:
    whole = isinstance(number, int) and abs(number) <= 20  # noqa: PLR2004  (counts and days are small whole numbers)
    return (number - 1, number + 1) if whole else (number * 0.9, number * 1.1)


def _put(value: Any) -> Change:
    def change(node: Any, key: Any) -> None:
        node[key] = value

    return change


def _rename(name: str) -> Change:
    def change(node: Any, key: Any) -> None:
        node[name] = node.pop(key)

    return change


def _drop(node: Any, key: Any) -> None:
    del node[key]


def _short(body: Any) -> str:
    return str(body.get("name", next(iter(body), "entry"))) if isinstance(body, Mapping) else str(body)


def formula_slips(text: str) -> Iterator[str]:
    """A formula with one operator, one function or one number changed."""
    for match in re.finditer(r"\*\*|[-+*/]|\b(?:min|max)\b|(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?", text):
        old = match.group()
        if old == "**":
            others = ["*"]
        elif old in _OPERATORS:
            others = [_OPERATORS[old]]
        elif old in {"min", "max"}:
            others = ["max" if old == "min" else "min"]
        else:
            others = [f"{float(old) * 1.1:.12g}"] if float(old) else []
        for other in others:
            yield text[: match.start()] + other + text[match.end() :]


def surviving_mutants(raw: dict[str, Any]) -> list[Mutant]:
    """Mutants that no worked case notices; empty when the case pack is complete."""
    survivors = []
    for mutant in mutants(raw):
        try:
            if next(run_cases(mutant.raw), None) is None:
                survivors.append(mutant)
        except KnowledgeError:
            continue
    return survivors
