"""Policies of prophylaxis and replacement: what starts when and may stop when, one file for each source.

Place    Floor 1. Read by `journey.followup.prophylaxis`.
In       Files of kind `policy` (data/policies): decision tables with rows that start or stop an item.
Out      `Policy`: for each item whether its start has come and whether it may stop.
Knows    The sources disagree on anchors and lengths; no file is chosen silently.
Missing  An item whose start the source does not state is never due by it: its start is unknown. Without a row for `stop` the
         source names no end. A CD4 count that nobody made keeps a stop open: nothing stops because nothing is known.
Checked  tests/knowledge/test_every_document.py; tests/unit/journey/followup/test_prophylaxis.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.decisions import DecisionTable, RowVerdict, TableCase
from vein2vein.knowledge.documents.questions import AskingCase, other_question
from vein2vein.knowledge.edition import Strict, Text, Wording
from vein2vein.knowledge.one_line import differences, spelled
from vein2vein.knowledge.values import Value

SILENT = "start, which the source does not state"


class GivenAs(Strict):
    """Which doses show that an item runs: agents of a stream, the last of them started within so many hours."""

    exposure: Text
    agents: Annotated[tuple[Text, ...], Field(min_length=1)]
    within_hours: Annotated[float, Field(gt=0)]


class PolicyItem(Strict):
    """One thing that is given: its subject (the same in all sources), its words, and how the record shows it.

    `given_as` is left out where the codes of the record do not tell the agent; then somebody has to say whether it runs.
    """

    name: Text
    subject: Literal["hsv-vzv", "pjp", "antibacterial", "antifungal", "hbv", "immunoglobulin", "g-csf"]
    label: Wording
    dose: Wording | None = None
    given_as: GivenAs | None = None


@dataclass(frozen=True, slots=True)
class ItemTruths:
    """What a policy says of one item.

    Attributes:
        item: The item.
        start: Whether it is to have started.
        stop: Whether it may stop.
        missing: Facts that keep either open, sorted.
        rows: Rows of the policy that apply or may apply.
    """

    item: PolicyItem
    start: Truth
    stop: Truth
    missing: tuple[str, ...]
    rows: tuple[RowVerdict, ...]


class PolicyCase(AskingCase):
    """A state with rows and questions; `shown_by` spells out which doses show that an item runs; "told" without any."""

    shown_by: dict[Text, Text] = Field(default_factory=dict)


class Policy(DecisionTable):
    """One policy, with parameters put in. Each row's `then` names an item and `start` or `stop`."""

    RULE_PARTS: ClassVar[tuple[str, ...]] = ("conditions", "rows", "applies", "facts", "items", "parameters")

    kind: Literal["policy"]
    items: Annotated[tuple[PolicyItem, ...], Field(min_length=1)]
    worked_cases: Annotated[tuple[PolicyCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rows_belong_to_items(self) -> Policy:
        names = [item.name for item in self.items]
        allowed = {(name, step) for name in names for step in ("start", "stop")}
        got = [row.then for row in self.rows]
        if (
            len(names) != len(set(names))
            or len(got) != len(set(got))
            or not set(got) <= allowed
            or self.policy != "every"
        ):
            msg = "a row says `then: [item, start]` or `then: [item, stop]`, each at most once, and the policy is every"
            raise ValueError(msg)
        return self

    def judge(self, state: Mapping[str, Value]) -> tuple[ItemTruths, ...]:
        """What the policy says of each item, in the order of the file; a fact that is not in `state` is missing."""
        verdicts = {verdict.row.then: verdict for verdict in self.decide(state)}
        stated = {row.then for row in self.rows}
        found = []
        for item in self.items:
            both = [verdicts.get((item.name, step)) for step in ("start", "stop")]
            start, stop = (Truth.FALSE if verdict is None else verdict.truth for verdict in both)
            silent = (item.name, "start") not in stated
            rows = tuple(verdict for verdict in both if verdict is not None)
            missing = {name for verdict in rows for name in verdict.missing} | ({SILENT} if silent else set())
            start = Truth.UNKNOWN if silent else start
            found.append(ItemTruths(item, start, stop, tuple(sorted(missing)), rows))
        return tuple(found)

    def case_failure(self, case: TableCase) -> str | None:
        """How a worked case comes out otherwise than it says, in rows, questions or doses; None when it holds."""
        failure = super().case_failure(case) or other_question(self.facts, getattr(case, "asks", {}))
        shown = {i.name: "told" if i.given_as is None else spelled(i.given_as.model_dump()) for i in self.items}
        return failure or differences(shown, getattr(case, "shown_by", {}), "is shown by")
