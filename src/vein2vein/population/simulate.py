"""Simulate a population: whole courses in the cohort tables.

Place    Floor 4. The door of this floor; called by the command line, by programmes and by people.
In       A product or setting, how many courses are enrolled, a seed.
Out      A `Cohort`, or a folder with the tables in parts; beside them, when asked, what the generator intended.
Knows    The same seed gives the same rows on any number of threads and processes, and a longer cohort begins with the shorter
         one: blocks are drawn whole, each from its own streams, and cut at the end.
Does not Pretend to be data: every row names "simulated" as its source.
Checked  tests/acceptance/population
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, Literal, Required, TypedDict, TypeVar, Unpack, overload

import numpy as np
import polars as pl

from vein2vein.engine.workers import answers, threaded, usable_cores
from vein2vein.errors import SimulationError
from vein2vein.population.assemble import Tables, assemble
from vein2vein.population.blocks import BLOCK, Block
from vein2vein.population.course import Intentions, draw_course
from vein2vein.population.parameters import Setting, setting_ids
from vein2vein.population.parameters import setting as setting_of
from vein2vein.population.protocols import protocol as protocol_of
from vein2vein.population.states import Flags
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

CALENDAR_FROM: Final = date(2025, 1, 1)
LONGEST_DAYS: Final = 365
Progress = Callable[[int, int], None]
Made = TypeVar("Made")
_NOT_OF_TASK: Final = ("n", "executor", "progress")


class Options(TypedDict, total=False):
    """Options of a simulation.

    Attributes:
        n: Courses that are enrolled, 1 or more; not all are infused.
        seed: Root seed, 0 or more.
        setting: Setting of the product, such as "lbcl-2l"; its default when None.
        calendar_from: First day on which anybody is referred; 2025-01-01 when None.
        days: Days of hourly observation after the infusion, 1 to 365; 60 when left out.
        protocol: Id of the protocol by which CRS and ICANS are treated; "reference" (as the trial did) when left out.
        executor: Where blocks are drawn: any `concurrent.futures.Executor`. None draws them on threads of this process.
        progress: Called with (courses done, courses in all) after each block.
    """

    n: Required[int]
    seed: Required[int]
    setting: str | None
    calendar_from: date | None
    days: int
    protocol: str
    executor: Executor | None
    progress: Progress | None


@dataclass(frozen=True)
class Task:
    """What every block of a simulation has in common.

    Args:
        setting: What is imitated.
        seed: Root seed.
        calendar_from: First day on which anybody is referred; referrals spread over a year from it.
        days: Days of hourly observation after the infusion.
        protocol: Id of the protocol of treatment.
    """

    setting: Setting
    seed: int
    calendar_from: date
    days: int
    protocol: str

    def block(self, number: int) -> tuple[Tables, Intentions]:
        """Draw one block."""
        block = Block(self.seed, number, self.setting)
        drawn, meant = draw_course(block, protocol_of(self.protocol), self.days)
        return assemble(block, meant.patients, meant.way, drawn, self.calendar_from), meant


def task_of(
    product: str,
    *,
    seed: int,
    setting: str | None = None,
    calendar_from: date | None = None,
    days: int = 60,
    protocol: str = "reference",
) -> Task:
    """Check the options of a simulation.

    Raises:
        SimulationError: SIM-001 unknown product or setting. SimulationError: SIM-003 unknown protocol, SIM-004 a number that
            cannot be used.
    """
    id = setting or product
    if setting is not None and "/" not in setting:
        id = f"{product}/{setting}"
    found = setting_of(id)
    if product not in {found.id, found.id.partition("/")[0], found.product}:
        known = [one for one in setting_ids() if one.partition("/")[0] == product]
        raise SimulationError(
            "SIM-001",
            saw=f"setting {id!r} for product {product!r}",
            expected=f"a setting of the product: {', '.join(known) or 'none is known'}",
            fix="name a setting of this product, or the product of this setting",
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise _number("days", days, f"1 to {LONGEST_DAYS}")
    if seed < 0:
        raise _number("seed", seed, "0 or more")
    protocol_of(protocol)
    return Task(found, seed, calendar_from or CALENDAR_FROM, days, protocol)


@overload
def simulate(product: str, *, with_intentions: Literal[False] = False, **options: Unpack[Options]) -> Cohort: ...
@overload
def simulate(
    product: str, *, with_intentions: Literal[True], **options: Unpack[Options]
) -> tuple[Cohort, pl.DataFrame]: ...


def simulate(
    product: str, *, with_intentions: bool = False, **options: Unpack[Options]
) -> Cohort | tuple[Cohort, pl.DataFrame]:
    """Simulate enrolled courses of a product, in memory.

    Args:
        product: Short name such as "axi-cel" or the id of a setting such as "axi-cel/lbcl-3l".
        with_intentions: Whether to give what the generator intended beside the cohort: one row per infused course with
            course_id, peak ASTCT grade of CRS and ICANS, and the first and the last hour since infusion of each (null where
            it never shows). It exists to be compared with what grading finds, and stands in no table of the cohort.
        options: See `Options`.

    Returns:
        The cohort; about 10,000 rows for each course of 60 days. Use `simulate_to` for more than a few thousand courses.

    Raises:
        SimulationError: SIM-001 unknown product or setting. SimulationError: SIM-001 setting of another product, SIM-003
            unknown protocol, SIM-004 a number that cannot be used.
    """
    n, executor, progress = options["n"], options.get("executor"), options.get("progress")
    task = task_of(product, **of_task(options))
    if not with_intentions:
        return _cohort(list(drawn_tables(task, n, executor=executor, progress=progress)))
    made = list(drawn_blocks(task, n, executor=executor, progress=progress))
    meant = pl.concat([intended(part.ids, intentions) for part, intentions in made])
    return _cohort([part for part, _ in made]), meant


def check_n(n: int) -> int:
    """The number of courses, or SIM-004."""
    if n < 1:
        raise _number("n", n, "1 or more")
    return n


def of_task(options: Options) -> dict[str, Any]:
    """The options that `task_of` takes."""
    return {name: value for name, value in options.items() if name not in _NOT_OF_TASK}


def drawn_tables(
    task: Task, n: int, *, executor: Executor | None = None, progress: Progress | None = None
) -> Iterator[Tables]:
    """The tables of the blocks of a simulation in order; the last one is cut to what is asked for."""
    for number, made in enumerate(_answers(_tables, task, check_n(n), executor)):
        yield made.first(min(n - number * BLOCK, BLOCK))
        if progress is not None:
            progress(min((number + 1) * BLOCK, n), n)


def drawn_blocks(
    task: Task, n: int, *, executor: Executor | None = None, progress: Progress | None = None
) -> Iterator[tuple[Tables, Intentions]]:
    """As `drawn_tables`, with what each block meant, which is much to send from a worker process."""
    for number, (made, meant) in enumerate(_answers(_block, task, check_n(n), executor)):
        yield made.first(min(n - number * BLOCK, BLOCK)), meant
        if progress is not None:
            progress(min((number + 1) * BLOCK, n), n)


def _answers(draw: Callable[[Task, int], Made], task: Task, n: int, executor: Executor | None) -> Iterator[Made]:
    numbers = range(-(-n // BLOCK))
    if executor is None:
        return threaded(min(usable_cores(), len(numbers)), partial(draw, task), numbers)
    return answers(executor, partial(draw, task), numbers)


def intended(ids: pl.Series, meant: Intentions) -> pl.DataFrame:
    """Peak grades, first and last hours that the generator meant, of the infused courses of a block."""
    columns: dict[str, pl.Series] = {}
    seen = _hours_seen(meant)
    for name in ("crs", "icans"):
        grade = getattr(meant.acute, f"{name}_grade") * seen
        there = grade >= 1
        some = there.any(axis=1)
        first, last = there.argmax(axis=1), there.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
        columns[f"{name}_peak"] = pl.Series(grade.max(axis=1)).cast(pl.Int32)
        for word, hour in (("first", first), ("last", last)):
            columns[f"{name}_{word}_hour"] = pl.Series(hour).cast(pl.Int32).set(~pl.Series(some), None)
    frame = pl.DataFrame(columns).head(len(ids))
    infused = pl.Series(meant.way.is_infused[: len(ids)])
    died = pl.Series("died_of", meant.acute.died_of.tolist()[: len(ids)], dtype=pl.String)
    return frame.select(ids, pl.all()).with_columns(died).filter(infused)


def _hours_seen(meant: Intentions) -> Flags:
    """Hours of the grid before the end of the hourly observation."""
    found: Flags = np.arange(meant.acute.hours) < np.nan_to_num(meant.until)[:, None]
    return found


def _block(task: Task, number: int) -> tuple[Tables, Intentions]:
    return task.block(number)


def _tables(task: Task, number: int) -> Tables:
    return task.block(number)[0]


def _cohort(parts: list[Tables]) -> Cohort:
    frames: dict[str, list[pl.DataFrame]] = {name: [] for name in tables.SCHEMAS}
    for part in parts:
        for name, frame in part.frames().items():
            frames[name].append(frame)
    return Cohort.of(**{name: pl.concat(found) for name, found in frames.items()})


def _number(name: str, saw: float, expected: str) -> SimulationError:
    return SimulationError(
        "SIM-004", saw=f"{name} {saw}", expected=f"{name} of {expected}", fix="choose another number"
    )
