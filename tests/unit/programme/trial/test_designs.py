"""Design files: every design can be made from one, parameters say who set them, and wrong files are refused with the cure."""

from __future__ import annotations

import json

import pytest

from trial_designs import FILES
from vein2vein.errors import TrialError
from vein2vein.programme.trial.designs import read_design
from vein2vein.programme.trial.phase1.boin import boin
from vein2vein.programme.trial.phase1.crm import crm, skeleton
from vein2vein.programme.trial.study.composed import COMPOSED
from vein2vein.programme.trial.study.dose import DoseStudy
from vein2vein.programme.trial.study.dose_makers import MAKERS
from vein2vein.programme.trial.words import Cohorts, Design


def test_every_design_has_an_example_here() -> None:
    assert set(FILES) == {*MAKERS, COMPOSED}


@pytest.mark.parametrize("name", FILES)
def test_every_design_can_be_made_from_a_file_and_looked_at(name: str) -> None:
    study = read_design(json.dumps(FILES[name] | {"design": name})).study
    assert isinstance(study, DoseStudy)
    (found,) = study.results(trials=20, seed=1)
    assert found.trials == (None if study.is_exact else 20)
    selected = sum(line.figures["selected"].value for line in found.lines)
    assert selected + found.figures["none_selected"].value == pytest.approx(1)
    assert study.design.doses == 3
    assert {p.origin for p in study.parameters.values()} <= {"set", "default", "derived"}


def test_a_file_and_a_call_say_the_same() -> None:
    read = read_design("design: boin\ndoses: 3\ntarget: 0.3\ncohorts: {size: 3, number: 4}\n")
    assert isinstance(read.study, DoseStudy)
    assert isinstance(read.study.design, Design)
    assert read.design == boin(3, 0.3, cohorts=Cohorts(3, 4))
    from_file = read_design(json.dumps(FILES["crm"] | {"design": "crm"})).design
    assert from_file == crm(0.3, skeleton(3, 0.3), cohorts=Cohorts(3, 4))


def test_parameters_say_who_set_them_even_where_the_value_is_the_default() -> None:
    text = "design: boin\ndoses: 3\ntarget: 0.3\ncutoff: 0.95\ncohorts: {size: 3, number: 4}\n"
    origins = {name: p.origin for name, p in read_design(text).design.parameters.items()}
    assert origins["cutoff"] == "set"
    assert origins["titration"] == "default"
    assert origins["lambda_e"] == "derived"


def test_a_calibrated_skeleton_is_derived_and_says_by_what() -> None:
    text = "{design: crm, target: 0.3, skeleton: {doses: 4, halfwidth: 0.06}, cohorts: {size: 3, number: 4}}"
    told = read_design(text).study.parameters
    assert (told["skeleton"].value, told["skeleton"].origin) == (skeleton(4, 0.3, halfwidth=0.06), "derived")
    assert {key: (one.value, one.origin) for key, one in told.items() if key.startswith("skeleton.")} == {
        "skeleton.doses": (4, "set"),
        "skeleton.halfwidth": (0.06, "set"),
        "skeleton.prior_mtd": (2, "default"),
    }
    assert skeleton(4, 0.3, halfwidth=0.06, prior_mtd=2) == told["skeleton"].value
    plain = "{design: crm, target: 0.3, skeleton: [0.1, 0.2, 0.4], cohorts: {size: 3, number: 4}}"
    assert read_design(plain).study.parameters["skeleton"].origin == "set"
    assert "skeleton.halfwidth" not in read_design(plain).study.parameters


def test_the_hash_does_not_depend_on_layout() -> None:
    one = read_design("design: boin\ndoses: 3\ntarget: 0.3\ncohorts: {size: 3, number: 4}\n")
    other = read_design('{"cohorts": {"number": 4, "size": 3}, "target": 0.3, "design": "boin", "doses": 3}')
    changed = read_design("design: boin\ndoses: 3\ntarget: 0.25\ncohorts: {size: 3, number: 4}\n")
    assert one.hash == other.hash != changed.hash


BOIN = "design: boin\ndoses: 3\ntarget: 0.3\n"


@pytest.mark.parametrize(
    ("text", "saw", "fix"),
    [
        ("doses: 3", "no key `design`", "design: boin"),
        ("design: boim", "'boim'", "design: boin"),
        ("design: [", "no YAML", "correct the line"),
        (BOIN, "no key 'cohorts'", "add it"),
        (BOIN + "cohorts: 3", "cohorts 3", "size and number"),
        (BOIN + "cohorts: {size: 0, number: 3}", "'size': 0", "correct"),
        ("design: boin\ndoses: 3", "no keys 'target', 'cohorts'", "add them"),
        (BOIN + "cohorts: {size: 3.5, number: 3}", "'size': 3.5", "correct"),
        (BOIN + "cohorts: {size: 3, number: 3}\ntitrate: true", "'titrate'", "'titration'"),
        (BOIN + "cohorts: {size: 3, number: 3}\ncutoff: [1]", "wrong kind", "correct"),
        (BOIN + "cohorts: {size: 3, number: 3}\nscenarios: [0.1]", "scenario 1: 0.1", "rates"),
        (
            BOIN + "cohorts: {size: 3, number: 3}\nsetting: {window: [28], interval: 10}",
            "window in the setting",
            "correct",
        ),
        (BOIN + "cohorts: {size: 3, number: 3}\nfigures: guessed", "guessed", "correct"),
        (
            BOIN + "cohorts: {size: 3, number: 3}\nscenarios: [{toxicity: [0.1, 0.2, 0.3], right: [4]}]",
            "right [4]",
            "right",
        ),
        (BOIN + "cohorts: {size: 3, number: 3}\nscenarios: [{toxic: [0.1]}]", "toxic", "rates"),
        (BOIN + "cohorts: {size: 3, number: 3}\nstart: 0", "start 0", "correct"),
        ("design: rolling-six\ndoses: 3", "no setting", "waits"),
        ("design: rolling-six\ndoses: 3\nsetting: {windows: 3}", "windows", "'window'"),
    ],
)
def test_files_that_cannot_be_used_are_refused(text: str, saw: str, fix: str) -> None:
    with pytest.raises(TrialError, match="TRIAL-005") as told:
        read_design(text)
    assert saw in told.value.fault.saw
    assert fix in told.value.fault.fix


def test_three_thousand_patients_are_simulated_unless_one_insists() -> None:
    study = read_design(json.dumps(FILES["boin"] | {"design": "boin", "cohorts": {"size": 3, "number": 1000}})).study
    assert not study.is_exact
    assert study.results(trials=2, seed=1)[0].trials == 2


def test_messages_say_what_is_expected() -> None:
    with pytest.raises(TrialError) as told:
        read_design(BOIN + "cohorts: {size: 3.5, number: 3}")
    assert told.value.fault.expected == "whole numbers"
    with pytest.raises(TrialError) as told:
        read_design("design: mem\npatients: [10, 10]\nclaim: 0.9\n'null': 0.2\nprior: [0.5, 0.5]")
    assert told.value.fault.expected == "keys a, b with values"


@pytest.mark.parametrize("row", ["[D, S, E, E]", "[E, S, DU, D]", "[S, S, S, E]"])
def test_a_table_that_goes_up_with_more_toxicity_is_refused(row: str) -> None:
    text = f"{{design: decision-table, doses: 3, target: 0.3, cohorts: {{size: 3, number: 1}}, table: {{3: {row}}}}}"
    with pytest.raises(TrialError, match="TRIAL-002") as told:
        read_design(text)
    assert "of 3 patients with a toxicity" in told.value.fault.saw
    assert "no bolder" in told.value.fault.expected


SMALL = "design: boin\ndoses: 3\ntarget: 0.3\ncohorts: {size: 3, number: 4}\n"


@pytest.mark.parametrize(
    ("text", "saw"),
    [
        (SMALL + "target: 0.25\n", "the key 'target' a second time, in line 5"),
        (SMALL.replace("size: 3,", "size: 3, size: 4,"), "the key 'size' a second time, in line 4"),
        ("design: group-sequential\nfirst_patient: 2027-13-01\n", "a date that there is not"),
        (SMALL.replace("size: 3, number: 4", "size: 1000, number: 1000"), "1,000,000 patients"),
        (SMALL + "search: {vary: {cohorts.number: [4, 5]}, requir: [a]}\n", "'requir' in search"),
        (SMALL + "protocol: {estimant: {}}\n", "'estimant' in protocol"),
    ],
)
def test_slips_of_a_file_are_refused_before_anything_is_made(text: str, saw: str) -> None:
    with pytest.raises(TrialError) as told:
        read_design(text)
    assert told.value.fault.saw.startswith(saw)


@pytest.mark.parametrize(
    ("rates", "saw"),
    [("[0.1, 0.2]", "2 probabilities in scenario 'the second'"), ("[0.1, 0.2, 2]", "in scenario 'the second'")],
)
def test_a_scenario_that_cannot_be_is_named_when_the_file_is_read(rates: str, saw: str) -> None:
    cases = f"scenarios: [{{name: one, toxicity: [0.1, 0.2, 0.3]}}, {{name: the second, toxicity: {rates}}}]\n"
    with pytest.raises(TrialError, match="TRIAL-001") as told:
        read_design(SMALL + cases)
    assert saw in told.value.fault.saw


def test_a_bare_null_is_the_key_of_that_name() -> None:
    text = "design: simon\nnull: 0.2\nalternative: 0.4\nalpha: 0.05\nbeta: 0.2\n"
    assert read_design(text).hash == read_design(text.replace("null", '"null"')).hash
