"""Platelets, haemoglobin and lymphocytes of a block, with the transfusions that keep them up.

Place    Floor 4. Used by counts.
In       Patients, the propensity to cytopenia, IEC-HS, the parameters counts.*.
Out      Values at the columns of `visits.DAYS`, and transfusions as exposures.
Knows    A transfusion is decided on the value of the morning and given two hours later, so that it shows from the next morning.
         Platelets that were given are lost with a half-life of days, red cells slowly.
Does not Model bleeding, alloimmunisation or iron.
Checked  tests/unit/population/test_counts.py
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from vein2vein.population.states import Spans
from vein2vein.population.visits import BASELINE, DAYS, LAST_DAILY, column

if TYPE_CHECKING:
    from vein2vein.population.blocks import Block
    from vein2vein.population.states import Flags, Floats, Kinetics, Patients
    from vein2vein.population.visits import Visits


def wander(block: Block, decision: str, sd: float, kept: float) -> Floats:
    """Day-to-day wandering: first-order autoregression with stationary SD `sd`, shape (courses, columns)."""
    noise = block.stream(decision).standard_normal((len(DAYS), block.n))
    step = np.sqrt(1 - kept**2)
    for at in range(1, len(DAYS)):
        noise[at] = kept * noise[at - 1] + step * noise[at]
    return np.asarray(sd * noise.T, np.float64)


def freed(beyond: Floats) -> Floats:
    """What a marrow gains once it is free of disease, from day 4 to 25, shape (courses, columns)."""
    return np.asarray(beyond[:, None] * np.clip((DAYS - 4) / 21, 0, 1), np.float64)


def before(spans: Spans, until: Floats) -> Spans:
    """The exposures that start before `until` of their course, cut there."""
    kept = spans.start < until[spans.course]
    parts = {field.name: getattr(spans, field.name)[kept] for field in fields(spans)}
    parts["until"] = np.minimum(parts["until"], until[parts["course"]])
    return Spans(**parts)


def draw_platelets(  # noqa: PLR0917  (what platelets depend on)
    block: Block, patients: Patients, propensity: Floats, driver: Floats, severity: Floats, visits: Visits
) -> tuple[Floats, Spans]:
    """Platelets, 10^9/L: one broad fall whose depth and length follow the propensity."""
    value = block.parameter
    rng = block.stream("counts/platelets")
    deep, lasting, slow, house = rng.standard_normal((4, block.n))
    tied = value("counts.platelets_on_propensity")
    own = tied * propensity + np.sqrt(1 - tied**2) * deep
    depth = np.maximum(value("counts.platelets_fall") + value("counts.platelets_fall_sd") * own, 0.05)
    back = value("counts.platelets_back_day") * np.exp(
        value("counts.platelets_back_sdlog") * (0.85 * own + 0.5 * lasting)
    )
    lower = np.maximum(value("counts.platelets_plateau_fall") + 0.25 * propensity + 0.2 * slow, -0.2)
    day = DAYS[None, :]
    down = (day - value("counts.platelets_down_day")) / 1.6
    up = (back[:, None] - day) / 4.0
    curve = depth[:, None] / (1 + np.exp(np.clip(-np.minimum(down, up), -30, 30)))
    rest = lower[:, None] * np.clip(day / 10, 0, 1) * np.exp(-np.maximum(day - 40, 0) / 90)
    base = np.log(patients.platelets)
    log_count = base[:, None] - np.maximum(curve, rest) - 0.35 * driver - 0.06 * np.minimum(severity, 4)
    beyond = value("counts.recovers_beyond") * np.maximum(np.log(value("counts.recovered_platelets")) - base, 0)
    log_count += freed(beyond) + wander(block, "counts/platelets-wander", 0.08, 0.5)
    log_count[:, BASELINE] = base
    own_count = np.maximum(np.exp(log_count), 1.0)
    at = np.where(severity >= 1, value("counts.platelets_transfused_ill"), value("counts.platelets_transfused"))
    at *= np.exp(value("counts.platelets_transfused_sdlog") * house)[:, None]
    raised, given = _transfused(
        own_count, at, value("counts.platelets_per_unit"), value("counts.platelets_loss_per_day")
    )
    return raised, _units("platelets", given, visits)


def draw_haemoglobin(  # noqa: PLR0917  (what haemoglobin depends on)
    block: Block, patients: Patients, propensity: Floats, driver: Floats, visits: Visits
) -> tuple[Floats, Spans]:
    """Haemoglobin, g/dL: a fall over ten days, back over months."""
    value = block.parameter
    deep, slow = block.stream("counts/haemoglobin").standard_normal((2, block.n))
    tied = value("counts.haemoglobin_on_propensity")
    own = tied * propensity + np.sqrt(1 - tied**2) * deep
    fall = np.maximum(value("counts.haemoglobin_fall") + value("counts.haemoglobin_fall_sd") * own, 0.1)
    back = value("counts.haemoglobin_back_days") * np.exp(0.3 * propensity + 0.2 * slow)
    day = DAYS[None, :]
    part = np.clip((day + 4) / 13, 0, 1) * np.exp(-np.maximum(day - 14, 0) / back[:, None])
    late = value("counts.haemoglobin_late_gain") * (1 - np.exp(-np.maximum(day - 30, 0) / 90))
    level = patients.haemoglobin[:, None] - fall[:, None] * part + late - 0.3 * driver
    level += wander(block, "counts/haemoglobin-wander", 0.3, 0.6)
    level[:, BASELINE] = patients.haemoglobin
    threshold = np.full(level.shape, value("counts.red_cells_transfused"))
    # Two units at a time; what is given is lost with the cells' own life, about 1 % a day.
    raised, given = _transfused(np.clip(level, 4.0, 17.5), threshold, 2 * value("counts.red_cells_per_unit"), 0.012)
    return np.minimum(raised, 18.0), _units("red-cells", given, visits)


def _transfused(own: Floats, threshold: Floats, gain: float, loss: float) -> tuple[Floats, Flags]:
    """Add what is transfused day by day, and say on which columns that was."""
    found = own.copy()
    given = np.zeros(own.shape, bool)
    extra = np.zeros(own.shape[0])
    keep = 1 - loss
    for at in range(column(0), column(LAST_DAILY) + 1):
        found[:, at] += extra
        needs = found[:, at] < threshold[:, at]
        given[:, at] = needs
        extra = (extra + gain * needs) * keep
    return found, given


def _units(agent: str, given: Flags, visits: Visits) -> Spans:
    course, at = np.nonzero(given & ~np.isnan(visits.hours))
    start = visits.hours[course, at] + 2
    return Spans.of("transfusion", agent, course, start, start + (2.0 if agent == "red-cells" else 0.5))


def draw_lymphocytes(block: Block, patients: Patients, kinetics: Kinetics) -> Floats:
    """Lymphocytes, 10^9/L: gone with lymphodepletion, then the expansion and contraction of the cells over a slow recovery."""
    value = block.parameter
    rng = block.stream("counts/lymphocytes")
    left, peak, back = np.exp(np.array([[0.5], [0.5], [0.4]]) * rng.standard_normal((3, block.n)))
    expanded = np.exp(value("counts.lymphocytes_on_expansion") * kinetics.z) * value("counts.lymphocytes_peak") * peak
    shape = kinetics.level(DAYS * 24) / kinetics.cmax[:, None]
    day = np.maximum(DAYS, 0)[None, :]
    recovered = value("counts.lymphocytes_recovered") * back[:, None]
    own = recovered * (1 - np.exp(-day / value("counts.lymphocytes_recovery_days")))
    level = value("counts.lymphocytes_nadir") * left[:, None] + own + expanded[:, None] * shape
    level *= np.exp(wander(block, "counts/lymphocytes-wander", 0.15, 0.5))
    level[:, BASELINE] = patients.lymphocytes
    return np.asarray(level, np.float64)
