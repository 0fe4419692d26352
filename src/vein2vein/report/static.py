"""Figures as files: SVG for print and PNG for slides, drawn from the same model as the report.

Place    Report. Reads the figure model; written by the command line.
Knows    Literal colours and a font of the package, so that a machine without any font draws the same picture.
Does not Fetch or read anything but the two font files beside it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from vein2vein.errors import ReportError
from vein2vein.report import draw, svg
from vein2vein.report.figure import Figure
from vein2vein.report.palette import THEMES, Theme
from vein2vein.report.tables import cannot_write

FONT_FILES: Final = ("Roboto-Regular.subset.ttf", "Roboto-Bold.subset.ttf")
_MARGIN: Final = 18.0


def svg_file(figure: Figure, *, theme: Theme = "light", embed_font: bool = True) -> str:
    """The whole figure as one SVG document.

    Args:
        figure: What to draw.
        theme: Colours.
        embed_font: Whether the fonts stand in the file (about 100 kB), so that it looks the same everywhere.
    """
    blocks = _blocks(figure)
    height = sum(block.height for block in blocks) + 2 * _MARGIN
    width = draw.WIDTH + 2 * _MARGIN
    body, y = [], _MARGIN
    for block in blocks:
        # each block is its own viewport, so that lines drawn through it end where it ends
        body.append(
            svg.tag("svg", block.body, x=_MARGIN, y=y, width=draw.WIDTH, height=float(block.height), overflow="hidden")
        )
        y += block.height
    style = draw.style_sheet(theme) + (font_css() if embed_font else "")
    colours = THEMES[theme]
    return svg.tag(
        "svg",
        svg.tag("title", draw.escaped(figure.title)),
        svg.tag("style", style),
        draw.definitions(),
        svg.tag("rect", width=float(width), height=float(height), fill=colours["paper"]),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {svg.number(width)} {svg.number(height)}",
        width=float(width),
        height=float(height),
    )


def _blocks(figure: Figure) -> Sequence[draw.Drawing]:
    blocks = [
        draw.Drawing(svg.text(figure.title, 0, 22, class_="heading"), 28),
        draw.Drawing(svg.text(figure.caption, 0, 15, class_="caption"), 26),
    ]
    blocks += _compact(figure) if figure.compact else _full(figure)
    blocks.append(draw.days_only(figure.axis))
    blocks.append(draw.Drawing(svg.text(figure.axis.name, draw.LEFT, 15, class_="caption"), 26))
    blocks += [draw.Drawing(svg.text(line, 0, 15, class_="caption"), 20) for line in figure.footer]
    return blocks


def _full(figure: Figure) -> list[draw.Drawing]:
    blocks = [draw.time_axis(figure.axis)]
    for ribbon in figure.ribbons:
        blocks.append(draw.Drawing(svg.text(ribbon.title, 0, 15, class_="title") + _note(ribbon.note), 20))
        blocks.append(draw.ribbon(ribbon, figure.axis))
        blocks.append(draw.Drawing("", 6))
    for panel in figure.panels:
        blocks += [draw.panel(panel, figure.axis), draw.Drawing("", 6)]
    return blocks


def _compact(figure: Figure) -> list[draw.Drawing]:
    """One low ribbon per line, its title to the left."""
    blocks = []
    for ribbon in figure.ribbons:
        drawing = draw.ribbon(ribbon, figure.axis, bars=18.0, labels=False)
        name = svg.text(draw.fitted(ribbon.title, draw.LEFT - 12), draw.LEFT - 8, 16, class_="lane end")
        blocks.append(draw.Drawing(name + drawing.body, drawing.height + 2))
    return blocks


def _note(note: str) -> str:
    return svg.text(note, draw.WIDTH - draw.RIGHT, 15, class_="caption end") if note else ""


def png_file(figure: Figure, *, scale: float = 2.0, theme: Theme = "light") -> bytes:
    """The whole figure as PNG, `scale` pixels for each unit of the drawing (900 wide)."""
    from resvg_py import svg_to_bytes  # noqa: PLC0415  (a compiled library, loaded only when a PNG is wanted)

    return bytes(
        svg_to_bytes(
            svg_string=svg_file(figure, theme=theme, embed_font=False),
            zoom=scale,
            skip_system_fonts=True,
            font_files=[str(path) for path in _font_paths()],
            font_family="Roboto",
            sans_serif_family="Roboto",
        )
    )


def write_figure(figure: Figure, path: Path, *, scale: float = 2.0) -> Path:
    """Write a figure; the ending of `path` says whether as .svg or .png.

    Raises:
        ReportError: REPORT-001 when the file cannot be written, REPORT-002 for another ending.
    """
    ending = path.suffix.lower()
    if ending not in {".svg", ".png"}:
        raise ReportError(
            "REPORT-002",
            saw=f"figure file {path.name!r}",
            expected="a name that ends in .svg or .png",
            fix="rename the file",
        )
    content = svg_file(figure).encode() if ending == ".svg" else png_file(figure, scale=scale)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def _font_paths() -> tuple[Path, ...]:
    folder = resources.files("vein2vein.report").joinpath("fonts")
    # the package is installed unpacked: polars and resvg need real files too
    return tuple(Path(str(folder.joinpath(name))) for name in FONT_FILES)


@cache
def font_css() -> str:
    """The fonts as CSS with the files inside."""
    faces = []
    for weight, path in zip((400, 700), _font_paths(), strict=True):
        data = base64.b64encode(path.read_bytes()).decode()
        faces.append(
            f'@font-face{{font-family:Roboto;font-weight:{weight};src:url("data:font/ttf;base64,{data}") format("truetype")}}'
        )
    return "".join(faces)
