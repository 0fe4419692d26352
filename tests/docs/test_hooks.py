"""The generated part of the documentation: nothing is forgotten, nothing runs together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tool_modules import load_tool
from vein2vein.errors import catalogue
from vein2vein.knowledge.registry import default_registry
from vein2vein.programme.trial.designs import NAMES

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    return load_tool("docs_hooks")


class _Config:
    def __init__(self, docs: Path) -> None:
        self.docs_dir = str(docs)
        self.nav: Any = None


def _leaves(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    branches = tree.values() if isinstance(tree, dict) else tree
    return [leaf for branch in branches for leaf in _leaves(branch)]


def test_every_page_stands_in_the_navigation_once(hooks: ModuleType, repository: Path) -> None:
    docs = repository / "docs"
    pages = _leaves(hooks.on_config(_Config(docs)).nav)
    written = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    assert len(pages) == len(set(pages))
    assert written <= set(pages)
    assert pages[0] == "index.md"


def test_every_error_has_a_page_and_is_listed(hooks: ModuleType) -> None:
    pages = hooks._error_pages()
    index = pages["reference/errors/index.md"]
    for key, entry in catalogue().items():
        assert entry["title"] in pages[f"reference/errors/{key}.md"]
        assert f"[{key}]({key}.md)" in index


def test_every_command_is_described(hooks: ModuleType) -> None:
    (page,) = hooks._command_pages().values()
    assert "## vein2vein grade\n" in page
    assert "## vein2vein knowledge review-queue\n" in page


def test_every_trial_design_lists_its_keys_with_an_example(hooks: ModuleType) -> None:
    (page,) = hooks._trial_pages().values()
    parts = {part.partition("\n")[0]: part for part in page.split("\n## ")[1:]}
    assert set(parts) == {*NAMES, "calendar"}
    assert all("| Key | Value | Default | Meaning |" in part and "```yaml" in part for part in parts.values())
    assert "| `utilities.both` | number | 60.0 | Response and toxicity. |" in parts["boin12"]
    assert "design: tepi" in parts["tepi"]


def test_every_rule_set_has_a_page_that_shows_its_status(hooks: ModuleType) -> None:
    pages = hooks._rule_pages()
    rules = default_registry().all()
    assert len(rules) > 0
    for rule in rules:
        (page,) = [name for name in pages if name.endswith(f"/{rule.id}.md")]
        assert f"status: {rule.status}" in pages[page]
        assert f"({page.removeprefix('rules/')}) | `{rule.id}` | {rule.status} |" in pages["rules/index.md"]


def test_a_house_docstring_becomes_a_list() -> None:
    as_list = load_tool("griffe_docstrings").as_list
    text = "Title.\n\nPlace    Floor 2.\nDoes not Guess,\n         nor ask.\n\nOther words.\n"
    assert as_list(text) == ("Title.\n\n\n- **Place** Floor 2.\n- **Does not** Guess,\n    nor ask.\n\nOther words.")
