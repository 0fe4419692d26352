"""Numbers of inputs and cut-offs of flags, written a second time as named cases of what an input or flag says.

A pin is one line of a table in tests/knowledge/pins: rule set, input, and what is claimed of it in words::

    lee-2014.crs | temperature      | holds 12 h
    lee-2014.crs | high_dose_agent  | norepinephrine from 20 ug/min

Each claim becomes a small course around its number, one minute or one part in a thousand on either side, and what the input must
say there. The numbers stand in the tables and never come from the rule file: a slip there breaks the line by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from knowledge import pinned_frame
from knowledge.files import REGISTRY
from vein2vein.basis.clock import to_microseconds
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.engine import value_at
from vein2vein.engine.plain.index import CourseIndex
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.casepack import as_value
from vein2vein.knowledge.codes import observation_kind, stream
from vein2vein.knowledge.evaluation import evaluate
from vein2vein.knowledge.registry import bound
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import Categories, NumberRange
from vein2vein.record.timeline import CHARTED, Course, Exposure, Milestone, Observation, Patient, Timeline

FOLDER = Path(__file__).with_name("pins")
INFUSED = datetime(2026, 6, 1, 6, tzinfo=UTC)
START = INFUSED + timedelta(hours=2)
ZONE = "Europe/Berlin"
MINUTE = timedelta(minutes=1)
# A limit of the laboratory, and a baseline, by which values are divided or lessened.
LIMIT = 10.0

Row = Observation | Exposure | Milestone


@dataclass(frozen=True)
class Pin:
    """One line of a table."""

    rule_set: str
    input: str
    claim: str

    def __str__(self) -> str:
        return f"{self.rule_set} | {self.input} | {self.claim}"


@cache
def pins() -> dict[str, tuple[Pin, ...]]:
    """All pins by rule set."""
    found: dict[str, list[Pin]] = {}
    for file in sorted(FOLDER.glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                pin = Pin(*(part.strip() for part in line.split("|")))
                found.setdefault(pin.rule_set, []).append(pin)
    return {id: tuple(listed) for id, listed in found.items()}


def broken_pins(raw: dict[str, Any]) -> Iterator[str]:
    """Pins of a rule set that do not hold for a raw rule file, each with what the file says instead."""
    rule = bound(raw, {})
    for pin in pins().get(raw["id"], ()):
        yield from (f"{pin}: {why}" for why in _broken(pin, rule))


def _broken(pin: Pin, rule: RuleSet) -> Iterator[str]:
    for shape, claim in _CLAIMS:
        if found := re.fullmatch(shape, pin.claim):
            yield from claim(rule, pin.input, *found.groups())
            return
    msg = f"{pin}: not a claim that can be checked"
    raise ValueError(msg)


def say(rule: RuleSet, name: str, rows: list[Row], at: datetime, *, followed: datetime | None = None) -> str:
    """What an input says at an instant of a course of these rows."""
    patient = Patient(PatientId("P"), date(1968, 5, 17), "female")
    course = Course(CourseId("C"), patient, zone=ZONE, infused_at=INFUSED, followed_until=followed)
    ordered = Timeline(
        course,
        tuple(sorted((r for r in rows if isinstance(r, Observation)), key=lambda r: r.observed_at)),
        tuple(sorted((r for r in rows if isinstance(r, Exposure)), key=lambda r: r.started_at)),
        tuple(sorted((r for r in rows if isinstance(r, Milestone)), key=lambda r: r.at)),
    )
    return shown(value_at(CourseIndex(ordered), rule.inputs[name], to_microseconds(at))[0])


def shown(value: Any) -> str:
    """A value for people: one number or word, a range, or unknown."""
    match value:
        case NumberRange():
            return (
                f"{value.low:g}"
                if value.is_known
                else "unknown"
                if value == NumberRange()
                else f"{value.low:g} to {value.high:g}"
            )
        case Categories():
            return next(iter(value.possible)) if len(value.possible) == 1 else "unknown"
        case _:
            return {Truth.TRUE: "yes", Truth.FALSE: "no"}.get(value, "unknown")


def _expect(what: str, got: str, wanted: str) -> Iterator[str]:
    if got != wanted:
        yield f"{what}: says {got}, expected {wanted}"


def _recorded(kind: str, at: datetime, value: float | None = None) -> Observation:
    """One row of a kind, with the limits of the laboratory."""
    known = observation_kind(kind)
    if known.type == "yes_no":
        return Observation(kind, at, code="yes")
    if known.type == "category":
        return Observation(kind, at, code=next(iter(known.categories)))
    low, high = known.plausible or (0.0, 100.0)
    return Observation(
        kind, at, (low + high) / 2 if value is None else value, reference_low=LIMIT, reference_high=LIMIT
    )


def _rows(take: Any, at: datetime) -> list[Row]:
    """What makes an input say something at an instant, with the baseline it may ask for."""
    kind = take.total if isinstance(take, methods.ItemSum) else take.observation
    rows: list[Row] = [_recorded(kind, at)]
    if "baseline" in {getattr(take, "relative_to", None), getattr(take, "minus", None)}:
        # Long enough before everything else to lie in no window.
        rows.append(_recorded(kind, INFUSED - timedelta(days=14), LIMIT))
        if take.baseline.before == "lymphodepletion":
            rows.append(Milestone("lymphodepletion", INFUSED - timedelta(days=13)))
    return rows


def _holds(rule: RuleSet, name: str, hours: str) -> Iterator[str]:
    """A value says the same until its hours are over, and not at that instant."""
    take, end = rule.inputs[name], START + timedelta(hours=float(hours))
    rows = _rows(take, START)
    if getattr(take, "gap_hours", None) is not None:
        rows = [_recorded(take.observation, START, take.at_least * 2)]
    first = say(rule, name, rows, START)
    yield from _expect("a minute before the end", say(rule, name, rows, end - MINUTE), first)
    if say(rule, name, rows, end) == first or "unknown" in first:
        yield f"at the end: says {first}, expected something else"


def _within(rule: RuleSet, name: str, hours: str) -> Iterator[str]:
    """Something is seen until its hours are over, and not at that instant."""
    take, end = rule.inputs[name], START + timedelta(hours=float(hours))
    if isinstance(take, methods.Given):
        rows: list[Row] = [Exposure(CHARTED, take.exposure, INFUSED - timedelta(days=99), None)]
        rows.append(Exposure(take.exposure, _agent(take), START, START, reason=(take.only_reasons or (None,))[0]))
        yield from _expect("a minute before the end", say(rule, name, rows, end - MINUTE), "yes")
        yield from _expect("at the end", say(rule, name, rows, end), "no")
        return
    if isinstance(take, methods.SteepestRise):
        before = START - timedelta(hours=1)
        rows = [_recorded(take.observation, before, 1000.0), _recorded(take.observation, START, 3000.0)]
    else:
        rows = _rows(take, START)
    if say(rule, name, rows, end - MINUTE) == say(rule, name, rows, end) or say(rule, name, rows, START) != say(
        rule, name, rows, end - MINUTE
    ):
        yield f"at the end: says {say(rule, name, rows, end)}, a minute before {say(rule, name, rows, end - MINUTE)}"


def _agent(take: Any) -> str:
    if take.agents == "any":
        return next(a for a in stream(take.exposure).agents if a not in take.except_agents)
    first = take.agents[0]
    return str(first if isinstance(first, str) else first.agent)


def _midnight(day: int) -> datetime:
    local = INFUSED.astimezone(ZoneInfo(ZONE)).date() + timedelta(days=day)
    return datetime.combine(local, time(), ZoneInfo(ZONE)).astimezone(UTC)


def _since(rule: RuleSet, name: str, day: str) -> Iterator[str]:
    """Rows from the first minute of a relative day count, earlier ones do not."""
    take, first = rule.inputs[name], _midnight(int(day))
    for at, counts in ((first - MINUTE, False), (first, True), (first + timedelta(days=1) - MINUTE, True)):
        # What is seen against a baseline is seen from the infusion on.
        asked = max(at, INFUSED) if take.relative_to == "baseline" else at
        is_known = say(rule, name, _rows(take, at), asked) != "unknown"
        if is_known != counts:
            yield f"a row at {at:%d %H:%M}: {'counts' if is_known else 'does not count'}"


def _baseline(rule: RuleSet, name: str, days: str) -> Iterator[str]:
    """A baseline counts up to so many days before its anchor, that instant included."""
    take = rule.inputs[name]
    anchor = INFUSED - timedelta(days=2) if take.baseline.before == "lymphodepletion" else INFUSED
    rows: list[Row] = [Milestone("lymphodepletion", anchor)] if anchor != INFUSED else []
    if not isinstance(take, methods.BaselineValue):
        rows.append(_recorded(take.observation, START))
    oldest = anchor - timedelta(days=float(days))
    at = START + MINUTE
    known = say(rule, name, [*rows, _recorded(take.observation, oldest, LIMIT)], at)
    older = say(rule, name, [*rows, _recorded(take.observation, oldest - MINUTE, LIMIT)], at)
    if known == "unknown" or older != "unknown":
        yield f"the oldest says {known}, one a minute older {older}"


def _running(take: Any, agent: str, rate: float, unit: str) -> list[Row]:
    start = INFUSED - timedelta(hours=1)
    return [
        Exposure(CHARTED, take.exposure, INFUSED - timedelta(days=9), None),
        Exposure(
            take.exposure, agent, start, None, rate=rate, rate_unit=unit, reason=(take.only_reasons or (None,))[0]
        ),
    ]


def _from(rule: RuleSet, name: str, agent: str, how: str, rate: str, unit: str) -> Iterator[str]:
    """An agent counts from a rate on (`from`), or only above it (`above`)."""
    take, limit = rule.inputs[name], float(rate)
    wanted = {0.999: "no", 1.0: "yes" if how == "from" else "no", 1.001: "yes"}
    for factor, answer in wanted.items():
        yield from _expect(
            f"{agent} at {limit * factor:g} {unit}",
            say(rule, name, _running(take, agent, limit * factor, unit), START),
            answer,
        )


def _weighs(rule: RuleSet, name: str, agent: str, weight: str, unit: str) -> Iterator[str]:
    """One unit of an agent adds so much to a sum of rates."""
    got = say(rule, name, _running(rule.inputs[name], agent, 10.0, unit), START)
    yield from _expect(f"{agent} at 10 {unit}", got, f"{10 * float(weight):g}")


def _gap(rule: RuleSet, name: str, hours: str) -> Iterator[str]:
    """Two measurements so far apart are one run; a minute further they are not."""
    take, gap = rule.inputs[name], timedelta(hours=float(hours))
    for apart, together in ((gap, True), (gap + MINUTE, False)):
        rows: list[Row] = [_recorded(take.observation, at, take.at_least * 2) for at in (START, START + apart)]
        wanted = f"{apart / timedelta(hours=1):g}" if together else "0"
        yield from _expect(f"{apart} apart", say(rule, name, rows, START + apart), wanted)


def _counts(rule: RuleSet, name: str, how: str, value: str) -> Iterator[str]:
    """Measurements count from a value on (`from`), or only above it (`above`)."""
    take, limit = rule.inputs[name], float(value)
    wanted = {0.999: "0", 1.0: "1" if how == "from" else "0", 1.001: "1"}
    for factor, answer in wanted.items():
        rows: list[Row] = [_recorded(take.observation, START + timedelta(hours=n), limit * factor) for n in (0, 1)]
        yield from _expect(f"at {limit * factor:g}", say(rule, name, rows, START + timedelta(hours=1)), answer)


def _apart(rule: RuleSet, name: str, hours: str) -> Iterator[str]:
    """Two values so far apart make a rise; a minute closer they do not."""
    take, gap = rule.inputs[name], timedelta(hours=float(hours))
    for apart, counts in ((gap, True), (gap - MINUTE, False)):
        rows: list[Row] = [_recorded(take.observation, at, v) for at, v in ((START, 1000.0), (START + apart, 2000.0))]
        got = say(rule, name, rows, START + apart)
        if (got != "unknown") != counts:
            yield f"{apart} apart: says {got}"


def _rise_within(rule: RuleSet, name: str, hours: str) -> Iterator[str]:
    """Two values so far apart are the longest rise that counts."""
    take, gap = rule.inputs[name], timedelta(hours=float(hours))
    for apart, counts in ((gap, True), (gap + MINUTE, False)):
        rows: list[Row] = [_recorded(take.observation, at, v) for at, v in ((START, 1000.0), (START + apart, 2000.0))]
        got = say(rule, name, rows, START + apart)
        if (got != "unknown") != counts:
            yield f"{apart} apart: says {got}"


def _on_days(kind: str, values: dict[int, float], *, hour: int = 8) -> list[Row]:
    return [_recorded(kind, _midnight(day) + timedelta(hours=hour), value) for day, value in values.items()]


def _days(rule: RuleSet, name: str, first: str, last: str) -> Iterator[str]:
    """Days from the first to the last count, both included."""
    take, a, b = rule.inputs[name], int(first), int(last)
    end = _midnight(b + 3)
    match take:
        case methods.CountDays():
            rows = _on_days(take.observation, dict.fromkeys((a - 1, a, b, b + 1), 5.0))
            yield from _expect("four days", say(rule, name, rows, end, followed=end), "2")
        case methods.NthLowestDay():
            inside = dict.fromkeys(range(a + 1, b), 90.0)
            rows = _on_days(take.observation, {a - 1: 1.0, a: 5.0, **inside, b: 7.0, b + 1: 2.0})
            yield from _expect(
                f"the {take.n}. lowest", say(rule, name, rows, end, followed=end), {1: "5", 2: "7"}[take.n]
            )
        case _:
            low = take.at_most / 2
            every = dict.fromkeys(range(a - 2, b + 3), take.at_most * 9)
            early = _on_days(take.observation, every | dict.fromkeys((a - 1, a, a + 1), low))
            yield from _expect("low at the beginning", say(rule, name, early, end, followed=end), "2")
            late = _on_days(take.observation, every | dict.fromkeys((b - 1, b, b + 1), low))
            yield from _expect("low at the end", say(rule, name, late, end, followed=end), "2")


def _nth(rule: RuleSet, name: str, n: str) -> Iterator[str]:
    """Of the days of a window, the n-th lowest."""
    take = rule.inputs[name]
    lows = {take.from_day + day: float(10 + day) for day in range(9)}
    end = _midnight(take.from_day + 12)
    yield from _expect(
        "ten days", say(rule, name, _on_days(take.observation, lows), end, followed=end), f"{9 + int(n)}"
    )


def _low(rule: RuleSet, name: str, how: str, value: str) -> Iterator[str]:
    """Days count up to a value (`up to`), or only below it (`below`)."""
    take, limit = rule.inputs[name], float(value)
    for factor, counts in ((0.98, True), (1.0, how == "up to"), (1.02, False)):
        every = dict.fromkeys(range(take.from_day, take.to_day + 1), limit * 9)
        lows = dict.fromkeys(range(take.from_day + 5, take.from_day + 8), limit * factor)
        end = _midnight(take.to_day + 2)
        got = say(rule, name, _on_days(take.observation, every | lows), end, followed=end)
        yield from _expect(f"three days at {limit * factor:g}", got, "3" if counts else "0")


def _today(rule: RuleSet, name: str, hours: str) -> Iterator[str]:
    """The last value above the limit speaks for today so many hours long."""
    take = rule.inputs[name]
    every = dict.fromkeys(range(take.from_day, take.from_day + 4), take.at_most * 9)
    last = _midnight(take.from_day + 3) + timedelta(hours=8)
    end = last + timedelta(hours=float(hours))
    rows = _on_days(take.observation, every)
    yield from _expect("a minute before the end", say(rule, name, rows, end - MINUTE), "0")
    yield from _expect("at the end", say(rule, name, rows, end), "0 to 1")


def _flag(rule: RuleSet, number: str, answer: str, given: str) -> Iterator[str]:
    """Whether a flag is shown when inputs have these values, all others the typical ones."""
    told: dict[str, Any] = {**rule.typical}
    for part in given.split(","):
        key, _, word = part.partition("=")
        told[key.strip()] = float(word) if re.fullmatch(r"-?[\d.]+", word.strip()) else word.strip()
    values = {name: as_value(rule, name, told.get(name)) for name in rule.inputs}
    words = {"yes": Truth.TRUE, "no": Truth.FALSE}
    over_time = {name: words.get(str(told.get(name)), Truth.UNKNOWN) for name in rule.over_time}
    is_shown = int(number.removeprefix("flag ")) - 1 in evaluate(rule, values, over_time).flags
    yield from _expect(given, "shown" if is_shown else "not shown", answer)


_CLAIMS: tuple[tuple[str, Callable[..., Iterator[str]]], ...] = (
    (r"holds ([\d.]+) h", _holds),
    (r"seen for ([\d.]+) h", _within),
    (r"since day (-?\d+)", _since),
    (r"baseline of ([\d.]+) days", _baseline),
    (r"days (-?\d+) to (-?\d+)", _days),
    (r"number (\d+)", _nth),
    (r"days (up to|below) ([\d.]+)", _low),
    (r"today for ([\d.]+) h", _today),
    (r"runs with gaps of ([\d.]+) h", _gap),
    (r"pairs ([\d.]+) h apart", _apart),
    (r"pairs within ([\d.]+) h", _rise_within),
    (r"measured (from|above) ([\d.]+)", _counts),
    (r"(\S+) weighs ([\d.]+) per (\S+)", _weighs),
    (r"(\S+) (from|above) ([\d.]+) (\S+)", _from),
    (r"(shown|not shown) with (.+)", _flag),
    *pinned_frame.CLAIMS,
)


def is_broken(raw: dict[str, Any]) -> bool:
    """Whether a pin of the rule set notices what a raw rule file says."""
    try:
        return any(True for _ in broken_pins(raw))
    except KnowledgeError:
        return True


def unknown_rule_sets() -> set[str]:
    """Rule sets of the tables that do not exist."""
    return set(pins()) - set(REGISTRY.ids)
