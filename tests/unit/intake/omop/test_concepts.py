"""Concepts are found by code in the delivery's own vocabulary, and the nearest wanted code wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from vein2vein.intake.omop.concepts import Lexicon, look_up
from vein2vein.intake.omop.duckdb_source import Folder
from vein2vein.intake.omop.wanted import Meaning, conventions, wanted_codes

if TYPE_CHECKING:
    from pathlib import Path

TEMPERATURE = Meaning("observation", "body_temperature")
NOREPINEPHRINE = Meaning("exposure", "vasopressor", "norepinephrine")
EPINEPHRINE = Meaning("exposure", "vasopressor", "epinephrine")


def a_vocabulary(
    folder: Path,
    concepts: list[tuple[int, str, str]],
    *,
    maps: list[tuple[int, int, str | None]] | None = None,
    below: list[tuple[int, int, int]] | None = None,
) -> Folder:
    """A delivery of a vocabulary and one person."""
    pl.DataFrame({"person_id": [1]}).write_csv(folder / "PERSON.csv")
    schema = ["concept_id", "vocabulary_id", "concept_code"]
    pl.DataFrame(concepts, schema=schema, orient="row").write_csv(folder / "CONCEPT.csv")
    if maps is not None:
        rows = [(one, two, "Maps to", invalid) for one, two, invalid in maps]
        names = ["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"]
        pl.DataFrame(rows, schema=names, orient="row").write_csv(folder / "CONCEPT_RELATIONSHIP.csv")
    if below is not None:
        names = ["ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation"]
        pl.DataFrame(below, schema=names, orient="row").write_csv(folder / "CONCEPT_ANCESTOR.csv")
    return Folder(folder)


def test_a_code_is_found_under_whatever_number_the_delivery_gives_it(tmp_path: Path) -> None:
    with a_vocabulary(tmp_path, [(123, "LOINC", "8310-5"), (124, "SNOMED", "8310-5")]) as source:
        assert look_up(source).meanings.get(123) == TEMPERATURE
        assert 124 not in look_up(source).meanings


def test_a_code_that_is_not_standard_leads_to_the_concept_it_maps_to(tmp_path: Path) -> None:
    concepts = [(123, "LOINC", "8310-5")]
    with a_vocabulary(tmp_path, concepts, maps=[(123, 500, None), (123, 501, "D"), (9, 502, None)]) as source:
        meanings = look_up(source).meanings
        assert meanings.get(500) == TEMPERATURE
        assert {501, 502}.isdisjoint(meanings)


def test_drugs_mean_what_lies_above_them_and_tests_do_not(tmp_path: Path) -> None:
    concepts = [(1, "ATC", "C01CA03"), (2, "LOINC", "8310-5")]
    with a_vocabulary(tmp_path, concepts, below=[(1, 77, 3), (2, 88, 1)]) as source:
        meanings, ambiguous = look_up(source).below(source, [77, 88])
        assert meanings == {77: NOREPINEPHRINE}
        assert ambiguous == {}


def test_the_nearest_wanted_concept_wins_and_a_tie_means_nothing(tmp_path: Path) -> None:
    concepts = [(1, "ATC", "C01CA03"), (2, "ATC", "C01CA24")]
    below = [(1, 77, 1), (2, 77, 2), (1, 78, 2), (2, 78, 2)]
    with a_vocabulary(tmp_path, concepts, below=below) as source:
        meanings, ambiguous = look_up(source).below(source, [77, 78])
        assert meanings == {77: NOREPINEPHRINE}
        assert ambiguous == {78: (EPINEPHRINE, NOREPINEPHRINE)}


def test_codes_that_the_vocabulary_does_not_hold_are_listed(tmp_path: Path) -> None:
    with a_vocabulary(tmp_path, [(123, "LOINC", "8310-5")]) as source:
        missing = {(w.vocabulary, w.code) for w in look_up(source).not_found}
        assert ("ATC", "L01XL03") in missing
        assert ("LOINC", "8310-5") not in missing


@pytest.mark.parametrize("text", ["8310-5", " 8310-5 ", "LOINC:8310-5", "loinc | 8310-5"])
def test_a_written_code_that_cannot_be_mistaken_is_understood(text: str) -> None:
    assert _written().of_text(text) == TEMPERATURE


@pytest.mark.parametrize("text", [None, "", "7512", "8310", "temperature", "ATC:8310-5", "LOINC:"])
def test_a_written_code_that_could_be_a_local_one_is_not(text: str | None) -> None:
    assert _written().of_text(text) is None


@pytest.mark.parametrize("text", ["RxNorm:7512", "rxnorm|7512"])
def test_a_bare_number_needs_its_prefix(text: str) -> None:
    assert _written().of_text(text) == NOREPINEPHRINE


def _written() -> Lexicon:
    by_code = {("LOINC", "8310-5"): TEMPERATURE, ("RxNorm", "7512"): NOREPINEPHRINE}
    return Lexicon(has_vocabulary=False, has_ancestors=False, meanings={}, by_code=by_code)


def test_no_code_is_wanted_in_two_meanings() -> None:
    meanings: dict[tuple[str, str], Meaning] = {}
    for wanted in wanted_codes():
        assert meanings.setdefault((wanted.vocabulary, wanted.code), wanted.meaning) == wanted.meaning, wanted


def test_every_convention_has_a_source() -> None:
    known = conventions()
    listed = [*known.operators.values(), *known.sex.values(), *known.stay.values()]
    listed += [c for group in known.answers.values() for c in group]
    assert all(convention.source for convention in listed)
    assert set(known.operators) == {"=", "<", "<=", ">=", ">"}


def test_an_id_of_our_code_files_needs_its_prefix(tmp_path: Path) -> None:
    with a_vocabulary(tmp_path, []) as source:
        known = look_up(source)
    assert known.of_text("own:ice_score") == Meaning("observation", "ice_score")
    assert known.of_text("own:charted/vasopressor") == Meaning("exposure", "charted", "vasopressor")
    assert known.of_text("own:oxygen/venturi-mask") == Meaning("exposure", "oxygen", "venturi-mask")
    assert known.of_text("own:apheresis") == Meaning("milestone", "apheresis")
    # A bare word may be anything in a hospital's own system.
    assert known.of_text("weight") is None
    assert known.of_text("own:nothing-of-ours") is None


def test_our_own_ids_can_be_concepts_of_a_vocabulary_of_the_delivery(tmp_path: Path) -> None:
    with a_vocabulary(tmp_path, [(2_000_000_001, "own", "ice_score")]) as source:
        assert look_up(source).meanings.get(2_000_000_001) == Meaning("observation", "ice_score")


INFUSED = Meaning("infusion", "infusion", "axicabtagene-ciloleucel")
UNNAMED = Meaning("infusion", "infusion", "unspecified")


@pytest.mark.parametrize(
    ("codes", "meaning"),
    [
        ([("HCPCS", "Q2041"), ("CPT4", "38228")], INFUSED),
        ([("HCPCS", "Q2041"), ("HCPCS", "Q2042")], UNNAMED),
        ([("CPT4", "38228"), ("CPT4", "0540T")], UNNAMED),
        ([("HCPCS", "Q2041"), ("ATC", "C01CA03")], None),
    ],
)
def test_a_concept_equally_near_to_infusions_is_an_infusion(
    tmp_path: Path, codes: list[tuple[str, str]], meaning: Meaning | None
) -> None:
    concepts = [(number, *code) for number, code in enumerate(codes, start=1)]
    with a_vocabulary(tmp_path, concepts, maps=[(n, 900, None) for n, *_ in concepts]) as source:
        assert look_up(source).meanings.get(900) == meaning


def test_a_bare_number_of_cpt_is_no_code_and_one_behind_its_vocabulary_is(tmp_path: Path) -> None:
    with a_vocabulary(tmp_path, []) as source:
        lexicon = look_up(source)
    assert lexicon.of_text("38228") is None
    assert lexicon.of_text("CPT4:38228") == UNNAMED
    assert lexicon.of_text("0540T") == UNNAMED
    assert lexicon.of_text("Q2041") == lexicon.of_text("HCPCS|Q2041") == INFUSED
