"""Where published sources disagree: what each says, and which files of the knowledge hold the choices.

Place    Floor 1. Read by the documentation.
In       knowledge/data/disagreements.yaml.
Out      `Disagreement` by disagreement, in the order of the file.
Does not Say who is right.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from vein2vein.basis.data_files import package_yaml
from vein2vein.knowledge.edition import Source, Strict, Text, Wording


class Side(Strict):
    """What one side says, and where that stands.

    Attributes:
        text: The side in a few words.
        sources: The works with their places and how they were read.
        not_noted: Why there is no work; None where there is one.
    """

    text: Text
    sources: tuple[Source, ...] = ()
    not_noted: Text | None = None

    @model_validator(mode="after")
    def _is_cited(self) -> Side:
        if bool(self.sources) == (self.not_noted is not None):
            needed = f"{self.text!r} needs its sources, or says that none was noted"
            raise ValueError(needed)
        return self


class Disagreement(Strict):
    """One point on which sources differ.

    Attributes:
        status: How sure it is what the sources say: read in them or their copies, recalled, or uncertain.
        says: What each side says with its works, two sides at least.
        files: Ids of rule sets and documents that hold one side of it.
    """

    id: Text
    about: Text
    status: Literal["read", "recalled", "uncertain"]
    topic: Wording
    says: Annotated[tuple[Side, ...], Field(min_length=2)]
    files: tuple[Text, ...]


@cache
def disagreements() -> tuple[Disagreement, ...]:
    """All of them."""
    raw = package_yaml("vein2vein.knowledge", "data", "disagreements.yaml")
    return tuple(Disagreement.model_validate(body) for body in raw)
