"""Short names of rule sets and of what they lack, for ribbons, headings and sentences.

Place    Report. Read by every page.
In       Bound rule sets, names of inputs, and where known the rows behind them.
Out      "CRS", "ASTCT 2019", "oxygen device not recorded".
Missing  Where a rule file holds no label of an input, what it is read from stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge import predicates
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.wording import condition_text, input_text, name_text, subject_of
from vein2vein.record.timeline import UNSPECIFIED, Exposure, Observation
from vein2vein.report.figure import result_text
from vein2vein.report.shown import Row, agent_label, kind_label
from vein2vein.report.words import OTHERS, Words, joined, say, words_of

_CAPITALS: Final = frozenset(
    (
        *("astct", "ctcae", "mskcc", "isth", "hlh", "ebmt", "eha", "nci", "idsa", "ucsf", "bnhl"),
        *("iec", "icaht", "icans", "crs", "hs", "dic", "tls", "mas", "ice", "capd"),
    )
)
_WRITTEN: Final = {
    "t_icaht": "T-ICAHT",
    "iec_hs": "IEC-HS",
    "cartox": "CARTOX",
    "carhlh": "carHLH",
    "hscore": "HScore",
    "mas-l": "MAS-L",
    "licats": "LICATS",
}
# What a stream is called when its absence is named: the device, the drug, the place.
_NAMED_STREAMS: Final = frozenset({"oxygen", "stay"})


def short_name(rule: RuleSet) -> Words:
    """Name of the result without the word for its kind, such as "CRS"."""
    names = words_of(rule.result.name, rule.id)
    edition = edition_name(rule)
    short = Words(
        _short_english(str(names), edition), **{lang: _short_other(names.in_(lang), edition) for lang in OTHERS}
    )
    return say("scale.in_children", scale=short) if rule.id.endswith("-children") else short


def _short_english(name: str, edition: str) -> str:
    name = name.strip()
    for ending in (" grade", " score", " points", f", {edition}"):
        name = name.removesuffix(ending).rstrip(":")
    for start in ("Grade of ", "Class of "):
        name = name.removeprefix(start)
    return name[:1].upper() + name[1:] if name[1:2].islower() and name[:3] != "car" else name


def _short_other(name: str, edition: str) -> str:
    name = name.replace(f"（{edition}）", "").replace(f"，{edition}）", "）")
    for ending in ("分级", "评分", "总分", "分类"):
        name = name.removesuffix(ending).rstrip()
    return name


def full_name(rule: RuleSet) -> Words:
    """Name and edition, such as "CRS · ASTCT 2019"."""
    return joined([short_name(rule), edition_name(rule)], " · ")


def edition_name(rule: RuleSet) -> str:
    """Publisher and year from the id, such as "ASTCT 2019"."""
    publisher = rule.id.rsplit(".", 1)[0]
    for written in ("t-icaht", "iec-hs"):
        publisher = publisher.replace(written, written.replace("-", "_"))
    words = publisher.split("-")
    shown = [_WRITTEN.get(w) or (w.upper() if w in _CAPITALS else w.capitalize()) for w in words]
    return " ".join(shown)


def result_sentence(rule: RuleSet, low: int, high: int) -> Words:
    """Name and bounds, such as "CRS 2 to 4"."""
    return joined([short_name(rule), result_text(low, high, rule.result.kind)], " ")


def name_words(rule: RuleSet, name: str) -> Words:
    """Label of a criterion or an input in every language."""
    if name in rule.criteria:
        return Words(name_text(rule, name), **{lang: name_text(rule, name, lang) for lang in OTHERS})
    return input_words(rule, name)


def input_words(rule: RuleSet, name: str) -> Words:
    """Label of an input; without a label of its own, in other languages what it is read from."""
    english = input_text(rule, name)
    shown = {lang: input_text(rule, name, lang) for lang in OTHERS}
    plain = {lang: subject_words(rule, name).in_(lang) for lang in OTHERS}
    return Words(english, **{lang: text if text != english else plain[lang] for lang, text in shown.items()})


def subject_words(rule: RuleSet, name: str) -> Words:
    """What in a record an input is read from: the observation, the exposures, or the course itself."""
    declared = rule.inputs[name]
    if isinstance(declared, methods.ItemSum):
        return kind_label(declared.total)
    if getattr(declared, "observation", None) is None and getattr(declared, "exposure", None) is None:
        return say(f"take.{declared.take}")
    return Words(subject_of(rule, name), **{lang: _subject_of(rule, name, lang) for lang in OTHERS})


def _subject_of(rule: RuleSet, name: str, language: str) -> str:
    """As `subject_of`, with the agents by their labels."""
    declared = rule.inputs[name]
    shown = subject_of(rule, name, language)
    agents = getattr(declared, "agents", "any")
    if agents == "any":
        return shown
    stream = str(getattr(declared, "exposure", ""))
    head, _, listed = shown.partition(": ")
    for agent in sorted({a if isinstance(a, str) else a.agent for a in agents}, key=len, reverse=True):
        listed = listed.replace(agent, agent_label(stream, agent).in_(language))
    return f"{head}：{listed.replace(', ', '、')}"


def condition_words(rule: RuleSet, when: predicates.Predicate) -> Words:
    """A condition of a rule set in words of every language."""
    return Words(condition_text(rule, when), **{lang: condition_text(rule, when, lang) for lang in OTHERS})


def lacking(rule: RuleSet, names: Iterable[str], rows: Mapping[str, Sequence[Row]] | None = None) -> tuple[Words, ...]:
    """What is missing, in words and without repetition, such as ("oxygen device not recorded",).

    Args:
        rule: The rule set.
        names: Inputs or criteria over time from a verdict's `missing`.
        rows: Rows behind each input where they are known; they tell an unnamed device from an unrecorded flow.
    """
    found: dict[str, Words] = {}
    for name in names:
        phrase = _lack(rule, name, None if rows is None else rows.get(name, ()))
        found.setdefault(phrase, phrase)
    return tuple(found.values())


def _lack(rule: RuleSet, name: str, rows: Sequence[Row] | None) -> Words:
    if name in rule.criteria:
        words = _lower(name_words(rule, name))
        # not over time: nothing is missing, the rule set itself leaves open what the criterion describes
        return say("lack.past", what=words) if name in rule.over_time else words
    declared = rule.inputs.get(name)
    if isinstance(declared, methods.Active | methods.CountActive | methods.Given | methods.RateSum):
        return _exposure_lack(declared, rows)
    if isinstance(declared, methods.Death):
        return say("lack.cause_of_death")
    if isinstance(declared, methods.AgeYears):
        return say("lack.date_of_birth")
    kind = getattr(declared, "observation", None)
    if kind is not None:
        return say(_value_lack(declared, kind, rows), what=_lower(kind_label(kind)))
    return say("lack.value", what=_lower(input_words(rule, name)))


def _value_lack(declared: Any, kind: str, rows: Sequence[Row] | None) -> str:
    """Which phrase: no value, or a value without the limit or baseline that it is a multiple of."""
    reference = getattr(declared, "relative_to", None)
    if reference is not None and any(row.kind == kind for row in rows or () if isinstance(row, Observation)):
        return f"lack.no_{reference}"
    return "lack.value_or_old" if getattr(declared, "holds_hours", None) else "lack.value"


def _exposure_lack(declared: methods.ExposureInput, rows: Sequence[Row] | None) -> Words:
    stream = declared.exposure
    named = stream in _NAMED_STREAMS
    thing = say(f"lack.thing_{stream}") if named else _lower(kind_label(stream))
    if rows is None:
        return say("lack.incomplete", what=thing)
    exposures = [row for row in rows if isinstance(row, Exposure) and row.kind == stream]
    if any(row.agent == UNSPECIFIED for row in exposures):
        return say("lack.value" if named else "lack.which", what=thing)
    if exposures and declared.unstated_reason == "possible" and all(row.reason is None for row in exposures):
        return say("lack.reason", what=thing)
    if any(row.rate is None for row in exposures) and _asks_for_rate(declared):
        return say("lack.value", what=say("lack.oxygen_flow" if stream == "oxygen" else "lack.rate"))
    return say("lack.uncharted", what=say("lack.oxygen") if stream == "oxygen" else thing)


def _asks_for_rate(declared: methods.ExposureInput) -> bool:
    if isinstance(declared, methods.RateSum):
        return True
    agents = () if declared.agents == "any" else declared.agents
    return any(not isinstance(agent, str) for agent in agents)


def _lower(label: Words) -> Words:
    """The label inside a sentence: small first letter unless it is an abbreviation."""
    return label.each(lambda text: text[:1].lower() + text[1:] if text[1:2].islower() else text)


def cut_offs(rules: Iterable[RuleSet], kind: str) -> tuple[tuple[str, float], ...]:
    """Sign and number of every cut-off that the rule sets hold for an observation kind, sorted, without repetition."""
    found: set[tuple[str, float]] = set()
    for rule in rules:
        plain = {n for n, declared in rule.inputs.items() if _is_plain_value(declared, kind)}
        nodes = (node for condition in rule.conditions for node in predicates.walk(condition))
        compared = (n for n in nodes if isinstance(n, predicates.Compare) and n.input in plain)
        found |= {(_SIGNS[node.op], node.cut_off) for node in compared}
        runs = (i for i in rule.inputs.values() if isinstance(i, methods.DayRun | methods.UnrecoveredRun))
        found |= {("<" if run.strict else "≤", run.at_most) for run in runs if run.observation == kind}
    return tuple(sorted(found, key=lambda pair: (pair[1], pair[0])))


_SIGNS: Final = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}


def _is_plain_value(declared: methods.Input, kind: str) -> bool:
    if getattr(declared, "observation", None) != kind or getattr(declared, "relative_to", None) is not None:
        return False
    if isinstance(declared, methods.Latest):
        return declared.minus_per_year_of_age is None
    return isinstance(declared, methods.Extreme | methods.NthLowestDay)
