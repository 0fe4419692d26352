"""From referral to infusion: acceptance, apheresis, manufacture, bridging, dropout by cause, lymphodepletion.

Place    Floor 4. After `patients`, before everything that counts hours from the infusion.
In       A block (parameters way.*) and its patients.
Out      `Way` (hours since referral, which is at REFERRED_CLOCK local time), lymphodepletion as `Spans`, milestones as `Events`.
Knows    Each segment is lognormal around its published median. Manufacture fails, and a patient whose product was made leaves,
         when a latent (weights x causes + noise, standardised) passes the normal quantile of the published share: the share is
         met exactly in expectation, and falls on the patients with weak collections, high burden and poor fitness.
Does not Model slots, transport or plants (programme.capacity will).
Checked  tests/unit/population/test_way.py
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.states import Events, Flags, Floats, Patients, Spans, Way, Words

REFERRED_CLOCK = 9.0
_FIRST_INFUSION_CLOCK = 10.0
_INFUSION_CLOCK_HOURS = 4.0
_MOSTELLER = 3600.0
_MOST_EXPLAINED = 0.9


def draw_way(block: Block, patients: Patients) -> Way:
    """Draw the way of every course of a block."""
    value, n = block.parameter, block.n
    accepted = 24 * np.ceil(_days(block, "referral_to_accept", "accept")) + 2
    apheresed = accepted - 2 + 24 * np.ceil(_days(block, "accept_to_apheresis", "accept"))
    infused = apheresed + 24 * np.maximum(np.round(_days(block, "apheresis_to_infusion", "apheresis_to_infusion")), 7)
    infused += _FIRST_INFUSION_CLOCK - REFERRED_CLOCK + _quarter_hours(block)
    depleted = np.floor(infused / 24) * 24 + 24 * min(block.setting.values("way.fludarabine_days")) + 1
    made = apheresed + np.round(24 * _days(block, "apheresis_to_release", "release"))
    released = np.minimum(made, depleted - 18)
    collected, second = _collected(block, patients)
    failed = _probit(block, "manufacture", value("way.manufacture_failure"), _failure_risk(block, patients))
    leaves = _probit(block, "dropout", value("way.made_not_given"), _dropout_risk(block, patients)) & ~failed
    cause = _causes(block, failed, leaves)
    left = np.where(failed, released, np.nan)
    moment = block.stream("way/left").random(n)
    left = np.where(leaves, apheresed + moment * (infused - apheresed), left)
    gone = failed | leaves
    need = value("way.bridging_on_burden")
    bridged = _probit(block, "bridging", value("way.bridging"), (need * patients.burden, need**2))
    off = block.stream("way/specification").random(n) < value("way.out_of_specification")
    return Way(
        referred=np.zeros(n),
        accepted=accepted,
        apheresed=apheresed,
        released=np.where(failed | (gone & (left < released)), np.nan, released),
        lymphodepletion=np.where(gone & ~(left > depleted), np.nan, depleted),
        infused=np.where(gone, np.nan, infused),
        left=left,
        left_cause=cause,
        cd3_collected=collected,
        manufacture_failed=failed,
        out_of_specification=off & ~failed,
        bridging=bridged,
        cells=_cells(block, patients),
        second_apheresis=second,
    )


def observe_way(block: Block, patients: Patients, way: Way) -> tuple[Spans, Events]:
    """Lymphodepletion of the infused, and the milestones of everybody's way."""
    every = np.arange(block.n)
    bridging = np.where(way.bridging, way.apheresed + 48, np.nan)
    bridging = np.where(bridging < np.where(np.isnan(way.left), np.inf, way.left), bridging, np.nan)
    steps = {
        "referred": way.referred, "accepted": way.accepted, "apheresis": way.apheresed, "bridging": bridging,
        "product_delivered": way.released, "lymphodepletion": way.lymphodepletion, "infusion": way.infused,
    }  # fmt: skip
    events = [Events.of(kind, every, hour, since_referral=True) for kind, hour in steps.items()]
    dead = way.left_cause == "death"
    worse = way.left_cause == "progression"
    events.append(
        Events.of("death", every, np.where(dead, way.left, np.nan), detail="progression", since_referral=True)
    )
    events.append(Events.of("progression", every, np.where(worse, way.left, np.nan), since_referral=True))
    events.append(Events.of("last_seen", every, np.where(dead, np.nan, way.left), since_referral=True))
    return Spans.join(_lymphodepletion(block, patients, way)), Events.join(events)


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


def _collected(block: Block, patients: Patients) -> tuple[Floats, Flags]:
    """CD3 cells collected (10^9), and whether a second apheresis was needed; it adds as much again."""
    value = block.parameter
    noise = block.stream("way/collection").standard_normal(block.n)
    once = patients.lymphocytes * value("way.blood_processed_l") * value("way.cd3_efficiency")
    once = once * np.exp(value("way.cd3_sdlog") * noise)
    second = once < value("way.cd3_enough")
    return np.where(second, 2 * once, once), second


def _failure_risk(block: Block, patients: Patients) -> tuple[Floats, float]:
    """Risk and its variance."""
    middle = np.log(block.parameter("patients.lymphocytes_median"))
    low = -(np.log(patients.lymphocytes) - middle) / block.parameter("patients.lymphocytes_sdlog")
    weight = block.parameter("way.failure_on_lymphocytes")
    return weight * low, weight**2


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
