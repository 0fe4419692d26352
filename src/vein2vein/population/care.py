"""The team at the bedside: it sees severities, gives what the protocol says, and what it gives changes what comes next.

Place    Floor 4. After `severity`, before everything that observes.
In       A block (parameters care.*), patients, way, natural courses, a protocol.
Out      `Acute`: severities after treatment, intended ASTCT grades, administrations, intensive care, discharge, death.

Equations
    ln severity = natural ln severity x product over doses of effect^ramp, where the ramp rises from 0 at the dose to 1 after
    effect_over_hours: treatment lowers the grade and leaves the length of the syndrome as it is, which is the published one
    under treatment. An agent that is given on (steroids, anakinra) acts from its first dose.
    Above 3 it is stretched or shrunk so that grade4_severity becomes 4, a latent severity that is fitted: of the treated
    courses that reach grade 3, the share grade4_of_severe passes it.
    Every STEP hours the team looks; a rule whose limit has been passed for after_hours gives its agent, a lag (exponential)
    later. Grade 4 lasts some hours longer than the curve says. Grade = floor(severity), 0 to 4; of CRS that of the signs
    that show (see `fever`). Intensive care while either severity is at or above care.icu_severity. Whoever reaches grade 4
    dies of it with a fixed probability.

Does not Look ahead: a decision at t rests on severities up to t.
Checked  tests/unit/population/test_care.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.fever import Fever, draw_fever
from vein2vein.population.protocols import Dose, Protocol, Rule, Syndrome
from vein2vein.population.severity import Natural
from vein2vein.population.states import Acute, Flags, Floats, Given, Integers, Numbers, Patients, Way, Words
from vein2vein.population.way import REFERRED_CLOCK

STEP = 3
_SYNDROMES: tuple[Syndrome, ...] = ("crs", "icans")
_NEVER = np.float32(-5.0)
_GRADE_4 = 4
_QUARTERS = 4
_FIRST_DEATH_HOURS, _LAST_DEATH_HOURS = 12.0, 96.0


def draw_acute(  # noqa: PLR0913, PLR0917  (everything that the team sees)
    block: Block, patients: Patients, way: Way, crs: Natural, icans: Natural, protocol: Protocol, days: int
) -> Acute:
    """Treat the courses of a block for `days` days after the infusion."""
    hours = np.arange(24 * days, dtype=np.float32)
    natural: dict[Syndrome, Floats] = {"crs": crs.log_severity(hours), "icans": icans.log_severity(hours)}
    for course in natural.values():
        course[~way.is_infused] = _NEVER
    doses = _decide(block, natural, protocol)
    limits = {name: block.parameter(f"{name}.grade4_severity") for name in _SYNDROMES}
    treated = {name: np.exp(_treated(natural[name], doses, name, hours)) for name in _SYNDROMES}
    severity = {name: _lasting(block, name, _scaled(treated[name], limits[name])) for name in _SYNDROMES}
    clock = np.nan_to_num((REFERRED_CLOCK + way.infused) % 24)
    fever = draw_fever(block, clock, severity["crs"], _first(doses, block.n))
    grade: dict[Syndrome, Numbers] = {
        "crs": fever.grade,
        "icans": np.clip(severity["icans"], 0, _GRADE_4).astype(np.int8),
    }
    died, cause = _deaths(block, grade)
    some = (grade["crs"] >= 1) | (grade["icans"] >= 1)
    icu_from, icu_until = _intensive_care(block, np.maximum(severity["crs"], severity["icans"]))
    return Acute(
        crs_severity=severity["crs"],
        icans_severity=severity["icans"],
        crs_grade=grade["crs"],
        icans_grade=grade["icans"],
        temperature=fever.temperature,
        given=_with_antipyretics(block, _given(doses, some, patients), fever, patients),
        icu_from=icu_from,
        icu_until=icu_until,
        discharged=_discharged(block, some, way, died, icu_until),
        died=died,
        died_of=cause,
    )


@dataclass(frozen=True)
class _Agent:
    """Doses of one agent: hours, shape (courses, doses), infinite where not given; for a drug given on only the first.

    `reason` is the syndrome for which each course was given it first.
    """

    rule: Rule
    hours: Floats
    reason: Words
    log_effect: dict[Syndrome, float]

    def ramp(self, t: float) -> Floats:
        """Sum over doses of how far each has come to bear, shape (courses,)."""
        found: Floats = np.clip((t - self.hours) / self.rule.effect_over_hours, 0.0, 1.0).sum(axis=-1)
        return found


def _decide(block: Block, natural: Mapping[Syndrome, Floats], protocol: Protocol) -> list[_Agent]:
    """Walk through the hours in steps; the agents with the doses decided on the way."""
    agents = _agents(block, protocol)
    if not agents:
        return []
    n = block.n
    lag = (
        np.round(_QUARTERS * block.parameter("care.lag_hours") * block.stream("care/lag").exponential(1.0, n))
        / _QUARTERS
    )
    limits = [max(float(np.log(_number(block, rule.severity))), 0.0) for rule in protocol.rules]
    since = [np.full(n, np.inf) for _ in protocol.rules]
    shown = {name: np.ascontiguousarray(natural[name][:, ::STEP].T) for name in _SYNDROMES}
    # Treatment never raises a severity, so that steps whose natural severities pass no limit need no look.
    passes = np.stack([(shown[rule.for_] >= limits[place]).any(axis=1) for place, rule in enumerate(protocol.rules)])
    for step in np.flatnonzero(passes.any(axis=0)):
        t = float(step * STEP)
        seen = {name: shown[name][step].copy() for name in _SYNDROMES}
        _act(seen, agents, t)
        for place in np.flatnonzero(passes[:, step]):
            rule = protocol.rules[place]
            above = seen[rule.for_] >= limits[place]
            if not (step and passes[place, step - 1]):
                since[place][:] = np.inf
            since[place] = np.where(above, np.minimum(since[place], t), np.inf)
            _give(agents[rule.agent], rule, above & (t - since[place] >= rule.after_hours), t + lag)
    return list(agents.values())


def _act(seen: dict[Syndrome, Floats], agents: Mapping[str, _Agent], t: float) -> None:
    """Lower the severities at hour t by what has been given."""
    begun = [agent for agent in agents.values() if np.isfinite(agent.hours[:, 0]).any()]
    for agent in begun:
        ramp = agent.ramp(t)
        for name, effect in agent.log_effect.items():
            seen[name] *= np.exp(effect * ramp)


def _agents(block: Block, protocol: Protocol) -> dict[str, _Agent]:
    """Every agent of the protocol once; the first rule that names it says how it acts."""
    found: dict[str, _Agent] = {}
    for rule in protocol.rules:
        if rule.agent not in found:
            effect = {name: float(np.log(_number(block, size))) for name, size in rule.effect.items()}
            doses = np.full((block.n, rule.most or 1), np.inf)
            found[rule.agent] = _Agent(rule, doses, np.full(block.n, None, dtype=object), effect)
    return found


def _give(agent: _Agent, rule: Rule, due: Flags, at: Floats) -> None:
    """Enter the next dose of the courses that are due, unless they had all doses or the last too lately."""
    course = np.flatnonzero(due)
    if not len(course):
        return
    hours = agent.hours
    count = np.isfinite(hours[course]).sum(axis=1)
    last = np.where(count > 0, hours[course, np.maximum(count - 1, 0)], -np.inf)
    free = (count < hours.shape[1]) & (at[course] - last >= rule.every_hours)
    hours[course[free], count[free]] = at[course[free]]
    agent.reason[course[count == 0]] = rule.for_


def _treated(natural: Floats, agents: list[_Agent], name: Syndrome, hours: Floats) -> Floats:
    """Logarithm of the severity under the joint effect of all agents; only the courses that were given something change."""
    found = natural.copy()
    for agent in agents:
        if name not in agent.log_effect:
            continue
        over, effect = np.float32(agent.rule.effect_over_hours), np.float32(agent.log_effect[name])
        for dose in agent.hours.T:
            course = np.flatnonzero(np.isfinite(dose))
            ramp = np.clip((hours[None, :] - dose[course, None].astype(np.float32)) / over, 0, 1)
            found[course] *= np.exp(effect * ramp)
    return found


def _scaled(severity: Floats, grade4: float) -> Floats:
    """Severity with the part above 3 stretched or shrunk so that the latent severity of grade 4 becomes 4."""
    above = severity > _GRADE_4 - 1
    severity[above] = 3 + (severity[above] - 3) / np.float32(grade4 - 3)
    return severity


def _lasting(block: Block, name: Syndrome, severity: Floats) -> Floats:
    """Severity with grade 4, once reached, held for some time: support is not taken away in the hour in which it could be."""
    worst = severity >= _GRADE_4
    who = np.flatnonzero(worst.any(axis=1))
    noise = block.stream(f"{name}/grade4").standard_normal(block.n)
    longer = block.parameter(f"{name}.grade4_longer_hours") * np.exp(block.parameter("care.stay_sdlog") * noise)
    hours = np.arange(severity.shape[1])
    until = _last(worst[who]) + longer[who]
    inside = (hours > worst[who].argmax(axis=1)[:, None]) & (hours <= until[:, None]) & (severity[who] >= 1)
    severity[who] = np.where(inside, np.maximum(severity[who], _GRADE_4), severity[who])
    return severity


def _given(agents: list[_Agent], some: Flags, patients: Patients) -> Given:
    """Administrations: doses decided one by one as they are, drugs given on in their interval until the syndromes are over."""
    parts: list[tuple[Integers, Floats, _Agent]] = []
    clear = _last(some) + 1.0
    for agent in agents:
        rule = agent.rule
        if rule.most is not None:
            course, dose = np.nonzero(np.isfinite(agent.hours))
            parts.append((course, agent.hours[course, dose], agent))
            continue
        course = np.flatnonzero(np.isfinite(agent.hours[:, 0]))
        start = agent.hours[course, 0]
        stop = np.minimum(np.maximum(clear[course] + rule.until_clear_hours, start), start + rule.longest_hours)
        times = np.floor((stop - start) / rule.every_hours).astype(np.int64) + 1
        order = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        parts.append((np.repeat(course, times), np.repeat(start, times) + rule.every_hours * order, agent))
    return _joined(parts, patients)


def _joined(parts: list[tuple[Integers, Floats, _Agent]], patients: Patients) -> Given:
    """The administrations of all agents, one agent after the other; none of a protocol without rules."""
    lengths = [len(course) for course, _, _ in parts]
    courses = np.concatenate([np.zeros(0, np.int32), *(course for course, _, _ in parts)]).astype(np.int32)
    dose = [_amount(agent.rule.dose, patients.weight_kg[course]) for course, _, agent in parts]

    def words(found: list[str]) -> Words:
        return np.repeat(np.array(found, dtype=object), lengths)

    return Given(
        course=courses,
        hour=np.concatenate([np.zeros(0), *(hour for _, hour, _ in parts)]),
        stream=words([agent.rule.stream for _, _, agent in parts]),
        agent=words([agent.rule.agent for _, _, agent in parts]),
        dose=np.concatenate([np.zeros(0), *dose]),
        unit=words([agent.rule.dose.unit for _, _, agent in parts]),
        reason=np.concatenate([np.zeros(0, dtype=object), *(agent.reason[course] for course, _, agent in parts)]),
    )


def _amount(dose: Dose, weight: Floats) -> Floats:
    light = dose.per_kg if dose.per_kg_light is None else dose.per_kg_light
    per_kg = np.where(weight < dose.light_below_kg, light, dose.per_kg)
    found: Floats = np.round(np.minimum(per_kg * weight, dose.most))
    return np.maximum(found, 1.0)


def _first(agents: list[_Agent], n: int) -> Floats:
    """Hour of the first dose of anything, infinite where nothing was given."""
    found: Floats = np.min([np.full(n, np.inf), *(agent.hours[:, 0] for agent in agents)], axis=0)
    return found


def _with_antipyretics(block: Block, given: Given, fever: Fever, patients: Patients) -> Given:
    """The administrations with those of paracetamol."""
    most, per_kg = block.parameter("care.paracetamol_most_mg"), block.parameter("care.paracetamol_mg_per_kg")
    dose = np.round(np.minimum(per_kg * patients.weight_kg[fever.course], most), -1)
    count = len(fever.course)

    def same(word: str | None) -> Words:
        return np.full(count, word, dtype=object)

    parts = (
        fever.course.astype(np.int32),
        fever.hour,
        same("antipyretic"),
        same("paracetamol"),
        dose,
        same("mg"),
        same(None),
    )
    names = ("course", "hour", "stream", "agent", "dose", "unit", "reason")
    return Given(*(np.concatenate([getattr(given, name), part]) for name, part in zip(names, parts, strict=True)))


def _deaths(block: Block, grade: Mapping[Syndrome, Numbers]) -> tuple[Floats, Words]:
    """Death of CRS or ICANS some hours after grade 4 is reached; the earlier one counts."""
    died = np.full(block.n, np.nan)
    cause: Words = np.full(block.n, None, dtype=object)
    for name in _SYNDROMES:
        draws = block.stream(f"{name}/death").random((2, block.n))
        reached = (grade[name] >= _GRADE_4).any(axis=1) & (draws[0] < block.parameter(f"{name}.fatal_at_grade4"))
        first = np.argmax(grade[name] >= _GRADE_4, axis=1)
        later = _FIRST_DEATH_HOURS + (_LAST_DEATH_HOURS - _FIRST_DEATH_HOURS) * draws[1]
        at = np.where(reached, np.round(first + later, 2), np.nan)
        sooner = reached & ~(died <= at) & (at < grade[name].shape[1])
        died[sooner], cause[sooner] = at[sooner], name
    return died, cause


def _intensive_care(block: Block, severity: Floats) -> tuple[Floats, Floats]:
    need = severity >= block.parameter("care.icu_severity")
    ever = need.any(axis=1)
    start = np.where(ever, np.argmax(need, axis=1), np.nan)
    stop = np.where(ever, _last(need) + 1 + block.parameter("care.icu_after_hours"), np.nan)
    return start, stop


def _discharged(  # noqa: PLR0917
    block: Block, some: Flags, way: Way, died: Floats, icu_until: Floats
) -> Floats:
    """The planned day, or a day after the last sign; never while in intensive care; at the hour of the infusion."""
    noise = block.stream("care/stay").standard_normal(block.n)
    planned = 24 * block.parameter("care.stay_days_median") * np.exp(block.parameter("care.stay_sdlog") * noise)
    clear = _last(some) + 1 + block.parameter("care.stay_after_toxicity_hours")
    home = np.maximum(np.maximum(planned, clear), np.nan_to_num(icu_until) + 24)
    home = 24 * np.ceil(home / 24)
    return np.where(way.is_infused & ~(died <= home), home, np.nan)


def _last(there: Flags) -> Floats:
    """Last hour at which something is there, -1 where it never is."""
    found = there.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return np.where(there.any(axis=1), found, -1).astype(np.float64)


def _number(block: Block, named: float | str) -> float:
    return block.parameter(named) if isinstance(named, str) else named
