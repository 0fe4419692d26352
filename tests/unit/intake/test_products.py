"""Both adapters know the same products by the same codes."""

from __future__ import annotations

import pytest

from vein2vein.intake.fhir.terminology import meanings_of
from vein2vein.intake.omop.wanted import VOCABULARIES, wanted_codes
from vein2vein.knowledge import codes

SYSTEMS = {
    "atc": ("http://www.whocc.no/atc",),
    "icd10pcs": ("http://hl7.org/fhir/sid/icd-10-pcs", "http://www.cms.gov/Medicare/Coding/ICD10"),
    "cpt": ("http://www.ama-assn.org/go/cpt",),
    "hcpcs": ("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "urn:oid:2.16.840.1.113883.6.285"),
}
LISTED = [(id, c) for id, product in codes.products().items() for c in product.codes if c.system != "omop"]


@pytest.mark.parametrize(("product", "code"), LISTED)
def test_every_code_of_a_product_is_known_to_fhir_and_omop(product: str, code: codes.Code) -> None:
    table = "infusion" if product == codes.UNNAMED_PRODUCT else "product"
    for uri in SYSTEMS[code.system]:
        assert [m.what for m in meanings_of(uri, code.code, table)] == [product]
    wanted = {(w.vocabulary, w.code): w.meaning for w in wanted_codes()}
    meaning = wanted[VOCABULARIES[code.system], code.code]
    assert (meaning.role, meaning.code) == ("infusion", product)


@pytest.mark.parametrize(
    ("system", "code", "product"),
    [
        ("hcpcs", "Q2041", "axicabtagene-ciloleucel"),
        ("hcpcs", "Q2042", "tisagenlecleucel"),
        ("hcpcs", "Q2053", "brexucabtagene-autoleucel"),
        ("hcpcs", "Q2054", "lisocabtagene-maraleucel"),
        ("hcpcs", "Q2055", "idecabtagene-vicleucel"),
        ("hcpcs", "Q2056", "ciltacabtagene-autoleucel"),
        ("hcpcs", "Q2057", "afamitresgene-autoleucel"),
        ("hcpcs", "Q2058", "obecabtagene-autoleucel"),
        ("icd10pcs", "XW033H7", "axicabtagene-ciloleucel"),
        ("icd10pcs", "XW24346", "brexucabtagene-autoleucel"),
        ("cpt", "38228", codes.UNNAMED_PRODUCT),
        ("cpt", "0540T", codes.UNNAMED_PRODUCT),
        ("icd10pcs", "XW043C7", codes.UNNAMED_PRODUCT),
    ],
)
def test_codes_of_claims_name_a_product_or_none(system: str, code: str, product: str) -> None:
    assert [id for id, c in LISTED if (c.system, c.code) == (system, code)] == [product]


@pytest.mark.parametrize("code", ["38225", "38226", "38227", "0537T", "0538T", "0539T"])
def test_collecting_and_preparing_cells_is_no_infusion(code: str) -> None:
    uri = SYSTEMS["cpt"][0]
    assert not meanings_of(uri, code, "infusion")
    assert [m.kind for m in meanings_of(uri, code, "milestone")] == (
        ["apheresis"] if code in {"38225", "0537T"} else []
    )


def test_a_code_that_was_not_looked_up_says_so() -> None:
    recalled = {c.code for _, c in LISTED if c.status == "recalled"}
    assert {"XW033N7", "XW043N7", "XW043C7"} <= recalled
    assert all(c.source == "not looked up again" for _, c in LISTED if c.status == "recalled")
