"""Writing one file of a report, or saying why it cannot be written.

Place    Report. Used by whatever writes a file, and by the command line.
"""

from __future__ import annotations

from pathlib import Path

from vein2vein.errors import ReportError


def write_file(path: Path, content: str | bytes) -> Path:
    """Write a file; text as UTF-8 with the line ends it has. The folder is made when needed.

    Raises:
        ReportError: REPORT-001 when the system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def cannot_write(path: Path, error: OSError) -> ReportError:
    """The error for a file or folder that the system refuses."""
    return ReportError(
        "REPORT-001",
        saw=f"{path}: {error.strerror or error}",
        expected="a folder and file that can be written",
        fix="choose another place, free space, or change the permissions",
    )
