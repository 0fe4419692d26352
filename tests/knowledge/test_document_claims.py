"""What no worked case of a document can tell, written a second time: heads, targets, names of the codes, what shows a thing done.

The tables in tests/knowledge/claims never come from the files when a test runs: a slip in a file breaks a line by name. After an
intended change `VEIN2VEIN_FREEZE=1 python -m pytest tests/knowledge/test_document_claims.py` writes them anew: look at what
changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from vein2vein.basis.units import is_unit
from vein2vein.knowledge.codes import milestones, observations, streams
from vein2vein.knowledge.decisions import DecisionTable, FromTimeline
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.documents.renal_policy import RenalPolicy
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.library import default_library

FOLDER = Path(__file__).with_name("claims")
LIBRARY = default_library()
DOCUMENTS = [LIBRARY.any(id) for id in LIBRARY.ids]


def _heads() -> Iterator[str]:
    for one in DOCUMENTS:
        more = ""
        if isinstance(one, Guidance):
            more = "presumes " + "; ".join(f"{subject} {' '.join(ids)}" for subject, ids in one.presumes.items())
        elif isinstance(one, Regimen):
            more = "for " + " ".join(one.products)
        yield " | ".join(
            (
                one.id,
                LIBRARY.raw(one.id)["kind"],
                " ".join(one.jurisdiction),
                f"{one.valid.since} to {one.valid.to}",
                more,
            )
        ).rstrip(" |")


def _products() -> Iterator[str]:
    for one in DOCUMENTS:
        if isinstance(one, Product):
            built = " ".join(part or "-" for part in (one.cell, one.costimulation, one.vector))
            yield f"{one.id} | {' '.join(one.targets)} | {built}"
            yield from (f"{one.id} | dose {name} | {dose.cells}" for name, dose in one.doses.items())
            yield from _bags(one)


def _bags(product: Product) -> Iterator[str]:
    """What is given of a split dose, in the words of the bags."""
    split = (
        (f"{name}, {one.name}", part)
        for name, dose in product.doses.items()
        for one in dose.splits
        for part in one.parts
    )
    for name, part in split:
        if part.bags is not None:
            yield f"{product.id} | {name} | {part.amount or part.share}: {part.bags}"


def _renal() -> Iterator[str]:
    for one in DOCUMENTS:
        if isinstance(one, RenalPolicy):
            yield f"{one.id} | {one.drug} | {one.clearance} | {'per 1.73 m2' if one.indexed else 'mL/min'}"


def _calendars() -> Iterator[str]:
    for one in DOCUMENTS:
        for item in one.items if isinstance(one, FollowUp) else ():
            shown = item.done_by
            told = (
                "told"
                if shown is None
                else " ".join((*shown.observations, *shown.milestones, *(["lesions"] if shown.lesions else [])))
            )
            yield f"{one.id} | {item.name} | {told}"


@pytest.mark.parametrize(
    ("name", "made"), [("heads", _heads), ("products", _products), ("calendars", _calendars), ("renal", _renal)]
)
def test_files_say_what_is_claimed_of_them(name: str, made: Any) -> None:
    path, lines = FOLDER / f"{name}.txt", sorted(made())
    if os.environ.get("VEIN2VEIN_FREEZE") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    claimed = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line not in claimed] == [], "not claimed"
    assert [line for line in claimed if line not in lines] == [], "claimed, but not so"


def _named(node: object, key: str) -> Iterator[tuple[str, object]]:
    """Every key with its value, down a raw document."""
    if isinstance(node, Mapping):
        for name, body in node.items():
            if name not in {"worked_cases", "sources"}:
                yield str(name), body
                yield from _named(body, str(name))
    elif isinstance(node, list):
        for body in node:
            yield from _named(body, key)


def _listed(body: object) -> list[str]:
    return [str(one) for one in body] if isinstance(body, list) else [str(body)]


@pytest.mark.parametrize("id", LIBRARY.ids)
def test_every_observation_stream_and_milestone_is_one_of_the_codes(id: str) -> None:
    unknown = []
    for key, body in _named(LIBRARY.raw(id), ""):
        if key in {"observation", "observations"}:
            unknown += [name for name in _listed(body) if name not in observations()]
        elif key in {"exposure", "stream", "streams"} and not isinstance(body, Mapping):
            unknown += [name for name in _listed(body) if name not in streams()]
        elif key in {"milestone", "milestones"}:
            unknown += [name for name in _listed(body) if name not in milestones()]
    assert unknown == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.id)
def test_facts_have_the_unit_of_what_they_ask(document: Edition) -> None:
    wrong = []
    for name, fact in document.facts.items() if isinstance(document, DecisionTable) else ():
        take = fact.source.input if isinstance(fact.source, FromTimeline) else None
        if fact.unit is not None and not is_unit(fact.unit):
            wrong.append(f"{name}: {fact.unit}")
        elif isinstance(take, Latest) and (kept := observations()[take.observation].unit) not in {None, fact.unit}:
            wrong.append(f"{name}: {fact.unit}, kept in {kept}")
    assert wrong == []
