"""What a departure from the protocol is called, in every language.

Place    Journey, assess.
In       The name of a phrase, and what it is filled with: text, or text by language.
Out      Text by language.
Does not Hold a clinical number: those come from the files and the record.
Checked  tests/unit/journey/assess/test_deviations.py; tests/unit/report/test_handover_languages.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from vein2vein.knowledge.codes import streams
from vein2vein.knowledge.documents.product import Gate

_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "not-done": {"en": "{item}: not done by {day}", "zh": "{item}：截至 {day} 未完成"},
    "done-late": {"en": "{item}: done after {day}", "zh": "{item}：晚于 {day} 完成"},
    "locked-dose": {"en": "{drug}: dose {n} although {limits}", "zh": "{drug}：第 {n} 次用药，违反{limits}"},
    "accepted": {"en": "accepted although not met: {criterion}", "zh": "未满足标准仍接受：{criterion}"},
    "daily-dose": {
        "en": "{level}: {drug} {mg} mg on {day}, {percent} % of {computed} mg",
        "zh": "{level}：{drug} {mg} mg（{day}），与计算剂量 {computed} mg 相差 {percent}%",
    },
    "withheld-dose": {
        "en": "{level}: {drug} {mg} mg on {day}, of a drug that is withheld",
        "zh": "{level}：{drug} {mg} mg（{day}），该药按策略不应给予",
    },
    "flag": {"en": "flag", "zh": "警示"},
    "stop": {"en": "stop", "zh": "停止"},
    "window": {
        "en": "infused {days} days after the last dose of lymphodepletion, outside the window of the regimen",
        "zh": "清淋末次用药后 {days} 天输注，超出方案窗口",
    },
    "no-label": {"en": "{product}, labels of {where}: {why}", "zh": "{product}，{where} 说明书：{why}"},
    "no-row": {"en": "no row of the label fits this patient", "zh": "无条目适用于该患者"},
    "no-market": {"en": "not on the market there on that day", "zh": "当日尚未在该地上市"},
    "cells": {
        "en": "{product}: {cells} x 10^6 cells, {percent} % of the nearer end of the label's range",
        "zh": "{product}：{cells}×10⁶ 细胞，与说明书范围较近一端相差 {percent}%",
    },
    "other-drug": {
        "en": "{drug} on {day}: in no lymphodepletion regimen that the label names for this patient",
        "zh": "{drug}（{day}）：不属于说明书为该患者列出的任何清淋方案",
    },
    "extra-day": {
        "en": "{drug} on {day}: day {n} of it, the regimens of the label give it on at most {most}",
        "zh": "{drug}（{day}）：第 {n} 天用药，说明书方案至多 {most} 天",
    },
    "fewer-days": {
        "en": "lymphodepletion with less than the nearest regimen of the label: {missing}",
        "zh": "清淋少于最接近的说明书方案：{missing}",
    },
    "days-of": {"en": "{drug} on {n} of {of} days", "zh": "{drug} {n}/{of} 天"},
    "typing": {
        "en": "{product} infused although typing does not let it work: {gate}",
        "zh": "{product}：分型不符合要求仍输注：{gate}",
    },
    "gate-any": {"en": "needs one of {alleles}", "zh": "需携带 {alleles} 之一"},
    "gate-none": {"en": "none of {alleles}", "zh": "不得携带 {alleles}"},
    "gate-antigens": {"en": "tumour positive for {antigens}", "zh": "肿瘤 {antigens} 阳性"},
    "part-amount": {
        "en": "{product}: part {n} of {cells} x 10^6 cells, the label plans {planned} x 10^6 here",
        "zh": "{product}：第 {n} 次输注 {cells}×10⁶ 细胞，说明书此处为 {planned}×10⁶",
    },
    "part-more": {
        "en": "{product}: part {n} ({cells} x 10^6 cells), the label plans {count} parts",
        "zh": "{product}：第 {n} 次输注（{cells}×10⁶ 细胞），说明书共 {count} 次",
    },
    "part-day": {
        "en": "{product}: part {n} on {day}, by the label from {opens} to {closes}",
        "zh": "{product}：第 {n} 次输注于 {day}，说明书为 {opens} 至 {closes}",
    },
    "part-hours": {
        "en": "{product}: part {n} less than {hours} h after the one before",
        "zh": "{product}：第 {n} 次输注距前一次不足 {hours} 小时",
    },
    "part-gate": {
        "en": "{product}: part {n} given after {subject} {grade}, the label says {action}",
        "zh": "{product}：{subject} {grade} 级后仍给予第 {n} 次输注，说明书：{action}",
    },
    "gate-discontinue": {"en": "discontinue", "zh": "停止治疗"},
    "gate-postpone": {"en": "postpone", "zh": "推迟"},
    "gate-consider-postponing": {"en": "consider postponing", "zh": "考虑推迟"},
    "over-dose": {
        "en": "{level}: {drug} {given} {unit} at once, the most that the files state is {most} {unit}",
        "zh": "{level}：{drug} 单次 {given} {unit}，文件所载最大量为 {most} {unit}",
    },
    "against": {
        "en": "{drug} although a source says not to give it here: {source}{why}",
        "zh": "{drug}：来源指出此情况不应给予仍使用：{source}{why}",
    },
    "too-soon": {
        "en": "{event}: last dose of {drug} too recent ({last}), not before {earliest}",
        "zh": "{event}：{drug}末次用药过近（{last}），不应早于 {earliest}",
    },
    "still-given": {"en": "{event} while {drug} was still given", "zh": "{event}时仍在使用{drug}"},
    "although": {"en": "{event} although: {reason}", "zh": "{event}，尽管：{reason}"},
    "collected": {"en": "Cells collected", "zh": "细胞采集"},
    "depleted": {"en": "Lymphodepletion begun", "zh": "清淋开始"},
    "at-acceptance": {"en": "at acceptance: {criterion}", "zh": "接受时：{criterion}"},
    "stopped-collected": {
        "en": "cells collected after every wash-out was over",
        "zh": "采集时各药物洗脱期均已满",
    },
    "stopped-depleted": {
        "en": "lymphodepletion begun after bridging had stopped long enough",
        "zh": "清淋开始时桥接治疗已停够时间",
    },
    "list-depleted": {
        "en": "nothing on the list stood against the start of lymphodepletion",
        "zh": "清淋开始时清单中无反对理由",
    },
    "list-infused": {"en": "nothing on the list stood against the infusion", "zh": "输注时清单中无反对理由"},
    "regimen-kept": {
        "en": "lymphodepletion with the drugs and days of a regimen of the label",
        "zh": "清淋药物及天数符合说明书方案",
    },
    "typing-kept": {"en": "infused with typing that the label asks for", "zh": "输注时分型符合说明书要求"},
    "parts-kept": {
        "en": "parts of the dose in the amounts and on the days of the label",
        "zh": "分次剂量的量和日期符合说明书",
    },
    "gates-kept": {
        "en": "next part given only as graded toxicity allows",
        "zh": "后续输注符合毒性分级要求",
    },
    "dose-limits": {
        "en": "{drug}: no dose above the most that the files state",
        "zh": "{drug}：单次剂量未超过文件所载最大量",
    },
    "not-against": {"en": "{drug}: never where a source says not to give it", "zh": "{drug}：未在禁用情况下使用"},
    "daily-doses": {"en": "daily doses of lymphodepletion within the limits", "zh": "清淋每日剂量在限度内"},
    "in-window": {"en": "infused inside the window after lymphodepletion", "zh": "在清淋后窗口内输注"},
    "on-label": {"en": "infused as a label allows", "zh": "输注符合说明书"},
    "in-range": {"en": "cells inside the range of the label", "zh": "细胞数在说明书范围内"},
    "limits": {"en": "{drug}: {limits}", "zh": "{drug}：{limits}"},
    "infused": {"en": "Product infused", "zh": "产品输注"},
}


def say(phrase: str, **parts: str | Mapping[str, str]) -> dict[str, str]:
    """A phrase in every language; a part may be text for all of them, or text by language."""
    return {
        language: text.format(
            **{n: part if isinstance(part, str) else part.get(language, part["en"]) for n, part in parts.items()}
        )
        for language, text in _PHRASES[phrase].items()
    }


def gate_words(gate: Gate) -> dict[str, str]:
    """What a typing gate asks for."""
    parts = [say("gate-any", alleles=", ".join(gate.any_allele))] if gate.any_allele else []
    parts += [say("gate-none", alleles=", ".join(gate.no_allele))] if gate.no_allele else []
    parts += [say("gate-antigens", antigens=", ".join(gate.antigens))] if gate.antigens else []
    return {language: "; ".join(part[language] for part in parts) for language in ("en", "zh")}


def agent_label(stream: str, agent: str) -> Mapping[str, str]:
    """What an agent of a stream is called; its id where the codes do not know it."""
    known = streams()[stream].agents if stream in streams() else {}
    return known[agent].label if agent in known else {"en": agent}


def local(at: datetime, zone: str) -> str:
    """An instant as the clocks of the centre show it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M %Z")
