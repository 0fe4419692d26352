"""A report that a browser opens slowly is said to be large, and why."""

from __future__ import annotations

from vein2vein.cli.grade import LARGE_REPORT_MB, size_note


def test_a_large_report_is_told_with_its_reason_and_what_makes_it_smaller() -> None:
    note = size_note(20_400_000, 105)
    assert note is not None
    assert note.startswith(
        "The report holds 20 MB, because every course page draws and tabulates each of 105 rule sets"
    )
    assert "--scale" in note
    assert "--pages" in note


def test_a_report_of_usual_size_needs_no_word() -> None:
    assert size_note(int(LARGE_REPORT_MB * 1e6), 12) is None
    assert size_note(int(LARGE_REPORT_MB * 1e6) + 1, 12) is not None
