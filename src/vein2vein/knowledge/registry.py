"""Find a rule set by id, with parameters put in: the only door to the rule files.

Place    Floor 1. Read by the engines, the journey and the command line.
In       Rule files of the package (knowledge/data/{scales,scores,...}) and of a centre's own folders.
Out      Bound, frozen `RuleSet`s.
Missing  An unknown id or parameter is an error with the nearest names.
Does not Choose an edition silently: an id names exactly one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.edition import Edition, Parameter, bind
from vein2vein.knowledge.files import FilesById
from vein2vein.knowledge.kinds import is_document
from vein2vein.knowledge.schema import RuleSet

GROUPS = ("scales", "scores", "eligibility")
"""Folders of the package with rule sets over a timeline; the other folders belong to `knowledge.library`."""


class Registry(FilesById):
    """Rule files by id.

    Args:
        folders: A centre's own folders of rule files, read after the package's own.
        clinical: When True, only rule sets with status verified are given out.

    Raises:
        KnowledgeError: RULE-007 when two files have the same id.
    """

    what = "rule set"

    def __init__(self, folders: Iterable[Path] = (), *, clinical: bool = False) -> None:
        super().__init__(GROUPS, folders, wanted=lambda file: not is_document(file))
        self._clinical = clinical
        self._bound: dict[tuple[str, tuple[tuple[str, Any], ...]], RuleSet] = {}

    def get(self, id: str, parameters: Mapping[str, Any] | None = None) -> RuleSet:
        """One rule set, with `parameters` in place of the defaults.

        Raises:
            KnowledgeError: RULE-003 unknown id, RULE-004 parameter not allowed, RULE-001 and RULE-002 wrong file,
                RULE-006 not verified in clinical mode.
        """
        key = (id, tuple(sorted((parameters or {}).items())))
        if key not in self._bound:
            self._bound[key] = bound(self.raw(id), parameters or {})
        rule = self._bound[key]
        if self._clinical and rule.status != "verified":
            raise KnowledgeError(
                "RULE-006",
                saw=f"{id} with status {rule.status}",
                expected="status verified: read in the primary source and signed by two people",
                fix="leave clinical mode, or have the rule set read and signed (`vein2vein knowledge review-queue`)",
            )
        return rule

    def all(self) -> tuple[RuleSet, ...]:
        """All rule sets with default parameters, by id."""
        return tuple(self.get(id) for id in self.ids)


def bound(raw: Mapping[str, Any], parameters: Mapping[str, Any]) -> RuleSet:
    """Check a raw rule file and put parameters in.

    Raises:
        KnowledgeError: RULE-001, RULE-002 or RULE-004.
    """
    return bound_model(raw, parameters, RuleSet)


_Model = TypeVar("_Model", bound=Edition)


def bound_model(raw: Mapping[str, Any], parameters: Mapping[str, Any], model: type[_Model]) -> _Model:
    """Check a raw file against the model of its kind and put parameters in.

    Raises:
        KnowledgeError: RULE-001, RULE-002 or RULE-004.
    """
    id = str(raw.get("id"))
    try:
        declared = {n: Parameter.model_validate(p) for n, p in (raw.get("parameters") or {}).items()}
        chosen = _choose(id, declared, parameters)
        rule = model.model_validate(bind(raw, chosen))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise KnowledgeError(
            "RULE-001",
            saw=f"{id}: {where}: {str(first.get('input'))[:120]!r}, and {error.error_count() - 1} more faults",
            expected=str(first["msg"]),
            fix="correct the named key",
        ) from error
    except KeyError as error:
        raise KnowledgeError(
            "RULE-004",
            saw=f"{id}: ${error.args[0]}",
            expected="a parameter declared under `parameters`",
            fix="declare it or correct the name",
        ) from error
    return rule.put_in(chosen)


def _choose(id: str, declared: Mapping[str, Parameter], wanted: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {name: parameter.default for name, parameter in declared.items()}
    for name, given in wanted.items():
        if name not in declared:
            raise KnowledgeError(
                "RULE-004",
                saw=f"parameter {name!r} of {id}",
                expected=f"one of {', '.join(sorted(declared)) or 'none: this rule set has no parameters'}",
                fix=f"look at `vein2vein knowledge show {id}`",
            )
        value = chosen[name] = declared[name].named(given)
        try:
            declared[name].check(value)
        except ValueError as error:
            raise KnowledgeError(
                "RULE-004",
                saw=f"{name} = {value!r} for {id}",
                expected=str(error),
                fix=f"look at `vein2vein knowledge show {id}`",
            ) from error
    return chosen


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """The rule files of the package."""
    return Registry()


def rule_set(id: str, **parameters: Any) -> RuleSet:
    """One rule set of the package, with `parameters` in place of the defaults.

    Raises:
        KnowledgeError: RULE-003 unknown id, RULE-004 parameter not allowed.
    """
    return default_registry().get(id, parameters)
