"""A small SVG builder: elements as strings, escaped, with numbers as short as they can be.

Place    Report. Read by `draw`.
Knows    The same input gives the same bytes: attributes keep their order, numbers have one decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from vein2vein.report.words import beside


def number(value: float) -> str:
    """A coordinate with at most one decimal, without a trailing zero or a negative zero."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def tag(name: str, *children: str, **attributes: object) -> str:
    """One element. ``class_`` becomes ``class``, other underscores become hyphens; None leaves an attribute out.

    An attribute of `Words` brings its other languages along.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        shown = number(value) if isinstance(value, float) else str(value)
        written = key.rstrip("_").replace("_", "-")
        parts.append(f'{written}="{escape(shown)}"')
        if isinstance(value, str):
            parts += [f'{other}="{escape(said)}"' for other, said in beside(value, written).items()]
    head = " ".join(parts)
    return f"<{head}>{''.join(children)}</{name}>" if children else f"<{head}/>"


def text(content: str, x: float, y: float, **attributes: object) -> str:
    """A text element at (x, y), its baseline at y."""
    return tag("text", escape(content, quote=False), x=float(x), y=float(y), **attributes, **beside(content))


def title(content: str) -> str:
    """What a browser shows when the pointer rests on the element around it."""
    return tag("title", escape(content, quote=False), **beside(content))


def polyline(points: Sequence[tuple[float, float]]) -> str:
    """Path data through the points."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def staircase(points: Sequence[tuple[float, float]], end_x: float) -> str:
    """Path data that keeps each height until the next point, and the last until `end_x`."""
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for x, y in points[1:]:
        parts.append(f"H{number(x)}V{number(y)}")
    parts.append(f"H{number(end_x)}")
    return "".join(parts)


def box(x: float, y: float, width: float, height: float) -> str:
    """Path data of a rectangle."""
    return f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z"


def join(parts: Iterable[str]) -> str:
    """Elements one after the other."""
    return "".join(parts)
