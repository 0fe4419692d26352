"""Contracts of published models whose parameters may not be shipped: inputs, ranges and bands; users bring the parameters.

Place    Floor 1. Read by `journey.risk.user_models`.
In       Files of kind `user-model` (data/user_models); parameters that a user obtained; values of the inputs.
Out      `UserModel`; `ModelAnswer`: a probability with its band, or why there is none.
Knows    Two forms. `logistic`: intercept and coefficients over transformed inputs. `gaussian-mixture`: inputs divided by the
         upper limit of the laboratory (or the difference of logarithms), standardised, and the posterior of one component.
Missing  Logistic: an input that is missing gives no answer; one outside its range is refused. Mixture: what is missing is taken
         out of means and covariances; fewer inputs than `at_least` give no answer.
Does not Hold a coefficient. No upper limit is ever assumed.
Checked  worked cases with made-up parameters; tests/unit/journey/risk/test_user_models.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from vein2vein.knowledge.codes import observations
from vein2vein.knowledge.edition import Edition, Strict, Text, Wording
from vein2vein.knowledge.formulas import NumberBand


class ModelInput(Strict):
    """One input: the kind of observation in its canonical unit (or told: 1 for yes, 0 for no), transform and accepted range."""

    label: Wording
    observation: Text | None = None
    holds_hours: float | None = None
    transform: Literal["none", "log10", "ratio", "log10-ratio"] = "none"
    range: tuple[float, float] | None = None

    @property
    def needs_limit(self) -> bool:
        """Whether the upper limit of the laboratory is part of the input."""
        return self.transform in {"ratio", "log10-ratio"}


class Component(Strict):
    """One component of a mixture over standardised inputs."""

    weight: Annotated[float, Field(gt=0, le=1)]
    mean: dict[str, float]
    covariance: dict[str, dict[str, float]]


class ModelParameters(Strict):
    """Parameters that a user obtained for a model: of the logistic form or of the mixture form."""

    model: Text
    obtained_from: Text
    intercept: float | None = None
    coefficients: dict[str, float] = Field(default_factory=dict)
    centre: dict[str, float] = Field(default_factory=dict)
    spread: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    components: tuple[Component, ...] = ()
    positive: int | None = None


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model says.

    Attributes:
        probability: From 0 to 1; None where there is no answer.
        band: Name of the band; None without one.
        missing: Inputs without a value or without the upper limit that they need, sorted.
        refused: Inputs outside their accepted range, sorted.
        problem: Why there is no answer; None when there is one.
    """

    probability: float | None
    band: str | None
    missing: tuple[str, ...]
    refused: tuple[str, ...]
    problem: str | None


class ModelCase(Strict):
    """One example with made-up parameters: values (with upper limits) and the probability, or the reason for none."""

    name: Text
    given: dict[str, float | None]
    limits: dict[str, float] = Field(default_factory=dict)
    expect: float | Literal["refused", "missing"]
    band: Text | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class UserModel(Edition):
    """The contract of one model."""

    RULE_PARTS: ClassVar = ("inputs", "bands", "at_least")

    kind: Literal["user-model"]
    form: Literal["logistic", "gaussian-mixture"]
    inputs: Annotated[dict[str, ModelInput], Field(min_length=1)]
    at_least: int | None = None
    bands: Annotated[tuple[NumberBand, ...], Field(min_length=2)]
    made_up: ModelParameters
    typical: dict[str, float]
    worked_cases: Annotated[tuple[ModelCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_coherent(self) -> UserModel:
        unknown = [i.observation for i in self.inputs.values() if i.observation and i.observation not in observations()]
        starts = [band.above if band.above is not None else band.at_least for band in self.bands]
        if [start is None for start in starts] != [True] + [False] * (len(starts) - 1):
            msg = "bands stand lowest first, and only the lowest has no lower end"
            raise ValueError(msg)
        problems = [f"kind of observation {kind!r} is unknown" for kind in unknown] + self.faults(self.made_up)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def faults(self, parameters: ModelParameters) -> list[str]:
        """Why parameters do not fit the contract; empty when they do."""
        names = set(self.inputs)
        if parameters.model != self.id:
            return [f"parameters for {parameters.model!r}, not for {self.id!r}"]
        if self.form == "logistic":
            fits = (
                parameters.intercept is not None and set(parameters.coefficients) == names and not parameters.components
            )
            return [] if fits else [f"an intercept and one coefficient for each of {', '.join(sorted(names))}"]
        found = []
        if set(parameters.centre) != names or set(parameters.spread) != names:
            found.append(f"centre and spread for each of {', '.join(sorted(names))}")
        for part in parameters.components:
            if (
                set(part.mean) != names
                or set(part.covariance) != names
                or any(set(r) != names for r in part.covariance.values())
            ):
                found.append("mean and covariance over all inputs in every component")
            elif not _is_covariance(_matrix(part, sorted(names))):
                found.append("a symmetric positive definite covariance in every component")
        total = math.fsum(part.weight for part in parameters.components)
        if len(parameters.components) < 2 or not math.isclose(total, 1, abs_tol=1e-6):  # noqa: PLR2004  (a mixture is of two)
            found.append("two or more components whose weights add up to 1")
        if parameters.positive is None or not 0 <= parameters.positive < len(parameters.components):
            found.append("positive: the place of the component that is asked for")
        return found

    def answer(
        self, parameters: ModelParameters, values: Mapping[str, float | None], limits: Mapping[str, float | None]
    ) -> ModelAnswer:
        """The probability for values in canonical units and upper limits in the same units.

        Raises:
            ValueError: parameters that do not fit the contract.
        """
        faults = self.faults(parameters)
        if faults:
            raise ValueError("; ".join(faults))
        taken = {name: _taken(take, values.get(name), limits.get(name)) for name, take in self.inputs.items()}
        missing = tuple(sorted(name for name, value in taken.items() if value is None))
        refused = tuple(sorted(name for name, take in self.inputs.items() if _is_outside(take, values.get(name))))
        if refused:
            return ModelAnswer(
                None, None, missing, refused, f"refused: {', '.join(refused)} outside the accepted range"
            )
        known = {name: value for name, value in taken.items() if value is not None}
        if len(known) < (len(self.inputs) if self.at_least is None else self.at_least):
            return ModelAnswer(None, None, missing, (), f"cannot be computed: needs {', '.join(missing)}")
        probability = _logistic(parameters, known) if self.form == "logistic" else _posterior(parameters, known)
        percent = round(100 * probability) if self.form == "logistic" else 100 * probability
        band = [band.name for band in self.bands if band.begins_below(percent)][-1]
        return ModelAnswer(probability, band, missing, (), None)

    def case_failure(self, case: ModelCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        got = self.answer(self.made_up, {**self.typical, **case.given}, case.limits)
        if isinstance(case.expect, str):
            word = "refused" if got.refused else "missing" if got.probability is None else "an answer"
            return None if word == case.expect else f"expected {case.expect}, got {word}"
        if got.probability is None or abs(got.probability - case.expect) > 5e-5:  # noqa: PLR2004  (four decimals)
            return f"expected {case.expect}, got {got.probability} {got.problem or ''}"
        return None if case.band in {None, got.band} else f"expected band {case.band}, got {got.band}"


def _is_outside(take: ModelInput, value: float | None) -> bool:
    return take.range is not None and value is not None and not take.range[0] <= value <= take.range[1]


def _taken(take: ModelInput, value: float | None, limit: float | None) -> float | None:
    """The transformed input; None where a value, a positive number for a logarithm, or the upper limit is missing."""
    if value is None or (take.needs_limit and (limit is None or limit <= 0)):
        return None
    if take.transform in {"log10", "log10-ratio"} and value <= 0:
        return None
    match take.transform:
        case "log10":
            return math.log10(value)
        case "ratio":
            return value / (limit or math.nan)
        case "log10-ratio":
            return math.log10(value) - math.log10(limit or math.nan)
        case _:
            return value


def _logistic(parameters: ModelParameters, known: Mapping[str, float]) -> float:
    total = (parameters.intercept or 0.0) + math.fsum(parameters.coefficients[name] * x for name, x in known.items())
    return 1 / (1 + math.exp(-total)) if total > 0 else math.exp(total) / (1 + math.exp(total))


def _matrix(part: Component, names: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([[part.covariance[a][b] for b in names] for a in names], dtype=np.float64)


def _is_covariance(matrix: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    return bool(np.allclose(matrix, matrix.T) and np.linalg.eigvalsh(matrix).min() > 0)


def _posterior(parameters: ModelParameters, known: Mapping[str, float]) -> float:
    """Posterior of the asked component; inputs that are not known are marginalised out."""
    names = sorted(known)
    z = np.array([(known[n] - parameters.centre[n]) / parameters.spread[n] for n in names])
    logs = []
    for part in parameters.components:
        away = z - np.array([part.mean[n] for n in names])
        matrix = _matrix(part, names)
        _, log_determinant = np.linalg.slogdet(matrix)
        logs.append(
            math.log(part.weight) - 0.5 * (float(log_determinant) + float(away @ np.linalg.solve(matrix, away)))
        )
    highest = max(logs)
    shares = [math.exp(log - highest) for log in logs]
    return shares[parameters.positive or 0] / math.fsum(shares)
