"""Chemistry: lags, drugs, and the direction of every stated relation."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from unit.population.late_blocks import drawn, same, upstream
from vein2vein.knowledge import codes
from vein2vein.population.chemistry import draw_chemistry, observe_chemistry, reference_ranges
from vein2vein.population.laboratory import draw_laboratory
from vein2vein.population.outcome import COMPLETE, PARTIAL
from vein2vein.population.states import KIND, Acute, Given
from vein2vein.population.visits import BASELINE, column


def _without_drugs(acute: Acute) -> Acute:
    given = acute.given
    none = np.zeros(len(given.course), bool)
    return replace(acute, given=Given(*(getattr(given, field.name)[none] for field in fields(given))))


def test_baseline_values_are_those_of_the_patient() -> None:
    patients, values = upstream().patients, drawn().chemistry.values
    assert np.allclose(values["crp"][:, BASELINE], np.clip(patients.crp, 0.3, 600))
    assert np.allclose(values["ferritin"][:, BASELINE], np.clip(patients.ferritin, 5, 150_000))
    assert np.allclose(values["ldh"][:, BASELINE], np.clip(patients.ldh_over_uln * 250, 80, 20_000))
    assert np.allclose(values["creatinine"][:, BASELINE], np.clip(patients.creatinine, 0.2, 12))


def test_worse_crs_means_more_of_crp_il6_and_ferritin() -> None:
    up = upstream()
    values = draw_laboratory(up.block, up.patients, up.way, up.kinetics, _without_drugs(up.acute)).chemistry.values
    peak = up.acute.crs_severity.max(axis=1)
    severe, mild = peak >= 2, (peak < 1) & up.way.is_infused
    days = slice(column(1), column(14))
    for kind, factor in (("crp", 2), ("interleukin_6", 3), ("ferritin", 1.5)):
        top = values[kind][:, days].max(axis=1)
        start = np.maximum(values[kind][:, BASELINE], 1)
        assert np.median((top / start)[severe]) > factor * np.median((top / start)[mild])


def test_tocilizumab_lowers_crp_and_raises_il6() -> None:
    up = upstream()
    treated = np.unique(up.acute.given.of("tocilizumab").course)
    lab = drawn()
    bare = draw_chemistry(
        up.block, up.patients, _without_drugs(up.acute), lab.hyperinflammation, lab.infections, lab.outcome, lab.visits
    )
    first = {
        int(c): h
        for c, h in zip(
            up.acute.given.of("tocilizumab").course[::-1], up.acute.given.of("tocilizumab").hour[::-1], strict=True
        )
    }
    days = np.array([int(first[int(c)] // 24) + 4 for c in treated])
    at = days + column(0)
    assert len(treated) > 30
    for kind, sign in (("crp", -1), ("interleukin_6", 1)):
        moved = np.log(lab.chemistry.values[kind][treated, at] / bare.values[kind][treated, at])
        assert (np.sign(moved) == sign).mean() > 0.95
    ferritin = [held.values["ferritin"][treated, at] for held in (lab.chemistry, bare)]
    assert np.array_equal(*ferritin)


def test_crp_peaks_before_ferritin_and_fibrinogen_is_lowest_later() -> None:
    values, up = drawn().chemistry.values, upstream()
    ill = up.acute.crs_severity.max(axis=1) >= 2
    days = slice(column(0), column(30))
    top = {kind: np.median(values[kind][ill, days].argmax(axis=1)) for kind in ("crp", "ferritin", "interleukin_6")}
    lowest = np.median(values["fibrinogen"][ill, days].argmin(axis=1))
    assert top["crp"] <= top["ferritin"] <= lowest


def test_ldh_falls_in_responders_and_rises_before_progression() -> None:
    lab, up = drawn(), upstream()
    ldh, outcome = lab.chemistry.values["ldh"], lab.outcome
    well = (outcome.response == COMPLETE) & np.isnan(outcome.progressed) & (up.patients.ldh_over_uln > 1.2)
    ill = (outcome.response >= 0) & (outcome.response < PARTIAL) & (up.patients.ldh_over_uln > 1.2)
    change = np.log(ldh[:, column(60)] / ldh[:, BASELINE])
    assert np.median(change[well]) < -0.3 < np.median(change[ill])


def test_tumour_lysis_is_rare_and_goes_with_burden() -> None:
    found, burden, infused = [], [], []
    for i in range(4):
        up = upstream(i).with_parameters(chemistry__lysis_probability=0.1)
        found.append(~np.isnan(up.laboratory().chemistry.lysis))
        burden.append(up.patients.burden)
        infused.append(up.way.is_infused)
    has, load, there = (np.concatenate(part) for part in (found, burden, infused))
    assert load[has].mean() > load[there & ~has].mean() + 0.3
    usual = np.concatenate([~np.isnan(drawn(i).chemistry.lysis) for i in range(4)])
    assert usual.mean() < 0.03


def test_lysis_raises_potassium_phosphate_and_urate_and_lowers_calcium() -> None:
    up = upstream().with_parameters(chemistry__lysis_probability=0.3)
    chemistry = up.laboratory().chemistry
    who = np.flatnonzero(~np.isnan(chemistry.lysis))
    at = chemistry.lysis[who].astype(int) + 1 + column(0)
    for kind, sign in (("potassium", 1), ("phosphate", 1), ("uric_acid", 1), ("corrected_calcium", -1)):
        value = chemistry.values[kind]
        assert (sign * (value[who, at] - value[who, BASELINE]) > 0).mean() > 0.9


def test_all_reported_values_are_plausible() -> None:
    for name in ("axi-cel", "tisa-cel", "cilta-cel"):
        up, lab = upstream(0, name), drawn(0, name)
        until = np.where(up.way.is_infused, lab.outcome.followed, -np.inf)
        rows = observe_chemistry(lab.chemistry, lab.visits, until)
        known = codes.observations()
        for kind in lab.chemistry.values:
            low, high = known[kind].plausible or (-np.inf, np.inf)
            value = rows.value[rows.kind == KIND[kind]]
            assert len(value) > 250, kind
            assert low <= value.min(), kind
            assert value.max() <= high, kind


def test_nothing_is_reported_after_the_end_or_for_the_never_infused() -> None:
    up, lab = upstream(), drawn()
    until = np.where(up.way.is_infused, 100.0, -np.inf)
    rows = observe_chemistry(lab.chemistry, lab.visits, until)
    assert rows.hour.max() <= 100
    assert not np.isin(rows.course, np.flatnonzero(~up.way.is_infused)).any()


def test_every_laboratory_kind_has_a_reference_range_and_some_differ_by_sex() -> None:
    ranges = reference_ranges(upstream().block.setting)
    for kind in (*drawn().chemistry.values, "neutrophils", "platelets", "igg"):
        assert (ranges[:, KIND[kind], 0] < ranges[:, KIND[kind], 1]).all(), kind
    assert (ranges[0, KIND["haemoglobin"]] > ranges[1, KIND["haemoglobin"]]).all()
    assert np.isnan(ranges[:, KIND["body_temperature"]]).all()


def test_the_same_block_gives_the_same_values() -> None:
    assert same(drawn().chemistry, upstream().laboratory().chemistry)
