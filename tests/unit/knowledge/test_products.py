"""Label rows of products on a day, doses with their basis, cap and parts, and what has no answer."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.documents.dose import DoseBand, DoseRule, Split
from vein2vein.knowledge.documents.product import Label, LabelQuery, Product
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.library import default_library

LIBRARY = default_library()
PRODUCTS = LIBRARY.of(Product)


def product(name: str) -> Product:
    return LIBRARY.get(f"{name}.product", Product)


def rows(name: str, day: date, query: LabelQuery) -> dict[str, Truth]:
    return {v.label.row: v.truth for v in product(name).labels_on(day, query)}


def test_every_product_that_courses_can_be_given_has_a_file() -> None:
    assert set(streams()["cell_product"].agents) <= {p.product for p in PRODUCTS}
    assert all(p.id == f"{p.product}.product" for p in PRODUCTS)


def test_every_lymphodepletion_on_a_label_is_a_regimen_of_that_product() -> None:
    named = [(p.product, id) for p in PRODUCTS for label in p.labels for id in label.lymphodepletion]
    assert named
    assert not [(name, id) for name, id in named if name not in LIBRARY.get(id, Regimen).products]


def test_the_limitation_of_primary_cns_lymphoma_ends_on_its_day() -> None:
    query = LabelQuery("US", "large-b-cell-lymphoma", line=3, age=60, subtype="primary-cns-lymphoma")
    assert rows("axicabtagene-ciloleucel", date(2026, 2, 5), query) == {}
    assert rows("axicabtagene-ciloleucel", date(2026, 2, 6), query) == {"us-lbcl-3l-2026": Truth.TRUE}


@pytest.mark.parametrize("line", [2, 3])
@pytest.mark.parametrize("day", [date(2024, 1, 1), date(2026, 2, 5), date(2026, 2, 6), date(2026, 11, 1)])
def test_only_one_product_may_treat_primary_cns_lymphoma_and_only_since_its_limitation_ended(
    day: date, line: int
) -> None:
    told = {"refractory-or-relapse-within-12-months": True, "early-relapse-or-no-transplant": True}
    query = LabelQuery("US", "large-b-cell-lymphoma", line, 60, "primary-cns-lymphoma", told)
    allowed = {p.product for p in PRODUCTS if p.cell == "CAR-T" and rows(p.product, day, query)}
    assert allowed == ({"axicabtagene-ciloleucel"} if day >= date(2026, 2, 6) else set())
    other = LabelQuery("US", "large-b-cell-lymphoma", line, 60, "other", told)
    assert rows("lisocabtagene-maraleucel", day, other) == {f"us-lbcl-{line}l": Truth.TRUE}


@pytest.mark.parametrize("line", [2, 3])
def test_liso_cel_stays_open_while_the_subtype_is_not_known(line: int) -> None:
    told = {"early-relapse-or-no-transplant": True}
    query = LabelQuery("US", "large-b-cell-lymphoma", line, 60, None, told)
    (verdict,) = product("lisocabtagene-maraleucel").labels_on(date(2026, 11, 1), query)
    assert (verdict.truth, verdict.missing) == (Truth.UNKNOWN, ("subtype",))


def test_a_subtype_that_is_not_known_leaves_a_label_with_exclusions_open() -> None:
    query = LabelQuery("US", "large-b-cell-lymphoma", line=3, age=60)
    (verdict,) = product("tisagenlecleucel").labels_on(date(2026, 1, 1), query)
    assert (verdict.truth, verdict.missing) == (Truth.UNKNOWN, ("subtype",))


@pytest.mark.parametrize(
    ("age", "us", "eu"), [(17, False, False), (18, True, False), (25, True, False), (26, True, True)]
)
def test_the_same_product_has_another_least_age_in_the_eu(age: int, us: bool, eu: bool) -> None:
    day, name = date(2026, 1, 1), "obecabtagene-autoleucel"
    leukaemia = "b-cell-acute-lymphoblastic-leukaemia"
    assert ("us-all" in rows(name, day, LabelQuery("US", leukaemia, line=3, age=age))) is us
    assert ("eu-all" in rows(name, day, LabelQuery("EU", leukaemia, line=3, age=age))) is eu


def test_an_undated_label_is_open_and_says_so() -> None:
    query = LabelQuery("EU", "mantle-cell-lymphoma", line=3, age=60)
    (verdict,) = product("lisocabtagene-maraleucel").labels_on(date(2026, 1, 1), query)
    assert verdict.truth is Truth.UNKNOWN
    assert verdict.missing == ("line-not-noted", "valid")


def test_a_dated_european_label_holds_for_an_adult() -> None:
    query = LabelQuery("EU", "follicular-lymphoma", line=3, age=60)
    assert rows("tisagenlecleucel", date(2026, 1, 1), query) == {"eu-fl": Truth.TRUE}


def test_driving_and_proximity_shorten_on_26_june_2025() -> None:
    before = [row for row, _ in product("axicabtagene-ciloleucel").care_on(date(2025, 6, 25), "US")]
    after = [row for row, _ in product("axicabtagene-ciloleucel").care_on(date(2025, 6, 26), "US")]
    assert [(r.proximity_days, r.driving_days) for r in before] == [(28, 56)]
    assert [(r.proximity_days, r.driving_days) for r in after] == [(14, 14)]


def test_the_cap_is_reached_at_100_kg() -> None:
    rule = product("axicabtagene-ciloleucel").doses["all"]
    assert (rule.plan(weight=99).target, rule.plan(weight=99).is_capped) == (198, False)
    assert (rule.plan(weight=100).target, rule.plan(weight=100).is_capped) == (200, False)
    assert (rule.plan(weight=101).target, rule.plan(weight=101).is_capped) == (200, True)


def test_a_dose_per_kilogram_without_weight_cannot_be_computed() -> None:
    planned = product("ciltacabtagene-autoleucel").doses["all"].plan()
    assert planned.problem == "cannot be computed: needs weight"
    assert planned.missing == ("weight",)
    assert planned.deviation(50) is None


def test_the_flat_dose_of_leukaemia_begins_above_50_kg() -> None:
    rule = product("tisagenlecleucel").doses["leukaemia"]
    assert (rule.plan(weight=50).low, rule.plan(weight=50).high) == (10, 250)
    assert rule.plan(weight=50).basis == "per_kg"
    assert (rule.plan(weight=50.1).low, rule.plan(weight=50.1).high) == (10, 250)
    assert rule.plan(weight=50.1).basis == "flat"
    assert (rule.plan(weight=20).low, rule.plan(weight=20).high) == (4, 100)


@pytest.mark.parametrize(
    ("blasts", "sample_days", "split", "first"),
    [(20.0, 7, "low-burden", 100), (20.1, 7, "high-burden", 10), (5, 8, "high-burden", 10), (5, -1, "high-burden", 10)],
)
def test_twenty_per_cent_is_low_and_an_old_sample_is_none(
    blasts: float, sample_days: int, split: str, first: float
) -> None:
    planned = product("obecabtagene-autoleucel").doses["all"].plan(blasts=blasts, sample_days=sample_days)
    assert (planned.split, planned.parts[0].target) == (split, first)
    assert sum(part.target or 0 for part in planned.parts) == planned.target == 410
    assert (planned.assumed is None) == (planned.missing == ())


def test_unknown_blasts_are_treated_as_high_and_said_to_be() -> None:
    planned = product("obecabtagene-autoleucel").doses["all"].plan()
    assert planned.split == "high-burden"
    assert planned.assumed == "no marrow blasts: high-burden by the rule for an unknown result"


def test_gates_differ_between_two_t_cell_receptor_products() -> None:
    afami, lete = product("afamitresgene-autoleucel").gates[0], product("letetresgene-autoleucel").gates[0]
    with_p = ("A*02:05P", "A*02:01P")
    assert afami.met(with_p, {"MAGE-A4": True}) is Truth.FALSE
    assert lete.met(("A*02:05", "other"), {"NY-ESO-1": True}) is Truth.TRUE
    assert afami.met(("A*02:01P", None), {"MAGE-A4": True}) is Truth.UNKNOWN
    assert afami.met(("other", "other"), {}) is Truth.FALSE


def test_bands_with_a_gap_are_refused() -> None:
    bands = (
        DoseBand(up_to_kg=50, basis="per_kg", low=1, high=2),
        DoseBand(above_kg=60, basis="flat", low=1, high=2),
    )
    with pytest.raises(ValidationError, match="a band of weight begins where the one before ends"):
        DoseRule(cells="cells", bands=bands, status="uncertain")


def test_splits_that_leave_blasts_out_are_refused() -> None:
    splits = tuple(
        Split(name=n, parts=({"amount": 1},), **limit)
        for n, limit in (("a", {"blasts_up_to": 20}), ("b", {"blasts_above": 25}))
    )
    with pytest.raises(ValidationError, match="a split by marrow blasts begins where the other ends"):
        DoseRule(cells="cells", bands=(DoseBand(basis="flat", target=1),), splits=splits, status="uncertain")


def test_a_deviation_is_counted_from_the_nearer_end() -> None:
    planned = product("lisocabtagene-maraleucel").doses["other"].plan()
    assert planned.deviation(100).is_within is True
    assert planned.deviation(81).percent == -10
    assert planned.deviation(121).percent == 10
    assert planned.deviation(121).is_within is False


def test_a_target_without_a_range_is_neither_within_nor_outside() -> None:
    planned = product("axicabtagene-ciloleucel").doses["all"].plan(weight=70)
    found = planned.deviation(147)
    assert (found.percent, found.is_within, found.is_above_cap) == (5, None, False)
    assert product("axicabtagene-ciloleucel").doses["all"].plan(weight=120).deviation(210).is_within is False


@pytest.mark.parametrize(
    ("name", "place", "indication", "missing"),
    [
        ("ciltacabtagene-autoleucel", "JP", "multiple-myeloma", {"line-not-noted"}),
        ("tisagenlecleucel", "EU", "b-cell-acute-lymphoblastic-leukaemia", {"line-not-noted"}),
        ("tisagenlecleucel", "RU", "b-cell-acute-lymphoblastic-leukaemia", {"indication-not-noted", "line-not-noted"}),
    ],
)
def test_a_line_that_the_file_does_not_know_is_no_leave_for_an_untreated_patient(
    name: str, place: str, indication: str, missing: set[str]
) -> None:
    (verdict,) = product(name).labels_on(date(2026, 6, 1), LabelQuery(place, indication, line=1, age=20))
    assert verdict.truth is Truth.UNKNOWN
    assert set(verdict.missing) == missing


def test_a_row_without_line_and_condition_has_to_say_that_its_line_is_not_noted() -> None:
    row = {"row": "x", "jurisdiction": ["JP"], "indication": "multiple-myeloma", "status": "recalled"}
    with pytest.raises(ValidationError, match="'x' names a line, a condition, or says that the line is not noted"):
        Label.model_validate(row)
    assert Label.model_validate({**row, "not_noted": ["line"]}).not_noted == ("line",)
