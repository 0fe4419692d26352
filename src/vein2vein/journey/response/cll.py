"""iwCLL 2018 from scans and blood counts: groups A and B, nadir, CAR-T lymphocytosis told from CLL.

Place    Journey, response.
In       A timeline (counts, spleen, symptoms, marrow), scans with nodes, what flow cytometry says, the file.
Out      `Assessment` for every scan after the infusion.
Knows    Counts and the marrow are read with a scan as long as `holds_days` says. Baseline is the last scan at or before the
         infusion, with the counts that held then. The nadir is the lowest at baseline and at scans before.
Missing  A rise of lymphocytes of which flow cytometry has not said that it is CLL leaves progression open, and is not it. So does
         a fall of platelets or haemoglobin of which nobody has said what causes it.
Checked  tests/unit/journey/response/test_cll.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.response.assessed import Assessment
from vein2vein.journey.response.measures import Lesion, Scan, check_targets, most_targets
from vein2vein.journey.response.series import as_range, as_truth, day_of, held, in_units_of, lowest, number, word
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.inputs import Latest
from vein2vein.knowledge.values import ANY_NUMBER, Categories, NumberRange, Value
from vein2vein.record.timeline import Timeline

KINDS = (
    "lymphocytes",
    "platelets",
    "haemoglobin",
    "spleen_length",
    "disease_symptoms",
    "marrow_cll",
    "cytopenia_of_treatment",
)
"""Kinds of observations that are read with a scan."""
_MEASURED = {
    f"{when}{name}": kind
    for name, kind in (*((k, k) for k in KINDS[:3]), ("spleen", "spleen_length"))
    for when in ("", "baseline_", "nadir_")
}
_MARROW = ("clear", "nodules", "infiltrated")
_LIVER = ("normal", "halved", "enlarged", "progressing")


@dataclass(frozen=True, slots=True)
class CllFindings:
    """What no table holds of one assessment of CLL.

    Attributes:
        lymphocytes_are_cll: Whether flow cytometry says that the lymphocytes are CLL cells and not CAR-T cells.
        marrow_halved: Whether CLL cells of the marrow are less by half or more.
        new_lesion: New lesion, or transformation.
        cytopenia_of_cll: Whether a fall of platelets or haemoglobin is caused by CLL; None where nobody said.
    """

    lymphocytes_are_cll: bool | None = None
    marrow_halved: bool | None = None
    new_lesion: bool | None = None
    cytopenia_of_cll: bool | None = None


@dataclass(frozen=True, slots=True)
class _Picture:
    scan: Scan | None
    values: Mapping[str, Value]
    rows: Mapping[str, tuple[Row, ...]]
    is_high: Truth

    def number(self, name: str) -> NumberRange:
        return as_range(self.values.get(name))

    @property
    def spleen(self) -> NumberRange:
        if self.scan is not None and self.scan.spleen is not None:
            return number(self.scan.spleen)
        return self.number("spleen_length")


def cll(
    timeline: Timeline,
    criteria: Response,
    scans: Sequence[Scan],
    at: datetime,
    *,
    findings: Mapping[datetime, CllFindings] | None = None,
) -> tuple[Assessment, ...]:
    """Response at every scan after the infusion, oldest first; scans and rows after `at` are not seen.

    Args:
        timeline: The course.
        criteria: `iwcll-2018.response` or a centre's file of the same facts.
        scans: Scans in any order; their nodes keep their names.
        at: Aware instant of the question.
        findings: What no table holds, by the instant of the scan.

    Raises:
        JourneyError: JOURNEY-020 when a scan has more targets than the file sums up.
    """
    check_targets(scans, most_targets(criteria))
    known = timeline.until(at)
    infused_at = known.course.infused_at
    if infused_at is None:
        return ()
    days = float(criteria.chosen["holds_days"])
    ordered = sorted((scan for scan in scans if scan.at <= at), key=lambda scan: scan.at)
    before = [scan for scan in ordered if scan.at <= infused_at]
    first = before[-1] if before else None
    series = [_picture(known, first, infused_at, days)]
    found = []
    for scan in (scan for scan in ordered if scan.at > infused_at):
        picture = _picture(known, scan, scan.at, days)
        told = (findings or {}).get(scan.at, CllFindings())
        state = in_units_of(criteria, _state(picture, series, told), _MEASURED)
        result, complete = criteria.categorise(state), criteria.complete(state)
        found.append(Assessment(criteria, scan.at, day_of(known, scan.at), result, complete, rows=picture.rows))
        series.append(picture)
    return tuple(found)


def _picture(timeline: Timeline, scan: Scan | None, at: datetime, days: float) -> _Picture:
    values, rows = held(timeline, KINDS, at, days * 24)
    ratio = Latest(take="latest", observation="lymphocytes", holds_hours=days * 24, relative_to="upper_limit")
    high = as_range(Questions(timeline, at).ask(ratio).value).compare("above", 1)
    return _Picture(scan, values, rows, high)


def _nodes(scan: Scan | None, names: Sequence[str]) -> NumberRange:
    """Sum of products of the target nodes; unknown where one of them was not assessed."""
    found = [None if scan is None else scan.lesion(name) for name in names]
    products = [_product(lesion) for lesion in found]
    if not products:
        return ANY_NUMBER
    return NumberRange(sum(p.low for p in products), sum(p.high for p in products))


def _product(lesion: Lesion | None) -> NumberRange:
    if lesion is not None and lesion.seen == "gone":
        return NumberRange(0, 0)
    if lesion is None or lesion.ldi is None or lesion.sdi is None:
        return NumberRange(low=0)
    return number(lesion.ldi * lesion.sdi)


def _largest(scan: Scan | None, names: Sequence[str]) -> NumberRange:
    """Longest diameter of the largest node; nodes that were not assessed, and an open list, leave it open upwards."""
    if scan is None:
        return ANY_NUMBER
    listed = [lesion for lesion in scan.lesions if lesion.site == "node"]
    gone = {lesion.name for lesion in listed if lesion.seen == "gone"}
    sizes = [lesion.ldi for lesion in listed if lesion.ldi is not None]
    assessed = gone | {lesion.name for lesion in listed if lesion.ldi is not None}
    low = max(sizes, default=0.0)
    return number(low) if scan.is_complete and set(names) <= assessed else NumberRange(low=low)


def _state(now: _Picture, series: Sequence[_Picture], told: CllFindings) -> dict[str, Value]:
    first = series[0]
    names = (
        [] if first.scan is None else [one.name for one in first.scan.lesions if one.site == "node" and one.is_target]
    )
    liver = None if now.scan is None else now.scan.liver
    of_treatment = as_truth(now.values["cytopenia_of_treatment"])
    marrow = now.values["marrow_cll"]
    return {
        "node": _largest(now.scan, names),
        "baseline_node": _largest(first.scan, names),
        "nodes": _nodes(now.scan, names),
        "baseline_nodes": _nodes(first.scan, names),
        "nadir_nodes": lowest([_nodes(one.scan, names) for one in series]),
        "spleen": now.spleen,
        "baseline_spleen": first.spleen,
        "nadir_spleen": lowest([one.spleen for one in series]),
        "liver": word(liver, _LIVER),
        "baseline_liver_enlarged": _enlarged(first.scan),
        "symptoms": as_truth(now.values["disease_symptoms"]),
        "new_lesion": Truth.of(told.new_lesion),
        "lymphocytes": now.number("lymphocytes"),
        "baseline_lymphocytes": first.number("lymphocytes"),
        "nadir_lymphocytes": lowest([one.number("lymphocytes") for one in series]),
        "lymphocytes_high": now.is_high,
        "baseline_lymphocytes_high": first.is_high,
        "lymphocytes_are_cll": Truth.of(told.lymphocytes_are_cll),
        "platelets": now.number("platelets"),
        "baseline_platelets": first.number("platelets"),
        "haemoglobin": now.number("haemoglobin"),
        "baseline_haemoglobin": first.number("haemoglobin"),
        "marrow": marrow if isinstance(marrow, Categories) else word(None, _MARROW),
        "marrow_halved": Truth.of(told.marrow_halved),
        "baseline_marrow_involved": _infiltrated(first.values["marrow_cll"]),
        "cytopenia_of_treatment": of_treatment,
        "cytopenia_of_cll": _of_cll(told, of_treatment),
    }


def _of_cll(told: CllFindings, of_treatment: Truth) -> Truth:
    """What a reader said; low counts of treatment are not of CLL, but those of neither are not of CLL by that."""
    said = told.cytopenia_of_cll
    return Truth.FALSE if said is None and of_treatment is Truth.TRUE else Truth.of(said)


def _enlarged(scan: Scan | None) -> Truth:
    return Truth.UNKNOWN if scan is None or scan.liver is None else Truth.of(scan.liver != "normal")


def _infiltrated(value: Value) -> Truth:
    return value.is_in(frozenset({"infiltrated"})) if isinstance(value, Categories) else Truth.UNKNOWN
