"""Prophylaxis and replacement in words: what each policy asks for, from when until when, and several policies side by side.

Place    Report, handover.
In       Steps of policies, a voice.
Out      Lines.
Knows    Start and stop are told with every answer: what is not on record is often only whether something is given.
Missing  An item that runs for all that is known, but of which nobody recorded that it is given, says that it is to be given.
         A policy without an item of a subject is named as silent on it.
Checked  tests/unit/report/test_handover_preventive.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vein2vein.basis.messages import messages, spoken
from vein2vein.basis.truth import Truth
from vein2vein.journey.followup.prophylaxis import Step, agrees
from vein2vein.knowledge.decisions import Row
from vein2vein.report.handover.voice import Voice

_GIVEN = frozenset({"start due", "running", "may stop", "should run"})
_RUNS = "runs"


def preventive_lines(voice: Voice) -> Iterator[str]:
    """What the policies of the protocol say of each item, without those that are not needed any more."""
    for step in voice.found.prophylaxis:
        if step.answer != "not needed":
            yield f"{step_words(step, voice)} [{step.policy.id}]"


def policies_title(voice: Voice) -> str:
    """The title of policies side by side."""
    return _words(voice)["title"]


def by_subject(steps: Sequence[Step]) -> dict[str, tuple[Step, ...]]:
    """Steps of several policies by subject, in the order asked."""
    found: dict[str, tuple[Step, ...]] = {}
    for step in steps:
        found[step.judged.item.subject] = (*found.get(step.judged.item.subject, ()), step)
    return found


def policies_beside(found: Sequence[Step], voice: Voice) -> Iterator[str]:
    """Each subject with what every policy says of it, whether they say the same, and who is silent."""
    words, asked = _words(voice), list(dict.fromkeys(step.policy.id for step in found))
    for subject, steps in by_subject(found).items():
        speaking = list(dict.fromkeys(step.policy.id for step in steps))
        silent = [id for id in asked if id not in speaking]
        told = (
            f"[{id}] {words['comma'].join(step_words(s, voice) for s in steps if s.policy.id == id)}" for id in speaking
        )
        relation = words["one"] if len(speaking) == 1 else words["same" if is_same(steps) else "differ"]
        parts = [*told, *([words["silent"].format(voice.join(silent))] if silent else [])]
        yield words["item"].format(words[subject] + words["aside"].format(relation), words["then"].join(parts))


def is_same(steps: Sequence[Step]) -> bool:
    """Whether policies give one answer with the same start and stop."""
    plans = {tuple((row.then[1], row.when) for row in _plan(step)) for step in steps}
    return agrees(steps) and len(plans) == 1


def answer_of(step: Step) -> str:
    """The answer, or `should run` where all but a record of it being given is known."""
    if step.answer == "unknown" and set(step.missing) <= {_RUNS}:
        return "may stop" if step.judged.stop is Truth.TRUE else "should run"
    return step.answer


def step_words(step: Step, voice: Voice) -> str:
    """One item of a policy: what it is, what follows for the patient, from when until when, and what is missing."""
    words, item, answer = _words(voice), step.judged.item, answer_of(step)
    plan = [words[row.then[1]].format(voice.pick(row.text)) for row in _plan(step)]
    plan += [words["dose"].format(voice.pick(item.dose))] if item.dose is not None and answer in _GIVEN else []
    plan += [words["needs"].format(voice.named(step.policy, step.missing))] if step.missing else []
    aside = words["aside"].format(words["then"].join(plan)) if plan else ""
    return words["item"].format(voice.pick(item.label), words[answer] + aside)


def _plan(step: Step) -> tuple[Row, ...]:
    """Rows of the policy that start or stop an item, whether or not they apply now."""
    return tuple(row for row in step.policy.rows if row.then[0] == step.judged.item.name)


def _words(voice: Voice) -> Mapping[str, str]:
    return messages("vein2vein.report", "preventive", spoken(voice.language))["preventive"]
