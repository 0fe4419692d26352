"""HTML as strings, escaped; and the small pieces that several pages share.

Place    Report. Read by the pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from vein2vein.report import draw, svg
from vein2vein.report.palette import grade_colour
from vein2vein.report.words import Words, beside, say, words_of


def text(content: object) -> str:
    """Escaped text; of `Words` with other languages an element that carries them."""
    if isinstance(content, Words) and content.others:
        return element("span", content)
    return escape(str(content), quote=False)


def element(name: str, *children: str, **attributes: object) -> str:
    """One element. ``class_`` is class; other underscores become hyphens; None and False leave out.

    A child is markup, or `Words`, which are escaped and keep their languages; so does an attribute.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        shown = key.rstrip("_").replace("_", "-")
        parts.append(shown if value is True else f'{shown}="{escape(str(value))}"')
        if isinstance(value, Words):
            parts += [f'{other}="{escape(said)}"' for other, said in beside(value, shown).items()]
    if len(children) == 1 and isinstance(children[0], Words):
        parts += [f'{other}="{escape(said)}"' for other, said in beside(children[0]).items()]
        return f"<{' '.join(parts)}>{escape(str(children[0]), quote=False)}</{name}>"
    inner = "".join(text(child) if isinstance(child, Words) else child for child in children)
    return f"<{' '.join(parts)}>{inner}</{name}>"


def english(content: str, name: str = "span") -> str:
    """Text that exists in English only, such as a reference; marked, so that it is read out as English."""
    return element(name, text(content), lang="en")


def wording(texts: Mapping[str, str]) -> str:
    """Text of a rule file in all its languages; the page shows the one that is chosen."""
    return text(words_of(texts))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, class_: str = "") -> str:
    """A table of markup cells in a frame that scrolls sideways when it must; the first cell of a row is its header."""
    head = element("tr", *(element("th", cell, scope="col") for cell in heads))
    body = [
        element("tr", element("th", cells[0], scope="row"), *(element("td", cell) for cell in cells[1:]))
        for cells in rows
    ]
    whole = element(
        "table",
        element("caption", _content(caption)),
        element("thead", head),
        element("tbody", *body),
        class_=class_ or None,
    )
    return element("div", whole, class_="wide", role="region", aria_label=caption, tabindex="0")


def picture(drawing: draw.Drawing, label: str) -> str:
    """A drawing as an image of the page, with its text alternative."""
    return svg.tag(
        "svg",
        drawing.body,
        viewBox=f"0 0 {draw.WIDTH} {svg.number(drawing.height)}",
        role="img",
        aria_label=label,
        class_="chart",
    )


def status_badge(status: str) -> str:
    """How a rule set was checked, in words; anything but verified says that it is not."""
    kind = "good" if status == "verified" else "warn"
    return element("span", say(f"status.{status}"), class_=f"badge {kind}", title=say(f"status.{status}_means"))


def result_badge(shown: str, value: tuple[int, int], span: tuple[int, int]) -> str:
    """A result as a number on its colour; hatched edge when the bounds differ."""
    colour = grade_colour(value[0], *span)
    open_ = " open" if value[0] != value[1] else ""
    return element("span", _content(shown), class_=f"result {colour}{open_}")


def share_bar(certain: float, possible: float, label: str) -> str:
    """A bar that is solid up to one share and hatched up to another, both in [0, 1]."""
    shapes = [svg.tag("rect", width=100, height=10, class_="bar-ground")]
    if possible > certain:
        shapes.append(svg.tag("rect", x=certain * 100, width=(possible - certain) * 100, height=10, class_="bar-open"))
    shapes.append(svg.tag("rect", width=certain * 100, height=10, class_="bar-full"))
    return svg.tag(
        "svg", *shapes, viewBox="0 0 100 10", preserveAspectRatio="none", class_="bar", role="img", aria_label=label
    )


def embedded(identifier: str, data: object) -> str:
    """Data as JSON inside the page, which can never close its own element."""
    content = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    safe = content.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return element("script", safe, type="application/json", id=identifier)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values as a description list; empty values are left out."""
    shown = [element("div", element("dt", _content(n)), element("dd", _content(v))) for n, v in pairs if v]
    return element("dl", *shown, class_="facts")


def _content(content: str) -> str:
    """Text as the only child of an element: `Words` as they are, anything else escaped."""
    return content if isinstance(content, Words) else text(content)
