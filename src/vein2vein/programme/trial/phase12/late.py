"""The late-onset simulator for two outcomes: toxicities and responses that come in with time.

Place    Programme, trial, phase I-II. Builds on `phase1.late`.
In       A late-onset design whose rule reads `TwoSeen`; a truth with efficacy; a setting of each outcome.
Out      `LateTrials` with responses.
Knows    Patients, arrivals and toxicities are those of `phase1.late`, responses those of `simulate`, so that with both windows at
         zero a design meets its parent patient by patient. A response counts when it is seen, no response when its window ends;
         whether a patient responds depends on toxicity as the truth says.
Checked  tests/reference/trial_phase12/test_tite_boin12.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase1.arrivals import MakesArrivals
from vein2vein.programme.trial.phase1.late import (
    LateDesign,
    LateTrials,
    Lockstep,
    Seen,
    Setting,
    check_trials,
    joined,
)
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.simulate import RESPONSE
from vein2vein.programme.trial.words import Floats, Ints, States

RESPONSE_ONSET: Final = "trial/response-onset"


@dataclass(frozen=True)
class Together:
    """Patients who may still have both outcomes, each array of shape (trials, doses).

    Args:
        number: How many there are.
        told: Sum over these of what is known: the product of follow-up over the window of each open outcome.
        toxicity_left: Sum, over those who responded, of what is left of the window of toxicity.
        response_left: Sum, over those with a toxicity, of what is left of the window of response.
        both_left: Sum, over those with neither so far, of the product of what is left of both windows.
    """

    number: Ints
    told: Floats
    toxicity_left: Floats
    response_left: Floats
    both_left: Floats

    @classmethod
    def of(cls, dose: Ints, toxic: Floats, works: Floats, doses: int) -> Together:
        """The sums over patients.

        Args:
            dose: Dose of each patient, shape (trials, patients); anything where nobody is.
            toxic: Follow-up over the window of an open toxicity; 1 where there was one, NaN where none came or nobody is.
            works: The same for the response.
            doses: How many doses there are.
        """
        may = ~np.isnan(toxic) & ~np.isnan(works) & ((toxic < 1) | (works < 1))
        left = [np.where(may, 1 - column, 0.0) for column in (toxic, works)]
        parts = (
            np.where(may, toxic * works, 0.0),
            np.where(may & (works >= 1), left[0], 0.0),
            np.where(may & (toxic >= 1), left[1], 0.0),
            np.where(may & (toxic < 1) & (works < 1), left[0] * left[1], 0.0),
        )
        there = [dose == level for level in range(doses)]
        number = np.stack([(may & here).sum(axis=1) for here in there], axis=1)
        return cls(number, *(np.stack([np.where(h, p, 0.0).sum(axis=1) for h in there], axis=1) for p in parts))


@dataclass(frozen=True)
class TwoSeen(Seen):
    """A batch of trials at the moment of a decision; `states.e` counts the responses seen so far.

    Args:
        waiting: Patients at each dose who have neither responded nor finished the window of response.
        watched: Sum over these of follow-up divided by that window, at each dose.
        together: Patients who may still have both; None where the design counts toxicities and responses apart.
    """

    waiting: Ints
    watched: Floats
    together: Together | None = None

    @classmethod
    def complete(cls, states: States) -> TwoSeen:
        """States in which every outcome is known."""
        none, zero = np.zeros(states.n.shape, np.int64), np.zeros(states.n.shape)
        nobody = np.zeros(0, np.int64)
        together = None if states.both is None else Together(none, zero, zero, zero, zero)
        return cls(states, none, zero, nobody, nobody, np.zeros(0), none, zero, together)


def simulate(  # noqa: PLR0913  (what is simulated, and how much of it)
    design: LateDesign,
    truth: Truth,
    toxicity: Setting,
    response: Setting,
    *,
    trials: int,
    seed: int,
    arrivals: MakesArrivals | None = None,
) -> LateTrials:
    """Simulate a late-onset design that looks at responses.

    Args:
        design: The design.
        truth: Probabilities of a toxicity and of a response within their windows.
        toxicity: Window and onset of toxicities; arrivals.
        response: Window and onset of responses; its arrivals are not used.
        trials: How many trials, at least two.
        seed: Root seed.
        arrivals: As for `phase1.late.simulate`.

    Raises:
        TrialError: TRIAL-001 for a scenario of other doses or without efficacy, TRIAL-004 for fewer than two trials.
    """
    check_trials(design, truth, trials)
    if truth.efficacy is None:
        raise TrialError(
            "TRIAL-001", saw="no efficacy", expected="one probability per dose", fix="correct the scenario"
        )
    settings = (toxicity, response)
    return joined(
        trials,
        lambda number, count: _TwoLockstep(design, truth, settings, (Streams(seed), number, count), arrivals),
    )


class _TwoLockstep(Lockstep):
    """Trials in lockstep with two outcomes for each patient."""

    def __init__(  # noqa: PLR0917  (what is simulated)
        self,
        design: LateDesign,
        truth: Truth,
        settings: tuple[Setting, Setting],
        drawn: tuple[Streams, int, int],
        arrivals: MakesArrivals | None,
    ) -> None:
        super().__init__(design, truth, settings[0], drawn, arrivals)
        self.response = settings[1]
        self.willing = self.uniform(RESPONSE)
        self.response_onset = settings[1].onset(self.uniform(RESPONSE_ONSET))
        self.efficacy = [truth.response_given(toxic=toxic) for toxic in (False, True)]
        self.responds_at = np.full((self.count, self.most), np.inf)

    def _seen(self, rows: Ints) -> TwoSeen:
        seen = super()._seen(rows)
        used = int(self.treated[rows].max())
        now, window = self.now[rows, None], self.response.window
        entry, responds_at = (c[rows, :used] for c in (self.entry, self.responds_at))
        dose = self.dose[rows, :used]
        treated = np.arange(used) < self.treated[rows, None]
        responded = treated & self._known(responds_at, now)
        waiting = treated & ~responded & ~self._known(entry + window, now)
        weight = self._followed(entry, waiting, now, window)
        e, left = np.zeros((2, *seen.states.n.shape), np.int64)
        watched = np.zeros(seen.states.n.shape)
        for level in range(self.design.doses):
            there = dose == level
            e[:, level] = (there & responded).sum(axis=1)
            left[:, level] = (there & waiting).sum(axis=1)
            watched[:, level] = np.where(there, weight, 0.0).sum(axis=1)
        parts = (seen.pending, seen.followed, seen.row, seen.dose, seen.weight, left, watched)
        if not self.design.joint:
            return TwoSeen(replace(seen.states, e=e), *parts)
        ill = treated & self._known(self.toxic_at[rows, :used], now)
        open_ = treated & ~ill & ~self._known(entry + self.setting.window, now)
        both = np.stack([(ill & responded & (dose == k)).sum(axis=1) for k in range(self.design.doses)], axis=1)
        share = np.where(open_, self._followed(entry, open_, now, self.setting.window), np.nan)
        toxic, works = np.where(ill, 1.0, share), np.where(responded, 1.0, np.where(waiting, weight, np.nan))
        together = Together.of(dose, toxic, works, self.design.doses)
        return TwoSeen(replace(seen.states, e=e, both=both), *parts, together)

    def _due(self, rows: Ints) -> Floats:
        responses = np.minimum(self.responds_at[rows], self.entry[rows] + self.response.window)
        return np.concatenate([super()._due(rows), responses], axis=1)

    def _treat(self, rows: Ints, dose: Ints) -> None:
        seat, entry = self.treated[rows], self.now[rows]
        super()._treat(rows, dose)
        chance = np.where(np.isfinite(self.toxic_at[rows, seat]), self.efficacy[1][dose], self.efficacy[0][dose])
        works = self.willing[rows, seat] < chance
        self.responds_at[rows, seat] = np.where(works, entry + self.response_onset[rows, seat], np.inf)

    def _last(self) -> Floats:
        return np.maximum(super()._last(), np.minimum(self.responds_at, self.entry + self.response.window))

    def _final(self, n: Ints, y: Ints) -> States:
        responded = np.isfinite(self.responds_at)
        e, both = (
            np.stack([(who & (self.dose == level)).sum(axis=1) for level in range(self.design.doses)], axis=1)
            for who in (responded, responded & np.isfinite(self.toxic_at))
        )
        return replace(super()._final(n, y), e=e, both=both if self.design.joint else None)
