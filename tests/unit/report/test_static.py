"""Figures as files: the same bytes on every machine, readable without a font of the system."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.errors import ReportError
from vein2vein.knowledge.registry import rule_set
from vein2vein.record.cohort import Cohort
from vein2vein.record.timeline import Course, Patient, Timeline
from vein2vein.report.figures import figure_of_cohort, figure_of_course
from vein2vein.report.han import han_font, needs_han
from vein2vein.report.static import png_file, svg_file, write_figure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def figure(example):
    return figure_of_course(example.cohort, example.graded, "CRS-04", rule_sets=example.rules)


def texts(svg: str) -> list[str]:
    return [e.text or "" for e in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314


def test_the_figure_of_a_course_holds_ribbons_charts_and_status(figure) -> None:
    words = texts(svg_file(figure))
    for word in (
        "Course CRS-04",
        "CRS · ASTCT 2019",
        "2 to 4",
        "Temperature, °C",
        "≥ 38.0 °C",
        "Tocilizumab",
        "Infusion",
    ):
        assert word in words
    assert "CRS ASTCT 2019, Early ICAHT EBMT 2023: secondary, not verified" in words


def test_the_figure_of_a_cohort_has_a_line_per_course_worst_first(example) -> None:
    words = texts(svg_file(figure_of_cohort(example.cohort, example.graded, example.rules[0])))
    assert [w for w in words if w.startswith("CRS-")] == ["CRS-08", "CRS-07", "CRS-04", "CRS-02", "CRS-01"]


def test_a_figure_names_what_was_decided_otherwise_than_by_default(example) -> None:
    rule = rule_set("astct-2019.crs", low_blood_pressure="counts")
    graded = grade_cohort(example.cohort, rule)
    drawn = figure_of_cohort(example.cohort, graded, rule)
    assert "CRS ASTCT 2019: low_blood_pressure = counts (default: possible)" in texts(svg_file(drawn))
    assert not [
        w for w in texts(svg_file(figure_of_cohort(example.cohort, example.graded, example.rules[0]))) if " = " in w
    ]


def test_a_large_cohort_shows_its_worst_courses_and_says_so(example) -> None:
    figure = figure_of_cohort(example.cohort, example.graded, example.rules[0], courses=2)
    assert len(figure.ribbons) == 2
    assert "the 2 worst of 5" in figure.caption


def test_svg_has_literal_colours_and_its_own_fonts(figure) -> None:
    svg = svg_file(figure)
    assert "var(--" not in svg
    assert "data:font/ttf;base64," in svg
    assert svg == svg_file(figure)


def test_png_is_the_same_twice_and_of_the_size_asked_for(figure) -> None:
    one, two = png_file(figure, scale=1.0), png_file(figure, scale=1.0)
    assert one == two
    width, height = struct.unpack(">II", one[16:24])
    assert width == 936
    assert height > 800


def test_png_holds_text_although_no_font_of_the_system_is_used(figure) -> None:
    plain = figure.__class__("", "", figure.axis)
    titled = figure.__class__("A title in letters", "", figure.axis)
    assert len(unpacked(png_file(plain, scale=1.0))) == len(unpacked(png_file(titled, scale=1.0)))
    differing = sum(
        a != b for a, b in zip(unpacked(png_file(plain, scale=1.0)), unpacked(png_file(titled, scale=1.0)), strict=True)
    )
    assert differing > 1000, "letters change many bytes of the image"


def unpacked(png: bytes) -> bytes:
    data, at = b"", 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return zlib.decompress(data)


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_ending_chooses_the_format(figure, tmp_path: Path, ending: str) -> None:
    path = write_figure(figure, tmp_path / "new" / f"course.{ending}", scale=1.0)
    assert path.read_bytes()[:4] == {"svg": b"<svg", "png": b"\x89PNG"}[ending]


def test_another_ending_is_refused(figure, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"REPORT-002(?s:.*)course\.pdf"):
        write_figure(figure, tmp_path / "course.pdf")


def test_a_course_without_any_time_has_no_figure(example) -> None:
    empty = Cohort.of_timelines([Timeline(Course("E", Patient("E")))])
    graded = grade_cohort(empty, list(example.rules), as_of=datetime(2026, 1, 1, tzinfo=UTC), engine="plain")
    with pytest.raises(ReportError, match=r"REPORT-004(?s:.*)without an infusion"):
        figure_of_course(empty, graded, "E", rule_sets=example.rules)


def test_a_figure_speaks_chinese_as_svg_without_any_font_of_this_machine(figure) -> None:
    svg = svg_file(figure, language="zh")
    words = texts(svg)
    for word in ("疗程 CRS-04", "体温（°C）", "2 至 4", "回输", "吸氧装置", "距回输天数"):
        assert word in words
    assert "data-zh" not in svg
    assert 'lang="zh-Hans"' in svg
    assert "data-zh" not in svg_file(figure)


def test_a_png_in_chinese_without_a_font_is_refused_and_says_what_to_do(
    figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vein2vein.report.han.font_folders", lambda: (tmp_path,))
    with pytest.raises(
        ReportError, match=r"REPORT-007(?s:.*)no font with Han letters(?s:.*)fonts-noto-cjk(?s:.*)\.svg"
    ):
        write_figure(figure, tmp_path / "f.png", language="zh")
    assert not (tmp_path / "f.png").exists()
    write_figure(figure, tmp_path / "f.svg", language="zh")
    assert "体温" in (tmp_path / "f.svg").read_text(encoding="utf-8")
    write_figure(figure, tmp_path / "english.png")


def test_a_named_font_that_is_not_there_is_refused(figure, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"REPORT-007(?s:.*)none\.ttf"):
        png_file(figure, language="zh", font=tmp_path / "none.ttf")


def test_a_png_in_chinese_is_drawn_with_a_font_of_the_machine(figure) -> None:
    if han_font() is None:
        pytest.skip("no font with Han letters on this machine")
    chinese, english = png_file(figure, language="zh", scale=1.0), png_file(figure, scale=1.0)
    assert chinese.startswith(b"\x89PNG")
    assert chinese != english


def test_the_best_font_is_taken_by_name(tmp_path: Path) -> None:
    assert han_font([tmp_path, tmp_path / "nowhere"]) is None
    for name in ("simsun.ttc", "Roboto.ttf", "NotoSansCJK-Regular.ttc"):
        (tmp_path / name).write_bytes(b"")
    assert han_font([tmp_path]) == tmp_path / "NotoSansCJK-Regular.ttc"
    assert needs_han("疗程")
    assert not needs_han("Course ×10⁹/L − °C")
