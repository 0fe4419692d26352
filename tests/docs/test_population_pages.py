"""The pages of the population's parameters hold every parameter with its status and reason, and lead to each other."""

from __future__ import annotations

import pytest

from tool_modules import load_tool
from vein2vein.population.parameters import common_parameters, setting, setting_ids


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    found: dict[str, str] = load_tool("population_pages").population_pages()
    return found


def test_there_is_a_page_for_each_setting_and_the_list_leads_to_it(pages: dict[str, str]) -> None:
    index = pages["reference/population/index.md"]
    assert len(pages) == 1 + len(setting_ids())
    for id in setting_ids():
        assert f"({id.replace('/', '.')}.md) | `{id}` | {setting(id).imitates} |" in index


def test_shared_parameters_stand_on_the_first_page(pages: dict[str, str]) -> None:
    index = pages["reference/population/index.md"]
    for name, one in common_parameters().items():
        (line,) = [line for line in index.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"| {one.status} |" in line
        assert one.note is None or one.note.replace("|", "\\|") in line


@pytest.mark.parametrize("id", setting_ids())
def test_own_parameters_stand_on_the_page_of_the_setting(pages: dict[str, str], id: str) -> None:
    page = pages[f"reference/population/{id.replace('/', '.')}.md"]
    found = setting(id)
    for name in found.own:
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"| {found.parameters[name].status} |" in line
        assert all(f"`{quantity}`" in line for quantity in found.parameters[name].fitted_to)
    assert f"(../calibration.md#{id.replace('/', '-')})" in page


def test_assumptions_are_counted(pages: dict[str, str]) -> None:
    every = list(common_parameters().values())
    for id in setting_ids():
        every += [setting(id).parameters[name] for name in setting(id).own]
    assumed = sum(one.status == "assumption" for one in every)
    assert f"{assumed} `assumption`" in pages["reference/population/index.md"]
