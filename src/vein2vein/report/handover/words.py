"""Words of the handover in English and Chinese, and of the short answers that stand in it.

Place    Report, handover.
In       A language.
Out      `WORDS` by language; `said`: a short answer of the assessment in a language.
Missing  A short answer without Chinese words is a fault here (KeyError), never English passed off as Chinese.
Checked  tests/unit/report/test_handover_languages.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vein2vein.engine.plain.engine import NO_INFUSION
from vein2vein.journey.guidance.advise import DEAD, NOT_MEANT
from vein2vein.journey.guidance.compare import NO_ROW

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Handover", "course": "Course", "at": "At", "stage": "Stage", "day": "day {}", "since": "since {}",
        "protocol": "Protocol", "not_verified": "NOT VERIFIED: nobody has signed it", "product": "Product",
        "grades": "Grades", "no_grade": "does not apply now", "worst": "worst so far {}", "to": "to",
        "advice": "What {} says", "silent": "says nothing: {}", "nothing": "no row applies", "for": "because",
        "open": "needs", "compare": "Sources side by side",
        "agree_all": "Agree ({}): {}", "agree_nothing": "They agree on nothing", "only": "Only {}: {}",
        "needs": "Missing, and what it would change",
        "ready": "Before the next step", "prophylaxis": "Prophylaxis and replacement",
        "label": "Label row {} ({}): {}", "holds": "holds", "may": "may hold: needs {}",
        "no_label": "No label row of the product fits", "uncharted": "not charted: {}", "go": "{}: {}", "reason": "reason: {}",
        "unsettled": "to settle: {} (the reason may be: {})", "scores": "Scores", "surface": "Body surface", "due": "Due",
        "none": "none that the record shows",
        "deviations": "Departures from the protocol so far", "sources": "Files used", "status": "status",
        "late": "late", "due_": "due", "to come": "to come", "not recorded": "due, cannot be seen in the record",
        "needs_open": "cannot be settled: needs {}", "needs_computed": "cannot be computed: needs {}",
        "not_computed": "cannot be computed",
        "stopped": "{}: last dose {}, not before {}", "flagged": "{}: last dose {}, no interval is known",
        "still": "{}: still given", "binding": "Cells may be collected from {}",
        "earliest": "No collection before {} by what is recorded; not all is known",
        "still_flagged": "{}: still given, no interval is known", "not_known": "not known",
        "deplete": "Lymphodepletion not before {}", "options": "Bridging that is named for the disease: {}",
        "cells": "Cells by label row {}: {}", "million": "{} x 10^6", "per_kg": "{:g} kg, {} weight", "apheresis": "apheresis",
        "latest": "latest",
        "capped": "capped at {:g}", "parts": "in parts {}",
        "a_day": "{} {} a day on days {}", "no_day": "{} {}; on days {}", "not_given": "not given",
        "policy": "renal policy {}", "no_policy": "no renal policy",
        "effects": "Published effects of recorded markers, one by one",
        "effect": "{} {} {} ({}): {}, {} {}", "in_setting": "{}; n = {}",
        "by": "by {}", "on": "on {}", "more": "and {} more: see the text", "foot":
        "Shows what published rules say about recorded data. Not a medical device; clinicians decide.",
    },
    "zh": {
        "title": "交接单", "course": "疗程", "at": "时间", "stage": "阶段", "day": "第 {} 天", "since": "自 {}",
        "protocol": "方案", "not_verified": "未经核实：尚无人签字", "product": "产品",
        "grades": "分级", "no_grade": "目前不适用", "worst": "迄今最高 {}", "to": "至",
        "advice": "{} 的建议", "silent": "无建议：{}", "nothing": "无适用条目", "for": "依据",
        "open": "尚需", "compare": "各来源对照",
        "agree_all": "一致（{}）：{}", "agree_nothing": "无一致之处", "only": "仅 {}：{}", "needs": "缺失的信息及其影响",
        "ready": "下一步之前", "prophylaxis": "预防与替代治疗",
        "label": "说明书条目 {}（{}）：{}", "holds": "符合", "may": "可能符合：需要 {}",
        "no_label": "无适用的说明书条目", "uncharted": "记录不全：{}", "go": "{}：{}", "reason": "原因：{}",
        "unsettled": "待确认：{}（可能的原因：{}）", "scores": "评分", "surface": "体表面积", "due": "待办", "none": "记录中未见",
        "deviations": "迄今偏离方案之处", "sources": "所用文件", "status": "核对状态",
        "late": "逾期", "due_": "到期", "to come": "即将到期", "not recorded": "到期，记录中无法看出",
        "needs_open": "无法确定：需要{}", "needs_computed": "无法计算：需要{}", "not_computed": "无法计算",
        "stopped": "{}：末次用药 {}，不早于 {}", "flagged": "{}：末次用药 {}，间隔未知",
        "still": "{}：仍在使用", "binding": "最早采集时间 {}",
        "earliest": "按现有记录，采集不早于 {}；尚有未明之处",
        "still_flagged": "{}：仍在使用，间隔未知", "not_known": "不详",
        "deplete": "清淋不早于 {}", "options": "该疾病可选的桥接方式：{}",
        "cells": "按说明书条目 {} 的细胞数：{}", "million": "{}×10⁶",
        "per_kg": "{:g} kg，{}体重", "apheresis": "单采时", "latest": "最近",
        "capped": "上限 {:g}", "parts": "分次 {}",
        "a_day": "{} 每日 {}，相对天数 {}", "no_day": "{} {}；相对天数 {}", "not_given": "不给予",
        "policy": "肾功能策略 {}", "no_policy": "未选肾功能策略", "effects": "已记录标志物的已发表效应（逐项列出）",
        "effect": "{} {} {}（{}）：{}，{} {}", "in_setting": "{}；n = {}",
        "by": "截至 {}", "on": "{}", "more": "另有 {} 项，见文本", "foot":
        "仅显示已发表规则对所记录数据的判断；不是医疗器械，由临床医生决定。",
        "stage not begun": "未开始", "stage referred": "已转诊", "stage accepted": "已接受", "stage manufacture": "制备中",
        "stage manufacture failed": "制备失败", "stage product released": "产品已放行",
        "stage product delivered": "产品已送达", "stage bridging": "桥接治疗", "stage lymphodepletion": "清淋",
        "stage left before infusion": "输注前退出", "stage after infusion": "输注后",
        "stage progressed after infusion": "输注后进展", "stage ended by death": "已死亡",
    },
}  # fmt: skip

_SAID: Final[Mapping[str, str]] = {
    DEAD: "患者已死亡", NO_ROW: "无适用条目", NOT_MEANT: "不属于该来源适用的患者", NO_INFUSION: "未记录输注",
    "go": "可进行", "settle first": "先确认", "decide": "需决定", "hold": "暂缓", "stop": "停止",
    "not yet": "尚未到时", "start due": "应开始", "running": "进行中", "may stop": "可停用", "not needed": "不需要",
    "unknown": "不确定",
    "contradict": "相互矛盾", "differ in detail": "细节不同",
    "verified": "已核实", "secondary": "二手来源", "recalled": "凭记忆", "uncertain": "不确定",
    "a renal policy": "肾功能剂量策略", "a policy that states this clearance": "对该清除率有规定的策略",
    "odds ratio": "比值比", "hazard ratio": "风险比", "percent": "百分比", "words": "描述",
}  # fmt: skip


def said(text: str, language: str) -> str:
    """A short answer in a language."""
    return _SAID[text] if language.startswith("zh") else text
