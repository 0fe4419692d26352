"""IEC-HS: a second wave of inflammation with cytopenia, low fibrinogen and liver injury, after CRS.

Place    Floor 4. After care (it follows the CRS that was treated), before counts and chemistry (which it drives).
In       Patients, relative expansion, the acute course, the parameters hyperinflammation.*.
Out      `Hyperinflammation`: who, from when to when, how severe, and what was given for it.
Knows    The chance per course is a parameter of the setting. Who of the courses gets it follows CRS severity, expansion and
         baseline inflammation, by weights on the log odds whose mean is taken away, so that the chance stays near the
         parameter. It starts as CRS resolves (or on a drawn day where there was none) and shortens with anakinra.
Does not Model splenomegaly or marrow findings. Grades come from what is stated and given: see observe.
Checked  tests/unit/population/test_hyperinflammation.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vein2vein.population.states import Rows, Spans
from vein2vein.population.visits import DAYS, LAST_DAILY, MORNING

if TYPE_CHECKING:
    from vein2vein.population.blocks import Block
    from vein2vein.population.states import Acute, Flags, Floats, Kinetics, Patients

_MILD, _MODERATE, _SEVERE, _LIFE_THREATENING = 1, 2, 3, 4


@dataclass(frozen=True)
class Hyperinflammation:
    """Who has IEC-HS; arrays of shape (courses,), hours since infusion, NaN where there is none.

    Attributes:
        from_hour: Diagnosis by the team.
        until_hour: When the team calls it over.
        peak: Driver of ferritin, liver and coagulation; 0 without the syndrome, about 1 to 4 with it.
        severity: Intended grade 0 to 4.
        anakinra: Whether anakinra is given.
        bleeds: Whether there is bleeding that needs transfusion.
        kidney: Whether there is new acute kidney injury.
        dies: Whether it is fatal (at `until_hour`).
    """

    from_hour: Floats
    until_hour: Floats
    peak: Floats
    severity: Floats
    anakinra: Flags
    bleeds: Flags
    kidney: Flags
    dies: Flags

    def driver(self) -> Floats:
        """Strength on each draw of the calendar, shape (courses, columns): rises over two days, falls after the end."""
        day = (DAYS * 24 + MORNING)[None, :]
        start = np.nan_to_num(self.from_hour, nan=1e9)[:, None] - 36
        stop = np.nan_to_num(self.until_hour, nan=1e9)[:, None]
        rise = np.clip((day - start) / 48, 0, 1)
        fall = np.exp(-np.maximum(day - stop + 48, 0) / 60)
        inside = (day > start) & (DAYS <= LAST_DAILY)[None, :]
        return np.where(inside, self.peak[:, None] * rise * fall, 0.0)


def draw_hyperinflammation(  # noqa: PLR0917  (what IEC-HS depends on)
    block: Block, patients: Patients, kinetics: Kinetics, acute: Acute, infused: Flags
) -> Hyperinflammation:
    """Draw who gets IEC-HS, when, how severe, and how it is treated."""
    value = block.parameter
    n = block.n
    peak_crs = acute.crs_severity.max(axis=1)
    drive = (
        value("hyperinflammation.log_odds_per_crs") * np.minimum(peak_crs, 4.0)
        + value("hyperinflammation.log_odds_per_expansion") * kinetics.z
        + value("hyperinflammation.log_odds_per_inflammation") * patients.inflammation
    )
    wanted = value("hyperinflammation.probability")
    odds = wanted / (1 - wanted) * np.exp(drive - value("hyperinflammation.centre"))
    has = (block.stream("hyperinflammation/who").random(n) < odds / (1 + odds)) & infused
    start = _start(block, acute)
    alive = np.isnan(acute.died) | (acute.died > start + 24)
    has &= alive

    shares = np.array(block.setting.values("hyperinflammation.severity_shares"))
    severity = 1.0 + np.searchsorted(np.cumsum(shares), block.stream("hyperinflammation/severity").random(n))
    severity = np.minimum(severity, _LIFE_THREATENING)
    rng = block.stream("hyperinflammation/course")
    use, bleed, kidney, die = rng.random((4, n))
    anakinra = (severity >= _MODERATE) & (use < value("hyperinflammation.anakinra_use"))
    length = value("hyperinflammation.duration_days_median") * 24 * np.exp(0.4 * rng.standard_normal(n))
    length *= np.where(anakinra, value("hyperinflammation.anakinra_duration_factor"), 1.0) * (0.7 + 0.15 * severity)
    height = value("hyperinflammation.peak_mild") + value("hyperinflammation.peak_per_grade") * (severity - 1)
    height *= np.exp(0.15 * rng.standard_normal(n))
    none = ~has
    return Hyperinflammation(
        from_hour=np.where(has, start, np.nan),
        until_hour=np.where(has, start + length, np.nan),
        peak=np.where(has, height, 0.0),
        severity=np.where(has, severity, 0.0),
        anakinra=anakinra & has,
        bleeds=has & (severity == _SEVERE) & (bleed < value("hyperinflammation.bleeding_of_severe"))
        | has & (severity == _LIFE_THREATENING),
        kidney=has & (severity >= _SEVERE) & (kidney < value("hyperinflammation.kidney_of_severe")),
        dies=(die < value("hyperinflammation.death_of_severe")) & (severity >= _SEVERE) & ~none,
    )


def _start(block: Block, acute: Acute) -> Floats:
    """The hour of diagnosis: a lag after the last hour of CRS, or a drawn day where CRS never came."""
    rng = block.stream("hyperinflammation/onset")
    hours = acute.hours
    on = acute.crs_severity >= 1
    ended = np.where(on.any(axis=1), hours - np.argmax(on[:, ::-1], axis=1), np.nan)
    lag = block.parameter("hyperinflammation.lag_after_crs_days") * 24 * np.exp(0.6 * rng.standard_normal(block.n))
    alone = (
        block.parameter("hyperinflammation.onset_days_without_crs") * 24 * np.exp(0.25 * rng.standard_normal(block.n))
    )
    # A team rounds: the diagnosis is made at a ward round, four hours after the morning draw.
    raw = np.where(np.isnan(ended), alone, np.minimum(ended, 20 * 24) + lag)
    return np.asarray(np.round(np.maximum(raw, 72) / 24) * 24 + MORNING + 4, np.float64)


def observe_hyperinflammation(hyper: Hyperinflammation, infused: Flags, until: Floats) -> tuple[Rows, Spans]:
    """What the team states about IEC-HS, and what is given for it.

    Everybody has a statement that there is none at the infusion, which holds until it is changed; during the syndrome bleeding
    and kidney injury are stated every two days, yes or no, so that its grade does not stay open.
    """
    everybody = np.nonzero(infused)[0]
    parts = [Rows.coded("iec_hs", everybody, np.full(len(everybody), MORNING), "no")]
    who = np.nonzero(~np.isnan(hyper.from_hour) & (hyper.from_hour < until))[0]
    start, stop = hyper.from_hour[who], np.minimum(hyper.until_hour[who], until[who])
    parts.append(Rows.coded("iec_hs", who, start, "yes"))
    over = stop < until[who]
    parts.append(Rows.coded("iec_hs", who[over], stop[over], "no"))
    steps = int(np.ceil(np.max(stop - start, initial=0) / 48))
    for step in range(steps):
        hour = start + 48 * step
        some = hour < stop
        for kind, answer in (
            ("bleeding_transfusion", hyper.bleeds & (hyper.severity < _LIFE_THREATENING)),
            ("bleeding_life_threatening", hyper.bleeds & (hyper.severity == _LIFE_THREATENING)),
            ("acute_kidney_injury", hyper.kidney),
            ("cytopenia_new_or_worse", hyper.severity > 0),
        ):
            stated = np.where(answer[who[some]], 1, 0).astype(np.int16)
            parts.append(Rows.coded(kind, who[some], hour[some], stated))
    return Rows.join(parts), _given(hyper, who, start, stop)


def _given(
    hyper: Hyperinflammation, who: np.ndarray[tuple[int], np.dtype[np.int64]], start: Floats, stop: Floats
) -> Spans:
    """Anakinra daily, steroids with the reason IEC-HS from grade 2, cryoprecipitate where there is bleeding."""
    parts = [Spans.of("transfusion", "cryoprecipitate", who[:0], start[:0], start[:0])]
    grade = hyper.severity[who]
    for name, agent, dose, reason, chosen in (
        ("anticytokine", "anakinra", 200.0, None, hyper.anakinra[who]),
        ("corticosteroid", "dexamethasone", 10.0, "iec-hs", grade >= _MODERATE),
    ):
        for day in range(int(np.ceil(np.max(stop - start, initial=0) / 24))):
            hour = start + 1 + 24 * day
            some = chosen & (hour < stop)
            amount = np.full(int(some.sum()), dose)
            at = hour[some]
            parts.append(Spans.of(name, agent, who[some], at, at, amount=amount, amount_unit="mg", reason=reason))
    for day in (0, 2):
        hour = start + 2 + 24 * day
        some = hyper.bleeds[who] & (hour < stop)
        parts.append(Spans.of("transfusion", "cryoprecipitate", who[some], hour[some], hour[some]))
    return Spans.join(parts)
