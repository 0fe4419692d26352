"""Everything that the library needs to run stands under a permissive licence."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement

PERMISSIVE = re.compile(r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Zlib|CC0|Unlicense|Python Software Foundation)\b", re.I)
COPYLEFT = re.compile(r"GPL|GNU|Mozilla|MPL|EUPL|CDDL", re.I)


def _needed(name: str, extras: tuple[str, ...], found: dict[str, Distribution]) -> None:
    """Collect the distributions that `name` needs on this machine, with those that they need."""
    held = found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution(name))
    for text in held.requires or []:
        requirement = Requirement(text)
        wanted = [{"extra": extra} for extra in ("", *extras)]
        if requirement.marker and not any(requirement.marker.evaluate(environment) for environment in wanted):
            continue
        if re.sub(r"[-_.]+", "-", requirement.name).lower() not in found:
            _needed(requirement.name, tuple(requirement.extras), found)


def _licence(held: Distribution) -> str:
    """What the metadata say: the expression, the classifiers, and the first words of the free text."""
    classifiers = [text for text in held.metadata.get_all("Classifier") or [] if text.startswith("License ::")]
    texts = [held.metadata.get("License-Expression") or "", *classifiers]
    return "; ".join(texts) if any(texts) else (held.metadata.get("License") or "")[:80] or _licence_file(held)


def _licence_file(held: Distribution) -> str:
    """MIT when that is what the licence file says, for packages whose metadata are silent."""
    texts = [file.read_text() for file in held.files or [] if "licenses" in file.parts and file.suffix != ".json"]
    return "MIT" if any("Permission is hereby granted, free of charge" in text for text in texts) else ""


def test_no_dependency_of_the_library_is_copyleft_or_unlicensed() -> None:
    found: dict[str, Distribution] = {}
    _needed("vein2vein", ("dask",), found)
    assert {"polars", "click", "distributed", "pydantic-core"} <= set(found)
    licences = {name: _licence(held) for name, held in found.items()}
    assert {name: text for name, text in licences.items() if not PERMISSIVE.search(text)} == {}
    assert {name: text for name, text in licences.items() if COPYLEFT.search(text)} == {}
