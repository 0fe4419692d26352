"""TOP and BOP2 against the printed decision tables of Lin, Coleman & Yuan (arXiv 1810.00709; JNCI 2020 112:38).

Table 2: null .20, alternative .40, type I error .10, looks after 10, 20, 30 and 40 patients; Table 1: one interim.
Status: read. Tolerance: decisions exact, TESS half a unit of the last digit. lambda and gamma are not printed: .86 and 1 follow
from the printed TESS, and are what our search finds.
"""

from __future__ import annotations

import pytest

from vein2vein.programme.trial.phase2 import two_endpoints
from vein2vein.programme.trial.phase2.bop2 import Bop2, Cutoff, design, optimise
from vein2vein.programme.trial.phase2.pending import advise, effective_patients, table
from vein2vein.programme.trial.phase2.two_endpoints import Endpoints, Joint

GO_BELOW = {
    (10, 1): 8.27,
    (20, 2): 10.15,
    (20, 3): 15.40,
    (30, 3): 11.44,
    (30, 4): 15.98,
    (30, 5): 20.57,
    (30, 6): 25.21,
    (30, 7): 29.88,
}


@pytest.fixture(scope="module")
def found() -> Bop2:
    return optimise((10, 20, 30, 40), 0.2, 0.4, 0.1)


def test_the_search_finds_the_published_design(found: Bop2) -> None:
    assert found.cutoff == Cutoff(0.86, 1.0)
    assert found.boundaries.futile == (1, 3, 7, 11)
    assert found.type_1_error() <= 0.1


def test_table_2(found: Bop2) -> None:
    rows = {(row.patients, row.responses): row for row in table(found)}
    for key, printed in GO_BELOW.items():
        assert rows[key].go_below == pytest.approx(printed, abs=0.0051)
    for patients, suspends, never_below in ((10, 2, 0), (20, 10, 1), (30, 22, 2)):
        assert rows[patients, 0].suspend_from == suspends
        # so few responses are no go with any TESS that is left once the trial is not suspended
        assert rows[patients, never_below].go_below < patients - suspends + 1
    for patients, enough in ((10, 2), (20, 4), (30, 8)):
        assert rows[patients, enough].go_below == float("inf")
        assert rows[patients, enough].suspend_from is None
    assert rows[40, 11].go_below == 0
    assert rows[40, 12].go_below == float("inf")


def test_table_1(found: Bop2) -> None:
    """20 patients, 11 known, 3 responses: TESS 14, below 15.4: go."""
    followed = [85, 78, 66, 48, 32, 28, 10, 8, 5]
    assert effective_patients(11, followed, 120) == pytest.approx(14, abs=0.005)
    assert advise(found, 3, 11, followed, window=120).action == "go"


CO_PRIMARY_FUTILE_FROM = {
    # rate, patients, outcomes: futile from this TESS on (Table 3)
    (0.45, 15, 5): 10.65,
    (0.45, 15, 6): 12.83,
    (0.45, 30, 6): 10.60,
    (0.45, 30, 7): 12.59,
    (0.45, 30, 8): 14.59,
    (0.45, 30, 9): 16.61,
    (0.45, 30, 10): 18.63,
    (0.45, 30, 11): 20.67,
    (0.45, 30, 12): 22.72,
    (0.45, 30, 13): 24.77,
    (0.45, 30, 14): 26.83,
    (0.45, 30, 15): 28.89,
    (0.30, 15, 4): 12.32,
    (0.30, 30, 5): 12.20,
    (0.30, 30, 6): 15.10,
    (0.30, 30, 7): 18.03,
    (0.30, 30, 8): 20.99,
    (0.30, 30, 9): 23.97,
    (0.30, 30, 10): 26.97,
    (0.30, 30, 11): 29.99,
}


def test_table_3_boundaries() -> None:
    """Response (.45 to .65) and PFS at 4 months (.30 to .45), 45 patients, looks after each 15, type I error .10. The published
    correlation is not in the paper; with the error kept at the worst correlation the same boundaries come out.
    """
    found = two_endpoints.optimise((15, 30, 45), Endpoints(0.45, 0.30), Joint.independent(0.65, 0.45), 0.1)
    assert found.first == (6, 15, 25)
    assert found.second == (4, 11, 18)
    assert found.type_1_error()[0] == pytest.approx(0.1, abs=1e-3)


def test_table_3_effective_sizes() -> None:
    """lambda .94 and gamma .5 follow from the printed TESS."""
    designs = {rate: design((15, 30, 45), rate, Cutoff(0.94, 0.5)) for rate in (0.45, 0.30)}
    rows = {(rate, row.patients, row.responses): row for rate, one in designs.items() for row in table(one)}
    for key, printed in CO_PRIMARY_FUTILE_FROM.items():
        assert rows[key].go_below == pytest.approx(printed, abs=0.0051)
    assert {key[1]: row.suspend_from for key, row in rows.items() if key[2] == 0} == {15: 5, 30: 20, 45: 1}
