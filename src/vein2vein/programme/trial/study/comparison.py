"""Doses compared by randomisation, as a study: how often the right dose is chosen, exact.

Place    Programme, trial, study.
In       Patients at each dose, a margin, utilities or none; response (and toxicity) rates per scenario.
Out      `ComparisonStudy`: chance to choose each dose, and the right one.
Checked  tests/unit/programme/trial/study/test_comparison.py
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from vein2vein.programme.trial.phase12.optimise import Comparison, characteristics
from vein2vein.programme.trial.scenario import Truth
from vein2vein.programme.trial.study.dose_scenarios import association
from vein2vein.programme.trial.study.reading import cases_of, made, parameters_of, refuse
from vein2vein.programme.trial.study.results import Curves, Line, Result, Table, chance, number
from vein2vein.programme.trial.words import Parameter

OTHER: Final = ("design", "title", "scenarios", "search", "protocol")
COMPARISONS: Final = ("dose-comparison",)
SOURCE: Final = "Simon, Wittes and Ellenberg 1985, Cancer Treat Rep 69:1375"


@dataclass(frozen=True)
class ComparisonStudy:
    """A randomised comparison of doses with the truths in which it is looked at.

    Args:
        comparison: Patients at each dose, and the rule.
        parameters: Every choice with its value, origin and source.
        truths: Scenarios.
    """

    comparison: Comparison
    parameters: Mapping[str, Parameter]
    truths: tuple[Truth, ...]
    name: ClassVar[str] = "randomised comparison of doses"
    source: ClassVar[str] = SOURCE
    is_exact: ClassVar[bool] = True

    @property
    def most(self) -> int:
        """The number of patients."""
        return sum(self.comparison.patients)

    def results(self, *, trials: int = 0, seed: int = 0, executor: Executor | None = None) -> tuple[Result, ...]:
        """How often each dose is chosen, exactly; trials and seed change nothing."""
        del trials, seed, executor
        return tuple(self._result(truth) for truth in self.truths)

    def _result(self, truth: Truth) -> Result:
        found = characteristics(self.comparison, truth)
        efficacy = truth.efficacy or ()
        lines = []
        for k, patients in enumerate(self.comparison.patients):
            rates = {"true_toxicity": chance(truth.toxicity[k])} if self.comparison.utilities else {}
            rates["true_efficacy"] = chance(efficacy[k])
            lines.append(Line(str(k + 1), {**rates, "selected": chance(found.chance[k]), "patients": number(patients)}))
        return Result(truth.name, {"correct": chance(found.correct), "patients": number(self.most)}, tuple(lines))

    def tables(self) -> tuple[Table, ...]:
        """No table: the choice is the best observed mean, or the lowest dose within the margin of it."""
        return ()

    def curves(self) -> tuple[Curves, ...]:
        """No curves: outcomes have no time."""
        return ()


def read_comparison(name: str, content: Mapping[str, Any]) -> ComparisonStudy:
    """A comparison of doses of a design file.

    Args:
        name: Name of the design.
        content: The whole file.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit; TRIAL-001 and TRIAL-002 for values that cannot be.
    """
    given = {str(key): value for key, value in content.items() if key not in OTHER}
    found = made(Comparison, given, f"the design {name}")
    truths, cases = [], cases_of(content)
    for i, entry in enumerate(cases):
        if "efficacy" not in entry or (found.utilities is not None and "toxicity" not in entry):
            need = "efficacy and toxicity" if found.utilities else "efficacy"
            refuse(f"scenario {i + 1}: {dict(entry)!r}", f"{{name: ..., {need}}}", "give each scenario its rates")
        truths.append(made(_truth, {"toxicity": [0.0] * len(found.patients)} | dict(entry), f"scenario {i + 1}"))
    together = association(cases, looks=found.utilities is not None)
    return ComparisonStudy(found, parameters_of(Comparison, given, SOURCE) | together, tuple(truths))


def _truth(name: str, efficacy: tuple[float, ...], toxicity: tuple[float, ...], odds_ratio: float = 1.0) -> Truth:
    return Truth.of(toxicity, efficacy, name, odds_ratio)
