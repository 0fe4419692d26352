"""What every self-contained HTML file of ours has: head, security policy, styles with fonts, banner and script.

Place    Report. Put around their content by `html` (courses) and `trial.html` (designs).
Out      HTML that opens without a network: a content security policy forbids everything but what stands inside.
Knows    The content is English until the script, if there is one, shows the language in which the file opens.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from vein2vein.basis.messages import Language
from vein2vein.report import draw
from vein2vein.report.markup import element
from vein2vein.report.palette import variables
from vein2vein.report.static import asset, font_css
from vein2vein.report.words import TAGS, say

# Each language by its own name, so that its readers find it whatever is shown.
_LANGUAGE_NAMES: Final = {"en": "English", "zh": "中文"}


def html_file(*body: str, title: str, script: str, style: str = "", language: Language = "en") -> str:
    """A whole file.

    Args:
        body: Markup of the body, in order; a link to `#main` stands before it and the script behind it.
        title: Title of the window; `Words` keep their languages.
        script: Our own script; nothing else may run.
        style: Style that is added to `style_sheet`.
        language: Language in which the file opens.
    """
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
        element("title", title),
        element("style", style_sheet() + style),
    ]
    skip = element("a", say("document.skip"), href="#main", class_="skip")
    parts = "".join((skip, *body, f"<script>{script}</script>"))
    whole = element("html", f"<head>{''.join(head)}</head>\n<body>{parts}</body>", lang=TAGS["en"], data_opens=language)
    return f"<!doctype html>\n{whole}\n"


def banner(brand: str) -> str:
    """The bar at the top: the brand, and buttons for language, dark and print."""
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
    controls = element("div", *switches, class_="controls no-print")
    return element("header", element("p", brand, class_="brand"), controls, class_="banner")


def style_sheet() -> str:
    """The style of a file with both themes, the fonts and the style of the drawings."""
    light, dark = variables("light"), variables("dark")
    themes = (
        f":root{{{light}color-scheme:light}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}color-scheme:dark}}}}"
        f":root[data-theme=dark]{{{dark}color-scheme:dark}}"
        f"@media print{{:root:root:root{{{light}color-scheme:light}}}}"
    )
    geometry = f":root{{--left:{100 * draw.LEFT / draw.WIDTH:.4f};--plot:{100 * draw.PLOT / draw.WIDTH:.4f}}}"
    return font_css() + themes + geometry + draw.style_sheet() + asset("report.css")
