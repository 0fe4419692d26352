"""Tables of the next cohorts, for designs that look at all doses, at responses too, or at pending patients one by one.

Place    Programme, trial, study. Read by `dose_tables`.
In       A design.
Out      `Table`s: dose-transition pathways of the first two cohorts; the next dose by toxicities and responses, or by pending
         patients and how far they are; decisions at a dose by patients, toxicities and responses.
Knows    Such a design has no finite table of decisions that holds at every dose; these tables begin with the trial. Later states
         are asked one by one. Dose-transition pathways: Yap C, Billingham LJ, Cheung YK, Craddock C, O'Quigley J. Clin Cancer
         Res 2017;23:7440, recalled.
Checked  tests/unit/programme/trial/study/test_dose_tables.py
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vein2vein.programme.trial.cohort_outcomes import together
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen
from vein2vein.programme.trial.phase12.late import Together, TwoSeen
from vein2vein.programme.trial.study.results import Table
from vein2vein.programme.trial.words import NONE, Design, States

_SHARES: Final = (0.0, 0.25, 0.5, 0.75)
_ROWS: Final = 9
_MOST: Final = 9  # patients of a cohort up to which its outcomes are listed


def pathways(design: Design) -> Table | None:
    """The dose after the first cohort, and after the second, by toxicities; None for cohorts too large to list."""
    first = design.first()
    size = int(design.cohorts.size(first)[0])
    if size > _MOST:
        return None
    rows, widest = [], 0
    for y in range(size + 1):
        after = _after(first, design.start, size, y)
        dose = int(design.next_dose(after)[0])
        row = [str(y), _named(dose)]
        if dose != NONE:
            again = int(design.cohorts.size(after)[0])
            row += [_named(int(design.next_dose(_after(after, dose, again, x))[0])) for x in range(again + 1)]
            widest = max(widest, again + 1)
        rows.append(row)
    cells = tuple(tuple(row + [""] * (widest + 2 - len(row))) for row in rows)
    return Table("pathways", ("toxicities", "next_dose", *map(str, range(widest))), cells)


def first_cohort(design: Design, *, made: bool = False) -> Table | None:
    """The dose after the first cohort by toxicities (rows) and responses, or products that reached the dose (columns).

    Args:
        design: A design that looks at responses.
        made: Whether its responses are products that reached the dose.
    """
    first = design.first()
    size = int(design.cohorts.size(first)[0])
    if size > _MOST:
        return None
    if design.joint:
        return _first_together(design, first, size)
    rows = []
    for y in range(size + 1):
        goes = [int(design.next_dose(_after(first, design.start, size, y, e))[0]) for e in range(size + 1)]
        rows.append((str(y), *map(_named, goes)))
    return Table("next_made" if made else "next_both", ("toxicities", *map(str, range(size + 1))), tuple(rows))


def _first_together(design: Design, first: States, size: int) -> Table:
    """The same by toxicities and patients with both (rows) and responses (columns); empty where that cannot be."""
    found = {
        (y, both, e): _named(int(design.next_dose(_after(first, design.start, size, y, e, both))[0]))
        for y, e, both in together(size)
    }
    pairs = sorted({(y, both) for y, both, _ in found})
    rows = tuple((str(y), str(both), *(found.get((y, both, e), "") for e in range(size + 1))) for y, both in pairs)
    return Table("next_both", ("toxicities", "with_both", *map(str, range(size + 1))), rows)


def by_both(design: Design) -> Table:
    """E, S, D, DU or stop at a dose whose neighbours are untried, by patients, toxicities (rows) and responses (columns)."""
    step = int(getattr(design.cohorts, "size_of_each", 3))
    sizes = [n for n in range(step, design.cohorts.most + 1, step) if n <= max(_ROWS, step)]
    cells = [(n, y, e) for n in sizes for y in range(n + 1) for e in range(n + 1)]
    n, y, e = np.array(cells).T
    none = np.zeros(len(cells), np.int64)
    columns = (np.stack([none, column, none], axis=1) for column in (n, y, e))
    counts = list(columns)
    states = States(counts[0], counts[1], none + 1, n, y, counts[2])
    closed = design.safety.closed(states)
    goes = design.rule.next_dose(states, closed)
    letters = np.where(closed[:, 1], "DU", np.where(goes == NONE, "stop", np.array(["D", "S", "E"])[goes.clip(0)]))
    found = dict(zip(cells, letters.tolist(), strict=True))
    rows = tuple(
        (str(n), str(y), *(found.get((n, y, e), "") for e in range(sizes[-1] + 1))) for n in sizes for y in range(n + 1)
    )
    return Table("decisions_both", ("patients_here", "toxicities", *map(str, range(sizes[-1] + 1))), rows)


def first_pending(design: LateDesign, *, both: bool) -> Table:
    """The dose after the first cohort by what is known, what is pending, and how far the pending patients are.

    Args:
        design: A design that decides while outcomes are pending.
        both: Whether it waits for responses too; a pending patient then waits for both.
    """
    size, rows = design.cohorts.size_of_each, []
    for pending in range(size + 1):
        known = size - pending
        turns = together(known) if both else tuple((y, 0, 0) for y in range(known + 1))
        for y, e, pairs in turns:
            if both and not design.joint and pairs != max(0, y + e - known):  # one of those that are not told apart
                continue
            shares = _SHARES if pending else (0.0,)
            goes = [_named(_goes(design, (y, e, pairs, pending), share, both=both)) for share in shares]
            answers = ((str(e),) if both else ()) + ((str(pairs),) if design.joint else ())
            rows.append((str(y), *answers, str(pending), *(goes if pending else goes * len(_SHARES))))
    beside = (("responses",) if both else ()) + (("with_both",) if design.joint else ())
    heads = ("toxicities", *beside, "pending", *(f"{share:.0%}" for share in _SHARES))
    return Table("next_pending", heads, tuple(rows))


def _goes(design: LateDesign, counts: tuple[int, int, int, int], share: float, *, both: bool) -> int:
    y, e, pairs, pending = counts
    size, at = design.cohorts.size_of_each, design.start
    first = States.before_the_first(design.doses, at, with_efficacy=both, joint=design.joint)
    states = _after(first, at, size, y, *((e, pairs) if both else ()))
    seen = Seen.of(states, np.full(pending, at), np.full(pending, share))
    if both:
        parts = (seen.states, seen.pending, seen.followed, seen.row, seen.dose, seen.weight)
        open_ = np.full((1, pending), share)
        pairs_open = Together.of(np.full((1, pending), at), open_, open_, design.doses) if design.joint else None
        seen = TwoSeen(*parts, seen.pending, seen.followed, pairs_open)
    return int(design.rule.next_dose(seen, design.safety.closed(states))[0])


def _after(states: States, *cohort: int) -> States:
    """The state after a cohort: dose, patients, toxicities and, where they count, responses and patients with both."""
    return states.with_cohort(*(np.array([k]) for k in cohort))


def _named(dose: int) -> str:
    return {NONE: "stop", SUSPEND: "wait"}.get(dose, str(dose + 1))
