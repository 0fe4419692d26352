"""Randomised studies whose test is at a fixed time of follow-up: restricted means (`test: rmst`) and milestones.

Place    Programme, trial, study. `read_sequential` reads every file of `design: group-sequential`, and sends those on that wait
         for events.
In       The keys of a design file: the test with its time `tau` and the month of the cut; arms, accrual; scenarios.
Out      `FixedTime`: simulated power with errors, the bound with its date, what is true of the arms, early deaths, curves.
Knows    One look, at a calendar month: what a look is worth depends on who was followed to `tau`, not on the share of the events,
         so that bounds of a log-rank plan would not spend what they say. Where the file leaves `month` out, it is that at
         which the last patient of the first scenario is expected to have been followed for `tau`.
Checked  tests/unit/programme/trial/study/test_fixed_time.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from vein2vein.programme.trial.randomised.accrual import Scenario
from vein2vein.programme.trial.randomised.at_time import AtTime, Statistic
from vein2vein.programme.trial.randomised.simulate import Analysis
from vein2vein.programme.trial.randomised.spending import OBrienFlemingLike
from vein2vein.programme.trial.study import randomised_tables
from vein2vein.programme.trial.study.arms import split_arms
from vein2vein.programme.trial.study.randomised import OTHER, TURNS, Looks, Randomised, read_randomised
from vein2vein.programme.trial.study.reading import made, parameters_of, refuse
from vein2vein.programme.trial.study.results import Table
from vein2vein.programme.trial.words import Parameter

AT_TIME: Final = ("rmst", "milestone")
_SOURCES: Final[Mapping[str, str]] = {
    "rmst": "Royston and Parmar 2013, BMC Med Res Methodol 13:152",
    "milestone": "Kaplan and Meier 1958, J Am Stat Assoc 53:457, with errors of Greenwood 1926",
}
_WAITS: Final = ("events", "hazard_ratio", "power", "spending", "boundaries", "futility")


@dataclass(frozen=True)
class FixedTest:
    """A test at a fixed time after randomisation, as a file asks for it.

    Args:
        test: "rmst": difference of the mean months without event up to `tau`; "milestone": of the shares without event at `tau`.
        tau: Months from randomisation, above 0; the restriction time or the milestone.
        month: Calendar month since the first randomisation at which data are cut, later than `tau`; None for the month at
            which the last patient is expected to have been followed for `tau`.
        looks: 1; there are no interim looks.
        alpha: Error to be spent, both sides together for two sides.
        sides: 1 or 2.
        first_patient: Date of the first randomisation, for the date of the look.
        early: Months at which early deaths are looked at.
    """

    test: Statistic
    tau: float
    month: float | None = None
    looks: int | tuple[float, ...] = 1
    alpha: float = 0.025
    sides: Literal[1, 2] = 1
    first_patient: date | None = None
    early: tuple[float, ...] = (1.0, 3.0, 6.0)

    def __post_init__(self) -> None:
        if self.looks not in (1, (1.0,)):
            many = self.looks if isinstance(self.looks, int) else list(self.looks)
            refuse(
                f"looks {many} with test {self.test!r}",
                "one look, since shares of events are not shares of the information of this test",
                "write `looks: 1`, or take `test: log-rank`",
            )


@dataclass(frozen=True)
class FixedTime(Randomised):
    """A randomised trial with one look at a calendar month, and a test at a fixed time; it waits for no events."""

    @property
    def test(self) -> AtTime:
        """The statistic and its time."""
        assert self.analysis.at_time is not None  # noqa: S101  (read with one)
        return self.analysis.at_time

    def tables(self) -> tuple[Table, ...]:
        """The bound with its date, what is true of the arms at the time of the test, early deaths."""
        cuts = self.analysis.cut_offs
        months = tuple(cut.month or 0.0 for cut in cuts)
        share, first = self.worlds[0].share, self.looks.first_patient
        return (
            randomised_tables.boundaries(self.analysis.plan, cuts, months, share=share, first=first),
            randomised_tables.at_time(self.worlds, self.test, months[-1]),
            *randomised_tables.early(self.worlds, self.looks.early),
        )


def read_sequential(name: str, content: Mapping[str, Any]) -> Randomised:
    """A randomised study of a design file, with any test.

    Args:
        name: Name of the design.
        content: The whole file.

    Raises:
        TrialError: As `read_randomised`; TRIAL-005 for several looks, events or spending with `rmst` or `milestone`;
            TRIAL-002 for a time that is not above 0, or that nobody is followed for by the month of the cut.
    """
    return read_fixed(name, content) if content.get("test") in AT_TIME else read_randomised(name, content)


def read_fixed(name: str, content: Mapping[str, Any]) -> FixedTime:
    """A study with `test: rmst` or `test: milestone`; see `read_sequential`."""
    given = {str(key): value for key, value in content.items() if key not in OTHER}
    waits = next((key for key in _WAITS if key in given), None)
    if waits is not None:
        refuse(
            f"{waits!r} with test {given['test']!r}",
            "one look at a calendar month, which spends all of alpha and waits for no events",
            f"leave {waits!r} out; vary accrual.patients with `trial search` to find the number of patients",
        )
    arms, worlds = split_arms(given, content)
    asked = made(FixedTest, given, f"the design {name}", TURNS)
    test = AtTime(asked.test, asked.tau)
    month = _month(asked, worlds)
    analysis = Analysis.at_month(test, month, alpha=asked.alpha, sides=asked.sides)
    parameters = parameters_of(FixedTest, given, "") | {"tau": Parameter(asked.tau, "set", _SOURCES[asked.test])}
    if asked.month is None:
        parameters["month"] = Parameter(month, "derived", "the last patient is expected, and followed for tau")
    looks = Looks(
        1, OBrienFlemingLike(), alpha=asked.alpha, sides=asked.sides, month=month, test=asked.test,
        first_patient=asked.first_patient, early=asked.early,
    )  # fmt: skip
    title = "restricted means" if asked.test == "rmst" else "milestone"
    return FixedTime(f"{title} at {asked.tau:g} months", looks, analysis, 0, parameters | arms, worlds)


def _month(asked: FixedTest, worlds: tuple[Scenario, ...]) -> float:
    return worlds[0].accrual.end + asked.tau if asked.month is None else asked.month
