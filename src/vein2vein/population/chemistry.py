"""Inflammation, liver, kidney, coagulation and electrolytes at every draw of the calendar.

Place    Floor 4. After outcome (LDH falls with response); the last of the laboratory.
In       Patients, the acute course, IEC-HS, infections, outcome, the parameters chemistry.*.
Out      `Chemistry`: values by kind, and the reference ranges that stand beside them.

Equations (day by day; S = mean CRS severity of the last 24 hours, H = driver of IEC-HS, I = driver of infection)
    CRP        goes towards a production that rises with S and I, with the half-life of CRP. Tocilizumab nearly stops the
               production for two weeks, over some hours, so that CRP falls within days.
    IL-6       follows ln(1 + S) at once. Tocilizumab blocks its receptor and its clearance: it is multiplied, and
               comes back slowly.
    ferritin   its log gain follows S and H, up faster than down; tocilizumab does not touch it.
    lag        S with a delay of days drives fibrinogen, D-dimer, clotting times, transaminases, triglycerides, albumin.
    LDH        the part above normal is the tumour's; it rises with S, falls in responders and grows before progression.
    lysis      a rare event, likelier with burden: three days of high urate, potassium and phosphate, and low calcium.

Missing  Ferritin, coagulation and electrolytes are sent on ward days; after discharge a smaller panel.
Does not Model dialysis, drugs' own toxicity, or laboratories that differ in method (mess changes units).
Checked  tests/unit/population/test_chemistry.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vein2vein.population.outcome import COMPLETE, PARTIAL
from vein2vein.population.states import KIND, KINDS, Rows
from vein2vein.population.visits import BASELINE, DAYS, LAST_DAILY, column, daily_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vein2vein.population.blocks import Block
    from vein2vein.population.hyperinflammation import Hyperinflammation
    from vein2vein.population.infections import Infections
    from vein2vein.population.outcome import Outcome
    from vein2vein.population.parameters import Setting
    from vein2vein.population.states import Acute, Flags, Floats, Patients
    from vein2vein.population.visits import Visits

_DECIMALS: Final[Mapping[str, int]] = {
    "crp": 1, "ferritin": 0, "interleukin_6": 1, "ldh": 0, "creatinine": 2, "urea_nitrogen": 0, "potassium": 1, "ast": 0,
    "alt": 0, "bilirubin": 1, "direct_bilirubin": 1, "albumin": 0, "fibrinogen": 2, "d_dimer": 2, "prothrombin_time": 1,
    "inr": 2, "aptt": 1, "triglycerides": 0, "uric_acid": 1, "phosphate": 2, "calcium": 2, "corrected_calcium": 2,
}  # fmt: skip
_EVERY_DRAW: Final = ("crp", "creatinine", "urea_nitrogen", "potassium", "ldh", "ast", "alt", "bilirubin")
_OTHERS: Final = ("neutrophils", "leukocytes", "lymphocytes", "platelets", "haemoglobin", "igg")
_IL6_DAYS = 14
_OFTEN_DAYS = 30
_WEEK = 7


@dataclass(frozen=True)
class Chemistry:
    """Values by kind at the columns of `visits.DAYS`, in the canonical units; `lysis` is the day of tumour lysis or NaN."""

    values: Mapping[str, Floats]
    lysis: Floats


@dataclass(frozen=True)
class _Drivers:
    """What moves the laboratory, shape (courses, columns)."""

    severity: Floats
    syndrome: Floats
    infection: Floats
    blocked: Floats
    lag: Floats
    acute_phase: Floats
    cytokine: Floats
    iron: Floats


def draw_chemistry(  # noqa: PLR0913, PLR0917  (what a laboratory value depends on)
    block: Block,
    patients: Patients,
    acute: Acute,
    hyper: Hyperinflammation,
    infections: Infections,
    outcome: Outcome,
    visits: Visits,
) -> Chemistry:
    """Draw all values of a block."""
    moved = _drivers(block, patients, acute, hyper, infections)
    lysis = _lysis(block, patients, acute, visits)
    falls = np.exp(-0.5 * ((DAYS[None, :] - np.nan_to_num(lysis, nan=-1e3)[:, None] - 1) / 0.9) ** 2)
    kidney = np.where(hyper.kidney[:, None], moved.syndrome, 0.0)
    values = {
        **_inflammation(block, patients, moved),
        **_organs(block, patients, moved, falls, kidney),
        **_coagulation(block, moved),
        **_electrolytes(block, moved, falls),
        "ldh": _ldh(block, patients, outcome, moved, falls, visits),
    }
    return Chemistry(values, lysis)


def _drivers(  # noqa: PLR0917  (what moves the laboratory)
    block: Block, patients: Patients, acute: Acute, hyper: Hyperinflammation, infections: Infections
) -> _Drivers:
    value, n = block.parameter, block.n
    severity = np.minimum(daily_mean(acute.crs_severity), 6.0)
    syndrome = hyper.driver()
    infection = infections.driver()
    blocked = _blocked(block, acute)
    spread = np.array([[0.35], [value("chemistry.il6_spread")], [0.35]])
    own_crp, own_cytokine, own_iron = np.exp(spread * block.stream("chemistry/response").standard_normal((3, n)))
    # A course that becomes severe is more inflamed from its beginning, before anything is given.
    own_crp = own_crp * (1 + value("chemistry.crp_on_peak") * np.maximum(severity.max(axis=1) - 1, 0))
    production = (value("chemistry.crp_per_severity") * severity + value("chemistry.crp_per_infection") * infection) * (
        1 - value("chemistry.tocilizumab_stops_crp") * blocked
    ) * own_crp[:, None] + 12 * syndrome
    gain = (value("chemistry.ferritin_per_severity") * severity) * own_iron[:, None] + value(
        "chemistry.ferritin_per_syndrome"
    ) * syndrome
    keep_crp = 2 ** (-24 / value("chemistry.crp_half_life_hours"))
    up, down = value("chemistry.ferritin_up"), value("chemistry.ferritin_down")
    slow = np.exp(-1 / value("chemistry.lag_days"))
    lag, phase, iron = np.zeros(severity.shape), np.zeros(severity.shape), np.zeros(severity.shape)
    for at in range(column(1), column(LAST_DAILY) + 1):
        before = at - 1
        lag[:, at] = slow * lag[:, before] + (1 - slow) * severity[:, at]
        phase[:, at] = keep_crp * phase[:, before] + (1 - keep_crp) * production[:, at]
        wanted = gain[:, at] + 0.08 * infection[:, at]
        step = np.where(wanted > iron[:, before], up, down)
        iron[:, at] = iron[:, before] + step * (wanted - iron[:, before])
    cytokine = value("chemistry.il6_per_log_severity") * np.log1p(severity) * own_cytokine[:, None]
    cytokine = cytokine + 0.5 * infection + 0.4 * syndrome
    return _Drivers(severity, syndrome, infection, blocked, lag, phase, cytokine, iron)


def _blocked(block: Block, acute: Acute) -> Floats:
    """How far the receptor of IL-6 is blocked on each draw: 1 after a dose, falling to 0 after two weeks or so."""
    found = np.zeros((block.n, len(DAYS)))
    doses = acute.given.of("tocilizumab", "siltuximab")
    day, lag = DAYS * 24 - 5, block.parameter("chemistry.tocilizumab_acts_hours") / 24
    for course, hour in zip(doses.course.tolist(), np.asarray(doses.hour).tolist(), strict=True):
        since = (day - hour) / 24
        begun = np.clip(since / lag, 0, 1)
        found[course] = np.maximum(found[course], begun * np.clip((16 - since) / 5, 0, 1))
    return found


def _noise(block: Block, name: str, between: float, within: float) -> Floats:
    """Log deviations: a patient's own and that of the day; the first column has the patient's own only."""
    rng = block.stream(f"chemistry/{name}")
    own = between * rng.standard_normal(block.n)[:, None]
    daily = within * rng.standard_normal((block.n, len(DAYS)), dtype=np.float32)
    daily[:, BASELINE] = 0
    return np.asarray(own + daily, np.float64)


def _inflammation(block: Block, patients: Patients, moved: _Drivers) -> dict[str, Floats]:
    day = np.maximum(DAYS, 0)[None, :]
    base = patients.crp[:, None] * np.exp(-day / block.parameter("chemistry.crp_baseline_days")) + 2.0
    base[:, BASELINE] = patients.crp
    stopped = 1 - block.parameter("chemistry.tocilizumab_stops_crp") * moved.blocked
    crp = (base * stopped + moved.acute_phase) * np.exp(_noise(block, "crp", 0.0, 0.15))
    ferritin = patients.ferritin[:, None] * np.exp(moved.iron + _noise(block, "ferritin", 0.0, 0.06))
    raised = moved.cytokine + np.log(block.parameter("chemistry.tocilizumab_raises_il6")) * moved.blocked
    il6 = 5.0 * np.exp(raised + _noise(block, "interleukin_6", 0.5, 0.4))
    il6 *= np.exp(0.3 * patients.inflammation)[:, None]
    return {
        "crp": np.clip(crp, 0.3, 600),
        "ferritin": np.clip(ferritin, 5, 150_000),
        "interleukin_6": np.clip(il6, 1.5, 50_000),
    }


def _organs(  # noqa: PLR0917  (liver and kidneys)
    block: Block, patients: Patients, moved: _Drivers, falls: Floats, kidney: Floats
) -> dict[str, Floats]:
    value = block.parameter
    liver = value("chemistry.liver_per_severity") * moved.lag + value("chemistry.liver_per_syndrome") * moved.syndrome
    ast = 24 * np.exp(1.1 * liver + 0.1 * moved.infection + _noise(block, "ast", 0.3, 0.12))
    alt = 25 * np.exp(liver + 0.1 * moved.infection + _noise(block, "alt", 0.4, 0.12))
    bilirubin = 0.55 * np.exp(0.18 * moved.lag + 0.42 * moved.syndrome + _noise(block, "bilirubin", 0.35, 0.15))
    severe = np.maximum(moved.severity - 2, 0)
    injury = value("chemistry.kidney_per_severity") * severe + 0.45 * kidney + 0.5 * falls
    creatinine = patients.creatinine[:, None] * np.exp(
        injury - 0.05 * (DAYS > 0) + _noise(block, "creatinine", 0.0, 0.06)
    )
    urea = 15 * (creatinine / 0.9) * np.exp(0.05 * moved.lag + _noise(block, "urea_nitrogen", 0.2, 0.12))
    albumin = 38 - 2.2 * moved.lag - 2.0 * moved.syndrome - 1.5 * np.maximum(patients.inflammation, -1)[:, None]
    albumin += 30 * _noise(block, "albumin", 0.08, 0.03)
    return {
        "ast": np.clip(ast, 6, 20_000),
        "alt": np.clip(alt, 5, 20_000),
        "bilirubin": np.clip(bilirubin, 0.1, 40),
        "direct_bilirubin": np.clip(bilirubin * (0.3 + 0.08 * np.minimum(moved.syndrome, 4)), 0.05, 35),
        "creatinine": np.clip(creatinine, 0.2, 12),
        "urea_nitrogen": np.clip(urea, 2, 200),
        "albumin": np.clip(albumin, 14, 52),
    }


def _coagulation(block: Block, moved: _Drivers) -> dict[str, Floats]:
    value = block.parameter
    rises = value("chemistry.fibrinogen_acute_phase") * moved.acute_phase / (moved.acute_phase + 60)
    own = np.exp(0.6 * block.stream("chemistry/consumption").standard_normal(block.n))[:, None]
    used = (
        value("chemistry.fibrinogen_per_severity") * moved.lag * own
        + value("chemistry.fibrinogen_per_syndrome") * moved.syndrome
    )
    used = used + value("chemistry.fibrinogen_tocilizumab") * moved.blocked
    fibrinogen = (3.6 + rises) * np.exp(-used + _noise(block, "fibrinogen", 0.18, 0.07))
    d_dimer = np.exp(
        value("chemistry.d_dimer_log")
        + value("chemistry.d_dimer_per_severity") * moved.lag * own
        + 0.55 * moved.syndrome
        + _noise(block, "d_dimer", 0.6, 0.2)
    )
    longer = value("chemistry.pt_per_severity") * moved.lag * own + value("chemistry.pt_per_syndrome") * moved.syndrome
    pt = 12.0 * np.exp(_noise(block, "prothrombin_time", 0.05, 0.02)) + longer
    aptt = 30 * np.exp(_noise(block, "aptt", 0.08, 0.04)) + 3.5 * longer
    triglycerides = 135 * np.exp(0.12 * moved.lag + 0.32 * moved.syndrome + _noise(block, "triglycerides", 0.4, 0.15))
    return {
        "fibrinogen": np.clip(fibrinogen, 0.3, 11),
        "d_dimer": np.clip(d_dimer, 0.15, 80),
        "prothrombin_time": np.clip(pt, 9, 60),
        "inr": np.clip((pt / 12.0) ** 1.05, 0.8, 8),
        "aptt": np.clip(aptt, 20, 140),
        "triglycerides": np.clip(triglycerides, 30, 2500),
    }


def _electrolytes(block: Block, moved: _Drivers, falls: Floats) -> dict[str, Floats]:
    young = 1.0
    urate = 4.4 * np.exp(_noise(block, "uric_acid", 0.22, 0.07)) + 5.5 * falls
    potassium = 4.0 * np.exp(_noise(block, "potassium", 0.05, 0.045)) + 2.2 * falls - 0.05 * moved.lag
    phosphate = young * 1.0 * np.exp(_noise(block, "phosphate", 0.08, 0.06)) + 0.95 * falls
    corrected = 2.33 * np.exp(_noise(block, "corrected_calcium", 0.025, 0.018)) - 0.4 * falls
    total = corrected - 0.15 - 0.03 * moved.lag
    return {
        "uric_acid": np.clip(urate, 0.5, 25),
        "potassium": np.clip(potassium, 2.2, 8.5),
        "phosphate": np.clip(phosphate, 0.3, 5),
        "corrected_calcium": np.clip(corrected, 1.2, 3.2),
        "calcium": np.clip(total, 1.1, 3.2),
    }


def _ldh(  # noqa: PLR0917  (the tumour, its lysis, and what becomes of it)
    block: Block, patients: Patients, outcome: Outcome, moved: _Drivers, falls: Floats, visits: Visits
) -> Floats:
    upper = block.setting.values("chemistry.reference.ldh")[1]
    usual = 0.72
    tumour = np.maximum(patients.ldh_over_uln - usual, 0.02)[:, None]
    day = np.maximum(DAYS, 0)[None, :]
    answer = outcome.response[:, None]
    rest = np.where(answer == COMPLETE, 0.05, np.where(answer == PARTIAL, 0.25, 0.9))
    left = rest + (1 - rest) * np.exp(-day / 9)
    to_go = (visits.hours - outcome.progressed[:, None]) / 24 + 20
    grows = np.where(to_go > 0, 1 - np.exp(-np.maximum(to_go, 0) / 25), 0.0)
    killed = block.parameter("chemistry.ldh_per_severity") * moved.severity * np.exp(0.3 * patients.burden)[:, None]
    level = usual + tumour * left + 0.9 * grows + killed + 0.45 * moved.syndrome + 1.5 * falls
    level *= np.exp(_noise(block, "ldh", 0.0, 0.07))
    level[:, BASELINE] = patients.ldh_over_uln
    return np.asarray(np.clip(level * upper, 80, 20_000), np.float64)


def _lysis(block: Block, patients: Patients, acute: Acute, visits: Visits) -> Floats:
    """Day of tumour lysis: as the cells expand; NaN for nearly everybody."""
    chance = block.parameter("chemistry.lysis_probability")
    slope = block.parameter("chemistry.lysis_on_burden")
    own = chance * np.exp(slope * patients.burden - slope**2 / 2)
    rng = block.stream("chemistry/lysis")
    has = (rng.random(block.n) < own) & ~np.isnan(visits.hours[:, BASELINE])
    on = acute.crs_severity >= 1
    start = np.where(on.any(axis=1), np.argmax(on, axis=1) / 24, rng.uniform(1, 6, block.n))
    return np.where(has, np.clip(np.floor(start) + 1, 1, 6), np.nan)


def observe_chemistry(chemistry: Chemistry, visits: Visits, until: Floats) -> Rows:
    """The values as a laboratory reports them, up to `until` (hours since infusion), and that the disease can underlie DIC."""
    everything = np.ones(visits.drawn.shape, bool)
    ward = visits.daily | (DAYS < 0)[None, :]
    long = everything & ((DAYS <= _OFTEN_DAYS) | (DAYS > LAST_DAILY) | (DAYS % _WEEK == 0))[None, :]
    sent: dict[str, Flags] = {
        **dict.fromkeys(_DECIMALS, ward),
        **dict.fromkeys(_EVERY_DRAW, everything),
        "ferritin": long,
        "albumin": long,
        "interleukin_6": ward & (DAYS <= _IL6_DAYS)[None, :],
        "triglycerides": ward & ((DAYS % 2 == 0) | (DAYS < 0))[None, :],
        "uric_acid": ward & (DAYS <= _IL6_DAYS)[None, :],
    }
    parts = [visits.rows(kind, chemistry.values[kind], sent[kind], until, _DECIMALS[kind]) for kind in _DECIMALS]
    infused = np.flatnonzero(visits.drawn[:, BASELINE])
    parts.append(Rows.coded("dic_underlying_disorder", infused, visits.hours[infused, BASELINE], "yes"))
    return Rows.join(parts)


def reference_ranges(setting: Setting) -> Floats:
    """Lower and upper limits of the reporting laboratory, shape (2, kinds, 2): of men and of women, by kind, low and high.

    NaN where a kind has no range. `ranges[is_female[course], kind]` are the two limits of a row.
    """
    found = np.full((2, len(KINDS), 2), np.nan)
    for kind in (*_DECIMALS, *_OTHERS):
        name = f"chemistry.reference.{kind}"
        if name not in setting.parameters:
            continue
        found[:, KIND[kind]] = setting.values(name)
        if f"{name}.female" in setting.parameters:
            found[1, KIND[kind]] = setting.values(f"{name}.female")
    return found
