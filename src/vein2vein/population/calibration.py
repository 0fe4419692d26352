"""Simulate a setting, grade it with our own engine, and hold the published figures against what comes out.

Place    Floor 4. Called by tools/calibrate.py (`make calibrate`), which writes the page of the documentation.
In       A setting, how many courses, a seed.
Out      `Calibration`: every target beside the simulated figure, its Monte Carlo error, and whether it lies in the interval.
Knows    Figures are read from the cohort tables and our verdicts, under the scale of the source where we encode it; the
         generator's own state is read only for the table of agreement. A figure of patients who were treated otherwise than in
         the trial is held against the same courses under the protocol that it names. Older CRS scales are bound without organ
         toxicity, because trials print no such grades and the model draws none.
         One block after another is drawn, graded and thrown away: memory does not depend on the number of courses.
Does not Judge: outside the interval is printed as outside.
Checked  tests/unit/population/test_calibration.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl

from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.workers import answers
from vein2vein.knowledge.registry import rule_set
from vein2vein.knowledge.schema import RuleSet
from vein2vein.population.agreement import ASTCT, agreement_of, pairs_of, timing_of
from vein2vein.population.blocks import BLOCK, Block
from vein2vein.population.fit import intended_value
from vein2vein.population.intended import Drawn
from vein2vein.population.intended import courses_of as intended_courses
from vein2vein.population.measure import Courses, Measured, measure
from vein2vein.population.parameters import setting
from vein2vein.population.simulate import Task, intended, task_of
from vein2vein.population.tabled import ICANS_CHILDREN, courses_of
from vein2vein.population.targets import Target, targets
from vein2vein.record.cohort import Cohort

SEED: Final = 1
REFERENCE: Final = "reference"
_CHILDREN_BELOW: Final = 12
_WITHOUT_ORGANS: Final = ("lee-2014.crs", "penn-2018.crs")


@dataclass(frozen=True)
class Compared:
    """One target beside its simulated figure.

    Attributes:
        target: The published figure.
        simulated: From tables and grades.
        meant: The same quantity of the same courses as the generator intended it.
    """

    target: Target
    simulated: Measured
    meant: Measured

    @property
    def is_inside(self) -> bool:
        """Whether the simulated figure lies in the published interval, both ends included."""
        low, high = self.target.bounds
        return bool(low <= self.simulated.value <= high)


@dataclass(frozen=True)
class Calibration:
    """All targets of a setting.

    Attributes:
        id: The setting.
        n: Enrolled courses that were simulated.
        seed: Root seed.
        compared: In the order of the targets.
        agreement: Peak ASTCT grade intended and graded, by syndrome, with the number of courses.
        timing: Hours by which graded onset and end differ from the intended: median and 95th percentile of the absolute value.
    """

    id: str
    n: int
    seed: int
    compared: tuple[Compared, ...]
    agreement: pl.DataFrame
    timing: pl.DataFrame


@dataclass(frozen=True)
class Part:
    """What one block contributes; small, so that workers may send it."""

    tabled: Courses
    meant: Courses
    pairs: pl.DataFrame


def calibrate(
    id: str,
    n: int,
    *,
    seed: int = SEED,
    days: int = 60,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Simulate, grade and compare one setting.

    Args:
        id: Setting.
        n: Enrolled courses; rounded up to whole blocks of 250.
        seed: Root seed.
        days: Days of hourly observation.
        executor: Where blocks are drawn and graded, such as `engine.workers.WorkerProcesses`; None does it here.
        progress: Called with (courses done, courses in all) after each block.
    """
    blocks = -(-n // BLOCK)
    used = list(dict.fromkeys([REFERENCE, *(one.protocol for one in targets(id))]))
    parts: dict[str, list[Part]] = {name: [] for name in used}
    for place, name in enumerate(used):
        task = task_of(id, seed=seed, days=days, protocol=name)
        for part in _parts(task, blocks, executor):
            parts[name].append(part)
            if progress is not None:
                progress((place * blocks + len(parts[name])) * BLOCK, len(used) * blocks * BLOCK)
    courses = {
        name: tuple(Courses.join([getattr(part, what) for part in some]) for what in ("tabled", "meant"))
        for name, some in parts.items()
    }
    pairs = pl.concat([part.pairs for part in parts[REFERENCE]])
    compared = tuple(compare(one, *courses[one.protocol]) for one in targets(id))
    return Calibration(id, blocks * BLOCK, seed, compared, agreement_of(pairs), timing_of(pairs))


def compare(target: Target, tabled: Courses, meant: Courses) -> Compared:
    """One target on the same courses as tabled and as intended."""
    aimed = intended_value(meant, target)
    scale = target.scale or (ASTCT[0] if target.denominator == "crs cases" else None)
    from_enrolment = target.time_zero == "enrolment"
    found = measure(tabled, target.quantity, target.denominator, scale, from_enrolment=from_enrolment)
    return Compared(target, found, aimed)


def rules_of(id: str) -> list[RuleSet]:
    """The rule sets under which a setting is graded: ASTCT always, and the scales of its targets."""
    named = [*ASTCT, *(one.scale for one in targets(id) if one.scale)]
    if setting(id).value("patients.age_min") < _CHILDREN_BELOW:
        named.append(ICANS_CHILDREN)
    return [
        rule_set(name, organ_toxicity="not-counted") if name in _WITHOUT_ORGANS else rule_set(name)
        for name in dict.fromkeys(named)
    ]


def _parts(task: Task, blocks: int, executor: Executor | None) -> Iterator[Part]:
    numbers = range(blocks)
    return (
        map(partial(part_of, task), numbers) if executor is None else answers(executor, partial(part_of, task), numbers)
    )


def part_of(task: Task, number: int) -> Part:
    """Draw one block, grade it, and keep what the targets ask for."""
    made, meant = task.block(number)
    cohort = Cohort.of(**made.frames())
    graded = grade_cohort(cohort, rules_of(task.setting.id), threads=1)
    pairs = pairs_of(intended(made.ids, meant), graded.episodes, cohort.courses)
    block = Block(task.seed, number, task.setting)
    states = Drawn(block, meant.patients, meant.way, meant.acute, meant.after.counts, meant.after.outcome)
    return Part(courses_of(cohort, graded), intended_courses(states), pairs)


def as_record(found: Calibration) -> dict[str, Any]:
    """The calibration as plain data, for the stored results."""
    return {
        "setting": found.id,
        "courses": found.n,
        "seed": found.seed,
        "targets": [_record(one) for one in found.compared],
        "agreement": found.agreement.to_dicts(),
        "timing": found.timing.to_dicts(),
    }


def _record(one: Compared) -> dict[str, Any]:
    low, high = one.target.bounds
    target = one.target
    return {
        "quantity": target.quantity,
        "denominator": target.denominator,
        "published": target.value,
        "low": low,
        "high": None if np.isinf(high) else high,
        "interval": target.interval.basis,
        "scale": target.scale,
        "published_scale": target.published_scale,
        "source": target.source,
        "status": target.status,
        "use": target.use,
        "protocol": target.protocol,
        "note": target.note,
        "interval_note": target.interval.note,
        "n": target.n,
        "simulated": _number(one.simulated.value),
        "error": _number(one.simulated.error),
        "simulated_n": one.simulated.n,
        "intended": _number(one.meant.value),
        "inside": one.is_inside,
    }


def _number(value: float) -> float | None:
    return None if not np.isfinite(value) else float(f"{value:.5g}")


def shift(one: Compared) -> float:
    """By how much the graded figure exceeds the intended one: log odds for shares, log for times; see data/shown.yaml."""
    seen, meant = one.simulated.value, one.meant.value
    if one.target.is_share:
        limits = 1 / max(one.simulated.n, 1)
        seen, meant = (float(np.clip(p, limits, 1 - limits)) for p in (seen, meant))
        return float(np.log(seen / (1 - seen)) - np.log(meant / (1 - meant)))
    return float(np.log(seen / meant))
