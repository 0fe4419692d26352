"""The mapping file is checked before a row is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vein2vein.errors import IntakeError
from vein2vein.intake.tables.mapping import Mapping, mapping_of, read_mapping


def _refused(raw: Any) -> IntakeError:
    with pytest.raises(IntakeError) as raised:
        mapping_of(raw)
    return raised.value


def test_an_empty_mapping_is_a_mapping() -> None:
    assert mapping_of(None) == Mapping()


def test_a_full_mapping_is_read() -> None:
    text = """
    zone: Europe/Berlin
    decimal: comma
    times: {date_only: noon, formats: ["%d.%m.%Y %H:%M"]}
    files: {labs.csv: {table: observations, columns: {kind: TEST}, unit: mg/L}}
    codes:
      observations: {CRP1: crp, JUNK: ignore, LATER: ASK}
      exposures: {NORAD: vasopressor/norepinephrine, O2: oxygen}
      milestones: {GO: infusion}
    units: {missing: {crp: mg/L}, spellings: {mgl: mg/L}, by_kind: {crp: {"mg/100ml": mg/dL}}}
    values: {hypotension: {pos: "yes"}}
    charted: [vasopressor]
    charting: {oxygen: {device: [O2DEV], flow: [O2FLOW], hold_hours: 8}}
    """
    mapping = mapping_of(yaml.safe_load(text))
    assert mapping.times.policy().date_only == "noon"
    assert mapping.charting["oxygen"].hold_hours == 8


@pytest.mark.parametrize(
    ("raw", "saw"),
    [
        ({"zones": "UTC"}, "zones: Extra inputs are not permitted"),
        ({"zone": "Europe/Berlln"}, "zone: time zone 'Europe/Berlln'"),
        ({"codes": {"observations": {"X": "crpp"}}}, "codes.observations: 'crpp' is unknown (nearest crp"),
        (
            {"codes": {"exposures": {"X": "vasopresor"}}},
            "codes.exposures: 'vasopresor' is unknown (nearest vasopressor",
        ),
        ({"codes": {"exposures": {"X": "vasopressor/foo"}}}, "codes.exposures of vasopressor: 'foo' is unknown"),
        ({"codes": {"milestones": {"X": "deth"}}}, "codes.milestones: 'deth' is unknown (nearest death"),
        ({"units": {"missing": {"crp": "furlong"}}}, "units: 'furlong' is not a unit"),
        ({"units": {"by_kind": {"crpp": {"x": "mg/L"}}}}, "units or values: 'crpp' is unknown"),
        ({"charted": ["vasopresors"]}, "charted: 'vasopresors' is unknown"),
        ({"charting": {"oxygen": {"device": ["X"]}}}, "charting.oxygen.hold_hours: Field required"),
        ({"files": {"a.csv": {"kind": "crpp"}}}, "files.a.csv.kind: 'crpp' is unknown"),
        ([1], "a list at the top"),
        ("zone", "a str at the top"),
    ],
)
def test_what_points_to_nothing_is_refused(raw: Any, saw: str) -> None:
    error = _refused(raw)
    assert error.id == "INTAKE-008"
    assert saw in error.fault.saw
    assert error.fault.effect == "nothing was read"


@pytest.mark.parametrize(
    ("raw", "saw"),
    [
        ({"zone": "ASK"}, "zone: ASK"),
        ({"decimal": "ASK", "times": {"formats": ["ASK"]}}, "decimal, times: ASK"),
        ({"charting": {"oxygen": {"hold_hours": "ASK"}}}, "charting: ASK"),
    ],
)
def test_a_setting_that_still_asks_stops_the_reading(raw: Any, saw: str) -> None:
    error = _refused(raw)
    assert (error.id, error.fault.saw) == ("INTAKE-039", saw)


def test_a_code_or_unit_that_still_asks_does_not_stop_the_reading() -> None:
    mapping_of({"codes": {"observations": {"X": "ASK"}}, "units": {"missing": {"crp": "ASK"}}})


def test_a_zone_on_the_command_line_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("zone: ASK\n", encoding="utf-8")
    assert read_mapping(file, zone="Asia/Shanghai").zone == "Asia/Shanghai"


def test_a_file_that_is_not_there_or_no_yaml(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"INTAKE-001[\s\S]*mapping file m\.yaml"):
        read_mapping(tmp_path / "m.yaml")
    (tmp_path / "m.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(IntakeError, match=r"INTAKE-008[\s\S]*YAML in UTF-8"):
        read_mapping(tmp_path / "m.yaml")
