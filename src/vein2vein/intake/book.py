"""Keep the books of a delivery: every fault grouped, every row accounted for.

Place    Floor 3. Filled by the adapters and the shared steps of intake; read by `delivery`.
In       Faults with the rows they concern; what became of each row.
Out      `FaultBook.faults()`, `Ledger.account()`, `Ledger.refused()`, `Ledger.spared()`.
Knows    A million rows of one unknown code are one fault with a count. `row` counts data rows of a file from 1, without
         the header; for a format without rows it counts records. Every row has one of four fates, the same for every form
         of delivery: used, not needed (`NOT_NEEDED` names the reasons), kept as not assessable, refused.
Does not Decide what is a fault.
Checked  tests/unit/intake/test_book.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.lost import LOST

PLACE: Final = {"file": pl.String, "row": pl.Int64}
REFUSED: Final = {**PLACE, "reason": pl.String, "course_id": pl.String}
KEPT: Final = {**PLACE, "usability": pl.String, "course_id": pl.String}
PER_COURSE: Final = {"course_id": pl.String, "fate": pl.String, "reason": pl.String, "rows": pl.Int64}
ACCOUNT: Final = {
    "file": pl.String,
    "rows": pl.Int64,
    "used": pl.Int64,
    "not_needed": pl.Int64,
    "not_assessable": pl.Int64,
    "refused": pl.Int64,
}
FATES: Final = tuple(name for name in ACCOUNT if name not in {"file", "rows"})
NOT_NEEDED: Final = frozenset(
    {
        "INTAKE-040",  # the mapping file sets the code to ignore
        "INTAKE-050",  # outside the time of every course of the patient
        "INTAKE-051",  # of a person without a course
        "INTAKE-052",  # of a concept that is not looked for
        "INTAKE-056",  # after the end of the follow-up
        "INTAKE-305",  # a resource type that grading does not read
        "INTAKE-309",  # withdrawn by the sender
        "INTAKE-310",  # not done, or without a result
        "INTAKE-314",  # an order
        "INTAKE-315",  # a panel whose values are resources of their own
        "INTAKE-316",  # of a patient without an infusion
        "INTAKE-324",  # a grade that somebody stated
        "INTAKE-326",  # a resource that only serves others
        "INTAKE-327",  # not about the patient
        "INTAKE-329",  # an encounter outside the hospital
    }
)
"""Reasons for which a row is not needed: nothing is wrong with it, and no rule set reads it."""
# The best fate of its facts is the fate of a row.
USED, NOT_ASSESSABLE, REFUSAL, SPARED = 3, 2, 1, 0
_NO_ROWS: Final = (0, 0, 0, 0)


@dataclass
class FaultBook:
    """Faults of a delivery, grouped by what is wrong.

    Attributes:
        rows_shown: How many places of one fault are named.
        groups_shown: How many faults of one id are told apart; the rest of them is told as one.
    """

    rows_shown: int = 5
    groups_shown: int = 40
    _entries: dict[tuple[str, str], Fault] = field(default_factory=dict, repr=False)
    _per_id: dict[str, int] = field(default_factory=dict, repr=False)
    _lost: list[pl.DataFrame] = field(default_factory=list, repr=False)

    def lose(self, exposures: pl.DataFrame) -> None:
        """Remember refused exposures: while one may have run its stream cannot count as charted.

        Args:
            exposures: Columns of `lost.LOST`; a column that is absent or empty counts as anything.
        """
        if exposures.height:
            self._lost.append(
                exposures.select(
                    (pl.col(name) if name in exposures.columns else pl.lit(None)).cast(dtype).alias(name)
                    for name, dtype in LOST.items()
                ).unique(maintain_order=True)
            )

    def lose_all(self, kind: str | None = None) -> None:
        """Remember that exposures of unknown persons and times were refused: nothing of the stream, or of any, is charted."""
        self.lose(pl.DataFrame({"kind": [kind]}, schema={"kind": pl.String}))

    def lost(self) -> pl.DataFrame:
        """The refused exposures."""
        return pl.concat([pl.DataFrame(schema=dict(LOST)), *self._lost])

    def note(self, fault: Fault, *, what: str = "") -> None:
        """Enter a fault; faults of one id and one `what` are counted together."""
        key = (fault.id, what)
        if key not in self._entries:
            if self._per_id.get(fault.id, 0) >= self.groups_shown:
                key = (fault.id, _OTHERS)
                fault = replace(fault, saw="further faults of this id, each about something else")
            self._per_id[fault.id] = self._per_id.get(fault.id, 0) + 1
        self._entries[key] = self._merged(self._entries.get(key), fault)

    def note_rows(self, frame: pl.DataFrame, by: Iterable[str], describe: Callable[[Mapping[str, Any]], Fault]) -> None:
        """Enter one fault for each distinct combination of `by` in a frame that has columns file and row.

        Args:
            frame: The rows concerned; may be empty.
            by: Columns that tell one fault from another.
            describe: Makes the fault from one group's values (and the first row's other columns); rows and count are
                filled in here.
        """
        keys = list(by)
        if frame.is_empty():
            return
        spot = pl.format("{}:{}", pl.col("file"), pl.col("row"))
        rest = [pl.col(name).first() for name in frame.columns if name not in {*keys, "file", "row"}]
        grouped = (
            frame.group_by(keys, maintain_order=True)
            if keys
            else frame.with_columns(pl.lit("").alias("_all")).group_by("_all", maintain_order=True)
        )
        groups = grouped.agg(spot.drop_nulls().head(self.rows_shown).alias("_rows"), pl.len().alias("_count"), *rest)
        for group in groups.sort("_count", descending=True, maintain_order=True).iter_rows(named=True):
            fault = replace(describe(group), rows=tuple(group["_rows"]), count=group["_count"])
            # Without keys, faults are told apart by what was seen, the example at its end left out.
            what = "|".join(str(group[key]) for key in keys) if keys else fault.saw.split(", first ")[0]
            self.note(fault, what=what)

    def faults(self) -> tuple[Fault, ...]:
        """All faults, by id and then by how often they were seen."""
        others = {key: key[1] == _OTHERS for key in self._entries}
        order = sorted(self._entries, key=lambda key: (key[0], others[key], -self._entries[key].count, key[1]))
        return tuple(self._entries[key] for key in order)

    def __len__(self) -> int:
        return len(self._entries)

    def _merged(self, known: Fault | None, new: Fault) -> Fault:
        if known is None:
            return replace(new, rows=new.rows[: self.rows_shown])
        return replace(known, rows=(*known.rows, *new.rows)[: self.rows_shown], count=known.count + new.count)


_OTHERS = "\x00others"


def refusals(frame: pl.DataFrame, reason: str | pl.Expr) -> pl.DataFrame:
    """Rows (file, row, perhaps course_id) as refused rows (`REFUSED`) with an error id as the reason."""
    why = pl.lit(reason) if isinstance(reason, str) else reason
    course = pl.col("course_id") if "course_id" in frame.columns else pl.lit(None, dtype=pl.String)
    return frame.select(
        pl.col("file").cast(pl.String),
        pl.col("row").cast(pl.Int64),
        why.cast(pl.String).alias("reason"),
        course.cast(pl.String).alias("course_id"),
    )


@dataclass
class Ledger:
    """What became of every row of every file.

    A source row may give several facts (a blood pressure panel): it is used when one of them is, otherwise kept as not
    assessable when one of them is, otherwise refused when one of them is, otherwise not needed.

    Attributes:
        spill: Folder into which the refused rows are written as Parquet, for deliveries larger than memory, and those that
            are not needed; `refused` and `spared` then give none. None keeps them in memory.
    """

    spill: Path | None = None
    _reasons: dict[str, int] = field(default_factory=dict, repr=False)
    _per_course: dict[tuple[str | None, int, str | None], int] = field(default_factory=dict, repr=False)
    _rows: dict[str, int] = field(default_factory=dict, repr=False)
    _counts: dict[str, list[int]] = field(default_factory=dict, repr=False)
    _gone: list[pl.DataFrame] = field(default_factory=list, repr=False)
    _parts: int = 0

    def read(self, file: str, rows: int) -> None:
        """Say that `rows` further rows of a file were read or counted."""
        self._rows[file] = self._rows.get(file, 0) + rows
        self._counts.setdefault(file, list(_NO_ROWS))

    def count(self, file: str, reason: str, rows: int) -> None:
        """Enter rows of one fate that were only counted where they lie, never looked at one by one.

        Args:
            file: The file, which `read` must know.
            reason: An error id; one of `NOT_NEEDED` spares the rows, any other refuses them.
            rows: How many.
        """
        if rows:
            self._counts.setdefault(file, list(_NO_ROWS))[SPARED if reason in NOT_NEEDED else REFUSAL] += rows
            self._reasons[reason] = self._reasons.get(reason, 0) + rows
            if reason not in NOT_NEEDED:
                key = (None, REFUSAL, reason)
                self._per_course[key] = self._per_course.get(key, 0) + rows

    def settle(self, kept: pl.DataFrame, refused: pl.DataFrame) -> None:
        """Enter the fate of a set of source rows; every source row must be settled exactly once.

        Args:
            kept: Columns file, row, usability ("ok" or "not-assessable"), perhaps course_id; a source row may occur often.
            refused: Columns file, row, reason (an error id), perhaps course_id; rows that also occur in `kept` are not
                refused. Rows whose reason is one of `NOT_NEEDED` are not needed.
        """
        fine = pl.col("usability") == "ok"
        spared = pl.col("reason").is_in(sorted(NOT_NEEDED))
        fates = pl.concat(
            [
                _fates(kept, pl.when(fine).then(USED).otherwise(NOT_ASSESSABLE), pl.lit(None), ~fine),
                _fates(refused, pl.when(spared).then(SPARED).otherwise(REFUSAL), pl.col("reason"), pl.lit(value=True)),
            ]
        )
        best = pl.col("fate") == pl.col("fate").max()
        one_each = fates.group_by("file", "row").agg(
            pl.col("fate").max(), pl.col("reason").filter(best).drop_nulls().first(), pl.col("course_id").max()
        )
        for file, fate, count in one_each.group_by("file", "fate").len().iter_rows():
            self._counts.setdefault(file, list(_NO_ROWS))[fate] += count
        self._count_courses(one_each.filter(pl.col("fate").is_in([REFUSAL, NOT_ASSESSABLE])))
        gone = one_each.filter(pl.col("fate") <= REFUSAL).select(list(REFUSED)).sort("file", "row")
        for reason, count in gone.group_by("reason").len().iter_rows():
            self._reasons[reason] = self._reasons.get(reason, 0) + count
        if gone.height and self.spill is None:
            self._gone.append(gone)
        elif gone.height and self.spill is not None:
            gone.write_parquet(self.spill / f"refused-{self._parts:06d}.parquet")
            self._parts += 1

    def _count_courses(self, settled: pl.DataFrame) -> None:
        for course, fate, reason, count in settled.group_by("course_id", "fate", "reason").len().iter_rows():
            key = (course, fate, reason)
            self._per_course[key] = self._per_course.get(key, 0) + count

    def by_course(self) -> pl.DataFrame:
        """How many rows of each course were refused or kept as not assessable: see `Report.by_course`."""
        names = {REFUSAL: "refused", NOT_ASSESSABLE: "not_assessable"}
        rows = [(course, names[fate], reason, count) for (course, fate, reason), count in self._per_course.items()]
        return pl.DataFrame(rows, schema=PER_COURSE, orient="row").sort("course_id", "fate", "reason", nulls_last=True)

    def account(self) -> pl.DataFrame:
        """Rows, used, not_needed, not_assessable and refused for each file; the four always add up to the rows.

        Raises:
            AssertionError: A row was settled twice or never: a mistake of an adapter, never of a delivery.
        """
        for file, counts in self._counts.items():
            if sum(counts) != self._rows.get(file, 0):
                msg = f"{file}: {counts} do not add up to {self._rows.get(file, 0)} rows"
                raise AssertionError(msg)
        lines = [(file, rows, self._counts[file]) for file, rows in sorted(self._rows.items())]
        return pl.DataFrame(
            [(file, rows, n[USED], n[SPARED], n[NOT_ASSESSABLE], n[REFUSAL]) for file, rows, n in lines],
            schema=ACCOUNT,
            orient="row",
        )

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Error id and number of refused rows, the commonest first."""
        return tuple(pair for pair in self._by_number() if pair[0] not in NOT_NEEDED)

    def spared_reasons(self) -> tuple[tuple[str, int], ...]:
        """Error id and number of rows that are not needed, the commonest first."""
        return tuple(pair for pair in self._by_number() if pair[0] in NOT_NEEDED)

    def refused(self) -> pl.DataFrame:
        """File, row, reason (an error id) and course (where stated) of every refused row looked at and not spilled."""
        return self._all_gone().filter(~pl.col("reason").is_in(sorted(NOT_NEEDED)))

    def spared(self) -> pl.DataFrame:
        """File, row and reason (an error id) of every row that is not needed and was looked at and not spilled."""
        return self._all_gone().filter(pl.col("reason").is_in(sorted(NOT_NEEDED)))

    def _by_number(self) -> list[tuple[str, int]]:
        return sorted(self._reasons.items(), key=lambda pair: (-pair[1], pair[0]))

    def _all_gone(self) -> pl.DataFrame:
        return pl.concat(self._gone) if self._gone else pl.DataFrame(schema=REFUSED)


def _fates(frame: pl.DataFrame, fate: pl.Expr, reason: pl.Expr, names_course: pl.Expr) -> pl.DataFrame:
    """Rows with fate and reason; the course only where it is counted."""
    course = pl.col("course_id") if "course_id" in frame.columns else pl.lit(None)
    return frame.select(
        pl.col("file").cast(pl.String),
        pl.col("row").cast(pl.Int64),
        fate.cast(pl.Int32).alias("fate"),
        reason.cast(pl.String).alias("reason"),
        pl.when(names_course).then(course.cast(pl.String)).alias("course_id"),
    )
