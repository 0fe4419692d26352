"""Who is referred: age, sex, size, disease and the values before treatment, with correlations that give scores a meaning.

Place    Floor 4. First of the modules that draw.
In       A block (parameters patients.*).
Out      `Patients`; what is written of them at the acceptance as `Rows`.
Knows    burden, inflammation, marrow and fitness are four standard normals with the correlations of the parameters. A value
         before treatment is median x exp(sdlog x (r x latent + sqrt(1 - r^2) x noise)), so that its median and its spread are
         those of the parameters and r is its correlation (on the log scale) with the latent.
         Each of the comorbidities that are counted is one of the items of the HCT-CI by the shares of the parameters (two of one
         item are one); obesity and renal disease follow from size and creatinine. Lansky is a step function of fitness.
         Age is a normal cut to [age_min, age_max]. Height and weight of children follow growth lists up to 18 years.
Does not Imitate any person; the inputs are published summaries and named assumptions only.
Checked  tests/unit/population/test_patients.py
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.centres import shares_of
from vein2vein.population.states import KINDS, Flags, Floats, Integers, Patients, Rows

COMORBIDITIES: Final = tuple(name for name in KINDS if name.startswith("comorbidity_"))
_TRIES = 16
_ADULT = 18.0
_OBESE = 35.0
_POOR_KIDNEYS = 2.0
_EITHER: Final = (
    ("comorbidity_pulmonary_moderate", "comorbidity_pulmonary_severe"),
    ("comorbidity_hepatic_mild", "comorbidity_hepatic_severe"),
)
_LATENTS = ("burden", "inflammation", "marrow", "fitness")


def draw_patients(block: Block) -> Patients:
    """Draw the patients of a block."""
    value = block.parameter
    burden, inflammation, marrow, fitness = _latents(block)
    age = _age(block)
    is_female = block.stream("patients/sex").random(block.n) < value("patients.female_fraction")
    height, weight = _size(block, age, is_female)
    few = value("patients.lines_min")
    lines = few + block.stream("patients/lines").poisson(max(value("patients.lines_mean") - few, 0.0), block.n)
    unfit = NormalDist().inv_cdf(1 - min(max(value("patients.ecog_0_fraction"), 1e-6), 1 - 1e-6))
    many = value("patients.comorbidities_mean") * np.exp(value("patients.comorbidities_on_fitness") * fitness)
    counts_on_marrow = -value("patients.counts_on_marrow")
    comorbidities = block.stream("patients/comorbidities").poisson(many).astype(np.int8)
    creatinine = _lognormal(block, "creatinine", fitness, 0.0)
    inflamed = inflammation
    return Patients(
        age_years=age,
        is_female=is_female,
        weight_kg=weight,
        height_cm=height,
        line=lines.astype(np.int16),
        ecog=np.where(fitness > unfit, 0, 1).astype(np.int8),
        burden=burden,
        inflammation=inflammation,
        marrow=marrow,
        fitness=fitness,
        ldh_over_uln=_lognormal(block, "ldh_over_uln", burden, value("patients.ldh_on_burden")),
        crp=_lognormal(block, "crp", inflamed, value("patients.crp_on_inflammation")),
        ferritin=_lognormal(block, "ferritin", inflamed, value("patients.ferritin_on_inflammation")),
        neutrophils=_lognormal(block, "neutrophils", marrow, counts_on_marrow),
        platelets=_lognormal(block, "platelets", marrow, counts_on_marrow),
        haemoglobin=_haemoglobin(block, marrow),
        creatinine=creatinine,
        lymphocytes=_lognormal(block, "lymphocytes", marrow, 0.0),
        baseline_bp=_systolic(block, age),
        comorbidities=comorbidities,
        comorbid=_comorbid(block, comorbidities, weight / (height / 100) ** 2, creatinine),
        centre=_centre(block),
    )


def observe_patients(block: Block, patients: Patients, accepted: Floats) -> Rows:
    """Lines of therapy, performance status, size and comorbidities, as the centre writes them down when it accepts.

    Args:
        block: The block.
        patients: Its patients.
        accepted: Hour of the acceptance of each course, as rows count hours.
    """
    every = np.arange(block.n)
    child = patients.age_years < block.parameter("patients.lansky_below")
    parts = [
        Rows.numbers("prior_lines", every, accepted, patients.line.astype(np.float64)),
        Rows.numbers("ecog", every[~child], accepted[~child], patients.ecog[~child].astype(np.float64)),
        Rows.numbers("lansky", every[child], accepted[child], _lansky(block, patients.fitness[child])),
        Rows.numbers("weight", every, accepted, np.round(patients.weight_kg, 1)),
        Rows.numbers("height", every, accepted, np.round(patients.height_cm)),
    ]
    parts += [
        Rows.coded(name, every, accepted, has.astype(np.int16))
        for name, has in zip(COMORBIDITIES, patients.comorbid.T, strict=True)
    ]
    return Rows.join(parts)


def correlation(block: Block) -> Floats:
    """Correlation matrix of burden, inflammation, marrow and fitness."""
    value = block.parameter
    matrix = np.eye(len(_LATENTS))
    pairs = {
        (0, 1): value("patients.corr_burden_inflammation"),
        (0, 2): value("patients.corr_burden_marrow"),
        (1, 2): value("patients.corr_inflammation_marrow"),
        **{(i, 3): value("patients.corr_fitness") for i in range(3)},
    }
    for (i, j), size in pairs.items():
        matrix[i, j] = matrix[j, i] = size
    return matrix


def _comorbid(block: Block, count: Integers, body_mass: Floats, creatinine: Floats) -> Flags:
    """Which items of the HCT-CI the counted comorbidities are."""
    shares = np.cumsum(block.setting.values("patients.comorbidity_shares"))
    names = block.setting.texts("patients.comorbidity_items")
    drawn = block.stream("patients/comorbidity-items").random((block.n, _TRIES))
    item = np.minimum(np.searchsorted(shares / shares[-1], drawn, side="right"), len(names) - 1)
    has = np.zeros((block.n, len(COMORBIDITIES)), bool)
    place = np.array([COMORBIDITIES.index(f"comorbidity_{name}") for name in names])
    course, number = np.nonzero(np.arange(_TRIES) < count[:, None])
    has[course, place[item[course, number]]] = True
    has[:, COMORBIDITIES.index("comorbidity_obesity")] = body_mass > _OBESE
    has[:, COMORBIDITIES.index("comorbidity_renal")] = creatinine > _POOR_KIDNEYS
    for less, more in _EITHER:
        has[:, COMORBIDITIES.index(less)] &= ~has[:, COMORBIDITIES.index(more)]
    return has


def _lansky(block: Block, fitness: Floats) -> Floats:
    shares = np.cumsum(block.setting.values("patients.lansky_shares"))
    cuts = [NormalDist().inv_cdf(1 - share / shares[-1]) for share in shares[:-1]]
    scores = np.array(block.setting.values("patients.lansky_scores"))
    found: Floats = scores[np.searchsorted(-np.array(cuts), -fitness, side="right")]
    return found


def _latents(block: Block) -> Floats:
    root = np.linalg.cholesky(correlation(block))
    found: Floats = root @ block.stream("patients/latents").standard_normal((len(_LATENTS), block.n))
    return found


def _age(block: Block) -> Floats:
    """The first of several draws within the limits, so that every course uses equally many draws."""
    low, high = block.parameter("patients.age_min"), block.parameter("patients.age_max")
    draws = block.stream("patients/age").standard_normal((block.n, _TRIES))
    ages = block.parameter("patients.age_median") + block.parameter("patients.age_sd") * draws
    first = np.argmax((ages >= low) & (ages < high + 1), axis=1)
    chosen: Floats = np.clip(ages[np.arange(block.n), first], low, high + 0.99)
    return chosen


def _size(block: Block, age: Floats, is_female: Flags) -> tuple[Floats, Floats]:
    value, values = block.parameter, block.setting.values
    ages = values("patients.growth_ages")
    adult = np.where(is_female, value("patients.height_female_cm"), value("patients.height_male_cm"))
    female = np.interp(age, ages, values("patients.growth_height_female"))
    share = np.where(is_female, female, np.interp(age, ages, values("patients.growth_height_male")))
    noise = block.stream("patients/size").standard_normal((2, block.n))
    height = (adult + value("patients.height_sd_cm") * noise[0]) * np.where(age < _ADULT, share, 1.0)
    slim = np.where(age < _ADULT, np.interp(age, ages, values("patients.growth_bmi")), 1.0)
    index = value("patients.bmi_median") * slim * np.exp(value("patients.bmi_sdlog") * noise[1])
    return height, index * (height / 100) ** 2


def _lognormal(block: Block, name: str, latent: Floats, r: float) -> Floats:
    noise = block.stream(f"patients/{name}").standard_normal(block.n)
    spread = block.parameter(f"patients.{name.removesuffix('_over_uln')}_sdlog")
    found: Floats = block.parameter(f"patients.{name}_median") * np.exp(
        spread * (r * latent + np.sqrt(1 - r * r) * noise)
    )
    return found


def _haemoglobin(block: Block, marrow: Floats) -> Floats:
    r = -block.parameter("patients.counts_on_marrow")
    noise = block.stream("patients/haemoglobin").standard_normal(block.n)
    spread = block.parameter("patients.haemoglobin_sd") * (r * marrow + np.sqrt(1 - r * r) * noise)
    found: Floats = np.clip(block.parameter("patients.haemoglobin_median") + spread, 6.0, 18.0)
    return found


def _systolic(block: Block, age: Floats) -> Floats:
    """Usual systolic pressure; at least 20 mmHg above the limit below which a pressure counts as low for the age."""
    value = block.parameter
    usual = np.minimum(value("patients.systolic_child_base") + 2 * age, value("patients.systolic_adult"))
    spread = value("patients.systolic_sd") * block.stream("patients/pressure").standard_normal(block.n)
    found: Floats = np.clip(usual + spread, low_systolic(age) + 20, 160)
    return found


def low_systolic(age: Floats) -> Floats:
    """Systolic pressure (mmHg) below which it is low for the age: 70 + 2 x age, at most 90 (Mahadeo 2019, as the scale cites)."""
    found: Floats = np.minimum(70 + 2 * np.floor(age), 90)
    return found


def _centre(block: Block) -> Integers:
    shares = shares_of(block.setting.texts("patients.regions"))
    place = np.searchsorted(np.cumsum(shares), block.stream("patients/centre").random(block.n), side="right")
    return np.minimum(place, len(shares) - 1).astype(np.int16)
