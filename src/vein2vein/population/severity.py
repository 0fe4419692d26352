"""Latent severity of CRS and ICANS as it would run without treatment.

Place    Floor 4. After `kinetics`, before `care`, which treats.
In       A block (parameters crs.* and icans.*), patients and kinetics.
Out      `Natural`, one per syndrome: peak, onset, hours to the peak, end of the plateau, end; `log_severity` at given hours.

Equations
    peak severity   A = exp(mu + sigma u), u standard normal: u = sum of weight x cause + noise, scaled to variance 1.
                    Causes of CRS: burden, z (relative expansion), inflammation; of ICANS these and the u of CRS. Grade g is
                    reached where severity >= g, so that P(any) = Phi(mu/sigma), P(grade >= 3) = Phi((mu - ln 3)/sigma).
                    Grade 4 is the exception: it is that of the treated course, and `care` says from which severity on.
    onset           lognormal around the median, earlier with burden. ICANS of a patient with CRS begins at least
                    after_crs_hours (times a uniform) after it.
    duration        natural time at severity >= 1: median x A^duration_on_severity x exp(sdlog x noise).
    course          ln severity is a trapezoid: 0 at onset, ln A at onset + rise, level on a plateau, 0 at onset + duration.

Does not Know of treatment or death.
Checked  tests/unit/population/test_severity.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.patients import correlation
from vein2vein.population.states import Floats, Kinetics, Patients

_LONGEST_RISE = 0.45
_NEVER = -5.0


@dataclass(frozen=True)
class Natural:
    """The untreated course of one syndrome, hours since infusion; `peak` below 1 means that it never shows.

    Attributes:
        u: Standard normal behind the peak.
        peak: Highest severity.
        onset: Severity reaches 1.
        top: The peak is reached.
        falls: The plateau ends.
        ends: Severity falls below 1.
    """

    u: Floats
    peak: Floats
    onset: Floats
    top: Floats
    falls: Floats
    ends: Floats

    def log_severity(self, hours: Floats) -> Floats:
        """Logarithm of severity at hours since infusion, shape (courses, hours), float32; far below 0 where it never shows."""
        t = np.asarray(hours, np.float32)[None, :]
        height = np.log(self.peak)
        rise = (height / np.maximum(self.top - self.onset, 1e-3)).astype(np.float32)
        fall = (height / np.maximum(self.ends - self.falls, 1e-3)).astype(np.float32)
        onset, ends = self.onset.astype(np.float32), self.ends.astype(np.float32)
        up = rise[:, None] * (t - onset[:, None])
        down = fall[:, None] * (ends[:, None] - t)
        course = np.minimum(np.minimum(up, down), height.astype(np.float32)[:, None])
        course[self.peak < 1] = _NEVER
        return course


def draw_crs(block: Block, patients: Patients, kinetics: Kinetics) -> Natural:
    """The natural course of cytokine release syndrome."""
    value = block.parameter
    weights = np.array([value(f"crs.weight_{cause}") for cause in ("burden", "expansion", "inflammation")])
    causes = np.stack([patients.burden, kinetics.z, patients.inflammation])
    u = _latent(block, "crs", weights, causes, _covariance(block))
    shift = value("crs.onset_on_burden") * patients.burden
    onset = _lognormal_hours(block, "crs", "onset", shift)
    return _natural(block, "crs", u, onset)


def draw_icans(block: Block, patients: Patients, kinetics: Kinetics, crs: Natural) -> Natural:
    """The natural course of neurotoxicity, given that of CRS."""
    value = block.parameter
    names = ("burden", "expansion", "inflammation", "crs")
    weights = np.array([value(f"icans.weight_{cause}") for cause in names])
    causes = np.stack([patients.burden, kinetics.z, patients.inflammation, crs.u])
    u = _latent(block, "icans", weights, causes, _covariance_with_crs(block))
    own = _lognormal_hours(block, "icans", "onset", value("icans.onset_on_burden") * patients.burden)
    gap = value("icans.after_crs_hours") * 2 * block.stream("icans/after_crs").random(block.n)
    onset = np.where(crs.peak >= 1, np.maximum(own, crs.onset + gap), own)
    return _natural(block, "icans", u, onset)


def _natural(block: Block, name: str, u: Floats, onset: Floats) -> Natural:
    value = block.parameter
    middle, spread = value(f"{name}.mu"), value(f"{name}.sigma")
    peak = np.exp(middle + spread * u)
    more = value(f"{name}.duration_on_severity") * np.log(np.maximum(peak, 1.0))
    lasts = _lognormal_hours(block, name, "duration", more)
    delay = value(f"{name}.peak_delay_sdlog") * block.stream(f"{name}/rise").standard_normal(block.n)
    rise = np.minimum(value(f"{name}.rise_hours") * np.exp(delay), _LONGEST_RISE * lasts)
    top, ends = onset + rise, onset + lasts
    falls = top + value(f"{name}.plateau_fraction") * (ends - top)
    return Natural(u=u, peak=peak, onset=onset, top=top, falls=falls, ends=ends)


def _lognormal_hours(block: Block, name: str, what: str, shift: Floats) -> Floats:
    noise = block.stream(f"{name}/{what}").standard_normal(block.n)
    spread = shift + block.parameter(f"{name}.{what}_sdlog") * noise
    found: Floats = 24 * block.parameter(f"{name}.{what}_days_median") * np.exp(spread)
    return found


def _latent(  # noqa: PLR0917
    block: Block, name: str, weights: Floats, causes: Floats, covariance: Floats
) -> Floats:
    """A standard normal of weighted causes and noise; weights are scaled down where they explain more than the most."""
    explained = float(weights @ covariance @ weights)
    most = block.parameter("icans.explained_most")
    if explained > most:
        weights, explained = weights * np.sqrt(most / explained), most
    noise = block.stream(f"{name}/severity").standard_normal(block.n)
    found: Floats = weights @ causes + np.sqrt(1 - explained) * noise
    return found


def _covariance(block: Block) -> Floats:
    """Of burden, expansion and inflammation; expansion stands alone."""
    found = np.eye(3)
    found[0, 2] = found[2, 0] = correlation(block)[0, 1]
    return found


def _covariance_with_crs(block: Block) -> Floats:
    """Of burden, expansion, inflammation and the standard normal behind CRS."""
    inner = _covariance(block)
    weights = np.array([block.parameter(f"crs.weight_{cause}") for cause in ("burden", "expansion", "inflammation")])
    explained, most = float(weights @ inner @ weights), block.parameter("icans.explained_most")
    if explained > most:
        weights = weights * np.sqrt(most / explained)
    found = np.eye(4)
    found[:3, :3] = inner
    found[:3, 3] = found[3, :3] = inner @ weights
    return found
