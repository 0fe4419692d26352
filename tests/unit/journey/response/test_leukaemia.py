"""Acute lymphoblastic leukaemia: remission, recovery of counts, relapse only after remission, MRD by method, CNS."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.basis.truth import Truth
from vein2vein.journey.response import best_response, central_nervous_system, leukaemia, leukaemia_mrd, progression
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.library import default_library

LIBRARY = default_library()
CRITERIA = LIBRARY.get("all-2026.response", Response)
MRD = LIBRARY.get("all-2026.mrd", Response)
CNS = LIBRARY.get("all-2026.cns", Response)


def on(day: float):
    return INFUSED_AT + timedelta(days=day)


def examined(
    patient: PatientBuilder, day: float, blasts: float, *, anc: float = 2, plt: float = 150, **stated: str
) -> PatientBuilder:
    values = {"marrow_blasts": blasts, "peripheral_blasts": 0, "neutrophils": anc, "platelets": plt}
    for kind, value in values.items():
        patient.with_value(kind, day, value)
    for kind, code in {"extramedullary_disease": "no", "trilineage_haematopoiesis": "yes", **stated}.items():
        patient.with_statement(kind, day, code)
    return patient


def test_the_course_of_a_leukaemia() -> None:
    patient = examined(a_patient("L", days=400), -10, 60)
    examined(patient, 28, 1, anc=0.4, plt=30)
    examined(patient, 60, 1, anc=0.8, plt=80)
    examined(patient, 90, 0)
    examined(patient, 180, 5)
    found = leukaemia(patient.built(), CRITERIA, on(390))
    assert [one.possible for one in found] == [("CRi",), ("CRh",), ("CR",), ("relapse",)]
    assert best_response(found) == ("CR",)
    assert progression(found).at == on(180)
    assert [row.value for row in found[2].rows["marrow_blasts"]] == [0]
    assert [one.possible for one in leukaemia(patient.built(), CRITERIA, on(89))] == [("CRi",), ("CRh",)]


def test_disease_without_remission_before_is_no_relapse() -> None:
    patient = examined(a_patient("L", days=400), 28, 30)
    assert leukaemia(patient.built(), CRITERIA, on(40))[0].possible == ("no-response",)


def test_a_marrow_that_is_too_old_leaves_it_open() -> None:
    patient = examined(a_patient("L", days=400), 28, 1).with_value("peripheral_blasts", 120, 0)
    last = leukaemia(patient.built(), CRITERIA, on(121))[-1]
    assert "relapse" in last.possible
    assert "marrow_blasts" in last.result.missing


@pytest.mark.parametrize(
    ("method", "level", "expected"),
    [("flow", 0.009, {"flow-negative"}), ("flow", 0.01, {"positive"}), ("ngs", 0.009, {"ngs-positive"})],
)
def test_residual_disease_by_method(method: str, level: float, expected: set[str]) -> None:
    patient = a_patient("L", days=400).with_value("mrd_level", 28, level).with_statement("mrd_method", 28, method)
    verdicts = leukaemia_mrd(patient.built(), MRD, on(30))
    assert {v.row.name for v in verdicts if v.truth is Truth.TRUE} == expected


@pytest.mark.parametrize(
    ("limit", "certain", "possible"),
    [
        (0.01, {"flow-negative"}, {"flow-negative"}),
        (0.1, {"flow-too-coarse"}, {"flow-too-coarse"}),
        (None, set(), {"flow-negative", "flow-too-coarse"}),
    ],
)
def test_nothing_found_is_negative_only_by_an_assay_that_would_have_seen_it(
    limit: float | None, certain: set[str], possible: set[str]
) -> None:
    patient = a_patient("L", days=400).with_value("mrd_level", 28, 0).with_statement("mrd_method", 28, "flow")
    if limit is not None:
        patient = patient.with_value("mrd_detection_limit", 28, limit)
    verdicts = leukaemia_mrd(patient.built(), MRD, on(30))
    assert {v.row.name for v in verdicts if v.truth is Truth.TRUE} == certain
    assert {v.row.name for v in verdicts} == possible


@pytest.mark.parametrize(
    ("level", "limit", "certain", "needs"),
    [
        (0.5, None, {"positive"}, set()),
        (0.01, None, {"positive"}, set()),
        (0.009, None, set(), {"method"}),
        (0.00005, None, set(), {"method"}),
        (0, None, set(), {"method", "limit"}),
        (0, 0.0001, set(), {"method"}),
    ],
)
def test_without_a_method_only_a_level_above_both_lines_is_called(
    level: float, limit: float | None, certain: set[str], needs: set[str]
) -> None:
    patient = a_patient("L", days=400).with_value("mrd_level", 28, level)
    if limit is not None:
        patient = patient.with_value("mrd_detection_limit", 28, limit)
    verdicts = leukaemia_mrd(patient.built(), MRD, on(30))
    assert {v.row.name for v in verdicts if v.truth is Truth.TRUE} == certain
    assert {name for v in verdicts for name in v.missing} == needs


def test_a_limit_of_detection_is_asked_only_where_nothing_was_found() -> None:
    patient = a_patient("L", days=400).with_value("mrd_level", 28, 0).with_statement("mrd_method", 28, "ngs")
    verdicts = leukaemia_mrd(patient.built(), MRD, on(30))
    assert [(v.row.name, v.truth, v.missing) for v in verdicts] == [
        ("ngs-negative", Truth.UNKNOWN, ("limit",)),
        ("ngs-too-coarse", Truth.UNKNOWN, ("limit",)),
    ]


def test_central_nervous_system() -> None:
    patient = a_patient("L", days=400).with_value("csf_leukocytes", 1, 7).with_statement("csf_blasts", 1, "yes")
    assert central_nervous_system(patient.built(), CNS, on(2)).category == "CNS-3"
    assert central_nervous_system(a_patient("L").built(), CNS, on(2)).possible == ("CNS-1", "CNS-2", "CNS-3")


def test_an_aplastic_marrow_without_blasts_is_neither_remission_nor_failure() -> None:
    patient = examined(a_patient("L", days=400), 28, 1, anc=0.05, plt=10, trilineage_haematopoiesis="no")
    assert leukaemia(patient.built(), CRITERIA, on(40))[0].possible == ("MLFS",)
