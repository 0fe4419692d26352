"""The keys of each design, as its file may have them: read from the functions that the file is handed to.

Place    Programme, trial, study. Read by the documentation and by whoever makes a form of a design file.
In       The name of a design.
Out      `Key`s: name, kind of value, default, meaning; those of a part follow it as ``part.key``.
Knows    Meanings are those of the docstrings, so that a page cannot say something else than the code. Doses count from 1.
Checked  tests/unit/programme/trial/study/test_keys.py
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from vein2vein.programme.trial.clock import Schedule
from vein2vein.programme.trial.phase12.optimise import Comparison
from vein2vein.programme.trial.randomised.accrual import Accrual
from vein2vein.programme.trial.study.arms import survival_arm
from vein2vein.programme.trial.study.baskets import BASKETS
from vein2vein.programme.trial.study.cells import CELLS, _cell_trial
from vein2vein.programme.trial.study.comparison import COMPARISONS
from vein2vein.programme.trial.study.composed import COMPOSED, composed
from vein2vein.programme.trial.study.dose_makers import MAKERS
from vein2vein.programme.trial.study.fixed_time import FixedTest
from vein2vein.programme.trial.study.on_calendar import _way
from vein2vein.programme.trial.study.randomised import RANDOMISED, Looks
from vein2vein.programme.trial.study.single import SINGLE

REQUIRED: Final = "required"
_WORDS: Final = {float: "number", int: "whole number", bool: "true or false", str: "word", date: "date"}
_SHOWN: Final[Mapping[str, str]] = MappingProxyType(  # values that a file writes otherwise than the code
    {
        "cohorts": "`{size: 3, number: 10}`",
        "start": "dose, from 1",
        "prior": "number, the variance",
        "safety": "`{target: 0.3, cutoff: 0.95}`",
        "skeleton": "list of rates, or `{doses: 5, halfwidth: 0.05, prior_mtd: 3}`",
        "bounds": "`[lower, upper]`",
        "spending": '`"obrien-fleming"`, `"pocock"`, `{hwang: -4}`, `{power: 3}`',
        "boundaries": '`"obrien-fleming"`, `"pocock"`, `{wang-tsiatis: 0.25}`',
        "futility": "`{rule: ..., beta: 0.1}`",
        "test": '`"log-rank"`, `"maxcombo"`, `{maxcombo: [{rho: 0, gamma: 0}, {rho: 0, gamma: 1}]}`, '
        '`{rho: 0, gamma: 1}`, `{t_star: 12}`, `"rmst"`, `"milestone"`',
    }
)
_ONLY: Final = {
    "prior": ("feasible-dose", "partial-dose"),
    "futility": RANDOMISED + CELLS,
    "test": RANDOMISED + CELLS,
    "bounds": ("boin", "tite-boin"),
    "safety": ("feasible-dose", "partial-dose"),
}
_MEANINGS: Final[Mapping[str, str]] = MappingProxyType(  # of arguments that no docstring lists
    {
        "doses": "How many doses.",
        "target": "Target toxicity rate.",
        "cohorts": "Cohort sizes and their number.",
        "interval": "Lowest and highest acceptable toxicity rate.",
        "cutoff": "Posterior probability above which a dose is closed, or lambda and gamma of a single arm.",
        "start": "Dose of the first cohort, from 0.",
        "skeleton": "Guessed toxicity rates of the doses, or how they are calibrated.",
        "curve": "How toxicity rises with the dose.",
        "intercept": "Fixed intercept of the logistic curve.",
        "prior": "Prior before the data: variance of a model's parameter, or a and b of a beta distribution.",
        "estimate": "Which estimate of the toxicity rates.",
        "no_skipping": "Whether no untried dose is skipped on the way up.",
        "coherent": "Whether one does not go up from a dose whose observed toxicity exceeds the target.",
        "too_toxic": "Posterior probability of the lowest dose to be above the target from which the trial stops.",
        "r1": "The first stage goes on with more responses than this.",
        "n1": "Patients of the first stage.",
        "r": "The trial succeeds with more responses than this.",
        "n": "Patients in all.",
        "looks": "Patients at each look.",
        "null": "Response rate that is not of interest.",
        "alternative": "Response rate at which the power is largest.",
        "alpha": "Largest type I error.",
        "lam": "Lambda of the cut-off.",
        "gamma": "Gamma of the cut-off.",
        "window": "Days of an assessment.",
        "a": "First parameter of the beta distribution.",
        "b": "Second parameter of the beta distribution.",
        "standard": "Response rate of the standard, or a and b of its beta distribution.",
        "futility": "Chance below which the arm is futile.",
        "success": "Chance above which the arm succeeds.",
        "delta": "By how much the standard has to be exceeded.",
        "endpoints": "What two endpoints have to show.",
        "truth": "Truth at which the power is largest.",
        "patients": "Patients of each basket, or how many in all.",
        "claim": "A basket is claimed when its chance to be above the null is above this.",
        "names": "What the baskets are called; numbered when left out.",
        "pair": "Chance before the data that two baskets are exchangeable.",
        "structure": "Which models are averaged.",
        "mean": "Mean of the normal prior of the logit.",
        "sd": "Standard deviation of the normal prior of the logit.",
        "tau": "Prior of the standard deviation between baskets.",
        "scale": "Its scale.",
        "shape": "Its shape.",
        "priors": "What is thought before the data, on the logit scale.",
        "months": "Months over which patients come, evenly.",
        "control": "What happens to a patient of the control arm.",
        "cells": "What happens to a patient of the cell arm.",
        "after": "What follows progression, in the control arm and in the cell arm.",
        "accrual": "How patients come.",
        "definition": "What an event is.",
        "ratio": "Patients of the control arm and of the experimental arm.",
        "visits_late": "Days by which visits come late at most.",
        "median": "Median days.",
        "log_sd": "Standard deviation of the logarithm of the days.",
        "least": "Fewest days; they are added.",
    }
)
_ARGUMENT: Final = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Key:
    """A key of a design file.

    Args:
        name: The key; of a part such as ``utilities.both``.
        kind: What may stand there, in words.
        default: Value when it is left out, or "required".
        meaning: What it does, from the docstring; empty where that says nothing.
    """

    name: str
    kind: str
    default: str
    meaning: str


_ALTERNATIVES: Final = (  # of a randomised trial, beside the arguments of its functions
    Key(
        "experimental.ratio",
        "number or list of number",
        "none",
        "Hazard ratio to the control arm, instead of a median.",
    ),
    Key("experimental.delay", "number", "none", "Months until the ratio begins; 1 before."),
    Key("accrual.rates", "list of number", "none", "Patients per month from each of `starts`, instead of months."),
    Key("accrual.starts", "list of number", "[0.0]", "Month from which each rate holds."),
    Key("ratio", "list of 2 whole number", "[1, 1]", "Patients of the control arm and of the experimental arm."),
)


def keys_of(design: str) -> tuple[Key, ...]:
    """The keys of a design in the order of its arguments.

    Args:
        design: Name of the design, such as ``boin12``.

    Raises:
        KeyError: For a name that is no design.
    """
    found = tuple(key for maker, before in _makers(design) for key in _keys(maker, before, design))
    if design in RANDOMISED:
        found += (*(key for key in _keys(FixedTest, "", design) if key.name == "tau"), *_ALTERNATIVES)
        depends = ("tau", "accrual.months")  # on the test, or on how patients come
        found = tuple(replace(key, default="none") if key.name in depends else key for key in found)
    return found


def calendar_keys() -> tuple[Key, ...]:
    """The keys of the section `calendar` of a dose-finding file; days may also be written as one number, their median."""
    way = (replace(key, name=f"calendar.way.{key.name}") for key in _keys(_way, "", "calendar"))
    return (*_keys(Schedule, "calendar.", "calendar"), *way)


def _makers(design: str) -> tuple[tuple[Callable[..., Any], str], ...]:
    if design in COMPARISONS:
        return ((Comparison, ""),)
    if design in CELLS:
        return ((Looks, ""), (_cell_trial, ""))
    if design in RANDOMISED:
        return (
            (Looks, ""),
            (survival_arm, "control."),
            (survival_arm, "experimental."),
            (Accrual.over, "accrual."),
            (survival_arm, "dropout."),
        )
    if design == COMPOSED:
        return ((composed, ""),)
    return ((MAKERS[design] if design in MAKERS else (SINGLE.get(design) or BASKETS[design])[0], ""),)


def _keys(maker: Callable[..., Any], before: str, design: str) -> Iterator[Key]:
    hints = get_type_hints(maker.__init__ if inspect.isclass(maker) else maker)
    told = {found[1]: " ".join(found[2].split()) for found in _ARGUMENT.finditer(inspect.getdoc(maker) or "")}
    for name, argument in inspect.signature(maker).parameters.items():
        shown = _SHOWN.get(name) if design in _ONLY.get(name, (design,)) else None
        default = REQUIRED if argument.default is argument.empty else _default(argument.default, name)
        meaning = told.get(name, _MEANINGS.get(name, "")).replace(", from 0", ", counted from 1")
        yield Key(before + name, shown or _kind(hints[name]), default, meaning)
        parts = [] if shown else _parts(hints[name])
        for part in parts:
            for key in _keys(part, f"{before}{name}.", design):
                yield replace(key, meaning=f"{part.__name__}: {key.meaning}") if len(parts) > 1 else key


def _parts(hint: Any) -> list[type]:
    """The dataclasses that a mapping may become, such as two kinds of prior."""
    return list(dict.fromkeys(one for one in (hint, *get_args(hint)) if inspect.isclass(one) and is_dataclass(one)))


def _default(value: Any, name: str) -> str:
    if name == "start":
        return str(value + 1)
    if value is None:
        return "none"
    if repr(value) == "<factory>":
        return "as by its own defaults"
    if is_dataclass(value):
        return ", ".join(f"{key} {one}" for key, one in vars(value).items())
    return str(list(value) if isinstance(value, tuple) else value).lower() or "none"


def _kind(hint: Any) -> str:
    origin, parts = get_origin(hint), [one for one in get_args(hint) if one not in {type(None), Ellipsis}]
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in parts)
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(map(_kind, parts)))
    if origin is tuple or (inspect.isclass(origin) and issubclass(origin, Sequence)):
        each = list(dict.fromkeys(map(_kind, parts)))
        return f"list of {len(parts) if len(parts) > 1 else 'each'} {' and '.join(each)}".replace("of each ", "of ")
    if origin is not None and inspect.isclass(origin) and issubclass(origin, Mapping):
        return "keys with values"
    return "keys as below" if inspect.isclass(hint) and is_dataclass(hint) else "value"
