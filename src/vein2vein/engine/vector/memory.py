"""What was worked out before: answers by state, kept for the life of the process.

Place    Engine, vector. Read and filled by `engine.vector.engine`, from any thread.
In       Integers (codes of inputs, states of rule sets) and functions that work out what they mean.
Out      The same as these functions, worked out once for each integer.
Knows    What a rule set says at an instant rests on the truths of its leaves and of its criteria over time there, and on nothing
         else: so few different states occur, again and again, in every course.
Does not Know courses: nothing here says whose state it was. Keep more than `MOST_REMEMBERED` entries: then all is forgotten.
Checked  tests/unit/engine/test_memory.py
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Final

import numpy as np
import polars as pl

from vein2vein.engine.calendars import NEVER, Ints
from vein2vein.engine.vector.logic import Prepared
from vein2vein.engine.vector.rows import Leaf, LeafCoder, Values
from vein2vein.engine.verdict import VERDICTS
from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge.inputs import Input
from vein2vein.knowledge.schema import RuleSet

MOST_REMEMBERED: Final = 500_000
_CODE_BITS: Final = 40
_CODE: Final = (1 << _CODE_BITS) - 1
_RULE_SET_WEIGHS: Final = 100  # entries, in memory
_LARGEST: Final = np.iinfo(np.int64).max  # stands behind every table, so that a search never ends outside it
Answer = tuple[int | None, int | None, tuple[str, ...], tuple[str, ...], tuple[int, ...]]
NOTHING: Final[Answer] = (None, None, (), (), ())
_ANSWER: Final = {name: VERDICTS[name] for name in ("low", "high", "deciding", "missing", "flags")}


class _Count:
    """How many entries tables have together; about so many, as threads may add at once."""

    entries = 0


class Remembered:
    """A function of integers, worked out once for each; threads read the sorted table without waiting.

    Args:
        count: Where its entries count, if anywhere.
    """

    def __init__(self, count: _Count | None = None) -> None:
        self._lock = Lock()
        self._table = np.array([_LARGEST]), np.array([-1])
        self._count = count

    def __len__(self) -> int:
        return len(self._table[0]) - 1

    def of(self, keys: Ints, work_out: Callable[[Ints], Ints]) -> Ints:
        """The values of some keys; `work_out` is asked for those that never came before (sorted, each once)."""
        known, values = self._table
        place = known.searchsorted(keys)
        found = known[place] == keys
        if np.count_nonzero(found) < len(keys):  # quicker than to ask for all
            known, values = self._add(keys[~found], work_out)
            place = known.searchsorted(keys)
        return values[place]

    def _add(self, keys: Ints, work_out: Callable[[Ints], Ints]) -> tuple[Ints, Ints]:
        with self._lock:
            known, values = self._table
            new = np.unique(keys)
            new = new[known[known.searchsorted(new)] != new]  # another thread may have been here
            if len(new):
                known, values = np.concatenate([known, new]), np.concatenate([values, work_out(new)])
                order = known.argsort()
                self._table = known[order], values[order]
                if self._count is not None:
                    self._count.entries += len(new)
            return self._table


class Growth:
    """Says whether some numbering has grown: `mark` is another object then."""

    def __init__(self) -> None:
        self.mark = object()

    def notice(self) -> None:
        """Some numbering has grown."""
        self.mark = object()


class Numbering:
    """Different integers, numbered in the order in which they first came."""

    def __init__(self, growth: Growth) -> None:
        self._numbers = Remembered()
        self._growth = growth
        self.values = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self.values)

    def of(self, values: Ints) -> Ints:
        """The number of each; `values[number]` leads back."""
        return self._numbers.of(values, self.add)

    def add(self, new: Ints) -> Ints:
        """Number integers that never came before."""
        first = len(self.values)
        self.values = np.concatenate([self.values, new])
        self._growth.notice()
        return np.arange(first, first + len(new))


class Answers:
    """Different answers of rule sets, numbered; number 0 says nothing."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[Answer, int] = {NOTHING: 0}
        self._frame = _frame([NOTHING])
        self._bounds = np.full((2, 1), NEVER)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, answer: Answer) -> int:
        """The number of an answer."""
        with self._lock:
            return self._numbers.setdefault(answer, len(self._numbers))

    def frame(self) -> pl.DataFrame:
        """All answers as columns of the verdict table, in the order of their numbers."""
        self._catch_up()
        return self._frame

    def bounds(self) -> Ints:
        """Lower and upper bound of all answers, array (2, n); NEVER where there is none."""
        self._catch_up()
        return self._bounds

    def _catch_up(self) -> None:
        with self._lock:
            if len(self._numbers) == self._frame.height:
                return
            new = list(self._numbers)[self._frame.height :]
            bounds = [[NEVER if answer[side] is None else answer[side] for answer in new] for side in (0, 1)]
            self._bounds = np.hstack([self._bounds, np.array(bounds, np.int64)])
            self._frame = pl.concat([self._frame, _frame(new)], rechunk=True)


def _frame(answers: list[Answer]) -> pl.DataFrame:
    columns = zip(*answers, strict=True)
    return pl.DataFrame([pl.Series(n, list(c), dtype=t) for (n, t), c in zip(_ANSWER.items(), columns, strict=True)])


class Source:
    """One input, and the leaves of rule sets that rest on it: what a signal is made of.

    Attributes:
        take: The declaration of the input.
        key: Names inputs that mean the same.
        coder: Packs the truths of the leaves into one integer, a code; no two sources have one in common.
        numbers: Numbers of the codes that have occurred; 0 is that of the input where no row holds.
        is_begun: Whether number 0 was given; until then the input must be asked what it says without rows.
        rests_on: Kinds of which nothing may be recorded for the input to be at rest; None where it never is.
    """

    def __init__(self, take: Input, key: str, coder: LeafCoder, numbers: Numbering) -> None:
        self.take = take
        self.rests_on = _rests_on(take)
        self.key = key
        self.coder = coder
        self.numbers = numbers
        self.is_begun = False


def _rests_on(take: Input) -> frozenset[str] | None:
    match take:
        case (
            methods.Latest()
            | methods.Extreme()
            | methods.SteepestRise()
            | methods.MeasuredSpan()
            | methods.NthLowestDay()
            | methods.CountDays()
        ):
            return frozenset((take.observation,))
        case methods.BaselineValue():
            return frozenset((*take.items, take.observation))
        case methods.ItemSum():
            return frozenset((*take.items, take.total))
        case methods.Active() | methods.CountActive() | methods.Given() | methods.RateSum():
            return frozenset((take.exposure,))
        case methods.Death():
            return frozenset(("death",))
        case _:
            return None


class Memory:
    """Everything that is remembered of rule sets; one object, so that all of it is forgotten together."""

    def __init__(self) -> None:
        self.answers = Answers()
        self.growth = Growth()
        self._sources: dict[tuple[str, tuple[Leaf, ...]], Source] = {}
        self._marked: list[Source] = []  # by mark
        self._numbers = Remembered()
        self._lock = Lock()
        self._prepared: dict[tuple[Any, ...], tuple[tuple[RuleSet, ...], Any]] = {}
        self._count = _Count()

    def source(self, prepared: Prepared, name: str) -> Source:
        """The source of an input of a rule set; the same for all rule sets that ask the same of it."""
        key, leaves = prepared.input_keys[name], prepared.leaves[name]
        with self._lock:
            found = self._sources.get((key, leaves))
            if found is None:
                mark = len(self._marked) << _CODE_BITS
                numbers = Numbering(self.growth)
                found = Source(prepared.rule.inputs[name], key, LeafCoder(leaves, mark), numbers)
                self._sources[key, leaves] = found
                self._marked.append(found)
        return found

    def begin(self, source: Source, absent: Values) -> None:
        """Give number 0 of a source to what it says where no row holds."""
        if not source.is_begun:
            self.numbers_of(source.coder.codes(absent))
            source.is_begun = True

    def numbers_of(self, codes: Ints) -> Ints:
        """The numbers of marked codes, each among those of its source."""
        return self._numbers.of(codes, self._number)

    def _number(self, codes: Ints) -> Ints:
        of = codes >> _CODE_BITS  # sorted, as the codes are
        numbers = [self._marked[mark].numbers.add(codes[of == mark] & _CODE) for mark in np.unique(of).tolist()]
        return np.concatenate(numbers)

    def once(self, prepare: Callable[..., Any], *rules: RuleSet) -> Any:
        """What `prepare` makes of this memory and some rule sets, made once of the same objects; they are kept with it."""
        key = (prepare, *map(id, rules))
        found = self._prepared.get(key)
        if found is None:
            found = self._prepared[key] = rules, prepare(self, *rules)
        return found[1]

    def table(self) -> Remembered:
        """A new table, whose entries count."""
        return Remembered(self._count)

    def is_full(self) -> bool:
        """Whether so much is remembered that it is better to begin again."""
        entries = self._count.entries + len(self.answers)
        return entries + _RULE_SET_WEIGHS * len(self._prepared) > MOST_REMEMBERED


class _Current:
    memory = Memory()


def current() -> Memory:
    """The memory of this process, or a new one when that is full; a batch keeps to the one that it began with."""
    if _Current.memory.is_full():
        forget()
    return _Current.memory


def forget() -> None:
    """Begin again; tests that plant a fault need it."""
    _Current.memory = Memory()
