"""Verdicts and episodes as FHIR R4: an Observation for each step, an AdverseEvent for each episode.

Place    Floor 6.
In       What was graded, the cohort it was graded from, and the bound rule sets.
Out      Resources made by the models of the FHIR library (a resource that breaks the model cannot be made); NDJSON files
         and a Bundle of them.
Knows    No agreed code of a grade exists, so the code is ours: code system ``…/CodeSystem/rule-set``, code the id of the rule
         set, under an example address that a centre replaces by its own. ICD-10-CM D89.83x and G92.0x stand beside it, with
         how sure the code is. Every Observation is `preliminary`: a person must confirm it.
Missing  A grade that is not certain has no value but the reason why it is absent; its bounds are components in every case.
         Steps to which a rule set does not apply are left out.
Does not Say how severe or serious an event is in FHIR's own words: no mapping from grades to them is agreed.
Checked  tests/unit/report/test_fhir.py, tests/acceptance/intake/test_fhir_round_trip.py
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from vein2vein.engine.verdict import Graded
from vein2vein.errors import ReportError
from vein2vein.intake.derived import source_of
from vein2vein.intake.fhir import urls
from vein2vein.intake.fhir.model import model_of
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.cohort import Cohort
from vein2vein.report.reasons import explained_steps

_TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_STATUS_OF_CODE: Final = f"{urls.BASE}/StructureDefinition/code-status"
_EPISODE: Final = f"{urls.BASE}/StructureDefinition/episode"
_ICD10CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
# Additional codes by what the rule set is about: code of a grade, and of a grade that is not certain. Read in public code
# listings, not in the classification itself; the codes name no edition of a scale.
_ICD10CM_CODES: Final[Mapping[str, tuple[str, str]]] = {"crs": ("D89.83{}", "D89.839"), "icans": ("G92.0{}", "G92.00")}
_ICD10CM_STATUS: Final = "secondary"
_OUTCOMES: Final = {"resolved": "resolved", "ongoing": "ongoing", "censored": "unknown", "fatal": "fatal"}
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True)
class Exported:
    """Resources of one export, in the order of the tables.

    Attributes:
        observations: One Observation for each verdict step that applies.
        events: One AdverseEvent for each episode.
        without: Courses and rule sets that give no Observation, because the rule set never applied.
    """

    observations: tuple[Any, ...]
    events: tuple[Any, ...]
    without: tuple[tuple[str, str], ...] = field(default=())

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write ``Observation.ndjson``, ``AdverseEvent.ndjson`` and ``bundle.json``; the folder is made when needed.

        Raises:
            ReportError: REPORT-001 when the folder or a file cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            written = [_write_lines(folder / "Observation.ndjson", self.observations)]
            written.append(_write_lines(folder / "AdverseEvent.ndjson", self.events))
            bundle = folder / "bundle.json"
            bundle.write_text(self.bundle().model_dump_json(indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise ReportError(
                "REPORT-001",
                saw=f"{folder}: {error.strerror or error}",
                expected="a folder that can be written to",
                fix="choose another folder, or free the place",
            ) from error
        return (*written, bundle)

    def bundle(self) -> Any:
        """All resources as one Bundle of type collection."""
        entries = [
            {"fullUrl": f"{urls.BASE}/{r.get_resource_type()}/{r.id}", "resource": r}
            for r in (*self.observations, *self.events)
        ]
        return model_of("Bundle")(type="collection", entry=entries or None)


def export(
    graded: Graded,
    cohort: Cohort,
    rule_sets: Sequence[RuleSet],
    *,
    references: Mapping[str, str] | None = None,
    as_of: datetime | None = None,
    issued_at: datetime | None = None,
) -> Exported:
    """Verdict steps and episodes as FHIR resources.

    Args:
        graded: What `grade_cohort` gave.
        cohort: The cohort that was graded.
        rule_sets: The bound rule sets that were used.
        references: From the source of a row (``file:row``) to the resource it came from, such as ``Observation/1``; with it
            each Observation says which resources it is derived from. That walks the plain engine once for each course.
        as_of: The instant up to which was graded, if one was given; only needed with references.
        issued_at: Aware instant at which the grades were made available; not stated when None.

    Raises:
        ReportError: REPORT-003 when a verdict names a course or rule set that was not passed.
    """
    rules = {rule.id: rule for rule in rule_sets}
    courses = {row["course_id"]: row for row in cohort.courses.iter_rows(named=True)}
    for frame in (graded.verdicts, graded.episodes):
        for course, rule in frame.select("course_id", "rule_set_id").unique().iter_rows():
            if course not in courses or rule not in rules:
                raise _strangers(course, rule)
    observations: list[Any] = []
    without: list[tuple[str, str]] = []
    for (course, rule), part in graded.verdicts.group_by("course_id", "rule_set_id", maintain_order=True):
        rows = part.filter(pl.col("low").is_not_null()).to_dicts()
        if not rows:
            without.append((str(course), str(rule)))
        derived = _sources(rows, cohort, rules[str(rule)], references=references, as_of=as_of)
        observations += [
            _observation(row, courses[str(course)], rules[str(rule)], sources, issued_at)
            for row, sources in zip(rows, derived, strict=True)
        ]
    events = [
        _event(row, courses[row["course_id"]], rules[row["rule_set_id"]])
        for row in graded.episodes.iter_rows(named=True)
    ]
    return Exported(tuple(observations), tuple(events), tuple(without))


def write_fhir(
    folder: Path,
    cohort: Cohort,
    graded: Graded,
    *,
    rule_sets: Sequence[RuleSet],
    references: Mapping[str, str] | None = None,
    as_of: datetime | None = None,
) -> tuple[Path, ...]:
    """`export` and `Exported.write` in one step; gives the files written."""
    exported = export(graded, cohort, rule_sets, references=references, as_of=as_of)
    return exported.write(folder)


def _sources(
    rows: list[dict[str, Any]],
    cohort: Cohort,
    rule: RuleSet,
    *,
    references: Mapping[str, str] | None,
    as_of: datetime | None,
) -> list[list[str]]:
    """For each verdict step of one course: the resources behind its inputs, each once; nothing without references."""
    if references is None or not rows:
        return [[] for _ in rows]
    steps = explained_steps(cohort.timeline(rows[0]["course_id"]), rule, rows, as_of=as_of)
    found = []
    for step in steps:
        named = (row.source for used in step.verdict.inputs for row in used.rows)
        places = [source_of(source) for source in named if source is not None]
        keys = dict.fromkeys(references[place] for place in places if place in references)
        found.append([key for key in keys if key.startswith(_DERIVABLE)])
    return found


# What R4 lets an Observation be derived from, among what intake reads.
_DERIVABLE: Final = ("Observation/", "QuestionnaireResponse/")


def _observation(  # noqa: PLR0917  (what a step is made of)
    step: Mapping[str, Any], course: Mapping[str, Any], rule: RuleSet, sources: list[str], issued_at: datetime | None
) -> Any:
    is_certain = step["low"] == step["high"]
    name = f"{step['course_id']}|{rule.id}|{step['from_at'].isoformat()}"
    content: dict[str, Any] = {
        "id": _id("verdict", name),
        "identifier": [{"system": urls.VERDICTS, "value": name}],
        "status": "preliminary",
        "category": [{"coding": [{"system": f"{_TERMS}/observation-category", "code": "survey"}]}],
        "code": _code(rule, step["low"] if is_certain else None),
        "subject": _subject(course),
        "effectivePeriod": _period(step["from_at"], step["until_at"]),
        "method": {
            "coding": [{"system": urls.RULE_SETS, "code": rule.id, "version": rule.encoding}],
            "text": _method(rule),
        },
        "component": [_bound("lowest", step["low"]), _bound("highest", step["high"])],
        "note": [{"text": text} for text in _notes(step)] or None,
        "derivedFrom": [{"reference": key} for key in sources] or None,
        "issued": issued_at,
    }
    if is_certain:
        content["valueInteger"] = step["low"]
    else:
        content["dataAbsentReason"] = {
            "coding": [{"system": f"{_TERMS}/data-absent-reason", "code": "unknown"}],
            "text": f"between {step['low']} and {step['high']}: inputs are missing",
        }
    return model_of("Observation")(**_given(content))


def _event(row: Mapping[str, Any], course: Mapping[str, Any], rule: RuleSet) -> Any:
    name = f"{row['course_id']}|{rule.id}|episode {row['episode']}"
    peak = row["peak_low"] if row["peak_low"] == row["peak_high"] else None
    content = {
        "id": _id("episode", name),
        "identifier": {"system": urls.VERDICTS, "value": name},
        "actuality": "actual",
        "event": _code(rule, peak),
        "subject": _subject(course),
        "date": row["onset_at"],
        "outcome": {"coding": [{"system": f"{_TERMS}/adverse-event-outcome", "code": _OUTCOMES[row["state"]]}]},
        "suspectEntity": [{"instance": {"display": course["product"]}}] if course["product"] else None,
        "extension": [{"url": _EPISODE, "extension": _episode(row)}],
    }
    return model_of("AdverseEvent")(**_given(content))


def _episode(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What R4's AdverseEvent has no element for: day of onset, bounds of the peak, end, and the state of the episode."""
    parts = [
        {"url": "onset-day", "valueInteger": row["onset_day"]},
        {"url": "peak-lowest", "valueInteger": row["peak_low"]},
        {"url": "peak-highest", "valueInteger": row["peak_high"]},
        {"url": "peak-at", "valueDateTime": row["peak_at"]},
        {"url": "resolved-at", "valueDateTime": row["resolved_at"]},
        {"url": "state", "valueCode": row["state"]},
    ]
    return [part for part in parts if all(value is not None for value in part.values())]


def _code(rule: RuleSet, grade: int | None) -> dict[str, Any]:
    """The rule set as our code; where there is one, the ICD-10-CM code of the grade beside it, with its status."""
    codings: list[dict[str, Any]] = [{"system": urls.RULE_SETS, "code": rule.id, "display": rule.title["en"]}]
    known = _ICD10CM_CODES.get(rule.about) if rule.kind == "grading-scale" else None
    if known is not None and grade != 0:
        code = known[0].format(grade) if grade is not None else known[1]
        status = {"url": _STATUS_OF_CODE, "valueCode": _ICD10CM_STATUS}
        codings.append({"system": _ICD10CM, "code": code, "extension": [status]})
    return {"coding": codings, "text": rule.title["en"]}


def _method(rule: RuleSet) -> str:
    chosen = ", ".join(f"{name}={value}" for name, value in rule.chosen.items())
    return f"{rule.id}, encoding {rule.encoding}, status {rule.status}" + (f"; {chosen}" if chosen else "")


def _notes(step: Mapping[str, Any]) -> Iterator[str]:
    if step["deciding"]:
        yield "Decided by: " + ", ".join(step["deciding"])
    if step["missing"]:
        yield "Missing: " + ", ".join(step["missing"])


def _bound(part: str, grade: int) -> dict[str, Any]:
    return {"code": {"coding": [{"system": urls.VERDICT_PARTS, "code": part}]}, "valueInteger": grade}


def _subject(course: Mapping[str, Any]) -> dict[str, Any]:
    """The patient by id; by identifier where the id could not be the id of a resource."""
    patient = course["patient_id"]
    if _ID.fullmatch(patient):
        return {"reference": f"Patient/{patient}"}
    return {"type": "Patient", "identifier": {"value": patient}}


def _period(start: datetime, end: datetime | None) -> dict[str, Any]:
    return {"start": start} if end is None else {"start": start, "end": end}


def _id(what: str, name: str) -> str:
    return f"{what}-{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}"


def _given(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}


def _write_lines(file: Path, resources: Iterable[Any]) -> Path:
    with file.open("w", encoding="utf-8") as stream:
        for resource in resources:
            stream.write(resource.model_dump_json() + "\n")
    return file


def _strangers(course: str, rule: str) -> ReportError:
    return ReportError(
        "REPORT-003",
        saw=f"a verdict of course {course!r} under {rule!r}",
        expected="only courses and rule sets that were passed to the export",
        fix="pass the cohort that was graded and every rule set that was used",
    )
