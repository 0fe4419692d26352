"""Decision tables of dose-finding designs as they stand in a protocol, with columns for pending patients.

Place    Programme, trial, study. Read by `dose`.
In       A design.
Out      `Table`s of text: E escalate, S stay, D de-escalate, DU the same and never come back; limits; ranks of BOIN12; for
         designs that look at all doses those of `cohort_tables`.
Knows    For a dose between others that are open. What a rule says is asked of the rule, cell by cell.
Checked  tests/unit/programme/trial/study/test_dose.py, tests/unit/programme/trial/study/test_dose_tables.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from vein2vein.programme.trial.complete import complete
from vein2vein.programme.trial.phase1.backfill import PooledInterval
from vein2vein.programme.trial.phase1.boin import Bounds, Interval, Titrated, TitratedCohorts
from vein2vein.programme.trial.phase1.common import ByMoves, TooToxic
from vein2vein.programme.trial.phase1.feasible import Infeasible, TolerableFeasible
from vein2vein.programme.trial.phase1.late import SUSPEND, LateDesign, Seen
from vein2vein.programme.trial.phase1.partial import PartialDesign
from vein2vein.programme.trial.phase1.pod_tpi import DecisionProbability
from vein2vein.programme.trial.phase1.rolling_six import RollingSix
from vein2vein.programme.trial.phase1.table import DecisionTable
from vein2vein.programme.trial.phase1.three_plus_three import ThreePlusThree, TwoToxicities
from vein2vein.programme.trial.phase1.tite_boin import PendingInterval
from vein2vein.programme.trial.phase12.boin12 import Boin12Rule, rank_table
from vein2vein.programme.trial.phase12.boin_et import BoinEtRule
from vein2vein.programme.trial.phase12.common import Futility
from vein2vein.programme.trial.phase12.tepi import TepiRule
from vein2vein.programme.trial.phase12.tite_boin12 import PendingUtility
from vein2vein.programme.trial.phase12.u_boin import UBoinRule
from vein2vein.programme.trial.recommend import TableRow, decision_table
from vein2vein.programme.trial.study.cohort_tables import by_both, first_cohort, first_pending, pathways
from vein2vein.programme.trial.study.results import Table
from vein2vein.programme.trial.words import NONE, AnySafety, Design, NoSafetyRule, SafetyRule, States

_LETTERS: Final = {1: "E", 0: "S", -1: "D"}
_NARROW: Final = 1e-6
_FAR: Final = (0.0, 0.25, 0.5, 0.75)
_RANKED: Final = (0, 3, 6, 9)
_RANKED_TOGETHER: Final = (0, 3, 6)  # with patients who had both there are many more rows


def decisions(design: Design | LateDesign | PartialDesign) -> tuple[Table, ...]:
    """The tables of a design for a protocol: decisions where they rest on one dose, else those of the next cohorts."""
    if isinstance(design, PartialDesign):
        return tuple(
            t for t in (pathways(complete(design)), _feasible(design.feasible, design.cohorts.most)) if t is not None
        )
    if isinstance(design, LateDesign):
        return _late(design)
    if not _local(design.safety) and not isinstance(design.rule, TolerableFeasible):  # composed, or a model
        looked_ahead = first_cohort(design) if design.with_efficacy else pathways(design)
        return () if looked_ahead is None else (looked_ahead,)
    if design.with_efficacy and not isinstance(design.rule, (ByMoves, ThreePlusThree, Titrated)):
        return tuple(table for table in _with_responses(design) if table is not None)
    if isinstance(design.rule, (ByMoves, ThreePlusThree, Titrated)):
        return (_moves(design),)
    looked_ahead = pathways(design)
    return () if looked_ahead is None else (looked_ahead,)


def _local(safety: SafetyRule) -> bool:
    """Whether a safety rule closes a dose by toxicities at that dose alone."""
    if isinstance(safety, AnySafety):
        return all(_local(one) for one in safety.rules)
    return isinstance(safety, (TooToxic, TwoToxicities, DecisionTable, NoSafetyRule))


def _with_responses(design: Design) -> tuple[Table | None, ...]:
    """Tables of a design that looks at responses, or at products that reached the dose."""
    rule = design.rule
    if isinstance(rule, Boin12Rule):
        return _limits(design, rule.bounds, rule.futility), _ranks(design)
    if isinstance(rule, (UBoinRule, PooledInterval)):
        stage = "decisions_first_stage" if isinstance(rule, UBoinRule) else "decisions_backfill"
        first = replace(_moves(replace(design, rule=Interval(rule.bounds))), key=stage)
        if isinstance(rule, PooledInterval):
            return first, _suspended(design)
        return first, _limits(design, rule.bounds, rule.futility), first_cohort(design)
    if isinstance(rule, (BoinEtRule, TepiRule)):
        return (by_both(design),)
    made = isinstance(rule, TolerableFeasible)
    limits = _feasible(rule.feasible, design.cohorts.most) if isinstance(rule, TolerableFeasible) else None
    return first_cohort(design, made=made), limits


def _late(design: LateDesign) -> tuple[Table, ...]:
    rule = design.rule
    plain = isinstance(design.safety, (TooToxic, NoSafetyRule))
    if isinstance(rule, PendingInterval) and plain:
        return (_pending(design),)
    if isinstance(rule, RollingSix) and _local(design.safety):
        return (_rolling(design),)
    if isinstance(rule, DecisionProbability) and plain:
        return (_probable(design, rule),)
    both = isinstance(rule, PendingUtility)
    found = (first_pending(design, both=both),)
    if not isinstance(rule, PendingUtility) or not _local(design.safety):
        return found
    known = replace(complete(design), rule=rule.parent)
    limits = _limits(known, rule.parent.bounds, rule.parent.futility)
    return (limits, _ranks(known), *found)


def _moves(design: Design) -> Table:
    """Toxicities by patients at the dose, for whole cohorts; what stays "DU" to the end is left out."""
    found = {(row.patients, row.toxicities): row.decision for row in _cells(design)}
    step = getattr(design.cohorts, "size_of_each", 1)
    # a dose that was passed with one patient of a titration has one more from then on
    rests = {0, 1} if isinstance(design.rule, Titrated) else {0}
    # what is treated after a titration fills whole cohorts, so that a dose has no more than those
    whole = step * design.cohorts.number if isinstance(design.cohorts, TitratedCohorts) else design.cohorts.most
    sizes = [n for n in sorted({n for n, _ in found}) if n % step in rests and n <= whole]
    rows = [tuple(found.get((n, y), "") for n in sizes) for y in range(max(sizes) + 1)]
    last = next((y for y in range(len(rows) - 1, -1, -1) if set(rows[y]) - {"", "DU"}), len(rows) - 1)
    lines = [(str(y), *row) for y, row in enumerate(rows[: last + 1])]
    if last + 1 < len(rows):
        lines.append((f"≥ {last + 1}", *("DU" if last + 1 <= n else "" for n in sizes)))
    key = "decisions_titrated" if isinstance(design.rule, Titrated) else "decisions"
    return Table(key, ("toxicities", *map(str, sizes)), tuple(lines))


def _cells(design: Design) -> tuple[TableRow, ...]:
    if isinstance(design.rule, ThreePlusThree):
        return tuple(TableRow(n, y, _three(design, n, y)) for n in (3, 6) for y in range(n + 1))
    if not isinstance(design.rule, Titrated):
        return decision_table(design)
    known = decision_table(replace(design, rule=design.rule.parent))
    # a single patient: up without a toxicity; after one the cohort is filled at the dose
    return tuple(replace(row, decision="ES"[row.toxicities]) if row.patients == 1 else row for row in known)


def _three(design: Design, n: int, y: int) -> str:
    """The letter of 3+3 at a dose above one that was passed and below one that nobody had."""
    counts = np.array([[3, n, 0]]), np.array([[0, y, 0]])
    states = States(*counts, *(np.array([k]) for k in (1, n, y)))
    closed = design.safety.closed(states)
    if closed[0, 1]:
        return "DU"
    return {2: "E", 1: "S", 0: "D", NONE: "stop"}[int(design.rule.next_dose(states, closed)[0])]


def _limits(design: Design, bounds: Bounds, futility: Futility) -> Table:
    """Toxicities that let go up, ask to go down and close a dose, and responses that are too few, by patients at the dose."""
    step = int(getattr(design.cohorts, "size_of_each", 1))
    rows = []
    for n in range(step, design.cohorts.most + 1, step):
        many, counts = np.array([n]), np.arange(n + 1)
        shut = design.safety.boundary(n) if isinstance(design.safety, TooToxic) else None
        down = int(bounds.least_to_go_down(many)[0])
        few = np.flatnonzero(futility.futile(np.full(n + 1, n), counts))
        rows.append((
            str(n),
            f"≤ {bounds.most_to_escalate(many)[0]}",
            "-" if down > n else f"≥ {down}",
            "-" if shut is None else f"≥ {shut}",
            f"≤ {few[-1]}" if len(few) else "-",
        ))  # fmt: skip
    heads = ("patients_here", "low_toxicity", "go_down_from", "closed_from", "futile_to")
    return Table("limits", heads, tuple(rows))


def _suspended(design: Design) -> Table:
    """Toxicities at a dose that suspend its backfill, where those of the next dose pooled with it are too many as well."""
    rule = design.rule
    assert isinstance(rule, PooledInterval)  # noqa: S101  (the caller has asked)
    n = np.arange(1, design.cohorts.most + 1)
    least = rule.bounds.least_to_go_down(n)
    rows = tuple((str(k), f"≥ {low}") for k, low in zip(n.tolist(), least.tolist(), strict=True) if low <= k)
    return Table("suspension", ("patients_here", "suspended_from"), rows)


def _feasible(rule: Infeasible, most: int) -> Table:
    """Products that reached the dose with which it is given up as infeasible, by patients."""
    rows = []
    for n in range(rule.patients, most + 1):
        made = np.arange(n + 1)[:, None]
        one = States(np.full((n + 1, 1), n), made * 0, made[:, 0] * 0, made[:, 0], made[:, 0], made)
        few = np.flatnonzero(rule.infeasible(one)[:, 0])
        rows.append((str(n), f"≤ {few[-1]}" if len(few) else "-"))
    return Table("infeasible", ("patients_here", "infeasible_to"), tuple(rows))


def _rolling(design: LateDesign) -> Table:
    """The next patient by patients at the dose, toxicities and pending patients: at a dose between a passed and a new one."""
    rows = []
    for n in range(1, 7):
        for y in range(min(n, 2) + 1):
            shown = "≥ 2" if y == 2 else str(y)  # noqa: PLR2004  (two toxicities close the dose whatever is pending)
            cells = [_rolls(design, n, y, pending) for pending in range(n - y + 1)]
            rows.append((str(n), shown, *cells, *([""] * (7 - len(cells)))))
    return Table("rolling", ("patients_here", "toxicities", *map(str, range(7))), tuple(rows))


def _rolls(design: LateDesign, n: int, y: int, pending: int) -> str:
    counts = np.array([[3, n, 0]]), np.array([[0, y, 0]])
    states = States(*counts, *(np.array([k]) for k in (1, n, y)))
    closed = design.safety.closed(states)
    if closed[0, 1]:
        return "DU"
    seen = Seen.of(states, np.full(pending, 1), np.zeros(pending))
    return {2: "E", 1: "S", SUSPEND: "wait"}[int(design.rule.next_dose(seen, closed)[0])]


def _probable(design: LateDesign, rule: DecisionProbability) -> Table:
    """PoD-TPI by how far the pending patients are, each as far as the others; its decisions rest on each one's follow-up."""
    size, rows = design.cohorts.size_of_each, []
    for n in range(size, design.cohorts.most + 1, size):
        shut = design.safety.boundary(n) if isinstance(design.safety, TooToxic) else None
        for y in range(n + 1):
            if shut is not None and y >= shut:
                rows.append((str(n), f"≥ {y}", "0" if n == y else f"0-{n - y}", *(["DU"] * len(_FAR))))
                break
            for pending in range(n - y + 1):
                weights = [np.full((1, pending), far) for far in _FAR]
                moves = [int(rule.move(np.array([n]), np.array([y]), one)[0]) for one in weights]
                rows.append((str(n), str(y), str(pending), *("wait" if m == SUSPEND else _LETTERS[m] for m in moves)))
    heads = ("patients_here", "toxicities", "pending", *(f"{far:.0%}" for far in _FAR))
    return Table("pending_even", heads, tuple(rows))


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
    joint = design.joint
    found = rank_table(design, _RANKED_TOGETHER if joint else _RANKED)
    rows = tuple(
        (
            *map(str, (r.patients, r.toxicities, r.responses)),
            *((str(r.both),) if joint else ()),
            "×" if r.rank is None else str(r.rank),
        )
        for r in found
    )
    heads = ("patients_here", "toxicities", "responses", *(("with_both",) if joint else ()), "rank")
    return Table("ranks", heads, rows)
