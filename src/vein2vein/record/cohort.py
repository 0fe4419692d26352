"""Many timelines as columns.

Place    Floor 2. Written by intake and population; read by the engines and the programme.
In       The five cohort tables, and that of lesions.
Out      `Cohort` (checked frames) and single `Timeline`s.
Missing  See `record.tables`.
Does not Repair: a row that points nowhere is an error here, because intake has already accounted for every row.
Checked  tests/unit/record/test_cohort.py
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from vein2vein.basis.clock import check_aware
from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.errors import RecordError
from vein2vein.record import tables
from vein2vein.record.timeline import Course, Exposure, Milestone, Observation, Patient, ScannedLesion, Timeline

_ORDER = {
    "patients": ("patient_id",),
    "courses": ("course_id",),
    "observations": ("course_id", "observed_at"),
    "exposures": ("course_id", "started_at"),
    "milestones": ("course_id", "at"),
    "lesions": ("course_id", "observed_at"),
}
_NOT_GRADED: Final = ("recorded_at", "as_sent", "source")
_ROWS_AT_ONCE: Final = 2_000_000
_FEW: Final = 1_000


@dataclass(frozen=True)
class Cohort:
    """The tables of a cohort, checked, each in stable time order; that of lesions is empty where no imaging was delivered.

    Build it with `Cohort.of`, which checks schema, identifiers and intervals.
    """

    patients: pl.DataFrame
    courses: pl.DataFrame
    observations: pl.DataFrame
    exposures: pl.DataFrame
    milestones: pl.DataFrame
    lesions: pl.DataFrame = field(default_factory=lambda: tables.empty("lesions"))

    @classmethod
    def of(
        cls,
        *,
        patients: pl.DataFrame,
        courses: pl.DataFrame,
        observations: pl.DataFrame | None = None,
        exposures: pl.DataFrame | None = None,
        milestones: pl.DataFrame | None = None,
        lesions: pl.DataFrame | None = None,
    ) -> Cohort:
        """Check and order the frames; tables left out are empty.

        Rows at the same instant keep their order, so that a later row corrects an earlier one.

        Raises:
            RecordError: RECORD-001 schema, RECORD-002 rows that point nowhere, RECORD-005 negative intervals,
                RECORD-006 identifiers used twice.
        """
        given = {
            "patients": patients,
            "courses": courses,
            "observations": observations,
            "exposures": exposures,
            "milestones": milestones,
            "lesions": lesions,
        }
        frames = {
            name: _in_order(tables.conform(tables.empty(name) if frame is None else frame, name), name)
            for name, frame in given.items()
        }
        frames["courses"] = frames["courses"].with_columns(pl.col("zone").fill_null("UTC"))
        for name in ("observations", "lesions"):
            frames[name] = frames[name].with_columns(pl.col("usability").fill_null("ok"))
        cohort = cls(**frames)
        cohort._check()
        return cohort

    def _check(self) -> None:
        for name, key in (("patients", "patient_id"), ("courses", "course_id")):
            frame: pl.DataFrame = getattr(self, name)
            twice = frame.filter(pl.col(key).is_duplicated() | pl.col(key).is_null())
            if twice.height:
                raise RecordError(
                    "RECORD-006",
                    saw=f"{twice.height} rows of {name} share or lack a {key}, first {twice[key][0]!r}",
                    expected=f"one row per {key}",
                    fix="remove duplicates or give each its own identifier",
                )
        _check_points_somewhere(self.courses, self.patients, "patient_id", "courses")
        for name in ("observations", "exposures", "milestones", "lesions"):
            _check_points_somewhere(getattr(self, name), self.courses, "course_id", name)
        negative = self.exposures.filter(pl.col("ended_at") < pl.col("started_at"))
        if negative.height:
            raise RecordError(
                "RECORD-005",
                saw=f"{negative.height} exposures end before they start, first of course {negative['course_id'][0]!r}",
                expected="ended_at not before started_at, or empty",
                fix="correct the times, or leave the end empty when it is not known",
            )

    @property
    def course_ids(self) -> tuple[CourseId, ...]:
        """Identifiers of all courses, in order."""
        return tuple(CourseId(i) for i in self.courses["course_id"])

    def __len__(self) -> int:
        return self.courses.height

    def select(self, course_ids: list[CourseId] | tuple[CourseId, ...]) -> Cohort:
        """The cohort of these courses only, and of their patients.

        Raises:
            RecordError: RECORD-003 when a course is unknown.
        """
        wanted = pl.Series("course_id", list(course_ids), dtype=pl.String)
        unknown = wanted.filter(~wanted.is_in(self.courses["course_id"].implode()))
        if len(unknown):
            raise RecordError(
                "RECORD-003",
                saw=f"course {unknown[0]!r}" + (f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""),
                expected=f"one of the {len(self)} courses of the cohort{self._nearest(unknown[0])}",
                fix="name a course as it was delivered; `cohort.course_ids` lists them, as does the report",
            )
        here = pl.col("course_id").is_in(wanted.implode())
        courses = self.courses.filter(here)
        return Cohort(
            patients=self.patients.filter(pl.col("patient_id").is_in(courses["patient_id"].implode())),
            courses=courses,
            observations=self.observations.filter(here),
            exposures=self.exposures.filter(here),
            milestones=self.milestones.filter(here),
            lesions=self.lesions.filter(here),
        )

    def _nearest(self, course_id: str) -> str:
        """The courses whose names are most like one, as words for a message; empty when none is."""
        known: list[str] = list(self.course_ids)
        near = difflib.get_close_matches(course_id, known, n=3, cutoff=0.5)
        near = near or [name for name in known if course_id and course_id in name][:3]
        return f", such as {', '.join(near)}" if near else ""

    def entered_by(self, at: datetime) -> Cohort:
        """The cohort without the observations, exposures and lesions that were entered after an instant.

        A row without a time of entry stays; milestones have none. With `grade_cohort(cohort.entered_by(at), rule_set, as_of=at)`
        a course is graded as it was known at the bedside at `at`.

        Args:
            at: Aware instant, inclusive.

        Raises:
            RecordError: RECORD-004 when `at` has no time zone.
        """
        until = check_aware(at).astimezone(UTC)
        kept = pl.col("recorded_at").is_null() | (pl.col("recorded_at") <= until)
        frames = {name: getattr(self, name).filter(kept) for name in ("observations", "exposures", "lesions")}
        return replace(self, **frames)

    def part(self, start: int, stop: int) -> Cohort:
        """The courses at positions [start, stop) of `course_ids`: slices of the sorted tables, nothing is copied."""
        courses = self.courses.slice(start, stop - start)
        if courses.height == self.courses.height:
            return self
        following = self.courses["course_id"][stop] if stop < self.courses.height else None
        first = courses["course_id"][0] if courses.height else following

        def cut(frame: pl.DataFrame) -> pl.DataFrame:
            ids = frame["course_id"].set_sorted()
            low = frame.height if first is None else int(ids.search_sorted(first, side="left"))
            high = frame.height if following is None else int(ids.search_sorted(following, side="left"))
            return frame.slice(low, high - low)

        return Cohort(
            patients=self.patients.filter(pl.col("patient_id").is_in(courses["patient_id"].implode())),
            courses=courses,
            observations=cut(self.observations),
            exposures=cut(self.exposures),
            milestones=cut(self.milestones),
            lesions=cut(self.lesions),
        )

    def timeline(self, course_id: str) -> Timeline:
        """One course in time order.

        Raises:
            RecordError: RECORD-003 when the cohort holds no such course.
        """
        one = self.select([CourseId(course_id)]) if len(self) != 1 or self.course_ids != (course_id,) else self
        row = one.courses.row(0, named=True)
        patient = one.patients.row(0, named=True)
        course = Course(
            course_id=CourseId(row["course_id"]),
            patient=Patient(PatientId(patient["patient_id"]), patient["born_on"], patient["sex"]),
            product=row["product"],
            indication=row["indication"],
            centre_id=row["centre_id"],
            zone=row["zone"],
            infused_at=row["infused_at"],
            followed_until=row["followed_until"],
        )
        return Timeline(
            course,
            tuple(Observation(**_without_course(r)) for r in one.observations.iter_rows(named=True)),
            tuple(Exposure(**_without_course(r)) for r in one.exposures.iter_rows(named=True)),
            tuple(Milestone(**_without_course(r)) for r in one.milestones.iter_rows(named=True)),
            tuple(ScannedLesion(**_without_course(r)) for r in one.lesions.iter_rows(named=True)),
        )

    def timelines(self) -> Iterator[Timeline]:
        """All courses, one after the other, in the order of `course_ids`."""
        for course_id in self.course_ids:
            yield self.timeline(course_id)

    @classmethod
    def of_timelines(cls, timelines: list[Timeline] | tuple[Timeline, ...]) -> Cohort:
        """The cohort tables of given timelines (one patient is a cohort of one)."""
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in tables.ALL}
        seen: set[str] = set()
        for timeline in timelines:
            course = timeline.course
            if course.patient.patient_id not in seen:
                seen.add(course.patient.patient_id)
                rows["patients"].append(_fields(course.patient))
            rows["courses"].append(
                {k: v for k, v in _fields(course).items() if k != "patient"} | {"patient_id": course.patient.patient_id}
            )
            for table in ("observations", "exposures", "milestones", "lesions"):
                rows[table].extend({"course_id": course.course_id} | _fields(r) for r in getattr(timeline, table))
        frames = {
            name: pl.DataFrame(rows[name], schema=dict(schema), infer_schema_length=None)
            for name, schema in tables.ALL.items()
        }
        return cls.of(**frames)

    def write(self, folder: Path) -> None:
        """Write the tables as Parquet files into `folder`, which is made when needed; lesions only where there are any."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in tables.SCHEMAS:
            getattr(self, name).write_parquet(folder / f"{name}.parquet")
        place = folder / "lesions.parquet"
        if self.lesions.height:
            self.lesions.write_parquet(place)
        else:
            place.unlink(missing_ok=True)  # of a cohort that stood here before

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        kinds: Collection[str] | None = None,
        courses: tuple[str | None, str | None] = (None, None),
    ) -> Cohort:
        """Read the tables written by `write`.

        Args:
            folder: Where they are.
            kinds: Only observations of these kinds are read, and only the columns that grading needs; None reads everything.
                Lesions are not read then.
                The first and the last row of each course are read whatever their kind, because the time that a course was
                looked at rests on them.
            courses: First course to read, and first course not to read any more, by identifier; None leaves a side open.
                Only the row groups that hold these courses are read.

        Raises:
            RecordError: As `Cohort.of`.
        """
        scans = {name: _between(pl.scan_parquet(folder / f"{name}.parquet"), courses) for name in tables.SCHEMAS}
        frames = {name: scans[name].collect() for name in ("courses", "exposures", "milestones")}
        patients = scans["patients"]
        if courses != (None, None):
            patients = patients.filter(pl.col("patient_id").is_in(frames["courses"]["patient_id"].implode()))
        frames["patients"] = patients.collect()
        frames["observations"] = _observations(scans["observations"], kinds)
        lesions = folder / "lesions.parquet"
        if kinds is None and lesions.exists():
            frames["lesions"] = _between(pl.scan_parquet(lesions), courses).collect()
        return cls.of(**frames)

    def of_kinds(self, kinds: Collection[str]) -> Cohort:
        """The cohort with what grading needs of these kinds of observations; see `read`."""
        return replace(self, observations=_of_kinds(self.observations, kinds), lesions=tables.empty("lesions"))

    def __reduce__(self) -> tuple[Callable[[dict[str, bytes]], Cohort], tuple[dict[str, bytes]]]:
        names = [name for name in tables.ALL if name in tables.SCHEMAS or getattr(self, name).height]
        return _unpacked, ({name: _packed(getattr(self, name)) for name in names},)

    @cached_property
    def first_and_last(self) -> tuple[datetime, datetime] | None:
        """First and last instant of any row; None for a cohort without rows."""
        columns = [self.observations["observed_at"], self.exposures["started_at"], self.milestones["at"]]
        firsts = [c.min() for c in columns if len(c)]
        lasts = [c.max() for c in columns if len(c)]
        return (min(firsts), max(lasts)) if firsts else None  # type: ignore[type-var, return-value]


def _in_order(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    order = list(_ORDER[name])
    if frame.height <= 1 or _is_in_order(frame, order):
        return frame
    return frame.sort(order, maintain_order=True)


def _is_in_order(frame: pl.DataFrame, order: list[str]) -> bool:
    """Whether rows stand in the order of the first column, and within it of the second."""
    starts = run_starts(frame[order[0]])
    heads = frame[order[0]].gather(starts)
    if not heads.is_sorted() or heads.n_unique() != len(heads):
        return False
    if len(order) == 1:
        return True
    second = frame[order[1]]
    for at in range(0, frame.height, _ROWS_AT_ONCE):
        back = at + _earlier_than_before(second.slice(at, _ROWS_AT_ONCE + 1))  # one row shared with the next piece
        if len(back) and not np.isin(back, starts, assume_unique=True).all():
            return False
    return True


def run_starts(ids: pl.Series) -> npt.NDArray[np.int64]:
    """Positions at which a column says something else than one row before; worked out in pieces, to use little memory."""
    parts = [np.zeros(min(len(ids), 1), np.int64)]
    for at in range(0, len(ids), _ROWS_AT_ONCE):
        piece = ids.slice(at, _ROWS_AT_ONCE + 1)
        parts.append(1 + at + np.flatnonzero(piece[1:].ne_missing(piece[:-1]).to_numpy()))
    return np.concatenate(parts)


def _earlier_than_before(at: pl.Series) -> npt.NDArray[np.int64]:
    """Positions of instants that are before the instant one row above; a missing instant is not."""
    if at.null_count():
        return np.flatnonzero((at.to_physical().diff() < 0).fill_null(value=False).to_numpy())
    instants = at.cast(pl.Int64).to_numpy()
    return 1 + np.flatnonzero(instants[1:] < instants[:-1])


def _check_points_somewhere(frame: pl.DataFrame, target: pl.DataFrame, key: str, name: str) -> None:
    heads = frame[key].gather(run_starts(frame[key]))
    lost = pl.DataFrame({key: heads.unique(maintain_order=True)}).join(
        target.select(key), on=key, how="anti", nulls_equal=True
    )
    if lost.height:
        raise RecordError(
            "RECORD-002",
            saw=f"{lost.height} values of {key} in {name} that do not exist, first {lost[key][0]!r}",
            expected=f"every {key} in {name} to exist",
            fix="add the missing rows or remove what points to them",
        )


def _between(scan: pl.LazyFrame, courses: tuple[str | None, str | None]) -> pl.LazyFrame:
    first, following = courses
    if "course_id" not in scan.collect_schema():
        return scan
    if first is None and following is None:
        return scan
    id = pl.col("course_id")
    if first is None:  # rows without an identifier belong to the first part, where they are found out
        return scan.filter((id < following) | id.is_null())
    return scan.filter(id >= first) if following is None else scan.filter(id >= first, id < following)


def _observations(scan: pl.LazyFrame, kinds: Collection[str] | None) -> pl.DataFrame:
    """Read observations; of some kinds only, in pieces, so that the others never are in memory together."""
    if kinds is None:
        return scan.collect()
    lean = scan.drop(_NOT_GRADED, strict=False)
    pieces = []
    for at in range(0, max(int(scan.select(pl.len()).collect().item()), 1), _ROWS_AT_ONCE):
        piece = lean.slice(at, _ROWS_AT_ONCE).collect()
        pieces.append(_of_kinds(_in_order(piece, "observations"), kinds))
    return pl.concat(pieces)


def _of_kinds(rows: pl.DataFrame, kinds: Collection[str]) -> pl.DataFrame:
    """Rows of some kinds, and the first and last row of each course; `rows` are in order."""
    if not rows.height:
        return rows
    starts = run_starts(rows["course_id"])
    keep = rows["kind"].is_in(sorted(kinds)).fill_null(value=False).to_numpy().copy()
    keep[starts] = True
    keep[starts[1:] - 1] = keep[-1] = True
    return rows if keep.all() else rows.filter(pl.Series(keep))


def _packed(frame: pl.DataFrame) -> bytes:
    """A table as few bytes: without empty columns, texts numbered, compressed."""
    filled = frame.select(name for name in frame.columns if frame[name].null_count() < frame.height)
    if frame.height > _FEW:
        filled = filled.with_columns(pl.col(pl.String).cast(pl.Categorical))
    stream = BytesIO()
    filled.write_ipc_stream(stream, compression="lz4")
    return stream.getvalue()


def _unpacked(packed: dict[str, bytes]) -> Cohort:
    frames = {}
    for name, data in packed.items():
        have = pl.read_ipc_stream(BytesIO(data))
        frames[name] = (
            tables.empty(name)
            if not have.width
            else have.select(
                pl.col(n).cast(dtype) if n in have.columns else pl.lit(None, dtype=dtype).alias(n)
                for n, dtype in tables.ALL[name].items()
            )
        )
    return Cohort(**frames)


def _without_course(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "course_id"}


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}
