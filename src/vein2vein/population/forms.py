"""Simulate a population into any form, with or without mess, part by part.

Place    Floor 4. Called by the command line; `folder` writes plain cohort tables without mess, and can be gone on with.
In       A task, how many courses, a form, mess.
Out      A folder.
Knows    One block is in memory at a time; the rows do not depend on how many blocks follow.
Checked  tests/acceptance/population/test_forms.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

import polars as pl
import pyarrow.parquet

from vein2vein.population.mess import Mess, with_mess
from vein2vein.population.simulate import Task, drawn_tables
from vein2vein.population.writers.account import Account
from vein2vein.population.writers.deliver import check_empty, deliver
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

Form = Literal["tables", "hospital", "fhir", "omop"]
FORMS: Final = ("tables", "hospital", "fhir", "omop")
_ROW_GROUP: Final = 250_000


def cohorts(
    task: Task,
    n: int,
    mess: Mess,
    *,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Cohort]:
    """The blocks of a simulation as cohorts, with mess."""
    for part in drawn_tables(task, n, executor=executor, progress=progress):
        yield with_mess(Cohort.of(**part.frames()), mess, seed=task.seed)


def simulate_into(  # noqa: PLR0913  (the options of one call, all named)
    folder: Path,
    task: Task,
    n: int,
    *,
    form: Form,
    mess: Mess | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Mapping[str, Account]:
    """Simulate into a new folder.

    Args:
        folder: New or empty.
        task: What is simulated; see `simulate.task_of`.
        n: Courses that are enrolled.
        form: tables (the five tables of the record), hospital, fhir or omop.
        mess: Mess of hospital data; None for none.
        executor: Where blocks are drawn; None draws them on threads of this process.
        progress: Called with (courses done, courses in all).

    Returns:
        The account of each delivery by the name of its folder; for tables the rows of each table.

    Raises:
        SimulationError: SIM-022 when the folder holds something, and what the writers raise.
    """
    parts = cohorts(task, n, mess or Mess(), executor=executor, progress=progress)
    if form == "tables":
        return {"": write_tables(parts, folder)}
    return deliver(parts, folder, form)


def write_tables(parts: Iterable[Cohort], folder: Path) -> Account:
    """Cohorts as one cohort folder, part behind part; the parts must be in the order of their courses.

    Raises:
        SimulationError: SIM-022 when the folder holds something.
    """
    check_empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    account = Account("tables")
    writers: dict[str, pyarrow.parquet.ParquetWriter] = {}
    with ExitStack() as stack:
        for part, name in ((part, name) for part in parts for name in tables.SCHEMAS):
            data = getattr(part, name).to_arrow(compat_level=pl.CompatLevel.oldest())
            file = f"{name}.parquet"
            if name not in writers:
                writer = pyarrow.parquet.ParquetWriter(folder / file, data.schema, compression="zstd")
                writers[name] = stack.enter_context(writer)
            writers[name].write_table(data, row_group_size=_ROW_GROUP)
            account.wrote(file, data.num_rows)
    return account
