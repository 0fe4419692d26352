"""Short names of rule sets and of what they lack, for ribbons, headings and sentences.

Place    Report. Read by every page.
In       Bound rule sets, names of inputs, and where known the rows behind them.
Out      "CRS", "ASTCT 2019", "oxygen device not recorded".
Does not Translate: the wording of rule files in other languages is passed on as it stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from vein2vein.knowledge import inputs as methods
from vein2vein.knowledge import predicates
from vein2vein.knowledge.schema import RuleSet
from vein2vein.knowledge.wording import input_text, name_text, pick
from vein2vein.record.timeline import UNSPECIFIED, Exposure
from vein2vein.report.figure import result_text
from vein2vein.report.shown import Row, kind_label

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
_STREAM_WORDS: Final = {"oxygen": ("oxygen device", "oxygen flow"), "stay": ("place of care", "place of care")}


def short_name(rule: RuleSet) -> str:
    """Name of the result without the word for its kind, such as "CRS"."""
    name = pick(rule.result.name, "en", rule.id).strip()
    for ending in (" grade", " score", " points", f", {edition_name(rule)}"):
        name = name.removesuffix(ending).rstrip(":")
    for start in ("Grade of ", "Class of "):
        name = name.removeprefix(start)
    if rule.id.endswith("-children"):
        name += " in children"
    return name[:1].upper() + name[1:] if name[1:2].islower() and name[:3] != "car" else name


def edition_name(rule: RuleSet) -> str:
    """Publisher and year from the id, such as "ASTCT 2019"."""
    publisher = rule.id.rsplit(".", 1)[0]
    for joined in ("t-icaht", "iec-hs"):
        publisher = publisher.replace(joined, joined.replace("-", "_"))
    words = publisher.split("-")
    shown = [_WRITTEN.get(w) or (w.upper() if w in _CAPITALS else w.capitalize()) for w in words]
    return " ".join(shown)


def result_sentence(rule: RuleSet, low: int, high: int) -> str:
    """Name and bounds, such as "CRS 2 to 4"."""
    return f"{short_name(rule)} {result_text(low, high, rule.result.kind)}"


def lacking(rule: RuleSet, names: Iterable[str], rows: Mapping[str, Sequence[Row]] | None = None) -> tuple[str, ...]:
    """What is missing, in words and without repetition, such as ("oxygen device not recorded",).

    Args:
        rule: The rule set.
        names: Inputs or criteria over time from a verdict's `missing`.
        rows: Rows behind each input where they are known; they tell an unnamed device from an unrecorded flow.
    """
    found: dict[str, None] = {}
    for name in names:
        found[_lack(rule, name, None if rows is None else rows.get(name, ()))] = None
    return tuple(found)


def _lack(rule: RuleSet, name: str, rows: Sequence[Row] | None) -> str:
    if name in rule.criteria:
        return f"{_lower(name_text(rule, name))}: past not fully known"
    declared = rule.inputs.get(name)
    if isinstance(declared, methods.Active | methods.CountActive | methods.Given | methods.RateSum):
        return _exposure_lack(declared, rows)
    if isinstance(declared, methods.Death):
        return "cause of death not recorded"
    if isinstance(declared, methods.AgeYears):
        return "date of birth not recorded"
    kind = getattr(declared, "observation", None)
    if kind is not None:
        stale = " or too old" if getattr(declared, "holds_hours", None) else ""
        return f"{_lower(kind_label(kind))} not recorded{stale}"
    return f"{_lower(input_text(rule, name))} not recorded"


def _exposure_lack(declared: methods.ExposureInput, rows: Sequence[Row] | None) -> str:
    thing, rate = _STREAM_WORDS.get(declared.exposure, (_lower(kind_label(declared.exposure)), "rate"))
    if rows is None:
        return f"record of {thing} incomplete"
    exposures = [row for row in rows if isinstance(row, Exposure) and row.kind == declared.exposure]
    if any(row.agent == UNSPECIFIED for row in exposures):
        return f"{thing} not recorded" if declared.exposure in _STREAM_WORDS else f"{thing}: not recorded which"
    if exposures and declared.unstated_reason == "possible" and all(row.reason is None for row in exposures):
        return f"reason for {thing} not recorded"
    if any(row.rate is None for row in exposures) and _asks_for_rate(declared):
        return f"{rate} not recorded"
    return f"{'oxygen' if declared.exposure == 'oxygen' else thing} not charted"


def _asks_for_rate(declared: methods.ExposureInput) -> bool:
    if isinstance(declared, methods.RateSum):
        return True
    agents = () if declared.agents == "any" else declared.agents
    return any(not isinstance(agent, str) for agent in agents)


def _lower(label: str) -> str:
    """The label inside a sentence: small first letter unless it is an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


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
