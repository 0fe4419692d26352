"""A small OMOP delivery of our own, and the four forms in which it can come.

Concept numbers are made up (above two billion, the range for local concepts): the adapter must find them by code.
"""

# ruff: noqa: DTZ001  (times of OMOP carry no zone)
from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import adbc_driver_postgresql.dbapi as driver
import duckdb
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

DAY_0 = datetime(2026, 3, 2, 10, 0)
ZONE = "Europe/Berlin"

CODES = [
    ("SNOMED", "276139006", "Meas Value Operator"),
    ("SNOMED", "276136004", "Meas Value Operator"),
    ("Gender", "F", "Gender"),
    ("Gender", "M", "Gender"),
    ("Visit", "IP", "Visit"),
    ("Visit", "OMOP4822460", "Visit"),
    ("UCUM", "[degF]", "Unit"),
    ("UCUM", "Cel", "Unit"),
    ("UCUM", "mm[Hg]", "Unit"),
    ("UCUM", "%", "Unit"),
    ("UCUM", "10*3/uL", "Unit"),
    ("UCUM", "mg/L", "Unit"),
    ("UCUM", "mg/dL", "Unit"),
    ("UCUM", "ng/mL", "Unit"),
    ("LOINC", "8310-5", "Measurement"),
    ("LOINC", "8480-6", "Measurement"),
    ("LOINC", "59408-5", "Measurement"),
    ("LOINC", "751-8", "Measurement"),
    ("LOINC", "777-3", "Measurement"),
    ("LOINC", "1988-5", "Measurement"),
    ("LOINC", "30522-7", "Measurement"),
    ("LOINC", "2276-4", "Measurement"),
    ("SNOMED", "371907003", "Device"),
    ("SNOMED", "426854004", "Device"),
    ("ATC", "L01XL03", "Drug"),
    ("ATC", "L04AC07", "Drug"),
    ("ATC", "C01CA03", "Drug"),
    ("RxNorm", "7512", "Drug"),
    ("RxNorm", "612865", "Drug"),
    ("RxNorm", "made-up axicabtagene bag", "Drug"),
    ("RxNorm", "made-up norepinephrine ampoule", "Drug"),
    ("RxNorm", "made-up tocilizumab vial", "Drug"),
    ("SNOMED", "91175000", "Condition"),
    ("RxNorm", "made-up aspirin", "Drug"),
]
BASE = 2_000_000_001
NUMBER = {(vocabulary, code): BASE + i for i, (vocabulary, code, _) in enumerate(CODES)}
BELOW = [
    (("ATC", "L01XL03"), ("RxNorm", "made-up axicabtagene bag"), 1),
    (("ATC", "C01CA03"), ("RxNorm", "made-up norepinephrine ampoule"), 3),
    (("RxNorm", "7512"), ("RxNorm", "made-up norepinephrine ampoule"), 2),
    (("ATC", "L04AC07"), ("RxNorm", "made-up tocilizumab vial"), 3),
    (("RxNorm", "612865"), ("RxNorm", "made-up tocilizumab vial"), 2),
]

INTEGER, NUMERIC, TEXT, DATE, TIME = "integer", "NUMERIC", "varchar(255)", "date", "TIMESTAMP"
SCHEMA: dict[str, dict[str, str]] = {
    "person": {
        "person_id": INTEGER, "gender_concept_id": INTEGER, "year_of_birth": INTEGER, "month_of_birth": INTEGER,
        "day_of_birth": INTEGER, "birth_datetime": TIME, "gender_source_value": TEXT,
    },
    "observation_period": {
        "observation_period_id": INTEGER, "person_id": INTEGER, "observation_period_start_date": DATE,
        "observation_period_end_date": DATE, "period_type_concept_id": INTEGER,
    },
    "death": {
        "person_id": INTEGER, "death_date": DATE, "death_datetime": TIME, "death_type_concept_id": INTEGER,
        "cause_concept_id": INTEGER, "cause_source_value": TEXT,
    },
    "measurement": {
        "measurement_id": INTEGER, "person_id": INTEGER, "measurement_concept_id": INTEGER, "measurement_date": DATE,
        "measurement_datetime": TIME, "operator_concept_id": INTEGER, "value_as_number": NUMERIC,
        "value_as_concept_id": INTEGER, "unit_concept_id": INTEGER, "range_low": NUMERIC, "range_high": NUMERIC,
        "measurement_source_value": TEXT, "measurement_source_concept_id": INTEGER, "unit_source_value": TEXT,
        "value_source_value": TEXT,
    },
    "observation": {
        "observation_id": INTEGER, "person_id": INTEGER, "observation_concept_id": INTEGER, "observation_date": DATE,
        "observation_datetime": TIME, "value_as_number": NUMERIC, "value_as_string": TEXT,
        "value_as_concept_id": INTEGER, "unit_concept_id": INTEGER, "observation_source_value": TEXT,
        "observation_source_concept_id": INTEGER, "unit_source_value": TEXT, "value_source_value": TEXT,
    },
    "drug_exposure": {
        "drug_exposure_id": INTEGER, "person_id": INTEGER, "drug_concept_id": INTEGER,
        "drug_exposure_start_date": DATE, "drug_exposure_start_datetime": TIME, "drug_exposure_end_date": DATE,
        "drug_exposure_end_datetime": TIME, "quantity": NUMERIC, "route_concept_id": INTEGER,
        "drug_source_value": TEXT, "drug_source_concept_id": INTEGER, "dose_unit_source_value": TEXT,
    },
    "procedure_occurrence": {
        "procedure_occurrence_id": INTEGER, "person_id": INTEGER, "procedure_concept_id": INTEGER,
        "procedure_date": DATE, "procedure_datetime": TIME, "procedure_end_date": DATE,
        "procedure_end_datetime": TIME, "procedure_source_value": TEXT, "procedure_source_concept_id": INTEGER,
    },
    "device_exposure": {
        "device_exposure_id": INTEGER, "person_id": INTEGER, "device_concept_id": INTEGER,
        "device_exposure_start_date": DATE, "device_exposure_start_datetime": TIME, "device_exposure_end_date": DATE,
        "device_exposure_end_datetime": TIME, "device_source_value": TEXT, "device_source_concept_id": INTEGER,
    },
    "condition_occurrence": {
        "condition_occurrence_id": INTEGER, "person_id": INTEGER, "condition_concept_id": INTEGER,
        "condition_start_date": DATE, "condition_start_datetime": TIME, "condition_end_date": DATE,
        "condition_end_datetime": TIME, "condition_source_value": TEXT, "condition_source_concept_id": INTEGER,
    },
    "visit_occurrence": {
        "visit_occurrence_id": INTEGER, "person_id": INTEGER, "visit_concept_id": INTEGER, "visit_start_date": DATE,
        "visit_start_datetime": TIME, "visit_end_date": DATE, "visit_end_datetime": TIME,
        "visit_source_value": TEXT, "visit_source_concept_id": INTEGER,
    },
    "visit_detail": {
        "visit_detail_id": INTEGER, "person_id": INTEGER, "visit_detail_concept_id": INTEGER,
        "visit_detail_start_date": DATE, "visit_detail_start_datetime": TIME, "visit_detail_end_date": DATE,
        "visit_detail_end_datetime": TIME, "visit_detail_source_value": TEXT,
        "visit_detail_source_concept_id": INTEGER,
    },
    "note": {"note_id": INTEGER, "person_id": INTEGER, "note_text": TEXT},
    "concept": {
        "concept_id": INTEGER, "concept_name": TEXT, "domain_id": TEXT, "vocabulary_id": TEXT,
        "concept_class_id": TEXT, "standard_concept": TEXT, "concept_code": TEXT, "invalid_reason": TEXT,
    },
    "concept_relationship": {
        "concept_id_1": INTEGER, "concept_id_2": INTEGER, "relationship_id": TEXT, "invalid_reason": TEXT,
    },
    "concept_ancestor": {
        "ancestor_concept_id": INTEGER, "descendant_concept_id": INTEGER, "min_levels_of_separation": INTEGER,
        "max_levels_of_separation": INTEGER,
    },
}  # fmt: skip
POLARS = {INTEGER: pl.Int32, NUMERIC: pl.Float64, TEXT: pl.String, DATE: pl.Date, TIME: pl.Datetime("us")}


def concept(vocabulary: str, code: str) -> int:
    """The number that this delivery's vocabulary gives to a code."""
    return NUMBER[vocabulary, code]


def hours(n: float) -> datetime:
    """Wall clock so many hours after the infusion."""
    return DAY_0 + timedelta(hours=n)


@dataclass
class OmopDelivery:
    """Rows of OMOP tables, to be written in any of the four forms."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in SCHEMA})

    def add(self, table: str, **values: Any) -> OmopDelivery:
        """One row; what is not given stays empty, and the number of the row is counted on."""
        unknown = set(values) - set(SCHEMA[table])
        assert not unknown, unknown
        first = next(iter(SCHEMA[table]))
        self.rows[table].append({first: len(self.rows[table]) + 1, **values})
        return self

    def person(self, person_id: int, *, sex: str = "F", born: date = date(1960, 5, 4)) -> OmopDelivery:
        """A person followed for a year around the infusion."""
        self.add(
            "person", person_id=person_id, gender_concept_id=concept("Gender", sex), year_of_birth=born.year,
            month_of_birth=born.month, day_of_birth=born.day, gender_source_value=sex,
        )  # fmt: skip
        return self.add(
            "observation_period", person_id=person_id, observation_period_start_date=date(2025, 9, 1),
            observation_period_end_date=date(2026, 9, 1),
        )  # fmt: skip

    def measured(
        self, person_id: int, code: str, at: datetime, value: float | None, unit: str | None, **more: Any
    ) -> OmopDelivery:
        """A measurement with the concept of a LOINC code and of a UCUM unit."""
        row = {
            "measurement_concept_id": concept("LOINC", code),
            "unit_concept_id": concept("UCUM", unit) if unit else 0,
            "value_as_number": value,
            "measurement_date": at.date(),
            "measurement_datetime": at,
            "measurement_source_value": code,
            **more,
        }
        return self.add("measurement", person_id=person_id, **row)

    def drug(
        self, person_id: int, of: tuple[str, str], start: datetime, end: datetime | None = None, **more: Any
    ) -> OmopDelivery:
        """A drug exposure; without an end a single administration."""
        end = end or start
        row = {
            "drug_concept_id": concept(*of),
            "drug_exposure_start_date": start.date(),
            "drug_exposure_start_datetime": start,
            "drug_exposure_end_date": end.date(),
            "drug_exposure_end_datetime": end,
            **more,
        }
        return self.add("drug_exposure", person_id=person_id, **row)

    def with_vocabulary(self) -> OmopDelivery:
        """The concepts, and what lies below what."""
        for (vocabulary, code, domain), number in zip(CODES, NUMBER.values(), strict=True):
            self.add(
                "concept", concept_id=number, concept_name=f"{vocabulary} {code}", domain_id=domain,
                vocabulary_id=vocabulary, concept_class_id="made up", standard_concept="S", concept_code=code,
            )  # fmt: skip
        for above, below, levels in BELOW:
            self.add(
                "concept_ancestor", ancestor_concept_id=concept(*above), descendant_concept_id=concept(*below),
                min_levels_of_separation=levels, max_levels_of_separation=levels,
            )  # fmt: skip
        return self

    def frames(self) -> dict[str, pl.DataFrame]:
        """The tables with the types of the data model."""
        return {
            name: pl.DataFrame(self.rows[name], schema={c: POLARS[t] for c, t in columns.items()})
            for name, columns in SCHEMA.items()
        }


def as_folder(delivery: OmopDelivery, folder: Path) -> Path:
    """CSV files with names in capitals, as many exports write them."""
    folder.mkdir()
    for name, frame in delivery.frames().items():
        frame.write_csv(folder / f"{name.upper()}.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    return folder


def as_parquet(delivery: OmopDelivery, folder: Path) -> Path:
    """Parquet files, the measurements in a folder of two parts."""
    folder.mkdir()
    for name, frame in delivery.frames().items():
        if name == "measurement":
            (folder / name).mkdir()
            half = frame.height // 2
            frame[:half].write_parquet(folder / name / "part-0.parquet")
            frame[half:].write_parquet(folder / name / "part-1.parquet")
        else:
            frame.write_parquet(folder / f"{name}.parquet")
    return folder


def as_zip(folder: Path, file: Path) -> Path:
    """A zip of a folder, with the folder of resource forks that one system adds."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{folder.name}/{path.relative_to(folder)}")
        archive.writestr("__MACOSX/._PERSON.csv", b"\x00\x05")
    return file


def as_duckdb(frames: dict[str, pl.DataFrame], file: Path, *, schema: str = "cdm") -> Path:
    """A DuckDB file with the tables in a schema of their own."""
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        for name, frame in frames.items():
            connection.register("frame", frame.to_arrow())
            connection.execute(f"CREATE TABLE {schema}.{name} AS SELECT * FROM frame")  # noqa: S608
            connection.unregister("frame")
    return file


def in_postgres(delivery: OmopDelivery, url: str, *, schema: str) -> str:
    """Tables as the data model's own definition makes them: integer, NUMERIC, varchar, date, TIMESTAMP."""
    with driver.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        for name, columns in SCHEMA.items():
            cursor.execute(f"CREATE TABLE {schema}.{name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
            for row in delivery.frames()[name].iter_rows():
                cursor.execute(f"INSERT INTO {schema}.{name} VALUES ({', '.join(_sql(v) for v in row)})")  # noqa: S608
        connection.commit()
    return url


def frames_in_postgres(frames: dict[str, pl.DataFrame], url: str, *, schema: str) -> str:
    """Tables with the types of the frames: bigint, double precision, text, timestamp."""
    with driver.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        for name, frame in frames.items():
            cursor.adbc_ingest(name, frame.to_arrow(), mode="create", db_schema_name=schema)
        connection.commit()
    return url


def _sql(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"'{value}'" if isinstance(value, date) else str(value)
