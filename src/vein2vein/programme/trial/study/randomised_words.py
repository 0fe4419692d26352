"""How a design file names spending functions, classical boundaries and tests.

Place    Programme, trial, study. Read by `randomised` and `cells`.
Out      `Spending` functions, shapes of classical boundaries and weights of log-rank tests.
Checked  tests/unit/programme/trial/study/test_randomised.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vein2vein.programme.trial.randomised.log_rank import LOG_RANK, FlemingHarrington, ModestlyWeighted, Weight
from vein2vein.programme.trial.randomised.maxcombo import STRAW_MAN
from vein2vein.programme.trial.randomised.sequential import WangTsiatis
from vein2vein.programme.trial.randomised.spending import (
    HwangShihDeCani,
    OBrienFlemingLike,
    PocockLike,
    PowerFamily,
    Spending,
)
from vein2vein.programme.trial.study.reading import made, refuse

SPENDING: Final = ("obrien-fleming", "pocock", "{power: 3}", "{hwang: -4}")

_CLASSICAL: Final[Mapping[float, tuple[str, str]]] = {
    0.0: ("obrien-fleming", "O'Brien and Fleming 1979, Biometrics 35:549"),
    0.5: ("pocock", "Pocock 1977, Biometrika 64:191"),
}
_FAMILY: Final = "Wang and Tsiatis 1987, Biometrics 43:193"


def read_boundaries(value: Any) -> WangTsiatis:
    """Classical boundaries by their name, or by the delta of Wang and Tsiatis.

    Raises:
        TrialError: TRIAL-005 for a name that is not known, TRIAL-002 for a delta that cannot be.
    """
    for delta, (name, _) in _CLASSICAL.items():
        if value == name:
            return WangTsiatis(delta)
    if isinstance(value, Mapping) and set(value) == {"wang-tsiatis"}:
        delta = value["wang-tsiatis"]
        if isinstance(delta, (int, float)) and not isinstance(delta, bool):
            return WangTsiatis(float(delta))
    return refuse(
        f"boundaries {value!r}",
        "obrien-fleming, pocock or {wang-tsiatis: 0.25}",
        "choose one of them, or a `spending` function instead",
    )


def source_of(shape: WangTsiatis) -> str:
    """The paper of classical boundaries."""
    return _CLASSICAL[shape.delta][1] if shape.delta in _CLASSICAL else _FAMILY


def read_spending(value: Any) -> Spending:
    """A spending function by its name.

    Raises:
        TrialError: TRIAL-005 for a name that is not known.
    """
    if value == "obrien-fleming":
        return OBrienFlemingLike()
    if value == "pocock":
        return PocockLike()
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, number),) = value.items()
        if name in {"power", "hwang"} and isinstance(number, (int, float)) and not isinstance(number, bool):
            return PowerFamily(float(number)) if name == "power" else HwangShihDeCani(float(number))
    return refuse(f"spending {value!r}", f"one of {', '.join(SPENDING)}", "choose one of them")


def read_weights(value: Any) -> tuple[Weight, ...]:
    """The test by its name, or by its weight.

    Raises:
        TrialError: TRIAL-005 for a name that is not known, TRIAL-002 for a weight that cannot be.
    """
    if value == "log-rank":
        return (LOG_RANK,)
    if value == "maxcombo":
        return STRAW_MAN
    if isinstance(value, Mapping) and set(value) == {"maxcombo"}:
        return _several(value["maxcombo"])
    if isinstance(value, Mapping) and "t_star" in value:
        return (made(ModestlyWeighted, value, "the test"),)
    if isinstance(value, Mapping):
        return (made(FlemingHarrington, value, "the test"),)
    return refuse(
        f"test {value!r}",
        "log-rank, maxcombo, {maxcombo: [...]}, {rho: 0, gamma: 1} or {t_star: 6}; in group-sequential also rmst and "
        "milestone, with tau",
        "choose one of them",
    )


def _several(values: Any) -> tuple[Weight, ...]:
    """The weights of a MaxCombo of one's own, at least two and each once."""
    listed = values if isinstance(values, list) else []
    found = tuple(read_weights(one)[0] for one in listed if isinstance(one, Mapping) and "maxcombo" not in one)
    if len(found) != len(listed) or len(set(found)) != len(found) or len(found) < 2:  # noqa: PLR2004
        refuse(
            f"maxcombo {values!r}", "at least two weights, each once", "write [{rho: 0, gamma: 0}, {rho: 0, gamma: 1}]"
        )
    return found
