"""The mapping file: what a centre says about its own tables.

Place    Floor 3, tables adapter. Written by people, drafted by `draft`.
In       YAML; every key is optional.
Out      `Mapping`, checked.
Missing  The word ASK stands where the draft asks something. A setting that still says ASK stops the reading; a code or unit
         that still says ASK costs its rows. Nothing is guessed.
Checked  tests/unit/intake/test_tables_mapping.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import Field, PrivateAttr, ValidationError

from vein2vein.basis.clock import zone_of
from vein2vein.errors import IntakeError, RecordError
from vein2vein.intake.lesions import WORDS
from vein2vein.intake.local import ASK, IGNORE, Codes, Local, Part, Units
from vein2vein.intake.numbers import DecimalSign
from vein2vein.intake.times import TimePolicy
from vein2vein.knowledge import codes
from vein2vein.knowledge.spellings import ucum_of

_SHOWN: Final = 5
TABLE_NAMES: Final = ("patients", "courses", "milestones", "exposures", "lesions", "observations")

Table = Literal["patients", "courses", "milestones", "exposures", "lesions", "observations"]


class Times(Part):
    """How doubtful times are read; see `intake.times.TimePolicy`.

    Attributes:
        midnight: Of OMOP only: whether 00:00:00 is a date alone ("day", because most exports write dates so) or midnight
            ("time").
    """

    gap: Literal["refuse", "after"] = "refuse"
    fold: Literal["refuse", "first", "second"] = "refuse"
    date_only: Literal["keep", "start", "noon", "end"] = "keep"
    midnight: Literal["day", "time"] = "day"
    formats: tuple[str, ...] = ()

    def policy(self) -> TimePolicy:
        """The same as the policy of `intake.times`."""
        return TimePolicy(gap=self.gap, fold=self.fold, date_only=self.date_only, formats=self.formats)


class File(Part):
    """What is in one file.

    Attributes:
        table: Which table it holds.
        columns: Column of the table -> column of the file.
        kind: The kind of every row, when no column says it.
        unit: The unit of every row, when no column says it.
        encoding: The encoding of this file, when it is not that of the others.
        separator: The sign between the cells of this file, when it is not that of the others.
    """

    table: Table | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    kind: str | None = None
    unit: str | None = None
    encoding: str | None = None
    separator: str | None = Field(default=None, min_length=1, max_length=1)


class Charting(Part):
    """A device charted now and then.

    Attributes:
        device: Codes of observation rows whose value names the device; exposures of the stream that have no end are held
            as long, with or without such codes.
        flow: Codes of observation rows whose value is the flow.
        hold_hours: How long a charting is believed when no other follows.
    """

    device: tuple[str, ...] = ()
    flow: tuple[str, ...] = ()
    hold_hours: float = Field(gt=0, le=168)


class Mapping(Part):
    """A whole mapping file."""

    version: Literal[1] = 1
    zone: str | None = None
    decimal: DecimalSign = "auto"
    encoding: str | None = None
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    times: Times = Times()
    files: dict[str, File] = Field(default_factory=dict)
    codes: Codes = Codes()
    units: Units = Units()
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    agents: dict[str, str] = Field(default_factory=dict)
    reasons: dict[str, str] = Field(default_factory=dict)
    details: dict[str, str] = Field(default_factory=dict)
    charted: tuple[str, ...] = ()
    charting: dict[str, Charting] = Field(default_factory=dict)
    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """The file that was read; None when what is declared stands in none."""
        return self._file

    @property
    def local(self) -> Local:
        """Codes, units and words, for the forms whose adapters take them."""
        return Local(self.codes, self.units, self.values, self.decimal)

    def read_from(self, file: Path | None) -> Mapping:
        """The same mapping, with the file it was read from."""
        self._file = file
        return self


def read_mapping(path: Path, *, zone: str | None = None) -> Mapping:
    """The checked mapping file.

    Args:
        path: The file.
        zone: IANA zone that overrides the one in the file.

    Raises:
        IntakeError: INTAKE-001 when the file is not there, INTAKE-008 when it cannot be used, INTAKE-039 when a setting
            still says ASK.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IntakeError(
            "INTAKE-001",
            saw=f"mapping file {path.name}: {error.strerror}",
            expected="a file that can be read",
            fix="correct the path",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _wrong(str(error), "YAML in UTF-8", "correct the file") from error
    if zone is not None and isinstance(raw, dict | None):
        raw = {**(raw or {}), "zone": zone}
    return mapping_of(raw).read_from(path)


def mapping_of(raw: Any) -> Mapping:
    """The checked mapping of a parsed file; None is an empty one. Raises as `read_mapping`."""
    if not isinstance(raw, dict | None):
        saw = f"a {type(raw).__name__} at the top"
        raise _wrong(saw, "keys such as zone, files, codes, units", "start from `draft-mapping`")
    _require_answers(raw or {})
    try:
        mapping = Mapping.model_validate(raw or {})
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()[:_SHOWN])
        raise _wrong(places, f"keys {', '.join(Mapping.model_fields)}", "correct the named places") from error
    faults = list(_unresolved(mapping))
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise _wrong(
            "; ".join(faults[:_SHOWN]) + more, "ids of the code files and UCUM units", "correct the named places"
        )
    return mapping


def _require_answers(raw: dict[str, Any]) -> None:
    """Settings must be answered; codes and units may stay open and then cost their rows."""
    open_questions = [
        name
        for name in raw
        if name not in {"codes", "units", "values", "agents", "reasons", "details"} and _asks(raw[name])
    ]
    if open_questions:
        raise IntakeError(
            "INTAKE-039",
            saw=f"{', '.join(open_questions)}: {ASK}",
            expected="an answer for every setting",
            fix="answer them in the mapping file; the comment beside each says what is asked",
            effect="nothing was read",
        )


def _asks(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_asks(part) for part in value.values())
    if isinstance(value, list):
        return any(_asks(part) for part in value)
    return bool(value == ASK)


def _unresolved(mapping: Mapping) -> Iterator[str]:
    """Everything that points to nothing."""
    if mapping.zone is not None:
        try:
            zone_of(mapping.zone)
        except RecordError as error:
            yield f"zone: {error.fault.saw}"
    yield from _unknown("codes.observations", mapping.codes.observations.values(), codes.observations())
    yield from _unknown("codes.milestones", mapping.codes.milestones.values(), codes.milestones())
    for target in mapping.codes.exposures.values():
        yield from _unknown_exposure(target)
    values = (name for name in mapping.values if name not in WORDS)  # a column of lesions is no kind
    for name in (*mapping.units.missing, *mapping.units.by_kind, *values):
        yield from _unknown("units or values", [name], codes.observations())
    listed = [*mapping.units.missing.values(), *mapping.units.spellings.values()]
    listed += [unit for units in mapping.units.by_kind.values() for unit in units.values()]
    yield from (f"units: {unit!r} is not a unit" for unit in listed if unit != ASK and ucum_of(unit) is None)
    yield from _unknown("charted", mapping.charted, codes.streams())
    yield from _unknown("charting", mapping.charting, codes.streams())
    for name, file in mapping.files.items():
        if file.kind is not None:
            known = {"exposures": codes.streams(), "milestones": codes.milestones()}.get(
                file.table or "", codes.observations()
            )
            yield from _unknown(f"files.{name}.kind", [file.kind], known)


def _unknown(place: str, names: Any, known: Any) -> Iterator[str]:
    for name in names:
        if name not in known and name not in {ASK, IGNORE}:
            near = codes.nearest(str(name), known)
            yield f"{place}: {name!r} is unknown" + (f" (nearest {', '.join(near)})" if near else "")


def _unknown_exposure(target: str) -> Iterator[str]:
    if target in {ASK, IGNORE}:
        return
    stream, _, agent = target.partition("/")
    if stream not in codes.streams():
        yield from _unknown("codes.exposures", [stream], codes.streams())
    elif agent and agent not in {*codes.stream(stream).agents, "unspecified"}:
        yield from _unknown(f"codes.exposures of {stream}", [agent], codes.stream(stream).agents)


def _wrong(saw: str, expected: str, fix: str) -> IntakeError:
    return IntakeError("INTAKE-008", saw=saw, expected=expected, fix=fix, effect="nothing was read")
