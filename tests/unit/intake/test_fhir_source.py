"""Files of a FHIR delivery: every line and entry is an entry, whatever is wrong with it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from unit.intake.fhir_resources import bundle, infusion, ndjson, observation, patient, quantity
from vein2vein.errors import IntakeError
from vein2vein.intake.fhir import adapter, source


def test_lines_are_read_one_by_one_and_numbered_from_one(tmp_path: Path) -> None:
    ndjson(tmp_path, "Patient.ndjson", patient("a"), "", patient("b"))
    entries = list(source.read_entries(tmp_path))
    assert [(e.file, e.row, e.body["id"]) for e in entries if e.body] == [
        ("Patient.ndjson", 1, "a"),
        ("Patient.ndjson", 3, "b"),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"resourceType": "Patient", "id": ', "not-json"),
        (b"[1, 2]", "not-an-object"),
        (b'{"id": "\xff"}', "not-utf8"),
        (b"[" * 40_000, "not-json"),
    ],
)
def test_a_broken_line_is_an_entry_that_says_what_is_wrong(tmp_path: Path, line: bytes, problem: str) -> None:
    (tmp_path / "x.ndjson").write_bytes(line + b"\n" + json.dumps(patient()).encode() + b"\n")
    broken, whole = source.read_entries(tmp_path)
    assert (broken.body, broken.problem, broken.row) == (None, problem, 1)
    assert whole.body is not None


def test_a_line_that_is_too_long_is_passed_over_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LINE_LIMIT", 300)
    ndjson(tmp_path, "x.ndjson", patient(text="x" * 2000), patient("b"))
    long, short = source.read_entries(tmp_path)
    assert (long.problem, long.row) == ("too-long", 1)
    assert (short.body or {})["id"] == "b"


def test_compressed_lines_are_read_and_a_cut_off_file_is_named(tmp_path: Path) -> None:
    packed = gzip.compress((json.dumps(patient()) + "\n").encode() * 500)
    (tmp_path / "a.ndjson.gz").write_bytes(packed)
    assert len(list(source.read_entries(tmp_path))) == 500
    (tmp_path / "a.ndjson.gz").write_bytes(packed[:-20])
    last = list(source.read_entries(tmp_path))[-1]
    assert last.problem == "not-gzip"


def test_a_compressed_bundle_is_read_and_a_cut_off_one_is_named(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(patient()).encode())
    (tmp_path / "a.json.gz").write_bytes(packed)
    assert [e.body for e in source.read_entries(tmp_path)] == [patient()]
    (tmp_path / "a.json.gz").write_bytes(packed[:-10])
    assert [e.problem for e in source.read_entries(tmp_path)] == ["not-gzip"]


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_bytes(b"\xef\xbb\xbf" + json.dumps(patient()).encode())
    (tmp_path / "y.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(patient("y")).encode())
    assert [e.problem for e in source.read_entries(tmp_path)] == ["", ""]


@pytest.mark.parametrize("kind", ["collection", "transaction", "searchset"])
def test_bundles_of_every_kind_give_their_resources(tmp_path: Path, kind: str) -> None:
    entry = {"fullUrl": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a", "resource": patient()}
    more = {
        "transaction": {"request": {"method": "POST", "url": "Patient"}},
        "searchset": {"search": {"mode": "match"}},
    }
    content = {"resourceType": "Bundle", "type": kind, "entry": [entry | more.get(kind, {})]}
    (tmp_path / "b.json").write_text(json.dumps(content), encoding="utf-8")
    (only,) = source.read_entries(tmp_path / "b.json")
    assert only.body == patient()
    assert only.full_url == "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"


def test_entries_that_are_no_data_are_told_apart(tmp_path: Path) -> None:
    entries = [
        {"request": {"method": "DELETE", "url": "Patient/1"}},
        {
            "search": {"mode": "outcome"},
            "resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]},
        },
        {"fullUrl": "https://hospital.example/fhir/Patient/2"},
    ]
    (tmp_path / "b.json").write_text(
        json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}), encoding="utf-8"
    )
    assert [(e.skip, e.problem) for e in source.read_entries(tmp_path)] == [
        ("question", ""),
        ("search-outcome", ""),
        ("", "no-resource"),
    ]


def test_a_bundle_that_is_none_is_one_entry(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"resourceType": "Bundle", "entry": []}', encoding="utf-8")
    (only,) = source.read_entries(tmp_path)
    assert only.problem == "no-bundle"
    assert "type" in only.detail


def test_an_empty_bundle_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text('{"resourceType": "Bundle", "type": "collection"}', encoding="utf-8")
    assert list(source.read_entries(tmp_path)) == []


def test_a_bundle_that_would_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "BUNDLE_LIMIT", 10)
    (tmp_path / "b.json").write_text(json.dumps(patient()), encoding="utf-8")
    with pytest.raises(IntakeError, match=r"INTAKE-302[\s\S]*export as NDJSON"):
        list(source.read_entries(tmp_path))


@pytest.mark.parametrize("make", [lambda p: p / "nowhere", lambda p: p])
def test_nothing_to_read_is_said(tmp_path: Path, make: object) -> None:
    with pytest.raises(IntakeError, match=r"INTAKE-301[\s\S]*point to the exported file"):
        source.find_files(make(tmp_path))  # type: ignore[operator]


def test_broken_lines_are_counted_and_the_others_are_used(tmp_path: Path) -> None:
    ndjson(tmp_path, "Patient.ndjson", patient())
    ndjson(tmp_path, "MedicationAdministration.ndjson", infusion())
    ndjson(
        tmp_path,
        "Observation.ndjson",
        observation(valueQuantity=quantity(38.5)),
        "{broken",
        "null",
        '{"a": 1}',
        observation(valueQuantity=quantity(36.5), at="2026-03-06T08:00:00Z"),
    )
    delivery = adapter.convert(tmp_path, adapter.Options(zone="Europe/Berlin"))
    assert delivery.account.filter(file="Observation.ndjson").row(0) == ("Observation.ndjson", 5, 2, 0, 0, 3)
    assert delivery.refused.rows() == [("Observation.ndjson", row, "INTAKE-303", None) for row in (2, 3, 4)]
    assert delivery.cohort.observations["value"].to_list() == [38.5, 36.5]
    assert any("not-json" in f.saw and f.rows == ("Observation.ndjson:2",) for f in delivery.faults)


def test_an_element_that_is_null_is_absent(tmp_path: Path) -> None:
    ndjson(tmp_path, "x.ndjson", observation(valueQuantity=quantity(38.5), bodySite=None), observation(code=None))  # type: ignore[arg-type]
    report = adapter.check(tmp_path)
    assert report.refused.rows() == [("x.ndjson", 1, "INTAKE-308", None), ("x.ndjson", 2, "INTAKE-304", None)]
    assert any(f.saw.startswith("Observation.code") and "Field required" in f.saw for f in report.faults)


def test_files_that_are_not_read_are_named(tmp_path: Path) -> None:
    ndjson(tmp_path, "Patient.ndjson", patient())
    (tmp_path / "log.xml").write_text("<x/>")
    report = adapter.check(tmp_path)
    assert [(f.saw, f.count) for f in report.faults if f.id == "INTAKE-054"] == [("log.xml", 1)]


def test_a_number_of_thousands_of_digits_costs_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson").write_text('{"resourceType": "Observation", "x": ' + "9" * 5000 + "}\n", encoding="utf-8")
    (entry,) = source.read_entries(tmp_path)
    assert (entry.problem, entry.detail) == ("not-json", "a number of thousands of digits")


def test_a_bundle_inside_another_or_in_a_line_is_refused_and_not_called_unneeded(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(json.dumps(bundle(patient(), bundle(infusion()))), encoding="utf-8")
    ndjson(tmp_path, "x.ndjson", bundle(patient()))
    report = adapter.check(tmp_path)
    assert report.refused.rows() == [("b.json", 2, "INTAKE-303", None), ("x.ndjson", 1, "INTAKE-303", None)]
    assert any("a Bundle inside another one, which is not unpacked" in fault.saw for fault in report.faults)


def test_files_without_a_resource_are_named_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b"\n\n")
    (tmp_path / "b.json").write_text('{"resourceType": "Bundle", "type": "collection"}', encoding="utf-8")
    report = adapter.check(tmp_path)
    assert [fault.saw for fault in report.faults if fault.id == "INTAKE-003"] == ["a.ndjson", "b.json"]
    assert report.account["rows"].to_list() == [0, 0]
