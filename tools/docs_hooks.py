"""What the documentation says by itself: navigation, error pages, glossary, changelogs and the API.

MkDocs calls the functions named `on_…` while it builds. Pages made here exist only in the built site, so they
cannot be out of date: the error pages come from the catalogue the library itself uses, the API pages from the
docstrings, the glossary and the changelogs from the root of the repository.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from mkdocs.structure.files import File

from vein2vein.cli import cli
from vein2vein.errors import catalogue
from vein2vein.knowledge.citations import citations
from vein2vein.knowledge.codes import milestones, observations, streams
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import default_registry
from vein2vein.knowledge.rendering import render
from vein2vein.knowledge.wording import pick
from vein2vein.programme.trial.designs import NAMES
from vein2vein.programme.trial.study.keys import calendar_keys, keys_of
from vein2vein.report.documents import document_markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from vein2vein.knowledge.codes import Agent, MilestoneKind, ObservationKind
    from vein2vein.knowledge.edition import Edition
    from vein2vein.knowledge.schema import RuleSet
    from vein2vein.programme.trial.study.keys import Key

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "src" / "vein2vein"
SECTIONS = {
    "Tutorial": "tutorial",
    "How-to guides": "how-to",
    "Rules by example": "manual",
    "Rules": "rules",
    "Reference": "reference",
    "Explanation": "explanation",
    "Decisions": "adr",
}
# page of the reference -> file at the root of the repository
ROOT_PAGES = {
    "reference/glossary.md": "GLOSSARY.md",
    "reference/changelog.md": "CHANGELOG.md",
    "reference/knowledge-changelog.md": "KNOWLEDGE.md",
}
ACRONYMS = {"crs", "icans", "ice", "capd", "licats", "ctcae"}
FLOORS = (
    ("errors", "Errors"),
    ("basis", "Basis"),
    ("numerics", "Numerics"),
    ("knowledge", "Knowledge"),
    ("record", "Record"),
    ("engine", "Engines"),
    ("intake", "Intake"),
    ("journey", "Journey"),
    ("population", "Population"),
    ("programme", "Programme"),
    ("report", "Report"),
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the navigation from the folders; a page's place is its name, `index.md` first."""
    pages = sorted(_written_pages(Path(config.docs_dir)) | set(_generated_pages()))
    nav: list[dict[str, Any] | str] = [page for page in pages if "/" not in page]
    nav.sort(key=lambda page: page != "index.md")
    folders = {page.split("/")[0] for page in pages if "/" in page}
    others = {_title(folder): folder for folder in sorted(folders - set(SECTIONS.values()))}
    nav += [{title: tree} for title, folder in {**SECTIONS, **others}.items() if (tree := _tree(pages, folder))]
    config.nav = nav
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for name, text in (_generated_pages() | _notebooks(Path(config.docs_dir))).items():
        files.append(File.generated(config, name, content=text))
    return files


def _written_pages(docs: Path) -> set[str]:
    return {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}


def _tree(pages: list[str], folder: str) -> list[Any]:
    """The pages of one folder, then its sub-folders, as MkDocs wants them."""
    inside = [page for page in pages if page.startswith(f"{folder}/")]
    here = sorted(
        (page for page in inside if page.count("/") == folder.count("/") + 1),
        key=lambda page: (not page.endswith("/index.md"), page),
    )
    below = sorted({page[len(folder) + 1 :].split("/")[0] for page in inside if page not in here})
    branches = [{_title(name): _tree(pages, f"{folder}/{name}")} for name in below]
    return [*here, *branches]


def _title(folder: str) -> str:
    words = [word.upper() if word in ACRONYMS else word for word in folder.split("-")]
    return "Python API" if folder == "api" else " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _generated_pages() -> dict[str, str]:
    pages = {name: _root_page(source) for name, source in ROOT_PAGES.items() if (ROOT / source).exists()}
    return {
        **pages,
        **_manual_pages(),
        **_rule_pages(),
        **_code_pages(),
        **_error_pages(),
        **_command_pages(),
        **_trial_pages(),
        **_api_pages(),
        **_population_pages(),
        **_guidance_pages(),
        **_document_pages(),
    }


def _tool(name: str) -> ModuleType:
    """A module of the folder `tools`, which is no package."""
    where = importlib.util.spec_from_file_location(f"vein2vein_{name}", ROOT / "tools" / f"{name}.py")
    if where is None or where.loader is None:
        message = f"tools/{name}.py cannot be imported"
        raise ImportError(message)
    module = importlib.util.module_from_spec(where)
    sys.modules[where.name] = module  # dataclasses look their module up while it loads
    where.loader.exec_module(module)
    return module


def _notebooks(docs: Path) -> dict[str, str]:
    """The pages that link to themselves as a notebook; see tools/notebooks.py."""
    texts = {path: path.read_text(encoding="utf-8") for path in docs.rglob("*.md")}
    return {
        path.with_suffix(".ipynb").relative_to(docs).as_posix(): _tool("notebooks").written(text)
        for path, text in sorted(texts.items())
        if f"({path.stem}.ipynb)" in text
    }


def _manual_pages() -> dict[str, str]:
    """The chapters of rules by example, made from the spec tests; see tools/manual.py."""
    registry = default_registry()
    manual = _tool("manual")

    def page(id: str) -> str:
        return f"rules/{_rule_folder(registry.get(id))}/{id}.md"

    return {**manual.manual_pages(page), **manual.case_pages(page)}


def _population_pages() -> dict[str, str]:
    """The parameters of the population model, made from its data files; see tools/population_pages.py."""
    pages: dict[str, str] = _tool("population_pages").population_pages()
    return pages


def _guidance_pages() -> dict[str, str]:
    """Guidance, drugs and where the sources disagree, made from their files; see tools/guidance_pages.py."""
    pages: dict[str, str] = _tool("guidance_pages").guidance_pages()
    return pages


def _document_pages() -> dict[str, str]:
    """One page for each file of the standard of care, with sources and status, and the list of them by kind."""
    library = default_library()
    documents = sorted((library.any(id) for id in library.ids), key=lambda d: (_kind(d), d.id))
    own = {d.id for d in documents if not isinstance(d, Guidance | Drug)}
    pages = {f"reference/care/{d.id}.md": document_markdown(d, library) + "\n" for d in documents if d.id in own}
    rows = [
        (
            _title(_kind(d)),
            f"[{pick(d.title, 'en')}]({'' if d.id in own else '../guidance/'}{d.id}.md)<br>`{d.id}`",
            d.status,
            d.edition,
            ", ".join(d.jurisdiction),
            ", ".join(dict.fromkeys(source.key for source in d.sources)),
        )
        for d in documents
    ]
    columns = ("Kind", "Document", "Status", "Edition", "Where", "Sources")
    pages["reference/care/index.md"] = (
        "# The standard of care, file by file\n\nProducts, regimens, policies, formulas, calendars, criteria of response and\n"
        "protocols, each page made from its file. See also [guidance](../guidance/index.md) and\n"
        f"[where the sources disagree](../guidance/where-the-sources-disagree.md).\n\n{_table(columns, rows)}\n"
    )
    return pages


def _kind(document: Edition) -> str:
    return str(getattr(document, "kind", ""))


def _root_page(source: str) -> str:
    """A file of the repository's root; its links to other files there become plain text."""
    text = (ROOT / source).read_text(encoding="utf-8")
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]+\)", r"\1", text)


def _rule_pages() -> dict[str, str]:
    """One page for each rule set, made from its file, and the list of them all with how they were checked."""
    rules = sorted(default_registry().all(), key=lambda rule: (_rule_folder(rule), rule.id))
    places = {rule.id: f"{_rule_folder(rule)}/{rule.id}.md" for rule in rules}
    pages = {f"rules/{places[rule.id]}": render(rule) for rule in rules}
    rows = [
        (_title(_rule_folder(rule)), f"[{pick(rule.title, 'en')}]({places[rule.id]})", f"`{rule.id}`", rule.status)
        for rule in rules
    ]
    pages["rules/index.md"] = (
        "# Rule sets\n\nEach page is made from the rule file that both engines read: text and rule cannot disagree.\n"
        "The status says how the numbers were checked; only `verified` means that two people read them in the\n"
        f"primary source and signed.\n\n{_table(('About', 'Rule set', 'Id', 'Status'), rows)}\n"
    )
    return pages


def _rule_folder(rule: RuleSet) -> str:
    """Where the page of a rule set stands: with its subject; the many terms of CTCAE stand together."""
    return "ctcae-terms" if rule.id.startswith("ctcae-") and rule.about != "crs" else rule.about


def _code_pages() -> dict[str, str]:
    """What can be recorded, with unit and codes, and the works that the rules cite: both from the data files."""
    works = sorted(citations().items())
    rows = [(f"`{key}`", work.reference(), work.note or "") for key, work in works]
    kinds = [
        (f"`{key}`", pick(kind.label, "en"), _values_of(kind), _codes_of(kind)) for key, kind in observations().items()
    ]
    agents = [
        (f"`{key}`", f"`{name}`", pick(agent.label, "en"), ", ".join(kind.rate_units), _codes_of(agent))
        for key, kind in streams().items()
        for name, agent in kind.agents.items()
    ]
    steps = [(f"`{key}`", pick(kind.label, "en"), _codes_of(kind)) for key, kind in milestones().items()]
    intro = (
        "Words that the cohort tables, the mapping files and the rule files share. A code marked with `?` was\n"
        "recalled and not yet read in its terminology."
    )
    return {
        "reference/bibliography.md": f"# Bibliography\n\n{_table(('Key', 'Work', 'Note'), rows)}\n",
        "reference/codes.md": "\n\n".join(
            (
                f"# What can be recorded\n\n{intro}",
                f"## Observations\n\n{_table(('Kind', 'Meaning', 'Unit and range, or values', 'Codes'), kinds)}",
                f"## Exposures\n\n{_table(('Stream', 'Agent', 'Meaning', 'Rates in', 'Codes'), agents)}",
                f"## Milestones\n\n{_table(('Kind', 'Meaning', 'Codes'), steps)}\n",
            )
        ),
    }


def _values_of(kind: ObservationKind) -> str:
    if kind.type == "number" and kind.plausible is not None:
        return f"`{kind.unit}`, {kind.plausible[0]:g} to {kind.plausible[1]:g}"
    return ", ".join(f"`{name}`" for name in kind.categories) or "`yes`, `no`"


def _codes_of(entry: ObservationKind | Agent | MilestoneKind) -> str:
    return ", ".join(f"{c.system} {c.code}{'?' if c.status == 'recalled' else ''}" for c in entry.codes)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _command_pages() -> dict[str, str]:
    """The help texts of all commands, as the command line itself prints them."""
    blocks = [f"## {' '.join(path)}\n\n```text\n{text}\n```" for path, text in _help_texts(cli, ("vein2vein",))]
    return {"reference/command-line.md": "# Command line\n\n" + "\n\n".join(blocks) + "\n"}


def _help_texts(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    context = click.Context(command, info_name=" ".join(path), max_content_width=100, terminal_width=100)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _help_texts(below, (*path, name))


_TRIAL_KEYS = """# Keys of a trial design

What a design file may say, by design. The tables are made from the code. A key such as `utilities.both` is written as
`utilities: {both: 60}`. Every file may also have `title`, `scenarios`, `search` and `protocol`; a dose-finding file
`figures`, `judged_by`, `setting`, `response` and `calendar`; a single arm `reach`.
See [how to plan a trial](../how-to/trials.md)."""


_CALENDAR_KEYS = """## calendar

A section of dose-finding files instead of `setting`, in days: `examples/trials/designs/tite-boin-cells.yaml`. Days may be
one number, their median. `late` and `under_way` belong to designs that decide while outcomes are pending. `made` is the dose
received in `partial-dose`; elsewhere it needs `least_dose`. Titration and `backfill-boin` have no calendar: see
[what is not modelled](../explanation/cell-calendar.md)."""


def _trial_pages() -> dict[str, str]:
    """The keys of every trial design, read from the functions that make them, each with its example file."""
    examples: dict[str, str] = {}
    for path in sorted((ROOT / "examples" / "trials").rglob("*.yaml"), key=lambda path: (len(path.parts), path)):
        text = path.read_text(encoding="utf-8")
        name = next((line.removeprefix("design: ") for line in text.splitlines() if line.startswith("design: ")), "")
        examples.setdefault(name, f"`{path.relative_to(ROOT).as_posix()}`:\n\n```yaml\n{text}```")
    parts = [_TRIAL_KEYS]
    parts += [f"## {name}\n\n{_keys_table(keys_of(name))}\n\n{examples[name]}" for name in NAMES]
    cells = (ROOT / "examples" / "trials" / "designs" / "tite-boin-cells.yaml").read_text(encoding="utf-8")
    parts.append(f"{_CALENDAR_KEYS}\n\n{_keys_table(calendar_keys())}\n\n```yaml\n{cells}```")
    return {"reference/trial-keys.md": "\n\n".join(parts) + "\n"}


def _keys_table(keys: Iterable[Key]) -> str:
    rows = [(f"`{key.name}`", key.kind, key.default, key.meaning) for key in keys]
    return _table(("Key", "Value", "Default", "Meaning"), rows)


def _error_pages() -> dict[str, str]:
    """One page for each error id, and the list of them all."""
    entries = catalogue()
    pages = {}
    for key, entry in entries.items():
        pages[f"reference/errors/{key}.md"] = (
            f"# {key}\n\n**{entry['title']}**\n\n"
            f"## Why it happens\n\n{entry['cause']}\n\n## What to do\n\n{entry['cure']}\n"
        )
    rows = "\n".join(f"| [{key}]({key}.md) | {entry['title']} |" for key, entry in sorted(entries.items()))
    pages["reference/errors/index.md"] = (
        "# Errors\n\nEvery message carries an id that never changes. The message itself says what was seen, what was\n"
        "expected and how to mend it; the pages here say why it happens.\n\n"
        f"| Id | Title |\n|---|---|\n{rows}\n"
    )
    return pages


def _api_pages() -> dict[str, str]:
    """One page for each room of the house, with the docstrings of all its modules."""
    pages = {
        "reference/api/index.md": (
            "# Python API\n\nThe rooms of the house, from the ground up. Public names can also be taken\n"
            "from `vein2vein` itself.\n"
        )
    }
    for room, title in FLOORS:
        modules = sorted(_modules(LIBRARY / room))
        if modules:
            entries = "\n\n".join(f"::: {module}" for module in modules)
            pages[f"reference/api/{room}.md"] = f"# {title}\n\n{entries}\n"
    return pages


def _modules(folder: Path) -> list[str]:
    """Public modules below `folder` that say anything, by their dotted names."""
    names = []
    for path in folder.rglob("*.py"):
        parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
        if any(part.startswith("_") and part != "__init__" for part in parts) or not _is_in_packages(path):
            continue
        names.append(".".join(part for part in parts if part != "__init__"))
    return names


def _is_in_packages(path: Path) -> bool:
    """Whether every folder from the library down to `path` is a package."""
    folders = [folder for folder in path.parents if folder.is_relative_to(LIBRARY)]
    return all((folder / "__init__.py").exists() for folder in folders)
