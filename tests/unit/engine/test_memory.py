"""What is remembered is what would be worked out, from any thread, and is forgotten together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from vein2vein.engine.vector import memory
from vein2vein.engine.vector.memory import NOTHING, Answers, Growth, Memory, Numbering, Remembered
from vein2vein.engine.vector.rows import LeafCoder, Numbers
from vein2vein.engine.vector.states import Layout
from vein2vein.knowledge.predicates import Compare
from vein2vein.knowledge.registry import default_registry


def test_each_key_is_worked_out_once() -> None:
    asked: list[int] = []

    def square(keys: np.ndarray) -> np.ndarray:
        asked.extend(keys.tolist())
        return keys * keys

    table = Remembered()
    assert table.of(np.array([7, 3, 7]), square).tolist() == [49, 9, 49]
    assert table.of(np.array([3, 5, 7, 0]), square).tolist() == [9, 25, 49, 0]
    assert table.of(np.zeros(0, np.int64), square).tolist() == []
    assert sorted(asked) == [0, 3, 5, 7]
    assert len(table) == 4


def test_threads_number_the_same_things_alike() -> None:
    growth = Growth()
    numbering, mark = Numbering(growth), growth.mark
    values = [np.random.default_rng(seed).integers(0, 500, 200) for seed in range(40)]  # a fixed draw
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(numbering.of, values))
    for value, number in zip(values, numbers, strict=True):
        assert numbering.values[number].tolist() == value.tolist()
    assert growth.mark is not mark
    assert len(numbering) == len(set(np.concatenate(values).tolist()))


@pytest.mark.parametrize("n_signals", [1, 5, 20, 21, 60, 200])
def test_a_state_leads_back_to_its_numbers(n_signals: int) -> None:
    """Also where the signals of a rule set do not fit into one word."""
    layout = Layout([3] * n_signals, 1, Memory())
    numbers = np.random.default_rng(5).integers(0, 8, (n_signals, 300))  # a fixed draw
    words = np.zeros((layout.n_words, 300), np.int64)
    for (word, shift), number in zip(layout.places, numbers, strict=True):
        words[word] += number << shift
    state = layout.folded(words)
    assert np.array_equal(np.array(layout.numbers(state)), numbers)
    assert len(np.unique(state)) == len(np.unique(numbers, axis=1).T)
    assert np.array_equal(layout.folded(words), state)


def test_equal_answers_have_one_number() -> None:
    answers = Answers()
    one = answers.number((1, 2, ("fever",), (), (0,)))
    assert answers.number((1, 2, ("fever",), (), (0,))) == one
    assert answers.number(NOTHING) == 0
    assert answers.frame().height == 2
    other = answers.number((0, 0, (), ("spo2",), ()))
    assert answers.frame().row(other) == (0, 0, [], ["spo2"], [])
    assert answers.frame().row(one) == (1, 2, ["fever"], [], [0])


def test_a_full_memory_is_forgotten_but_not_by_who_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = memory.current()
    assert memory.current() is mine
    mine.once(lambda known, rule: rule, default_registry().get("astct-2019.crs"))
    monkeypatch.setattr(memory, "MOST_REMEMBERED", 50)
    assert memory.current() is not mine
    assert mine.answers.number(NOTHING) == 0


def test_a_code_says_every_comparison_exactly_at_its_cut_off() -> None:
    leaves = tuple(Compare(op, "x", cut) for cut in (38.0, 40.0) for op in ("at_least", "at_most", "above", "below"))
    low = np.array([37.9, 38.0, 38.1, 40.0, -np.inf, -np.inf, 38.0, -np.inf])
    high = np.array([37.9, 38.0, 38.1, 40.0, 38.0, 38.0, np.inf, np.inf])
    open_low, open_high = np.zeros(8, bool), np.zeros(8, bool)
    open_high[5] = open_low[6] = True  # "< 38" and "> 38"
    coder = LeafCoder(leaves)
    codes = coder.codes(Numbers(low, high, open_low, open_high))
    said = {(leaf.op, leaf.cut_off): coder.truth(leaf, codes) for leaf in leaves}
    certain, possible = said["at_least", 38.0]
    assert certain.tolist() == [False, True, True, True, False, False, True, False]
    assert possible.tolist() == [False, True, True, True, True, False, True, True]
    certain, possible = said["below", 38.0]
    assert certain.tolist() == [True, False, False, False, False, True, False, False]
    assert possible.tolist() == [True, False, False, False, True, True, False, True]
    certain, possible = said["above", 38.0]
    assert certain.tolist() == [False, False, True, True, False, False, True, False]
    certain, possible = said["at_most", 40.0]
    assert certain.tolist() == [True, True, True, True, True, True, False, False]
    assert (codes & 1).astype(bool).tolist() == [True] * 4 + [False] * 4
