"""Words of the handover in English and Chinese, and of the short answers that stand in it.

Place    Report, handover.
In       A language.
Out      `WORDS` by language, from messages/handover.*.toml; `said`: a short answer of the assessment in a language.
Missing  A short answer without Chinese words is a fault here (KeyError), never English passed off as Chinese.
Checked  tests/unit/report/test_handover_languages.py
"""

from __future__ import annotations

from typing import Final

from vein2vein.basis.messages import LANGUAGES, messages, spoken

WORDS: Final = {language: messages("vein2vein.report", "handover", language)["handover"] for language in LANGUAGES}
_SHORT: Final = messages("vein2vein.report", "handover", "zh")["short"]


def said(text: str, language: str) -> str:
    """A short answer in a language."""
    return _SHORT[text] if spoken(language) == "zh" else text


def need_of_a_dose(name: str, language: str) -> str | None:
    """What a dose needs that is no input of a file, such as a renal policy; None for the name of an input."""
    if name.startswith("a plausible "):
        # What is not plausible is said with its number in English; the line in Chinese says what to look at.
        return WORDS["zh"]["plausible"] if spoken(language) == "zh" else name
    return said(name, language) if " " in name else None
