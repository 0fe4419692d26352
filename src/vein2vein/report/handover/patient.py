"""The patient at the head of a handover: age and weight, the last vital signs, what runs now, and the drugs given so far.

Place    Report, handover.
In       The assessment and its language, through a `Voice`.
Out      `patient_head`: label and text, in order.
Knows    Rows up to the instant of the assessment. Vital signs and drugs count from the infusion on, each with its own time.
Missing  What is not recorded is left out of a line, and a line of nothing is left out: the head tells what is on record, and the
         grades tell what is missing.
Does not Judge a value, or say that a drug without a row was not given.
Checked  tests/unit/report/test_handover_patient.py
"""

from __future__ import annotations

from collections.abc import Iterator
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
_TREATMENT: Final = ("anticytokine", "corticosteroid")


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
    """Support that runs at the instant; an agent that runs twice is told once."""
    rows = (row for kind in _SUPPORT for row in voice.found.timeline.exposures if row.kind == kind)
    running = (row for row in rows if row.is_active(voice.found.at))
    yield from dict.fromkeys(
        f"{kind_label(r.kind).in_(voice.language)}: {exposure_text(r).in_(voice.language)}" for r in running
    )


def _treated(voice: Voice) -> Iterator[str]:
    infused_at = voice.found.timeline.course.infused_at
    given: dict[tuple[str, str], list[Exposure]] = {}
    for row in voice.found.timeline.exposures:
        if row.kind in _TREATMENT and infused_at is not None and row.started_at >= infused_at:
            given.setdefault((row.kind, row.agent), []).append(row)
    for (kind, agent), rows in given.items():
        last = max(row.started_at for row in rows)
        name = agent_label(kind, agent).in_(voice.language)
        yield voice.words["times"].format(name, len(rows), _short(last, voice))


def _short(at: datetime, voice: Voice) -> str:
    """Day and time by the clock of the centre; the head names the year and the zone."""
    return at.astimezone(ZoneInfo(voice.found.timeline.course.zone)).strftime("%m-%d %H:%M")
