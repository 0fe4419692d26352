"""Guidance and drugs as pages of the documentation, and where the sources disagree, made from the files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.decide import Body, decide
from vein2vein.journey.guidance.lines import Line, lines_of
from vein2vein.journey.guidance.words import line_words
from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.decisions import GradeOf
from vein2vein.knowledge.disagreements import Side, disagreements
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Give, Guidance
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.registry import default_registry
from vein2vein.report.disagreements import sections
from vein2vein.report.guidance_text import drug_markdown, guidance_markdown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

FOLDER = "reference/guidance"
NOT_READ = "not read"
SILENT, ABSENT = "silent", "nothing in the file"
NOTHING = {NOT_READ, SILENT, ABSENT}
GENERAL = ("asco-2021.guidance", "ebmt-2022.guidance", "cartox-2018.guidance")
LABELS = ("yescarta-us-2017.guidance", "yescarta-us-2022.guidance", "breyanzi-us.guidance", "abecma-us.guidance")
STATES: tuple[tuple[str, Mapping[str, int]], ...] = (
    *((f"CRS {grade}", {"crs": grade}) for grade in range(1, 5)),
    *((f"ICANS {grade}, no CRS", {"icans": grade}) for grade in range(1, 5)),
    *((f"ICANS {grade}, CRS 1", {"icans": grade, "crs": 1}) for grade in range(1, 5)),
)
INTRODUCTION = """
Every cell is computed from the file of the source: an adult without any treatment so far, whose grade is known by the scale that
the source presumes (a grade 2 of one scale need not be a grade 2 of another). The status of the file stands under its name.

- "silent": no row of a source that was read leads to a drug.
- "nothing in the file": the file has no such row, which says little where the source was not read as a whole.
- "not read": the source has rows for it that nobody read.
- "only if": what has to be told first.

Rows that need a longer course or a missed response are not in the grid; a page of each source shows all its rows. Nothing here
is a recommendation of this library. The tables below the grids set the other documents side by side in the same way; what no file
can show as a number stands at the end.
"""


def guidance_pages() -> dict[str, str]:
    """One page for each source and one for each drug, the list of them, and where they disagree."""
    library = default_library()
    sources, drugs = library.of(Guidance), {drug.id: drug for drug in library.of(Drug)}
    pages = {f"{FOLDER}/{g.id}.md": guidance_markdown(g, drugs) + "\n" for g in sources}
    pages |= {f"{FOLDER}/{id}.md": drug_markdown(drug) + "\n" for id, drug in drugs.items()}
    pages[f"{FOLDER}/index.md"] = "\n".join(_index(sources, tuple(drugs.values()))) + "\n"
    pages[f"{FOLDER}/where-the-sources-disagree.md"] = "\n".join(_disagree(sources, drugs, library)) + "\n"
    return pages


def _index(sources: Sequence[Guidance], drugs: Sequence[Drug]) -> Iterator[str]:
    yield "# Guidance and drugs"
    yield "\nWhat sources say at which grade, as encoded. See [where the sources disagree](where-the-sources-disagree.md).\n"
    yield "| file | source | status |\n| --- | --- | --- |"
    for document in (*sources, *drugs):
        yield f"| [`{document.id}`]({document.id}.md) | {document.title['en']} | {document.status} |"


def _disagree(sources: Sequence[Guidance], drugs: Mapping[str, Drug], library: Library) -> Iterator[str]:
    found = {guidance.id: guidance for guidance in sources}
    yield "# Where the sources disagree"
    yield INTRODUCTION
    for heading, ids in (("Guidelines", GENERAL), ("US labels, each for its own product", LABELS)):
        yield f"\n## {heading}: drugs by state\n"
        yield from grid([found[id] for id in ids], drugs)
    for section in sections(library, default_registry()):
        yield f"\n## {section.title}\n\n{section.about}\n"
        yield from section.table
    yield "\n## Other points\n"
    yield "What the tables above cannot show, with how sure it is what the sources say.\n"
    yield "| point | what sources say | status | files |\n| --- | --- | --- | --- |"
    for one in disagreements():
        files = ", ".join(f"`{id}`" for id in one.files)
        yield f"| {one.topic['en']} | {'<br>'.join(_side(side) for side in one.says)} | {one.status} | {files} |"
    yield "\nThe works by their keys, with the place and how they were read beside each use:\n"
    keys = {source.key for one in disagreements() for side in one.says for source in side.sources}
    yield from (f"- `{key}`: {citation(key).reference()}" for key in sorted(keys))


def _side(side: Side) -> str:
    works = "; ".join(f"`{s.key}`, {s.locator}, {s.read}" for s in side.sources)
    return f"{side.text} ({works or side.not_noted})"


def grid(sources: Sequence[Guidance], drugs: Mapping[str, Drug]) -> Iterator[str]:
    """Drugs by state, one column for each source, and whether all that speak say the same."""
    yield "| state | same | " + " | ".join(f"[{g.title['en']}]({g.id}.md)<br>{g.status}" for g in sources) + " |"
    yield "|" + " --- |" * (len(sources) + 2)
    for state, grades in STATES:
        cells = [_cell(guidance, grades, drugs) for guidance in sources]
        same = "-" if set(cells) <= NOTHING else "yes" if len(set(cells)) == 1 else "no"
        yield f"| {state} | {same} | " + " | ".join(cells) + " |"


def _cell(guidance: Guidance, grades: Mapping[str, int], drugs: Mapping[str, Drug]) -> str:
    asked = {n: f.source.subject for n, f in guidance.facts.items() if isinstance(f.source, GradeOf)}
    untold = dict.fromkeys(guidance.to_be_told)
    state = guidance.state({**untold, **{name: grades.get(subject, 0) for name, subject in asked.items()}})
    proposals = decide(guidance, state, at=0, drugs=drugs, given={}, body=Body())
    given = [p for p in proposals if isinstance(p.action, Give) and p.is_proposed]
    lines = [line_words(_as_written(line), drugs) for line in lines_of(p for p in given if p.truth is Truth.TRUE)]
    # What has nothing to do with the grades of the state stands in no cell.
    about = {row.name for row in guidance.rows if guidance.facts_of(row.when) & set(asked)}
    told = [
        p
        for p in given
        if p.truth is Truth.UNKNOWN
        and p.missing
        and set(p.missing) <= guidance.to_be_told
        and about.intersection(p.because)
    ]
    for line in lines_of(told):
        needs = ", ".join(guidance.facts[name].label["en"] for name in line.missing)
        lines.append(f"only if {needs}: {line_words(_as_written(line), drugs).removeprefix('may apply: ')}")
    return "<br>".join(lines) or _nothing(guidance, {row for p in proposals for row in p.because})


def _nothing(guidance: Guidance, rows: Collection[str]) -> str:
    """Why a source leads to no drug: it is silent, nobody read its rows, or the file does not have them."""
    if any(row.source == NOT_READ for row in guidance.rows if row.name in rows):
        return NOT_READ
    return SILENT if guidance.status in {"secondary", "verified"} else ABSENT


def _as_written(line: Line) -> Line:
    """The line with the rule of every dose in place of the dose of a patient."""
    bare = [tuple(replace(p, dose=None, lock=None) for p in parts) for parts in (line.parts, line.alternatives)]
    return replace(line, parts=bare[0], alternatives=bare[1])
