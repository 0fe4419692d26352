"""The parameters of the population model as pages of the documentation, made from its data files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vein2vein.knowledge.citations import citation
from vein2vein.population.parameters import GROUPS, common_parameters, setting, setting_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vein2vein.population.parameters import Parameter

NAMES = {
    "patients": "Patients", "way": "The way to the infusion", "kinetics": "Cellular kinetics",
    "crs": "Cytokine release syndrome", "icans": "Neurotoxicity", "care": "Care", "bedside": "At the bedside",
    "counts": "Blood counts", "chemistry": "Chemistry", "hyperinflammation": "Hyperinflammation (IEC-HS)",
    "infections": "Infections", "outcome": "Response, progression, death", "late": "Late effects", "mess": "Mess",
}  # fmt: skip
STATUS = """
- `read`, `secondary`, `recalled`, `uncertain`: published, and how it was read. `recalled` figures were written from memory of the
  source and must be looked up before anybody relies on them.
- `assumption`: ours, without a source; the note says what is assumed.
- `fitted`: found so that the simulated figures meet the published ones that are named.
"""


def population_pages() -> dict[str, str]:
    """One page for what all settings share, and one for each setting, by name below the folder of the documentation."""
    pages = {"reference/population/index.md": _common()}
    for id in setting_ids():
        pages[f"reference/population/{id.replace('/', '.')}.md"] = _setting(id)
    return pages


def _common() -> str:
    every = [one for id in setting_ids() for name, one in setting(id).parameters.items() if name in setting(id).own]
    shared = common_parameters()
    counts = dict.fromkeys(("read", "secondary", "recalled", "uncertain", "assumption", "fitted"), 0)
    for one in [*shared.values(), *every]:
        counts[one.status] += 1
    total = ", ".join(f"{count} `{status}`" for status, count in counts.items() if count)
    rows = [
        (f"[{found.name}, {found.line}]({id.replace('/', '.')}.md)", f"`{id}`", found.imitates)
        for id in setting_ids()
        for found in (setting(id),)
    ]
    return (
        "# Parameters of the population\n\n"
        "Made from the data files that the [model](../../explanation/population.md) draws with.\n"
        f"{STATUS}\nIn all: {total}.\n\n## Settings\n\n{_table(('Setting', 'Id', 'After'), rows)}\n\n"
        "## What all settings share\n\nA setting may give a value of its own in place of one of these.\n\n"
        f"{_groups(shared)}\n"
    )


def _setting(id: str) -> str:
    found = setting(id)
    own = {name: one for name, one in found.parameters.items() if name in found.own}
    return (
        f"# {found.name}, {found.line}\n\nSetting `{id}`, indication `{found.indication}`, after {found.imitates} "
        f"({citation(found.source).reference().rstrip('.')}). What is not listed here stands with the "
        f"[shared parameters](index.md); how it compares with the trial stands in the "
        f"[calibration](../calibration.md#{id.replace('/', '-')}).\n{STATUS}\n{_groups(own)}\n"
    )


def _groups(parameters: Mapping[str, Parameter]) -> str:
    parts = []
    for group in GROUPS:
        some = [(name, one) for name, one in parameters.items() if name.startswith(f"{group}.")]
        if some:
            rows = [_row(name, one) for name, one in some]
            parts.append(
                f"### {NAMES[group]}\n\n{_table(('Name', 'Value', 'Unit', 'Status', 'Source or reason'), rows)}"
            )
    return "\n\n".join(parts)


def _row(name: str, one: Parameter) -> tuple[str, ...]:
    value = ", ".join(_shown(item) for item in one.value) if isinstance(one.value, tuple) else _shown(one.value)
    said = []
    if one.source:
        said.append(citation(one.source).reference().rstrip(".") + (f", {one.locator}" if one.locator else ""))
    if one.fitted_to:
        said.append("fitted to " + ", ".join(f"`{name}`" for name in one.fitted_to))
    if one.note:
        said.append(one.note)
    return f"`{name}`", value, f"`{one.unit}`" if one.unit else "", one.status, "; ".join(said)


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in line)} |" for line in lines)
