"""Read Condition and AdverseEvent: signs with another cause, stated facts, and the cause of a death.

Place    Floor 3, FHIR adapter.
In       One resource and its JSON.
Out      Exposures of the stream `other_cause`, observations of yes/no kinds, deaths.
Knows    A condition whose `evidence` names a sign says that this condition explains the sign: from its onset to its abatement
         the sign has another cause. When the condition is a toxicity of the cells itself, its evidence says nothing of the kind.
         A fatal AdverseEvent names the cause of a death; every other one is a judgement, which grading does not read.
         A diagnosis that names a sign without saying what the kind asks (hypotension, but not that it needed treatment) is kept
         as not assessable: it is evidence and no answer.
Missing  Without onset the date of recording is the earliest time at which the condition is known.
Checked  tests/unit/intake/test_fhir_conditions.py
"""

from __future__ import annotations

from typing import Any

from vein2vein.intake.canonical import DIAGNOSIS
from vein2vein.intake.fhir import faults, statuses
from vein2vein.intake.fhir.context import Context
from vein2vein.intake.fhir.elements import When, when
from vein2vein.intake.fhir.faults import fault
from vein2vein.intake.fhir.terminology import Meaning, meanings, meanings_of, show, system_of
from vein2vein.knowledge import codes


def read_condition(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter what a Condition says about signs and stated facts."""
    if not _is_stated(resource, context):
        return
    onset = when(body, "onset")
    start = onset.start or body.get("recordedDate")
    if start is None:
        context.no_time(resource)
        return
    ended = when(body, "abatement")
    at = When(start, ended.start or onset.end, is_period=True)
    signs = _signs(resource)
    stated = [m.kind for m in meanings(resource.code, "observation") if codes.observation_kind(m.kind).type == "yes_no"]
    for sign in signs:
        context.out.exposure("other_cause", sign, at.start, ended_at=at.end, recorded_at=body.get("recordedDate"))
    weak = [kind for kind in stated if not _answers(resource.code, kind)]
    for kind in weak:
        said = f"{DIAGNOSIS}{show(resource.code.coding)}"
        context.out.observation(kind, at.start, code=said, recorded_at=body.get("recordedDate"))
    for kind in (kind for kind in stated if kind not in weak):
        context.out.observation(kind, at.start, code="yes", recorded_at=body.get("recordedDate"))
        if at.end is not None:
            context.out.observation(kind, at.end, code="no", recorded_at=body.get("recordedDate"))
    if not signs and not stated:
        if meanings(resource.code, "toxicity"):
            context.out.refuse(fault(faults.CLINICIANS_GRADE, "Conditions that are a grade of a toxicity"))
        else:
            context.unknown(resource.code, where="Condition")


def _answers(concept: Any, kind: str) -> bool:
    """Whether one of the codings that mean a kind is a "yes" to it."""
    means = Meaning("observation", kind)
    mine = [c for c in concept.coding or [] if means in meanings_of(c.system, c.code, "observation")]
    return any(codes.is_answered(kind, (system_of(c.system) or "", c.code)) for c in mine)


def read_adverse_event(resource: Any, body: dict[str, Any], context: Context) -> None:
    """Enter the death that a fatal AdverseEvent describes, with its cause."""
    outcome = {c.code for c in (resource.outcome.coding or [] if resource.outcome is not None else [])}
    if resource.actuality != "actual":
        context.out.refuse(fault(faults.NOT_DONE, "AdverseEvents that could have happened"))
    elif "fatal" not in outcome:
        context.out.refuse(fault(faults.CLINICIANS_GRADE, "AdverseEvents that are a judgement"))
    elif not body.get("date"):
        context.no_time(resource)
    else:
        context.out.milestone("death", body["date"], detail=_cause(resource.event))


def _is_stated(resource: Any, context: Context) -> bool:
    codings = resource.verificationStatus.coding or [] if resource.verificationStatus is not None else []
    for coding in codings:
        decision = statuses.VERIFICATION.get(coding.code)
        if decision is not None and decision.use != "use":
            id = faults.WITHDRAWN if decision.use == "withdrawn" else faults.NOT_DONE
            context.out.refuse(
                fault(id, f"Condition with verificationStatus {coding.code!r}: {decision.why}"),
                what=f"Condition|{coding.code}",
            )
            return False
    return True


def _signs(resource: Any) -> list[str]:
    """Signs that have another cause, in the order in which they are named."""
    own = [m for m in meanings(resource.code, "exposure") if m.kind == "other_cause"]
    if not own and not meanings(resource.code, "toxicity"):
        evidence = [code for item in resource.evidence or [] for code in item.code or []]
        own = [_as_sign(m) for code in evidence for m in (*meanings(code, "sign"), *meanings(code, "exposure"))]
    return list(dict.fromkeys(m.what for m in own if m.kind == "other_cause"))


def _as_sign(meaning: Meaning) -> Meaning:
    return Meaning("exposure", "other_cause", meaning.what) if meaning.table == "sign" else meaning


def _cause(event: Any) -> str | None:
    """The cause of a death among the details of the milestone, when a code names it."""
    for coding in (event.coding or []) if event is not None else []:
        for meaning in meanings_of(coding.system, coding.code, "milestone"):
            if meaning.kind == "death" and meaning.what:
                return meaning.what
        for meaning in meanings_of(coding.system, coding.code, "toxicity"):
            return meaning.what
    return None
