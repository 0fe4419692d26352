"""What a trial report says, block by block; HTML and Word are written from the same blocks, so that their numbers agree.

Place    Report, trial. Read by `html` and `word`.
In       A design file that was read, its results, a search or none, and how the report was asked for.
Out      `Block`s in order.
Knows    The same input gives the same blocks; nothing reads the clock.
Checked  tests/unit/report/trial/test_documents.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import yaml

from vein2vein._version import __version__
from vein2vein.programme.trial.complete import complete
from vein2vein.programme.trial.designs import DesignFile
from vein2vein.programme.trial.phase1.partial import PartialDesign
from vein2vein.programme.trial.recommend import paths
from vein2vein.programme.trial.search import Found
from vein2vein.programme.trial.study.dose import LISTED_STATES, MOST_LISTED, DoseStudy
from vein2vein.programme.trial.study.protocol import Assumption, Estimand, protocol_of
from vein2vein.programme.trial.study.results import Curves, Result, Table
from vein2vein.programme.trial.words import Design
from vein2vein.report.draw import Drawing
from vein2vein.report.trial import plots
from vein2vein.report.trial.flow import flow_of
from vein2vein.report.words import Words, catalogue, joined, say

_LETTERED: Final = ("rolling", "pending_even")
_COHORTS_AHEAD: Final = 2
_NEAREST: Final = 3  # candidates that are named where none meets
_LONG: Final = 4  # patients of a cohort from which one cohort is looked ahead, since paths multiply


@dataclass(frozen=True)
class Heading:
    """A heading; level 2 begins a section with a name that can be linked to."""

    text: str
    level: int = 2
    key: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A sentence or two; `note` sets it off."""

    text: str
    note: bool = False


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A table of texts.

    Args:
        heads: Column heads.
        rows: Cells.
        caption: What it shows.
        plain: From which column on cells are numbers, which stand to the right; None for none.
        letters: Whether the cells are decisions, which are coloured.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str
    plain: int | None = 1
    letters: bool = False


@dataclass(frozen=True)
class Picture:
    """A drawing with its text alternative."""

    drawing: Drawing
    caption: str
    alternative: str


@dataclass(frozen=True)
class Code:
    """Text to be copied."""

    text: str
    caption: str


Block = Heading | Paragraph | Facts | Grid | Picture | Code


@dataclass(frozen=True)
class Asked:
    """How a report was asked for.

    Args:
        printed_at: Aware instant of printing.
        file: Name of the design file, for the command that makes the report again.
        trials: Simulated trials per scenario.
        seed: Root seed.
    """

    printed_at: datetime
    file: str
    trials: int
    seed: int


def blocks_of(read: DesignFile, results: Sequence[Result], asked: Asked, found: Found | None = None) -> list[Block]:
    """All blocks of the report.

    Args:
        read: The design file.
        results: What `read.study.results` gave with the trials and seed of `asked`.
        asked: How the report was asked for.
        found: What a search found; None where none was made.
    """
    parts = (
        _opening(read, asked),
        _summary(results),
        _parameters(read),
        _flow(read),
        _tables(read.study.tables()),
        _paths(read),
        _characteristics(read, results),
        _plots(read, results),
        _estimand(read),
        _assumptions(read),
        () if found is None else _search(found),
        _references(read),
        _again(read, asked),
    )
    return [block for part in parts for block in part]


def _opening(read: DesignFile, asked: Asked) -> Iterator[Block]:
    exact = read.study.is_exact
    figures = (
        say("trial.figures_exact")
        if exact
        else say("trial.figures_simulated", trials=f"{asked.trials:,}", seed=asked.seed)
    )
    if isinstance(read.study, DoseStudy) and read.study.too_many_states:
        figures = joined([figures, too_many()], ". ")
    yield Facts(
        (
            (say("trial.design"), read.study.name),
            (say("trial.patients_at_most"), f"{read.study.most:,}"),
            (say("trial.figures"), figures),
            (say("trial.hash"), f"{asked.file}, {read.hash}"),
            (say("trial.made_with"), f"vein2vein {__version__}"),
        )
    )
    yield Paragraph(say("trial.intended_use"), note=True)


def too_many() -> Words:
    """Why a design is simulated that could be listed."""
    return say("trial.figures_too_many", n=f"{LISTED_STATES:,}", people=str(MOST_LISTED))


def _summary(results: Sequence[Result]) -> Iterator[Block]:
    if not results:
        return
    yield Heading(say("trial.summary"), key="summary")
    yield scenario_grid(results)


def scenario_grid(results: Sequence[Result]) -> Grid:
    """Scenarios as rows, the figures of the whole trial as columns."""
    keys = list(dict.fromkeys(key for result in results for key in result.figures))
    heads = (say("trial_word.scenario"), *(word(key) for key in keys))
    rows = tuple(
        (result.scenario, *(str(result.figures[key]) if key in result.figures else "-" for key in keys))
        for result in results
    )
    return Grid(heads, rows, say("trial.scenarios"))


def word(key: str) -> str:
    """The wording of a figure or head; a key without one, such as a number, stands for itself."""
    return say(f"trial_word.{key}") if f"trial_word.{key}" in catalogue("en") else key


def cell(text: str) -> str:
    """A cell of a table: words of the program in each language, everything else as it is."""
    key = f"trial_cell.{text.replace(' ', '_')}"
    return say(key) if key in catalogue("en") else text


def _parameters(read: DesignFile) -> Iterator[Block]:
    yield Heading(say("trial.parameters"), key="parameters")
    yield Paragraph(say("trial.parameters_words"))
    heads = tuple(say(f"trial.{key}") for key in ("parameter", "value", "origin", "source"))
    rows = tuple((name, shown(p.value), cell(p.origin), p.source or "") for name, p in read.study.parameters.items())
    yield Grid(heads, rows, say("trial.parameters"), plain=None)


def shown(value: object) -> str:
    """A value of a parameter."""
    if isinstance(value, bool):
        return str(cell("yes" if value else "no"))
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(shown, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {shown(one)}" for key, one in value.items())
    fields = getattr(value, "__dataclass_fields__", None)
    if fields:
        return ", ".join(f"{name} {shown(getattr(value, name))}" for name in fields if not name.startswith("_"))
    return str(say("trial.none")) if value is None else str(value)


def _flow(read: DesignFile) -> Iterator[Block]:
    drawing, steps = flow_of(read.study)
    yield Heading(say("trial.flow"), key="flow")
    yield Picture(drawing, say("trial.flow"), say("trial.flow_alt", steps=joined(steps)))


def _tables(tables: Sequence[Table]) -> Iterator[Block]:
    if not tables:
        return
    yield Heading(say("trial.tables"), key="tables")
    for table in tables:
        caption = say(f"trial_table.{table.key}")
        if table.about:
            caption = joined([caption, table.about], ": ")
        if table.simulated is not None:
            caption = joined([caption, drawn(table.simulated)], ". ")
        yield Grid(
            tuple(word(head) for head in table.heads),
            tuple(tuple(cell(text) for text in row) for row in table.rows),
            caption,
            letters=table.key.startswith("decisions") or table.key in _LETTERED,
        )


def drawn(simulated: tuple[int, int]) -> Words:
    """How many trials are behind simulated figures, and that each has its error."""
    return say("trial.figures_simulated", trials=f"{simulated[0]:,}", seed=simulated[1])


def _paths(read: DesignFile) -> Iterator[Block]:
    study = read.study
    if not isinstance(study, DoseStudy) or study.fill is not None:
        return
    known = isinstance(study.design, Design)
    design = study.design if isinstance(study.design, Design) else complete(study.design)
    several = int(design.cohorts.size(design.first())[0]) >= _LONG or design.with_efficacy
    ahead = 1 if several else _COHORTS_AHEAD
    rows = tuple(
        (path.outcomes or cell("now"), str(path.dose or cell("stop"))) for path in paths(design, cohorts=ahead)
    )
    yield Heading(say("trial.paths"), key="paths")
    made = any(
        table.key == "next_made" for table in study.tables()
    )  # E is then a product that reached the planned dose
    kind = "_made" if made else "_joint" if design.joint else "_both" if design.with_efficacy else ""
    yield Paragraph(say(f"trial.paths_words{kind}", n=ahead))
    if not known:
        yield Paragraph(say("trial.paths_whole" if isinstance(study.design, PartialDesign) else "trial.paths_known"))
    yield Grid((say("trial.outcomes"), say("trial.next_dose")), rows, say("trial.paths"))


def _characteristics(read: DesignFile, results: Sequence[Result]) -> Iterator[Block]:
    if not any(result.lines for result in results):
        return
    yield Heading(say("trial.characteristics"), key="characteristics")
    if isinstance(read.study, DoseStudy):
        yield from _judged(read.study)
    for result in results:
        yield line_grid(result)


def _judged(study: DoseStudy) -> Iterator[Block]:
    limit = study.limit
    scenarios = study.scenarios()
    if limit is None or any(one.right is None for one in scenarios):
        return
    right = joined([joined([one.truth.name, _right(one.right or ())], ": ") for one in scenarios])
    said = "judged" if study.judged.overdose_above is None else "judged_above"
    yield Paragraph(say(f"trial.{said}", right=right, limit=f"{limit:g}"))


def _right(doses: tuple[int, ...]) -> Words:
    numbers = ", ".join(str(k + 1) for k in doses)
    return say("trial.right_dose", doses=numbers) if doses else say("trial.right_none")


def line_grid(result: Result) -> Grid:
    """The lines of one scenario."""
    keys = list(dict.fromkeys(key for line in result.lines for key in line.figures))
    how = (
        say("trial.figures_exact")
        if result.trials is None
        else say("trial.figures_simulated", trials=f"{result.trials:,}", seed=result.seed)
    )
    return Grid(
        (word(result.by), *(word(key) for key in keys)),
        tuple(
            (cell(line.label), *(str(line.figures[key]) if key in line.figures else "-" for key in keys))
            for line in result.lines
        ),
        say("trial.figures_scenario", name=result.scenario, how=how),
    )


_BARS: Final = (
    ("overdose", "plot_overdose"), ("duration", "plot_duration"), ("success", "plot_success"), ("power", "plot_power"),
    ("duration_months", "plot_duration_months"),
)  # fmt: skip


def _plots(read: DesignFile, results: Sequence[Result]) -> Iterator[Block]:
    if not results:
        return
    yield Heading(say("trial.plots"), key="plots")
    right = [one.right for one in read.study.scenarios()] if isinstance(read.study, DoseStudy) else []
    for key, title in (("selected", "plot_selected"), ("patients", "plot_patients"), ("claimed", "plot_claimed")):
        if (
            all(result.lines and key in result.lines[0].figures for result in results)
            and results[0].by != "denominator"
        ):
            yield _picture(title, plots.by_line(results, key, right if key == "selected" else []))
    for key, title in _BARS:
        if all(key in result.figures for result in results):
            yield _picture(title, plots.by_scenario(results, key))
    for curves in read.study.curves():
        yield Picture(
            plots.survival(curves),
            say("trial.plot_survival", scenario=curves.scenario),
            say("trial.plot_alt", what=say("trial.plot_survival", scenario=curves.scenario)),
        )
        yield _at_risk(curves)


def _picture(title: str, drawing: Drawing) -> Picture:
    what = say(f"trial.{title}")
    return Picture(drawing, what, say("trial.plot_alt", what=what))


def _at_risk(curves: Curves) -> Grid:
    """The numbers of the curves at the months that the plot names."""
    at = plots.risk_months(curves)
    rows = tuple((cell(arm.name), *(" / ".join(map(str, arm.at(k))) for k in at)) for arm in curves.arms)
    heads = (say("trial.months"), *(f"{curves.months[k]:.0f}" for k in at))
    caption = joined([say("trial.at_risk"), curves.scenario], ": ")
    return Grid(heads, rows, caption if curves.simulated is None else joined([caption, drawn(curves.simulated)], ". "))


def _estimand(read: DesignFile) -> Iterator[Block]:
    told = protocol_of(read.content, read.study.parameters).estimand
    yield Heading(say("trial.estimand"), key="estimand")
    yield Paragraph(say("trial.estimand_words"))
    open_ = say("trial.not_decided")
    names = (
        ("population", "population"),
        ("treatment", "treatment"),
        ("variable", "variable"),
        ("summary", "summary_measure"),
    )
    parts = tuple((say(f"trial.{key}"), getattr(told, name) or open_) for name, key in names)
    yield Grid((say("trial.estimand"), ""), parts, say("trial.estimand"), plain=None)
    yield Grid(
        tuple(say(f"trial.{key}") for key in ("event", "strategy", "how")),
        _events(told),
        say("trial.intercurrent"),
        plain=None,
    )


def _events(told: Estimand) -> tuple[tuple[str, ...], ...]:
    rows = []
    for name, handled in told.intercurrent:
        key = f"trial.event_{name.replace(' ', '_')}"
        shown_name = say(key) if key in catalogue("en") else name
        strategy = (
            say("trial.not_decided") if handled is None else say(f"trial.strategy_{handled.strategy.replace(' ', '_')}")
        )
        rows.append((shown_name, strategy, "" if handled is None else handled.how))
    return tuple(rows)


def _assumptions(read: DesignFile) -> Iterator[Block]:
    given = protocol_of(read.content, read.study.parameters).assumptions
    rows = [_assumed(one) for one in given]
    for name, parameter in read.study.parameters.items():
        if parameter.origin == "default":
            text = say("trial.assumption_default", name=name, value=shown(parameter.value))
            rows.append((text, say("trial.status_assumed"), parameter.source or ""))
    for entry in read.content.get("scenarios") or []:
        values = {key: value for key, value in entry.items() if key != "name"}
        text = say("trial.assumption_truth", name=entry.get("name", ""), value=shown(values) or "-")
        rows.append((text, say("trial.status_assumed"), ""))
    yield Heading(say("trial.assumptions"), key="assumptions")
    yield Paragraph(say("trial.assumptions_words"))
    heads = tuple(say(f"trial.{key}") for key in ("assumption", "status", "source"))
    yield Grid(heads, tuple(rows), say("trial.assumptions"), plain=None)


def _assumed(one: Assumption) -> tuple[str, str, str]:
    return one.text, say(f"trial.status_{one.status}"), one.source


def _search(found: Found) -> Iterator[Block]:
    yield Heading(say("trial.search"), key="search")
    best = found.best
    if best is None:
        yield Paragraph(joined([say("trial.search_none"), *nearest(found)], " "), note=True)
    else:
        values = ", ".join(f"{key} = {shown(value)}" for key, value in best.values.items())
        yield Paragraph(say("trial.search_best", values=values, patients=f"{best.patients:,}"), note=True)
    settled = sum(one.settled for one in found.tried)
    yield Paragraph(say("trial.search_words", settled=settled, n=len(found.tried)))
    yield search_grid(found)


def nearest(found: Found) -> list[Words]:
    """Where no candidate meets, one line for each of the nearest: the constraints that fail, and by how much."""
    lines = []
    for one in found.nearest[:_NEAREST]:
        values = ", ".join(f"{key} = {shown(value)}" for key, value in one.values.items())
        fails = [
            say("trial.search_fails", constraint=str(miss.required), figure=str(miss.figure), scenario=miss.scenario,
                short=say("trial.points", n=f"{miss.short.value:.2%}".rstrip("%"))
                if miss.short.kind == "chance" else str(miss.short))
            for miss in found.missed(one)
        ]  # fmt: skip
        lines.append(say("trial.search_nearest", values=values, patients=f"{one.patients:,}", fails=joined(fails)))
    more = len(found.nearest) - len(lines)
    return [*lines, say("trial.search_as_near", n=more)] if more else lines


def search_grid(found: Found) -> Grid:
    """Every candidate with its worst figures."""
    keys = list(found.tried[0].values)
    heads = (*keys, say("trial_word.patients"), *(str(one) for one in found.required), say("trial.meets"))
    rows = []
    for one in found.tried:
        meets = cell("yes" if one.meets else "no")
        if one.refused:
            cells: tuple[str, ...] = (say("trial.refused", why=one.refused), *("-" for _ in found.required[1:]))
        else:
            cells = tuple(f"{figure} ({scenario})" for scenario, figure in one.worst)
        patients = "-" if one.refused else f"{one.patients:,}"
        rows.append((*(shown(one.values[key]) for key in keys), patients, *cells, meets))
    return Grid(heads, tuple(rows), say("trial.search"))


def _references(read: DesignFile) -> Iterator[Block]:
    yield Heading(say("trial.references"), key="references")
    named = protocol_of(read.content, read.study.parameters).references
    published = getattr(read.study, "source", "")
    sources = dict.fromkeys([*([published] if published else []), *named])
    rows = tuple((str(k), text) for k, text in enumerate(sources, start=1))
    yield Grid(("", say("trial.source")), rows, say("trial.references"), plain=None)


def _again(read: DesignFile, asked: Asked) -> Iterator[Block]:
    yield Heading(say("trial.again"), key="again")
    yield Paragraph(say("trial.again_words"))
    yield Code(command_of(asked), say("trial.again_command"))
    yield Code(_python(asked), say("trial.again_python"))
    yield Code(yaml_of(read.content), say("trial.again_file"))


def command_of(asked: Asked) -> str:
    """The call that makes this report again."""
    return f"vein2vein trial report {asked.file} --trials {asked.trials} --seed {asked.seed} -o report.html"


def _python(asked: Asked) -> str:
    return "\n".join(
        (
            "from pathlib import Path",
            "from vein2vein.programme.trial.designs import read_design",
            f"read = read_design(Path({json.dumps(asked.file)}).read_text(encoding='utf-8'))",
            f"results = read.study.results(trials={asked.trials}, seed={asked.seed})",
        )
    )


def yaml_of(content: Mapping[str, Any]) -> str:
    """The content of a design file as YAML, its keys in their order."""
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100)
