"""From referral to infusion: acceptance, apheresis, bridging, dropout by cause, lymphodepletion.

Place    Floor 4. After `patients`, before everything that counts hours from the infusion.
In       A block (parameters way.*) and its patients.
Out      `Way` (hours since referral, which is at REFERRED_CLOCK local time); yields as `Rows`, lymphodepletion as `Spans`,
         milestones as `Events`.
Knows    Each segment is lognormal around its published median; collection and manufacture are drawn by `manufacture`. A patient
         whose product was made leaves when a latent (weights x causes + noise, standardised) passes the normal quantile of the
         published share: the share is met exactly in expectation, and falls on high burden and poor fitness.
Does not Model slots, transport or plants (programme.capacity will).
Checked  tests/unit/population/test_way.py
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.manufacture import (
    draw_collections,
    draw_manufacture,
    pace,
    shipping_hours,
    with_second_tries,
)
from vein2vein.population.states import Events, Flags, Floats, Integers, Patients, Rows, Spans, Way, Words

REFERRED_CLOCK = 9.0
_FIRST_INFUSION_CLOCK = 10.0
_INFUSION_CLOCK_HOURS = 4.0
_MOSTELLER = 3600.0
_READY_HOURS = 18.0
_MOST_EXPLAINED = 0.9


def draw_way(block: Block, patients: Patients) -> Way:
    """Draw the way of every course of a block."""
    value, n = block.parameter, block.n
    accepted = 24 * np.ceil(_days(block, "referral_to_accept", "accept")) + 2
    apheresed = accepted - 2 + 24 * np.ceil(_days(block, "accept_to_apheresis", "accept"))
    got = draw_collections(block, patients, apheresed)
    made = draw_manufacture(block, patients, got)
    before = _days_of_depletion(block)
    transport = shipping_hours(block, patients)
    waits = pace(block, patients) * _days(block, "apheresis_to_infusion", "apheresis_to_infusion")
    soonest = np.ceil(before + (transport + _READY_HOURS) / 24) + 1
    infused = apheresed + made.delay + 24 * np.maximum(np.round(waits), soonest)
    infused += _FIRST_INFUSION_CLOCK - REFERRED_CLOCK + _quarter_hours(block)
    depleted = np.floor(infused / 24) * 24 - 24 * before + 1
    delivered = np.minimum(made.delivered, depleted - _READY_HOURS)
    released = delivered - transport
    got = with_second_tries(got, made)
    leaves = _probit(block, "dropout", value("way.made_not_given"), _dropout_risk(block, patients)) & ~made.failed
    cause = _causes(block, made.failed, leaves)
    moment = block.stream("way/left").random(n)
    # Whose second product was made leaves after its release: the share that leaves is of those who have a product.
    since = np.where(made.delay > 0, released, apheresed)
    left = np.where(made.failed, np.nanmax(np.nan_to_num(made.failed_at), axis=1), np.nan)
    left = np.where(leaves, since + moment * (infused - since), left)
    gone = made.failed | leaves
    end = np.where(np.isnan(left), np.inf, left)
    need = value("way.bridging_on_burden")
    bridged = _probit(block, "bridging", value("way.bridging"), (need * patients.burden, need**2))
    there = got.hours < end[:, None]
    return Way(
        referred=np.zeros(n),
        accepted=accepted,
        apheresed=apheresed,
        released=np.where(made.failed | (released >= end), np.nan, released),
        delivered=np.where(made.failed | (delivered >= end), np.nan, delivered),
        lymphodepletion=np.where(gone & ~(left > depleted), np.nan, depleted),
        infused=np.where(gone, np.nan, infused),
        left=left,
        left_cause=cause,
        collected=np.where(there, got.hours, np.nan),
        cd3_collected=np.where(there, got.cells, np.nan),
        failed_at=made.failed_at,
        manufacture_failed=made.failed,
        out_of_specification=made.out_of_specification,
        bridging=bridged,
        cells=_cells(block, patients),
    )


def observe_way(block: Block, patients: Patients, way: Way) -> tuple[Rows, Spans, Events]:
    """Yields of all aphereses, lymphodepletion of the infused, and the milestones of everybody's way."""
    every = np.arange(block.n)
    bridging = np.where(way.bridging, way.apheresed + 48, np.nan)
    bridging = np.where(bridging < np.where(np.isnan(way.left), np.inf, way.left), bridging, np.nan)
    steps = {
        "referred": way.referred, "accepted": way.accepted, "bridging": bridging,
        "product_delivered": way.delivered, "lymphodepletion": way.lymphodepletion, "infusion": way.infused,
    }  # fmt: skip
    events = [Events.of(kind, every, hour, since_referral=True) for kind, hour in steps.items()]
    events += [Events.of("apheresis", every, hour, since_referral=True) for hour in way.collected.T]
    events += [Events.of("manufacture_failed", every, hour, since_referral=True) for hour in way.failed_at.T]
    word = np.where(way.out_of_specification, "out-of-specification", "conforming").astype(object)
    events.append(Events.of("released", every, way.released, detail=word, since_referral=True))
    dead = way.left_cause == "death"
    worse = way.left_cause == "progression"
    events.append(
        Events.of("death", every, np.where(dead, way.left, np.nan), detail="progression", since_referral=True)
    )
    events.append(Events.of("progression", every, np.where(worse, way.left, np.nan), since_referral=True))
    events.append(Events.of("last_seen", every, np.where(dead, np.nan, way.left), since_referral=True))
    events.append(Events.of("not_infused", every, way.left, detail=way.left_cause, since_referral=True))
    return _yields(way), Spans.join(_lymphodepletion(block, patients, way)), Events.join(events)


def _yields(way: Way) -> Rows:
    """CD3 cells of every apheresis, at its time."""
    course, which = np.nonzero(~np.isnan(way.collected))
    hour = since_zero(way, course, way.collected[course, which])
    return Rows.numbers("cd3_yield", course, hour, np.round(way.cd3_collected[course, which], 3))


def since_zero(way: Way, course: Integers, hour: Floats) -> Floats:
    """Hours since referral as hours since infusion; those of courses that are never infused stay as they are."""
    found: Floats = hour - np.nan_to_num(way.infused[course])
    return found


def _days_of_depletion(block: Block) -> float:
    """Days from the first dose of lymphodepletion to the infusion."""
    return -float(min(block.setting.values("way.fludarabine_days")))


def surface_m2(patients: Patients) -> Floats:
    """Body surface after Mosteller, m2."""
    found: Floats = np.sqrt(patients.height_cm * patients.weight_kg / _MOSTELLER)
    return found


def _lymphodepletion(block: Block, patients: Patients, way: Way) -> list[Spans]:
    """Once a day on the days of the label, counted from the infusion; at 10 o'clock."""
    course = np.flatnonzero(way.is_infused)
    clock = (REFERRED_CLOCK + way.infused[course]) % 24
    area = surface_m2(patients)[course]
    spans = []
    for drug in ("fludarabine", "cyclophosphamide"):
        dose = block.parameter(f"way.{drug}_dose") * area
        if not block.parameter(f"way.{drug}_dose"):
            continue
        for day in block.setting.values(f"way.{drug}_days"):
            start = 24 * day - clock + 10
            spans.append(
                Spans.of("lymphodepletion", drug, course, start, start, amount=np.round(dose), amount_unit="mg")
            )
    return spans


def _days(block: Block, segment: str, spread: str) -> Floats:
    noise = block.stream(f"way/{segment}").standard_normal(block.n)
    found: Floats = block.parameter(f"way.{segment}_days_median") * np.exp(
        block.parameter(f"way.{spread}_sdlog") * noise
    )
    return found


def _quarter_hours(block: Block) -> Floats:
    """Hours after the first infusion of the day, in quarters."""
    most = int(4 * _INFUSION_CLOCK_HOURS)
    return block.stream("way/clock").integers(0, most, block.n) / 4


def _dropout_risk(block: Block, patients: Patients) -> tuple[Floats, float]:
    """Risk and its variance."""
    value = block.parameter
    burden, fitness = value("way.dropout_on_burden"), value("way.dropout_on_fitness")
    variance = burden**2 + fitness**2 - 2 * burden * fitness * value("patients.corr_fitness")
    return burden * patients.burden - fitness * patients.fitness, variance


def _probit(block: Block, name: str, share: float, risk: tuple[Floats, float]) -> Flags:
    """Who is hit: `share` of all in expectation, the more likely the higher the risk (a normal with a known variance)."""
    if share <= 0:
        return np.zeros(block.n, bool)
    size, variance = risk
    scale = min(1.0, np.sqrt(_MOST_EXPLAINED / variance)) if variance else 1.0
    noise = np.sqrt(1 - scale**2 * variance) * block.stream(f"way/{name}").standard_normal(block.n)
    found: Flags = scale * size + noise > NormalDist().inv_cdf(1 - min(share, 1 - 1e-9))
    return found


def _causes(block: Block, failed: Flags, leaves: Flags) -> Words:
    causes = np.array(block.setting.texts("way.left_causes"), dtype=object)
    shares = np.cumsum(block.setting.values("way.left_shares"))
    place = np.searchsorted(shares / shares[-1], block.stream("way/cause").random(block.n), side="right")
    found: Words = np.full(block.n, None, dtype=object)
    found[leaves] = causes[np.minimum(place, len(causes) - 1)][leaves]
    found[failed] = "manufacturing"
    return found


def _cells(block: Block, patients: Patients) -> Floats:
    """Dose in 10^6 cells: by weight up to a cap where the label doses by weight, otherwise around the flat dose."""
    value = block.parameter
    noise = np.exp(0.03 * block.stream("way/cells").standard_normal(block.n))
    if value("way.cells_flat") > 0:
        return value("way.cells_flat") * noise
    found: Floats = np.minimum(value("way.cells_per_kg") * patients.weight_kg, value("way.cells_cap")) * noise
    return np.minimum(found, value("way.cells_cap"))
