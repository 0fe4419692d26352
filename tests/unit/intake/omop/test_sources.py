"""What each place of a delivery gives, and what it says when it cannot."""

from __future__ import annotations

import gzip
import zipfile
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from vein2vein.errors import IntakeError, describe
from vein2vein.intake.omop import adapter, duckdb_source
from vein2vein.intake.omop.duckdb_source import DuckDbFile, Folder, Zip
from vein2vein.intake.omop.postgres import Postgres
from vein2vein.intake.omop.reading import open_source

if TYPE_CHECKING:
    from pathlib import Path

WHO = "person_id,gender_concept_id,year_of_birth\n1,0,1960\n"
MEASUREMENT = "measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,value_as_number\n"


def a_folder(folder: Path, **files: str) -> Path:
    """CSV files by table name; a person is always there."""
    for name, text in {"PERSON": "person_id\n1\n", **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def refused(id: str, place: object, **options: str) -> str:
    """The message with which a place is refused."""
    with pytest.raises(IntakeError) as caught:
        open_source(place, adapter.Options(**options))  # type: ignore[arg-type]
    assert caught.value.id == id
    return caught.value.fault.render()


def test_a_text_that_is_not_of_its_type_is_kept_beside_the_empty_value(tmp_path: Path) -> None:
    rows = MEASUREMENT + "1,1,5,2026-03-02,2026-03-02 10:00:00,<0.1\n2,1,5,02.03.2026,2026-03-02T10:00:00+02:00,7\n"
    with Folder(a_folder(tmp_path, MEASUREMENT=rows)) as source:
        frame = source.frame(f"SELECT * FROM {source.relation('measurement')} m ORDER BY 1")  # noqa: S608
    assert frame["value_as_number"].to_list() == [None, 7.0]
    assert frame["value_as_number__raw"].to_list() == ["<0.1", None]
    assert frame["measurement_date__raw"].to_list() == [None, "02.03.2026"]
    # the offset would be lost in a time without zone
    assert frame["measurement_datetime"][1] is None
    assert frame["measurement_datetime__raw"].to_list() == [None, "2026-03-02T10:00:00+02:00"]


def test_a_column_that_a_delivery_lacks_is_empty_and_a_needed_one_is_named(tmp_path: Path) -> None:
    lacking = "device_exposure_id,person_id\n1,1\n"
    person = "person_id,gender_concept_id,year_of_birth\n1,0,1960\n"
    folder = a_folder(tmp_path, PERSON=person, MEASUREMENT=MEASUREMENT, DEVICE_EXPOSURE=lacking)
    with Folder(folder) as source:
        assert source.frame(f"SELECT * FROM {source.relation('measurement')} m")["range_low"].to_list() == []  # noqa: S608
        assert source.lacking("device_exposure") == ("device_concept_id", "device_exposure_start_date")
    faults = {fault.id: fault.saw for fault in adapter.check(folder).faults}
    assert faults["INTAKE-512"] == "table device_exposure without device_concept_id, device_exposure_start_date"


def test_a_line_that_does_not_fit_its_header_is_refused_by_line(tmp_path: Path) -> None:
    person = "person_id,gender_concept_id,year_of_birth\n1,0,1960\n2,0\n"
    folder = a_folder(tmp_path, PERSON=person)
    (folder / "MEASUREMENT.csv").write_bytes(MEASUREMENT.encode() + b"1,1,5,2026-03-02,,7\n2,1,\xb5,2026-03-02,,7\n")
    made = adapter.convert(folder)
    assert made.refused.rows() == [("MEASUREMENT.csv", 3, "INTAKE-511", None), ("PERSON.csv", 3, "INTAKE-511", None)]
    said = [fault.saw for fault in made.faults if fault.id == "INTAKE-511"]
    assert any("Expected Number of Columns: 3 Found: 2" in text for text in said)
    assert any("utf-8" in text for text in said)


def test_tab_separated_vocabularies_with_lone_quotation_marks_are_read(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    text = 'concept_id\tvocabulary_id\tconcept_code\tconcept_name\n1\tLOINC\t8310-5\t2" nail\n2\tLOINC\t8480-6\tx\n'
    (folder / "CONCEPT.csv").write_text(text, encoding="utf-8")
    with Folder(folder) as source:
        assert source.count("concept") == 2


def test_a_folder_without_persons_is_refused(tmp_path: Path) -> None:
    (tmp_path / "MEASUREMENT.csv").write_text(MEASUREMENT, encoding="utf-8")
    assert "with the tables measurement" in refused("INTAKE-501", tmp_path)
    assert "which is not there" in refused("INTAKE-501", tmp_path / "nowhere")


def test_a_table_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    a_folder(tmp_path)
    pl.DataFrame({"person_id": [1]}).write_parquet(tmp_path / "person.parquet")
    assert "table 'person' as PERSON.csv and as person.parquet" in refused("INTAKE-503", tmp_path)


def test_parts_with_different_headers_are_refused(tmp_path: Path) -> None:
    folder = a_folder(tmp_path)
    (folder / "measurement").mkdir()
    (folder / "measurement" / "1.csv").write_text(MEASUREMENT, encoding="utf-8")
    (folder / "measurement" / "2.csv").write_text("measurement_id,person_id\n", encoding="utf-8")
    with pytest.raises(IntakeError, match=r"2\.csv with another header than 1\.csv"):
        adapter.read(folder)


@pytest.mark.parametrize(
    ("header", "saw"), [(b"\xff\xfeperson_id\n", "not UTF-8"), (b"\n", "header ''"), (b"person_id,PERSON_ID\n1,1\n", "header")]
)  # fmt: skip
def test_a_header_that_cannot_be_used_is_refused(tmp_path: Path, header: bytes, saw: str) -> None:
    (tmp_path / "PERSON.csv").write_bytes(header)
    with pytest.raises(IntakeError, match="INTAKE-504") as caught:
        adapter.read(tmp_path)
    assert saw in caught.value.fault.saw


def test_a_zip_is_unpacked_to_known_tables_only_and_removed_again(tmp_path: Path) -> None:
    file = tmp_path / "delivery.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../../PERSON.csv", "person_id\n1\n")
        archive.writestr("NOTE.csv", "note_id,note_text\n1,secret\n")
    source = Zip(file)
    unpacked = source._folder
    assert [path.name for path in unpacked.rglob("*")] == ["PERSON.csv"]
    source.close()
    assert not unpacked.exists()


def test_a_zip_with_two_deliveries_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "delivery.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/PERSON.csv", "person_id\n1\n")
        archive.writestr("b/PERSON.csv", "person_id\n2\n")
    assert "in several folders of the zip, among them b/PERSON.csv" in refused("INTAKE-503", file)


def test_a_zip_larger_than_the_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "delivery.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("PERSON.csv", "person_id\n1\n")
    usage = type("Usage", (), {"free": 3})()
    monkeypatch.setattr(duckdb_source.shutil, "disk_usage", lambda _: usage)
    assert "delivery.zip needs 0.0 GiB unpacked" in refused("INTAKE-505", file)


@pytest.mark.parametrize("name", ["broken.zip", "broken.duckdb"])
def test_a_broken_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is neither")
    assert name in refused("INTAKE-506", tmp_path / name)


def test_a_database_with_two_deliveries_needs_the_schema(tmp_path: Path) -> None:
    file = tmp_path / "two.duckdb"
    with duckdb.connect(str(file)) as connection:
        for schema in ("a", "b"):
            connection.execute(f"CREATE SCHEMA {schema}")
            connection.execute(f"CREATE TABLE {schema}.person (person_id INTEGER)")
        connection.execute("CREATE TABLE b.concept (concept_id INTEGER)")
    assert "schemas with persons" in refused("INTAKE-502", file)
    assert "asked for 'c'" in refused("INTAKE-502", file, schema="c")
    with DuckDbFile(file, schema="a") as source:
        assert source.from_clause("person") == '"a"."person"'
        # the vocabulary may lie beside it
        assert source.from_clause("concept") == '"b"."concept"'


def test_a_duckdb_file_cannot_make_us_read_other_files(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("person_id\n1\n", encoding="utf-8")
    file = tmp_path / "sly.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"CREATE VIEW person AS SELECT * FROM read_csv('{other}')")  # noqa: S608
    with pytest.raises(IntakeError, match="INTAKE-506"):
        adapter.read(file)


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(IntakeError) as caught:
        Postgres("postgresql://reader:s3cret@/nowhere?host=/no/such/folder")
    assert caught.value.id == "INTAKE-507"
    assert "s3cret" not in str(caught.value)
    assert "postgresql:///nowhere" in str(caught.value)


def test_every_fault_of_this_adapter_is_in_the_catalogue() -> None:
    for number in range(501, 517):
        assert set(describe(f"INTAKE-{number}")) == {"title", "cause", "cure"}


def test_what_a_stray_quote_swallows_is_refused_line_by_line(tmp_path: Path) -> None:
    rows = [f"{n},1,5,2026-03-02,,7" for n in range(1, 9)]
    rows[2] = '3,1,"5,2026-03-02,,7'
    rows[4] = "5,1,5,2026-03-02,,7,8,9"
    rows[5] = '6,1,5,2026-03-02,"",7'
    folder = a_folder(tmp_path, PERSON=WHO)
    (folder / "MEASUREMENT.csv").write_text(MEASUREMENT + "\n".join(rows) + "\n")
    made = adapter.convert(folder)
    (line,) = made.account.filter(file="MEASUREMENT.csv").to_dicts()
    others = made.account.filter(file="measurement").to_dicts()
    assert line["refused"] + sum(each["rows"] for each in others) == len(rows)
    assert made.refused.filter(file="MEASUREMENT.csv")["row"].to_list() == list(range(4, 10))
    assert any(
        fault.saw == "lines of MEASUREMENT.csv: a quote is opened in line 4 and not closed" for fault in made.faults
    )


def test_a_broken_line_behind_a_torn_stretch_keeps_its_number(tmp_path: Path) -> None:
    rows = [f"{n},1,5,2026-03-02,,7" for n in range(1, 9)]
    rows[1] = '2,1,"5,2026-03-02,,7'
    rows[4] = '5,1,"5",2026-03-02,,7'
    rows[6] = "7,1"
    folder = a_folder(tmp_path, PERSON=WHO)
    (folder / "MEASUREMENT.csv").write_text(MEASUREMENT + "\n".join(rows) + "\n")
    refused = adapter.convert(folder).refused.filter(file="MEASUREMENT.csv")["row"].to_list()
    assert refused == [3, 4, 5, 6, 8]


def test_a_compressed_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, PERSON=WHO)
    content = gzip.compress((MEASUREMENT + "1,1,5,2026-03-02,,7\n" * 5000).encode())
    (folder / "MEASUREMENT.csv").unlink(missing_ok=True)
    for cut in (20, len(content) - 20):
        (folder / "MEASUREMENT.csv.gz").write_bytes(content[:cut])
        with pytest.raises(IntakeError, match=r"INTAKE-506[\s\S]*(ended before|MEASUREMENT)"):
            adapter.convert(folder)


def test_files_that_hold_no_table_are_named_and_tables_without_a_part_are_told(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, PERSON=WHO)
    for name in ("MY_LABS.csv", "NOTE.csv", "DRUG_ERA.csv", ".hidden"):
        (folder / name).write_text("a,b\n")
    (folder / "labs.xlsx").write_bytes(b"PK")
    report = adapter.check(folder)
    (fault,) = (fault for fault in report.faults if fault.id == "INTAKE-054")
    assert (fault.saw, fault.count) == ("MY_LABS.csv, labs.xlsx", 2)
    assert "save each sheet of a workbook as CSV" in fault.fix
    told = "Tables of the data model that have no part in grading, not read: DRUG_ERA.csv."
    assert told in report.notes
