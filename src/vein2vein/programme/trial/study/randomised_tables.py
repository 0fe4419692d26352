"""Tables and curves of a randomised study: boundaries with dates, stalling events, average hazard ratios, early deaths.

Place    Programme, trial, study. Read by `randomised` and `cells`.
In       A plan, its cut-offs, scenarios.
Out      `Table`s of text, `Curves`.
Knows    Dates count calendar months of 365.25 / 12 days from the first randomisation. Hazard ratios at bounds are those of a
         log-rank test, and are left out for others.
Checked  tests/unit/programme/trial/study/test_randomised.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np

from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime
from vein2vein.programme.trial.randomised.early import early_deaths
from vein2vein.programme.trial.randomised.events import CutOff, Stall
from vein2vein.programme.trial.randomised.hazards import survival
from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, Weight
from vein2vein.programme.trial.randomised.planning import average_hazard_ratio
from vein2vein.programme.trial.randomised.sequential import Plan
from vein2vein.programme.trial.study.results import Curve, Curves, Figure, Kind, Table, chance, months_to
from vein2vein.programme.trial.words import Bools, Floats

_DAYS: Final = 365.25 / 12
_FAR: Final = 120.0
_TINY: Final = 1e-4
_NOTHING: Final = 1e-12
_ROUNDED: Final = 1.5  # events


def boundaries(
    plan: Plan,
    cuts: Sequence[CutOff],
    months: Sequence[Figure | float],
    *,
    share: float,
    first: date | None,
    weights: Sequence[Weight] = (LOG_RANK,),
) -> Table:
    """One row per look: when, and what has to be seen.

    Args:
        plan: Bounds. A two-sided plan has harm as its lower bounds, and its p and alpha count both sides.
        cuts: When data are cut; without events there are no columns of events and hazard ratios.
        months: Expected calendar month of each look, with its error where it is simulated.
        share: Part of the patients in the experimental arm.
        first: Date of the first randomisation; None leaves dates out.
        weights: Of the test. Bounds of the log-rank test alone can be told as hazard ratios. Of several weights the bound is on
            the z that has the p of the largest, and p stands first.
    """
    events, two = cuts[-1].events, plan.sides > 1
    when = [month if isinstance(month, Figure) else Figure(month, None, "months") for month in months]
    columns = [("look", [str(k + 1) for k in range(len(cuts))]), ("information", [f"{t:.1%}" for t in plan.t])]
    if events:
        columns += _events(plan, [cut.events or 0 for cut in cuts])
    columns.append(("expected_month", [str(month) for month in when]))
    if first:
        columns.append(("expected_date", [_date(first, month.value) for month in when]))
    p = plan.nominal_p() * (2 if two else 1)
    several = len(weights) > 1
    bounds = [("z_bound_of_p" if several else "z_bound", [f"{z:.4f}" for z in plan.upper])]
    bounds.append(("nominal_p_both" if two else "nominal_p", [_small(float(one)) for one in p]))
    columns += reversed(bounds) if several else bounds
    is_log_rank = tuple(weights) == (LOG_RANK,)
    upper, lower = plan.hazard_ratio_at_bounds(events, share) if events and is_log_rank else (None, None)
    if upper is not None:
        columns.append(("ratio_at_bound", [f"{ratio:.3f}" for ratio in upper]))
    spent = np.cumsum(plan.crossing(0.0).stops if two else _upper_alone(plan))
    columns.append(("alpha_spent_both" if two else "alpha_spent", [_small(float(one)) for one in spent]))
    here = np.isfinite(plan.lower)
    if here.any() if two else here[:-1].any():
        name = "harm" if two else "futility"
        columns.append((f"{name}_z", _where(here, plan.lower, 4)))
        if lower is not None:
            columns.append((f"{name}_ratio", _where(here, lower, 3)))
    return Table("looks", tuple(head for head, _ in columns), tuple(zip(*(cells for _, cells in columns), strict=True)))


def _small(chance: float) -> str:
    """A chance with five decimals; one that is smaller with two digits that count."""
    digits = 5 if chance >= _TINY or chance < _NOTHING else 1 - math.floor(math.log10(chance))
    return f"{chance:.{digits}f}"


def _events(plan: Plan, counts: list[int]) -> list[tuple[str, list[str]]]:
    """Events of each look, and their share of those of the last where it is not the information."""
    columns = [("events", [str(count) for count in counts])]
    shares = np.array(counts) / counts[-1]
    if (np.abs(shares - plan.t) > _ROUNDED / counts[-1]).any():
        columns.append(("event_share", [f"{one:.1%}" for one in shares]))
    return columns


def _where(here: Bools, values: Floats, digits: int) -> list[str]:
    return [f"{value:.{digits}f}" if known else "-" for known, value in zip(here, values, strict=True)]


def _upper_alone(plan: Plan) -> Floats:
    """Error spent at each look, without futility where it does not bind."""
    from vein2vein.programme.trial.randomised.boundaries import crossing  # noqa: PLC0415  (one name, two meanings)

    lower = plan.lower if plan.binding else np.full(len(plan.t), -np.inf)
    return crossing(plan.t, plan.upper, lower, 0.0).upper


def _date(first: date, month: float) -> str:
    return "never" if math.isinf(month) else (first + timedelta(days=round(month * _DAYS))).isoformat()


def stalled(found: Sequence[tuple[str, Stall]]) -> Table:
    """For each scenario the chance that the plan is reached by month, and the 90 % range of events; for ever, their mean."""
    months = found[0][1].months
    rows: list[tuple[str, ...]] = []
    for name, one in found:
        cells = [
            f"{chance(reached)} ({low:.0f}-{high:.0f})"
            for low, high, reached in zip(one.low, one.high, one.reached, strict=True)
        ]
        rows.append((name, *cells, f"{chance(one.ever)} ({one.ceiling:.0f})"))
    return Table(
        "stall", ("scenario", *(f"{month:g}" for month in months), "ever"), tuple(rows), str(found[0][1].events)
    )


def ratios(worlds: Sequence[Scenario], months: Sequence[float]) -> Table:
    """Average hazard ratio that each look is about, by scenario."""
    finite = [month for month in months if math.isfinite(month)]
    rows = tuple((w.name, *(f"{average_hazard_ratio(w, month):.3f}" for month in finite)) for w in worlds)
    return Table("average_ratio", ("scenario", *(f"{month:.1f}" for month in finite)), rows)


def at_time(worlds: Sequence[Scenario], test: AtTime, month: float) -> Table:
    """What is true of both arms at the time of a test, by scenario, and whom a cut at a month has followed so long."""
    kind: Kind = "months" if test.statistic == "rmst" else "chance"
    rows = []
    for world in worlds:
        control, experimental = test.true(world.control), test.true(world.experimental)
        cells = [str(Figure(value, kind=kind)) for value in (control, experimental, experimental - control)]
        entered = float(world.accrual.share_by(np.array([month - test.tau]))[0])
        rows.append((world.name, *cells, str(chance(entered))))
    heads = ("scenario", "true_control", "true_experimental", "true_difference", "entered_in_time")
    return Table("at_time", heads, tuple(rows), f"{test.tau:g}")


def early(worlds: Sequence[Scenario], months: tuple[float, ...]) -> tuple[Table, ...]:
    """Early events of both arms, where the experimental arm may have more."""
    rows = []
    for world in worlds:
        found = early_deaths(world.control, world.experimental, (world.patients(0), world.patients(1)), months)
        for k, month in enumerate(months):
            rows.append(
                (
                    world.name, f"{month:g}", str(chance(found.control[k])), str(chance(found.experimental[k])),
                    str(chance(found.more_deaths[k])), str(chance(found.significant[k])),
                )
            )  # fmt: skip
    heads = ("scenario", "month", "early_control", "early_experimental", "more_early", "significantly_more")
    return (Table("early", heads, tuple(rows)),)


def expected(world: Scenario, end: float) -> Curves:
    """Expected survival of both arms, and numbers at risk at the month of the last look."""
    last = min(end, _FAR) if math.isfinite(end) else _FAR
    months = months_to(last)
    arms: tuple[tuple[Literal[0, 1], str], ...] = ((0, "control"), (1, "experimental"))
    curves = []
    for arm, name in arms:
        alive = survival(world.hazard(arm), months)
        out = world.dropout[arm]
        followed = world.accrual.share_by(np.maximum(last - months, 0.0))
        kept = 1.0 if out is None else survival(out, months)
        curves.append(Curve(name, alive, world.patients(arm) * alive * followed * kept))
    return Curves(world.name, months, tuple(curves))
