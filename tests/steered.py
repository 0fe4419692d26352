"""Random courses steered to where rule sets change their mind.

Times come from few values (and from holding times after them), values from the cut-offs and their neighbours, agents and reasons
from the clauses of the rule. Rows are few, missing ones common. Unsteered courses would hardly ever touch a boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from told import Told, told_course
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.codes import observation_kind, streams
from vein2vein.knowledge.predicates import Compare, walk
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import CHARTED, UNSPECIFIED, Course, Exposure, Milestone, Observation, Patient, Timeline

if TYPE_CHECKING:
    import numpy as np

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Shanghai", "Asia/Beirut")
# Infusions on the day before a clock change in Berlin, Los Angeles and Beirut, and on plain days.
INFUSIONS = (
    datetime(2026, 3, 28, 9, 30, tzinfo=UTC),
    datetime(2026, 3, 7, 22, 0, tzinfo=UTC),
    datetime(2026, 10, 24, 12, 0, tzinfo=UTC),
    datetime(2026, 6, 1, 0, 0, tzinfo=UTC),
)
SHORT_HOURS = (-30, -8, -1, 0, 1, 2, 3, 5, 8, 11, 12, 13, 20, 24, 25, 30, 36, 48, 60, 72, 73, 96)
LIMITS = (None, 1.0, 10.0, 40.0)


class Steering:
    """Draws courses for one rule set from one generator."""

    def __init__(self, rule: RuleSet, rng: np.random.Generator) -> None:
        self.rule = rule
        self.rng = rng
        self.cut_offs: dict[str, list[float]] = {}
        for condition in rule.conditions:
            for node in walk(condition):
                if isinstance(node, Compare):
                    self.cut_offs.setdefault(node.input, []).append(node.cut_off)
        # What speaks about the time before the infusion gets its rows there.
        self.shift = timedelta(hours=-100 if rule.window.closes == "infusion" else 0)
        self.by_days = any(hasattr(take, "from_day") for take in rule.inputs.values())

    def pick(self, pool: Sequence[Any]) -> Any:
        return pool[int(self.rng.integers(len(pool)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def timeline(self, number: int) -> Timeline:
        """One course: random rows, the rows of a worked case, or both."""
        infused = self.pick(INFUSIONS)
        observations: list[Observation] = []
        exposures: list[Exposure] = []
        told = told_course(self, infused) if self.chance(0.5) else None
        is_pure = told is not None and self.chance(0.6)
        if told is not None:
            observations += told.observations
            exposures += told.exposures
        for name, take in self.rule.inputs.items():
            if is_pure or self.chance(0.2 if told is None else 0.8):
                continue
            for kind, cut_offs in self._kinds(name, take):
                observations += self._observations(infused, take, kind, cut_offs)
            if hasattr(take, "exposure"):
                exposures += self._exposures(infused, take)
        observations += [
            Observation("weight", infused + timedelta(hours=h), value=self.pick((10.0, 70.0)))
            for h in (-30, 5)
            if self.chance(0.4)
        ]
        return Timeline(
            self._course(number, infused, told),
            tuple(sorted(observations, key=lambda o: o.observed_at)),
            tuple(sorted(exposures, key=lambda e: e.started_at)),
            tuple(sorted(self._milestones(infused, told), key=lambda m: m.at)),
        )

    def _course(self, number: int, infused: datetime, told: Told | None) -> Course:
        born = self.pick(
            (
                None,
                date(1960, 5, 5),
                date(2014, 3, 29),
                date(2016, 2, 29),
                date(2025, 3, 30),
                infused.date().replace(year=2020),
            )
        )
        indications = [
            t for t in self.rule.inputs.values() if isinstance(t, methods.CourseField) and t.field == "indication"
        ]
        pool = [None, "other-disease", *(c for t in indications for c in t.categories)]
        if told is not None and told.age is not None:
            born = date(infused.year - int(told.age) - 1, 12, 30)
        if told is not None and told.indication is not None:
            pool = [told.indication]
        days = 120 if self.by_days else 5
        return Course(
            CourseId(f"c{number:05d}"),
            Patient(PatientId(f"p{number:05d}"), born, self.pick((None, "female", "male"))),
            product=self.pick((None, "axi-cel")),
            indication=self.pick(pool),
            zone=self.pick(ZONES),
            infused_at=None if told is None and self.chance(0.03) else infused,
            followed_until=None
            if self.chance(0.4)
            else infused + timedelta(hours=int(self.rng.integers(0, 24 * days))),
        )

    def _at(self, infused: datetime, take: object) -> datetime:
        if hasattr(take, "from_day") or (self.by_days and self.chance(0.5)):
            low, high = getattr(take, "from_day", 0), getattr(take, "to_day", 30)
            day = int(self.rng.integers(low - 2, min(high, low + 45) + 3))
            return infused + timedelta(days=day, hours=self.pick((-14, -3, 0, 2, 9, 14)))
        hold = getattr(take, "holds_hours", None) or getattr(take, "within_hours", None) or 0
        jitter = self.pick((0, 0, 0, hold))
        return infused + self.shift + timedelta(hours=self.pick(SHORT_HOURS) + jitter)

    def _kinds(self, name: str, take: methods.Input) -> list[tuple[str, list[float]]]:
        cut_offs = self.cut_offs.get(name, [])
        if isinstance(take, methods.ItemSum):
            return [(k, [lo, hi]) for k, (lo, hi) in take.items.items()] + [(take.total, cut_offs)]
        if isinstance(take, methods.MeasuredSpan | methods.DayRun | methods.UnrecoveredRun):
            cut = take.at_least if isinstance(take, methods.MeasuredSpan) else take.at_most
            return [(take.observation, [cut])]
        observation = getattr(take, "observation", None)
        items = [(kind, [lo, hi]) for kind, (lo, hi) in getattr(take, "items", {}).items()]
        return [] if observation is None else [*items, (observation, cut_offs)]

    def _observations(
        self, infused: datetime, take: methods.Input, kind: str, cut_offs: list[float]
    ) -> list[Observation]:
        n = int(self.rng.integers(5, 40)) if hasattr(take, "from_day") else int(self.rng.integers(0, 5))
        return [self._observation(self._at(infused, take), take, kind, cut_offs) for _ in range(n)]

    def _observation(self, at: datetime, take: methods.Input, kind: str, cut_offs: list[float]) -> Observation:
        definition = observation_kind(kind)
        if definition.type == "yes_no":
            return Observation(kind, at, code=self.pick(("yes", "no")))
        if definition.type == "category":
            return Observation(kind, at, code=self.pick(tuple(definition.categories)))
        low_limit, high_limit = self.pick(LIMITS), self.pick(LIMITS)
        cut = self.pick(cut_offs or [1.0])
        relative = getattr(take, "relative_to", None)
        if relative == "upper_limit" and high_limit is not None:
            cut *= high_limit
        if relative == "lower_limit" and low_limit is not None:
            cut *= low_limit
        step = 10.0**-definition.decimals
        value = round(
            cut + self.pick((-1, -step, 0, 0, step, 1)) if self.chance(0.8) else cut * self.pick((0, 2, 5)),
            definition.decimals,
        )
        return Observation(
            kind,
            at,
            value=value,
            comparator=self.pick((None, None, None, None, None, "<", ">", "<=", ">=")),
            reference_low=low_limit,
            reference_high=high_limit,
            usability="ok" if self.chance(0.95) else "not-assessable",
        )

    def _exposures(self, infused: datetime, take: Any) -> list[Exposure]:
        stream = streams()[take.exposure]
        found = []
        clauses = () if take.agents == "any" else take.agents
        agents = [c if isinstance(c, str) else c.agent for c in clauses] + list(stream.agents)[:4] + [UNSPECIFIED]
        rates = [c for c in clauses if not isinstance(c, str) and c.rate_unit]
        for _ in range(int(self.rng.integers(0, 3))):
            start = infused + timedelta(hours=self.pick(SHORT_HOURS))
            length = self.pick((None, 0, 1, 3, 4, 24, 30))
            rate, unit = None, None
            if self.chance(0.7):
                clause = self.pick(rates) if rates else None
                base = 0.0 if clause is None else clause.rate_above or clause.rate_at_least or 0.0
                rate = round(base + self.pick((-0.01, 0, 0, 0.01, 1)), 4)
                unit = self.pick([clause.rate_unit if clause else "ug/min", *stream.rate_units, "ug/kg/min"])
            reasons = [None, None, *take.except_reasons, *(take.only_reasons or ()), *list(stream.reasons)[:2]]
            found.append(
                Exposure(
                    take.exposure,
                    self.pick(agents),
                    start,
                    None if length is None else start + timedelta(hours=length),
                    rate=rate,
                    rate_unit=unit,
                    reason=self.pick(reasons),
                )
            )
        if self.chance(0.7):
            start = infused + timedelta(hours=self.pick((-48, -48, 0, 12)))
            end = self.pick((None, None, start + timedelta(hours=20), start + timedelta(hours=72)))
            found.append(Exposure(CHARTED, take.exposure, start, end))
            if self.chance(0.3) and end is not None:
                found.append(Exposure(CHARTED, take.exposure, end, end + timedelta(hours=24)))
        return found

    def _milestones(self, infused: datetime, told: Told | None) -> list[Milestone]:
        found = [Milestone("infusion", infused), *([] if told is None else told.milestones)]
        if self.chance(0.7):
            found.append(Milestone("lymphodepletion", infused - timedelta(days=self.pick((1, 5)))))
        hours = self.pick(SHORT_HOURS) if not self.by_days else 24 * self.pick((3, 16, 29, 30, 45))
        if self.chance(0.15 if told is None else 0.02):
            causes = [c for t in self.rule.inputs.values() if isinstance(t, methods.Death) for c in t.causes]
            found.append(
                Milestone(
                    "death", infused + timedelta(hours=max(hours, 1)), detail=self.pick([None, "infection", *causes])
                )
            )
        if self.chance(0.2):
            found.append(Milestone(self.pick(("progression", "subsequent_therapy")), infused + timedelta(hours=hours)))
        return found


def steered_timelines(rule: RuleSet, rng: np.random.Generator, n: int) -> list[Timeline]:
    """`n` courses steered to the boundaries of one rule set."""
    steering = Steering(rule, rng)
    return [steering.timeline(number) for number in range(n)]
