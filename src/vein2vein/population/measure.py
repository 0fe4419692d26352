"""The quantities of the targets, measured on many courses in one way, wherever the courses come from.

Place    Floor 4. Used by `fit` (on what the generator intends) and by `calibration` (on cohort tables and our own grades).
In       `Courses`: one entry per enrolled course.
Out      `Measured`: a value with its Monte Carlo error.
Knows    Shares count over the denominator of the target. Times to toxicity are hours since infusion over 24, without rounding
         to study days. Survival is Kaplan-Meier (deaths without relapse: Aalen-Johansen), a month is 365.25/12 days.
Missing  A course that was never infused has no toxicity and no response, and is in no denominator but "enrolled".
Does not Know where the published figure is from.
Checked  tests/unit/population/test_measure.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from vein2vein.population.states import Flags, Floats, Integers

DAYS_OF_MONTH: Final = 365.25 / 12
NRM_MONTHS: Final = 24.0
EARLY_MONTHS: Final = 28 / DAYS_OF_MONTH
HIGH_SCORE: Final = 2
_FEWEST: Final = 5
_Z: Final = 1.959963984540054


@dataclass(frozen=True)
class Grades:
    """Peak grade, onset and duration under one scale; arrays of shape (courses,), in days since infusion, NaN for none."""

    peak: Integers
    onset_days: Floats
    duration_days: Floats


@dataclass(frozen=True)
class Courses:
    """What the targets speak of, one entry per enrolled course.

    Attributes:
        infused: Whether cells were given.
        evaluable: Whether the response can be evaluated, if infused.
        failed, nonconforming: Manufacture failed; product out of specification.
        vein_to_vein_days, enrolment_to_infusion_days: NaN where never infused.
        tocilizumab, steroids, anakinra, vasopressor, icu: Whether ever given, for toxicity.
        steroids_for_crs, steroids_for_icans: Steroids by the syndrome for which they were begun.
        icu_days, stay_days: NaN where there is none.
        score: CAR-HEMATOTOX before lymphodepletion; -1 where it cannot be computed.
        severe_neutropenia_days: Days 0 to 60 with neutrophils below 0.5.
        neutropenia_grade: Highest CTCAE 5.0 grade of neutropenia.
        complete, response: Best response.
        progressed_months, died_months, followed_months: Since infusion; infinite where it never happens.
        waited_months: From enrolment to infusion; for courses that are never infused the three times count from enrolment.
        grades: By scale id.
    """

    infused: Flags
    evaluable: Flags
    failed: Flags
    nonconforming: Flags
    vein_to_vein_days: Floats
    enrolment_to_infusion_days: Floats
    tocilizumab: Flags
    steroids: Flags
    steroids_for_crs: Flags
    steroids_for_icans: Flags
    anakinra: Flags
    vasopressor: Flags
    icu: Flags
    icu_days: Floats
    stay_days: Floats
    score: Integers
    severe_neutropenia_days: Floats
    neutropenia_grade: Integers
    complete: Flags
    response: Flags
    progressed_months: Floats
    died_months: Floats
    followed_months: Floats
    waited_months: Floats
    grades: Mapping[str, Grades]

    def __len__(self) -> int:
        return len(self.infused)

    @classmethod
    def join(cls, parts: list[Courses]) -> Self:
        """All courses of several, one after the other."""
        names = [field.name for field in fields(cls) if field.name != "grades"]
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        scales = {
            scale: Grades(
                *(np.concatenate([getattr(part.grades[scale], one.name) for part in parts]) for one in fields(Grades))
            )
            for scale in parts[0].grades
        }
        return cls(**joined, grades=scales)


@dataclass(frozen=True)
class Measured:
    """A simulated figure.

    Attributes:
        value: NaN where too few courses allow none (a median that is not reached is infinite).
        error: Standard error of the simulation.
        n: Courses in the denominator.
    """

    value: float
    error: float
    n: int


def measure(courses: Courses, quantity: str, denominator: str, scale: str | None, *, from_enrolment: bool) -> Measured:
    """One quantity of the targets.

    Args:
        courses: Enrolled courses.
        quantity: One of `targets.QUANTITIES`.
        denominator: As in `targets.Target`.
        scale: Rule set id for toxicities.
        from_enrolment: Whether survival counts from enrolment instead of the infusion.
    """
    there = _denominator(courses, denominator, scale)
    group, _, name = quantity.partition(".")
    if group in {"crs", "icans"}:
        return _toxicity(courses.grades[str(scale)], name, there)
    if group == "outcome" and name.startswith(("pfs_", "os_", "nrm")):
        return _survival(courses, name, there, from_enrolment=from_enrolment)
    if name in _DAYS:
        return median(getattr(courses, _DAYS[name])[there])
    return share(_flags(courses, name)[there])


_DAYS: Final = {
    "vein_to_vein_days": "vein_to_vein_days",
    "enrolment_to_infusion_days": "enrolment_to_infusion_days",
    "icu_days": "icu_days",
    "stay_days": "stay_days",
    "severe_neutropenia_days": "severe_neutropenia_days",
}


def _flags(courses: Courses, name: str) -> Flags:
    """Who counts, for the quantities that are shares."""
    special: dict[str, Flags] = {
        "infused_of_enrolled": courses.infused,
        "manufacture_failure": courses.failed,
        "out_of_specification": courses.nonconforming,
        "tocilizumab_or_steroids": courses.tocilizumab | courses.steroids,
        "neutropenia_grade3": courses.neutropenia_grade >= 3,  # noqa: PLR2004  (the grade of the name)
        "severe_neutropenia_14_days": courses.severe_neutropenia_days >= 14,  # noqa: PLR2004  (the days of the name)
        "complete_response": courses.complete,
    }
    found: Flags = special[name] if name in special else getattr(courses, name)
    return found


def _denominator(courses: Courses, name: str, scale: str | None) -> Flags:
    if name in {"enrolled", "apheresed"}:
        return np.ones(len(courses), bool)
    if name in {"crs cases", "icans cases"}:
        of = name.partition(" ")[0]
        known = scale or next(id for id in courses.grades if id.endswith(f".{of}"))
        return np.asarray(courses.infused & (courses.grades[known].peak >= 1), np.bool_)
    if name == "infused, high score":
        return np.asarray(courses.infused & (courses.score >= HIGH_SCORE), np.bool_)
    if name == "infused, low score":
        return np.asarray(courses.infused & (courses.score >= 0) & (courses.score < HIGH_SCORE), np.bool_)
    return courses.infused & courses.evaluable if name == "evaluable" else courses.infused


def _toxicity(grades: Grades, name: str, there: Flags) -> Measured:
    if name == "any":
        return share(grades.peak[there] >= 1)
    if name in {"grade3", "grade4"}:
        return share(grades.peak[there] >= int(name[-1]))
    return median(getattr(grades, name)[there])


def _survival(courses: Courses, name: str, there: Flags, *, from_enrolment: bool) -> Measured:
    wait = np.where(courses.infused, courses.waited_months, 0.0) if from_enrolment else np.zeros(len(courses))
    progressed, died, end = (
        (getattr(courses, f"{what}_months") + wait)[there] for what in ("progressed", "died", "followed")
    )
    if name.startswith("nrm"):
        return _without_relapse(progressed, died, end, NRM_MONTHS if name == "nrm" else EARLY_MONTHS)
    event = died if name.startswith("os") else np.minimum(progressed, died)
    time, happened = np.minimum(event, end), event <= end
    last = name.rpartition("_")[2]
    return survival_median(time, happened) if last == "months" else survival(time, happened, float(last))


def share(flags: npt.NDArray[Any]) -> Measured:
    """Share of a denominator with the error of a binomial count (one half added to each side, so that 0 has an error)."""
    n = len(flags)
    if n < _FEWEST:
        return Measured(float("nan"), float("nan"), n)
    count = int(flags.sum())
    p = (count + 0.5) / (n + 1)
    return Measured(count / n, float(np.sqrt(p * (1 - p) / n)), n)


def median(values: Floats) -> Measured:
    """Median of what is known, with the error from the spread of the order statistics about it."""
    known = np.sort(values[~np.isnan(values)])
    n = len(known)
    if n < _FEWEST:
        return Measured(float("nan"), float("nan"), n)
    half = _Z * np.sqrt(n) / 2
    low, high = int(max(n / 2 - half, 0)), int(min(n / 2 + half, n - 1))
    return Measured(float(np.median(known)), float((known[high] - known[low]) / (2 * _Z)), n)


def survival(time: Floats, happened: Flags, at: float) -> Measured:
    """Kaplan-Meier share free of the event just after `at`, with Greenwood's error; NaN when nobody is followed so long."""
    if not len(time) or time.max() < at:
        return Measured(float("nan"), float("nan"), len(time))
    moments, free, variance = _curve(time, happened)
    place = np.searchsorted(moments, at, side="right") - 1
    if place < 0:
        return Measured(1.0, 0.0, len(time))
    return Measured(float(free[place]), float(free[place] * np.sqrt(variance[place])), len(time))


def survival_median(time: Floats, happened: Flags) -> Measured:
    """Kaplan-Meier median: the first time at which at most half are free of the event; infinite when never."""
    moments, free, variance = _curve(time, happened)
    error = free * np.sqrt(variance)
    if not len(moments) or free[-1] > 0.5:  # noqa: PLR2004  (half)
        return Measured(float("inf"), float("nan"), len(time))
    place = int(np.argmax(free <= 0.5))  # noqa: PLR2004
    low = np.argmax(free - _Z * error <= 0.5)  # noqa: PLR2004
    above = free + _Z * error <= 0.5  # noqa: PLR2004
    high = moments[int(np.argmax(above))] if above.any() else moments[-1]
    return Measured(float(moments[place]), float((high - moments[low]) / (2 * _Z)), len(time))


def _curve(time: Floats, happened: Flags) -> tuple[Floats, Floats, Floats]:
    """Times of events, share free of the event after each, Greenwood's sum."""
    order = np.argsort(time, kind="stable")
    moments, first = np.unique(time[order], return_index=True)
    at_risk = len(time) - first
    events = np.add.reduceat(happened[order].astype(np.float64), first) if len(first) else np.zeros(0)
    some = events > 0
    moments, at_risk, events = moments[some], at_risk[some], events[some]
    free = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore"):
        variance = np.cumsum(events / (at_risk * np.maximum(at_risk - events, 1e-9)))
    return moments, free, np.where(free > 0, variance, 0.0)


def _without_relapse(progressed: Floats, died: Floats, end: Floats, at: float) -> Measured:
    """Cumulative incidence of death before progression (Aalen-Johansen), with the error of a share as if all were followed."""
    first = np.minimum(np.minimum(progressed, died), end)
    is_event = np.minimum(progressed, died) <= end
    is_death = is_event & (died < progressed)
    order = np.argsort(first, kind="stable")
    moments, start = np.unique(first[order], return_index=True)
    if not len(start):
        return Measured(float("nan"), float("nan"), 0)
    at_risk = len(first) - start
    events = np.add.reduceat(is_event[order].astype(np.float64), start)
    deaths = np.add.reduceat(is_death[order].astype(np.float64), start)
    free_before = np.concatenate([[1.0], np.cumprod(1 - events / at_risk)[:-1]])
    incidence = np.cumsum(free_before * deaths / at_risk)
    place = np.searchsorted(moments, at, side="right") - 1
    found = float(incidence[place]) if place >= 0 else 0.0
    return Measured(found, float(np.sqrt(max(found * (1 - found), 1e-6) / len(first))), len(first))


def hematotox(
    *, platelets: Floats, neutrophils: Floats, haemoglobin: Floats, crp: Floats, ferritin: Floats
) -> Integers:
    """CAR-HEMATOTOX before lymphodepletion (points as recalled of rejeski2021; equality counts as the better class).

    Args:
        platelets: 10^9/L.
        neutrophils: 10^9/L.
        haemoglobin: g/dL.
        crp: mg/L (the paper prints mg/dL).
        ferritin: ug/L.

    Returns:
        0 to 7; high from 2. -1 where a value is missing.
    """
    points = (
        (platelets < 75).astype(np.int64)  # noqa: PLR2004  (the table of the score)
        + (platelets <= 175)  # noqa: PLR2004
        + (neutrophils < 1.2)  # noqa: PLR2004
        + (haemoglobin < 9.0)  # noqa: PLR2004
        + (crp > 30)  # noqa: PLR2004
        + (ferritin >= 650)  # noqa: PLR2004
        + (ferritin > 2000)  # noqa: PLR2004
    )
    missing = np.isnan(platelets + neutrophils + haemoglobin + crp + ferritin)
    return np.where(missing, -1, points)


def severe_days(days: Floats, neutrophils: Floats, last: int = 60, limit: float = 0.5) -> Floats:
    """Days 0 to `last` with neutrophils below the limit, straight lines (on the log scale) between the given days.

    Args:
        days: Days of the columns, increasing.
        neutrophils: Shape (courses, columns), 10^9/L.
        last: Last day, inclusive.
        limit: 10^9/L.
    """
    wanted = np.arange(last + 1, dtype=np.float64)
    right = np.clip(np.searchsorted(days, wanted, side="left"), 1, len(days) - 1)
    left = right - 1
    part = (wanted - days[left]) / (days[right] - days[left])
    logs = np.log(np.maximum(neutrophils, 1e-3))
    values = (1 - part) * logs[:, left] + part * logs[:, right]
    return np.asarray((values < np.log(limit)).sum(axis=1), np.float64)
