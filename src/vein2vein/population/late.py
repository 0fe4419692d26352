"""Months and years: B-cell aplasia, immunoglobulins, CD4 cells, second malignancy, delayed neurotoxicity, quality of life.

Place    Floor 4. After outcome and counts; nothing depends on it.
In       Patients, expansion, infections, counts, outcome, the parameters late.*.
Out      `Late`, and its observations, exposures and milestones.
Knows    B cells are gone from lymphodepletion on. They come back at a lognormal time whose median is that of the product,
         earlier after weak expansion and before relapse. IgG falls towards a level, faster after products that kill plasma
         cells, and is lifted by replacement. The tests are taken at the visits of days 28, 90, 180, 270, 365 and so on.
Does not Hold any text of a questionnaire: scores only, drawn from a course (fall, recovery, fall with progression). Does not
         change survival for a second malignancy.
Checked  tests/unit/population/test_late.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vein2vein.population.marrow import before, wander
from vein2vein.population.outcome import MONTH, PARTIAL
from vein2vein.population.states import Events, Rows, Spans
from vein2vein.population.visits import BASELINE, DAYS

if TYPE_CHECKING:
    from vein2vein.population.blocks import Block
    from vein2vein.population.counts import Counts
    from vein2vein.population.infections import Infections
    from vein2vein.population.outcome import Outcome
    from vein2vein.population.states import Flags, Floats, Kinetics, Patients, Words
    from vein2vein.population.visits import Visits

_IMMUNE_DAYS: Final = np.isin(DAYS, (-6, 28, 90, 180, 270, 365, 545, 730, 1095, 1460, 1825))
_ASKED_DAYS: Final = np.isin(DAYS, (-6, 28, 90, 180, 270, 365, 545, 730))
_ADULT = 18
_LOW_IGG = 4.0
_REPLACED_DAYS = 30


@dataclass(frozen=True)
class Late:
    """Late events and values; hours since infusion, values at the columns of `visits.DAYS`.

    Attributes:
        b_cells_back: B cells are found again.
        b_cells: CD19 cells, 10^9/L.
        cd4: CD4 cells, 10^9/L.
        igg: g/L, with replacement.
        replaced: Whether immunoglobulin is given at a visit and monthly to the next, shape as values.
        second_malignancy: Hours; NaN for most.
        malignancy: Detail of the milestone.
        movement: Onset of parkinsonism; NaN for nearly everybody.
        palsy: Onset of cranial nerve palsy.
        enterocolitis: Onset of enterocolitis.
        quality: QLQ-C30 global health score, 0 to 100.
        vas: EQ visual analogue scale, 0 to 100.
    """

    b_cells_back: Floats
    b_cells: Floats
    cd4: Floats
    igg: Floats
    replaced: Flags
    second_malignancy: Floats
    malignancy: Words
    movement: Floats
    palsy: Floats
    enterocolitis: Floats
    quality: Floats
    vas: Floats


def draw_late(  # noqa: PLR0917  (what the months after depend on)
    block: Block, patients: Patients, kinetics: Kinetics, counts: Counts, infections: Infections, outcome: Outcome
) -> Late:
    """Draw what happens in the months and years after."""
    value, n = block.parameter, block.n
    back, b_cells = _b_cells(block, kinetics, outcome)
    igg, replaced = _igg(block, patients, infections, back)
    cd4 = np.minimum(counts.lymphocytes * 0.9, _cd4(block))
    second, which = _second_malignancy(block)
    rng = block.stream("late/delayed")
    chance, when = rng.random((3, n)), rng.standard_normal((3, n))
    onset = {}
    for at, name in enumerate(("movement", "palsy", "enterocolitis")):
        hour = value(f"late.{name}_day") * 24 * np.exp(value(f"late.{name}_sdlog") * when[at])
        onset[name] = np.where(chance[at] < value(f"late.{name}_probability"), np.floor(hour), np.nan)
    quality = _quality(block, patients, outcome)
    own = value("late.vas_noise") * block.stream("late/vas").standard_normal(quality.shape)
    return Late(
        b_cells_back=back,
        b_cells=b_cells,
        cd4=cd4,
        igg=igg,
        replaced=replaced,
        second_malignancy=second,
        malignancy=which,
        quality=quality,
        vas=np.clip(8 + 0.95 * quality + own, 0, 100),
        **onset,
    )


def _b_cells(block: Block, kinetics: Kinetics, outcome: Outcome) -> tuple[Floats, Floats]:
    value, n = block.parameter, block.n
    rng = block.stream("late/b-cells")
    noise, height = rng.standard_normal((2, n))
    months = value("late.b_cells_back_months") * np.exp(
        value("late.b_cells_sdlog") * noise + value("late.b_cells_on_expansion") * kinetics.z
    )
    # The cells that keep B cells away are lost before most relapses.
    lost = outcome.progressed - MONTH * value("late.b_cells_before_relapse_months")
    back = np.fmin(months * MONTH, np.where(rng.random(n) < value("late.relapse_with_b_cells"), lost, np.nan))
    back = np.maximum(back, 20 * 24)
    since = np.maximum(DAYS[None, :] * 24 - back[:, None], 0)
    level = 0.15 * np.exp(0.5 * height)[:, None] * (1 - np.exp(-since / (3 * MONTH)))
    level[:, BASELINE] = value("late.b_cells_before") * np.exp(0.8 * height)
    return np.asarray(back, np.float64), np.asarray(level, np.float64)


def _cd4(block: Block) -> Floats:
    value = block.parameter
    own = np.exp(value("late.cd4_sdlog") * block.stream("late/cd4").standard_normal(block.n))[:, None]
    day = np.maximum(DAYS, 0)[None, :]
    level = value("late.cd4_early") + (value("late.cd4_year") - value("late.cd4_early")) * day / 365
    return np.asarray(own * np.minimum(level, 0.6), np.float64)


def _igg(block: Block, patients: Patients, infections: Infections, back: Floats) -> tuple[Floats, Flags]:
    """IgG without replacement, then visit by visit who is replaced: children when low, adults when low and infected."""
    value, n = block.parameter, block.n
    rng = block.stream("late/igg")
    start, floor = np.exp(np.array([[0.4], [0.35]]) * rng.standard_normal((2, n)))
    before_cells, bottom = value("late.igg_before") * start, value("late.igg_floor") * floor
    bottom = np.minimum(bottom, before_cells)
    day = np.maximum(DAYS, 0)[None, :]
    level = bottom[:, None] + (before_cells - bottom)[:, None] * np.exp(-day / value("late.igg_days"))
    # With B cells back it takes about a year to make IgG again.
    since = np.maximum(day - back[:, None] / 24, 0)
    level = level + (7.5 - bottom)[:, None].clip(0) * (1 - np.exp(-since / 300))
    level *= np.exp(wander(block, "late/igg-wander", 0.08, 0.5))
    willing = rng.random(n) < value("late.igg_replaced")
    infected = (infections.onset[:, :, None] < DAYS[None, None, :] * 24) & (infections.severity[:, :, None] > 0)
    wanted = (level < _LOW_IGG) & (infected.any(axis=1) | (patients.age_years < _ADULT)[:, None]) & willing[:, None]
    replaced = wanted & _IMMUNE_DAYS & (DAYS > 0)
    found = level.copy()
    lifted = np.zeros(n)
    for at in np.flatnonzero(_IMMUNE_DAYS & (DAYS > 0)):
        found[:, at] += value("late.igg_replacement_gain") * lifted
        lifted = replaced[:, at].astype(np.float64)
    return np.clip(found, 0.3, 40), replaced


def _second_malignancy(block: Block) -> tuple[Floats, Words]:
    value, n = block.parameter, block.n
    rng = block.stream("late/second-malignancy")
    yearly = value("late.second_malignancy_per_year")
    hour = (1 + rng.exponential(12 / yearly, n)) * MONTH
    names = block.setting.texts("late.second_malignancy_kinds")
    shares = np.cumsum(block.setting.values("late.second_malignancy_shares"))
    at = np.minimum(np.searchsorted(shares, rng.random(n)), len(names) - 1)
    return np.floor(hour), np.array(names, object)[at]


def _quality(block: Block, patients: Patients, outcome: Outcome) -> Floats:
    """Global health: falls around the infusion, recovers by about day 100, falls with progression."""
    value, n = block.parameter, block.n
    own = value("late.quality_sd") * block.stream("late/quality").standard_normal(n)[:, None]
    noise = value("late.quality_noise") * block.stream("late/quality-noise").standard_normal((n, len(DAYS)))
    day = np.maximum(DAYS, 0)[None, :]
    dip = value("late.quality_fall") * np.exp(-0.5 * ((day - 14) / 14) ** 2)
    gain = value("late.quality_gain") * (1 - np.exp(-day / 70)) * (outcome.response >= PARTIAL)[:, None]
    late = DAYS[None, :] * 24 > outcome.progressed[:, None]
    level = (
        value("late.quality_before")
        + 5 * patients.fitness[:, None]
        + own
        - dip
        + gain
        - value("late.quality_relapse") * late
    )
    # The score is a mean of two items of seven steps: twelfths of 100.
    return np.asarray(np.round(np.clip(level + noise, 0, 100) * 0.12) / 0.12, np.float64)


def observe_late(  # noqa: PLR0917  (the months, and when they are looked at)
    block: Block, late: Late, counts: Counts, visits: Visits, until: Floats
) -> tuple[Rows, Spans, Events]:
    """What the record knows of the months after, up to `until` (hours since infusion)."""
    immune = np.broadcast_to(_IMMUNE_DAYS, visits.drawn.shape)
    lymphocytes = np.maximum(counts.lymphocytes, 0.01)
    share = np.clip(100 * late.b_cells / (late.b_cells + lymphocytes), 0, 100)
    answers = block.stream("late/answers").random(visits.drawn.shape) < block.parameter("late.questionnaires_answered")
    asked = np.broadcast_to(_ASKED_DAYS, visits.drawn.shape) & answers
    parts = [
        visits.rows("b_cells", late.b_cells, immune, until, 3),
        visits.rows("b_cell_percentage", share, immune, until, 1),
        visits.rows("cd4_cells", late.cd4, immune & (DAYS > 0), until, 3),
        visits.rows("igg", late.igg, immune, until, 2),
        visits.rows("qlq_c30_global_health", late.quality, asked, until, 1),
        visits.rows("eq_vas", late.vas, asked, until, 0),
    ]
    for name, grade, onset in (
        ("parkinsonism", "parkinsonism_ctcae_grade", late.movement),
        ("cranial_nerve_palsy", "cranial_nerve_ctcae_grade", late.palsy),
        ("enterocolitis", "enterocolitis_ctcae_grade", late.enterocolitis),
    ):
        who = np.flatnonzero((onset < until) & visits.drawn[:, BASELINE])
        parts.append(Rows.coded(name, who, onset[who], "yes"))
        parts.append(Rows.numbers(grade, who, onset[who], np.full(len(who), block.parameter(f"late.grade_{name}"))))
    second = np.where((late.second_malignancy < until) & visits.drawn[:, BASELINE], late.second_malignancy, np.nan)
    everybody = np.arange(block.n)
    events = Events.of("second_malignancy", everybody, second, detail=late.malignancy)
    return Rows.join(parts), before(_replacement(block, late, visits), until), events


def _replacement(block: Block, late: Late, visits: Visits) -> Spans:
    """Monthly from a visit at which it is decided to the next visit."""
    columns = np.flatnonzero(_IMMUNE_DAYS & (DAYS > 0))
    parts = []
    for at, following in zip(columns, [*columns[1:], columns[-1]], strict=True):
        who = np.flatnonzero(late.replaced[:, at] & visits.drawn[:, at])
        for month in range(int(max(DAYS[following] - DAYS[at], 1)) // _REPLACED_DAYS + 1):
            start = visits.hours[who, at] + 6 + month * _REPLACED_DAYS * 24
            amount = np.full(len(who), block.parameter("late.igg_dose_g"))
            parts.append(
                Spans.of("immunoglobulin", "intravenous", who, start, start + 4, amount=amount, amount_unit="g")
            )
    return Spans.join(parts)
