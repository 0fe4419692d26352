"""Verdict steps of some courses: what an engine hands back for a partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Steps:
    """Verdict steps of some courses (`verdict.VERDICTS`), and how far each was looked at (course_id, rule_set_id, last_look)."""

    verdicts: pl.DataFrame
    last_looks: pl.DataFrame
