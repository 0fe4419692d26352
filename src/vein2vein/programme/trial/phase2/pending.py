"""TOP: the decisions of BOP2 while responses are still pending.

Place    Programme, trial, phase II. Stands on `bop2`.
In       A BOP2 design, and at a look the responses, the pending patients and how long each has been followed.
Out      Go, no go or suspend, with the reason; the table of all decisions for a protocol.
Knows    Lin, Coleman & Yuan 2020 JNCI 112:38, doi:10.1093/jnci/djz049 (arXiv 1810.00709): a pending patient counts as the part of
         the window that is over: the total effective sample size (TESS) takes the place of n in the posterior, the cut-off
         keeps n. The text suspends when more than a share n / N is pending; the printed tables suspend from floor(n^2 / N)
         pending patients on, and so do we.
Checked  tests/unit/programme/trial/phase2/test_pending.py, tests/reference/trial_phase2/test_top.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaincc

from vein2vein.programme.trial.phase2.bop2 import Bop2
from vein2vein.programme.trial.phase2.refuse import positive, refuse_counts

Action = Literal["go", "no go", "suspend"]


@dataclass(frozen=True)
class Advice:
    """What to do at a look, and why."""

    action: Action
    reason: str
    effective: float


@dataclass(frozen=True)
class Row:
    """One row of the decision table.

    Attributes:
        patients: Patients at the look.
        responses: Responses so far.
        suspend_from: With so many pending patients or more the decision waits; None where it never does.
        go_below: Otherwise, go when TESS is below this number; infinite for always, 0 for never.
    """

    patients: int
    responses: int
    suspend_from: int | None
    go_below: float


def effective_patients(known: int, followed: Sequence[float], window: float) -> float:
    """The total effective sample size.

    Args:
        known: Patients whose outcome is known.
        followed: Follow-up of each pending patient, in the unit of the window.
        window: Length of the assessment.

    Raises:
        TrialError: TRIAL-002 for a window that is not above 0, TRIAL-060 for impossible follow-up.
    """
    positive("assessment window", window)
    if known < 0:
        refuse_counts(f"{known} known outcomes", "0 or more")
    wrong = [t for t in followed if not 0 <= t <= window]
    if wrong:
        refuse_counts(f"a pending patient followed for {wrong[0]:g}", f"from 0 to the window of {window:g}")
    return known + sum(followed) / window


def advise(design: Bop2, responses: int, known: int, followed: Sequence[float], *, window: float) -> Advice:
    """What to do at a look.

    Args:
        design: The BOP2 design.
        responses: Responses so far; a response is known when it happens.
        known: Patients whose outcome is known, responders among them.
        followed: Follow-up of each pending patient.
        window: Length of the assessment, in the unit of the follow-up.

    Raises:
        TrialError: TRIAL-060 where known and pending patients do not add up to a look, or responses exceed the known.
    """
    effective = effective_patients(known, followed, window)
    patients = known + len(followed)
    if patients not in design.looks:
        refuse_counts(
            f"{known} known and {len(followed)} pending patients", f"as many as at a look: {list(design.looks)}"
        )
    if not 0 <= responses <= known:
        refuse_counts(f"{responses} responses of {known} known outcomes", "0 to as many as known outcomes")
    row = _row(design, patients, responses)
    if np.isinf(row.go_below) and row.suspend_from is None:
        return Advice("go", f"{responses} responses are enough even if no pending patient responds", effective)
    if row.suspend_from is not None and len(followed) >= row.suspend_from:
        return Advice(
            "suspend", f"{len(followed)} outcomes are pending; wait until fewer than {row.suspend_from} are", effective
        )
    chance = _chance_above(design, responses, effective)
    demanded = float(design.cutoff.at(np.array(patients), design.looks[-1]))
    said = f"Pr(p > {design.null:g}) is {chance:.3f} with TESS {effective:.2f}; {demanded:.3f} is demanded"
    return Advice("go" if chance >= demanded else "no go", said, effective)


def table(design: Bop2) -> list[Row]:
    """All decisions, for every look and every number of responses."""
    return [_row(design, n, y) for n in design.looks for y in range(n + 1)]


def _row(design: Bop2, patients: int, responses: int) -> Row:
    most = design.looks[-1]
    enough = responses > design.boundaries.futile[design.looks.index(patients)]
    if patients == most:  # nothing is decided at the end before everything is known
        return Row(patients, responses, 1, float("inf") if enough else 0.0)
    if enough:
        return Row(patients, responses, None, float("inf"))
    return Row(patients, responses, max(1, patients * patients // most), _go_below(design, patients, responses))


def _go_below(design: Bop2, patients: int, responses: int) -> float:
    """The TESS at which the posterior just meets the cut-off; 0 where it never does."""
    demanded = float(design.cutoff.at(np.array(patients), design.looks[-1]))

    def spare(effective: float) -> float:
        return _chance_above(design, responses, effective) - demanded

    if spare(responses) < 0:
        return 0.0
    return float(brentq(spare, responses, patients))


def _chance_above(design: Bop2, responses: int, effective: float) -> float:
    prior = design.prior
    return float(betaincc(prior.a + responses, prior.b + effective - responses, design.null))
