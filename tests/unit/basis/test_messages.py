"""Every language says everything, in every room: the same messages, the same gaps, and no English passed off as another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import vein2vein
from vein2vein.basis.messages import LANGUAGES, messages, spoken

SOURCE = Path(vein2vein.__file__).parent
FILES = sorted((file.parent.parent.name, file.name.removesuffix(".en.toml")) for file in SOURCE.rglob("*.en.toml"))
OTHERS = [language for language in LANGUAGES if language != "en"]
GAPS = re.compile(r"\{(\w*)[^}]*\}")
# Abbreviations that Chinese texts use too.
SAME = {"report": {"figure.cpap", "figure.bipap", "figure.ecmo", "figure.icu"}}
# What is wrong with a number is said in English by the formula; Chinese says what to look at instead.
SHORTER = {"candidate": {"candidate.failed", "candidate.implausible"}}


def texts(room: str, name: str, language: str) -> dict[str, str]:
    """Messages by "section.key", without singulars, and without titles of errors, which English takes from their entries."""
    file = messages(f"vein2vein.{room}", name, spoken(language))
    said = {f"{section}.{key}": text for section, own in file.items() for key, text in own.items()}
    return {key: text for key, text in said.items() if not key.endswith("_one") and not key.startswith("error.")}


def test_every_room_that_speaks_is_looked_at() -> None:
    assert {room for room, _ in FILES} >= {"journey", "knowledge", "programme", "report"}
    assert len(list(SOURCE.rglob("messages/*"))) == len(FILES) * len(LANGUAGES)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(("room", "name"), FILES)
def test_every_language_has_the_same_messages(room: str, name: str, language: str) -> None:
    assert texts(room, name, language).keys() == texts(room, name, "en").keys()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(("room", "name"), FILES)
def test_every_message_has_the_same_gaps_in_every_language(room: str, name: str, language: str) -> None:
    english, other = texts(room, name, "en"), texts(room, name, language)
    differing = {key for key in english if _gaps(english[key]) != _gaps(other[key])}
    assert differing == SHORTER.get(name, set())


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize(("room", "name"), FILES)
def test_every_message_is_translated(room: str, name: str, language: str) -> None:
    english, other = texts(room, name, "en"), texts(room, name, language)
    words = {key for key, text in english.items() if re.search("[A-Za-z]{3}", GAPS.sub("", text))}
    assert {key for key in words if english[key] == other[key]} == SAME.get(name, set())


def _gaps(text: str) -> tuple[set[str], int]:
    """Names of the gaps, and how many stand in their order: numbers only say another order."""
    names = GAPS.findall(text)
    return {name for name in names if name and not name.isdigit()}, sum(not name or name.isdigit() for name in names)


@pytest.mark.parametrize(("asked", "said"), [("zh", "zh"), ("zh-Hans", "zh"), ("en", "en"), ("de", "en")])
def test_a_tag_of_chinese_is_chinese_and_every_other_is_english(asked: str, said: str) -> None:
    assert spoken(asked) == said
