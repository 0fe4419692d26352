"""Infections and fever in neutropenia: who, when, what kind, how severe, and how the record knows.

Place    Floor 4. After counts; before outcome (deaths), chemistry (acute phase) and the bedside (fever).
In       Counts, the acute course (steroids, CRS), the parameters infections.*.
Out      `Infections`: up to EVENTS events per course, and the fever they bring.
Knows    Four hazards per day: bacterial and fungal ones rise with neutropenia and steroids, viral ones follow the phase, fever
         without a focus comes in neutropenia only. An event starts at a drawn hour of its day. Its fever is recorded as having
         another cause than CRS while there is no CRS, so that the grading of CRS can tell; within CRS nobody can tell, and
         no cause is stated.
Does not Change blood pressure or oxygen: sepsis with shock is not modelled. Infections after two years are not drawn.
Checked  tests/unit/population/test_infections.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vein2vein.population.marrow import before
from vein2vein.population.states import Rows, Spans
from vein2vein.population.visits import DAYS, LAST_DAILY, column

if TYPE_CHECKING:
    import numpy.typing as npt

    from vein2vein.population.blocks import Block
    from vein2vein.population.counts import Counts
    from vein2vein.population.states import Acute, Flags, Floats

BACTERIAL: Final = 0
VIRAL: Final = 1
FUNGAL: Final = 2
WITHOUT_FOCUS: Final = 3
EVENTS: Final = 5
SEVERE: Final = 0.5
PROFOUND: Final = 0.1
# Days at which the steps of the hazard begin: daily to day 100, weekly to two years.
_STEPS: Final = np.array([*range(LAST_DAILY + 1), *range(LAST_DAILY + 1, 731, 7)], np.float64)
_WIDTHS: Final = np.diff(_STEPS, append=_STEPS[-1] + 7)
_N_STEPS: Final = len(_STEPS)
_NAMES = ("bacterial", "viral", "fungal", "without_focus")
_WEEKS = 14
_TOPICAL, _ORAL, _INTRAVENOUS, _LIFE_THREATENING = 1, 2, 3, 4


@dataclass(frozen=True)
class Infections:
    """Events of shape (courses, EVENTS), in time order; NaN and -1 where there is none.

    Attributes:
        onset: Hours since infusion.
        until: End of treatment.
        kind: BACTERIAL, VIRAL, FUNGAL or WITHOUT_FOCUS.
        severity: Intended CTCAE grade 2 (oral treatment) to 4 (life-threatening).
        fever_until: End of the fever; equal to `onset` where there is none.
        procedure: Whether an invasive procedure was needed.
        airways: Whether sinuses or lungs are the focus.
        explained: End of the interval in which the fever is said to have another cause than CRS; NaN where it is not said.
        dies: Hours at which an infection is fatal, shape (courses,); NaN for most.
    """

    onset: Floats
    until: Floats
    kind: npt.NDArray[np.int8]
    severity: Floats
    fever_until: Floats
    procedure: Flags
    airways: Flags
    explained: Floats
    dies: Floats

    def fever(self, hours: int) -> Flags:
        """Hours of the grid from the infusion with a fever that is said to have another cause than CRS, (courses, hours)."""
        found = np.zeros((len(self.dies), hours), bool)
        course, event = np.nonzero((self.explained > self.onset) & (self.onset < hours))
        for i, k in zip(course.tolist(), event.tolist(), strict=True):
            found[i, int(self.onset[i, k]) : int(self.explained[i, k])] = True
        return found

    def driver(self) -> Floats:
        """Acute phase on each draw of the calendar, shape (courses, columns): severity of what began in the days before."""
        found = np.zeros((len(self.dies), len(DAYS)))
        day = DAYS[None, :] * 24
        for k in range(EVENTS):
            since = day - self.onset[:, k, None]
            strength = (self.severity[:, k] - 1) * (self.kind[:, k] != VIRAL) + 0.3
            found += np.where(since > 0, strength[:, None] * np.exp(-np.maximum(since, 0) / 96), 0.0)
        return found


def draw_infections(block: Block, acute: Acute, counts: Counts, infused: Flags) -> Infections:
    """Draw the infections of a block, with those that are fatal."""
    value, n = block.parameter, block.n
    hazards = _hazards(block, acute, counts)
    total = np.cumsum(hazards.sum(axis=0), axis=1)
    rng = block.stream("infections/events")
    marks = np.cumsum(rng.exponential(1.0, (n, EVENTS)), axis=1)
    hour_of_day, what, worse, febrile, cut, nose = rng.random((6, n, EVENTS))
    step = np.stack([(total < marks[:, k, None]).sum(axis=1) for k in range(EVENTS)], axis=1)
    has = (step < _N_STEPS) & infused[:, None]
    at = np.minimum(step, _N_STEPS - 1)
    onset = np.where(has, np.floor((_STEPS[at] + hour_of_day * _WIDTHS[at]) * 24), np.nan)
    onset = np.maximum.accumulate(onset + np.arange(EVENTS), axis=1)
    course = np.arange(n)[:, None]
    parts = np.cumsum(hazards[:, course, at], axis=0)
    kind = (what[None] * parts[-1] > parts).sum(axis=0)
    neutropenic = counts.neutrophils[course, np.minimum(at + column(0), column(LAST_DAILY))] < SEVERE
    neutropenic &= at <= LAST_DAILY
    kind = np.where(has, kind, -1).astype(np.int8)

    severe = np.where(neutropenic, value("infections.severe_in_neutropenia"), value("infections.severe"))
    threat = value("infections.life_threatening_of_severe")
    severity = np.where(worse < severe * threat, _LIFE_THREATENING, np.where(worse < severe, _INTRAVENOUS, _ORAL))
    severity = np.where(
        kind == WITHOUT_FOCUS, _INTRAVENOUS, np.where(kind == FUNGAL, np.maximum(severity, 3), severity)
    )
    days = np.exp(0.4 * block.stream("infections/duration").standard_normal((n, EVENTS)))
    until = onset + 24 * days * np.where(kind == WITHOUT_FOCUS, 4, np.where(severity >= _INTRAVENOUS, 10, 7))
    likely = np.array([value(f"infections.fever_{name}") for name in _NAMES])[kind]
    last = 24 * np.clip(block.stream("infections/fever").exponential(1.5, (n, EVENTS)), 0.4, 5)
    fever_until = np.where(febrile < likely, np.ceil(np.minimum(onset + last, until)), onset)
    explained = _explained(acute, onset, fever_until)
    share = np.array(block.setting.values("infections.fatal_of_life_threatening"))[_phases(_STEPS)[at]]
    fatal = has & (severity == _LIFE_THREATENING) & (cut < share)
    # Nobody is killed twice, and nothing begins after death.
    dies = np.nanmin(np.where(fatal, np.minimum(until, onset + 24 * 12), np.inf), axis=1)
    return Infections(
        onset=onset,
        until=until,
        kind=kind,
        severity=np.where(has, severity, 0.0),
        fever_until=fever_until,
        procedure=has & (kind != VIRAL) & (severity >= _INTRAVENOUS) & (nose < value("infections.procedure_of_severe")),
        airways=has & (nose > 1 - value("infections.airways")),
        explained=explained,
        dies=np.where(np.isinf(dies), np.nan, dies),
    )


def _phases(day: Floats) -> npt.NDArray[np.int64]:
    """0 for days 0 to 28, 1 for 29 to 90, 2 after."""
    return np.searchsorted((29, 91), day, side="right")


def _hazards(block: Block, acute: Acute, counts: Counts) -> npt.NDArray[np.floating[Any]]:
    """Hazard per step of each kind, shape (kinds, courses, steps)."""
    value, n = block.parameter, block.n
    phases = _phases(_STEPS)
    steroid = np.zeros((n, _N_STEPS), bool)
    given = acute.given.of("dexamethasone", "methylprednisolone")
    first = np.minimum(np.asarray(given.hour) // 24, LAST_DAILY - 14).astype(np.int64)
    for after in range(14):
        steroid[given.course, first + after] = True
    low = np.zeros((n, _N_STEPS), bool)
    very_low = np.zeros((n, _N_STEPS), bool)
    known = counts.neutrophils[:, column(0) : column(LAST_DAILY) + 1]
    low[:, : LAST_DAILY + 1], very_low[:, : LAST_DAILY + 1] = known < SEVERE, known < PROFOUND
    neutropenia = np.where(low, value("infections.ratio_neutropenia"), 1.0)
    neutropenia *= np.where(very_low, value("infections.ratio_profound"), 1.0)
    steroids = np.where(steroid, value("infections.ratio_steroids"), 1.0)
    frail = np.exp(0.5 * block.stream("infections/frailty").standard_normal(n) - 0.125)[:, None]
    rates = {
        name: np.array(block.setting.values(f"infections.{name}_per_100_days"))[phases] / 100 * _WIDTHS
        for name in _NAMES[:3]
    }
    return np.stack(
        [
            rates["bacterial"] * neutropenia * steroids * frail,
            rates["viral"] * frail * np.ones((n, 1)),
            rates["fungal"] * neutropenia * steroids * frail,
            np.where(low, value("infections.without_focus_per_100_days") / 100, 0.0),
        ]
    )


def _explained(acute: Acute, onset: Floats, fever_until: Floats) -> Floats:
    """Until when a fever is said to have another cause: its end, or the next hour of CRS; never where it starts within CRS."""
    on = acute.crs_severity >= 1
    hours = acute.hours
    # For each hour the next hour of CRS at or after it.
    after = np.where(on, np.arange(hours), hours * 10)
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    start = np.clip(np.nan_to_num(onset), 0, hours - 1).astype(np.int64)
    following = np.where(onset < hours, np.take_along_axis(after, start, axis=1), hours * 10)
    stop = np.minimum(fever_until, following)
    return np.where((stop > onset) & (fever_until > onset), stop, np.nan)


def observe_infections(infections: Infections, infused: Flags, until: Floats) -> tuple[Rows, Spans]:
    """What the record knows: statements, antimicrobials with their reason, and the cause of a fever outside CRS.

    Infection is stated at its onset, at the end of its treatment unless another one goes on, and once a week to day 98.
    """
    everybody = np.nonzero(infused)[0]
    parts = [Rows.coded("infection", everybody, np.full(len(everybody), -5.0), "no")]
    proven = (infections.kind >= 0) & (infections.kind != WITHOUT_FOCUS)
    onset, stop = np.where(proven, infections.onset, np.nan), np.where(proven, infections.until, np.nan)
    course, event = np.nonzero(onset < until[:, None])
    stated = [(course, event, onset[course, event])]
    own = stop[course, event]
    goes_on = ((onset[course] <= own[:, None]) & (stop[course] > own[:, None])).any(axis=1)
    over = (own < until[course]) & ~goes_on
    parts.append(Rows.coded("infection", course[over], own[over], "no"))
    for week in range(1, _WEEKS + 1):
        hour = week * 168.0 - 2
        there = infused & (until > hour)
        running = (onset <= hour) & (stop > hour) & there[:, None]
        free = np.nonzero(there & ~running.any(axis=1))[0]
        parts.append(Rows.coded("infection", free, np.full(len(free), hour), "no"))
        ill, which = np.nonzero(running)
        stated.append((ill, which, np.full(len(ill), hour)))
    parts += _stated(infections, *(np.concatenate(column) for column in zip(*stated, strict=True)))
    course, event = np.nonzero(infections.onset < until[:, None])
    return Rows.join(parts), before(_treatment(infections, course, event, everybody), until)


def _stated(
    infections: Infections, course: npt.NDArray[np.int64], event: npt.NDArray[np.int64], hour: Floats
) -> list[Rows]:
    """An infection and its consequences, as stated at an hour; several at one hour are one statement of the worst."""
    severity, kind = infections.severity[course, event], infections.kind[course, event]
    severe_bacterial = (kind == BACTERIAL) & ((severity >= _INTRAVENOUS) | (event > 1))
    answers = (
        ("infection", np.ones(len(course), bool)),
        ("infection_topical_treatment", np.zeros(len(course), bool)),
        ("infection_invasive_procedure", infections.procedure[course, event]),
        ("infection_life_threatening", severity == _LIFE_THREATENING),
        ("sinopulmonary_infection", infections.airways[course, event]),
        ("serious_or_recurrent_bacterial_infection", severe_bacterial),
    )
    (courses, hours), group = np.unique(np.stack([course, hour]), axis=1, return_inverse=True)
    stated = courses.astype(np.int64)
    return [
        Rows.coded(name, stated, hours, (np.bincount(group, answer, len(stated)) > 0).astype(np.int16))
        for name, answer in answers
    ]


def _treatment(
    infections: Infections,
    course: npt.NDArray[np.int64],
    event: npt.NDArray[np.int64],
    everybody: npt.NDArray[np.int64],
) -> Spans:
    onset, stop = infections.onset[course, event], infections.until[course, event]
    vein = infections.severity[course, event] >= _INTRAVENOUS
    empirical = infections.kind[course, event] == WITHOUT_FOCUS
    said = ~np.isnan(infections.explained[course, event])
    start = np.full(len(everybody), -5 * 24.0)
    return Spans.join(
        [
            Spans.of("antimicrobial", "oral", everybody, start, start + 185 * 24, reason="prophylaxis"),
            Spans.of(
                "antimicrobial",
                "intravenous",
                course[empirical],
                onset[empirical] + 1,
                stop[empirical],
                reason="febrile-neutropenia",
            ),
            *(
                Spans.of("antimicrobial", agent, course[some], onset[some] + 1, stop[some], reason="treatment")
                for agent, some in (("intravenous", vein & ~empirical), ("oral", ~vein))
            ),
            Spans.of("other_cause", "fever", course[said], onset[said], infections.explained[course, event][said]),
        ]
    )
