"""Every kind of mess changes exactly what it says, with its own draws, and the same seed gives the same rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from population_example import simulated
from vein2vein.errors import SimulationError
from vein2vein.intake import words
from vein2vein.knowledge import codes
from vein2vein.population import gaps
from vein2vein.population.mess import FREE_TEXT, KINDS, Mess, assumptions, with_mess
from vein2vein.population.messy_observations import DRAWS, STEPS
from vein2vein.record.cohort import Cohort
from vein2vein.record.tables import EXPOSURES, OBSERVATIONS, Instant, conform

TABLES = ("patients", "courses", "observations", "exposures", "milestones")
VITAL = tuple(assumptions()["vital_signs"])


def _cohort() -> Cohort:
    return simulated(n=8)


def _messy(kind: str, *, share: float | None = None, seed: int = 3) -> Cohort:
    changed = None if share is None else {f"{kind}/share": share}
    return with_mess(_cohort(), Mess((kind,), changed), seed=seed)


def _same(cohort: Cohort, other: Cohort, *tables: str) -> bool:
    return all(getattr(cohort, name).equals(getattr(other, name)) for name in tables)


def _gone(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    return before.join(after, on=before.columns, how="anti", nulls_equal=True)


def test_no_mess_gives_the_cohort_itself() -> None:
    assert with_mess(_cohort(), Mess.of("none"), seed=1) is _cohort() or _same(
        with_mess(_cohort(), Mess.of("none"), seed=1), _cohort(), *TABLES
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_rows_and_another_seed_others(kind: str) -> None:
    one, two, other = (_messy(kind, share=0.3, seed=seed) for seed in (3, 3, 4))
    assert _same(one, two, *TABLES)
    assert not _same(one, other, "observations", "exposures")


@pytest.mark.parametrize("kind", KINDS)
def test_people_courses_and_milestones_stay_as_they_were(kind: str) -> None:
    assert _same(_messy(kind, share=0.5), _cohort(), "patients", "courses", "milestones")


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_table_of_the_kind_changes(kind: str) -> None:
    kept = "exposures" if kind in DRAWS else "observations"
    assert _same(_messy(kind, share=0.5), _cohort(), kept)


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_the_cohort_gives_the_part_of_the_result(kind: str) -> None:
    ids = list(_cohort().course_ids[2:5])
    part = with_mess(_cohort().select(ids), Mess((kind,), {f"{kind}/share": 0.4}), seed=3)
    assert _same(part, _messy(kind, share=0.4).select(ids), *TABLES)


def test_one_kind_leaves_the_draws_of_the_others_as_they_were() -> None:
    alone = _messy("units").observations
    both = with_mess(_cohort(), Mess.of("late,units"), seed=3).observations
    assert both["as_sent"].equals(alone["as_sent"])


def test_irregular_sampling_takes_whole_instants_of_vital_signs() -> None:
    before, after = _cohort().observations, _messy("irregular").observations
    gone = _gone(before, after)
    assert after.height + gone.height == before.height
    assert set(gone["kind"]) <= set(VITAL)
    at = ["course_id", "observed_at"]
    left = after.filter(pl.col("kind").is_in(VITAL))
    assert gone.join(left, on=at, how="semi").is_empty()
    share = gone.select(at).unique().height / before.filter(pl.col("kind").is_in(VITAL)).select(at).unique().height
    assert share == pytest.approx(0.2, abs=0.03)


def test_jitter_moves_the_vital_signs_of_an_instant_together_and_only_later() -> None:
    before, after = _cohort().observations, _messy("jitter").observations
    others = ~pl.col("kind").is_in(VITAL)
    assert after.filter(others).equals(before.filter(others))
    moved = [
        frame.filter(pl.col("kind").is_in(VITAL)).sort("course_id", "kind", "observed_at") for frame in (before, after)
    ]
    late = (moved[1]["observed_at"] - moved[0]["observed_at"]).dt.total_minutes()
    assert late.min() == 0
    assert 15 <= int(late.max()) <= 20  # type: ignore[call-overload]
    assert moved[1].drop("observed_at").equals(moved[0].drop("observed_at"))
    assert (late > 0).mean() == pytest.approx(0.9, abs=0.03)


def test_night_gaps_take_whole_nights_by_the_local_clock() -> None:
    before, after = _cohort().observations, _messy("night-gaps", share=1.0).observations
    gone = _gone(before, after).join(_cohort().courses.select("course_id", "zone"), on="course_id")
    hours = [
        part["observed_at"].dt.convert_time_zone(zone).dt.hour()
        for (zone,), part in gone.partition_by("zone", as_dict=True).items()
    ]
    assert set(pl.concat(hours)) == {22, 23, 0, 1, 2, 3, 4, 5}
    assert set(gone["kind"]) <= set(VITAL)
    half = _messy("night-gaps", share=0.5).observations
    assert after.height < half.height < before.height


def test_missing_devices_leave_the_interval_and_the_flow() -> None:
    before, after = _cohort().exposures, _messy("missing-devices", share=1.0).exposures
    changed = before["agent"] != after["agent"]
    assert set(after.filter(changed)["agent"]) == {"unspecified"}
    assert set(after.filter(changed)["kind"]) == {"oxygen"}
    assert "room-air" not in set(before.filter(changed)["agent"])
    assert after.drop("agent").equals(before.drop("agent"))


def test_free_texts_are_read_by_no_one_and_stand_in_the_source() -> None:
    after = _messy("free-text", share=1.0).exposures
    spoken = after.filter(pl.col("source").str.starts_with(FREE_TEXT))
    assert set(spoken["agent"]) == {"unspecified"}
    assert spoken["rate"].null_count() == spoken.height > 0
    for kind in ("free-text", "free-text-air"):
        for agent, texts in assumptions()[kind]["texts"].items():
            assert agent in codes.stream("oxygen").agents
            for text in texts:
                assert words.agents("oxygen").get(words.plain(text.replace("{rate}", "2"))) is None, text


def test_charting_gaps_take_the_statement_with_the_rows() -> None:
    before, after = _cohort().exposures, _messy("charting-gaps", share=0.5).exposures

    def hours(frame: pl.DataFrame, agent: str) -> float:
        here = frame.filter((pl.col("kind") == "charted") & (pl.col("agent") == agent))
        return float((here["ended_at"] - here["started_at"]).dt.total_hours().sum())

    assert hours(after, "vasopressor") < hours(before, "vasopressor")
    assert hours(after, "transfusion") == hours(before, "transfusion")
    # Nothing of a stream is recorded where it was not charted.
    charted = after.filter((pl.col("kind") == "charted") & (pl.col("agent") == "antipyretic"))
    given = after.filter(pl.col("kind") == "antipyretic").join(
        charted.select("course_id", pl.col("started_at").alias("from"), pl.col("ended_at").alias("until")),
        on="course_id",
    )
    inside = given.filter(pl.col("started_at").is_between("from", "until", closed="left"))
    assert inside.height == after.filter(pl.col("kind") == "antipyretic").height


def test_late_rows_change_nothing_but_when_they_were_entered() -> None:
    before, after = _cohort().observations, _messy("late").observations
    assert after.drop("recorded_at").equals(before.drop("recorded_at"))
    late = after.filter(pl.col("recorded_at").is_not_null())
    assert late.height / after.height == pytest.approx(0.1, abs=0.02)
    delay = late.select((pl.col("recorded_at") - pl.col("observed_at")).alias("d"))["d"]
    assert delay.min() >= timedelta(minutes=1)  # type: ignore[operator]
    assert delay.max() <= timedelta(hours=6)  # type: ignore[operator]


def test_a_correction_follows_the_wrong_row_and_was_entered_later() -> None:
    before, after = _cohort().observations, _messy("corrections").observations
    key = ["course_id", "kind", "observed_at"]
    pairs = after.filter(pl.struct(key).is_duplicated()).group_by(key, maintain_order=True).agg("value", "recorded_at")
    assert pairs.height == after.height - before.height > 0
    for value, recorded in pairs.select("value", "recorded_at").iter_rows():
        assert value[0] != value[1]
        assert recorded[0] < recorded[1]
    last = after.unique(key, keep="last", maintain_order=True)
    assert last.drop("recorded_at").equals(before.drop("recorded_at"))
    limits = {kind: entry.plausible for kind, entry in codes.observations().items() if entry.plausible}
    for kind, value in pairs.select("kind", pl.col("value").list.first()).iter_rows():
        assert limits[kind][0] <= value <= limits[kind][1]


def test_duplicates_stand_behind_their_row() -> None:
    before, after = _cohort().observations, _messy("duplicates").observations
    assert after.height > before.height
    assert after.unique(maintain_order=True).equals(before.unique(maintain_order=True))
    twice = after.with_row_index("n").filter(pl.struct(list(OBSERVATIONS)).is_duplicated())
    assert (twice["n"].diff().drop_nulls()[::2] == 1).all()


def test_other_units_are_told_in_as_sent_and_nowhere_else() -> None:
    before, after = _cohort().observations, _messy("units", share=1.0).observations
    assert after.drop("as_sent").equals(before.drop("as_sent"))
    sent = after.filter(pl.col("as_sent").is_not_null())
    assert set(sent["kind"]) == set(assumptions()["other_units"]) & set(before["kind"])
    warm = sent.filter(pl.col("kind") == "body_temperature").row(0, named=True)
    assert warm["as_sent"] == f"{warm['value'] * 9 / 5 + 32:.2f}".rstrip("0").rstrip(".") + " [degF]"


def test_every_kind_has_a_share_that_is_an_assumption() -> None:
    for kind in KINDS:
        share = assumptions()[kind]["share"]
        assert share["status"] == "assumption"
        assert 0 < share["value"] <= 1
    assert set(STEPS) == set(DRAWS) <= set(KINDS)


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(SimulationError, match="nearest: night-gaps") as error:
        Mess.of("nightgaps")
    assert error.value.id == "SIM-024"
    assert Mess.of("all").kinds == KINDS
    assert Mess.of("units, night-gaps").kinds == ("night-gaps", "units")


def _at(hour: int | None) -> datetime | None:
    return None if hour is None else datetime(2026, 1, 1, hour, tzinfo=UTC)


def _exposures(*rows: tuple[str, int, int | None, float]) -> pl.DataFrame:
    listed = [("a", kind, "x", amount, "mg", _at(start), _at(end)) for kind, start, end, amount in rows]
    schema = {name: EXPOSURES[name] for name in ("course_id", "kind", "agent", "amount", "amount_unit")}
    schema |= {"started_at": Instant, "ended_at": Instant}
    return conform(pl.DataFrame(listed, schema=schema, orient="row"), "exposures")


def test_a_gap_cuts_an_interval_in_two_and_leaves_the_amount_with_the_first_piece() -> None:
    gap = pl.DataFrame([("a", "drug", _at(4), _at(6))], schema=gaps.GAPS, orient="row")
    rows = _exposures(("drug", 0, 10, 5.0), ("drug", 5, 5, 7.0), ("drug", 4, None, 9.0), ("other", 4, 5, 1.0))
    left = gaps.without(rows, gap).select(
        "kind", pl.col("started_at").dt.hour(), pl.col("ended_at").dt.hour(), "amount"
    )
    assert left.rows() == [
        ("drug", 0, 4, 5.0),
        ("other", 4, 5, 1.0),
        ("drug", 6, 10, None),
        ("drug", 6, None, None),
    ]
