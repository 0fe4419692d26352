"""Lugano 2014 from raw scans: products and sums, nadir of each lesion, spleen, PET over CT, cautions of the first month.

Place    Journey, response.
In       Scans of a course up to an instant, the timeline (infusion, Deauville scores on record), the files of the criteria.
Out      `LuganoAssessment` for every scan after baseline: by CT, by PET, and the one that counts.
Knows    Baseline is the last scan at or before the infusion. A lesion that baseline does not list is new. The nadir of a lesion
         is its smallest product on the scans before. PET decides where the disease is FDG-avid.
Missing  A lesion that is not listed was not assessed: its nadir may have been lower, its progression is unknown. Without PET
         an FDG-avid disease has every category possible; what CT says stands beside it.
Does not Call a score of 4 one month after the cells a failure: it gives the caution with the published survival.
Checked  tests/unit/journey/response/test_lugano.py
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vein2vein.basis.clock import local_date
from vein2vein.basis.truth import Truth, all_of, any_of
from vein2vein.journey.response.assessed import Assessment
from vein2vein.journey.response.measures import Lesion, Scan, check_targets, most_targets
from vein2vein.journey.response.series import as_range, day_of, lowest, number, word
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.response import Categorised, Response
from vein2vein.knowledge.library import Library, default_library
from vein2vein.knowledge.values import ANY_NUMBER, Categories, NumberRange, Value
from vein2vein.record.timeline import Timeline


@dataclass(frozen=True, slots=True)
class LuganoFiles:
    """The files of the criteria: one lesion, CT, PET, and cautions."""

    lesion: Response
    ct: Response
    pet: Response
    month_1: Response
    early_growth: Response


def lugano_files(library: Library | None = None) -> LuganoFiles:
    """The files of the package, or those of a centre's library."""
    found = library or default_library()
    ids = ("lugano-2014.lesion", "lugano-2014.ct", "lugano-2014.pet", "galtier-2022.month-1", "car-t.pseudoprogression")
    return LuganoFiles(*(found.get(id, Response) for id in ids))


@dataclass(frozen=True, slots=True)
class LuganoAssessment:
    """Response at one scan.

    Attributes:
        scan: The scan.
        ct: By CT.
        pet: By PET; every category is possible where there was none.
        counts: The one that counts: PET where the disease is FDG-avid, CT where it is not, both where that is not known.
        basis: "pet", "ct", or "not known".
        lesions: What the file says of each lesion, by name.
    """

    scan: Scan
    ct: Assessment
    pet: Assessment
    counts: Assessment
    basis: str
    lesions: dict[str, dict[str, Truth]]


def lugano(
    timeline: Timeline,
    scans: Sequence[Scan],
    at: datetime,
    *,
    is_avid: bool | None,
    files: LuganoFiles | None = None,
) -> tuple[LuganoAssessment, ...]:
    """Response at every scan after baseline, oldest first; scans and rows after `at` are not seen.

    Args:
        timeline: The course; a Deauville score recorded on the day of a scan stands for one that the scan does not give.
        scans: Scans in any order.
        at: Aware instant of the question.
        is_avid: Whether the lymphoma is FDG-avid; None leaves both readings possible.
        files: The files; by default those of the package.

    Raises:
        JourneyError: JOURNEY-020 when a scan has more targets than the file sums up.
    """
    used = files or lugano_files()
    check_targets(scans, most_targets(used.ct))
    known = timeline.until(at)
    ordered = sorted((scan for scan in scans if scan.at <= at), key=lambda scan: scan.at)
    infused_at = known.course.infused_at
    before = [scan for scan in ordered if infused_at is None or scan.at <= infused_at]
    baseline = before[-1] if before else None
    series = [scan for scan in ordered if baseline is None or scan.at >= baseline.at]
    after = [scan for scan in series if scan is not baseline]
    return tuple(
        _assessed(known, scan, baseline, [s for s in series if s.at < scan.at], is_avid, used) for scan in after
    )


def _assessed(  # noqa: PLR0917  (the pieces of one assessment)
    timeline: Timeline,
    scan: Scan,
    baseline: Scan | None,
    earlier: list[Scan],
    is_avid: bool | None,  # noqa: FBT001
    files: LuganoFiles,
) -> LuganoAssessment:
    lesions = {
        lesion.name: _lesion_state(lesion.name, scan, baseline, earlier, files.lesion)
        for lesion in _named(scan, earlier)
    }
    findings = {name: files.lesion.findings(state) for name, state in lesions.items()}
    ct_state = _ct_state(scan, baseline, earlier, lesions, findings, files.lesion)
    pet_state = _pet_state(timeline, scan)
    day = day_of(timeline, scan.at)
    ct = Assessment(files.ct, scan.at, day, files.ct.categorise(ct_state), files.ct.complete(ct_state))
    pet = Assessment(files.pet, scan.at, day, files.pet.categorise(pet_state), files.pet.complete(pet_state))
    counts, basis = _counting(ct, pet, is_avid)
    cautions = _cautions(files, counts, pet_state, day, scan)
    counts = Assessment(
        counts.criteria, counts.at, counts.day, counts.result, counts.state, counts.progressive, findings=cautions
    )
    return LuganoAssessment(scan, ct, pet, counts, basis, findings)


def _named(scan: Scan, earlier: list[Scan]) -> list[Lesion]:
    """Every lesion of this scan and of those before, once."""
    found = {lesion.name: lesion for one in (*earlier, scan) for lesion in one.lesions}
    return list(found.values())


def _measure(lesion: Lesion | None, file: Response) -> dict[str, Value]:
    """What one scan says of a lesion: numbers, or the words that stand for them."""
    if lesion is None or lesion.seen is None:
        return {}
    state: dict[str, Value] = {"seen": Categories(frozenset({lesion.seen}))}
    if lesion.seen == "measured":
        state |= {name: number(getattr(lesion, name)) for name in ("ldi", "sdi")}
    return {name: value for name, value in file.complete(state).items() if name in {"seen", "ldi", "sdi", "ppd"}}


def _lesion_state(  # noqa: PLR0917  (the pieces of one state)
    name: str, scan: Scan, baseline: Scan | None, earlier: list[Scan], file: Response
) -> dict[str, Value]:
    now = scan.lesion(name)
    listed = next(lesion for one in (*reversed(earlier), scan) if (lesion := one.lesion(name)) is not None)
    stated = None if now is None else now.is_new
    is_new = Truth.of(stated) if baseline is None else Truth.of(baseline.lesion(name) is None)
    nadir_ldi, nadir_sdi = _nadir([_measure(one.lesion(name), file) for one in earlier], is_new)
    return {
        **_measure(now, file),
        "site": word(listed.site, ("node", "extranodal")),
        "is_new": is_new,
        "unequivocal": Truth.of(None if now is None else now.unequivocal),
        "nadir_ldi": nadir_ldi,
        "nadir_sdi": nadir_sdi,
    }


def _nadir(measured: list[dict[str, Value]], is_new: Truth) -> tuple[NumberRange, NumberRange]:
    """Diameters when the product was smallest; a scan on which it was not assessed may have been lower."""
    if is_new is Truth.TRUE:
        return NumberRange(0, 0), NumberRange(0, 0)
    known = [products for m in measured if (products := _product(m))[0].is_known]
    if not known:
        return ANY_NUMBER, ANY_NUMBER
    ppd, ldi, sdi = min(known, key=lambda entry: entry[0].low)
    if len(known) == len(measured):
        return ldi, sdi
    # A scan that left the lesion out may have held a smaller product, even one with a longer diameter.
    return ANY_NUMBER, NumberRange(0, math.sqrt(ppd.low))


def _product(state: dict[str, Value]) -> tuple[NumberRange, NumberRange, NumberRange]:
    ppd, ldi, sdi = (state.get(name, ANY_NUMBER) for name in ("ppd", "ldi", "sdi"))
    return as_range(ppd), as_range(ldi), as_range(sdi)


def _ct_state(  # noqa: PLR0917  (the pieces of one state)
    scan: Scan,
    baseline: Scan | None,
    earlier: list[Scan],
    lesions: dict[str, dict[str, Value]],
    findings: dict[str, dict[str, Truth]],
    file: Response,
) -> dict[str, Value]:
    targets = [] if baseline is None else [lesion.name for lesion in baseline.lesions if lesion.is_target]
    others = Truth.UNKNOWN if scan.is_complete is None else Truth.of(not scan.is_complete)
    return {
        "progressing": any_of(found["progressing"] for found in findings.values()),
        "new_lesion": any_of((*(found["new-lesion"] for found in findings.values()), others)),
        "targets_normal": all_of(findings[name]["normal"] for name in targets) if targets else Truth.UNKNOWN,
        "spd": _sum(_measure(scan.lesion(name), file) for name in targets) if targets else ANY_NUMBER,
        "baseline_spd": _sum(_measure(baseline.lesion(name), file) for name in targets)
        if targets and baseline is not None
        else ANY_NUMBER,
        "non_measured": word(scan.non_measured, ("none", "regressed", "persisting", "progressing")),
        "marrow": word(scan.marrow, ("clear", "stain-negative", "involved", "newly-involved")),
        "spleen": number(scan.spleen),
        "baseline_spleen": number(None if baseline is None else baseline.spleen),
        "nadir_spleen": lowest([number(one.spleen) for one in earlier]),
    }


def _sum(parts: Iterable[dict[str, Value]]) -> NumberRange:
    products = [_product(part)[0] for part in parts]
    return NumberRange(sum(max(p.low, 0.0) for p in products), sum(p.high for p in products))


def _pet_state(timeline: Timeline, scan: Scan) -> dict[str, Value]:
    day = local_date(scan.at, timeline.course.zone)
    recorded = [
        row.value
        for row in timeline.observations
        if row.kind == "deauville_score" and row.is_usable and local_date(row.observed_at, timeline.course.zone) == day
    ]
    score = scan.deauville if scan.deauville is not None else (recorded[-1] if recorded else None)
    return {
        "deauville": number(score),
        "uptake": word(scan.uptake, ("reduced", "unchanged", "increased")),
        "new_focus": Truth.of(scan.new_focus),
        "activation": Truth.of(scan.activation),
    }


def _counting(ct: Assessment, pet: Assessment, is_avid: bool | None) -> tuple[Assessment, str]:  # noqa: FBT001
    if is_avid is not None:
        return (pet, "pet") if is_avid else (ct, "ct")
    possible = tuple(name for name in ct.criteria.names if name in {*ct.possible, *pet.possible})
    if len(possible) == 1:
        deciding = tuple(sorted({*ct.result.deciding, *pet.result.deciding}))
        return Assessment(pet.criteria, pet.at, pet.day, Categorised(possible, deciding, (), None)), "not known"
    missing = tuple(sorted({*ct.result.missing, *pet.result.missing, "is_avid"}))
    return Assessment(pet.criteria, pet.at, pet.day, Categorised(possible, (), missing, None)), "not known"


def _cautions(  # noqa: PLR0917  (the pieces of one caution)
    files: LuganoFiles, counts: Assessment, pet_state: dict[str, Value], day: int | None, scan: Scan
) -> tuple[tuple[str, RowVerdict], ...]:
    days = number(day)
    found: list[tuple[str, RowVerdict]] = []
    if day is not None and as_range(pet_state["deauville"]).is_known:
        state = {"deauville": pet_state["deauville"], "day": days}
        found += [(files.month_1.id, verdict) for verdict in files.month_1.decide(state)]
    if day is not None and counts.progressive is Truth.TRUE:
        state = {"progressive": counts.progressive, "confirmed": Truth.of(bool(scan.confirmed)), "day": days}
        found += [(files.early_growth.id, verdict) for verdict in files.early_growth.decide(state)]
    return tuple(found)
