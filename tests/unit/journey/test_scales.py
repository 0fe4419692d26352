"""Names of scales open to rule sets, in order and each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from vein2vein.errors import KnowledgeError
from vein2vein.journey.toxicity.scales import NO_TOXICITIES, bundles, scale_ids, subjects, toxicity_ids
from vein2vein.knowledge.registry import Registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


def test_an_id_opens_to_itself(registry: Registry) -> None:
    assert scale_ids(["lee-2014.crs"], registry) == ("lee-2014.crs",)


def test_a_subject_opens_to_every_edition(registry: Registry) -> None:
    ids = scale_ids(["crs"], registry)
    assert {"astct-2019.crs", "lee-2014.crs", "penn-2018.crs", "cartox-2018.crs"} <= set(ids)
    assert ids == subjects(registry)["crs"]


def test_names_may_overlap_and_keep_their_order(registry: Registry) -> None:
    assert scale_ids(["lee-2014.crs", "crs"], registry)[0] == "lee-2014.crs"
    assert len(set(scale_ids(["crs", "all"], registry))) == len(toxicity_ids(registry))


def test_all_means_the_toxicities_and_not_who_may_be_treated(registry: Registry) -> None:
    left_out = {str(registry.raw(id)["about"]) for id in registry.ids if id not in scale_ids(["all"], registry)}
    assert left_out <= NO_TOXICITIES
    assert not {str(registry.raw(id)["about"]) for id in toxicity_ids(registry)} & NO_TOXICITIES


def test_a_centre_s_rule_set_about_eligibility_is_graded_only_where_it_is_named(tmp_path: Path) -> None:
    text = Registry().file_text("astct-2019.ice").replace("id: astct-2019.ice", "id: our-centre.gate")
    (tmp_path / "our-centre.gate.yaml").write_text(text.replace("about: ice", "about: eligibility"), encoding="utf-8")
    registry = Registry([tmp_path])
    assert "our-centre.gate" not in scale_ids(["all"], registry)
    assert "our-centre.gate" in scale_ids(["eligibility"], registry)
    assert scale_ids(["our-centre.gate"], registry) == ("our-centre.gate",)


def test_every_bundle_names_known_rule_sets(registry: Registry) -> None:
    assert set(bundles()["standard"]) <= set(registry.ids)
    for name in bundles():
        assert scale_ids([name], registry) == bundles()[name]


def test_no_subject_or_bundle_has_the_name_of_another(registry: Registry) -> None:
    words = [*bundles(), *subjects(registry), "all", *registry.ids]
    assert len(words) == len(set(words))


def test_an_unknown_name_is_refused_with_the_nearest(registry: Registry) -> None:
    with pytest.raises(KnowledgeError, match=r"RULE-003(?s:.*)'astct-2019.csr'(?s:.*)astct-2019.crs"):
        scale_ids(["astct-2019.csr"], registry)
