"""Do old results stay? Every rule file has a frozen table of results over a fixed grid of inputs.

A difference means that the same patient would now get another result. That needs a new major encoding and an entry in
KNOWLEDGE.md. Then make the table anew with ``VEIN2VEIN_FREEZE=1 python -m pytest tests/knowledge/test_frozen.py`` and
look at what changed. A new file gets its first table in the same way. A table whose encoding has the same major number is
not overwritten: for a file that was never released, delete its table first.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from knowledge.files import IDS, REGISTRY, bounds_of, pool
from vein2vein.knowledge.schema import RuleSet

FOLDER = Path(__file__).parent / "frozen"


def results(rule: RuleSet) -> dict[str, dict[str, str]]:
    """Bounds for every value worth trying of every input, around the typical values and around one case per result."""
    contexts: dict[str, dict[str, Any]] = {"typical": {}}
    seen: set[int] = set()
    for case in rule.worked_cases:
        bounds = case.bounds
        if bounds is not None and bounds.is_exact and not case.parameters and bounds.low not in seen and len(seen) < 8:
            seen.add(bounds.low)
            contexts[f"as in: {case.name}"] = case.given
    return {label: _row(rule, given) for label, given in contexts.items()}


def _row(rule: RuleSet, given: dict[str, Any]) -> dict[str, str]:
    row = {"as given": _shown(rule, given)}
    for name in rule.inputs:
        for value in pool(rule, name):
            word = "missing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
            row[f"{name} = {word}"] = _shown(rule, {**given, name: value})
    for name in sorted(rule.over_time):
        row[f"{name} = missing"] = _shown(rule, {**given, name: None})
    return row


def _shown(rule: RuleSet, given: dict[str, Any]) -> str:
    bounds = bounds_of(rule, given)
    return "does not apply" if bounds is None else str(bounds)


@pytest.mark.parametrize("id", IDS)
def test_results_are_those_of_the_frozen_table(id: str) -> None:
    rule, path = REGISTRY.get(id), FOLDER / f"{id}.json"
    now = {"encoding": rule.encoding, "results": results(rule)}
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if os.environ.get("VEIN2VEIN_FREEZE") == "1" and (old is None or _major(old["encoding"]) < _major(rule.encoding)):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    assert old is not None, f"{id} has no frozen table; make one as the docstring of {__file__} says"
    changed = _changes(old["results"], now["results"])
    assert not changed, (
        f"{id} gives other results than its frozen table of encoding {old['encoding']}: {'; '.join(changed[:5])}. "
        f"Raise the major encoding, write an entry in KNOWLEDGE.md, and freeze anew as the docstring of {__file__} says."
    )


def _changes(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> list[str]:
    """Frozen rows that now read otherwise or are gone; new rows are welcome."""
    return [
        f"{label}, {row}: {before} -> {new.get(label, {}).get(row, 'gone')}"
        for label, rows in old.items()
        for row, before in rows.items()
        if new.get(label, {}).get(row) != before
    ]


def _major(encoding: str) -> int:
    return int(encoding.split(".", 1)[0])


def test_there_is_no_frozen_table_without_a_rule_file() -> None:
    """Old editions stay loadable for ever, so a table whose file is gone is a fault."""
    frozen = {path.name.removesuffix(".json") for path in FOLDER.glob("*.json")}
    assert frozen <= set(IDS)


def test_a_changed_result_is_noticed() -> None:
    old = {"typical": {"as given": "0", "fever = yes": "1"}}
    assert _changes(old, {"typical": {"as given": "0", "fever = yes": "2"}}) == ["typical, fever = yes: 1 -> 2"]
    assert _changes(old, {"typical": {"as given": "0"}}) == ["typical, fever = yes: 1 -> gone"]
    assert _changes(old, {"typical": {"as given": "0", "fever = yes": "1", "more": "3"}}) == []
