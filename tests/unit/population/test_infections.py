"""Infections: hazards, fever that is explained, and what the record says."""

from __future__ import annotations

import numpy as np

from unit.population.late_blocks import drawn, upstream
from vein2vein.population.infections import WITHOUT_FOCUS, observe_infections
from vein2vein.population.states import CODE, KIND
from vein2vein.population.visits import column


def _first_month(i: int) -> np.ndarray:
    found = drawn(i).infections
    return ((found.onset < 29 * 24) & (found.kind != WITHOUT_FOCUS)).sum(axis=1)[upstream(i).way.is_infused]


def test_about_a_quarter_is_infected_in_the_first_month() -> None:
    found = np.concatenate([_first_month(i) for i in range(4)])
    # 23 % (hill2018) to 36.5 % (baird2021); 1.19 per 100 days at risk (hill2018)
    assert 0.2 < (found > 0).mean() < 0.38
    assert 0.8 < found.sum() / len(found) / 29 * 100 < 1.5


def test_long_neutropenia_goes_with_severe_infection() -> None:
    severe, long = [], []
    for i in range(4):
        lab, infused = drawn(i), upstream(i).way.is_infused
        own = lab.infections
        severe.append(((own.severity >= 3) & (own.onset < 90 * 24)).any(axis=1)[infused])
        long.append(((lab.counts.neutrophils[:, column(0) : column(31)] <= 0.5).sum(axis=1) >= 14)[infused])
    is_severe, is_long = np.concatenate(severe), np.concatenate(long)
    assert is_severe[is_long].mean() > 1.5 * is_severe[~is_long].mean()


def test_fever_without_focus_comes_in_neutropenia_only() -> None:
    lab = drawn()
    course, event = np.nonzero(lab.infections.kind == WITHOUT_FOCUS)
    day = np.floor(lab.infections.onset[course, event] / 24).astype(int)
    assert len(course) > 10
    assert (lab.counts.neutrophils[course, day + column(0)] < 0.5).all()


def test_a_fever_is_explained_only_where_there_is_no_crs() -> None:
    for i in range(3):
        acute = upstream(i).acute
        fever = drawn(i).infections.fever(acute.hours)
        assert fever.any()
        assert not (fever & (acute.crs_severity >= 1)).any()


def test_the_explained_fever_is_charted_as_another_cause() -> None:
    up, infections = upstream(), drawn().infections
    infused = up.way.is_infused
    until = np.where(infused, 24.0 * 60, -np.inf)
    _, spans = observe_infections(infections, infused, until)
    said = spans.stream == "other_cause"
    assert set(spans.agent[said]) == {"fever"}
    fever = infections.fever(up.acute.hours)
    charted = np.zeros_like(fever)
    for course, start, stop in zip(spans.course[said], spans.start[said], spans.until[said], strict=True):
        charted[course, int(start) : int(stop)] = True
    assert np.array_equal(charted, fever)


def test_an_infection_is_stated_from_its_onset_to_the_end_of_treatment() -> None:
    up, infections = upstream(), drawn().infections
    infused = up.way.is_infused
    rows, spans = observe_infections(infections, infused, np.where(infused, 1e5, -np.inf))
    stated = rows.kind == KIND["infection"]
    yes = stated & (rows.code == 1)
    proven = (infections.kind >= 0) & (infections.kind != WITHOUT_FOCUS)
    assert set(infections.onset[proven].tolist()) <= set(rows.hour[yes].tolist())
    course, hour = rows.course[stated], rows.hour[stated]
    running = proven[course] & (infections.onset[course] <= hour[:, None]) & (infections.until[course] > hour[:, None])
    assert np.array_equal(running.any(axis=1), rows.code[stated] == CODE["yes"])
    veins = (spans.stream == "antimicrobial") & (spans.agent == "intravenous")
    assert set(spans.reason[veins]) == {"treatment", "febrile-neutropenia"}


def test_nothing_is_said_after_the_end() -> None:
    up, infections = upstream(), drawn().infections
    infused = up.way.is_infused
    until = np.where(infused, 200.0, -np.inf)
    rows, spans = observe_infections(infections, infused, until)
    assert rows.hour.max() < 200
    assert spans.until.max() <= 200
