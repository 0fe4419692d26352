"""`vein2vein grade`: a delivery in, verdicts, episodes and a report out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import click
from click.core import ParameterSource

from vein2vein.cli import options
from vein2vein.cli import output as results
from vein2vein.cli.show import show_statuses, show_summary
from vein2vein.engine.grade import grade_cohort
from vein2vein.engine.verdict import Graded
from vein2vein.errors import IntakeError
from vein2vein.intake.delivery import Delivery, require_observations
from vein2vein.journey.toxicity.scales import scale_ids
from vein2vein.knowledge.schema import RuleSet

FORMATS = ("parquet", "csv", "json", "fhir")
LARGE_REPORT_MB = 15.0  # about 90 course pages of the standard rule sets, or 20 of all; a browser needs a second for it


@click.command()
@click.argument("place", metavar="INPUT")
@click.option(
    "--scale",
    "scales",
    default="standard",
    show_default=True,
    help="Rule sets: ids, subjects (crs, icans, ...), standard or all; separated by commas.",
)
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the results."
)
@click.option("--replace", is_flag=True, help="Remove what an earlier call wrote into OUTPUT; files of others stay.")
@click.option(
    "--format",
    "formats",
    default="parquet,csv,json",
    show_default=True,
    help=f"Of {', '.join(FORMATS)}; separated by commas. In parts: parquet and csv, by default parquet.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write a report that opens in any browser, offline.",
)
@click.option(
    "--pages",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Course pages in the report, worst first; 0 for all.",
)
@click.option(
    "--course",
    "courses",
    multiple=True,
    metavar="ID",
    help="A course that has a page in the report, or a figure, however mild it was; may be given several times.",
)
@click.option(
    "--figures",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write figures for papers as SVG and PNG: the cohort by each leading scale, and each --course.",
)
@click.option(
    "--language",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of the figures, and in which the report opens; the report can be switched.",
)
@click.option("--as-of", help="Grade without the rows after this instant, such as 2026-03-05T08:00+01:00.")
@click.option("--as-recorded", is_flag=True, help="With --as-of: also without the rows that were entered later.")
@click.option(
    "--engine",
    type=click.Choice(["vector", "plain"]),
    default="vector",
    show_default=True,
    help="The fast engine, or the definition.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that grade partitions of courses.",
)
@click.option(
    "--memory",
    type=click.Choice(["auto", "whole", "parts"]),
    default="auto",
    show_default=True,
    help="Hold the whole cohort in memory, or a few courses at a time (large tables, cohort folders; no report, figures, fhir).",
)
@options.delivery_options
@options.rule_options
def grade(**given: Any) -> None:
    """Grade the courses of INPUT.

    INPUT is a folder or file of tables (CSV, Parquet), a FHIR R4 Bundle or NDJSON folder, or an OMOP CDM 5.4 folder, zip,
    DuckDB file or PostgreSQL URL. Every row is accounted for in OUTPUT/delivery.txt and delivery.json.
    """
    output: Path = given["output"]
    if given["as_recorded"] and not given["as_of"]:
        msg = "--as-recorded says what was entered by an instant; name the instant with --as-of"
        raise click.UsageError(msg)
    formats = _formats(given["formats"])
    as_of = None if given["as_of"] is None else options.instant(given["as_of"], given["zone"], option="--as-of")
    registry = options.registry_of(given["folders"])
    ids = scale_ids(options.parts(given["scales"], option="--scale"), registry)
    rules = options.bound_rules(ids, registry, given["settings"])
    results.check(output, given["place"], replace=given["replace"])
    if _in_parts(given):
        _grade_in_parts(given, rules, output)
        return
    delivery = options.open_input(
        given["place"], mapping=given["mapping"], zone=given["zone"], charted=given["charted"], holds=given["holds"]
    )
    with results.writing(output):
        _clear(output)
        write_account(delivery, output)
    try:
        require_observations(delivery.report, has_usable=delivery.require_courses().has_usable)
    except IntakeError as error:
        # What is wrong comes first, where the account is next.
        click.echo(f"{error}\nAccount  {output / 'delivery.txt'}", err=True)
        raise SystemExit(error.exit_code) from error
    if as_of is not None and given["as_recorded"]:
        delivery = replace(delivery, cohort=delivery.cohort.entered_by(as_of))
    graded = run(delivery, rules, as_of=as_of, engine=given["engine"], workers=given["workers"])
    write_results(delivery, graded, rules, output, formats)
    if given["report"] is not None:
        pages = None if given["pages"] == 0 else given["pages"]
        shown = Shown(as_of, pages, Path(given["place"]).name, given["courses"], given["language"])
        report(delivery, graded, rules, given["report"], shown)
    if given["figures"] is not None:
        from vein2vein.cli.figures import write_figures

        write_figures(
            given["figures"],
            delivery.cohort,
            graded,
            rules,
            courses=given["courses"],
            language=given["language"],
            as_of=as_of,
        )
    show_summary(delivery, graded, rules, output, given["report"])


def _clear(output: Path) -> None:
    n_earlier = len(results.results_in(output))
    results.clear(output)
    if n_earlier:
        click.echo(f"Removed {n_earlier} files of earlier results from {output}.", err=True)


def _asked_formats(given: dict[str, Any]) -> tuple[str, ...] | None:
    """The formats that the caller named; None when these are the default."""
    source = click.get_current_context().get_parameter_source("formats")
    return None if source is ParameterSource.DEFAULT else _formats(given["formats"])


def _in_parts(given: dict[str, Any]) -> bool:
    """Whether the input is graded a few courses at a time."""
    if given["memory"] == "whole":
        return False
    from vein2vein.cli.large import is_large

    needs_all = {"json", "fhir"} & set(_asked_formats(given) or ())
    wants_all = any(given[name] for name in ("report", "figures", "as_recorded")) or bool(needs_all)
    if given["memory"] == "parts":
        if wants_all:
            msg = (
                "--report, --figures, --as-recorded and the formats json and fhir need the whole cohort in memory; "
                "leave them out or choose --memory whole"
            )
            raise click.UsageError(msg)
        return True
    large = is_large(given["place"])
    if large and wants_all:
        click.echo(
            "Large input held in memory as a whole, because --report, --figures, --as-recorded, JSON or FHIR was asked for.",
            err=True,
        )
    return large and not wants_all


def _grade_in_parts(given: dict[str, Any], rules: tuple[RuleSet, ...], output: Path) -> None:
    from vein2vein.cli.large import grade_parts, opened

    formats = _asked_formats(given) or ("parquet",)
    as_of = None if given["as_of"] is None else options.instant(given["as_of"], given["zone"], option="--as-of")
    declared = options.declared(given["mapping"], given["zone"], charted=given["charted"], holds=given["holds"])
    with results.writing(output), TemporaryDirectory(dir=output, prefix="partitions-") as scratch:
        parts = opened(given["place"], Path(scratch), **declared)
        _clear(output)
        with options.progress_bar("Grading courses") as progress, options.executor(given["workers"]) as executor:
            files = grade_parts(
                parts,
                rules,
                output,
                as_of=as_of,
                engine=given["engine"],
                executor=executor,
                progress=progress,
                formats=formats,
            )
    total = parts.report.total()
    click.echo(
        f"{files.courses:,} courses; {total['rows']:,} rows delivered: {total['used']:,} used, "
        f"{total['not_needed']:,} not needed, {total['not_assessable']:,} kept as not assessable, {total['refused']:,} refused"
    )
    show_statuses(rules)
    click.echo(f"Account  {output / 'delivery.txt'}\nResults  {output} (in parts: {', '.join(formats)})")


def run(delivery: Delivery, rules: tuple[RuleSet, ...], *, as_of: datetime | None, engine: Any, workers: int) -> Graded:
    """Grade with a progress bar, here or in worker processes."""
    with options.progress_bar("Grading courses") as progress, options.executor(workers) as executor:
        return grade_cohort(delivery.cohort, rules, as_of=as_of, engine=engine, executor=executor, progress=progress)


def write_account(delivery: Delivery, output: Path) -> None:
    """Write what became of every delivered row."""
    (output / "delivery.txt").write_text(delivery.render(), encoding="utf-8")
    (output / "delivery.json").write_text(delivery.to_json(), encoding="utf-8")
    delivery.refused.write_csv(output / "refused_rows.csv")
    delivery.spared.write_csv(output / "not_needed_rows.csv")


def write_results(
    delivery: Delivery, graded: Graded, rules: tuple[RuleSet, ...], output: Path, formats: tuple[str, ...]
) -> None:
    """Write the tables, and FHIR resources when asked."""
    from vein2vein.report.tables import write_tables

    tables = tuple(name for name in formats if name != "fhir")
    if tables:
        write_tables(output, delivery.cohort, graded, rule_sets=rules, formats=tables)
    if "fhir" in formats:
        from vein2vein.report.fhir import write_fhir

        write_fhir(output / "fhir", delivery.cohort, graded, rule_sets=rules)


@dataclass(frozen=True)
class Shown:
    """What a report shows of what was graded: see `ReportOptions`."""

    as_of: datetime | None
    pages: int | None
    source: str
    courses: tuple[str, ...] = ()
    language: Literal["en", "zh"] = "en"


def report(
    delivery: Delivery,
    graded: Graded,
    rules: tuple[RuleSet, ...],
    path: Path,
    shown: Shown,
) -> None:
    """Write the report, with the time of printing read here."""
    from vein2vein.report.html import ReportOptions, write_report

    chosen = ReportOptions(
        printed_at=datetime.now(UTC),
        as_of=shown.as_of,
        pages=shown.pages,
        courses=shown.courses,
        delivery=delivery.report,
        source=shown.source,
        language=shown.language,
    )
    with options.progress_bar("Drawing courses") as progress:
        write_report(path, delivery.cohort, graded, rule_sets=rules, options=chosen, progress=progress)
    note = size_note(path.stat().st_size, len(rules))
    if note is not None:
        click.echo(note, err=True)


def size_note(size: int, rule_sets: int) -> str | None:
    """What to say of a report of so many bytes about so many rule sets; None when it is of a usual size."""
    megabytes = size / 1e6
    if megabytes <= LARGE_REPORT_MB:
        return None
    return (
        f"The report holds {megabytes:,.0f} MB, because every course page draws and tabulates each of {rule_sets} rule sets; a "
        "browser may be slow to open it. Fewer rule sets (--scale) or --pages make it smaller; the tables hold every course, and "
        "--course gives any one a page."
    )


def _formats(text: str) -> tuple[str, ...]:
    formats = options.parts(text, option="--format")
    for name in formats:
        if name not in FORMATS:
            msg = f"saw {name!r}; expected some of {', '.join(FORMATS)}"
            raise click.BadParameter(msg, param_hint="--format")
    return formats
