"""Products and wash-outs as tables: every row of the file is on the page, in both languages."""

from __future__ import annotations

import pytest

from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.documents.selection_words import render_product, render_washout
from vein2vein.knowledge.documents.washout import Washout
from vein2vein.knowledge.library import default_library

LIBRARY = default_library()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("product", LIBRARY.of(Product), ids=lambda p: p.id)
def test_a_product_shows_every_row(product: Product, language: str) -> None:
    page = render_product(product, language)
    dated = (product.labels, product.care, product.handling, product.boxed_warnings, product.gates)
    rows = sum(len(part) for part in dated) + len(product.doses) + len(product.next_part) + 1
    tables = sum(1 for part in (*dated, product.doses, product.next_part, (1,)) if part)
    assert sum(line.startswith("| ") for line in page.splitlines()) == rows + 2 * tables
    assert all(limit in page for limit in product.limits)
    assert "None" not in page


def test_a_product_says_its_doses_and_dates() -> None:
    page = render_product(LIBRARY.get("obecabtagene-autoleucel.product", Product))
    assert (
        "high-burden (blasts > 20 %): 10 (d 1) + 400 (d 10 ± 2); low-burden (blasts ≤ 20 %): 100 (d 1) + 310 (d 10 ± 2)"
        in page
    )
    axi = render_product(LIBRARY.get("axicabtagene-ciloleucel.product", Product))
    assert "| all | 2/kg, ≤ 200 | – | recalled | – |" in axi
    assert "| US | 2025-06-26 | – | 7 | 14 | 14 | 14 | recalled |" in axi
    assert "NOT VERIFIED" in axi
    tisa = render_product(LIBRARY.get("tisagenlecleucel.product", Product))
    assert "0.2–5/kg (≤ 50 kg); 10–250 (> 50 kg)" in tisa


def test_a_washout_shows_hours_as_hours_and_days_as_days() -> None:
    page = render_washout(LIBRARY.get("compiled-2026.wash-out", Washout))
    assert (
        "| Systemic corticosteroid above the physiological dose | corticosteroid | oncology | 72 h | 7 d | required |"
        in page
    )
    assert "| antineoplastic: pegaspargase | oncology | 28 d | – | required | recalled |" in page
    assert "| oncology | – | – | flag |" in page
    assert "from 7 days before the collection to 90 days after the infusion" in page
    assert "| hbv_positive | 30 | everywhere | recalled |" in page


def test_the_chinese_page_has_chinese_headings() -> None:
    page = render_washout(LIBRARY.get("compiled-2026.wash-out", Washout), "zh")
    assert "## 洗脱期" in page
    assert "培门冬酶" in page
