"""What frames the conditions of a rule set, pinned: its window, the end of its episodes, its bands, and criteria about time.

None of these stands in `inputs:`, and no worked case has a time, so a slip in them needs a claim of its own. Lines of tables::

    lee-2014.crs | window            | from the infusion
    lee-2014.crs | episodes          | over after 24 h
    lee-2014.crs | high_dose_lasting | lasts 3 h
    lee-2014.crs | after_fever       | clear after 24 h
    ipi-1993.ipi | bands             | high from 4

The claims are those of `knowledge.pinned`, which checks them; the slips that they must notice are here too.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from vein2vein.basis.clock import from_microseconds, to_microseconds
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.basis.truth import Truth
from vein2vein.engine.episodes import EpisodeWords, Scales, derive_episodes
from vein2vein.engine.plain.engine import CourseGrader
from vein2vein.engine.plain.over_time import OverTime
from vein2vein.engine.steps import Steps
from vein2vein.engine.verdict import VERDICTS
from vein2vein.knowledge.predicates import Sustained
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.tables import COURSES
from vein2vein.record.timeline import Course, Observation, Patient, Timeline

INFUSED = datetime(2026, 6, 1, 6, tzinfo=UTC)
FIRST_ROW = INFUSED - timedelta(days=20)
ZONE = "Europe/Berlin"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OF_TIME = {"hours", "clear_hours"}

Claim = tuple[str, Callable[..., Iterator[str]]]


def _hours(text: str) -> timedelta:
    return timedelta(hours=float(text))


def _window(rule: RuleSet, _name: str, side: str, where: str) -> Iterator[str]:
    """The first instant of a window, or the first after it; a last day is within the window."""
    course = Course(CourseId("C"), Patient(PatientId("P"), date(1968, 5, 17), "female"), zone=ZONE, infused_at=INFUSED)
    grader = CourseGrader(Timeline(course, (Observation("body_temperature", FIRST_ROW, 37.0),), (), ()), rule)
    found = grader.opens if side == "from" else grader.closes
    wanted: datetime | None = {"the first record": FIRST_ROW, "the infusion": INFUSED, "without end": None}.get(where)
    if where.startswith("day "):
        day = int(where.removeprefix("day ")) + (side == "to")
        local = datetime.combine(INFUSED.date() + timedelta(days=day), time(), ZoneInfo(ZONE))
        wanted = local.astimezone(UTC)
    said = None if found is None else from_microseconds(found)
    if said != wanted:
        yield f"{'opens' if side == 'from' else 'closes'} at {said}, expected {wanted}"


def _states(rule: RuleSet, told: list[tuple[timedelta, int]], last: timedelta) -> list[str]:
    """States of the episodes of a course with these grades from these times on, looked at last at a time."""
    starts = [INFUSED + after for after, _ in told]
    rows = [
        {"course_id": "C", "rule_set_id": rule.id, "from_at": start, "until_at": end, "low": grade, "high": grade}
        | {"deciding": [], "missing": [], "flags": []}
        for start, end, (_, grade) in zip(starts, [*starts[1:], None], told, strict=True)
    ]
    verdicts = pl.DataFrame(rows, schema=dict(VERDICTS))
    courses = pl.DataFrame(
        [{"course_id": "C", "patient_id": "P", "zone": ZONE, "infused_at": INFUSED}], schema=dict(COURSES)
    )
    nowhere, look = np.zeros(len(rows), np.int64), np.array([[to_microseconds(INFUSED + last)]])
    steps = Steps.of(verdicts, course=nowhere, rule_set=nowhere, looks=look)
    found = derive_episodes(steps, Scales([(rule.id, EpisodeWords.of(rule))]), courses)
    return found["state"].to_list()


def _over(rule: RuleSet, _name: str, text: str) -> Iterator[str]:
    """An episode is over after so many hours without a sign, and a sign a minute earlier is of the same episode."""
    gap, lowest = _hours(text), rule.result.lowest + 1
    told = [(0 * HOUR, lowest), (HOUR, 0)]
    for apart, states in ((gap - MINUTE, ["censored"]), (gap, ["resolved"])):
        if (found := _states(rule, told, HOUR + apart)) != states:
            yield f"{apart} without a sign: {found}, expected {states}"
    for apart, states in ((gap - MINUTE, ["ongoing"]), (gap, ["resolved", "ongoing"])):
        if (found := _states(rule, [*told, (HOUR + apart, lowest)], HOUR + apart)) != states:
            yield f"another sign after {apart}: {found}, expected {states}"


def _criterion(rule: RuleSet, name: str, told: list[tuple[timedelta, tuple[Truth, ...]]]) -> str:
    """Truth of a criterion about time after its parts had these truths from these times on."""
    when = rule.criteria[name].when
    assert isinstance(when, Sustained) == (len(told[0][1]) == 1)
    world = OverTime(when)  # type: ignore[arg-type]
    return [world.step(to_microseconds(INFUSED + after), parts) for after, parts in told][-1].name


def _lasts(rule: RuleSet, name: str, text: str) -> Iterator[str]:
    """A criterion is met when its part has held so many hours, and not a minute earlier."""
    holds = (Truth.TRUE,)
    for after, wanted in ((_hours(text) - MINUTE, "FALSE"), (_hours(text), "TRUE")):
        if (found := _criterion(rule, name, [(0 * HOUR, holds), (after, holds)])) != wanted:
            yield f"after {after}: {found}, expected {wanted}"


def _clear(rule: RuleSet, name: str, text: str) -> Iterator[str]:
    """A masked syndrome is recognised until so many hours without a sign have passed."""
    seen, gone = (Truth.TRUE, Truth.TRUE, Truth.TRUE), (Truth.FALSE, Truth.FALSE, Truth.FALSE)
    for after, wanted in ((_hours(text) - MINUTE, "TRUE"), (_hours(text), "FALSE")):
        told = [(0 * HOUR, seen), (HOUR, gone), (HOUR + after, gone)]
        if (found := _criterion(rule, name, told)) != wanted:
            yield f"after {after}: {found}, expected {wanted}"


def _band(rule: RuleSet, _name: str, band: str, first: str) -> Iterator[str]:
    """A band begins with a value, and the value below lies in another one or in none."""
    for value, inside in ((int(first) - 1, False), (int(first), True)):
        reached = [b.name for b in rule.bands if b.at_least <= value]
        if (reached[-1:] == [band]) != inside:
            yield f"{value} lies in {reached[-1] if reached else 'no band'}"


def _means(rule: RuleSet, _name: str, value: str, means: str) -> Iterator[str]:
    """A published point of the translation of a score."""
    found = {point.value: point.means for point in rule.score_map}.get(int(value))
    if found != means:
        yield f"{value} means {found}"


CLAIMS: tuple[Claim, ...] = (
    (r"(from) (the first record|the infusion|day -?\d+)", _window),
    (r"(to) (the infusion|day -?\d+)", _window),
    (r"()(without end)", _window),
    (r"over after ([\d.]+) h", _over),
    (r"lasts ([\d.]+) h", _lasts),
    (r"clear after ([\d.]+) h", _clear),
    (r"([\w-]+) from (-?\d+)", _band),
    (r"(\d+) means (.+)", _means),
)


def frame_slips(raw: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every rule file with one end of the window, one number of episodes, bands, score map or time, or one chosen number changed.

    Counts move by 1, hours and what is measured by a tenth. The ends of a window also become the instant of the infusion,
    or its day, or none.
    """
    for path, value in _places(raw):
        for moved in _moves(path, value, in_tenths=_in_tenths(raw, path)):
            copied = copy.deepcopy(dict(raw))
            node: Any = copied
            for part in path[:-1]:
                node = node[part]
            node[path[-1]] = moved
            if path[0] == "parameters":
                node.pop("minimum", None), node.pop("maximum", None)
            yield f"{'.'.join(map(str, path))}: {value} -> {moved}", copied


def _in_tenths(raw: Mapping[str, Any], path: tuple[Any, ...]) -> bool:
    """Whether a number is of hours, or is measured and not counted."""
    if path[0] == "parameters":
        parameter = raw["parameters"][path[1]]
        return parameter.get("unit") == "h" or isinstance(parameter["default"], float)
    return path[-1] in {"gap_hours", *OF_TIME}


def _moves(path: tuple[Any, ...], value: Any, *, in_tenths: bool) -> tuple[Any, ...]:
    if path[0] == "window":
        near = () if not isinstance(value, int) else (value - 1, value + 1)
        return (*near, *(other for other in ("infusion", 0, None) if other != value))
    step = value / 10 if in_tenths else 1
    return value - step, value + step


def _places(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Where such numbers stand, with their values; a parameter that inputs name is theirs."""
    for end in ("opens", "closes"):
        yield ("window", end), (raw.get("window") or {}).get(end)
    for part in ("episodes", "bands", "score_map"):
        yield from _numbers((part,), raw.get(part), {"gap_hours", "at_least", "value"})
    yield from _numbers(("criteria",), raw.get("criteria"), OF_TIME)
    of_inputs = set(_named(raw["inputs"]))
    for name, parameter in (raw.get("parameters") or {}).items():
        value = parameter["default"]
        if name not in of_inputs and isinstance(value, int | float) and not isinstance(value, bool):
            yield ("parameters", name, "default"), value


def _numbers(path: tuple[Any, ...], node: Any, keys: set[str]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    inside = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, part in inside:
        if key in keys and isinstance(part, int | float):
            yield (*path, key), part
        yield from _numbers((*path, key), part, keys)


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, str) and node.startswith("$"):
        yield node.removeprefix("$")
    for part in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from _named(part)
