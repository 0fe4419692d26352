"""Finds the resources of a delivery, one at a time, without holding a file in memory.

Place    Floor 3, FHIR adapter, first step.
In       A file or folder: NDJSON (``.ndjson``, ``.jsonl``, also ``.gz``), Bundle or single resource (``.json``, also ``.gz``).
Out      `Entry` values in file order: the parsed JSON of one resource, or why there is none.
Knows    NDJSON is read line by line. A Bundle is one JSON value and is therefore held in memory; above `BUNDLE_LIMIT`
         bytes it is refused.
Missing  An empty line is not a row. A line that is not JSON is an entry without a body, so that it stays in the account.
Does not Look inside a resource: the model library does (`intake.fhir.model`).
Checked  tests/unit/intake/test_fhir_source.py
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from vein2vein.errors import IntakeError

BUNDLE_LIMIT = 512 * 2**20
LINE_LIMIT = 64 * 2**20
_LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_WHOLE = (".json", ".json.gz")
_ASKS = ("GET", "HEAD", "DELETE")


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource as it stands in a file.

    Attributes:
        file: Name of the file, relative to the delivery.
        row: Line of an NDJSON file, or position of the entry in a Bundle, each counted from 1.
        body: The parsed JSON object; None when there is none.
        problem: Why there is no body: ``not-json``, ``not-utf8``, ``too-long``, ``not-an-object``, ``no-resource``,
            ``no-bundle``, ``bundle-inside``, ``not-gzip``.
        detail: What was seen, for the message.
        full_url: The identity that the Bundle gives the resource, when it does.
        skip: Why the resource is not data of the record (a question, a deletion, a search outcome); empty otherwise.
    """

    file: str
    row: int
    body: dict[str, Any] | None
    problem: str = ""
    detail: str = ""
    full_url: str | None = None
    skip: str = ""


def find_files(path: Path) -> list[Path]:
    """The files of a delivery in the order in which they are read.

    Raises:
        IntakeError: INTAKE-301 when there is no such path or nothing in it that could hold resources.
    """
    if path.is_file():
        return [path]
    found = (
        sorted(f for f in path.rglob("*") if f.is_file() and f.name.lower().endswith(_LINES + _WHOLE))
        if path.is_dir()
        else []
    )
    if not found:
        raise IntakeError(
            "INTAKE-301",
            saw=f"{path.name!r}, " + ("a folder without such files" if path.is_dir() else "which does not exist"),
            expected="a Bundle or resource (.json), NDJSON (.ndjson, .ndjson.gz), or a folder of them",
            fix="point to the exported file or to the folder that the bulk export filled",
        )
    return found


def read_entries(path: Path) -> Iterator[Entry]:
    """All entries of a file or folder, streamed in a stable order."""
    files = find_files(path)
    for file in files:
        name = file.name if path.is_file() else str(file.relative_to(path))
        if file.name.lower().endswith(_LINES):
            yield from _lines(file, name)
        else:
            yield from _whole(file, name)


def _lines(file: Path, name: str) -> Iterator[Entry]:
    last = 0
    try:
        with _opened(file) as stream:
            for entry in _parse_lines(stream, name):
                last = entry.row
                yield entry
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield Entry(name, last + 1, None, "not-gzip", str(error))


def _parse_lines(stream: BinaryIO, name: str) -> Iterator[Entry]:
    number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LINE_LIMIT + 1)
            yield Entry(name, number, None, "too-long", f"a line of more than {LINE_LIMIT // 2**20} MiB")
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield _parse(line, name, number)


def _parse(raw: bytes, file: str, row: int) -> Entry:
    try:
        # FHIR knows no null; a sender who writes one means that the element is absent, and the models take it for present.
        hook = _without_nulls if b"null" in raw else None
        body = json.loads(raw.decode("utf-8"), object_pairs_hook=hook)
    except UnicodeDecodeError as error:
        return Entry(file, row, None, "not-utf8", f"byte {error.start + 1} is not UTF-8")
    except (ValueError, RecursionError) as error:
        what = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else _WHY[type(error)]
        return Entry(file, row, None, "not-json", what)
    if not isinstance(body, dict):
        return Entry(file, row, None, "not-an-object", f"a JSON {type(body).__name__}")
    return Entry(file, row, body)


_WHY: Final = {ValueError: "a number of thousands of digits", RecursionError: "nesting too deep"}


def _without_nulls(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not None}


def _whole(file: Path, name: str) -> Iterator[Entry]:
    try:
        with _opened(file) as stream:
            raw = stream.read(BUNDLE_LIMIT + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield Entry(name, 1, None, "not-gzip", str(error))
        return
    if len(raw) > BUNDLE_LIMIT:
        raise IntakeError(
            "INTAKE-302",
            saw=f"{name!r} with more than {BUNDLE_LIMIT / 2**20:.0f} MiB",
            expected=f"a Bundle of at most {BUNDLE_LIMIT // 2**20} MiB, because one JSON value must be held in memory",
            fix="export as NDJSON (FHIR bulk data), or send the Bundle in pages",
        )
    entry = _parse(raw.removeprefix(b"\xef\xbb\xbf"), name, 1)
    if entry.body is not None and entry.body.get("resourceType") == "Bundle":
        yield from _bundle(entry.body, name)
    else:
        yield entry


def _opened(file: Path) -> BinaryIO:
    opener: Any = gzip.open if file.name.lower().endswith(".gz") else Path.open
    return cast("BinaryIO", opener(file, "rb"))


def _bundle(body: dict[str, Any], name: str) -> Iterator[Entry]:
    """The entries of a Bundle. Each resource is checked on its own, so that one bad resource does not cost the others."""
    from vein2vein.intake.fhir.model import read_envelope  # noqa: PLC0415  (the model library is slow to load)

    entries = body.get("entry") or []
    envelope, problem = read_envelope(body)
    if envelope is None:
        yield Entry(name, 1, None, "no-bundle", problem)
        return
    for row, (link, raw) in enumerate(zip(envelope.entry or [], entries, strict=True), start=1):
        resource = raw.get("resource")
        skip = ""
        if link.request is not None and link.request.method in _ASKS:
            skip = "question"
        elif link.search is not None and link.search.mode == "outcome":
            skip = "search-outcome"
        full_url = None if link.fullUrl is None else str(link.fullUrl)
        if isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            yield Entry(
                name, row, None, "bundle-inside", "a Bundle inside another one, which is not unpacked", full_url
            )
        elif isinstance(resource, dict):
            yield Entry(name, row, resource, full_url=full_url, skip=skip)
        else:
            yield Entry(name, row, None, "" if skip else "no-resource", "an entry without a resource", full_url, skip)
