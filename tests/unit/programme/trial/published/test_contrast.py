"""Mixtures of two trials: the ends are the trials themselves, every parameter has a part, shares add up."""

from __future__ import annotations

import math

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.cell_trial import all_sets, shares_of
from vein2vein.programme.trial.endpoints import BELINDA, ZUMA_7
from vein2vein.programme.trial.published.contrast import DEFINITION, PARTS, Mixtures, contrast, part_of
from vein2vein.programme.trial.published.figures import SEED, Block
from vein2vein.programme.trial.published.files import trial_file

FIRST, SECOND = trial_file("zuma-7"), trial_file("belinda")
ALL = frozenset(PARTS)


@pytest.fixture(scope="module")
def mixtures() -> Mixtures:
    return Mixtures(FIRST, SECOND, 0)


def test_the_ends_are_the_two_trials(mixtures: Mixtures) -> None:
    assert mixtures.ratio(frozenset()) == Block(FIRST, SEED, 0).figure("efs.ratio")
    # the second trial with as many patients as the first
    other = SECOND.trial({"trial.patients": 359.0})
    assert mixtures.ratio(ALL) == Block(SECOND, SEED, 0, other).figure("efs.ratio")


def test_every_parameter_belongs_to_one_part() -> None:
    for name in {**FIRST.parameters, **SECOND.parameters}:
        assert (part_of(name) is None) == (name in {"trial.patients", "trial.ratio"}), name
    assert part_of("cells.wait.median") == "waiting"
    assert part_of("cells.bridging_ratio") == "bridging"
    assert part_of("control.second_response") == "switching in the control arm"
    assert part_of("control.response") == "control arm otherwise"
    assert part_of("trial.follow_up") == "follow-up and later deaths"


def test_a_mixture_takes_each_part_from_its_trial(mixtures: Mixtures) -> None:
    values = mixtures.values(frozenset({"waiting"}))
    assert values["cells.wait.median"] == 52
    assert values["cells.durable"] == FIRST.parameters["cells.durable"].value
    assert mixtures.ratio(frozenset({DEFINITION})) != mixtures.ratio(frozenset())
    assert (ZUMA_7.response_by, BELINDA.response_by) == (150, 84)


def test_shares_add_up_and_errors_come_from_blocks() -> None:
    parts = tuple(PARTS)
    weight = {part: 0.1 * (k + 1) for k, part in enumerate(parts)}
    tables = [{chosen: shift + sum(weight[p] * f for p in chosen) for chosen in all_sets(parts)}
              for shift, f in ((0.0, 1.0), (1.0, 2.0))]  # fmt: skip
    found = contrast(tables)
    for part in parts:
        assert found.parts[part].share == pytest.approx(1.5 * weight[part])
        assert found.parts[part].error == pytest.approx(0.5 * weight[part])
    assert math.log(found.second / found.first) == pytest.approx(1.5 * sum(weight.values()))
    assert found.parts[parts[0]].alone == pytest.approx(found.first * math.exp(1.5 * weight[parts[0]]))
    assert shares_of(tables[0], parts) == pytest.approx(weight)


def test_the_table_has_every_mixture(mixtures: Mixtures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixtures, "ratio", len)
    table = mixtures.table()
    assert len(table) == 2 ** len(PARTS)
    assert table[ALL] == len(PARTS)


def test_refusals() -> None:
    with pytest.raises(TrialError, match="the same kind"):
        Mixtures(FIRST, trial_file("karmma-3"), 0)
    with pytest.raises(TrialError, match="at least 2"):
        contrast([{}])
