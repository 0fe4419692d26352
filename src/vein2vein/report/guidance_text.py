"""Guidance and drug files as readable tables, and what sources say side by side, in Markdown.

Place    Report. Read by the documentation and by whoever reviews a file.
In       Bound guidance and drug files; compared advice.
Out      Markdown in English or Chinese.
Missing  A label that lacks the language is shown in English.
Does not Say anything that is not in the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vein2vein.basis.messages import messages, spoken
from vein2vein.journey.guidance.compare import Compared
from vein2vein.journey.guidance.words import action_words, drug_name, place_taken
from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.documents.table_words import condition_in_words
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.wording import pick


def _words(language: str) -> Mapping[str, str]:
    return messages("vein2vein.report", "guidance", spoken(language))["guidance"]


def guidance_markdown(guidance: Guidance, drugs: Mapping[str, Drug], language: str = "en") -> str:
    """One source: head, every row with its condition in words and its actions, open points, limits, sources."""
    words = _words(language)
    scales = "; ".join(f"{subject}: {', '.join(ids)}" for subject, ids in guidance.presumes.items())
    rows = []
    for row in guidance.rows:
        orders = "<br>".join(_action(guidance, name, drugs, language) for name in row.then)
        rows.append(
            (pick(row.text, language), condition_in_words(guidance, row.when, language), orders, row.source or "")
        )
    parts = [*document_head(guidance, language), f"- {words['scales']}: {scales}"]
    if guidance.applies is not None:
        parts.append(f"- {words['only']}: {condition_in_words(guidance, guidance.applies, language)}")
    parts.append("")
    parts += markdown_table((words["row"], words["when"], words["actions"], words["source"]), rows)
    return "\n".join([*parts, *document_tail(guidance, language)])


def _action(guidance: Guidance, name: str, drugs: Mapping[str, Drug], language: str) -> str:
    action = guidance.actions[name]
    text = action_words(action, drugs, language)
    spacing = getattr(action, "spacing", None)
    text += "" if spacing is None else f" [{', '.join(spacing.lines(language))}]"
    other = getattr(action, "instead_of", None)
    if other is not None:
        text = _words(language)["instead_of"].format(text, drug_name(guidance.actions[other].about, drugs, language))
    text += place_taken(guidance, action, drugs, language)
    return text if action.note is None else f"{text} ({pick(action.note, language)})"


def drug_markdown(drug: Drug, language: str = "en") -> str:
    """One drug: its doses, how far apart they lie, limits, sources."""
    words = _words(language)
    parts = [*document_head(drug, language), ""]
    parts += markdown_table(
        (words["dose"], words["rule"]), [(name, rule.words_in(language)) for name, rule in drug.doses.items()]
    )
    parts += ["", words["spacing"].format(", ".join(drug.spacing.lines(language)))] if drug.spacing.words else []
    return "\n".join([*parts, *document_tail(drug, language)])


def compared_markdown(compared: Iterable[Compared], drugs: Mapping[str, Drug], language: str = "en") -> str:
    """What sources say for one patient, one column for each."""
    listed = tuple(compared)
    if not listed:
        return ""
    words = _words(language)
    rows = []
    for one in listed:
        cells = ["<br>".join(said.texts(drugs, language)) or words["silent"] for said in one.said]
        rows.append((_about(one.about, drugs, language), one.relation, *cells))
    return "\n".join(markdown_table((words["about"], words["relation"], *(s.source for s in listed[0].said)), rows))


def _about(about: str, drugs: Mapping[str, Drug], language: str) -> str:
    return pick(topics()[about].label, language) if about in topics() else drug_name(about, drugs, language)


def document_head(document: Edition, language: str) -> list[str]:
    """Title, id, edition, status, validity, jurisdiction and population, as lines."""
    words = _words(language)
    since, to = document.valid.since, document.valid.to
    valid = words["from"].format(since) if to is None else words["span"].format(since, to)
    return [
        f"# {pick(document.title, language)}",
        "",
        f"- id: `{document.id}`, {words['edition']} {document.edition}, {words['status']}: **{document.status}**",
        f"- {words['valid']}: {valid}; {words['where']}: {', '.join(document.jurisdiction)}",
        f"- {words['who']}: {pick(document.population, language)}",
    ]


def document_tail(document: Edition, language: str) -> list[str]:
    """Open points, limits, silence and sources, as lines."""
    words = _words(language)
    parts: list[str] = []
    if document.parameters:
        rows = [
            (pick(p.title, language), f"{document.chosen.get(n, p.default)} {p.unit or ''}".strip(), p.source_says)
            for n, p in document.parameters.items()
        ]
        parts += [
            "",
            f"## {words['parameters']}",
            "",
            *markdown_table((words["name"], words["value"], words["says"]), rows),
        ]
    for heading, lines in (("limits", document.limits), ("silence", document.silence)):
        parts += ["", f"## {words[heading]}", "", *(f"- {text}" for text in lines)] if lines else []
    parts += ["", f"## {words['sources']}", ""]
    parts += [f"- {citation(s.key).reference()} {s.locator} ({words['read']}: {s.read})" for s in document.sources]
    return parts


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table, as lines."""
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
