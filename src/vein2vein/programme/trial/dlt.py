"""Dose-limiting toxicities of real or simulated courses, by a trial's own definition over graded verdicts.

Place    Programme, trial. Joins the engine's verdicts to the outcomes that a design asks for.
In       A definition (YAML or a mapping), and the verdict table of a cohort graded under the rule sets that it names.
Out      One row for each course: T, N, pending or open, since when, which toxicity, and how much of the window was followed.
Knows    The window is half-open: [infusion, infusion + days x 24 h). A grade that must last longer than some hours counts from
         the instant at which it has lasted so long, which has to lie inside the window; runs are joined where steps follow
         without a break. A course that dies inside the window has been followed to its end.
Missing  Bounds that reach the grade and do not ensure it leave the course `open`, never N: somebody has to look. A course that is
         followed for less than the window and has no certain toxicity is `pending` with its share of the window.
Does not Know a threshold: a protocol's definition is the trialist's. Attribution stands in the grading.
Checked  tests/unit/programme/trial/test_dlt.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NoReturn

import polars as pl
import yaml

from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.verdict import Graded
from vein2vein.errors import TrialError
from vein2vein.knowledge.registry import Registry, default_registry
from vein2vein.record.cohort import Cohort
from vein2vein.record.tables import Instant

Outcome = Literal["T", "N", "pending", "open"]
OUTCOMES: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "course_id": pl.String,
    "outcome": pl.String,
    "toxicity": pl.String,
    "at": Instant,
    "followed": pl.Float64,
}


@dataclass(frozen=True)
class Toxicity:
    """One way to a dose-limiting toxicity: a grade of a rule set, perhaps only when it lasts.

    Attributes:
        name: Its name in the protocol.
        rule_set: The rule set that grades it.
        at_least: The least grade that counts.
        longer_than_hours: It counts when it has lasted longer than this; 0 counts at once.
    """

    name: str
    rule_set: str
    at_least: int
    longer_than_hours: float = 0.0


@dataclass(frozen=True)
class Definition:
    """A protocol's definition of dose-limiting toxicity.

    Attributes:
        name: Which protocol, or whose example.
        window_days: Length of the window in days of 24 hours from the first infusion.
        toxicities: Any of them limits the dose.
    """

    name: str
    window_days: float
    toxicities: tuple[Toxicity, ...]

    @property
    def rule_sets(self) -> tuple[str, ...]:
        """Ids of the rule sets it rests on, sorted."""
        return tuple(sorted({toxicity.rule_set for toxicity in self.toxicities}))


def read_definition(raw: Mapping[str, Any] | Path, registry: Registry | None = None) -> Definition:
    """A definition from a file or a mapping: `name`, `window_days`, and `toxicities`, each with the fields of `Toxicity`.

    Raises:
        TrialError: TRIAL-080 for a key, a number or a rule set that cannot be.
    """
    loaded = yaml.safe_load(raw.read_text(encoding="utf-8")) if isinstance(raw, Path) else dict(raw)
    if not isinstance(loaded, dict):
        _refuse(f"a {type(loaded).__name__}", "a mapping with name, window_days and toxicities")
    _only(loaded, {"name", "window_days", "toxicities"}, "the definition")
    window, listed = loaded.get("window_days"), loaded.get("toxicities")
    if isinstance(window, bool) or not isinstance(window, int | float) or not window > 0:
        _refuse(f"window_days {window!r}", "a number of days above 0")
    if not isinstance(listed, list) or not listed:
        _refuse(f"toxicities {listed!r}", "a list of at least one toxicity")
    known = registry or default_registry()
    toxicities = tuple(_toxicity(entry, known) for entry in listed)
    names = [toxicity.name for toxicity in toxicities]
    if len(set(names)) < len(names):
        _refuse(f"toxicities named {', '.join(names)}", "each name once")
    return Definition(str(loaded.get("name", "unnamed")), float(window), toxicities)


def _toxicity(entry: object, known: Registry) -> Toxicity:
    if not isinstance(entry, dict):
        _refuse(f"toxicity {entry!r}", "a mapping with name, rule_set and at_least")
    _only(entry, {"name", "rule_set", "at_least", "longer_than_hours"}, "a toxicity")
    id, grade, longer = str(entry.get("rule_set")), entry.get("at_least"), entry.get("longer_than_hours", 0)
    rule = known.get(id)
    if isinstance(grade, bool) or not isinstance(grade, int) or not rule.result.lowest < grade <= rule.result.highest:
        _refuse(f"at_least {grade!r} of {id}", f"a grade from {rule.result.lowest + 1} to {rule.result.highest}")
    if isinstance(longer, bool) or not isinstance(longer, int | float) or longer < 0:
        _refuse(f"longer_than_hours {longer!r} of {id}", "0 or more hours")
    return Toxicity(str(entry.get("name", f"{id} {grade}")), id, grade, float(longer))


def _only(given: Mapping[str, Any], allowed: set[str], what: str) -> None:
    strangers = sorted(set(given) - allowed)
    if strangers:
        _refuse(f"{', '.join(strangers)} in {what}", f"only {', '.join(sorted(allowed))}")


def _refuse(saw: str, expected: str) -> NoReturn:
    raise TrialError("TRIAL-080", saw=saw, expected=expected, fix="correct the definition of dose-limiting toxicity")


def dose_limiting(cohort: Cohort, definition: Definition, *, graded: Graded | None = None) -> pl.DataFrame:
    """The outcome of every infused course.

    Args:
        cohort: The courses.
        definition: What limits a dose.
        graded: The cohort graded under the rule sets of the definition, if that was done before.

    Returns:
        Columns of `OUTCOMES`, by course: outcome T, N, pending or open; the toxicity that decides (or may) and when; the share
        of the window that was followed, 0 to 1. Courses without an infusion have no row.
    """
    rules = [default_registry().get(id) for id in definition.rule_sets]
    verdicts = (graded or grade_cohort(cohort, rules)).verdicts
    steps = verdicts.filter(pl.col("from_at").is_not_null()).partition_by("course_id", as_dict=True)
    deaths = cohort.milestones.filter(pl.col("kind") == "death").group_by("course_id").agg(pl.col("at").min())
    died = dict(deaths.iter_rows())
    infused = cohort.courses.filter(pl.col("infused_at").is_not_null()).sort("course_id")
    rows = [
        _row(course, steps.get((course["course_id"],)), definition, died.get(course["course_id"]))
        for course in infused.iter_rows(named=True)
    ]
    return pl.DataFrame(rows, schema=dict(OUTCOMES), orient="row")


def _row(
    course: Mapping[str, Any], steps: pl.DataFrame | None, definition: Definition, died: datetime | None
) -> tuple[str, Outcome, str | None, datetime | None, float]:
    id, start = course["course_id"], course["infused_at"]
    window = (start, start + timedelta(days=definition.window_days))
    last: datetime = max(start, course["followed_until"] or _last_step(steps) or start)
    seen = window[1] if died is not None and died < window[1] else min(last, window[1])
    followed = (seen - start).total_seconds() / (window[1] - start).total_seconds()
    if steps is None:
        return id, "open", None, None, followed
    found = [(toxicity.name, *_first(steps, toxicity, window, last)) for toxicity in definition.toxicities]
    certain = [(at, name) for name, at, _ in found if at is not None]
    possible = [(at, name) for name, _, at in found if at is not None]
    if certain or possible:
        at, name = min(certain or possible)
        return id, "T" if certain else "open", name, at, followed
    return id, "N" if followed >= 1 else "pending", None, None, followed


def _last_step(steps: pl.DataFrame | None) -> datetime | None:
    if steps is None:
        return None
    last: datetime | None = max(steps["from_at"].to_list(), default=None)
    return last


def _first(
    steps: pl.DataFrame, toxicity: Toxicity, window: tuple[datetime, datetime], last: datetime
) -> tuple[datetime | None, datetime | None]:
    """First instants in the half-open window at which the toxicity is certain, and possible."""
    own = list(steps.filter(pl.col("rule_set_id") == toxicity.rule_set).sort("from_at").iter_rows(named=True))
    wait = timedelta(hours=toxicity.longer_than_hours)
    found: list[datetime | None] = []
    for bound in ("low", "high"):
        reached = (_reached(run, wait) for run in _runs(own, bound, toxicity.at_least, last))
        inside = [at for at in reached if at is not None and window[0] <= at < window[1]]
        found.append(min(inside, default=None))
    return found[0], found[1]


def _runs(
    steps: list[dict[str, Any]], bound: str, at_least: int, last: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Spans in which a bound is at least a grade without a break; an open span ends with what was followed."""
    begun: datetime | None = None
    ends: datetime = last
    for step in steps:
        holds = step[bound] is not None and step[bound] >= at_least
        if begun is not None and (not holds or step["from_at"] != ends):
            yield begun, ends
            begun = None
        if holds:
            begun = begun or step["from_at"]
            ends = step["until_at"] or max(last, step["from_at"])
    if begun is not None:
        yield begun, ends


def _reached(run: tuple[datetime, datetime], wait: timedelta) -> datetime | None:
    """When a run has lasted longer than the wait; None when it ends before or then."""
    begun, ends = run
    if not wait:
        return begun
    return begun + wait if ends - begun > wait else None
