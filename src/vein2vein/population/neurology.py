"""Neurological tests: ICE or CAPD, level of consciousness, and the findings that decide grades 3 and 4.

Place    Floor 4. After `bedside`.
In       A block (parameters bedside.*), patients, the acute course, sedation, the hours at which observation ends.
Out      `Rows`, and `Spans`: statements that a change of cognition has another cause.
Knows    Tests at 6, 14 and 22 o'clock, once before the infusion, and whenever the intended grade changes. Findings once a day.
         Patients below 12 years are tested by CAPD, others by ICE. ICE 7 to 9 is grade 1, 3 to 6 grade 2, 0 to 2 grade 3;
         CAPD 1 to 8 is grade 1, or 2 where the child awakens to voice, 9 or more grade 3; unarousable is grade 4, and no test
         is possible. Under sedation nothing can be tested, and the chart says so. In a few tests without neurotoxicity a
         point or two are lost to sleep, drugs or the language; the team states another cause until the next test.
Does not Forget a test at night (`mess` does).
Checked  tests/unit/population/test_neurology.py, tests/acceptance/population/test_agreement.py
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vein2vein.population.blocks import Block
from vein2vein.population.runs import runs_of
from vein2vein.population.states import CODE, KIND, Acute, Flags, Floats, Integers, Patients, Rows, Spans

FINDINGS: Final = (
    "seizure",
    "seizure_prolonged",
    "motor_weakness_focal",
    "cerebral_oedema_focal",
    "cerebral_oedema_diffuse",
    "posturing",
    "sixth_nerve_palsy",
    "papilloedema",
    "cushing_triad",
)
FIRST_ADULT_AGE: Final = 12
_TEST_EVERY: Final = 8
_FIRST_TEST_CLOCK: Final = 6
_BEFORE: Final = -1.0
_TWO_POINTS: Final = 1 / 3
_SEVERE, _WORST = 3, 4
_ICE_LOW: Final = np.array([10, 7, 3, 0])
_ICE_CHOICES: Final = np.array([1, 3, 4, 3])
_CAPD_LOW: Final = np.array([0, 1, 1, 9])
_CAPD_CHOICES: Final = np.array([1, 8, 8, 16])
_HOURS_OF_YEAR: Final = 24 * 365.2425
# Off the quarters of an hour at which rounds are made, so that nothing is said twice at one instant.
_SEIZURE_HOURS: Final = (0.3, 1.3)
_SWOLLEN_AFTER, _GONE_BEFORE = 0.3, 0.1


def observe_neurology(  # noqa: PLR0917  (what a test depends on)
    block: Block, patients: Patients, clock: Floats, acute: Acute, sedated: Flags, until: Floats
) -> tuple[Rows, Spans]:
    """All neurological rows of a block; `until` is when observation ends, NaN for courses that are never infused."""
    end = np.minimum(np.nan_to_num(until, nan=-2.0), acute.hours)
    course, hour = _times(acute, clock, end)
    rounds = (hour - (_FIRST_TEST_CLOCK - clock[course])) % _TEST_EVERY == 0
    may = rounds & (hour >= 0) & (hour + _TEST_EVERY < end[course])  # another round comes after it
    lost = _lost(block, acute, sedated, (course, hour), may)
    slips = np.flatnonzero(lost)
    explained = Spans.of("other_cause", "cognition", course[slips], hour[slips], hour[slips] + _TEST_EVERY)
    rows = Rows.join([
        *_tests(block, patients, acute, sedated, (course, hour), lost),
        _findings(clock, end),
        *_events(block, acute, end),
    ])  # fmt: skip
    return rows, explained


def _lost(  # noqa: PLR0917  (what a test depends on)
    block: Block, acute: Acute, sedated: Flags, times: tuple[Integers, Floats], may: Flags
) -> Integers:
    """Points that a test without neurotoxicity loses for another cause; none where neurotoxicity begins before the next test."""
    course, hour = times
    counts = np.zeros((block.n, acute.hours + _TEST_EVERY + 2), np.int32)
    np.cumsum((acute.icans_grade > 0) | sedated, axis=1, out=counts[:, 1 : acute.hours + 1])
    counts[:, acute.hours + 1 :] = counts[:, acute.hours, None]
    at = np.maximum(np.floor(hour), 0).astype(np.int64)
    clear = may & (counts[course, at + _TEST_EVERY + 1] == counts[course, at])
    draws = block.stream("bedside/sleepy").random((2, len(course)))
    slips = clear & (draws[0] < block.parameter("bedside.sleepy_test"))
    return np.where(slips, 1 + (draws[1] < _TWO_POINTS), 0)


def _times(acute: Acute, clock: Floats, end: Floats) -> tuple[Integers, Floats]:
    """Course and hour of every test: the rounds, once before, and each change of the intended grade."""
    first = (_FIRST_TEST_CLOCK - clock) % _TEST_EVERY
    rounds = first[:, None] + _TEST_EVERY * np.arange(acute.hours // _TEST_EVERY)
    rounds = np.concatenate([np.full((len(clock), 1), _BEFORE), rounds], axis=1)
    course, place = np.nonzero(rounds < end[:, None])
    changes = np.flatnonzero(acute.icans_grade[:, 1:] != acute.icans_grade[:, :-1])
    changed, at = changes // (acute.hours - 1), changes % (acute.hours - 1) + 1.0
    some = (at < end[changed]) & ((at - first[changed]) % _TEST_EVERY != 0)  # else the round of that hour is the test
    return np.concatenate([course, changed[some]]), np.concatenate([rounds[course, place], at[some]])


def _tests(  # noqa: PLR0917
    block: Block, patients: Patients, acute: Acute, sedated: Flags, times: tuple[Integers, Floats], lost: Integers
) -> list[Rows]:
    course, hour = times
    at = np.maximum(np.floor(hour), 0).astype(np.int64)
    grade = np.where(hour < 0, 0, acute.icans_grade[course, at]).astype(np.int64)
    asleep = (hour >= 0) & sedated[course, at]
    draws = block.stream("bedside/neurology").random((2, len(course)))
    is_child = (
        patients.age_years[course] + hour / _HOURS_OF_YEAR < FIRST_ADULT_AGE
    )  # some have their birthday meanwhile
    can = (grade < _WORST) & ~asleep
    mild = np.minimum(grade, _SEVERE)
    ice = _ICE_LOW[mild] + np.floor(draws[0] * _ICE_CHOICES[mild]) - lost
    capd = _CAPD_LOW[mild] + np.floor(draws[0] * _CAPD_CHOICES[mild]) + 2 * lost
    adult, child = can & ~is_child, can & is_child
    reason = np.where(asleep, CODE["sedation"], CODE["unarousable"])
    parts = [
        Rows.numbers("ice_score", course[adult], hour[adult], ice[adult]),
        Rows.numbers("capd_score", course[child], hour[child], capd[child]),
        _arousal(course[~asleep], hour[~asleep], grade[~asleep], is_child[~asleep], draws[1][~asleep]),
    ]
    for name, some in (("ice", ~can & ~is_child), ("capd", ~can & is_child)):
        parts.append(Rows.coded(f"{name}_not_done_reason", course[some], hour[some], reason[some]))
    return parts


def _arousal(course: Integers, hour: Floats, grade: Integers, is_child: Flags, draw: Floats) -> Rows:  # noqa: PLR0917
    """Awake up to grade 1; to voice in some adults and in all children of grade 2; less in grade 3; not at all in grade 4."""
    code = np.full(len(course), CODE["spontaneous"], np.int16)
    code[(grade == 2) & (is_child | (draw < 0.4))] = CODE["voice"]  # noqa: PLR2004
    code[(grade == _SEVERE) & (draw < 0.6)] = CODE["voice"]  # noqa: PLR2004
    code[(grade == _SEVERE) & (draw < 0.25)] = CODE["touch"]  # noqa: PLR2004
    code[grade == _WORST] = CODE["unarousable"]
    return Rows.coded("arousal", course, hour, code)


def _findings(clock: Floats, end: Floats) -> Rows:
    """Every finding denied before the infusion and once a day, with the first round."""
    days = int(np.ceil(np.nanmax(end, initial=0) / 24)) + 1
    rounds = (_FIRST_TEST_CLOCK - clock)[:, None] % 24 + 24.0 * np.arange(days)
    rounds = np.concatenate([np.full((len(clock), 1), _BEFORE), rounds], axis=1)
    course, place = np.nonzero(rounds < end[:, None])
    hour = rounds[course, place]
    m, width = len(course), len(FINDINGS)
    kinds = np.array([KIND[name] for name in FINDINGS], np.int16)
    return Rows(
        np.repeat(course.astype(np.int32), width),
        np.tile(kinds, m),
        np.repeat(hour, width),
        np.full(m * width, np.nan),
        np.full(m * width, CODE["no"], np.int16),
    )


def _events(block: Block, acute: Acute, end: Floats) -> list[Rows]:
    """Seizures that end in some of those who reach grade 3, diffuse oedema in some of those who reach grade 4."""
    draws = block.stream("bedside/findings").random((2, block.n))
    runs = runs_of(acute.icans_grade >= _SEVERE)
    runs = runs.where(runs.level.astype(bool) & (runs.start < end[runs.course]) & (runs.stop - runs.start > 1))
    _, first = np.unique(runs.course, return_index=True)
    some = first[draws[0][runs.course[first]] < block.parameter("bedside.seizure_of_grade3")]
    seized, at = runs.course[some], runs.start[some].astype(np.float64)
    begin, over = (at + hours for hours in _SEIZURE_HOURS)
    worst = runs_of(acute.icans_grade >= _WORST)
    worst = worst.where(worst.level.astype(bool) & (worst.start < end[worst.course]))
    worst = worst.where(draws[1][worst.course] < block.parameter("bedside.oedema_of_grade4"))
    swollen, gone = worst.start + _SWOLLEN_AFTER, worst.stop - _GONE_BEFORE
    return [
        Rows.coded("seizure", seized, begin, "yes"),
        Rows.coded("seizure", seized, over, "no"),
        Rows.coded("cerebral_oedema_diffuse", worst.course, swollen, "yes"),
        Rows.coded("cerebral_oedema_diffuse", worst.course, gone, "no"),
    ]
