"""Which table is in which file, and which column of it is which.

Place    Floor 3, tables adapter.
In       Names of files and columns; the mapping file; columns.yaml with the usual names.
Out      `Layout` per file, and the faults: columns that are missing or not used.
Does not Look at the rows.
Checked  tests/unit/intake/test_tables_layout.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath
from typing import Final

from vein2vein.basis.data_files import package_yaml
from vein2vein.errors import Fault
from vein2vein.intake.tables.mapping import TABLE_NAMES, File
from vein2vein.intake.words import plain

_NEEDED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    # each entry is satisfied by one of its columns
    "patients": (("patient_id",),),
    "courses": (("course_id", "patient_id"),),
    "observations": (("course_id", "patient_id"), ("kind",), ("value", "code"), ("observed_at",)),
    "exposures": (("course_id", "patient_id"), ("kind", "agent"), ("started_at",)),
    "milestones": (("course_id", "patient_id"), ("kind",), ("at",)),
    "lesions": (("course_id", "patient_id"), ("lesion",), ("long_mm", "long", "seen"), ("observed_at",)),
}
# What may stand in every row of a table of facts, about the person or the course.
CARRIED: Final = ("born_on", "sex", "product", "indication", "centre_id", "zone", "infused_at", "followed_until")


@dataclass(frozen=True)
class Layout:
    """The table in a file and its columns (column of the table -> column of the file).

    `is_told` says whether the mapping file, the name or all needed columns of the file tell the table; else it is a guess.
    """

    table: str
    columns: dict[str, str]
    kind: str | None = None
    unit: str | None = None
    faults: tuple[Fault, ...] = field(default=())
    lacking: tuple[tuple[str, ...], ...] = ()
    is_told: bool = True

    @property
    def is_readable(self) -> bool:
        """Whether no needed column is missing."""
        return not any(fault.id == "INTAKE-006" for fault in self.faults)


_SHOWN: Final = 30


@cache
def usual_names() -> dict[str, dict[str, list[str]]]:
    """The content of columns.yaml."""
    loaded: dict[str, dict[str, list[str]]] = package_yaml("vein2vein.intake.tables", "columns.yaml")
    return loaded


def layout_of(name: str, columns: tuple[str, ...], declared: File) -> Layout:
    """What a file holds, from the mapping file, else from its own name and the names of its columns."""
    told = declared.table or _by_name(name)
    table = told or _by_columns(columns)
    chosen = _choose(table, columns, declared)
    lacking = _lacking(table, chosen, declared)
    is_told = bool(told) or not lacking
    unused = [column for column in columns if column not in chosen.values()]
    shown = table if is_told else f"{table}, as far as can be told"
    faults = [_missing(name, shown, group, columns) for group in lacking]
    faults += [_not_there(name, column) for column in declared.columns.values() if column not in columns]
    faults += [_unused(name, column) for column in unused]
    return Layout(table, chosen, declared.kind, declared.unit, tuple(faults), tuple(lacking), is_told)


def _by_name(name: str) -> str | None:
    stem = PurePath(name).stem.casefold()
    for table, marks in usual_names()["files"].items():
        if any(mark in stem for mark in marks):
            return table
    return None


def _by_columns(columns: tuple[str, ...]) -> str:
    """The table most of whose needed columns are there; observations when nothing speaks for another.

    One identifier alone stands in every table and speaks for none.
    """
    here = {plain(column) for column in columns}

    def satisfied(table: str) -> tuple[float, int]:
        found = {name for name, names in usual_names()[table].items() if here & {plain(n) for n in names}}
        groups = _NEEDED[table]
        if len(groups) == 1 and len(found) == 1:
            return 0.0, 0
        return sum(bool(found & set(group)) for group in groups) / len(groups), len(found)

    return max(reversed(TABLE_NAMES), key=satisfied)


def _choose(table: str, columns: tuple[str, ...], declared: File) -> dict[str, str]:
    """Column of the table -> column of the file; declared ones first, then usual names in their order."""
    chosen = {name: column for name, column in declared.columns.items() if column in columns}
    names = dict(usual_names()[table])
    if table not in {"patients", "courses"}:
        names |= {k: v for part in ("patients", "courses") for k, v in usual_names()[part].items() if k in CARRIED}
        names = {k: v for k, v in names.items() if not (table == "exposures" and k in {"indication", "infused_at"})}
    elif table == "courses":
        names |= {k: v for k, v in usual_names()["patients"].items() if k in CARRIED}
    for name, usual in names.items():
        free = {plain(column): column for column in reversed(columns) if column not in chosen.values()}
        found = next((free[plain(word)] for word in usual if plain(word) in free), None)
        if name not in chosen and found is not None:
            chosen[name] = found
    return chosen


def _lacking(table: str, chosen: dict[str, str], declared: File) -> list[tuple[str, ...]]:
    have = set(chosen) | ({"kind"} if declared.kind else set())
    return [group for group in _NEEDED[table] if not have & set(group)]


def _missing(name: str, table: str, group: tuple[str, ...], columns: tuple[str, ...]) -> Fault:
    return Fault(
        "INTAKE-006",
        saw=f"{name} (table {table}) with columns {', '.join(columns[:_SHOWN]) or 'none'}"
        + (f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""),
        expected=f"a column for {' or '.join(group)}",
        fix=f"name it in the mapping file: files: {{{name}: {{columns: {{{group[0]}: YOUR_COLUMN}}}}}}",
        effect="no row of the file can be used; all are refused",
    )


def _not_there(name: str, column: str) -> Fault:
    return Fault(
        "INTAKE-006",
        saw=f"no column {column!r} in {name}",
        expected="every column that the mapping file names",
        fix="correct the name in the mapping file",
        effect="no row of the file can be used; all are refused",
    )


def _unused(name: str, column: str) -> Fault:
    return Fault(
        "INTAKE-007",
        saw=f"column {column!r} of {name}",
        expected="columns with a usual name, or named in the mapping file",
        fix="name it in the mapping file if it holds something needed",
        effect="the column is not read",
    )
