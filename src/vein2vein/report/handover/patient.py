"""The patient at the head of a handover: age and weight, the last vital signs, what runs now, and the drugs given so far.

Place    Report, handover.
In       The assessment and its language, through a `Voice`.
Out      `patient_head`: label and text, in order.
Knows    Rows up to the instant of the assessment. Vital signs and drugs count from the infusion on, each with its own time; of
         drugs whose number guidance limits, earlier doses too. An infusion that runs is told with its start and not as a dose.
Missing  What is not recorded is left out of a line, and a line of nothing is left out: the head tells what is on record, and the
         grades tell what is missing.
Does not Judge a value, or say that a drug without a row was not given.
Checked  tests/unit/report/test_handover_patient.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from vein2vein.engine.plain.ask import Questions
from vein2vein.knowledge.inputs import AgeYears
from vein2vein.knowledge.values import NumberRange
from vein2vein.record.timeline import Exposure, Observation
from vein2vein.report.handover.voice import Voice
from vein2vein.report.shown import agent_label, exposure_text, kind_label, observation_text

_BODY: Final = ("weight", "height")
_VITALS: Final = ("body_temperature", "heart_rate", "systolic_blood_pressure", "oxygen_saturation", "ice_score")
_SUPPORT: Final = ("oxygen", "vasopressor", "inotrope", "renal_replacement", "stay")
_TREATMENT: Final = ("anticytokine", "corticosteroid", "growth_factor")
_LIMITED: Final = ("anticytokine",)


def patient_head(voice: Voice) -> Iterator[tuple[str, str]]:
    """Lines of the head that are about the patient."""
    words, infused_at = voice.words, voice.found.timeline.course.infused_at
    lines = {
        "patient": [*_person(voice), *_latest(voice, _BODY, None)],
        "vitals": [] if infused_at is None else list(_latest(voice, _VITALS, infused_at)),
        "running": list(_running(voice)),
        "treated": list(_treated(voice)),
    }
    for name, parts in lines.items():
        if parts:
            yield words[name], voice.join(parts)


def _person(voice: Voice) -> Iterator[str]:
    found = voice.found
    age = Questions(found.timeline, found.at).ask(AgeYears(take="age_years")).value
    if isinstance(age, NumberRange) and age.low == age.high:
        yield voice.words["years"].format(f"{age.low:g}")
    sex = found.timeline.course.patient.sex
    if sex is not None:
        yield voice.words.get(f"sex {sex}", sex)


def _latest(voice: Voice, kinds: tuple[str, ...], since: datetime | None) -> Iterator[str]:
    for kind in kinds:
        row = voice.found.timeline.latest(kind)
        if row is not None and (since is None or row.observed_at >= since):
            yield f"{_label(row, voice)} {observation_text(row).in_(voice.language)} ({_short(row.observed_at, voice)})"


def _label(row: Observation, voice: Voice) -> str:
    return kind_label(row.kind).in_(voice.language)


def _running(voice: Voice) -> Iterator[str]:
    """Support, and infusions of drugs, that run at the instant; an agent that runs twice is told once."""
    rows = (row for kind in (*_SUPPORT, *_TREATMENT) for row in voice.found.timeline.exposures if row.kind == kind)
    running = (row for row in rows if _is_running(row, voice))
    yield from dict.fromkeys(
        f"{kind_label(r.kind).in_(voice.language)}: {exposure_text(r).in_(voice.language)}"
        + ("" if r.kind in _SUPPORT else voice.words["running_since"].format(_short(r.started_at, voice)))
        for r in running
    )


def _is_running(row: Exposure, voice: Voice) -> bool:
    """Support runs until it ends; of a drug only an infusion with a rate, since a dose often comes without an end."""
    return row.is_active(voice.found.at) and (row.kind in _SUPPORT or row.rate is not None)


def _treated(voice: Voice) -> Iterator[str]:
    """Doses so far; of drugs whose number is limited also those before the infusion, since the limits count them."""
    infused_at = voice.found.timeline.course.infused_at
    given: dict[tuple[str, str], list[Exposure]] = {}
    for row in voice.found.timeline.exposures if infused_at is not None else ():
        if row.kind in _TREATMENT and not _is_running(row, voice):
            given.setdefault((row.kind, row.agent), []).append(row)
    for (kind, agent), rows in given.items():
        counted = [row for row in rows if kind in _LIMITED or infused_at is None or row.started_at >= infused_at]
        if counted:
            yield _doses(agent_label(kind, agent).in_(voice.language), counted, voice)


def _doses(name: str, rows: Sequence[Exposure], voice: Voice) -> str:
    words, infused_at = voice.words, voice.found.timeline.course.infused_at
    before = sum(row.started_at < infused_at for row in rows if infused_at is not None)
    told = words["times"].format(name, len(rows), _short(max(row.started_at for row in rows), voice))
    told += words["times_before"].format(before) if before else ""
    return told + (words["no_end"] if any(row.is_active(voice.found.at) for row in rows) else "")


def _short(at: datetime, voice: Voice) -> str:
    """Day and time by the clock of the centre; the head names the year and the zone."""
    return at.astimezone(ZoneInfo(voice.found.timeline.course.zone)).strftime("%m-%d %H:%M")
