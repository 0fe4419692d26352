"""A table of the patients of a trial as CSV: one row each, columns by name.

Place    Programme, trial, study. Read by `external` and `switching`.
In       CSV text with a head.
Out      `Patients`: words and numbers of a column; an empty cell is missing, never zero.
Checked  tests/unit/programme/trial/study/test_external.py
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from vein2vein.errors import TrialError
from vein2vein.programme.trial.words import Bools, Floats


@dataclass(frozen=True)
class Patients:
    """Rows of patients.

    Args:
        columns: Cells by column, without spaces around them.
        rows: How many patients.
    """

    columns: dict[str, list[str]]
    rows: int

    def words(self, name: str) -> list[str]:
        """The cells of a column.

        Raises:
            TrialError: TRIAL-006 where there is no such column.
        """
        if name not in self.columns:
            refuse_patients(f"no column {name!r}", f"it beside {', '.join(self.columns)}", "add it, or name another")
        return self.columns[name]

    def numbers(self, name: str) -> Floats:
        """The numbers of a column, NaN for an empty cell.

        Raises:
            TrialError: TRIAL-006 where there is no such column, or a cell is no finite number.
        """
        found = np.full(self.rows, math.nan)
        for i, cell in enumerate(self.words(name)):
            if cell:
                found[i] = _number(cell, name, i)
        return found

    def codes(self, name: str) -> Floats:
        """The zeros and ones of a column, NaN for an empty cell.

        Raises:
            TrialError: TRIAL-006 for other cells.
        """
        found = self.numbers(name)
        wrong = np.flatnonzero(~np.isnan(found) & ~np.isin(found, [0.0, 1.0]))
        if len(wrong):
            refuse_patients(f"{found[wrong[0]]:g} as {name} in row {wrong[0] + 1}", "0 or 1", "correct the cell")
        return found

    def only(self, keep: Bools) -> Patients:
        """The patients that are kept."""
        chosen = {
            name: [cell for cell, stays in zip(cells, keep, strict=True) if stays]
            for name, cells in self.columns.items()
        }
        return Patients(chosen, int(keep.sum()))


def read_patients(text: str) -> Patients:
    """Patients from CSV text.

    Raises:
        TrialError: TRIAL-006 for no head, no row, a row of another length, or a column that is there twice.
    """
    table = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(cell.strip() for cell in row)]
    if len(table) < 2:  # noqa: PLR2004  (a head and a patient)
        refuse_patients(f"{len(table)} rows", "a head and at least one patient", "write the names of the columns first")
    heads = [head.strip() for head in table[0]]
    if len(set(heads)) < len(heads):
        twice = next(head for head in heads if heads.count(head) > 1)
        refuse_patients(f"two columns {twice!r}", "a name for each column", "rename one of them")
    for i, row in enumerate(table[1:]):
        if len(row) != len(heads):
            refuse_patients(f"{len(row)} cells in row {i + 1}", f"{len(heads)}, one per column", "correct the row")
    columns = {head: [row[k].strip() for row in table[1:]] for k, head in enumerate(heads)}
    return Patients(columns, len(table) - 1)


def refuse_patients(saw: str, expected: str, fix: str) -> NoReturn:
    """Refuse a file of patients.

    Raises:
        TrialError: TRIAL-006, always.
    """
    raise TrialError("TRIAL-006", saw=saw, expected=expected, fix=fix)


def _number(cell: str, name: str, row: int) -> float:
    try:
        found = float(cell)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        refuse_patients(
            f"{cell!r} as {name} in row {row + 1}",
            "a number, or an empty cell where it is missing",
            "correct the cell; write categories as columns of 0 and 1",
        )
    return found
