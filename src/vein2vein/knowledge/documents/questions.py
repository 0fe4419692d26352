"""What facts of a decision table ask, in fixed words, so that worked cases can hold every number of a question.

Place    Floor 1. Read by kinds of decision tables (guidance, checklists, policies).
In       Facts; what a worked case says they ask.
Out      One line for each question; how it differs.
Knows    Parameters are put in, so that a changed default changes the line.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from vein2vein.knowledge.decisions import Fact, TableCase
from vein2vein.knowledge.edition import Text
from vein2vein.knowledge.one_line import differences, spelled


class AskingCase(TableCase):
    """A state with the rows that apply or may apply.

    With `asks` the questions behind the facts that it names are spelled out, so that no number of a question can change unseen.
    """

    asks: dict[Text, Text] = Field(default_factory=dict)


def question(fact: Fact) -> str:
    """What a fact asks, in one line of fixed words, as worked cases spell it out."""
    parts = [spelled(fact.source.model_dump(exclude_defaults=True))]
    parts += [] if fact.plausible is None else [f"plausible {fact.plausible[0]:g} to {fact.plausible[1]:g}"]
    parts += [f"one of {' '.join(fact.categories)}"] if fact.categories else []
    return ", ".join(parts)


def other_question(facts: Mapping[str, Fact], asks: Mapping[str, str]) -> str | None:
    """How the questions of facts differ from what a case spells out; None where they do not."""
    return differences({name: question(fact) for name, fact in facts.items()}, asks, "asks")
