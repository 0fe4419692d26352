"""Slips of a unit inside what is plausible: every factor in both directions, and what is no slip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from vein2vein.errors import Fault
from vein2vein.intake.slips import factors_of, known_slips, unit_slips
from vein2vein.knowledge.codes import observation_kind
from vein2vein.record.tables import OBSERVATIONS

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
USUAL = {"weight": 70.0, "height": 171.0, "creatinine": 0.9, "haemoglobin": 11.0, "platelets": 180.0}
CASES = [(kind, factor, power) for kind in known_slips().kinds for factor, _ in factors_of(kind) for power in (1, -1)]


def _frame(kind: str, values: Sequence[float], *, days: float = 1, **columns: object) -> pl.DataFrame:
    rows = [
        {
            "course_id": "A",
            "kind": kind,
            "value": value,
            "observed_at": START + timedelta(days=days * number),
            "usability": "ok",
            "source": f"labs.csv:{number + 1}",
            **columns,
        }
        for number, value in enumerate(values)
    ]
    return pl.DataFrame(rows, schema=dict(OBSERVATIONS))


def _warned(kind: str, values: Sequence[float], *, days: float = 1, **columns: object) -> tuple[Fault, ...]:
    return unit_slips([_frame(kind, values, days=days, **columns)])


def test_factors_come_from_the_units() -> None:
    found = {kind: [round(factor, 4) for factor, _ in factors_of(kind)] for kind in known_slips().kinds}
    assert found == {
        "weight": [2.2046, 10],
        "height": [2.54, 10],
        "creatinine": [10, 88.4017],
        "haemoglobin": [10],
        "platelets": [10, 1000],
    }
    assert dict(factors_of("haemoglobin"))[10.0] == "g/L and g/dL mistaken for one another"


@pytest.mark.parametrize(("kind", "factor", "power"), CASES)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_every_factor_is_noticed_in_both_directions(kind: str, factor: float, power: int, place: int) -> None:
    values = [USUAL[kind] * (1 + 0.02 * number) for number in range(7)]
    values[place] *= factor**power
    [fault] = _warned(kind, values)
    assert (fault.id, fault.count, fault.rows) == ("INTAKE-065", 1, (f"labs.csv:{place + 1}",))
    assert fault.saw.startswith(f"{values[place]:g} {observation_kind(kind).unit} for {kind} (")
    assert f"{factor:g} times its" in fault.saw if power > 0 else f"1/{factor:g} of its" in fault.saw
    assert fault.effect == "none: the value is used as it was sent"


def test_the_warning_names_the_neighbours_nearest_in_time() -> None:
    [fault] = _warned("weight", [70, 70.5, 154.3, 71, 71.5])
    assert (
        fault.saw
        == "154.3 kg for weight (Body weight) of course A, about 2.20462 times its neighbours: 70.5, 71, 70 kg"
    )
    assert fault.expected == "a value like those within 90 days, median 70.75 kg"
    assert "[lb_av] and kg mistaken" in fault.fix


@pytest.mark.parametrize(("ratio", "is_slip"), [(1.7, False), (1.9, True), (2.5, True), (2.6, False)])
def test_only_ratios_close_to_a_factor_count(ratio: float, *, is_slip: bool) -> None:
    assert bool(_warned("weight", [70, 70, 70 * ratio, 70, 70])) is is_slip


def test_of_two_values_alone_both_rows_are_named_once() -> None:
    [fault] = _warned("height", [171, 67.3])
    assert (fault.count, fault.rows) == (2, ("labs.csv:1", "labs.csv:2"))


def test_a_real_fall_is_no_slip() -> None:
    assert _warned("platelets", [210, 170, 120, 80, 45, 21, 14, 9, 8, 12, 25, 60]) == ()
    assert _warned("creatinine", [0.9, 1.4, 2.6, 4.8, 7.1, 9.0, 8.8]) == ()


def test_neighbours_too_few_or_too_far_say_nothing() -> None:
    assert _warned("creatinine", [0.4, 4]) == ()
    assert len(_warned("creatinine", [0.4, 4, 0.4], days=14)) == 1, "both limits of the window count"
    assert _warned("creatinine", [0.4, 4, 0.4], days=14.1) == ()


def test_other_courses_and_values_that_are_not_used_are_no_neighbours() -> None:
    assert _warned("weight", [70, 71, 7], usability="not-assessable") == ()
    assert _warned("weight", [70, 71, 7], comparator=">") == ()
    frame = _frame("weight", [70, 7]).with_columns(pl.Series("course_id", ["A", "B"]))
    assert unit_slips([frame]) == ()


def test_partitions_are_told_together_and_nothing_gives_nothing() -> None:
    first, second = _frame("weight", [70, 70, 7, 70]), _frame("platelets", [180, 170, 0.18, 175, 180])
    assert [fault.saw.split()[3] for fault in unit_slips([first, second])] == ["platelets", "weight"]
    assert unit_slips([]) == ()
    assert unit_slips([pl.DataFrame(schema=dict(OBSERVATIONS))]) == ()
