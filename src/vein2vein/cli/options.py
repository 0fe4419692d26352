"""Options that several sub-commands share, and how their texts become values.

Place    Command line.
Out      Rule sets, instants, deliveries.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from vein2vein.errors import KnowledgeError
from vein2vein.intake.delivery import Delivery
from vein2vein.knowledge.registry import Registry
from vein2vein.knowledge.schema import RuleSet

F = TypeVar("F", bound=Callable[..., Any])

_DELIVERY = [
    click.option(
        "--mapping",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Mapping file of the centre (tables).",
    ),
    click.option("--zone", help="Time zone of the centre, such as Europe/Berlin, for times without an offset."),
    click.option("--charted", help="Streams recorded completely, separated by commas, such as vasopressor,oxygen."),
    click.option(
        "--hold",
        "holds",
        multiple=True,
        metavar="STREAM=HOURS",
        help="How long a device charted at an instant is believed, such as oxygen=8.",
    ),
]
rule_folder_option = click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with rule files of the centre.",
)
"""Which rule files there are, for a command that decides no open point."""
_RULES = [
    rule_folder_option,
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="ID.NAME=VALUE",
        help="Decide an open point of a scale, such as astct-2019.crs.low_blood_pressure=counts.",
    ),
]


def delivery_options(command: F) -> F:
    """Add the options that say how a delivery is to be read."""
    for option in reversed(_DELIVERY):
        command = option(command)
    return command


def rule_options(command: F) -> F:
    """Add the options that say which rule files there are and how open points are decided."""
    for option in reversed(_RULES):
        command = option(command)
    return command


def open_input(
    place: str,
    *,
    mapping: Path | None,
    zone: str | None,
    charted: str | None,
    holds: tuple[str, ...],
) -> Delivery:
    """Read a delivery of any of the known formats."""
    from vein2vein.intake.door import open_delivery

    return open_delivery(place, **declared(mapping, zone, charted=charted, holds=holds))


def declared(mapping: Path | None, zone: str | None, *, charted: str | None, holds: tuple[str, ...]) -> dict[str, Any]:
    """What the options say about a delivery, as intake takes it."""
    return {
        "mapping": mapping,
        "zone": zone,
        "charted": tuple(part.strip() for part in charted.split(",")) if charted else (),
        "hold_hours": dict(_hold(text) for text in holds),
    }


def _hold(text: str) -> tuple[str, float]:
    stream, sign, hours = text.partition("=")
    try:
        if sign:
            return stream.strip(), float(hours)
    except ValueError:
        pass
    msg = f"saw {text!r}; expected STREAM=HOURS, such as oxygen=8"
    raise click.BadParameter(msg, param_hint="--hold")


def registry_of(folders: tuple[Path, ...]) -> Registry:
    """The package's rule files and those of the centre's folders."""
    return Registry(folders)


def bound_rules(ids: tuple[str, ...], registry: Registry, settings: tuple[str, ...]) -> tuple[RuleSet, ...]:
    """Rule sets with the open points decided as asked.

    Raises:
        KnowledgeError: RULE-003 and RULE-004.
    """
    chosen = parameters_of(settings, registry)
    unused = sorted(set(chosen) - set(ids))
    if unused:
        raise KnowledgeError(
            "RULE-004",
            saw=f"--set for {unused[0]}, which is not graded in this call",
            expected=f"one of {', '.join(ids)}",
            fix="add it to --scale, or leave the setting out",
        )
    return tuple(registry.get(id, chosen.get(id)) for id in ids)


def parameters_of(settings: tuple[str, ...], registry: Registry) -> Mapping[str, dict[str, Any]]:
    """Settings ID.NAME=VALUE as parameters by rule set id; numbers become numbers."""
    chosen: dict[str, dict[str, Any]] = {}
    for text in settings:
        target, sign, value = text.partition("=")
        id, dot, name = target.rpartition(".")
        if not sign or not dot:
            msg = f"saw {text!r}; expected ID.NAME=VALUE"
            raise click.BadParameter(msg, param_hint="--set")
        registry.raw(id)
        chosen.setdefault(id, {})[name] = _value(id, name, value, registry)
    return chosen


def _value(id: str, name: str, value: str, registry: Registry) -> Any:
    declared = (registry.raw(id).get("parameters") or {}).get(name, {})
    if declared.get("choices"):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def parts(text: str, *, option: str) -> tuple[str, ...]:
    """The words of a list separated by commas; an empty list is refused."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        msg = f"saw {text!r}; expected one or more names, separated by commas"
        raise click.BadParameter(msg, param_hint=option)
    return found


def instant(text: str, zone: str | None, *, option: str) -> datetime:
    """An aware instant from ISO text; without an offset it is taken in `zone`, and refused without one."""
    from vein2vein.basis.clock import zone_of

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"saw {text!r}; expected a time such as 2026-03-01T08:00+01:00"
        raise click.BadParameter(msg, param_hint=option) from error
    if at.tzinfo is None:
        if zone is None:
            msg = f"saw {text!r} without an offset; expected a time such as {text}+01:00, or --zone beside it"
            raise click.BadParameter(msg, param_hint=option)
        at = at.replace(tzinfo=zone_of(zone))
    return at


@contextmanager
def executor(workers: int) -> Iterator[Executor | None]:
    """Worker processes while the block runs; None for one, which is this process."""
    if workers == 1:
        yield None
        return
    from vein2vein.engine.workers import WorkerProcesses

    with WorkerProcesses(workers) as pool:
        yield pool


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for long work; silent where standard error is no terminal.

    What is printed meanwhile stands above the bar where standard output is a terminal, and goes where it should elsewhere.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    bar = Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
