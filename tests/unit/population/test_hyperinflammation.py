"""IEC-HS: who gets it, when, and what the record says."""

from __future__ import annotations

import numpy as np

from unit.population.late_blocks import drawn, upstream
from vein2vein.population.hyperinflammation import observe_hyperinflammation
from vein2vein.population.states import CODE, KIND
from vein2vein.population.visits import column


def _many():  # type: ignore[no-untyped-def]
    return upstream().with_parameters(hyperinflammation__probability=0.5)


def test_the_share_is_near_the_parameter() -> None:
    found = np.concatenate(
        [~np.isnan(drawn(i).hyperinflammation.from_hour)[upstream(i).way.is_infused] for i in range(6)]
    )
    assert 0.012 < found.mean() < 0.06


def test_it_follows_the_severity_of_crs_and_expansion() -> None:
    up = _many()
    has = ~np.isnan(up.laboratory().hyperinflammation.from_hour)
    infused = up.way.is_infused
    peak = up.acute.crs_severity.max(axis=1)
    assert peak[has].mean() > peak[infused & ~has].mean()
    assert up.kinetics.z[has].mean() > up.kinetics.z[infused & ~has].mean()


def test_it_starts_when_crs_has_ended() -> None:
    up = _many()
    start = up.laboratory().hyperinflammation.from_hour
    on = up.acute.crs_severity >= 1
    last = np.where(on.any(axis=1), on.shape[1] - np.argmax(on[:, ::-1], axis=1), 0)
    has = ~np.isnan(start) & (last < 20 * 24)
    assert (start[has] >= last[has] - 24).all()


def test_anakinra_shortens_it() -> None:
    with_it = _many().with_parameters(hyperinflammation__anakinra_use=1.0).laboratory().hyperinflammation
    without = _many().with_parameters(hyperinflammation__anakinra_use=0.0).laboratory().hyperinflammation
    treated = with_it.anakinra
    assert not without.anakinra.any()
    length = (with_it.until_hour - with_it.from_hour)[treated]
    assert (length < (without.until_hour - without.from_hour)[treated]).all()


def test_ferritin_liver_and_fibrinogen_move_while_it_lasts() -> None:
    lab = _many().laboratory()
    hyper, values = lab.hyperinflammation, lab.chemistry.values
    severe = np.flatnonzero((hyper.severity >= 3) & (hyper.from_hour < 25 * 24))
    other = np.flatnonzero(np.isnan(hyper.from_hour) & upstream().way.is_infused)
    assert len(severe) > 10
    days = slice(column(5), column(35))
    assert np.median(values["ferritin"][severe, days].max(axis=1)) > 5_000
    assert np.median(values["ferritin"][other, days].max(axis=1)) < 5_000
    assert np.median(values["fibrinogen"][severe, days].min(axis=1)) < 2
    assert np.median(values["alt"][severe, days].max(axis=1)) > 3 * np.median(values["alt"][other, days].max(axis=1))


def test_what_is_stated_begins_with_no_and_changes_with_the_diagnosis() -> None:
    up = _many()
    hyper, infused = up.laboratory().hyperinflammation, up.way.is_infused
    rows, spans = observe_hyperinflammation(hyper, infused, np.where(infused, 1e5, -np.inf))
    stated = rows.kind == KIND["iec_hs"]
    who = int(np.flatnonzero(hyper.anakinra)[0])
    own = stated & (rows.course == who)
    assert rows.code[own].tolist() == [CODE["no"], CODE["yes"], CODE["no"]]
    drug = (spans.course == who) & (spans.agent == "anakinra")
    assert (spans.start[drug] > hyper.from_hour[who]).all()
    assert set(spans.reason[(spans.agent == "dexamethasone")]) == {"iec-hs"}
