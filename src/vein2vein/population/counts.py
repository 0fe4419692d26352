"""Blood counts: the fall after lymphodepletion, the second dip, aplasia, growth factor and transfusions.

Place    Floor 4. After hyperinflammation; before infections, outcome, chemistry and late.
In       Patients, expansion, the acute course, IEC-HS, the parameters counts.*.
Out      `Counts`: values at every draw of the calendar, phenotype, growth factor and transfusions.
Knows    One latent, `propensity` (weak marrow, baseline inflammation, CRS severity, noise; standard normal), sets how many days
         neutrophils are at or below 0.5, how deep they fall, and the platelets. The days are lognormal around a median of the
         setting; a share of the courses recovers and falls again (intermittent), the rest falls once and is called quick
         (fewer than 14 days without growth factor) or aplastic. In the log of the count, a dip is the smaller of a falling
         and a rising logistic curve, placed so that it crosses 0.5 at the drawn days. Growth factor shortens what is left of a
         dip, hardly so in aplasia.
Does not Model the marrow, or counts under the next therapy.
Checked  tests/unit/population/test_counts.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vein2vein.population import marrow
from vein2vein.population.states import Rows, Spans
from vein2vein.population.visits import BASELINE, DAYS, LAST_DAILY, daily_mean

if TYPE_CHECKING:
    import numpy.typing as npt

    from vein2vein.population.blocks import Block
    from vein2vein.population.hyperinflammation import Hyperinflammation
    from vein2vein.population.states import Acute, Flags, Floats, Kinetics, Patients
    from vein2vein.population.visits import Visits

QUICK: Final = 0
INTERMITTENT: Final = 1
APLASTIC: Final = 2
_SEVERE = np.log(0.5)
_APLASTIC_DAYS = 14
_SHORTEST_SPLIT = 4
_NEVER = 1e6


@dataclass(frozen=True)
class Dip:
    """One fall of the neutrophils below 0.5, days since infusion, shape (courses,)."""

    start: Floats
    stop: Floats
    depth: Floats
    treated_from: Floats


@dataclass(frozen=True)
class Counts:
    """Counts of a block at the columns of `visits.DAYS`, 10^9/L and g/dL.

    Attributes:
        propensity: Standard normal; higher is longer and deeper cytopenia.
        phenotype: QUICK, INTERMITTENT or APLASTIC.
        growth_factor: Filgrastim that the module itself decides on (none where care gave some).
        transfusions: Platelets and red cells.
    """

    neutrophils: Floats
    platelets: Floats
    haemoglobin: Floats
    lymphocytes: Floats
    leukocytes: Floats
    propensity: Floats
    phenotype: npt.NDArray[np.int8]
    growth_factor: Spans
    transfusions: Spans


def draw_counts(  # noqa: PLR0917  (what a blood count depends on)
    block: Block, patients: Patients, kinetics: Kinetics, acute: Acute, hyper: Hyperinflammation, visits: Visits
) -> Counts:
    """Draw all counts of a block."""
    propensity = _propensity(block, patients, acute)
    severity = daily_mean(acute.crs_severity)
    driver = hyper.driver()
    neutrophils, phenotype, treated = _neutrophils(block, patients, acute, propensity, driver)
    platelets, platelet_units = marrow.draw_platelets(block, patients, propensity, driver, severity, visits)
    haemoglobin, red_units = marrow.draw_haemoglobin(block, patients, propensity, driver, visits)
    lymphocytes = marrow.draw_lymphocytes(block, patients, kinetics)
    others = 0.12 + 0.12 * np.minimum(neutrophils, 3.0)
    noise = np.exp(0.15 * block.stream("counts/monocytes").standard_normal(neutrophils.shape))
    return Counts(
        neutrophils,
        platelets,
        haemoglobin,
        lymphocytes,
        neutrophils + lymphocytes + others * noise,
        propensity,
        phenotype,
        _filgrastim(acute, patients, treated, visits),
        Spans.join([platelet_units, red_units]),
    )


def _propensity(block: Block, patients: Patients, acute: Acute) -> Floats:
    """Weak marrow, inflammation, the measured values themselves, CRS severity and noise, with variance 1.

    The measured values count beside the latents, because scores such as CAR-HEMATOTOX see nothing else.
    """
    value = block.parameter
    of_counts = -abs(value("patients.counts_on_marrow"))
    parts = (
        (_standard(block, "platelets", np.log(patients.platelets)), "platelets", of_counts),
        (_standard(block, "neutrophils", np.log(patients.neutrophils)), "neutrophils", of_counts),
        (_standard(block, "haemoglobin", patients.haemoglobin), "haemoglobin", of_counts),
        (
            _standard(block, "ferritin", np.log(patients.ferritin)),
            "ferritin",
            value("patients.ferritin_on_inflammation"),
        ),
        (_standard(block, "crp", np.log(patients.crp)), "crp", value("patients.crp_on_inflammation")),
    )
    weak, hot, own = value("counts.weight_marrow"), value("counts.weight_inflammation"), 0.0
    found = weak * patients.marrow + hot * patients.inflammation
    for measured, name, tied in parts:
        weight = value(f"counts.weight_{name}")
        found = found + weight * measured
        own += weight**2 * (1 - tied**2)
        weak, hot = (weak, hot + weight * tied) if tied > 0 else (weak + weight * tied, hot)
    together = value("patients.corr_inflammation_marrow")
    known = weak**2 + hot**2 + 2 * weak * hot * together + own
    # CRS severity is brought to about mean 0 and SD 1 over all products before it is weighted.
    crs = np.minimum(acute.crs_severity.max(axis=1), 5.0) / 1.2 - 1.4
    weight = value("counts.weight_crs")
    rest = np.sqrt(max(1 - known - weight**2, 0.02))
    noise = block.stream("counts/propensity").standard_normal(block.n)
    return np.asarray(found + weight * crs + rest * noise, np.float64)


def _standard(block: Block, name: str, measured: Floats) -> Floats:
    """A baseline value in standard deviations around the median of its setting."""
    median = block.parameter(f"patients.{name}_median")
    if name == "haemoglobin":
        return np.asarray((measured - median) / block.parameter("patients.haemoglobin_sd"), np.float64)
    return np.asarray((measured - np.log(median)) / block.parameter(f"patients.{name}_sdlog"), np.float64)


def _neutrophils(  # noqa: PLR0917  (what neutrophils depend on)
    block: Block, patients: Patients, acute: Acute, propensity: Floats, driver: Floats
) -> tuple[Floats, npt.NDArray[np.int8], list[Dip]]:
    value, n = block.parameter, block.n
    rng = block.stream("counts/neutrophils")
    lasting, deep, onset, pause, late, second = rng.standard_normal((6, n))
    split, use, share = block.stream("counts/phenotype").random((3, n))

    # Growth factor shortens what is drawn here; the median of the setting is that of treated courses.
    spread = value("counts.days_sdlog")
    days = value("counts.neutropenia_days_median") * value("counts.untreated_over_treated")
    tied = value("counts.days_on_propensity")
    days = days * np.exp(spread * (tied * propensity + np.sqrt(1 - tied**2) * lasting))
    days = np.minimum(days, 90.0)
    with_depth = value("counts.depth_on_propensity")
    nadir = value("counts.nadir_log_mean") * value("counts.nadir_depth") - value("counts.nadir_log_sd") * (
        with_depth * propensity + np.sqrt(1 - with_depth**2) * deep
    )
    nadir = np.maximum(nadir, np.log(0.008))

    is_split = (split < value("counts.biphasic_fraction")) & (days > _SHORTEST_SPLIT)
    phenotype = np.where(is_split, INTERMITTENT, np.where(days >= _APLASTIC_DAYS, APLASTIC, QUICK)).astype(np.int8)
    first = np.where(is_split, days * (0.4 + 0.25 * share), days)
    base = np.log(np.maximum(patients.neutrophils, 0.3))
    plateau = np.maximum(value("counts.plateau_fall") + 0.25 * propensity + 0.3 * late, -0.2)
    # A marrow that was full of disease recovers beyond where it began.
    beyond = value("counts.recovers_beyond") * np.maximum(np.log(value("counts.recovered_neutrophils")) - base, 0)
    # What stays lower is less where there is little to lose.
    plateau = plateau * np.clip(np.exp(base + beyond) / 2.0, 0.3, 1.0)
    level = base + beyond - plateau

    start = value("counts.onset_day") + 1.2 * onset + 0.8 * np.minimum(level, 1.5)
    dip = Dip(start, start + first, np.maximum(base - nadir, 0.1), np.full(n, np.nan))
    gain = np.where(
        phenotype == APLASTIC, value("counts.growth_factor_gain_aplastic"), value("counts.growth_factor_gain")
    )
    treated = use < value("counts.growth_factor_use")
    dip = _with_growth_factor(block, acute, dip, gain, treated)
    again = dip.stop + value("counts.pause_days") * np.exp(0.4 * pause)
    lower = Dip(
        again, again + days - first, np.maximum(level - _SEVERE, 0.2) + 0.4 + 0.5 * np.abs(second), dip.treated_from
    )
    lower = _with_growth_factor(block, acute, lower, gain, treated)

    day = DAYS[None, :]
    falls = _curve(day, dip, base, level, value("counts.fall_days"), value("counts.rise_days"))
    below = _curve(day, lower, level, level, 1.5, 2.0)
    log_count = base[:, None] - falls - np.where(is_split[:, None], below, 0.0)
    log_count -= _slow(day, dip.start, plateau, value("counts.plateau_days"))
    log_count += marrow.freed(beyond)
    log_count -= 0.35 * driver + _late_dips(block, day)
    for one, some in ((dip, True), (lower, is_split)):
        on = (day > one.treated_from[:, None] + 1) & (day < one.stop[:, None] + 3)
        log_count += np.where(on & np.asarray(some).reshape(-1, 1), value("counts.growth_factor_release"), 0.0)
    log_count += marrow.wander(block, "counts/neutrophils-wander", 0.18, 0.6)
    log_count[:, BASELINE] = base
    used = [
        dip,
        Dip(*(np.where(is_split, part, np.nan) for part in (lower.start, lower.stop, lower.depth, lower.treated_from))),
    ]
    return np.maximum(np.exp(log_count) - 0.005, 0.0), phenotype, used


def _with_growth_factor(  # noqa: PLR0917  (who is treated, and what it gains)
    block: Block, acute: Acute, dip: Dip, gain: Floats, treated: Flags
) -> Dip:
    """Shorten what is left of a dip from the first dose: on a day of the rule, or where care has given filgrastim."""
    from_day = np.maximum(block.parameter("counts.growth_factor_from_day"), dip.start + 1)
    first = np.where(treated, from_day, _NEVER)
    doses = acute.given.of("filgrastim", "pegfilgrastim")
    if len(doses.course):
        first = np.full(block.n, _NEVER)
        np.minimum.at(first, doses.course, np.asarray(doses.hour) / 24)
        first = np.maximum(first, dip.start)
    left = np.maximum(dip.stop - first, 0.0)
    helps = left > 1
    return Dip(dip.start, dip.stop - gain * np.where(helps, left, 0.0), dip.depth, np.where(helps, first, np.nan))


def _curve(  # noqa: PLR0917  (levels and steepness on both sides)
    day: Floats, dip: Dip, before: Floats, after: Floats, fall: float, rise: float
) -> Floats:
    """Ln units by which a dip lowers the count; it crosses 0.5 at `start` and `stop`."""
    odds_before, odds_after = _odds(before, dip.depth), _odds(after, dip.depth)
    down = (day - dip.start[:, None]) / fall + odds_before[:, None]
    up = (dip.stop[:, None] - day) / rise + odds_after[:, None]
    return np.asarray(dip.depth[:, None] * _logistic(np.minimum(down, up)), np.float64)


def _odds(level: Floats, depth: Floats) -> Floats:
    part = np.clip((level - _SEVERE) / depth, 0.03, 0.93)
    return np.asarray(np.log(part / (1 - part)), np.float64)


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float64)


def _slow(day: Floats, start: Floats, size: Floats, days: float) -> Floats:
    """What stays lower after the dips and comes back over months."""
    since = np.maximum(day - start[:, None], 0)
    return np.asarray(size[:, None] * np.minimum(since / 5, 1) * np.exp(-np.maximum(since - 25, 0) / days), np.float64)


def _late_dips(block: Block, day: Floats) -> Floats:
    """A later fall in some courses, between day 30 and 90, for ten days or so, and passing ones at follow-up visits."""
    rng = block.stream("counts/late")
    has = rng.random(block.n) < block.parameter("counts.late_dip_fraction")
    middle = rng.uniform(32, 85, block.n)
    depth = np.abs(rng.normal(1.2, 0.5, block.n))
    bump = np.exp(-0.5 * ((day - middle[:, None]) / 5) ** 2)
    low = rng.random((block.n, len(DAYS))) < block.parameter("counts.visit_dip")
    passing = np.where(low & (DAYS > LAST_DAILY), np.abs(rng.normal(0.9, 0.4, (block.n, len(DAYS)))), 0.0)
    return np.where(has[:, None], depth[:, None] * bump, 0.0) + passing


def _filgrastim(acute: Acute, patients: Patients, dips: list[Dip], visits: Visits) -> Spans:
    """A dose in the evening of each day of treatment, 5 ug/kg, until two days after recovery; none where care gave some."""
    if len(acute.given.of("filgrastim", "pegfilgrastim").course):
        return Spans.of("growth_factor", "filgrastim", np.zeros(0, np.int32), np.zeros(0), np.zeros(0))
    day = np.arange(LAST_DAILY + 1)[None, :]
    on = np.zeros((len(patients.burden), LAST_DAILY + 1), bool)
    for dip in dips:
        on |= (day >= np.ceil(dip.treated_from)[:, None]) & (day < dip.stop[:, None] + 2)
    on &= ~np.isnan(visits.hours[:, :1])
    course, at = np.nonzero(on)
    hour = at * 24.0 + 5
    dose = np.round(5 * patients.weight_kg[course])
    return Spans.of("growth_factor", "filgrastim", course, hour, hour, amount=dose, amount_unit="ug")


def observe_counts(counts: Counts, visits: Visits, until: Floats) -> tuple[Rows, Spans]:
    """The counts as a laboratory reports them, and what was given for them, up to `until` (hours since infusion)."""
    everything = np.ones(visits.drawn.shape, bool)
    parts = [
        visits.rows("neutrophils", counts.neutrophils, everything, until, 2),
        visits.rows("leukocytes", counts.leukocytes, everything, until, 2),
        visits.rows("lymphocytes", counts.lymphocytes, everything, until, 2),
        visits.rows("platelets", counts.platelets, everything, until, 0),
        visits.rows("haemoglobin", counts.haemoglobin, everything, until, 1),
    ]
    given = Spans.join([counts.growth_factor, counts.transfusions])
    return Rows.join(parts), marrow.before(given, until)
