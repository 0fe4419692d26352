"""Find the fitted parameters of a setting, so that what the model intends equals what was published.

Place    Floor 4. A tool of the developer: `python -m vein2vein.population.fit` writes into population/data/settings.
In       A setting, its targets (`use: fit`), and data/shown.yaml: how far graded observations stand off what was intended.
Out      Values of the parameters whose status is "fitted", each with the quantities that it was fitted to.
Knows    Every fitted parameter is a knob on one quantity (or a few of a kind), all else held. One round draws the same courses
         with the present values, measures all quantities, and turns each knob by what its quantity is off:

             any            mu += sigma (probit aim - probit simulated)
             grade 3        sigma and mu together, so that mu/sigma stays and ln 3 lies at the wanted quantile
             limits         ln limit -= 0.5 (probit aim - probit simulated)
             times          value x aim/simulated
             shares         logit value += logit aim - logit simulated
             survival       times x exp(1.3 (logit aim - logit simulated))
             grade 4        limit - 3 times ln aim/ln simulated, where the aim is a parameter: the share of grade 4 of the
                            treated courses that are severe (the excess over 3 is about exponential)

         each step damped. The same draws are used in every round, so that the rounds converge and the result depends on the
         seed, the number of blocks and the files only.
Does not Change what is read, recalled or assumed, or fit to figures marked `use: compare`.
Checked  tests/unit/population/test_fit.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np

from vein2vein.population.intended import INTENDED, intended
from vein2vein.population.measure import Courses, Measured, measure, share
from vein2vein.population.parameters import Setting, read_yaml
from vein2vein.population.targets import Target, targets

SEED: Final = 20_261_122
ROUNDS: Final = 14
BLOCKS: Final = 8
LAST_BLOCKS: Final = 24
LAST_ROUNDS: Final = 5
_DAMPING: Final = 0.8
_LIMIT_SLOPE: Final = 0.5
_SURVIVAL_SLOPE: Final = 1.3
_MOST: Final = 2.0
_SMALL: Final = 0.25
_EDGE: Final = 2e-4
_SEVERE: Final = 3
# Parameters that make another parameter, an assumed share, come true.
HELD: Final[Mapping[str, str]] = {f"{name}.grade4_severity": f"{name}.grade4_of_severe" for name in ("crs", "icans")}
_NORMAL: Final = NormalDist()


@dataclass(frozen=True)
class Gap:
    """A target beside what the present values give.

    Attributes:
        target: The published figure.
        aim: What the intentions should give: the published value less the known effect of observing and grading.
        simulated: What they give.
    """

    target: Target
    aim: float
    simulated: Measured

    @property
    def is_met(self) -> bool:
        """Whether what is intended, with the known effect of observing and grading, lies in the published interval."""
        low, high = self.target.bounds
        if not np.isfinite(self.simulated.value):
            return False
        if self.target.is_share:
            odds = self.logit - _logit(self.target.value)
            return low <= float(1 / (1 + np.exp(odds))) <= high
        return low <= self.target.value * float(np.exp(-self.log)) <= high

    @property
    def probit(self) -> float:
        """Aim less simulated on the probit scale, for shares."""
        return _probit(self.aim) - _probit(self.simulated.value)

    @property
    def logit(self) -> float:
        """Aim less simulated on the logit scale, for shares."""
        return _logit(self.aim) - _logit(self.simulated.value)

    @property
    def log(self) -> float:
        """Aim less simulated on the log scale, for times; what does not end while it is watched counts as far too long."""
        if not np.isfinite(self.simulated.value):
            return -0.5
        return float(np.log(self.aim / max(self.simulated.value, 1e-3)))


Turn = Callable[[Setting, str, list[Gap]], dict[str, float]]


def fit(setting: Setting, *, seed: int = SEED, rounds: int = ROUNDS, blocks: int = BLOCKS) -> Setting:
    """The setting with its fitted parameters moved to where the targets are met, as far as they can be.

    Args:
        setting: Where to start from.
        seed: Of the courses that are drawn.
        rounds: How often every knob is turned; the last rounds draw LAST_BLOCKS blocks where `blocks` is fewer.
        blocks: Blocks of 250 courses in the first rounds.
    """
    for number in range(rounds):
        many = max(blocks, LAST_BLOCKS) if number >= rounds - LAST_ROUNDS and blocks == BLOCKS else blocks
        courses = intended(setting, seed, many)
        setting = setting.with_values(_turned(setting, courses, gaps(setting, courses)))
    return setting


def gaps(setting: Setting, courses: Courses) -> list[Gap]:
    """Every target that is fitted, beside what the courses intend."""
    wanted = (one for one in targets(setting.id) if one.use == "fit")
    return [Gap(one, _aim(setting.id, one), intended_value(courses, one)) for one in wanted]


def intended_value(courses: Courses, target: Target) -> Measured:
    """The quantity of a target as intended.

    The Penn scale calls fluids, low-dose vasopressors and oxygen grade 3, which are grade 2 of what the model intends.
    """
    group = target.quantity.partition(".")[0]
    scale = f"{INTENDED}.icans" if group == "icans" else INTENDED
    if target.quantity == "crs.grade3" and target.scale == "penn-2018.crs":
        return share(courses.grades[scale].peak[courses.infused] >= 2)  # noqa: PLR2004  (see above)
    from_enrolment = target.time_zero == "enrolment"
    return measure(courses, target.quantity, target.denominator, scale, from_enrolment=from_enrolment)


def _aim(id: str, target: Target) -> float:
    """Published value less what observing and grading add, on the log-odds (shares) or log scale (times)."""
    shift = shown(id).get(target.quantity, 0.0)
    if target.is_share:
        return float(1 / (1 + np.exp(-(_logit(target.value) - shift))))
    return target.value * float(np.exp(-shift))


@cache
def shown(id: str) -> Mapping[str, float]:
    """By how much a graded quantity exceeds the intended one, log odds for shares and log for times, from data/shown.yaml."""
    file = resources.files("vein2vein.population").joinpath("data", "shown.yaml")
    found: Mapping[str, float] = (read_yaml(file).get("settings") or {}).get(id) or {}
    return found


def _turned(setting: Setting, courses: Courses, found: list[Gap]) -> dict[str, float]:
    """New values of all knobs that have a target."""
    values = _held(setting, courses)
    for name, (quantities, turn) in KNOBS.items():
        named = set(quantities) & set(setting.parameters[name].fitted_to)
        own = [gap for gap in found if gap.target.quantity in named]
        aims = [gap for gap in own if np.isfinite(gap.simulated.value + gap.aim)]
        late = [gap for gap in own if np.isinf(gap.simulated.value)]
        if setting.parameters[name].status == "fitted" and (aims or late):
            values.update(turn(setting, name, aims or late))
    return values


def share_of_grade4(courses: Courses, syndrome: str) -> Measured:
    """Grade 4 among the courses that reach grade 3, as intended."""
    peak = courses.grades[INTENDED if syndrome == "crs" else f"{INTENDED}.icans"].peak[courses.infused]
    return share(peak[peak >= _SEVERE] > _SEVERE)


def _held(setting: Setting, courses: Courses) -> dict[str, float]:
    """Severities of grade 4 that make the assumed share of grade 4 come true in the treated courses."""
    values = {}
    for name, wanted in HELD.items():
        found = share_of_grade4(courses, name.partition(".")[0])
        if setting.parameters[name].status != "fitted" or not np.isfinite(found.value):
            continue
        simulated = float(np.clip(found.value, 0.5 / found.n, 1 - 0.5 / found.n))
        step = np.log(np.log(setting.value(wanted)) / np.log(simulated))
        values[name] = 3 + float(np.clip((setting.value(name) - 3) * np.exp(_bounded(step)), 0.005, 30.0))
    return values


def _bounded(step: float) -> float:
    return float(np.clip(_DAMPING * step, -_MOST, _MOST))


def _mean(steps: list[float]) -> float:
    return _bounded(float(np.mean(steps)))


def _small(steps: list[float]) -> float:
    """A step of survival: where a curve is nearly level, a median jumps at a touch, and large steps would never settle."""
    return float(np.clip(_mean(steps), -_SMALL, _SMALL))


def _any(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    spread = setting.value(name.replace(".mu", ".sigma"))
    return {name: setting.value(name) + spread * _mean([gap.probit for gap in found])}


def _severe(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    """Mu and sigma: mu/sigma meets the share of any grade, the quantile of grade 3 then sets sigma."""
    group = name.partition(".")[0]
    middle, spread = setting.value(f"{group}.mu"), setting.value(name)
    by = {gap.target.quantity: gap for gap in found}
    severe = by.get(f"{group}.grade3")
    if severe is None:
        return {}
    ratio = middle / spread + (_bounded(by[f"{group}.any"].probit) if f"{group}.any" in by else 0.0)
    # Where the limit lies in units of the peak before treatment, judged by the present share
    limit = middle + spread * _probit(1 - severe.simulated.value)
    wanted = limit / max(ratio + _probit(1 - severe.aim), 0.15)
    new = float(np.clip(spread * np.exp(_bounded(np.log(max(wanted, 0.02) / spread))), 0.05, 6.0))
    return {f"{group}.mu": ratio * new, name: new}


def _limit(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    step = -_LIMIT_SLOPE * _mean([gap.probit for gap in found])
    return {name: float(np.clip(setting.value(name) * np.exp(step), 0.8, 8.0))}


def _time(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    return {name: float(np.clip(setting.value(name) * np.exp(_mean([gap.log for gap in found])), 0.2, 90.0))}


def _share(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    moved = _logit(setting.value(name)) + _mean([gap.logit for gap in found])
    return {name: float(1 / (1 + np.exp(-moved)))}


def _opposite_share(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    moved = _logit(setting.value(name)) - _mean([gap.logit for gap in found])
    return {name: float(1 / (1 + np.exp(-moved)))}


def _depth(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    moved = setting.value(name) * np.exp(0.1 * _mean([gap.logit for gap in found]))
    return {name: float(np.clip(moved, 0.1, 2.0))}


def _rate(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    """A yearly risk that adds to others: moved by what is missing, and by no more than it can give."""
    gap = found[0]
    missing = _DAMPING * (gap.aim - gap.simulated.value)
    return {name: float(np.clip(setting.value(name) + 0.7 * missing, 0.001, 0.2))}


def _survival_time(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    steps = [_SURVIVAL_SLOPE * gap.logit if gap.target.is_share else gap.log for gap in found]
    return {name: float(np.clip(setting.value(name) * np.exp(_small(steps)), 0.3, 240.0))}


def _lasting(setting: Setting, name: str, found: list[Gap]) -> dict[str, float]:
    """The cured fraction, from shares or from a median that is too short or too long."""
    steps = [gap.logit if gap.target.is_share else _SURVIVAL_SLOPE * gap.log for gap in found]
    moved = _logit(setting.value(name)) + _small(steps)
    return {name: float(np.clip(1 / (1 + np.exp(-moved)), 0.001, 0.98))}


_PROGRESSION: Final = ("outcome.pfs_12", "outcome.pfs_24", "outcome.pfs_48", "outcome.pfs_median_months")
# Which quantities may turn which parameter, in the order in which they are turned; the file of a setting says in `fitted_to`
# which of them do. Of two figures of progression the later one turns the cured fraction, the earlier one the pace.
KNOBS: Final[Mapping[str, tuple[tuple[str, ...], Turn]]] = {
    "way.apheresis_to_infusion_days_median": (("way.vein_to_vein_days", "way.enrolment_to_infusion_days"), _time),
    "way.made_not_given": (("way.infused_of_enrolled",), _opposite_share),
    "way.out_of_specification": (("way.out_of_specification",), _share),
    "crs.mu": (("crs.any",), _any),
    "crs.sigma": (("crs.any", "crs.grade3"), _severe),
    "crs.onset_days_median": (("crs.onset_days",), _time),
    "crs.duration_days_median": (("crs.duration_days",), _time),
    "icans.mu": (("icans.any",), _any),
    "icans.sigma": (("icans.any", "icans.grade3"), _severe),
    "icans.onset_days_median": (("icans.onset_days",), _time),
    "icans.duration_days_median": (("icans.duration_days",), _time),
    "care.tocilizumab_severity": (("care.tocilizumab",), _limit),
    "care.steroid_crs_severity": (("care.steroids", "care.steroids_for_crs"), _limit),
    "care.steroid_icans_severity": (("care.steroids", "care.steroids_for_icans"), _limit),
    "care.icu_severity": (("care.icu",), _limit),
    "counts.neutropenia_days_median": (("counts.severe_neutropenia_days",), _time),
    "care.anakinra_severity": (("care.anakinra",), _limit),
    "counts.nadir_depth": (("counts.neutropenia_grade3",), _depth),
    "outcome.other_non_relapse_12": (("outcome.nrm",), _rate),
    "outcome.complete_response": (("outcome.complete_response",), _share),
    "outcome.response": (("outcome.response",), _share),
    "outcome.cured_fraction": (_PROGRESSION, _lasting),
    "outcome.progression_months": (_PROGRESSION, _survival_time),
    "outcome.stable_months": (_PROGRESSION, _survival_time),
    "outcome.after_progression_months": (
        ("outcome.os_12", "outcome.os_24", "outcome.os_48", "outcome.os_median_months"),
        _survival_time,
    ),
}


def _probit(p: float) -> float:
    return _NORMAL.inv_cdf(min(max(p, _EDGE), 1 - _EDGE))


def _logit(p: float) -> float:
    p = min(max(p, _EDGE), 1 - _EDGE)
    return float(np.log(p / (1 - p)))


def write(setting: Setting, folder: Path) -> list[str]:
    """Put the fitted values into the file of the setting, one line each; everything else stays byte for byte.

    Returns:
        Names of the parameters whose value changed.
    """
    file = folder / (setting.id.replace("/", ".") + ".yaml")
    text = file.read_text(encoding="utf-8")
    changed = []
    for name in (*HELD, *KNOBS):
        one = setting.parameters[name]
        if one.status != "fitted" or name not in setting.own:
            continue
        pattern = re.compile(rf"^(  {re.escape(name)}: \{{value: )([^,]+)(,)", re.MULTILINE)
        new = pattern.sub(rf"\g<1>{setting.value(name):.4g}\g<3>", text, count=1)
        if new != text:
            changed.append(name)
        text = new
    file.write_text(text, encoding="utf-8")
    return changed
