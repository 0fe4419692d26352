"""Where sources of guidance agree and differ for one patient at one instant.

Place    Journey, guidance. Read by `assess --compare`, reports and the page "where the sources disagree".
In       The advice of several sources.
Out      `Topic` by topic: what each source says, and whether they say the same.
Knows    Two sources agree on a topic when both speak for it with the same words of the order, equally certain. A source that
         does not speak for the patient (other product, no infusion) takes no part.
Does not Say who is right.
Checked  tests/unit/journey/guidance/test_compare.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.advise import Advice
from vein2vein.journey.guidance.decide import Proposal
from vein2vein.knowledge.documents.guidance import Give, Withhold, order

Relation = Literal["agree", "differ in detail", "only some", "contradict"]
_ORDER: Final[tuple[Relation, ...]] = ("contradict", "only some", "differ in detail", "agree")


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says about a topic.

    Attributes:
        source: Id of the guidance.
        proposals: Its proposals on the topic; none where it is silent.
    """

    source: str
    proposals: tuple[Proposal, ...]

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders in fixed words, sorted; "(perhaps)" where a row only may apply."""
        return tuple(sorted(_order(p) for p in self.proposals))

    @property
    def speaks_for(self) -> bool:
        """Whether something is proposed."""
        return any(p.is_proposed and not isinstance(p.action, Withhold) for p in self.proposals)

    @property
    def speaks_against(self) -> bool:
        """Whether it is withheld for certain."""
        return any(isinstance(p.action, Withhold) and p.truth is Truth.TRUE for p in self.proposals)


def _order(proposal: Proposal) -> str:
    text = order(proposal.action)
    if isinstance(proposal.action, Give) and not proposal.is_proposed:
        text += f" ({proposal.standing})"
    return text if proposal.truth is Truth.TRUE else f"{text} (perhaps)"


@dataclass(frozen=True, slots=True)
class Compared:
    """One topic or drug, as all sources that were asked see it.

    Attributes:
        about: Id of the drug or topic.
        relation: contradict (one gives what another withholds), only some (some are silent), differ in detail, or agree.
        said: What each source says, in the order asked.
    """

    about: str
    relation: Relation
    said: tuple[Said, ...]


def compare(advice: Sequence[Advice]) -> tuple[Compared, ...]:
    """What the sources say, topic by topic: contradictions first, agreement last, then by name."""
    speaking = [a for a in advice if a.not_applicable is None]
    abouts = sorted({p.action.about for a in speaking for p in a.proposals})
    found = []
    for about in abouts:
        said = tuple(Said(a.guidance.id, tuple(p for p in a.proposals if p.action.about == about)) for a in speaking)
        found.append(Compared(about, _relation(said), said))
    return tuple(sorted(found, key=lambda c: (_ORDER.index(c.relation), c.about)))


def _relation(said: tuple[Said, ...]) -> Relation:
    if any(s.speaks_for for s in said) and any(s.speaks_against for s in said):
        return "contradict"
    if any(not s.proposals for s in said):
        return "only some"
    return "agree" if len({s.orders for s in said}) == 1 else "differ in detail"
