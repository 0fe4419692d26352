"""The works that rule files cite, by key.

Place    Floor 1. Read by the audit, the report and the command line.
In       knowledge/data/citations/*.yaml; a key stands in one file only.
Out      `Citation`, and a reference line for people.
Missing  An unknown key is RULE-005 with the nearest known keys.
Does not Say how a work was read: that stands beside each use, in the rule file.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vein2vein.basis.data_files import LOADER, parse_yaml
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.codes import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path


class Citation(BaseModel):
    """One work.

    Attributes:
        authors: As they are to be shown; an institution or "Article PMC..." where no name was noted.
        title: Title of the work or of the part that was used.
        journal: Abbreviated; None for what is not a journal.
        year: Of publication; None where it was not noted.
        pages: Volume, issue and pages as printed.
        doi, pmc, pmid: Identifiers; None where there is none.
        place: Where to find a work that has no such identifier.
        note: A known error or peculiarity of the work.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    authors: str = Field(min_length=1)
    title: str = Field(min_length=1)
    journal: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2100)
    pages: str | None = None
    doi: str | None = Field(default=None, pattern=r"^10\.\d{4,9}/\S+$")
    pmc: str | None = Field(default=None, pattern=r"^PMC\d+$")
    pmid: int | None = None
    place: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _can_be_found(self) -> Citation:
        if not (self.doi or self.pmc or self.pmid or self.place):
            needed = "a citation needs doi, pmc, pmid or place"
            raise ValueError(needed)
        return self

    @property
    def url(self) -> str | None:
        """Where the work stands on the web, from its identifier; None without one."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return f"https://pmc.ncbi.nlm.nih.gov/articles/{self.pmc}/" if self.pmc else None

    def short(self) -> str:
        """The work in a few words: first author, journal (or title) and year, such as "Lee DW, et al. Blood 2014"."""
        names = [name.strip() for name in self.authors.rstrip(".").split(",")]
        is_short = names == names[:2] and names[-1] != "et al"
        first = ", ".join(names) if is_short else f"{names[0]}, et al"
        where = " ".join(part for part in (self.journal or self.title.rstrip("."), str(self.year or "")) if part)
        return f"{first}. {where}"

    def reference(self) -> str:
        """The work as one line: authors, title, journal, year, pages, identifier."""
        issue = ";".join(part for part in (str(self.year) if self.year else "", self.pages or "") if part)
        where = " ".join(part for part in (self.journal or "", issue) if part)
        identifier = self._identifier()
        parts = [self.authors.rstrip("."), self.title.rstrip("."), where, identifier]
        return ". ".join(part for part in parts if part) + "."

    def _identifier(self) -> str:
        if self.doi:
            return f"doi:{self.doi}"
        if self.pmc:
            return self.pmc
        return f"PMID {self.pmid}" if self.pmid else str(self.place)


@cache
def citations() -> Mapping[str, Citation]:
    """All works of the package by key."""
    folder = resources.files("vein2vein.knowledge").joinpath("data", "citations")
    return read_citations(sorted(folder.iterdir(), key=lambda file: file.name))


def citation(key: str) -> Citation:
    """The work with this key.

    Raises:
        KnowledgeError: RULE-005 when there is none, with the nearest keys.
    """
    known = citations()
    if key not in known:
        raise KnowledgeError(
            "RULE-005",
            saw=f"citation {key!r}",
            expected=f"one of {len(known)} keys; nearest: {', '.join(nearest(key, known)) or 'none'}",
            fix="correct the key, or add the work to knowledge/data/citations",
        )
    return known[key]


def read_citations(files: Iterable[Traversable | Path]) -> dict[str, Citation]:
    """Read citation files; files that do not end in .yaml are passed over.

    Raises:
        KnowledgeError: RULE-001 when an entry is wrong or a key stands twice, in one file or in two.
    """
    found: dict[str, Citation] = {}
    for file in files:
        if not file.name.endswith(".yaml"):
            continue
        text = file.read_text(encoding="utf-8")
        raw = parse_yaml(text) or {}
        for key in _keys(text):
            entry = f"{key!r} of {file.name}"
            if key in found:
                raise _wrong(entry, "a key that is used once", "remove the second entry")
            try:
                found[key] = Citation.model_validate(raw[key])
            except ValidationError as error:
                raise _wrong(entry, str(error.errors()[0]["msg"]), "correct the entry") from error
    return found


def _keys(text: str) -> list[str]:
    """All keys at the top as they are written: a mapping would hide the first of two equal ones."""
    node = yaml.compose(text, Loader=LOADER)
    return [] if node is None else [str(key.value) for key, _ in node.value]


def _wrong(entry: str, expected: str, fix: str) -> KnowledgeError:
    return KnowledgeError("RULE-001", saw=f"citation {entry}", expected=expected, fix=fix)
