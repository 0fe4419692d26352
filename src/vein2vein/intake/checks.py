"""Find the faults that show only when a whole delivery is looked at, and close its books.

Place    Floor 3. The last step of every adapter.
In       `Tables`: frames in the schema of record.tables, each row with the file and row it came from (null when derived).
Out      `Checked`: the same tables without copies and impossible rows, what became of each row; `finish` makes a Delivery.
Knows    Identical rows are kept once. Of values recorded at different times for one kind and instant the last counts and the
         earlier ones are kept as not assessable. Contradicting values without that order are all kept as not assessable:
         none of them is believed. Observations before birth or after death are kept as not assessable; exposures and
         milestones there are refused, lesions too. Observations, exposures and lesions after the end of the follow-up are not
         needed; milestones there are kept, since outcomes are often known for longer. Overlapping exposures are all kept. Of an
         exclusive stream an interval without end ends where the next begins. Patients and courses sent twice keep what their
         rows agree on. Facts that a row says besides its own are added (`derived`).
Does not Repair values or times.
Checked  tests/unit/intake/test_checks.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from vein2vein.intake import charting
from vein2vein.intake.adults import as_an_adult_has
from vein2vein.intake.book import PLACE, REFUSED, FaultBook, Ledger, refusals
from vein2vein.intake.delivery import Delivery, Report
from vein2vein.intake.derived import with_derived
from vein2vein.intake.facts import (
    belonging,
    in_turn,
    note_infusion_outside_life,
    within_follow_up,
    within_life,
    without_contradictions,
    without_copies,
)
from vein2vein.intake.lesions import checked as checked_lesions
from vein2vein.intake.lost import without_lost
from vein2vein.intake.people import (
    assign_courses,
    lives,
    note_follow_up_after_death,
    one_each,
    people,
    with_infusions,
)
from vein2vein.intake.tableset import Tables, completed, with_rows
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort

_LONG: Final = ("observations", "exposures", "milestones")

__all__ = ["Checked", "Tables", "assign_courses", "check", "finish", "one_each", "with_rows"]


@dataclass(frozen=True)
class Checked:
    """A checked delivery: the cohort, and the fate of its rows (see `Ledger.settle`)."""

    cohort: Cohort
    kept: pl.DataFrame
    refused: pl.DataFrame


def finish(  # noqa: PLR0913  (one call closes the books; every part has a name)
    given: Tables,
    book: FaultBook,
    ledger: Ledger,
    *,
    refused: Iterable[pl.DataFrame] = (),
    merged: Iterable[pl.DataFrame] = (),
    charted: Iterable[str] = (),
    notes: tuple[str, ...] = (),
) -> Delivery:
    """Check the tables, settle every row, and make the delivery.

    Args:
        given: What the adapter made of the source rows.
        book: Faults found so far; those found here are added.
        ledger: Must already know how many rows each file has (`Ledger.read`).
        refused: Rows refused before (file, row, reason).
        merged: Rows (file, row) whose content went into another row and which count as used.
        charted: Streams that the centre records completely; see `charting.complete`.
        notes: Sentences for the report.
    """
    checked = check(given, book, charted=charted)
    used = [_fate_of(frame.select(list(PLACE))) for frame in merged]
    gone = [refusals(frame, pl.col("reason")) for frame in refused]
    ledger.settle(pl.concat([checked.kept, *used]), pl.concat([checked.refused, *gone]))
    return Delivery(checked.cohort, Report.of(book, ledger, notes=notes))


def check(given: Tables, book: FaultBook, *, charted: Iterable[str] = ()) -> Checked:
    """All checks over a whole delivery, or over a partition that holds every row of its courses."""
    refused: list[pl.DataFrame] = []
    patients, courses = people(given, book, refused)
    frames = {name: belonging(getattr(given, name), courses, name, book=book, refused=refused) for name in _LONG}
    frames = {name: without_copies(frame, name, book, refused) for name, frame in frames.items()}
    frames["observations"] = with_derived(without_contradictions(frames["observations"], book), book)
    courses = with_infusions(courses, frames["milestones"], book)
    life = lives(patients, courses, frames["milestones"])
    note_infusion_outside_life(courses, life, book)
    frames = {name: within_life(frame, life, name, book=book, refused=refused) for name, frame in frames.items()}
    frames["observations"] = as_an_adult_has(frames["observations"], life, book)
    frames["exposures"] = in_turn(frames["exposures"], book)
    note_follow_up_after_death(courses, life, book)
    for name in ("observations", "exposures"):
        frames[name] = within_follow_up(frames[name], courses, name, book=book, refused=refused)
    frames["lesions"] = checked_lesions(given.lesions, courses, life, book=book, refused=refused)
    usable = frames["observations"].filter(pl.col("usability") == "ok")
    complete = charting.complete(
        charted,
        observations=usable,
        exposures=frames["exposures"],
        reach=_reach(courses, frames["observations"], frames["milestones"]),
        source="mapping:charted",
    )
    kept = [_fate_of(frame) for frame in (patients, courses, *frames.values())]
    exposures = pl.concat([frames["exposures"], completed(complete, "exposures")])
    is_charted = pl.col("kind") == "charted"
    kept_charted = without_lost(exposures.filter(is_charted), book.lost(), courses)
    frames["exposures"] = pl.concat([exposures.filter(~is_charted), kept_charted])
    cohort = Cohort.of(
        patients=patients.select(list(tables.PATIENTS)),
        courses=courses.select(list(tables.COURSES)),
        **{name: frame.select(list(tables.ALL[name])) for name, frame in frames.items()},
    )
    return Checked(
        cohort,
        pl.concat(kept).drop_nulls("file"),
        pl.concat([pl.DataFrame(schema=REFUSED), *refused]).drop_nulls("file"),
    )


def _fate_of(frame: pl.DataFrame) -> pl.DataFrame:
    """What the ledger needs to know of rows that are kept (`KEPT`); the course only of those that are not assessable."""
    usability = pl.col("usability") if "usability" in frame.columns else pl.lit("ok")
    course = pl.col("course_id") if "usability" in frame.columns else pl.lit(None, dtype=pl.String)
    named = pl.when(usability != "ok").then(course)
    return frame.select(*PLACE, usability.alias("usability"), named.alias("course_id"))


def _reach(courses: pl.DataFrame, observations: pl.DataFrame, milestones: pl.DataFrame) -> pl.DataFrame:
    """course_id and until: the end of follow-up, else the last observation (usable or not) or milestone."""
    rows = [observations.select("course_id", pl.col("observed_at").alias("at")), milestones.select("course_id", "at")]
    last = pl.concat(rows).group_by("course_id").agg(pl.col("at").max().alias("_last"))
    until = pl.coalesce("followed_until", "_last").alias("until")
    return courses.join(last, on="course_id", how="left").select("course_id", until)
