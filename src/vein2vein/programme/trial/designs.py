"""Design files: a trial design as YAML or JSON, every parameter marked as set, default or derived.

Place    Programme, trial. The one loader of every family; command line, Python and reports read the same file.
In       Text such as ``design: boin``, ``doses: 5``, ``target: 0.3``, ``cohorts: {size: 3, number: 10}``, ``scenarios: [...]``.
Out      `DesignFile`: the study, the content it was read from, and a hash of that content.
Knows    A key of the file is an argument of the function that makes the design, by the same name; doses count from 1.
Checked  tests/unit/programme/trial/test_designs.py, tests/unit/programme/trial/study
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final, Protocol

from vein2vein.errors import TrialError
from vein2vein.programme.trial.analyses import COMMANDS
from vein2vein.programme.trial.question import question_of
from vein2vein.programme.trial.study.baskets import BASKETS, read_baskets
from vein2vein.programme.trial.study.cells import CELLS, read_cells
from vein2vein.programme.trial.study.comparison import COMPARISONS, read_comparison
from vein2vein.programme.trial.study.composed import COMPOSED
from vein2vein.programme.trial.study.dose import read_dose
from vein2vein.programme.trial.study.dose_makers import MAKERS
from vein2vein.programme.trial.study.fixed_time import read_sequential
from vein2vein.programme.trial.study.partial import read_partial
from vein2vein.programme.trial.study.protocol import protocol_of
from vein2vein.programme.trial.study.randomised import RANDOMISED
from vein2vein.programme.trial.study.reading import plain_values, refuse
from vein2vein.programme.trial.study.results import Curves, Result, Table
from vein2vein.programme.trial.study.single import SINGLE, read_single
from vein2vein.programme.trial.words import Parameter


class Study(Protocol):
    """What every family of designs has."""

    @property
    def name(self) -> str:
        """What people call the design."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Every choice with its value, origin and source."""

    @property
    def most(self) -> int:
        """The largest number of patients."""

    @property
    def is_exact(self) -> bool:
        """Whether every figure is free of Monte Carlo error."""

    def results(self, *, trials: int, seed: int, executor: Executor | None = None) -> tuple[Result, ...]:
        """What the design does in each scenario."""

    def tables(self) -> tuple[Table, ...]:
        """Decision and boundary tables."""

    def curves(self) -> tuple[Curves, ...]:
        """Expected survival by arm."""


_READERS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Study]]] = MappingProxyType(
    dict.fromkeys(MAKERS, read_dose)
    | {"partial-dose": read_partial, COMPOSED: read_dose}
    | dict.fromkeys(COMPARISONS, read_comparison)
    | dict.fromkeys(SINGLE, read_single)
    | dict.fromkeys(BASKETS, read_baskets)
    | dict.fromkeys(RANDOMISED, read_sequential)
    | dict.fromkeys(CELLS, read_cells)
)
NAMES: Final = tuple(_READERS)
MOST: Final = 20_000  # patients; more are a slip, and trials of them would not fit in memory


@dataclass(frozen=True)
class DesignFile:
    """A design file that was read.

    Args:
        study: The design with its scenarios.
        content: The file as plain values.
        hash: First sixteen digits of the SHA-256 of the content, whatever its layout.
    """

    study: Study
    content: Mapping[str, Any]
    hash: str

    @property
    def title(self) -> str:
        """The title that the file gives, else the name of the design."""
        return str(self.content.get("title", self.study.name))

    @property
    def design(self) -> Any:
        """The design of a dose-finding study."""
        return getattr(self.study, "design")  # noqa: B009  (only some families have one)


def read_design(text: str) -> DesignFile:
    """A design from YAML or JSON text, its sections on search and protocol read too.

    Raises:
        TrialError: TRIAL-005 where the file cannot be read, names an unknown design or key, one twice, or lacks one; TRIAL-001,
            TRIAL-002, TRIAL-041 and TRIAL-061 for values that cannot be.
    """
    found = design_of(plain_values(text))
    if "search" in found.content:
        question_of(found.content)
    protocol_of(found.content, found.study.parameters)
    return found


def design_of(given: Any) -> DesignFile:
    """A design from the plain values of a file.

    Raises:
        TrialError: As `read_design`.
    """
    if not isinstance(given, dict) or "design" not in given:
        refuse("no key `design`", f"one of {', '.join(NAMES)}", "begin the file with `design: boin`")
    name = str(given["design"]).lower()
    if name in COMMANDS:
        fix = f"write `vein2vein trial {COMMANDS[name]} --design FILE`"
        refuse(f"design {name!r}, which analyses patients", "a design that plans a trial", fix)
    if name not in _READERS:
        near = get_close_matches(name, NAMES, 1)
        refuse(f"design {name!r}", f"one of {', '.join(NAMES)}", f"write `design: {near[0] if near else 'boin'}`")
    canonical = json.dumps(given, sort_keys=True, default=str)
    study = _READERS[name](name, given)
    if study.most > MOST:
        raise TrialError(
            "TRIAL-002",
            saw=f"{study.most:,} patients",
            expected=f"at most {MOST:,}",
            fix="correct the sizes of the file",
        )
    return DesignFile(
        study=study,
        content=MappingProxyType(given),
        hash=hashlib.sha256(canonical.encode()).hexdigest()[:16],
    )
