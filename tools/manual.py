"""The rule chapters of the user manual, made from the spec tests.

Every spec (tests/spec) is a small course, a rule set and the verdicts that both engines must give. Here the same
functions run with a listener in the place of an engine; what they say becomes a paragraph. The manual cannot promise
anything that the tests do not hold.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vein2vein.knowledge.registry import default_registry
from vein2vein.knowledge.rendering import case_table
from vein2vein.knowledge.wording import pick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

SPECS = Path(__file__).resolve().parent.parent / "tests" / "spec"
CHAPTERS = {
    "crs_astct": ("Cytokine release syndrome: ASTCT", "How the ASTCT consensus scale is applied to recorded data."),
    "crs_other": (
        "Cytokine release syndrome: other scales",
        "Six other editions, and the same patient under each of them.",
    ),
    "neurotoxicity": ("Neurotoxicity", "ICANS in adults and children, CRES and the MSKCC scale."),
    "haematotoxicity": ("Blood counts", "ICAHT, T-ICAHT, the laboratory terms of CTCAE, fever with neutropenia."),
    "hyperinflammation": ("Hyperinflammation, DIC, tumour lysis", "IEC-HS, HLH, MAS-L, clotting and tumour lysis."),
    "other_toxicities": ("Other toxicities", "Bowel, movement, cranial nerves, local reactions, B cells and IgG."),
    "selection": (
        "Selection and collection",
        "Limits of selection and of pivotal trials, counts at which collection may begin.",
    ),
    "scores": ("Scores", "Risk and prognosis before the infusion, and early warnings after it."),
}


# Rule sets about these are shown by the worked cases of their files, which both engines pass in tests/knowledge: a limit of a
# trial or a sum of points has no course over time to tell.
BY_CASES = {
    "eligibility": (
        "Eligibility, case by case",
        "Limits of guidelines and trials: 1 means that every encoded one is met.",
    ),
    "prognosis": ("Prognosis, case by case", "Points of prognostic scores."),
    "toxicity-risk": ("Risk of toxicity, case by case", "Points of scores of risk."),
}


@dataclass(frozen=True)
class Told:
    """What one spec says."""

    rule_set: str
    course: tuple[tuple[str, str], ...]
    verdicts: tuple[tuple[str, str], ...]
    episodes: tuple[str, ...]
    missing: str
    choices: Mapping[str, Any] = field(default_factory=dict)


def manual_pages(rule_page: Callable[[str], str]) -> dict[str, str]:
    """All pages by their path below docs.

    Args:
        rule_page: Path of the page of a rule set below docs, from its id.
    """
    pages = {"manual/index.md": _index()}
    for folder, (title, intro) in CHAPTERS.items():
        sections = [_section(load(file), rule_page) for file in sorted((SPECS / folder).glob("test_*.py"))]
        pages[_page(folder)] = f"# {title}\n\n{intro}\n\n" + "\n\n".join(sections) + "\n"
    return pages


def case_pages(rule_page: Callable[[str], str]) -> dict[str, str]:
    """Chapters of the rule sets that their worked cases show, by their path below docs.

    Args:
        rule_page: Path of the page of a rule set below docs, from its id.
    """
    pages = {}
    for about, (title, intro) in BY_CASES.items():
        rules = [rule for rule in default_registry().all() if rule.about == about]
        sections = [f"## {pick(r.title, 'en')}\n\n[`{r.id}`](../{rule_page(r.id)})\n\n{case_table(r)}" for r in rules]
        pages[f"manual/cases-{about}.md"] = f"# {title}\n\n{intro}\n\n" + "\n\n".join(sections) + "\n"
    return pages


def _page(folder: str) -> str:
    return f"manual/{list(CHAPTERS).index(folder) + 1}-{folder.replace('_', '-')}.md"


def _index() -> str:
    listed = "\n".join(
        f"- [{title}]({_page(folder).removeprefix('manual/')}): {intro}" for folder, (title, intro) in CHAPTERS.items()
    )
    listed += "".join(f"\n- [{title}](cases-{about}.md): {intro}" for about, (title, intro) in BY_CASES.items())
    notation = load(SPECS / "notation.py").__doc__ or ""
    _, _, body = notation.partition("\n\n")
    return (
        "# Rules by example\n\n"
        "These chapters say what each scale does, one small course at a time. They are made from the tests that both\n"
        f"engines must pass, so nothing here is only a promise.\n\n{listed}\n\n"
        "## How to read the tables\n\n"
        "Time runs from the infusion, at 08:00 on day 0 by the clock of the centre. `2 h` is two hours later, `day 3`\n"
        "is 08:00 of day 3, `2 h to 6 h` lasts, `2 h to` is still running at the end of the follow-up. `recorded\n"
        "completely` says that a stream of treatment is charted, so that no row means none was given. A verdict of 2 is\n"
        "certain; a verdict of [2, 4] says that what is missing could make it anything from 2 to 4.\n\n"
        f"```text\n{body.strip()}\n```\n"
    )


def load(file: Path) -> ModuleType:
    """A file of specs, imported under a name of its own."""
    name = "_".join(("spec", *file.relative_to(SPECS).with_suffix("").parts))
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        message = f"{file} cannot be imported"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while it loads
    spec.loader.exec_module(module)
    return module


def _section(module: ModuleType, rule_page: Callable[[str], str]) -> str:
    title, _, intro = (module.__doc__ or "").partition("\n\n")
    paragraphs = [
        _paragraph(name, function, rule_page)
        for name, function in vars(module).items()
        if name.startswith("test_") and callable(function)
    ]
    return f"## {title}\n\n{intro.strip()}\n\n" + "\n\n".join(paragraphs)


def _paragraph(name: str, function: Callable[..., None], rule_page: Callable[[str], str]) -> str:
    told = list(told_by(function))
    heading = name.removeprefix("test_").replace("_", " ")
    heading = heading[:1].upper() + heading[1:]
    sets = list(dict.fromkeys(t.rule_set for t in told))
    links = ", ".join(f"[{pick(default_registry().get(id).title, 'en')}](../{rule_page(id)})" for id in sets)
    common = [line for line in told[0].course if all(line in t.course for t in told)]
    parts = [f"### {_proper(heading)}", f"{(function.__doc__ or '').strip()} {links}."]
    parts.append(_recorded(common))
    parts.append(_table_of_one(told[0]) if len(told) == 1 else _grid(told, common) or _table_of_many(told, common))
    return "\n\n".join(part for part in parts if part)


def _proper(heading: str) -> str:
    """Names written as people write them."""
    names = (
        ("ice", "ICE"), ("capd", "CAPD"), ("icaht", "ICAHT"), ("iec hs", "IEC-HS"), ("hlh", "HLH"), ("mas l", "MAS-L"),
        ("dic", "DIC"), ("carhlh", "carHLH"), ("hscore", "HScore"), ("ctcae", "CTCAE"), ("mskcc", "MSKCC"), ("penn", "Penn"),
        ("cartox 10", "CARTOX-10"), ("cartox", "CARTOX"), ("cpap", "CPAP"), ("bipap", "BiPAP"), ("lee", "Lee"),
        ("licats", "LICATS"), ("howard", "Howard"), ("icans", "ICANS"), ("chinese", "Chinese"), ("b cell", "B-cell"),
    )  # fmt: skip
    for plain, proper in names:
        heading = re.sub(rf"\b{plain}\b", proper, heading, flags=re.IGNORECASE)
    return heading.replace("38 0", "38.0").replace("0 1", "0.1")


def told_by(function: Callable[..., None]) -> Iterator[Told]:
    """Everything a spec says, over all its parameters."""
    notation = load(SPECS / "notation.py")
    for arguments in arguments_of(function):
        heard: list[Told] = []
        function(spec=_listener(heard, notation), **arguments)
        yield from heard


def _listener(heard: list[Told], notation: ModuleType) -> Callable[..., None]:
    def spec(
        rule_set: str, course: str, verdicts: str = "", *, episodes: str = "", missing: str = "", **choices: Any
    ) -> None:
        def lines(table: str) -> tuple[tuple[str, str], ...]:
            return tuple((line.left, line.right) for line in notation.lines_of(table))

        steps = lines(verdicts.strip().removeprefix("..."))
        heard.append(Told(rule_set, lines(course), steps, tuple(r for _, r in lines(episodes)), missing, choices))

    return spec


def arguments_of(function: Callable[..., None]) -> Iterator[dict[str, Any]]:
    """The values of `parametrize`, all combinations."""
    choices = []
    for mark in getattr(function, "pytestmark", []):
        names, rows = mark.args[0], mark.args[1]
        keys = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        choices.append([dict(zip(keys, row if len(keys) > 1 else (row,), strict=True)) for row in rows])
    for combination in itertools.product(*reversed(choices)):
        yield {name: value for part in combination for name, value in part.items()}


def _recorded(lines: list[tuple[str, str]]) -> str:
    rows = [f"| {when or 'course'} | {_cell(what)} |" for when, what in lines]
    return "\n".join(("| When | Recorded |", "| --- | --- |", *rows)) if rows else ""


def _table_of_one(told: Told) -> str:
    rows = [f"| {when} | **{_cell(grade)}** |" for when, grade in told.verdicts]
    parts = ["\n".join(("| From | Verdict |", "| --- | --- |", *rows))] if rows else []
    if told.choices:
        parts.insert(0, f"With {_choices(told)}:")
    if told.episodes:
        parts.append("Episodes: " + "; ".join(told.episodes) + ".")
    if told.missing:
        parts.append(f"Missing: {told.missing}.")
    return "\n\n".join(parts)


def _grid(told: list[Told], common: list[tuple[str, str]]) -> str:
    """One row for each course and one column for each rule set, where every pair has one verdict; otherwise nothing."""
    sets = list(dict.fromkeys(t.rule_set for t in told))
    courses = list(dict.fromkeys(t.course for t in told))
    cells = {(t.course, t.rule_set): t.verdicts[0][1] for t in told if len(t.verdicts) == 1 and not t.choices}
    if min(len(sets), len(courses)) == 1 or len(cells) != len(told) or len(told) != len(sets) * len(courses):
        return ""
    head = f"| And | {' | '.join(f'`{id}`' for id in sets)} |\n|{' --- |' * (len(sets) + 1)}"
    rows = (
        f"| {_cell(_rest(course, common))} | {' | '.join(f'**{_cell(cells[course, id])}**' for id in sets)} |"
        for course in courses
    )
    return "\n".join((head, *rows))


def _rest(course: tuple[tuple[str, str], ...], common: list[tuple[str, str]]) -> str:
    return "<br>".join(f"{when}: {what}".removeprefix(": ") for when, what in course if (when, what) not in common)


def _table_of_many(told: list[Told], common: list[tuple[str, str]]) -> str:
    columns: list[tuple[str, list[str]]] = []
    columns.append(("And", [_rest(t.course, common) for t in told]))
    columns.append(("Rule set", [f"`{t.rule_set}`" for t in told] if len({t.rule_set for t in told}) > 1 else []))
    columns.append(("With", [_choices(t) for t in told]))
    verdicts = ["<br>".join(f"{when}: **{grade}**" for when, grade in t.verdicts) for t in told]
    columns.append(("Verdict", verdicts))
    columns.append(("Episodes", ["<br>".join(t.episodes) for t in told]))
    columns.append(("Missing", [t.missing for t in told]))
    used = [(title, cells) for title, cells in columns if any(cells)]
    head = f"| {' | '.join(title for title, _ in used)} |\n|{' --- |' * len(used)}"
    rows = (f"| {' | '.join(_cell(cells[n]) for _, cells in used)} |" for n in range(len(told)))
    return "\n".join((head, *rows))


def _choices(told: Told) -> str:
    return ", ".join(f"`{name}: {value}`" for name, value in told.choices.items())


def _cell(text: str) -> str:
    text = re.sub(r"<(?!br>)", "&lt;", text)
    return text.replace("|", "\\|")
