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
