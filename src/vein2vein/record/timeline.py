"""One course's observations, exposures, milestones and lesions, in time order.

Place    Floor 2. Built by `Cohort.timeline`; read by the plain engine, reports and people.
In       Rows of the cohort tables of one course.
Out      Frozen values; `until(t)` is the only way to ask what was known at t.
Knows    Nothing after the cut: later rows are gone, intervals still open at the cut have no end. A lesion counts from when its
         measurement was reported, where that is recorded, whichever cut is asked for: a scan nobody has read says nothing.
Missing  An absent row is absent. Only a "charted" exposure turns absence into a fact.
Does not Judge.
Checked  tests/unit/record, and the prefix property of the engines.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from vein2vein.basis.clock import check_aware, relative_day
from vein2vein.basis.ids import CourseId, PatientId

CHARTED = "charted"
UNSPECIFIED = "unspecified"


@dataclass(frozen=True, slots=True)
class Patient:
    """The person, as far as rules need to know."""

    patient_id: PatientId
    born_on: date | None = None
    sex: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """One attempt to give one product to one patient; day 0 is the local calendar day of `infused_at`."""

    course_id: CourseId
    patient: Patient
    product: str | None = None
    indication: str | None = None
    centre_id: str | None = None
    zone: str = "UTC"
    infused_at: datetime | None = None
    followed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured or stated fact, in the canonical unit of its kind."""

    kind: str
    observed_at: datetime
    value: float | None = None
    comparator: str | None = None
    code: str | None = None
    reference_low: float | None = None
    reference_high: float | None = None
    recorded_at: datetime | None = None
    usability: str = "ok"
    as_sent: str | None = None
    source: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether a value or category can be read from the row."""
        return self.usability == "ok" and (self.value is not None or self.code is not None)


@dataclass(frozen=True, slots=True)
class Exposure:
    """A drug, device or blood product over the half-open interval [started_at, ended_at)."""

    kind: str
    agent: str
    started_at: datetime
    ended_at: datetime | None = None
    amount: float | None = None
    amount_unit: str | None = None
    rate: float | None = None
    rate_unit: str | None = None
    reason: str | None = None
    recorded_at: datetime | None = None
    source: str | None = None

    def is_active(self, at: datetime) -> bool:
        """Whether started_at <= at < ended_at; an exposure without end is active from its start."""
        return self.started_at <= at and (self.ended_at is None or at < self.ended_at)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A dated step of the course, such as infused, progression or death."""

    kind: str
    at: datetime
    detail: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ScannedLesion:
    """One lesion on one scan, as measured.

    Attributes:
        lesion: Its name, the same on every scan.
        observed_at: Instant of the scan.
        site: node, extranodal, plasmacytoma or bone; None where not stated.
        role: target, non-target or new; None where not stated.
        seen: measured, too-small or gone; None where it was not assessed.
        long_mm: Longest diameter in mm.
        short_mm: Diameter perpendicular to it in mm.
        unequivocal: "yes" or "no": whether it is the disease without doubt.
        method: ct, pet-ct, mri, ultrasound or examination.
        recorded_at: When the measurement was reported; None where not recorded.
    """

    lesion: str
    observed_at: datetime
    site: str | None = None
    role: str | None = None
    seen: str | None = None
    long_mm: float | None = None
    short_mm: float | None = None
    unequivocal: str | None = None
    method: str | None = None
    recorded_at: datetime | None = None
    usability: str = "ok"
    as_sent: str | None = None
    source: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether what the row says can be used."""
        return self.usability == "ok"


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything recorded of one course, each table in time order.

    Attributes:
        cut_at: The instant up to which it was cut by `until`; None for a whole course. A note to `until`, no part of the record.
    """

    course: Course
    observations: tuple[Observation, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    lesions: tuple[ScannedLesion, ...] = ()
    cut_at: datetime | None = field(default=None, compare=False, repr=False)

    def until(self, at: datetime, *, as_recorded: bool = False) -> Timeline:
        """What was known at `at`, inclusive of rows at exactly `at`.

        Args:
            at: Aware instant of the cut.
            as_recorded: When True, a row counts from the later of when it was observed and when it was entered, which
                shows what the team could see. When False (default) it counts from when it was observed.

        Returns:
            A timeline without later rows, in which an interval that ends after the cut has no end yet.
        """
        check_aware(at, what="cut")
        if self._ends_by(at) and not as_recorded:
            return self

        observations = [o for o in self.observations if o.observed_at <= at]
        exposures = [e for e in self.exposures if e.started_at <= at]
        if as_recorded:
            observations = [o for o in observations if o.recorded_at is None or o.recorded_at <= at]
            exposures = [e for e in exposures if e.recorded_at is None or e.recorded_at <= at]
        return replace(
            self,
            course=self._course_until(at),
            observations=tuple(observations),
            exposures=tuple(
                replace(e, ended_at=None) if e.ended_at is not None and e.ended_at > at else e for e in exposures
            ),
            milestones=tuple(m for m in self.milestones if m.at <= at),
            lesions=tuple(s for s in self.lesions if max(s.observed_at, s.recorded_at or s.observed_at) <= at),
            cut_at=at,
        )

    def _ends_by(self, at: datetime) -> bool:
        """Whether it was cut at or before an instant, and nobody has added later rows since."""
        if self.cut_at is None or self.cut_at > at:
            return False
        last = [rows[-1].observed_at for rows in (self.observations, self.lesions) if rows]
        last += [self.exposures[-1].started_at] if self.exposures else []
        last += [self.milestones[-1].at] if self.milestones else []
        return all(instant <= at for instant in last)

    def _course_until(self, at: datetime) -> Course:
        course = self.course
        if course.infused_at is not None and course.infused_at > at:
            course = replace(course, infused_at=None)
        if course.followed_until is not None and course.followed_until > at:
            course = replace(course, followed_until=None)
        return course

    def milestone(self, kind: str) -> Milestone | None:
        """The first milestone of a kind, or None."""
        return next((m for m in self.milestones if m.kind == kind), None)

    def latest(self, kind: str) -> Observation | None:
        """The last usable observation of a kind, or None; of rows at one instant the one listed last."""
        return next((o for o in reversed(self.observations) if o.kind == kind and o.is_usable), None)

    def day(self, at: datetime) -> int | None:
        """Relative day of an instant; None before the infusion is known."""
        if self.course.infused_at is None:
            return None
        return relative_day(at, infused_at=self.course.infused_at, zone=self.course.zone)
