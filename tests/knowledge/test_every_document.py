"""Is every document of the standard of care sound? Sources, status, words, worked cases, slips; over all files of the library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from vein2vein.basis.units import is_unit
from vein2vein.knowledge.citations import citations
from vein2vein.knowledge.edition import PLACEHOLDERS, Edition
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.slips import run_cases, surviving_mutants

LIBRARY = default_library()
every_document = pytest.mark.parametrize("id", LIBRARY.ids)


def _choices(document: Edition) -> Iterator[dict[str, Any]]:
    yield {}
    for name, parameter in document.parameters.items():
        values = list(parameter.choices) if parameter.choices else [parameter.minimum, parameter.maximum]
        yield from ({name: value} for value in values if value is not None and value != parameter.default)


def _texts(node: object, path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every text for people in a document: mappings of languages."""
    if isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from _texts(getattr(node, name), f"{path}/{name}")
    elif isinstance(node, dict):
        if "en" in node:
            yield path, node
        else:
            for key, part in node.items():
                yield from _texts(part, f"{path}/{key}")
    elif isinstance(node, tuple | list):
        for place, part in enumerate(node):
            yield from _texts(part, f"{path}/{place}")


@every_document
def test_a_document_loads_with_its_defaults_and_with_every_choice(id: str) -> None:
    document = LIBRARY.any(id)
    for chosen in _choices(document):
        assert dict(LIBRARY.any(id, chosen).chosen).items() >= chosen.items()


@every_document
def test_sources_are_known_and_have_a_locator(id: str) -> None:
    document = LIBRARY.any(id)
    assert not [source.key for source in document.sources if source.key not in citations()]
    assert all(len(s.locator) > 3 and s.locator.lower() not in PLACEHOLDERS for s in document.sources)


@every_document
def test_a_status_is_not_better_than_its_sources(id: str) -> None:
    """What is only recalled cannot be called secondary, let alone verified."""
    document = LIBRARY.any(id)
    ways = {source.read for source in document.sources}
    if ways == {"recalled"}:
        assert document.status in {"recalled", "uncertain"}
    if document.status == "verified":
        assert "full" in ways
        assert len({signature.who for signature in document.signed_off}) >= 2


@every_document
def test_people_find_the_words_in_english_and_chinese(id: str) -> None:
    lacking = [path for path, text in _texts(LIBRARY.any(id)) if "zh" not in text]
    assert not lacking, f"without Chinese: {lacking[:8]}"


@every_document
def test_units_of_parameters_are_ucum(id: str) -> None:
    assert not [p.unit for p in LIBRARY.any(id).parameters.values() if p.unit and not is_unit(p.unit)]


@every_document
def test_worked_cases_come_out_as_they_say(id: str) -> None:
    failures = list(run_cases(LIBRARY.raw(id)))
    assert not failures, "; ".join(failures)


@every_document
def test_no_slip_of_the_pen_goes_unnoticed(id: str) -> None:
    survivors = [mutant.slip for mutant in surviving_mutants(LIBRARY.raw(id))]
    assert not survivors, f"{len(survivors)} slips that no worked case notices: {survivors[:8]}"
