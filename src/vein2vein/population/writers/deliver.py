"""Write a cohort of any size as deliveries, one for each centre.

Place    Floor 4, writers. Called by the command line and by tests.
In       Cohorts, one part after the other.
Out      A folder, or one folder per centre, each with the mapping file that reads it and the account ``account.yaml``.
Knows    A hospital sends its own data in its own zone: a cohort of one centre is written into the folder itself, several centres
         into folders of their own. Only one part is in memory at a time.
Checked  tests/property/test_round_trips.py, tests/unit/population/test_writers.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import polars as pl
import yaml

from vein2vein.errors import SimulationError
from vein2vein.population.writers.account import Account
from vein2vein.record.cohort import Cohort

Form = Literal["hospital", "fhir", "omop"]
FORMS: Final = ("hospital", "fhir", "omop")
MAPPING: Final = "mapping.yaml"
ACCOUNT: Final = "account.yaml"
_COURSES_AT_ONCE: Final = 25
_NAMELESS: Final = "centre"


class Folder(Protocol):
    """A delivery that is written part by part."""

    account: Account

    def add(self, part: Cohort) -> None:
        """Append the courses of a part."""

    def close(self) -> Account:
        """Finish the files and give the account."""


def deliver(
    cohorts: Cohort | Iterable[Cohort], folder: Path, form: Form, *, one_folder: bool = False, **options: Any
) -> Mapping[str, Account]:
    """Write cohorts as deliveries.

    Args:
        cohorts: A cohort, or parts of one; identifiers must be unique over all of them.
        folder: A new or empty folder.
        form: hospital, fhir or omop.
        one_folder: Whether the cohort is known to hold one centre and zone, so that no folder of a centre is made. Without it
            a single cohort is looked at, and parts always get a folder per centre.
        options: Further settings of the form, such as ``file="csv"`` for omop.

    Returns:
        Account by folder name; the name is "" where the folder itself is the delivery.

    Raises:
        SimulationError: SIM-022 when the folder holds something, SIM-020 and SIM-021 as the forms say.
    """
    check_empty(folder)
    parts = [cohorts] if isinstance(cohorts, Cohort) else cohorts
    alone = one_folder or (
        isinstance(cohorts, Cohort) and cohorts.courses.select("centre_id", "zone").unique().height <= 1
    )
    open_folders: dict[str, Folder] = {}
    for part in parts:
        for name, zone, centre in _centres(part):
            where = "" if alone else name
            if where not in open_folders:
                open_folders[where] = _open(form, folder / where, zone, options)
            for piece in _pieces(centre):
                open_folders[where].add(piece)
    return {where: _closed(each, folder / where) for where, each in sorted(open_folders.items())}


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        SimulationError: SIM-022.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SimulationError(
            "SIM-022",
            saw=f"{folder.name}, which holds {min(p.name for p in folder.iterdir())}",
            expected="a new or empty folder",
            fix="name another folder",
        )


def _open(form: Form, folder: Path, zone: str, options: Mapping[str, Any]) -> Folder:
    folder.mkdir(parents=True, exist_ok=True)
    if form == "fhir":
        from vein2vein.population.writers.fhir import FhirFolder  # noqa: PLC0415  (each form only when needed)

        return FhirFolder(folder, zone, **options)
    if form == "omop":
        from vein2vein.population.writers.omop import OmopFolder  # noqa: PLC0415  (each form only when needed)

        return OmopFolder(folder, zone, **options)
    from vein2vein.population.writers.hospital import HospitalFolder  # noqa: PLC0415  (each form only when needed)

    return HospitalFolder(folder, zone, **options)


def _closed(each: Folder, folder: Path) -> Account:
    account = each.close()
    if not (folder / MAPPING).exists():
        content = yaml.safe_dump({"version": 1, **account.declared}, sort_keys=False, allow_unicode=True)
        (folder / MAPPING).write_text(content, encoding="utf-8")
    (folder / ACCOUNT).write_text(account.to_yaml(), encoding="utf-8")
    return account


def _centres(part: Cohort) -> Iterator[tuple[str, str, Cohort]]:
    """Folder name, zone and courses of each centre."""
    pairs = part.courses.select("centre_id", "zone").unique(maintain_order=True)
    several = pairs.filter(pl.col("centre_id").is_duplicated())["centre_id"].to_list()
    if pairs.height == 1:
        centre, zone = pairs.row(0)
        yield _name(centre, zone, with_zone=False), zone, part
        return
    for centre, zone in pairs.iter_rows():
        here = pl.col("centre_id").eq_missing(pl.lit(centre, dtype=pl.String)) & (pl.col("zone") == zone)
        ids = part.courses.filter(here)["course_id"].to_list()
        yield _name(centre, zone, with_zone=centre in several), zone, part.select(ids)


def _name(centre: str | None, zone: str, *, with_zone: bool) -> str:
    words = centre or _NAMELESS
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{words} {zone}" if with_zone else words).strip("-.") or _NAMELESS


def _pieces(cohort: Cohort) -> Iterator[Cohort]:
    """Some courses at a time; all courses of a person who has several come together."""
    several = pl.col("patient_id").is_duplicated()
    of_several = cohort.courses.filter(several)["course_id"].to_list()
    if of_several:
        yield cohort.select(of_several)
        cohort = cohort.select(cohort.courses.filter(~several)["course_id"].to_list())
    for start in range(0, len(cohort), _COURSES_AT_ONCE):
        yield cohort.part(start, start + _COURSES_AT_ONCE)
