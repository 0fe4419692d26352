"""Tables for a protocol: every design has one, and each cell is what the rule says in that state."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from trial_designs import FILES
from vein2vein.programme.trial.complete import complete
from vein2vein.programme.trial.designs import read_design
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase12.tite_boin12 import PendingUtility
from vein2vein.programme.trial.recommend import paths, recommend
from vein2vein.programme.trial.study.advise import advise
from vein2vein.programme.trial.study.dose_tables import decisions
from vein2vein.programme.trial.study.results import Table
from vein2vein.programme.trial.words import Cohorts
from vein2vein.report.words import catalogue

FINITE = {"3+3", "i3+3", "mtpi", "mtpi-2", "keyboard", "boin", "decision-table", "rolling-six", "tite-boin", "pod-tpi",
          "backfill-boin", "boin12", "u-boin", "boin-et", "tepi", "tite-boin12", "composed"}  # fmt: skip
NEXT = {"pathways", "next_both", "next_made", "next_pending"}


def study(name: str, **more: Any) -> Any:
    return read_design(json.dumps(FILES[name] | {"design": name} | more)).study


def table(name: str, key: str, **more: Any) -> Table:
    return next(one for one in study(name, **more).tables() if one.key == key)


@pytest.mark.parametrize("name", FILES)
def test_every_design_has_a_table_and_what_is_none_of_decisions_is_called_otherwise(name: str) -> None:
    found = study(name).tables()
    assert found
    assert any(one.key not in NEXT for one in found) == (name in FINITE | {"feasible-dose", "partial-dose"})
    for one in found:
        assert {len(row) for row in one.rows} == {len(one.heads)}
        assert f"trial_table.{one.key}" in catalogue("en")
        assert all(f"trial_word.{head}" in catalogue("en") or head.strip("%").isdigit() for head in one.heads)


def test_3_plus_3_is_the_published_table() -> None:
    """Storer 1989; Korn et al. 1994."""
    assert table("3+3", "decisions").rows == (("0", "E", "E"), ("1", "S", "E"), ("≥ 2", "DU", "DU"))
    assert table("3+3", "decisions", closing="below").rows == table("3+3", "decisions").rows


def test_a_titrated_table_is_that_of_boin_and_a_single_patient() -> None:
    plain = {
        head: column for head, *column in zip(*_whole(decisions(boin(3, 0.3, cohorts=Cohorts(3, 4)))[0]), strict=True)
    }
    titrated = {head: column for head, *column in zip(*_whole(table("boin", "decisions_titrated")), strict=True)}
    assert titrated["1"][:2] == ["E", "S"]
    for n in ("3", "6", "9", "12"):
        assert titrated[n][: len(plain[n])] == plain[n][: len(titrated[n])]


def _whole(one: Table) -> list[tuple[str, ...]]:
    return [one.heads, *one.rows]


@pytest.mark.parametrize("name", ["crm", "blrm", "ewoc"])
def test_pathways_are_what_is_recommended(name: str) -> None:
    design, found = study(name).design, table(name, "pathways")
    for first, dose, *after in found.rows:
        word = "1" + "T" * int(first) + "N" * (3 - int(first))
        assert dose == str(recommend(design, word).dose or "stop")
        for second, goes in zip(found.heads[2:], after, strict=True):
            both = f"{word} {dose}{'T' * int(second)}{'N' * (3 - int(second))}"
            assert goes == ("" if dose == "stop" else str(recommend(design, both).dose or "stop"))


@pytest.mark.parametrize("name", ["efftox", "u-boin", "feasible-dose"])
def test_the_next_dose_by_responses_is_what_is_recommended(name: str) -> None:
    design, found = study(name).design, table(name, "next_made" if name == "feasible-dose" else "next_both")
    for toxic, *goes in found.rows:
        for responded, dose in enumerate(goes):
            both = max(0, int(toxic) + responded - 3)
            word = "1" + "T" * (int(toxic) - both) + "E" * (responded - both) + "B" * both
            assert dose == str(recommend(design, word + "N" * (4 - len(word))).dose or "stop")


@pytest.mark.parametrize("name", ["boin-et", "tepi"])
def test_decisions_by_both_are_those_of_the_rule_at_the_second_dose(name: str) -> None:
    design = study(name).design
    for n, y, *cells in table(name, "decisions_both").rows:
        for e in range(int(n) + 1):
            columns = (np.array([[0, int(k), 0]]) for k in (n, y, e))
            n_, y_, e_ = columns
            states = design.first().__class__(n_, y_, *(np.array([k]) for k in (1, int(n), int(y))), e_)
            closed = design.safety.closed(states)
            goes = int(design.rule.next_dose(states, closed)[0])
            assert cells[e] == ("DU" if closed[0, 1] else {2: "E", 1: "S", 0: "D", -1: "stop"}[goes])


@pytest.mark.parametrize("name", ["tite-crm", "tite-boin12"])
def test_the_next_dose_with_pending_patients_is_what_is_advised(name: str) -> None:
    one = study(name, response={"window": 28}) if name == "tite-boin12" else study(name)
    (found,) = (t for t in one.tables() if t.key == "next_pending")
    both = isinstance(one.design.rule, PendingUtility)
    for row in found.rows:
        y, e, pending = (int(row[0]), int(row[1]), int(row[2])) if both else (int(row[0]), 0, int(row[1]))
        known, overlap = 3 - pending, max(0, y + e - (3 - pending))
        letters = "T" * (y - overlap) + "E" * (e - overlap) + "B" * overlap
        word = f"1{letters.ljust(known, 'N')}" if known else ""
        for share, goes in zip((0, 0.25, 0.5, 0.75), row[-4:], strict=True):
            said = advise(one, word, " ".join([f"1@{28 * share:g}"] * pending))
            assert goes == dict(said.facts).get("next", f"dose {said.action}").removeprefix("dose ")


def test_rolling_six_is_the_table_of_its_paper() -> None:
    """Skolnik et al. 2008, recalled: columns are pending patients."""
    found = {(row[0], row[1]): row[2:] for row in table("rolling-six", "rolling").rows}
    assert found["3", "0"][:4] == ("E", "S", "S", "S")
    assert found["3", "1"][:3] == ("S", "S", "S")
    assert found["6", "0"][:7] == ("E", "E", "wait", "wait", "wait", "wait", "wait")
    assert found["6", "1"][:6] == ("E", "wait", "wait", "wait", "wait", "wait")
    assert found["4", "≥ 2"][:3] == ("DU", "DU", "DU")


def test_limits_are_those_of_the_design() -> None:
    found = table("boin12", "limits").rows
    design = study("boin12").design
    for n, low, down, shut, few in found:
        assert low == f"≤ {int(design.rule.bounds.most_to_escalate(np.array([int(n)]))[0])}"
        assert down == f"≥ {int(design.rule.bounds.least_to_go_down(np.array([int(n)]))[0])}"
        assert shut == f"≥ {design.safety.boundary(int(n))}"
        edge = int(few.removeprefix("≤ ")) if few != "-" else -1
        counts = np.arange(int(n) + 1)
        assert design.rule.futility.futile(np.full(int(n) + 1, int(n)), counts).tolist() == (counts <= edge).tolist()


@pytest.mark.parametrize("name", ["tite-boin", "tite-crm", "pod-tpi", "tite-boin12", "rolling-six"])
def test_paths_of_a_late_design_are_its_advice_when_everything_is_known(name: str) -> None:
    one = study(name)
    for path in paths(complete(one.design), cohorts=1)[1:]:
        found = advise(one, path.outcomes)
        if found.action != "fill the cohort":
            assert dict(found.facts).get("next", "stop") == ("stop" if path.dose is None else f"dose {path.dose}")


def test_paths_with_responses_list_both_counts() -> None:
    found = paths(study("boin12").design, cohorts=1)
    assert len(found) == 1 + 16
    assert {path.outcomes for path in found} >= {"1NNN", "1EEE", "1BBB", "1TTT", "1NET", "1EBT"}
