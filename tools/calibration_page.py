"""The calibration page and its plots, written from docs/reference/calibration.json."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from vein2vein.population.parameters import setting
from vein2vein.population.targets import QUANTITIES
from vein2vein.report.svg import join, tag, text

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "reference" / "calibration.json"
PAGE = DOCS / "reference" / "calibration.md"
PLOTS = DOCS / "assets" / "calibration"

HEAD = """# Calibration of the simulated courses

Written by `make calibrate` from `calibration.json` beside this page; a test checks that both agree.

The [population model](../explanation/population.md) is a model, not data. This page holds what it gives against what
was published, figure by figure. For every setting at least {courses:,} enrolled courses were simulated (seed {seed}), written
as cohort tables, **graded by our own engine**, and the figures were read from the tables and the verdicts, never from
the state of the generator. Two figures stand in no table (whether manufacture failed, and whether a product was out
of specification); they are marked "as drawn".

How to read the tables

- *Published*: the figure with its interval. `printed` is the interval of the source; `range` the range or the
  quartiles of patients, far wider than an interval; `counts` a 95 % Clopper-Pearson interval that we computed from
  printed counts; `percentage` the same where only the percentage is printed; `tolerance` is ours, because no interval
  was noted.
- *Simulated*: with the Monte Carlo error (one standard error), which has nothing to do with the uncertainty of the
  trial.
- *Lies*: inside or outside the published interval; *inside (our tolerance)* and *inside (range of patients)* where there is
  no interval of the source. *Fitted* figures are those that the model was fitted to; the
  others are shown for comparison, and an outside there is no failure of the fit: they are other cohorts, other
  denominators, other scales or other cut-offs of the same trial, as the note says. Where sources differ for the same
  trial both stand here, and the fitted one is named.
- Toxicity is graded under the scale of the source where we encode it. Lee 2014 and Penn 2018 are bound without organ
  toxicity (trials print no such grades, and the model draws none). CTCAE neurological events are wider than ICANS;
  they are compared with ASTCT 2019 ICANS, and the model therefore has more ICANS than these trials would have had.
- Which scale a trial used was noted for ZUMA-1, JULIET and ELIANA; for the others it is recalled, or said to be unknown.
- *Protocol*: a figure of patients who were treated otherwise than in the trial is held against the same courses under
  the protocol that is named with it.
- *Evaluable*: infused courses whose response can be assessed. Subsets that a trial chose by date or cohort are measured
  on all infused.
- Sources stand by their key in the [bibliography](bibliography.md).
- *Status*: how the published figure was read. `recalled` and `uncertain` figures must be looked up before anybody
  relies on them.

"""
# Intervals that are none of the source's uncertainty, as the tables say it.
LOOSE = {"none": "our tolerance", "printed range": "range of patients"}
# What every setting should have, with what also answers it.
CORE: dict[str, tuple[str, ...]] = {
    "way.infused_of_enrolled": (),
    "way.vein_to_vein_days": ("way.enrolment_to_infusion_days",),
    "crs.any": (), "crs.grade3": (), "crs.onset_days": (), "crs.duration_days": (),
    "icans.any": (), "icans.grade3": (), "icans.onset_days": (), "icans.duration_days": (),
    "care.tocilizumab": (), "care.steroids": ("care.steroids_for_crs", "care.steroids_for_icans"), "care.icu": (),
    "counts.severe_neutropenia_days": (),
    "outcome.complete_response": (), "outcome.pfs_12": (), "outcome.os_12": (),
}  # fmt: skip


def page(results: dict[str, Any]) -> str:
    """The whole page as Markdown."""
    settings = results["settings"]
    first = settings[0]
    parts = [
        HEAD.format(courses=min(one["courses"] for one in settings), seed=first["seed"]),
        _summary(settings),
        _agreement(settings),
    ]
    if results.get("mess"):
        parts.append(_mess(results["mess"]))
    parts += [_section(one) for one in settings]
    return "\n".join(parts).rstrip() + "\n"


def _summary(settings: list[dict[str, Any]]) -> str:
    lines = [
        "## Overview",
        "",
        "*Loosely*: of those inside, how many have no interval of the source, only a tolerance of ours or a range of",
        "patients; such a figure is met easily, and says little.",
        "",
        "| Setting | After | Courses | Fitted figures inside | loosely | Outside | Compared figures inside | loosely | Outside |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    totals = [0] * 6
    for one in settings:
        found = setting(one["setting"])
        counts = _counts(one)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
        numbers = " | ".join(str(count) for count in counts)
        link = f"[{found.name}, {found.line}](#{_anchor(one)})"
        lines.append(f"| {link} | {found.imitates} | {one['courses']:,} | {numbers} |")
    lines.append("| All | | | " + " | ".join(str(count) for count in totals) + " |")
    return "\n".join([*lines, ""])


def _counts(one: dict[str, Any]) -> list[int]:
    found = []
    for use in ("fit", "compare"):
        some = [target for target in one["targets"] if target["use"] == use]
        inside = [target for target in some if target["inside"]]
        found += [len(inside), sum(target["interval"] in LOOSE for target in inside), len(some) - len(inside)]
    return found


def _agreement(settings: list[dict[str, Any]]) -> str:
    lines = [
        "## Intended and graded",
        "",
        "The generator intends a course of ASTCT grades and makes observations that show it; grading has to find it",
        "again from the rows. Infused courses of all settings together: the peak that was intended (5 = the syndrome",
        "was fatal) and the peak that our engine found (*open*: the bounds do not agree).",
        "",
    ]
    for name, title in (("crs", "CRS"), ("icans", "ICANS")):
        rows = [row for one in settings for row in one["agreement"] if row["syndrome"] == name]
        lines += [f"| {title} intended | " + " | ".join(f"graded {g}" for g in range(6)) + " | open | agree |"]
        lines += ["| ---: | " + "---: | " * 8]
        total = same = 0
        for meant in range(6):
            some = [row for row in rows if row["meant"] == meant]
            cells = [sum(r["courses"] for r in some if r["low"] == r["high"] == g) for g in range(6)]
            opened = sum(r["courses"] for r in some if r["low"] != r["high"])
            count = sum(r["courses"] for r in some)
            total, same = total + count, same + cells[meant]
            share = f"{100 * cells[meant] / count:.2f} %" if count else "–"
            lines.append(f"| {meant} | " + " | ".join(f"{c:,}" for c in cells) + f" | {opened:,} | {share} |")
        lines += ["", f"{title}: {same:,} of {total:,} courses ({100 * same / max(total, 1):.3f} %) agree.", ""]
    worst = max(row["p95_hours"] or 0 for one in settings for row in one["timing"])
    lines += [
        f"Graded onset and end differ from the intended hours by at most {worst:g} h in 95 % of episodes of every setting.",
        "",
    ]
    return "\n".join(lines)


MESS = """## With the mess of hospital data

The same courses as a hospital might have recorded them, one kind of mess at a time and all together (the shares are assumptions,
see the [model](../explanation/population.md#mess)). *Found*: the graded peak is the intended one. *Open*: its bounds differ and
hold the intended peak. *Wrong*: the bounds exclude it, because what showed it was taken away or changed. *Not assessable*: share
of the hours of the first 30 days in which the bounds differ.
"""


def _mess(rows: list[dict[str, Any]]) -> str:
    lines = [MESS]
    for id in dict.fromkeys(row["setting"] for row in rows):
        found, infused = setting(id), max(row["courses"] for row in rows if row["setting"] == id)
        lines += [
            f"{found.name}, {found.line} (`{id}`), {infused:,} infused courses:",
            "",
            "| Mess | CRS found | open | wrong | not assessable | ICANS found | open | wrong | not assessable |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        some = [row for row in rows if row["setting"] == id]
        for mess in dict.fromkeys(row["mess"] for row in some):
            cells = [mess]
            for syndrome in ("crs", "icans"):
                row = next(one for one in some if one["mess"] == mess and one["syndrome"] == syndrome)
                cells += [f"{100 * row[name] / row['courses']:.1f} %" for name in ("found", "open", "wrong")]
                cells.append(f"{100 * row['open_hours'] / row['hours']:.1f} %")
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _section(one: dict[str, Any]) -> str:
    found = setting(one["setting"])
    lines = [
        f"## {found.name}, {found.line} ({found.imitates}) {{#{_anchor(one)}}}",
        "",
        f"Setting `{found.id}`, {one['courses']:,} enrolled courses.",
        "",
        f"![Published and simulated figures of {found.id}](../assets/calibration/{plot_name(one)})",
        "",
        "| Figure | Of | Published (interval) | Simulated ± error | Lies | Use | Scale, source, status |",
        "| --- | --- | ---: | ---: | --- | --- | --- |",
    ]
    notes: list[str] = []
    for target in one["targets"]:
        said = [note for note in (target["note"], target["interval_note"]) if note]
        notes += [note for note in dict.fromkeys(said) if note not in notes]
        lines.append(_row(target, ", ".join(str(notes.index(note) + 1) for note in said)))
    lines += ["", *(f"{place}. {_sentence(note)}" for place, note in enumerate(notes, start=1)), ""]
    known = {target["quantity"] for target in one["targets"]}
    missing = [QUANTITIES[name] for name, others in CORE.items() if not known & {name, *others}]
    if missing:
        lines += [f"No published figure was noted for: {'; '.join(missing)}.", ""]
    return "\n".join(lines)


def _row(target: dict[str, Any], marks: str) -> str:
    basis = {
        "printed interval": "printed",
        "printed range": "range",
        "computed from counts": "counts",
        "computed from percentage": "percentage",
        "none": "tolerance",
    }[target["interval"]]
    high = "not reached" if target["high"] is None else _shown(target, target["high"])
    published = f"{_shown(target, target['published'])} ({_shown(target, target['low'])} to {high}, {basis})"
    simulated = "not reached" if target["simulated"] is None else _shown(target, target["simulated"])
    if target["error"] is not None:
        simulated += f" ± {_shown(target, target['error'])}"
    lies = "**outside**"
    if target["inside"]:
        lies = f"inside ({LOOSE[target['interval']]})" if target["interval"] in LOOSE else "inside"
    use = "fitted" if target["use"] == "fit" else "compared"
    scale = target["scale"] or ""
    if target["published_scale"]:
        scale += f" in place of: {target['published_scale']}"
    source = f"[{target['source']}](bibliography.md)"
    where = "; ".join(part for part in (scale, source, target["status"]) if part)
    name = QUANTITIES[target["quantity"]] + _under(target) + (f" [{marks}]" if marks else "")
    return f"| {name} | {target['denominator']} | {published} | {simulated} | {lies} | {use} | {where} |"


def _shown(target: dict[str, Any], value: float) -> str:
    if is_share(target):
        return f"{100 * value:.1f} %"
    unit = "mo" if target["quantity"].endswith("_months") else "d"
    return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"  # noqa: PLR2004


def is_share(target: dict[str, Any]) -> bool:
    """Whether a stored figure is a share."""
    return not target["quantity"].endswith(("_days", "_months")) or target["quantity"].endswith("_14_days")


def _sentence(note: str) -> str:
    return note[0].upper() + note[1:].rstrip(".") + "."


def _anchor(one: dict[str, Any]) -> str:
    return one["setting"].replace("/", "-")


def plot_name(one: dict[str, Any]) -> str:
    """File name of the plot of a setting."""
    return one["setting"].replace("/", ".") + ".svg"


_LEFT, _WIDTH, _ROW, _RIGHT, _SOURCE = 330, 360, 22, 150, 110
_INK, _GREY, _BLUE, _RED = "#1a1a1a", "#8a8a8a", "#0b5cad", "#b3261e"
_AXIS_DAYS = (1, 2, 5, 10, 20, 50, 100)


def plot(one: dict[str, Any]) -> str:
    """A forest plot: published figure with its interval, simulated figure with its Monte Carlo error."""
    shares = [target for target in one["targets"] if is_share(target)]
    times = [target for target in one["targets"] if not is_share(target)]
    body, y = [_legend(one)], 74.0
    for name, some, place, ticks in (
        ("Shares", shares, _share_place, tuple(range(0, 101, 20))),
        ("Times, days or months (logarithmic)", times, _time_place, _AXIS_DAYS),
    ):
        if not some:
            continue
        body.append(_axis(name, place, ticks, (y, len(some) * _ROW + 14)))
        y += 30
        for target in some:
            body.append(_target(target, place, y))
            y += _ROW
        y += 24
    width = _LEFT + _WIDTH + _RIGHT + _SOURCE
    found = setting(one["setting"])
    alternative = f"Published and simulated figures of {found.name}, {found.line}, after {found.imitates}"
    return tag(
        "svg",
        tag("title", alternative),
        tag("rect", width=width, height=round(y), fill="#ffffff"),
        join(body),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {round(y)}",
        width=width,
        height=round(y),
        role="img",
        font_family="sans-serif",
        font_size=12,
    )


def _legend(one: dict[str, Any]) -> str:
    found = setting(one["setting"])
    parts = [
        text(f"{found.name}, {found.line}, after {found.imitates}", 12, 24, font_size=16, font_weight="bold", fill=_INK),
        _mark(18, 46, _GREY), text("published, interval", 30, 50, fill=_INK),
        _dot(168, 46, _BLUE), text("simulated, inside", 180, 50, fill=_INK),
        _dot(308, 46, _RED), text("simulated, outside", 320, 50, fill=_INK),
        text("open marks: only compared, not fitted", 450, 50, fill=_INK),
    ]  # fmt: skip
    return join(parts)


def _axis(name: str, place: Any, ticks: tuple[int, ...], at: tuple[float, float]) -> str:
    y, height = at
    parts = [text(name, 12, y + 6, font_weight="bold", fill=_INK)]
    for tick in ticks:
        x = place(tick / 100 if ticks[0] == 0 else tick)
        parts.append(tag("line", x1=x, x2=x, y1=y + 10, y2=y + 10 + height, stroke="#dddddd"))
        parts.append(text(f"{tick} %" if ticks[0] == 0 else str(tick), x, y + 6, text_anchor="middle", fill=_GREY))
    return join(parts)


def _target(target: dict[str, Any], place: Any, y: float) -> str:
    colour = _BLUE if target["inside"] else _RED
    fitted = target["use"] == "fit"
    high = target["high"] if target["high"] is not None else math.inf
    low_x, high_x = place(target["low"]), place(high)
    label = QUANTITIES[target["quantity"]] + _of(target["denominator"]) + _under(target)
    parts = [
        text(label, 12, y + 4, fill=_INK, font_size=11),
        tag("line", x1=low_x, x2=high_x, y1=y - 3, y2=y - 3, stroke=_GREY, stroke_width=2.0),
        _mark(place(target["published"]), y - 3, _GREY, fitted=fitted),
    ]
    shown = "not reached"
    if target["simulated"] is not None:
        error = 1.96 * (target["error"] or 0.0)
        left, right = place(target["simulated"] - error), place(target["simulated"] + error)
        parts.append(tag("line", x1=left, x2=right, y1=y + 5, y2=y + 5, stroke=colour, stroke_width=1.5))
        parts.append(_dot(place(target["simulated"]), y + 5, colour, fitted=fitted))
        shown = _shown(target, target["simulated"])
    words = f"{_shown(target, target['published'])} | {shown}"
    parts.append(text(words, _LEFT + _WIDTH + 16, y + 4, fill=_INK if target["inside"] else _RED, font_size=11))
    parts.append(text(target["source"], _LEFT + _WIDTH + _RIGHT, y + 4, fill=_GREY, font_size=10))
    return join(parts)


def _under(target: dict[str, Any]) -> str:
    return "" if target["protocol"] == "reference" else f", protocol {target['protocol']}"


def _of(denominator: str) -> str:
    return "" if denominator in {"infused", "enrolled", "evaluable"} else f", {denominator.removeprefix('infused, ')}"


def _share_place(value: float) -> float:
    return _LEFT + _WIDTH * min(max(value, 0.0), 1.0)


def _time_place(value: float) -> float:
    top = math.log(_AXIS_DAYS[-1] / 0.5)
    return _LEFT + _WIDTH * min(max(math.log(max(value, 0.5) / 0.5) / top, 0.0), 1.0)


def _mark(x: float, y: float, colour: str, *, fitted: bool = True) -> str:
    inside = colour if fitted else "#ffffff"
    return tag("rect", x=x - 4, y=y - 4, width=8, height=8, fill=inside, stroke=colour)


def _dot(x: float, y: float, colour: str, *, fitted: bool = True) -> str:
    return tag("circle", cx=x, cy=y, r=4, fill=colour if fitted else "#ffffff", stroke=colour)


def write(results: dict[str, Any]) -> None:
    """Write the page and all plots; plots of settings that are gone are removed."""
    PAGE.write_text(page(results), encoding="utf-8")
    PLOTS.mkdir(parents=True, exist_ok=True)
    wanted = {plot_name(one): plot(one) + "\n" for one in results["settings"]}
    for file in PLOTS.glob("*.svg"):
        if file.name not in wanted:
            file.unlink()
    for name, drawn in wanted.items():
        (PLOTS / name).write_text(drawn, encoding="utf-8")
