"""Patients and rows of a comparison with an external control: who is used, from which date on, with which weight.

Place    Programme, trial, study. Read by `external`, whose tables are made of the rows, and by `external_resampled`.
In       A file of patients and the plan of the comparison.
Out      `Known` patients as numbers, `Rows` from infusion on, `Effects` of the rows.
Knows    Weighting takes every control at every date and fits the propensity score among those who live then; matching gives a
         control the wait of its partner, and only to controls who live then. Rows of one patient, and pairs, are one cluster.
Checked  tests/unit/programme/trial/study/test_external.py, tests/acceptance/trial/test_analyses.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2.compare import Estimate, hazard_ratio, response_difference, survival
from vein2vein.programme.trial.phase2.propensity import Target, match, rows_of, scores, weights
from vein2vein.programme.trial.phase2.refuse import refuse_control
from vein2vein.programme.trial.phase2.waiting import PseudoInfused, drawn_dates, expected_dates
from vein2vein.programme.trial.texts import said
from vein2vein.programme.trial.words import Bools, Floats, Ints

Strata = npt.NDArray[np.str_]
_RATIOS: Final = 3


@dataclass(frozen=True)
class How:
    """How rows are made of patients.

    Args:
        target: Whose effect weighting estimates; None for matching.
        caliper: Of matching.
        drawn: Root seed of dates that are drawn; None where every wait is averaged over, or the partner's is taken.
    """

    target: Target | None
    caliper: float
    drawn: int | None = None


@dataclass(frozen=True)
class Known:
    """Patients that are used, as numbers."""

    x: Floats
    treated: Bools
    time: Floats
    event: Floats
    wait: Floats
    response: Floats | None
    stratum: Strata | None

    def take(self, which: Ints) -> Known:
        """Some of the patients, each as often as named."""
        return Known(
            self.x[which], self.treated[which], self.time[which], self.event[which], self.wait[which],
            None if self.response is None else self.response[which],
            None if self.stratum is None else self.stratum[which],
        )  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Rows from infusion on: number of the patient, cluster, time, event, weight of the date and of both."""

    patient: Ints
    cluster: Ints
    time: Floats
    event: Floats
    date: Floats
    weight: Floats

    def take(self, which: Ints) -> Rows:
        """Some of the rows, each as often as named."""
        return Rows(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Effects:
    """Estimates of one set of rows.

    Args:
        ratio: Hazard ratio with dates and weights.
        dates_only: Without weights; of matched pairs, which have none, it is `ratio`, and no table shows it.
        immortal: From eligibility, without dates.
        responses: Difference of responses; None where the file has none.
        survival: At each time, the shares without event of treated and control, and their difference.
    """

    ratio: Estimate
    dates_only: Estimate
    immortal: Estimate
    responses: Estimate | None
    survival: tuple[tuple[float, float, float], ...]

    def numbers(self) -> Floats:
        """The values of all estimates in one order; ratios as they are."""
        ratios = [self.ratio.value, self.dates_only.value, self.immortal.value]
        answered = [] if self.responses is None else [self.responses.value]
        return np.array([*ratios, *answered, *(one for three in self.survival for one in three)])

    def with_ends(self, error: Floats, ends: Floats) -> Effects:
        """The same with other intervals.

        Args:
            error: Standard errors in the order of `numbers`.
            ends: Lower ends and upper ends, two rows, in the order of `numbers`.
        """
        made = [
            replace(one, error=float(e), low=float(low), high=float(high))
            for one, e, low, high in zip(self._estimates(), error, *ends, strict=False)
        ]
        return Effects(made[0], made[1], made[2], made[3] if len(made) > _RATIOS else None, self.survival)

    def _estimates(self) -> list[Estimate]:
        found = [self.ratio, self.dates_only, self.immortal]
        return found if self.responses is None else [*found, self.responses]


def rows_by_weighting(how: How, known: Known, replication: int = 0) -> tuple[Rows, float]:
    """Rows with weights, and the share of the controls who live until their date.

    Args:
        how: The target, and the seed of drawn dates.
        known: Patients.
        replication: Which drawing of dates, from 0.
    """
    ours, theirs = np.flatnonzero(known.treated), np.flatnonzero(~known.treated)
    dated = _dated(how, known, (ours, theirs), replication)
    patient = np.concatenate([ours, theirs[dated.control]])
    time = np.concatenate([np.maximum(known.time[ours] - known.wait[ours], 0.0), dated.time])
    event = np.concatenate([known.event[ours], dated.event.astype(np.float64)])
    living = float(dated.infused.sum())
    date = np.concatenate([np.ones(len(ours)), dated.weight * living / float(dated.weight.sum())])
    group = known.treated[patient]
    score = scores(known.x[patient], group, date)
    weight = date * weights(score, group, how.target or "treated")
    return Rows(patient, patient, time, event, date, weight), living / len(theirs)


def _dated(how: How, known: Known, groups: tuple[Ints, Ints], replication: int) -> PseudoInfused:
    ours, theirs = groups
    wait, time, event = known.wait[ours], known.time[theirs], known.event[theirs]
    if how.drawn is not None:
        return drawn_dates(wait, time, event, streams=Streams(how.drawn), replication=replication)
    strata = None if known.stratum is None else (known.stratum[ours], known.stratum[theirs])
    return expected_dates(wait, time, event, strata=strata)


def rows_by_matching(how: How, known: Known, left_out: dict[str, int]) -> Rows:
    """Rows of matched pairs; who found no partner is counted in `left_out`."""
    ours, theirs = np.flatnonzero(known.treated), np.flatnonzero(~known.treated)
    lives = known.time[theirs][None, :] > known.wait[ours][:, None]
    pairs = match(scores(known.x, known.treated), known.treated, how.caliper, lives)
    patient = rows_of(pairs)
    wait = np.repeat([known.wait[one] for one, _ in pairs], 2)
    if len(pairs) < len(ours):
        left_out[said("external.no_partner")] = len(ours) - len(pairs)
    if len(pairs) < len(theirs):
        left_out[said("external.nobody_s_partner")] = len(theirs) - len(pairs)
    ones = np.ones(len(patient))
    cluster = np.repeat(np.arange(len(pairs)), 2)
    time = np.maximum(known.time[patient] - wait, 0.0)
    return Rows(patient, cluster, time, known.event[patient], ones, ones)


def effects_of(known: Known, rows: Rows, at: tuple[float, ...], everybody: Known | None = None) -> Effects:
    """All estimates of the rows.

    Args:
        known: Patients to whom the rows belong.
        rows: Rows.
        at: Times after infusion at which survival is told.
        everybody: Patients of the comparison from eligibility; those of the rows by default.
    """
    group = known.treated[rows.patient]

    def ratio(weight: Floats) -> Estimate:
        return hazard_ratio(rows.time, rows.event, group, weight=weight, patient=rows.cluster)

    responses = None
    if known.response is not None:
        weight = np.bincount(rows.patient, weights=rows.weight, minlength=len(known.time))
        responses = response_difference(known.response, known.treated, weight)
    alone = known if everybody is None else everybody
    return Effects(
        ratio(rows.weight),
        ratio(rows.date),
        hazard_ratio(alone.time, alone.event, alone.treated),
        responses,
        tuple(_survival(rows, group, one) for one in at),
    )


def _survival(rows: Rows, group: Bools, at: float) -> tuple[float, float, float]:
    ours, theirs = (survival(rows.time[who], rows.event[who], rows.weight[who], at) for who in (group, ~group))
    return ours, theirs, ours - theirs


def check_groups(treated: Bools) -> None:
    """Refuse a group of one patient, which has no spread.

    Raises:
        TrialError: TRIAL-062.
    """
    if min(treated.sum(), (~treated).sum()) < 2:  # noqa: PLR2004
        refuse_control("a group of one patient", "at least two in each group, since one has no spread")
