"""The protocol section: what is not said stays open, strategies are those of ICH E9(R1), sources become references."""

from __future__ import annotations

import pytest

from vein2vein.errors import TrialError
from vein2vein.programme.trial.study.protocol import CELL_EVENTS, E9, protocol_of
from vein2vein.programme.trial.words import Parameter


def test_what_the_file_leaves_out_is_not_filled_in() -> None:
    told = protocol_of({}, {})
    assert told.estimand.population is None
    assert told.estimand.intercurrent == tuple((name, None) for name in CELL_EVENTS)
    assert told.references == (E9,)


def test_events_of_the_file_join_those_of_cell_therapies() -> None:
    section = {
        "estimand": {
            "intercurrent": {"bridging": {"strategy": "treatment policy"}, "relocation": {"strategy": "hypothetical"}}
        }
    }
    events = dict(protocol_of({"protocol": section}, {}).estimand.intercurrent)
    assert events["bridging"] is not None
    assert events["bridging"].strategy == "treatment policy"
    assert events["relocation"] is not None
    assert events["crossover to cells"] is None


def test_sources_of_parameters_and_assumptions_are_references() -> None:
    section = {"assumptions": [{"text": "A", "status": "read", "source": "Paper B"}], "references": ["Paper C"]}
    told = protocol_of({"protocol": section}, {"target": Parameter(0.3, "default", "Paper A")})
    assert told.references == ("Paper C", "Paper A", "Paper B", E9)


@pytest.mark.parametrize(
    ("section", "saw"),
    [
        ({"estimands": {}}, "'estimands'"),
        ({"estimand": "x"}, "estimand 'x'"),
        ({"estimand": {"intercurrent": {"bridging": {"strategy": "ignore"}}}}, "'ignore' as strategy"),
        ({"assumptions": [{"text": "A", "status": "true"}]}, "'true' as status"),
    ],
)
def test_what_is_not_known_is_refused(section: dict[str, object], saw: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        protocol_of({"protocol": section}, {})
    assert saw in told.value.fault.saw
