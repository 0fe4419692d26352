"""What guidance asks for beside drugs: one id for one thing in all sources, so that sources can be compared.

Place    Floor 1. Read by guidance files and by whoever shows or compares them.
In       knowledge/data/codes/care_topics.yaml.
Out      `Topic` by id: the words of the action that may name it, and its words for people.
Missing  An id that is not there is a fault of the guidance file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from vein2vein.basis.data_files import package_yaml
from vein2vein.knowledge.edition import Strict, Wording

Deed = Literal["monitor", "test", "consult", "place", "support", "hold", "contraindicated", "inform"]


class Topic(Strict):
    """One thing that can be asked for."""

    do: Deed
    label: Wording


@cache
def topics() -> Mapping[str, Topic]:
    """All topics by id."""
    raw = package_yaml("vein2vein.knowledge", "data", "codes", "care_topics.yaml")
    return {id: Topic.model_validate(body) for id, body in raw.items()}
