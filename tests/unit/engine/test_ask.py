"""Questions to a timeline at one instant, outside any rule set."""

from __future__ import annotations

from builders import a_patient
from vein2vein.engine.plain.ask import Questions
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange

CREATININE = Latest(take="latest", observation="creatinine", holds_hours=24)


def test_an_answer_comes_with_its_rows_and_without_later_ones() -> None:
    patient = a_patient("A", days=5).with_value("creatinine", 1, 0.9).with_value("creatinine", 1.5, 2.0)
    asked = Questions(patient.built(), patient.at(1.2)).ask_all({"creatinine": CREATININE})["creatinine"]
    assert asked.value == NumberRange(0.9, 0.9)
    assert [row.value for row in asked.rows] == [0.9]


def test_a_value_that_no_longer_holds_is_missing() -> None:
    patient = a_patient("A", days=5).with_value("creatinine", 1, 0.9)
    asked = Questions(patient.built(), patient.at(2)).ask(CREATININE)
    assert asked.value == ANY_NUMBER
    assert asked.rows == ()
