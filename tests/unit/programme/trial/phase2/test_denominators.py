"""Denominators side by side: the responders stay, the patients change."""

from __future__ import annotations

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.phase2.denominators import Flow, Reach, characteristics, side_by_side
from vein2vein.programme.trial.phase2.monitor import Monitoring


def test_rates_by_hand() -> None:
    lines = side_by_side(Flow(enrolled=100, apheresed=90, infused=80, evaluable=75, responders=60))
    assert [(line.denominator, line.patients) for line in lines] == [
        ("enrolled", 100),
        ("apheresed", 90),
        ("infused", 80),
        ("evaluable", 75),
    ]
    assert [line.rate for line in lines] == pytest.approx([0.6, 60 / 90, 0.75, 0.8])
    assert all(line.low < line.rate < line.high for line in lines)


def test_a_rate_among_the_infused_is_smaller_among_the_enrolled() -> None:
    rates = Reach(apheresed=0.95, infused=0.85, evaluable=0.97, response=0.7).rates()
    assert rates["enrolled"] == pytest.approx(0.95 * 0.85 * 0.97 * 0.7)
    assert sorted(rates.values()) == list(rates.values())


def test_power_depends_on_the_denominator() -> None:
    found = characteristics(Monitoring((10, 29), (1, 5), (11, 6)), Reach(0.95, 0.8, 1.0, 0.3))
    assert found["evaluable"].success > found["enrolled"].success + 0.1


def test_impossible_flows_are_refused() -> None:
    with pytest.raises(TrialError, match="TRIAL-060"):
        Flow(enrolled=10, apheresed=12, infused=8, evaluable=8, responders=2)
    with pytest.raises(TrialError, match="at least one evaluable"):
        Flow(enrolled=10, apheresed=9, infused=0, evaluable=0, responders=0)
    with pytest.raises(TrialError, match="chance of infused"):
        Reach(1.0, 1.2, 1.0, 0.5)
