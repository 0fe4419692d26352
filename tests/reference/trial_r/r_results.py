"""Results of R programs stored beside this file; README.md says which programs and how they were called."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from vein2vein.programme.trial.words import Floats

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one stored file."""
    with (HERE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(text: str) -> Floats:
    """Numbers that stand in one cell."""
    return np.array([float(one) if one.strip() else np.nan for one in text.split(";")])


def label(row: dict[str, str], *keys: str) -> str:
    """Name of a case, for the list of tests."""
    return " ".join(row[key] for key in keys)
