"""Grades can be told apart and read by everybody: in colour, in grey, and with deuteranopia."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vein2vein.report.palette import DARK, GRADES, LIGHT, channels, contrast, grade_colour, luminance

THEMES = {"light": LIGHT, "dark": DARK}
# Linear-RGB matrix of full deuteranopia after Machado, Oliveira and Fernandes (2009), severity 1.0.
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)


def seen_with_deuteranopia(colour: str) -> tuple[float, ...]:
    linear = channels(colour)
    return tuple(min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in DEUTERANOPIA)


def simulated_luminance(colour: str) -> float:
    red, green, blue = seen_with_deuteranopia(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES)
def test_each_grade_differs_in_grey_from_the_next(theme: str) -> None:
    colours = [THEMES[theme][name] for name in GRADES]
    steps = [contrast(low, high) for low, high in pairwise(colours)]
    assert min(steps) > 1.3, steps


@pytest.mark.parametrize("theme", THEMES)
def test_grades_keep_their_order_in_grey(theme: str) -> None:
    lights = [luminance(THEMES[theme][name]) for name in GRADES]
    assert lights == sorted(lights, reverse=theme == "light")


@pytest.mark.parametrize("theme", THEMES)
def test_grades_keep_order_and_distance_with_deuteranopia(theme: str) -> None:
    lights = [simulated_luminance(THEMES[theme][name]) for name in GRADES]
    assert lights == sorted(lights, reverse=theme == "light")
    ratios = [(max(a, b) + 0.05) / (min(a, b) + 0.05) for a, b in pairwise(lights)]
    assert min(ratios) > 1.3, ratios


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"),
        ("ink", "ground"),
        ("soft", "paper"),
        ("soft", "ground"),
        ("ink", "note"),
        ("accent", "paper"),
        ("accent", "ground"),
        ("accent-ink", "accent"),
        ("limit", "paper"),
        ("ink", "select"),
        ("ink", "device"),
        ("ink", "grade-0"),
        ("on-pale", "grade-1"),
        ("on-middle", "grade-2"),
        ("on-strong", "grade-3"),
        ("on-strong", "grade-4"),
        ("on-strong", "grade-5"),
    ],
)
def test_text_has_the_contrast_of_wcag_aa(theme: str, ink: str, ground: str) -> None:
    found = contrast(THEMES[theme][ink], THEMES[theme][ground])
    assert found >= 4.5, f"{ink} on {ground}: {found:.2f}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("shape", ["grade-edge", "series-1", "series-2", "series-3", "possible", "line", "note-line"])
def test_shapes_that_carry_meaning_stand_out_from_paper(theme: str, shape: str) -> None:
    assert contrast(THEMES[theme][shape], THEMES[theme]["paper"]) >= 3.0


def test_both_themes_name_the_same_colours() -> None:
    assert set(LIGHT) == set(DARK)


@pytest.mark.parametrize("name", GRADES)
def test_no_grade_is_green(name: str) -> None:
    for theme in THEMES.values():
        red, green, blue = channels(theme[name])
        assert green <= max(red, blue) + 0.02


def test_points_are_spread_over_the_steps() -> None:
    assert [grade_colour(v, 0, 337) for v in (0, 1, 120, 200, 337)] == [
        "grade-0",
        "grade-1",
        "grade-2",
        "grade-3",
        "grade-4",
    ]


def test_black_on_white_has_the_contrast_that_wcag_names() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
