"""IMWG 2016 from the laboratory of a course: baseline, nadir, free light chains, MRD; imaging is given.

Place    Journey, response.
In       A timeline, imaging of plasmacytomas and bone, the files of the criteria.
Out      `Assessment` for every local day after the infusion with M-protein or free light chains; MRD at an instant.
Knows    What was found on one local day is one assessment. Results of one assessment are read together for as long as the
         file's `holds_days` says. Baseline is what held at the baseline instant (by default the infusion). The nadir is the
         lowest at baseline and on assessments before.
         The involved chain is the higher one at baseline, and stays that.
Missing  Imaging that nobody gave leaves progression by lesions open; say so with `MyelomaImaging` where there is none.
Checked  tests/unit/journey/response/test_myeloma.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.ask import Questions
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.response.assessed import Assessment
from vein2vein.journey.response.measures import MyelomaImaging
from vein2vein.journey.response.series import as_range, day_of, held, in_units_of, instants, lowest, number
from vein2vein.journey.stages.facts import state_of
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.response import Response
from vein2vein.knowledge.evaluation import truth_of
from vein2vein.knowledge.values import ANY_NUMBER, NumberRange, Value
from vein2vein.record.timeline import Timeline

_NUMBERS = {
    "serum": "m_protein_serum",
    "urine": "m_protein_urine",
    "marrow": "marrow_plasma_cells",
    "circulating": "circulating_plasma_cells",
}
_STATED = {
    "immunofixation_serum": "immunofixation_serum",
    "immunofixation_urine": "immunofixation_urine",
    "ratio_normal": "free_light_chain_ratio_normal",
    "clonal": "clonal_plasma_cells",
}
_CHAINS = ("free_light_chain_kappa", "free_light_chain_lambda")
_MEASURED = {
    f"{when}{name}": kind
    for name, kind in (*_NUMBERS.items(), ("dflc", _CHAINS[0]), ("involved", _CHAINS[0]))
    for when in ("", "baseline_", "nadir_")
}
_OPENS = ("m_protein_serum", "m_protein_urine", *_CHAINS)
KINDS = frozenset((*_NUMBERS.values(), *_STATED.values(), *_CHAINS, "mrd_negative"))
"""Kinds of observations that are read by this code; what the files ask besides stands in them."""
_IN_REMISSION = "CR"
_MONTH_DAYS = 365.25 / 12


@dataclass(frozen=True, slots=True)
class MyelomaLabs:
    """What the record says of one assessment, in canonical units (g/L, mg/24 h, mg/L, %, 10^9/L).

    Attributes:
        at: Instant of the assessment.
        values: Possible values by fact of the file.
        rows: Rows behind them.
    """

    at: datetime
    values: Mapping[str, Value]
    rows: Mapping[str, tuple[Row, ...]]

    def number(self, name: str) -> NumberRange:
        """Possible values of a number."""
        return as_range(self.values.get(name))


def myeloma_labs(timeline: Timeline, at: datetime, holds_days: float) -> MyelomaLabs:
    """The laboratory of one assessment: the last values of each kind at most `holds_days` old."""
    kinds = (*_NUMBERS.values(), *_STATED.values(), *_CHAINS)
    values, rows = held(timeline, kinds, at, holds_days * 24)
    named = {name: values[kind] for name, kind in {**_NUMBERS, **_STATED}.items()}
    chains = dict(zip(("kappa", "lambda"), (values[kind] for kind in _CHAINS), strict=True))
    return MyelomaLabs(at, {**named, **chains}, rows)


def _involved(baseline: MyelomaLabs) -> str | None:
    kappa, other = baseline.number("kappa"), baseline.number("lambda")
    if not (kappa.is_known and other.is_known) or kappa.low == other.low:
        return None
    return "kappa" if kappa.low > other.low else "lambda"


def _difference(labs: MyelomaLabs, involved: str | None) -> NumberRange:
    """Involved less uninvolved chain; unknown while it is not known which is involved."""
    if involved is None:
        return ANY_NUMBER
    other = "lambda" if involved == "kappa" else "kappa"
    one, two = labs.number(involved), labs.number(other)
    return NumberRange(max(0.0, one.low - max(two.high, 0.0)), max(0.0, one.high - max(two.low, 0.0)))


def myeloma(
    timeline: Timeline,
    criteria: Response,
    at: datetime,
    *,
    imaging: Sequence[MyelomaImaging] = (),
    baseline_at: datetime | None = None,
) -> tuple[Assessment, ...]:
    """Response on every assessment after the infusion, oldest first; rows and imaging after `at` are not seen.

    Args:
        timeline: The course.
        criteria: `imwg-2016.response` or a centre's file of the same facts.
        at: Aware instant of the question.
        imaging: Imaging; holds as long as laboratory results.
        baseline_at: Instant at which baseline is read; by default the infusion.

    Returns:
        Empty before the infusion.
    """
    known = timeline.until(at)
    infused_at = known.course.infused_at
    if infused_at is None:
        return ()
    days = float(criteria.chosen["holds_days"])
    begin = baseline_at or infused_at
    seen = sorted((one for one in imaging if one.at <= at), key=lambda one: one.at)
    baseline = myeloma_labs(known, begin, days)
    series = [(baseline, _of(seen, begin, days))]
    found = []
    beside = (*_NUMBERS.values(), *_STATED.values())
    for instant in instants(known, _OPENS, infused_at, beside=beside, at=[one.at for one in seen]):
        labs, picture = myeloma_labs(known, instant, days), _of(seen, instant, days)
        state = in_units_of(criteria, _state(labs, picture, series), _MEASURED)
        complete = criteria.complete(state)
        found.append(
            Assessment(
                criteria,
                instant,
                day_of(known, instant),
                criteria.categorise(state),
                complete,
                truth_of(criteria.conditions["plasmacytoma_progress"].when, complete, {}),
                labs.rows,
            )
        )
        series.append((labs, picture))
    return tuple(found)


def _of(imaging: Sequence[MyelomaImaging], at: datetime, days: float) -> MyelomaImaging:
    inside = [one for one in imaging if at - timedelta(days=days) < one.at <= at]
    return inside[-1] if inside else MyelomaImaging(at)


def _state(
    labs: MyelomaLabs, picture: MyelomaImaging, series: Sequence[tuple[MyelomaLabs, MyelomaImaging]]
) -> dict[str, Value]:
    first, first_picture = series[0]
    involved = _involved(first)
    state: dict[str, Value] = {name: labs.values[name] for name in (*_NUMBERS, *_STATED)}
    state |= {"baseline_serum": first.number("serum"), "baseline_urine": first.number("urine")}
    state |= {"baseline_marrow": first.number("marrow"), "dflc": _difference(labs, involved)}
    state |= {f"nadir_{name}": lowest([one.number(name) for one, _ in series]) for name in _NUMBERS}
    state["baseline_dflc"] = _difference(first, involved)
    state["nadir_dflc"] = lowest([_difference(one, involved) for one, _ in series])
    # While the involved chain is not known, it is the higher of the two, whichever that is.
    kappa, other = first.number("kappa"), first.number("lambda")
    state["baseline_involved"] = NumberRange(max(kappa.low, other.low), max(kappa.high, other.high))
    state |= {
        "plasmacytoma": number(picture.plasmacytoma),
        "baseline_plasmacytoma": number(first_picture.plasmacytoma),
        "nadir_plasmacytoma": lowest([number(one.plasmacytoma) for _, one in series]),
        "new_lesion": Truth.of(picture.new_lesion),
        "lesion_grown": Truth.of(picture.lesion_grown),
    }
    return state


def myeloma_mrd(
    timeline: Timeline,
    criteria: Response,
    assessments: Sequence[Assessment],
    at: datetime,
    *,
    imaging: Sequence[MyelomaImaging] = (),
) -> tuple[RowVerdict, ...]:
    """What the MRD criteria say at an instant: negative, with imaging, sustained, or not sensitive enough.

    Args:
        timeline: The course.
        criteria: `imwg-2016.mrd`.
        assessments: Response by `imwg-2016.response`; the last one at or before `at` says whether it is complete.
        at: Aware instant of the question.
        imaging: Imaging; the last one at or before `at` counts.
    """
    known = timeline.until(at)
    last = next((one for one in reversed(assessments) if one.at <= at), None)
    pictures = sorted((one for one in imaging if one.at <= at), key=lambda one: one.at)
    computed: dict[str, Value] = {
        "complete": Truth.UNKNOWN if last is None else _at_least(last, _IN_REMISSION),
        "imaging_negative": Truth.of(pictures[-1].is_negative) if pictures else Truth.UNKNOWN,
        "months_negative": _months_negative(known),
    }
    state, _ = state_of(criteria, Questions(known, at), told={}, computed=computed, formulas={})
    return criteria.decide(state)


def _at_least(assessment: Assessment, category: str) -> Truth:
    names = assessment.criteria.names
    good = frozenset(names[: names.index(category) + 1])
    possible = frozenset(assessment.possible)
    return Truth.from_pair(certain=possible <= good, possible=bool(possible & good))


def _months_negative(timeline: Timeline) -> NumberRange:
    """Months between the first and the last of the negative results that no positive one interrupts; unknown without any.

    The detection limit is asked of the last result only (by the file); that of the earlier ones is not looked at.
    """
    rows = [
        (row.observed_at, row.code) for row in timeline.observations if row.kind == "mrd_negative" and row.is_usable
    ]
    positive = max((at for at, code in rows if code == "no"), default=None)
    negative = [at for at, code in rows if code == "yes" and (positive is None or at > positive)]
    if not negative:
        return NumberRange(0, 0) if rows else ANY_NUMBER
    return number((negative[-1] - negative[0]) / timedelta(days=_MONTH_DAYS))
