"""A published trial as the parts of a `cell-trial` design file, each value with the status and source of its own file.

Place    Programme, trial, study. Read by `cells`: `published: zuma-7` in a design file.
In       A trial of data/trials.
Out      Parts by the keys of a design file; the parameters that come from the published file, marked with how they are known.
Checked  tests/unit/programme/trial/study/test_published_parts.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from vein2vein.programme.trial.published.files import Given, TrialFile, trial_file, trial_ids
from vein2vein.programme.trial.study.reading import refuse
from vein2vein.programme.trial.words import Parameter

_TRIAL: Final[Mapping[str, tuple[str, ...]]] = {
    "trial.patients": ("accrual", "patients"),
    "trial.accrual": ("accrual", "months"),
    "trial.ratio": ("ratio",),
    "trial.visits_late": ("visits_late",),
}
_AFTER: Final = {"after_control": 0, "after_cells": 1}
_ARMS: Final = ("control", "experimental")


def published(value: Any) -> TrialFile:
    """The published trial that a design file names.

    Raises:
        TrialError: TRIAL-005 for a name that is not at hand.
    """
    if value not in trial_ids():
        refuse(f"published {value!r}", f"one of {', '.join(trial_ids())}", "write such as `published: zuma-7`")
    return trial_file(str(value))


def parts_of(file: TrialFile) -> dict[str, Any]:
    """The parts of a `cell-trial`: control, cells, after, accrual, definition, ratio, visits_late."""
    found: dict[str, Any] = {"definition": file.name.lower(), "after": [{}, {}]}
    for name, given in file.parameters.items():
        value: Any = list(given.value) if isinstance(given.value, tuple) else given.value
        group, _, rest = name.partition(".")
        if group == "trial":
            way = _TRIAL.get(name, ())
            if way:
                _put(found, way, [int(one) for one in value] if name == "trial.ratio" else value)
        elif group in _AFTER:
            _put(found["after"][_AFTER[group]], tuple(rest.split(".")), value)
        else:
            _put(found, (group, *rest.split(".")), value)
    found["accrual"]["patients"] = int(found["accrual"]["patients"])
    return found


def marked(
    parameters: Mapping[str, Parameter], file: TrialFile, parts: Mapping[str, Any], chosen: Mapping[str, Any]
) -> dict[str, Parameter]:
    """Parameters with the status of the published file beside each value that the design file leaves as it is.

    Args:
        parameters: All parameters of the study.
        file: The published trial.
        parts: Its parts, as in `parts_of`.
        chosen: What the design file sets itself.
    """
    known = {_named(name): one for name, one in file.parameters.items()}
    found = dict(parameters)
    for name, parameter in parameters.items():
        one = known.get(name)
        if parameter.origin == "set" and not _among(chosen, name) and (one is not None or name in parts):
            told = f"{file.id}: definition of the trial" if one is None else f"{file.id}: {_source(file, one)}"
            found[name] = replace(parameter, origin="default", source=told)
    return found


def _source(file: TrialFile, one: Given) -> str:
    if one.source is not None:
        return f"{one.status}, {file.sources[one.source]}"
    return f"{one.status}, to {', '.join(one.fitted_to)}" if one.fitted_to else f"{one.status}, {one.note}"


def _named(name: str) -> str:
    """The name of a parameter of a published file as that of a study."""
    if name in _TRIAL:
        return ".".join(_TRIAL[name])
    group, _, rest = name.partition(".")
    return f"after.{_ARMS[_AFTER[group]]}.{rest}" if group in _AFTER else name


def _among(chosen: Mapping[str, Any], name: str) -> bool:
    """Whether the design file sets a parameter, alone or as part of something nested."""
    value: Any = chosen
    for word in name.split("."):
        if not isinstance(value, Mapping):
            return True
        if word not in value:
            return False
        value = value[word]
    return True


def _put(found: dict[str, Any], way: tuple[str, ...], value: Any) -> None:
    for word in way[:-1]:
        found = found.setdefault(word, {})
    found[way[-1]] = value
