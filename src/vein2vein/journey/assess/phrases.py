"""What a departure from the protocol is called, in every language.

Place    Journey, assess.
In       The name of a phrase, and what it is filled with: text, or text by language.
Out      Text by language.
Does not Hold a clinical number: those come from the files and the record.
Checked  tests/unit/journey/assess/test_deviations.py; tests/unit/report/test_handover_languages.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from vein2vein.basis.messages import LANGUAGES, messages
from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.documents.product import Gate


def words(section: str, key: str) -> dict[str, str]:
    """A text of this room in every language; empty where the section has none of that name."""
    said = ((language, messages("vein2vein.journey", "assess", language)[section]) for language in LANGUAGES)
    return {language: texts[key] for language, texts in said if key in texts}


def say(phrase: str, **parts: str | Mapping[str, str]) -> dict[str, str]:
    """A phrase in every language; a part may be text for all of them, or text by language."""
    return {
        language: text.format(
            **{n: part if isinstance(part, str) else part.get(language, part["en"]) for n, part in parts.items()}
        )
        for language, text in words("phrase", phrase).items()
    }


def listed(texts: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Texts by language as one list by language, each text once."""
    once = {text["en"]: text for text in texts}.values()
    joins = {"en": ", ", "zh": "、"}
    return {language: joins[language].join(text.get(language, text["en"]) for text in once) for language in LANGUAGES}


def gate_words(gate: Gate) -> dict[str, str]:
    """What a typing gate asks for."""
    parts = [say("gate-any", alleles=", ".join(gate.any_allele))] if gate.any_allele else []
    parts += [say("gate-none", alleles=", ".join(gate.no_allele))] if gate.no_allele else []
    parts += [say("gate-antigens", antigens=", ".join(gate.antigens))] if gate.antigens else []
    return {language: "; ".join(part[language] for part in parts) for language in ("en", "zh")}


def place_name(code: str) -> dict[str, str]:
    """What a jurisdiction is called, by language; its code where no name is known."""
    return words("place", code) or {"en": code}


def agent_label(stream: str, agent: str) -> Mapping[str, str]:
    """What an agent of a stream is called; its id where the codes do not know it."""
    known = streams()[stream].agents if stream in streams() else {}
    return known[agent].label if agent in known else {"en": agent}


def local(at: datetime, zone: str) -> str:
    """An instant as the clocks of the centre show it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")
