"""A clinician opens the report of a cohort, and sees who was ill, how ill, and what nobody wrote down."""

from __future__ import annotations

import json
import re

from vein2vein.report.html import report_html
from vein2vein.report.words import spoken


def test_the_story_of_the_unrecorded_oxygen_device(example) -> None:
    html = report_html(example.cohort, example.graded, rule_sets=example.rules, options=example.options)

    # the cohort page counts the course as certain for grade 2 and as possible for grade 4
    assert 'aria-label="CRS 2: 3 to 4 of 5"' in html
    assert 'aria-label="CRS 4: 2 to 3 of 5"' in html

    # its page says in the table of steps what was missing on day 4, and until when
    english = re.sub("<span>|</span>", "", spoken(html, "en"))
    row = re.search(r"<td>day 4, 15:18</td><td>([^<]+)</td><td>([^<]+)</td><td>[^<]+</td><td>([^<]+)</td>", english)
    assert row is not None
    assert row.groups() == ("day 4, 22:30", "CRS 2 to 4", "oxygen device not recorded")

    # the reasons lead to the row of the delivery in which the device is missing
    found = re.search(r'id="course-2-data">(.*?)</script>', html)
    assert found is not None
    data = json.loads(found.group(1))
    step = next(s for s in data["scales"][0]["s"] if (s["l"], s["h"]) == (2, 4))
    rows = [data["rows"][place] for entry in step["n"] for place in entry[2:]]
    device = [row for row in rows if data["texts"][row[1]][0].startswith("not recorded which")]
    assert device
    assert {row[3] for row in device} == {"treatments.csv:8"}


def test_nothing_is_lost_between_table_and_page(example) -> None:
    html = report_html(example.cohort, example.graded, rule_sets=example.rules, options=example.options)
    shown = sum(
        len(scale["s"])
        for data in re.findall(r'id="course-\d+-data">(.*?)</script>', html)
        for scale in json.loads(data)["scales"]
    )
    assert shown == example.graded.verdicts["low"].count()
