"""Collection and manufacture: yield, failure, a second try, release in or out of specification, delivery.

Place    Floor 4. Called by `way`, between the apheresis and lymphodepletion.
In       A block (parameters way.*), its patients, when they are collected.
Out      `Manufacture`, in hours since referral.
Knows    The yield of an apheresis is lymphocytes x volume x efficiency x noise; one below `cd3_enough` is topped up on the
         next day. ln(cells) below the median makes failure and an out-of-specification product likelier: probit, with the cut at
         which the published share is met whatever the weight. A failure is known when the product would have been released;
         `again_after_failure` of those who fail are collected again, and `again_succeeds` of them get a product then, so that
         the published failures are those without any product.
         Times of manufacture and the wait for the infusion go with the region of the centre, relative to those of the trial.
Does not Model slots, transport or plants (programme.capacity will), or what an out-of-specification product does to the patient.
Checked  tests/unit/population/test_manufacture.py
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from vein2vein.population.blocks import Block
from vein2vein.population.centres import centres
from vein2vein.population.states import Flags, Floats, Patients

_DAY = 24.0
_GRID = np.linspace(-5.0, 5.0, 401)
_HALVINGS = 60


@dataclass(frozen=True)
class Collections:
    """Aphereses: hours since referral and CD3 cells (10^9) of each, shape (courses, 3), NaN where there was none.

    The first one, the one that tops it up, and the one after a failed manufacture.
    """

    hours: Floats
    cells: Floats
    shortage: Floats
    """How far ln(cells) of the first two lies below the median of a single one, in standard deviations."""


@dataclass(frozen=True)
class Manufacture:
    """What became of the cells, hours since referral, NaN where a step is never reached.

    Attributes:
        failed_at: Ends of failed manufactures, shape (courses, 2).
        failed: No product in the end.
        released, delivered: Release at the plant, arrival at the centre, if nothing holds them up.
        out_of_specification: Released all the same.
        delay: Hours that a second try costs.
    """

    failed_at: Floats
    failed: Flags
    released: Floats
    delivered: Floats
    out_of_specification: Flags
    delay: Floats


def pace(block: Block, patients: Patients) -> Floats:
    """Factor on times of manufacture of each course by the region of its centre; its geometric mean over the trial is 1."""
    factor = _by_region(block, "way.region_pace")
    there = block.setting.texts("patients.regions")
    level = np.mean([np.log(factor[region]) for region in there])
    of_centre = np.array([factor[centre.region] for centre in centres()])
    found: Floats = of_centre[patients.centre] / np.exp(level)
    return found


def shipping_hours(block: Block, patients: Patients) -> Floats:
    """From the release at the plant to the centre."""
    hours = _by_region(block, "way.region_shipping_hours")
    found: Floats = np.array([hours[centre.region] for centre in centres()])[patients.centre]
    return found


def draw_collections(block: Block, patients: Patients, apheresed: Floats) -> Collections:
    """Draw the aphereses of every course; the third column is filled by `draw_manufacture`'s second tries alone."""
    value = block.parameter
    usual = value("way.blood_processed_l") * value("way.cd3_efficiency")
    spread = value("way.cd3_sdlog")
    first, again = (
        patients.lymphocytes * usual * np.exp(spread * block.stream(f"way/{name}").standard_normal(block.n))
        for name in ("collection", "collection-again")
    )
    tops_up = first < value("way.cd3_enough")
    hours = np.stack([apheresed, np.where(tops_up, apheresed + _DAY, np.nan), np.full(block.n, np.nan)], axis=1)
    cells = np.stack([first, np.where(tops_up, first, np.nan), again], axis=1)
    middle, sd = _collected(block)
    total = np.nansum(cells[:, :2], axis=1)
    return Collections(hours, cells, -(np.log(total) - middle) / sd)


def draw_manufacture(block: Block, patients: Patients, got: Collections) -> Manufacture:
    """Draw failure, second tries, release and specification of every course."""
    value, n = block.parameter, block.n
    quick = pace(block, patients)
    days = value("way.apheresis_to_release_days_median")
    first, second = (
        np.round(_DAY * quick * days * _spread(block, stream, "release"))
        for stream in ("apheresis_to_release", "apheresis_to_release-again")
    )
    start = got.hours[:, 0]
    tried, succeeds = value("way.again_after_failure"), value("way.again_succeeds")
    share = value("way.manufacture_failure") / (1 - tried * succeeds)
    weight = value("way.failure_on_yield")
    noise = np.sqrt(1 - weight**2) * block.stream("way/manufacture").standard_normal(n)
    fails = (share > 0) & (weight * got.shortage + noise > _cut_of(block, share, weight))
    tries = fails & (block.stream("way/again").random(n) < tried)
    saved = tries & (block.stream("way/again-succeeds").random(n) < succeeds)
    wait = _DAY * np.ceil(value("way.again_after_days_median") * _spread(block, "again-after", "accept"))
    delay = np.where(tries, _DAY * np.ceil(first / _DAY) + wait, 0.0)
    ends = start + np.where(tries, delay + second, first)
    failed_at = np.stack([np.where(fails, start + first, np.nan), np.where(tries & ~saved, ends, np.nan)], axis=1)
    failed = fails & ~saved
    released = np.where(failed, np.nan, ends)
    return Manufacture(
        failed_at=failed_at,
        failed=failed,
        released=released,
        delivered=released + shipping_hours(block, patients),
        out_of_specification=_out_of_specification(block, got) & ~failed,
        delay=delay,
    )


def with_second_tries(got: Collections, made: Manufacture) -> Collections:
    """The aphereses, with the one after a failed manufacture where there was one."""
    there = made.delay > 0
    hours, cells = got.hours.copy(), got.cells.copy()
    hours[:, 2] = np.where(there, got.hours[:, 0] + made.delay, np.nan)
    cells[:, 2] = np.where(there, cells[:, 2], np.nan)
    return Collections(hours, cells, got.shortage)


def _out_of_specification(block: Block, got: Collections) -> Flags:
    share, weight = block.parameter("way.out_of_specification"), block.parameter("way.specification_on_yield")
    drawn = block.stream("way/specification").random(block.n)
    if share <= 0:
        return np.zeros(block.n, bool)
    chance = ndtr((weight * got.shortage - _cut_of(block, share, weight)) / np.sqrt(1 - weight**2))
    found: Flags = drawn < chance
    return found


def _by_region(block: Block, name: str) -> dict[str, float]:
    return dict(zip(block.setting.texts("way.regions"), block.setting.values(name), strict=True))


def _spread(block: Block, stream: str, name: str) -> Floats:
    noise = block.stream(f"way/{stream}").standard_normal(block.n)
    found: Floats = np.exp(block.parameter(f"way.{name}_sdlog") * noise)
    return found


def _collected(block: Block) -> tuple[float, float]:
    """Mean and standard deviation of ln(cells) of a single apheresis."""
    value = block.parameter
    usual = value("way.blood_processed_l") * value("way.cd3_efficiency")
    middle = float(np.log(value("patients.lymphocytes_median") * usual))
    return middle, float(np.hypot(value("patients.lymphocytes_sdlog"), value("way.cd3_sdlog")))


def _cut_of(block: Block, share: float, weight: float) -> float:
    middle, sd = _collected(block)
    enough = (np.log(block.parameter("way.cd3_enough")) - middle) / sd
    return cut(min(share, 1.0), weight, float(enough), float(np.log(2) / sd)) if share > 0 else np.inf


@lru_cache(maxsize=256)
def cut(share: float, weight: float, enough: float, gain: float) -> float:
    """Where weight x shortage + noise is cut so that `share` lie above it.

    Args:
        share: Above 0, at most 1.
        weight: Of the shortage; the noise has variance 1 - weight^2.
        enough: Yield below which a second apheresis tops up, in standard deviations from the median.
        gain: What topping up adds, in standard deviations.
    """
    shortage = -np.where(enough > _GRID, _GRID + gain, _GRID)
    density = np.exp(-(_GRID**2) / 2)
    density /= density.sum()
    scale = np.sqrt(1 - weight**2)
    low, high = -8.0, 8.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = float((density * ndtr((weight * shortage - middle) / scale)).sum())
        low, high = (middle, high) if above > share else (low, middle)
    return (low + high) / 2
