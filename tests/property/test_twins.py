"""Both engines agree, row for row, on steered random courses of every rule set with drawn parameters."""

from __future__ import annotations

import pytest

from property.properties import IDS, courses, twins_agree

PER_RULE_SET = 31  # 69 rule sets: more than 2,000 courses


@pytest.mark.parametrize("id", IDS)
def test_plain_and_vector_give_the_same_tables(id: str) -> None:
    for part in range(3):
        rule, timelines = courses(id, -(-PER_RULE_SET // 3), what=f"twins/{part}")
        twins_agree(rule, timelines)


@pytest.mark.nightly
@pytest.mark.parametrize("id", IDS)
def test_plain_and_vector_give_the_same_tables_ten_times_over(id: str) -> None:
    for part in range(30):
        rule, timelines = courses(id, -(-PER_RULE_SET // 3), what=f"twins/slow/{part}")
        twins_agree(rule, timelines)


def test_there_are_at_least_two_thousand_courses() -> None:
    assert len(IDS) * PER_RULE_SET >= 2_000
