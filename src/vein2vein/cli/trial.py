"""`vein2vein trial`: what a trial design decides and does, and the advice for a running trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vein2vein.programme.trial.designs import DesignFile
    from vein2vein.programme.trial.exact import Characteristics
    from vein2vein.programme.trial.scenario import Truth
    from vein2vein.programme.trial.words import Design

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_OUTCOMES = click.argument("outcomes", default="")


class _DesignFirst(click.Group):
    """`trial FILE` is `trial show FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` before a file."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_DesignFirst)
def trial() -> None:
    """What a trial design decides and does: `vein2vein trial DESIGN.yaml`."""


@trial.command()
@_FILE
@click.option(
    "--trials", type=click.IntRange(min=2), default=10_000, show_default=True, help="Simulated, where not exact."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Same seed, same patients.")
def show(file: Path, trials: int, seed: int) -> None:
    """Print parameters, the decision table, and the characteristics in each scenario."""
    from vein2vein.programme.trial.words import Design

    read = _read(file)
    click.echo(f"{read.design.name}, design file {read.hash}\n")
    rows: list[tuple[str, ...]] = [("parameter", "value", "origin", "source")]
    rows += [(name, _shown(p.value), p.origin, p.source or "") for name, p in read.design.parameters.items()]
    _columns(rows)
    if isinstance(read.design, Design):
        _print_table(read.design)
    for truth in read.scenarios:
        _print_scenario(read, truth, trials, seed)


@trial.command()
@_FILE
@_OUTCOMES
def recommend(file: Path, outcomes: str) -> None:
    """Say what the design asks for after OUTCOMES such as "1NNN 2NNT"."""
    from vein2vein.programme.trial.recommend import recommend as advise

    advice = advise(_at_once(_read(file), "recommend"), outcomes)
    click.echo(f"action    {advice.action}")
    if advice.dose is not None:
        click.echo(f"next      {advice.size} at dose {advice.dose}")
    click.echo(f"selected  {advice.selected or 'none'}, if the trial ended now")
    for label, lines in (("reason", advice.reasons), ("departure", advice.departures)):
        for line in lines:
            click.echo(f"{label:<9} {line}")


@trial.command()
@_FILE
@_OUTCOMES
@click.option("--cohorts", type=click.IntRange(1, 4), default=2, show_default=True, help="How many to look ahead.")
def paths(file: Path, outcomes: str, cohorts: int) -> None:
    """Print every way in which the next cohorts may turn out after OUTCOMES, and the dose after each."""
    from vein2vein.programme.trial.recommend import paths as look_ahead

    found = look_ahead(_at_once(_read(file), "paths"), outcomes, cohorts=cohorts)
    _columns([("outcomes", "next dose"), *((path.outcomes or "now", str(path.dose or "stop")) for path in found)])


def _read(file: Path) -> DesignFile:
    from vein2vein.programme.trial.designs import read_design

    return read_design(file.read_text(encoding="utf-8"))


def _at_once(read: DesignFile, command: str) -> Design:
    from vein2vein.errors import TrialError
    from vein2vein.programme.trial.words import Design

    if not isinstance(read.design, Design):
        raise TrialError(
            "TRIAL-004",
            saw=f"{command} for the design {read.design.name}, which looks at pending outcomes",
            expected="a design that knows outcomes at once",
            fix="the compact notation has no follow-up times: call the rule from Python with `Seen`",
        )
    return read.design


def _print_table(design: Design) -> None:
    from vein2vein.programme.trial.phase1.common import ByMoves
    from vein2vein.programme.trial.recommend import decision_table

    if not isinstance(design.rule, ByMoves):
        return
    found = {(row.patients, row.toxicities): row.decision for row in decision_table(design)}
    step = getattr(design.cohorts, "size_of_each", 1)
    sizes = [n for n in sorted({n for n, _ in found}) if n % step == 0]
    click.echo(
        "\nE escalate, S stay, D de-escalate, DU the same and never come back; by toxicities and patients at the dose"
    )
    rows: list[tuple[str, ...]] = [("", *map(str, sizes))]
    rows += [(str(y), *(found.get((n, y), "") for n in sizes)) for y in range(max(sizes) + 1)]
    last = next((y for y in range(len(rows) - 2, 0, -1) if set(rows[y][1:]) - {"", "DU"}), len(rows) - 2)
    _columns(rows[: last + 2])
    if last < len(rows) - 2:
        click.echo(f"with {last + 1} or more: DU")


def _print_scenario(read: DesignFile, truth: Truth, trials: int, seed: int) -> None:
    from vein2vein.programme.trial import exact
    from vein2vein.programme.trial.phase1 import late
    from vein2vein.programme.trial.words import Design

    design = read.design
    time = ""
    if isinstance(design, Design):
        found = exact.characteristics(design, truth)[0]
    else:
        assert read.setting is not None  # noqa: S101  (read_design asks for it)
        run = late.simulate(design, truth, read.setting, trials=trials, seed=seed)
        found = run.characteristics()
        mean, error = run.mean_days
        time = f"; duration {mean:.0f} days (± {error:.1f}), suspended {run.suspended.mean():.1f} times"
    how = (
        "exact" if found.errors is None else f"{trials:,} simulated trials, seed {seed}, Monte Carlo errors in brackets"
    )
    click.echo(f"\n{truth.name} ({how})")
    _columns(_scenario_rows(truth, found))
    spread = "" if found.errors is None else f" (± {found.errors.expected_patients:.2f})"
    click.echo(
        f"no dose selected {_chance(found.none_selected, found.errors.none_selected if found.errors else None)}; "
        f"patients {found.expected_patients:.2f}{spread}, of them with a toxicity {found.expected_toxicities:.2f}{time}"
    )


def _scenario_rows(truth: Truth, found: Characteristics) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("dose", "true rate", "selected", "patients", "toxicities")]
    for dose, rate in enumerate(truth.toxicity):
        errors = found.errors
        rows.append(
            (
                str(dose + 1),
                f"{rate:g}",
                _chance(found.selected[dose], None if errors is None else errors.selected[dose]),
                f"{found.patients[dose]:.2f}" + ("" if errors is None else f" (± {errors.patients[dose]:.2f})"),
                f"{found.toxicities[dose]:.2f}" + ("" if errors is None else f" (± {errors.toxicities[dose]:.2f})"),
            )
        )
    return rows


def _chance(value: float, error: float | None) -> str:
    return f"{value:.2%}" + ("" if error is None else f" (± {error:.2%})")


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return "-" if value is None else str(value)


def _columns(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
