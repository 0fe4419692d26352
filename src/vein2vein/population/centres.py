"""The made-up centres at which synthetic patients are treated.

Place    Floor 4. Read by `patients` (who is treated where) and `assemble` (zone and id).
In       population/data/centres.yaml.
Out      Frozen `Centre`s; the number of a centre is its place in the file.
Does not Stand for real hospitals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from vein2vein.basis.data_files import package_yaml
from vein2vein.population.states import Floats


@dataclass(frozen=True)
class Centre:
    """A made-up centre: `share` is its part of the patients of its region, `zone` an IANA time zone."""

    id: str
    region: str
    country: str
    zone: str
    share: float


@cache
def centres() -> tuple[Centre, ...]:
    """All centres, in the order of the file."""
    return tuple(Centre(**entry) for entry in package_yaml("vein2vein.population", "data", "centres.yaml"))


def shares_of(regions: tuple[str, ...]) -> Floats:
    """Probability of each centre when the patients come from these regions, equally many from each."""
    share = np.array([c.share if c.region in regions else 0.0 for c in centres()])
    for region in {c.region for c in centres()}:
        here = np.array([c.region == region for c in centres()])
        total = share[here].sum()
        share[here] = share[here] / total if total else 0.0
    found: Floats = share / share.sum()
    return found
