"""The verdict table of a batch, collected rule set by rule set and built once.

Place    Engine, vector. Written by `engine.vector.engine`.
In       Arrays of steps; sets of names as bits.
Out      The tables of `Steps`.
Knows    Few sets of names occur, many times each: a set is turned into a list once and then only numbered.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from vein2vein.engine.vector import logic
from vein2vein.engine.vector.batch import NEVER, Batch, Bools, Ints
from vein2vein.engine.vector.logic import Bits, Outcome, Prepared
from vein2vein.engine.verdict import VERDICTS
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.tables import Instant

_PLACES = tuple(range(logic.WORD))


class _Lists:
    """Distinct lists, numbered."""

    def __init__(self, dtype: type[pl.DataType]) -> None:
        self._dtype = dtype
        self._numbers: dict[tuple[object, ...], int] = {(): 0}
        self._columns: list[Ints] = []

    def add(self, bits: Bits, order: tuple[object, ...]) -> None:
        """Add a column of sets, given as words of bits, array (n_words, n)."""
        if not bits.any():
            self.add_empty(bits.shape[1])
            return
        unique, where = np.unique(bits[0] if len(bits) == 1 else bits.T, axis=0, return_inverse=True)
        rows = unique[:, None] if len(bits) == 1 else unique
        numbers = np.array([self._number(_members(row, order)) for row in rows], np.int64)
        self._columns.append(numbers[where.ravel()])

    def add_empty(self, n: int) -> None:
        """Add a column of empty sets."""
        self._columns.append(np.zeros(n, np.int64))

    def _number(self, members: tuple[object, ...]) -> int:
        return self._numbers.setdefault(members, len(self._numbers))

    def series(self) -> pl.Series:
        """All columns, one after the other, as lists."""
        distinct = pl.Series([list(members) for members in self._numbers], dtype=pl.List(self._dtype))
        return distinct.gather(np.concatenate([np.zeros(0, np.int64), *self._columns]))


def _members(row: npt.NDArray[np.uint64], order: tuple[object, ...]) -> tuple[object, ...]:
    words = [int(word) for word in row]
    return tuple(name for place, name in enumerate(order) if words[place // logic.WORD] >> (place % logic.WORD) & 1)


class Table:
    """Steps of a batch of courses under several rule sets."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._rule_sets: list[tuple[str, int]] = []
        self._columns: dict[str, list[npt.NDArray[np.int64]]] = {
            n: [] for n in ("course", "since", "until", "low", "high")
        }
        self._looks: list[Ints] = []
        self._lists = {"deciding": _Lists(pl.String), "missing": _Lists(pl.String), "flags": _Lists(pl.Int32)}

    def add(
        self,
        prepared: Prepared,
        *,
        course: Ints,
        times: tuple[Ints, Ints],
        outcome: Outcome,
        applies: Bools,
        flags: Bits,
    ) -> None:
        """Add the steps of one rule set."""
        since, until = times
        low = np.where(applies, outcome.low.astype(np.int64), NEVER)
        high = np.where(applies, outcome.high.astype(np.int64), NEVER)
        self._add(prepared.rule.id, course=course, since=since, until=until, low=low, high=high)
        self._lists["deciding"].add(outcome.deciding, prepared.criteria_names)
        self._lists["missing"].add(outcome.missing, prepared.missing_names)
        self._lists["flags"].add(flags, _PLACES if len(flags) == 1 else tuple(range(logic.WORD * len(flags))))

    def add_never(self, rule_set_id: str, course: Ints) -> None:
        """Add one row without times for each course for which the window of a rule set never opens."""
        nothing = np.full(len(course), NEVER, np.int64)
        self._add(rule_set_id, course=course, since=nothing, until=nothing, low=nothing, high=nothing)
        for lists in self._lists.values():
            lists.add_empty(len(course))

    def add_look(self, last: Ints) -> None:
        """Say how far each course was looked at under the next rule set: to its last look or the close of the window."""
        self._looks.append(last)

    def _add(self, rule_set_id: str, **columns: Ints) -> None:
        self._rule_sets.append((rule_set_id, len(columns["course"])))
        for name, values in columns.items():
            self._columns[name].append(values)

    def verdicts(self) -> pl.DataFrame:
        """All steps, in the schema of `engine.verdict.VERDICTS`."""
        columns = {name: np.concatenate([np.zeros(0, np.int64), *parts]) for name, parts in self._columns.items()}
        ids, lengths = [id for id, _ in self._rule_sets], [n for _, n in self._rule_sets]
        frame = pl.DataFrame(
            {
                "course_id": self._batch.ids.gather(columns["course"]),
                "rule_set_id": pl.Series(ids, dtype=pl.String).gather(np.repeat(np.arange(len(ids)), lengths)),
                "from_at": pl.Series(columns["since"]),
                "until_at": pl.Series(columns["until"]),
                "low": pl.Series(columns["low"]),
                "high": pl.Series(columns["high"]),
                **{name: lists.series() for name, lists in self._lists.items()},
            }
        )
        numbers = [n for n, dtype in frame.schema.items() if dtype == pl.Int64]
        return frame.with_columns(
            pl.when(pl.col(n) != NEVER).then(pl.col(n)).cast(VERDICTS[n]).alias(n) for n in numbers
        )

    def last_looks(self, rules: tuple[RuleSet, ...]) -> pl.DataFrame:
        """How far each course was looked at, for each rule set."""
        ids = pl.Series([rule.id for rule in rules], dtype=pl.String)
        n = self._batch.n
        return pl.DataFrame(
            {
                "course_id": self._batch.ids.gather(np.tile(np.arange(n), len(rules))),
                "rule_set_id": ids.gather(np.repeat(np.arange(len(rules)), n)),
                "last_look": pl.Series(np.concatenate([np.zeros(0, np.int64), *self._looks])),
            }
        ).with_columns(last_look=pl.when(pl.col("last_look") != NEVER).then(pl.col("last_look")).cast(Instant))
