"""Design files: a trial design as YAML or JSON, every parameter marked as set, default or derived.

Place    Programme, trial. The command line and the Python API read the same file.
In       Text such as ``design: boin``, ``doses: 5``, ``target: 0.3``, ``cohorts: {size: 3, number: 10}``, ``scenarios: [...]``.
Out      `DesignFile`: the design, its scenarios, the setting of a late-onset design.
Knows    A key of the file is an argument of the function that makes the design, by the same name; doses count from 1.
Checked  tests/unit/programme/trial/test_designs.py
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, NoReturn

import yaml

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase1.blrm import blrm
from vein2vein.programme.trial.phase1.boin import Bounds, boin
from vein2vein.programme.trial.phase1.crm import crm, skeleton
from vein2vein.programme.trial.phase1.ewoc import ewoc
from vein2vein.programme.trial.phase1.interval import i3_plus_3, keyboard, mtpi, mtpi2
from vein2vein.programme.trial.phase1.late import LateDesign, Setting
from vein2vein.programme.trial.phase1.rolling_six import rolling_six
from vein2vein.programme.trial.phase1.table import DecisionTable, from_table
from vein2vein.programme.trial.phase1.three_plus_three import three_plus_three
from vein2vein.programme.trial.phase1.tite_boin import tite_boin
from vein2vein.programme.trial.phase1.tite_crm import tite_crm
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.words import Cohorts, Design, Parameter

MAKERS: Final[Mapping[str, Callable[..., Design | LateDesign]]] = MappingProxyType(
    {
        "3+3": three_plus_three,
        "i3+3": i3_plus_3,
        "mtpi": mtpi,
        "mtpi-2": mtpi2,
        "keyboard": keyboard,
        "boin": boin,
        "decision-table": from_table,
        "crm": crm,
        "blrm": blrm,
        "ewoc": ewoc,
        "rolling-six": rolling_six,
        "tite-boin": tite_boin,
        "tite-crm": tite_crm,
    }
)
_OTHER: Final = ("design", "scenarios", "setting")


@dataclass(frozen=True)
class DesignFile:
    """A design with the scenarios in which it is looked at.

    Args:
        design: The design; every parameter says whether the file set it.
        scenarios: Truths, in order of the file.
        setting: Window and arrivals of a late-onset design; None for one that knows outcomes at once.
        hash: First sixteen digits of the SHA-256 of the content, whatever its layout.
    """

    design: Design | LateDesign
    scenarios: tuple[Truth, ...]
    setting: Setting | None
    hash: str


def read_design(text: str) -> DesignFile:
    """A design from YAML or JSON text.

    Raises:
        TrialError: TRIAL-005 where the file cannot be read, names an unknown design or key, or lacks one; TRIAL-001 and
            TRIAL-002 for values that cannot be.
    """
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        _refuse(f"text that is no YAML: {str(error).splitlines()[0]}", "YAML or JSON", "correct the line that is named")
    if not isinstance(given, dict) or "design" not in given:
        _refuse("no key `design`", f"one of {', '.join(MAKERS)}", "begin the file with `design: boin`")
    name = str(given["design"]).lower()
    if name not in MAKERS:
        near = get_close_matches(name, MAKERS, 1)
        _refuse(f"design {name!r}", f"one of {', '.join(MAKERS)}", f"write `design: {near[0] if near else 'boin'}`")
    maker = MAKERS[name]
    design = _marked(_made(name, maker, given), given)
    canonical = json.dumps(given, sort_keys=True, default=str)
    return DesignFile(
        design=design,
        scenarios=tuple(_scenario(entry, i) for i, entry in enumerate(given.get("scenarios") or [])),
        setting=_setting(given.get("setting"), late=isinstance(design, LateDesign)),
        hash=hashlib.sha256(canonical.encode()).hexdigest()[:16],
    )


def _made(name: str, maker: Callable[..., Design | LateDesign], given: Mapping[str, Any]) -> Design | LateDesign:
    wanted = inspect.signature(maker).parameters
    options = {str(key): value for key, value in given.items() if key not in _OTHER}
    unknown = [key for key in options if key not in wanted]
    if unknown:
        near = get_close_matches(unknown[0], wanted, 1)
        _refuse(
            f"{unknown[0]!r} in the design {name}",
            f"keys {', '.join(wanted)}",
            f"write {near[0]!r}" if near else "leave it out",
        )
    missing = [key for key, p in wanted.items() if p.default is p.empty and key not in options]
    if missing:
        _refuse(f"no key {missing[0]!r} in the design {name}", f"{missing[0]!r}", "add it to the file")
    for key, value in options.items():
        _check_kind(key, value, str(wanted[key].annotation), required=wanted[key].default is wanted[key].empty)
    try:
        return maker(**{key: _value(key, value, options) for key, value in options.items()})
    except (TypeError, ValueError, AttributeError) as error:
        _refuse(f"a value of the wrong kind in the design {name}: {error}", "numbers, lists and words", "correct it")


_KINDS: Final[Mapping[str, tuple[type, ...]]] = MappingProxyType(
    {"float": (int, float), "int": (int,), "bool": (bool,)}
)


def _check_kind(key: str, value: Any, annotation: str, *, required: bool) -> None:
    """Refuse a list or word where the function takes a number, and a number where it takes yes or no."""
    kind = annotation.removesuffix(" | None")
    if kind not in _KINDS or (value is None and not required):
        return
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "bool"):
        name = {"float": "a number", "int": "a whole number", "bool": "true or false"}[kind]
        _refuse(f"a value of the wrong kind: {key} {value!r}", name, "correct it")


def _value(key: str, value: Any, options: Mapping[str, Any]) -> Any:
    """A value of the file as the function wants it."""
    if key == "skeleton" and isinstance(value, dict):
        return skeleton(target=float(options["target"]), **value)
    convert = _CONVERT.get(key)
    if convert is not None:
        return convert(value)
    return tuple(value) if isinstance(value, list) else value


def _cohorts(value: Any) -> Cohorts:
    if not isinstance(value, dict) or set(value) != {"size", "number"}:
        _refuse(f"cohorts {value!r}", "{size: 3, number: 10}", "give size and number of the cohorts")
    if min(value["size"], value["number"]) < 1:
        _refuse(f"cohorts {value!r}", "at least one cohort of at least one patient", "correct the cohorts")
    return Cohorts(int(value["size"]), int(value["number"]))


def _table(value: Any) -> DecisionTable:
    return DecisionTable.of({int(n): [str(letter) for letter in letters] for n, letters in value.items()})


_CONVERT: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "cohorts": _cohorts,
        "table": _table,
        "bounds": lambda value: Bounds(*map(float, value)),
        "start": lambda value: int(value) - 1,
        "prior": float,
    }
)


def _marked(design: Design | LateDesign, given: Mapping[str, Any]) -> Design | LateDesign:
    """The design, with what the file sets marked as set even where it is the default, and its cohorts told."""
    marked = {
        key: replace(parameter, origin="set") if key in given and parameter.origin == "default" else parameter
        for key, parameter in design.parameters.items()
    }
    shape = {"doses": Parameter(design.doses, "set" if "doses" in given else "derived")}
    if isinstance(design.cohorts, Cohorts):
        shape["cohorts"] = Parameter(
            f"{design.cohorts.number} of {design.cohorts.size_of_each}", "set" if "cohorts" in given else "derived"
        )
    return replace(design, parameters=MappingProxyType({**shape, **marked}))


def _scenario(entry: Any, i: int) -> Truth:
    if not isinstance(entry, dict) or "toxicity" not in entry:
        _refuse(f"scenario {i + 1}: {entry!r}", "{name: ..., toxicity: [0.05, 0.2]}", "give each scenario its rates")
    return Truth.of(entry["toxicity"], entry.get("efficacy"), str(entry.get("name", f"scenario {i + 1}")))


def _setting(entry: Any, *, late: bool) -> Setting | None:
    if not late:
        if entry is not None:
            _refuse("a setting", "none: this design knows outcomes at once", "leave it out, or choose tite-boin")
        return None
    if not isinstance(entry, dict):
        _refuse("no setting", "{window: 28, interval: 10}, in days", "add it: this design waits for outcomes")
    try:
        return Setting(**entry)
    except TypeError:
        _refuse(f"setting {entry!r}", "window, interval, arrivals and late", "correct the keys")


def _refuse(saw: str, expected: str, fix: str) -> NoReturn:
    raise TrialError("TRIAL-005", saw=saw, expected=expected, fix=fix)
