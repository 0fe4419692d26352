"""The report says everything in every language: no text past its messages."""

from __future__ import annotations

import ast
import pickle
import re
from importlib import resources
from pathlib import Path

import pytest

from vein2vein import report
from vein2vein.basis.messages import LANGUAGES
from vein2vein.errors import describe
from vein2vein.report.markup import element
from vein2vein.report.words import (
    OTHERS,
    Words,
    catalogue,
    is_translated,
    joined,
    page_messages,
    say,
    spoken,
    words_of,
)

FOLDER = Path(report.__file__).parent
# Text for programs and programmers, and tables of the English documentation, not for readers of the report.
NOT_FOR_READERS = frozenset(
    {"fhir.py", "fhir_guidance.py", "disagreements.py", "tables.py", "words.py", "han.py", "value_words.py"}
)


@pytest.mark.parametrize("language", OTHERS)
def test_every_error_of_a_delivery_has_a_title_in_every_language(language: str) -> None:
    places = resources.files("vein2vein.errors").joinpath("catalogue")
    known = {
        id
        for place in places.iterdir()
        if place.name.startswith("intake")
        for id in re.findall(r"^(INTAKE-\d+):", place.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(known) > 90
    assert {key.removeprefix("error.") for key in catalogue(language) if key.startswith("error.")} == known
    assert all(describe(id) for id in known)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terms_of_the_field_are_the_standard_ones(language: str) -> None:
    expected = {
        "en": ("Neutrophils", "Platelets", "C-reactive protein", "Ferritin", "Oxygen device"),
        "zh": ("中性粒细胞", "血小板", "C反应蛋白", "铁蛋白", "吸氧装置"),
    }
    names = ("neutrophils", "platelets", "crp", "ferritin", "oxygen_device")
    assert tuple(say(f"figure.{name}").in_(language) for name in names) == expected[language]


def test_the_script_asks_only_for_messages_that_exist_and_for_all_of_them() -> None:
    script = FOLDER.joinpath("assets", "report.js").read_text(encoding="utf-8")
    asked = set(re.findall(r"""say\(\s*(?:step\.u \? )?["'](\w+)["']""", script))
    listed = {name for names in re.findall(r"\[((?:\"\w+\"(?:, )?)+)\]", script) for name in re.findall(r"\w+", names)}
    built = {"T", "F", "U", "from_open"} | {key for key in page_messages()["en"] if re.match("status_|read_", key)}
    messages = {key for key in page_messages()["en"] if not key.endswith("_one")}
    assert asked <= messages
    assert messages - asked - built - listed == set()


def test_no_sentence_stands_in_the_script() -> None:
    script = FOLDER.joinpath("assets", "report.js").read_text(encoding="utf-8")
    code = re.sub(r"^\s*//.*$", "", script, flags=re.MULTILINE)
    texts = [next(filter(None, found)) for found in re.findall(r'"([^"\n]*)"|`([^`]*)`', code) if any(found)]
    # a text for readers has two words with a space between, or begins with a capital letter
    said = [
        text for text in texts if re.search(r"^[A-Z][a-z]+( |$)|[a-z]{2,} [a-z]{2,}", re.sub(r"\$\{[^}]*\}", "", text))
    ]
    allowed = {"use strict", "Enter", "Home", "End"}
    known = [text for text in said if text not in allowed and not _is_code(text)]
    assert known == []


def _is_code(text: str) -> bool:
    return bool(re.search(r"^(Arrow|Page)|^[.#\[(]|[\[\]#.:]", text)) or text in _CLASSES


_CLASSES = frozenset({"steps-nav no-print", "grade-line"})


@pytest.mark.parametrize("file", sorted(p.name for p in FOLDER.glob("*.py") if p.name not in NOT_FOR_READERS))
def test_no_sentence_stands_in_a_template(file: str) -> None:
    """A text for readers is a message: a string with two words of letters between spaces is none of ours."""
    tree = ast.parse(FOLDER.joinpath(file).read_text(encoding="utf-8"))
    passed = _docstrings(tree) | _in_errors(tree)
    said = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in passed
        and re.search(r"(?<![-\w.#:<(])[A-Za-z]{2,} (?:[a-z]+ )*[a-z]{2,}(?![-\w=:({])", node.value)
    ]
    assert [text for text in said if not _is_markup(text)] == []


def _docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _in_errors(tree: ast.AST) -> set[int]:
    """Strings of an error, which is for the person who called."""
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func).endswith("Error")]
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "_check_together"]
    return {id(part) for node in [*raised, *loops] for part in ast.walk(node)}


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_markup(text: str) -> bool:
    """Style, class names and words of the format rather than of a person."""
    classes = r"(tick|lane|caption|result|gap-label|limit-label|span|note|hint|page|badge|dot|step)( [a-z-]+)+"
    return bool(re.fullmatch(classes, text) or re.search(r"[{}<>;]|^ ?data-|'none'", text)) or text in _FORMAT


_FORMAT = frozenset(
    {
        "Grade of ",  # of the name of a result in a rule file, taken off
        "Class of ",
        "controls no-print",
        "switch no-print",
        "filters no-print",
        "twin no-print",
        "why no-print",
        "strip day-scale",
        "not recorded, taken as no",  # the word of the engine, compared and never shown
    }
)


def test_words_are_english_to_whoever_does_not_ask() -> None:
    words = say("result.bounds", low=2, high=4)
    assert words == "2 to 4"
    assert f"{words}!" == "2 to 4!"
    assert words.in_("zh") == "2 至 4"
    assert words.in_("xx") == "2 to 4"
    assert not is_translated(Words("CRS", zh="CRS"))


def test_a_message_in_a_message_keeps_its_language() -> None:
    inner = say("lack.value", what=say("lack.thing_oxygen"))
    assert inner == "oxygen device not recorded"
    assert inner.in_("zh") == "吸氧装置未记录"
    assert joined([inner, "x"]).in_("zh") == "吸氧装置未记录；x"


def test_one_is_said_in_the_singular() -> None:
    assert say("course.years", n=1) == "1 year"
    assert say("course.years", n=2) == "2 years"
    assert say("course.years", n=1).in_("zh") == "1 岁"


def test_a_message_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"course\.nonsense"):
        say("course.nonsense")
    with pytest.raises(KeyError, match="low"):
        say("result.bounds", high=4)


def test_words_travel_to_another_process() -> None:
    words = pickle.loads(pickle.dumps(say("value.yes")))  # noqa: S301  (made one line above)
    assert (words, words.in_("zh")) == ("yes", "是")


def test_a_text_without_chinese_stays_english() -> None:
    assert words_of({"en": "Fever"}).in_("zh") == "Fever"
    assert words_of(None, "x") == "x"


def test_markup_carries_the_other_language_and_can_be_spoken_in_one() -> None:
    label = Words('a "quoted" <label>', zh="“引号” <标签>")
    markup = element("p", Words("fish & chips", zh="鱼 & 薯条"), aria_label=label, class_="x")
    assert spoken(markup, "en") == '<p aria-label="a &quot;quoted&quot; &lt;label&gt;" class="x">fish &amp; chips</p>'
    assert spoken(markup, "zh") == '<p aria-label="“引号” &lt;标签&gt;" class="x">鱼 &amp; 薯条</p>'
