"""Name the files of a delivery that are not read.

Place    Floor 3. Used for every form that is a folder or a zip.
In       The folder, and the files that are read.
Out      One fault that names the others, or none. Hidden files (a name that begins with a point) are left out.
Checked  tests/acceptance/intake/test_tables_files.py, tests/unit/intake/test_fhir_source.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from vein2vein.errors import Fault

_SHOWN: Final = 50
_SHEETS: Final = (".xlsx", ".xls", ".xlsm", ".ods")


def unread(place: Path, read: Iterable[Path], expected: str, *, mapping: Path | None = None) -> Fault | None:
    """INTAKE-054 with the files below `place` that are not among those read.

    Args:
        place: A folder; a single file leaves nothing unread.
        read: The files that are read.
        expected: What is read, for the message.
        mapping: The mapping file, which may lie in the folder; it was read.
    """
    if not place.is_dir():
        return None
    known = set(read)
    files = (
        file for file in sorted(place.rglob("*")) if file.is_file() and file not in known and not is_same(file, mapping)
    )
    return unread_fault([str(n) for file in files if not _is_hidden(n := file.relative_to(place))], expected)


def is_same(file: Path, mapping: Path | None) -> bool:
    """Whether a file is the mapping file."""
    return mapping is not None and mapping.exists() and file.samefile(mapping)


def unread_fault(names: Sequence[str], expected: str) -> Fault | None:
    """INTAKE-054 for files by their names; None when there are none."""
    if not names:
        return None
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return Fault(
        "INTAKE-054",
        saw=", ".join(names[:_SHOWN]) + more,
        expected=expected,
        fix=fix_of(names),
        effect="nothing of these files is used or counted",
        count=len(names),
    )


def fix_of(names: Iterable[str]) -> str:
    """What to do with files that are not read."""
    if any(name.lower().endswith(_SHEETS) for name in names):
        return "save each sheet of a workbook as CSV, and put what should be read beside the other files"
    return "put what should be read beside the other files in one of these forms; the rest can stay"


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)
