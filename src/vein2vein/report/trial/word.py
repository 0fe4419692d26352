"""A trial report as a Word file, from the same blocks as the HTML and so with the same numbers.

Place    Report, trial. Called by the command line.
In       The blocks of `content`.
Out      A .docx with headings, tables with repeated heads, pictures with text alternatives; in one language.
Knows    The same blocks give the same bytes: the times inside the file are those of printing. Pictures are drawn by resvg.
Checked  tests/unit/report/trial/test_documents.py
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from vein2vein._version import __version__
from vein2vein.basis.clock import check_aware
from vein2vein.basis.messages import Language
from vein2vein.report import svg
from vein2vein.report.draw import WIDTH, style_sheet
from vein2vein.report.files import write_file
from vein2vein.report.palette import THEMES
from vein2vein.report.static import png_of_svg
from vein2vein.report.trial.content import Asked, Block, Code, Facts, Grid, Heading, Paragraph, Picture
from vein2vein.report.trial.plots import STYLE
from vein2vein.report.words import TAGS, Words, in_, say, spoken

_WIDE: Final = 6.4  # inches between the margins of an upright page
_FEW: Final = 7  # columns that fit an upright page in the usual size
_SHADES: Final = {"E": "C3D2EE", "D": "8EA5DD", "DU": "7A2A8E"}


def write_word(path: Path, title: str, blocks: Sequence[Block], asked: Asked, *, language: Language = "en") -> Path:
    """Write the report.

    Args:
        path: The .docx file; its folder is made when needed.
        title: Title of the design; of an analysis the whole heading, in every language.
        blocks: What it says.
        asked: How it was asked for.
        language: Language of every text.

    Raises:
        ReportError: REPORT-001 when the file cannot be written; REPORT-007 when pictures need a font with Han letters.
    """
    content = word_of(title, blocks, asked, language=language)
    return write_file(path, content)


def word_of(title: str, blocks: Sequence[Block], asked: Asked, *, language: Language = "en") -> bytes:
    """The report as bytes; see `write_word`."""
    from docx import Document  # noqa: PLC0415  (needed for Word only)

    check_aware(asked.printed_at, what="printed_at")
    document = Document()
    _set_up(document, language)
    named = in_(title if isinstance(title, Words) else say("trial.report", title=title), language)
    core = document.core_properties
    core.title, core.author, core.created, core.modified = (
        named,
        f"vein2vein {__version__}",
        asked.printed_at,
        asked.printed_at,
    )
    core.last_modified_by, core.revision = core.author, 1
    document.add_heading(named, 0)
    for block in blocks:
        _add(document, block, language)
    made = in_(say("document.made", version=__version__, at=asked.printed_at.isoformat()), language)
    document.add_paragraph(made)
    buffer = io.BytesIO()
    document.save(buffer)
    return _same_times(buffer.getvalue(), asked.printed_at)


def _set_up(document: Any, language: Language) -> None:
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    for section in document.sections:
        section.page_width, section.page_height = Cm(21.0), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.3)
        section.top_margin = section.bottom_margin = Cm(2.0)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Calibri", Pt(10.5)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), "SimSun")
    tongue = style.element.rPr.makeelement(qn("w:lang"), {qn("w:val"): "en-GB", qn("w:eastAsia"): TAGS[language]})
    style.element.rPr.append(tongue)


def _add(document: Any, block: Block, language: Language) -> None:
    if isinstance(block, Heading):
        document.add_heading(in_(block.text, language), block.level - 1)
    elif isinstance(block, Paragraph):
        document.add_paragraph(in_(block.text, language), style="Intense Quote" if block.note else None)
    elif isinstance(block, Facts):
        _table(document, Grid(("", ""), block.pairs, "", plain=None), language, heads=False)
    elif isinstance(block, Code):
        document.add_paragraph(in_(block.caption, language)).runs[0].bold = True
        _code(document, block.text)
    elif isinstance(block, Picture):
        _picture(document, block, language)
    else:
        _caption(document, in_(block.caption, language))
        _table(document, block, language)


def _caption(document: Any, words: str) -> None:
    paragraph = document.add_paragraph(words, style="Caption")
    paragraph.paragraph_format.keep_with_next = True


def _code(document: Any, words: str) -> None:
    from docx.shared import Pt  # noqa: PLC0415

    for line in words.splitlines():
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(line)
        run.font.name, run.font.size = "Consolas", Pt(8.5)
    document.add_paragraph()


def _table(document: Any, grid: Grid, language: Language, *, heads: bool = True) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    rows = [grid.heads, *grid.rows] if heads else list(grid.rows)
    table = document.add_table(rows=len(rows), cols=len(grid.heads), style="Table Grid")
    size = Pt(9 if len(grid.heads) <= _FEW else 7)
    for i, (row, cells) in enumerate(zip(rows, table.rows, strict=True)):
        for k, (content, place) in enumerate(zip(row, cells.cells, strict=True)):
            paragraph = place.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(in_(content, language))
            run.font.size, run.bold = size, (heads and i == 0) or None
            if grid.plain is not None and k >= grid.plain:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if grid.letters else WD_ALIGN_PARAGRAPH.RIGHT
            if grid.letters and i and content in _SHADES:
                _shade(place, _SHADES[content])
                run.font.color.rgb = _white() if content == "DU" else None
    if heads:
        _repeat(table.rows[0])
    document.add_paragraph()


def _white() -> Any:
    from docx.shared import RGBColor  # noqa: PLC0415

    return RGBColor(255, 255, 255)


def _shade(place: Any, colour: str) -> None:
    from docx.oxml.ns import qn  # noqa: PLC0415

    properties = place._tc.get_or_add_tcPr()  # noqa: SLF001  (the library has no shading of its own)
    attributes = {qn("w:val"): "clear", qn("w:color"): "auto", qn("w:fill"): colour}
    properties.append(properties.makeelement(qn("w:shd"), attributes))


def _repeat(row: Any) -> None:
    """Let the head stand on every page that the table fills."""
    from docx.oxml.ns import qn  # noqa: PLC0415

    properties = row._tr.get_or_add_trPr()  # noqa: SLF001  (the library has no repeated heads of its own)
    properties.append(properties.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"}))


def _picture(document: Any, block: Picture, language: Language) -> None:
    from docx.shared import Inches  # noqa: PLC0415

    _caption(document, in_(block.caption, language))
    image = png_of_svg(standing_alone(block, language))
    shape = document.add_picture(io.BytesIO(image), width=Inches(_WIDE))
    shape._inline.docPr.set("descr", in_(block.alternative, language))  # noqa: SLF001  (no other way to give a text alternative)


def standing_alone(block: Picture, language: Language = "en") -> str:
    """A drawing as an SVG document of its own, in literal colours."""
    colours = THEMES["light"]
    style = style_sheet("light") + re.sub(r"var\(--([a-z0-9-]+)\)", lambda found: colours[found[1]], STYLE)
    height = float(block.drawing.height)
    whole = svg.tag(
        "svg",
        svg.tag("style", style),
        svg.tag("rect", width=float(WIDTH), height=height, fill=colours["paper"]),
        block.drawing.body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {svg.number(height)}",
        width=float(WIDTH),
        height=height,
        lang=TAGS[language],
    )
    return spoken(whole, language)


def _same_times(content: bytes, at: datetime) -> bytes:
    """The file with the time of printing on each of its parts, so that the same input gives the same bytes."""
    stamp = max(at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            new.writestr(info, old.read(name))
    return made.getvalue()
