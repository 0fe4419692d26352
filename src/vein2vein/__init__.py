"""Grades and explains the toxicities of CAR-T courses from recorded hospital data.

Place    The door. Holds the public names and nothing else; each is loaded when it is first used, so that
         ``import vein2vein`` stays quick.
Does not Compute anything, read a file or read the clock.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vein2vein._version import __version__

if TYPE_CHECKING:
    from vein2vein.basis.truth import Bounds, Truth
    from vein2vein.engine.grade import grade_cohort
    from vein2vein.engine.plain.engine import verdict_at
    from vein2vein.engine.verdict import Graded, Verdict
    from vein2vein.errors import Vein2VeinError
    from vein2vein.intake.delivery import Delivery
    from vein2vein.intake.door import open_delivery
    from vein2vein.knowledge.registry import Registry, default_registry
    from vein2vein.knowledge.schema import RuleSet
    from vein2vein.record.cohort import Cohort
    from vein2vein.record.timeline import Course, Exposure, Milestone, Observation, Patient, Timeline
    from vein2vein.report.html import ReportOptions, write_report

# public name -> module that defines it
_HOMES = {
    "Bounds": "vein2vein.basis.truth",
    "Cohort": "vein2vein.record.cohort",
    "Course": "vein2vein.record.timeline",
    "Delivery": "vein2vein.intake.delivery",
    "Exposure": "vein2vein.record.timeline",
    "Graded": "vein2vein.engine.verdict",
    "Milestone": "vein2vein.record.timeline",
    "Observation": "vein2vein.record.timeline",
    "Patient": "vein2vein.record.timeline",
    "Registry": "vein2vein.knowledge.registry",
    "ReportOptions": "vein2vein.report.html",
    "RuleSet": "vein2vein.knowledge.schema",
    "Timeline": "vein2vein.record.timeline",
    "Truth": "vein2vein.basis.truth",
    "Vein2VeinError": "vein2vein.errors",
    "Verdict": "vein2vein.engine.verdict",
    "default_registry": "vein2vein.knowledge.registry",
    "grade_cohort": "vein2vein.engine.grade",
    "open_delivery": "vein2vein.intake.door",
    "verdict_at": "vein2vein.engine.plain.engine",
    "write_report": "vein2vein.report.html",
}

__all__ = [
    "Bounds",
    "Cohort",
    "Course",
    "Delivery",
    "Exposure",
    "Graded",
    "Milestone",
    "Observation",
    "Patient",
    "Registry",
    "ReportOptions",
    "RuleSet",
    "Timeline",
    "Truth",
    "Vein2VeinError",
    "Verdict",
    "__version__",
    "default_registry",
    "grade_cohort",
    "open_delivery",
    "verdict_at",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Load the module of a public name when the name is first used (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, also those that are not loaded yet."""
    return sorted({*globals(), *_HOMES})
