"""What follows the acute course, joined: known words, one course each, nothing after the end."""

from __future__ import annotations

import numpy as np

from unit.population.late_blocks import drawn, upstream
from vein2vein.knowledge import codes
from vein2vein.population.laboratory import observe_laboratory
from vein2vein.population.parameters import setting_ids
from vein2vein.population.states import CODES, KINDS, NO_CODE, Events, Rows, Spans


def _observed(name: str = "axi-cel") -> tuple[Rows, Spans, Events]:
    up = upstream(0, name)
    return observe_laboratory(up.block, up.way, up.acute, drawn(0, name))


def test_every_kind_category_agent_reason_and_detail_is_known() -> None:
    for name in setting_ids():
        rows, spans, events = _observed(name)
        known = codes.observations()
        for kind in np.unique(rows.kind):
            entry = known[KINDS[kind]]
            used = {CODES[code] for code in np.unique(rows.code[rows.kind == kind]) if code != NO_CODE}
            allowed = {"yes", "no"} if entry.type == "yes_no" else set(entry.categories)
            assert used <= allowed, KINDS[kind]
            assert bool(used) == (entry.type != "number"), KINDS[kind]
        streams = codes.streams()
        for stream, agent, reason in {*zip(spans.stream, spans.agent, spans.reason, strict=True)}:
            assert agent in streams[stream].agents
            assert reason is None or reason in streams[stream].reasons
        milestones = codes.milestones()
        for kind, detail in {*zip(events.kind, events.detail, strict=True)}:
            assert kind in milestones
            assert detail is None or detail in milestones[kind].details


def test_amounts_have_the_unit_of_their_stream() -> None:
    _, spans, _ = _observed()
    streams = codes.streams()
    for stream, unit in {*zip(spans.stream, spans.amount_unit, strict=True)}:
        assert unit is None or unit in streams[stream].amount_units
    assert not np.isnan(spans.amount[spans.stream == "growth_factor"]).any()


def test_nothing_is_known_of_the_never_infused_but_their_death() -> None:
    up = upstream()
    rows, spans, events = _observed()
    outside = np.flatnonzero(~up.way.is_infused)
    assert not np.isin(rows.course, outside).any()
    assert not np.isin(spans.course, outside).any()
    assert set(events.kind[np.isin(events.course, outside)]) <= {"death"}
    assert (events.since_referral == np.isin(events.course, outside)).all()


def test_nothing_is_recorded_after_the_end_of_follow_up() -> None:
    followed = drawn().outcome.followed
    rows, spans, events = _observed()
    assert (rows.hour <= followed[rows.course]).all()
    assert (spans.start < followed[spans.course]).all()
    assert (events.hour <= followed[events.course]).all()
    assert (spans.until >= spans.start).all()


def test_every_number_is_plausible_in_every_setting() -> None:
    known = codes.observations()
    for name in setting_ids():
        rows, _, _ = _observed(name)
        for kind in np.unique(rows.kind):
            entry = known[KINDS[kind]]
            value = rows.value[rows.kind == kind]
            if entry.type == "number":
                low, high = entry.plausible or (-np.inf, np.inf)
                assert low <= value.min(), (name, KINDS[kind])
                assert value.max() <= high, (name, KINDS[kind])
            else:
                assert np.isnan(value).all(), (name, KINDS[kind])


def test_products_that_do_not_aim_at_b_cells_lose_them_for_a_shorter_time() -> None:
    back = {name: np.median(drawn(0, name).late.b_cells_back) for name in ("tisa-cel", "axi-cel", "cilta-cel")}
    assert back["cilta-cel"] < back["axi-cel"] < back["tisa-cel"]
