"""Figures as files: SVG for print and PNG for slides, drawn from the same model as the report.

Place    Report. Reads the figure model; written by the command line.
Knows    Literal colours and a font of the package, so that a machine without any font draws the same picture.
Missing  A PNG in Chinese needs a font with Han letters on this machine; without one it is refused, never drawn as boxes.
Does not Fetch anything, or read a file but the two fonts beside it and, for Han letters, one of this machine.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from vein2vein.basis.messages import Language
from vein2vein.errors import ReportError
from vein2vein.report import draw, svg
from vein2vein.report.figure import Figure
from vein2vein.report.files import write_file
from vein2vein.report.han import han_font, needs_han
from vein2vein.report.palette import THEMES, Theme
from vein2vein.report.words import TAGS, spoken

FONT_FILES: Final = ("Roboto-Regular.subset.ttf", "Roboto-Bold.subset.ttf")
_MARGIN: Final = 18.0


def svg_file(figure: Figure, *, theme: Theme = "light", language: Language = "en", embed_font: bool = True) -> str:
    """The whole figure as one SVG document.

    Args:
        figure: What to draw.
        theme: Colours.
        language: Language of every text; Han letters come from a font of the reader.
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
    whole = svg.tag(
        "svg",
        svg.title(figure.title),
        svg.tag("style", style),
        draw.definitions(),
        svg.tag("rect", width=float(width), height=float(height), fill=colours["paper"]),
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {svg.number(width)} {svg.number(height)}",
        width=float(width),
        height=float(height),
        lang=TAGS[language],
    )
    return spoken(whole, language)


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


def png_file(
    figure: Figure, *, scale: float = 2.0, theme: Theme = "light", language: Language = "en", font: Path | None = None
) -> bytes:
    """The whole figure as PNG.

    Args:
        figure: What to draw.
        scale: Pixels for each unit of the drawing, which is 936 wide.
        theme: Colours.
        language: Language of every text.
        font: Font file with Han letters; looked for on this machine when it is left out and needed.

    Raises:
        ReportError: REPORT-007 when the text holds Han letters and no font with them is found.
    """
    return png_of_svg(svg_file(figure, theme=theme, language=language, embed_font=False), scale=scale, font=font)


def png_of_svg(drawing: str, *, scale: float = 2.0, font: Path | None = None) -> bytes:
    """An SVG document in our fonts as PNG; see `png_file`.

    Raises:
        ReportError: REPORT-007 when the text holds Han letters and no font with them is found.
    """
    from resvg_py import svg_to_bytes  # noqa: PLC0415  (a compiled library, loaded only when a PNG is wanted)

    han = _han_fonts(drawing, font)
    drawing = _in_simplified_forms(drawing) if han else drawing
    fonts = [*_font_paths(), *han]
    return bytes(
        svg_to_bytes(
            svg_string=drawing,
            zoom=scale,
            skip_system_fonts=True,
            font_files=[str(path) for path in fonts],
            font_family="Roboto",
            sans_serif_family="Roboto",
        )
    )


def _han_fonts(drawing: str, font: Path | None) -> list[Path]:
    """A font for the Han letters of a drawing; none where it holds none."""
    if font is None and not needs_han(drawing):
        return []
    found = han_font() if font is None else font
    if found is None or not found.is_file():
        raise ReportError(
            "REPORT-007",
            saw="Chinese text in a PNG, and no font with Han letters on this machine"
            if font is None
            else f"font {font}",
            expected="a font such as Noto Sans CJK, Source Han Sans, WenQuanYi, Microsoft YaHei or PingFang",
            fix="install one (Debian or Ubuntu: fonts-noto-cjk), name one as `font`, or write .svg, which needs none",
        )
    bold = found.with_name(found.name.replace("Regular", "Bold"))
    return [found, bold] if bold != found and bold.is_file() else [found]


def _in_simplified_forms(drawing: str) -> str:
    """The drawing with a family for simplified Chinese first: one file holds the forms of several countries."""
    return drawing.replace('font-family:Roboto,"Noto Sans CJK SC"', 'font-family:"Noto Sans CJK SC",Roboto')


def write_figure(
    figure: Figure, path: Path, *, scale: float = 2.0, language: Language = "en", font: Path | None = None
) -> Path:
    """Write a figure; the ending of `path` says whether as .svg or .png.

    Args:
        figure: What to draw.
        path: The file; its folder is made when needed.
        scale: Pixels of a PNG for each unit of the drawing.
        language: Language of every text.
        font: Font file with Han letters for a PNG; looked for on this machine when left out.

    Raises:
        ReportError: REPORT-001 when the file cannot be written, REPORT-002 for another ending, REPORT-007 when a PNG needs
            a font with Han letters and there is none.
    """
    ending = path.suffix.lower()
    if ending not in {".svg", ".png"}:
        raise ReportError(
            "REPORT-002",
            saw=f"figure file {path.name!r}",
            expected="a name that ends in .svg or .png",
            fix="rename the file",
        )
    if ending == ".svg":
        content = svg_file(figure, language=language).encode()
    else:
        content = png_file(figure, scale=scale, language=language, font=font)
    return write_file(path, content)


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


def asset(name: str) -> str:
    """A style or script of the package as text."""
    return resources.files("vein2vein.report").joinpath("assets", name).read_text(encoding="utf-8")
