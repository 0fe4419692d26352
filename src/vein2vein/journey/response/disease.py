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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from vein2vein.journey.response.cll import KINDS as CLL_KINDS
from vein2vein.journey.response.cll import cll
from vein2vein.journey.response.leukaemia import KINDS as LEUKAEMIA_KINDS
from vein2vein.journey.response.leukaemia import central_nervous_system, leukaemia, leukaemia_mrd
from vein2vein.journey.response.lugano import LuganoAssessment, LuganoFiles, lugano
from vein2vein.journey.response.measures import most_targets
from vein2vein.journey.response.myeloma import KINDS as MYELOMA_KINDS
from vein2vein.journey.response.myeloma import myeloma, myeloma_mrd
from vein2vein.journey.response.scans import READ, cll_findings, myeloma_imaging, reported, scans_of
from vein2vein.knowledge.decisions import FromTimeline, RowVerdict
from vein2vein.knowledge.documents.followup import FollowUp
from vein2vein.knowledge.documents.protocol import DiseaseCriteria, Protocol
from vein2vein.knowledge.documents.response import Categorised, Response
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.library import Library
from vein2vein.record.timeline import Observation, Timeline

_Beside = tuple[tuple[tuple[str, RowVerdict], ...], Categorised | None]
_AVID: Final = "fdg_avid"
_STATED: Final = "response_assessment"
_COMPLETE: Final = "imaging_complete"
_LESIONS: Final = frozenset({"plasmacytoma", "baseline_plasmacytoma", "new_lesion"})
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
        """Facts that keep the current category open, each with the criteria that ask for it; then those of residual disease.

        Where lesions of a myeloma are among them, so is the statement that imaging was complete: it settles them.
        """
        current = self.current
        if current is None:
            return ()
        names = current.result.missing
        stated = (_COMPLETE,) if self.criteria == "imwg" and _LESIONS.intersection(names) else ()
        category = tuple((name, current.criteria) for name in (*names, *stated))
        file, verdicts = dict(self.files).get("mrd"), self.uncalled
        residual = sorted({name for verdict in verdicts for name in verdict.missing})
        return category if file is None else (*category, *((name, file) for name in residual))

    @property
    def uncalled(self) -> tuple[RowVerdict, ...]:
        """What residual disease may be where a level is on record and does not say; empty where it is called or without a level.

        Myeloma states a result, no level: its file is never listed.
        """
        file = dict(self.files).get("mrd")
        if file is None or "level" not in file.facts:
            return ()
        found = tuple(v for id, v in self.findings if id == file.id and v.truth is Truth.UNKNOWN)
        return () if any("level" in verdict.missing for verdict in found) else found


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one set of criteria makes of a course."""

    assessments: tuple[Assessment, ...] = ()
    scans: tuple[LuganoAssessment, ...] = ()


@dataclass(frozen=True)
class Criteria:
    """The criteria of a protocol for one indication, with their files.

    What was made of the same rows is kept: only the time points, and how long a residual disease holds, change with the instant.
    """

    chosen: DiseaseCriteria | None
    files: Mapping[str, Response]
    calendars: tuple[FollowUp, ...]
    _last: dict[tuple[object, ...], tuple[Timeline, _Seen]] = field(default_factory=dict, repr=False, compare=False)

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
        seen = self._seen(self.chosen.criteria, known, at)
        beside = _BESIDE.get(self.chosen.criteria)
        findings, nerves = ((), None) if beside is None or not seen.assessments else beside(self, known, seen, at)
        if seen.scans:
            findings = seen.scans[-1].counts.findings
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
            findings,
            nerves,
            stated,
        )

    def _seen(self, criteria: str, known: Timeline, at: datetime) -> _Seen:
        key = (known.course, *map(id, known.observations), *map(id, known.lesions))
        if key not in self._last:
            self._last.clear()
            self._last[key] = (
                known,
                _SEEN[criteria](self, known, at),
            )  # the rows are kept, so that no other gets their ids
        return self._last[key][1]

    def slim(self, timeline: Timeline) -> Timeline:
        """The course with the rows that are read here alone, which gives the same answers sooner."""
        facts = (fact for file in self.files.values() for fact in file.facts.values())
        takes = (fact.source.input for fact in facts if isinstance(fact.source, FromTimeline))
        wanted = _KINDS | {take.observation for take in takes if isinstance(take, Latest)}
        rows = tuple(row for row in timeline.observations if row.kind in wanted)
        return replace(timeline, observations=rows, exposures=(), milestones=())

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
    scans = scans_of(known, holds_days=criteria.days("ct"), most_targets=most_targets(files.ct))
    found = lugano(known, scans, at, is_avid=is_avid, files=files)
    return _Seen(tuple(one.counts for one in found), found)


def _imwg(criteria: Criteria, known: Timeline, at: datetime) -> _Seen:
    return _Seen(myeloma(known, criteria.files["response"], at, imaging=myeloma_imaging(known)))


def _imwg_beside(criteria: Criteria, known: Timeline, seen: _Seen, at: datetime) -> _Beside:
    residual = criteria.files["mrd"]
    verdicts = myeloma_mrd(known, residual, seen.assessments, at, imaging=myeloma_imaging(known))
    return tuple((residual.id, verdict) for verdict in verdicts), None


def _all(criteria: Criteria, known: Timeline, at: datetime) -> _Seen:
    return _Seen(leukaemia(known, criteria.files["response"], at))


def _all_beside(criteria: Criteria, known: Timeline, _: _Seen, at: datetime) -> _Beside:
    residual = criteria.files["mrd"]
    verdicts = leukaemia_mrd(known, residual, at)
    return tuple((residual.id, v) for v in verdicts), central_nervous_system(known, criteria.files["cns"], at)


def _iwcll(criteria: Criteria, known: Timeline, at: datetime) -> _Seen:
    days = criteria.days("response")
    scans = scans_of(known, holds_days=days, most_targets=most_targets(criteria.files["response"]))
    told = cll_findings(known, scans, holds_days=days)
    return _Seen(cll(known, criteria.files["response"], scans, at, findings=told))


_SEEN: Final = {"lugano": _lugano, "imwg": _imwg, "all": _all, "iwcll": _iwcll}
_BESIDE: Final = {"imwg": _imwg_beside, "all": _all_beside}
_KINDS: Final = READ | {_AVID, _STATED} | frozenset(CLL_KINDS) | MYELOMA_KINDS | LEUKAEMIA_KINDS
