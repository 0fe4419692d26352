"""The folder for the results: what an earlier call left there, and what the system refuses.

Place    Command line. Called by `grade` and `demo` before anything is written.
Knows    Our own files by name; nothing else is ever removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vein2vein.errors import ReportError

_TABLES: Final = (
    "verdicts",
    "episodes",
    "summary_rule_sets",
    "summary_levels",
    "summary_missing",
    "rule_sets",
    "choices",
)
_ENDINGS: Final = ("parquet", "csv", "json")
_FHIR: Final = ("fhir/Observation.ndjson", "fhir/AdverseEvent.ndjson", "fhir/bundle.json")
_ACCOUNT: Final = ("delivery.txt", "delivery.json", "refused_rows.csv", "not_needed_rows.csv")


def results_in(output: Path) -> list[Path]:
    """The result files of an earlier call in a folder, in order."""
    names = [f"{table}.{ending}" for table in _TABLES for ending in _ENDINGS]
    files = [output / name for name in (*names, "columns.json", *_FHIR)]
    return [file for file in files if file.is_file()]


def clear(output: Path) -> int:
    """Remove what an earlier call wrote, account included; how many files that were. Others' files stay."""
    account = [output / name for name in _ACCOUNT if (output / name).is_file()]
    ours = [*results_in(output), *account, *sorted(output.glob("refused_rows-[0-9][0-9][0-9][0-9].parquet"))]
    for file in ours:
        file.unlink()
    return len(ours)


def check(output: Path, place: str, *, replace: bool) -> None:
    """Refuse a folder whose results would mix with others.

    Raises:
        ReportError: REPORT-005 when the folder holds results and `replace` is not set, REPORT-006 when it is the input or
            lies within it.
    """
    given = Path(place)
    if given.is_dir() and output.resolve().is_relative_to(given.resolve()):
        raise ReportError(
            "REPORT-006",
            saw=f"{output}, which is the input {place} or lies within it",
            expected="a folder of its own for the results: a later call would read them as part of the delivery",
            fix="name another folder with -o",
        )
    found = results_in(output)
    if found and not replace:
        raise ReportError(
            "REPORT-005",
            saw=f"{output} with {len(found)} files of results, first {found[0].name}",
            expected="an empty folder, or one without results: those of two calls must not mix",
            fix="name another folder with -o, or add --replace, which removes the earlier results and no other file",
        )


@contextmanager
def writing(output: Path) -> Iterator[None]:
    """Make the folder, and turn what the system refuses into REPORT-001."""
    from vein2vein.report.files import cannot_write

    try:
        output.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise cannot_write(Path(error.filename or output), error) from error
