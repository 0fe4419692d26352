"""Every way in which a cohort can turn out, and in how many ways that can happen.

Place    Programme, trial. Read by `exact` and `recommend`.
In       States, which tell what is counted, and the size of the next cohort.
Out      Numbers of toxicities, of responses and of patients with both; the logarithm of the number of orders of each.
Checked  tests/unit/programme/trial/test_exact.py
"""

from __future__ import annotations

from functools import lru_cache
from math import lgamma

import numpy as np

from vein2vein.programme.trial.words import Floats, Ints, States


def outcomes_width(states: States, size: Ints) -> Ints:
    """How many outcomes a cohort of each size can have."""
    if states.both is not None:
        found: Ints = (size + 1) * (size + 2) * (size + 3) // 6
        return found
    return (size + 1) ** 2 if states.e is not None else size + 1


def outcomes_of(states: States, size: Ints, number: Ints) -> tuple[Ints, Ints | None, Ints | None, Floats]:
    """Toxicities, responses, patients with both, and the logarithm of the ways, of the outcome of a number.

    Args:
        states: What is counted; None stands for what is not.
        size: Patients of each cohort.
        number: Number of the outcome, from 0, as in `Chain.after`.
    """
    if states.both is not None:
        most = int(size.max(initial=0))
        at = _places(most)[size] + number
        return tuple(column[at] for column in _every_together(most))
    if states.e is None:
        return number, None, None, _log_ways(size, number)
    toxic, responded = np.divmod(number, size + 1)
    return toxic, responded, None, _log_ways(size, responded) + _log_ways(size, toxic)


@lru_cache(maxsize=64)
def together(size: int) -> tuple[tuple[int, int, int], ...]:
    """Every outcome of a cohort of `size` patients: toxicities, responses, and patients with both."""
    return tuple(
        (toxic, responded, both)
        for toxic in range(size + 1)
        for responded in range(size + 1)
        for both in range(max(0, toxic + responded - size), min(toxic, responded) + 1)
    )


@lru_cache(maxsize=8)
def _every_together(most: int) -> tuple[Ints, Ints, Ints, Floats]:
    """The outcomes of cohorts of 0, 1, ... `most` patients one after the other, and the logarithm of the ways to each."""
    rows = [(size, *outcome) for size in range(most + 1) for outcome in together(size)]
    size, toxic, responded, both = np.array(rows).T
    logs = np.array([lgamma(k + 1) for k in range(most + 1)])
    ways = logs[size] - logs[both] - logs[toxic - both] - logs[responded - both] - logs[size - toxic - responded + both]
    return toxic, responded, both, ways


@lru_cache(maxsize=8)
def _places(most: int) -> Ints:
    """Where the outcomes of each size begin in `_every_together`."""
    return np.array([sum(len(together(k)) for k in range(size)) for size in range(most + 1)])


def _log_ways(size: Ints, toxic: Ints) -> Floats:
    table = _log_binomials(int(size.max(initial=0)))
    found: Floats = table[size, toxic]
    return found


@lru_cache(maxsize=8)
def _log_binomials(most: int) -> Floats:
    found = np.full((most + 1, most + 1), -np.inf)
    for k in range(most + 1):
        for j in range(k + 1):
            found[k, j] = lgamma(k + 1) - lgamma(j + 1) - lgamma(k - j + 1)
    return found
