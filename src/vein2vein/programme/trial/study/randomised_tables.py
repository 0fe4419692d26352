"""Tables and curves of a randomised study: boundaries with dates, stalling events, average hazard ratios, early deaths.

Place    Programme, trial, study. Read by `randomised` and `cells`.
In       A plan, its cut-offs, scenarios.
Out      `Table`s of text, `Curves`.
Knows    Dates count calendar months of 365.25 / 12 days from the first randomisation. Hazard ratios at bounds are those of a
         log-rank test.
Checked  tests/unit/programme/trial/study/test_randomised.py
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
from scipy.stats import norm

from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime
from vein2vein.programme.trial.randomised.early import early_deaths
from vein2vein.programme.trial.randomised.events import CutOff, Stall
from vein2vein.programme.trial.randomised.hazards import survival
from vein2vein.programme.trial.randomised.planning import average_hazard_ratio
from vein2vein.programme.trial.randomised.sequential import Plan
from vein2vein.programme.trial.study.results import Curve, Curves, Figure, Kind, Table, chance, months_to
from vein2vein.programme.trial.words import Floats

_DAYS: Final = 365.25 / 12
_FAR: Final = 120.0


def boundaries(
    plan: Plan, cuts: Sequence[CutOff], months: Sequence[Figure | float], *, share: float, first: date | None
) -> Table:
    """One row per look: when, and what has to be seen.

    Args:
        plan: Bounds.
        cuts: When data are cut; without events there are no columns of events and hazard ratios.
        months: Expected calendar month of each look, with its error where it is simulated.
        share: Part of the patients in the experimental arm.
        first: Date of the first randomisation; None leaves dates out.
    """
    events = cuts[-1].events
    upper, lower = plan.hazard_ratio_at_bounds(events, share) if events else (np.full(len(plan.t), np.nan),) * 2
    counted = ("events", "ratio_at_bound") if events else ()
    spent = np.cumsum(plan.crossing(0.0).stops if plan.sides > 1 else _upper_alone(plan))
    heads = ["look", "information", *counted[:1], "expected_month"] + (["expected_date"] if first else [])
    heads += ["z_bound", "nominal_p", *counted[1:], "alpha_spent"]
    stops = bool(np.isfinite(plan.lower[:-1]).any()) and plan.sides == 1
    rows, when = [], [month if isinstance(month, Figure) else Figure(month, None, "months") for month in months]
    for k, cut in enumerate(cuts):
        row = [str(k + 1), f"{plan.t[k]:.1%}", *([str(cut.events)] if events else []), str(when[k])]
        row += [_date(first, when[k].value)] if first else []
        row += [f"{plan.upper[k]:.4f}", f"{norm.sf(plan.upper[k]):.5f}"]
        row += [*([f"{upper[k]:.3f}"] if events else []), f"{spent[k]:.5f}"]
        if stops:
            here = np.isfinite(plan.lower[k])
            row += [f"{plan.lower[k]:.4f}" if here else "-", f"{lower[k]:.3f}" if here else "-"]
        rows.append(tuple(row))
    return Table("looks", (*heads, *(("futility_z", "futility_ratio") if stops else ())), tuple(rows))


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
