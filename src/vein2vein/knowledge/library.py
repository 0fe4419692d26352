"""Find a document of the standard of care by id, with parameters put in.

Place    Floor 1. The door to all files that are not rule sets over a timeline (those are behind `registry`): formulas, products,
         wash-outs, regimens, policies, guidance, response criteria, follow-up calendars, biomarkers, protocols.
In       Files of the package (one folder for each kind) and of a centre's own folders.
Out      Bound, frozen documents, each of the model of its kind.
Missing  An unknown id is RULE-003 with the nearest names; a file that does not follow its model is RULE-001.
Does not Choose an edition silently: an id names exactly one. `in_force` lists those of a day and a jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.codes import nearest
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.kinds import FOLDERS, KINDS, is_document, model_of
from vein2vein.knowledge.registry import bound_model

ANYWHERE: Final = "any"


D = TypeVar("D", bound=Edition)


class Library:
    """Documents by id.

    Args:
        folders: A centre's own folders, read after the package's own; rule sets in them are left to the registry.
    """

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        self._files: dict[str, Traversable | Path] = {}
        self._raw: dict[str, dict[str, Any]] = {}
        self._bound: dict[tuple[str, tuple[tuple[str, Any], ...]], Edition] = {}
        for file in _package_files():
            self._add(file)
        for folder in folders:
            for path in sorted(folder.rglob("*.yaml")):
                if is_document(path):
                    self._add(path)

    def _add(self, file: Traversable | Path) -> None:
        id = file.name.removesuffix(".yaml")
        if id in self._files:
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
        """The file as it is written."""
        if id not in self._files:
            raise KnowledgeError(
                "RULE-003",
                saw=f"document {id!r}",
                expected=f"one of {len(self._files)} ids; nearest: {', '.join(nearest(id, self.ids)) or 'none'}",
                fix="list them with `vein2vein knowledge list`",
            )
        return self._files[id].read_text(encoding="utf-8")

    def raw(self, id: str) -> dict[str, Any]:
        """The file as read, parameters not yet put in."""
        if id not in self._raw:
            raw = _load(self.file_text(id), id)
            if raw.get("id") != id or raw.get("kind") not in KINDS:
                raise KnowledgeError(
                    "RULE-001",
                    saw=f"file {id}.yaml with id {raw.get('id')!r} and kind {raw.get('kind')!r}",
                    expected=f"the file name as id, and one of the kinds {', '.join(KINDS)}",
                    fix="rename the file or correct the key",
                )
            self._raw[id] = raw
        return self._raw[id]

    def get(self, id: str, model: type[D], parameters: Mapping[str, Any] | None = None) -> D:
        """One document of a known model, with `parameters` in place of the defaults.

        Raises:
            KnowledgeError: RULE-001 wrong file or another kind, RULE-003 unknown id, RULE-004 parameter not allowed.
        """
        found = self.any(id, parameters)
        if not isinstance(found, model):
            raise KnowledgeError(
                "RULE-001",
                saw=f"{id}, which is a {type(found).__name__}",
                expected=f"a {model.__name__}",
                fix="name a document of the kind that is asked for",
            )
        return found

    def any(self, id: str, parameters: Mapping[str, Any] | None = None) -> Edition:
        """One document of whatever kind."""
        key = (id, tuple(sorted((parameters or {}).items())))
        if key not in self._bound:
            raw = self.raw(id)
            self._bound[key] = bound_model(raw, parameters or {}, model_of(raw))
        return self._bound[key]

    def of(self, model: type[D]) -> tuple[D, ...]:
        """All documents of one model with default parameters, by id."""
        return tuple(self.get(id, model) for id in self.ids if issubclass(model_of(self.raw(id)), model))

    def in_force(self, model: type[D], day: date, jurisdiction: str | None = None) -> tuple[D, ...]:
        """Documents of one model that are in force on a day (from <= day < to), in one jurisdiction when it is given."""
        return tuple(
            document
            for document in self.of(model)
            if document.valid.since <= day
            and (document.valid.to is None or day < document.valid.to)
            and (jurisdiction is None or {jurisdiction, ANYWHERE} & set(document.jurisdiction))
        )


def _load(text: str, name: str) -> dict[str, Any]:
    try:
        raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (a safe loader)
    except yaml.YAMLError as error:
        raise KnowledgeError(
            "RULE-001",
            saw=f"file {name} that is not YAML: {' '.join(str(error).split())}",
            expected="YAML in UTF-8",
            fix="correct the named place of the file",
        ) from error
    return raw if isinstance(raw, dict) else {}


def _package_files() -> list[Traversable]:
    root = resources.files("vein2vein.knowledge").joinpath("data")
    folders = [root.joinpath(folder) for folder in FOLDERS]
    files = [f for folder in folders if folder.is_dir() for f in folder.iterdir() if f.name.endswith(".yaml")]
    return sorted(files, key=lambda f: f.name)


@lru_cache(maxsize=1)
def default_library() -> Library:
    """The documents of the package."""
    return Library()
