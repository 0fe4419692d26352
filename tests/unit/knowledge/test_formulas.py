"""Closed arithmetic over ranges: exact where inputs are known, never too narrow where not, and nothing else is evaluated."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.formulas import Formula, evaluate, parsed
from vein2vein.knowledge.library import default_library
from vein2vein.knowledge.registry import bound_model
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange


def _easix() -> Formula:
    return default_library().get("korell-2022.easix", Formula)


def _known(**numbers: float) -> dict[str, NumberRange]:
    return {name: NumberRange(number, number) for name, number in numbers.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("2 ** 3 / 4 - -1", 3.0),
        ("min(3, 4) + max(3, 4)", 7.0),
        ("sqrt(170 * 70 / 3600)", 1.8181188),
        ("log10(1000) + log2(8) + ln(exp(2))", 8.0),
        ("reached(3, 3) + reached(2.999, 3) + 10 * reached(0.1 + 0.2, 0.3)", 11.0),
    ],
)
def test_known_numbers_give_one_number(text: str, expected: float) -> None:
    low, high = evaluate(parsed(text), {})
    assert low == pytest.approx(expected, abs=1e-6)
    assert low == pytest.approx(high)


def test_a_value_that_may_have_been_reached_is_0_or_1() -> None:
    assert evaluate(parsed("reached(a, 2)"), {"a": (1.0, 3.0)}) == (0.0, 1.0)
    assert evaluate(parsed("reached(a, b)"), {"a": (1.0, 3.0), "b": (0.5, 1.0)}) == (1.0, 1.0)
    assert evaluate(parsed("reached(a, b)"), {"a": (1.0, 3.0), "b": (3.5, 9.0)}) == (0.0, 0.0)


@pytest.mark.parametrize(
    "text", ["__import__('os')", "a.b", "f(1)", "[1]", "1 if 2 else 3", "'a'", "True", "1 +", "a[0]", "1 < 2"]
)
def test_anything_but_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not|only|unknown|no number"):
        parsed(text)


@given(
    st.lists(st.floats(0.1, 50), min_size=2, max_size=2),
    st.lists(st.floats(0.1, 50), min_size=2, max_size=2),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_range_holds_the_result_of_every_value_in_it(a: list[float], b: list[float], s: float, t: float) -> None:
    a_range, b_range = (min(a), max(a)), (min(b), max(b))
    at = {"a": a_range[0] + s * (a_range[1] - a_range[0]), "b": b_range[0] + t * (b_range[1] - b_range[0])}
    for text in ("a * b - a / b", "max(a - b, 0) ** 2", "log10(a) - ln(b) + sqrt(a)", "exp(0.1 * a) * min(a, b)"):
        low, high = evaluate(parsed(text), {"a": a_range, "b": b_range})
        point, _ = evaluate(parsed(text), {name: (x, x) for name, x in at.items()})
        slack = 1e-9 * max(1.0, abs(point))
        assert low - slack <= point <= high + slack, text


def test_a_missing_input_leaves_bands_open_and_is_named() -> None:
    computed = _easix().compute({**_known(ldh=400, creatinine=1.0), "platelets": ANY_NUMBER})
    assert computed.value is None
    assert computed.missing == ("platelets",)
    assert computed.bands == ("at-or-below-cut-off", "above-cut-off")


def test_a_limit_may_settle_the_band_without_settling_the_result() -> None:
    computed = _easix().compute({**_known(ldh=400, creatinine=1.0), "platelets": NumberRange(high=20)})
    assert computed.value is None
    assert computed.bands == ("above-cut-off",)


def test_a_division_by_a_known_zero_is_named() -> None:
    computed = _easix().compute(_known(ldh=400, creatinine=1.0, platelets=0))
    assert computed.value is None
    assert computed.problem == "division by zero in ldh * creatinine / platelets"


def test_a_result_that_cannot_be_real_is_no_result() -> None:
    """Platelets of 0.15 G/L are most often 150, and a creatinine of 26 mg/dL one in another unit."""
    slip = _easix().compute(_known(ldh=250, creatinine=1, platelets=0.15))
    assert slip.implausible
    assert slip.value is None
    assert slip.problem == "1667 is outside 0.1 to 1000; check the units of creatinine, ldh, platelets"
    assert slip.bands == ("at-or-below-cut-off", "above-cut-off")


@pytest.mark.parametrize(("platelets", "implausible"), [(0.2, False), (0.19, True), (2000, False), (2001, True)])
def test_the_ends_of_the_plausible_range_are_plausible(platelets: float, implausible: bool) -> None:
    computed = _easix().compute(_known(ldh=200, creatinine=1, platelets=platelets))
    assert computed.implausible is implausible
    assert (computed.value is None) is implausible


def test_a_range_that_may_be_real_stays_a_range() -> None:
    computed = _easix().compute({**_known(ldh=200, creatinine=1), "platelets": NumberRange(low=0.01, high=10)})
    assert not computed.implausible
    assert computed.problem is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"formula": "ldh * creatinine"}, "'platelets' is never used"),
        ({"formula": "ldh * creatinine / platelets * x"}, "'x' is no input, constant or choice"),
        ({"in_units": {"creatinine": "mg"}}, "cannot be converted to mg"),
        ({"formula": "ldh * creatinine / platelets if 1 else 2"}, "is not allowed"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(change: dict[str, object], message: str) -> None:
    raw = {**default_library().raw("korell-2022.easix"), **change}
    with pytest.raises(KnowledgeError, match=message.replace("'", ".")):
        bound_model(raw, {}, Formula)


def test_infinite_ranges_stay_ranges() -> None:
    low, high = evaluate(parsed("a * 0 + b / c"), {"a": (-math.inf, math.inf), "b": (1.0, 2.0), "c": (0.0, 4.0)})
    assert (low, high) == (0.25, math.inf)
