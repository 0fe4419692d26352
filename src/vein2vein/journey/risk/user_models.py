"""Scores whose parameters users bring: load a parameter file, ask a course at an instant.

Place    Journey, risk.
In       A contract (`user-model`), a YAML or JSON file of parameters that the user obtained, a timeline, an instant.
Out      `ModelAnswer` with the rows behind it.
Missing  A value that is too old, or that came without the upper limit of its laboratory, is missing.
Does not Ship a parameter, or keep one.
Checked  tests/unit/journey/risk/test_user_models.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import ValidationError

from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.errors import JourneyError
from vein2vein.knowledge.documents.user_model import ModelAnswer, ModelParameters, UserModel
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.values import NumberRange
from vein2vein.record.timeline import Observation, Timeline


@dataclass(frozen=True, slots=True)
class UserScore:
    """What a user's model says of a course.

    Attributes:
        contract: The contract, with its sources and status.
        obtained_from: Where the user says that the parameters came from.
        answer: Probability and band, or why there is none.
        rows: Rows behind the inputs.
    """

    contract: UserModel
    obtained_from: str
    answer: ModelAnswer
    rows: Mapping[str, tuple[Row, ...]]


def load_parameters(file: Path, contract: UserModel) -> ModelParameters:
    """Parameters of a model from a file of the user.

    Raises:
        JourneyError: JOURNEY-021 when the file cannot be read, or does not fit the contract.
    """
    try:
        parameters = ModelParameters.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise _refused(file, " ".join(str(error).split())[:200], "a file of parameters") from error
    faults = contract.faults(parameters)
    if faults:
        raise _refused(file, "parameters that do not fit", "; ".join(faults))
    return parameters


def _refused(file: Path, saw: str, expected: str) -> JourneyError:
    return JourneyError(
        "JOURNEY-021",
        saw=f"{file.name}: {saw}",
        expected=expected,
        fix="ask those who published the model for the file",
    )


def user_score(
    timeline: Timeline,
    contract: UserModel,
    parameters: ModelParameters,
    at: datetime,
    *,
    told: Mapping[str, bool] | None = None,
) -> UserScore:
    """What a model with a user's parameters says of a course at an instant; rows after it are not seen.

    Args:
        timeline: The course.
        contract: The contract of the model.
        parameters: Parameters that fit it.
        at: Aware instant of the question.
        told: Inputs that are no observation, such as the kind of disease: yes or no.
    """
    questions = Questions(timeline, at)
    values: dict[str, float | None] = {}
    limits: dict[str, float | None] = {}
    rows: dict[str, tuple[Row, ...]] = {}
    for name, take in contract.inputs.items():
        if take.observation is None:
            said = (told or {}).get(name)
            values[name] = None if said is None else float(said)
            continue
        asked = questions.ask(Latest(take="latest", observation=take.observation, holds_hours=take.holds_hours))
        values[name] = asked.value.low if isinstance(asked.value, NumberRange) and asked.value.is_known else None
        last = asked.rows[-1] if asked.rows else None
        limits[name] = last.reference_high if isinstance(last, Observation) else None
        rows[name] = asked.rows
    return UserScore(contract, parameters.obtained_from, contract.answer(parameters, values, limits), rows)
