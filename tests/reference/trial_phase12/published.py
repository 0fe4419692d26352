"""Published values of designs with toxicity and response, one row each with source, status and note (anchors.csv beside this)."""

from __future__ import annotations

import csv
from pathlib import Path

_FILE = Path(__file__).with_name("anchors.csv")


def anchors(id: str) -> list[dict[str, str]]:
    """The rows of one id, in order of the file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["id"] == id]
