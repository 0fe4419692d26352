"""Basket studies: MEM, the hierarchical model and EXNEX with a claim per basket, and the chance of right and wrong claims.

Place    Programme, trial, study.
In       Baskets with their patients, the rate to beat, the probability that claims, priors; response rates per scenario, or none
         for the rate to beat in all.
Out      `BasketStudy`: chance to claim each basket, of any wrong claim; the least responses that claim.
Knows    Where all outcomes can be listed (`LISTED` at most) the chances are exact sums; else trials are drawn, with their error.
         Either way each distinct outcome is analysed once. A basket is active when its rate is above the rate to beat.
Checked  tests/unit/programme/trial/study/test_baskets.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, Final, Literal

import numpy as np
from scipy.stats import binom

from vein2vein.engine.workers import answers
from vein2vein.numerics.streams import Streams
from vein2vein.programme.trial.phase2 import hierarchical, mem
from vein2vein.programme.trial.phase2.hierarchical import HalfNormal, InverseGamma, Priors
from vein2vein.programme.trial.phase2.mem import JEFFREYS
from vein2vein.programme.trial.phase2.posterior import Beta
from vein2vein.programme.trial.phase2.refuse import between_0_and_1
from vein2vein.programme.trial.study.reading import cases_of, made, parameters_of, refuse
from vein2vein.programme.trial.study.results import Curves, Figure, Line, Result, Table, chance, share_of
from vein2vein.programme.trial.words import Bools, Floats, Ints, Parameter

OTHER: Final = ("design", "title", "scenarios", "search", "protocol")
LISTED: Final = 4096
_AT_ONCE: Final = 256
OUTCOME: Final = "trial/baskets"


@dataclass(frozen=True)
class Borrowing:
    """How baskets are analysed.

    Args:
        patients: Patients of each basket.
        null: Rate to beat.
        claim: A basket is claimed when its chance to be above `null` is above this.
        names: What the baskets are called.
        analysis: From responses of each basket to the chance of each to be above the null.
    """

    patients: tuple[int, ...]
    null: float
    claim: float
    names: tuple[str, ...]
    analysis: Callable[[tuple[int, ...]], Floats]

    def __post_init__(self) -> None:
        between_0_and_1("rate to beat", self.null)
        between_0_and_1("chance that claims", self.claim)
        several = len(set(self.names)) == len(self.names) >= 2  # noqa: PLR2004
        if len(self.names) != len(self.patients) or not several or min(self.patients) < 1:
            refuse(
                f"baskets {list(self.names)} with {list(self.patients)} patients",
                "at least two baskets, a name of its own and at least one patient for each",
                "correct `names` or `patients`",
            )


def mem_baskets(  # noqa: PLR0913  (the published options, all named)
    patients: tuple[int, ...],
    null: float,
    claim: float,
    *,
    names: tuple[str, ...] = (),
    prior: Beta = JEFFREYS,
    pair: float = 0.5,
    structure: Literal["graphs", "alone", "partitions"] = "graphs",
) -> Borrowing:
    """Multi-source exchangeability models, exact."""
    work = partial(_by_mem, patients, null, prior, pair, structure)
    return Borrowing(patients, null, claim, names or _numbered(patients), work)


def hierarchical_baskets(  # noqa: PLR0913  (the published options, all named)
    patients: tuple[int, ...],
    null: float,
    claim: float,
    *,
    mean: float,
    sd: float,
    names: tuple[str, ...] = (),
    tau: HalfNormal | InverseGamma = HalfNormal(1.0),  # noqa: B008  (frozen)
) -> Borrowing:
    """The hierarchical model of Berry et al.; `mean` and `sd` are those of the normal prior of the logit."""
    work = partial(_by_shrinking, patients, null, Priors(mean, sd, tau))
    return Borrowing(patients, null, claim, names or _numbered(patients), work)


def exnex_baskets(
    patients: tuple[int, ...],
    null: float,
    claim: float,
    priors: Priors,
    *,
    names: tuple[str, ...] = (),
) -> Borrowing:
    """EXNEX of Neuenschwander et al."""
    return Borrowing(
        patients, null, claim, names or _numbered(patients), partial(_by_shrinking, patients, null, priors)
    )


def _numbered(patients: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"basket {i + 1}" for i in range(len(patients)))


def _by_mem(  # noqa: PLR0917  (bound once)
    patients: tuple[int, ...], null: float, prior: Beta, pair: float, structure: mem.Structure, y: tuple[int, ...]
) -> Floats:
    return mem.borrow(y, patients, null, prior=prior, pair=pair, structure=structure).above


def _by_shrinking(patients: tuple[int, ...], null: float, priors: Priors, y: tuple[int, ...]) -> Floats:
    return hierarchical.shrink(y, patients, null, priors).above


BASKETS: Final[Mapping[str, tuple[Callable[..., Borrowing], str, str]]] = {
    "mem": (mem_baskets, "MEM baskets", "Hobbs and Landin 2018, doi 10.1002/sim.7893"),
    "bhm": (hierarchical_baskets, "hierarchical baskets", "Berry et al. 2013, doi 10.1177/1740774513497539"),
    "exnex": (exnex_baskets, "EXNEX baskets", "Neuenschwander et al. 2016, doi 10.1002/pst.1730"),
}


@dataclass(frozen=True)
class BasketStudy:
    """Baskets that borrow, with the response rates at which they are looked at.

    Args:
        name: What people call the design.
        borrowing: How they are analysed.
        parameters: Every choice with its value, origin and source.
        truths: Name and response rate per basket of each scenario.
        source: Who published the design.
    """

    name: str
    borrowing: Borrowing
    parameters: Mapping[str, Parameter]
    truths: tuple[tuple[str, tuple[float, ...]], ...]
    source: str = ""

    @property
    def most(self) -> int:
        """The number of patients."""
        return sum(self.borrowing.patients)

    @property
    def is_exact(self) -> bool:
        """Whether all outcomes are listed."""
        return int(np.prod([n + 1.0 for n in self.borrowing.patients])) <= LISTED

    def results(self, *, trials: int, seed: int, executor: Executor | None = None) -> tuple[Result, ...]:
        """What the design does in each scenario.

        Args:
            trials: Simulated trials, where the outcomes cannot be listed.
            seed: Root seed; patients are the same in every scenario.
            executor: Shares the analyses of distinct outcomes, with the same result.
        """
        n = self.borrowing.patients
        if self.is_exact:
            listed = np.array(list(product(*(range(k + 1) for k in n))))
            claims = self._claims(listed, executor)
            return tuple(self._exact(name, rates, listed, claims) for name, rates in self.truths)
        drawn = [self._drawn(rates, trials, seed) for _, rates in self.truths]
        outcomes, place = np.unique(np.concatenate(drawn), axis=0, return_inverse=True)
        claims = self._claims(outcomes, executor)[place.ravel()]
        return tuple(
            self._simulated(name, rates, claims[i * trials : (i + 1) * trials], seed)
            for i, (name, rates) in enumerate(self.truths)
        )

    def _claims(self, outcomes: Ints, executor: Executor | None) -> Bools:
        """Claims of each outcome; outcomes that only swap baskets of one size are analysed once."""
        n = np.array(self.borrowing.patients)
        order = np.lexsort((outcomes, np.broadcast_to(n, outcomes.shape)), axis=1)
        places = np.argsort(n, kind="stable")
        swapped = np.empty_like(outcomes)
        swapped[:, places] = np.take_along_axis(outcomes, order, axis=1)
        distinct, where = np.unique(swapped, axis=0, return_inverse=True)
        analysed = self._analysed_once(distinct, executor)[where.ravel()]
        claimed = np.empty_like(analysed)
        np.put_along_axis(claimed, order, analysed[:, places], axis=1)
        return claimed

    def _analysed_once(self, outcomes: Ints, executor: Executor | None) -> Bools:
        rows = [tuple(int(k) for k in row) for row in outcomes]
        parts = [rows[k : k + _AT_ONCE] for k in range(0, len(rows), _AT_ONCE)]
        work = partial(_analysed, self.borrowing.analysis)
        found = map(work, parts) if executor is None else answers(executor, work, parts)
        claimed: Bools = np.array([row for part in found for row in part]) > self.borrowing.claim
        return claimed

    def _drawn(self, rates: tuple[float, ...], trials: int, seed: int) -> Ints:
        """Responses of simulated trials; patient k of a basket has the same number in every scenario."""
        streams = Streams(seed)
        columns = [
            (streams.replication(f"{OUTCOME}/{i}", 0).random((trials, n)) < rate).sum(axis=1)
            for i, (n, rate) in enumerate(zip(self.borrowing.patients, rates, strict=True))
        ]
        return np.stack(columns, axis=1)

    def _exact(self, name: str, rates: tuple[float, ...], outcomes: Ints, claims: Bools) -> Result:
        weight = np.prod([binom.pmf(outcomes[:, i], n, p) for i, (n, p) in enumerate(self._baskets(rates))], axis=0)
        return self._result(name, rates, claims, lambda happened: chance(float(weight @ happened)), None)

    def _simulated(self, name: str, rates: tuple[float, ...], claims: Bools, seed: int) -> Result:
        return self._result(name, rates, claims, lambda happened: share_of(happened.astype(float)), (len(claims), seed))

    def _baskets(self, rates: tuple[float, ...]) -> list[tuple[int, float]]:
        return list(zip(self.borrowing.patients, rates, strict=True))

    def _result(  # noqa: PLR0917  (two ways to weigh the same claims)
        self,
        name: str,
        rates: tuple[float, ...],
        claims: Bools,
        weighed: Callable[[Bools], Figure],
        drawn: tuple[int, int] | None,
    ) -> Result:
        active = np.array(rates) > self.borrowing.null
        figures = {
            "any_wrong": weighed(np.asarray(claims[:, ~active].any(axis=1))),
            "all_right": weighed(np.asarray((claims == active).all(axis=1))),
        }
        lines = tuple(
            Line(label, {"true_rate": chance(rate), "claimed": weighed(claims[:, i])})
            for i, (label, rate) in enumerate(zip(self.borrowing.names, rates, strict=True))
        )
        trials, seed = drawn if drawn else (None, None)
        return Result(name, figures, lines, "basket", trials, seed)

    def tables(self) -> tuple[Table, ...]:
        """Least responses that claim a basket while all others have a given rate of responses."""
        n = self.borrowing.patients
        shares = (0.0, self.borrowing.null, min(2 * self.borrowing.null, 1.0))
        rows = []
        for i, label in enumerate(self.borrowing.names):
            cells = []
            for share in shares:
                least = self._least(i, [round(share * k) for k in n])
                cells.append("-" if least is None else f"≥ {least}")
            rows.append((label, str(n[i]), *cells))
        heads = ("basket", "patients", *(f"{share:.0%}" for share in shares))
        return (Table("claims", heads, tuple(rows)),)

    def _least(self, i: int, others: list[int]) -> int | None:
        """The least responses that claim a basket, by halving: more responses of its own never make a claim less likely."""
        low, high = -1, self.borrowing.patients[i] + 1
        while high - low > 1:
            y = (low + high) // 2
            claimed = self._claims(np.array([[*others[:i], y, *others[i + 1 :]]]), None)[0, i]
            low, high = (low, y) if claimed else (y, high)
        return high if high <= self.borrowing.patients[i] else None

    def curves(self) -> tuple[Curves, ...]:
        """No curves: responses have no time."""
        return ()


def _analysed(analysis: Callable[[tuple[int, ...]], Floats], rows: list[tuple[int, ...]]) -> list[Floats]:
    return [analysis(row) for row in rows]


def read_baskets(name: str, content: Mapping[str, Any]) -> BasketStudy:
    """A basket study of a design file.

    Args:
        name: Name of the design, a key of `BASKETS`.
        content: The whole file.

    Raises:
        TrialError: TRIAL-005 for keys that do not fit; TRIAL-002 for values that cannot be.
    """
    maker, shown, source = BASKETS[name]
    given = {str(key): value for key, value in content.items() if key not in OTHER}
    found = made(maker, given, f"the design {name}")
    truths = tuple((str(entry["name"]), _rates(entry, i, found)) for i, entry in enumerate(cases_of(content)))
    if not truths:  # as of a single arm without scenarios, what a claim of nothing costs is looked at
        truths = (("null", (found.null,) * len(found.patients)),)
    return BasketStudy(shown, found, parameters_of(maker, given, source), truths, source)


def _rates(entry: Mapping[str, Any], i: int, borrowing: Borrowing) -> tuple[float, ...]:
    rates = entry.get("rates")
    fits = isinstance(rates, list) and all(
        isinstance(p, (int, float)) and not isinstance(p, bool) and 0 <= p <= 1 for p in rates
    )
    if not fits or set(entry) != {"name", "rates"} or len(rates or []) != len(borrowing.names):
        refuse(
            f"scenario {i + 1}: {dict(entry)!r}",
            f"{{name: ..., rates: [{len(borrowing.names)} rates from 0 to 1]}}",
            "give each basket its response rate",
        )
    return tuple(float(p) for p in rates or [])
