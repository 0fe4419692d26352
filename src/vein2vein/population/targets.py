"""The published figures that the settings are fitted to and compared with.

Place    Floor 4. Read by fit, calibration and the documentation; no module that draws reads it.
In       population/data/targets/*.yaml, one file per setting.
Out      `Target` with value, interval, denominator, scale, source and status.
Missing  A figure without a published interval says so and names the tolerance that we use instead.
Does not Choose silently: where sources differ for the same trial both stand in the file and one of them says `use: fit`.
Checked  tests/unit/population/test_targets.py
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vein2vein.errors import SimulationError
from vein2vein.numerics.proportions import clopper_pearson
from vein2vein.population.parameters import read_yaml

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

Basis = Literal["printed interval", "printed range", "computed from counts", "computed from percentage", "none"]
Denominator = Literal[
    "enrolled",
    "apheresed",
    "infused",
    "evaluable",
    "crs cases",
    "icans cases",
    "infused, high score",
    "infused, low score",
]

QUANTITIES: dict[str, str] = {
    "way.infused_of_enrolled": "Infused of enrolled",
    "way.vein_to_vein_days": "Apheresis to infusion, median (days)",
    "way.enrolment_to_infusion_days": "Enrolment to infusion, median (days)",
    "way.manufacture_failure": "Manufacture failed",
    "way.out_of_specification": "Given out of specification, of those infused",
    "crs.any": "CRS, any grade",
    "crs.grade3": "CRS, grade 3 or higher",
    "crs.grade4": "CRS, grade 4 or higher",
    "crs.onset_days": "CRS onset, median (days)",
    "crs.duration_days": "CRS duration, median (days)",
    "icans.any": "Neurotoxicity, any grade",
    "icans.grade3": "Neurotoxicity, grade 3 or higher",
    "icans.grade4": "Neurotoxicity, grade 4 or higher",
    "icans.onset_days": "Neurotoxicity onset, median (days)",
    "icans.duration_days": "Neurotoxicity duration, median (days)",
    "care.tocilizumab": "Tocilizumab",
    "care.steroids": "Corticosteroids for toxicity",
    "care.steroids_for_crs": "Corticosteroids for CRS",
    "care.steroids_for_icans": "Corticosteroids for neurotoxicity",
    "care.tocilizumab_or_steroids": "Tocilizumab or corticosteroids",
    "care.anakinra": "Anakinra",
    "care.vasopressor": "Vasopressor",
    "care.icu": "Intensive care",
    "care.icu_days": "Days in intensive care, median",
    "care.stay_days": "Days in hospital, median",
    "counts.neutropenia_grade3": "Neutropenia, CTCAE grade 3 or higher",
    "counts.severe_neutropenia_days": "Days with neutrophils below 0.5 up to day 60, median",
    "counts.severe_neutropenia_14_days": "14 days or more with neutrophils below 0.5",
    "outcome.response": "Response (complete or partial)",
    "outcome.complete_response": "Complete response",
    "outcome.pfs_median_months": "Progression-free (or event-free) survival, median (months)",
    "outcome.pfs_6": "Progression-free (or event-free) at 6 months",
    "outcome.pfs_12": "Progression-free (or event-free) at 12 months",
    "outcome.pfs_24": "Progression-free (or event-free) at 24 months",
    "outcome.os_median_months": "Overall survival, median (months)",
    "outcome.os_12": "Alive at 12 months",
    "outcome.os_24": "Alive at 24 months",
    "outcome.os_48": "Alive at 48 months",
    "outcome.pfs_48": "Progression-free at 48 months",
    "outcome.nrm": "Death without relapse or progression",
    "outcome.nrm_day28": "Death without relapse or progression by day 28",
}


class Interval(BaseModel):
    """How far the published figure may be off.

    Attributes:
        basis: "printed interval" (95 % confidence interval of the source), "printed range" (smallest to largest or quartiles
            of patients, as `note` says: wider than an interval), "computed from counts" (Clopper-Pearson, 95 %, from printed
            counts), "computed from percentage" (the same, the count being the rounded product), or "none".
        low, high: Both ends inclusive; None where they are computed.
        tolerance: With basis "none": half width that we use, an assumption of ours, in the unit of the value.
        note: What is peculiar.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    basis: Basis
    low: float | None = None
    high: float | None = None
    tolerance: Annotated[float | None, Field(gt=0)] = None
    note: str | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> Interval:
        printed = self.basis.startswith("printed")
        if printed != (self.low is not None) or (printed and self.high is None):
            problem = "a printed interval or range has `low` and `high`, and only that"
            raise ValueError(problem)
        if (self.basis == "none") != (self.tolerance is not None):
            problem = "without a published interval, and only then, a tolerance is named"
            raise ValueError(problem)
        return self


class Target(BaseModel):
    """One published figure of one setting.

    Attributes:
        quantity: One of QUANTITIES.
        value: As published; shares from 0 to 1, times in the unit that the quantity names.
        events, n: Counts; `events` is None where only a percentage is printed.
        interval: See `Interval`.
        denominator: Of whom.
        time_zero: From when times and survival count.
        scale: Rule set id by which calibration grades, or None where nothing is graded.
        published_scale: Name of the scale of the source where we do not encode it; None where `scale` is that scale.
        source: Citation key; `locator` the place in it.
        status: How the source was read.
        protocol: Protocol of treatment under which courses are simulated for this figure; "reference" is what the trial did.
        use: "fit" where the fit aims at this figure, "compare" where it is only shown beside the simulated one.
        note: Disagreement between sources, peculiar definitions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    quantity: str
    value: float
    events: int | None = None
    n: int | None = None
    interval: Interval
    denominator: Denominator = "infused"
    time_zero: Literal["infusion", "enrolment", "apheresis"] = "infusion"
    scale: str | None = None
    published_scale: str | None = None
    source: Annotated[str, Field(min_length=1)]
    locator: str | None = None
    status: Literal["read", "secondary", "recalled", "uncertain"]
    use: Literal["fit", "compare"]
    protocol: str = "reference"
    note: str | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Target:
        if self.quantity not in QUANTITIES:
            problem = f"quantity {self.quantity!r} is not one of those that the calibration computes"
            raise ValueError(problem)
        if self.interval.basis == "computed from counts" and (self.events is None or self.n is None):
            problem = "an interval computed from counts needs events and n"
            raise ValueError(problem)
        if self.interval.basis == "computed from percentage" and (self.n is None or self.events is not None):
            problem = "an interval computed from a percentage needs n, and no events"
            raise ValueError(problem)
        if self.protocol != "reference" and self.use == "fit":
            problem = "the fit simulates the reference protocol only; a figure under another one is compared"
            raise ValueError(problem)
        if self.is_share and not 0 <= self.value <= 1:
            problem = "a share lies between 0 and 1"
            raise ValueError(problem)
        if self.events is not None and self.n and abs(self.events / self.n - self.value) > 0.006:  # noqa: PLR2004  (print rounds)
            problem = f"{self.events} of {self.n} is not {self.value}"
            raise ValueError(problem)
        return self

    @property
    def is_share(self) -> bool:
        """Whether the value is a share of patients and not a time."""
        return not self.quantity.endswith(("_days", "_months")) or self.quantity.endswith("_14_days")

    @property
    def label(self) -> str:
        """The quantity in words for people."""
        return QUANTITIES[self.quantity]

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value that agrees with the published figure, both inclusive."""
        if self.interval.low is not None and self.interval.high is not None:
            return self.interval.low, self.interval.high
        if self.interval.tolerance is not None:
            low, high = self.value - self.interval.tolerance, self.value + self.interval.tolerance
            return (max(low, 0.0), min(high, 1.0)) if self.is_share else (max(low, 0.0), high)
        n = self.n or 0
        events = self.events if self.events is not None else round(self.value * n)
        return clopper_pearson(events, n)


@cache
def targets(id: str) -> tuple[Target, ...]:
    """All published figures of a setting, in the order of its file.

    Raises:
        SimulationError: SIM-010 when the file is missing or wrong.
    """
    folder = resources.files("vein2vein.population").joinpath("data", "targets")
    return read_targets(folder.joinpath(id.replace("/", ".") + ".yaml"), id)


def read_targets(file: Traversable | Path, id: str) -> tuple[Target, ...]:
    """Read one file of targets.

    Raises:
        SimulationError: SIM-010 when it is missing, names another setting, or an entry is wrong.
    """
    if not file.is_file():
        raise _wrong(file, "no file", f"the published figures of {id}", "add the file")
    raw = read_yaml(file)
    if raw.get("setting") != id:
        raise _wrong(file, f"setting {raw.get('setting')!r}", id, "correct the first line")
    found = tuple(_target(file, number, entry) for number, entry in enumerate(raw.get("targets") or [], start=1))
    fitted = [(one.quantity, one.denominator) for one in found if one.use == "fit"]
    doubled = sorted({one[0] for one in fitted if fitted.count(one) > 1})
    if doubled:
        raise _wrong(file, f"two figures to fit for {', '.join(doubled)}", "one", "say `use: compare` in all others")
    return found


def _target(file: Traversable | Path, number: int, entry: Any) -> Target:
    try:
        return Target.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        named = entry.get("quantity") if isinstance(entry, dict) else entry
        raise _wrong(
            file, f"target {number} ({named}) {place}".rstrip(), str(first["msg"]), "correct the entry"
        ) from error


def _wrong(file: Traversable | Path, saw: str, expected: str, fix: str) -> SimulationError:
    return SimulationError("SIM-010", saw=f"{file.name}: {saw}", expected=expected, fix=fix)
