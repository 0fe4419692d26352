"""Models whose parameters users bring: made-up parameters, ranges refused, missing inputs marginalised, no limit assumed."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from builders import INFUSED_AT, PatientBuilder, a_patient
from vein2vein.errors import JourneyError
from vein2vein.journey.risk.user_models import load_parameters, user_score
from vein2vein.knowledge.documents.user_model import UserModel
from vein2vein.knowledge.library import default_library

EIPM = default_library().get("liang-2024.eipm-pre", UserModel)
MIXTURE = default_library().get("raj-2025.inflamix", UserModel)
AT = INFUSED_AT - timedelta(days=6)


def written(folder: Path, contract: UserModel, **changes: object) -> Path:
    file = folder / "parameters.yaml"
    file.write_text(yaml.safe_dump({**contract.made_up.model_dump(mode="json"), **changes}), encoding="utf-8")
    return file


def course(**more: float) -> PatientBuilder:
    patient = a_patient("U")
    for kind, value in {"neutrophils": 1.0, "platelets": 100, "ldh": 200, "ferritin": 500, **more}.items():
        patient.with_value(kind, -7, value)
    return patient


def test_a_logistic_model_with_a_users_file(tmp_path: Path) -> None:
    parameters = load_parameters(written(tmp_path, EIPM, obtained_from="a letter"), EIPM)
    found = user_score(course().built(), EIPM, parameters, AT, told={"leukaemia": True})
    assert found.answer.probability == pytest.approx(1 / (1 + math.exp(-1.5)))
    assert (found.answer.band, found.obtained_from) == ("red", "a letter")
    assert [row.value for row in found.rows["ldh"]] == [200]


def test_a_value_outside_the_range_is_refused_and_a_missing_one_is_named(tmp_path: Path) -> None:
    parameters = load_parameters(written(tmp_path, EIPM), EIPM)
    high = user_score(course(platelets=1000).built(), EIPM, parameters, AT, told={"leukaemia": False})
    assert high.answer.refused == ("platelets",)
    assert high.answer.problem == "refused: platelets outside the accepted range"
    open_ = user_score(course().built(), EIPM, parameters, AT)
    assert open_.answer.problem == "cannot be computed: needs leukaemia"
    early = user_score(course().built(), EIPM, parameters, INFUSED_AT - timedelta(days=8), told={"leukaemia": True})
    assert early.answer.missing == ("ferritin", "ldh", "neutrophils", "platelets")


def test_a_mixture_takes_out_what_is_missing_and_assumes_no_limit(tmp_path: Path) -> None:
    parameters = load_parameters(written(tmp_path, MIXTURE), MIXTURE)
    patient = (
        a_patient("U")
        .with_value("ldh", -1, 500, reference_high=250.0)
        .with_value("albumin", -1, 20, reference_high=50.0)
    )
    found = user_score(patient.built(), MIXTURE, parameters, INFUSED_AT)
    # Two inputs of means +1 and -1 with variance 1 and covariance 0.1: log odds 2 * sum / 1.1.
    assert found.answer.probability == pytest.approx(1 / (1 + math.exp(-2 * (2.0 + 0.4) / 1.1)))
    assert found.answer.band == "inflammatory"
    bare = a_patient("U").with_value("ldh", -1, 500, reference_high=250.0).with_value("albumin", -1, 20)
    assert user_score(bare.built(), MIXTURE, parameters, INFUSED_AT).answer.probability is None
    assert user_score(patient.built(), MIXTURE, parameters, INFUSED_AT + timedelta(days=2)).answer.probability is None


@pytest.mark.parametrize(
    ("contract", "changes", "words"),
    [
        (EIPM, {"model": "another.model"}, "not for 'liang-2024.eipm-pre'"),
        (EIPM, {"coefficients": {"ldh": 1.0}}, "one coefficient for each"),
        (EIPM, {"coefficient": 1}, "coefficient"),
        (MIXTURE, {"positive": 2}, "positive: the place"),
        (MIXTURE, {"components": []}, "weights add up to 1"),
        (MIXTURE, {"centre": {}}, "centre and spread"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(tmp_path: Path, contract: UserModel, changes: dict, words: str) -> None:
    with pytest.raises(JourneyError, match=words):
        load_parameters(written(tmp_path, contract, **changes), contract)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="JOURNEY-021"):
        load_parameters(tmp_path / "none.yaml", EIPM)


def test_no_parameter_is_shipped() -> None:
    for contract in default_library().of(UserModel):
        assert "made up" in contract.made_up.obtained_from
