"""Milestones with their details, as every form says them: ``released/conforming``.

Place    Floor 4, writers.
Out      `told_milestone`, `has_unknown_detail`, and what the accounts say of details that nobody could read.
Does not Say causes of death: each form has a place of its own for them.
Checked  tests/unit/population/test_writers.py
"""

from __future__ import annotations

from typing import Final

import polars as pl

from vein2vein.knowledge import codes

UNKNOWN_DETAIL: Final = "detail that is none of its kind"


def _known() -> list[str]:
    return [f"{kind}/{detail}" for kind, entry in codes.milestones().items() for detail in entry.details]


def _full() -> pl.Expr:
    return pl.concat_str("kind", pl.lit("/"), "detail")


def told_milestone() -> pl.Expr:
    """The kind of a milestone, with its detail behind a stroke where the code files know it; null for no kind."""
    return pl.when(_full().is_in(_known())).then(_full()).otherwise(pl.col("kind"))


def has_unknown_detail() -> pl.Expr:
    """Whether a milestone has a detail that the code files do not know; deaths are told elsewhere."""
    return (
        pl.col("detail").is_not_null() & ~_full().is_in(_known()).fill_null(value=False) & (pl.col("kind") != "death")
    )
