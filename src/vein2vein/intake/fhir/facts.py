"""Collects what the resources say, still as sent, in columns that do not grow with the size of the delivery's JSON.

Place    Floor 3, FHIR adapter. Filled by the readers of the single resources; emptied by `intake.fhir.assemble`.
In       Facts and refusals of one resource after the other.
Out      Frames of facts (values, units and times as sent) and of refusals, each with file and row.
Knows    Where the current resource stands, whose it is, and which version of it.
Missing  A resource that gives neither a fact nor a refusal is a mistake of a reader: the next `begin` says so.
Does not Convert units or times, or decide to which course a fact belongs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from vein2vein.errors import Fault
from vein2vein.intake.book import FaultBook
from vein2vein.intake.fhir.faults import MAY_HAVE_RUN

CHUNK: Final = 100_000
SPOT: Final = {
    "file": pl.String,
    "row": pl.Int64,
    "resource": pl.String,
    "version": pl.String,
    "patient": pl.String,
    "source": pl.String,
}
OBSERVATION: Final = {
    "kind": pl.String,
    "value": pl.String,
    "unit": pl.String,
    "comparator": pl.String,
    "code": pl.String,
    "reference_low": pl.Float64,
    "reference_high": pl.Float64,
    "reference_unit": pl.String,
    "observed_at": pl.String,
    "recorded_at": pl.String,
}
EXPOSURE: Final = {
    "kind": pl.String,
    "agent": pl.String,
    "amount": pl.Float64,
    "amount_unit": pl.String,
    "rate": pl.Float64,
    "rate_unit": pl.String,
    "reason": pl.String,
    "started_at": pl.String,
    "ended_at": pl.String,
    "recorded_at": pl.String,
    "charted_once": pl.Boolean,
}
MILESTONE: Final = {
    "kind": pl.String,
    "at": pl.String,
    "detail": pl.String,
    "product": pl.String,
    "course": pl.String,
    "indication": pl.String,
}
PATIENT: Final = {"born_on": pl.String, "sex": pl.String}
FACTS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "observation": {**SPOT, **OBSERVATION},
        "exposure": {**SPOT, **EXPOSURE},
        "milestone": {**SPOT, **MILESTONE},
        "patient": {**SPOT, **PATIENT},
    }
)
REFUSAL: Final = {
    "file": pl.String,
    "row": pl.Int64,
    "resource": pl.String,
    "version": pl.String,
    "reason": pl.String,
    "patient": pl.String,
}
LOST: Final = {
    "file": pl.String,
    "row": pl.Int64,
    "patient": pl.String,
    "started_at": pl.String,
    "ended_at": pl.String,
}
"""Refused resources that may have been exposures: whose (null: anybody's) and, as sent, when (null: at any time)."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a resource stands and whose it is.

    Attributes:
        resource: Its identity: ``Type/id``, or the address that the Bundle gives it; empty when it has none.
        version: What orders versions of one resource: ``meta.lastUpdated`` and ``meta.versionId``; empty when not given.
        patient: Key of the patient as the resource names it; empty when it names none.
        span: When it began and ended, as sent, for a resource that may say that a drug or device was in use; else None.
    """

    file: str
    row: int
    resource: str = ""
    version: str = ""
    patient: str = ""
    span: tuple[str | None, str | None] | None = None


@dataclass
class Collector:
    """Facts and refusals of a delivery, and the faults that the readers of single resources see."""

    book: FaultBook
    _spot: Spot | None = None
    _settled: bool = True
    _rows: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {name: [] for name in (*FACTS, "refusal", "lost")}
    )
    _chunks: dict[str, list[pl.DataFrame]] = field(
        default_factory=lambda: {name: [] for name in (*FACTS, "refusal", "lost")}
    )

    def begin(self, spot: Spot) -> None:
        """Start the next resource; everything entered from now on belongs to it."""
        assert self._settled, f"{self._spot} gave neither a fact nor a refusal"  # noqa: S101  (a mistake of a reader)
        self._spot, self._settled = spot, False

    def begin_again(self, spot: Spot) -> None:
        """Say more about the current resource: whose it is and which version."""
        self._spot = spot

    def postpone(self) -> None:
        """Let the current resource go without a fact; it will begin once more."""
        self._settled = True

    def observation(self, kind: str, observed_at: str | None, **given: Any) -> None:
        """Enter one observation; fields not given are empty. See `OBSERVATION` for the names."""
        self._enter("observation", OBSERVATION, {"kind": kind, "observed_at": observed_at, **given})

    def exposure(self, kind: str, agent: str, started_at: str | None, **given: Any) -> None:
        """Enter one exposure; fields not given are empty. See `EXPOSURE` for the names."""
        self._enter("exposure", EXPOSURE, {"kind": kind, "agent": agent, "started_at": started_at, **given})

    def milestone(self, kind: str, at: str | None, **given: Any) -> None:
        """Enter one milestone; fields not given are empty. See `MILESTONE` for the names."""
        self._enter("milestone", MILESTONE, {"kind": kind, "at": at, **given})

    def patient(self, **given: Any) -> None:
        """Enter the person. See `PATIENT` for the names."""
        self._enter("patient", PATIENT, given)

    def refuse(self, fault: Fault, *, what: str = "", may_have_run: bool | None = None) -> None:
        """Say that the current resource, or a part of it, cannot be used.

        Args:
            fault: Why.
            what: Faults of one `what` are counted together.
            may_have_run: Whether what is refused may have been a drug or device in use (see `intake.lost`); None: the reason
                says so.
        """
        spot = self._here()
        self._add("refusal", (spot.file, spot.row, spot.resource, spot.version, fault.id, spot.patient))
        if spot.span is not None and (fault.id in MAY_HAVE_RUN if may_have_run is None else may_have_run):
            self._add("lost", (spot.file, spot.row, spot.patient or None, *spot.span))
        self.note(fault, what=what)
        self._settled = True

    def note(self, fault: Fault, *, what: str = "") -> None:
        """Enter a fault of the current resource without refusing it."""
        spot = self._here()
        self.book.note(_placed(fault, f"{spot.file}:{spot.row}"), what=what)

    def frame(self, name: str) -> pl.DataFrame:
        """All facts of one table (see `FACTS`), ``refusal`` (see `REFUSAL`) or ``lost`` (see `LOST`)."""
        self._flush(name)
        chunks = self._chunks[name]
        return pl.concat(chunks) if chunks else pl.DataFrame(schema=dict(self._schema(name)))

    def _enter(self, name: str, columns: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        unknown = given.keys() - columns.keys()
        assert not unknown, f"{name} has no {sorted(unknown)}"  # noqa: S101  (a mistake of a reader)
        spot = self._here()
        source = f"{spot.file}:{spot.row}"
        here = (spot.file, spot.row, spot.resource, spot.version, spot.patient, source)
        self._add(name, here + tuple(given.get(column) for column in columns))
        self._settled = True

    def _here(self) -> Spot:
        assert self._spot is not None, "no resource has begun"  # noqa: S101  (a mistake of a reader)
        return self._spot

    def _add(self, name: str, row: tuple[Any, ...]) -> None:
        rows = self._rows[name]
        rows.append(row)
        if len(rows) >= CHUNK:
            self._flush(name)

    def _flush(self, name: str) -> None:
        if self._rows[name]:
            self._chunks[name].append(pl.DataFrame(self._rows[name], schema=dict(self._schema(name)), orient="row"))
            self._rows[name] = []

    @staticmethod
    def _schema(name: str) -> Mapping[str, Any]:
        return {"refusal": REFUSAL, "lost": LOST}.get(name) or FACTS[name]


def _placed(fault: Fault, where: str) -> Fault:
    return Fault(fault.id, fault.saw, fault.expected, fault.fix, fault.effect, (where,), 1)
