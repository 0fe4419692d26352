"""The flow chart of a trial: boxes from top to bottom, exits to the right, a loop to the left.

Place    Report, trial. Read by `content`.
In       A study of any family.
Out      A `Drawing`, and its steps as texts for those who do not see it.
Checked  tests/unit/report/trial/test_plots.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vein2vein.programme.trial.designs import Study
from vein2vein.programme.trial.phase1.late import LateDesign
from vein2vein.programme.trial.study.baskets import BasketStudy
from vein2vein.programme.trial.study.cells import CellStudy
from vein2vein.programme.trial.study.comparison import ComparisonStudy
from vein2vein.programme.trial.study.dose import DoseStudy
from vein2vein.programme.trial.study.randomised import Randomised
from vein2vein.programme.trial.study.single import SingleArm, TwoEndpointArm
from vein2vein.programme.trial.words import Design
from vein2vein.report import svg
from vein2vein.report.draw import Drawing
from vein2vein.report.words import Words, say

_BOX: Final = 420.0
_LEFT: Final = 70.0
_HIGH: Final = 38.0
_GAP: Final = 26.0
_BESIDE: Final = 16.0
_OUT: Final = 560.0
_OUT_WIDE: Final = 320.0


@dataclass(frozen=True)
class Step:
    """One row of the chart: one box or two beside each other, what leaves to the right, whether a loop goes back to `back`."""

    texts: tuple[Words, ...]
    exits: tuple[Words, ...] = ()
    back: int | None = None
    loop: Words | None = None


def flow_of(study: Study) -> tuple[Drawing, list[Words]]:
    """The chart of a study and its steps."""
    steps = _steps(study)
    said = [text for step in steps for text in (*step.texts, *step.exits, *((step.loop,) if step.loop else ()))]
    return _drawn(steps), said


def _steps(study: Study) -> list[Step]:
    if isinstance(study, DoseStudy):
        return _dose(study)
    if isinstance(study, SingleArm):
        return _single(study)
    if isinstance(study, TwoEndpointArm):
        n = study.design.looks
        looks = [Step((say("trial_flow.arm_look", n=k),)) for k in n]
        return [Step((say("trial_flow.arm_enrol", n=n[-1]),)), *looks, Step((say("trial_flow.arm_end"),))]
    if isinstance(study, BasketStudy):
        one = study.borrowing
        return [
            Step((say("trial_flow.basket_treat", n=study.most, k=len(one.names)),)),
            Step((say("trial_flow.basket_borrow", name=study.name),)),
            Step((say("trial_flow.basket_claim", claim=f"{one.claim:g}"),)),
        ]
    if isinstance(study, ComparisonStudy):
        groups = ", ".join(map(str, study.comparison.patients))
        return [Step((say("trial_flow.doses_randomise", groups=groups),)), Step((say("trial_flow.dose_select"),))]
    assert isinstance(study, (Randomised, CellStudy))  # noqa: S101  (every family is above)
    return _randomised(study)


def _dose(study: DoseStudy) -> list[Step]:
    design = study.design
    size = int(design.cohorts.size(design.first())[0]) if isinstance(design, Design) else design.cohorts.size_of_each
    late, both = isinstance(design, LateDesign), isinstance(design, Design) and design.with_efficacy
    seen = "dose_pending" if late else "dose_seen_both" if both else "dose_seen"
    return [
        Step((say("trial_flow.dose_start", n=size, size=size, start=design.start + 1),)),
        Step((say(f"trial_flow.{seen}"),)),
        Step((say("trial_flow.dose_safety"),)),
        Step((say("trial_flow.dose_decide"),)),
        Step((say("trial_flow.dose_enough", n=design.cohorts.most),), back=1, loop=say("trial_flow.dose_again")),
        Step((say("trial_flow.dose_select"),)),
    ]


def _single(study: SingleArm) -> list[Step]:
    bounds = study.arm.boundaries
    steps = [Step((say("trial_flow.arm_enrol", n=bounds.most),))]
    for n, low, high in zip(bounds.looks, bounds.futile, bounds.success, strict=True):
        exits = [say("trial_flow.arm_futile", low=f"≤ {low}")] if low >= 0 else []
        exits += [say("trial_flow.arm_success", high=f"≥ {high}")] if high <= n else []
        steps.append(Step((say("trial_flow.arm_look", n=n),), tuple(exits)))
    return steps


def _randomised(study: Randomised | CellStudy) -> list[Step]:
    plan, cuts = study.analysis.plan, study.analysis.cut_offs
    if isinstance(study, Randomised):
        world = study.worlds[0]
        in_control, ratio = world.patients(0), world.ratio
    else:
        in_control, ratio = study.worlds[0][1].in_control, study.worlds[0][1].ratio
    month = study.looks.month
    follow = "random_follow" if month is None else "random_follow_month" if study.events else "random_follow_only_month"
    steps = [
        Step((say("trial_flow.random_in", n=study.most, a=ratio[0], b=ratio[1]),)),
        Step(
            (
                say("trial_flow.random_experimental", n=study.most - in_control),
                say("trial_flow.random_control", n=in_control),
            )
        ),
        Step((say(f"trial_flow.{follow}", events=study.events, month=f"{month or 0:g}"),)),
    ]
    for k, cut in enumerate(cuts):
        exits = [say("trial_flow.random_superior", z=f"{plan.upper[k]:.3f}")]
        two = plan.sides > 1
        if np.isfinite(plan.lower[k]) and (two or k + 1 < len(cuts)):
            said = "random_harm" if two else "random_futile"
            exits.append(say(f"trial_flow.{said}", z=f"{plan.lower[k]:.3f}"))
        at = say("trial_flow.random_look", k=k + 1, events=cut.events)
        if cut.events is None:
            at = say("trial_flow.random_look_month", k=k + 1, month=f"{cut.month or 0:g}")
        steps.append(Step((at,), tuple(exits)))
    return [*steps, Step((say("trial_flow.random_end"),))]


def _drawn(steps: list[Step]) -> Drawing:
    body, y, middles = [_head()], 6.0, []
    for i, step in enumerate(steps):
        high = max(_HIGH, 30.0 * len(step.exits))
        middles.append(y + high / 2)
        body.append(_boxes(step, y, high, last=i + 1 == len(steps)))
        for k, text in enumerate(step.exits):
            body.append(_exit(text, y + high / 2 + (k - (len(step.exits) - 1) / 2) * 32.0, y + high / 2))
        if i + 1 < len(steps):
            many = max(len(step.texts), len(steps[i + 1].texts))
            body += [_arrow(_middle(k, many), y + high, y + high + _GAP) for k in range(many)]
        y += high + _GAP
    for i, step in enumerate(steps):
        if step.back is not None and step.loop is not None:
            body.append(_loop(middles[i], middles[step.back], step.loop))
    return Drawing("".join(body), y - _GAP + 8)


def _head() -> str:
    shape = svg.tag("path", d="M0 0L9 4.5L0 9z", class_="head")
    marker = svg.tag(
        "marker", shape, id="flow-head", viewBox="0 0 9 9", refX=8, refY=4.5, markerWidth=9, markerHeight=9,
        markerUnits="userSpaceOnUse", orient="auto",
    )  # fmt: skip
    return svg.tag("defs", marker)


def _boxes(step: Step, y: float, high: float, *, last: bool) -> str:
    count = len(step.texts)
    wide = _width(count)
    parts = []
    for k, text in enumerate(step.texts):
        x = _LEFT + k * (wide + _BESIDE)
        parts.append(svg.tag("rect", x=x, y=y, width=wide, height=high, rx=6, class_="frame last" if last else "frame"))
        parts.append(svg.text(text, x + wide / 2, y + high / 2 + 5, class_="mid"))
    return "".join(parts)


def _width(count: int) -> float:
    return (_BOX - _BESIDE * (count - 1)) / count


def _middle(k: int, count: int) -> float:
    """Where the middle of box k of some boxes beside each other is."""
    return _LEFT + k * (_width(count) + _BESIDE) + _width(count) / 2


def _exit(text: Words, y: float, from_y: float) -> str:
    path = f"M{_LEFT + _BOX:.1f} {from_y:.1f}H{_LEFT + _BOX + 30:.1f}V{y:.1f}H{_OUT - 2:.1f}"
    box = svg.tag("rect", x=_OUT, y=y - 14, width=_OUT_WIDE, height=28.0, rx=6, class_="frame out")
    return (
        svg.tag("path", d=path, class_="arrow", marker_end="url(#flow-head)") + box + svg.text(text, _OUT + 12, y + 5)
    )


def _arrow(x: float, top: float, bottom: float) -> str:
    return svg.tag("path", d=f"M{x:.1f} {top:.1f}V{bottom - 1:.1f}", class_="arrow", marker_end="url(#flow-head)")


def _loop(from_y: float, to_y: float, text: Words) -> str:
    path = f"M{_LEFT:.1f} {from_y:.1f}H{_LEFT - 40:.1f}V{to_y:.1f}H{_LEFT - 2:.1f}"
    label = svg.text(text, _LEFT + 6, from_y + 34, class_="small")
    return svg.tag("path", d=path, class_="arrow", marker_end="url(#flow-head)") + label
