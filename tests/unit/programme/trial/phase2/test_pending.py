"""TOP: without pending patients it is its parent; with them, more follow-up without response never helps."""

from __future__ import annotations

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.bop2 import Cutoff, design
from vein2vein.programme.trial.phase2.pending import advise, effective_patients, table

DESIGN = design((10, 20, 30, 40), 0.2, Cutoff(0.86, 1.0))


def test_with_everything_known_it_decides_as_its_parent() -> None:
    for n in DESIGN.looks:
        for y in range(n + 1):
            go = DESIGN.boundaries.decide(n, y) != "futile"
            assert (advise(DESIGN, y, n, [], window=4).action == "go") == go


def test_more_follow_up_without_a_response_never_turns_no_go_into_go() -> None:
    actions = [advise(DESIGN, 3, 12, [share * 4.0] * 8, window=4).action for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert actions == sorted(actions)
    assert {"go", "no go"} == set(actions)


def test_enough_responses_go_however_many_are_pending() -> None:
    assert advise(DESIGN, 2, 2, [0.0] * 8, window=4).action == "go"


def test_the_end_waits_for_everybody() -> None:
    said = advise(DESIGN, 12, 39, [1.0], window=4)
    assert said.action == "suspend"
    assert "fewer than 1" in said.reason


def test_the_table_has_every_outcome_once() -> None:
    rows = table(DESIGN)
    assert len(rows) == 11 + 21 + 31 + 41
    assert len({(row.patients, row.responses) for row in rows}) == len(rows)


def test_impossible_data_are_refused() -> None:
    with pytest.raises(TrialError, match="as many as at a look"):
        advise(DESIGN, 1, 8, [1.0], window=4)
    with pytest.raises(TrialError, match="3 responses of 2 known"):
        advise(DESIGN, 3, 2, [1.0] * 8, window=4)
    with pytest.raises(TrialError, match="followed for 5"):
        effective_patients(3, [5.0], 4)
    with pytest.raises(TrialError, match="assessment window"):
        effective_patients(3, [0.0], 0)
