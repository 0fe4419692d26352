"""Fever with another cause

What every scale makes of a fever that the team puts down to something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spec.judging import Spec

SCALES = (
    "astct-2019.crs",
    "lee-2014.crs",
    "penn-2018.crs",
    "cartox-2018.crs",
    "ctcae-5.0.crs",
    "china-bnhl-2023.crs",
    "mahadeo-2019.crs-children",
)


@pytest.mark.parametrize("scale", SCALES)
def test_the_judgement_counts_at_the_time_of_the_reading(spec: Spec, scale: str) -> None:
    """The reading stays attributed after the judgement has ended; the next one is judged anew."""
    spec(
        scale,
        """
        followed 9 h
        always     | recorded completely: everything
        0 h        | body temperature 38.6
        0 h        | hypotension no
        0 h        | systolic blood pressure 120
        0 h        | oxygen saturation 97
        0 h        | organ toxicity grade 0
        0 h        | transaminase toxicity grade 0
        0 h        | refractory hypotension no
        0 h        | local enlargement no
        0 h        | local compression no
        0 h        | local complication no
        0 h to 4 h | other cause: fever
        6 h        | body temperature 38.4
        """,
        """
        0 h | 0
        6 h | 1
        """,
    )
