"""Composed designs of a file: each part is named by the design that it comes from, with that design's keys.

Place    Programme, trial, study. Read by `dose` and `keys`.
In       `rule: {of: keyboard}`, `safety: {of: boin, cutoff: 0.9}`, `stopping: {stop_at: 12}`, `selection: {of: crm}`, and what
         all parts share: doses, cohorts, the first dose, rates that are aimed at.
Out      A `Design` or `LateDesign` whose parameters tell for each part what was set.
Knows    A shared key goes to every part that takes it. A key of a part that changes nothing of it is refused.
Checked  tests/unit/programme/trial/test_compose.py
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal, get_type_hints

from vein2vein.errors import TrialError
from vein2vein.programme.trial.compose import Part, compose
from vein2vein.programme.trial.study.dose_makers import MAKERS, convert_for
from vein2vein.programme.trial.study.reading import made, refuse
from vein2vein.programme.trial.words import Cohorts, EnoughAtDose, Parameter

COMPOSED: Final = "composed"
_WHOLE: Final = ("backfill-boin", "partial-dose")  # designs that are more than their parts
# Parameters that tell nothing of a part; those that change nothing of it are refused where a file sets them.
_SAFETY: Final = frozenset({"cutoff", "extra_safety", "cutoff_toxicity", "too_toxic", "safety"})
_SAFETY_TOO: Final = frozenset({"target", "toxicity", "skeleton", "curve", "intercept", "prior", "least", "certainty",
                                "patients", "table", "closing"})  # fmt: skip
_NOT_RULE: Final = _SAFETY | {"stop_at", "bound_selection", "selection"}
_NOT_SELECTION: Final = _SAFETY | {"stop_at", "titration", "start", "enough", "explore", "first_stage", "least_up", "most_down",
                                   "most_pending", "estimator", "lambda_e", "lambda_1", "lambda_2", "eta_1", "rise"}  # fmt: skip


@dataclass(frozen=True)
class _Taken:
    """A design of which some parts are taken.

    Args:
        design: The design.
        takes: Keys that all parts share and this one takes.
        told: Its parameters that belong to the part, under the name of the part.
    """

    design: Part
    takes: tuple[str, ...]
    told: Mapping[str, Parameter]


def composed(  # noqa: PLR0913  (the parts, and what they share)
    rule: Mapping[str, Any],
    *,
    doses: int | None = None,
    cohorts: Cohorts | None = None,
    start: int = 0,
    target: float | None = None,
    toxicity: float | None = None,
    efficacy: float | None = None,
    safety: Mapping[str, Any] | Sequence[Mapping[str, Any]] | Literal["none"] | None = None,
    stopping: Mapping[str, Any] | None = None,
    selection: Mapping[str, Any] | None = None,
) -> Part:
    """A design from parts of others.

    Args:
        rule: The dose rule: under `of` the design that it comes from, with keys of that design. Parts that are left out below are
            taken from it too.
        doses: How many doses; left out where the rule tells, as by a skeleton.
        cohorts: Cohort sizes and their number; left out where the rule has its own.
        start: Dose of the first cohort, from 0.
        target: Target toxicity rate, for every part that takes it.
        toxicity: Highest acceptable toxicity rate, for every part that takes it.
        efficacy: Lowest acceptable response rate, for every part that takes it.
        safety: The safety rule, written as `rule`; a list of several, each of which closes doses; none for no safety rule.
        stopping: `stop_at`: ends a trial once the next cohort would stay at a dose that has had so many patients.
        selection: Which dose is selected at the end, written as `rule`.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit a part, TRIAL-002 for values or parts that cannot be.
    """
    given = {"doses": doses, "cohorts": cohorts, "start": start + 1 if start else None, "target": target,
             "toxicity": toxicity, "efficacy": efficacy}  # fmt: skip
    shared = {key: value for key, value in given.items() if value is not None}
    left = {"safety": safety, "selection": selection, "stopping": stopping}
    main = _taken("rule", rule, shared, ("rule", *(part for part, one in left.items() if one is None)))
    if isinstance(cohorts, Cohorts) and "cohorts" not in main.takes:
        main = replace(main, design=replace(main.design, cohorts=cohorts))
    if start and main.design.start != start:
        refuse(f"start {start + 1} with the rule of {main.design.name}", "a rule that can begin there", "leave it out")
    # the others are of as many doses, and of the cohorts that are treated
    inner = shared | {"doses": main.design.doses, "cohorts": main.design.cohorts}
    closing = _several(safety, inner)
    choosing = None if selection is None else _taken("selection", selection, inner, ("selection",))
    parts = [main, *(closing or ()), *(() if choosing is None else (choosing,))]
    if efficacy is not None and not any("efficacy" in part.takes for part in parts):
        refuse("'efficacy', which no part takes", "a part that looks at responses", "leave it out")
    stop_at = None if stopping is None else made(EnoughAtDose, _renamed(stopping), "stopping").patients
    found = compose(
        main.design,
        safety=None if closing is None else [one.design for one in closing],
        selection=None if choosing is None else choosing.design,
        stop_at=stop_at,
    )
    if doses is not None and doses != found.doses:
        refuse(f"{doses} doses, and a rule of {found.doses}", "the same number", "correct the doses, or leave them out")
    told = _shape(found, shared) | {key: one for part in parts for key, one in part.told.items()}
    if safety == "none":
        told["safety"] = Parameter("none", "set")
    if stop_at is not None:
        told["stopping.stop_at"] = Parameter(stop_at, "set")
    return replace(found, parameters=MappingProxyType(told | _aimed_at(told, choosing or main)))


def _shape(found: Part, shared: Mapping[str, Any]) -> dict[str, Parameter]:
    """What all parts share, and what follows where the file leaves it out."""
    told = {"doses": Parameter(found.doses, "set" if "doses" in shared else "derived")}
    if isinstance(found.cohorts, Cohorts):
        text = f"{found.cohorts.number} of {found.cohorts.size_of_each}"
        told["cohorts"] = Parameter(text, "set" if "cohorts" in shared else "derived")
    told["start"] = Parameter(found.start + 1, "set" if "start" in shared else "default")
    return told | {key: Parameter(shared[key], "set") for key in ("target", "toxicity", "efficacy") if key in shared}


def _several(safety: Any, shared: Mapping[str, Any]) -> list[_Taken] | None:
    if safety is None:
        return None
    if safety == "none":
        return []
    if isinstance(safety, Mapping):
        return [_taken("safety", safety, shared, ("safety",))]
    if not isinstance(safety, Sequence) or isinstance(safety, str) or not safety:
        refuse(
            f"safety {safety!r}", "{of: boin, cutoff: 0.95}, a list of such parts, or none", "name a design under `of`"
        )
    return [_taken(f"safety.{k}", one, shared, ("safety",)) for k, one in enumerate(safety, start=1)]


def _taken(where: str, entry: Any, shared: Mapping[str, Any], parts: tuple[str, ...]) -> _Taken:
    """The design that a part of the file names, of which some parts are taken."""
    names = [name for name in MAKERS if name not in _WHOLE]
    if not isinstance(entry, Mapping) or "of" not in entry:
        refuse(f"{where} {entry!r}", "{of: boin}, with keys of that design", "name the design that the part comes from")
    of = str(entry["of"]).lower()
    if of not in names:
        refuse(f"{where} of {of!r}", f"one of {', '.join(names)}", "name one of these")
    own = {str(key): value for key, value in entry.items() if key != "of"}
    wrong = next((key for key in ("cohorts", "start") if key in own), None)
    if wrong is not None:
        refuse(
            f"{wrong!r} in `{where}`",
            "it beside the parts, since they share it",
            f"write `{wrong}` at the top of the file",
        )
    maker = MAKERS[of]
    takes = tuple(key for key in shared if _takes(maker, key) and key not in own)
    values = {key: shared[key] for key in takes} | own
    design = _made(maker, values, where)
    for key in own:
        _does_something(maker, values, (key, where, parts), design)
    told = {f"{where}.of": Parameter(of, "set")}
    for key, one in design.parameters.items():
        if key not in takes and key != "start" and any(_tells(part, key) for part in parts):
            told[f"{where}.{key}"] = replace(one, origin="set") if key in own and one.origin == "default" else one
    return _Taken(design, takes, MappingProxyType(told))


def _tells(part: str, key: str) -> bool:
    """Whether a parameter of a design tells something of a part of it."""
    if part == "stopping":
        return key == "stop_at"
    if part == "safety":
        return key in _SAFETY | _SAFETY_TOO
    return key not in (_NOT_RULE if part == "rule" else _NOT_SELECTION)


def _takes(maker: Callable[..., Any], key: str) -> bool:
    """Whether a function has an argument of that name and kind; the doses of some are amounts, which are not shared."""
    if key not in inspect.signature(maker).parameters:
        return False
    return key != "doses" or get_type_hints(maker)["doses"] is int


def _made(maker: Callable[..., Any], values: Mapping[str, Any], where: str) -> Part:
    turns = dict(convert_for(values))
    if not isinstance(values.get("cohorts"), Mapping):
        turns["cohorts"] = lambda value, _: value
    found: Part = made(maker, values, f"`{where}`", turns)
    return found


def _does_something(
    maker: Callable[..., Any], values: Mapping[str, Any], place: tuple[str, str, tuple[str, ...]], found: Part
) -> None:
    """Refuse a key that changes nothing of the parts that are taken."""
    key, where, parts = place
    argument = inspect.signature(maker).parameters[key]
    if argument.default is argument.empty or values[key] == argument.default:
        return
    try:
        without = _made(maker, {k: v for k, v in values.items() if k != key}, where)
    except TrialError:  # another key needs it
        return
    same = all(getattr(without, part, None) == getattr(found, part, None) for part in parts)
    if same and not any(_tells(part, key) for part in parts):  # what tells of a part may be what the default is
        refuse(
            f"{key!r} in `{where}`, which changes nothing of it",
            "keys that change the part",
            "write it under another part",
        )


def _renamed(stopping: Any) -> Mapping[str, Any]:
    if not isinstance(stopping, Mapping) or set(stopping) != {"stop_at"}:
        refuse(f"stopping {stopping!r}", "{stop_at: 12}", "give the number of patients at a dose")
    return {"patients": stopping["stop_at"]}


def _aimed_at(told: Mapping[str, Parameter], part: _Taken) -> dict[str, Parameter]:
    """The rate, or interval, that scenarios are judged by, where no part shares one: that of the selection."""
    if "target" in told or "toxicity" in told:
        return {}
    every = part.design.parameters
    key = next((key for key in ("target", "toxicity", "interval") if key in every), None)
    return {} if key is None else {key: replace(every[key], origin="derived")}
