"""Where sources of guidance agree and differ for one patient at one instant.

Place    Journey, guidance. Read by `assess --compare`, reports and the page "where the sources disagree".
In       The advice of several sources.
Out      `Compared` topic by topic: what each source says, and whether they say the same; `Quiet` for each that says nothing.
Knows    Two sources agree on a topic when both speak for it and the same follows for this patient: amount, way, times, standing
         and the limits that are enforced (a drug file's limits hold whatever a source writes), equally certain; or when both say
         it in the same words. Notes are those of one source and take no part.
Missing  A source that does not speak for the patient (other product, no infusion), or none of whose rows applies, is named with
         the reason.
Does not Say who is right.
Checked  tests/unit/journey/guidance/test_compare.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.advise import Advice
from vein2vein.journey.guidance.decide import Proposal
from vein2vein.journey.guidance.lines import Line
from vein2vein.journey.guidance.words import added_words, alternative_words, bare, line_words
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.documents.guidance import Give, Withhold, order

Relation = Literal["agree", "differ in detail", "only some", "contradict"]
_ORDER: Final[tuple[Relation, ...]] = ("contradict", "differ in detail", "only some", "agree")
NO_ROW: Final = "no row applies"


@dataclass(frozen=True, slots=True)
class Quiet:
    """A source that was asked and says nothing for this patient now, and why."""

    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says about a topic.

    Attributes:
        source: Id of the guidance.
        lines: Its lines on the topic; none where it is silent.
        instead: This drug as an alternative, each with the id of the drug that it stands for.
        zone: The clock of the centre.
    """

    source: str
    lines: tuple[Line, ...]
    instead: tuple[tuple[Proposal, str], ...] = ()
    zone: str = "UTC"

    @property
    def is_silent(self) -> bool:
        """Whether it says nothing on the topic."""
        return not self.lines and not self.instead

    @property
    def speaks_for(self) -> bool:
        """Whether something is proposed."""
        leads = (*(found.lead for found in self.lines), *(p for p, _ in self.instead))
        return any(p.is_proposed and not isinstance(p.action, Withhold) for p in leads)

    @property
    def speaks_against(self) -> bool:
        """Whether it is withheld for certain."""
        return any(isinstance(f.lead.action, Withhold) and f.truth is Truth.TRUE for f in self.lines)

    @property
    def meaning(self) -> frozenset[tuple[object, ...]]:
        """What follows for this patient, in a form that can be held against another source."""
        return frozenset({*(_meaning(found.lead) for found in self.lines), *(_meaning(p) for p, _ in self.instead)})

    def texts(self, drugs: Mapping[str, Drug] | None = None, language: str = "en") -> tuple[str, ...]:
        """What it says, in words and with the dose of the patient."""
        said = [line_words(found, drugs, language, zone=self.zone) for found in self.lines]
        return (*said, *(alternative_words(p, drug, drugs, language, zone=self.zone) for p, drug in self.instead))

    def statements(self, drugs: Mapping[str, Drug] | None = None, language: str = "en") -> tuple[str, ...]:
        """What it says to do, without its notes and without what stands beside: what two sources can agree on."""
        said = [bare(found.lead, drugs, language, zone=self.zone) for found in self.lines]
        others = (alternative_words(p, d, drugs, language, zone=self.zone, noted=False) for p, d in self.instead)
        return (*said, *others)

    def added(self, drugs: Mapping[str, Drug] | None = None, language: str = "en") -> tuple[str, ...]:
        """What this source alone adds to what it says to do: notes, limits of the statement, courses that are one."""
        return tuple(text for found in self.lines for text in added_words(found, drugs, language, zone=self.zone))


def _meaning(proposal: Proposal) -> tuple[object, ...]:
    action, dose, lock = proposal.action, proposal.dose, proposal.lock
    if not isinstance(action, Give) or dose is None:
        return proposal.truth, order(action)
    limits = () if lock is None else tuple(sorted(lock.limits.lines()))
    amount = (dose.low, dose.high, dose.unit, dose.missing, dose.rule if dose.is_too_young else None)
    times = (action.route, action.every_hours, action.times, action.days, action.then)
    return proposal.truth, action.strength, action.instead_of is None, amount, times, proposal.standing, limits


@dataclass(frozen=True, slots=True)
class Compared:
    """One topic or drug, as all sources that speak for the patient see it.

    Attributes:
        about: Id of the drug or topic.
        relation: contradict (one gives what another withholds), differ in detail, only some (one alone speaks of it), or agree.
            Who is silent takes no part.
        said: What each source says, in the order asked.
    """

    about: str
    relation: Relation
    said: tuple[Said, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of the sources that say something about it."""
        return tuple(s.source for s in self.said if not s.is_silent)


def quiet(advice: Sequence[Advice]) -> tuple[Quiet, ...]:
    """Every source that was asked and says nothing for this patient now."""
    silent = (a for a in advice if not a.proposals)
    return tuple(Quiet(a.guidance.id, NO_ROW if a.not_applicable is None else a.not_applicable) for a in silent)


def compare(advice: Sequence[Advice]) -> tuple[Compared, ...]:
    """What the sources say, topic by topic: contradictions first, then details, then what only some say, agreement last.

    Sources that say nothing at all take no part; `quiet` names them.
    """
    speaking = [(a, a.lines) for a in advice if a.proposals]
    instead = [tuple((p, found.about) for found in lines for p in found.alternatives) for _, lines in speaking]
    abouts = {found.about for _, lines in speaking for found in lines} | {p.action.about for s in instead for p, _ in s}
    found = []
    for about in sorted(abouts):
        said = tuple(
            Said(
                a.guidance.id,
                tuple(one for one in lines if one.about == about),
                tuple((p, drug) for p, drug in others if p.action.about == about),
                a.zone,
            )
            for (a, lines), others in zip(speaking, instead, strict=True)
        )
        found.append(Compared(about, _relation(said), said))
    return tuple(sorted(found, key=lambda c: (_ORDER.index(c.relation), not _is_vital(c), c.about)))


def _is_vital(compared: Compared) -> bool:
    return any(found.is_vital for s in compared.said for found in s.lines) or any(s.instead for s in compared.said)


def _relation(said: tuple[Said, ...]) -> Relation:
    if any(s.speaks_for for s in said) and any(s.speaks_against for s in said):
        return "contradict"
    speaking = [s for s in said if not s.is_silent]
    if len(speaking) == 1:
        return "only some"
    is_one = len({s.meaning for s in speaking}) == 1 or len({frozenset(s.statements()) for s in speaking}) == 1
    return "agree" if is_one else "differ in detail"
