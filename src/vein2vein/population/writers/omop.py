"""A cohort as a folder of OMOP CDM 5.4 tables. Read back by `intake.omop`.

Place    Floor 4, writers.
In       Parts of a cohort of one centre; all courses of a person in one part.
Out      One Parquet (or CSV) file per table, ``identifiers.csv`` (which course is which person), and the account.
Knows    No vocabulary is written: concept numbers are those that the code files read somewhere, else 0, and the code stands in
         the column for the source value with the name of its terminology in front. Where there is no agreed code it is our own
         ("own:ice_score"). Statements (a stream was charted, a sign has another cause) are procedures with our own code: OMOP
         has no table for them.
Missing  See `carried`.
Checked  tests/property/test_round_trips.py, tests/unit/population/test_writers.py
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl
import pyarrow.parquet

from vein2vein.intake.omop.wanted import VOCABULARIES, Meaning, conventions, wanted_codes
from vein2vein.knowledge import codes
from vein2vein.population.writers.account import Account
from vein2vein.population.writers.carried import DEVICES, DRUGS, PROCEDURES, STATED, carried, numbered
from vein2vein.population.writers.details import told_milestone
from vein2vein.population.writers.text import as_sent, said
from vein2vein.record.cohort import Cohort

_SURE: Final = ("read", "secondary")
_UNNAMED: Final = ("icd10pcs", "cpt")
_ROW_GROUP: Final = 250_000


class OmopFolder:
    """A folder of OMOP tables that is written part by part.

    Args:
        folder: An existing, empty folder.
        zone: Zone of the centre, in whose clock all times are.
        file: parquet or csv.
    """

    def __init__(self, folder: Path, zone: str, *, file: Literal["parquet", "csv"] = "parquet") -> None:
        times = {"midnight": "time", "fold": "first"}
        self.account = Account("omop", {"zone": zone, "times": times})
        self._folder, self._zone, self._file = folder, zone, file
        self._persons: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._writers: dict[str, pyarrow.parquet.ParquetWriter] = {}

    def add(self, part: Cohort) -> None:
        """Append the courses of a part."""
        ids = numbered(part, self._persons)
        new = ids.filter(~pl.col("patient_id").is_in(list(self._persons)))
        self._persons |= dict(new.select("patient_id", "person_id").iter_rows())
        said_, lost = carried(part, ids, self._zone)
        self.account.leave_out(lost)
        named = ids.select("patient_id", "person_id").unique(maintain_order=True)
        for table, frame in tables_of(said_, named, self._zone).items():
            self._append(table, frame)
        self._append_ids(ids)

    def close(self) -> Account:
        """Close the files; the account of all parts."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
        return self.account

    def _append(self, table: str, frame: pl.DataFrame) -> None:
        if frame.is_empty() and table != "person":
            return
        first = self._numbers.get(table, 0)
        self._numbers[table] = first + frame.height
        id = f"{table}_id"
        if id not in frame.columns and table != "death":
            frame = frame.select(pl.int_range(first + 1, first + frame.height + 1).alias(id), pl.all())
        path = self._folder / f"{table}.{self._file}"
        if self._file == "csv":
            with path.open("ab") as file:
                frame.write_csv(file, include_header=path.stat().st_size == 0, datetime_format="%Y-%m-%d %H:%M:%S%.f")
        else:
            data = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if table not in self._writers:
                self._writers[table] = pyarrow.parquet.ParquetWriter(path, data.schema, compression="zstd")
            self._writers[table].write_table(data, row_group_size=_ROW_GROUP)
        self.account.wrote(path.name, frame.height)

    def _append_ids(self, ids: pl.DataFrame) -> None:
        path = self._folder / "identifiers.csv"
        if ids.height:
            with path.open("ab") as file:
                ids.write_csv(file, include_header=path.stat().st_size == 0)


def tables_of(cohort: Cohort, persons: pl.DataFrame, zone: str) -> dict[str, pl.DataFrame]:
    """OMOP tables of a cohort of `carried`, without the numbers of the rows.

    Args:
        cohort: Under the identifiers of OMOP.
        persons: patient_id (as the hospital calls the patient) and person_id.
        zone: Zone of the centre.
    """
    owners = cohort.courses.select("course_id", pl.col("patient_id").cast(pl.Int64).alias("person_id"))

    def of_persons(frame: pl.DataFrame, *times: str) -> pl.DataFrame:
        joined = frame.join(owners, on="course_id", how="left", maintain_order="left")
        return joined.with_columns(_wall(name, zone).alias(name) for name in times)

    observations = of_persons(as_sent(cohort.observations), "observed_at")
    exposures = of_persons(cohort.exposures, "started_at", "ended_at")
    milestones = of_persons(cohort.milestones, "at")
    courses = of_persons(cohort.courses.drop("patient_id"), "infused_at")
    infusions = _infusions(courses, milestones)
    is_number = pl.col("kind").is_in([k for k, entry in codes.observations().items() if entry.type == "number"])
    kind = pl.col("kind")
    drugs = _exposed(exposures.filter(kind.is_in(DRUGS)), "drug", "drug_exposure")
    procedures = exposures.filter(kind.is_in((*PROCEDURES, *STATED)))
    return {
        "person": _persons(cohort.patients, persons),
        "death": _deaths(milestones),
        "observation_period": _periods(cohort, owners, zone),
        "measurement": pl.concat([_measurements(observations.filter(is_number)), _flows(exposures)]),
        "observation": pl.concat([_statements(observations.filter(~is_number)), _steps(milestones)]),
        "drug_exposure": pl.concat([drugs, infusions["drug_exposure"]]),
        "procedure_occurrence": pl.concat(
            [_exposed(procedures, "procedure", "procedure"), infusions["procedure_occurrence"]]
        ),
        "device_exposure": _exposed(exposures.filter(kind.is_in(DEVICES)), "device", "device_exposure"),
        "visit_occurrence": _visits(exposures, "ward", "visit"),
        "visit_detail": _visits(exposures, "icu", "visit_detail"),
    }


def _wall(column: str, zone: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(zone).dt.replace_time_zone(None)


@cache
def _meaning() -> dict[tuple[str, str], set[Meaning]]:
    found: dict[tuple[str, str], set[Meaning]] = {}
    for wanted in wanted_codes():
        found.setdefault((wanted.vocabulary, wanted.code), set()).add(wanted.meaning)
    return found


def _text(listed: tuple[codes.Code, ...], meaning: Meaning, own: str) -> str:
    """Terminology and code that mean this one thing; our own code where there is none that is sure."""
    for code in listed:
        vocabulary = VOCABULARIES.get(code.system)
        if code.status in _SURE and vocabulary and _meaning().get((vocabulary, code.code)) == {meaning}:
            return f"{vocabulary}:{code.code}"
    return f"own:{own}"


def _number(listed: tuple[codes.Code, ...]) -> int:
    """The concept number that the code files hold, else 0."""
    return next((int(code.code) for code in listed if code.system == "omop" and code.status in _SURE), 0)


@cache
def kind_texts() -> dict[str, str]:
    """Kind of observation -> source value."""
    return {kind: _text(e.codes, Meaning("observation", kind), kind) for kind, e in codes.observations().items()}


@cache
def agent_codes() -> pl.DataFrame:
    """kind, agent, _text and _concept of every agent."""
    rows = []
    for stream, entry in codes.streams().items():
        listed: dict[str, Any] = dict.fromkeys(codes.streams()) if stream == "charted" else dict(entry.agents)
        for agent, named in {**listed, "unspecified": None}.items():
            sure = named.codes if isinstance(named, codes.Agent) else ()
            text = _text(sure, Meaning("exposure", stream, agent), f"{stream}/{agent}")
            rows.append((stream, agent, text, _number(sure)))
    schema = {"kind": pl.String, "agent": pl.String, "_text": pl.String, "_concept": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _zero(*names: str) -> list[pl.Expr]:
    return [pl.lit(0, dtype=pl.Int64).alias(name) for name in names]


def _persons(patients: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    sexes = {sex: str(c.id) for sex, c in conventions().sex.items() if c.id is not None}
    named = persons.select(pl.col("person_id"), pl.col("patient_id").alias("person_source_value"))
    frame = patients.with_columns(pl.col("patient_id").cast(pl.Int64).alias("person_id")).join(
        named, on="person_id", how="left", maintain_order="left"
    )
    return frame.select(
        "person_id", said("sex", sexes, default="0").fill_null("0").cast(pl.Int64).alias("gender_concept_id"),
        pl.col("born_on").dt.year().cast(pl.Int64).alias("year_of_birth"),
        pl.col("born_on").dt.month().cast(pl.Int64).alias("month_of_birth"),
        pl.col("born_on").dt.day().cast(pl.Int64).alias("day_of_birth"),
        *_zero("race_concept_id", "ethnicity_concept_id"), "person_source_value", pl.col("sex").alias("gender_source_value"),
    )  # fmt: skip


def _deaths(milestones: pl.DataFrame) -> pl.DataFrame:
    dead = milestones.filter(pl.col("kind") == "death").unique("person_id", keep="first", maintain_order=True)
    return dead.select(
        "person_id", pl.col("at").dt.date().alias("death_date"), pl.col("at").alias("death_datetime"),
        *_zero("death_type_concept_id", "cause_concept_id"), pl.col("detail").alias("cause_source_value"),
    )  # fmt: skip


def _periods(cohort: Cohort, owners: pl.DataFrame, zone: str) -> pl.DataFrame:
    """One period for each person, from the first row to the end of the follow-up; none where that is not known."""
    firsts = pl.concat(
        [
            cohort.observations.select("course_id", pl.col("observed_at").alias("at")),
            cohort.exposures.select("course_id", pl.col("started_at").alias("at")),
            cohort.milestones.select("course_id", "at"),
            cohort.courses.select("course_id", pl.col("infused_at").alias("at")),
        ]
    )
    first = (
        firsts.join(owners, on="course_id").group_by("person_id").agg(_wall("at", zone).min().dt.date().alias("_first"))
    )
    before = pl.col("followed_until") - pl.duration(microseconds=1)
    last = before.dt.convert_time_zone(zone).dt.date()
    ends = cohort.courses.join(owners, on="course_id", maintain_order="left").filter(
        pl.col("followed_until").is_not_null()
    )
    periods = ends.group_by("person_id", maintain_order=True).agg(last.max().alias("_last"))
    return periods.join(first, on="person_id", how="left", maintain_order="left").select(
        "person_id", pl.col("_first").alias("observation_period_start_date"),
        pl.col("_last").alias("observation_period_end_date"), *_zero("period_type_concept_id"),
    )  # fmt: skip


def _measurements(frame: pl.DataFrame) -> pl.DataFrame:
    operators = {sign: str(c.id) for sign, c in conventions().operators.items() if c.id is not None}
    usable = (pl.col("usability") == "ok") & pl.col("value").is_not_null()
    return frame.select(
        "person_id", *_zero("measurement_concept_id"), pl.col("observed_at").dt.date().alias("measurement_date"),
        pl.col("observed_at").alias("measurement_datetime"), *_zero("measurement_type_concept_id"),
        said("comparator", operators, default="0").fill_null("0").cast(pl.Int64).alias("operator_concept_id"),
        pl.when(usable).then(pl.col("sent_value").cast(pl.Float64)).alias("value_as_number"),
        *_zero("value_as_concept_id", "unit_concept_id"), pl.col("sent_low").alias("range_low"),
        pl.col("sent_high").alias("range_high"), said("kind", kind_texts()).alias("measurement_source_value"),
        *_zero("measurement_source_concept_id"), pl.when(usable).then(pl.col("sent_unit")).alias("unit_source_value"),
        pl.when(~usable).then(_said_of_unusable()).alias("value_source_value"),
    )  # fmt: skip


def _flows(exposures: pl.DataFrame) -> pl.DataFrame:
    """Flows, measured when the use of the device began."""
    texts = {stream: f"{c.vocabulary}:{c.code}" for stream, c in conventions().flow.items()}
    here = exposures.filter(pl.col("kind").is_in(DEVICES) & pl.col("rate").is_not_null())
    nothing = pl.lit(None, dtype=pl.Float64)
    return here.select(
        "person_id", *_zero("measurement_concept_id"), pl.col("started_at").dt.date().alias("measurement_date"),
        pl.col("started_at").alias("measurement_datetime"), *_zero("measurement_type_concept_id", "operator_concept_id"),
        pl.col("rate").alias("value_as_number"), *_zero("value_as_concept_id", "unit_concept_id"),
        nothing.alias("range_low"), nothing.alias("range_high"), said("kind", texts).alias("measurement_source_value"),
        *_zero("measurement_source_concept_id"), pl.col("rate_unit").alias("unit_source_value"),
        pl.lit(None, dtype=pl.String).alias("value_source_value"),
    )  # fmt: skip


def _said_of_unusable() -> pl.Expr:
    return pl.concat_str(pl.lit("["), pl.col("as_sent").fill_null(""), pl.lit("]"))


def _observation(text: pl.Expr, at: pl.Expr, value: pl.Expr) -> list[pl.Expr]:
    return [
        pl.col("person_id"), *_zero("observation_concept_id"), at.dt.date().alias("observation_date"),
        at.alias("observation_datetime"), *_zero("observation_type_concept_id"), value.alias("value_as_string"),
        *_zero("value_as_concept_id"), text.alias("observation_source_value"), *_zero("observation_source_concept_id"),
    ]  # fmt: skip


def _statements(frame: pl.DataFrame) -> pl.DataFrame:
    usable = (pl.col("usability") == "ok") & pl.col("code").is_not_null()
    value = pl.when(usable).then(pl.col("code")).otherwise(_said_of_unusable())
    return frame.select(_observation(said("kind", kind_texts()), pl.col("observed_at"), value))


def _steps(milestones: pl.DataFrame) -> pl.DataFrame:
    """A detail stands behind the kind: ``own:released/conforming``."""
    here = milestones.filter(~pl.col("kind").is_in(["infusion", "fraction", "death"]))
    text = pl.concat_str(pl.lit("own:"), told_milestone())
    return here.select(_observation(text, pl.col("at"), pl.lit(None, dtype=pl.String)))


def _exposed(frame: pl.DataFrame, stem: str, events: str) -> pl.DataFrame:
    """Rows of a table with a start and an end."""
    frame = frame.join(agent_codes(), on=["kind", "agent"], how="left", maintain_order="left")
    begin = f"{events}_start" if events != "procedure" else events
    dose = [
        pl.col("amount").alias("quantity"), pl.col("amount_unit").alias("dose_unit_source_value"),
    ] if stem == "drug" else []  # fmt: skip
    return frame.select(
        "person_id", pl.col("_concept").alias(f"{stem}_concept_id"), pl.col("started_at").dt.date().alias(f"{begin}_date"),
        pl.col("started_at").alias(f"{begin}_datetime"), pl.col("ended_at").dt.date().alias(f"{events}_end_date"),
        pl.col("ended_at").alias(f"{events}_end_datetime"), *_zero(f"{stem}_type_concept_id"),
        pl.col("_text").alias(f"{stem}_source_value"), *_zero(f"{stem}_source_concept_id"), *dose,
    )  # fmt: skip


def _infusions(courses: pl.DataFrame, milestones: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Infusions and fractions: a drug where a code names the product, else a procedure that says that cells were given."""
    products = {
        id: (next(c.code for c in e.codes if c.system == "atc"), _number(e.codes))
        for id, e in codes.products().items()
        if any(c.system == "atc" for c in e.codes)
    }
    unnamed = next(c.code for c in codes.products()[codes.UNNAMED_PRODUCT].codes if c.system in _UNNAMED)
    fractions = milestones.filter(pl.col("kind") == "fraction").select("course_id", pl.col("at").alias("started_at"))
    given = pl.concat(
        [
            courses.select("course_id", "person_id", "product", pl.col("infused_at").alias("started_at")),
            fractions.join(
                courses.select("course_id", "person_id", "product"), on="course_id", maintain_order="left"
            ).select("course_id", "person_id", "product", "started_at"),
        ]
    )
    nothing = pl.lit(None, dtype=pl.String)
    given = given.with_columns(
        pl.col("started_at").alias("ended_at"), pl.lit("infusion").alias("kind"), nothing.alias("agent"),
        pl.lit(None, dtype=pl.Float64).alias("amount"), nothing.alias("amount_unit"),
        pl.col("product").is_in(list(products)).fill_null(value=False).alias("_named"),
    )  # fmt: skip
    drugs = _exposed(given.filter("_named"), "drug", "drug_exposure")
    named = given.filter("_named")["product"]
    drugs = drugs.with_columns(
        pl.Series("drug_source_value", [products[p][0] for p in named], dtype=pl.String),
        pl.Series("drug_concept_id", [products[p][1] for p in named], dtype=pl.Int64),
    )
    procedures = _exposed(given.filter(~pl.col("_named")), "procedure", "procedure").with_columns(
        pl.lit(unnamed).alias("procedure_source_value"), pl.lit(0, dtype=pl.Int64).alias("procedure_concept_id")
    )
    return {"drug_exposure": drugs, "procedure_occurrence": procedures}


def _visits(exposures: pl.DataFrame, agent: str, stem: str) -> pl.DataFrame:
    concept = conventions().stay[agent].id or 0
    here = exposures.filter((pl.col("kind") == "stay") & (pl.col("agent") == agent))
    return here.select(
        "person_id", pl.lit(concept, dtype=pl.Int64).alias(f"{stem}_concept_id"),
        pl.col("started_at").dt.date().alias(f"{stem}_start_date"), pl.col("started_at").alias(f"{stem}_start_datetime"),
        pl.col("ended_at").dt.date().alias(f"{stem}_end_date"), pl.col("ended_at").alias(f"{stem}_end_datetime"),
        *_zero(f"{stem}_type_concept_id"), pl.lit(agent).alias(f"{stem}_source_value"), *_zero(f"{stem}_source_concept_id"),
    )  # fmt: skip
