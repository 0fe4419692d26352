"""Every parameter of the files is read by a module, and everything that a module reads is in the files of every setting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from vein2vein.population.assemble import assemble
from vein2vein.population.blocks import Block
from vein2vein.population.course import draw_course
from vein2vein.population.fit import HELD
from vein2vein.population.parameters import Parameter, setting, setting_ids
from vein2vein.population.protocols import protocol, protocol_ids

# Read by people, pages and the fit (the assumed shares of grade 4), not by a module that draws.
NOT_DRAWN = {"kinetics.unit", *HELD.values()}


class Asked(dict[str, Parameter]):
    """Parameters that remember which of them were asked for."""

    def __init__(self, parameters: dict[str, Parameter]) -> None:
        super().__init__(parameters)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> Parameter:
        self.names.add(name)
        return super().__getitem__(name)


def _asked(id: str, protocols: tuple[str, ...]) -> set[str]:
    """Names that are read while one block of the setting is drawn and made into tables."""
    parameters = Asked(dict(setting(id).parameters))
    block = Block(1, 0, replace(setting(id), parameters=parameters))
    for name in protocols:
        drawn, meant = draw_course(block, protocol(name), 30)
        assemble(block, meant.patients, meant.way, drawn, date(2025, 1, 1))
    return parameters.names


@pytest.fixture(scope="module")
def asked() -> dict[str, set[str]]:
    return {id: _asked(id, protocol_ids() if id == "axi-cel/lbcl-3l" else ("reference",)) for id in setting_ids()}


def test_every_parameter_is_read_by_some_module(asked: dict[str, set[str]]) -> None:
    known = set().union(*(setting(id).parameters for id in setting_ids()))
    assert sorted(known - set().union(*asked.values()) - NOT_DRAWN) == []


def test_what_is_read_in_one_setting_is_there_in_all(asked: dict[str, set[str]]) -> None:
    read = set().union(*asked.values())
    for id in setting_ids():
        assert sorted(read - set(setting(id).parameters)) == [], id
