"""Response of the disease of a course, by the criteria that a protocol names for its indication.

Place    Journey, response. Read by `journey.assess`.
In       A timeline, the criteria of a protocol, the files they name, an instant.
Out      `DiseaseResponse`: what is possible now and why, best response, progression and whether it is borne out, time points,
         cautions, and what is missing.
Knows    Which criteria belong to an indication is the choice of the protocol. Whether a lymphoma takes up FDG is asked of the
         record first (`fdg_avid`), then of the protocol.
Missing  Without an indication, or with one that the protocol names no criteria for, there is an answer that says so, and no
         category. Nothing later than the instant is used, and no report of imaging before it was entered.
Checked  tests/unit/journey/response/test_disease.py; tests/property/test_response.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vein2vein.basis.truth import Truth
from vein2vein.journey.response.assessed import (
    Assessment,
    Progression,
    TimePoint,
    at_time_points,
    best_confirmed,
    best_response,
    progression,
)
from vein2vein.journey.response.cll import cll
from vein2vein.journey.response.leukaemia import central_nervous_system, leukaemia, leukaemia_mrd
from vein2vein.journey.response.lugano import LuganoAssessment, LuganoFiles, lugano
from vein2vein.journey.response.myeloma import myeloma, myeloma_mrd
from vein2vein.journey.response.scans import cll_findings, myeloma_imaging, reported, scans_of
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.protocol import DiseaseCriteria, Protocol
from vein2vein.knowledge.documents.response import Categorised, Response
from vein2vein.knowledge.library import Library
from vein2vein.record.timeline import Observation, Timeline

_AVID: Final = "fdg_avid"
_STATED: Final = "response_assessment"
NO_INDICATION: Final = "the course names no indication"
NO_CRITERIA: Final = "the protocol names no criteria for this indication"
NOT_ASSESSED: Final = "nothing on record after the infusion that the criteria read"


@dataclass(frozen=True, slots=True)
class DiseaseResponse:
    """Response of the disease at an instant.

    Attributes:
        indication: Indication of the course; None where it is not recorded.
        criteria: lugano, imwg, all or iwcll; None without criteria.
        files: The files used, by their part.
        problem: Why there is no category; None where there is an assessment.
        assessments: Assessments after the infusion (of lymphoma: after baseline), oldest first.
        current: The last of them.
        basis: Of lymphoma only: whether PET or CT counts, or that this is not known.
        scans: Of lymphoma only: by CT and by PET, as `assessments`.
        best: Best response up to progression, every category that it can be.
        confirmed: Best response that two consecutive assessments bear out, where the criteria ask for two; else as `best`.
        progression: Whether and when the disease has progressed; None without criteria.
        borne_out: Whether that progression was confirmed by the next assessment or by biopsy; UNKNOWN before anybody looked.
        points: Time points of the calendars with the assessment in their window.
        calendars: The calendars that have such time points.
        findings: Cautions of the current assessment, and what is found of residual disease; each with its file's id.
        nervous_system: Of acute leukaemia only.
        stated: The last response that somebody stated; it is shown beside, and decides nothing.
    """

    indication: str | None
    criteria: str | None = None
    files: tuple[tuple[str, Response], ...] = ()
    problem: str | None = None
    assessments: tuple[Assessment, ...] = ()
    basis: str | None = None
    scans: tuple[LuganoAssessment, ...] = ()
    best: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    progression: Progression | None = None
    borne_out: Truth = Truth.UNKNOWN
    points: tuple[TimePoint, ...] = ()
    calendars: tuple[FollowUp, ...] = ()
    findings: tuple[tuple[str, RowVerdict], ...] = ()
    nervous_system: Categorised | None = None
    stated: Observation | None = None

    @property
    def current(self) -> Assessment | None:
        """The last assessment; None without any."""
        return self.assessments[-1] if self.assessments else None

    @property
    def missing(self) -> tuple[tuple[str, Response], ...]:
        """Facts that keep the current category open, each with the criteria that ask for it."""
        current = self.current
        return () if current is None else tuple((name, current.criteria) for name in current.result.missing)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one set of criteria makes of a course."""

    assessments: tuple[Assessment, ...]
    scans: tuple[LuganoAssessment, ...] = ()
    findings: tuple[tuple[str, RowVerdict], ...] = ()
    nervous_system: Categorised | None = None


@dataclass(frozen=True)
class Criteria:
    """The criteria of a protocol for one indication, with their files."""

    chosen: DiseaseCriteria | None
    files: Mapping[str, Response]
    calendars: tuple[FollowUp, ...]

    @classmethod
    def of(cls, indication: str | None, protocol: Protocol, books: Library) -> Criteria:
        """Find the criteria of an indication.

        Raises:
            KnowledgeError: RULE-003 when the protocol names a file that is not known.
        """
        found = next((one for one in protocol.response if indication in one.indications), None)
        choices = protocol.choices
        files = (
            {}
            if found is None
            else {part: books.get(id, Response, choices.get(id)) for part, id in found.files.items()}
        )
        calendars = (books.get(id, FollowUp, choices.get(id)) for id in protocol.followup)
        return cls(found, files, tuple(c for c in calendars if any(item.kind == "response" for item in c.items)))

    def at(self, timeline: Timeline, at: datetime) -> DiseaseResponse | None:
        """Response at an instant; None before the infusion."""
        known = reported(timeline, at)
        course = known.course
        if course.infused_at is None:
            return None
        stated = known.latest(_STATED)
        if self.chosen is None:
            problem = NO_INDICATION if course.indication is None else NO_CRITERIA
            return DiseaseResponse(course.indication, problem=problem, stated=stated)
        seen = _SEEN[self.chosen.criteria](self, known, at)
        after = tuple(one for one in seen.assessments if one.at > course.infused_at)
        scans = tuple(one for one in seen.scans if one.scan.at > course.infused_at)
        found = progression(after)
        return DiseaseResponse(
            course.indication,
            self.chosen.criteria,
            tuple(self.files.items()),
            None if after else NOT_ASSESSED,
            after,
            scans[-1].basis if scans else None,
            scans,
            best_response(after),
            best_confirmed(after),
            found,
            _borne_out(after, scans, found),
            tuple(point for calendar in self.calendars for point in at_time_points(after, calendar, course, at)),
            self.calendars,
            seen.findings,
            seen.nervous_system,
            stated,
        )

    def days(self, part: str) -> float:
        """How long marrow and the like are read with a scan, in days."""
        return float(self.files[part].chosen["holds_days"])


def _borne_out(assessments: Sequence[Assessment], scans: Sequence[LuganoAssessment], found: Progression) -> Truth:
    """Whether a certain progression was borne out by the assessment after it, or by biopsy."""
    place = next((n for n, one in enumerate(assessments) if one.at == found.at), None)
    if place is None:
        return Truth.UNKNOWN
    biopsy = scans[place].scan.confirmed if scans else None
    if biopsy is not None:
        return Truth.of(biopsy)
    return assessments[place + 1].progressive if place + 1 < len(assessments) else Truth.UNKNOWN


def _lugano(criteria: Criteria, known: Timeline, at: datetime) -> _Seen:
    files = LuganoFiles(**dict(criteria.files))
    row = known.latest(_AVID)
    by_protocol = True if criteria.chosen is not None and known.course.indication in criteria.chosen.avid else None
    is_avid = by_protocol if row is None else row.code == "yes"
    found = lugano(known, scans_of(known, holds_days=criteria.days("ct")), at, is_avid=is_avid, files=files)
    return _Seen(tuple(one.counts for one in found), found, found[-1].counts.findings if found else ())


def _imwg(criteria: Criteria, known: Timeline, at: datetime) -> _Seen:
    pictures = myeloma_imaging(known)
    found = myeloma(known, criteria.files["response"], at, imaging=pictures)
    residual = criteria.files["mrd"]
    return _Seen(
        found, findings=tuple(_named(residual, myeloma_mrd(known, residual, found, at, imaging=pictures), found))
    )


def _all(criteria: Criteria, known: Timeline, at: datetime) -> _Seen:
    found = leukaemia(known, criteria.files["response"], at)
    residual = criteria.files["mrd"]
    nerves = central_nervous_system(known, criteria.files["cns"], at) if found else None
    return _Seen(
        found, findings=tuple(_named(residual, leukaemia_mrd(known, residual, at), found)), nervous_system=nerves
    )


def _iwcll(criteria: Criteria, known: Timeline, at: datetime) -> _Seen:
    days = criteria.days("response")
    scans = scans_of(known, holds_days=days)
    told = cll_findings(known, scans, holds_days=days)
    return _Seen(cll(known, criteria.files["response"], scans, at, findings=told))


def _named(
    file: Response, verdicts: Sequence[RowVerdict], found: Sequence[Assessment]
) -> Iterator[tuple[str, RowVerdict]]:
    """Verdicts with their file; none while the response itself was never assessed."""
    return ((file.id, verdict) for verdict in verdicts if found)


_SEEN: Final = {"lugano": _lugano, "imwg": _imwg, "all": _all, "iwcll": _iwcll}
