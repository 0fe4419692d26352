"""Proposals of one source as lines for people: one line for each drug or topic, alternatives joined, the most urgent first.

Place    Journey, guidance. Read by comparison, reports and the command line.
In       Proposals of one source.
Out      `Line`s.
Knows    Several rows often ask for the same drug in different words; only one of them is given. The strictest statement leads:
         what is certain before what may apply, what is to be done before what is to be considered, the larger amount in a day.
         Actions that one row asks for together (a bolus and what follows it) are never made one.
         What is contraindicated or held for certain takes the place of every line that would give it, and a drug that replaces
         another for certain the place of that one. Lines of drugs that are one course name one another.
Does not Drop a proposal: every one stands in a line.
Checked  tests/unit/journey/guidance/test_lines.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.decide import Proposal
from vein2vein.knowledge.documents.guidance import Act, Give, Withhold

_HOURS_A_DAY: Final = 24
_URGENCY: Final = ("contraindicated", "hold", "place", "give", "consult", "support")


@dataclass(frozen=True, slots=True)
class Line:
    """What a source says about one drug or topic.

    Attributes:
        parts: Proposals about it, the strictest first; only one of them is carried out.
        alternatives: Other drugs of which one is given instead.
        overruled: Proposals that would give what this line withholds for certain.
        replaced: Proposals whose place this line takes; they stand in no other line where it applies for certain.
        same_course: Drugs of other lines that are one course with this one: only one of them is given.
    """

    parts: tuple[Proposal, ...]
    alternatives: tuple[Proposal, ...] = ()
    overruled: tuple[Proposal, ...] = ()
    replaced: tuple[Proposal, ...] = ()
    same_course: tuple[Proposal, ...] = ()

    @property
    def lead(self) -> Proposal:
        """The strictest statement."""
        return self.parts[0]

    @property
    def about(self) -> str:
        """Id of the drug or topic."""
        return self.lead.action.about

    @property
    def truth(self) -> Truth:
        """Whether it applies for certain."""
        return self.lead.truth

    @property
    def because(self) -> tuple[str, ...]:
        """Rows behind those parts that are as certain as the lead."""
        return tuple(dict.fromkeys(row for p in self.parts if p.truth is self.truth for row in p.because))

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts that would settle whether it applies."""
        return self.lead.missing

    def is_outdone_by(self, part: Proposal) -> bool:
        """Whether another part, which only may apply, would ask for more than the lead, which does."""
        is_open = self.truth is Truth.TRUE and part.truth is not Truth.TRUE
        return is_open and _strictness(part)[1:] < _strictness(self.lead)[1:]

    @property
    def is_vital(self) -> bool:
        """Whether it is treatment, a place, a consult or something withheld: what no shortened page may leave out."""
        return self.lead.action.do in _URGENCY


def lines_of(proposals: Iterable[Proposal]) -> tuple[Line, ...]:
    """The proposals of one source as lines: treatment before tests, what is certain before what may apply."""
    everything = tuple(proposals)
    listed = tuple(p for p in everything if p.standing != "replaced")
    groups: list[list[Proposal]] = []
    alternatives = [p for p in listed if _stands_for(p) is not None]
    for proposal in (p for p in listed if _stands_for(p) is None):
        group = _home(proposal, groups)
        if group is None:
            groups.append([proposal])
        else:
            group.append(proposal)
    lines = [_line(group, alternatives) for group in groups]
    named = [_replacing(line, everything) for line in _overruled(lines)]
    return tuple(sorted((_one_course(line, named) for line in named), key=_urgency))


def _replacing(line: Line, proposals: Iterable[Proposal]) -> Line:
    """The line with the proposals whose place it takes, or would take."""
    names = {name for p in line.parts if isinstance(p.action, Give) and not p.is_barred for name in p.action.replaces}
    return replace(line, replaced=tuple(p for p in proposals if names & {p.name, _stands_for(p)}))


def _one_course(line: Line, lines: Iterable[Line]) -> Line:
    """The line with the leads of other lines whose drugs are one course with its own, and whose place it does not take."""
    course, mine = line.lead.course, {p.name for p in line.replaced}
    if course is None or line.lead.is_barred:
        return line
    others = (o for o in lines if o is not line and o.lead.course == course and not o.lead.is_barred)
    return replace(
        line,
        same_course=tuple(
            o.lead for o in others if o.lead.name not in mine and line.lead.name not in {p.name for p in o.replaced}
        ),
    )


def _stands_for(proposal: Proposal) -> str | None:
    return proposal.action.instead_of if isinstance(proposal.action, Give) else None


def _home(proposal: Proposal, groups: list[list[Proposal]]) -> list[Proposal] | None:
    """The group that says something about the same thing and asks for nothing beside this proposal."""
    fitting = [g for g in groups if _is_same(g[0], proposal) and not any(p.name in proposal.together for p in g)]
    alike = [g for g in fitting if _repeats(g[0]) == _repeats(proposal)]
    return next(iter(alike or fitting), None)


def _is_same(one: Proposal, other: Proposal) -> bool:
    return one.action.about == other.action.about and isinstance(one.action, Withhold) == isinstance(
        other.action, Withhold
    )


def _repeats(proposal: Proposal) -> bool:
    return getattr(proposal.action, "every_hours", None) is not None


def _line(group: list[Proposal], alternatives: Iterable[Proposal]) -> Line:
    names = {p.name for p in group}
    return Line(tuple(sorted(group, key=_strictness)), tuple(p for p in alternatives if _stands_for(p) in names))


def _strictness(proposal: Proposal) -> tuple[bool, bool, bool, float, float]:
    action = proposal.action
    every = _shortest(action)
    is_held = isinstance(action, Withhold) and action.do == "hold"
    return (
        proposal.truth is not Truth.TRUE,
        action.strength == "consider",
        is_held,
        -_a_day(proposal, every),
        float("inf") if every is None else every,
    )


def _shortest(action: Give | Act | Withhold) -> float | None:
    every = getattr(action, "every_hours", None)
    return every[0] if isinstance(every, tuple) else every


def _a_day(proposal: Proposal, every: float | None) -> float:
    """The most that is given in a day, in the unit of the dose; 0 where no dose was computed."""
    action, dose = proposal.action, proposal.dose
    if not isinstance(action, Give) or dose is None or dose.high is None:
        return 0.0
    return dose.high * (_HOURS_A_DAY / every if every is not None else action.times or 1)


def _overruled(lines: list[Line]) -> list[Line]:
    """Lines that would give what another withholds for certain stand in that other one."""
    withheld = {line.about for line in lines if isinstance(line.lead.action, Withhold) and line.truth is Truth.TRUE}
    gone = [line for line in lines if line.about in withheld and isinstance(line.lead.action, Give)]
    kept = []
    for line in lines:
        if line in gone:
            # An alternative to a drug that is withheld is still one that may be given.
            kept += [Line((other,)) for other in line.alternatives]
        elif isinstance(line.lead.action, Withhold) and line.about in withheld:
            mine = tuple(p for other in gone if other.about == line.about for p in other.parts)
            kept.append(Line(line.parts, overruled=mine))
        else:
            kept.append(line)
    return kept


def _urgency(line: Line) -> tuple[bool, bool, int]:
    do = line.lead.action.do
    return not line.is_vital, line.truth is not Truth.TRUE, _URGENCY.index(do) if do in _URGENCY else len(_URGENCY)
