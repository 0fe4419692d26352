"""Made-up courses for tests, built by saying what happens: ``a_patient("A").with_fever(day=2).built()``.

Nothing here is a real person. Values follow fixed curves, so that every run has the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from vein2vein.basis.ids import CourseId, PatientId
from vein2vein.record.timeline import Course, Exposure, Milestone, Observation, Patient, Timeline

INFUSED_AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
CHARTED = ("oxygen", "vasopressor", "inotrope", "antipyretic", "anticytokine", "corticosteroid")


class PatientBuilder:
    """One course, day by day; times are given as relative days of 24 hours from the infusion."""

    def __init__(self, name: str, *, days: float, zone: str) -> None:
        self._days = days
        self._course = Course(
            CourseId(name),
            Patient(PatientId(f"P-{name}"), date(1968, 5, 17), "female"),
            product="product A",
            indication="large B-cell lymphoma",
            zone=zone,
            infused_at=INFUSED_AT,
            followed_until=INFUSED_AT + timedelta(days=days),
        )
        self._observations: list[Observation] = []
        self._exposures: list[Exposure] = []
        self._milestones: list[Milestone] = []
        self._fevers: list[tuple[float, float, float]] = []

    def at(self, day: float) -> datetime:
        """Instant of a relative day, whole minutes."""
        return INFUSED_AT + timedelta(minutes=round(day * 1440))

    def with_course(self, **changes: object) -> PatientBuilder:
        """Change facts of the course."""
        self._course = replace(self._course, **changes)
        return self

    def with_fever(self, day: float, *, until: float, peak: float = 39.4) -> PatientBuilder:
        """A fever that rises and falls between two days; it shapes the temperatures of `with_vitals`."""
        self._fevers.append((day, until, peak))
        return self

    def with_vitals(self, *, every_hours: float = 4, gaps: tuple[tuple[float, float], ...] = ()) -> PatientBuilder:
        """Temperature, blood pressure and saturation from day -1 to the end, but not within `gaps`."""
        for i in range(int((self._days + 1) * 24 / every_hours)):
            day = -1 + i * every_hours / 24
            if any(start <= day < end for start, end in gaps):
                continue
            heat = self._heat(day)
            self.with_value("body_temperature", day, round(36.6 + 0.25 * math.sin(day * 6.3) + heat, 1))
            systolic = round(118 + 7 * math.sin(day * 5.1) - 9 * heat)
            self.with_value("systolic_blood_pressure", day, systolic)
            self.with_value("mean_arterial_pressure", day, round(systolic * 0.7))
            self.with_value("oxygen_saturation", day, round(min(99.0, 97.5 + math.sin(day * 3.3) - 1.3 * heat)))
        return self

    def _heat(self, day: float) -> float:
        found = 0.0
        for start, end, peak in self._fevers:
            if start <= day < end:
                found = max(found, (peak - 36.6) * (0.75 + 0.25 * math.sin(math.pi * (day - start) / (end - start))))
        return found

    def with_blood(self, *, low_from: float = 3, low_until: float = 16, lowest: float = 0.08) -> PatientBuilder:
        """Daily counts, CRP and ferritin: cytopenia between two days, inflammation around the fevers."""
        for day in range(-1, int(self._days)):
            is_low = low_from <= day < low_until
            self.with_value(
                "neutrophils", day - 0.1, round(lowest + 0.02 * (day % 3) if is_low else 2.6 + 0.1 * (day % 5), 2)
            )
            self.with_value("platelets", day - 0.1, 22 + 3 * (day % 4) if is_low else 140 + 5 * (day % 6))
            heat = self._heat(day) + 0.6 * self._heat(day - 1)
            self.with_value("crp", day - 0.1, round(6 + 55 * heat))
            self.with_value("ferritin", day - 0.1, round(420 * 2.1**heat))
        return self

    def with_value(self, kind: str, day: float, value: float | None, **more: object) -> PatientBuilder:
        """One observation with a number."""
        source = f"vitals.csv:{len(self._observations) + 2}"
        row = Observation(kind, self.at(day), None if value is None else float(value), source=source)
        self._observations.append(replace(row, **more))
        return self

    def with_statement(self, kind: str, day: float, code: str) -> PatientBuilder:
        """One stated fact or category."""
        return self.with_value(kind, day, None, code=code)

    def with_exposure(
        self, kind: str, agent: str, day: float, *, until: float | None = None, **more: object
    ) -> PatientBuilder:
        """A drug or device; without `until` it is a single administration."""
        source = f"treatments.csv:{len(self._exposures) + 2}"
        row = Exposure(kind, agent, self.at(day), self.at(day if until is None else until), source=source)
        self._exposures.append(replace(row, **more))
        return self

    def with_charting(self, *streams: str, until: float | None = None) -> PatientBuilder:
        """Say that these streams (all common ones when none is named) are recorded completely."""
        for stream in streams or CHARTED:
            self.with_exposure("charted", stream, -2, until=self._days if until is None else until)
        return self

    def with_milestone(self, kind: str, day: float, detail: str | None = None) -> PatientBuilder:
        """A dated step."""
        self._milestones.append(Milestone(kind, self.at(day), detail, "milestones.csv:2"))
        return self

    def built(self) -> Timeline:
        """The timeline, each table in time order."""
        return Timeline(
            self._course,
            tuple(sorted(self._observations, key=lambda row: row.observed_at)),
            tuple(sorted(self._exposures, key=lambda row: row.started_at)),
            tuple(sorted(self._milestones, key=lambda row: row.at)),
        )


def a_patient(name: str = "A", *, days: float = 21, zone: str = "Europe/Berlin") -> PatientBuilder:
    """Begin a course that is followed for `days` days."""
    return PatientBuilder(name, days=days, zone=zone)


def unrecorded_device() -> Timeline:
    """Fever from day 2, oxygen from day 4.2 by a device that nobody wrote down, well again on day 7."""
    return (
        a_patient("CRS-04")
        .with_fever(2.1, until=6.2, peak=39.6)
        .with_vitals()
        .with_blood()
        .with_charting("vasopressor", "inotrope", "antipyretic", "anticytokine", "corticosteroid")
        .with_exposure("oxygen", "room-air", -2, until=4.2)
        .with_exposure("oxygen", "unspecified", 4.2, until=5.1)
        .with_exposure("oxygen", "nasal-cannula", 5.1, until=6.5, rate=2.0, rate_unit="L/min")
        .with_exposure("oxygen", "room-air", 6.5, until=21)
        .with_exposure("antipyretic", "paracetamol", 2.4, amount=1000.0, amount_unit="mg")
        .with_exposure("antipyretic", "paracetamol", 3.2, amount=1000.0, amount_unit="mg")
        .with_exposure("anticytokine", "tocilizumab", 4.4, amount=560.0, amount_unit="mg")
        .with_exposure("growth_factor", "filgrastim", 8.3, amount=300.0, amount_unit="ug")
        .with_milestone("discharge", 16.2)
        .built()
    )


def severe(name: str = "CRS-07", *, dies: bool = False) -> Timeline:
    """Two vasopressors and ventilation on days 3 and 4; with `dies` a death due to CRS on day 6."""
    patient = (
        a_patient(name, days=6 if dies else 28)
        .with_fever(1.2, until=5.6, peak=40.2)
        .with_vitals(every_hours=2)
        .with_blood(low_from=1, low_until=19, lowest=0.02)
        .with_charting()
        .with_exposure("oxygen", "nasal-cannula", 1.9, until=2.6, rate=4.0, rate_unit="L/min")
        .with_exposure("oxygen", "high-flow-nasal-cannula", 2.6, until=3.3, rate=40.0, rate_unit="L/min")
        .with_exposure("oxygen", "mechanical-ventilation", 3.3, until=5.2)
        .with_exposure(
            "vasopressor", "norepinephrine", 2.5, until=3.2, rate=0.08, rate_unit="ug/kg/min", reason="hypotension"
        )
        .with_exposure(
            "vasopressor", "norepinephrine", 3.2, until=4.1, rate=0.35, rate_unit="ug/kg/min", reason="hypotension"
        )
        .with_exposure(
            "vasopressor", "norepinephrine", 4.1, until=5.4, rate=0.1, rate_unit="ug/kg/min", reason="hypotension"
        )
        .with_exposure(
            "vasopressor", "epinephrine", 3.4, until=4.3, rate=0.05, rate_unit="ug/kg/min", reason="hypotension"
        )
        .with_exposure("vasopressor", "vasopressin", 3.5, until=4.4, rate=0.03, rate_unit="U/min", reason="hypotension")
        .with_exposure("anticytokine", "tocilizumab", 2.0, amount=560.0, amount_unit="mg")
        .with_exposure("anticytokine", "tocilizumab", 2.7, amount=560.0, amount_unit="mg")
        .with_exposure("anticytokine", "anakinra", 4.0, amount=100.0, amount_unit="mg")
        .with_exposure("stay", "ward", -2, until=2.5)
        .with_exposure("stay", "icu", 2.5, until=5.9, reason="crs")
    )
    for day in (2.7, 3.0, 3.3, 3.6, 3.9, 4.2, 4.6, 5.0):
        patient.with_exposure("corticosteroid", "dexamethasone", day, amount=10.0, amount_unit="mg")
    for day in (1.4, 1.8, 2.3):
        patient.with_exposure("antipyretic", "paracetamol", day, amount=1000.0, amount_unit="mg")
    if dies:
        return patient.with_milestone("death", 5.9, "crs").built()
    for day in (4, 8, 12):
        patient.with_exposure("transfusion", "platelets", day + 0.4)
    return patient.with_exposure("stay", "ward", 5.9, until=20).with_milestone("discharge", 20).built()


def mild(name: str = "CRS-02") -> Timeline:
    """A fever on day 5 with nothing else, and a gap in the record on days 8 to 10."""
    return (
        a_patient(name)
        .with_fever(5.0, until=6.1, peak=38.7)
        .with_vitals(every_hours=6, gaps=((8, 10),))
        .with_blood(low_from=6, low_until=11, lowest=0.6)
        .with_charting()
        .with_exposure("oxygen", "room-air", -2, until=21)
        .with_exposure("antipyretic", "paracetamol", 5.4, amount=500.0, amount_unit="mg")
        .with_value("body_temperature", 12.05, None, usability="not-assessable", as_sent="38,9 ??")
        .with_milestone("discharge", 12)
        .with_milestone("progression", 19)
        .built()
    )


def quiet(name: str = "CRS-01", *, days: float = 21) -> Timeline:
    """Nothing happens, and everything is recorded."""
    return (
        a_patient(name, days=days)
        .with_vitals(every_hours=6)
        .with_blood(low_from=4, low_until=9, lowest=0.9)
        .with_charting()
        .with_exposure("oxygen", "room-air", -2, until=days)
        .built()
    )


def not_infused(name: str = "CRS-09") -> Timeline:
    """Measured, but never infused."""
    return a_patient(name, days=2).with_vitals().with_course(infused_at=None).built()


def a_small_cohort() -> list[Timeline]:
    """Six courses: severe, fatal, with an unrecorded device, mild, quiet and long, and not infused."""
    return [
        quiet(days=95),
        mild(),
        unrecorded_device(),
        severe(),
        severe("CRS-08", dies=True),
        not_infused(),
    ]
