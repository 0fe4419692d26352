"""A decision table that somebody brings.

Place    Programme, trial, phase I.
In       CSV or YAML text, or a mapping: for each number of patients at a dose, a letter for 0, 1, ... toxicities:
         E escalate, S stay, D de-escalate, DU de-escalate and never come back (unacceptable).
Out      A design whose rule and safety rule are that table.
Checked  tests/unit/programme/trial/test_recommend.py
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import yaml

from vein2vein.programme.trial.phase1.common import DOWN, STAY, UP, ByMoves, ClosestIsotonic, check_target, refuse
from vein2vein.programme.trial.words import Bools, CohortRule, Design, Ints, Parameter, States

LETTERS: Final = {"E": UP, "S": STAY, "D": DOWN, "DU": DOWN}
_LEVEL: Final = {"E": 3, "S": 2, "D": 1, "DU": 0}
_ABSENT: Final = 9


@dataclass(frozen=True)
class DecisionTable:
    """Letters by number of patients and of toxicities.

    Args:
        rows: Pairs of a number of patients, and a letter for each number of toxicities from 0 to that number.
    """

    rows: tuple[tuple[int, tuple[str, ...]], ...]

    @classmethod
    def of(cls, rows: Mapping[int, Sequence[str]]) -> DecisionTable:
        """A table from a mapping, checked.

        Raises:
            TrialError: TRIAL-002 for an unknown letter, a row that does not have one letter per number of toxicities, or one
            that goes up, or comes back, with more of them.
        """
        for n, letters in rows.items():
            unknown = [letter for letter in letters if letter not in LETTERS]
            if unknown:
                refuse(f"{unknown[0]!r} for {n} patients", "E, S, D or DU", "correct the table")
            if len(letters) != n + 1:
                refuse(
                    f"{len(letters)} letters for {n} patients", f"{n + 1}, for 0 to {n} toxicities", "complete the row"
                )
            k = next((k for k in range(n) if _LEVEL[letters[k]] < _LEVEL[letters[k + 1]]), None)
            if k is not None:
                refuse(
                    f"{letters[k]} for {k} of {n} patients with a toxicity and {letters[k + 1]} for {k + 1}",
                    "letters in the order E, S, D, DU: no bolder with more toxicities",
                    "correct the row",
                )
        if not rows:
            refuse("an empty table", "at least one number of patients", "bring a table with rows")
        return cls(tuple((n, tuple(rows[n])) for n in sorted(rows)))

    @classmethod
    def read(cls, text: str) -> DecisionTable:
        """A table from text.

        CSV has a header of `toxicities` and numbers of patients, then a row per number of toxicities; cells that cannot
        occur are empty. YAML maps each number of patients to its list of letters.

        Raises:
            TrialError: TRIAL-002 where the text is neither.
        """
        first = text.lstrip().split("\n", 1)[0]
        if "," in first and ":" not in first:
            return cls.of(_from_csv(text))
        found = yaml.safe_load(text)
        if not isinstance(found, dict):
            refuse(
                f"text that begins with {first[:40]!r}", "a CSV or YAML decision table", "see the page on trial designs"
            )
        return cls.of({int(n): [str(letter) for letter in letters] for n, letters in found.items()})

    def array(self) -> Ints:
        """Moves by patients and toxicities; 9 where the table says nothing."""
        most = self.rows[-1][0]
        found = np.full((most + 1, most + 1), _ABSENT)
        for n, letters in self.rows:
            found[n, : n + 1] = [LETTERS[letter] for letter in letters]
        return found

    def move(self, n: Ints, y: Ints) -> Ints:
        """The move for each state.

        Raises:
            TrialError: TRIAL-002 for a number of patients that the table does not have.
        """
        known = np.isin(n, [row[0] for row in self.rows])
        if not known.all():
            refuse(
                f"{n[~known][0]} patients at a dose",
                f"one of {', '.join(str(row[0]) for row in self.rows)} patients, the rows of the table",
                "add a row to the table, or choose cohorts that fit it",
            )
        found: Ints = self.array()[n, y]
        return found

    def why(self, n: int, y: int) -> str:
        """The letter of the table."""
        return f"the table says {dict(self.rows)[n][y]}"

    def closed(self, states: States) -> Bools:
        """Doses where the table says DU, and all above."""
        most = max(int(states.n.max(initial=0)), self.rows[-1][0])
        bad = np.zeros((most + 1, most + 1), bool)
        for n, letters in self.rows:
            bad[n, : n + 1] = [letter == "DU" for letter in letters]
        found: Bools = np.logical_or.accumulate(bad[states.n, states.y], axis=1)
        return found


def from_table(doses: int, target: float, table: DecisionTable, *, cohorts: CohortRule, start: int = 0) -> Design:
    """A design that decides by a table; the selection is isotonic regression, as in BOIN.

    Args:
        doses: How many doses.
        target: Target toxicity rate, for the selection.
        table: The table.
        cohorts: Cohort sizes and their number; every number of patients that they lead to must be in the table.
        start: Dose of the first cohort, from 0.
    """
    check_target(target)
    given = {
        "target": Parameter(target, "set"),
        "start": Parameter(start + 1, "set"),
        "table": Parameter(dict(table.rows), "set"),
    }
    return Design(
        name="decision table",
        doses=doses,
        rule=ByMoves(table),
        selection=ClosestIsotonic(target),
        cohorts=cohorts,
        safety=table,
        start=start,
        parameters=given,
    )


def _from_csv(text: str) -> dict[int, list[str]]:
    rows = list(csv.reader(io.StringIO(text.strip())))
    header = [cell.strip() for cell in rows[0][1:]]
    if not all(cell.isdigit() for cell in header):
        refuse(f"the header {rows[0]}", "`toxicities` and then numbers of patients", "correct the first line")
    found: dict[int, list[str]] = {int(cell): [] for cell in header}
    for row in rows[1:]:
        for n, cell in zip(found, row[1:], strict=False):
            if cell.strip():
                found[n].append(cell.strip().upper())
    return found
