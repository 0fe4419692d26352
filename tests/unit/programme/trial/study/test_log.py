"""The audit log: appended only, and every way to change it in the middle is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.study.log import Asked, append, check, revised

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "trial" / "log.jsonl"
    for k, outcomes in enumerate(("", "1NNN", "1NNN 2NNT")):
        append(
            path, Asked(AT.replace(hour=10 + k), "A. Statistician", "abc", outcomes), {"action": "stay", "dose": k + 1}
        )
    return path


def test_lines_are_chained_and_read_back(log: Path) -> None:
    entries = check(log)
    assert [entry.number for entry in entries] == [1, 2, 3]
    assert entries[1].before == entries[0].hash
    assert entries[2].advice == {"action": "stay", "dose": 3}
    assert entries[2].at == "2026-11-22T12:00:00+00:00"
    assert check(log, last=entries[2].hash) == entries


def test_appending_leaves_what_is_there_as_it_was(log: Path) -> None:
    before = log.read_bytes()
    append(log, Asked(AT, "B", "abc", "1NNN 2NNT 2NNN"), {"action": "escalate"})
    assert log.read_bytes().startswith(before)


def changed(line: str) -> str:
    return line.replace('"dose": 2', '"dose": 3')


def rewritten(line: str) -> str:
    return json.dumps(json.loads(line) | {"by": "C"}, sort_keys=True)


TAMPERINGS: dict[str, Callable[[list[str]], list[str]]] = {
    "changed": lambda lines: [lines[0], changed(lines[1]), lines[2]],
    "rewritten": lambda lines: [rewritten(lines[0]), *lines[1:]],
    "left out": lambda lines: [lines[0], lines[2]],
    "moved": lambda lines: [lines[1], lines[0], lines[2]],
    "added twice": lambda lines: [*lines, lines[2]],
    "begun later": lambda lines: lines[1:],
    "no JSON": lambda lines: [*lines, "{"],
    "other keys": lambda lines: [*lines, '{"number": 4}'],
    "empty line": lambda lines: [lines[0], "", *lines[1:]],
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_nothing_is_appended(log: Path, name: str) -> None:
    lines = log.read_text(encoding="utf-8").splitlines()
    log.write_text("\n".join(TAMPERINGS[name](lines)) + "\n", encoding="utf-8")
    held = log.read_bytes()
    with pytest.raises(TrialError, match="TRIAL-070"):
        check(log)
    with pytest.raises(TrialError, match="TRIAL-070"):
        append(log, Asked(AT, "A", "abc", "1NNN"), {})
    assert log.read_bytes() == held


def test_a_log_cut_at_its_end_is_found_by_who_noted_its_last_hash(log: Path) -> None:
    last = check(log)[-1].hash
    lines = log.read_text(encoding="utf-8").splitlines()
    log.write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    assert len(check(log)) == 2
    with pytest.raises(TrialError, match="without the hash"):
        check(log, last=last)


def test_outcomes_that_change_the_past_are_told(log: Path) -> None:
    entries = check(log)
    assert revised(entries, "1NNN 2NNT 2NNN") is None
    assert revised(entries, "1NNT 2NNT") == 3


def test_nobody_is_refused_and_so_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="TRIAL-071"):
        Asked(AT, " ", "abc", "")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TrialError, match="TRIAL-071"):
        append(tmp_path / "file" / "log.jsonl", Asked(AT, "A", "abc", ""), {})


def test_a_log_that_is_empty_or_not_there_does_not_hold(log: Path) -> None:
    log.write_bytes(b"")
    with pytest.raises(TrialError, match="TRIAL-070") as told:
        check(log)
    assert "is empty" in told.value.fault.saw
    with pytest.raises(TrialError, match="TRIAL-070"):
        append(log, Asked(AT, "B", "abc", "1NNN"), {"action": "stay"})
    assert log.read_bytes() == b""
    log.unlink()
    with pytest.raises(TrialError, match="not there"):
        check(log)
