"""Hold the population model against published figures and write the page of the documentation.

python tools/calibrate.py                            all settings, 20,000 courses each (`make calibrate`)
python tools/calibrate.py --courses 1000 axi-cel     some settings, fewer courses; printed, not written
python tools/calibrate.py --shown                    also measure what grading adds to intentions, for the fit
python tools/calibrate.py --mess                     what grading finds under each kind of mess, instead
python tools/calibrate.py --page                     write the page anew from the stored results
"""

from __future__ import annotations

import json
import math
import re
import sys
import time
from pathlib import Path
from typing import Any

import click

from vein2vein.engine.workers import WorkerProcesses, usable_cores
from vein2vein.population.agreement import disturbed
from vein2vein.population.calibration import REFERENCE, SEED, Calibration, as_record, calibrate, shift
from vein2vein.population.parameters import setting, setting_ids

sys.path.insert(0, str(Path(__file__).parent))
import calibration_page

COURSES = 20_000
ROOT = Path(__file__).parents[1]
SHOWN = ROOT / "src" / "vein2vein" / "population" / "data" / "shown.yaml"
LEAST_SHIFT = 0.02
MESS_COURSES = 1_000
MESS_SETTINGS = ("axi-cel/lbcl-3l", "tisa-cel/b-all-young")


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--courses", default=COURSES, show_default=True, help="Enrolled courses per setting.")
@click.option("--seed", default=SEED, show_default=True, help="Root seed.")
@click.option("--jobs", type=int, default=usable_cores, help="Worker processes; one per core by default.")
@click.option("--shown", is_flag=True, help="Write by how much graded figures exceed intended ones, for the fit.")
@click.option("--write/--no-write", default=None, help="Store the results; by default with all courses only.")
@click.option("--mess", is_flag=True, help="Grade under each kind of mess instead, MESS_COURSES courses per setting.")
@click.option("--page", is_flag=True, help="Only write the page from the stored results.")
def main(  # noqa: PLR0913  (click passes every option as an argument)
    ids: tuple[str, ...],
    courses: int,
    seed: int,
    jobs: int,
    *,
    shown: bool,
    write: bool | None,
    mess: bool,
    page: bool,
) -> None:
    """Calibrate settings."""
    if page:
        calibration_page.write(_stored())
        return
    if mess:
        _mess([setting(id).id for id in ids] or list(MESS_SETTINGS), seed, jobs)
        return
    wanted = [setting(id).id for id in ids] or list(setting_ids())
    store = write if write is not None else courses >= COURSES
    for id in wanted:
        begin = time.perf_counter()
        with WorkerProcesses(jobs) as pool:
            found = calibrate(id, courses, seed=seed, executor=pool)
        seconds = time.perf_counter() - begin
        click.echo(report(found, seconds))
        if shown:
            _write_shown(found)
        if store:
            _store(found)
    if store:
        calibration_page.write(_stored())


def _mess(ids: list[str], seed: int, jobs: int) -> None:
    """Grade under each kind of mess and store the table."""
    rows = []
    for id in ids:
        with WorkerProcesses(jobs) as pool:
            found = disturbed(id, MESS_COURSES, seed=seed, executor=pool)
        click.echo(str(found))
        rows += [{"setting": id, **row} for row in found.to_dicts()]
    _write_results(_stored() | {"mess": rows})
    calibration_page.write(_stored())


def report(found: Calibration, seconds: float) -> str:
    """A calibration as text."""
    lines = [f"{found.id}: {found.n:,} courses in {seconds:.0f} s ({found.n / seconds:.0f}/s)"]
    for one in found.compared:
        low, high = one.target.bounds
        mark = "" if one.is_inside else "OUTSIDE"
        name = f"{one.target.quantity} ({one.target.denominator})"
        name += "" if one.target.protocol == REFERENCE else f" under {one.target.protocol}"
        lines.append(
            f"  {name:60} {one.target.use:7} {one.target.value:8.3f} ({low:.3f} to {high:.3f}) "
            f"{one.simulated.value:8.3f} ± {one.simulated.error:.3f}  intended {one.meant.value:8.3f} {mark}"
        )
    return "\n".join(lines)


def _store(found: Calibration) -> None:
    results = _stored()
    kept = {one["setting"]: one for one in results["settings"]} | {found.id: as_record(found)}
    results["settings"] = [kept[id] for id in setting_ids() if id in kept]
    _write_results(results)


def _write_results(results: dict[str, Any]) -> None:
    text = json.dumps(results, indent=1, ensure_ascii=False)
    calibration_page.RESULTS.write_text(text + "\n", encoding="utf-8")


def _stored() -> dict[str, Any]:
    if not calibration_page.RESULTS.exists():
        return {"settings": []}
    stored: dict[str, Any] = json.loads(calibration_page.RESULTS.read_text(encoding="utf-8"))
    return stored


def _write_shown(found: Calibration) -> None:
    """Put the shifts of one setting into data/shown.yaml; small ones are left out."""
    shifts = {}
    for one in found.compared:
        size = shift(one)
        if one.target.use == "fit" and math.isfinite(size) and abs(size) >= LEAST_SHIFT:
            shifts.setdefault(one.target.quantity, round(size, 3))
    text = SHOWN.read_text(encoding="utf-8").replace("settings: {}", "settings:").rstrip("\n")
    inner = ", ".join(f"{name}: {size}" for name, size in shifts.items())
    line = f"  {found.id}: {{{inner}}}"
    known = re.compile(rf"^  {re.escape(found.id)}: .*$", re.MULTILINE)
    text = known.sub(line, text) if known.search(text) else f"{text}\n{line}"
    SHOWN.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
