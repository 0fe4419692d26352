"""Follow-up calendars: what is due when after the infusion, with its window, how often, until when, or without end.

Place    Floor 1. Read by `journey.followup`.
In       Files of kind `follow-up` (data/followup), one for each source.
Out      `FollowUp`: items with an offset from the infusion, a window in days, and what counts as done.
Knows    Day 0 is the local calendar day of the first infusion. Months and years are the calendar's: month 3 after 30 November
         is the last day of February. A window holds both its ends.
Missing  An item without a window of its source has none: it is due on its day and never "late" by a number that nobody gave.
Checked  tests/knowledge/test_every_document.py; tests/unit/journey/followup
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal

from dateutil.relativedelta import relativedelta
from pydantic import Field, model_validator

from vein2vein.knowledge.edition import Edition, Strict, Text, Wording

HORIZON_YEARS = 200
_SOME_DAY = date(2023, 1, 1)


class Offset(Strict):
    """A span of the calendar: days, or calendar months, or calendar years; exactly one of them."""

    days: int | None = None
    months: int | None = None
    years: int | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Offset:
        if sum(part is not None for part in (self.days, self.months, self.years)) != 1:
            msg = "an offset is in days, months or years: exactly one"
            raise ValueError(msg)
        return self

    def after(self, day: date) -> date:
        """The day that lies this offset after a day."""
        moved: date = day + (self.times(1) if self.days is None else timedelta(days=self.days))
        return moved

    def times(self, number: int) -> relativedelta:
        """The offset, several times."""
        return relativedelta(
            days=(self.days or 0) * number, months=(self.months or 0) * number, years=(self.years or 0) * number
        )


class Window(Strict):
    """Days before and after the due day within which it may be done; both ends count."""

    before: Annotated[int, Field(ge=0)]
    after: Annotated[int, Field(ge=0)]


class DoneBy(Strict):
    """What in the record shows that an item was done: an observation of one of the kinds, a milestone, or any scanned lesion."""

    observations: tuple[Text, ...] = ()
    milestones: tuple[Text, ...] = ()
    lesions: bool = False


class Item(Strict):
    """One thing that is due: first after `at`, then `every` so often up to and including `until`, or without end.

    Either `done_by` says which rows of the record prove that it was done, or `unproven` says why none can.
    """

    name: Text
    label: Wording
    kind: Literal[
        "visit", "laboratory", "response", "registry", "contact", "questionnaire", "watch", "vaccine", "end-of-rule"
    ]
    at: Offset
    every: Offset | None = None
    until: Offset | None = None
    window: Window | None = None
    done_by: DoneBy | None = None
    unproven: Wording | None = None
    only: tuple[Text, ...] = ()
    note: Wording | None = None
    source: Text | None = None
    status: Literal["secondary", "recalled", "uncertain"]

    @model_validator(mode="after")
    def _is_coherent(self) -> Item:
        if (self.done_by is None) == (self.unproven is None):
            msg = "done_by says which rows prove it, or unproven says why none can: exactly one"
            raise ValueError(msg)
        if self.until is not None and self.every is None:
            msg = "until without every"
            raise ValueError(msg)
        if self.until is not None and self.until.after(_SOME_DAY) not in self.days(
            _SOME_DAY, self.until.after(_SOME_DAY)
        ):
            msg = "until is no due day: the last repetition must fall on it"
            raise ValueError(msg)
        return self

    def days(self, infused_on: date, horizon: date) -> tuple[date, ...]:
        """Due days from the infusion up to a horizon, both inclusive."""
        first = self.at.after(infused_on)
        last = horizon if self.until is None else min(horizon, self.until.after(infused_on))
        if self.every is None:
            return (first,) if first <= horizon else ()
        begins = self.at.times(1)
        found: list[date] = []
        for number in range(HORIZON_YEARS * 366):
            # Counted from the infusion, so that the last days of short months do not pull the later ones forward.
            day: date = infused_on + (begins + self.every.times(number))
            if day > last:
                break
            found.append(day)
        return tuple(found)


class FollowUpCase(Strict):
    """One example: the infusion's day and, by item, all due days up to a horizon."""

    name: Text
    infused_on: date
    until: date
    due: dict[str, tuple[date, ...]]
    windows: dict[str, tuple[date, date]] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)


class FollowUp(Edition):
    """One calendar, with parameters put in."""

    RULE_PARTS: ClassVar = ("items",)

    kind: Literal["follow-up"]
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    worked_cases: Annotated[tuple[FollowUpCase, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_stand_once(self) -> FollowUp:
        names = [item.name for item in self.items]
        twice = sorted({name for name in names if names.count(name) > 1})
        strangers = sorted({name for case in self.worked_cases for name in (*case.due, *case.windows)} - set(names))
        if twice or strangers:
            msg = f"items that stand twice: {twice}; items that cases name and nobody defines: {strangers}"
            raise ValueError(msg)
        return self

    def case_failure(self, case: FollowUpCase) -> str | None:
        """How a worked case comes out otherwise than it says; None when it holds. Items that a case does not name are not due."""
        for item in self.items:
            got = item.days(case.infused_on, case.until)
            if got != case.due.get(item.name, ()):
                return f"{item.name}: expected {_shown(case.due.get(item.name, ()))}, got {_shown(got)}"
        for name, (opens, closes) in case.windows.items():
            item = next(item for item in self.items if item.name == name)
            day = item.at.after(case.infused_on)
            window = item.window or Window(before=0, after=0)
            if (day - timedelta(days=window.before), day + timedelta(days=window.after)) != (opens, closes):
                return f"{name}: expected the window {opens} to {closes}"
        return None


def _shown(days: tuple[date, ...]) -> str:
    return ", ".join(day.isoformat() for day in days) or "none"
