"""The reasons behind every step of a course, as compact data for the page that shows them.

Place    Report. Walks the plain engine once for each course and rule set; read by the course page.
In       A timeline and bound rule sets.
Out      `Reasons`: for each rule set its steps with criteria, inputs and the rows behind them, ready for JSON.
Knows    A step is explained as it stood at its start. What holds from then on until the next step is the same verdict.
Missing  Every input is listed, also those without a row; `lacking` says in words what keeps a higher result open.
Checked  tests/unit/report/test_reasons.py: the same as `verdict_at` at every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from vein2vein.basis.clock import from_microseconds, to_microseconds
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.engine import CourseGrader, value_at
from vein2vein.engine.shown import show_value
from vein2vein.engine.verdict import InputUsed, Verdict
from vein2vein.errors import ReportError
from vein2vein.knowledge.evaluation import Evaluation, evaluate
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import Value, is_known
from vein2vein.record.timeline import Timeline
from vein2vein.report import rule_words
from vein2vein.report.figure import Ribbon, RibbonStep
from vein2vein.report.scales import short
from vein2vein.report.shown import CourseClock, Row, row_text
from vein2vein.report.value_words import value_words
from vein2vein.report.words import OTHERS, Words, in_, say

_LETTERS: Final = {Truth.TRUE: "T", Truth.FALSE: "F", Truth.UNKNOWN: "U"}


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One step with its verdict, and what it says of each input; `until` is None for the last step of an open end."""

    verdict: Verdict
    until: datetime | None
    said: tuple[Words, ...] = ()


StepRow = Mapping[str, Any]


def explained_steps(
    timeline: Timeline, rule: RuleSet, rows: Sequence[StepRow], *, as_of: datetime | None = None
) -> list[ExplainedStep]:
    """The steps of one course under a rule set, as graded, each with the reasons at its start.

    `verdict_at` walks the course anew for every instant. Here a rule set without a word about time is evaluated at the
    starts only, any other is walked through once.

    Args:
        timeline: The course.
        rule: The rule set, with the parameters it was graded with.
        rows: Rows of the verdict table for this course and rule set, in time order; `until_at` of the last row may hold the
            end of the follow-up. Rows with null bounds are passed over.
        as_of: Instant up to which anything is known; None for the whole record.

    Raises:
        ReportError: REPORT-003 when the record gives another answer than the table.
    """
    graded = [row for row in rows if row["low"] is not None and row["from_at"] is not None]
    if not graded:
        return []
    grader = CourseGrader(timeline, rule, as_of)
    starts = [to_microseconds(row["from_at"]) for row in graded]
    found = _walked(grader, frozenset(starts)) if rule.over_time else {at: _evaluated(grader, at) for at in starts}
    steps = []
    for row, at in zip(graded, starts, strict=True):
        evaluation = found.get(at)
        if evaluation is None or (evaluation.bounds.low, evaluation.bounds.high) != (row["low"], row["high"]):
            raise _differs(timeline, rule, row)
        ends_later = row["until_at"] is not None and row["until_at"] > row["from_at"]
        until = row["until_at"] if ends_later else None
        values = {name: value_at(grader.index, take, at) for name, take in rule.inputs.items()}
        said = tuple(_said(grader, name, at, found) for name, found in values.items())
        steps.append(ExplainedStep(_verdict(grader, at, evaluation, values), until, said))
    return steps


def _walked(grader: CourseGrader, starts: frozenset[int]) -> dict[int, Evaluation]:
    return {at: found for at, found in grader.evaluations() if at in starts}


def _evaluated(grader: CourseGrader, at: int) -> Evaluation:
    values = {name: value_at(grader.index, take, at)[0] for name, take in grader.rule.inputs.items()}
    return evaluate(grader.rule, values)


Read = tuple[Value, tuple[Row, ...]]


def _verdict(grader: CourseGrader, at: int, found: Evaluation, values: Mapping[str, Read]) -> Verdict:
    used = tuple(_input_used(grader, name, at, read) for name, read in values.items())
    rule = grader.rule
    return Verdict(
        rule.id,
        from_microseconds(at),
        found.bounds,
        None,
        found.deciding,
        found.missing,
        found.flags,
        found.criteria,
        used,
        rule.chosen,
    )


def _input_used(grader: CourseGrader, name: str, at: int, read: Read) -> InputUsed:
    take = grader.rule.inputs[name]
    value, rows = read
    assumption = "not recorded, taken as no" if _is_assumed(grader, take, at, rows) else None
    return InputUsed(name, show_value(value, take), is_known(value), rows, assumption)


def _said(grader: CourseGrader, name: str, at: int, read: Read) -> Words:
    """The value of an input in words: recorded, charted as absent, or assumed, and never one for the other."""
    take = grader.rule.inputs[name]
    value, rows = read
    if _is_assumed(grader, take, at, rows):
        return say("value.taken_as_no")
    is_exposure = getattr(take, "exposure", None) is not None
    return say("value.charted_none") if is_exposure and not rows and value is Truth.FALSE else value_words(value, take)


def _is_assumed(grader: CourseGrader, take: Any, at: int, rows: Sequence[Row]) -> bool:
    """Whether nothing is recorded and the rule set takes that as a no; charting without an entry is a record."""
    if rows:
        return False
    if getattr(take, "when_uncharted", "") == "no":
        without = take.model_copy(update={"when_uncharted": "unknown"})
        return not is_known(value_at(grader.index, without, at)[0])
    return getattr(take, "when_absent", "") == "no"


def _differs(timeline: Timeline, rule: RuleSet, row: StepRow) -> ReportError:
    return ReportError(
        "REPORT-003",
        saw=f"{rule.id} {row['low']} to {row['high']} from {row['from_at']} in course {timeline.course.course_id!r}, which "
        "does not follow from this record",
        expected="the record, rule set, parameters and as_of that were graded",
        fix="grade again, and pass the same cohort, rule sets and as_of to the report",
    )


@dataclass
class Reasons:
    """The explained steps of one course as data for a page; rows and texts stand once and are pointed to by number.

    Attributes:
        rows: What, says, when (numbers of texts), source row; one entry for each row that a verdict or a chart shows.
        texts: Texts that repeat, such as shown values; a list in the order of `LANGUAGES` where they differ.
        scales: For each rule set its steps.
    """

    clock: CourseClock
    rows: list[list[Any]] = field(default_factory=list)
    texts: list[str | list[str]] = field(default_factory=list)
    scales: list[dict[str, Any]] = field(default_factory=list)
    _row_places: dict[Row, int] = field(default_factory=dict)
    _text_places: dict[str, int] = field(default_factory=dict)

    def add(self, rule: RuleSet, place: int, steps: Sequence[ExplainedStep]) -> None:
        """Add the steps of one rule set, which stands at `place` in the list of rule sets of the page."""
        shown = [self._step(rule, step) for step in steps]
        self.scales.append({"r": place, "s": shown})

    def _step(self, rule: RuleSet, step: ExplainedStep) -> dict[str, Any]:
        verdict = step.verdict
        assert verdict.bounds is not None  # noqa: S101  (steps without bounds are left out above)
        low, high = verdict.bounds.low, verdict.bounds.high
        lacking = rule_words.lacking(rule, verdict.missing, {used.name: used.rows for used in verdict.inputs})
        open_ended = step.until is None
        return {
            "a": round(self.clock.hours(verdict.at), 3),
            "b": None if open_ended else round(self.clock.hours(step.until or verdict.at), 3),
            "f": self._when(verdict.at),
            "u": None if open_ended else self._when(step.until or verdict.at),
            "d": self._text(self.clock.date(verdict.at)),
            "l": low,
            "h": high,
            "t": self._text(rule_words.result_sentence(rule, low, high)),
            "k": [self._text(phrase) for phrase in lacking],
            "c": "".join(_LETTERS[verdict.criteria[name]] for name in rule.criteria),
            "x": [list(rule.criteria).index(name) for name in verdict.deciding if name in rule.criteria],
            "m": [list(rule.inputs).index(name) for name in verdict.missing if name in rule.inputs],
            "g": list(verdict.flags),
            "n": [self._input(used, said) for used, said in zip(verdict.inputs, step.said, strict=True)],
        }

    def _when(self, at: datetime) -> list[str]:
        """Relative day and local time; the page says them in the language that is chosen."""
        return [short(self.clock.day(at)), self.clock.time(at)]

    def _input(self, used: InputUsed, said: Words) -> list[Any]:
        # one flat list: text, known, then the rows; thousands of these stand in a page
        return [self._text(said), int(used.is_known), *(self._row(row) for row in used.rows)]

    def _row(self, row: Row) -> int:
        if row not in self._row_places:
            self._row_places[row] = len(self.rows)
            what, says, when = row_text(row, self.clock)
            self.rows.append([self._text(what), self._text(says), self._text(when), row.source or ""])
        return self._row_places[row]

    def places(self, rows: Iterable[Row]) -> list[int]:
        """Numbers of rows, which are added when they are new; as a table of a chart lists them."""
        return [self._row(row) for row in rows]

    def _text(self, content: str) -> int:
        if content not in self._text_places:
            self._text_places[content] = len(self.texts)
            others = [in_(content, language) for language in OTHERS]
            same = all(other == content for other in others)
            self.texts.append(str(content) if same else [str(content), *others])
        return self._text_places[content]

    def data(self) -> dict[str, Any]:
        """Everything as plain lists and mappings."""
        return {"rows": self.rows, "texts": self.texts, "scales": self.scales}


def ribbon_of(rule: RuleSet, steps: Sequence[ExplainedStep], clock: CourseClock) -> Ribbon:
    """The ribbon of one rule set."""
    drawn = []
    for step in steps:
        bounds = step.verdict.bounds
        if bounds is None:
            continue
        start = clock.hours(step.verdict.at)
        end = start if step.until is None else clock.hours(step.until)
        drawn.append(RibbonStep(start, max(end, start), bounds.low, bounds.high))
    title = rule_words.full_name(rule)
    highest = top_of(rule, [s.high for s in drawn])
    return Ribbon(rule.id, title, rule.result.lowest, highest, rule.result.kind, tuple(drawn))


def top_of(rule: RuleSet, highs: Sequence[int]) -> int:
    """Highest result that the axis of a ribbon holds: that of the rule set."""
    return max([rule.result.highest, *highs])
