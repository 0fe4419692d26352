"""What of a cohort the tables of OMOP can say, as a cohort.

Place    Floor 4, writers. Used by `omop` before anything is written, and by the tests that compare with what is read back.
In       A cohort of one zone.
Out      The cohort that a reader will get at best, under the identifiers that the reader will give; and what was left out.
Knows    Persons and courses are numbers: a course is called after its person and its place among the infusions. Follow-up ends
         with a day. A time in the hour that the clocks show twice is read as the first of the two. There is no place
         for rates other than flows, reasons, times of entry and indications; a place of care is a ward or intensive care.
Checked  tests/property/test_round_trips.py, tests/unit/population/test_writers.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import polars as pl

from vein2vein.basis.clock import day_start, from_microseconds
from vein2vein.intake.omop.options import Options
from vein2vein.intake.omop.wanted import conventions
from vein2vein.knowledge import codes
from vein2vein.population.writers.account import LeftOut
from vein2vein.population.writers.details import UNKNOWN_DETAIL, has_unknown_detail, told_milestone
from vein2vein.population.writers.digits import CONTRADICTING, TOO_FINE, contradicting, too_fine
from vein2vein.population.writers.overlaps import overlapping
from vein2vein.record import tables
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import CHARTED

_NO_COLUMN: Final = "the data model has no column for it"
_STAY: Final = "stay"
_OPTIONS: Final = Options()
_INSTANTS: Final = {
    "observations": ("observed_at",),
    "exposures": ("started_at", "ended_at"),
    "milestones": ("at",),
    "courses": ("infused_at", "followed_until"),
}


def numbered(part: Cohort, known: Mapping[str, int]) -> pl.DataFrame:
    """course_id, patient_id, person_id and omop_id of infused courses.

    Args:
        part: Courses; all courses of a person must be in it.
        known: Numbers of persons given so far; further persons go on from there.
    """
    infused = part.courses.filter(pl.col("infused_at").is_not_null()).sort(
        "patient_id", "infused_at", maintain_order=True
    )
    new = [name for name in infused["patient_id"].unique(maintain_order=True) if name not in known]
    table = {**known, **{name: len(known) + 1 + i for i, name in enumerate(new)}}
    persons = pl.DataFrame(
        {"patient_id": list(table), "person_id": list(table.values())},
        schema={"patient_id": pl.String, "person_id": pl.Int64},
    )
    place = pl.int_range(1, pl.len() + 1).over("patient_id")
    return (
        infused.select("course_id", "patient_id")
        .join(persons, on="patient_id", how="left", maintain_order="left")
        .with_columns(pl.format("{}-{}", "person_id", place).alias("omop_id"))
    )


def carried(part: Cohort, ids: pl.DataFrame, zone: str) -> tuple[Cohort, list[LeftOut]]:
    """The cohort as OMOP says it, and what it does not say.

    Args:
        part: Courses of one zone.
        ids: Of `numbered`.
        zone: Zone of the centre, in whose clock OMOP's times are.
    """
    lost = _lost_before(part, ids, zone)
    frames = {
        name: _renamed(getattr(part, name), ids) for name in ("courses", "observations", "exposures", "milestones")
    }
    frames = {name: _first_hour(frame, _INSTANTS[name], zone) for name, frame in frames.items()}
    for name in ("observations", "milestones"):
        frames[name] = frames[name].filter(~_is_early(frames[name], frames["courses"], _INSTANTS[name][0]))
    frames["courses"] = _courses(frames["courses"], frames["milestones"], zone)
    frames["observations"] = (
        frames["observations"]
        .filter(pl.col("kind").is_in(list(codes.observations())))
        .with_columns(pl.lit(None, dtype=tables.Instant).alias("recorded_at"))
    )
    frames["observations"] = _doubted(frames["observations"])
    frames["exposures"] = _exposures(frames["exposures"], frames["courses"])
    frames["milestones"] = frames["milestones"].filter(pl.col("kind").is_in(list(codes.milestones()))).with_columns(
        pl.when((pl.col("kind") == "death") | told_milestone().str.contains("/", literal=True)).then(pl.col("detail"))
        )  # fmt: skip
    persons = ids.select("patient_id", "person_id").unique(maintain_order=True)
    patients = part.patients.join(persons, on="patient_id", how="inner", maintain_order="left")
    sex = pl.when(pl.col("sex").is_in(list(conventions().sex))).then(pl.col("sex"))
    patients = patients.with_columns(pl.col("person_id").cast(pl.String).alias("patient_id"), sex.alias("sex"))
    return Cohort.of(patients=patients.select(list(tables.PATIENTS)), **frames), lost


def _renamed(frame: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Rows of infused courses under the identifiers of OMOP."""
    joined = frame.drop("patient_id", strict=False).join(ids, on="course_id", how="inner", maintain_order="left")
    named = joined.with_columns(
        pl.col("omop_id").alias("course_id"), pl.col("person_id").cast(pl.String).alias("patient_id")
    )
    return named.select(frame.columns)


def _doubted(frame: pl.DataFrame) -> pl.DataFrame:
    """Different values of one kind at one instant are not believed: OMOP does not say which was entered last."""
    usable = pl.col("usability") == "ok"
    content = pl.when(usable).then(pl.struct(_CONTENT))
    doubted = usable & (content.drop_nulls().n_unique().over("course_id", "kind", "observed_at") > 1)
    return (
        frame.with_columns(doubted.alias("_doubted"))
        .with_columns(
            pl.when("_doubted").then(pl.lit("not-assessable")).otherwise(pl.col("usability")).alias("usability"),
            *(
                pl.when(~pl.col("_doubted")).then(pl.col(n)).alias(n)
                for n in (*_CONTENT, "reference_low", "reference_high")
            ),
        )
        .drop("_doubted")
    )


_CONTENT: Final = ("value", "comparator", "code")


def _is_early(frame: pl.DataFrame, courses: pl.DataFrame, time: str) -> pl.Series:
    """Which rows are further before the infusion than a course is read."""
    begins = courses.select("course_id", (pl.col("infused_at") - pl.duration(days=_OPTIONS.lead_days)).alias("_from"))
    joined = frame.join(begins, on="course_id", how="left", maintain_order="left")
    return joined.select((pl.col(time) < pl.col("_from")).fill_null(value=False)).to_series()


def _first_hour(frame: pl.DataFrame, columns: tuple[str, ...], zone: str) -> pl.DataFrame:
    """Instants in an hour that comes twice, as the first of the two."""
    return frame.with_columns(
        pl.col(name)
        .dt.convert_time_zone(zone)
        .dt.replace_time_zone(None)
        .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
        .alias(name)
        for name in columns
    )


def _courses(courses: pl.DataFrame, milestones: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Follow-up to the end of its day, or to the death; no indication and no centre."""
    ends = _ends(courses, milestones, zone)
    known = pl.col("product").is_in([id for id, entry in codes.products().items() if _found(entry)])
    return courses.with_columns(
        pl.Series("followed_until", ends, dtype=tables.Instant),
        pl.lit(None, dtype=pl.String).alias("indication"),
        pl.lit(None, dtype=pl.String).alias("centre_id"),
        pl.when(known).then(pl.col("product")).alias("product"),
        pl.lit(zone).alias("zone"),
    )


def _ends(courses: pl.DataFrame, milestones: pl.DataFrame, zone: str) -> list[datetime | None]:
    """End of the follow-up of each course: of the observation period of the person, the death, or where the next begins."""
    fractions = (
        milestones.filter(pl.col("kind") == "fraction").group_by("course_id").agg(pl.col("at").max().alias("_last"))
    )
    died = milestones.filter(pl.col("kind") == "death").group_by("course_id").agg(pl.col("at").max().alias("_died"))
    frame = courses.join(fractions, on="course_id", how="left", maintain_order="left").join(
        died, on="course_id", how="left", maintain_order="left"
    )
    given = pl.max_horizontal("infused_at", "_last") + pl.duration(seconds=1)
    following = pl.col("infused_at").shift(-1).over("patient_id", order_by="infused_at")
    reach = pl.when(following.is_not_null()).then(
        pl.max_horizontal(following - pl.duration(days=_OPTIONS.next_lead_days), given)
    )
    frame = frame.with_columns(
        pl.Series(
            "_day",
            [None if at is None else _end_of_day(at, zone) for at in courses["followed_until"]],
            dtype=tables.Instant,
        ),
        reach.alias("_next"),
    ).with_columns(pl.col("_day").max().over("patient_id"), pl.col("_died").max().over("patient_id"))
    known = pl.coalesce("_day", "_died").is_not_null()
    ends = pl.when(known).then(pl.max_horizontal(pl.min_horizontal("_day", "_died", "_next"), "infused_at"))
    found: list[datetime | None] = frame.select(ends.alias("end"))["end"].to_list()
    return found


def _found(product: codes.Product) -> bool:
    return any(code.system == "atc" for code in product.codes)


def _end_of_day(at: datetime, zone: str) -> datetime:
    """First instant of the day after the last moment before `at`: an observation period includes its last day."""
    local = pl.Series("at", [at], dtype=tables.Instant).dt.offset_by("-1us").dt.convert_time_zone(zone).dt.date()
    return from_microseconds(day_start(local.dt.offset_by("1d")[0], zone))


def _exposures(frame: pl.DataFrame, courses: pl.DataFrame) -> pl.DataFrame:
    known = pl.DataFrame(
        [(s, a) for s, entry in codes.streams().items() for a in (codes.streams() if s == CHARTED else entry.agents)],
        schema={"kind": pl.String, "agent": pl.String},
        orient="row",
    ).with_columns(pl.lit(value=True).alias("_known"))
    said = (pl.col("kind") != _STAY) | pl.col("agent").is_in(list(conventions().stay))
    nothing: Mapping[str, Any] = {"reason": pl.String, "recorded_at": tables.Instant}
    flowing = has_flow(frame)
    joined = frame.filter(said).join(known, on=["kind", "agent"], how="left", maintain_order="left")
    # A statement stands in the table of procedures, where no end means an instant: it ends with the follow-up.
    ends = courses.select("course_id", pl.col("followed_until").alias("_until"))
    joined = joined.join(ends, on="course_id", how="left", maintain_order="left")
    stated = pl.col("kind").is_in(STATED) & pl.col("ended_at").is_null()
    return joined.with_columns(
        pl.when(pl.col("_known").is_null()).then(pl.lit("unspecified")).otherwise(pl.col("agent")).alias("agent"),
        pl.when(stated).then(pl.max_horizontal("_until", "started_at")).otherwise(pl.col("ended_at")).alias("ended_at"),
        *(pl.when(pl.col("kind").is_in(DRUGS)).then(pl.col(n)).alias(n) for n in ("amount", "amount_unit")),
        *(pl.when(flowing).then(pl.col(n)).alias(n) for n in ("rate", "rate_unit")),
        *(pl.lit(None, dtype=dtype).alias(name) for name, dtype in nothing.items()),
    ).select(frame.columns)


def has_flow(frame: pl.DataFrame) -> pl.Expr:
    """Whether the flow of a row can be told: it is measured at the start of the only device in use."""
    lasts = (pl.col("ended_at") > pl.col("started_at")) | pl.col("ended_at").is_null()
    told = pl.col("kind").is_in(list(conventions().flow)) & pl.col("rate").is_not_null()
    return (told & lasts & ~overlapping(frame)).fill_null(value=False)


DEVICES: Final = ("oxygen",)
PROCEDURES: Final = ("transfusion", "renal_replacement")
STATED: Final = ("charted", "other_cause")
DRUGS: Final = tuple(s for s in codes.streams() if s not in {*DEVICES, *PROCEDURES, *STATED, _STAY})


def _lost_before(part: Cohort, ids: pl.DataFrame, zone: str) -> list[LeftOut]:
    exposures, courses = part.exposures, part.courses
    infused = courses.join(ids.select("course_id"), on="course_id", how="semi")
    waiting = courses.filter(pl.col("infused_at").is_null())
    of_waiting = {
        name: getattr(part, name).join(waiting.select("course_id"), on="course_id", how="semi").height
        for name in ("observations", "exposures", "milestones")
    }

    def count(frame: pl.DataFrame, condition: pl.Expr) -> int:
        return frame.filter(condition).height

    rates = pl.col("rate").is_not_null() & ~has_flow(exposures)
    stays = (pl.col("kind") == _STAY) & ~pl.col("agent").is_in(list(conventions().stay))
    day = pl.col("followed_until").dt.convert_time_zone(zone).dt.time() != pl.time(0, 0, 0)
    unnamed = ~pl.col("product").is_in([id for id, entry in codes.products().items() if _found(entry)])
    several = infused.filter(pl.col("patient_id").is_duplicated()).height
    no_name = "no code names the product in the code files"
    listed = [
        ("courses", "courses without an infusion", "an infusion is what makes a course", waiting.height, False),
        *((name, "rows of courses without an infusion", "there is no course", n, False) for name, n in of_waiting.items()),
        ("courses", "clock time of followed_until", "an observation period ends with a day", count(infused, day), True),
        ("courses", "indication", _NO_COLUMN, count(infused, pl.col("indication").is_not_null()), True),
        ("courses", "centre_id", "one folder holds one centre", count(infused, pl.col("centre_id").is_not_null()), False),
        ("courses", "product", no_name, count(infused, unnamed.fill_null(value=False)), True),
        ("courses", "several courses of a person", "a row belongs to the course that is open at its time", several, True),
        ("observations", "recorded_at", _NO_COLUMN, count(part.observations, pl.col("recorded_at").is_not_null()), False),
        ("exposures", "recorded_at", _NO_COLUMN, count(exposures, pl.col("recorded_at").is_not_null()), False),
        ("exposures", "rate other than a flow of one device", _NO_COLUMN, count(exposures, rates), True),
        ("exposures", "reason", _NO_COLUMN, count(exposures, pl.col("reason").is_not_null()), True),
        ("exposures", "places of care other than ward and intensive care", "no concept is known", count(exposures, stays), True),
        ("exposures", "end of a statement that goes on", "a procedure without an end is an instant",
         count(exposures, pl.col("kind").is_in(STATED) & pl.col("ended_at").is_null()), False),
        ("milestones", UNKNOWN_DETAIL, "the code files do not know it",
         count(part.milestones, has_unknown_detail()), False),
        ("observations", *TOO_FINE, too_fine(part.observations), True),
        ("observations", *CONTRADICTING, contradicting(part.observations, entered=False), True),
    ]  # fmt: skip
    for name in ("observations", "milestones"):
        early = int(_is_early(getattr(part, name), courses, _INSTANTS[name][0]).sum())
        why = f"a course is read from {_OPTIONS.lead_days} days before its infusion"
        listed.append((name, "rows long before the infusion", why, early, True))
    for name, columns in _INSTANTS.items():
        frame: pl.DataFrame = getattr(part, name)
        moved = _first_hour(frame, columns, zone)
        changed = sum(int((moved[c] != frame[c]).sum()) for c in columns)
        listed.append((name, "times in the second of an hour that comes twice", "times have no offset", changed, True))
    return [LeftOut(table, what, why, rows, graded=graded) for table, what, why, rows, graded in listed]
