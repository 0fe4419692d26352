"""Local spellings of units, and the UCUM unit that is meant, as data.

Place    Floor 1. Read by intake where units arrive.
In       knowledge/data/codes/unit_spellings.yaml, whose head says the order of look-up and the rule of case.
Out      `ucum_of("10^9/L")` is "10*9/L".
Missing  A spelling that is neither in the file nor UCUM, or that has two meanings, gives None.
Does not Look at the kind of the observation: that a unit is wrong for a kind is decided where it is converted.
Checked  tests/unit/knowledge/test_codes_spellings.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from vein2vein.basis.data_files import package_yaml
from vein2vein.basis.units import is_unit

_LOOK_ALIKES = str.maketrans(
    {
        "µ": "u", "μ": "u", "×": "x", "✕": "x", "−": "-", "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5",
        "⁶": "6", "⁷": "7", "⁸": "8", "⁹": "9", "／": "/", "％": "%", "\u00a0": " ", "º": "°", "℃": "°C", "℉": "°F",
    }
)  # fmt: skip
_POWER = re.compile("10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")


@dataclass(frozen=True, slots=True)
class Spellings:
    """The three lists of the file; see its head."""

    exact: dict[str, str]
    any_case: dict[str, str]
    doubtful: dict[str, str]


@cache
def spellings() -> Spellings:
    """All spellings, `any_case` in every case in which it is accepted."""
    raw = package_yaml("vein2vein.knowledge", "data", "codes", "unit_spellings.yaml")
    any_case: dict[str, str] = {}
    for spelling, unit in raw["any_case"].items():
        for form in (spelling, spelling.upper(), spelling.lower()):
            any_case.setdefault(plain(form), unit)
    return Spellings(
        exact={plain(k): v for k, v in raw["exact"].items()}, any_case=any_case, doubtful=dict(raw["doubtful"])
    )


def plain(spelling: str) -> str:
    """The spelling without blanks at its ends and with look-alike signs made plain; case stays."""
    power = _POWER.sub(lambda found: f"10^{found[1]}", spelling)
    return power.translate(_LOOK_ALIKES).replace("° ", "°").strip()


@lru_cache(maxsize=4096)
def ucum_of(spelling: str) -> str | None:
    """The UCUM unit behind a spelling; None when it is unknown, doubtful or empty."""
    known = spellings()
    text = plain(spelling)
    if not text or text in known.doubtful:
        return None
    found = known.exact.get(text) or known.any_case.get(text)
    if found:
        return found
    return text if is_unit(text) else None


def doubt_about(spelling: str) -> str | None:
    """Why a spelling is never read; None when nothing speaks against it."""
    return spellings().doubtful.get(plain(spelling))
