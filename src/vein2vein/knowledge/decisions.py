"""Decision tables: rows with conditions over a patient's state, each of which applies, may apply or does not.

Place    Floor 1. Guidance ladders, go/no-go lists and response categories are decision tables; the journey gives the state.
In       Files whose kind is one of those; possible values of the state.
Out      A truth for each row: TRUE = applies, UNKNOWN = may apply, and which facts would settle it.
Knows    `policy: every` looks at each row alone; `policy: first` stops at the first row that holds for certain, so that bounds
         that straddle two rows give both.
Missing  A fact that nobody recorded or told is unknown; it never makes a row apply or not apply by itself.
Does not Look at a timeline: `ask` says what the journey has to find out for each fact.
Checked  worked cases of every file; tests/unit/knowledge/test_decisions.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from vein2vein.basis.truth import Truth
from vein2vein.knowledge import predicates
from vein2vein.knowledge.edition import Edition, Strict, Text, Wording
from vein2vein.knowledge.evaluation import truth_of
from vein2vein.knowledge.given import as_categories, as_number, as_truth, type_of, value_of
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.predicates import Predicate
from vein2vein.knowledge.schema import Condition
from vein2vein.knowledge.values import Value, is_known


class GradeOf(Strict):
    """ask: grade. The bounds of a grade now, by the rule set that the protocol names for the subject (such as crs)."""

    ask: Literal["grade"]
    subject: Text


class HoursAtGrade(Strict):
    """ask: hours_at_grade. Hours for which the grade has been at least `at_least` without a break; 0 while it is lower."""

    ask: Literal["hours_at_grade"]
    subject: Text
    at_least: int


class DosesGiven(Strict):
    """ask: doses_given. How many doses of the agents were started in (t - within, t]; of the whole course without `within`.

    Unknown upwards where the stream is not charted for all of that time.
    """

    ask: Literal["doses_given"]
    exposure: Text
    agents: tuple[Text, ...]
    within_hours: float | None = None
    reasons: tuple[Text, ...] | None = None


class HoursSince(Strict):
    """ask: hours_since. Hours since the last dose of the agents was started; endless (never given) where charting says so.

    With `dose: first` they are counted from the first dose.
    """

    ask: Literal["hours_since"]
    exposure: Text
    agents: tuple[Text, ...]
    dose: Literal["first"] | None = None


class Improved(Strict):
    """ask: improved. Whether the grade is lower than when the last dose of the agents was started; no while none was given."""

    ask: Literal["improved"]
    subject: Text
    exposure: Text
    agents: tuple[Text, ...]


class HoursToOnset(Strict):
    """ask: hours_to_onset. Hours from the first infusion to the first grade of at least 1; later than now while there is none."""

    ask: Literal["hours_to_onset"]
    subject: Text


class FromTimeline(Strict):
    """ask: timeline. A value that an input method of the rule sets takes from the timeline.

    `also` are other inputs that say the same of a yes/no: yes where any says yes, no where one says no and none yes. With
    `or_told` the asker may say what the record leaves open; what contradicts the record opens the fact.
    """

    ask: Literal["timeline"]
    input: Input
    also: tuple[Input, ...] = ()
    or_told: bool = False

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The inputs, the first one first."""
        return (self.input, *self.also)

    @staticmethod
    def joined(values: Sequence[Value]) -> Value:
        """The value of several inputs that say the same."""
        if len(values) == 1:
            return values[0]
        if any(value is Truth.TRUE for value in values):
            return Truth.TRUE
        return Truth.FALSE if any(value is Truth.FALSE for value in values) else Truth.UNKNOWN


class FromFormula(Strict):
    """ask: formula. The result of a formula file."""

    ask: Literal["formula"]
    formula: Text


class FromScore(Strict):
    """ask: score. A point score before lymphodepletion: as of its first dose, or as of now while none was given.

    What the record leaves open may be told. After an infusion whose lymphodepletion nobody recorded the score is not known.
    """

    ask: Literal["score"]
    rule_set: Text
    before: Literal["lymphodepletion"]


class Recorded(Strict):
    """ask: recorded. Yes where a usable row was observed in (t - within, t]; otherwise unknown, for it may stand elsewhere."""

    ask: Literal["recorded"]
    observation: Text
    within_hours: float


class Told(Strict):
    """ask: told. What no table records and the asker has to say, such as pregnancy or who is at the bedside."""

    ask: Literal["told"]


class FromCode(Strict):
    """ask: computed. What a stage of the journey works out from the timeline by code that it names (time logic is code).

    With `or_told` the asker may say what the code leaves open.
    """

    ask: Literal["computed"]
    name: Text
    or_told: bool = False


Ask = Annotated[
    GradeOf
    | HoursAtGrade
    | DosesGiven
    | HoursSince
    | Improved
    | HoursToOnset
    | FromTimeline
    | FromFormula
    | FromScore
    | Recorded
    | Told
    | FromCode,
    Field(discriminator="ask"),
]


class Fact(Strict):
    """One thing that the table rests on: its type, its words, and where it comes from."""

    type: Literal["number", "category", "yes_no"]
    label: Wording
    unit: Text | None = None
    plausible: tuple[float, float] | None = None
    categories: tuple[Text, ...] = ()
    source: Ask

    @model_validator(mode="after")
    def _is_coherent(self) -> Fact:
        if (self.type == "category") != bool(self.categories):
            msg = "categories are listed for a category and for nothing else"
            raise ValueError(msg)
        inputs = self.source.inputs if isinstance(self.source, FromTimeline) else ()
        other = next((type_of(take) for take in inputs if type_of(take) != self.type), None)
        if other is not None:
            msg = f"the input yields a {other}"
            raise ValueError(msg)
        if len(inputs) > 1 and self.type != "yes_no":
            msg = "only of a yes/no can several inputs say the same"
            raise ValueError(msg)
        return self

    def value(self, given: Any) -> Value:
        """The possible values behind a word or number of a worked case or of an answer."""
        if isinstance(self.source, FromTimeline):
            return value_of(self.source.input, given)
        if self.type == "yes_no":
            return as_truth(given)
        return as_categories(frozenset(self.categories), given) if self.type == "category" else as_number(given)

    @property
    def may_be_told(self) -> bool:
        """Whether the asker may say it: where nothing is recorded, or where the record leaves it open."""
        return isinstance(self.source, Told | FromScore) or getattr(self.source, "or_told", False)

    @cached_property
    def unknown(self) -> Value:
        """The value while nothing is known."""
        return self.value(None)


class NamedCondition(Strict):
    """A condition that several rows mention, with words for people."""

    when: Condition
    label: Wording


class Row(Strict):
    """One row: its condition, its words, what follows (names that the kind of file explains) and its place in the source."""

    name: Text
    when: Condition
    text: Wording
    then: tuple[Text, ...] = ()
    source: Text | None = None
    note: Wording | None = None


class TableCase(Strict):
    """One example: the state (not named = typical, null = missing), rows that apply, and rows that may apply."""

    name: Text
    given: dict[str, Any]
    applies: tuple[Text, ...] = ()
    may_apply: tuple[Text, ...] = ()
    source: Text | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """What a table says about one row.

    Attributes:
        row: The row.
        truth: TRUE where it applies, UNKNOWN where it may.
        missing: Facts that are not fully known and on which the row rests, sorted; empty where it applies.
    """

    row: Row
    truth: Truth
    missing: tuple[str, ...]


class DecisionTable(Edition):
    """A table of rows over facts, with parameters put in."""

    RULE_PARTS: ClassVar[tuple[str, ...]] = ("conditions", "rows", "applies")

    kind: str
    facts: Annotated[dict[str, Fact], Field(min_length=1)]
    conditions: dict[str, NamedCondition] = Field(default_factory=dict)
    applies: Condition | None = None
    policy: Literal["every", "first"] = "every"
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    typical: dict[str, Any]
    worked_cases: Annotated[tuple[TableCase, ...], Field(min_length=1)]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Names of the conditions, each after those it mentions."""
        done: dict[str, None] = {}

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                msg = f"conditions mention each other in a circle: {' -> '.join((*path, name))}"
                raise ValueError(msg)
            if name in done or name not in self.conditions:
                return
            for other in sorted(predicates.names(self.conditions[name].when)):
                visit(other, (*path, name))
            done[name] = None

        for name in self.conditions:
            visit(name, ())
        return tuple(done)

    @cached_property
    def to_be_told(self) -> frozenset[str]:
        """Names of the facts that the asker may say."""
        return frozenset(name for name, fact in self.facts.items() if fact.may_be_told)

    @cached_property
    def all_conditions(self) -> tuple[Predicate, ...]:
        """Every condition of the file."""
        applies = () if self.applies is None else (self.applies,)
        return (*(c.when for c in self.conditions.values()), *applies, *(row.when for row in self.rows))

    def facts_of(self, predicate: Predicate) -> frozenset[str]:
        """Names of the facts a condition rests on, through named conditions."""
        found: set[str] = set()
        for name in predicates.names(predicates.folded(predicate)):
            found |= self.facts_of(self.conditions[name].when) if name in self.conditions else {name}
        return frozenset(found)

    @model_validator(mode="after")
    def _is_coherent(self) -> DecisionTable:
        known = {*self.facts, *self.conditions}
        used = {name for condition in self.all_conditions for name in predicates.names(condition)} | self._needed()
        problems = [f"{name!r} is neither a fact nor a condition" for name in sorted(used - known)]
        problems += [f"{name!r} is never used" for name in sorted(known - used)]
        problems += [
            f"{name!r} is both a fact and a condition" for name in sorted(set(self.facts) & set(self.conditions))
        ]
        timed = (predicates.Sustained, predicates.Syndrome)
        if any(isinstance(node, timed) for c in self.all_conditions for node in predicates.walk(c)):
            problems.append("words about time stand in rule sets; a table asks for hours instead")
        names = [row.name for row in self.rows]
        problems += [f"row {name!r} stands twice" for name in sorted({n for n in names if names.count(n) > 1})]
        for case in self.worked_cases:
            problems += [f"case {case.name!r} names fact {n!r}" for n in sorted(set(case.given) - set(self.facts))]
            rows = {*case.applies, *case.may_apply}
            problems += [f"case {case.name!r} names row {n!r}" for n in sorted(rows - set(names))]
        problems += [f"typical names {n!r}" for n in sorted(set(self.typical) - set(self.facts))]
        self.order  # noqa: B018  (raises on a circle)
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _needed(self) -> set[str]:
        """Facts that the kind of file uses outside its conditions, such as the weight of a dose."""
        return set()

    def _truths(self, state: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Truth]]:
        """Values of all facts, missing ones among them, and truths of all named conditions."""
        values: dict[str, Value] = {name: state.get(name, fact.unknown) for name, fact in self.facts.items()}
        truths: dict[str, Truth] = {}
        for name in self.order:
            truths[name] = truth_of(self.conditions[name].when, values, truths)
        return values, truths

    def is_meant(self, state: Mapping[str, Value]) -> Truth:
        """Whether the table is meant for the patient at all."""
        if self.applies is None:
            return Truth.TRUE
        values, truths = self._truths(state)
        return truth_of(self.applies, values, truths)

    def decide(self, state: Mapping[str, Value]) -> tuple[RowVerdict, ...]:
        """Rows that apply or may apply, in the order of the file; a fact that is not in `state` is missing."""
        values, truths = self._truths(state)
        meant = Truth.TRUE if self.applies is None else truth_of(self.applies, values, truths)
        if meant is Truth.FALSE:
            return ()
        found: list[RowVerdict] = []
        for row in self.rows:
            truth = truth_of(row.when, values, truths)
            truth = Truth.UNKNOWN if truth is Truth.TRUE and meant is Truth.UNKNOWN else truth
            if truth is Truth.FALSE:
                continue
            missing = self._missing(row, values) if truth is Truth.UNKNOWN else ()
            found.append(RowVerdict(row, truth, missing))
            if self.policy == "first" and truth is Truth.TRUE:
                break
        if self.policy == "first" and len(found) > 1:
            # An earlier row that may apply keeps the certain one behind it from being certain.
            found = [RowVerdict(v.row, Truth.UNKNOWN, v.missing) for v in found]
        return tuple(found)

    @cached_property
    def rests_on(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the facts that each row rests on, by row, sorted; those of `applies` among them."""
        always = frozenset() if self.applies is None else self.facts_of(self.applies)
        return {row.name: tuple(sorted(always | self.facts_of(row.when))) for row in self.rows}

    def _missing(self, row: Row, values: Mapping[str, Value]) -> tuple[str, ...]:
        return tuple(name for name in self.rests_on[row.name] if not is_known(values[name]))

    def state(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """Possible values behind the words and numbers of a worked case; what it does not name is typical."""
        words = {**self.typical, **given}
        return {name: fact.value(words.get(name)) for name, fact in self.facts.items()}

    def case_failure(self, case: TableCase) -> str | None:
        """How a worked case (of these parameters) comes out otherwise than it says; None when it holds."""
        verdicts = self.decide(self.state(case.given))
        applies = tuple(v.row.name for v in verdicts if v.truth is Truth.TRUE)
        may_apply = tuple(v.row.name for v in verdicts if v.truth is Truth.UNKNOWN)
        if sorted(applies) == sorted(case.applies) and sorted(may_apply) == sorted(case.may_apply):
            return None
        return f"expected {_rows(case.applies, case.may_apply)}, got {_rows(applies, may_apply)}"


def _rows(applies: tuple[str, ...], may_apply: tuple[str, ...]) -> str:
    return f"{', '.join(applies) or 'none'} (perhaps {', '.join(may_apply) or 'none'})"
