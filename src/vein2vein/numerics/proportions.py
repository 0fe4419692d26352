"""Exact confidence intervals of a proportion.

Place    Floor 1. Read by the targets and the calibration of the population.
In       Counts.
Out      The Clopper-Pearson interval.
Knows    The interval inverts two exact binomial tests; it is never too narrow, and wide for small n.
Does not Approximate by a normal distribution: near 0 and 1, where toxicity lies, that fails.
Checked  tests/unit/numerics/test_proportions.py
"""

from __future__ import annotations

import math
from collections.abc import Callable


def clopper_pearson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Lowest and highest proportion that the counts do not contradict, both inclusive.

    Args:
        events: Patients with the event, from 0 to `n`.
        n: Patients in all, at least 1.
        level: Confidence, between 0 and 1.

    Raises:
        ValueError: When the counts are impossible.
    """
    if not 0 <= events <= n or n < 1:
        problem = f"{events} of {n} is no proportion"
        raise ValueError(problem)
    tail = (1 - level) / 2
    # P(X >= events) grows with p, P(X <= events) falls: each end is where its tail is reached
    low = 0.0 if events == 0 else _bisect(lambda p: _at_least(events, n, p) - tail)
    high = 1.0 if events == n else _bisect(lambda p: tail - (1 - _at_least(events + 1, n, p)))
    return low, high


def _at_least(events: int, n: int, p: float) -> float:
    """P(X >= events) for a binomial X; summed on the log scale, so that large n does not overflow."""
    if p <= 0:
        return 0.0 if events > 0 else 1.0
    if p >= 1:
        return 1.0
    odds, miss = math.log(p), math.log1p(-p)
    whole = math.lgamma(n + 1)
    terms = [
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * odds + (n - k) * miss)
        for k in range(events, n + 1)
    ]
    return min(1.0, math.fsum(terms))


def _bisect(function: Callable[[float], float]) -> float:
    """Root in [0, 1] of an increasing function, to 1e-15."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return (low + high) / 2
