"""Write a running programme to a folder, one folder per day, and read it again.

Place    Floor 4. Beside `play`.
In       A programme and a day up to which it is played.
Out      ``2026-01-05/observations.parquet`` and so on: the rows that became known on that day, tables without rows left out;
         days without any row have no folder. ``programme.json`` says how it was made.
Knows    Days are only ever added. A day appears under its name when it is complete, so an interrupted call is gone on with by the
         same call, and a programme is played on by naming a later day.
Checked  tests/unit/population/test_play.py
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from vein2vein._version import __version__
from vein2vein.errors import SimulationError
from vein2vein.population.play import Day, Programme, play
from vein2vein.record import tables

ACCOUNT: Final = "programme.json"
_OPEN: Final = ".open"


def play_to(
    folder: Path, programme: Programme, until: date, *, progress: Callable[[int, int], None] | None = None
) -> int:
    """Play a programme into a folder; how many rows were added.

    Args:
        folder: New, empty, or of the same programme.
        programme: What is played.
        until: First day that is not played.
        progress: Called with (days done, days in all).

    Raises:
        SimulationError: SIM-026 when the folder holds anything else.
    """
    _begin(folder, programme)
    days = _days(folder)
    first = max(days) + timedelta(days=1) if days else programme.start
    rows, total = 0, max((until - first).days, 0)
    for number, day in enumerate(play(programme, until, first=first), start=1):
        _write(folder, day)
        rows += day.rows
        if progress is not None:
            progress(number, total)
    return rows


def played(folder: Path, *, until: date | None = None) -> Iterator[Day]:
    """The days of a folder of `play_to`, in order.

    Args:
        folder: Where they are.
        until: First day that is not read; None reads all.
    """
    for day in _days(folder):
        if until is None or day < until:
            places = {name: folder / day.isoformat() / f"{name}.parquet" for name in tables.SCHEMAS}
            frames = {name: pl.read_parquet(p) if p.is_file() else tables.empty(name) for name, p in places.items()}
            yield Day(day, frames)


def _days(folder: Path) -> list[date]:
    return sorted(date.fromisoformat(p.name) for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _said(programme: Programme) -> dict[str, Any]:
    return {
        "products": dict(sorted(programme.products.items())),
        "per_week": programme.per_week,
        "start": programme.start.isoformat(),
        "seed": programme.seed,
        "weeks": programme.weeks,
        "days": programme.days,
        "mess": list(programme.mess.kinds),
        "version": __version__,
        "note": "simulated; no real person",
    }


def _begin(folder: Path, programme: Programme) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file, wanted = folder / ACCOUNT, _said(programme)
    here = sorted(p.name for p in folder.iterdir())
    if not here:
        file.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        return
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if known != wanted:
        differing = [name for name in wanted if known.get(name) != wanted[name]]
        raise SimulationError(
            "SIM-026",
            saw=f"{folder.name} with {', '.join(f'{n} {known[n]}' for n in differing) if known else here[0]}",
            expected="an empty folder, or the same programme",
            fix="repeat the options of the first call, or name another folder",
        )
    shutil.rmtree(folder / _OPEN, ignore_errors=True)


def _write(folder: Path, day: Day) -> None:
    if not day.rows:
        return
    place = folder / _OPEN
    place.mkdir()
    for name, frame in day.frames.items():
        if frame.height:
            frame.write_parquet(place / f"{name}.parquet")
    place.rename(folder / day.day.isoformat())
