"""Baskets that borrow where they seem exchangeable: multi-source exchangeability models (MEM), exact.

Place    Programme, trial, phase II.
In       Responses and patients of each basket, the rate that has to be beaten, a Beta prior, the prior chance of each pair.
Out      Per basket the chance to be above the rate, the posterior mean and the patients it is worth; per pair the chance
         to be exchangeable. No sampler: every graph, or every partition, is listed.
Knows    Hobbs & Landin 2018 Stat Med 37:3557, doi:10.1002/sim.7893 (symmetric graphs, as in the R package basket): the weight of
         a graph is its prior times the product over baskets of the marginal likelihood of all data, given which others share the
         rate of that basket. Kaizer, Koopmeiners & Hobbs 2018 Biostatistics 19:169, doi:10.1093/biostatistics/kxx031: each basket
         chooses its partners alone. Neither is a joint probability model of all baskets; partitions are one, and each block then
         has one rate.
Checked  tests/unit/programme/trial/phase2/test_mem.py, tests/reference/trial_phase2/test_mem.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.special import betaincc, logsumexp

from vein2vein.programme.trial.phase2.posterior import Beta, log_marginal
from vein2vein.programme.trial.phase2.refuse import counts, probability, refuse_parameter
from vein2vein.programme.trial.words import Bools, Floats, Ints

_Small = npt.NDArray[np.uint8]
Structure = Literal["graphs", "alone", "partitions"]
JEFFREYS: Final = Beta(0.5, 0.5)
MOST: Final[dict[Structure, int]] = {"graphs": 7, "alone": 16, "partitions": 10}


@dataclass(frozen=True)
class Borrowed:
    """What baskets say after borrowing; arrays by basket.

    Attributes:
        above: Chance that the rate is above the null.
        mean: Posterior mean of the rate.
        worth: Patients that the posterior is worth on average, the prior included.
        together: Chance of each pair to be exchangeable; 1 on the diagonal.
        partners: Which baskets share the rate of basket i in each listed model (models, baskets), and `weights` of the models.
    """

    above: Floats
    mean: Floats
    worth: Floats
    together: Floats
    partners: tuple[Bools, ...]
    weights: tuple[Floats, ...]


def borrow(
    responses: Sequence[int],
    patients: Sequence[int],
    null: float | Sequence[float],
    *,
    prior: Beta = JEFFREYS,
    pair: float = 0.5,
    structure: Structure = "graphs",
) -> Borrowed:
    """The exact posterior of baskets that may share their rates.

    Args:
        responses: Responses of each basket.
        patients: Patients of each basket; 0 is a basket without data.
        null: Rate that has to be beaten, one for all or one for each.
        prior: Prior of each rate.
        pair: Prior chance of each pair to be exchangeable. For partitions, weight pair / (1 - pair) for each pair that is
            together: even weight for all partitions at 0.5.
        structure: "graphs" (Hobbs & Landin), "alone" (Kaizer et al.) or "partitions".

    Raises:
        TrialError: TRIAL-060 for impossible counts, TRIAL-002 for impossible numbers or more baskets than can be listed.
    """
    y, n = counts(responses, patients)
    nulls = np.broadcast_to(np.array(null, dtype=np.float64), y.shape)
    for one in nulls.tolist():
        probability("rate that has to be beaten", one)
    if not 0 < pair < 1:
        refuse_parameter(f"a chance of {pair:g} of each pair", "a number between 0 and 1, both excluded")
    if not 2 <= len(y) <= MOST[structure]:  # noqa: PLR2004  (one basket has nobody to borrow from)
        refuse_parameter(f"{len(y)} baskets", f"2 to {MOST[structure]} for {structure}")
    odds = float(np.log(pair) - np.log1p(-pair))
    listed = {"graphs": _graphs, "alone": _alone, "partitions": _partitions}[structure](y, n, prior, odds)
    return _summary((y, n), nulls, prior, listed)


def _rows(k: int) -> Bools:
    """Every set of baskets, bit i for basket i."""
    found: Bools = (np.arange(2**k)[:, None] >> np.arange(k)) & 1 > 0
    return found


def _of_sets(y: Ints, n: Ints, prior: Beta) -> Floats:
    """For every set, the log chance of all data when the set shares one rate and the others stand alone."""
    sets = _rows(len(y))
    single = log_marginal(prior, y.astype(np.float64), n.astype(np.float64))
    shared = log_marginal(prior, (sets @ y).astype(np.float64), (sets @ n).astype(np.float64))
    found: Floats = shared + (~sets) @ single
    return found


_Listed = list[tuple[Bools, Floats]]


def _alone(y: Ints, n: Ints, prior: Beta, odds: float) -> _Listed:
    chances = _of_sets(y, n, prior)
    sets = _rows(len(y))
    found: _Listed = []
    for basket in range(len(y)):
        with_me = sets[:, basket]
        found.append((sets[with_me], _normal(chances[with_me] + odds * (sets[with_me].sum(axis=1) - 1))))
    return found


def _graphs(y: Ints, n: Ints, prior: Beta, odds: float) -> _Listed:
    k = len(y)
    chances = _of_sets(y, n, prior)
    sets, edges = _of_graphs(k)
    log: Floats = (odds * np.arange(k * (k - 1) // 2 + 1, dtype=np.float64))[edges]
    for one in sets:
        log += chances[one]
    weight = _normal(log)
    rows = _rows(k)
    found: _Listed = []
    for i in range(k):
        of_set = np.bincount(sets[i], weights=weight, minlength=2**k).astype(np.float64)
        mine = rows[:, i]
        found.append((rows[mine], of_set[mine]))
    return found


@lru_cache(maxsize=2)
def _of_graphs(k: int) -> tuple[tuple[_Small, ...], _Small]:
    """For each basket its partners in every graph, as bits, itself included; and the number of edges of every graph."""
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    number = np.arange(2 ** len(pairs), dtype=np.int32)
    sets = [np.full(len(number), 1 << i, np.uint8) for i in range(k)]
    edges = np.zeros(len(number), np.uint8)
    for bit, (i, j) in enumerate(pairs):
        edge = ((number >> bit) & 1).astype(np.uint8)
        sets[i] |= edge << np.uint8(j)
        sets[j] |= edge << np.uint8(i)
        edges += edge
    return tuple(sets), edges


def _partitions(y: Ints, n: Ints, prior: Beta, odds: float) -> _Listed:
    k = len(y)
    rows = _rows(k)
    shared = log_marginal(prior, (rows @ y).astype(np.float64), (rows @ n).astype(np.float64))
    inside = rows.sum(axis=1) * (rows.sum(axis=1) - 1) / 2
    labels = _labels(k)
    sets = np.zeros_like(labels)
    for block in range(k):
        here = labels == block
        bits = (here << np.arange(k)).sum(axis=1)
        sets += np.where(here, bits[:, None], 0)
    first = np.stack([(labels[:, :i] != labels[:, i : i + 1]).all(axis=1) for i in range(k)], axis=1)
    weight = _normal(np.where(first, (shared + odds * inside)[sets], 0.0).sum(axis=1))
    found: _Listed = []
    for i in range(k):
        of_set = np.bincount(sets[:, i], weights=weight, minlength=2**k).astype(np.float64)
        found.append((rows[rows[:, i]], of_set[rows[:, i]]))
    return found


def _labels(k: int) -> Ints:
    """Every partition of k baskets as block numbers, each new block one above the highest before."""
    found = np.zeros((1, 1), np.int64)
    for _ in range(k - 1):
        highest = found.max(axis=1)
        parts = [
            np.concatenate([found[highest + 1 >= block], np.full(((highest + 1 >= block).sum(), 1), block)], axis=1)
            for block in range(int(highest.max()) + 2)
        ]
        found = np.concatenate(parts)
    return found


def _normal(log: Floats) -> Floats:
    found: Floats = np.exp(log - logsumexp(log))
    return found


def _summary(data: tuple[Ints, Ints], nulls: Floats, prior: Beta, listed: _Listed) -> Borrowed:
    (y, n), k = data, len(nulls)
    above, mean, worth, together = np.empty(k), np.empty(k), np.empty(k), np.empty((k, k))
    for i, (sets, weight) in enumerate(listed):
        a, b = prior.after((sets @ y).astype(np.float64), (sets @ n).astype(np.float64))
        above[i] = weight @ np.asarray(betaincc(a, b, float(nulls[i])), np.float64)
        mean[i] = weight @ (a / (a + b))
        worth[i] = weight @ (a + b)
        together[i] = weight @ sets
    return Borrowed(above, mean, worth, together, tuple(s for s, _ in listed), tuple(w for _, w in listed))
