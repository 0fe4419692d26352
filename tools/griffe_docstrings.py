"""Show the labelled lines of a module docstring (Place, In, Out, …) as a list instead of one run-on paragraph."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Module

WORDS = "Place|In|Out|Knows|Missing|Sources|Does not|Checked|Checked by|Words"
ENTRY = re.compile(rf"^(?P<word>{WORDS})(?: {{2,}}| (?=\S)|$)(?P<text>.*)$")


class HouseDocstrings(Extension):
    """Rewrites module docstrings before they are rendered."""

    def on_module_instance(self, *, mod: Module, **_: Any) -> None:
        """Make a list of the labelled lines of one module's docstring."""
        if mod.docstring is not None:
            mod.docstring.value = as_list(mod.docstring.value)


def as_list(text: str) -> str:
    """The docstring with its labelled lines as list entries; other paragraphs stay as they are."""
    title, _, rest = text.partition("\n")
    lines: list[str] = []
    inside = False
    for line in rest.splitlines():
        entry = ENTRY.match(line)
        if entry is not None:
            lines += [] if inside else [""]
            lines.append(f"- **{entry['word']}** {entry['text'].strip()}")
            inside = True
        elif inside and line.startswith(" ") and line.strip():
            lines.append(f"    {line.strip()}")
        else:
            inside = inside and not line.strip()
            lines.append(line)
    return "\n".join([title, *lines])
