"""Decide once per kind and unit how values are converted, or why they cannot be.

Place    Floor 3. Used by `canonical`: a table of distinct pairs is joined to the rows.
In       Kinds of the code files and units as sent.
Out      Type, scale, offset, decimals, plausible limits, the UCUM unit that was understood, or the id of the trouble.
Missing  No unit is trouble unless the kind is a bare score, a grade or a ratio.
Checked  tests/unit/intake/test_unit_table.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import polars as pl

from vein2vein.basis.units import conversion
from vein2vein.errors import Fault
from vein2vein.knowledge import codes
from vein2vein.knowledge.codes import ObservationKind
from vein2vein.knowledge.spellings import doubt_about, ucum_of

UNUSABLE: Final = "INTAKE-012"
MISSING: Final = "INTAKE-013"
AMBIGUOUS: Final = "INTAKE-014"

UNIT_TABLE: Final[Mapping[str, Any]] = {
    "kind": pl.String,
    "unit": pl.String,
    "type": pl.String,
    "scale": pl.Float64,
    "offset": pl.Float64,
    "decimals": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "unit_trouble": pl.String,
}
# How often a slip of the unit multiplies a value, from the commonest.
_SLIPS: Final = (10.0, 0.1, 1000.0, 0.001)
_FAHRENHEIT: Final = "read as degrees Fahrenheit"
_USUAL: Final = (
    "mg/L", "mg/dL", "g/L", "g/dL", "ug/L", "ng/mL", "ug/mL", "pg/mL", "ng/L", "umol/L", "mmol/L", "nmol/L", "U/L",
    "10*9/L", "10*3/uL", "/uL", "Cel", "[degF]", "mm[Hg]", "kPa", "%", "/min", "L/min", "kg", "[lb_av]", "cm", "[in_i]",
    "ug/mL{FEU}", "mg/L{FEU}", "ug/mL{DDU}", "s", "mL", "mg", "ug/kg/min", "ug/min", "U/min",
)  # fmt: skip


def unit_table(pairs: Iterable[tuple[str, str | None]]) -> list[tuple[Any, ...]]:
    """One row of `UNIT_TABLE` for each pair of a known kind and a unit as sent."""
    return [_row(kind, unit) for kind, unit in pairs]


def _row(name: str, unit: str | None) -> tuple[Any, ...]:
    kind = codes.observation_kind(name)
    if kind.type != "number":
        return (name, unit, kind.type, None, None, None, None, None, None)
    limits = kind.plausible or (None, None)
    found = understood(kind, unit)
    if isinstance(found, str):
        return (name, unit, kind.type, None, None, kind.decimals, *limits, found)
    return (name, unit, kind.type, *found, kind.decimals, *limits, None)


def understood(kind: ObservationKind, unit: str | None) -> tuple[float, float] | str:
    """Scale and offset of a unit as sent for a kind, or the id of what is wrong with it."""
    canonical = str(kind.unit)
    if unit is None or not unit.strip():
        return (1.0, 0.0) if is_bare(canonical) else MISSING
    ucum = ucum_of(unit)
    if ucum is None:
        return AMBIGUOUS if doubt_about(unit) else UNUSABLE
    if ucum in kind.ambiguous_units:
        return AMBIGUOUS
    return conversion(kind.accepted_as.get(ucum, ucum), canonical, kind.molar_mass) or UNUSABLE


def is_bare(unit: str) -> bool:
    """Whether a value of this unit is understood without one: a score, a grade, a count, a ratio."""
    return unit == "1" or (unit.startswith("{") and unit.endswith("}"))


@lru_cache(maxsize=512)
def usable_units(name: str) -> tuple[str, ...]:
    """Usual units that can be converted for a kind, the canonical one first."""
    kind = codes.observation_kind(name)
    fitting = (unit for unit in _USUAL if not isinstance(understood(kind, unit), str))
    return tuple(dict.fromkeys([str(kind.unit), *fitting]))


def unit_fault(name: str, unit: str | None, trouble: str) -> Fault:
    """The fault of one kind and unit, without rows."""
    kind = codes.observation_kind(name)
    label = f"{name} ({kind.label['en']})"
    expected = f"one of {', '.join(usable_units(name))}"
    effect = "the values are kept as not assessable; nothing is computed from them"
    if trouble == MISSING:
        fix = f"declare the unit of {name} in the mapping file, or send it with every row"
        return Fault(MISSING, f"no unit for {label}", expected, fix, effect)
    if trouble == AMBIGUOUS:
        why = doubt_about(unit or "") or kind.note or "laboratories use it for two different quantities"
        fix = "ask the laboratory which quantity is meant, and map the unit in the mapping file"
        return Fault(AMBIGUOUS, f"{unit!r} for {label}: {why}", expected, fix, effect)
    fix = f"map {unit!r} in the mapping file, or ask the laboratory which unit is meant"
    return Fault(UNUSABLE, f"{unit!r} for {label}", expected, fix, effect)


def slip_column() -> pl.Expr:
    """Which slips of the unit would make a value plausible (columns kind, value_out, low, high); null for none."""
    in_celsius = [name for name, kind in codes.observations().items() if kind.unit == "Cel"]
    celsius = (pl.col("value_out") - 32) * 5 / 9
    found = [_label(pl.col("kind").is_in(in_celsius) & celsius.is_between(pl.col("low"), pl.col("high")), _FAHRENHEIT)]
    for factor in _SLIPS:
        # Zero fits every factor and therefore says nothing.
        fits = (pl.col("value_out") != 0) & (pl.col("value_out") * factor).is_between(pl.col("low"), pl.col("high"))
        found.append(_label(fits, f"{factor:g} times" if factor >= 1 else f"1/{1 / factor:g} of"))
    return pl.concat_str(found, separator=" or ", ignore_nulls=True).replace("", None)


def _label(condition: pl.Expr, text: str) -> pl.Expr:
    return pl.when(condition).then(pl.lit(text))


def implausible_fault(group: Mapping[str, Any]) -> Fault:
    """INTAKE-015 for one kind, unit and slip (keys kind, unit, slip, value, low, high), without rows."""
    kind = codes.observation_kind(group["kind"])
    fix = "correct the values at the source"
    if group["slip"] is not None:
        fix = f"look for a slip of the unit: {group['slip']} the value would be plausible; nothing was changed"
    return Fault(
        "INTAKE-015",
        saw=f"{group['value']!s} {group['unit'] or ''}".rstrip() + f" for {group['kind']} ({kind.label['en']})",
        expected=f"{group['low']:g} to {group['high']:g} {kind.unit}",
        fix=fix,
        effect="the values are kept as not assessable; nothing is computed from them",
    )
