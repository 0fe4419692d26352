"""The page of the published randomised trials, written from docs/reference/published-trials.json.

`python tools/trials_page.py` plays the trials anew (two to three minutes), stores the figures of every block and writes the page;
`--page` writes the page from what is stored.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from vein2vein.programme.trial.endpoints import DEFINITIONS
from vein2vein.programme.trial.published.adjusted import Adjusted, adjusted
from vein2vein.programme.trial.published.contrast import PARTS, Contrast, Mixtures, contrast
from vein2vein.programme.trial.published.figures import SEED, Compared, block_figures, compared
from vein2vein.programme.trial.published.files import TrialFile, trial_file, trial_ids

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
RESULTS, PAGE = FOLDER / "published-trials.json", FOLDER / "published-trials.md"
PAIR = ("zuma-7", "belinda")
BLOCKS, CONTRAST_BLOCKS, TRIALS, ADJUSTED = 20, 10, 128, 128
HEAD = """# Published randomised trials of CAR-T cells, simulated

Written by `python tools/trials_page.py` from `published-trials.json` beside this page; a test checks that both agree
and plays the first block anew.

Each trial is a file of parameters in `programme/trial/data/trials`. It is played patient by patient on the one
calendar of cell trials (consent, apheresis, waiting, bridging, progression or death before infusion, infusion,
response, relapse, crossover, death), cut as the published data were, and read as the published figures were. **This
is a model, and mostly a fitted one**: that a fitted figure lies inside its interval says that the model can hold the
trial, not that it explains it. What was not fitted is marked *compared*.

How to read the tables

- *Simulated*: what a trial of any size estimates, from {blocks} blocks of {trials} simulated trials (seed {seed}),
  with the Monte Carlo standard error, which has nothing to do with the uncertainty of the published trial.
- *Interval*: the 95 % interval of the published figure. `read` and `recalled` say how it is known; `percentage` is a
  Clopper-Pearson interval computed from the percentage and the patients of the arm, too narrow for a landmark of a
  censored curve. Medians without an interval at hand are not called inside or outside.
- *Status*: `read` in a stored table or abstract of the source (no full paper was at hand); `recalled` from memory of
  the source, to be looked up before anybody relies on it; `assumed` by us; `fitted` to the figures named.
- The primary endpoint is event-free survival in the three lymphoma trials and progression-free survival in the two
  myeloma trials.
"""
WORDS = {
    "efs": "primary endpoint", "pfs": "progression-free survival", "os": "overall survival", "control": "control",
    "cells": "cells", "ratio": "hazard ratio", "median": "median, months",
}  # fmt: skip


def main() -> None:
    """Play the trials and write the page."""
    if "--page" not in sys.argv[1:]:
        RESULTS.write_text(json.dumps(results(BLOCKS, CONTRAST_BLOCKS, ADJUSTED), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")


def results(blocks: int, contrast_blocks: int, trials: int) -> dict[str, Any]:
    """Figures of every block of every trial, and the mixtures of the pair."""
    figures: dict[str, dict[str, list[float | None]]] = {}
    for id in trial_ids():
        file = trial_file(id)
        names = [one.figure for one in file.printed]
        every = [block_figures(file, names, number) for number in range(blocks)]
        figures[id] = {name: [kept(block[name]) for block in every] for name in names}
    tables = [Mixtures(*map(trial_file, PAIR), number).table() for number in range(contrast_blocks)]
    mixtures = {key(chosen): [kept(table[chosen]) for table in tables] for chosen in tables[0]}
    ratios = {id: as_lists(adjusted(trial_file(id), trials)) for id in crossing()}
    return {"seed": SEED, "figures": figures, "mixtures": mixtures, "adjusted": ratios}


def crossing() -> list[str]:
    """Trials whose control arm crosses over."""
    return [id for id in trial_ids() if trial_file(id).trial().after[0].crossover > 0]


def as_lists(one: Adjusted) -> dict[str, list[float | None]]:
    """The columns of adjusted ratios."""
    return {name: [kept(float(value)) for value in column] for name, column in vars(one).items()}


def kept(value: float) -> float | None:
    """Ten significant digits; None for a median that was not reached."""
    return float(f"{value:.10g}") if math.isfinite(value) else None


def key(chosen: frozenset[str]) -> str:
    """A set of parts as text, in the order of the parts."""
    return "; ".join(part for part in PARTS if part in chosen)


def chosen_of(text: str) -> frozenset[str]:
    """The set of parts of a text."""
    return frozenset(text.split("; ")) if text else frozenset()


def found(stored: dict[str, Any], id: str) -> list[Compared]:
    """The compared figures of a trial from what is stored."""
    file, figures = trial_file(id), stored["figures"][id]
    every = [np.array([math.inf if v is None else v for v in figures[one.figure]]) for one in file.printed]
    return [compared(file, one, values) for one, values in zip(file.printed, every, strict=True)]


def attributed(stored: dict[str, Any]) -> Contrast:
    """The attribution from what is stored."""
    count = len(stored["mixtures"][""])
    return contrast([{chosen_of(text): values[k] for text, values in stored["mixtures"].items()} for k in range(count)])


def page(stored: dict[str, Any]) -> str:
    """The page."""
    blocks = len(next(iter(stored["figures"][PAIR[0]].values())))
    every = {id: found(stored, id) for id in trial_ids()}
    parts = [HEAD.format(blocks=blocks, trials=TRIALS, seed=stored["seed"]), "## Overview\n", overview(every)]
    parts += ["## What makes ZUMA-7 and BELINDA differ\n", difference(stored)]
    parts += ["## Crossover and overall survival\n", crossover(stored)]
    count = sum(map(len, every.values()))
    parts += ["## What is printed and not compared\n", LEFT_OUT.format(compared=count)]
    for id, figures in every.items():
        parts += [f"## {trial_file(id).name}\n", trial_page(trial_file(id), figures)]
    return "\n".join(parts)


LEFT_OUT = """Of the 86 printed facts at hand, {compared} figures are compared above. Numbers of patients, allocation, accrual,
follow-up, assessments, event definitions, waits and bridging are parameters of the files. What is left, and why:

- *Complete responses*: the calendar has one kind of response.
- *Other data cuts of the same trial* (TRANSFORM: interim and three-year event-free survival, progression-free survival
  at 36 months, overall survival at three years; KarMMa-3: interim median; ZUMA-7: interim overall survival, for which
  two sources print 25.7 and 35.1 months): each trial is cut once, as its main analysis was.
- *Subgroups and imbalances* (ZUMA-7: patients of 65 years or more; BELINDA: prognostic index, high-grade histology)
  and *stratification*: patients have no covariates.
- *Third-line therapy of any kind* (ZUMA-7): only crossover to cells is played. *Apheresis completed* (KarMMa-3, 98 %):
  not played.
- *CARTITUDE-4, days to infusion*: 44 days (25 to 127) from apheresis leave no room for the bridging cycles as printed.
  Recalled is that 44 days is the time to release and 79 that to infusion; no source at hand confirms it, so the figure
  stays among those not reproduced.
- *Planned events* of BELINDA, CARTITUDE-4 and KarMMa-3 are not at hand; those of ZUMA-7 and TRANSFORM are tested
  against Schoenfeld's formula.
- *Progression-free survival of ZUMA-7* is printed with censoring at new therapy, which the calendar does not do. Its
  simulated medians lie inside wide intervals, which says little; its hazard ratio is not compared.
"""


def overview(every: dict[str, list[Compared]]) -> str:
    """Where the figures lie, and those that lie outside by name."""
    rows, outside = [], []
    for id, figures in every.items():
        name = trial_file(id).name
        counts = [
            sum(one.printed.role == role and one.lies == lies for one in figures)
            for role in ("fitted", "compared")
            for lies in ("inside", "outside", "no interval")
        ]
        rows.append((f"[{name}](#{name.lower()})", *map(str, counts)))
        outside += [
            f"- {name}, {words(one.printed.figure)} ({one.printed.role}): published "
            f"{shown(one.printed.figure, one.printed.value)}, simulated {shown(one.printed.figure, one.value)}."
            for one in figures
            if one.lies == "outside" or (one.lies == "no interval" and far(one))
        ]
    heads = ("Trial", "Fitted inside", "Outside", "No interval", "Compared inside", "Outside", "No interval")
    text = "Not reproduced (outside, or more than a tenth away where there is no interval):\n\n" + "\n".join(outside)
    return table(heads, rows) + "\n" + (text + "\n" if outside else "Every figure with an interval lies inside.\n")


def far(one: Compared) -> bool:
    """Whether a figure without an interval is more than a tenth away."""
    return not abs(one.value / one.printed.value - 1) <= 0.1  # noqa: PLR2004


def difference(stored: dict[str, Any]) -> str:
    """The attribution as text and table."""
    one = attributed(stored)
    rows = [
        (name, f"{p.share:+.3f} ± {p.error:.3f}", f"{math.exp(p.share):.2f}", f"{p.alone:.2f}", f"{p.back:.2f}")
        for name, p in one.parts.items()
    ]
    total = sum(p.share for p in one.parts.values())
    rows.append(("**all**", f"{total:+.3f}", f"{math.exp(total):.2f}", f"{one.second:.2f}", f"{one.first:.2f}"))
    heads = (
        "Part",
        "Share of the log hazard ratio",
        "As a factor",
        "ZUMA-7 with this changed",
        "BELINDA with this changed back",
    )
    members = "\n".join(f"- *{part}*: {', '.join(f'`{head}`' for head in names(part))}" for part in PARTS)
    return (
        f"The simulated hazard ratio is {one.first:.2f} in ZUMA-7 and {one.second:.2f} in BELINDA (on as many patients).\n"
        "A part of the trial is a group of parameters. All 256 mixtures of the two trials are played on the same latent\n"
        "patients, and a share is what a part adds, averaged over all orders of changing the parts (Shapley), so that the\n"
        "shares add up. A factor above 1 is to the disadvantage of the cells in BELINDA.\n\n"
        f"{table(heads, rows)}\n"
        "The shares are those of this model. How the product, the pace of the disease and the control arm share what is\n"
        "left is fitted to few published figures. A fit of BELINDA without the share with more than one regimen moved the\n"
        "shares by up to 0.06 (event definition +0.185, switching +0.080, control arm otherwise -0.096), so the order of the\n"
        "large parts is worth more than their digits.\n"
        "The wait of BELINDA is counted from leukapheresis in the source and is overstated here;\n"
        "patients differ between the trials, and what they differ in counts as *pace of the disease* or *product*.\n\n"
        f"{members}\n"
    )


def crossover(stored: dict[str, Any]) -> str:
    """Overall survival with and without crossover."""
    rows = []
    for id, columns in stored["adjusted"].items():
        file = trial_file(id)
        cells = [mean_ratio(columns[name]) for name in ("without", "randomised", "rpsft", "ipcw", "ended")]
        printed = next((one for one in file.printed if one.figure == "os.ratio"), None)
        rows.append((file.name, *cells, f"{max(columns['largest']):.0f}", ratio_of(printed), ratio_of(file.adjusted)))
    heads = ("Trial", "Without crossover", "As randomised", "RPSFT", "IPCW", "Ended at crossover", "Largest weight",
             "Published, randomised", "Published, adjusted")  # fmt: skip
    count = len(stored["adjusted"][PAIR[0]]["without"])
    return (
        f"Geometric means of the hazard ratio of death over {count} simulated trials of the published size. *Without crossover*\n"
        "is the truth of the model: the same latent patients in a world in which nobody crosses over. RPSFT asks that cells\n"
        "after crossover work on time as they do at first; IPCW asks that some could have stayed. Where nearly all who could\n"
        "cross over do (BELINDA, TRANSFORM), weights become large and IPCW is of no use. How well cells work\n"
        "after crossover is assumed or fitted in each file, so *without crossover* is no estimate of the published trial.\n\n"
        f"{table(heads, rows)}\n{away_from_adjusted(stored)}"
    )


def away_from_adjusted(stored: dict[str, Any]) -> str:
    """Simulated adjusted ratios outside the published interval, or more than a tenth from a published ratio without one."""
    lines = []
    for id, columns in stored["adjusted"].items():
        printed = trial_file(id).adjusted
        for name in ("rpsft", "ipcw") if printed is not None else ():
            value = math.exp(float(np.mean(columns[name])))
            low, high = printed.interval or (0.9 * printed.value, 1.1 * printed.value)
            if not low <= value <= high:
                lines.append(
                    f"- {trial_file(id).name}, {name.upper()}: published {ratio_of(printed)}, simulated {value:.2f}."
                )
    return "Adjusted ratios that are not reproduced, by the same rule as above:\n\n" + "\n".join(lines) + "\n"


def mean_ratio(logs: list[float]) -> str:
    """The geometric mean of ratios with its error."""
    values = np.array(logs)
    mean = math.exp(float(values.mean()))
    return f"{mean:.2f} ± {mean * float(values.std(ddof=1)) / math.sqrt(len(values)):.3f}"


def ratio_of(printed: Any) -> str:
    """A printed ratio with its interval."""
    if printed is None:
        return ""
    return f"{printed.value:.2f}" + (
        f" ({printed.interval[0]:.2f} to {printed.interval[1]:.2f})" if printed.interval else ""
    )


def names(part: str) -> list[str]:
    """The parameters of a part, or how they begin."""
    return [*PARTS[part], *(["what counts as an event"] if part == "event definition" else [])]


def trial_page(file: TrialFile, figures: list[Compared]) -> str:
    """The figures and parameters of one trial."""
    definition = DEFINITIONS[file.name]
    rows = [
        (words(f.printed.figure), shown(f.printed.figure, f.printed.value), interval(f), error(f), f.lies, f.printed.role,
         f.printed.status, f.printed.source, f.printed.note or "")
        for f in figures
    ]  # fmt: skip
    heads = ("Figure", "Published", "Interval", "Simulated", "Lies", "Role", "Status", "Source", "Note")
    given = [
        (
            f"`{name}`",
            value(one.value),
            one.unit,
            one.status,
            one.source or "",
            "; ".join(t for t in (one.note, fits(one)) if t),
        )
        for name, one in file.parameters.items()
    ]
    sources = "\n".join(f"- `{name}`: {text}" for name, text in file.sources.items())
    left = "\n".join(f"- {text}" for text in file.not_modelled)
    return (
        f"{file.disease[0].upper()}{file.disease[1:]}.\n\nEvent: {definition.source}. {timing(definition)}\n\n"
        f"{table(heads, rows)}\n"
        f"{table(('Parameter', 'Value', 'Unit', 'Status', 'Source', 'Note'), given)}\n"
        f"Not modelled:\n\n{left}\n\nSources:\n\n{sources}\n"
    )


def timing(definition: Any) -> str:
    """The days of an event definition in words."""
    said = []
    if definition.assessments:
        said.append(
            f"assessed on days {', '.join(f'{d:g}' for d in definition.assessments)}, later on the day of progression"
        )
    if definition.response_by is not None:
        said.append(f"no response by day {definition.response_by:g} is an event")
    if definition.counts_from:
        said.append(f"progression before day {definition.counts_from:g} is forgiven to those in response then")
    if definition.weight_from:
        said.append(f"events before day {definition.weight_from:g} have no weight in the hazard ratio")
    said.append("a new therapy is an event" if definition.new_therapy else "a new therapy is no event")
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."


def words(figure: str) -> str:
    """A figure in words."""
    head, *rest = figure.split(".", 2 if figure.startswith(("efs", "pfs", "os")) else 1)
    if head == "days":
        return "days to infusion, median"
    if head == "share":
        return rest[0].replace("_", " ").replace(".", " ").replace(" by ", " by day ")
    if rest[0] == "at":
        month, _, arm = rest[1].rpartition(".")
        return f"{WORDS[head]} at {month} months, {arm}"
    return ", ".join([WORDS[head], *(WORDS[r] for r in rest)])


def shown(figure: str, number: float) -> str:
    """A figure in its usual form."""
    if math.isinf(number):
        return "not reached"
    if ".at." in figure or figure.startswith("share."):
        return f"{number:.1%}".replace("%", " %")
    return f"{number:.2f}" if figure.endswith("ratio") else f"{number:.1f}"


def error(one: Compared) -> str:
    """The simulated value with its error."""
    figure = one.printed.figure
    if math.isinf(one.value):
        return "not reached"
    scale, digits = (100, 2) if ".at." in figure or figure.startswith("share.") else (1, 3)
    return f"{shown(figure, one.value)} ± {one.error * scale:.{digits}f}"


def interval(one: Compared) -> str:
    """The published interval and where it comes from."""
    if one.interval is None:
        return ""
    low, high = (shown(one.printed.figure, end) for end in one.interval)
    return f"{low} to {high} ({one.origin})"


def value(given: Any) -> str:
    """A parameter as text."""
    return ", ".join(f"{v:g}" for v in given) if isinstance(given, tuple) else f"{given:g}"


def fits(one: Any) -> str:
    """What a parameter was fitted to, in words."""
    return f"fitted to {', '.join(words(figure) for figure in one.fitted_to)}" if one.fitted_to else ""


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table of the page."""
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
