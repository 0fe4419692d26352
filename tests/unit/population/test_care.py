"""Care: who is given what and when, and what it changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vein2vein.errors import SimulationError
from vein2vein.population.blocks import Block
from vein2vein.population.care import draw_acute
from vein2vein.population.parameters import setting
from vein2vein.population.patients import draw_patients
from vein2vein.population.protocols import Protocol, protocol, protocol_ids
from vein2vein.population.severity import Natural
from vein2vein.population.states import Acute
from vein2vein.population.way import draw_way

DAYS = 30
CARE = {
    "care.tocilizumab_severity": 2.0, "care.steroid_crs_severity": 3.0, "care.steroid_icans_severity": 3.0,
    "care.icu_severity": 3.0, "care.stay_days_median": 10.0, "crs.tocilizumab_effect": 0.5, "crs.steroid_effect": 0.8,
    "icans.steroid_effect": 0.6, "care.lag_hours": 2.0, "crs.fatal_at_grade4": 0.3, "crs.grade4_severity": 4.0,
    "icans.grade4_severity": 4.0,
}  # fmt: skip


def _natural(block: Block, peak: float, start: float = 48.0, length: float = 168.0) -> Natural:
    one = np.ones(block.n)
    return Natural(u=one, peak=peak * one, onset=start * one, top=(start + 24) * one, falls=(start + 48) * one,
                   ends=(start + length) * one)  # fmt: skip


def _acute(crs: float, icans: float, plan: Protocol, number: int = 0) -> tuple[Block, Acute]:
    block = Block(1, number, setting("axi-cel").with_values(CARE))
    patients = draw_patients(block)
    way = replace(draw_way(block, patients), infused=np.full(block.n, 24.0 * 30))
    return block, draw_acute(block, patients, way, _natural(block, crs), _natural(block, icans, 96.0), plan, DAYS)


def test_nobody_is_treated_below_the_limits() -> None:
    _, acute = _acute(1.9, 1.9, protocol("reference"))
    assert set(acute.given.agent) == {"paracetamol"}
    assert acute.crs_grade.max() == 1
    assert np.isnan(acute.icu_from).all()


def test_tocilizumab_is_given_after_its_limit_is_passed_and_lowers_the_grade_not_the_length() -> None:
    block, treated = _acute(2.9, 0.5, protocol("reference"))
    _, untreated = _acute(2.9, 0.5, protocol("none"))
    doses = treated.given.of("tocilizumab")
    assert np.unique(doses.course).size == block.n
    assert (doses.hour >= 48 + 24 * np.log(2) / np.log(2.9)).all()
    assert doses.dose.max() <= 800
    assert set(doses.stream) == {"anticytokine"}
    assert treated.crs_severity.max(axis=1).mean() < untreated.crs_severity.max(axis=1).mean()
    assert ((treated.crs_severity >= 1) == (untreated.crs_severity >= 1)).all()
    late = treated.crs_grade[:, 48 + 80]
    assert (late < untreated.crs_grade[:, 48 + 80]).all()


def test_doses_keep_their_distance_and_number() -> None:
    _, acute = _acute(8.0, 0.5, protocol("reference"))
    doses = acute.given.of("tocilizumab")
    for course in np.unique(doses.course)[:20]:
        hours = np.sort(doses.hour[doses.course == course])
        assert len(hours) <= 3
        assert (np.diff(hours) >= 8).all()


def test_steroids_for_neurotoxicity_are_given_until_it_is_over() -> None:
    block, acute = _acute(1.5, 3.5, protocol("reference"))
    doses = acute.given.of("dexamethasone")
    assert np.unique(doses.course).size == block.n
    there = (acute.crs_grade >= 1) | (acute.icans_grade >= 1)
    last_sign = there.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    last_dose = np.array([doses.hour[doses.course == course].max() for course in range(block.n)])
    assert (last_dose <= last_sign + 1 + 24).all()
    assert (last_dose > last_sign + 1 + 24 - 6).all()
    assert len(acute.given.of("tocilizumab").course) == 0
    assert set(doses.reason) == {"icans"}
    _, other = _acute(3.5, 0.5, protocol("reference"))
    assert set(other.given.of("dexamethasone").reason) == {"crs"}


def test_intensive_care_and_discharge_follow_the_severity() -> None:
    _, acute = _acute(1.5, 3.5, protocol("none"))
    need = np.flatnonzero(acute.icans_severity[0] >= 3)
    assert acute.icu_from[0] == need[0]
    assert acute.icu_until[0] == need[-1] + 1 + 12
    there = (acute.crs_grade >= 1) | (acute.icans_grade >= 1)
    last_sign = there.shape[1] - there[:, ::-1].argmax(axis=1)
    stays = ~np.isnan(acute.discharged)
    assert (acute.discharged[stays] >= last_sign[stays] + 24).all()
    assert (acute.discharged[stays] % 24 == 0).all()


def test_some_of_those_who_reach_grade_4_die_of_it() -> None:
    drawn = [_acute(6.0, 0.5, protocol("none"), number)[1] for number in range(4)]
    died = np.concatenate([one.died for one in drawn])
    assert (~np.isnan(died)).mean() == pytest.approx(0.3, abs=0.06)
    causes = np.concatenate([one.died_of for one in drawn])
    assert {cause for cause in causes if cause} == {"crs"}
    assert np.nanmin(died) > 48


def test_grade_4_once_reached_is_held_for_some_hours() -> None:
    block, held = _acute(0.5, 4.2, protocol("none"))
    longer = block.parameter("icans.grade4_longer_hours")
    curve = np.exp(np.minimum(np.log(4.2), (np.arange(held.hours) - 96) * np.log(4.2) / 24))
    assert (held.icans_grade == 4).sum(axis=1).mean() > longer
    first = np.argmax(held.icans_grade == 4, axis=1)
    assert (first == np.argmax(curve >= 4)).all()


def test_who_is_not_infused_has_no_syndrome() -> None:
    block = Block(1, 0, setting("axi-cel"))
    patients = draw_patients(block)
    way = draw_way(block, patients)
    acute = draw_acute(block, patients, way, _natural(block, 3.0), _natural(block, 3.0), protocol("reference"), DAYS)
    out = ~way.is_infused
    assert out.any()
    assert acute.crs_grade[out].max() == 0
    assert not set(acute.given.course) & set(np.flatnonzero(out))


def test_protocols_are_read_and_an_unknown_one_is_named() -> None:
    assert protocol_ids() == ("early", "none", "reference")
    assert all(protocol(id).status == "assumption" for id in protocol_ids())
    with pytest.raises(SimulationError, match="expected  one of early, none, reference"):
        protocol("erly")
    _, early = _acute(2.9, 0.5, protocol("early"))
    _, later = _acute(2.9, 0.5, protocol("reference"))
    assert early.given.of("tocilizumab").hour.min() <= later.given.of("tocilizumab").hour.min()
    assert len(early.given.of("dexamethasone").course) > len(later.given.of("dexamethasone").course)
