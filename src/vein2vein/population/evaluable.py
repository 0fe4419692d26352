"""Whose response can be evaluated.

Place    Floor 4. After `outcome`; read by `course` (who has no assessment) and `intended` (the denominator).
In       The outcome, the parameter outcome.evaluable.
Out      Flags by course.
Knows    Some who were infused have nothing that a response could be measured on, such as no disease left after bridging: in
         trials they are no part of the evaluable. It falls on patients at random. In the tables they have no assessment of
         response, however long they are followed; who dies or is lost before a first assessment was due is evaluable and has no
         response.
Does not Stand for subsets that a trial chose by date or cohort, such as the first patients with enough follow-up.
Checked  tests/unit/population/test_evaluable.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vein2vein.population.outcome import MONTH

if TYPE_CHECKING:
    from vein2vein.population.blocks import Block
    from vein2vein.population.outcome import Outcome
    from vein2vein.population.states import Flags

ASSESSED: Final = ("response_assessment", "mrd_negative")
FIRST_DUE_MONTHS: Final = 1.5


def draw_evaluable(block: Block, outcome: Outcome) -> Flags:
    """Who is evaluable if infused; who is followed for less than `FIRST_DUE_MONTHS` always is."""
    can = block.stream("outcome/evaluable").random(block.n) < block.parameter("outcome.evaluable")
    return can | (outcome.followed < FIRST_DUE_MONTHS * MONTH)
