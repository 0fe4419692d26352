"""Effects of biomarkers are kept as printed, cited, and never combined."""

from __future__ import annotations

import pytest

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.documents.biomarkers import Biomarkers
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import bound_model

LIBRARY = default_library()
COLLECTED = LIBRARY.get("collected-2026.biomarkers", Biomarkers)


def test_effects_are_found_by_marker() -> None:
    assert [(e.outcome["en"], e.value) for e in COLLECTED.of("crp")] == [
        ("Objective response at day 90", 0.35),
        ("Complete response at day 90", 0.31),
    ]
    assert COLLECTED.of("no marker") == ()
    assert {"crp", "ferritin", "ldh", "ngs-mrd"} <= set(COLLECTED.markers)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"value": 0.9}, "outside its interval"),
        ({"value": None}, "told in words"),
        ({"source": "nobody"}, "cite a source"),
    ],
)
def test_an_effect_that_cannot_be_is_refused(changes: dict, words: str) -> None:
    raw = LIBRARY.raw("collected-2026.biomarkers")
    raw = {**raw, "effects": [{**raw["effects"][0], **changes}, *raw["effects"][1:]]}
    with pytest.raises(KnowledgeError, match=words):
        bound_model(raw, {}, Biomarkers)
