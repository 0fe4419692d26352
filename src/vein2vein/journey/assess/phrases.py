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


def agent_label(stream: str, agent: str) -> Mapping[str, str]:
    """What an agent of a stream is called; its id where the codes do not know it."""
    known = streams()[stream].agents if stream in streams() else {}
    return known[agent].label if agent in known else {"en": agent}


def local(at: datetime, zone: str) -> str:
    """An instant as the clocks of the centre show it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
