"""The audit log of a running trial: one JSON line for each advice, chained by hashes, only ever appended to.

Place    Programme, trial, study. Written and checked by the command line.
In       An advice, what it rests on, who asked and when; the path of the log.
Out      Lines; the entries of a log whose chain holds.
Knows    Each line holds the hash of the line before and of itself, so that a line that is changed, moved, added or left out in
         the middle is found. A log that is cut at its end is found only by whoever noted its last hash: `check` takes it.
Does not Prove who wrote a line, or keep anybody with access from writing the whole file anew: note the last hash elsewhere.
Checked  tests/unit/programme/trial/study/test_log.py
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NoReturn

from vein2vein.basis.clock import check_aware
from vein2vein.errors import TrialError

_FIRST: Final = "0" * 64
_KEYS: Final = ("number", "at", "by", "design", "outcomes", "pending", "advice", "before", "hash")


@dataclass(frozen=True)
class Entry:
    """One line of a log.

    Args:
        number: Place in the log, from 1.
        at: Instant at which the advice was asked for, ISO 8601 with offset.
        by: Who asked.
        design: Hash of the design file.
        outcomes: What was seen.
        pending: Follow-up of patients without an outcome.
        advice: What the design said.
        before: Hash of the line before; zeros for the first.
        hash: Hash of this line without this value.
    """

    number: int
    at: str
    by: str
    design: str
    outcomes: str
    pending: str
    advice: Mapping[str, Any]
    before: str
    hash: str


@dataclass(frozen=True)
class Asked:
    """What an advice rested on.

    Args:
        at: Aware instant.
        by: Who asked; not empty.
        design: Hash of the design file.
        outcomes: What was seen.
        pending: Follow-up of patients without an outcome.
    """

    at: datetime
    by: str
    design: str
    outcomes: str
    pending: str = ""

    def __post_init__(self) -> None:
        check_aware(self.at, what="at")
        if not self.by.strip():
            raise TrialError("TRIAL-071", saw="nobody", expected="who asks", fix="name the person: --by NAME")


def append(path: Path, asked: Asked, advice: Mapping[str, Any]) -> Entry:
    """Append an advice to a log, which is made when there is none.

    Raises:
        TrialError: TRIAL-070 when the log that is there does not hold; nothing is written then. TRIAL-071 without a name, or
            when the file cannot be written.
    """
    before = check(path) if path.exists() else ()
    content: dict[str, Any] = {
        "number": len(before) + 1,
        "at": asked.at.isoformat(),
        "by": asked.by.strip(),
        "design": asked.design,
        "outcomes": asked.outcomes,
        "pending": asked.pending,
        "advice": dict(advice),
        "before": before[-1].hash if before else _FIRST,
    }
    content["hash"] = _hash(content)
    line = json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise TrialError(
            "TRIAL-071", saw=f"log {path.name!r}: {error.strerror}", expected="a file that can be appended to",
            fix="choose another place for the log",
        ) from error  # fmt: skip
    return Entry(**content)


def check(path: Path, *, last: str | None = None) -> tuple[Entry, ...]:
    """The entries of a log, if its chain holds.

    Args:
        path: The log.
        last: Hash of its last line, if somebody noted it; the log must hold it.

    Raises:
        TrialError: TRIAL-070 for a line that was changed, moved, added or left out, and names the first such line; for a log
            that is empty or not there.
    """
    if not path.exists():
        _broken(f"log {path.name!r} that is not there", "the log of the trial")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        _broken(f"log {path.name!r} that cannot be read ({type(error).__name__})", "JSON lines in UTF-8")
    if not lines:  # a log is made with its first line, so an empty one was emptied
        _broken(f"log {path.name!r} that is empty", "at least one line; a log that was begun is never empty")
    found: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        entry = _entry(line, number)
        expected = found[-1].hash if found else _FIRST
        if entry.number != number or entry.before != expected:
            _broken(
                f"line {number} that does not follow the line before it", f"number {number}, after {expected[:12]}…"
            )
        found.append(entry)
    if last is not None and last not in {entry.hash for entry in found}:
        _broken(f"a log of {len(found)} lines without the hash {last[:12]}…", "the line that was noted")
    return tuple(found)


def revised(entries: tuple[Entry, ...], outcomes: str) -> int | None:
    """Number of the last entry whose outcomes are not the beginning of these; None where all are."""
    now = outcomes.split()
    bad = [entry.number for entry in entries if entry.outcomes.split() != now[: len(entry.outcomes.split())]]
    return bad[-1] if bad else None


def design_changes(entries: tuple[Entry, ...]) -> tuple[tuple[int, str, str], ...]:
    """Where the design file is not that of the line before: number of the line, hash before, hash from then on."""
    return tuple(
        (now.number, before.design, now.design) for before, now in pairwise(entries) if now.design != before.design
    )


def _entry(line: str, number: int) -> Entry:
    try:
        content = json.loads(line)
    except ValueError:
        _broken(f"line {number} that is no JSON", "one entry a line")
    if not isinstance(content, dict) or set(content) != set(_KEYS):
        _broken(f"line {number} with other keys", f"keys {', '.join(_KEYS)}")
    if content["hash"] != _hash({key: value for key, value in content.items() if key != "hash"}):
        _broken(f"line {number} whose content does not give its hash", f"hash {str(content['hash'])[:12]}…")
    return Entry(**content)


def _hash(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _broken(saw: str, expected: str) -> NoReturn:
    raise TrialError(
        "TRIAL-070", saw=saw, expected=expected, fix="restore the log from a copy; find out who changed it and why"
    )
