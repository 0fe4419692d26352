"""What a ribbon and a chart look like, read from their SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from vein2vein.report import draw
from vein2vein.report.figure import Curve, Event, Lane, Limit, Mark, Panel, Ribbon, RibbonStep, Span, TimeAxis
from vein2vein.report.words import Words

AXIS = TimeAxis(0.0, 240.0, tuple((day, 24.0 * day) for day in range(10)), (Event(0.0, "Infusion", "infusion"),))


def parsed(drawing: draw.Drawing) -> ET.Element:
    return ET.fromstring(f"<svg>{drawing.body}</svg>")  # noqa: S314


def steps_of(ribbon: Ribbon) -> list[str]:
    return [e.attrib["class"] for e in parsed(draw.ribbon(ribbon, AXIS)).iter() if "step" in e.attrib.get("class", "")]


def a_ribbon(*steps: RibbonStep) -> Ribbon:
    return Ribbon("astct-2019.crs", "CRS", 0, 5, "grade", steps)


def test_a_certain_step_is_solid_in_the_colour_of_its_grade() -> None:
    assert steps_of(a_ribbon(RibbonStep(0, 24, 3, 3))) == ["step grade-3"]


def test_an_open_step_is_hatched_above_its_lowest_grade() -> None:
    assert steps_of(a_ribbon(RibbonStep(0, 24, 2, 4))) == ["step unsure", "step grade-2"]


def test_a_step_without_any_certainty_has_no_colour_of_a_grade() -> None:
    assert steps_of(a_ribbon(RibbonStep(0, 24, 0, 4))) == ["step unsure"]


def test_bounds_stand_as_numbers_above_the_ribbon() -> None:
    words = [e.text for e in parsed(draw.ribbon(a_ribbon(RibbonStep(0, 48, 2, 4)), AXIS)).iter("text")]
    assert "2 to 4" in words


def test_neighbours_with_the_same_bounds_have_one_number() -> None:
    ribbon = a_ribbon(RibbonStep(0, 48, 2, 2), RibbonStep(48, 96, 2, 2))
    assert [e.text for e in parsed(draw.ribbon(ribbon, AXIS)).iter("text")].count("2") == 1


@pytest.mark.parametrize(("low", "high", "word"), [(0, 0, "not met"), (1, 1, "met"), (0, 1, "may be met")])
def test_criteria_speak_in_words(low: int, high: int, word: str) -> None:
    ribbon = Ribbon("x", "x", 0, 1, "met", (RibbonStep(0, 200, low, high),))
    assert word in [e.text for e in parsed(draw.ribbon(ribbon, AXIS)).iter("text")]


def test_a_gap_in_a_curve_is_grey_and_named() -> None:
    curve = Curve("T", ((0.0, 37.0), (4.0, 37.2), (120.0, 37.1), (236.0, 37.0)), gap_hours=12)
    root = parsed(draw.panel(Panel("t", "Temperature", "°C", (curve,)), AXIS))
    assert sum(e.attrib.get("class") == "gap" for e in root.iter()) == 2
    assert [e.text for e in root.iter("text")].count("not measured") == 2
    paths = [e for e in root.iter("path") if e.attrib["class"] == "curve series-1"]
    assert len(paths) == 1, "only the two neighbours are joined; single values are dots"


def test_a_limit_is_named_beside_its_line() -> None:
    curve = Curve("T", ((0.0, 37.0),), 12)
    root = parsed(draw.panel(Panel("t", "Temperature", "°C", (curve,), (Limit(38.0, "≥ 38.0 °C"),)), AXIS))
    assert "≥ 38.0 °C" in [e.text for e in root.iter("text")]


def test_an_unknown_device_is_hatched_and_says_so() -> None:
    lane = Lane("Oxygen device", (Span(24.0, 120.0, "device not recorded", certain=False),))
    root = parsed(draw.panel(Panel("o", "Oxygen", lanes=(lane,)), AXIS))
    assert any(e.attrib.get("class") == "span unsure" for e in root.iter())
    assert "device not recorded" in [e.text for e in root.iter("text")]


def test_marks_have_a_text_of_their_own() -> None:
    lane = Lane("Tocilizumab", marks=(Mark(30.0, "Tocilizumab 560 mg, day 1, 06:00"),))
    root = parsed(draw.panel(Panel("d", "Drugs", lanes=(lane,)), AXIS))
    assert [e.text for e in root.iter("title")] == ["Tocilizumab 560 mg, day 1, 06:00"]


def test_text_of_the_record_cannot_become_markup() -> None:
    lane = Lane("<b>&", marks=(Mark(30.0, "<script>"),), spans=(Span(0.0, 200.0, "a < b & c"),))
    root = parsed(draw.panel(Panel("d", "<i>", lanes=(lane,)), AXIS))
    assert {e.tag for e in root.iter()} <= {"svg", "text", "path", "g", "title", "circle"}


def test_nothing_is_drawn_outside_the_axis() -> None:
    ribbon = a_ribbon(RibbonStep(-100, 10, 1, 1), RibbonStep(230, 900, 2, 2))
    for element in parsed(draw.ribbon(ribbon, AXIS)).iter("path"):
        if "step" in element.attrib["class"]:
            x = float(element.attrib["d"][1:].split(" ")[0])
            width = float(element.attrib["d"].split("h")[1].split("v")[0])
            assert x >= draw.LEFT
            assert x + width <= draw.WIDTH - draw.RIGHT + 1


def test_an_event_near_the_right_edge_is_named_to_the_left_of_its_line_in_every_language() -> None:
    label = Words("Discharge from hospital", zh="出院")
    axis = TimeAxis(0.0, 240.0, tuple((day, 24.0 * day) for day in range(10)), (Event(235.0, label, "discharge"),))
    body = draw.time_axis(axis).body
    x = draw.x_of(axis, 235.0)
    found = re.search(r'<text x="([\d.]+)" y="14" class="event discharge end" data-zh="出院">', body)
    assert found is not None
    assert float(found.group(1)) == pytest.approx(x - 4, abs=0.1)


def test_neighbouring_results_are_never_read_as_one() -> None:
    steps = (RibbonStep(58, 92, 1, 1), RibbonStep(92, 100, 2, 4), RibbonStep(100, 130, 2, 2))
    days = tuple((day, 24.0 * day) for day in range(20))
    body = draw.ribbon(Ribbon("r", "CRS", 0, 5, "grade", steps), TimeAxis(0.0, 480.0, days)).body
    labels = re.findall(r'<text x="([\d.]+)" y="13" class="result mid"[^>]*>([^<]+)<', body)
    ends = sorted((float(x) - draw.widest(text, 14) / 2, float(x) + draw.widest(text, 14) / 2) for x, text in labels)
    assert "2 to 4" in {text for _, text in labels}
    assert all(after[0] - before[1] >= 11.5 for before, after in pairwise(ends))
