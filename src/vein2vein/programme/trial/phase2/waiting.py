"""Pseudo-infusion dates: controls must live through the wait that the treated have lived through.

Place    Programme, trial, phase II. Stands before `compare`.
In       Time from eligibility to infusion of the treated; follow-up from eligibility of the controls.
Out      Controls as they would have been on the day of infusion: those who died or were lost before drop out, the clock of the
         others starts on that day.
Knows    Who was infused has survived until infusion, so time zero at eligibility credits the treated with time in which they
         could not die (immortal time: Suissa 2008 Am J Epidemiol 167:492). Instead of drawing one date per control, every
         control is taken with every waiting time of the treated: the average over all draws, without a seed. Long waits are
         rare among the infused because some died in them; drawing from their waits and asking controls to survive them again
         counts that twice, so by default each date weighs among living controls what it weighs among the treated.
         Waiting times may depend on a stratum. Controls who were lost before the date drop out as if at random.
Does not Mend what happens because of waiting, such as bridging that controls did not get.
Checked  tests/unit/programme/trial/phase2/test_waiting.py
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2.refuse import numbers, refuse_control
from vein2vein.programme.trial.words import Bools, Floats, Ints


@dataclass(frozen=True)
class PseudoInfused:
    """Controls from their pseudo-infusion dates on; a control may stand in several rows.

    Attributes:
        control: Number of the control, from 0.
        time: Follow-up from the pseudo-infusion date, in the unit of the input.
        event: Whether it ended with the event.
        weight: Weight of the row.
        infused: By control, the chance to live and be followed until the pseudo-infusion date.
    """

    control: Ints
    time: Floats
    event: Bools
    weight: Floats
    infused: Floats

    @property
    def lost(self) -> float:
        """Share of the controls that would not have been infused."""
        return 1 - float(self.infused.mean())


def expected_dates(
    waits: npt.ArrayLike,
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    strata: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    dates_as_treated: bool = True,
) -> PseudoInfused:
    """Every control with every waiting time of the treated.

    Args:
        waits: Time from eligibility to infusion of each treated patient.
        time: Follow-up of each control from eligibility, in the same unit.
        event: 1 where it ended with the event, 0 where it was censored.
        strata: A stratum of each treated and of each control, where waits depend on it.
        dates_as_treated: Whether each date weighs among living controls what it weighs among the treated; otherwise the
            weights are those of a draw for each control.

    Raises:
        TrialError: TRIAL-062 for impossible times, a stratum of controls without treated, or nobody alive at any date.
    """
    wait, follow, ended = _times(waits, time, event)
    share = _shares(len(wait), len(follow), strata)
    alive = (follow[:, None] > wait[None, :]) & (share > 0)
    control, date = np.nonzero(alive)
    if not len(control):
        refuse_control("no control alive at a pseudo-infusion date", "some who live as long as the shortest wait")
    living = np.where(alive, share, 0.0)
    weight = living / np.maximum(living.sum(axis=0), 1e-300) if dates_as_treated else living
    return PseudoInfused(
        control=control.astype(np.int64),
        time=follow[control] - wait[date],
        event=ended[control],
        weight=weight[control, date],
        infused=living.sum(axis=1),
    )


def drawn_dates(
    waits: npt.ArrayLike, time: npt.ArrayLike, event: npt.ArrayLike, *, streams: Streams, replication: int = 0
) -> PseudoInfused:
    """One waiting time drawn for each control, as most publications do; `expected_dates` is the average over all draws.

    Raises:
        TrialError: TRIAL-062 for impossible times, or nobody alive at their date.
    """
    wait, follow, ended = _times(waits, time, event)
    draws = streams.replication("trial/pseudo-infusion dates", replication)
    drawn = wait[draws.integers(0, len(wait), len(follow))]
    control = np.flatnonzero(follow > drawn)
    if not len(control):
        refuse_control(
            "no control alive at a pseudo-infusion date", "some who live as long as their wait", "draw again"
        )
    return PseudoInfused(
        control.astype(np.int64),
        follow[control] - drawn[control],
        ended[control],
        np.ones(len(control)),
        (follow > drawn).astype(np.float64),
    )


def _times(waits: npt.ArrayLike, time: npt.ArrayLike, event: npt.ArrayLike) -> tuple[Floats, Floats, Bools]:
    wait, follow, ended = numbers("waiting times", waits), numbers("follow-up times", time), np.asarray(event)
    for word, values in (("waiting time", wait), ("follow-up", follow)):
        if not len(values) or not np.isfinite(values).all() or (values < 0).any():
            refuse_control(f"a {word} that is missing or negative, or none at all", "times from 0")
    if follow.shape != ended.shape or not np.isin(ended, [0, 1]).all():
        refuse_control(f"{follow.size} follow-up times and {ended.size} events", "an event of 0 or 1 for each time")
    return wait, follow, ended.astype(bool)


def _shares(treated: int, controls: int, strata: tuple[npt.ArrayLike, npt.ArrayLike] | None) -> Floats:
    """The chance of each waiting time (columns) for each control (rows)."""
    if strata is None:
        return np.full((controls, treated), 1.0 / treated)
    theirs, ours = np.asarray(strata[0]), np.asarray(strata[1])
    if len(theirs) != treated or len(ours) != controls:
        refuse_control(
            f"{len(theirs)} and {len(ours)} strata", f"one for each of {treated} treated and {controls} controls"
        )
    same = (ours[:, None] == theirs[None, :]).astype(np.float64)
    total = same.sum(axis=1, keepdims=True)
    if (total == 0).any():
        refuse_control(
            f"controls in stratum {ours[int(np.argmax(total[:, 0] == 0))]} without a treated patient",
            "waiting times in every stratum of the controls",
            "merge strata",
        )
    found: Floats = same / total
    return found
