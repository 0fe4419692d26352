"""What holds for every dose-finding design: certain toxicity, none at all, coherence, seeds, scenarios, ties, many patients.

The designs are those that a file can name, each with three doses, so that a new design has to keep all of this too.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from trial_designs import FILES
from vein2vein.engine.workers import WorkerProcesses
from vein2vein.programme.trial.complete import complete
from vein2vein.programme.trial.designs import read_design
from vein2vein.programme.trial.exact import chain_of
from vein2vein.programme.trial.phase12 import efftox_model
from vein2vein.programme.trial.study.results import Result
from vein2vein.programme.trial.words import NONE, Design, States

NAMES = sorted(FILES)
TRIALS, SEED = 40, 5
# A table for as many patients as the other designs have, since that of the example ends after one cohort.
TABLE = {3: ["E", "S", "D", "DU"], 6: ["E", "E", "S", "D", "DU", "DU", "DU"], 9: [*"EEESSD", *["DU"] * 4]}
# No design goes up from a dose where the rate observed in all its patients is above the target. EWOC weighs all doses together
# and looks at the last cohort instead. BOIN-ET may try an untried dose up to its upper bound, 0.35 for a target of 0.3. EffTox
# goes up to the bound of BOIN, since with few responses it would have nowhere to go.
BY_LAST_COHORT = {"ewoc"}
UP_TO = {"boin-et": 0.35, "efftox": 0.358}
# PoD-TPI spends cohorts while outcomes are pending: four are too few. EWOC keeps below a dose that lies above the MTD with more
# than alpha, whatever is seen at lower doses, where doses are as far apart as here: alpha has to rise.
SLOW_TO_RISE = {"ewoc", "pod-tpi"}


def content(name: str, **scenario: Any) -> dict[str, Any]:
    found = {**FILES[name], "design": name}
    if name == "decision-table":
        found |= {"table": TABLE, "cohorts": {"size": 3, "number": 3}}
    if scenario:
        found["scenarios"] = [{"name": "A"} | scenario]
    return found


def study(name: str, **scenario: Any) -> Any:
    return read_design(json.dumps(content(name, **scenario))).study


def truth(name: str, toxicity: float, answer: tuple[float, ...]) -> dict[str, Any]:
    """The same toxicity at every dose, and what the design looks at beside it."""
    found: dict[str, Any] = {"toxicity": [toxicity] * 3}
    if name == "feasible-dose":
        return found | {"feasibility": [1.0, 1.0, 1.0]}
    if name == "partial-dose":
        return found | {"capacity": {"median": 1000, "log_sd": 0.0}}
    return found | ({"efficacy": list(answer)} if "efficacy" in FILES[name]["scenarios"][0] else {})


@cache
def known(name: str) -> Design:
    """The design once every outcome is known."""
    design = study(name).design
    return design if isinstance(design, Design) else complete(design)


@cache
def reached(name: str) -> tuple[States, Any]:
    """Every state with patients that the design can reach, and the dose of its next cohort."""
    chain = chain_of(known(name))
    rows = np.flatnonzero(chain.states.n.sum(axis=1) > 0)
    return chain.states.take(rows), chain.dose[rows]


@pytest.mark.parametrize("name", NAMES)
def test_certain_toxicity_stops_and_is_never_seen_at_the_top(name: str) -> None:
    one = study(name, **truth(name, 1.0, (0.9, 0.9, 0.9)))
    (found,) = one.results(trials=TRIALS, seed=SEED)
    assert found.figures["none_selected"].value == pytest.approx(1)
    assert found.figures["patients"].value < one.most
    assert found.lines[-1].figures["patients"].value == pytest.approx(0)


@pytest.mark.parametrize("name", NAMES)
def test_no_toxicity_reaches_the_top_and_selects_it_where_it_alone_works(name: str) -> None:
    file = content(name, **truth(name, 0.0, (0.0, 0.0, 1.0)))
    if name in SLOW_TO_RISE:
        file |= {"cohorts": {"size": 3, "number": 12}} | ({"rise": 0.05} if name == "ewoc" else {})
    (found,) = read_design(json.dumps(file)).study.results(trials=TRIALS, seed=SEED)
    assert found.lines[-1].figures["selected"].value == pytest.approx(1)
    assert found.lines[-1].figures["patients"].value > 0
    assert found.figures["toxicities"].value == pytest.approx(0)


@pytest.mark.parametrize("name", NAMES)
def test_no_dose_is_raised_where_toxicity_is_too_high_in_any_reachable_state(name: str) -> None:
    states, goes = reached(name)
    target = study(name).target or 1 / 3  # 3+3 and rolling six have none: they stay at one of three
    up = goes > states.at
    n, y = (states.last_n, states.last_y) if name in BY_LAST_COHORT else (states.here(states.n), states.here(states.y))
    too_high = (n > 0) & (y > UP_TO.get(name, target) * n + 1e-9)
    assert up.any()
    assert too_high.any()
    assert not (up & too_high).any()


@pytest.mark.parametrize("name", NAMES)
def test_untried_and_closed_doses_are_never_selected_and_none_is_skipped_in_any_reachable_state(name: str) -> None:
    states, goes = reached(name)
    design = known(name)
    selected = design.selected(states)
    rows = np.flatnonzero(selected != NONE)
    assert (states.n[rows, selected[rows]] > 0).all()
    assert not design.safety.closed(states)[rows, selected[rows]].any()
    tried = states.doses - 1 - (states.n > 0)[:, ::-1].argmax(axis=1)
    assert (goes <= tried + 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_equal_doses_are_told_apart_alike_alone_and_in_company(name: str) -> None:
    """Ties included: one state asked alone says what it says among all others, in any order."""
    states, goes = reached(name)
    design = known(name)
    order = np.random.default_rng(3).permutation(len(states))[:60]
    asked = design.next_dose(states.take(order))
    chosen = design.selected(states.take(order))
    assert np.array_equal(asked, goes[order])
    for place, row in enumerate(order[:20]):
        alone = states.take(np.array([row]))
        assert design.next_dose(alone)[0] == asked[place]
        assert design.selected(alone)[0] == chosen[place]
    three, one = np.array([[3, 3, 3]]), np.array([[1, 1, 1]])
    tie = States(three, three * 0, *(np.array([k]) for k in (2, 3, 0)))
    tie = replace(tie, e=one if design.with_efficacy else None)
    assert design.selected(tie)[0] in {0, 1, 2, NONE}


def simulated(name: str, scenarios: str = "") -> tuple[Result, ...]:
    """Results of simulation, also of designs that are listed; module level, so that another process can be asked."""
    file = content(name)
    if scenarios:
        file["scenarios"] = json.loads(scenarios)
    if isinstance(read_design(json.dumps(file)).design, Design):
        file["figures"] = "simulated"
    found: tuple[Result, ...] = read_design(json.dumps(file)).study.results(trials=TRIALS, seed=SEED)
    return found


def test_the_same_seed_gives_the_same_trials_on_any_number_of_processes() -> None:
    here = [simulated(name) for name in NAMES]
    assert [simulated(name) for name in NAMES] == here
    with WorkerProcesses(2) as two:
        assert list(two.map(simulated, NAMES)) == here


@pytest.mark.parametrize("name", NAMES)
def test_another_scenario_leaves_the_others_as_they_were(name: str) -> None:
    (first,) = FILES[name]["scenarios"]
    other = first | {"name": "B", "toxicity": [0.3, 0.5, 0.6]}
    (alone,) = simulated(name)
    before, after = simulated(name, json.dumps([other, first])), simulated(name, json.dumps([first, other]))
    assert before[1] == after[0] == alone
    assert before[0] == after[1]
    assert before[0].figures != alone.figures


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"3+3", "rolling-six"}])
def test_three_thousand_patients_are_played(name: str) -> None:
    """3+3 and rolling six have as many patients as their doses ask for, at most 18 here."""
    size = 100 if name == "efftox" else 30  # its posterior of two curves is dear
    file = content(name) | {"cohorts": {"size": size, "number": 3000 // size}}
    if name == "decision-table":
        sizes = range(30, 3001, 30)
        file["table"] = {
            n: [("E" if y < 0.24 * n else "S" if y < 0.36 * n else "D") for y in range(n + 1)] for n in sizes
        }
    if name == "u-boin":
        file |= {"first_stage": 1500, "stop_at": None}
    (found,) = read_design(json.dumps(file)).study.results(trials=2, seed=SEED)
    efftox_model._many.cache_clear()  # points for so many patients take more memory than all other tests together
    people = found.figures["patients"].value
    assert found.trials == 2
    assert people == pytest.approx(sum(line.figures["patients"].value for line in found.lines))
    assert people >= 3000 or found.figures["none_selected"].value > 0 or name in {"backfill-boin"}
