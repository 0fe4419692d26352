"""YAML files by id, from the package and from a centre's own folders: what the registry and the library have in common.

Place    Floor 1. Base of `registry.Registry` and `library.Library`, which say what a file must be.
Missing  An unknown id is RULE-003 with the nearest names; a file that is not YAML in UTF-8 is RULE-001.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml

from vein2vein.basis.data_files import parse_yaml
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.codes import nearest

_ABOUT: Final = re.compile(r"^about: ([\w-]+)$", re.MULTILINE)


class FilesById:
    """Files by id; the name of a file is its id.

    Args:
        package_folders: Folders of the package's data.
        own_folders: A centre's own folders, read after the package's own, with all folders in them.
        wanted: Which of a centre's files are ours.

    Raises:
        KnowledgeError: RULE-007 when two files have the same id.
    """

    what: ClassVar[str] = "file"
    """What a file is called in a message."""

    def __init__(
        self, package_folders: Iterable[str], own_folders: Iterable[Path], wanted: Callable[[Path], bool]
    ) -> None:
        self._files: dict[str, Traversable | Path] = {}
        self._raw: dict[str, dict[str, Any]] = {}
        for file in _package_files(package_folders):
            self._add(file)
        self._ours = frozenset(self._files)
        for folder in own_folders:
            for path in sorted(folder.rglob("*.yaml")):
                if wanted(path):
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
        """The file as it is written.

        Raises:
            KnowledgeError: RULE-003 unknown id, RULE-001 not UTF-8.
        """
        if id not in self._files:
            raise KnowledgeError(
                "RULE-003",
                saw=f"{self.what} {id!r}",
                expected=f"one of {len(self._files)} ids; nearest: {', '.join(nearest(id, self.ids)) or 'none'}",
                fix="list them with `vein2vein knowledge list`",
            )
        try:
            return self._files[id].read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise _not_yaml(id, error) from error

    def raw(self, id: str) -> dict[str, Any]:
        """The file as read, parameters not yet put in.

        Raises:
            KnowledgeError: RULE-003 unknown id, RULE-001 a file that is not one of ours.
        """
        if id not in self._raw:
            try:
                read = parse_yaml(self.file_text(id))
            except yaml.YAMLError as error:
                raise _not_yaml(id, error) from error
            raw = read if isinstance(read, dict) else {}
            self._check(id, raw)
            self._raw[id] = raw
        return self._raw[id]

    def about(self, id: str) -> str:
        """The subject of a file. Of a file of the package only the line that says it is read: there are many of them.

        Raises:
            KnowledgeError: RULE-003 unknown id, RULE-001 a centre's file that is not one of ours.
        """
        line = _ABOUT.search(self.file_text(id)) if id in self._ours else None
        return str(self.raw(id).get("about")) if line is None else line[1]

    def _check(self, id: str, raw: dict[str, Any]) -> None:
        """Refuse what cannot be a file of ours; `raw` is empty where the file is not a mapping."""
        if raw.get("id") != id:
            raise KnowledgeError(
                "RULE-001",
                saw=f"file {id}.yaml with id {raw.get('id')!r}",
                expected="a mapping whose id is the file name",
                fix="rename the file or correct the id",
            )


def _not_yaml(id: str, error: Exception) -> KnowledgeError:
    return KnowledgeError(
        "RULE-001",
        saw=f"file {id}.yaml that is not YAML: {' '.join(str(error).split())}",
        expected="YAML in UTF-8",
        fix="correct the named place of the file",
    )


def _package_files(folders: Iterable[str]) -> list[Traversable]:
    data = resources.files("vein2vein.knowledge").joinpath("data")
    found = [data.joinpath(folder) for folder in folders]
    files = [f for folder in found if folder.is_dir() for f in folder.iterdir() if f.name.endswith(".yaml")]
    return sorted(files, key=lambda file: file.name)
