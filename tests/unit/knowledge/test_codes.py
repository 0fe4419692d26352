"""The code files: check digits, units, labels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vein2vein.basis.units import is_unit
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge import codes
from vein2vein.knowledge.codes import Code
from vein2vein.knowledge.documents.product import Product
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.library import default_library

_PERMUTE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _luhn_is_right(code: str) -> bool:
    """LOINC: the digit behind the hyphen is the Luhn check digit of those before it."""
    body, _, check = code.partition("-")
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return check.isdigit() and (10 - total % 10) % 10 == int(check)


def _dihedral(a: int, b: int) -> int:
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def _verhoeff_is_right(code: str) -> bool:
    """SNOMED CT: the last digit makes the Verhoeff sum zero."""
    total = 0
    for place, digit in enumerate(reversed(code)):
        permuted = int(digit)
        for _ in range(place % 8):
            permuted = _PERMUTE[permuted]
        total = _dihedral(total, permuted)
    return total == 0


def _all_codes() -> Iterator[tuple[str, Code]]:
    for entries in (codes.observations(), codes.streams(), codes.milestones(), codes.products()):
        for id, entry in entries.items():
            yield from ((id, code) for code in entry.codes)
            for parts in (getattr(entry, "categories", {}), getattr(entry, "agents", {})):
                yield from ((f"{id}/{part}", code) for part, body in parts.items() for code in body.codes)


def test_check_digits_of_loinc_are_right() -> None:
    # Codes of LOINC answers (LA...) have a check digit of another kind.
    terms = [(id, c.code) for id, c in _all_codes() if c.system == "loinc" and not c.code.startswith("LA")]
    assert len(terms) > 30
    assert [(id, code) for id, code in terms if not _luhn_is_right(code)] == []


def test_check_digits_of_snomed_are_right() -> None:
    wrong = [(id, c.code) for id, c in _all_codes() if c.system == "snomed" and not _verhoeff_is_right(c.code)]
    assert wrong == []


def test_the_check_digits_catch_a_slip() -> None:
    assert _luhn_is_right("3150-0")
    assert not _luhn_is_right("3150-6")  # a slip that is in circulation
    assert _verhoeff_is_right("386661006")
    assert not _verhoeff_is_right("386661007")
    assert not _verhoeff_is_right("386616006")


def test_atc_and_numeric_codes_have_their_shape() -> None:
    for id, code in _all_codes():
        if code.system == "atc":
            assert len(code.code) == 7, id
            assert code.code[0].isalpha(), id
            assert code.code[1:3].isdigit(), id
        if code.system in {"rxnorm", "omop", "snomed"}:
            assert code.code.isdigit(), id


def test_every_code_says_where_it_was_read() -> None:
    assert [id for id, code in _all_codes() if not code.source.strip()] == []


def test_the_core_kinds_have_the_codes_that_were_found() -> None:
    kinds = codes.observations()
    assert {c.code for c in kinds["fraction_inspired_oxygen"].codes} == {"3150-0", "250774007"}
    assert [c.code for c in kinds["crp"].codes] == ["1988-5"]
    assert "30522-7" in str(kinds["crp"].note)
    assert codes.stream("anticytokine").agents["siltuximab"].codes[0].code == "L04AC11"


def test_units_of_all_kinds_and_streams_are_ucum() -> None:
    for id, kind in codes.observations().items():
        if kind.type == "number":
            assert is_unit(str(kind.unit)), id
            assert all(
                is_unit(unit) for unit in (*kind.ambiguous_units, *kind.accepted_as, *kind.accepted_as.values())
            ), id
    for id, stream in codes.streams().items():
        assert all(is_unit(unit) for unit in (*stream.rate_units, *stream.amount_units)), id


def test_core_labels_are_also_in_chinese() -> None:
    streams = [id for id, stream in codes.streams().items() if "zh" not in stream.label]
    assert streams == []
    assert codes.observation_kind("body_temperature").label["zh"] == "体温"


def test_no_other_name_of_one_kind_is_the_id_of_another() -> None:
    kinds = codes.observations()
    assert [(id, name) for id, kind in kinds.items() for name in kind.names if name in kinds and name != id] == []


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(KnowledgeError, match="nearest: neutrophils") as caught:
        codes.observation_kind("neutrophiles")
    assert caught.value.id == "RULE-008"
    assert caught.value.fault.saw == "kind of observation 'neutrophiles'"
    assert caught.value.fault.fix == "correct the name, or add the kind to knowledge/data/codes"
    with pytest.raises(KnowledgeError, match="exposure stream 'oxigen'"):
        codes.stream("oxigen")


@pytest.mark.parametrize("kind", ["calcium", "corrected_calcium", "ionised_calcium", "phosphate"])
def test_milliequivalents_of_ions_with_two_charges_are_refused(kind: str) -> None:
    """4.5 meq/L of calcium are 2.25 mmol/L; read as 4.5 mmol/L no low calcium would ever be seen."""
    assert "meq/L" in codes.observation_kind(kind).ambiguous_units


def test_only_a_code_that_says_what_the_kind_asks_answers_by_itself() -> None:
    assert not codes.is_answered("hypotension", ("snomed", "45007003"))
    assert not codes.is_answered("hypotension")
    assert codes.is_answered("hypotension", ("own", "hypotension"))
    assert codes.is_answered("seizure")


def test_products_have_codes_and_the_unnamed_one_only_procedures() -> None:
    products = codes.products()
    assert all(product.codes for product in products.values())
    assert {c.system for c in products[codes.UNNAMED_PRODUCT].codes} == {"icd10pcs", "cpt"}
    named = [c.code for id, product in products.items() if id != codes.UNNAMED_PRODUCT for c in product.codes]
    assert len(named) == len(set(named))
    # Products of the same ATC group that are not CAR-T cells.
    assert not {"L01XL09", "L01XL11"} & set(named)


def test_what_the_catalogue_knows_can_be_delivered() -> None:
    """Cells of every product file and drugs of every regimen have a code; else their doses could never be on record."""
    products = {product.id.removesuffix(".product") for product in default_library().of(Product)}
    drugs = {drug.drug for regimen in default_library().of(Regimen) for drug in regimen.drugs}
    assert products <= set(codes.streams()["cell_product"].agents)
    assert drugs <= set(codes.streams()["lymphodepletion"].agents)
