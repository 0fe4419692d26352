"""What a protocol says around a design: the estimand, assumptions, references, and how to make everything again.

Place    Programme, trial, study. Read by the report.
In       The section `protocol` of a design file; the parameters of a study.
Out      `Estimand` with cell-therapy intercurrent events, `Assumption`s, references.
Knows    ICH E9(R1) 2019: population, treatment, variable, intercurrent events each with one of five strategies, summary. What the
         file leaves out is shown as not decided, never filled in.
Checked  tests/unit/programme/trial/study/test_protocol.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from vein2vein.programme.trial.study.reading import made, refuse
from vein2vein.programme.trial.words import Parameter

Strategy = Literal["treatment policy", "hypothetical", "composite variable", "while on treatment", "principal stratum"]
Status = Literal["read", "recalled", "assumed"]
# Events between consent and assessment that trials of infused cells meet; a protocol has to say what each means.
CELL_EVENTS: Final = (
    "manufacturing failure",
    "product out of specification",
    "dose below plan",
    "bridging",
    "death before infusion",
    "progression before infusion",
    "transplant in remission",
    "crossover to cells",
    "new anti-cancer therapy",
    "withdrawal",
)
E9: Final = "ICH E9(R1) Addendum on estimands and sensitivity analysis in clinical trials, 2019"


@dataclass(frozen=True)
class Handling:
    """How an intercurrent event is handled.

    Args:
        strategy: One of the five of ICH E9(R1).
        how: What it means in this trial.
    """

    strategy: Strategy
    how: str = ""


@dataclass(frozen=True)
class Estimand:
    """What is to be estimated; None for what is not decided.

    Args:
        population: Whom the question is about.
        treatment: What is compared, with all that belongs to it.
        variable: What is measured in each patient.
        summary: The measure of the population.
        intercurrent: Events in the way, each with how it is handled or None.
    """

    population: str | None = None
    treatment: str | None = None
    variable: str | None = None
    summary: str | None = None
    intercurrent: tuple[tuple[str, Handling | None], ...] = ()


@dataclass(frozen=True)
class Assumption:
    """Something the design rests on.

    Args:
        text: What is assumed.
        status: How it is known: read in a source, recalled, or assumed.
        source: Where it was read.
    """

    text: str
    status: Status = "assumed"
    source: str = ""


@dataclass(frozen=True)
class Protocol:
    """What a design file says beyond its design."""

    estimand: Estimand
    assumptions: tuple[Assumption, ...]
    references: tuple[str, ...]


def protocol_of(content: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> Protocol:
    """The protocol section of a design file, with the references of its parameters.

    Raises:
        TrialError: TRIAL-005 for keys or strategies that are not known.
    """
    section = content.get("protocol") or {}
    unknown = [key for key in section if key not in {"estimand", "assumptions", "references"}]
    if unknown:
        refuse(f"{unknown[0]!r} in protocol", "keys estimand, assumptions, references", "correct the key")
    assumptions = tuple(made(Assumption, entry, "an assumption") for entry in section.get("assumptions") or [])
    named = [str(entry) for entry in section.get("references") or []]
    sources = [parameter.source for parameter in parameters.values() if parameter.source]
    sources += [one.source for one in assumptions if one.source]
    return Protocol(_estimand(section.get("estimand") or {}), assumptions, tuple(dict.fromkeys([*named, *sources, E9])))


def _estimand(value: Any) -> Estimand:
    if not isinstance(value, Mapping):
        refuse(f"estimand {value!r}", "keys with texts", "write `population: ...` lines below it")
    rest = {key: one for key, one in value.items() if key != "intercurrent"}
    events = value.get("intercurrent") or {}
    if not isinstance(events, Mapping):
        refuse(f"intercurrent {events!r}", "events with a strategy", "write `bridging: {strategy: treatment policy}`")
    handled = {str(name): made(Handling, entry, f"intercurrent event {name}") for name, entry in events.items()}
    names = (*CELL_EVENTS, *(name for name in handled if name not in CELL_EVENTS))
    found = made(Estimand, rest, "the estimand")
    return Estimand(
        found.population, found.treatment, found.variable, found.summary,
        tuple((name, handled.get(name)) for name in names),
    )  # fmt: skip
