"""Put the local codes of a centre into resources before they are read, as a ConceptMap would.

Place    Floor 3, FHIR adapter, between `source` and the model library.
In       The JSON of a resource; the codes of the mapping file, written ``system|code`` or as a bare code of any system.
Out      The same JSON: a coded thing with a declared code carries the code of our own code system, alone.
Knows    What is declared wins over every other coding of the same concept. ``system|code`` wins over a bare code.
         Only the code of the thing itself is looked at (what was observed, given, done or used), never a value or a reason:
         a bare "N" may be a test here and a "no" there.
Missing  A code without a declared answer is left as it is.
Checked  tests/acceptance/intake/test_local_words.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vein2vein.intake.fhir import urls
from vein2vein.intake.local import ASK, IGNORE, Codes

Body = dict[str, Any]

_CODED: Final = ("code", "medicationCodeableConcept", "usedCode", "itemCodeableConcept")
_PARTS: Final = ("component", "ingredient", "contained")


class Declared:
    """The declared codes, ready to be put into resources."""

    def __init__(self, codes: Codes) -> None:
        self._targets: dict[str, list[Body]] = {}
        for system, listed in (
            (urls.KINDS, codes.observations),
            (urls.EXPOSURES, {code: _with_agent(target) for code, target in codes.exposures.items()}),
            (urls.MILESTONES, codes.milestones),
        ):
            for local, target in listed.items():
                coding = {"system": urls.ASIDE if target in {ASK, IGNORE} else system, "code": target, "display": local}
                self._targets.setdefault(local, []).append(coding)

    def put_into(self, body: Body) -> None:
        """Change the codings of a resource in place."""
        if not self._targets:
            return
        for name in (*_CODED, *(["type"] if body.get("resourceType") == "Device" else [])):
            for concept in _listed(body.get(name)):
                self._translate(concept)
        for name in _PARTS:
            for part in _listed(body.get(name)):
                self.put_into(part)

    def _translate(self, concept: Body) -> None:
        found = [coding for sent in _listed(concept.get("coding")) for coding in self._of(sent)]
        if found:
            concept["coding"] = found

    def _of(self, sent: Body) -> list[Body]:
        exact = self._targets.get(f"{sent.get('system')}|{sent.get('code')}")
        return exact or self._targets.get(str(sent.get("code")), [])


def values_as_shown(
    values: Mapping[str, Mapping[str, str]], shown: Mapping[str, set[str]]
) -> dict[str, dict[str, str]]:
    """Declared words of values for codings as `observations.category_of` shows them: ``[system|code, system|code]``.

    Args:
        values: Kind -> ``system|code`` or bare code -> category.
        shown: Kind -> texts that occur.
    """
    found: dict[str, dict[str, str]] = {}
    for kind, answers in values.items():
        codings = {text: _answer(text, answers) for text in sorted(shown.get(kind, ()))}
        found[kind] = {**answers, **{text: answer for text, answer in codings.items() if answer is not None}}
    return found


def _answer(text: str, answers: Mapping[str, str]) -> str | None:
    """What is declared for a text of codings; None when nothing is, or when two codings are declared differently."""
    said = {
        answers[key]
        for coding in text[1:-1].split(", ")
        for key in (coding, coding.rpartition("|")[2])
        if key in answers
    }
    return said.pop() if text.startswith("[") and len(said) == 1 else None


def _with_agent(target: str) -> str:
    return target if "/" in target or target in {ASK, IGNORE} else f"{target}/unspecified"


def _listed(value: Any) -> Iterator[Body]:
    """The JSON objects of an element that occurs once or several times."""
    yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict))
