"""Which scales grade which toxicity, and how people name them.

Place    Journey, toxicity. Reads the registry; read by the command line and by whoever grades by name.
In       Names: a rule set id, a subject such as "crs", "standard", or "all".
Out      Rule set ids.
Knows    Editions are never mixed: a name opens to whole rule sets, each with its own rows in every table. "all" means the
         toxicities: rule sets about eligibility, collection, prognosis or risk are graded only where they are named.
Missing  An unknown name is an error with the nearest known names.
Does not Grade (the engine does) or choose between editions of a subject: "crs" means every edition.
Checked  tests/unit/journey/test_scales.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from vein2vein.basis.data_files import package_yaml
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.codes import nearest
from vein2vein.knowledge.registry import Registry

ALL = "all"
NO_TOXICITIES: Final = frozenset({"collection", "eligibility", "prognosis", "toxicity-risk"})
"""Subjects (`about`) of rule sets that say something of the patient, or of what may come, and grade no toxicity."""


@cache
def bundles() -> Mapping[str, tuple[str, ...]]:
    """Named bundles of rule sets, such as "standard", from scales.yaml."""
    named = package_yaml("vein2vein.journey.toxicity", "bundles.yaml")
    return {name: tuple(entry["rule_sets"]) for name, entry in named.items()}


def subjects(registry: Registry) -> Mapping[str, tuple[str, ...]]:
    """Ids of the rule sets of each subject, such as "crs", in order of id."""
    found: dict[str, list[str]] = {}
    for id in registry.ids:
        found.setdefault(registry.about(id), []).append(id)
    return {about: tuple(ids) for about, ids in sorted(found.items())}


def toxicity_ids(registry: Registry) -> tuple[str, ...]:
    """Ids of the rule sets that grade a toxicity, in order of id: what "all" opens to."""
    return tuple(id for id in registry.ids if registry.about(id) not in NO_TOXICITIES)


def scale_ids(names: Iterable[str], registry: Registry) -> tuple[str, ...]:
    """Open names to rule set ids, in order, each once.

    Raises:
        KnowledgeError: RULE-003 for a name that is none.
    """
    known = subjects(registry)
    ids: dict[str, None] = {}
    for name in names:
        if name == ALL:
            found: tuple[str, ...] = toxicity_ids(registry)
        elif name in bundles():
            found = bundles()[name]
        elif name in known:
            found = known[name]
        elif name in registry:
            found = (name,)
        else:
            words = (ALL, *bundles(), *known, *registry.ids)
            raise KnowledgeError(
                "RULE-003",
                saw=f"scale {name!r}",
                expected=f"a rule set id, a subject, a bundle or {ALL!r}; nearest: {', '.join(nearest(name, words)) or 'none'}",
                fix="list them with `vein2vein knowledge list`",
            )
        ids.update(dict.fromkeys(found))
    return tuple(ids)
