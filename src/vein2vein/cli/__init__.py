"""The command line: one sub-command per question.

Place    Top floor. The only place of the library that reads the clock, and the only one that prints.
In       Arguments; files of a delivery.
Out      Files, text on standard output, progress on standard error, an exit code.
Knows    Sub-commands load when they are called, so that `vein2vein --help` is quick.
Does not Compute: every sub-command is a call of the library with its answer shown.

Exit codes: 0 done; 1 or the code of the error's class (see `vein2vein.errors`); 2 the call could not be understood.
"""

from __future__ import annotations

from importlib import import_module

import click

from vein2vein._version import __version__
from vein2vein.errors import Vein2VeinError

_COMMANDS = {
    "grade": ("vein2vein.cli.grade", "grade", "Grade a delivery: verdicts, episodes, and the reason for every grade."),
    "explain": (
        "vein2vein.cli.explain",
        "explain",
        "Say what a rule set says about one course at one instant, and why.",
    ),
    "assess": (
        "vein2vein.cli.assess",
        "assess",
        "Say where a course stands under a protocol: grades, advice, due, missing, departures.",
    ),
    "candidate": (
        "vein2vein.cli.candidate",
        "candidate_of",
        "Say what is known of a patient before collection: labels, limits, wash-out, doses.",
    ),
    "audit": ("vein2vein.cli.assess", "audit_cohort", "Say how a cohort kept a protocol, rule by rule."),
    "intake": ("vein2vein.cli.intake", "intake", "Check a delivery, or draft a mapping for local codes and units."),
    "knowledge": ("vein2vein.cli.knowledge", "knowledge", "Show the rule sets, their sources, and what must be read."),
    "demo": ("vein2vein.cli.demo", "demo", "Grade the demonstration cohort and write its report."),
    "simulate": (
        "vein2vein.cli.simulate",
        "simulate",
        "Simulate courses that behave like the published ones; made up, no real person.",
    ),
    "trial": ("vein2vein.cli.trial", "trial", "Say what a trial design decides and does, exactly where it can."),
    "errors": ("vein2vein.cli.errors", "errors", "Say what an error id means and how to mend it."),
}


class _Commands(click.Group):
    """Sub-commands by name, each loaded when it is called."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a sub-command; an error of ours is shown without a traceback and sets the exit code."""
        try:
            return super().invoke(ctx)
        except Vein2VeinError as error:
            click.echo(str(error), err=True)
            ctx.exit(error.exit_code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one sub-command."""
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the sub-commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vein2vein")
def cli() -> None:
    """Grade and explain the toxicities of CAR-T courses.

    Research and quality-improvement software, not a medical device: it shows what a published rule says about
    recorded data; clinicians decide.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    cli.main(args=arguments, prog_name="vein2vein", standalone_mode=True)
