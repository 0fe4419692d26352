"""`vein2vein grade` for what does not fit into memory: partitions on disk, one after the other.

Place    Command line. Called by `cli.grade` when the input is large or when it is asked for.
In       A cohort folder as written by `Cohort.write`, or plain tables of any size.
Out      Verdicts and episodes as Parquet or CSV, the other tables as Parquet and CSV, and the account of the delivery.
Does not Make the report or FHIR resources: these need the whole cohort in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
import polars as pl
import pyarrow.parquet

from vein2vein.cli.show import spread_of
from vein2vein.engine.stream import GradedFiles, grade_folder
from vein2vein.engine.verdict import VERDICTS
from vein2vein.intake.delivery import Report
from vein2vein.knowledge.schema import RuleSet

LARGE_ROWS: Final = 30_000_000
_BATCH_ROWS: Final = 20_000
LARGE_BYTES: Final = 256 << 20
"""Above this size on disk plain tables are read into partitions: in memory they take several times as much."""


@dataclass(frozen=True)
class Parts:
    """Cohort folders, and the account of the rows in them.

    Attributes:
        refused: Parquet files with the rows that are refused or not needed; none for a cohort folder.
    """

    folders: tuple[Path, ...]
    report: Report
    refused: tuple[Path, ...] = ()

    @property
    def courses(self) -> int:
        """How many courses the folders hold."""
        return sum(_height(folder / "courses.parquet") for folder in self.folders)

    @property
    def has_usable(self) -> bool:
        """Whether one observation at least can be assessed."""
        usable = pl.col("usability") == "ok"
        files = (folder / "observations.parquet" for folder in self.folders)
        return any(pl.scan_parquet(file).filter(usable).head(1).collect().height for file in files)


def is_large(place: str) -> bool:
    """Whether an input is better graded partition by partition; forms other than cohort folders and tables never are."""
    from vein2vein.intake.door import form_of

    form = form_of(place)
    if form == "cohort":
        return _height(Path(place) / "observations.parquet") > LARGE_ROWS
    if form != "tables":
        return False
    path = Path(place)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) > LARGE_BYTES


def opened(place: str, scratch: Path, **declared: Any) -> Parts:
    """The input as cohort folders; plain tables are first written as partitions into `scratch`."""
    from vein2vein.intake.door import form_of, open_large

    if form_of(place) == "cohort":
        return _of_folder(Path(place))
    spooled = open_large(place, scratch, **declared)
    return Parts(spooled.partitions, spooled.report, tuple(sorted(spooled.refused_folder.glob("*.parquet"))))


def _of_folder(folder: Path) -> Parts:
    """A cohort written by this library: its rows were accounted for when it was made, and are counted here."""
    from vein2vein.intake.book import FaultBook, Ledger
    from vein2vein.record import tables

    rows = []
    for name in tables.ALL:
        file = folder / f"{name}.parquet"
        if name not in tables.SCHEMAS and not file.exists():
            continue
        scan = pl.scan_parquet(file)
        kept = 0
        if "usability" in scan.collect_schema():
            unusable = scan.select((pl.col("usability") != "ok").sum())
            kept = int(unusable.collect(engine="streaming").item())
        height = _height(file)
        rows.append({"file": file.name, "rows": height, "used": height - kept, "not_assessable": kept})
    empty = Report.of(FaultBook(), Ledger())
    account = pl.DataFrame(rows, schema=dict(empty.account.schema)).fill_null(0)
    report = replace(empty, account=account)
    return Parts((folder,), report)


def grade_parts(
    parts: Parts,
    rules: tuple[RuleSet, ...],
    output: Path,
    *,
    as_of: datetime | None,
    engine: Any,
    executor: Executor | None,
    progress: Any,
    formats: tuple[str, ...] = ("parquet",),
) -> GradedFiles:
    """Write the account, grade, and write the summaries.

    `formats` are those of the verdicts and episodes: parquet, csv or both. Without parquet these files are removed at the end.

    Raises:
        IntakeError: No course is left, or no observation of one; the account is written first.
    """
    from vein2vein.intake.delivery import require_courses, require_observations
    from vein2vein.report.tables import flat

    (output / "delivery.txt").write_text(parts.report.render(), encoding="utf-8")
    (output / "delivery.json").write_text(parts.report.to_json(), encoding="utf-8")
    for number, file in enumerate(parts.refused):
        file.replace(output / f"refused_rows-{number:04d}.parquet")
    require_courses(parts.courses, parts.report)
    require_observations(parts.report, has_usable=parts.has_usable)
    files = grade_folder(parts.folders, rules, output, as_of=as_of, engine=engine, executor=executor, progress=progress)
    _summarise(parts.folders, files, rules, output)
    for file in (files.verdicts, files.episodes):
        if "csv" in formats:
            flat(pl.scan_parquet(file)).sink_csv(file.with_suffix(".csv"))
        if "parquet" not in formats:
            file.unlink()
    return files


def _summarise(folders: Sequence[Path], files: GradedFiles, rules: tuple[RuleSet, ...], output: Path) -> None:
    """The summary tables, worked out for one rule set after the other, and what is said at the end."""
    from vein2vein.record.cohort import Cohort
    from vein2vein.report.summary import summarise_batches
    from vein2vein.report.tables import COLUMNS, flat, frames_of_rules, write_columns

    cohort = Cohort.of(
        patients=pl.concat([pl.read_parquet(folder / "patients.parquet") for folder in folders]),
        courses=pl.concat([pl.read_parquet(folder / "courses.parquet") for folder in folders]),
    )
    found: dict[str, list[pl.DataFrame]] = {"rule_sets": [], "levels": [], "missing": []}
    for rule in rules:
        episodes = pl.scan_parquet(files.episodes).filter(rule_set_id=rule.id).collect(engine="streaming")
        summary = summarise_batches(cohort, _batches(files.verdicts, rule.id), episodes, (rule,))
        for name, frames in found.items():
            frames.append(getattr(summary, name))
        spread, n_never = spread_of(summary.peaks)
        click.echo(f"{rule.id}  highest certain result x courses: {spread or '-'}; never assessable: {n_never:,}")
    for name, frames in found.items():
        table = pl.concat(frames).select(*COLUMNS[f"summary_{name}"])
        table.write_parquet(output / f"summary_{name}.parquet")
        table.write_csv(output / f"summary_{name}.csv")
    for name, table in frames_of_rules(rules).items():
        table.write_parquet(output / f"{name}.parquet")
        flat(table).write_csv(output / f"{name}.csv")
    write_columns(output)


def _batches(verdicts: Path, rule_set_id: str) -> Iterator[pl.DataFrame]:
    """The verdicts of one rule set, a bounded number of rows at a time."""
    with pyarrow.parquet.ParquetFile(verdicts) as file:
        for number in range(file.num_row_groups):
            table = pl.DataFrame(file.read_row_group(number)).select(*VERDICTS)
            for start in range(0, table.height, _BATCH_ROWS):
                yield table.slice(start, _BATCH_ROWS).filter(rule_set_id=rule_set_id)


def _height(file: Path) -> int:
    return int(pl.scan_parquet(file).select(pl.len()).collect().item())
