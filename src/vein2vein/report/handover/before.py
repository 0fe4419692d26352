"""What stands before the next step of a course, line by line: label, typing, wash-out, doses, the next part, the list.

Place    Report, handover.
In       A voice with its assessment.
Out      Lines; after the infusion only those of the next part of a split dose.
Missing  A dose that lacks an input says what it needs; a drug that still runs has no earliest instant.
"""

from __future__ import annotations

from collections.abc import Iterator

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.engine import Row
from vein2vein.journey.assess.needs import label_of
from vein2vein.journey.assess.phrases import agent_label, gate_words
from vein2vein.journey.collection.washout import Readiness, Stop
from vein2vein.journey.lymphodepletion.doses import DrugDose
from vein2vein.journey.selection.products import DoseAnswer, GateAnswer
from vein2vein.knowledge.codes import observations, streams
from vein2vein.knowledge.decisions import RowVerdict
from vein2vein.knowledge.documents.checklist import Checklist
from vein2vein.knowledge.documents.regimen import Regimen
from vein2vein.record.timeline import Exposure, Observation
from vein2vein.report.handover.parts import next_part_lines
from vein2vein.report.handover.voice import Voice
from vein2vein.report.handover.words import need_of_a_dose


def ready_lines(voice: Voice) -> Iterator[str]:
    """Everything that stands before the next step."""
    ready, words = voice.found.ready, voice.words
    is_barred = ready.go is not None and ready.go.answer in {"stop", "hold"}
    if is_barred:
        # Why not to go on stands above the doses of going on.
        yield from _listed(voice)
    product = voice.found.timeline.course.product
    for verdict in ready.labels:
        needs = ", ".join(_label_need(name, voice) for name in verdict.missing)
        truth = words["holds"] if verdict.truth is Truth.TRUE else words["may"].format(needs)
        yield words["label"].format(verdict.label.row, product, truth)
    yield from (_typed(gate, voice) for gate in ready.gates)
    yield from next_part_lines(ready.parts, voice)
    yield from (_cells(dose, voice) for dose in ready.doses)
    for regimen, drugs in ready.depletion:
        yield from (_depletion(regimen, drug, voice) for drug in drugs)
        if regimen.id in ready.lent:
            yield f"[{regimen.id}] {voice.pick(ready.lent[regimen.id].said)}"
    if ready.washout is not None:
        yield from _stops(
            ready.washout,
            voice,
            "earliest"
            if ready.washout.not_charted or ready.washout.without_rule or ready.washout.ended_without_rule
            else "binding",
        )
    if ready.stopping is not None:
        yield from _stops(ready.stopping.readiness, voice, "deplete")
    if ready.bridging:
        options = [voice.pick(o.label) + ("" if o.mind is None else f" ({voice.pick(o.mind)})") for o in ready.bridging]
        yield words["options"].format("; ".join(options))
    if not is_barred:
        yield from _listed(voice)


def _listed(voice: Voice) -> Iterator[str]:
    """The list of the step that is next: its answer, reasons that hold with the rows that show them, what is to be settled."""
    go, words = voice.found.ready.go, voice.words
    if go is None:
        return
    yield words["go"].format(voice.pick(go.checklist.title), voice.said(go.answer))
    for verdict in go.reasons:
        rows = [row for fact in sorted(go.checklist.facts_of(verdict.row.when)) for row in go.rows.get(fact, ())]
        shown = voice.join(_seen(row, voice) for row in rows)
        yield words["reason"].format(voice.pick(verdict.row.text)) + (f" ({shown})" if shown else "")
    yield from (_unsettled(v, go.checklist, voice) for v in go.open)


def _seen(row: Row, voice: Voice) -> str:
    """A row behind a reason: what was observed, and when."""
    if isinstance(row, Observation):
        return f"{voice.pick(observations()[row.kind].label)}, {voice.when(row.observed_at)}"
    return voice.when(row.started_at if isinstance(row, Exposure) else row.at)


def _unsettled(verdict: RowVerdict, checklist: Checklist, voice: Voice) -> str:
    """A reason that is open: what has to be settled, and the reason that it may be."""
    asked = ", ".join(voice.pick(label_of(checklist, name)) for name in verdict.missing)
    return voice.words["unsettled"].format(asked, voice.pick(verdict.row.text))


def _typed(answer: GateAnswer, voice: Voice) -> str:
    """A typing gate: met, not met, or what has to be typed."""
    words, typed = voice.words, {Truth.TRUE: "typed right", Truth.FALSE: "typed wrong"}
    needs = ", ".join(voice.pick(observations()[kind].label) for kind in answer.missing)
    state = words[typed[answer.met]] if answer.met in typed else words["needs_open"].format(needs)
    return words["typing"].format(voice.pick(gate_words(answer.gate)), state, answer.gate.row)


def _label_need(name: str, voice: Voice) -> str:
    product = voice.found.ready.product
    return name if product is None else voice.pick(label_of(product, name))


def _stops(found: Readiness, voice: Voice, earliest: str) -> Iterator[str]:
    words = voice.words
    if found.earliest is not None and found.earliest > found.at:
        yield words[earliest].format(voice.when(found.earliest))
    yield from (_stop(stop, voice) for stop in found.stops if _is_open(stop, found))
    for row in found.without_rule:
        yield words["still_flagged"].format(voice.pick(agent_label(row.kind, row.agent)))
    for row in found.ended_without_rule:
        last = row.started_at if row.ended_at is None else row.ended_at
        yield words["flagged"].format(voice.pick(agent_label(row.kind, row.agent)), voice.when(last))
    if found.not_charted:
        known = streams()
        yield words["uncharted"].format(", ".join(voice.pick(known[name].label) for name in found.not_charted))


def _is_open(stop: Stop, found: Readiness) -> bool:
    return stop.is_running or stop.earliest is None or stop.earliest > found.at


def _stop(stop: Stop, voice: Voice) -> str:
    words, drug = voice.words, voice.pick(agent_label(stop.row.kind, stop.agent))
    # A reader must see whether to wait: what is only advised, or perhaps not about this drug, says so.
    doubts = [words["advised"]] if stop.rule.strength == "advised" else []
    doubts += [] if stop.truth.is_certain else [words["if this drug"]]
    aside = words["aside"].format(voice.join(doubts)) if doubts else ""
    if stop.last is None:
        return words["still"].format(drug) + aside
    if stop.earliest is None:
        return words["flagged"].format(drug, voice.when(stop.last)) + aside
    return words["stopped"].format(drug, voice.when(stop.last), voice.when(stop.earliest)) + aside


def _cells(answer: DoseAnswer, voice: Voice) -> str:
    words, planned = voice.words, answer.planned
    row = answer.label.row
    if planned.problem is not None:
        needs = ", ".join(voice.pick(label_of(answer.product, name)) for name in planned.missing)
        why = words["needs_computed"].format(needs) if needs else words["not_computed"]
        return words["cells"].format(row, why)
    ends = [f"{end:g}" for end in (planned.low, planned.high) if end is not None]
    amount = f" {words['to']} ".join(ends) if planned.target is None else f"{planned.target:g}"
    aside = []
    if planned.weight is not None:
        aside.append(words["per_kg"].format(planned.weight, words[answer.weight_basis]))
    if planned.is_capped and planned.cap is not None:
        aside.append(words["capped"].format(planned.cap))
    if planned.parts:
        parts = " + ".join(f"{p.target if p.target is not None else p.high or 0:g}" for p in planned.parts)
        aside.append(words["parts"].format(parts))
    if planned.missing:
        needs = ", ".join(voice.pick(label_of(answer.product, name)) for name in planned.missing)
        aside.append(f"{words['open']}: {needs}")
    return words["cells"].format(row, words["million"].format(amount)) + (f" ({'; '.join(aside)})" if aside else "")


def _depletion(regimen: Regimen, dose: DrugDose, voice: Voice) -> str:
    words = voice.words
    if dose.is_withheld:
        amount = words["not_given"]
    elif dose.span is not None:
        amount = f"{dose.amount_in(voice.language)} mg"
    else:
        amount = words["needs_computed"].format(", ".join(_dose_need(name, voice) for name in dose.needs))
    days = ", ".join(f"{day:+d}" for day in regimen.relative_days(dose.drug))
    is_known = dose.is_withheld or dose.span is not None
    text = words["a_day" if is_known else "no_day"].format(
        voice.pick(agent_label("lymphodepletion", dose.drug.drug)), amount, days
    )
    ends = dict.fromkeys(f"{end:g}" for end in dose.drug.ends)
    between = f" {words['to']} "
    aside = [f"{between.join(ends)} {dose.drug.unit}"]
    if dose.drug.renal:
        policy = None if dose.renal is None else dose.renal.policy.id
        aside.append(words["no_policy"] if policy is None else words["policy"].format(policy))
    if regimen.only_if:
        aside.append(words["only if"].format("; ".join(voice.pick(case) for case in regimen.only_if)))
    return f"{text} ({', '.join(aside)}) [{regimen.id}]"


def _dose_need(name: str, voice: Voice) -> str:
    return need_of_a_dose(name, voice.language) or voice.pick(label_of(voice.found.protocol, name))
