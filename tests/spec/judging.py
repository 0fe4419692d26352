"""Hold a spec to what an engine says; the manual takes the same specs with another `Spec`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from spec.notation import expected_steps, lines_of, shown_time, timeline_of
from vein2vein import grade_cohort
from vein2vein.knowledge.registry import default_registry
from vein2vein.record.cohort import Cohort

if TYPE_CHECKING:
    from datetime import datetime

    from vein2vein.engine.grade import Engine
    from vein2vein.engine.verdict import Graded

REGISTRY = default_registry()


class Spec(Protocol):
    """What a spec says: a rule set, a course, the grades over time; perhaps episodes and chosen parameters."""

    def __call__(
        self, rule_set: str, course: str, verdicts: str = "", *, episodes: str = "", missing: str = "", **choices: Any
    ) -> None: ...


def judged(engine: Engine) -> Spec:
    """A spec that is held to an engine."""

    def spec(
        rule_set: str, course: str, verdicts: str = "", *, episodes: str = "", missing: str = "", **choices: Any
    ) -> None:
        rule = REGISTRY.get(rule_set, choices)
        graded = grade_cohort(Cohort.of_timelines([timeline_of(course)]), rule, engine=engine)
        held_to(graded, course, verdicts, episodes=episodes, missing=missing)

    return spec


def held_to(graded: Graded, course: str, verdicts: str = "", *, episodes: str = "", missing: str = "") -> None:
    """AssertionError where the tables of one course say anything else than a spec."""
    if verdicts.strip().startswith("..."):
        table = verdicts.strip().removeprefix("...")
        _same(_at_instants(graded, table, course), _normal(table, course))
    elif verdicts:
        _same(shown_verdicts(graded, course), _normal(verdicts, course))
    if episodes:
        _same(shown_episodes(graded, course), [line.right for line in lines_of(episodes)])
    if missing:
        _same([", ".join(graded.verdicts["missing"][-1])], [missing])


def _same(got: list[str], expected: list[str]) -> None:
    assert got == expected, f"the engine says {got}, expected was {expected}"


def shown_verdicts(graded: Graded, course: str) -> list[str]:
    """When and grade of each step, neighbours with the same grade joined."""
    steps: list[tuple[datetime | None, str]] = []
    for row in graded.verdicts.iter_rows(named=True):
        grade = _grade(row["low"], row["high"])
        if not steps or steps[-1][1] != grade:
            steps.append((row["from_at"], grade))
    closed = graded.verdicts["until_at"][-1]
    if closed is not None:
        steps.append((closed, "the window is closed"))
    return [f"{'never' if at is None else shown_time(at, course)} | {grade}" for at, grade in steps]


def _at_instants(graded: Graded, table: str, course: str) -> list[str]:
    """The grade that holds at each instant that a table names; a table that begins with `...` leaves others out."""
    found = []
    for at, _ in expected_steps(table, course):
        held = [row for row in graded.verdicts.iter_rows(named=True) if row["from_at"] <= at]
        grade = _held(held[-1], at) if held else "before the window"
        found.append(f"{shown_time(at, course)} | {grade}")
    return found


def _held(row: dict[str, Any], at: datetime) -> str:
    is_over = row["until_at"] is not None and row["until_at"] <= at
    return "the window is closed" if is_over else _grade(row["low"], row["high"])


def _grade(low: int | None, high: int | None) -> str:
    if low is None:
        return "does not apply"
    return str(low) if low == high else f"[{low}, {high}]"


def _normal(table: str, course: str) -> list[str]:
    lines = lines_of(table)
    if len(lines) == 1 and lines[0].left == "never":
        return [f"never | {lines[0].right}"]
    return [f"{shown_time(at, course)} | {grade}" for at, grade in expected_steps(table, course)]


def shown_episodes(graded: Graded, course: str) -> list[str]:
    """One line for each episode, as in the tables."""
    found = []
    for row in graded.episodes.iter_rows(named=True):
        peak = _grade(row["peak_low"], row["peak_high"])
        onset = shown_time(row["onset_at"], course)
        end = "" if row["resolved_at"] is None else f" at {shown_time(row['resolved_at'], course)}"
        found.append(f"from {onset} (day {row['onset_day']}), peak {peak}, {row['state']}{end}")
    return found
