"""Files are read in batches; what is wrong with a file is said of the file."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from vein2vein.errors import IntakeError
from vein2vein.intake.tables import files
from vein2vein.intake.tables.files import Source, sources


def _source(folder: Path, content: str | bytes, name: str = "labs.csv", encoding: str | None = None) -> Source:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (source,) = sources(folder, declared=lambda _: (encoding, None))
    return source


def _all(source: Source) -> pl.DataFrame:
    return pl.concat(source.batches())


def test_rows_are_numbered_from_one_without_the_header(tmp_path: Path) -> None:
    source = _source(tmp_path, "a,b\n1,x\n2,y\n")
    assert _all(source).rows() == [("1", "x", 1), ("2", "y", 2)]
    assert (source.rows, source.columns) == (2, ("a", "b"))


def test_cells_stay_text_and_empty_cells_are_nothing(tmp_path: Path) -> None:
    assert _all(_source(tmp_path, "a,b\n007,\n"))["a"].to_list() == ["007"]
    assert _all(_source(tmp_path, "a,b\n007,\n"))["b"].to_list() == [None]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_read_from_the_header(tmp_path: Path, separator: str) -> None:
    source = _source(tmp_path, separator.join("ab") + "\n" + separator.join("12") + "\n")
    assert _all(source).rows() == [("1", "2", 1)]


def test_ragged_rows_are_left_out_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    source = _source(tmp_path, 'a,b\n1,2\n3\n4,5,6\n"x\ny",7\n8\n9,10\n')
    assert _all(source).select("a", "row").rows() == [("1", 1), ("x\ny", 4), ("9", 6)]
    assert (source.ragged, source.rows) == ([2, 3, 5], 6)


def test_batches_bound_memory_and_row_numbers_run_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_BLOCK", 1024)
    lines = [f"{n},{'x' * 20}" if n % 50 else f"{n}" for n in range(1, 501)]
    source = _source(tmp_path, "a,b\n" + "\n".join(lines) + "\n")
    batches = list(source.batches())
    assert len(batches) > 5
    whole = pl.concat(batches)
    assert whole["a"].cast(pl.Int64).to_list() == whole["row"].to_list()
    assert source.ragged == list(range(50, 501, 50))
    assert source.rows == 500


def test_an_empty_file(tmp_path: Path) -> None:
    for content in ("", "\n\n"):
        source = _source(tmp_path, content)
        assert source.fault is not None
        assert (source.fault.id, source.fault.saw) == ("INTAKE-003", "labs.csv")
        assert list(source.batches()) == []


def test_wrong_bytes_are_named_with_their_line_and_all_rows_count_as_refused(tmp_path: Path) -> None:
    source = _source(tmp_path, "name,b\nx,1\nMüller,2\nz,3\n".encode("cp1252"))
    fault = source.fault
    assert fault is not None
    assert (fault.id, fault.saw) == ("INTAKE-005", "labs.csv: byte 0xFC in line 3")
    assert "it can be read as cp1252" in fault.fix
    assert list(source.batches()) == []
    assert source.rows == 3


def test_a_declared_encoding_is_used(tmp_path: Path) -> None:
    source = _source(tmp_path, "name,b\n患者,1\n".encode("gb18030"), encoding="gb18030")
    assert source.fault is None
    assert _all(source)["name"].to_list() == ["患者"]


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    source = _source(tmp_path, "a\n1\n", encoding="klingon")
    assert source.fault is not None
    assert source.fault.saw == "encoding 'klingon'"


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert _all(_source(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n")).columns == ["a", "b", "row"]


def test_a_cell_larger_than_a_block_is_an_error_that_names_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_BLOCK", 1024)
    source = _source(tmp_path, "a,b\n1,2\n" + '3,"4\n' + "five\n" * 1000 + '"\n')
    with pytest.raises(IntakeError, match=r"INTAKE-045[\s\S]*labs\.csv after row[\s\S]*never closed"):
        _all(source)


@pytest.mark.parametrize("row", ['"3,x,y', '3,"x,y', '3,x,"y'])
@pytest.mark.parametrize("block", [1024, 1 << 20])
def test_a_quote_that_is_never_closed_costs_all_rows_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, block: int
) -> None:
    monkeypatch.setattr(files, "_BLOCK", block)
    source = _source(tmp_path, 'a,b,c\n1,x,"y, z"\n2,x,y\n' + row + "\n" + "4,x,y\n" * 500)
    assert _all(source)["row"].to_list() == [1, 2]
    assert (source.rows, [(each.row, each.rows) for each in source.torn]) == (503, [(3, 501)])


@pytest.mark.parametrize(
    "second", ['6,"x,y', '6,x",y', '"6,x,y'], ids=["opens like a cell", "ends like a cell", "first column"]
)
def test_a_second_stray_quote_gives_the_rows_behind_it_back(tmp_path: Path, second: str) -> None:
    source = _source(tmp_path, f'a,b,c\n1,x,y\n2,x\n3,"x,y\n4,x,y\n\n5,x,y\n{second}\n7,x\n8,x,"y\nz"\n9,x,y\n')
    assert _all(source).select("a", "c", "row").rows() == [("1", "y", 1), ("8", "y\nz", 8), ("9", "y", 9)]
    assert (source.rows, source.ragged, [(each.row, each.rows) for each in source.torn]) == (9, [2, 7], [(3, 4)])


def test_line_breaks_and_quotes_inside_cells_are_no_fault(tmp_path: Path) -> None:
    source = _source(tmp_path, 'a,b\n1,"one\n\nthree, four ""five""\nsix"\n2,5" tube\n"3",""\n4,"""\n"\n')
    assert _all(source)["b"].to_list() == ['one\n\nthree, four "five"\nsix', '5" tube', None, '"\n']
    assert (source.rows, source.torn, source.ragged) == (4, [], [])


def test_a_quote_that_is_not_closed_in_the_header_refuses_the_file(tmp_path: Path) -> None:
    source = _source(tmp_path, 'a,"b\n1,2\n3,4\n')
    assert source.fault is not None
    assert source.fault.saw == "labs.csv: a quote is opened and not closed in the header"
    assert list(source.batches()) == []
    assert source.rows == 2


def test_a_compressed_table_is_read(tmp_path: Path) -> None:
    source = _source(tmp_path, gzip.compress(b'a,b\n1,2\n3,"4\n5,6\n'), name="labs.CSV.gz")
    assert source.columns == ("a", "b")
    assert _all(source).rows() == [("1", "2", 1)]
    assert (source.rows, len(source.torn)) == (3, 1)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1.5, None], "b": ["x", "y"]}).write_parquet(tmp_path / "labs.parquet")
    (source,) = sources(tmp_path)
    whole = _all(source)
    assert whole.schema["a"] == pl.Float64
    assert whole["row"].to_list() == [1, 2]


def test_a_file_that_only_calls_itself_parquet(tmp_path: Path) -> None:
    source = _source(tmp_path, "hello", name="labs.parquet")
    assert source.fault is not None
    assert source.fault.id == "INTAKE-005"


def test_nothing_there_and_nothing_readable(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"INTAKE-001[\s\S]*nowhere"):
        sources(tmp_path / "nowhere")
    (tmp_path / "scan.pdf").write_bytes(b"x")
    with pytest.raises(IntakeError, match=r"INTAKE-002[\s\S]*scan\.pdf"):
        sources(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    source = _source(tmp_path, 'a\tb\n1\t"x\n°"\n2\t3\t4\n5\t6\n'.encode(encoding))
    assert _all(source).select("a", "b", "row").rows() == [("1", "x\n°", 1), ("5", "6", 3)]
    assert (source.fault, source.ragged, source.rows) == (None, [2], 3)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_named_and_can_be_declared(tmp_path: Path, encoding: str) -> None:
    content = "a,b\n1,°\n2,3\n".encode(encoding)
    source = _source(tmp_path, content)
    assert source.fault is not None
    assert source.fault.id == "INTAKE-005"
    assert source.fault.saw == "labs.csv: byte 0x00 in line 1, as UTF-16 without a byte order mark has them"
    assert "declare encoding for the file" in source.fault.fix
    assert source.refused_rows == 2
    assert _all(_source(tmp_path, content, encoding=encoding)).rows() == [("1", "°", 1), ("2", "3", 2)]


def test_a_declared_utf_16_that_is_none_is_named(tmp_path: Path) -> None:
    source = _source(tmp_path, b"a,b\n1,2\n1\n", encoding="utf-16-le")
    assert source.fault is not None
    assert (source.fault.id, source.refused_rows) == ("INTAKE-045", 2)
    odd = _source(tmp_path, b"a,b\n1,2\n1,\n", encoding="utf-16-le")
    assert odd.fault is not None
    assert (odd.fault.id, odd.refused_rows) == ("INTAKE-005", 2)


def test_two_columns_of_one_name_are_not_chosen_from(tmp_path: Path) -> None:
    source = _source(tmp_path, "a, value,value \n1,2,3\n4,5,6\n")
    assert source.fault is not None
    assert (source.fault.id, source.fault.saw) == ("INTAKE-006", "labs.csv: columns of the same name: 'value'")
    assert list(source.batches()) == []
    assert source.rows == 2


def test_columns_without_a_name_are_called_by_their_place(tmp_path: Path) -> None:
    source = _source(tmp_path, "a,,\n1,2,3\n")
    assert source.columns == ("a", "column 2", "column 3")
    assert _all(source).rows() == [("1", "2", "3", 1)]


@pytest.mark.parametrize("content", [b"a,b", gzip.compress(b"a,b\n" * 1000)[:30]], ids=["not", "cut off"])
def test_what_gzip_cannot_read_is_named(tmp_path: Path, content: bytes) -> None:
    source = _source(tmp_path, content, name="labs.csv.gz")
    assert source.fault is not None
    assert source.fault.id == "INTAKE-005"
    assert source.fault.expected == "a complete file that gzip has compressed"
    assert "how many it has is not known" in source.fault.effect


def test_a_line_that_is_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_BLOCK", 1 << 20)
    source = _source(tmp_path, "a,b\n1,2\n3," + "x" * (3 << 20) + "\n")
    with pytest.raises(IntakeError, match=r"INTAKE-045[\s\S]*labs.csv after row 1: a row of more than 1 MiB"):
        list(source.batches())
