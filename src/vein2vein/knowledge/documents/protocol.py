"""A protocol: a centre's named bundle of editions and policies, itself a file that somebody has to read and sign.

Place    Floor 1. Read by `journey.assess`, the command line and the service.
In       Files of kind `protocol` (data/protocols), and a centre's own.
Out      `Protocol`: which scales grade what, which guidance is asked, which policies stand, for which jurisdiction.
Missing  Nothing is chosen in silence: a policy that a protocol does not name is not applied, and answers that need one say so.
Checked  tests/knowledge/test_every_document.py; tests/unit/knowledge/test_protocol_template.py; tests/unit/journey/assess
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.edition import Edition, Strict, Text, Wording


class DoseLimits(Strict):
    """Per cent by which an ordered dose may differ from the computed one: flagged above, stopped above; both exclusive."""

    flag_percent: Annotated[float, Field(ge=0)]
    stop_percent: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _are_ordered(self) -> DoseLimits:
        if self.flag_percent > self.stop_percent:
            msg = "a dose is flagged before it is stopped"
            raise ValueError(msg)
        return self

    def level(self, percent: float) -> str:
        """none, flag or stop, for a deviation in per cent of either sign."""
        size = abs(percent)
        return "stop" if size > self.stop_percent else "flag" if size > self.flag_percent else "none"


class DiseaseCriteria(Strict):
    """Criteria of response for some indications.

    Attributes:
        criteria: Which way of reading the record.
        indications: Indications of courses that are judged by them.
        avid: Of lymphoma only: indications that are taken to be FDG-avid where the record does not say, so that PET counts.
        files: Part of the criteria -> id of the file.
    """

    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "lugano": ("lesion", "ct", "pet", "month_1", "early_growth"),
        "imwg": ("response", "mrd"),
        "all": ("response", "mrd", "cns"),
        "iwcll": ("response",),
    }

    criteria: Literal["lugano", "imwg", "all", "iwcll"]
    indications: Annotated[tuple[Text, ...], Field(min_length=1)]
    avid: tuple[Text, ...] = ()
    files: dict[Text, Text]

    @model_validator(mode="after")
    def _is_whole(self) -> DiseaseCriteria:
        wanted = self.PARTS[self.criteria]
        if set(self.files) != set(wanted):
            msg = f"{self.criteria} asks for exactly the files {', '.join(wanted)}"
            raise ValueError(msg)
        if self.avid and (self.criteria != "lugano" or not set(self.avid) <= set(self.indications)):
            msg = "avid names some of the indications of lugano"
            raise ValueError(msg)
        return self


class ProtocolCase(Strict):
    """One example of the local limits: a deviation in per cent and its level."""

    name: Text
    deviation_percent: float
    expect: Literal["none", "flag", "stop"]
    parameters: dict[str, Any] = Field(default_factory=dict)


class Protocol(Edition):
    """One protocol, with parameters put in.

    Attributes:
        scales: Subject (crs, icans, ...) -> rule sets that grade it here; several where they grade different patients.
        guidance: Guidance files that are asked, the centre's own first.
        selection: Rule sets about eligibility that are applied before acceptance.
        surface: Formula of body surface.
        washout: Wash-out before collection; null where the protocol names none.
        before_lymphodepletion: Wash-out between bridging and lymphodepletion; null where the protocol names none.
        bridging: Options of bridging; null where the protocol names none.
        biomarkers: Collections of published effects that are shown beside recorded markers.
        setting: Whose wash-out rules count.
        renal_policy: Policy of fludarabine by kidney function; null leaves every such dose uncomputed.
        weight_basis: Which weight a product's dose takes.
        policies: Policies of prophylaxis, immunoglobulin and the like.
        checklists: Go/no-go lists by the stage they belong to.
        followup: Calendars that are kept.
        scores: Ids of scores shown; all that apply when empty.
        response: Criteria of response by indication; a course of another indication has none.
        jurisdiction_of_labels: Whose labels count.
        contacts: Who is called, by topic of guidance that asks for a consultation or a place; a centre fills it in.
        dose_limits: Local limits of deviation.
        choices: Id of a file -> parameters in place of its defaults.
    """

    RULE_PARTS: ClassVar = ("dose_limits",)

    kind: Literal["protocol"]
    scales: Annotated[dict[Text, tuple[Text, ...]], Field(min_length=1)]
    guidance: tuple[Text, ...]
    selection: tuple[Text, ...] = ()
    washout: Text | None = None
    before_lymphodepletion: Text | None = None
    bridging: Text | None = None
    biomarkers: tuple[Text, ...] = ()
    setting: Literal["oncology", "autoimmune"] = "oncology"
    surface: Text
    clearances: tuple[Text, ...]
    renal_policy: Text | None = None
    weight_basis: Literal["apheresis", "latest"]
    checklists: dict[Literal["lymphodepletion", "infusion"], Text] = Field(default_factory=dict)
    followup: tuple[Text, ...] = ()
    policies: tuple[Text, ...] = ()
    scores: tuple[Text, ...] = ()
    response: tuple[DiseaseCriteria, ...] = ()
    jurisdiction_of_labels: Text
    contacts: dict[Text, Wording] = Field(default_factory=dict)
    dose_limits: DoseLimits
    choices: dict[Text, dict[str, Any]] = Field(default_factory=dict)
    worked_cases: Annotated[tuple[ProtocolCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_set_of_criteria_for_an_indication(self) -> Protocol:
        listed = [indication for one in self.response for indication in one.indications]
        twice = sorted({indication for indication in listed if listed.count(indication) > 1})
        if twice:
            msg = f"two criteria of response for {', '.join(twice)}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _contacts_belong_to_topics(self) -> Protocol:
        callable_ones = {id for id, topic in topics().items() if topic.do in {"consult", "place"}}
        strangers = sorted(set(self.contacts) - callable_ones)
        if strangers:
            msg = f"contacts for {', '.join(strangers)}, which no guidance calls; known: {', '.join(sorted(callable_ones))}"
            raise ValueError(msg)
        return self

    def case_failure(self, case: ProtocolCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds."""
        got = self.dose_limits.level(case.deviation_percent)
        return None if got == case.expect else f"expected {case.expect}, got {got}"
