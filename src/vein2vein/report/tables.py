"""Write verdicts, episodes, the summary and the choices of the rule sets as Parquet, CSV or JSON, every column described.

Place    Report. Read by the command line.
Out      One file per table and format, and `columns.json`, which says what each column means.
Knows    Times are ISO 8601 in UTC. In CSV the entries of a list are joined by ";", which no name of an input holds.
Missing  Null in Parquet and JSON, an empty field in CSV. A row with null bounds says that the rule set never applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypeVar, get_args

import polars as pl

from vein2vein.engine.verdict import Graded
from vein2vein.errors import ReportError
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.report.files import cannot_write
from vein2vein.report.summary import Summary, summarise

F = TypeVar("F", pl.DataFrame, pl.LazyFrame)
Format = Literal["parquet", "csv", "json"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

COLUMNS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "verdicts": {
            "course_id": "Course, as delivered.",
            "rule_set_id": "Rule set with its edition.",
            "from_at": "Start of the step, UTC, included. Null when the rule set never applied to the course.",
            "until_at": "End of the step, UTC, not included. Null for the last step of a course.",
            "low": "Lowest result that the record allows.",
            "high": "Highest result that the record allows. Equal to low: assessable.",
            "deciding": "Criteria that hold for certain and give the lowest result.",
            "missing": "Inputs, or criteria over time, that keep a higher result open.",
            "flags": "Positions of the remarks of the rule file that hold or may hold, from 0.",
        },
        "episodes": {
            "course_id": "Course, as delivered.",
            "rule_set_id": "Rule set with its edition.",
            "episode": "Number of the episode within course and rule set, from 1.",
            "onset_at": "First instant at which the criteria are met, UTC.",
            "onset_day": "Relative day of the onset at the treating centre; day 0 is the day of the infusion.",
            "peak_low": "Highest lower bound within the episode.",
            "peak_high": "Highest upper bound within the episode.",
            "peak_at": "First instant of the peak, UTC.",
            "resolved_at": "First instant of the absence that the rule set demands, UTC; null when not resolved.",
            "last_at": "Last instant at which the episode was seen, UTC.",
            "state": "resolved, ongoing at the last look, censored or fatal.",
            "episode_hours": "Hours from onset to resolution, or to the last look.",
            "days_affected": "Local calendar days on which the criteria were met for certain (lower bound above 0).",
            "unassessed_hours": "Hours within the episode with a lower bound of 0 and an upper bound above 0.",
        },
        "summary_rule_sets": {
            "rule_set_id": "Rule set with its edition.",
            "courses": "Courses in the cohort.",
            "courses_applicable": "Courses to which the rule set applied at some time.",
            "courses_fully_assessable": "Of these, courses without any time at which the bounds differ.",
            "courses_with_episode": "Courses with at least one certain episode (peak_low above 0).",
            "onset_day_median": "Median relative day of the first certain onset.",
            "onset_day_quarter": "First quartile of the same.",
            "onset_day_three_quarters": "Third quartile of the same.",
            "episodes": "Certain episodes.",
            "episodes_resolved": "Of these, resolved ones.",
            "episode_days_median": "Median length of resolved certain episodes in days of 24 hours.",
            "episode_days_quarter": "First quartile of the same.",
            "episode_days_three_quarters": "Third quartile of the same.",
            "hours": "Hours over all courses in which the rule set applied.",
            "hours_not_assessable": "Of these, hours in which the bounds differ.",
        },
        "summary_levels": {
            "rule_set_id": "Rule set with its edition.",
            "level": "Grade, or lowest points of a band, or 1 for met.",
            "name": "Name of the level.",
            "courses": "Courses to which the rule set applied: the denominator.",
            "reached_certain": "Courses that reached at least this level for certain.",
            "reached_possible": "Courses that may have reached at least this level.",
            "possible_only_at_first": "Of these, courses that may have done so only before their first certain result.",
            "peak_exactly": "Courses whose highest result was this level, with nothing left open.",
        },
        "summary_missing": {
            "rule_set_id": "Rule set with its edition.",
            "input": "Input, or criterion over time, that kept a higher result open.",
            "hours": "Hours over all courses in which it did; several inputs missing at once count for each.",
            "courses": "Courses in which it did.",
        },
        "rule_sets": {
            "rule_set_id": "Rule set with its edition.",
            "title": "Name in English.",
            "encoding": "Version of the rule file.",
            "status": "How its numbers were checked: verified (read and signed by two people), secondary, recalled or uncertain.",
            "sources": "Keys of its sources; `vein2vein knowledge sources ID` prints them.",
        },
        "choices": {
            "rule_set_id": "Rule set with its edition.",
            "parameter": "Open point of the scale.",
            "title": "What it decides.",
            "chosen": "The choice made for these results.",
            "default": "The choice that the rule file makes.",
            "unit": "Unit of a number; null where the choice is a word.",
            "source_says": "What the source says.",
        },
    }
)


def write_tables(
    folder: Path,
    cohort: Cohort,
    graded: Graded,
    *,
    rule_sets: Sequence[RuleSet],
    formats: Iterable[str] = FORMATS,
) -> tuple[Path, ...]:
    """Write all tables and their description into `folder`, which is made when needed.

    Returns:
        The files written, in order.

    Raises:
        ReportError: REPORT-001 when the folder cannot be written, REPORT-002 for an unknown format.
    """
    wanted = tuple(dict.fromkeys(formats))
    for ending in wanted:
        if ending not in FORMATS:
            raise ReportError(
                "REPORT-002",
                saw=f"table format {ending!r}",
                expected=f"one of {', '.join(FORMATS)}",
                fix="choose one of these, or several",
            )
    frames = frames_of(graded, summarise(cohort, graded, rule_sets), rule_sets)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [_write(folder / f"{name}.{ending}", frame) for name, frame in frames.items() for ending in wanted]
        described = write_columns(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return (*files, described)


def write_columns(folder: Path) -> Path:
    """Write `columns.json`, which says what each column means."""
    described = folder / "columns.json"
    described.write_text(_json_text({k: dict(v) for k, v in COLUMNS.items()}), encoding="utf-8")
    return described


def frames_of(graded: Graded, summary: Summary, rule_sets: Sequence[RuleSet]) -> dict[str, pl.DataFrame]:
    """The tables that are written, by name; the columns of each are those of `COLUMNS`, in that order."""
    frames = {
        "verdicts": graded.verdicts,
        "episodes": graded.episodes,
        "summary_rule_sets": summary.rule_sets,
        "summary_levels": summary.levels,
        "summary_missing": summary.missing,
    }
    return {name: frame.select(*COLUMNS[name]) for name, frame in (frames | frames_of_rules(rule_sets)).items()}


def frames_of_rules(rule_sets: Sequence[RuleSet]) -> dict[str, pl.DataFrame]:
    """Which rule sets were used, with encoding and status, and how each of their open points was decided."""
    used = [
        (
            rule.id,
            rule.title["en"],
            rule.encoding,
            rule.status,
            list(dict.fromkeys(source.key for source in rule.sources)),
        )
        for rule in rule_sets
    ]
    choices = [
        (rule.id, name, point.title["en"], str(rule.chosen[name]), str(point.default), point.unit, point.source_says)
        for rule in rule_sets
        for name, point in rule.parameters.items()
    ]
    types = {name: pl.List(pl.String) if name == "sources" else pl.String for name in COLUMNS["rule_sets"]}
    return {
        "rule_sets": pl.DataFrame(used, schema=types, orient="row"),
        "choices": pl.DataFrame(choices, schema=dict.fromkeys(COLUMNS["choices"], pl.String), orient="row"),
    }


def _write(path: Path, frame: pl.DataFrame) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".csv":
        flat(frame).write_csv(path)
    else:
        path.write_text(_json_text(flat(frame, join_lists=False).to_dicts()), encoding="utf-8")
    return path


def flat(frame: F, *, join_lists: bool = True) -> F:
    """Times as ISO 8601 text, lists joined when wanted."""
    changed = []
    for name, dtype in frame.collect_schema().items():
        if isinstance(dtype, pl.Datetime):
            changed.append(pl.col(name).dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ"))
        elif isinstance(dtype, pl.List) and join_lists:
            changed.append(pl.col(name).cast(pl.List(pl.String)).list.join(";"))
    return frame.with_columns(changed)


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
