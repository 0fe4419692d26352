"""`vein2vein knowledge`: what rules there are, where they come from, and what must still be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import yaml

from vein2vein.cli import options
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge import audit, slips
from vein2vein.knowledge.casepack import run_worked_cases, surviving_mutants
from vein2vein.knowledge.citations import citation
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.documents.protocol_template import protocol_template
from vein2vein.knowledge.documents.template import guidance_template
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.kinds import KINDS, model_of
from vein2vein.knowledge.library import Library
from vein2vein.knowledge.registry import bound, bound_model
from vein2vein.knowledge.rendering import render
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.wording import pick
from vein2vein.report.document_difference import document_difference
from vein2vein.report.documents import document_markdown

_LANGUAGE = click.option(
    "--language", default="en", show_default=True, help="Language of labels where the rule file has it, such as zh."
)


@click.group()
def knowledge() -> None:
    """Show the rule sets, their sources and status, and what must be read."""


@knowledge.command("list")
@click.option("--about", help="Only rule sets of one subject, such as crs.")
@_LANGUAGE
@options.rule_folder_option
def list_rules(about: str | None, language: str, folders: tuple[Path, ...]) -> None:
    """List the rule sets and documents: id, subject, status, title."""
    rules = [rule for rule in options.registry_of(folders).all() if about in (None, rule.about)]
    documents = [document for document in _documents(Library(folders)) if about in (None, document.about)]
    shown: list[Edition] = [*rules, *documents]
    _columns([("id", "about", "status", "title"), *((e.id, e.about, e.status, pick(e.title, language)) for e in shown)])
    also = f" and {len(documents)} documents" if documents else ""
    click.echo(
        f"\n{len(rules)} rule sets{also}. "
        "Status: verified (read and signed by two people), secondary, recalled, uncertain."
    )


def _documents(library: Library) -> list[Edition]:
    return [library.any(id) for id in library.ids]


def _edition(id: str, folders: tuple[Path, ...], settings: tuple[str, ...]) -> Edition:
    """A rule set or a document, with the open points of a rule set decided as asked."""
    library = Library(folders)
    if id in library:
        if settings:
            msg = f"{id} is a document; --set decides open points of rule sets. Decide its points in a file of your own"
            raise click.UsageError(msg)
        return library.any(id)
    return options.bound_rules((id,), options.registry_of(folders), settings)[0]


@knowledge.command()
@click.argument("id")
@_LANGUAGE
@options.rule_options
def show(id: str, language: str, folders: tuple[Path, ...], settings: tuple[str, ...]) -> None:
    """Show one rule set or document as readable tables, made from its file."""
    found = _edition(id, folders, settings)
    click.echo(
        render(found, language) if isinstance(found, RuleSet) else document_markdown(found, Library(folders), language)
    )


@knowledge.command()
@click.argument("id")
@options.rule_options
def sources(id: str, folders: tuple[Path, ...], settings: tuple[str, ...]) -> None:
    """Show where each part of one rule set or document comes from, and how sure it is."""
    rule = _edition(id, folders, settings)
    click.echo(f"{rule.id}  status {rule.status}, next review {rule.next_review}")
    for source in rule.sources:
        click.echo(f"\n{source.key}  read: {source.read}\n  {citation(source.key).reference()}\n  {source.locator}")
        if source.note:
            click.echo(f"  {source.note}")
    for entry in audit.entries([rule]):
        if entry.what == "parameter":
            click.echo(f"\nopen point {entry.name}  status: {entry.status}\n  the source says: {entry.locator}")


@knowledge.command("review-queue")
@options.rule_folder_option
def review_queue(folders: tuple[Path, ...]) -> None:
    """List what must be read, and whose signatures are missing; the most used work first."""
    queue = audit.review_queue([*options.registry_of(folders).all(), *_documents(Library(folders))])
    for reading in queue:
        click.echo(f"{reading.key}  {reading.reference}")
        click.echo(f"  so far     {reading.read}; open points {reading.open_points}; review by {reading.next_review}")
        click.echo(f"  signs      {reading.by}")
        click.echo(f"  rule sets  {', '.join(reading.rule_sets)}")
    click.echo(f"\n{len(queue)} works to read.")


@knowledge.command()
@click.argument("first")
@click.argument("second")
@_LANGUAGE
@options.rule_options
def diff(first: str, second: str, language: str, folders: tuple[Path, ...], settings: tuple[str, ...]) -> None:
    """Show where two rule sets, or two documents of one kind, differ."""
    differences = _differences((first, second), language, folders, settings)
    if not differences:
        click.echo("no difference")
    section = None
    for difference in differences:
        if difference.section != section:
            section = difference.section
            click.echo(f"\n{section}")
        click.echo(
            f"  {difference.name}\n    {first}: {difference.first or '-'}\n    {second}: {difference.second or '-'}"
        )


def _differences(
    ids: tuple[str, str], language: str, folders: tuple[Path, ...], settings: tuple[str, ...]
) -> Sequence[audit.Difference]:
    registry = options.registry_of(folders)
    if all(id in registry for id in ids):
        one, other = options.bound_rules(ids, registry, settings)
        return audit.diff(one, other, language)
    first, second = (_edition(id, folders, settings) for id in ids)
    return document_difference(first, second, language)


@knowledge.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mutants/--no-mutants", default=True, show_default=True, help="Also try slips that the worked cases must notice."
)
@options.rule_folder_option
def check(files: tuple[Path, ...], mutants: bool, folders: tuple[Path, ...]) -> None:
    """Check rule FILES (all known ones without FILES): schema, sources, worked cases, mutants. Exit code 4 on any fault."""
    registry = options.registry_of(folders)
    given: dict[str, Callable[[], dict[str, Any]]] = {file.name: partial(_read, file) for file in files}
    library = Library(folders)
    given = given or {id: partial(known.raw, id) for known in (registry, library) for id in known.ids}
    n_faults = 0
    with options.progress_bar("Checking files") as show:
        for n_done, (name, read) in enumerate(given.items()):
            show(n_done, len(given))
            try:
                faults = _faults(read(), with_mutants=mutants)
            except KnowledgeError as error:
                faults = str(error).splitlines()
            n_faults += bool(faults)
            click.echo(f"{'ok   ' if not faults else 'FAULT'}  {name}")
            for fault in faults:
                click.echo(f"       {fault}")
    click.echo(f"\n{len(given)} files, {n_faults} with faults")
    if n_faults:
        raise SystemExit(4)


def _read(file: Path) -> dict[str, Any]:
    """A rule file as written; RULE-001 when it is no mapping in YAML."""
    saw = "a list or a single value"
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raw, saw = None, str(error)
    if isinstance(raw, dict):
        return raw
    raise KnowledgeError("RULE-001", saw=saw, expected="a mapping in YAML, in UTF-8", fix="correct the named place")


def _faults(raw: dict[str, Any], *, with_mutants: bool) -> list[str]:
    if raw.get("kind") in KINDS:
        return _document_faults(raw, with_mutants=with_mutants)
    rule = bound(raw, {})
    faults = [f"case {f.case!r}: {f.said}" for f in run_worked_cases(raw)]
    for source in rule.sources:
        citation(source.key)
    if with_mutants and not faults:
        faults += [f"no case notices: {mutant.slip}" for mutant in surviving_mutants(raw)]
    return faults


def _document_faults(raw: dict[str, Any], *, with_mutants: bool) -> list[str]:
    """Faults of a document of the standard of care, such as a centre's guidance."""
    for source in bound_model(raw, {}, model_of(raw)).sources:
        citation(source.key)
    faults = list(slips.run_cases(raw))
    if with_mutants and not faults:
        faults += [f"no case notices: {mutant.slip}" for mutant in slips.surviving_mutants(raw)]
    return faults


@knowledge.command("new-guidance")
@click.argument("id")
def new_guidance(id: str) -> None:
    """Print an empty, valid guidance file called ID, such as our-centre.guidance, for a centre to fill in."""
    click.echo(guidance_template(id), nl=False)


@knowledge.command("new-protocol")
@click.argument("id")
@click.option("--like", default="reference", show_default=True, help="The protocol of the package that is copied.")
def new_protocol(id: str, like: str) -> None:
    """Print a valid protocol called ID, such as our-centre.protocol: a copy with every choice marked as to be decided."""
    click.echo(protocol_template(id, like=like), nl=False)


@knowledge.command()
@click.argument("id")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File of the Bundle."
)
@options.rule_folder_option
def fhir(id: str, output: Path, folders: tuple[Path, ...]) -> None:
    """Write guidance as FHIR R4: a Bundle of one PlanDefinition and its ActivityDefinitions."""
    # Models of FHIR take long to load, and no other command here needs them.
    from vein2vein.report.fhir_guidance import write_guidance

    library = Library(folders)
    guidance = library.get(id, Guidance)
    file = write_guidance(output, guidance, {drug: library.get(drug, Drug) for drug in guidance.drugs})
    click.echo(f"wrote {file}")


def _columns(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]))
