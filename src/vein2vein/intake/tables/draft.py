"""Draft a mapping file from a delivery: what was found, what is understood, and what only people can answer.

Place    Floor 3, tables adapter.
In       A folder or file of tables, read once in batches.
Out      The text of a mapping file. ASK stands where an answer is needed.
Knows    A code is answered only when its name, label or terminology code is that of one kind; otherwise the nearest kinds
         stand in a comment and the answer is ASK. Numbers of rows and units seen stand beside each code.
Does not Write values of patients into the file.
Checked  tests/acceptance/intake/test_tables.py
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl
import yaml

from vein2vein.intake import times, words
from vein2vein.intake.local import ASK
from vein2vein.intake.tables.convert import laid_out
from vein2vein.intake.tables.files import Source
from vein2vein.intake.tables.layout import Layout
from vein2vein.intake.tables.mapping import File, Mapping, mapping_of, read_mapping
from vein2vein.intake.tables.rows import understood_exposure
from vein2vein.intake.unit_table import understood, usable_units
from vein2vein.intake.words import plain
from vein2vein.knowledge import codes

_TIMES: Final = ("observed_at", "started_at", "ended_at", "at", "infused_at", "recorded_at", "followed_until")
_HEAD: Final = """\
# Mapping file, drafted from {name}. Replace every ASK by an answer; a setting that still says ASK stops the reading, a code
# or unit that still says ASK costs its rows. Nothing is guessed. Codes may be set to ignore.
version: 1
"""


@dataclass
class _Seen:
    """What was found in a delivery."""

    codes: dict[str, Counter[str]] = field(
        default_factory=lambda: {t: Counter() for t in ("observations", "exposures", "milestones")}
    )
    units: dict[str, Counter[str | None]] = field(default_factory=dict)
    naive: int = 0
    dates: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    commas: int = 0
    doubtful: int = 0


def draft_mapping(place: Path, known: Path | None = None) -> str:
    """The text of a mapping file for a delivery of plain tables.

    Args:
        place: A folder or file.
        known: A mapping file in which columns are named by hand; what it says is kept, what is open is asked.

    Raises:
        IntakeError: INTAKE-001 or INTAKE-002 when there are no tables; as `read_mapping`.
    """
    mapping = mapping_of(None) if known is None else read_mapping(known)
    kept = (
        {}
        if known is None
        else mapping.model_dump(exclude_unset=True, exclude={"version", "files", "codes", "charting"}, mode="json")
    )
    seen = _Seen()
    files = laid_out(place, mapping)
    for source, layout in files:
        for batch in source.batches() if layout.is_readable else ():
            _look(batch, layout, seen)
    parts = [
        _HEAD.format(name=place.name),
        _text_block(kept),
        "" if {"zone", "decimal", "times"} & set(kept) else _settings(seen),
        _files(files, mapping),
        _codes(seen, mapping),
        "" if "units" in kept else _units(seen),
        _charting(seen, kept, mapping),
    ]
    return "\n".join(part for part in parts if part)


def _text_block(kept: dict[str, Any]) -> str:
    return yaml.safe_dump(kept, allow_unicode=True, sort_keys=False).rstrip() if kept else ""


def _encoding(source: Source, declared: File) -> list[str]:
    """The encoding said of a file, or a question when the file is not in the one in which it was read."""
    said = [f"    {name}: {_text(text)}" for name in ("encoding", "separator") if (text := getattr(declared, name))]
    fault = source.fault
    if fault is None or "declare encoding" not in fault.fix:
        return said
    return [f"    # {fault.saw}; {fault.fix}", f"    encoding: {ASK}", *(line for line in said if "separator" in line)]


def _look(batch: pl.DataFrame, layout: Layout, seen: _Seen) -> None:
    columns = {ours: theirs.strip() for ours, theirs in layout.columns.items()}
    frame = batch.select("row", *(pl.col(t).alias(o) for o, t in columns.items()))
    for column in _TIMES:
        if column in frame.columns:
            _look_at_times(frame, column, seen)
    if layout.table in seen.codes:
        _look_at_codes(frame, layout, seen)
    if layout.table == "observations" and "value" in frame.columns and frame.schema["value"] == pl.String:
        value = frame["value"].str.strip_chars()
        seen.commas += int(value.str.contains(r"^[+-]?\d+,\d+$").sum())
        seen.doubtful += int(value.str.contains(r"^[+-]?[1-9]\d{0,2},\d{3}$").sum())


def _look_at_times(frame: pl.DataFrame, column: str, seen: _Seen) -> None:
    reasons = times.place(frame.select(column), column)[f"{column}_reason"]
    seen.naive += int((reasons == times.NO_ZONE).sum())
    text = frame[column].cast(pl.String).str.strip_chars()
    seen.dates += int(text.str.contains(r"^\d{4}-\d{2}-\d{2}$").sum())
    odd = frame.filter(reasons == times.UNREADABLE)[column].cast(pl.String)
    # The shape, not the time itself: digits are replaced.
    seen.unreadable.update(odd.str.replace_all(r"\d", "9").str.replace_all(r"\p{L}", "x").to_list())


def _look_at_codes(frame: pl.DataFrame, layout: Layout, seen: _Seen) -> None:
    name = next(
        (n for n in (("agent", "kind") if layout.table == "exposures" else ("kind",)) if n in frame.columns), None
    )
    if name is None:
        return
    code = pl.col(name).cast(pl.String).str.strip_chars()
    unit = (
        pl.col("unit").cast(pl.String).str.strip_chars().replace("", None)
        if "unit" in frame.columns
        else pl.lit(layout.unit, dtype=pl.String)
    )
    counts = frame.select(code.alias("code"), unit.alias("unit")).drop_nulls("code").group_by("code", "unit").len()
    for found, spelled, number in counts.sort("code", "unit").iter_rows():
        seen.codes[layout.table][found] += number
        if layout.table == "observations":
            seen.units.setdefault(found, Counter())[spelled] += number


def _settings(seen: _Seen) -> str:
    lines = []
    if seen.naive:
        lines += [
            f"# {seen.naive} times carry no offset. Which IANA zone was on the clock, such as Europe/Berlin?",
            f"zone: {ASK}",
        ]
    if seen.doubtful:
        lines += [
            f"# {seen.doubtful} values such as 1,234 could be thousands or decimals: point or comma as the decimal sign?",
            f"decimal: {ASK}",
        ]
    elif seen.commas:
        lines += [f"# {seen.commas} values have a decimal comma.", "decimal: comma"]
    shapes = ", ".join(f"{shape!r} ({count})" for shape, count in seen.unreadable.most_common(5))
    doubts = []
    if seen.dates:
        doubts += [
            f"  # {seen.dates} times are a date only. Where in the day are they: start, noon, end, or keep (not assessable)?",
            f"  date_only: {ASK}",
        ]
    if shapes:
        doubts += [
            f"  # Times that could not be read, digits as 9: {shapes}. Their format, such as '%d.%m.%Y %H:%M'?",
            f"  formats: [{ASK}]",
        ]
    return "\n".join([*lines, *(["times:", *doubts] if doubts else [])])


def _files(files: list[tuple[Source, Layout]], mapping: Mapping) -> str:
    lines = ["files:"]
    tables = Counter(layout.table for _, layout in files)
    for source, layout in files:
        declared = mapping.files.get(source.name, File())
        lines += [f"  {_text(source.name)}:"]
        if declared.table is None and not layout.is_told and source.columns:
            hint = f"{layout.table}? Neither its name nor its columns tell; drop it if nothing in it is needed"
            lines += [f"    table: {ASK}  # {hint}"]
        elif declared.table is None and layout.table in _ONE_EACH and tables[layout.table] > 1:
            lines += [
                f"    table: {ASK}  # {layout.table}? {tables[layout.table]} files look like it; drop those that are not"
            ]
        else:
            lines += [f"    table: {layout.table}"]
        lines += _encoding(source, declared)
        lines += [f"    {name}: {_text(text)}" for name in ("kind", "unit") if (text := getattr(declared, name))]
        lines += ["    columns:" if layout.columns or source.columns else "    columns: {}"]
        lines += [f"      {ours}: {_text(theirs)}" for ours, theirs in layout.columns.items()]
        open_ = layout.lacking if source.columns else ()
        asked = [f"      {ours[0]}: {ASK}  # the column for {' or '.join(ours)}" for ours in open_]
        headers = ", ".join(" ".join(name.split()) for name in source.columns)
        lines += [*asked, f"      # columns of the file: {headers}"] if asked else []
        lines += [
            f"    # {fault.id}: {' '.join(fault.saw.split())}" for fault in layout.faults if fault.id != "INTAKE-006"
        ]
    return "\n".join(lines)


_ONE_EACH: Final = ("patients", "courses")


def _codes(seen: _Seen, mapping: Mapping) -> str:
    lines = []
    for table, counter in seen.codes.items():
        if counter:
            lines.append(f"  {table}:")
            lines += [_code_line(table, code, seen, mapping) for code in sorted(counter)]
    return "\n".join(["codes:", *lines]) if lines else ""


def _code_line(table: str, code: str, seen: _Seen, mapping: Mapping) -> str:
    answer, near = _answer(table, code, mapping)
    units = ", ".join(unit or "no unit" for unit in seen.units.get(code, {})) if table == "observations" else ""
    remark = "; ".join(
        part for part in (f"{seen.codes[table][code]} rows", f"units {units}" if units else "", near) if part
    )
    return f"    {_text(code)}: {answer}  # {remark}"


def _answer(table: str, code: str, mapping: Mapping) -> tuple[str, str]:
    """The id behind a code, or ASK and the nearest ids."""
    said = getattr(mapping.codes, table).get(code)
    if said is not None:
        return said, ""
    if table == "exposures":
        stream, agent = understood_exposure(None, code, mapping)
        if stream is None:
            stream = words.streams().get(plain(code))
        known: dict[str, Any] = {word: "/".join(pair) for word, pair in words.any_agent().items()}
        found = "/".join(
            part for part in (stream, agent if stream and agent in codes.stream(stream).agents else None) if part
        )
    else:
        known = words.kinds() if table == "observations" else words.milestones()
        found = known.get(plain(code), "")
    if found:
        return found, ""
    near = dict.fromkeys(str(known[word]) for word in codes.nearest(plain(code), known, likeness=0.75))
    return ASK, f"nearest {', '.join(near)}" if near else "nothing near: what is it?"


def _units(seen: _Seen) -> str:
    """Questions about units of kinds that are understood."""
    missing, by_kind = [], []
    for code, counter in sorted(seen.units.items()):
        name = words.kinds().get(plain(code))
        if name is None or codes.observation_kind(name).type != "number":
            continue
        for unit, number in counter.items():
            if not isinstance(understood(codes.observation_kind(name), unit), str):
                continue
            ask = f"{ASK}  # {number} rows; usable: {', '.join(usable_units(name))}"
            if unit is None:
                missing.append(f"    {name}: {ask}")
            else:
                by_kind.append(
                    f"    {name}: {{{_text(unit)}: {ASK}}}  # {number} rows; usable: {', '.join(usable_units(name))}"
                )
    lines = ["  # units of rows that name none", "  missing:", *dict.fromkeys(missing)] if missing else []
    lines += ["  # units that are unknown or ambiguous", "  by_kind:", *dict.fromkeys(by_kind)] if by_kind else []
    return "\n".join(["units:", *lines]) if lines else ""


def _charting(seen: _Seen, kept: dict[str, Any], mapping: Mapping) -> str:
    streams = ", ".join(name for name in codes.streams() if name not in {"charted", "other_cause"})
    lines = []
    if "charted" not in kept:
        lines += [
            "# Streams that the centre records completely, so that no row means: not given. None unless listed.",
            f"# Known: {streams}",
            "charted: []",
        ]
    said = {stream: charting.model_dump(mode="json") for stream, charting in mapping.charting.items()}
    device, flow = _devices(seen, mapping)
    if said:
        lines += [_text_block({"charting": said})]
    elif device or flow:
        lines += [
            "# These codes look like oxygen devices and flows charted now and then; what stands here need not be answered above.",
            "# Take out of the lists what is none. For how many hours is a charting believed when no other follows?",
            "charting:",
            f"  oxygen: {{device: {_list(device)}, flow: {_list(flow)}, hold_hours: {ASK}}}",
        ]
    elif seen.codes["observations"]:
        lines += [
            "# A device charted now and then among the observations, and how long a charting is believed:",
            "# charting: {oxygen: {device: [CODE], flow: [CODE], hold_hours: HOURS}}",
        ]
    return "\n".join([*lines, ""])


def _list(names: list[str]) -> str:
    return f"[{', '.join(map(_text, names))}]"


def _devices(seen: _Seen, mapping: Mapping) -> tuple[list[str], list[str]]:
    """Codes of observations that look like oxygen devices, and like flows of oxygen; those that mean a kind are left out."""
    open_ = [code for code in sorted(seen.codes["observations"]) if _answer("observations", code, mapping)[0] == ASK]
    device: list[str] = []
    flow: list[str] = []
    for code in open_:
        words_of_code = _PARTS.split(code.casefold())
        if not _OXYGEN & set(words_of_code) and not any(part.startswith(_OXYGEN_STEMS) for part in words_of_code):
            continue
        is_flow = any(part.startswith(_FLOW_STEMS) for part in words_of_code) or any(
            unit is not None and _FLOW_UNIT.fullmatch(unit) for unit in seen.units.get(code, {})
        )
        (flow if is_flow else device).append(code)
    return device, flow


_PARTS: Final = re.compile(r"[^\w]+|_")
_OXYGEN: Final = frozenset({"o2", "o2dev", "o2device", "o2flow"})
_OXYGEN_STEMS: Final = ("oxygen", "sauerstoff", "oxyg\u00e8ne", "\u5438\u6c27", "\u6c27\u7597")
_FLOW_STEMS: Final = ("flow", "rate", "o2flow", "fluss", "\u6d41\u91cf")
_FLOW_UNIT: Final = re.compile(r"(l|L|lpm|LPM)(/min)?")


def _text(value: str) -> str:
    """A YAML scalar on one line."""
    return (
        str(yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=True))
        .removesuffix("\n...\n")
        .strip()
    )
