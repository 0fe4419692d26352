"""Chinese lines in Chinese punctuation, whatever parts they were joined from.

Place    Report, handover.
In       A line of the handover.
Out      The line with full-width commas, semicolons, colons and brackets; lines without a Han letter stay as they are.
Does not Touch square brackets, in which ids of files stand, or brackets that follow a letter or number directly.
Checked  tests/unit/report/test_handover_han.py
"""

from __future__ import annotations

import re
from typing import Final

_HAN: Final = re.compile("[\u3400-\u9fff]")
_SIGNS: Final = {", ": "，", "; ": "；", ": ": "："}


def in_han_signs(text: str) -> str:
    """A line in the punctuation of Chinese, if it is a Chinese line."""
    if _HAN.search(text) is None:
        return text
    for sign, full in _SIGNS.items():
        text = text.replace(sign, full)
    return re.sub("） (?=[\u3400-\u9fff])", "）", _brackets(text))


def _brackets(text: str) -> str:
    """Round brackets after a space or a Han letter, and what closes them, in full width; without the space."""
    made: list[str] = []
    opened: list[bool] = []
    for letter in text:
        if letter == "(":
            before = made[-1] if made else ""
            opened.append(not before or before.isspace() or _HAN.match(before) is not None or before in "）：，；")
            if opened[-1] and before == " ":
                made.pop()
            made.append("（" if opened[-1] else letter)
        elif letter == ")" and opened:
            made.append("）" if opened.pop() else letter)
        else:
            made.append(letter)
    return "".join(made)
