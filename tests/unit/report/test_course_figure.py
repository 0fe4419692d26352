"""Which charts a course gets, and what stands in them."""

from __future__ import annotations

from dataclasses import replace

from builders import a_patient
from vein2vein.knowledge.registry import default_registry
from vein2vein.report import draw
from vein2vein.report.course_figure import course_figure, is_longer_than_first_view
from vein2vein.report.figure import Panel

RULES = [default_registry().get(id) for id in ("astct-2019.crs", "astct-2019.icans", "ctcae-5.0.anemia")]


def panels_of(patient) -> dict[str, Panel]:
    figure = course_figure(patient.built(), [], RULES)
    assert figure is not None
    return {panel.key: panel for panel in figure.panels}


def test_only_what_was_recorded_has_a_chart() -> None:
    patient = a_patient().with_value("crp", 1, 12).with_exposure("antipyretic", "paracetamol", 2)
    assert list(panels_of(patient)) == ["crp", "drugs"]


def test_a_score_is_a_staircase_of_its_totals() -> None:
    panel = panels_of(a_patient().with_value("ice_score", 1, 10).with_value("ice_score", 1.5, 4))["ice_score"]
    (curve,) = panel.curves
    assert curve.stairs
    assert [value for _, value in curve.points] == [10.0, 4.0]
    assert panel.least_range == (0.0, 10.0)
    figure = course_figure(
        a_patient().with_value("ice_score", 1, 10).with_value("ice_score", 1.2, 4).built(), [], RULES
    )
    assert figure is not None
    assert "V" in draw.panel(figure.panels[0], figure.axis).body


def test_complete_sets_of_items_are_added_up_and_incomplete_ones_are_not() -> None:
    items = next(i for i in RULES[1].inputs.values() if i.take == "item_sum").items
    patient = a_patient()
    for kind, (_, high) in items.items():
        patient.with_value(kind, 1, high)
    patient.with_value(next(iter(items)), 2, 0)
    (curve,) = panels_of(patient)["ice_score"].curves
    assert [value for _, value in curve.points] == [10.0]


def test_vasopressors_have_a_lane_each_with_the_dose_as_height() -> None:
    patient = a_patient().with_charting("vasopressor")
    patient.with_exposure("vasopressor", "norepinephrine", 1, until=2, rate=0.1, rate_unit="ug/kg/min")
    patient.with_exposure("vasopressor", "norepinephrine", 2, until=3, rate=0.4, rate_unit="ug/kg/min")
    patient.with_exposure("vasopressor", "unspecified", 2, until=3)
    first, second = panels_of(patient)["pressure"].lanes
    assert [lane.label for lane in (first, second)] == ["Norepinephrine", "Vasopressor, which?"]
    assert [span.label for span in first.spans] == ["0.1 microg/kg/min", "0.4 microg/kg/min"]
    assert first.spans[0].share < first.spans[1].share == 1.0
    assert second.spans[0].label == "dose not recorded"
    assert not second.spans[0].certain


def test_a_device_charted_again_and_again_is_one_bar() -> None:
    patient = a_patient()
    for hour in range(4):
        start = 1 + hour / 24
        patient.with_exposure("oxygen", "nasal-cannula", start, until=start + 1 / 24, rate=2.0, rate_unit="L/min")
    (lane,) = panels_of(patient)["oxygen"].lanes
    assert [(span.label, span.brief) for span in lane.spans] == [("Nasal cannula 2 L/min", "NC 2")]


def test_judgements_and_place_of_care_have_lanes() -> None:
    patient = a_patient().with_exposure("stay", "icu", 1, until=2, reason="crs")
    patient.with_exposure("other_cause", "fever", 1, until=2)
    lanes = panels_of(patient)["care"].lanes
    assert [lane.label for lane in lanes] == ["Place of care", "Other cause"]
    assert lanes[1].spans[0].label == "Fever has another cause"


def test_a_value_that_cannot_be_used_is_shown_as_such() -> None:
    patient = a_patient().with_value("body_temperature", 1, None, usability="not-assessable", as_sent="38,9 ??")
    (lane,) = panels_of(patient)["temperature"].lanes
    assert lane.label == "not usable"
    assert lane.marks[0].label == "cannot be used (as sent: 38,9 ??)"


def test_other_numbers_that_a_chosen_scale_reads_have_a_chart() -> None:
    panels = panels_of(a_patient().with_value("haemoglobin", 1, 8.1).with_value("weight", 1, 70))
    assert "haemoglobin" in panels
    assert panels["haemoglobin"].unit == "g/dL"


def test_the_first_view_ends_on_day_30_and_the_axis_follows_the_calendar() -> None:
    patient = a_patient(days=100).with_value("crp", -20, 1).with_value("crp", 90, 1)
    figure = course_figure(patient.built(), [], RULES)
    whole = course_figure(patient.built(), [], RULES, first_view=False)
    assert figure is not None
    assert whole is not None
    assert [figure.axis.days[i][0] for i in (0, -1)] == [-7, 30]
    assert [whole.axis.days[i][0] for i in (0, -1)] == [-20, 100]
    assert is_longer_than_first_view(patient.built())
    assert not is_longer_than_first_view(a_patient(days=20).built())


def test_without_an_infusion_the_axis_says_what_it_counts_from() -> None:
    timeline = replace(a_patient().with_value("crp", 1, 1).built())
    course = replace(timeline.course, infused_at=None, followed_until=None)
    figure = course_figure(replace(timeline, course=course), [], RULES)
    assert figure is not None
    assert figure.axis.name == "Days from the first record (no infusion recorded)"
    assert figure.axis.events == ()
