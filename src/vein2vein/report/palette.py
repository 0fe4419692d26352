"""Colours of the report: two themes, safe for colour-blind eyes and for grey print.

Place    Report. Read by figures (literal colours) and by the HTML (CSS variables of the same names).
Knows    Grades run from pale blue to dark magenta and fall steadily in lightness, so that order survives in grey; no grade
         is green, and no meaning rests on colour alone (height, hatching and a number say the same).
Checked  tests/unit/report/test_palette.py: WCAG contrast, steps of grey, simulated deuteranopia.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Theme = Literal["light", "dark"]

LIGHT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ground": "#f3f5f9",
        "paper": "#ffffff",
        "ink": "#17202c",
        "soft": "#4c586a",
        "line": "#8691a3",
        "grid": "#dfe4ec",
        "accent": "#1d4f9c",
        "accent-ink": "#ffffff",
        "note": "#fff6dc",
        "note-line": "#8a6a00",
        "select": "#f0e2ad",
        "grade-0": "#f4f6fa",
        "grade-1": "#c3d2ee",
        "grade-2": "#8ea5dd",
        "grade-3": "#6d5fbc",
        "grade-4": "#7a2a8e",
        "grade-5": "#37093d",
        "grade-edge": "#3c4657",
        "on-pale": "#17202c",
        "on-middle": "#17202c",
        "on-strong": "#ffffff",
        "series-1": "#0b5d9e",
        "series-2": "#b3470b",
        "series-3": "#5b3a8c",
        "limit": "#8c1d4f",
        "device": "#dbe6f4",
        "possible": "#5b6678",
    }
)
DARK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ground": "#10151d",
        "paper": "#18202b",
        "ink": "#eef2f8",
        "soft": "#b6c0cf",
        "line": "#7c889a",
        "grid": "#2c3645",
        "accent": "#9cc2ff",
        "accent-ink": "#0d1726",
        "note": "#3a3214",
        "note-line": "#e0bd4a",
        "select": "#4a431f",
        "grade-0": "#232d3b",
        "grade-1": "#3a4f80",
        "grade-2": "#5870b8",
        "grade-3": "#9b8ae0",
        "grade-4": "#dda3e6",
        "grade-5": "#fdeaff",
        "grade-edge": "#a4b0c2",
        "on-pale": "#ffffff",
        "on-middle": "#ffffff",
        "on-strong": "#10151d",
        "series-1": "#7cb8f2",
        "series-2": "#f0a06a",
        "series-3": "#c4a5f0",
        "limit": "#ff9cc0",
        "device": "#2b3c54",
        "possible": "#a4b0c2",
    }
)
THEMES: Final[Mapping[Theme, Mapping[str, str]]] = MappingProxyType({"light": LIGHT, "dark": DARK})
_LINEAR_UP_TO: Final = 0.04045  # where the sRGB curve leaves its straight part
GRADES: Final = ("grade-0", "grade-1", "grade-2", "grade-3", "grade-4", "grade-5")


def variables(theme: Theme) -> str:
    """The colours of a theme as CSS declarations ``--name:#rrggbb;``."""
    return "".join(f"--{name}:{colour};" for name, colour in THEMES[theme].items())


def grade_colour(value: int, lowest: int, highest: int) -> str:
    """Name of the colour of a result.

    Grades have their own colour. Of other ranges (points, met or not) the lowest result is pale, the highest dark, and those
    between are spread evenly over the steps 1 to 4.
    """
    if (lowest, highest) in {(0, 4), (0, 5), (1, 4), (1, 5)}:
        return GRADES[max(0, min(5, value))]
    if value <= lowest:
        return GRADES[0]
    if highest - lowest <= 1:
        return GRADES[3]
    return GRADES[1 + min(3, 4 * (value - lowest - 1) // (highest - lowest))]


def channels(colour: str) -> tuple[float, float, float]:
    """Linear red, green and blue of ``#rrggbb``, each in [0, 1]."""
    raw = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= _LINEAR_UP_TO else ((c + 0.055) / 1.055) ** 2.4 for c in raw)
    return red, green, blue


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` as WCAG 2.2 defines it, in [0, 1]."""
    red, green, blue = channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours, in [1, 21]."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
