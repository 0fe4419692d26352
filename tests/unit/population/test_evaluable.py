"""Who cannot be evaluated has no assessment of response; tables and intentions agree on who that is."""

from __future__ import annotations

import numpy as np
import pytest

from vein2vein.engine.grade import grade_cohort
from vein2vein.population.blocks import Block
from vein2vein.population.evaluable import ASSESSED
from vein2vein.population.intended import Drawn, courses_of
from vein2vein.population.measure import measure
from vein2vein.population.parameters import setting
from vein2vein.population.simulate import task_of
from vein2vein.population.tabled import courses_of as tabled_courses
from vein2vein.record.cohort import Cohort

ID = "liso-cel/lbcl-3l"


def test_tables_and_intentions_agree() -> None:
    task = task_of(ID, seed=4, days=5)
    agree = some = 0
    for number in range(3):
        made, meant = task.block(number)
        cohort = Cohort.of(**made.frames())
        tabled = tabled_courses(cohort, grade_cohort(cohort, ["astct-2019.crs"], threads=1))
        block = Block(4, number, task.setting)
        known = courses_of(
            Drawn(block, meant.patients, meant.way, meant.acute, meant.after.counts, meant.after.outcome)
        )
        infused = tabled.infused
        agree += int((tabled.evaluable == known.evaluable)[infused].sum())
        some += int(infused.sum())
        of_evaluable = measure(tabled, "outcome.response", "evaluable", None, from_enrolment=False)
        of_infused = measure(tabled, "outcome.response", "infused", None, from_enrolment=False)
        assert of_evaluable.n < of_infused.n == infused.sum()
        assert of_evaluable.value > of_infused.value
        never = cohort.courses["course_id"].filter(infused & ~known.evaluable)
        rows = cohort.observations.filter(cohort.observations["course_id"].is_in(never.implode()))
        assert never.len() > 0
        assert not set(rows["kind"]) & set(ASSESSED)
    assert agree > 0.99 * some


def test_the_share_is_that_of_the_setting_and_everybody_elsewhere() -> None:
    found = []
    for number in range(12):
        block = Block(4, number, setting(ID))
        found.append(block.stream("outcome/evaluable").random(block.n) < block.parameter("outcome.evaluable"))
    assert np.concatenate(found).mean() == pytest.approx(256 / 269, abs=0.012)
    assert setting("axi-cel/lbcl-3l").value("outcome.evaluable") == 1
