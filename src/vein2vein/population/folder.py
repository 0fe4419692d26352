"""Write a population to a folder, part by part, with constant memory; go on where an interrupted call stopped.

Place    Floor 4. Beside `simulate`, which draws in memory.
In       A task, how many courses, a folder.
Out      The five tables of the record. Up to COURSES_PER_PART courses each table is one Parquet file as `Cohort.write` makes
         it; above that each is a folder of the same name with one file per part, which every Parquet reader takes as one
         table (`Cohort.read`, `vein2vein grade`). `simulation.json` says how it was made.
Knows    A part appears under its name only when it is complete, observations last. A second call with the same options keeps
         complete parts and draws the others. Parts are drawn by workers, so that one part per worker is in memory.
Does not Mix: a folder that holds anything else is refused.
Checked  tests/acceptance/population/test_folder.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Unpack

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet

from vein2vein._version import __version__
from vein2vein.engine.workers import answers, threaded, usable_cores
from vein2vein.errors import SimulationError
from vein2vein.population.assemble import SOURCE, Tables
from vein2vein.population.blocks import BLOCK
from vein2vein.population.simulate import Options, Task, check_n, of_task, task_of
from vein2vein.population.states import BELOW, CODES, KINDS, Floats
from vein2vein.record import tables

BLOCKS_PER_PART: Final = 4
COURSES_PER_PART: Final = BLOCKS_PER_PART * BLOCK
ACCOUNT: Final = "simulation.json"
_ROW_GROUP: Final = 250_000
_FULL: Final = frozenset({"course_id", "kind", "observed_at", "usability", "source"})
_EMPTY: Final = frozenset({"as_sent"})
# Limits of row groups are needed where readers choose by course or time; instants lie regularly and are few bytes as differences.
_PARQUET: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 1,
    "store_schema": False,
    "write_statistics": ["course_id", "observed_at"],
    "use_dictionary": [name for name in tables.OBSERVATIONS if name not in {"observed_at", "recorded_at"}],
    "column_encoding": {"observed_at": "DELTA_BINARY_PACKED"},
}
_SMALL: Final = tuple(name for name in tables.SCHEMAS if name != "observations")
_NAMES: Final = (*_SMALL, "observations")


@dataclass(frozen=True)
class Written:
    """What stands in the folder: courses, and rows by table."""

    folder: Path
    courses: int
    rows: dict[str, int]


def simulate_to(folder: Path | str, product: str, **options: Unpack[Options]) -> Written:
    """Simulate enrolled courses into a folder; the same rows as `simulate` gives.

    Args:
        folder: Made when needed; empty, or with an interrupted simulation of the same options, which is gone on with.
        product: As for `simulate`.
        options: See `Options`. `executor` draws whole parts; None draws them on threads of this process.

    Raises:
        As `simulate`. SimulationError: SIM-005 when the folder holds anything else.
    """
    n = check_n(options["n"])
    task = task_of(product, **of_task(options))
    place = Path(folder)
    _begin(place, task, n)
    parts = -(-n // COURSES_PER_PART)
    open_parts = [number for number in range(parts) if not all(p.is_file() for p in _places(place, n, number).values())]
    done = n - sum(_wanted(n, number) for number in open_parts)
    progress = options.get("progress") or (lambda _done, _total: None)
    progress(done, n)
    for number in _drawn(partial(_write_part, task, place, n), open_parts, options.get("executor")):
        done += _wanted(n, number)
        progress(done, n)
    rows = {name: _height(place / f"{name}.parquet") for name in tables.SCHEMAS}
    _account(place, task, n, rows)
    return Written(place, n, rows)


def _drawn(write: Any, parts: list[int], executor: Executor | None) -> Iterator[int]:
    if not parts:
        return iter(())
    if executor is None:
        return threaded(min(usable_cores(), len(parts)), write, parts)
    return answers(executor, write, parts)


def _begin(folder: Path, task: Task, n: int) -> None:
    """Make the folder, or see that it holds the same simulation.

    Raises:
        SimulationError: SIM-005.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = sorted(p.name for p in folder.iterdir())
    if not here:
        _account(folder, task, n, None)
        return
    file = folder / ACCOUNT
    said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if {name: said.get(name) for name in _said(task, n)} != _said(task, n):
        other = f"simulation of {said['n']} courses of {said['setting']}, seed {said['seed']}" if said else here[0]
        raise SimulationError(
            "SIM-005",
            saw=f"{folder} with {other}",
            expected="an empty folder, or an interrupted simulation with the same options",
            fix="name another folder, or empty this one",
        )


def _said(task: Task, n: int) -> dict[str, Any]:
    return {
        "n": n,
        "setting": task.setting.id,
        "seed": task.seed,
        "calendar_from": task.calendar_from.isoformat(),
        "days": task.days,
        "protocol": task.protocol,
        "version": __version__,
    }


def _account(folder: Path, task: Task, n: int, rows: dict[str, int] | None) -> None:
    said = {
        "what": "Simulated courses of a model with stated assumptions; no real person, no patient-level input.",
        **_said(task, n),
        "imitates": task.setting.imitates,
        "complete": rows is not None,
        "rows": rows,
    }
    _write_text(folder / ACCOUNT, json.dumps(said, indent=2) + "\n")


def _write_text(file: Path, text: str) -> None:
    partial_file = file.with_name(f".{file.name}.partial")
    partial_file.write_text(text, encoding="utf-8")
    partial_file.replace(file)


def _wanted(n: int, part: int) -> int:
    return min(n - part * COURSES_PER_PART, COURSES_PER_PART)


def _places(folder: Path, n: int, part: int) -> dict[str, Path]:
    """Where the tables of a part stand, in the order of writing."""
    if n <= COURSES_PER_PART:
        return {name: folder / f"{name}.parquet" for name in _NAMES}
    return {name: folder / f"{name}.parquet" / f"part-{part:05d}.parquet" for name in _NAMES}


def _write_part(task: Task, folder: Path, n: int, part: int) -> int:
    """Draw and write one part; it is renamed to its place when all its tables are complete."""
    places = _places(folder, n, part)
    unfinished = {name: place.with_name(f".{place.name}.partial") for name, place in places.items()}
    for place in places.values():
        place.parent.mkdir(parents=True, exist_ok=True)
    wanted = _wanted(n, part)
    small: dict[str, list[pl.DataFrame]] = {name: [] for name in _SMALL}
    schema = observations_schema()
    with pa.parquet.ParquetWriter(unfinished["observations"], schema, **_PARQUET) as writer:
        for number in range(-(-wanted // BLOCK)):
            made, _ = task.block(part * BLOCKS_PER_PART + number)
            made = made.first(min(wanted - number * BLOCK, BLOCK))
            writer.write_table(observations_table(made), row_group_size=_ROW_GROUP)
            for name, frames in small.items():
                frames.append(getattr(made, name))
    for name, frames in small.items():
        pl.concat(frames).write_parquet(unfinished[name])
    for name, place in places.items():
        unfinished[name].replace(place)
    return part


def observations_schema() -> pa.Schema:
    """Arrow schema of the observations; texts are dictionaries, which Parquet writes as they are."""
    text = pa.dictionary(pa.int32(), pa.string())
    types = {"String": text, "Float64": pa.float64()}
    fields = [(name, types.get(str(kind), pa.timestamp("us", tz="UTC"))) for name, kind in tables.OBSERVATIONS.items()]
    return pa.schema(
        [pa.field(name, pa.string() if name in _EMPTY else kind, nullable=name not in _FULL) for name, kind in fields]
    )


def observations_table(made: Tables) -> pa.Table:
    """The observations of a block as Arrow columns, without making texts of them."""
    n = len(made.course)
    first = int(made.course[0]) if n else 0
    which = made.limit_places()
    columns = {
        "course_id": _coded(made.course - first, made.ids.slice(first).to_list()),
        "kind": _coded(made.kind.astype(np.int32), list(KINDS)),
        "value": _numbers(made.value),
        "comparator": _coded(np.zeros(n, np.int32), ["<"], missing=made.code != BELOW),
        "code": _coded(made.code.astype(np.int32), list(CODES), missing=made.code < 0),
        "reference_low": _numbers(made.limits[:, :, 0].reshape(-1)[which]),
        "reference_high": _numbers(made.limits[:, :, 1].reshape(-1)[which]),
        "observed_at": pa.array(made.at).cast(pa.timestamp("us", tz="UTC")),
        "usability": _coded(np.zeros(n, np.int32), ["ok"]),
        "source": _coded(np.zeros(n, np.int32), [SOURCE]),
    }
    schema = observations_schema()
    return pa.table([columns.get(f.name, pa.nulls(n, f.type)) for f in schema], schema=schema)


def _numbers(values: Floats) -> pa.Array:
    """Numbers, null where NaN."""
    return pa.array(values, mask=np.isnan(values))


def _coded(index: Any, words: list[str], missing: Any = None) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=missing), pa.array(words, pa.string()))


def _height(place: Path) -> int:
    return int(pl.scan_parquet(place).select(pl.len()).collect().item())
