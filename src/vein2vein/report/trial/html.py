"""A trial report as one self-contained HTML file in the look of the reports on courses.

Place    Report, trial. Called by the command line.
In       The blocks of `content`.
Out      HTML that opens without a network; a content security policy forbids everything else. English and Chinese in one file.
Knows    The same blocks give the same bytes.
Checked  tests/unit/report/trial/test_documents.py, tests/functional/report
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vein2vein._version import __version__
from vein2vein.basis.clock import check_aware
from vein2vein.basis.messages import Language
from vein2vein.report.files import write_file
from vein2vein.report.markup import element, picture, text
from vein2vein.report.page_course import printed
from vein2vein.report.shell import banner, html_file
from vein2vein.report.static import asset
from vein2vein.report.trial.content import Asked, Block, Code, Facts, Grid, Heading, Paragraph, Picture
from vein2vein.report.trial.plots import STYLE
from vein2vein.report.words import Words, say

_SHORT: Final = 16  # rows of a table that is printed on one page
_LETTERS: Final = frozenset({"E", "S", "D", "DU"})


def write_html(path: Path, title: str, blocks: Sequence[Block], asked: Asked, *, language: Language = "en") -> Path:
    """Write the report.

    Args:
        path: The HTML file; its folder is made when needed.
        title: Title of the design; of an analysis the whole heading, in every language.
        blocks: What it says.
        asked: How it was asked for.
        language: Language in which it opens.

    Raises:
        ReportError: REPORT-001 when the file cannot be written.
    """
    content = html_of(title, blocks, asked, language=language)
    return write_file(path, content)


def html_of(title: str, blocks: Sequence[Block], asked: Asked, *, language: Language = "en") -> str:
    """The report as text; see `write_html`."""
    check_aware(asked.printed_at, what="printed_at")
    named = title if isinstance(title, Words) else say("trial.report", title=title)
    body = [element("h1", named), _contents(blocks), *(_markup(block) for block in blocks)]
    made = element("p", say("document.made", version=__version__, at=printed(asked.printed_at)))
    return html_file(
        banner("vein2vein"),
        element("main", *body, id="main", class_="sheet"),
        element("footer", made),
        title=named,
        script=asset("trial.js"),
        style=STYLE + asset("trial.css"),
        language=language,
    )


def _contents(blocks: Sequence[Block]) -> str:
    links = [
        element("li", element("a", _shown(block.text), href=f"#{block.key}"))
        for block in blocks
        if isinstance(block, Heading) and block.key
    ]
    return element(
        "nav", element("ul", *links, class_="toc"), class_="no-print", aria_label=say("trial.report", title="")
    )


def _shown(content: str) -> str:
    """A child of `element`: Words keep their languages, a plain string is escaped."""
    return content if isinstance(content, Words) else text(content)


def _markup(block: Block) -> str:
    if isinstance(block, Heading):
        return element(f"h{block.level}", _shown(block.text), id=block.key or None)
    if isinstance(block, Paragraph):
        return element("p", _shown(block.text), class_="note" if block.note else None)
    if isinstance(block, Facts):
        pairs = [
            element("div", element("dt", _shown(name)), element("dd", _shown(value))) for name, value in block.pairs
        ]
        return element("dl", *pairs, class_="facts")
    if isinstance(block, Code):
        return element("p", _shown(block.caption), class_="code") + element("pre", element("code", text(block.text)))
    if isinstance(block, Picture):
        caption = element("figcaption", _shown(block.caption))
        return element("figure", caption, picture(block.drawing, block.alternative))
    return _grid(block)


def _grid(block: Grid) -> str:
    def style(column: int) -> str | None:
        return "n" if block.plain is not None and column >= block.plain and not block.letters else None

    heads = [element("th", _shown(head), scope="col", class_=style(k)) for k, head in enumerate(block.heads)]
    rows = []
    for row in block.rows:
        cells = [element("th", _shown(row[0]), scope="row")]
        for k, shown in enumerate(row[1:], start=1):
            letter = shown.lower() if block.letters and shown in _LETTERS else None
            cells.append(element("td", _shown(shown), class_=letter or style(k)))
        rows.append(element("tr", *cells))
    table = element(
        "table",
        element("caption", _shown(block.caption)),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="letters" if block.letters else None,
    )
    style_of = "wide short" if len(block.rows) <= _SHORT else "wide"
    return element("div", table, class_=style_of, role="region", aria_label=block.caption, tabindex="0")
