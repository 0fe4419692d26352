"""Every hour of simulated courses can be assessed; at some hours of each the answer is that of the course cut off there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from vein2vein.journey.assess import Assessor
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.population.simulate import simulate
from vein2vein.record.timeline import Timeline

US = default_library().get("reference-us.protocol", Protocol)
PRODUCTS = ("axi-cel", "tisa-cel", "cilta-cel", "obe-cel")
DAYS = 30
NIGHTLY = 250


def _every_hour(timeline: Timeline) -> int:
    """Assess from the first step to a week after the observed days; how often; now and then the cut course is asked too."""
    assessor, first = Assessor(timeline, US), timeline.milestones[0].at
    end = (timeline.course.infused_at or timeline.milestones[-1].at) + timedelta(days=DAYS + 7)
    n_hours = int((end - first) / timedelta(hours=1))
    for hour in range(n_hours):
        at = first + timedelta(hours=hour)
        found = assessor.at(at)
        assert found.at == at
        assert all(row.observed_at <= at for row in found.timeline.observations)
        assert all(deviation.at <= at for deviation in found.deviations)
        if hour % 997 == 0:
            assert found == Assessor(timeline.until(at), US).at(at)
    return n_hours


@pytest.mark.parametrize("product", PRODUCTS[:2])
def test_some_courses(product: str) -> None:
    cohort = simulate(product, n=1, seed=21, days=DAYS)
    assert _every_hour(cohort.timeline(cohort.courses["course_id"][0])) > 24 * DAYS


@pytest.mark.nightly
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_thousand_courses(product: str) -> None:
    cohort = simulate(product, n=NIGHTLY, seed=22, days=DAYS)
    for id in cohort.courses["course_id"]:
        assert _every_hour(cohort.timeline(id)) > 24
