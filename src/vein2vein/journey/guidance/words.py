"""Proposals in words, in English and Chinese.

Place    Journey, guidance. Read by comparison, reports and the command line.
In       A proposal of an advice.
Out      One line: what, how much, how often, and why not now.
Missing  A dose that lacks an input reads "cannot be computed: needs weight".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vein2vein.basis.clock import from_microseconds
from vein2vein.basis.truth import Truth
from vein2vein.journey.guidance.decide import Lock, Proposal
from vein2vein.knowledge.documents.drug import SURFACE, WEIGHT, ComputedDose, DoseRule, Drug
from vein2vein.knowledge.documents.guidance import Act, Give, Often, Stage, Withhold, often
from vein2vein.knowledge.documents.topics import topics
from vein2vein.knowledge.wording import pick

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "give": "give", "monitor": "monitor", "test": "test", "consult": "consult", "place": "move to", "support": "",
        "inform": "note", "hold": "hold", "contraindicated": "do not give", "consider": "consider: ", "may": "may apply: ",
        "intravenous": "intravenously", "subcutaneous": "under the skin", "oral": "by mouth", "intrathecal": "intrathecally",
        "every": "every {} h", "times": "{} times", "once": "once", "now": "now", "days": "for {} days",
        "then": "then", "to": "to",
        "needs": "dose cannot be computed: needs {}", "capped": "capped", WEIGHT: "weight", SURFACE: "body surface area",
        "locked": "not before {at} because {why}", "used-up": "none left because {why}",
        "contraindicated-now": "contraindicated here", "held": "held here", "left": "{} left in all",
        "in_doubt": "unless a dose was given that is not charted", "sooner": "the source itself would allow it from {}",
    },
    "zh": {
        "give": "给予", "monitor": "监测", "test": "检查", "consult": "会诊", "place": "转入", "support": "",
        "inform": "注意", "hold": "暂缓", "contraindicated": "不予", "consider": "考虑：", "may": "可能适用：",
        "intravenous": "静脉", "subcutaneous": "皮下", "oral": "口服", "intrathecal": "鞘内",
        "every": "每 {} 小时", "times": "共 {} 次", "once": "一次", "now": "现在", "days": "共 {} 天", "then": "随后", "to": "至",
        "needs": "剂量无法计算：需要{}", "capped": "已达单次上限", WEIGHT: "体重", SURFACE: "体表面积",
        "locked": "不早于 {at}，因为{why}", "used-up": "已无剩余次数，因为{why}",
        "contraindicated-now": "此情况禁用", "held": "此情况暂缓", "left": "总计尚余 {} 次",
        "in_doubt": "除非有未记录的用药", "sooner": "该来源本身允许自 {} 起",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Voice:
    """A language, and the names of drugs in it."""

    language: str
    drugs: Mapping[str, Drug]

    @property
    def words(self) -> Mapping[str, str]:
        return _words(self.language)

    def drug(self, id: str) -> str:
        return drug_name(id, self.drugs, self.language)

    def every(self, hours: Often) -> str:
        return self.words["every"].format(_often(hours, self.words))


def _words(language: str) -> Mapping[str, str]:
    return _WORDS["zh" if language.startswith("zh") else "en"]


def _often(value: Often, words: Mapping[str, str]) -> str:
    return often(value) if not isinstance(value, tuple) else f"{value[0]:g} {words['to']} {value[1]:g}"


def line(proposal: Proposal, drugs: Mapping[str, Drug] | None = None, language: str = "en") -> str:
    """A proposal in one line; `drugs` gives the names of drugs, else their ids are shown."""
    voice = _Voice(language, drugs or {})
    may = voice.words["may"] if proposal.truth is Truth.UNKNOWN else ""
    text = may + action_words(proposal.action, voice.drugs, language, dose=proposal.dose)
    return text + (_standing(proposal, voice) if isinstance(proposal.action, Give) else "")


def action_words(
    action: Give | Act | Withhold,
    drugs: Mapping[str, Drug],
    language: str = "en",
    *,
    dose: ComputedDose | None = None,
) -> str:
    """An action in words: for a patient when the computed dose is given, else with the rule of the dose."""
    voice = _Voice(language, drugs)
    lead = voice.words["consider"] if action.strength == "consider" else ""
    if isinstance(action, Give):
        return lead + _given(action, dose, voice)
    if isinstance(action, Withhold) and action.drug is not None:
        return f"{lead}{voice.words[action.do]} {voice.drug(action.drug)}"
    return lead + _act(action, voice)


def drug_name(id: str, drugs: Mapping[str, Drug], language: str = "en") -> str:
    """The name of a drug; the id without its prefix where the file is not at hand."""
    return pick(drugs[id].name, language) if id in drugs else id.removeprefix("drug.")


def _act(action: Act | Withhold, voice: _Voice) -> str:
    topic = topics().get(action.topic or "")
    label = pick(topic.label, voice.language) if topic is not None else action.about
    text = f"{voice.words[action.do]} {label}".strip()
    every = getattr(action, "every_hours", None)
    return text if every is None else f"{text}, {voice.every(every)}"


def _given(action: Give, dose: ComputedDose | None, voice: _Voice) -> str:
    words = voice.words
    rule = dose_rule(action, voice.drugs)
    parts = [f"{words['give']} {voice.drug(action.drug)}"]
    parts.append(dose_words(dose, words) if dose is not None else "" if rule is None else rule.words_in(voice.language))
    parts += [] if action.route is None else [words[action.route]]
    parts += [] if action.every_hours is None else [voice.every(action.every_hours)]
    parts += (
        [] if action.times is None else [words["once"] if action.times == 1 else words["times"].format(action.times)]
    )
    parts += [] if action.days is None else [words["days"].format(_often(action.days, words))]
    text = " ".join(part for part in parts if part)
    return text + "".join(f", {words['then']} {_stage(stage, voice)}" for stage in action.then)


def dose_rule(action: Give, drugs: Mapping[str, Drug]) -> DoseRule | None:
    """The rule of a dose: that of the source, or the named one of the drug file; None where that is not at hand."""
    if not isinstance(action.dose, str):
        return action.dose
    return drugs[action.drug].doses[action.dose] if action.drug in drugs else None


def _stage(stage: Stage, voice: _Voice) -> str:
    parts = [f"{stage.amount:g} {stage.unit}"]
    parts += [] if stage.every_hours is None else [voice.every(stage.every_hours)]
    parts += [] if stage.days is None else [voice.words["days"].format(f"{stage.days:g}")]
    return " ".join(parts)


def dose_words(dose: ComputedDose, words: Mapping[str, str] | None = None) -> str:
    """A dose in words, with the rule it comes from where it was computed by body size."""
    words = words or _WORDS["en"]
    if dose.low is None or dose.high is None:
        return f"({words['needs'].format(', '.join(words[need] for need in dose.missing))})"
    amount = _number(dose.low) if dose.low == dose.high else f"{_number(dose.low)} {words['to']} {_number(dose.high)}"
    shown = f"{amount} {dose.unit}"
    if "/" not in dose.rule:
        return shown
    return f"{shown} ({dose.rule}{', ' + words['capped'] if dose.is_capped else ''})"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _standing(proposal: Proposal, voice: _Voice) -> str:
    if proposal.standing == "contraindicated":
        return f"; {voice.words['contraindicated-now']}"
    if proposal.standing == "held":
        return f"; {voice.words['held']}"
    return "" if proposal.lock is None else _lock(proposal.lock, voice)


def _lock(lock: Lock, voice: _Voice) -> str:
    words, opening, text = voice.words, lock.opening, ""
    shown = dict(zip(lock.limits.lines(), lock.limits.lines(voice.language), strict=True))
    why = ", ".join(shown[reason] for reason in opening.because)
    if opening.never:
        text += f"; {words['used-up'].format(why=why)}"
    elif opening.not_before is not None:
        text += f"; {words['locked'].format(at=instant(opening.not_before), why=why)}"
        alone = lock.source_alone
        if alone is not None and not alone.never and alone.not_before != opening.not_before:
            sooner = words["now"] if alone.not_before is None else instant(alone.not_before)
            text += f" ({words['sooner'].format(sooner)})"
    elif lock.in_doubt:
        text += f"; {words['in_doubt']}"
    return text if opening.left is None or opening.never else f"{text}; {words['left'].format(opening.left)}"


def instant(at: int) -> str:
    """An instant for people, in UTC to the minute."""
    return from_microseconds(at).strftime("%Y-%m-%d %H:%M UTC")
