"""A name in back-ticks in a docstring is the name of something: what was renamed or removed is not spoken of any more."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "vein2vein"
DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
NAMED = re.compile(r"(?<!`)`([A-Za-z_][\w.]*\w)(?:\(\))?`(?!`)")
WORD = re.compile(r"[A-Za-z_][\w-]*")
# Elements of FHIR that are read as text.
ELSEWHERE = {"bodySite", "interpretation"}


def test_every_name_in_a_docstring_is_somewhere() -> None:
    modules = {path: path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py"))}
    known = ELSEWHERE | {part for path in modules for part in (path.stem, *path.parts)}
    for text in modules.values():
        known.update(WORD.findall(DOCSTRING.sub("", text)))
    for kind in ("yaml", "toml"):
        for file in SOURCE.rglob(f"*.{kind}"):
            known.update(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    spoken_of = {
        (str(path.relative_to(SOURCE)), name)
        for path, text in modules.items()
        for docstring in DOCSTRING.findall(text)
        for name in NAMED.findall(docstring)
    }
    assert len(spoken_of) > 500
    assert sorted((path, name) for path, name in spoken_of if name.split(".")[-1] not in known) == []
