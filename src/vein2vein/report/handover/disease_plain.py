"""Response of the disease as plain data for programs.

Place    Report, handover. Read by `handover.plain`.
In       A `DiseaseResponse`, a language for labels.
Out      Dictionaries and lists that JSON can hold; ids and category names are the same in every language.
Missing  null before the infusion; `problem` says why there is no category, `missing` what keeps one open.
"""

from __future__ import annotations

from typing import Any

from vein2vein.journey.response import Assessment, DiseaseResponse, LuganoAssessment
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.values import Categories, NumberRange, Value
from vein2vein.knowledge.wording import pick

Plain = dict[str, Any]


def response_as_plain(found: DiseaseResponse | None, *, language: str = "en") -> Plain | None:
    """The response, its reasons, and every assessment so far."""
    if found is None:
        return None
    progressed = found.progression
    return {
        "indication": found.indication,
        "criteria": found.criteria,
        "files": {part: _file(file) for part, file in found.files},
        "problem": found.problem,
        "current": None if found.current is None else _assessment(found.current, language),
        "basis": found.basis,
        "best": list(found.best),
        "best_confirmed": list(found.confirmed),
        "progression": None if progressed is None else {
            "certain": progressed.truth.value,
            "at": None if progressed.at is None else progressed.at.isoformat(),
            "borne_out": found.borne_out.value,
        },
        "findings": [
            {"file": id, "row": v.row.name, "applies": v.truth.value, "text": pick(v.row.text, language),
             "missing": list(v.missing)}
            for id, v in found.findings
        ],
        "remarks": [{"file": file.id, "text": pick(remark, language)} for _, file in found.files for remark in file.remarks],
        "central_nervous_system": None if found.nervous_system is None else list(found.nervous_system.possible),
        "time_points": [
            {"item": p.item, "on": p.on.isoformat(), "opens": p.opens.isoformat(), "closes": p.closes.isoformat(),
             "at": None if p.assessment is None else p.assessment.at.isoformat(),
             "possible": None if p.assessment is None else list(p.assessment.possible)}
            for p in found.points
        ],
        "assessments": [_short(one, scan) for one, scan in zip(found.assessments, _padded(found), strict=True)],
        "stated": None if found.stated is None else {
            "at": found.stated.observed_at.isoformat(), "value": found.stated.code, "source": found.stated.source
        },
    }  # fmt: skip


def _padded(found: DiseaseResponse) -> tuple[LuganoAssessment | None, ...]:
    return found.scans or (None,) * len(found.assessments)


def _file(file: Response) -> Plain:
    return {"id": file.id, "edition": file.edition, "status": file.status, "choices": dict(file.chosen)}


def _assessment(one: Assessment, language: str) -> Plain:
    row = one.result.row
    return {
        "criteria": one.criteria.id,
        "at": one.at.isoformat(),
        "day": one.day,
        "possible": list(one.possible),
        "text": None if row is None else pick(row.text, language),
        "because": list(one.result.deciding),
        "missing": list(one.result.missing),
        "facts": {name: _value(value) for name, value in sorted(one.state.items())},
    }


def _short(one: Assessment, scan: LuganoAssessment | None) -> Plain:
    plain: Plain = {
        "at": one.at.isoformat(),
        "day": one.day,
        "possible": list(one.possible),
        "missing": list(one.result.missing),
    }
    if scan is not None:
        sums = {name: _value(scan.ct.state[name]) for name in ("spd", "baseline_spd")}
        plain |= {"basis": scan.basis, "by_ct": list(scan.ct.possible), "by_pet": list(scan.pet.possible), **sums}
    return plain


def _value(value: Value) -> Any:
    """A number, or its bounds; a word, or all that are possible; true, false, unknown."""
    if isinstance(value, NumberRange):
        if value.is_known:
            return value.low
        return {"low": _finite(value.low), "high": _finite(value.high)}
    if isinstance(value, Categories):
        possible = sorted(value.possible)
        return possible[0] if len(possible) == 1 else possible
    return value.value


def _finite(number: float) -> float | None:
    return None if number in {float("inf"), float("-inf")} else number
