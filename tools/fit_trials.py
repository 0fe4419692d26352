"""Fit the parameters of the published trials that are marked "fitted", and write them into their files.

`python tools/fit_trials.py zuma-7 belinda` (all without a name). Least squares in standard errors of the printed figures, on one
block of trials with common random numbers, with a weak pull to the values in the file, so that what no figure tells stays.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from vein2vein.programme.trial.published.figures import SEED, Block, compared
from vein2vein.programme.trial.published.files import TrialFile, trial_file, trial_ids

FOLDER = Path(__file__).parents[1] / "src/vein2vein/programme/trial/data/trials"
PULL = 0.15
LATE = 3.0  # in log units, for a median that is not reached


def main() -> None:
    """Fit the trials named on the command line."""
    for id in sys.argv[1:] or trial_ids():
        fit(id)


def fit(id: str) -> None:
    """Fit one trial and write its file."""
    file = trial_file(id)
    spots = [(name, k) for name, one in file.parameters.items() if one.status == "fitted" for k in places(one.value)]
    start = np.array([turned(value_of(file, spot), spot[0], file) for spot in spots])
    goals = [(one, *goal(file, one)) for one in file.printed if one.role == "fitted"]

    def away(point: np.ndarray) -> np.ndarray:
        block = Block(file, SEED, 1000, file.trial(values_at(file, spots, point)))
        found = [(scaled(one.figure, block.figure(one.figure)) - aim) / spread for one, aim, spread in goals]
        return np.concatenate([np.nan_to_num(found, nan=5, posinf=5, neginf=-5), PULL * (point - start)])

    best = least_squares(away, start, diff_step=0.03, max_nfev=25)
    text = (FOLDER / f"{id}.yaml").read_text(encoding="utf-8")
    for name, value in values_at(file, spots, best.x).items():
        shown = f"[{', '.join(map(rounded, value))}]" if isinstance(value, tuple) else rounded(value)
        pattern = re.compile(rf"^(  {re.escape(name)}: {{value: )(\[[^\]]*\]|[^,]*)", re.MULTILINE)
        text = pattern.sub(lambda m, s=shown: m.group(1) + s, text)
    (FOLDER / f"{id}.yaml").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{id}: {2 * best.cost:.2f} after {best.nfev} steps\n")


def rounded(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{float(f'{value:.3g}'):.10g}" if abs(value) >= 1e-4 or value == 0 else f"{value:.3g}"  # noqa: PLR2004


def places(value: object) -> tuple[int | None, ...]:
    """Which numbers of a value are fitted: not those at 0 or 1 of a pair."""
    return tuple(k for k, v in enumerate(value) if 0 < v != 1) if isinstance(value, tuple) else (None,)


def value_of(file: TrialFile, spot: tuple[str, int | None]) -> float:
    """A number of the file."""
    value = file.parameters[spot[0]].value
    return float(value if spot[1] is None else value[spot[1]])  # type: ignore[index,arg-type]


def turned(value: float, name: str, file: TrialFile) -> float:
    """A parameter on the scale of the fit: logit of a share, logarithm of the others."""
    return math.log(value / (1 - value)) if file.parameters[name].unit == "share" else math.log(value)


def values_at(
    file: TrialFile, spots: list[tuple[str, int | None]], point: np.ndarray
) -> dict[str, float | tuple[float, ...]]:
    """Values of the parameters at a point of the fit."""
    found: dict[str, float | tuple[float, ...]] = {}
    for (name, k), at in zip(spots, point, strict=True):
        value = float(1 / (1 + np.exp(-at)) if file.parameters[name].unit == "share" else np.exp(at))
        if k is None:
            found[name] = value
        else:
            pair = list(found.get(name, file.parameters[name].value))  # type: ignore[arg-type]
            pair[k] = value
            found[name] = tuple(pair)
    return found


def scaled(figure: str, value: float) -> float:
    """A figure on the scale of its error: ratios come as logarithms, times become logarithms, shares stay."""
    if figure.endswith(".ratio") or ".at." in figure or figure.startswith("share."):
        return value
    return math.log(value) if math.isfinite(value) else LATE


def goal(file: TrialFile, one: object) -> tuple[float, float]:
    """Where a figure should be, and how far away counts as one."""
    found = compared(file, one, np.array([0.0, 0.0]))  # type: ignore[arg-type]
    printed = found.printed
    log = not (".at." in printed.figure or printed.figure.startswith("share."))
    aim = math.log(printed.value) if log else printed.value
    if found.interval is None:
        return aim, 0.1
    low, high = (math.log(end) if log else end for end in found.interval)
    return aim, max((high - low) / 4, 0.005)


if __name__ == "__main__":
    main()
