"""Find quotes of a CSV file that open a cell and are not closed where the cell ends.

Place    Floor 3. Used by the adapters that read CSV: plain tables and OMOP.
In       The bytes of a file, its separator, and how many columns it has.
Out      `Torn` stretches: rows that one stray quote would swallow into a single cell.
Knows    A quote counts only where a cell begins. A cell may hold line breaks; it is torn when it never ends, or when the
         line that opens it and most lines in it have as many separators as a row has. A last cell that ends its line is a
         note more often than not: it is torn when three lines or more in it do, and all of them.
Does not Mend anything: which row was meant is for people to say.
Checked  tests/unit/intake/test_tables_files.py
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

_NEVER: Final = 1 << 62


@dataclass(frozen=True)
class Torn:
    """One stretch.

    Attributes:
        row: The row in which the quote stands, counted from 1 without the header; 0 is the header.
        rows: How many rows the stretch holds, that row included.
        start: First byte.
        end: Byte behind the last.
    """

    row: int
    rows: int
    start: int
    end: int


def torn(lines: Iterable[bytes], separator: str, columns: int) -> list[Torn]:
    """Every torn stretch of a file, in order.

    Args:
        lines: The lines of the file with their ends, in an encoding whose quote, separator and line break are one byte.
        separator: One character.
        columns: How many the header has.
    """
    sign = separator.encode()
    whole, closing = _patterns(sign)
    found: list[Torn] = []
    row, at, start, counts = 0, 0, 0, list[int]()
    is_open = False
    for line in lines:
        is_blank = not line.strip(b"\r\n")
        if not is_open:
            start, counts = at, []
        at += len(line)
        if is_blank:
            continue
        counts.append(line.count(sign))
        is_open = closing.fullmatch(line) is None if is_open else b'"' in line and whole.fullmatch(line) is None
        if not is_open:
            if _is_torn(counts, columns - 1, ends_line=line.rstrip().endswith(b'"')):
                found.append(Torn(row, len(counts), start, at))
                row += len(counts) - 1
            row += 1
    if is_open:
        found.append(Torn(row, len(counts), start, at))
    return found


def _is_torn(counts: list[int], separators: int, *, ends_line: bool) -> bool:
    """Whether the lines of a closed record look like rows; `counts` has the separators of each."""
    first, *others = counts
    if not others or not separators or first < separators:
        return False
    alike = others.count(separators)
    return alike == len(others) > 2 if ends_line else 2 * alike > len(others)  # noqa: PLR2004  (see Knows)


def _patterns(sign: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A line of whole cells, and a line that ends an open cell and holds whole cells behind it."""
    other = b"[^" + re.escape(sign) + b"]"
    inside = rb'(?:[^"]++|"")*+"' + other + b"*+"
    cell = b'(?:"' + inside + b'|[^"' + re.escape(sign) + b"]" + other + b"*+|)"
    rest = b"(?:" + re.escape(sign) + cell + b")*+"
    return re.compile(cell + rest), re.compile(inside + rest)


class Without(io.RawIOBase):
    """A file without its torn stretches.

    Args:
        file: The file, at its beginning.
        left_out: The stretches, in order.
    """

    def __init__(self, file: BinaryIO, left_out: Iterable[Torn]) -> None:
        self._file = file
        self._spans = [(each.start, each.end) for each in left_out]
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes that are not left out; nothing at the end."""
        while self._spans and self._at == self._spans[0][0]:
            _, end = self._spans.pop(0)
            self._file.seek(end)
            self._at = end
        room = (self._spans[0][0] if self._spans else _NEVER) - self._at
        data = self._file.read(min(room, size if size >= 0 else 1 << 24))
        self._at += len(data)
        return data

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()
