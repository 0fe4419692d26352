"""A language, and the assessment that is told in it: how instants, answers and names are said.

Place    Report, handover.
In       An assessment, the names of drugs, a language.
Out      `Voice`.
Missing  A text that a file has in English only is shown in English.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from vein2vein.journey.assess import Assessment
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.phrases import place_name
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.wording import pick
from vein2vein.report.handover.han import in_han_signs
from vein2vein.report.handover.words import WORDS, said


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, the assessment told in it, and the drug files that name drugs."""

    found: Assessment
    drugs: Mapping[str, Drug]
    language: str

    @property
    def words(self) -> Mapping[str, str]:
        """Words of the handover."""
        return WORDS["zh" if self.language.startswith("zh") else "en"]

    def when(self, at: datetime) -> str:
        """An instant as the clocks of the centre show it."""
        return at.astimezone(ZoneInfo(self.found.timeline.course.zone)).strftime("%Y-%m-%d %H:%M %Z")

    @property
    def is_english(self) -> bool:
        """Whether English is spoken."""
        return not self.language.startswith("zh")

    def pick(self, texts: Mapping[str, str]) -> str:
        """The text of this language."""
        return pick(texts, self.language)

    def said(self, text: str) -> str:
        """A short answer in this language."""
        return said(text, self.language)

    def place(self, code: str) -> str:
        """A jurisdiction as people of this language call it; its code where no name is known."""
        return self.pick(place_name(code))

    def settled(self, text: str) -> str:
        """A line in the punctuation of this language."""
        return text if self.is_english else in_han_signs(text)

    def named(self, edition: Edition, names: Iterable[str]) -> str:
        """Inputs or facts of a file, as they are called."""
        return self.join(self.pick(label_of(edition, name)) for name in names)

    def join(self, parts: Iterable[str]) -> str:
        """A list in the punctuation of this language."""
        return (", " if self.is_english else "、").join(parts)
