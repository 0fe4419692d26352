"""A trial report as one self-contained HTML file in the look of the reports on courses.

Place    Report, trial. Called by the command line.
In       The blocks of `content`.
Out      HTML that opens without a network; a content security policy forbids everything else. English and Chinese in one file.
Knows    The same blocks give the same bytes.
Checked  tests/unit/report/trial/test_html.py, tests/functional/report
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vein2vein._version import __version__
from vein2vein.basis.clock import check_aware
from vein2vein.report.html import style_sheet
from vein2vein.report.markup import element, picture, text
from vein2vein.report.page_course import printed
from vein2vein.report.static import asset
from vein2vein.report.tables import cannot_write
from vein2vein.report.trial.content import Asked, Block, Code, Facts, Grid, Heading, Paragraph, Picture
from vein2vein.report.trial.plots import STYLE
from vein2vein.report.words import TAGS, Language, Words, say

_LANGUAGE_NAMES: Final = {"en": "English", "zh": "中文"}
_LETTERS: Final = frozenset({"E", "S", "D", "DU"})


def write_html(path: Path, title: str, blocks: Sequence[Block], asked: Asked, *, language: Language = "en") -> Path:
    """Write the report.

    Args:
        path: The HTML file; its folder is made when needed.
        title: Title of the design.
        blocks: What it says.
        asked: How it was asked for.
        language: Language in which it opens.

    Raises:
        ReportError: REPORT-001 when the file cannot be written.
    """
    content = html_of(title, blocks, asked, language=language)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def html_of(title: str, blocks: Sequence[Block], asked: Asked, *, language: Language = "en") -> str:
    """The report as text; see `write_html`."""
    check_aware(asked.printed_at, what="printed_at")
    named = say("trial.report", title=title)
    script = asset("trial.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<link rel="icon" href="data:,">',
        element("title", named),
        element("style", style_sheet() + STYLE + asset("trial.css")),
    ]
    body = [element("h1", named), _contents(blocks), *(_markup(block) for block in blocks)]
    page = [
        element("a", say("document.skip"), href="#main", class_="skip"),
        _banner(),
        element("main", *body, id="main", class_="sheet"),
        element("footer", element("p", say("document.made", version=__version__, at=printed(asked.printed_at)))),
        f"<script>{script}</script>",
    ]
    whole = element(
        "html", f"<head>{''.join(head)}</head>\n<body>{''.join(page)}</body>", lang=TAGS["en"], data_opens=language
    )
    return f"<!doctype html>\n{whole}\n"


def _banner() -> str:
    languages = [
        element(
            "button", name, type="button", data_wording=code, aria_pressed=str(code == "en").lower(), lang=TAGS[code]
        )
        for code, name in _LANGUAGE_NAMES.items()
    ]
    switches = [
        element("span", *languages, class_="switch", role="group", aria_label=say("document.language")),
        element("button", say("document.dark"), type="button", id="theme", aria_pressed="false"),
        element("button", say("document.print"), type="button", id="print"),
    ]
    brand = element("p", "vein2vein", class_="brand")
    return element("header", brand, element("div", *switches, class_="controls no-print"), class_="banner")


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
    return element("div", table, class_="wide", role="region", aria_label=block.caption, tabindex="0")
