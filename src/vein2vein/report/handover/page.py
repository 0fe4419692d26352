"""A handover as a PDF of one page where it fits, with text that can be selected and searched, in Latin and Han letters.

Place    Report. Read by the command line.
In       A handover in words.
Out      Bytes of a PDF (A4).
Knows    What does not fit is cut, and the page says how much is left out: first of what is long, then section by section, what
         is not grave before what is. Grades, treatment, places, consults and what is withheld are never cut, nor shortened;
         where they alone need more than one page, the handover has more than one.
Missing  Without the extra `pdf` it is REPORT-008. Han letters need a font of this machine that has them.
Source   Typst sets the page (docs/adr/0015-handover-pages.md); it reads no file and no network here: the text goes in as data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, TypeAlias

from vein2vein.basis.messages import spoken
from vein2vein.errors import ReportError
from vein2vein.report.handover.content import Handover, Section

# Lines of a grave section, of any other and of a background one, beside those that are kept, from long to short: scores,
# effects and files give way first, and the tests that the patient's grades ask for last.
_LINES: Final = (
    *((48, most, most) for most in (24, 16, 12, 10, 8, 6, 5, 4, 3)),
    *((48, 3, most) for most in (2, 1, 0)),
    *((48, most, 0) for most in (2, 1, 0)),
    *((most, 0, 0) for most in (16, 12, 8, 6, 4, 2, 0)),
)
_FIRST_LINES: Final = 3
_MOST_PAGES: Final = 9
_LONGEST: Final = 260
_LaidOut: TypeAlias = Callable[[Mapping[str, int]], tuple[bytes, int]]
_PAGE: Final = """
#let page-data = json(bytes(sys.inputs.at("page")))
#set document(title: page-data.title)
#set page(paper: "a4", margin: (x: 1.5cm, top: 1.3cm, bottom: 1.6cm),
  footer: context text(size: 7pt, fill: luma(35%), page-data.foot + if counter(page).final().first() > 1 {
    h(1fr) + counter(page).display("1 / 1", both: true) }))
#set text(font: ("Libertinus Serif", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei"),
  size: 8.2pt, lang: page-data.lang, hyphenate: false)
#set par(leading: 0.42em, spacing: 0.5em)
#let ink = rgb("#17324d")
#let grave = rgb("#9a3412")
#text(size: 15pt, weight: "bold", fill: ink, page-data.title)
#v(-0.3em)
#block(width: 100%, inset: 6pt, fill: rgb("#eef3f8"), radius: 2pt,
  grid(columns: (auto, 1fr), column-gutter: 8pt, row-gutter: 4pt,
    ..page-data.head.map(((name, value)) => (text(fill: ink, weight: "bold", name), text(value))).flatten()))
#for section in page-data.sections [
  #block(above: 0.85em, below: 0.35em, sticky: true,
    text(size: 9.4pt, weight: "bold", fill: if section.grave { grave } else { ink }, section.title))
  #for entry in section.lines [
    #block(above: 0.3em, below: 0.3em, grid(columns: (7pt, 1fr), text(fill: ink, "•"), text(entry)))
  ]
]
#if page-data.elsewhere != "" { block(above: 0.85em, text(fill: luma(35%), page-data.elsewhere)) }
"""
_COUNT: Final = "#context [#metadata(counter(page).final().first()) <pages>]"


def as_pdf(page: Handover, *, language: str = "en") -> bytes:
    """A handover as a PDF: of one page where what must not be cut fits on one, else of as few as it needs.

    Raises:
        ReportError: REPORT-008 when the extra `pdf` is not installed.
    """
    setter = _setter()

    def laid_out(allowed: Mapping[str, int]) -> tuple[bytes, int]:
        return _set(setter, _shortened(page, allowed), language)

    fewest: int | None = None
    for n_pages in range(1, _MOST_PAGES + 1):
        if fewest is not None and n_pages < fewest:
            continue
        for most in _LINES:
            allowed = _allowed(page, *most)
            made, needed = laid_out(allowed)
            if needed <= n_pages:
                return _with_room_used(laid_out, allowed, made, n_pages)
        fewest = needed
    return made


def _with_room_used(laid_out: _LaidOut, allowed: Mapping[str, int], made: bytes, n_pages: int) -> bytes:
    """The page with the first lines of each section that it showed nothing of, as long as they fit."""
    for title in [title for title, most in allowed.items() if not most]:
        more = {**allowed, title: _FIRST_LINES}
        longer, needed = laid_out(more)
        if needed <= n_pages:
            made, allowed = longer, more
    return made


def _setter() -> Any:
    try:
        return import_module("typst")
    except ImportError as error:
        raise ReportError(
            "REPORT-008",
            saw="no module that sets pages",
            expected="the extra `pdf`",
            fix='install it with `pip install "vein2vein[pdf]"`, or print the text or the JSON instead',
        ) from error


def _set(setter: Any, page: dict[str, Any], language: str) -> tuple[bytes, int]:
    data = {"page": json.dumps({**page, "lang": spoken(language)}, ensure_ascii=False)}
    found = setter.query(f"{_PAGE}{_COUNT}".encode(), "<pages>", field="value", one=True, sys_inputs=data)
    return setter.compile(_PAGE.encode(), format="pdf", sys_inputs=data), int(json.loads(found))


def _allowed(page: Handover, grave: int, other: int, background: int) -> dict[str, int]:
    """Title of a section -> its lines beside those that are kept."""
    return {s.title: grave if s.is_grave else background if s.is_background else other for s in page.sections}


def _shortened(page: Handover, allowed: Mapping[str, int]) -> dict[str, Any]:
    """The page with at most so many lines in a section beside those that are kept."""
    shown = [section for section in page.sections if section.kept or allowed[section.title]]
    hidden = [f"{section.title} ({len(section.lines)})" for section in page.sections if section not in shown]
    return {
        "title": page.title,
        "head": [list(pair) for pair in page.head],
        "foot": page.foot,
        "sections": [_section(section, allowed[section.title], page.more) for section in shown],
        "elsewhere": page.elsewhere.format("; ".join(hidden)) if hidden else "",
    }


def _section(section: Section, most: int, more: str) -> dict[str, Any]:
    kept, rest = section.lines[: section.kept], section.lines[section.kept :]
    lines = [_cut(text) for text in rest]
    left = len(lines) - most
    if left > (1 if most else 0):
        lines = [*lines[:most], more.format(left)]
    return {"title": section.title, "lines": [*kept, *lines], "grave": section.is_grave}


def _cut(text: str) -> str:
    """A long line up to the last whole statement that fits; half a statement could be half a dose."""
    if len(text) <= _LONGEST:
        return text
    whole = text.rfind("; ", 0, _LONGEST)
    return f"{text[:whole] if whole > 0 else text[:_LONGEST]}; ..."
