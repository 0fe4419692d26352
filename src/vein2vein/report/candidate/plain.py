"""A patient before collection as plain data: every answer a field with value, age, source and what it needs.

Place    Report. Read by the command line, and by the text of the same answer, so that both say the same numbers.
In       A `Candidate`, perhaps with its `Schedule`; a language.
Out      Dictionaries and lists that JSON can hold; instants in ISO 8601 on the centre's clock with offset, days as dates.
Knows    Labels for people are in the language; everything else is the same in all.
Missing  null where nothing is known; what an answer needs stands under `needs`, by name and as it is called.
Checked  tests/unit/report/test_candidate.py
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.assess.candidate import ByFormula, Candidate
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.phrases import agent_label
from vein2vein.journey.assess.plan import Lent
from vein2vein.journey.assess.schedule import Schedule
from vein2vein.journey.collection.markers import MarkerAnswer
from vein2vein.journey.collection.washout import Readiness, Stop
from vein2vein.journey.lymphodepletion.doses import DrugDose
from vein2vein.journey.selection.criteria import CriterionVerdict, Eligibility, ValueUsed
from vein2vein.journey.selection.products import GateAnswer, Offer
from vein2vein.journey.stages.asking import FormulaAnswer
from vein2vein.knowledge.codes import observation_kind, streams
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.knowledge.edition import Edition
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.values import Categories, NumberRange, Value
from vein2vein.knowledge.wording import pick
from vein2vein.record.timeline import Exposure, Milestone, Observation
from vein2vein.report.candidate.common import Plain, edition, instant
from vein2vein.report.candidate.schedule_plain import schedule_as_plain
from vein2vein.report.handover.plain import lent_as_plain
from vein2vein.report.handover.words import need_of_a_dose
from vein2vein.report.value_words import value_words

_PARTS_OF_ALLELE: Final = 3
_MET: Final = {Truth.TRUE: True, Truth.FALSE: False}


def as_plain(found: Candidate, planned: Schedule | None = None, *, language: str = "en") -> Plain:
    """The whole answer as fields; `planned` adds the calendar before a planned infusion."""
    teller = _Teller(found.timeline.course.zone, language, found.kidney)
    return {
        "course": found.timeline.course.course_id,
        "zone": found.timeline.course.zone,
        "at": teller.instant(found.at),
        "planned_collection": teller.instant(found.planned),
        "protocol": {**edition(found.protocol), "setting": found.protocol.setting},
        "jurisdiction": found.protocol.jurisdiction_of_labels,
        "product": found.timeline.course.product,
        "renal_policy": found.protocol.renal_policy,
        "labels": [teller.offer(one) for one in found.offers],
        "gates": [teller.gate(id, one) for id, answers in found.gates.items() for one in answers],
        "selection": [teller.eligibility(one) for one in found.selection],
        "trials": [teller.eligibility(one) for one in found.trials],
        "washout": None if found.washout is None else teller.washout(found.washout),
        "markers": [teller.marker(one) for one in found.markers],
        "collection_start": teller.eligibility(found.counts),
        "volumes": [
            {"collection_efficiency": one.collection_efficiency, **teller.formula(one.answer)} for one in found.volumes
        ],
        "sizes": [teller.formula(one) for one in found.sizes],
        "doses": [
            {"policy": policy, "regimens": [teller.regimen(r, drugs, found.lent.get(r.id)) for r, drugs in regimens]}
            for policy, regimens in found.doses.items()
        ],
        "calendar": None if planned is None else schedule_as_plain(planned, found, language),
    }


class _Teller:
    """A zone and a language, and every part of the answer told in them."""

    def __init__(self, zone: str, language: str, kidney: Mapping[tuple[str, str], tuple[ByFormula, ...]]) -> None:
        self.zone, self.language, self.kidney = zone, language, kidney

    def instant(self, at: datetime | None) -> str | None:
        return instant(at, self.zone)

    def needs(self, file: Edition, names: Iterable[str]) -> list[Plain]:
        return [{"what": name, "label": self._need(file, name)} for name in names]

    def _need(self, file: Edition, name: str) -> str:
        return need_of_a_dose(name, self.language) or pick(label_of(file, name), self.language)

    def offer(self, one: Offer) -> Plain:
        label = one.verdict.label
        return {
            "product": one.product.id,
            "title": pick(one.product.title, self.language),
            "indication": label.indication,
            "row": label.row,
            "status": label.status,
            "applies": one.verdict.truth.value,
            "needs": self.needs(one.product, one.verdict.missing),
        }

    def gate(self, product: str, one: GateAnswer) -> Plain:
        needs = [{"what": kind, "label": pick(observation_kind(kind).label, self.language)} for kind in one.missing]
        return {
            "product": product,
            "row": one.gate.row,
            "any_allele": list(one.gate.any_allele),
            "no_allele": list(one.gate.no_allele),
            "antigens": list(one.gate.antigens),
            "met": _MET.get(one.met),
            "because": [self.typed(row) for row in one.because],
            "needs": needs,
        }

    def typed(self, row: Observation) -> Plain:
        """What was typed, an allele as it is written: A*02:05P."""
        code = row.code or ""
        parts = code.upper().split("-")
        is_allele = row.kind.startswith("hla_") and len(parts) == _PARTS_OF_ALLELE
        shown = "{}*{}:{}".format(*parts) if is_allele else code
        return {"what": row.kind, "label": pick(observation_kind(row.kind).label, self.language), "shown": shown}

    def eligibility(self, one: Eligibility) -> Plain:
        return {
            **edition(one.rule),
            "title": pick(one.rule.title, self.language),
            "state": one.state,
            "not_encoded": [{"label": pick(text, self.language)} for text in one.rule.not_encoded],
            "choices": dict(one.rule.chosen),
            "criteria": [self.criterion(one.rule, verdict) for verdict in one.criteria],
        }

    def criterion(self, rule: RuleSet, one: CriterionVerdict) -> Plain:
        return {
            "name": one.name,
            "label": pick(one.label, self.language),
            "strength": one.strength,
            "state": one.state,
            "values": [self.value(rule, value) for value in one.values],
            "needs": self.needs(rule, one.missing),
            "by_formula": [
                {**self.formula(by.answer), "state": by.state} for by in self.kidney.get((rule.id, one.name), ())
            ],
        }

    def value(self, rule: RuleSet, one: ValueUsed) -> Plain:
        return {
            "input": one.input,
            "label": pick(label_of(rule, one.input), self.language),
            **_possible(one.value),
            "shown": value_words(one.value, rule.inputs[one.input]).in_(self.language),
            "age_hours": one.age_hours,
            "rows": [self.row(row) for row in one.rows],
        }

    def used(self, row: Row) -> Plain:
        """A row behind a formula, with what is measured as it is called."""
        named = pick(observation_kind(row.kind).label, self.language) if isinstance(row, Observation) else row.kind
        return {"label": named, **self.row(row)}

    def row(self, row: Row) -> Plain:
        match row:
            case Observation():
                value: Any = row.value if row.code is None else row.code
                unit = None if row.code is not None else observation_kind(row.kind).unit
                return {"kind": row.kind, "at": self.instant(row.observed_at), "value": value, "unit": unit,
                        "source": row.source}  # fmt: skip
            case Exposure():
                return {"kind": f"{row.kind}/{row.agent}", "at": self.instant(row.started_at), "value": row.amount,
                        "unit": row.amount_unit, "source": row.source}  # fmt: skip
            case Milestone():
                return {"kind": row.kind, "at": self.instant(row.at), "value": row.detail, "unit": None,
                        "source": row.source}  # fmt: skip

    def washout(self, one: Readiness) -> Plain:
        binding, known = one.binding, streams()
        return {
            **edition(one.document),
            "setting": one.setting,
            "earliest": self.instant(one.earliest),
            "binding": None if binding is None else {"rule": binding.rule.row, "agent": binding.agent},
            "running": [stop.agent for stop in one.running],
            "drugs": [self.stop(stop, is_binding=stop is binding) for stop in one.stops],
            "without_rule": [
                {
                    "stream": row.kind,
                    "agent": row.agent,
                    "label": pick(agent_label(row.kind, row.agent), self.language),
                    "last": self.instant(row.ended_at),
                }
                for row in (*one.without_rule, *one.ended_without_rule)
            ],
            "not_charted": [{"stream": s, "label": pick(known[s].label, self.language)} for s in one.not_charted],
        }

    def stop(self, one: Stop, *, is_binding: bool) -> Plain:
        return {
            "rule": one.rule.row,
            "rule_label": pick(one.rule.label, self.language),
            "agent": one.agent,
            "label": pick(agent_label(one.row.kind, one.agent), self.language),
            "last": self.instant(one.last),
            "earliest": self.instant(one.earliest),
            "preferred": self.instant(one.preferred),
            "strength": one.rule.strength,
            "applies": one.truth.value,
            "decides": is_binding,
            "status": one.rule.status,
            "source": one.rule.source,
            "row": self.row(one.row),
        }

    def marker(self, one: MarkerAnswer) -> Plain:
        return {
            "marker": one.marker.observation,
            "label": pick(observation_kind(one.marker.observation).label, self.language),
            "everywhere": one.marker.everywhere,
            "within_days": one.marker.within_days,
            "state": one.state,
            "positive": one.is_positive,
            "age_days": one.age_days,
            "fresh_until": None if one.fresh_until is None else one.fresh_until.isoformat(),
            "row": None if one.row is None else self.row(one.row),
        }

    def formula(self, one: FormulaAnswer) -> Plain:
        return {
            **edition(one.formula),
            "title": pick(one.formula.title, self.language),
            "value": one.value,
            "unit": one.formula.result.unit,
            "bands": [
                {"name": band.name, "label": pick(band.text, self.language)}
                for band in one.formula.bands
                if band.name in one.computed.bands
            ],
            "choices": dict(one.formula.chosen),
            "needs": self.needs(one.formula, one.computed.missing),
            "applies": one.computed.applies.value,
            "problem": one.computed.problem,
            "implausible": one.computed.implausible,
            "rows": [self.used(row) for asked in one.asked.values() for row in asked.rows],
        }

    def regimen(self, regimen: Regimen, drugs: tuple[DrugDose, ...], lent: Lent | None) -> Plain:
        return {
            **edition(regimen),
            "title": pick(regimen.title, self.language),
            "lent": lent_as_plain(lent),
            "lent_label": None if lent is None else pick(lent.said, self.language),
            "drugs": [self.dose(regimen, drug) for drug in drugs],
        }

    def dose(self, regimen: Regimen, one: DrugDose) -> Plain:
        known = None if one.needs else one.milligrams
        renal = one.renal
        asked: Edition = regimen if renal is None else renal.clearance.formula
        if renal is None and isinstance(one.basis, FormulaAnswer):
            asked = one.basis.formula
        return {
            "drug": one.drug.drug,
            "label": pick(agent_label("lymphodepletion", one.drug.drug), self.language),
            "amount": one.drug.amount,
            "amount_to": one.drug.amount_to,
            "unit": one.drug.unit,
            "relative_days": list(regimen.relative_days(one.drug)),
            "mg_a_day": None if known is None else {"low": known[0], "high": known[1]},
            "withheld": one.is_withheld,
            "fractions": None if renal is None else list(renal.fractions),
            "clearance": None if renal is None else {"id": renal.clearance.formula.id, "value": renal.clearance.value,
                                                     "unit": renal.clearance.formula.result.unit},
            "needs": self.needs(asked, one.needs),
        }  # fmt: skip


def _possible(value: Value) -> Plain:
    """Possible values of an input as numbers, codes or a truth; null for an end that is open."""
    if isinstance(value, NumberRange):
        ends = [None if math.isinf(end) else end for end in (value.low, value.high)]
        return {"low": ends[0], "high": ends[1]}
    if isinstance(value, Categories):
        return {"possible": sorted(value.possible)}
    return {"truth": value.value}
