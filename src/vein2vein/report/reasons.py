"""The reasons behind every step of a course, as compact data for the page that shows them.

Place    Report. Walks the plain engine once for each course and rule set; read by the course page.
In       A timeline and bound rule sets.
Out      `Reasons`: for each rule set its steps with criteria, inputs and the rows behind them, ready for JSON.
Knows    A step is explained as it stood at its start. What holds from then on until the next step is the same verdict.
Missing  Every input is listed, also those without a row; `lacking` says in words what keeps a higher result open.
Checked  tests/unit/report/test_reasons.py: the same as `verdict_at` at every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from vein2vein.basis.clock import from_microseconds
from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.engine import CourseGrader, value_at
from vein2vein.engine.shown import show_value
from vein2vein.engine.verdict import InputUsed, Verdict
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import is_known
from vein2vein.record.timeline import Timeline
from vein2vein.report import rule_words
from vein2vein.report.figure import Ribbon, RibbonStep
from vein2vein.report.shown import CourseClock, Row, row_text

_LETTERS: Final = {Truth.TRUE: "T", Truth.FALSE: "F", Truth.UNKNOWN: "U"}
_SHOWN_UNITS: Final = {" Cel": " °C", " mm[Hg]": " mmHg", " 10*9/L": " ×10⁹/L", " ug/": " microg/"}


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One step with its verdict; `until` is None for the last step when the end of the follow-up is not known."""

    verdict: Verdict
    until: datetime | None


def explained_steps(timeline: Timeline, rule: RuleSet, as_of: datetime | None = None) -> list[ExplainedStep]:
    """Every step of a course under a rule set, each with the verdict at its start.

    One walk through the course; `verdict_at` would walk it once for every step. Steps to which the rule set does not
    apply have a verdict without bounds.
    """
    grader = CourseGrader(timeline, rule, as_of)
    verdicts: list[Verdict] = []
    for verdict in _walk(grader):
        if not verdicts or _differs(verdicts[-1], verdict):
            verdicts.append(verdict)
    ends: list[datetime | None] = [v.at for v in verdicts[1:]]
    last = None if grader.last is None else from_microseconds(grader.last)
    if verdicts:
        closes = None if grader.closes is None else from_microseconds(grader.closes)
        ends.append(closes if closes is not None and last is not None and closes <= last else last)
    return [ExplainedStep(v, end) for v, end in zip(verdicts, ends, strict=True)]


def _walk(grader: CourseGrader) -> Iterator[Verdict]:
    rule = grader.rule
    before: Verdict | None = None
    for at, found in grader.evaluations():
        applies = found.applies is not Truth.FALSE
        shape = (found.bounds, found.deciding, found.missing, found.flags) if applies else (None, (), (), ())
        if before is not None and shape == (before.bounds, before.deciding, before.missing, before.flags):
            continue
        used = tuple(_input_used(grader, name, at) for name in rule.inputs) if applies else ()
        why_not = None if applies else "outside the population of the rule set"
        before = Verdict(
            rule.id, from_microseconds(at), shape[0], why_not, *shape[1:], found.criteria, used, rule.chosen
        )
        yield before


def _input_used(grader: CourseGrader, name: str, at: int) -> InputUsed:
    take = grader.rule.inputs[name]
    value, rows = value_at(grader.index, take, at)
    taken_as_no = getattr(take, "when_uncharted", "") == "no" or getattr(take, "when_absent", "") == "no"
    assumption = "not recorded, taken as no" if taken_as_no and not rows else None
    return InputUsed(name, show_value(value, take), is_known(value), rows, assumption)


def _differs(one: Verdict, other: Verdict) -> bool:
    return (one.bounds, one.deciding, one.missing, one.flags) != (
        other.bounds,
        other.deciding,
        other.missing,
        other.flags,
    )


@dataclass
class Reasons:
    """The explained steps of one course as data for a page; rows and texts stand once and are pointed to by number.

    Attributes:
        rows: What (number of a text), says, when, source row; one entry for each row that a verdict or a chart shows.
        texts: Texts that repeat, such as shown values.
        scales: For each rule set its steps.
    """

    clock: CourseClock
    rows: list[list[Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    scales: list[dict[str, Any]] = field(default_factory=list)
    _row_places: dict[Row, int] = field(default_factory=dict)
    _text_places: dict[str, int] = field(default_factory=dict)

    def add(self, rule: RuleSet, place: int, steps: Sequence[ExplainedStep]) -> None:
        """Add the steps of one rule set, which stands at `place` in the list of rule sets of the page."""
        shown = [self._step(rule, step) for step in steps if step.verdict.bounds is not None]
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
            "f": self.clock.text(verdict.at),
            "u": "" if open_ended else self.clock.text(step.until or verdict.at),
            "d": self._text(self.clock.date(verdict.at)),
            "l": low,
            "h": high,
            "t": self._text(rule_words.result_sentence(rule, low, high)),
            "k": [self._text(phrase) for phrase in lacking],
            "c": "".join(_LETTERS[verdict.criteria[name]] for name in rule.criteria),
            "x": [list(rule.criteria).index(name) for name in verdict.deciding if name in rule.criteria],
            "m": [list(rule.inputs).index(name) for name in verdict.missing if name in rule.inputs],
            "g": list(verdict.flags),
            "n": [self._input(used) for used in verdict.inputs],
        }

    def _input(self, used: InputUsed) -> list[Any]:
        shown = used.shown
        for ucum, printed in _SHOWN_UNITS.items():
            shown = shown.replace(ucum, printed)
        said = used.assumption or shown
        # one flat list: text, known, then the rows; thousands of these stand in a page
        return [self._text(said), int(used.is_known), *(self._row(row) for row in used.rows)]

    def _row(self, row: Row) -> int:
        if row not in self._row_places:
            self._row_places[row] = len(self.rows)
            what, says, when = row_text(row, self.clock)
            self.rows.append([self._text(what), says, when, row.source or ""])
        return self._row_places[row]

    def places(self, rows: Iterable[Row]) -> list[int]:
        """Numbers of rows, which are added when they are new; as a table of a chart lists them."""
        return [self._row(row) for row in rows]

    def _text(self, content: str) -> int:
        if content not in self._text_places:
            self._text_places[content] = len(self.texts)
            self.texts.append(content)
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
    title = f"{rule_words.short_name(rule)} · {rule_words.edition_name(rule)}"
    highest = top_of(rule, [s.high for s in drawn])
    return Ribbon(rule.id, title, rule.result.lowest, highest, rule.result.kind, tuple(drawn))


def top_of(rule: RuleSet, highs: Sequence[int]) -> int:
    """Highest result that the axis of a ribbon holds: that of the rule set."""
    return max([rule.result.highest, *highs])


def by_rule_set(
    timeline: Timeline, rules: Sequence[RuleSet], as_of: datetime | None
) -> Mapping[str, list[ExplainedStep]]:
    """The explained steps of one course under every rule set, by id."""
    return {rule.id: explained_steps(timeline, rule, as_of) for rule in rules}
