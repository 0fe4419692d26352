"""A cohort as the long tables of a made-up hospital, with the mapping file that reads them.

Place    Floor 4, writers. Read back by `intake.tables`.
In       Parts of a cohort of one centre.
Out      CSV files with local codes, local units and local times, and ``mapping.yaml``.
Knows    Times are what the clock of the centre showed; only in the hour that comes twice in autumn the offset stands behind them.
         A number is written in the unit of the house with as many digits as bring back exactly the value of the record.
Missing  A row that cannot be used is written with what was said in brackets, which no reader takes for a number or a word.
Does not Send sources: where a row came from is told anew by whoever reads it.
Checked  tests/unit/population/test_writers.py, tests/property/test_round_trips.py
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from vein2vein.basis.data_files import package_yaml
from vein2vein.knowledge import codes
from vein2vein.population.writers.account import Account, LeftOut
from vein2vein.population.writers.digits import CONTRADICTING, TOO_FINE, contradicting, too_fine
from vein2vein.population.writers.text import FREE_TEXT, as_sent, in_units, number, said
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import CHARTED, UNSPECIFIED


@cache
def house() -> dict[str, Any]:
    """The content of data/hospital.yaml."""
    found: dict[str, Any] = package_yaml("vein2vein.population.writers", "data", "hospital.yaml")
    return found


@cache
def local_codes() -> dict[str, str]:
    """Kind of observation -> local code; also for milestones, which have no entries."""
    named = house()["codes"]
    return {kind: named.get(kind) or f"X-{kind.upper().replace('_', '-')}" for kind in codes.observations()}


@cache
def local_agents() -> dict[tuple[str, str], str]:
    """(stream, agent) -> local name, unique over all streams."""
    named = house()["agents"]
    found: dict[tuple[str, str], str] = {}
    for stream, entry in codes.streams().items():
        if stream == CHARTED:
            found |= {(stream, agent): agent for agent in codes.streams()}
            continue
        for agent in (*entry.agents, UNSPECIFIED):
            name = named.get(agent) or agent.upper().replace("-", " ")
            found[stream, agent] = f"{stream.upper().replace('_', ' ')}: {name}"
    return found


def mapping(zone: str) -> dict[str, Any]:
    """The mapping file of the house."""
    words = {
        kind: {said_: word for word, said_ in house()["words"].items() if word in entry.categories}
        for kind, entry in codes.observations().items()
        if entry.type == "category"
    }
    words |= {
        kind: {house()["words"][answer]: answer for answer in ("yes", "no")}
        for kind, entry in codes.observations().items()
        if entry.type == "yes_no"
    }
    return {
        "version": 1,
        "zone": zone,
        "codes": {
            "observations": {local: kind for kind, local in sorted(local_codes().items())},
            "exposures": {
                local: f"{stream}/{agent}"
                for (stream, agent), local in sorted(local_agents().items())
                if stream != CHARTED
            },
        },
        "values": {kind: found for kind, found in words.items() if found},
    }


class HospitalFolder:
    """A folder of CSV files that is written part by part.

    Args:
        folder: An existing, empty folder.
        zone: Zone for rows of courses that name none; every course names its own.
    """

    def __init__(self, folder: Path, zone: str) -> None:
        self.account = Account("hospital", {"zone": zone})
        self._folder = folder
        self._patients: set[str] = set()
        content = yaml.safe_dump(mapping(zone), sort_keys=False, allow_unicode=True, width=120)
        (folder / "mapping.yaml").write_text(content, encoding="utf-8")

    def add(self, part: Cohort) -> None:
        """Append the courses of a part."""
        zones = part.courses.select("course_id", "zone")
        new = part.patients.join(part.courses, on="patient_id", how="semi", maintain_order="left")
        new = new.filter(~pl.col("patient_id").is_in(list(self._patients)))
        self._patients |= set(new["patient_id"])
        self._append("patients.csv", new.rename({"born_on": "birth_date"}))
        self._append("courses.csv", _courses(part))
        for name, frame in _observations(part.observations, zones).items():
            self._append(name, frame)
        for name, frame in _exposures(part.exposures, zones).items():
            self._append(name, frame)
        self._append("events.csv", _milestones(part.milestones, zones))
        self.account.leave_out(_left_out(part))

    def close(self) -> Account:
        """The account of all parts."""
        return self.account

    def _append(self, name: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        path = self._folder / name
        with path.open("ab") as file:
            frame.write_csv(file, include_header=path.stat().st_size == 0)
        self.account.wrote(name, frame.height)


def local(column: str, zones: list[str]) -> pl.Expr:
    """An instant as the clock of the zone in column ``zone`` showed it; with its offset in the hour that comes twice."""
    found: pl.Expr = pl.lit(None, dtype=pl.String)
    for zone in zones:
        wall = pl.col(column).dt.convert_time_zone(zone).dt.replace_time_zone(None)
        first = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        last = wall.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
        bare = wall.dt.strftime("%Y-%m-%d %H:%M:%S%.f")
        offset = pl.col(column).dt.convert_time_zone(zone).dt.strftime("%:z")
        text = pl.when(first != last).then(pl.concat_str(bare, offset)).otherwise(bare)
        found = pl.when(pl.col("zone") == zone).then(text).otherwise(found)
    return found


def _zones(frame: pl.DataFrame) -> list[str]:
    return sorted(frame["zone"].drop_nulls().unique().to_list())


def _timed(frame: pl.DataFrame, zones: pl.DataFrame, *columns: str) -> pl.DataFrame:
    joined = frame.join(zones, on="course_id", how="left", maintain_order="left")
    return joined.with_columns(local(column, _zones(zones)).alias(column) for column in columns)


def _courses(part: Cohort) -> pl.DataFrame:
    frame = part.courses.with_columns(
        local(column, _zones(part.courses)).alias(column) for column in ("infused_at", "followed_until")
    )
    return frame.select(
        pl.col("course_id").alias("case_id"), "patient_id", "product", "indication", pl.col("centre_id").alias("centre"),
        pl.col("zone").alias("time_zone"), pl.col("infused_at").alias("infusion_time"), "followed_until",
    )  # fmt: skip


def _observations(rows: pl.DataFrame, zones: pl.DataFrame) -> dict[str, pl.DataFrame]:
    units = {kind: str(entry.unit) for kind, entry in codes.observations().items() if entry.type == "number"}
    frame = _timed(as_sent(rows), zones, "observed_at", "recorded_at").join(
        in_units(house()["units"]), on="kind", how="left", maintain_order="left"
    )
    own = pl.col("_unit").is_not_null() & (pl.col("sent_unit") == said("kind", units))
    back = (pl.col("value") - pl.col("_offset")) / pl.col("_scale")
    limits = {side: (pl.col(f"reference_{side}") - pl.col("_offset")) / pl.col("_scale") for side in ("low", "high")}
    rounded: pl.Expr = back
    for digits in in_units(house()["units"])["_digits"].unique().sort().to_list():
        rounded = pl.when(pl.col("_digits") == digits).then(back.round(digits)).otherwise(rounded)
    words: dict[str, str] = house()["words"]
    usable = pl.col("usability") == "ok"
    has_unit = usable & pl.col("value").is_not_null()
    value = (
        pl.when(~usable).then(pl.concat_str(pl.lit("["), pl.col("as_sent").fill_null(""), pl.lit("]")))
        .when(pl.col("code").is_not_null()).then(said("code", words).fill_null(pl.col("code")))
        .when(own).then(number(rounded))
        .otherwise(pl.col("sent_value"))
    )  # fmt: skip
    listed = frame.select(
        pl.col("course_id").alias("case_id"), said("kind", local_codes()).alias("item"), pl.col("comparator"),
        value.alias("value"),
        pl.when(has_unit).then(pl.when(own).then(pl.col("_unit")).otherwise(pl.col("sent_unit"))).alias("unit"),
        *(pl.when(own).then(limits[s].round(9)).otherwise(pl.col(f"sent_{s}")).alias(f"ref_{s}") for s in ("low", "high")),
        pl.col("observed_at").alias("charted_at"), pl.col("recorded_at").alias("entered_at"),
    )  # fmt: skip
    files = house()["files"]
    beginning = pl.col("item").str.split("-").list.first()
    return {name: listed.filter(beginning == mark) for mark, name in files.items()}


def _exposures(rows: pl.DataFrame, zones: pl.DataFrame) -> dict[str, pl.DataFrame]:
    frame = _timed(rows, zones, "started_at", "ended_at", "recorded_at")
    table = pl.DataFrame(
        [(stream, agent, name) for (stream, agent), name in local_agents().items()],
        schema=["kind", "agent", "local"],
        orient="row",
    )
    frame = frame.join(table, on=["kind", "agent"], how="left", maintain_order="left")
    spoken = pl.col("source").str.starts_with(FREE_TEXT).fill_null(value=False)
    device = pl.when(spoken).then(pl.col("source").str.strip_prefix(FREE_TEXT)).otherwise(
        pl.coalesce("local", "agent")
    )  # fmt: skip
    listed = frame.select(
        pl.col("course_id").alias("case_id"), pl.col("kind").alias("stream"), device.alias("drug"),
        pl.col("amount").alias("dose"), pl.col("amount_unit").alias("dose_unit"), "rate", "rate_unit", "reason",
        pl.col("started_at").alias("start"), pl.col("ended_at").alias("stop"), pl.col("recorded_at").alias("entered_at"),
    )  # fmt: skip
    files = {"oxygen": "devices.csv", "charted": "drug_charting.csv"}
    names = said("stream", files, default="medication.csv")
    return {name: listed.filter(names == name) for name in ("medication.csv", *files.values())}


def _milestones(rows: pl.DataFrame, zones: pl.DataFrame) -> pl.DataFrame:
    return _timed(rows, zones, "at").select(
        pl.col("course_id").alias("case_id"), pl.col("kind").alias("event"), pl.col("at").alias("time"),
        pl.col("detail").alias("cause"),
    )  # fmt: skip


def _left_out(part: Cohort) -> list[LeftOut]:
    known = {kind: entry.type for kind, entry in codes.observations().items()}
    nobody = part.patients.join(part.courses, on="patient_id", how="anti").height
    strange = part.exposures.filter(
        ~pl.concat_str("kind", pl.lit("/"), "agent").is_in([f"{s}/{a}" for s, a in local_agents()])
    ).height
    said_twice = part.milestones.filter(~pl.col("kind").is_in(list(codes.milestones()))).height
    return [
        LeftOut("observations", *TOO_FINE, too_fine(part.observations), graded=True),
        LeftOut("observations", *CONTRADICTING, contradicting(part.observations, entered=True), graded=True),
        LeftOut("observations", "kind", "the code files do not know it",
                part.observations.filter(~pl.col("kind").is_in(list(known))).height, graded=False),
        LeftOut("exposures", "agent", "the code files do not know it; it is read as unspecified", strange, graded=True),
        LeftOut("milestones", "kind", "the code files do not know it", said_twice, graded=False),
        LeftOut("patients", "patients without a course", "no row names them", nobody, graded=False),
    ]  # fmt: skip
