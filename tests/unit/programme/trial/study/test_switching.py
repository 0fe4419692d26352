"""Switching from a file: estimators are those of the calls (acceptance), and what cannot be is refused."""

from __future__ import annotations

from typing import Any

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.analyses import analysed
from vein2vein.programme.trial.study.findings import Findings

HEAD = "arm,time,event,crossover,follow_up,eligible,z\n"


def row(i: int) -> str:
    arm, switched = "experimental" if i % 2 else "control", i % 4 == 0
    return f"{arm},{3 + i * 7 % 23}.5,{int(i % 5 > 0)},{'2,30,1' if switched else ',30,'},{i % 3}"


DATA = HEAD + "\n".join(row(i) for i in range(60)) + "\n"


def found(data: str = DATA, **more: Any) -> Findings:
    return analysed({"design": "treatment-switching", "methods": ["rpsft"]} | more, data)


def test_only_the_methods_that_were_asked_for_are_told() -> None:
    one = found()
    assert [row[0] for row in one.grid("effect, experimental to control").rows] == [
        "as randomised", "RPSFT", "ended at crossover, no weights"]  # fmt: skip
    assert one.grid("patients").rows[1] == ("control", 30, 24, 15)
    assert set(one.parameters) == {"methods", "recensor", "reach", "level"}


def test_weights_without_covariates_say_what_they_assume() -> None:
    data = DATA.replace(",30,,", ",30,1,")
    one = found(data, methods=["ipcw"], level=0.9)
    assert one.notes == ("IPCW without covariates takes switching to depend on nothing else than eligibility and time",)
    assert one.grid("effect, experimental to control").heads[2] == "90% from"
    assert set(one.parameters) == {"methods", "covariates", "level"}


@pytest.mark.parametrize(
    ("data", "more", "said"),
    [
        (DATA, {"methods": []}, "each once"),
        (DATA, {"methods": ["rpsft", "rpsft"]}, "each once"),
        (DATA, {"methods": ["other"]}, "'ipcw'"),
        (DATA, {"covariates": ["z"]}, "covariates for ipcw only"),
        (DATA, {"level": 1}, "between 0 and 1"),
        (DATA, {"reach": -1}, "a number above 0"),
        (DATA.replace("control,", "standard,"), {}, "experimental or control"),
        (DATA.replace(",30,", ",,", 1), {}, "no follow_up in row 1"),
        (DATA.replace(",2,30,1,", ",,30,,"), {}, "nobody who switched"),
        (DATA.replace(",2,30,1,", ",0.5,30,1,", 1), {}, "before a patient could cross over"),
    ],
)
def test_what_cannot_be_is_refused(data: str, more: dict[str, Any], said: str) -> None:
    with pytest.raises(TrialError) as caught:
        found(data, **more)
    assert said in str(caught.value)
