"""What is charted completely is not called an assumption."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from vein2vein.engine.plain.engine import verdict_at
from vein2vein.intake.door import open_delivery
from vein2vein.knowledge.registry import rule_set

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)


def assumed(place: Path, *charted: str) -> set[str]:
    timeline = open_delivery(place, charted=charted).cohort.timeline("A")
    verdict = verdict_at(timeline, rule_set("astct-2019.crs"), AT)
    return {used.name for used in verdict.inputs if used.assumption is not None}


def test_a_stream_that_is_charted_is_no_longer_taken_as_no(tmp_path: Path) -> None:
    (tmp_path / "courses.csv").write_text("course_id,patient_id,infused_at,zone\nA,P,2026-03-02T10:00Z,UTC\n")
    rows = [f"A,body_temperature,38.6,Cel,2026-03-{day:02}T12:00Z" for day in (3, 4, 9)]
    (tmp_path / "observations.csv").write_text("\n".join(["course_id,kind,value,unit,observed_at", *rows, ""]))
    nothing = assumed(tmp_path)
    assert {"inotrope", "midodrine"} <= nothing
    assert nothing - assumed(tmp_path, "inotrope", "oral_vasopressor") == {"inotrope", "midodrine"}
