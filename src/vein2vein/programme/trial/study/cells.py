"""Randomised studies of cells against salvage on the patient's calendar, as a design file.

Place    Programme, trial, study.
In       `published: zuma-7`, or both arms, what follows progression, accrual, an event definition; the plan of `randomised`;
         scenarios that change parts. A published trial is cut at its published month, in one look, unless the file says so.
Out      `CellStudy`: simulated power and duration, patients by way of counting, boundaries with expected months, curves.
Knows    Months of looks and curves come from `SHOWN` simulated trials with seed 1, denominators from one block of them, each with
         its Monte Carlo error; results from as many as asked.
Checked  tests/unit/programme/trial/study/test_cells.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Final

import numpy as np

from vein2vein.programme.trial.calendar import After, Cells, Lognormal, Salvage
from vein2vein.programme.trial.cell_trial import CellTrial
from vein2vein.programme.trial.continued import Continued
from vein2vein.programme.trial.endpoints import DEFINITIONS as BY_TRIAL
from vein2vein.programme.trial.endpoints import EventDefinition, counted
from vein2vein.programme.trial.randomised.accrual import Accrual
from vein2vein.programme.trial.randomised.batch import BLOCK
from vein2vein.programme.trial.randomised.events import CutOff
from vein2vein.programme.trial.randomised.refuse import refuse_events
from vein2vein.programme.trial.randomised.simulate import Analysis, simulate
from vein2vein.programme.trial.study import randomised_tables
from vein2vein.programme.trial.study.information import of_cells
from vein2vein.programme.trial.study.published_parts import marked, parts_of, published
from vein2vein.programme.trial.study.randomised import TURNS, Looks, one_way, result_of, stopping
from vein2vein.programme.trial.study.randomised_words import read_weights
from vein2vein.programme.trial.study.reading import Convert, cases_of, made, parameters_of, refuse
from vein2vein.programme.trial.study.results import (
    Curve,
    Curves,
    Figure,
    Result,
    Table,
    mean_of,
    median_of,
    months_to,
    ratio_of,
)
from vein2vein.programme.trial.words import Floats, Parameter

OTHER: Final = ("design", "title", "scenarios", "search", "protocol")
CELLS: Final = ("cell-trial",)
SHOWN: Final = 4 * BLOCK
PARTS: Final = ("control", "cells", "after", "accrual", "definition", "ratio", "visits_late")
DEFINITIONS: Final[Mapping[str, EventDefinition]] = {name.lower(): one for name, one in BY_TRIAL.items()}


@dataclass(frozen=True)
class CellStudy:
    """A randomised trial of cells with the truths in which it is looked at.

    Args:
        name: What people call it.
        looks: The plan as asked for.
        analysis: Bounds, cut-offs and weights.
        events: Events of the last look.
        parameters: Every choice with its value, origin and source.
        worlds: Name and truth of each scenario; the first is the planned one.
    """

    name: str
    looks: Looks
    analysis: Analysis
    events: int
    parameters: Mapping[str, Parameter]
    worlds: tuple[tuple[str, CellTrial], ...]
    is_exact: ClassVar[bool] = False

    @property
    def most(self) -> int:
        """Patients of the planned scenario."""
        return self.worlds[0][1].size

    @property
    def drift(self) -> float | None:
        """Mean of z at the last look if the planned hazard ratio holds; see `Randomised.drift`."""
        return self.looks.drift(self.events, _share(self.worlds[0][1]))

    def results(self, *, trials: int, seed: int, executor: Executor | None = None) -> tuple[Result, ...]:
        """What the design does in each scenario, simulated with errors; see `Randomised.results`."""
        return tuple(
            result_of(name, simulate(world, self.analysis, trials, seed, executor=executor), self.analysis, seed)
            for name, world in self.worlds
        )

    def tables(self) -> tuple[Table, ...]:
        """Boundaries with dates, and patients of the experimental arm by way of counting."""
        _, planned = self.worlds[0]
        cuts = self.analysis.cut_offs
        seen = np.sort(np.concatenate([planned.block(1, k).seen for k in range(SHOWN // BLOCK)]), axis=1)
        months = [_look(cut, seen) for cut in cuts]
        share, first = _share(planned), self.looks.first_patient
        looks = randomised_tables.boundaries(
            self.analysis.plan, cuts, months, share=share, first=first, weights=self.analysis.weights
        )
        return replace(looks, simulated=(SHOWN, 1)), self._counted()

    def _counted(self) -> Table:
        rows = []
        for name, world in self.worlds:
            cells = world.histories(1, 0)[1]
            for way, (patients, responders) in counted(cells, world.cells.response_day).items():
                all_of_them = bool((patients == patients[0]).all()) and way == "enrolled"  # as many in each trial
                figures = (
                    Figure(float(patients[0]), None, "patients") if all_of_them else mean_of(patients, "patients"),
                    mean_of(responders, "patients"),
                    ratio_of(responders, patients),
                )
                rows.append((name, way, *map(str, figures)))
            infused = cells.infusion[np.isfinite(cells.infusion)]
            days = str(median_of(infused, "days")) if len(infused) else "never"
            rows.append((name, "days to infusion", days, "", ""))
        heads = ("scenario", "denominator", "patients", "responders", "rate")
        return Table("denominators", heads, tuple(rows), simulated=(BLOCK, 1))

    def curves(self) -> tuple[Curves, ...]:
        """Survival without the event of the definition, and numbers at risk at the last look."""
        return tuple(_curves(name, world, self.analysis.cut_offs[-1]) for name, world in self.worlds)


def _share(world: CellTrial) -> float:
    """Part of the patients in the experimental arm."""
    return 1 - world.in_control / world.size


def _curves(name: str, world: CellTrial, cut: CutOff) -> Curves:
    blocks = [world.block(1, k) for k in range(SHOWN // BLOCK)]
    entry, event = (np.concatenate([getattr(b, what) for b in blocks]) for what in ("entry", "followed"))
    seen = np.sort(entry + event, axis=1)
    last = min(_look(cut, seen).value, 120.0)
    months, k = months_to(last), world.in_control
    arms = []
    for arm, columns in (("control", slice(None, k)), ("experimental", slice(k, None))):
        free = event[:, columns, None] > months
        followed = last - entry[:, columns, None] >= months
        shares, people = free.mean(axis=1), (free & followed).sum(axis=1).astype(np.float64)  # one row per trial
        errors = tuple(one.std(axis=0, ddof=1) / math.sqrt(len(one)) for one in (shares, people))
        arms.append(Curve(arm, shares.mean(axis=0), people.mean(axis=0), (errors[0], errors[1])))
    return Curves(name, months, tuple(arms), (SHOWN, 1))


def _look(cut: CutOff, seen: Floats) -> Figure:
    """Median month of a look over simulated trials, from their months of events in order; the calendar month if earlier."""
    month = math.inf if cut.month is None else cut.month
    if cut.events is None:
        return Figure(month, None, "months")
    return median_of(np.minimum(seen[:, cut.events - 1], month), "months")


def read_cells(name: str, content: Mapping[str, Any]) -> CellStudy:
    """A cell-therapy study of a design file.

    Args:
        name: Name of the design.
        content: The whole file.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit; TRIAL-002 for values that cannot be; TRIAL-041 for too many events.
    """
    given = {str(key): value for key, value in content.items() if key not in OTHER}
    one_way(given)
    chosen: dict[str, Any] = {key: given.pop(key) for key in PARTS if key in given}
    source = published(given.pop("published")) if "published" in given else None
    parts = chosen if source is None else _merged(parts_of(source), chosen)
    usual = {} if source is None else {"looks": 1, "spending": "obrien-fleming", "month": source.cut()}
    if "boundaries" in given:
        usual.pop("spending", None)
    looks = made(Looks, usual | given, f"the design {name}", TURNS)
    worlds = []
    for entry in cases_of(content) or [{"name": "planned"}]:
        changes = {key: value for key, value in entry.items() if key != "name"}
        unknown = [key for key in changes if key not in PARTS]
        if unknown:
            refuse(f"{unknown[0]!r} in scenario {entry['name']!r}", f"keys {', '.join(PARTS)}", "correct the key")
        worlds.append((str(entry["name"]), _world(_merged(parts, changes), str(entry["name"]))))
    parameters = stopping(looks, usual | given, parameters_of(Looks, given, "")) | _parameters(parts)
    looks, analysis, events = _analysis(
        looks, worlds, parameters, by_events=source is None or bool({"events", "hazard_ratio"} & set(given))
    )
    if source is not None:
        for key in usual.keys() - given.keys():
            told = "published cut" if key == "month" else "one look"
            parameters[key] = Parameter(usual[key], "default", f"{source.id}: {told}")
        parameters = marked(parameters, source, parts, chosen)
    title = "cells against salvage, event-driven" if source is None else f"{source.name}, as published"
    return CellStudy(title, looks, analysis, events, parameters, tuple(worlds))


def _analysis(
    looks: Looks, worlds: list[tuple[str, CellTrial]], parameters: dict[str, Parameter], *, by_events: bool
) -> tuple[Looks, Analysis, int]:
    """The plan, the analysis and the events of its last look; 0 where data are cut at a calendar month only."""
    plan = replace(looks, information=None).plan()
    if not by_events:
        if looks.information is not None:
            refuse("information, and no events", "events of the last look", "add `events: 150`, or leave it out")
        del parameters["information"]
        if len(plan.t) > 1 or looks.month is None:
            refuse("several looks, and no events", "events of the last look", "add `events: 150`")
        return looks, Analysis(plan, (CutOff(month=looks.month),), read_weights(looks.test)), 0
    share = _share(worlds[0][1])
    events = looks.events_for(plan, share)
    for _, world in worlds:
        if events > world.size:
            refuse_events(f"{events} events of {world.size} patients", "from 1 to the number of patients")
    looks, analysis = looks.analysis(share, partial(of_cells, worlds[0][1]), parameters)
    return looks, analysis, events


def _parameters(parts: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of both arms and of accrual."""
    found = parameters_of(_cell_trial, {key: value for key, value in parts.items() if key != "after"}, "")
    found.pop("after")  # each arm has its own
    for arm, after in zip(("control", "experimental"), parts.get("after", ()), strict=False):
        found |= {f"after.{arm}.{key}": parameter for key, parameter in parameters_of(After, after, "").items()}
    return found


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Values with some of them changed, nested ones key by key."""
    found = dict(values)
    for key, value in changes.items():
        old = found.get(key)
        nested = isinstance(value, Mapping) and isinstance(old, Mapping)
        found[key] = _merged(old, value) if nested else value  # type: ignore[arg-type]
    return found


def _world(parts: Mapping[str, Any], name: str) -> CellTrial:
    return made(_cell_trial, parts, f"scenario {name!r}", _PARTS)


def _cell_trial(  # noqa: PLR0913  (the parts of a trial, by their keys)
    control: Salvage | Continued,
    cells: Cells,
    after: tuple[After, After],
    accrual: Accrual,
    *,
    definition: EventDefinition | None,
    ratio: tuple[int, int] = (1, 1),
    visits_late: float = 0.0,
) -> CellTrial:
    return CellTrial(control, cells, after, accrual, definition, ratio, visits_late)


def _definition(value: Any) -> EventDefinition | None:
    if isinstance(value, str):
        if value == "death":
            return None
        if value not in DEFINITIONS:
            refuse(f"definition {value!r}", f"one of {', '.join(DEFINITIONS)}, death", "choose one, or write its keys")
        return DEFINITIONS[value]
    return made(EventDefinition, value, "the event definition")


def _accrual(value: Any) -> Accrual:
    months = isinstance(value, Mapping) and "months" in value
    return made(Accrual.over, value, "accrual") if months else made(_rising, value, "accrual")


def _rising(patients: int, rates: tuple[float, ...], starts: tuple[float, ...] = (0.0,)) -> Accrual:
    return Accrual(patients, rates, starts)


def _days(value: Any) -> Lognormal:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Lognormal(float(value))
    return made(Lognormal, value, "days, or a dose")


_PARTS: Final[Mapping[str, Convert]] = {
    "Lognormal": lambda value, _: _days(value),
    "definition": lambda value, _: _definition(value),
    "accrual": lambda value, _: _accrual(value),
}
