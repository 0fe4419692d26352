"""What went otherwise than the protocol says, as far as the record shows it.

Place    Journey, assess.
In       A timeline cut off at an instant, the protocol, what is due.
Out      `Deviation`: what, when, what the file says, and the rows that show it.
Missing  What is not recorded is no deviation: it stands among the needs. Only what the record shows is named.
Checked  tests/unit/journey/assess/test_deviations.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from vein2vein.basis.clock import to_microseconds
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.assess.phrases import say
from vein2vein.journey.followup import Due
from vein2vein.journey.selection.criteria import eligibility
from vein2vein.knowledge.documents.drug import Drug
from vein2vein.knowledge.schema import RuleSet
from vein2vein.record.timeline import Milestone, ScannedLesion, Timeline

Kind = Literal[
    "late", "over-limit", "outside-criteria", "outside-label", "outside-window", "dose", "regimen", "wash-out", "no-go"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One departure from the protocol.

    Attributes:
        kind: late (an assessment), over-limit (a drug), outside-criteria (accepted although a criterion was not met),
            outside-label (a product), outside-window (an infusion after lymphodepletion), dose (of cells or lymphodepletion),
            regimen (other drugs or days of lymphodepletion than those of a regimen of the label), wash-out (a drug that had
            not stopped early enough), no-go (a step although its list, a gate of the label or a source of
            guidance said no).
        said: In words, by language.
        file: Id of the file that says otherwise.
        at: When it happened or became so.
        rows: The rows that show it.
    """

    kind: Kind
    said: Mapping[str, str]
    file: str
    at: datetime
    rows: tuple[Row, ...] = ()

    @property
    def what(self) -> str:
        """In English."""
        return self.said["en"]


def deviations(
    at: datetime,
    due: Sequence[Due],
    *,
    accepted: Sequence[Deviation] = (),
    given: Sequence[Deviation] = (),
) -> tuple[Deviation, ...]:
    """Everything that went otherwise up to an instant, in order of time.

    Args:
        at: The instant.
        due: Items of the follow-up calendars.
        accepted: What `outside_criteria` found for the course; entries after the instant are left out.
        given: What was found about lymphodepletion, the product and doses over a limit.
    """
    found = [*_late(due, at), *(d for d in accepted if d.at <= at), *given]
    return tuple(sorted(found, key=lambda deviation: (deviation.at, deviation.file, deviation.what)))


def _late(due: Sequence[Due], at: datetime) -> Iterator[Deviation]:
    missed: dict[tuple[str, str], list[Due]] = {}
    for item in due:
        if item.state == "missed":
            missed.setdefault((item.calendar, item.item.name), []).append(item)
        if item.state == "late":
            yield Deviation("late", say("not-done", item=item.item.label, day=str(item.closes)), item.calendar, at)
        elif item.state == "done late" and item.by is not None:
            when = item.by.at if isinstance(item.by, Milestone) else item.by.observed_at
            said = say("done-late", item=item.item.label, day=str(item.closes))
            # Rows of a departure are those of the tables of the patient; a scan is named by its day.
            rows = () if isinstance(item.by, ScannedLesion) else (item.by,)
            yield Deviation("late", said, item.calendar, when, rows)
    for (calendar, _), found in missed.items():
        first, last, phrase = str(found[0].on), str(found[-1].on), "missed" if len(found) == 1 else "missed-days"
        said = say(phrase, item=found[0].item.label, n=str(len(found)), first=first, last=last)
        yield Deviation("late", said, calendar, at)


def over_limit(known: Timeline, drug: Drug) -> Iterator[Deviation]:
    """Doses that were started although the limits of the drug file kept them locked; each rests on doses up to its start."""
    if drug.exposure is None or drug.agent is None:
        return
    rows = sorted(
        (e for e in known.exposures if e.kind == drug.exposure and e.agent == drug.agent),
        key=lambda row: row.started_at,
    )
    starts = [to_microseconds(row.started_at) for row in rows]
    for place, row in enumerate(rows):
        opening = drug.spacing.opening(starts[:place], starts[place])
        if not opening.is_open:
            limits = {language: _limits(drug, opening.because, language) for language in ("en", "zh")}
            said = say("locked-dose", drug=drug.name, n=str(place + 1), limits=limits)
            yield Deviation("over-limit", said, drug.id, row.started_at, (row,))


def _limits(drug: Drug, because: Sequence[str], language: str) -> str:
    shown = dict(zip(drug.spacing.lines(), drug.spacing.lines(language), strict=True))
    return ", ".join(shown[limit] for limit in because)


def outside_criteria(timeline: Timeline, selection: Sequence[RuleSet]) -> tuple[Deviation, ...]:
    """Criteria that were certainly not met when the course was accepted, as far as was known then."""
    accepted = timeline.milestone("accepted")
    if accepted is None:
        return ()
    known = timeline.until(accepted.at)
    return tuple(
        Deviation(
            "outside-criteria",
            say("accepted", criterion=criterion.label),
            rule.id,
            accepted.at,
            tuple(row for value in criterion.values for row in value.rows),
        )
        for rule in selection
        for criterion in eligibility(known, rule, accepted.at).concerns
    )
