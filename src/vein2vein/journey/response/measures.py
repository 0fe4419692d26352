"""Raw measurements of imaging: lesions by name, and what else a reader says of one scan.

Place    Journey, response. Read by `lugano`, `myeloma` and `cll`.
In       What the reader of a scan measured.
Out      Frozen `Lesion`, `Scan` and `MyelomaImaging`.
Knows    Lengths are in cm. A lesion keeps its name over all scans: that is how its nadir is found. `scans` makes them of what a
         timeline holds.
Missing  What a reader did not say is None and stays unknown. A lesion that a later scan does not list was not assessed there.
Checked  tests/unit/journey/response
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NoReturn

from vein2vein.basis.clock import check_aware
from vein2vein.errors import JourneyError
from vein2vein.knowledge.documents.response import Response

LONGEST_CM = 60


_LENGTHS = "give lengths in cm, the longer diameter first"


def _refuse(saw: str, expected: str, fix: str = _LENGTHS) -> NoReturn:
    raise JourneyError("JOURNEY-020", saw=saw, expected=expected, fix=fix)


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion on one scan.

    Attributes:
        name: The same on every scan.
        site: A node (or nodal mass), or outside the nodes; None where it is not stated.
        seen: Measured, too small to measure, or gone; None where it was not assessed.
        ldi: Longest diameter in cm; only of a measured lesion.
        sdi: Diameter perpendicular to it in cm, not longer than `ldi`.
        is_target: Whether it is one of the target lesions chosen at baseline.
        unequivocal: Whether it is lymphoma without doubt (asked of small new lesions outside the nodes).
        is_new: Whether its reader calls it new; asked only where there is no baseline to compare with.

    Raises:
        JourneyError: JOURNEY-020 when a diameter is negative, longer than 60 cm (mm given for cm), or the second is the longer.
    """

    name: str
    site: Literal["node", "extranodal"] | None
    seen: Literal["measured", "too-small", "gone"] | None = "measured"
    ldi: float | None = None
    sdi: float | None = None
    is_target: bool = True
    unequivocal: bool | None = None
    is_new: bool | None = None

    def __post_init__(self) -> None:
        for value in (self.ldi, self.sdi):
            if value is not None and not 0 <= value <= LONGEST_CM:
                _refuse(f"{self.name}: a diameter of {value:g} cm", f"0 to {LONGEST_CM} cm")
        if self.ldi is not None and self.sdi is not None and self.sdi > self.ldi:
            _refuse(f"{self.name}: {self.ldi:g} x {self.sdi:g} cm", "the longest diameter first")


@dataclass(frozen=True, slots=True)
class Scan:
    """One assessment by imaging.

    Attributes:
        at: Aware instant of the scan.
        lesions: Lesions that were looked for.
        is_complete: Whether the reader says that nothing new stands beside the list.
        non_measured: Lesions that are not measured, liver among them.
        marrow: Marrow, as known at this assessment.
        spleen: Length of the spleen in cm.
        liver: Liver, as the criteria for CLL ask.
        deauville: Highest Deauville score (1 to 5) where there was a PET.
        uptake: Uptake compared with baseline.
        new_focus: Whether there is a new FDG-avid focus of lymphoma.
        activation: Whether all uptake of 4 or 5 is activation of normal tissue.
        confirmed: Whether growth was confirmed by biopsy.
    """

    at: datetime
    lesions: tuple[Lesion, ...] = ()
    is_complete: bool | None = None
    non_measured: Literal["none", "regressed", "persisting", "progressing"] | None = None
    marrow: Literal["clear", "stain-negative", "involved", "newly-involved"] | None = None
    spleen: float | None = None
    liver: Literal["normal", "halved", "enlarged", "progressing"] | None = None
    deauville: int | None = None
    uptake: Literal["reduced", "unchanged", "increased"] | None = None
    new_focus: bool | None = None
    activation: bool | None = None
    confirmed: bool | None = None

    def __post_init__(self) -> None:
        check_aware(self.at, what="scan")
        names = [lesion.name for lesion in self.lesions]
        if len(names) != len(set(names)):
            _refuse(f"lesions {', '.join(names)}", "every lesion once")

    def lesion(self, name: str) -> Lesion | None:
        """A lesion by name; None where the scan does not list it."""
        return next((lesion for lesion in self.lesions if lesion.name == name), None)


def most_targets(criteria: Response) -> int:
    """How many target lesions the file of the criteria sums up."""
    return int(criteria.chosen["most_targets"])


def check_targets(scans: Iterable[Scan], most: int) -> None:
    """Refuse scans with more target lesions than the criteria sum up.

    Args:
        scans: Scans in any order.
        most: `most_targets` of the file of the criteria.

    Raises:
        JourneyError: JOURNEY-020 when a scan has more targets.
    """
    for scan in scans:
        targets = sum(lesion.is_target for lesion in scan.lesions)
        if targets > most:
            _refuse(f"{targets} target lesions", f"at most {most}", "say which are the targets")


@dataclass(frozen=True, slots=True)
class MyelomaImaging:
    """What imaging says of plasmacytomas and bone lesions at one assessment.

    Attributes:
        at: Aware instant.
        plasmacytoma: Sum of products of soft-tissue plasmacytomas in cm2; 0 without any.
        new_lesion: Whether there is a new lesion of bone or soft tissue.
        lesion_grown: Whether a lesion of more than 1 cm has grown by half or more in its short axis.
        is_negative: Whether no site of earlier uptake takes up tracer any more (PET-CT).
    """

    at: datetime
    plasmacytoma: float | None = None
    new_lesion: bool | None = None
    lesion_grown: bool | None = None
    is_negative: bool | None = None

    def __post_init__(self) -> None:
        check_aware(self.at, what="imaging")
