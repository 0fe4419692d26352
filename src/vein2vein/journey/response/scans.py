"""Scans from a timeline: lesions of one local day, and what is said of the whole scan on that day.

Place    Journey, response. Read by `disease`.
In       A timeline with lesions and observations of imaging, an instant.
Out      `Scan`s in cm, oldest first; `MyelomaImaging`; `CllFindings` by the instant of the scan.
Knows    A scan says nothing before it is reported: lesions and observations of imaging that were entered after the instant are
         not seen, whatever cut the timeline has. Everything of one local day is one scan. Marrow, spleen and liver are read with
         a scan as long as they hold. A biopsy confirms the scan before it.
Missing  A lesion that cannot be assessed stands in the scan without a size. More targets than the criteria sum up, or a lesion
         of which nobody says whether it is one, leave the scan without targets: no sum is computed from part of them.
Does not Choose targets, or call a lesion gone because it is not listed.
Checked  tests/unit/journey/response/test_scans.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from vein2vein.basis.clock import local_date
from vein2vein.journey.response.cll import CllFindings
from vein2vein.journey.response.measures import Lesion, MyelomaImaging, Scan
from vein2vein.record.timeline import Observation, ScannedLesion, Timeline

_MM_PER_CM: Final = 10.0
_OPENS: Final = frozenset(
    {"deauville_score", "pet_uptake", "pet_new_focus", "pet_negative", "imaging_complete", "non_measured_disease",
     "new_lesion_stated", "lesion_grown_by_half"}
)  # fmt: skip
_HELD: Final = {"marrow_lymphoma": "marrow", "spleen_length": "spleen", "liver_disease": "liver"}
_CONFIRMED: Final = "growth_confirmed"
_CLL: Final = ("lymphocytes_are_cll", "marrow_cll_halved", "new_lesion_stated")
IMAGING: Final = _OPENS | frozenset(_HELD) | {"pet_activation", _CONFIRMED}
"""Kinds of observations that a report of imaging says, or that are read with it."""
READ: Final = IMAGING | frozenset(_CLL)
"""All kinds of observations that are read here."""
_OF_MYELOMA: Final = frozenset({"plasmacytoma", "bone"})


def reported(timeline: Timeline, at: datetime) -> Timeline:
    """What was known at an instant, without observations of imaging that were entered later (lesions never are)."""
    known = timeline.until(at)

    def is_late(row: Observation) -> bool:
        return row.recorded_at is not None and row.recorded_at > at and row.kind in IMAGING

    if not any(map(is_late, known.observations)):
        return known
    return replace(known, observations=tuple(row for row in known.observations if not is_late(row)))


@dataclass(frozen=True, slots=True)
class _Day:
    """Rows of imaging of one local day, in time order."""

    on: date
    lesions: tuple[ScannedLesion, ...]
    said: Mapping[str, Observation]

    @property
    def at(self) -> datetime:
        """The last of the lesions, else of what was said."""
        times = [row.observed_at for row in self.lesions] or [
            r.observed_at for k, r in self.said.items() if k in _OPENS
        ]
        return max(times)

    def word(self, kind: str) -> str | None:
        return self.said[kind].code if kind in self.said else None

    def truth(self, kind: str) -> bool | None:
        found = self.word(kind)
        return None if found is None else found == "yes"


def _days(known: Timeline) -> list[_Day]:
    """Local days on which something was imaged."""
    zone = known.course.zone
    lesions: dict[date, list[ScannedLesion]] = {}
    for row in sorted(known.lesions, key=lambda row: row.observed_at):
        lesions.setdefault(local_date(row.observed_at, zone), []).append(row)
    said: dict[date, dict[str, Observation]] = {}
    for kept in known.observations:
        if kept.kind in IMAGING and kept.is_usable:
            said.setdefault(local_date(kept.observed_at, zone), {})[kept.kind] = kept
    days = sorted({*lesions, *(day for day, kinds in said.items() if _OPENS & set(kinds))})
    return [_Day(day, tuple(lesions.get(day, ())), said.get(day, {})) for day in days]


def scans_of(known: Timeline, *, holds_days: float, most_targets: int) -> tuple[Scan, ...]:
    """Scans for lymphoma and chronic lymphocytic leukaemia, oldest first.

    Args:
        known: What was known, from `reported`.
        holds_days: How long marrow, spleen and liver are read with a scan.
        most_targets: How many target lesions the criteria sum up.
    """
    roles = _steady(known, "role")
    sites = _steady(known, "site")
    days = _days(known)
    starts = [day.on for day in days]
    return tuple(
        _scan(
            day,
            known,
            holds_days,
            sites,
            _targets(day, roles, most_targets),
            starts[place + 1] if place + 1 < len(days) else None,
        )
        for place, day in enumerate(days)
    )


def _scan(  # noqa: PLR0917  (the pieces of one scan)
    day: _Day,
    known: Timeline,
    holds_days: float,
    sites: Mapping[str, str],
    targets: frozenset[str],
    following: date | None,
) -> Scan:
    held = {field: _held(known, kind, day.on, holds_days) for kind, field in _HELD.items()}
    score = day.said["deauville_score"].value if "deauville_score" in day.said else None
    given: dict[str, Any] = {
        "non_measured": day.word("non_measured_disease"),
        "marrow": None if held["marrow"] is None else held["marrow"].code,
        "spleen": None if held["spleen"] is None else held["spleen"].value,
        "liver": None if held["liver"] is None else held["liver"].code,
        "deauville": None if score is None else int(score),
        "uptake": day.word("pet_uptake"),
    }
    return Scan(
        day.at,
        _lesions(day, sites, targets),
        is_complete=day.truth("imaging_complete"),
        new_focus=day.truth("pet_new_focus"),
        activation=day.truth("pet_activation"),
        confirmed=_confirmed(known, day.on, following),
        **given,
    )


def _listed(day: _Day) -> dict[str, ScannedLesion]:
    """Lesions of a day that these criteria know, each once, by the last row of a name."""
    return {row.lesion: row for row in day.lesions if row.site not in _OF_MYELOMA or row.site == "bone"}


def _targets(day: _Day, roles: Mapping[str, str], most: int) -> frozenset[str]:
    """Target lesions of a day; none where it is not clear which they are."""
    names = _listed(day)
    targets = frozenset(name for name in names if roles.get(name) == "target")
    return targets if len(targets) <= most and all(name in roles for name in names) else frozenset()


def _lesions(day: _Day, sites: Mapping[str, str], targets: frozenset[str]) -> tuple[Lesion, ...]:
    return tuple(_lesion(row, sites, is_target=name in targets) for name, row in _listed(day).items())


def _lesion(row: ScannedLesion, sites: Mapping[str, str], *, is_target: bool) -> Lesion:
    site = sites.get(row.lesion)
    given: dict[str, Any] = {"site": None if site is None else "node" if site == "node" else "extranodal"}
    given["seen"] = row.seen if row.is_usable else None
    if row.is_usable and row.seen == "measured" and row.long_mm is not None and row.short_mm is not None:
        given |= {"ldi": row.long_mm / _MM_PER_CM, "sdi": row.short_mm / _MM_PER_CM}
    sure = None if row.unequivocal is None else row.unequivocal == "yes"
    return Lesion(
        row.lesion, is_target=is_target, unequivocal=sure, is_new=True if row.role == "new" else None, **given
    )


def _steady(known: Timeline, column: str) -> dict[str, str]:
    """Role or site of each lesion: the last that was stated."""
    return {row.lesion: said for row in known.lesions if row.is_usable and (said := getattr(row, column)) is not None}


def _held(known: Timeline, kind: str, on: date, holds_days: float) -> Observation | None:
    """The last usable row of a kind up to the end of a local day, as long as it holds."""
    rows = (row for row in reversed(known.observations) if row.kind == kind and row.is_usable)
    zone = known.course.zone
    found = next((row for row in rows if local_date(row.observed_at, zone) <= on), None)
    if found is None or on - local_date(found.observed_at, zone) >= timedelta(days=holds_days):
        return None
    return found


def _confirmed(known: Timeline, on: date, following: date | None) -> bool | None:
    """What a biopsy on or after the day of a scan, and before the next one, says of growth."""
    zone = known.course.zone
    rows = [row for row in known.observations if row.kind == _CONFIRMED and row.is_usable]
    days = [(local_date(row.observed_at, zone), row.code) for row in rows]
    found = [code for day, code in days if day >= on and (following is None or day < following)]
    return found[-1] == "yes" if found else None


def myeloma_imaging(known: Timeline) -> tuple[MyelomaImaging, ...]:
    """Imaging of plasmacytomas and bone, oldest first.

    The sum of products is known where the reader says that the list is complete and every plasmacytoma listed so far was
    measured. A lesion is new where its reader calls it so, or where earlier imaging did not list it.
    """
    found: list[MyelomaImaging] = []
    before: set[str] = set()
    tumours: set[str] = set()
    for day in _days(known):
        mine = {row.lesion: row for row in day.lesions if row.site in _OF_MYELOMA or not row.is_usable}
        tumours |= {name for name, row in mine.items() if row.site == "plasmacytoma"}
        is_complete = day.truth("imaging_complete")
        found.append(
            MyelomaImaging(
                day.at,
                plasmacytoma=_sum(mine, tumours) if is_complete else None,
                new_lesion=_new(day, mine, before if found else None, is_complete=is_complete),
                lesion_grown=day.truth("lesion_grown_by_half"),
                is_negative=day.truth("pet_negative"),
            )
        )
        before |= set(mine)
    return tuple(found)


def _sum(rows: Mapping[str, ScannedLesion], names: set[str]) -> float | None:
    parts = [_product(rows.get(name)) for name in sorted(names)]
    return None if None in parts else sum(part for part in parts if part is not None)


def _product(row: ScannedLesion | None) -> float | None:
    """Product of the diameters in cm2; None where it was not assessed, or is too small to measure."""
    if row is None or not row.is_usable:
        return None
    if row.seen == "gone":
        return 0.0
    if row.long_mm is None or row.short_mm is None:
        return None
    return row.long_mm * row.short_mm / _MM_PER_CM**2


def _new(
    day: _Day, rows: Mapping[str, ScannedLesion], before: set[str] | None, *, is_complete: bool | None
) -> bool | None:
    stated = day.truth("new_lesion_stated")
    if stated is not None:
        return stated
    if any(row.role == "new" for row in rows.values()):
        return True
    if before is None:
        return None
    seen = {name for name, row in rows.items() if row.is_usable and row.seen != "gone"}
    if seen - before:
        return True
    return False if is_complete else None


def cll_findings(known: Timeline, scans: Sequence[Scan], *, holds_days: float) -> dict[datetime, CllFindings]:
    """What no scan holds of an assessment of CLL, by the instant of the scan."""
    found = {}
    for scan in scans:
        on = local_date(scan.at, known.course.zone)
        rows = {kind: _held(known, kind, on, holds_days) for kind in _CLL}
        cells, halved, new = (None if rows[kind] is None else rows[kind].code == "yes" for kind in _CLL)  # type: ignore[union-attr]
        is_new = True if any(lesion.is_new for lesion in scan.lesions) else new
        found[scan.at] = CllFindings(cells, halved, is_new)
    return found
