"""The quantities of the targets read from cohort tables and our own grades, as from any cohort.

Place    Floor 4. Used by `calibration`; knows nothing of the generator.
In       A cohort, and what `grade_cohort` said of it.
Out      `Courses`.
Knows    Enrolment is the milestone `accepted`; a course is infused when it has an infusion. Steroids and anti-cytokines
         count when given for CRS or ICANS. The peak of a grade is the highest lower bound: what is certain. Days with
         few neutrophils are counted with straight lines (on the log scale) between the days on which they were measured, up to
         the last measurement. ICANS of children, where it is graded, counts together with that of adults.
         Manufacture failed where a failure is the last that is told of it. Whose response can be evaluated has an assessment, or
         was not followed until the first one was due.
Does not Look at intentions.
Checked  tests/unit/population/test_tabled.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from vein2vein.engine.verdict import Graded
from vein2vein.population.evaluable import FIRST_DUE_MONTHS
from vein2vein.population.measure import DAYS_OF_MONTH, Courses, Grades, hematotox
from vein2vein.population.states import Flags, Floats, Integers
from vein2vein.record.cohort import Cohort

NEUTROPENIA: Final = "ctcae-5.0.neutrophil-count-decreased"
ICANS: Final = "astct-2019.icans"
ICANS_CHILDREN: Final = "astct-2019.icans-children"
_DAY: Final = pl.duration(days=1)
_LAST_DAY: Final = 60
_LIMIT: Final = 0.5
_NEAR: Final = 7.0
_STEROIDS: Final = ("dexamethasone", "methylprednisolone", "prednisone", "hydrocortisone")
_TOXICITY: Final = ("crs", "icans")
_COMPLETE: Final = ("complete-response",)
_RESPONSE: Final = (
    *_COMPLETE,
    "complete-response-incomplete-recovery",
    "very-good-partial-response",
    "partial-response",
)
_SCORED: Final = ("platelets", "neutrophils", "haemoglobin", "crp", "ferritin")


def courses_of(cohort: Cohort, graded: Graded) -> Courses:
    """Read the quantities of every course of a cohort."""
    table = cohort.courses.select("course_id", "infused_at", "followed_until")
    infused = table["infused_at"].is_not_null().to_numpy()
    steps = _milestones(cohort, table)
    zero = table["infused_at"].fill_null(steps["accepted"])
    given = _Given(cohort, table["course_id"])
    responses = _responses(cohort, table["course_id"])
    icu_hours = given.hours("stay", "icu")
    return Courses(
        infused=infused,
        evaluable=_evaluable(cohort, table, steps["death"]),
        failed=(steps["manufacture_failed"].is_not_null() & steps["released"].is_null()).to_numpy(),
        nonconforming=infused & _nonconforming(cohort, table["course_id"]),
        vein_to_vein_days=_days(steps["apheresis"], table["infused_at"]),
        enrolment_to_infusion_days=_days(steps["accepted"], table["infused_at"]),
        tocilizumab=given.ever("anticytokine", ("tocilizumab",)),
        steroids=given.ever("corticosteroid", _STEROIDS),
        steroids_for_crs=given.ever("corticosteroid", _STEROIDS, ("crs",)),
        steroids_for_icans=given.ever("corticosteroid", _STEROIDS, ("icans",)),
        anakinra=given.ever("anticytokine", ("anakinra",)),
        vasopressor=given.ever("vasopressor", None),
        icu=icu_hours > 0,
        icu_days=np.where(icu_hours > 0, icu_hours / 24, np.nan),
        stay_days=_days(table["infused_at"], steps["discharge"]),
        score=_score(cohort, table),
        severe_neutropenia_days=_severe(cohort, table),
        neutropenia_grade=_peaks(graded, table["course_id"]).get(NEUTROPENIA, _none(table)),
        complete=responses[0],
        response=responses[1],
        progressed_months=_months(zero, steps["progression"], never=np.inf),
        died_months=_months(zero, steps["death"], never=np.inf),
        followed_months=_months(zero, table["followed_until"].fill_null(steps["last_seen"]), never=0.0),
        waited_months=_days(steps["accepted"], table["infused_at"]) / DAYS_OF_MONTH,
        grades=_grades(graded, table),
    )


def _none(table: pl.DataFrame) -> Integers:
    return np.zeros(len(table), np.int64)


def _milestones(cohort: Cohort, table: pl.DataFrame) -> dict[str, pl.Series]:
    """The first milestone of each kind, in the order of the courses; the death is also the end of follow-up."""
    first = cohort.milestones.group_by("course_id", "kind").agg(pl.col("at").min())
    found = {}
    for kind in (
        "accepted",
        "apheresis",
        "manufacture_failed",
        "released",
        "discharge",
        "progression",
        "death",
        "last_seen",
    ):
        some = first.filter(pl.col("kind") == kind).select("course_id", "at")
        found[kind] = table.select("course_id").join(some, on="course_id", how="left", maintain_order="left")["at"]
    found["last_seen"] = found["last_seen"].fill_null(found["death"])
    return found


def _days(since: pl.Series, until: pl.Series) -> Floats:
    days = pl.select((until - since) / _DAY).to_series().cast(pl.Float64)
    return np.asarray(days.to_numpy(), np.float64)


def _months(zero: pl.Series, at: pl.Series, *, never: float) -> Floats:
    months: Floats = np.nan_to_num(_days(zero, at) / DAYS_OF_MONTH, nan=never)
    return months


class _Given:
    """Exposures from the infusion on, by course."""

    def __init__(self, cohort: Cohort, ids: pl.Series) -> None:
        self._ids = ids
        began = cohort.courses.select("course_id", "infused_at")
        self._table = cohort.exposures.join(began, on="course_id").filter(pl.col("started_at") >= pl.col("infused_at"))

    def ever(self, kind: str, agents: tuple[str, ...] | None, reasons: tuple[str, ...] = _TOXICITY) -> Flags:
        """Who was given something of a kind, for a toxicity where the kind has other uses."""
        some = self._table.filter(pl.col("kind") == kind)
        if agents is not None:
            some = some.filter(pl.col("agent").is_in(agents) & pl.col("reason").is_in(reasons))
        return np.asarray(self._ids.is_in(some["course_id"].unique().implode()).to_numpy(), np.bool_)

    def hours(self, kind: str, agent: str) -> Floats:
        """Hours under one agent."""
        some = self._table.filter((pl.col("kind") == kind) & (pl.col("agent") == agent))
        length = ((pl.col("ended_at") - pl.col("started_at")) / pl.duration(hours=1)).sum()
        summed = some.group_by("course_id").agg(hours=length)
        joined = self._ids.to_frame("course_id").join(summed, on="course_id", how="left", maintain_order="left")
        found: Floats = joined["hours"].fill_null(0.0).cast(pl.Float64).to_numpy()
        return found


def _responses(cohort: Cohort, ids: pl.Series) -> tuple[Flags, Flags]:
    seen = cohort.observations.filter(pl.col("kind") == "response_assessment").select("course_id", "code")
    found = []
    for codes in (_COMPLETE, _RESPONSE):
        who = seen.filter(pl.col("code").is_in(codes))["course_id"].unique()
        found.append(np.asarray(ids.is_in(who.implode()).to_numpy(), np.bool_))
    return found[0], found[1]


def _nonconforming(cohort: Cohort, ids: pl.Series) -> Flags:
    steps = cohort.milestones
    out = steps.filter((pl.col("kind") == "released") & (pl.col("detail") == "out-of-specification"))
    return np.asarray(ids.is_in(out["course_id"].unique().implode()).to_numpy(), np.bool_)


def _evaluable(cohort: Cohort, table: pl.DataFrame, died: pl.Series) -> Flags:
    seen = cohort.observations.filter(pl.col("kind") == "response_assessment")["course_id"].unique()
    assessed = np.asarray(table["course_id"].is_in(seen.implode()).to_numpy(), np.bool_)
    followed = np.fmin(_days(table["infused_at"], table["followed_until"]), _days(table["infused_at"], died))
    return assessed | (followed < FIRST_DUE_MONTHS * DAYS_OF_MONTH)


def _score(cohort: Cohort, table: pl.DataFrame) -> Integers:
    """CAR-HEMATOTOX from the last values before lymphodepletion."""
    start = (
        cohort.exposures.filter(pl.col("kind") == "lymphodepletion")
        .group_by("course_id")
        .agg(start=pl.col("started_at").min())
    )
    last = (
        cohort.observations.filter(pl.col("kind").is_in(_SCORED) & pl.col("value").is_not_null())
        .join(start, on="course_id")
        .filter(pl.col("observed_at") < pl.col("start"))
        .group_by("course_id", "kind", maintain_order=True)
        .agg(pl.col("value").last())
    )
    values = {}
    for kind in _SCORED:
        some = last.filter(pl.col("kind") == kind).select("course_id", "value")
        joined = table.select("course_id").join(some, on="course_id", how="left", maintain_order="left")
        values[kind] = joined["value"].cast(pl.Float64).to_numpy()
    return hematotox(**values)


def _severe(cohort: Cohort, table: pl.DataFrame) -> Floats:
    """Days 0 to 60 with neutrophils below 0.5."""
    daily = (
        cohort.observations.filter((pl.col("kind") == "neutrophils") & pl.col("value").is_not_null())
        .join(table.select("course_id", "infused_at"), on="course_id")
        .with_columns(day=((pl.col("observed_at") - pl.col("infused_at")) / _DAY).round())
        .filter((pl.col("day") >= 0) & (pl.col("day") <= _LAST_DAY + _NEAR))
        .group_by("course_id", "day")
        .agg(pl.col("value").min())
        .sort("course_id", "day")
        .group_by("course_id", maintain_order=True)
        .agg("day", "value")
    )
    place = {id: number for number, id in enumerate(table["course_id"])}
    found = np.full(len(table), np.nan)
    for id, days, values in daily.iter_rows():
        until = np.arange(min(_LAST_DAY, int(days[-1])) + 1)
        logs = np.interp(until, days, np.log(np.maximum(values, 1e-3)))
        found[place[id]] = np.sum(logs < np.log(_LIMIT))
    return found


def _peaks(graded: Graded, ids: pl.Series) -> Mapping[str, Integers]:
    """Highest certain grade of each course under each scale, 0 where none is certain."""
    found: dict[str, Integers] = {}
    for (scale,), verdicts in graded.verdicts.group_by("rule_set_id"):
        top = verdicts.group_by("course_id").agg(pl.col("low").max())
        joined = ids.to_frame("course_id").join(top, on="course_id", how="left", maintain_order="left")
        found[str(scale)] = joined["low"].fill_null(0).cast(pl.Int64).to_numpy()
    return found


def _grades(graded: Graded, table: pl.DataFrame) -> dict[str, Grades]:
    """Peak from the verdicts, onset of the first episode, duration to the end of the last where all were resolved."""
    episodes = graded.episodes.group_by("rule_set_id", "course_id").agg(
        onset=pl.col("onset_at").min(),
        over=pl.when(pl.col("resolved_at").is_not_null().all()).then(pl.col("resolved_at").max()),
    )
    found = {}
    for scale, peak in _peaks(graded, table["course_id"]).items():
        some = episodes.filter(pl.col("rule_set_id") == scale)
        joined = table.join(some, on="course_id", how="left", maintain_order="left")
        found[scale] = Grades(
            peak=peak,
            onset_days=_days(joined["infused_at"], joined["onset"]),
            duration_days=_days(joined["onset"], joined["over"]),
        )
    if {ICANS, ICANS_CHILDREN} <= set(found):
        found[ICANS] = _either(found[ICANS], found.pop(ICANS_CHILDREN))
    return found


def _either(adults: Grades, children: Grades) -> Grades:
    """One scale for adults and one for children as one: for every course only one of them applies."""
    return Grades(
        peak=np.maximum(adults.peak, children.peak),
        onset_days=np.fmin(adults.onset_days, children.onset_days),
        duration_days=np.fmax(adults.duration_days, children.duration_days),
    )
