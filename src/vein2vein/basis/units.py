"""Convert between UCUM units: the only place that knows a conversion factor.

Place    Floor 0. Read by intake, by worked cases of rule files and by exposures whose rates are given per kilogram.
In       UCUM unit strings such as "mg/dL", "10*9/L", "[degF]".
Out      A scale and an offset, or a converted number.
Missing  A unit that does not parse or does not fit gives None, never a guess.
Does not Decide which unit a bare number was meant in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # noqa: PLC0415  (slow to load; only needed where units arrive)

    return PintUcumRegistry()


@lru_cache(maxsize=4096)
def conversion(unit: str, to: str, molar_mass: float | None = None) -> tuple[float, float] | None:
    """Scale and offset with which a value in `unit` becomes ``value * scale + offset`` in `to`.

    Args:
        unit: UCUM unit of the value.
        to: UCUM unit wanted.
        molar_mass: g/mol, which allows conversion between mass and amount of substance; None forbids it.

    Returns:
        None when one of the units does not parse or the two do not measure the same thing.
    """
    if unit == to:
        return 1.0, 0.0
    registry = _registry()
    try:
        source, target = registry.from_ucum(unit), registry.from_ucum(to)
        zero = registry.Quantity(0.0, source.units) if source.magnitude == 1 else None
        if zero is not None and zero.units != target.units and source.check("[temperature]") and target.check("[temperature]"):
            low = registry.Quantity(0.0, source.units).to(target.units).magnitude
            high = registry.Quantity(100.0, source.units).to(target.units).magnitude
            return (high - low) / 100.0, low
        ratio = source / target
        if ratio.check("[]"):
            return float(ratio.to("dimensionless").magnitude), 0.0
        if molar_mass is None:
            return None
        per_mole = registry.Quantity(molar_mass, "g/mol")
        for bridge in (per_mole, 1 / per_mole):
            if (ratio * bridge).check("[]"):
                return float((ratio * bridge).to("dimensionless").magnitude), 0.0
    except Exception:  # noqa: BLE001  (the parsers of two libraries raise many kinds; each means: cannot be used)
        return None
    return None


def convert(value: float, unit: str, to: str, *, molar_mass: float | None = None) -> float | None:
    """`value` in `unit`, expressed in `to`; None when it cannot be converted."""
    found = conversion(unit, to, molar_mass)
    return None if found is None else value * found[0] + found[1]
