"""The tables and columns of OMOP CDM 5.4 that this adapter reads, and those it never reads.

Place    Floor 3, intake. Read by the sources, which select nothing else.
In       Nothing.
Out      `TABLES`: per table its columns with type, and which of them a delivery may lack.
Does not Name a concept: concepts are looked up by code in the delivery's own vocabulary (`concepts`).

Source   OHDSI Common Data Model 5.4 specification (table and field level).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Type = Literal["integer", "number", "text", "date", "datetime"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the data model.

    Attributes:
        columns: Columns that are read, by name, with their type.
        needed: Columns without which the table cannot be used; the others count as empty when a delivery lacks them.
    """

    name: str
    columns: Mapping[str, Type]
    needed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Events:
    """How a table of events names its parts.

    Attributes:
        table: Name of the table.
        id: Column with the number of the row.
        concept: Column with the standard concept.
        source_concept: Column with the concept of the delivering system.
        source_value: Column with the code or text as the delivering system wrote it.
        date: Column with the day on which it happened or began.
        datetime: Column with the time on which it happened or began.
        end_date: Column with the day on which it ended; None where the table holds single instants.
        end_datetime: Column with the time on which it ended.
    """

    table: str
    id: str
    concept: str
    source_concept: str
    source_value: str
    date: str
    datetime: str
    end_date: str | None = None
    end_datetime: str | None = None


def _events(table: str, stem: str, *, starts: bool, ends: bool) -> Events:
    begin = f"{stem}_start" if starts else stem
    return Events(
        table=table,
        id=f"{table}_id",
        concept=f"{stem}_concept_id",
        source_concept=f"{stem}_source_concept_id",
        source_value=f"{stem}_source_value",
        date=f"{begin}_date",
        datetime=f"{begin}_datetime",
        end_date=f"{stem}_end_date" if ends else None,
        end_datetime=f"{stem}_end_datetime" if ends else None,
    )


EVENTS: Final[Mapping[str, Events]] = MappingProxyType(
    {
        "measurement": _events("measurement", "measurement", starts=False, ends=False),
        "observation": _events("observation", "observation", starts=False, ends=False),
        "drug_exposure": Events(
            table="drug_exposure",
            id="drug_exposure_id",
            concept="drug_concept_id",
            source_concept="drug_source_concept_id",
            source_value="drug_source_value",
            date="drug_exposure_start_date",
            datetime="drug_exposure_start_datetime",
            end_date="drug_exposure_end_date",
            end_datetime="drug_exposure_end_datetime",
        ),
        "procedure_occurrence": _events("procedure_occurrence", "procedure", starts=False, ends=True),
        "device_exposure": Events(
            table="device_exposure",
            id="device_exposure_id",
            concept="device_concept_id",
            source_concept="device_source_concept_id",
            source_value="device_source_value",
            date="device_exposure_start_date",
            datetime="device_exposure_start_datetime",
            end_date="device_exposure_end_date",
            end_datetime="device_exposure_end_datetime",
        ),
        "condition_occurrence": _events("condition_occurrence", "condition", starts=True, ends=True),
        "visit_occurrence": _events("visit_occurrence", "visit", starts=True, ends=True),
        "visit_detail": _events("visit_detail", "visit_detail", starts=True, ends=True),
    }
)

EXTRA: Final[Mapping[str, Mapping[str, Type]]] = MappingProxyType(
    {
        "measurement": {
            "operator_concept_id": "integer",
            "value_as_number": "number",
            "value_as_concept_id": "integer",
            "unit_concept_id": "integer",
            "unit_source_value": "text",
            "range_low": "number",
            "range_high": "number",
            "value_source_value": "text",
        },
        "observation": {
            "value_as_number": "number",
            "value_as_string": "text",
            "value_as_concept_id": "integer",
            "unit_concept_id": "integer",
            "unit_source_value": "text",
            "value_source_value": "text",
        },
        "drug_exposure": {
            "quantity": "number",
            "dose_unit_source_value": "text",
        },
    }
)


def _event_table(name: str) -> Table:
    events = EVENTS[name]
    columns: dict[str, Type] = {
        events.id: "integer",
        "person_id": "integer",
        events.concept: "integer",
        events.source_concept: "integer",
        events.source_value: "text",
        events.date: "date",
        events.datetime: "datetime",
    }
    if events.end_date is not None and events.end_datetime is not None:
        columns |= {events.end_date: "date", events.end_datetime: "datetime"}
    columns |= EXTRA.get(name, {})
    return Table(name, MappingProxyType(columns), (events.id, "person_id", events.concept, events.date))


def _table(name: str, needed: Mapping[str, Type], optional: Mapping[str, Type] | None = None) -> Table:
    return Table(name, MappingProxyType({**needed, **(optional or {})}), tuple(needed))


PERSON: Final = _table(
    "person",
    {"person_id": "integer", "gender_concept_id": "integer", "year_of_birth": "integer"},
    {"month_of_birth": "integer", "day_of_birth": "integer", "gender_source_value": "text"},
)
DEATH: Final = _table(
    "death",
    {"person_id": "integer", "death_date": "date"},
    {"death_datetime": "datetime", "cause_concept_id": "integer", "cause_source_value": "text"},
)
OBSERVATION_PERIOD: Final = _table(
    "observation_period",
    {
        "observation_period_id": "integer",
        "person_id": "integer",
        "observation_period_start_date": "date",
        "observation_period_end_date": "date",
    },
)
CONCEPT: Final = _table(
    "concept",
    {"concept_id": "integer", "vocabulary_id": "text", "concept_code": "text"},
    {"standard_concept": "text", "domain_id": "text", "invalid_reason": "text"},
)
CONCEPT_RELATIONSHIP: Final = _table(
    "concept_relationship",
    {"concept_id_1": "integer", "concept_id_2": "integer", "relationship_id": "text"},
    {"invalid_reason": "text"},
)
CONCEPT_ANCESTOR: Final = _table(
    "concept_ancestor",
    {
        "ancestor_concept_id": "integer",
        "descendant_concept_id": "integer",
        "min_levels_of_separation": "integer",
    },
)
CDM_SOURCE: Final = _table("cdm_source", {}, {"cdm_version": "text", "vocabulary_version": "text"})

CLINICAL: Final = ("person", "death", "observation_period", *EVENTS)
"""Tables about persons, of which every row is accounted for."""

EXPOSING: Final = ("drug_exposure", "device_exposure", "procedure_occurrence")
"""Tables that say what was given or used."""

NEVER_READ: Final = frozenset({"note", "note_nlp", "provider", "location", "care_site", "cost", "payer_plan_period"})
"""Tables that are not opened at all: free text, staff, addresses and money have no part in grading."""

SPARE: Final = frozenset(
    {
        "episode", "episode_event", "specimen", "fact_relationship", "drug_era", "dose_era", "condition_era", "metadata",
        "cohort", "cohort_definition", "vocabulary", "domain", "concept_class", "relationship", "concept_synonym",
        "source_to_concept_map", "drug_strength",
    }
)  # fmt: skip
"""Other tables of the data model: what they say stands in the tables above, or has no part in grading."""

TABLES: Final[Mapping[str, Table]] = MappingProxyType(
    {
        table.name: table
        for table in (
            PERSON,
            DEATH,
            OBSERVATION_PERIOD,
            CONCEPT,
            CONCEPT_RELATIONSHIP,
            CONCEPT_ANCESTOR,
            CDM_SOURCE,
            *(_event_table(name) for name in EVENTS),
        )
    }
)
