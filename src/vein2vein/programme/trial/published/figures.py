"""Simulated figures of a published trial beside the printed ones, each with its Monte Carlo error.

Place    Programme, trial, published. Read by `contrast` and the page of the documentation.
In       A `TrialFile`, blocks of trials, a seed.
Out      `Compared`, one for each printed figure: simulated value and error, interval of the printed one, inside or outside.
Knows    A block of trials is pooled into one large trial: its Cox ratio, Kaplan-Meier medians and landmarks are those that a
         trial of any size estimates. Errors come from the differences between blocks. Where no interval of a share was printed,
         that of Clopper & Pearson 1934 is computed from the share and the patients of the arm.
Checked  tests/unit/programme/trial/published/test_figures.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.stats import beta

from vein2vein.programme.trial.calendar import History
from vein2vein.programme.trial.cell_trial import CellTrial
from vein2vein.programme.trial.endpoints import DAYS_PER_MONTH, PROGRESSION_FREE
from vein2vein.programme.trial.published.files import Printed, TrialFile
from vein2vein.programme.trial.randomised.batch import Patients
from vein2vein.programme.trial.randomised.cox import cox
from vein2vein.programme.trial.randomised.curves import Curve
from vein2vein.programme.trial.randomised.refuse import refuse_parameter
from vein2vein.programme.trial.randomised.sample import Sample
from vein2vein.programme.trial.words import Floats

SEED: Final = 20221
_ARMS: Final = {"control": 0, "cells": 1}
Lies = Literal["inside", "outside", "no interval"]


@dataclass(frozen=True)
class Compared:
    """A printed figure and the simulated one.

    Args:
        printed: The printed figure.
        value: The simulated one; infinite for a median that is not reached by the cut.
        error: Its Monte Carlo standard error.
        interval: 95 % interval of the printed figure; None where none is at hand.
        origin: Where the interval comes from: "read", "recalled", "percentage" (computed), or "" for none.
    """

    printed: Printed
    value: float
    error: float
    interval: tuple[float, float] | None
    origin: Literal["read", "recalled", "percentage", ""]

    @property
    def lies(self) -> Lies:
        """Where the simulated value lies."""
        if self.interval is None:
            return "no interval"
        return "inside" if self.interval[0] <= self.value <= self.interval[1] else "outside"


class Block:
    """One block of trials of a file, pooled.

    Args:
        file: The published trial.
        seed: Root of the random streams.
        number: Number of the block.
        trial: The trial to play in its place; that of the file when it is not given.
    """

    def __init__(self, file: TrialFile, seed: int, number: int, trial: CellTrial | None = None) -> None:
        self.file, self.drawn = file, (seed, number)
        self.trial = file.trial() if trial is None else trial
        control, cells, self.entry = self.trial.histories(seed, number)
        self.arms: tuple[History, History] = (control, cells)
        self._pooled: dict[str, Sample] = {}

    def figure(self, name: str) -> float:
        """A figure by its name; the logarithm of a ratio, NaN where it does not exist."""
        kind, _, rest = name.partition(".")
        if kind in {"efs", "pfs", "os"}:
            return self._survival(kind, rest)
        if kind == "days":
            cells = self.arms[1]
            given = np.isfinite(cells.infusion)
            start = 0.0 if self._apheresis_before else cells.apheresis[given]
            return float(np.median(cells.infusion[given] - start))
        return self._share(rest)

    @property
    def _apheresis_before(self) -> bool:
        return self.trial.cells.apheresis.median == 0

    def pooled(self, kind: str) -> Sample:
        """The data of all trials of the block, cut as the published ones were; "efs", "pfs" or "os"."""
        if kind not in self._pooled:
            definition = {"efs": self.trial.definition, "pfs": PROGRESSION_FREE, "os": None}[kind]
            patients = replace(self.trial, definition=definition).patients(self.arms, self.entry, self.drawn)
            self._pooled[kind] = pooled(patients, self.file.cut(survival=kind == "os"))
        return self._pooled[kind]

    def _survival(self, kind: str, rest: str) -> float:
        sample = self.pooled(kind)
        if rest == "ratio":
            definition = self.trial.definition
            return ratio_of(sample, definition.weight_from if kind == "efs" and definition is not None else 0.0)
        what, _, more = rest.partition(".")
        if what == "median":
            return Curve.of(*sample.of_arm(_ARMS[more])).median()[0]
        month, _, arm = more.rpartition(".")
        return float(Curve.of(*sample.of_arm(_ARMS[arm])).survival_at(float(month)))

    def _share(self, rest: str) -> float:
        control, cells = self.arms
        what, _, more = rest.partition(".")
        if what == "crossed_over":
            crossed = self.entry[:, : self.trial.in_control] + control.crossover / DAYS_PER_MONTH
            return float((crossed <= self.file.cut(survival=True)).mean())
        if what in {"progressed_by", "response_by"}:
            day, _, arm = more.partition(".")
            history = self.arms[_ARMS[arm]]
            column = history.response if what == "response_by" else np.minimum(history.early, history.late)
            return float((column <= float(day)).mean())
        column = {
            "infused": cells.infusion, "transplanted": control.transplant, "switched": control.switch,
            "response": self.arms[_ARMS.get(more, 0)].response,
        }[what]  # fmt: skip
        return float(np.isfinite(column).mean())


def pooled(patients: Patients, month: float) -> Sample:
    """All trials of a block as one sample, cut at a calendar month."""
    follow = month - patients.entry
    event = patients.seen <= month
    there = follow > 0
    arm = np.broadcast_to(np.arange(follow.shape[1]) >= patients.control, follow.shape)
    time = np.where(event, patients.followed, np.minimum(patients.followed, follow))
    return Sample.of(time[there], event[there], arm[there])


def ratio_of(sample: Sample, weight_from: float) -> float:
    """Logarithm of the Cox ratio of events from a day on, among those still at risk then."""
    if weight_from == 0:
        return cox(sample).log
    late = sample.time > weight_from / DAYS_PER_MONTH
    return cox(Sample.of(sample.time[late], sample.event[late], sample.arm[late])).log


def block_figures(file: TrialFile, names: Sequence[str], number: int, seed: int = SEED) -> dict[str, float]:
    """Figures of one block, by name; logarithms of ratios."""
    block = Block(file, seed, number)
    return {name: block.figure(name) for name in names}


def compare(file: TrialFile, blocks: int, seed: int = SEED) -> tuple[Compared, ...]:
    """The printed figures of a trial beside simulated ones.

    Args:
        file: The published trial.
        blocks: How many blocks of 128 trials; at least two, since the error is told from their differences.
        seed: Root of the random streams.

    Raises:
        TrialError: TRIAL-002 for fewer than two blocks.
    """
    if blocks < 2:  # noqa: PLR2004
        refuse_parameter(f"{blocks} blocks", "at least 2")
    names = [one.figure for one in file.printed]
    every = [block_figures(file, names, number, seed) for number in range(blocks)]
    return tuple(compared(file, one, np.array([block[one.figure] for block in every])) for one in file.printed)


def compared(file: TrialFile, printed: Printed, values: Floats) -> Compared:
    """A printed figure beside its simulated values, one for each block."""
    if np.isfinite(values).all():
        value, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    else:
        value, error = math.inf, math.nan
    if printed.figure.endswith(".ratio"):
        value, error = math.exp(value), math.exp(value) * error
    interval, origin = _interval(file, printed)
    return Compared(printed, value, error, interval, origin)


def _interval(
    file: TrialFile, printed: Printed
) -> tuple[tuple[float, float] | None, Literal["read", "recalled", "percentage", ""]]:
    if printed.interval is not None and printed.interval_status is not None:
        return printed.interval, printed.interval_status
    if not printed.figure.startswith("share.") and ".at." not in printed.figure:
        return None, ""
    trial = file.trial()
    of_cells = printed.figure.endswith((".cells", "infused"))
    n = trial.size - trial.in_control if of_cells else trial.in_control
    return clopper_pearson(round(printed.value * n), n), "percentage"


def clopper_pearson(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share.

    Args:
        count: Patients with it.
        n: All patients.
        level: Confidence.
    """
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, n - count + 1))
    high = 1.0 if count == n else float(beta.isf(tail, count + 1, n - count))
    return low, high
