"""Find a document of the standard of care by id, with parameters put in.

Place    Floor 1. The door to all files that are not rule sets over a timeline (those are behind `registry`): formulas, products,
         wash-outs, regimens, policies, guidance, response criteria, follow-up calendars, biomarkers, protocols.
In       Files of the package (one folder for each kind) and of a centre's own folders.
Out      Bound, frozen documents, each of the model of its kind.
Missing  An unknown id is RULE-003 with the nearest names; a file that does not follow its model is RULE-001.
Does not Choose an edition silently: an id names exactly one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.files import FilesById
from vein2vein.knowledge.kinds import FOLDERS, KINDS, is_document, model_of
from vein2vein.knowledge.registry import bound_model

D = TypeVar("D", bound=Edition)


class Library(FilesById):
    """Documents by id.

    Args:
        folders: A centre's own folders, read after the package's own; rule sets in them are left to the registry.

    Raises:
        KnowledgeError: RULE-007 when two files have the same id.
    """

    what = "document"

    def __init__(self, folders: Iterable[Path] = ()) -> None:
        super().__init__(FOLDERS, folders, wanted=is_document)
        self._bound: dict[tuple[str, tuple[tuple[str, Any], ...]], Edition] = {}

    def _check(self, id: str, raw: dict[str, Any]) -> None:
        if raw.get("id") != id or raw.get("kind") not in KINDS:
            raise KnowledgeError(
                "RULE-001",
                saw=f"file {id}.yaml with id {raw.get('id')!r} and kind {raw.get('kind')!r}",
                expected=f"the file name as id, and one of the kinds {', '.join(KINDS)}",
                fix="rename the file or correct the key",
            )

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


@lru_cache(maxsize=1)
def default_library() -> Library:
    """The documents of the package."""
    return Library()
