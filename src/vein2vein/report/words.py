"""Every text of the report in every language: one message catalogue for each, and text that carries them all.

Place    Report. Read by everything in the room that says something to a person.
In       messages/report.en.toml, messages/report.zh.toml and those beside them; texts of rule files and code files.
Out      `Words`: the English text, with the others beside it; `spoken` makes one language out of markup that holds them all.
Knows    Markup carries English as its content and each other language in an attribute (`data-zh`, `data-zh-label`, ...), so
         that the page switches without a copy of itself, and can be read without a script.
Missing  Text that exists in English only stays English and is marked as English, never passed off as translated.
Does not Format numbers or dates by country: they are the same everywhere (ISO dates, thin spaces, decimal points).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html import escape, unescape
from types import MappingProxyType
from typing import Final

from vein2vein.basis.messages import LANGUAGES, Language, messages

OTHERS: Final = tuple(language for language in LANGUAGES if language != "en")
# What a language is called in `lang`, so that a browser chooses the right glyphs for Han letters.
TAGS: Final[Mapping[str, str]] = MappingProxyType({"en": "en", "zh": "zh-Hans"})


class Words(str):
    """English text that knows what it is called in the other languages.

    It is a plain string to everything that does not ask. Methods of `str` give plain English: put texts together with
    `say`, `joined` and `each`, which keep every language.
    """

    __slots__ = ("others",)
    others: Mapping[str, str]

    def __new__(cls, english: str, **others: str) -> Words:
        """Text in English, and by language code in others; a language that is left out has the English text."""
        made = super().__new__(cls, english)
        made.others = MappingProxyType({language: text for language, text in others.items() if text != english})
        return made

    def __reduce__(self) -> tuple[Callable[..., Words], tuple[str, dict[str, str]]]:
        """Travel to another process with every language."""
        return _again, (str(self), dict(self.others))

    def in_(self, language: str) -> str:
        """The text in a language."""
        return self.others.get(language, str(self))

    def __str__(self) -> str:
        """The English text as a plain string."""
        return super().__str__()

    def each(self, change: Callable[[str], str]) -> Words:
        """The same change made to the text of every language."""
        return Words(change(str(self)), **{language: change(self.in_(language)) for language in OTHERS})


def _again(english: str, others: dict[str, str]) -> Words:
    return Words(english, **others)


def words_of(texts: Mapping[str, str] | None, otherwise: str = "") -> Words:
    """Text of a rule file or code file, which holds languages by their code."""
    english = (texts or {}).get("en") or otherwise
    return Words(english, **{language: (texts or {}).get(language) or english for language in OTHERS})


def in_(text: str, language: str) -> str:
    """A text in a language; a plain string is the same in all."""
    return text.in_(language) if isinstance(text, Words) else str(text)


def is_translated(text: str) -> bool:
    """Whether another language has a text of its own."""
    return isinstance(text, Words) and bool(text.others)


def joined(parts: Iterable[str], between: str | None = None) -> Words:
    """Texts one after the other in every language; between them what the catalogue says, or `between`."""
    held = list(parts)
    between = say("shown.between") if between is None else between
    english = str(between).join(str(part) for part in held)
    return Words(english, **{lang: in_(between, lang).join(in_(part, lang) for part in held) for lang in OTHERS})


def say(key: str, **given: object) -> Words:
    """A message of the catalogue with its gaps filled in every language.

    Args:
        key: "section.name".
        given: What stands in the gaps. Where `n` is 1 and the catalogue has "section.name_one", that is said.

    Raises:
        KeyError: No catalogue holds the key, or a gap is not given.
    """
    return Words(_said("en", key, given), **{language: _said(language, key, given) for language in OTHERS})


def _said(language: Language, key: str, given: Mapping[str, object]) -> str:
    known = catalogue(language)
    singular = f"{key}_one"
    chosen = singular if given.get("n") in {1, "1"} and singular in known else key
    shown = {name: in_(value, language) if isinstance(value, str) else value for name, value in given.items()}
    return known[chosen].format_map(shown)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """All messages of a language by "section.name", from every file of that language."""
    files = (messages("vein2vein.report", name, language) for name in ("report", "trial", "guidance"))
    return MappingProxyType(
        {f"{section}.{key}": text for file in files for section, own in file.items() for key, text in own.items()}
    )


def page_messages() -> dict[str, dict[str, str]]:
    """What the script of the page says, by language: the section "page" of each catalogue."""
    prefix = "page."
    return {
        language: {
            key.removeprefix(prefix): text for key, text in catalogue(language).items() if key.startswith(prefix)
        }
        for language in LANGUAGES
    }


def beside(text: str, name: str = "") -> dict[str, str]:
    """Attributes that hold the other languages of a text: of the content, or of the attribute `name`."""
    if not isinstance(text, Words):
        return {}
    ending = f"-{name}" if name else ""
    return {f"data-{language}{ending}": other for language, other in text.others.items()}


_CONTENT: Final = (
    r"<(?P<tag>[a-z0-9]+)(?P<before>(?: [^<>]*?)?) data-{0}=\"(?P<other>[^\"]*)\"(?P<after>[^<>]*)>(?P<own>[^<]*)</"
)
_ATTRIBUTE: Final = r" (?P<name>[a-z-]+)=\"(?P<own>[^\"]*)\" data-{0}-(?P=name)=\"(?P<other>[^\"]*)\""


def spoken(markup: str, language: str) -> str:
    """The markup of this room in one language, without the others."""
    if language != "en":
        markup = re.sub(_CONTENT.format(language), _content_replaced, markup)
        markup = re.sub(_ATTRIBUTE.format(language), r' \g<name>="\g<other>"', markup)
    any_other = "|".join(OTHERS)
    return re.sub(rf" data-(?:{any_other})(?:-[a-z-]+)?=\"[^\"]*\"", "", markup)


def _content_replaced(found: re.Match[str]) -> str:
    own = escape(unescape(found["other"]), quote=False)
    return f"<{found['tag']}{found['before']}{found['after']}>{own}</"
