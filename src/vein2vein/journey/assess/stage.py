"""Where on the way a course is at an instant.

Place    Journey, assess.
In       A timeline cut off at an instant.
Out      The stage, and since when, from milestones and exposures alone.
Missing  Before the first milestone the stage is "not begun": nothing is guessed.
Checked  tests/unit/journey/assess/test_stage.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vein2vein.record.timeline import Timeline

# From the last to the first: the latest thing that has happened names the stage.
_AFTER: Final = (
    ("death", "ended by death"),
    ("progression", "progressed after infusion"),
    ("infusion", "after infusion"),
    ("not_infused", "left before infusion"),
    ("lymphodepletion", "lymphodepletion"),
    ("bridging", "bridging"),
    ("product_delivered", "product delivered"),
    ("released", "product released"),
    ("manufacture_failed", "manufacture failed"),
    ("apheresis", "manufacture"),
    ("accepted", "accepted"),
    ("referred", "referred"),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and the instant from which it holds; None where nothing is recorded.

    Attributes:
        name: The stage.
        since: Since when.
        day: Relative day (day 0 = day of the first infusion); None before it.
    """

    name: str
    since: datetime | None
    day: int | None


def stage_of(known: Timeline, at: datetime) -> Stage:
    """The stage of a timeline that was cut off at the instant."""
    seen: dict[str, datetime] = {}
    for milestone in known.milestones:
        seen[milestone.kind] = max(milestone.at, seen.get(milestone.kind, milestone.at))
    if known.course.infused_at is not None:
        seen.setdefault("infusion", known.course.infused_at)
    day = known.day(at)
    for kind, name in _AFTER:
        if kind not in seen:
            continue
        if kind == "progression" and "infusion" not in seen:
            continue
        return Stage(name, seen[kind], day)
    return Stage("not begun", None, day)
