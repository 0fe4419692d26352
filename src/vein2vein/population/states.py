"""What is drawn of a block, as frozen arrays: the words that the modules of the population pass to each other.

Place    Floor 4. Every `draw_...` returns one of these, every `observe_...` returns `Rows` (and `Spans` for intervals).
Knows    Arrays have the shape (courses,) or (courses, hours). Hours count from the infusion unless a field says otherwise;
         they may be negative. NaN means that something never happens.
Does not Hold what is "true" in the cohort tables: only `Rows`, `Spans` and `Events` get there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[Any]
Words = npt.NDArray[np.object_]

KINDS: Final = (
    "body_temperature", "heart_rate", "respiratory_rate", "systolic_blood_pressure", "diastolic_blood_pressure",
    "oxygen_saturation", "fraction_inspired_oxygen", "hypotension", "weight", "height",
    "arousal", "ice_score", "ice_not_done_reason", "capd_score", "capd_not_done_reason", "developmental_delay",
    "seizure", "seizure_generalised", "seizure_prolonged", "motor_weakness_focal", "motor_weakness_new", "motor_strength",
    "cerebral_oedema_focal", "cerebral_oedema_diffuse", "intracranial_haemorrhage", "posturing", "sixth_nerve_palsy",
    "facial_palsy", "papilloedema", "cushing_triad", "tremor",
    "neutrophils", "leukocytes", "lymphocytes", "platelets", "haemoglobin", "cd4_cells", "b_cells", "b_cell_percentage",
    "crp", "ferritin", "ldh", "fibrinogen", "inr", "aptt", "prothrombin_time", "d_dimer", "ast", "alt", "bilirubin",
    "direct_bilirubin", "creatinine", "triglycerides", "soluble_cd25", "uric_acid", "potassium", "phosphate", "calcium", "igg",
    "splenomegaly", "hepatomegaly", "haemophagocytosis_marrow", "haemophagocytosis_tissue", "ferritin_rapidly_rising",
    "cytopenia_new_or_worse", "iec_hs", "bleeding_transfusion", "bleeding_life_threatening", "acute_kidney_injury",
    "oliguria", "infection", "infection_topical_treatment", "infection_invasive_procedure", "infection_life_threatening",
    "sinopulmonary_infection", "serious_or_recurrent_bacterial_infection", "anticoagulation", "neutropenia_expected",
    "b_cell_aplasia", "parkinsonism", "parkinsonism_ctcae_grade", "cranial_nerve_palsy", "cranial_nerve_ctcae_grade",
    "enterocolitis", "enterocolitis_ctcae_grade", "constitutional_symptoms", "life_threatening",
    "organ_toxicity_grade", "transaminase_toxicity_grade", "neurotoxicity_present", "lung_infiltrates",
    "anaemia_life_threatening", "febrile_neutropenia_life_threatening", "known_immunosuppression", "fibrin_marker_increase",
    "interleukin_6", "albumin", "urea_nitrogen", "corrected_calcium", "dic_underlying_disorder",
    "response_assessment", "mrd_negative", "qlq_c30_global_health", "eq_vas",
    "prior_lines", "ecog", "lansky", "comorbidity_arrhythmia", "comorbidity_cardiac", "comorbidity_inflammatory_bowel",
    "comorbidity_diabetes", "comorbidity_cerebrovascular", "comorbidity_psychiatric", "comorbidity_hepatic_mild",
    "comorbidity_obesity", "comorbidity_infection", "comorbidity_rheumatologic", "comorbidity_peptic_ulcer",
    "comorbidity_renal", "comorbidity_pulmonary_moderate", "comorbidity_prior_malignancy", "comorbidity_heart_valve",
    "comorbidity_pulmonary_severe", "comorbidity_hepatic_severe", "cd3_yield", "car_copies", "car_cells",
)  # fmt: skip
CODES: Final = (
    "no",
    "yes",
    "spontaneous",
    "voice",
    "touch",
    "unarousable",
    "sedation",
    "language",
    "other",
    "none",
    "moderate",
    "strong",
    "complete-response",
    "complete-response-incomplete-recovery",
    "very-good-partial-response",
    "partial-response",
    "stable-disease",
    "progressive-disease",
)
KIND: Final = {name: number for number, name in enumerate(KINDS)}
CODE: Final = {name: number for number, name in enumerate(CODES)}
NO_CODE: Final = -1
BELOW: Final = -2
"""In place of a code: the number is a limit, and what was measured lies below it."""


@dataclass(frozen=True)
class Patients:
    """Who is referred, arrays of shape (courses,); `comorbid` has the shape (courses, COMORBIDITIES of `patients`).

    The latents are standard normal and correlated (a Gaussian copula): `burden` higher = more tumour, `inflammation` higher =
    more inflamed, `marrow` higher = WEAKER marrow, `fitness` higher = fitter.
    """

    age_years: Floats
    is_female: Flags
    weight_kg: Floats
    height_cm: Floats
    line: Integers
    ecog: Integers
    burden: Floats
    inflammation: Floats
    marrow: Floats
    fitness: Floats
    ldh_over_uln: Floats
    crp: Floats
    ferritin: Floats
    neutrophils: Floats
    platelets: Floats
    haemoglobin: Floats
    creatinine: Floats
    lymphocytes: Floats
    baseline_bp: Floats
    comorbidities: Integers
    comorbid: Flags
    centre: Integers


@dataclass(frozen=True)
class Way:
    """The way from referral to infusion, hours since REFERRAL; NaN where a step is never reached.

    `collected` and `cd3_collected` (10^9 cells) have the shape (courses, 3): the first apheresis, the one that tops it up, the
    one after a failed manufacture. `failed_at` has the shape (courses, 2): ends of failed manufactures; `manufacture_failed` says
    that there was no product in the end. `left` is when a course left the way before infusion, `left_cause` why (None where
    infused): "declined", "progression", "death", "manufacturing", "unfit", "other". `cells` is the whole dose (10^6 cells).
    """

    referred: Floats
    accepted: Floats
    apheresed: Floats
    released: Floats
    delivered: Floats
    lymphodepletion: Floats
    infused: Floats
    left: Floats
    left_cause: Words
    collected: Floats
    cd3_collected: Floats
    failed_at: Floats
    manufacture_failed: Flags
    out_of_specification: Flags
    bridging: Flags
    cells: Floats

    @property
    def is_infused(self) -> Flags:
        """Which courses reach the infusion."""
        return ~np.isnan(self.infused)


@dataclass(frozen=True)
class Kinetics:
    """Cellular kinetics after Stein 2019 (10.1002/psp4.12388): growth to a peak, then two exponential falls.

    C(t) = R0 e^(rho t) before `tmax_hours`, with rho = ln(foldx)/Tmax and R0 = Cmax/foldx; after it
    (1 - F_B) Cmax e^(-alpha (t - Tmax)) + F_B Cmax e^(-beta (t - Tmax)). `alpha` and `beta` are per day. `z` is the relative
    expansion (ln Cmax - mean)/SD, a standard normal that drives CRS and response.
    """

    cmax: Floats
    tmax_hours: Floats
    foldx: Floats
    alpha: Floats
    f_b: Floats
    beta: Floats
    z: Floats

    def level(self, hours: Floats) -> Floats:
        """Level at hours since infusion, shape (courses, hours), in the unit of `cmax`; zero before the infusion."""
        return self.at(np.asarray(hours, dtype=np.float64)[None, :])

    def at(self, hours: Floats) -> Floats:
        """As `level`, at hours of each course's own, shape (courses, hours)."""
        t = np.asarray(hours, dtype=np.float64) / 24
        top = self.tmax_hours[:, None] / 24
        growth = np.log(self.foldx)[:, None] * (np.minimum(t, top) / top - 1)
        after = np.maximum(t - top, 0.0)
        share = self.f_b[:, None]
        fall = (1 - share) * np.exp(-self.alpha[:, None] * after) + share * np.exp(-self.beta[:, None] * after)
        return np.where(t < 0, 0.0, self.cmax[:, None] * np.exp(growth) * fall)


@dataclass(frozen=True)
class Given:
    """Single administrations that the team decides on: flat arrays of equal length.

    `stream` is the kind of exposure (anticytokine, corticosteroid, antipyretic, growth_factor, ...), `hour` the hour of the grid.
    """

    course: Integers
    hour: Floats
    stream: Words
    agent: Words
    dose: Floats
    unit: Words
    reason: Words

    def of(self, *agents: str) -> Given:
        """The administrations of these agents."""
        some = np.isin(self.agent.astype(str), agents)
        return Given(*(getattr(self, f.name)[some] for f in fields(self)))


@dataclass(frozen=True)
class Acute:
    """What the generator INTENDS on the hourly grid from the infusion, shape (courses, hours).

    `crs_severity` and `icans_severity` are latent severities after treatment (>= 1 any, >= 2 grade 2, ...); the grades are the
    ASTCT 2019 grades that the observations are made to show. `temperature` is that of CRS in tenths of a degree while
    `crs_severity` is at least 1, and 0 elsewhere. `died_of` is a detail of the milestone `death`, or None.
    `icu_from`, `icu_until`, `discharged`, `died` are hours since infusion. A course that is never infused has grade 0 everywhere
    and died = NaN here; `died` covers deaths of the acute course only (see `outcome` for the others).
    """

    crs_severity: Floats
    icans_severity: Floats
    crs_grade: npt.NDArray[np.int8]
    icans_grade: npt.NDArray[np.int8]
    temperature: Floats
    given: Given
    icu_from: Floats
    icu_until: Floats
    discharged: Floats
    died: Floats
    died_of: Words

    @property
    def hours(self) -> int:
        """Hours of the grid."""
        return int(self.crs_grade.shape[1])


@dataclass(frozen=True)
class Rows:
    """Observations as flat arrays of equal length: `kind` indexes KINDS, `code` indexes CODES (NO_CODE or BELOW for a number).

    `value` is in the canonical unit of the kind, NaN where the row holds a code. Rows of one call should stand in the order
    of course and hour where that costs nothing; `assemble` orders what is not.
    """

    course: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int16]
    hour: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]
    code: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.course)

    @classmethod
    def numbers(cls, kind: str, course: Integers, hour: Floats, value: Floats) -> Self:
        """Rows of one kind with numbers."""
        n = len(course)
        return cls(
            course.astype(np.int32, copy=False),
            np.full(n, KIND[kind], np.int16),
            hour.astype(np.float64, copy=False),
            value.astype(np.float64, copy=False),
            np.full(n, NO_CODE, np.int16),
        )

    @classmethod
    def coded(cls, kind: str, course: Integers, hour: Floats, code: Integers | str) -> Self:
        """Rows of one kind with codes: one code name for all, or an array of indices into CODES."""
        n = len(course)
        codes = np.full(n, CODE[code], np.int16) if isinstance(code, str) else code.astype(np.int16, copy=False)
        return cls(
            course.astype(np.int32, copy=False),
            np.full(n, KIND[kind], np.int16),
            hour.astype(np.float64, copy=False),
            np.full(n, np.nan),
            codes,
        )

    @classmethod
    def grid(cls, kinds: tuple[str, ...], hours: Floats, values: Floats, keep: Flags) -> Self:
        """Rows of several kinds on a common grid, in the order of course, hour, kind.

        Args:
            kinds: Names of the kinds.
            hours: Hours of the grid, shape (hours,).
            values: Shape (courses, hours, kinds); NaN leaves a row out only where `keep` does.
            keep: Which rows there are, shape (courses, hours); all kinds of an hour are measured together.
        """
        course, hour = np.nonzero(keep)
        width = len(kinds)
        return cls(
            np.repeat(course.astype(np.int32), width),
            np.tile(np.array([KIND[k] for k in kinds], np.int16), len(course)),
            np.repeat(np.asarray(hours, np.float64)[hour], width),
            values[course, hour].reshape(-1).astype(np.float64),
            np.full(len(course) * width, NO_CODE, np.int16),
        )

    @classmethod
    def join(cls, parts: list[Rows]) -> Self:
        """All rows of several, one after the other."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True)
class Spans:
    """Exposures as flat arrays of equal length: hours since infusion, `until` NaN for an open end, NaN amounts and rates none.

    `reason` is None where nothing is stated. A single administration has until == start.
    """

    course: Integers
    stream: Words
    agent: Words
    start: Floats
    until: Floats
    amount: Floats
    amount_unit: Words
    rate: Floats
    rate_unit: Words
    reason: Words

    def __len__(self) -> int:
        return len(self.course)

    @classmethod
    def of(  # noqa: PLR0913, PLR0917  (one row of a drug chart; every part has a name)
        cls,
        stream: str | Words,
        agent: str | Words,
        course: Integers,
        start: Numbers,
        until: Numbers,
        *,
        amount: Floats | None = None,
        amount_unit: str | Words | None = None,
        rate: Floats | None = None,
        rate_unit: str | Words | None = None,
        reason: str | Words | None = None,
    ) -> Self:
        """Exposures; a word stands for all of them, an array for one each."""
        n = len(course)
        return cls(
            np.asarray(course, np.int32),
            _words(stream, n),
            _words(agent, n),
            np.asarray(start, np.float64),
            np.asarray(until, np.float64),
            np.full(n, np.nan) if amount is None else np.asarray(amount, np.float64),
            _words(amount_unit, n),
            np.full(n, np.nan) if rate is None else np.asarray(rate, np.float64),
            _words(rate_unit, n),
            _words(reason, n),
        )

    @classmethod
    def join(cls, parts: list[Spans]) -> Self:
        """All exposures of several, one after the other."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True)
class Events:
    """Milestones as flat arrays of equal length.

    `hour` counts from the infusion, or from the referral where `since_referral` is set (a course that is never infused has
    milestones of its way only).
    """

    course: Integers
    kind: Words
    hour: Floats
    detail: Words
    since_referral: Flags

    @classmethod
    def of(
        cls,
        kind: str,
        course: Integers,
        hour: Floats,
        *,
        detail: str | Words | None = None,
        since_referral: bool = False,
    ) -> Self:
        """Milestones of one kind; those at NaN never happen and are left out."""
        happens = ~np.isnan(hour)
        course, hour = np.asarray(course)[happens], np.asarray(hour, np.float64)[happens]
        details = detail[happens] if isinstance(detail, np.ndarray) else detail
        n = len(course)
        return cls(course.astype(np.int32), _words(kind, n), hour, _words(details, n), np.full(n, since_referral))

    @classmethod
    def join(cls, parts: list[Events]) -> Self:
        """All milestones of several, one after the other."""
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


def _words(word: str | Words | None, n: int) -> Words:
    if isinstance(word, np.ndarray):
        return word.astype(object)
    found = np.empty(n, dtype=object)
    found[:] = word
    return found
