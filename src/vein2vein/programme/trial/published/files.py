"""Published randomised trials as files: every parameter and every printed figure with its status and source.

Place    Programme, trial, published. Read by `figures` and `contrast`.
In       data/trials/*.yaml.
Out      `TrialFile`, checked; the `CellTrial` that it describes.
Knows    "read": in a stored table or abstract of the source. "recalled": written from memory of it, to be looked up before
         anybody relies on it. "assumed": ours, the note says why. "fitted": so that the simulated figures meet those named.
Checked  tests/unit/programme/trial/published/test_files.py
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, NoReturn, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vein2vein.basis.data_files import parse_yaml
from vein2vein.errors import TrialError
from vein2vein.programme.trial.calendar import After, Cells, Lognormal, Salvage
from vein2vein.programme.trial.cell_trial import CellTrial
from vein2vein.programme.trial.continued import Continued
from vein2vein.programme.trial.endpoints import DEFINITIONS
from vein2vein.programme.trial.randomised.accrual import Accrual

Status = Literal["read", "recalled", "assumed", "fitted"]
Unit = Literal["d", "mo", "1/d", "patients", "share", "ratio", "log sd"]
FIGURE = (
    r"(efs|pfs|os)\.(ratio|median\.(control|cells)|at\.[0-9.]+\.(control|cells))"
    r"|share\.(infused|transplanted|switched|crossed_over|response\.(control|cells)|(progressed|response)_by\.[0-9]+\.(control|cells))"
    r"|days\.infusion"
)
_GROUPS = ("trial", "cells", "control", "after_control", "after_cells")


def _fault(message: str) -> NoReturn:
    raise ValueError(message)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Given(_Strict):
    """A parameter of a trial.

    Attributes:
        value: A number, two numbers (as the class of the arm says), or a log-normal duration by name.
        unit: Its unit.
        status: How it is known.
        source: Key of the source; needed when read or recalled.
        note: What is assumed, or where the source says something else; needed when assumed.
        fitted_to: Printed figures that it was fitted to; needed when fitted.
    """

    value: float | int | bool | tuple[float, ...]
    unit: Unit
    status: Status
    source: str | None = Field(default=None, min_length=1)
    note: str | None = Field(default=None, min_length=5)
    fitted_to: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _told(self) -> Self:
        needs = {"read": self.source, "recalled": self.source, "assumed": self.note, "fitted": self.fitted_to}
        if not needs[self.status]:
            word = {"assumed": "a note", "fitted": "fitted_to"}.get(self.status, "a source")
            _fault(f"a value that is {self.status} needs {word}")
        if self.fitted_to and self.status != "fitted":
            _fault(f"fitted_to of a value that is {self.status}")
        return self


class Printed(_Strict):
    """A figure that was printed.

    Attributes:
        figure: What it is, such as "efs.ratio", "os.at.18.cells", "share.infused"; shares from 0 to 1, medians in months.
        value: The figure.
        interval: Its printed 95 % interval, both ends included; None where none is at hand.
        interval_status: How the interval is known.
        status: How the figure is known.
        source: Key of the source.
        role: Whether parameters were fitted to it, or it is compared only.
        note: What differs from the simulated figure.
    """

    figure: str = Field(pattern=f"^({FIGURE})$")
    value: float
    interval: tuple[float, float] | None = None
    interval_status: Literal["read", "recalled"] | None = None
    status: Literal["read", "recalled"]
    source: str = Field(min_length=1)
    role: Literal["fitted", "compared"]
    note: str | None = Field(default=None, min_length=5)

    @model_validator(mode="after")
    def _told(self) -> Self:
        if (self.interval is None) != (self.interval_status is None):
            _fault("an interval and its status go together")
        if self.interval is not None and not self.interval[0] <= self.value <= self.interval[1]:
            _fault("an interval around the value")
        return self


class TrialFile(_Strict):
    """A published trial.

    Attributes:
        id: Name of the file.
        name: What people call the trial; also names its event definition.
        disease: Disease and line.
        kind: Whether the control arm gets salvage and transplant, or is treated until progression.
        sources: Text and DOI of each source by key.
        parameters: Parameters by group and name.
        printed: Figures that were printed.
        not_modelled: What the calendar leaves out of this trial.
        adjusted: Printed hazard ratio of overall survival, adjusted for crossover.
    """

    id: str
    name: Literal["ZUMA-7", "BELINDA", "TRANSFORM", "KarMMa-3", "CARTITUDE-4"]
    disease: str
    kind: Literal["salvage", "continued"]
    sources: dict[str, str]
    parameters: dict[str, Given]
    printed: tuple[Printed, ...]
    not_modelled: tuple[str, ...]
    adjusted: Printed | None = None

    @model_validator(mode="after")
    def _joined(self) -> Self:
        fitted = {one.figure for one in self.printed if one.role == "fitted"}
        names = [one.figure for one in self.printed]
        if len(names) != len(set(names)):
            _fault("a figure that is printed twice")
        for name, one in self.parameters.items():
            if name.partition(".")[0] not in _GROUPS:
                _fault(f"{name}: no such group")
            if one.source is not None and one.source not in self.sources:
                _fault(f"{name}: the source {one.source!r} is not listed")
            if missing := set(one.fitted_to) - fitted:
                _fault(f"{name}: fitted to {sorted(missing)}, which no fitted figure is")
        told = {figure for one in self.parameters.values() for figure in one.fitted_to}
        if left := fitted - told:
            _fault(f"{sorted(left)} have the role fitted, but no parameter is fitted to them")
        for printed in (*self.printed, *([] if self.adjusted is None else [self.adjusted])):
            if printed.source not in self.sources:
                _fault(f"{printed.figure}: the source {printed.source!r} is not listed")
        return self

    def number(self, name: str) -> float:
        """A parameter that is one number."""
        value = self.parameters[name].value
        assert not isinstance(value, tuple), name  # noqa: S101  (names are those of the code)
        return float(value)

    def cut(self, *, survival: bool = False) -> float:
        """Calendar month of the cut, counted from the first randomisation.

        Args:
            survival: For overall survival, where that was cut at another time.
        """
        name = "trial.follow_up_os" if survival and "trial.follow_up_os" in self.parameters else "trial.follow_up"
        return self.number(name) + self.number("trial.accrual") / 2

    def trial(self, values: Mapping[str, float | tuple[float, ...]] | None = None) -> CellTrial:
        """The trial on the calendar.

        Args:
            values: Other values for some parameters.

        Raises:
            TrialError: TRIAL-050 for parameters that the arms do not have, TRIAL-002 for values that cannot be.
        """
        return self.trial_of({name: one.value for name, one in self.parameters.items()} | dict(values or {}))

    def trial_of(self, raw: Mapping[str, float | tuple[float, ...]]) -> CellTrial:
        """A trial of this kind and event definition with other parameters, all of them given."""
        parts: dict[str, dict[str, Any]] = {group: {} for group in _GROUPS}
        for name, value in raw.items():
            group, _, rest = name.partition(".")
            parts[group][rest] = value
        try:
            return self._built({group: _durations(part) for group, part in parts.items()})
        except TypeError as error:
            _refuse(self.id, str(error), "parameters of the arms, by the names of their classes")

    def _built(self, parts: dict[str, dict[str, Any]]) -> CellTrial:
        trial = parts["trial"]
        control = Salvage(**parts["control"]) if self.kind == "salvage" else Continued(**parts["control"])
        ratio = trial["ratio"]
        return CellTrial(
            control,
            Cells(**parts["cells"]),
            (After(**parts["after_control"]), After(**parts["after_cells"])),
            Accrual.over(int(trial["patients"]), trial["accrual"]),
            DEFINITIONS[self.name],
            (int(ratio[0]), int(ratio[1])),
            trial.get("visits_late", 0.0),
        )


def _durations(part: dict[str, Any]) -> dict[str, Any]:
    """`wait.median`, `wait.log_sd` and `wait.least` as one log-normal `wait`."""
    found: dict[str, Any] = {}
    for name, value in part.items():
        head, dot, tail = name.partition(".")
        if dot:
            found.setdefault(head, {})[tail] = value
        else:
            found[name] = value
    return {name: Lognormal(**value) if isinstance(value, dict) else value for name, value in found.items()}


def trial_ids() -> tuple[str, ...]:
    """The published trials at hand."""
    return tuple(sorted(f.name.removesuffix(".yaml") for f in _folder().iterdir() if f.name.endswith(".yaml")))


@lru_cache(maxsize=16)
def trial_file(id: str) -> TrialFile:
    """A published trial.

    Raises:
        TrialError: TRIAL-050 for a name that is not at hand, or a file that is not as it should be.
    """
    if id not in trial_ids():
        _refuse(id, f"{id!r}", f"one of {', '.join(trial_ids())}")
    return read(id, _folder().joinpath(f"{id}.yaml").read_text(encoding="utf-8"))


def read(id: str, text: str) -> TrialFile:
    """A published trial from the text of its file."""
    try:
        found = TrialFile.model_validate(parse_yaml(text))
    except (ValidationError, yaml.YAMLError) as error:
        _refuse(id, " ".join(str(error).split()), "a file as the others are")
    if found.id != id:
        _refuse(id, f"id {found.id!r}", f"the id {id!r} of the file name")
    return found


def _folder() -> Any:
    return resources.files("vein2vein.programme.trial").joinpath("data", "trials")


def _refuse(id: str, saw: str, expected: str) -> NoReturn:
    raise TrialError("TRIAL-050", saw=f"{saw} in the trial {id}", expected=expected, fix="correct the file or the name")
