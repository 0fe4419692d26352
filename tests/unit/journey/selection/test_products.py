"""Labels, doses and gates of products for one course."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from builders import PatientBuilder, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.selection.products import gates, label_dose, labels, offers, query_of
from vein2vein.knowledge.documents.product import LabelQuery, Product
from vein2vein.knowledge.library import default_library

LIBRARY = default_library()
ALL = "b-cell-acute-lymphoblastic-leukaemia"


def product(name: str) -> Product:
    return LIBRARY.get(f"{name}.product", Product)


def test_the_query_of_a_course_counts_the_line_and_the_age_of_the_day() -> None:
    patient = a_patient().with_course(indication="multiple-myeloma").with_value("prior_lines", -60, 3)
    query = query_of(patient.built(), patient.at(-20), "US")
    assert (query.indication, query.line, query.age) == ("multiple-myeloma", 4, 57)
    before = query_of(patient.built(), patient.at(-61), "US")
    assert before.line is None


def test_offers_put_certain_labels_first_and_keep_open_ones() -> None:
    query = LabelQuery("US", "large-b-cell-lymphoma", line=3, age=18, subtype="other")
    found = offers(on=date(2026, 3, 1), query=query)
    certain = [o.product.product for o in found if o.verdict.truth is Truth.TRUE]
    assert certain == ["axicabtagene-ciloleucel", "lisocabtagene-maraleucel", "tisagenlecleucel"]
    assert [o.verdict.truth for o in found] == sorted((o.verdict.truth for o in found), key=lambda t: not t.is_certain)
    assert offers(on=date(2016, 1, 1), query=query) == ()


def test_no_lymphoma_label_fits_a_child() -> None:
    assert (
        offers(on=date(2026, 3, 1), query=LabelQuery("US", "large-b-cell-lymphoma", line=3, age=17, subtype="other"))
        == ()
    )


def test_a_condition_that_nobody_told_leaves_a_label_open() -> None:
    query = LabelQuery("US", "large-b-cell-lymphoma", line=2, age=18)
    (verdict,) = labels(product("axicabtagene-ciloleucel"), on=date(2026, 3, 1), query=query)
    assert (verdict.truth, verdict.missing) == (Truth.UNKNOWN, ("refractory-or-relapse-within-12-months",))


def weighed() -> PatientBuilder:
    return a_patient().with_milestone("apheresis", -30).with_value("weight", -31, 80).with_value("weight", -8, 70)


@pytest.mark.parametrize(("basis", "target"), [("apheresis", 160), ("latest", 140)])
def test_the_weight_of_a_dose_is_the_one_that_was_named(basis: str, target: float) -> None:
    patient, axi = weighed(), product("axicabtagene-ciloleucel")
    found = label_dose(patient.built(), patient.at(-6), axi, axi.label("us-fl"), weight_basis=basis)
    assert (found.planned.target, found.weight_basis) == (target, basis)
    assert [row.kind for row in found.because] == ["weight"]


def test_without_an_apheresis_there_is_no_apheresis_weight() -> None:
    patient, axi = a_patient().with_value("weight", -8, 70), product("axicabtagene-ciloleucel")
    found = label_dose(patient.built(), patient.at(-6), axi, axi.label("us-fl"), weight_basis="apheresis")
    assert found.planned.problem == "cannot be computed: needs weight"


def obe(sample_day: float, blasts: float = 12.0, *, comparator: str | None = None) -> str | None:
    patient = (
        a_patient()
        .with_milestone("lymphodepletion", -6)
        .with_value("marrow_blasts", sample_day, blasts, comparator=comparator)
    )
    found = product("obecabtagene-autoleucel")
    answer = label_dose(patient.built(), patient.at(-1), found, found.label("us-all"), weight_basis="latest")
    return answer.planned.split


@pytest.mark.parametrize(
    ("sample_day", "split"), [(-13, "low-burden"), (-13.6, "high-burden"), (-6, "low-burden"), (-4, "high-burden")]
)
def test_a_marrow_sample_counts_for_seven_calendar_days_before_lymphodepletion(sample_day: float, split: str) -> None:
    """The infusion is at 10:30 local time, so that day -13.6 lies on the local day before day -13."""
    assert obe(sample_day) == split


def test_blasts_reported_with_a_comparator_are_not_known() -> None:
    assert obe(-8, 5, comparator="<") == "high-burden"


def test_a_planned_start_of_lymphodepletion_counts_instead_of_the_milestone() -> None:
    patient = a_patient().with_value("marrow_blasts", -13, 12)
    found = product("obecabtagene-autoleucel")
    start = datetime(2026, 2, 25, 8, tzinfo=ZoneInfo("Europe/Berlin"))
    answer = label_dose(
        patient.built(),
        patient.at(-9),
        found,
        found.label("us-all"),
        weight_basis="latest",
        lymphodepletion_starts=start,
    )
    assert answer.planned.split == "low-burden"
    assert [row.kind for row in answer.because] == ["marrow_blasts"]


def test_a_label_without_a_known_dose_says_so() -> None:
    patient, found = a_patient(), product("pcar-19b")
    answer = label_dose(patient.built(), patient.at(0), found, found.label("cn-all"), weight_basis="latest")
    assert answer.planned.problem == "cannot be computed: no dose is known for this label"


def typed(first: str | None, second: str | None, antigen: str | None = "yes") -> PatientBuilder:
    patient = a_patient()
    for kind, code in (("hla_a_first", first), ("hla_a_second", second), ("mage_a4_positive", antigen)):
        if code is not None:
            patient.with_statement(kind, -60, code)
    return patient


@pytest.mark.parametrize(
    ("first", "second", "antigen", "met", "missing"),
    [
        ("a-02-01p", "other", "yes", Truth.TRUE, ()),
        ("a-02-01p", "a-02-05p", "yes", Truth.FALSE, ()),
        ("other", "other", "yes", Truth.FALSE, ()),
        ("a-02-01p", None, "yes", Truth.UNKNOWN, ("hla_a_second",)),
        ("a-02-06p", "other", None, Truth.UNKNOWN, ("mage_a4_positive",)),
        ("a-02-01p", "other", "no", Truth.FALSE, ()),
    ],
)
def test_the_gate_of_a_t_cell_receptor_product(
    first: str, second: str | None, antigen: str | None, met: Truth, missing: tuple[str, ...]
) -> None:
    patient = typed(first, second, antigen)
    (found,) = gates(patient.built(), patient.at(-30), product("afamitresgene-autoleucel"), "US")
    assert (found.met, found.missing) == (met, missing)


def test_the_allele_that_bars_one_product_lets_in_another() -> None:
    patient = typed("a-02-05p", "other").with_statement("ny_eso_1_positive", -60, "yes")
    (afami,) = gates(patient.built(), patient.at(-30), product("afamitresgene-autoleucel"), "US")
    (lete,) = gates(patient.built(), patient.at(-30), product("letetresgene-autoleucel"), "US")
    assert (afami.met, lete.met) == (Truth.FALSE, Truth.TRUE)


def test_a_type_that_comes_later_is_not_seen() -> None:
    patient = typed("a-02-01p", "other")
    (found,) = gates(patient.built(), patient.at(-61), product("afamitresgene-autoleucel"), "US")
    assert found.met is Truth.UNKNOWN


def _myeloma() -> PatientBuilder:
    patient = a_patient().with_course(indication="multiple-myeloma", infused_at=None).with_value("prior_lines", -60, 3)
    for kind in ("prior_imid", "prior_proteasome_inhibitor", "prior_anti_cd38"):
        patient.with_statement(kind, -60, "yes")
    return patient


def _us(patient: PatientBuilder, **more: object) -> dict[str, tuple[Truth, tuple[str, ...]]]:
    query = query_of(patient.built(), patient.at(-30), "US", products=LIBRARY.of(Product), **more)  # type: ignore[arg-type]
    return {o.product.product: (o.verdict.truth, o.verdict.missing) for o in offers(on=date(2026, 3, 1), query=query)}


def test_conditions_of_a_label_are_asked_from_the_record() -> None:
    found = _us(_myeloma())
    assert found["idecabtagene-vicleucel"] == (Truth.TRUE, ())
    assert found["ciltacabtagene-autoleucel"] == (Truth.UNKNOWN, ("pi-imid-lenalidomide-refractory",))
    assert "ciltacabtagene-autoleucel" not in _us(_myeloma().with_statement("lenalidomide_refractory", -60, "no"))
    later = _myeloma().with_statement("lenalidomide_refractory", -29, "yes")
    assert _us(later)["ciltacabtagene-autoleucel"][0] is Truth.UNKNOWN, "nothing later than the instant"


def test_what_is_told_answers_a_condition_unless_the_record_says_otherwise() -> None:
    told = {"pi-imid-lenalidomide-refractory": True, "triple-class": False}
    found = _us(_myeloma(), told=told)
    assert found["ciltacabtagene-autoleucel"] == (Truth.TRUE, ())
    assert found["idecabtagene-vicleucel"] == (Truth.UNKNOWN, ("triple-class",))


def test_a_drug_on_record_is_a_line_before_and_no_drug_says_nothing() -> None:
    def mantle() -> PatientBuilder:
        patient = a_patient().with_course(indication="mantle-cell-lymphoma", infused_at=None)
        return patient.with_value("prior_lines", -60, 2)

    open_ = (Truth.UNKNOWN, ("btk-inhibitor",))
    assert _us(mantle())["lisocabtagene-maraleucel"] == open_
    treated = mantle().with_exposure("antineoplastic", "btk-inhibitor", -60)
    assert _us(treated)["lisocabtagene-maraleucel"] == (Truth.TRUE, ())
    bridged = mantle().with_milestone("apheresis", -40).with_exposure("antineoplastic", "btk-inhibitor", -35)
    assert _us(bridged)["lisocabtagene-maraleucel"] == open_, (
        "what is first given after the collection is no line before"
    )
    shown = a_patient().with_course(indication="multiple-myeloma", infused_at=None).with_value("prior_lines", -60, 3)
    for agent in ("proteasome-inhibitor", "immunomodulatory-agent", "anti-cd38"):
        shown.with_exposure("antineoplastic", agent, -60)
    assert _us(shown.with_statement("prior_anti_cd38", -59, "no"))["idecabtagene-vicleucel"] == (Truth.TRUE, ())


@pytest.mark.parametrize(
    ("disease", "state"),
    [
        ("large-b-cell-lymphoma", ("line-not-noted",)),
        ("follicular-lymphoma", ("line-not-noted",)),
        ("mantle-cell-lymphoma", ("line-not-noted",)),
        ("chronic-lymphocytic-leukaemia", None),
        ("multiple-myeloma", None),
    ],
)
def test_a_label_for_a_family_of_diseases_is_one_for_its_members(disease: str, state: tuple[str, ...] | None) -> None:
    query = LabelQuery("IN", disease, line=3, age=60)
    found = {o.product.product: o.verdict.missing for o in offers(on=date(2026, 3, 1), query=query)}
    assert found.get("talicabtagene-autoleucel") == state


def test_of_a_course_that_names_the_family_alone_a_label_of_a_member_may_hold() -> None:
    query = LabelQuery("US", "b-cell-non-hodgkin-lymphoma", line=3, age=60)
    (verdict, *_) = labels(product("axicabtagene-ciloleucel"), on=date(2026, 3, 1), query=query)
    assert (verdict.truth, verdict.missing) == (Truth.UNKNOWN, ("indication",))


def test_a_third_line_is_no_second_line_in_japan() -> None:
    query = LabelQuery("JP", "large-b-cell-lymphoma", line=3, age=60)
    found = labels(product("axicabtagene-ciloleucel"), on=date(2026, 3, 1), query=query)
    assert [verdict.label.row for verdict in found] == ["jp-lbcl-3l"]
