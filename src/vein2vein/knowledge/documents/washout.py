"""What must have stopped how long before cells are collected, which markers must be fresh, which blood is irradiated.

Place    Floor 1. Read by `journey.collection`.
In       Files of kind `wash-out` (knowledge/data/washout).
Out      For the last dose of a drug the earliest instant of collection by each rule.
Knows    A rule in hours is counted on the clock: 72 hours after 15:00 is 15:00. A rule in days is counted on the calendar of the
         centre: the earliest instant is the start of the local day. Neither is turned into the other.
Missing  A rule that tells doses apart holds as possible where the dose is not known. A rule without an interval flags and
         gives no instant.
Checked  worked cases of every file; tests/unit/journey/collection
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, model_validator

from vein2vein.basis.clock import day_start, from_microseconds, hours, local_date, to_microseconds, zone_of
from vein2vein.basis.truth import Truth
from vein2vein.knowledge.codes import observation_kind, stream
from vein2vein.knowledge.edition import Edition, Status, Strict, Text, Wording

UNSTATED: Final = "unspecified"
"""Agent of a row that does not say which drug it was."""


class WashoutRule(Strict):
    """One class of drugs.

    Attributes:
        row: Name of the rule.
        stream: Stream of exposures.
        agents: Agents of the stream; "any" for all.
        or_in: Further streams with agents that count, such as a drug that was recorded among lymphodepletion.
        setting: In which patients it was written: oncology or autoimmune.
        strength: required, advised (better waited for), or flag (no interval is known).
        hours: Interval on the clock.
        days: Interval on the calendar; exactly one of hours and days, none for a flag.
        preferred_days: A longer interval that the source prefers where it is feasible.
        dose_from: Single dose in mg/m2 from which the rule holds, inclusive.
        dose_below: Single dose in mg/m2 below which it holds.
    """

    row: Text
    label: Wording
    stream: Text
    agents: tuple[Text, ...] | Literal["any"]
    or_in: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    setting: Literal["oncology", "autoimmune"] = "oncology"
    strength: Literal["required", "advised", "flag"] = "required"
    hours: float | None = None
    days: int | None = None
    preferred_days: int | None = None
    dose_from: float | None = None
    dose_below: float | None = None
    status: Status
    source: Text
    note: Text | None = None

    @model_validator(mode="after")
    def _is_coherent(self) -> WashoutRule:
        given = [n for n in (self.hours, self.days) if n is not None]
        if len(given) != (0 if self.strength == "flag" else 1):
            msg = "a rule has hours or days, and a flag neither"
            raise ValueError(msg)
        for name, agents in self.streams.items():
            strangers = set() if agents == "any" else set(agents) - set(stream(name).agents)
            if strangers:
                msg = f"{name} has no agents {sorted(strangers)}"
                raise ValueError(msg)
        return self

    @property
    def streams(self) -> dict[str, tuple[str, ...] | Literal["any"]]:
        """Agents by stream; "any" for all of a stream."""
        return {self.stream: self.agents, **self.or_in}

    def concerns(self, stream: str, agent: str, dose: float | None = None) -> Truth:
        """Whether the rule is about a dose of an agent.

        Unknown where the rule tells doses apart and the dose (mg/m2) is not known, and for an agent that nobody stated.
        """
        agents = self.streams.get(stream, ())
        if agent == UNSTATED and agents and agents != "any":
            return Truth.UNKNOWN
        if agents != "any" and agent not in agents:
            return Truth.FALSE
        if self.dose_from is None and self.dose_below is None:
            return Truth.TRUE
        if dose is None:
            return Truth.UNKNOWN
        above = self.dose_from is None or dose >= self.dose_from
        return Truth.of(above and (self.dose_below is None or dose < self.dose_below))

    def earliest(self, last: datetime, zone: str) -> datetime | None:
        """The earliest instant of collection after a last dose at `last`; None for a flag."""
        if self.hours is not None:
            # Adding to the local time would count an hour too few or too many across a change of the clock.
            return from_microseconds(to_microseconds(last) + hours(self.hours))
        return None if self.days is None else _day_after(last, self.days, zone)

    def preferred(self, last: datetime, zone: str) -> datetime | None:
        """The instant that the source prefers; None where it prefers none."""
        return None if self.preferred_days is None else _day_after(last, self.preferred_days, zone)


class Marker(Strict):
    """A marker of infection that must be fresh at the collection: a kind of observation, at most so many calendar days old."""

    observation: Text
    within_days: int
    everywhere: bool = True
    status: Status

    @model_validator(mode="after")
    def _is_known(self) -> Marker:
        observation_kind(self.observation)
        return self


class Irradiation(Strict):
    """Cellular blood products are irradiated from so many days before the collection to so many after the infusion, inclusive."""

    days_before_collection: int
    days_after_infusion: int
    status: Status


class WashoutCase(Strict):
    """One example: an agent and its last dose (ISO with offset) and the earliest instants by rule; or an age of a marker."""

    name: Text
    given: dict[str, Any]
    expect: dict[str, Any]
    source: Text | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matched:
    """A rule that is or may be about a dose, with the instants that follow from it."""

    rule: WashoutRule
    truth: Truth
    earliest: datetime | None
    preferred: datetime | None


class Washout(Edition):
    """Rules before the collection of cells."""

    RULE_PARTS: ClassVar = ("rules", "markers", "irradiation")

    kind: Literal["wash-out"]
    rules: Annotated[tuple[WashoutRule, ...], Field(min_length=1)]
    markers: tuple[Marker, ...] = ()
    irradiation: Irradiation | None = None
    worked_cases: Annotated[tuple[WashoutCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_unique_rows(self) -> Washout:
        names = [rule.row for rule in self.rules]
        if len(set(names)) != len(names):
            msg = f"rows stand twice: {sorted({n for n in names if names.count(n) > 1})}"
            raise ValueError(msg)
        strangers = {rule.source for rule in self.rules} - {source.key for source in self.sources}
        if strangers:
            msg = f"rules name sources that the head does not list: {sorted(strangers)}"
            raise ValueError(msg)
        return self

    def of_setting(self, setting: str) -> tuple[WashoutRule, ...]:
        """The rules written for a setting."""
        return tuple(rule for rule in self.rules if rule.setting == setting)

    def matched(
        self, setting: str, *, stream: str, agent: str, last: datetime, zone: str, dose: float | None = None
    ) -> tuple[Matched, ...]:
        """The rules that are or may be about a last dose, in the order of the file."""
        found = []
        for rule in self.of_setting(setting):
            truth = rule.concerns(stream, agent, dose)
            if truth.is_possible:
                found.append(Matched(rule, truth, rule.earliest(last, zone), rule.preferred(last, zone)))
        return tuple(found)

    def case_failure(self, case: WashoutCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        got = self._answer(case.given)
        return None if got == case.expect else f"expected {case.expect}, got {got}"

    def _answer(self, given: dict[str, Any]) -> dict[str, Any]:
        if "marker" in given:
            marker = next((m for m in self.markers if m.observation == given["marker"]), None)
            if marker is None:
                return {"fresh": None}
            return {"fresh": given["days_old"] <= marker.within_days, "everywhere": marker.everywhere}
        if "irradiation" in given:
            window = self.irradiation
            return {} if window is None else window.model_dump(exclude={"status"})
        matched = self.matched(
            given.get("setting", "oncology"),
            stream=given["stream"],
            agent=given["agent"],
            last=datetime.fromisoformat(given["last"]),
            zone=given["zone"],
            dose=given.get("dose"),
        )
        return {m.rule.row: _shown(m, given["zone"]) for m in matched}


def _shown(matched: Matched, zone: str) -> list[str | None]:
    instants = (matched.earliest, matched.preferred)
    shown = [None if at is None else at.astimezone(zone_of(zone)).isoformat() for at in instants]
    return [matched.truth.value, matched.rule.strength, *shown]


def _day_after(last: datetime, days: int, zone: str) -> datetime:
    return from_microseconds(day_start(local_date(last, zone) + timedelta(days=days), zone))
