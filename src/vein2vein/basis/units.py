"""Convert between UCUM units: the only place that knows a conversion factor.

Place    Floor 0. Read by intake, by worked cases of rule files and by exposures whose rates are given per kilogram.
In       UCUM unit strings such as "mg/dL", "10*9/L", "[degF]"; case matters, as UCUM says ("mg" is not "Mg").
Out      A scale and an offset, or a converted number.
Missing  A unit that does not parse or does not fit gives None, never a guess.
Knows    Temperatures have an offset; a molar mass joins mass and amount of substance. Three things that UCUM calls
         dimensionless are kept apart all the same: arbitrary units ([IU] is neither U nor 1), mass per mass (ug/kg/min
         is not /min), and the annotations {FEU} and {DDU} of D-dimer. All other annotations only remark.
Does not Decide which unit a bare number was meant in, or read local spellings (knowledge.spellings does).
Checked  tests/unit/basis/test_units.py
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import resources
from typing import Any, Final, TypeAlias

Affine: TypeAlias = tuple[float, float]

# UCUM ignores annotations; these two change what was measured by about a factor of two.
_MEANINGFUL: Final = ("FEU", "DDU")
_ANNOTATION: Final = re.compile(r"\{([^{}]*)\}")
# Units defined by an assay, such as [IU] and [arb'U]; UCUM calls each of them 1.
_ARBITRARY: Final = re.compile(r"\[([A-Za-z0-9'.]*[uU])\]")
# Digits of a scale that carry meaning; the rest is the noise of binary floating point.
_DIGITS: Final = 15


@lru_cache(maxsize=1)
def _ucum() -> tuple[Any, Callable[[str], Any]]:
    """A unit registry of our own that knows UCUM, and the parser that reads into it.

    The ready-made one of ucumvert parses into the application-wide registry of pint and cannot use the result itself.
    """
    # Slow to load, and only needed where units arrive.
    import pint  # noqa: PLC0415
    from ucumvert import UcumToPintTransformer, get_ucum_parser, parse_ucum  # noqa: PLC0415

    registry: Any = pint.UnitRegistry()
    with resources.as_file(resources.files("ucumvert") / "pint_ucum_defs.txt") as definitions:
        registry.load_definitions(definitions)
    parser, transformer = get_ucum_parser(), UcumToPintTransformer(ureg=registry)
    return registry, lambda unit: transformer.transform(parse_ucum(unit, parser))


@lru_cache(maxsize=4096)
def _quantity(unit: str) -> Any:
    """The pint quantity of one UCUM unit; None when it does not parse."""
    registry, read = _ucum()
    try:
        # An annotation alone, such as {score}, is the unit 1 with a remark; the parser gives back the bare text.
        if _ANNOTATION.fullmatch(unit):
            return registry.Quantity(1, "dimensionless")
        found = read(unit)
        return found if isinstance(found, registry.Quantity) else None
    except Exception:  # the parsers of two libraries raise many kinds; each means: cannot be used
        return None


def is_unit(unit: str) -> bool:
    """Whether the text is a UCUM unit (case-sensitive)."""
    return bool(unit) and unit.isascii() and _quantity(unit) is not None


@lru_cache(maxsize=4096)
def conversion(unit: str, to: str, molar_mass: float | None = None) -> Affine | None:
    """Scale and offset with which a value in `unit` becomes ``value * scale + offset`` in `to`.

    Args:
        unit: UCUM unit of the value.
        to: UCUM unit wanted.
        molar_mass: g/mol, which allows conversion between mass and amount of substance; None forbids it.

    Returns:
        None when one of the units does not parse or the two do not measure the same thing.
    """
    if _meaning(unit) != _meaning(to):
        return None
    if unit == to:
        return (1.0, 0.0) if is_unit(unit) else None
    if not (is_unit(unit) and is_unit(to)):
        return None
    source, target = _quantity(unit), _quantity(to)
    try:
        if source.dimensionality == target.dimensionality:
            return _affine(source, target) if _ratios(source) == _ratios(target) else None
        return None if molar_mass is None else _through_amount(source, target, molar_mass)
    except Exception:  # offset and logarithmic units refuse arithmetic in several ways
        return None


def conversions(units: Iterable[str], to: str, molar_mass: float | None = None) -> dict[str, Affine | None]:
    """Scale and offset for each distinct unit of a column, so that a table is converted by one join."""
    return {unit: conversion(unit, to, molar_mass) for unit in dict.fromkeys(units)}


def convert(value: float, unit: str, to: str, *, molar_mass: float | None = None) -> float | None:
    """`value` in `unit`, expressed in `to`; None when it cannot be converted."""
    found = conversion(unit, to, molar_mass)
    return None if found is None else value * found[0] + found[1]


def _meaning(unit: str) -> tuple[str, ...]:
    """What UCUM leaves out of a unit but a laboratory means by it."""
    notes = [note for note in _ANNOTATION.findall(unit) if note in _MEANINGFUL]
    return tuple(sorted(notes + [symbol.upper() for symbol in _ARBITRARY.findall(unit)]))


def _ratios(quantity: Any) -> frozenset[str]:
    """Dimensions that stand both above and below the stroke, such as mass in ug/kg/min."""
    signs: dict[str, set[bool]] = {}
    for name, exponent in quantity.unit_items():
        for dimension, power in quantity._REGISTRY.get_dimensionality(name).items():  # noqa: SLF001  (no public way)
            signs.setdefault(dimension, set()).add(exponent * power > 0)
    return frozenset(dimension for dimension, seen in signs.items() if seen == {True, False})


def _affine(source: Any, target: Any) -> Affine | None:
    """Scale and offset between two quantities of one dimension; None for units that are not linear (bel, pH)."""
    zero, one, two = (type(source)(float(n), source.units).to(target.units).magnitude for n in (0, 1, 2))
    if abs((two - one) - (one - zero)) > 1e-9 * abs(two - zero):
        return None
    if zero == 0:
        return _tidy(one * source.magnitude / target.magnitude), 0.0
    if source.magnitude != 1 or target.magnitude != 1:
        return None
    hundred = type(source)(100.0, source.units).to(target.units).magnitude
    return _tidy((hundred - zero) / 100.0), _tidy(zero)


def _through_amount(source: Any, target: Any, molar_mass: float) -> Affine | None:
    per_mole = _ucum()[0].Quantity(molar_mass, "g/mol")
    for bridge in (source * per_mole, source / per_mole):
        if bridge.dimensionality == target.dimensionality:
            return _tidy(float((bridge / target).to("dimensionless").magnitude)), 0.0
    return None


def _tidy(number: float) -> float:
    return float(f"{number:.{_DIGITS - 1}g}")
