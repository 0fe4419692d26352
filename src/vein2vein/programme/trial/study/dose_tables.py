"""Decision tables of dose-finding designs as they stand in a protocol, with columns for pending patients.

Place    Programme, trial, study. Read by `dose`.
In       A design.
Out      `Table`s of text: E escalate, S stay, D de-escalate, DU the same and never come back; ranks of BOIN12.
Knows    For a dose between others that are open. A design that looks at all doses has no such table.
Checked  tests/unit/programme/trial/study/test_dose.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from vein2vein.programme.trial.phase1.common import ByMoves, TooToxic
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign
from vein2vein.programme.trial.phase1.tite_boin import PendingInterval
from vein2vein.programme.trial.phase12.boin12 import Boin12Rule, rank_table
from vein2vein.programme.trial.recommend import decision_table
from vein2vein.programme.trial.study.results import Table
from vein2vein.programme.trial.words import Design

_LETTERS: Final = {1: "E", 0: "S", -1: "D"}
_NARROW: Final = 1e-6
_RANKED: Final = (0, 3, 6, 9)


def decisions(design: Design | LateDesign) -> tuple[Table, ...]:
    """The decision tables of a design; none where it looks at all doses at once."""
    if isinstance(design, LateDesign):
        return (_pending(design),) if isinstance(design.rule, PendingInterval) else ()
    if isinstance(design.rule, Boin12Rule):
        return (_ranks(design),)
    return (_moves(design),) if isinstance(design.rule, ByMoves) and not design.with_efficacy else ()


def _moves(design: Design) -> Table:
    """Toxicities by patients at the dose, for whole cohorts; what stays "DU" to the end is left out."""
    found = {(row.patients, row.toxicities): row.decision for row in decision_table(design)}
    step = getattr(design.cohorts, "size_of_each", 1)
    sizes = [n for n in sorted({n for n, _ in found}) if n % step == 0]
    rows = [tuple(found.get((n, y), "") for n in sizes) for y in range(max(sizes) + 1)]
    last = next((y for y in range(len(rows) - 1, -1, -1) if set(rows[y]) - {"", "DU"}), len(rows) - 1)
    lines = [(str(y), *row) for y, row in enumerate(rows[: last + 1])]
    if last + 1 < len(rows):
        lines.append((f"≥ {last + 1}", *("DU" if last + 1 <= n else "" for n in sizes)))
    return Table("decisions", ("toxicities", *map(str, sizes)), tuple(lines))


def _pending(design: LateDesign) -> Table:
    """Patients, toxicities and pending patients, with the follow-up (sum over the pending, in windows) that decides."""
    rule, size = design.rule, design.cohorts.size_of_each
    assert isinstance(rule, PendingInterval)  # noqa: S101  (the caller has asked)
    rows: list[tuple[str, ...]] = []
    for n in range(size, design.cohorts.most + 1, size):
        shut = design.safety.boundary(n) if isinstance(design.safety, TooToxic) else None
        for y in range(n + 1):
            if shut is not None and y >= shut:
                rows.append((str(n), f"≥ {y}", "0" if n == y else f"0-{n - y}", "", "", "", "DU"))
                break
            rows += _pending_rows(rule, n, y)
    return Table(
        "pending", ("patients_here", "toxicities", "pending", "escalate", "stay", "go_down", "always"), tuple(rows)
    )


def _pending_rows(rule: PendingInterval, n: int, y: int) -> list[tuple[str, ...]]:
    """One row per number of pending patients, equal neighbours joined."""
    cells = [(p, _by_follow_up(rule, n, y, p)) for p in range(n - y + 1)]
    rows: list[tuple[str, ...]] = []
    first = 0
    for i, (p, cell) in enumerate(cells):
        if i + 1 == len(cells) or cells[i + 1][1] != cell:
            span = str(cells[first][0]) if cells[first][0] == p else f"{cells[first][0]}-{p}"
            rows.append((str(n), str(y), span, *cell))
            first = i + 1
    return rows


def _by_follow_up(rule: PendingInterval, n: int, y: int, pending: int) -> tuple[str, str, str, str]:
    """Follow-up from which one goes up and up to which one goes down; the last cell where it does not matter.

    The estimated rate falls with the follow-up, so that each limit is one number; it is rounded so that it errs on no side.
    """

    def move(followed: float) -> int:
        counts = [np.array([k]) for k in (n, y, pending)]
        return int(rule.move(counts[0], counts[1], counts[2], np.array([followed]))[0])

    lowest, highest = move(0.0), move(float(pending))
    if lowest == highest:
        return "", "", "", "wait" if lowest == SUSPEND else _LETTERS[lowest]
    up = _first(lambda f: move(f) > 0, pending) if highest > 0 else None
    down = _first(lambda f: move(f) >= 0, pending) if lowest < 0 else None
    return (
        "" if up is None else f"≥ {np.ceil(up * 100 - 1e-6) / 100:.2f}",
        "" if up is not None and down is not None and up - down < _NARROW else "otherwise",
        "" if down is None else f"≤ {np.floor(down * 100 + 1e-6) / 100:.2f}",
        "",
    )


def _first(holds: Callable[[float], bool], most: int) -> float:
    """Where something begins to hold between 0, where it does not, and `most`, where it does."""
    low, high = 0.0, float(most)
    while high - low > _NARROW:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _ranks(design: Design) -> Table:
    """Desirability of each outcome of a dose: 1 is the least desirable, a cross for a dose that is not acceptable."""
    rows = rank_table(design, _RANKED)
    return Table(
        "ranks",
        ("patients_here", "toxicities", "responses", "rank"),
        tuple(
            (str(r.patients), str(r.toxicities), str(r.responses), "×" if r.rank is None else str(r.rank)) for r in rows
        ),
    )
