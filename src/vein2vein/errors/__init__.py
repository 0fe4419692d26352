"""What went wrong, said in four lines: saw, expected, fix, and a stable id.

Place    Below every floor; imports nothing of ours.
In       The id of a fault and what was seen, expected and how to mend it.
Out      Exceptions (one fault stops the work) and `Fault` values (many faults of a delivery, reported together).
Does not Log. Messages may name rows and values; logs carry ids and counts only.

The tree::

    Vein2VeinError              exit code 1
    ├── IntakeError             exit code 3   INTAKE-NNN  a delivery cannot be used
    ├── KnowledgeError          exit code 4   RULE-NNN    a rule file is wrong, missing or refused
    ├── RecordError             exit code 5   RECORD-NNN  cohort tables break their schema
    ├── GradingError            exit code 6   GRADE-NNN   a rule set cannot be applied
    ├── ReportError             exit code 7   REPORT-NNN  output cannot be written
    └── SimulationError         exit code 8   SIM-NNN     a population cannot be drawn

Every id has an entry in ``errors/catalogue/*.yaml``; the documentation page of each is generated from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, possibly seen many times.

    Attributes:
        id: Stable id such as ``INTAKE-012``.
        saw: What was found, with the value and where it stands.
        expected: What would have been right.
        fix: What the reader can do about it.
        effect: What happened to the data; empty when nothing was lost.
        rows: Places (``file:row``) where it was seen; at most the first few are shown.
        count: How often it was seen in all.
    """

    id: str
    saw: str
    expected: str
    fix: str
    effect: str = ""
    rows: tuple[str, ...] = field(default=())
    count: int = 1

    def render(self) -> str:
        """The fault as text for people, one labelled line each."""
        title = describe(self.id).get("title", "")
        lines = [f"{self.id}  {title}".rstrip(), f"  saw       {self.saw}"]
        if self.rows:
            more = self.count - len(self.rows)
            lines.append(f"  where     {', '.join(self.rows)}" + (f" and {more} more" if more > 0 else ""))
        lines += [f"  expected  {self.expected}", f"  fix       {self.fix}"]
        if self.effect:
            lines.append(f"  effect    {self.effect}")
        return "\n".join(lines)


class Vein2VeinError(Exception):
    """Base of all errors raised on purpose.

    Args:
        id: Stable id such as ``RULE-003``.
        saw: What was found.
        expected: What would have been right.
        fix: What the reader can do.
        effect: What happened to the data, if anything.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, id: str, *, saw: str, expected: str, fix: str, effect: str = "") -> None:
        self.fault = Fault(id, saw, expected, fix, effect)
        super().__init__(self.fault.render())

    @property
    def id(self) -> str:
        """Stable id of the fault."""
        return self.fault.id


class IntakeError(Vein2VeinError):
    """A delivery cannot be used at all."""

    exit_code = 3


class KnowledgeError(Vein2VeinError):
    """A rule file is wrong, missing or refused."""

    exit_code = 4


class RecordError(Vein2VeinError):
    """Cohort tables break their schema."""

    exit_code = 5


class GradingError(Vein2VeinError):
    """A rule set cannot be applied to these data."""

    exit_code = 6


class ReportError(Vein2VeinError):
    """An output cannot be written."""

    exit_code = 7


class SimulationError(Vein2VeinError):
    """A population cannot be drawn as asked."""

    exit_code = 8


class TrialError(Vein2VeinError):
    """A trial design that cannot be, or a call that does not fit it (TRIAL-…)."""

    exit_code = 9


class JourneyError(Vein2VeinError):
    """A question of the journey that contradicts itself or lacks what it needs (JOURNEY-…)."""

    exit_code = 10


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """All known error ids with title, cause and cure, read from ``errors/catalogue``."""
    import yaml  # noqa: PLC0415  (only read when an error is shown)

    entries: dict[str, dict[str, Any]] = {}
    for file in sorted(resources.files(__name__).joinpath("catalogue").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            entries.update(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    return entries


def describe(id: str) -> dict[str, Any]:
    """Catalogue entry of one error id; empty when the id is unknown (a test forbids that)."""
    return catalogue().get(id, {})
