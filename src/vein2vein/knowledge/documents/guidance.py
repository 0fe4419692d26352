"""Guidance of one source: a decision table whose rows lead to actions.

Place    Floor 1. The journey gives the state, computes doses and enforces locks.
In       Files of kind `guidance` (knowledge/data/guidance).
Out      `Guidance`: rows, and the actions they name.
Knows    Which scale editions the source presumes for each subject. What a source itself allows about spacing stands with its
         action; the limits of the drug file hold besides, whatever the source says.
Missing  As in `decisions`: a missing fact makes a row one that may apply.
Does not Compute a dose (`drug`), or repeat a drug's limits.
Checked  worked cases of every file, which spell out the orders; tests/unit/knowledge/test_guidance.py
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import product
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, model_validator

from vein2vein.basis.truth import Truth
from vein2vein.knowledge.decisions import DecisionTable, GradeOf, RowVerdict, TableCase
from vein2vein.knowledge.documents.drug import DoseRule, Limits, Route
from vein2vein.knowledge.documents.questions import AskingCase, other_question
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.edition import Strict, Text, Wording
from vein2vein.knowledge.evaluation import truth_of
from vein2vein.knowledge.values import NumberRange, Value

_MOST_WORLDS: Final = 36

Often = float | tuple[float, float]


class Stage(Strict):
    """A later part of a course of a drug: its dose, how often, and for how many days (until the next change when None)."""

    amount: Annotated[float, Field(gt=0)]
    unit: Text = "mg"
    every_hours: Often | None = None
    days: float | None = None


class Give(Strict):
    """do: give. A drug: the name of a dose of its file, or a dose of the source; how often, how many times, for how many days.

    With `instead_of` it is an alternative ("or"): one of the two is given, not both. Every row that leads to it leads to the
    other as well. With `replaces` it takes the place of other actions of the source, where it applies for certain.
    """

    do: Literal["give"]
    drug: Text
    dose: DoseRule | Text
    route: Route | None = None
    every_hours: Often | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    days: Often | None = None
    then: tuple[Stage, ...] = ()
    spacing: Limits | None = None
    instead_of: Text | None = None
    replaces: tuple[Text, ...] = ()
    strength: Literal["do", "consider"] = "do"
    note: Wording | None = None

    @property
    def about(self) -> str:
        """What the action is about: the drug."""
        return self.drug


class Act(Strict):
    """Anything but a drug: a thing of the list of topics, perhaps every so many hours."""

    do: Literal["monitor", "test", "consult", "place", "support", "inform"]
    topic: Text
    every_hours: Often | None = None
    strength: Literal["do", "consider"] = "do"
    note: Wording | None = None

    @property
    def about(self) -> str:
        """What the action is about: the topic."""
        return self.topic


class Withhold(Strict):
    """do: hold or contraindicated. A drug or a topic that must not be given now, or not at all in this state."""

    do: Literal["hold", "contraindicated"]
    drug: Text | None = None
    topic: Text | None = None
    strength: Literal["do", "consider"] = "do"
    note: Wording | None = None

    @model_validator(mode="after")
    def _names_one_thing(self) -> Withhold:
        if (self.drug is None) == (self.topic is None):
            msg = "a drug or a topic is withheld"
            raise ValueError(msg)
        return self

    @property
    def about(self) -> str:
        """What the action is about: the drug or the topic."""
        return self.drug or self.topic or ""


Action = Annotated[Give | Act | Withhold, Field(discriminator="do")]


def often(value: Often) -> str:
    """A number, or "low to high"."""
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{value:g}"


def order(action: Give | Act | Withhold) -> str:
    """The action in one line of fixed words, as worked cases spell it out."""
    may = "consider: " if action.strength == "consider" else ""
    if not isinstance(action, Give):
        every = getattr(action, "every_hours", None)
        return f"{may}{action.do} {action.about}" + ("" if every is None else f" every {often(every)} h")
    parts = [f"give {action.drug}", action.dose if isinstance(action.dose, str) else action.dose.words]
    parts += [] if action.route is None else [action.route]
    parts += [] if action.every_hours is None else [f"every {often(action.every_hours)} h"]
    parts += [] if action.times is None else [f"x {action.times}"]
    parts += [] if action.days is None else [f"for {often(action.days)} d"]
    text = may + " ".join(parts)
    for stage in action.then:
        every = "" if stage.every_hours is None else f" every {often(stage.every_hours)} h"
        text += f", then {stage.amount:g} {stage.unit}{every}" + (
            "" if stage.days is None else f" for {stage.days:g} d"
        )
    text = text if action.spacing is None else f"{text} [{action.spacing.words}]"
    text = text if action.instead_of is None else f"{text} instead of {action.instead_of}"
    return f"{text} in place of {', '.join(action.replaces)}" if action.replaces else text


def _whole(value: Value | None) -> tuple[NumberRange, ...]:
    """The grades that a value could be, one by one; none where it has no whole bounds."""
    if not isinstance(value, NumberRange) or not (float(value.low).is_integer() and float(value.high).is_integer()):
        return ()
    return tuple(NumberRange(grade, grade) for grade in range(int(value.low), int(value.high) + 1))


def _deed(do: str) -> str:
    """What is held may as well be contraindicated: both withhold."""
    return "withhold" if do in {"hold", "contraindicated"} else do


class GuidanceCase(AskingCase):
    """A state with the rows that apply or may apply.

    With `orders` every action of those rows is spelled out; with `asks` the questions behind the facts that it names are, so that
    no number of a question can change unseen.
    """

    orders: dict[Text, Text] | None = None


class Guidance(DecisionTable):
    """One edition of one source of guidance, with parameters put in.

    Attributes:
        presumes: Subject of a grade -> ids of the rule sets that the source means; where there are several (adults and
            children), the one that applies to the patient.
        actions: Actions by name; rows name them under `then`.
    """

    RULE_PARTS: ClassVar[tuple[str, ...]] = ("conditions", "rows", "applies", "actions", "facts", "parameters")

    kind: Literal["guidance"]
    presumes: dict[Text, tuple[Text, ...]]
    actions: Annotated[dict[Text, Action], Field(min_length=1)]
    worked_cases: Annotated[tuple[GuidanceCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _actions_are_known(self) -> Guidance:
        named = {name for row in self.rows for name in row.then}
        problems = [f"action {name!r} is not listed" for name in sorted(named - set(self.actions))]
        problems += [f"action {name!r} is named by no row" for name in sorted(set(self.actions) - named)]
        problems += [f"row {row.name!r} leads to nothing" for row in self.rows if not row.then]
        for name, action in self.actions.items():
            topic = getattr(action, "topic", None)
            if topic is not None and (topic not in topics() or _deed(topics()[topic].do) != _deed(action.do)):
                problems.append(f"action {name!r}: {topic!r} is no topic of {action.do!r}")
        problems += self._faulty_alternatives()
        problems += [
            f"action {name!r} replaces {other!r}, which is no other drug that is given"
            for name, action in self.actions.items()
            for other in getattr(action, "replaces", ())
            if other == name or not isinstance(self.actions.get(other), Give)
        ]
        asked = {getattr(fact.source, "subject", None) for fact in self.facts.values()} - {None}
        problems += [f"no rule set is presumed for {s!r}" for s in sorted(str(s) for s in asked - set(self.presumes))]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _faulty_alternatives(self) -> list[str]:
        """An alternative names a drug of the file that is none itself, and stands in no row without it."""
        problems = []
        for name, other, action in self._alternatives():
            first = self.actions.get(other)
            if not isinstance(first, Give) or first.instead_of is not None:
                problems.append(f"action {name!r} is instead of {other!r}, which is no drug that is given first")
            elif first.drug == action.drug:
                problems.append(f"action {name!r} is instead of the same drug")
            problems += [
                f"row {row.name!r} leads to {name!r} without {other!r}, which it stands for"
                for row in self.rows
                if name in row.then and other not in row.then
            ]
        return problems

    def _alternatives(self) -> Iterable[tuple[str, str, Give]]:
        for name, action in self.actions.items():
            if isinstance(action, Give) and action.instead_of is not None:
                yield name, action.instead_of, action

    def is_certain(self, rows: Iterable[RowVerdict], state: Mapping[str, Value]) -> bool:
        """Whether one of some rows applies whatever the unknown grades are, though none does for certain by itself.

        Only grades with whole bounds are looked at, one by one; with more combinations than `_MOST_WORLDS` the answer is no.
        """
        listed = tuple(rows)
        if any(v.truth is Truth.TRUE for v in listed):
            return True
        open_ones = sorted({name for v in listed for name in v.missing if isinstance(self.facts[name].source, GradeOf)})
        choices = [_whole(state.get(name)) for name in open_ones]
        if len(listed) < 2 or not choices or not all(choices) or math.prod(map(len, choices)) > _MOST_WORLDS:  # noqa: PLR2004
            return False
        return all(self._holds_in(listed, {**state, **dict(zip(open_ones, w, strict=True))}) for w in product(*choices))

    def _holds_in(self, rows: Iterable[RowVerdict], state: Mapping[str, Value]) -> bool:
        values, truths = self._truths(state)
        if self.applies is not None and truth_of(self.applies, values, truths) is not Truth.TRUE:
            return False
        return any(truth_of(v.row.when, values, truths) is Truth.TRUE for v in rows)

    @cached_property
    def drugs(self) -> tuple[str, ...]:
        """Ids of the drug files that the actions name, sorted."""
        return tuple(sorted({drug for a in self.actions.values() if (drug := getattr(a, "drug", None)) is not None}))

    def led_to(self, verdicts: Iterable[RowVerdict]) -> dict[str, tuple[RowVerdict, ...]]:
        """Names of the actions that rows lead to, in the order of the file, each with those rows."""
        found: dict[str, list[RowVerdict]] = {}
        for verdict in verdicts:
            for name in verdict.row.then:
                found.setdefault(name, []).append(verdict)
        return {name: tuple(rows) for name, rows in found.items()}

    def case_failure(self, case: TableCase) -> str | None:
        """How a worked case comes out otherwise than it says, in rows, orders or questions; None when it holds."""
        failure = super().case_failure(case) or other_question(self.facts, getattr(case, "asks", {}))
        orders = getattr(case, "orders", None)
        if failure is not None or orders is None:
            return failure
        got = {name: order(self.actions[name]) for name in self.led_to(self.decide(self.state(case.given)))}
        wrong = [
            f"{n}: {orders.get(n)!r} is {got.get(n)!r}" for n in sorted({*got, *orders}) if got.get(n) != orders.get(n)
        ]
        return "; ".join(wrong) or None
