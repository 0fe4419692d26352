"""Options of bridging by disease: what the list names, nothing for what it does not know."""

from __future__ import annotations

from vein2vein.knowledge.documents.bridging import BridgingOptions
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.library import default_library

BOOKS = default_library()
OPTIONS = BOOKS.get("compiled-2026.bridging-options", BridgingOptions)


def test_every_disease_is_one_that_a_label_names() -> None:
    known = {label.indication for product in BOOKS.of(Product) for label in product.labels}
    assert {disease for option in OPTIONS.options for disease in option.diseases} <= known


def test_bendamustine_is_for_after_the_collection() -> None:
    option = next(o for o in OPTIONS.of("large-b-cell-lymphoma") if o.name == "pola-br")
    assert option.mind is not None
    assert "after the collection" in option.mind["en"]


def test_an_unknown_disease_has_none() -> None:
    assert OPTIONS.of(None) == ()
    assert OPTIONS.of("lymphoma, not otherwise said") == ()
