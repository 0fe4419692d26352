"""The checks that every part of a randomised design asks of its numbers.

Place    Programme, trial, randomised.
Out      A number that may be used, or a TRIAL error that says what was expected.
Checked  tests/unit/programme/trial/randomised
"""

from __future__ import annotations

import math
from typing import NoReturn

from vein2vein.errors import TrialError


def refuse_parameter(saw: str, expected: str) -> NoReturn:
    """Refuse a parameter of a design."""
    raise TrialError("TRIAL-002", saw=saw, expected=expected, fix="correct the parameter")


def refuse_data(saw: str, expected: str) -> NoReturn:
    """Refuse the data of a trial."""
    raise TrialError("TRIAL-040", saw=saw, expected=expected, fix="correct the data")


def refuse_events(saw: str, expected: str) -> NoReturn:
    """Refuse a number of events."""
    raise TrialError(
        "TRIAL-041", saw=saw, expected=expected, fix="plan fewer events, more patients or a calendar cut-off"
    )


def whole(word: str, value: float) -> None:
    """Refuse a number that is not whole."""
    if value % 1 != 0:  # also for what is missing or infinite
        refuse_parameter(f"{word} {value:g}", "a whole number")


def positive(word: str, value: float) -> float:
    """The value, when it is a number above zero."""
    if not (math.isfinite(value) and value > 0):
        refuse_parameter(f"{word} {value:g}", "a number above 0")
    return value


def not_negative(word: str, value: float) -> float:
    """The value, when it is a number of zero or more."""
    if not (math.isfinite(value) and value >= 0):
        refuse_parameter(f"{word} {value:g}", "a number from 0")
    return value


def between_0_and_1(word: str, value: float) -> float:
    """The value, when it lies between 0 and 1, both excluded."""
    if not 0 < value < 1:
        refuse_parameter(f"{word} {value:g}", "a number between 0 and 1, both excluded")
    return value
