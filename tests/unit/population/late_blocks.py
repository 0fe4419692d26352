"""Blocks drawn up to the end of the acute course, for the tests of what follows it."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.care import draw_acute
from vein2vein.population.kinetics import draw_kinetics
from vein2vein.population.laboratory import Laboratory, draw_laboratory
from vein2vein.population.parameters import setting
from vein2vein.population.patients import draw_patients
from vein2vein.population.protocols import protocol
from vein2vein.population.severity import draw_crs, draw_icans
from vein2vein.population.states import Acute, Floats, Kinetics, Patients, Way
from vein2vein.population.way import draw_way

DAYS = 60


class Upstream:
    """What is drawn before the laboratory."""

    def __init__(self, number: int = 0, seed: int = 5, name: str = "axi-cel") -> None:
        self.block = Block(seed, number, setting(name))
        self.patients: Patients = draw_patients(self.block)
        self.way: Way = draw_way(self.block, self.patients)
        self.kinetics: Kinetics = draw_kinetics(self.block)
        crs = draw_crs(self.block, self.patients, self.kinetics)
        icans = draw_icans(self.block, self.patients, self.kinetics, crs)
        self.acute: Acute = draw_acute(self.block, self.patients, self.way, crs, icans, protocol("reference"), DAYS)

    def with_parameters(self, **values: float) -> Upstream:
        """The same courses under other parameters of the laboratory; double underscores stand for points."""
        changed = object.__new__(Upstream)
        changed.__dict__.update(self.__dict__)
        names = {name.replace("__", "."): value for name, value in values.items()}
        changed.block = replace(self.block, setting=self.block.setting.with_values(names))
        return changed

    def laboratory(self) -> Laboratory:
        """What follows."""
        return draw_laboratory(self.block, self.patients, self.way, self.kinetics, self.acute)


@cache
def upstream(number: int = 0, name: str = "axi-cel") -> Upstream:
    """A block, drawn once for all tests."""
    return Upstream(number, name=name)


@cache
def drawn(number: int = 0, name: str = "axi-cel") -> Laboratory:
    """The laboratory of a block, drawn once for all tests."""
    return upstream(number, name).laboratory()


def hematotox(patients: Patients) -> Floats:
    """CAR-HEMATOTOX before lymphodepletion (Rejeski 2021), ties in the better class."""
    return np.asarray(
        (patients.platelets < 175) * 1.0
        + (patients.platelets < 75)
        + (patients.neutrophils < 1.2)
        + (patients.haemoglobin < 9.0)
        + (patients.crp > 30)
        + (patients.ferritin >= 650)
        + (patients.ferritin > 2000)
    )


def same(one: object, other: object) -> bool:
    """Whether two frozen dataclasses of arrays hold the same."""
    for field in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            equal = bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
        elif isinstance(a, dict):
            equal = all(np.array_equal(a[k], b[k]) for k in a)
        else:
            equal = same(a, b)
        if not equal:
            return False
    return True
