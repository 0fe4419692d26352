"""Find a rule set by id, with parameters put in: the only door to the rule files.

Place    Floor 1. Read by the engines, the journey and the command line.
In       Rule files of the package (knowledge/data/{scales,scores,...}) and of a centre's own folders.
Out      Bound, frozen `RuleSet`s.
Missing  An unknown id or parameter is an error with the nearest names.
Does not Choose an edition silently: an id names exactly one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.codes import nearest
from vein2vein.knowledge.edition import Edition, Parameter, bind
from vein2vein.knowledge.kinds import is_document
from vein2vein.knowledge.schema import RuleSet

GROUPS = ("scales", "scores", "eligibility")
"""Folders of the package with rule sets over a timeline; the other folders belong to `knowledge.library`."""


class Registry:
    """Rule files by id.

    Args:
        folders: A centre's own folders of rule files, read after the package's own.
        clinical: When True, only rule sets with status verified are given out.
    """

    def __init__(self, folders: Iterable[Path] = (), *, clinical: bool = False) -> None:
        self._clinical = clinical
        self._files: dict[str, Traversable | Path] = {}
        self._raw: dict[str, dict[str, Any]] = {}
        self._bound: dict[tuple[str, tuple[tuple[str, Any], ...]], RuleSet] = {}
        for file in _package_files():
            self._add(file, supersede=False)
        for folder in folders:
            for path in sorted(folder.rglob("*.yaml")):
                if not is_document(path):
                    self._add(path, supersede=False)

    def _add(self, file: Traversable | Path, *, supersede: bool) -> None:
        id = file.name.removesuffix(".yaml")
        if id in self._files and not supersede:
            raise KnowledgeError(
                "RULE-007",
                saw=f"{file.name} for an id that is already known",
                expected="one file per id; the file name is the id",
                fix="give the centre's file an id of its own",
            )
        self._files[id] = file

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, sorted."""
        return tuple(sorted(self._files))

    def __contains__(self, id: object) -> bool:
        return id in self._files

    def file_text(self, id: str) -> str:
        """The rule file as it is written."""
        return self._file(id).read_text(encoding="utf-8")

    def raw(self, id: str) -> dict[str, Any]:
        """The rule file as read, parameters not yet put in."""
        if id not in self._raw:
            raw = self._loaded(id)
            if not isinstance(raw, dict) or raw.get("id") != id:
                raise KnowledgeError(
                    "RULE-001",
                    saw=f"file {id}.yaml with id {raw.get('id') if isinstance(raw, dict) else None!r}",
                    expected="a mapping whose id is the file name",
                    fix="rename the file or correct the id",
                )
            self._raw[id] = raw
        return self._raw[id]

    def _loaded(self, id: str) -> Any:
        try:
            return yaml.load(self.file_text(id), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise KnowledgeError(
                "RULE-001",
                saw=f"file {id}.yaml that is not YAML: {' '.join(str(error).split())}",
                expected="YAML in UTF-8",
                fix="correct the named place of the file",
            ) from error

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

    def valid_on(self, day: date, *, about: str | None = None) -> tuple[RuleSet, ...]:
        """Rule sets in force on a day (from <= day < to), of one subject when `about` is given."""
        return tuple(
            rule
            for rule in self.all()
            if rule.valid.since <= day
            and (rule.valid.to is None or day < rule.valid.to)
            and about in (None, rule.about)
        )

    def _file(self, id: str) -> Traversable | Path:
        if id not in self._files:
            raise KnowledgeError(
                "RULE-003",
                saw=f"rule set {id!r}",
                expected=f"one of {len(self._files)} ids; nearest: {', '.join(nearest(id, self.ids)) or 'none'}",
                fix="list them with `vein2vein knowledge list`",
            )
        return self._files[id]


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


def _package_files() -> list[Traversable]:
    root = resources.files("vein2vein.knowledge").joinpath("data")
    files: list[Traversable] = []
    for group in GROUPS:
        folder = root.joinpath(group)
        if folder.is_dir():
            files += [f for f in folder.iterdir() if f.name.endswith(".yaml")]
    return sorted(files, key=lambda f: f.name)


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
