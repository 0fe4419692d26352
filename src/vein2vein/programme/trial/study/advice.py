"""The advice for a running trial in one form, and how counts and numbers in it are read.

Place    Programme, trial, study. Read by `advise` and its parts, the command line and the audit log.
Out      `Advice`; readers that refuse what cannot have been seen.
Checked  tests/unit/programme/trial/study/test_advise.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np

from vein2vein.errors import TrialError

_COUNT: Final = re.compile(r"(\d+)/(\d+)")
_THREE_COUNTS: Final = re.compile(r"(\d+),(\d+),(\d+)/(\d+)")
_TWO_COUNTS: Final = re.compile(r"(\d+),(\d+)/(\d+)")


@dataclass(frozen=True)
class Advice:
    """What a design says now.

    Args:
        action: What to do, such as "escalate", "go on", "stop for futility".
        facts: What belongs to it, by label: next cohort, selected dose, conditional power.
        reasons: Why, in sentences.
        departures: Where what was done departs from what the design had asked for.
    """

    action: str
    facts: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "action": self.action,
            "facts": dict(self.facts),
            "reasons": list(self.reasons),
            "departures": list(self.departures),
        }

    def lines(self) -> list[str]:
        """The advice as it is printed."""
        rows = [("action", self.action), *self.facts]
        rows += [("reason", text) for text in self.reasons] + [("departure", text) for text in self.departures]
        return [f"{label:<9} {text}" for label, text in rows]


def counted(word: str) -> tuple[int, int]:
    """Events and patients, as "3/13".

    Raises:
        TrialError: TRIAL-003 for other text, or more events than patients.
    """
    match = _COUNT.fullmatch(word)
    if match is not None and int(match[1]) > int(match[2]):
        cannot(f"{word!r}: {match[1]} of {match[2]} patients", "no more responses than patients", "correct the counts")
    if match is None:
        cannot(f"{word!r}", "responses and patients, such as 3/13", 'write counts as in "3/13"')
    return int(match[1]), int(match[2])


def counted_twice(word: str) -> tuple[int, int, int]:
    """Events of two kinds and patients, as "5,2/13".

    Raises:
        TrialError: TRIAL-003 for other text, or more events than patients.
    """
    match = _TWO_COUNTS.fullmatch(word)
    if match is None or max(int(match[1]), int(match[2])) > int(match[3]):
        cannot(f"{word!r}", "two counts and the patients, such as 5,2/13", 'write counts as in "5,2/13"')
    return int(match[1]), int(match[2]), int(match[3])


def counted_together(word: str) -> tuple[int, int, int, int]:
    """Events of two kinds, patients with both, and patients, as "5,2,1/13".

    Raises:
        TrialError: TRIAL-003 for other text, or numbers that cannot be together.
    """
    match = _THREE_COUNTS.fullmatch(word)
    if match is None:
        cannot(
            f"{word!r}",
            "toxicities, responses, both and the patients, such as 5,2,1/13",
            'write counts as in "5,2,1/13"',
        )
    one, other, both, patients = (int(match[k]) for k in (1, 2, 3, 4))
    least, most = max(0, one + other - patients), min(one, other)
    if max(one, other) > patients or not least <= both <= most:
        cannot(f"{word!r}", f"no more events than patients, and {least} to {most} with both", "correct the counts")
    return one, other, both, patients


def number(word: str) -> float:
    """A finite number.

    Raises:
        TrialError: TRIAL-003 for anything else.
    """
    try:
        found = float(word)
    except ValueError:
        cannot(f"{word!r}", "a number", "write numbers with blanks between them")
    if not np.isfinite(found):
        cannot(f"{word!r}", "a finite number", "write numbers with blanks between them")
    return found


def nothing_pending(name: str, pending: str) -> None:
    """Refuse pending patients for a design that waits for every outcome.

    Raises:
        TrialError: TRIAL-004.
    """
    if pending.split():
        raise TrialError(
            "TRIAL-004",
            saw=f"pending patients for the design {name}",
            expected="a design that decides while outcomes are pending, such as tite-boin or top",
            fix="write the patients whose outcomes are known; the advice says how many the cohort still waits for",
        )


def cannot(saw: str, expected: str, fix: str = "correct the outcomes") -> NoReturn:
    """Refuse what cannot have been seen.

    Raises:
        TrialError: TRIAL-003, always.
    """
    raise TrialError("TRIAL-003", saw=saw, expected=expected, fix=fix)
