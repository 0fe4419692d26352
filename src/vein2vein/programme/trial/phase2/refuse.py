"""The checks that every phase II design asks of its numbers.

Place    Programme, trial, phase II.
Out      Numbers that may be used, or a TRIAL error that says what was expected.
Checked  tests/unit/programme/trial/phase2/test_refuse.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from vein2vein.errors import TrialError
from vein2vein.programme.trial.words import Floats, Ints


def refuse_parameter(saw: str, expected: str) -> NoReturn:
    """Refuse a parameter of a design."""
    raise TrialError("TRIAL-002", saw=saw, expected=expected, fix="correct the parameter")


def refuse_counts(saw: str, expected: str) -> NoReturn:
    """Refuse counts of patients."""
    raise TrialError("TRIAL-060", saw=saw, expected=expected, fix="correct the counts")


def refuse_control(saw: str, expected: str, fix: str = "correct the data") -> NoReturn:
    """Refuse the data of a comparison with an external control."""
    raise TrialError("TRIAL-062", saw=saw, expected=expected, fix=fix)


def no_design(saw: str, expected: str, fix: str) -> NoReturn:
    """Say that no design meets the constraints."""
    raise TrialError("TRIAL-061", saw=saw, expected=expected, fix=fix)


def between_0_and_1(word: str, value: float) -> float:
    """The value, when it lies between 0 and 1, both excluded."""
    if not 0 < value < 1:
        refuse_parameter(f"{word} {value:g}", "a number between 0 and 1, both excluded")
    return value


def probability(word: str, value: float) -> float:
    """The value, when it lies from 0 to 1."""
    if not 0 <= value <= 1:
        refuse_parameter(f"{word} {value:g}", "a number from 0 to 1")
    return value


def positive(word: str, value: float) -> float:
    """The value, when it is a number above zero."""
    if not (math.isfinite(value) and value > 0):
        refuse_parameter(f"{word} {value:g}", "a number above 0")
    return value


def worse_and_better(null: float, alternative: float) -> None:
    """Check that the response rate of interest is above the one that is not."""
    between_0_and_1("response rate of the null", null)
    between_0_and_1("response rate of the alternative", alternative)
    if alternative <= null:
        refuse_parameter(
            f"an alternative of {alternative:g} that is not above the null of {null:g}",
            "a response rate of interest above the one that is not",
        )


def rising_looks(looks: Sequence[int]) -> Ints:
    """Numbers of patients at the looks, when they rise and begin above 0."""
    found = np.array(looks, dtype=np.int64)
    if found.ndim != 1 or not len(found) or found[0] < 1 or bool(np.any(np.diff(found) <= 0)):
        refuse_parameter(f"looks after {list(looks)} patients", "rising numbers of patients from 1")
    return found


def counts(responses: Sequence[int], patients: Sequence[int]) -> tuple[Ints, Ints]:
    """Responses and patients per group, when each response belongs to a patient."""
    y, n = np.array(responses, dtype=np.int64), np.array(patients, dtype=np.int64)
    if y.shape != n.shape or y.ndim != 1 or not len(y):
        refuse_counts(f"{np.size(y)} numbers of responses for {np.size(n)} groups", "one of each per group")
    if bool(np.any((y < 0) | (y > n))):
        worst = int(np.flatnonzero((y < 0) | (y > n))[0])
        refuse_counts(f"{y[worst]} responses of {n[worst]} patients in group {worst + 1}", "0 to as many as patients")
    return y, n


def numbers(word: str, values: npt.ArrayLike, dimensions: int = 1) -> Floats:
    """Values as numbers, when they are numbers and lie in a list (or a table)."""
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        refuse_control(f"{word} that are no numbers", "numbers")
    if found.ndim != dimensions:
        wanted = "a list of numbers" if dimensions == 1 else "one row of numbers per patient"
        refuse_control(f"{word} of shape {found.shape}", wanted)
    return found


def not_empty(word: str, *columns: npt.NDArray[Any]) -> None:
    """Check that columns are as long as each other, not empty, and that the first holds numbers from 0."""
    first = columns[0]
    if not len(first) or any(len(column) != len(first) for column in columns):
        refuse_control(f"{word} of lengths {[len(column) for column in columns]}", "columns of one length, not empty")
    if not np.isfinite(first).all() or bool((first < 0).any()):
        refuse_control(f"{word} that are missing or negative", "numbers from 0")
