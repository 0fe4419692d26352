"""Two made-up centres with their own units and reference limits; the limits are illustrative, not those of a laboratory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lab:
    """A laboratory value in the units of this file, and what is usual for it.

    Attributes:
        usual: Points (day, value) of an uneventful course, in the base unit.
        low: Lower reference limit in the base unit.
        high: Upper reference limit in the base unit.
        every: Drawn on every how many days.
        until: Last day on which it is drawn; None for all.
        digits: Decimals shown in the base unit.
    """

    usual: tuple[tuple[float, float], ...]
    low: float | None
    high: float | None
    every: int = 1
    until: float | None = None
    digits: int = 1


# Base units: counts 10^9/L, haemoglobin g/dL, CRP mg/L, ferritin ug/L, enzymes U/L, fibrinogen g/L, the rest mg/dL or mmol/L.
LABS = {
    "NEUT": Lab(((-5, 3.1), (-2, 2.4), (3, 1.6), (8, 1.4), (14, 1.9), (30, 2.6), (100, 3.0)), 1.8, 7.5, digits=2),
    "WBC": Lab(((-5, 5.0), (0, 1.6), (8, 2.0), (30, 4.0)), 4.0, 10.0, every=2),
    "PLT": Lab(((-5, 190), (7, 118), (30, 165)), 150, 400, digits=0),
    "HGB": Lab(((-5, 11.4), (10, 10.2), (30, 11.2)), 12.0, 16.0, every=2),
    "CRP": Lab(((-5, 6), (1, 8), (30, 4)), 0, 5),
    "FERR": Lab(((-5, 240), (30, 230)), 20, 300, every=2, digits=0),
    "LDH": Lab(((-5, 210), (30, 200)), 120, 250, every=2, digits=0),
    "AST": Lab(((-5, 24), (30, 22)), 5, 35, every=2, digits=0),
    "ALT": Lab(((-5, 22), (30, 24)), 5, 35, every=2, digits=0),
    "BILI": Lab(((-5, 0.6), (30, 0.6)), 0.1, 1.2, every=3, digits=2),
    "CREA": Lab(((-5, 0.82), (30, 0.84)), 0.5, 1.2, every=2, digits=2),
    "FIB": Lab(((-5, 3.2), (30, 3.0)), 1.8, 4.0, every=2),
    "URAT": Lab(((-5, 4.8), (8, 4.4)), 2.5, 7.0, until=8),
    "K": Lab(((-5, 4.1), (8, 4.0)), 3.5, 5.1, until=8),
    "PHOS": Lab(((-5, 1.10), (8, 1.05)), 0.8, 1.4, until=8, digits=2),
    "CA-CORR": Lab(((-5, 2.32), (8, 2.30)), 2.2, 2.6, until=8, digits=2),
}


@dataclass(frozen=True)
class Site:
    """A centre: its zone, and per code the unit it sends and the factor from the base unit."""

    name: str
    zone: str
    units: dict[str, tuple[str, float, int]]
    is_fahrenheit: bool = False

    def unit_of(self, code: str) -> str:
        """The unit as this centre writes it."""
        fixed = {"VS-SYS": "mmHg", "VS-PULS": "bpm", "VS-SPO2": "%"}
        if code == "VS-TEMP":
            return "deg F" if self.is_fahrenheit else "°C"
        return fixed.get(code) or self.units[code][0]

    def vital(self, code: str, value: float) -> str:
        """The number as this centre shows it; Fahrenheit where it measures so."""
        if code == "VS-TEMP":
            return f"{value * 9 / 5 + 32:.1f}" if self.is_fahrenheit else f"{value:.1f}"
        return f"{value:.0f}"

    def usual_of(self, code: str) -> tuple[tuple[float, float], ...]:
        """What is usual for a laboratory value, in its base unit."""
        return LABS[code].usual

    def lab(self, code: str, value: float) -> tuple[str, tuple[str, str]]:
        """Number and reference limits as this centre shows them; very low counts are sent as a limit."""
        _, factor, digits = self.units[code]
        lab = LABS[code]
        limits = tuple("" if limit is None else f"{limit * factor:.{digits}f}" for limit in (lab.low, lab.high))
        floor = 0.1 if code == "NEUT" else None
        shown = f"< {floor * factor:g}" if floor is not None and value < floor else f"{value * factor:.{digits}f}"
        return shown, (limits[0], limits[1])


SITES = {
    "north": Site(
        "made-up centre North",
        "Europe/Berlin",
        {
            "NEUT": ("G/L", 1, 2), "WBC": ("G/L", 1, 1), "PLT": ("G/L", 1, 0), "HGB": ("g/L", 10, 0), "CRP": ("mg/L", 1, 1),
            "FERR": ("µg/dL", 0.1, 1), "LDH": ("U/L", 1, 0), "AST": ("U/L", 1, 0), "ALT": ("U/L", 1, 0),
            "BILI": ("µmol/L", 17.104, 1), "CREA": ("µmol/L", 88.4, 0), "FIB": ("g/L", 1, 2), "URAT": ("µmol/L", 59.485, 0),
            "K": ("mmol/L", 1, 1), "PHOS": ("mmol/L", 1, 2), "CA-CORR": ("mmol/L", 1, 2),
        },
    ),
    "lake": Site(
        "made-up centre Lake",
        "America/Chicago",
        {
            "NEUT": ("cells/uL", 1000, 0), "WBC": ("K/uL", 1, 1), "PLT": ("K/uL", 1, 0), "HGB": ("g/dL", 1, 1),
            "CRP": ("mg/dL", 0.1, 2), "FERR": ("ng/mL", 1, 0), "LDH": ("U/L", 1, 0), "AST": ("U/L", 1, 0), "ALT": ("U/L", 1, 0),
            "BILI": ("mg/dL", 1, 2), "CREA": ("mg/dL", 1, 2), "FIB": ("mg/dL", 100, 0), "URAT": ("mg/dL", 1, 1),
            "K": ("mmol/L", 1, 1), "PHOS": ("mg/dL", 3.0974, 1), "CA-CORR": ("mg/dL", 4.0078, 1),
        },
        is_fahrenheit=True,
    ),
}  # fmt: skip
