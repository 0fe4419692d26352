"""A patient before collection as text, written from the plain data, so that both say the same numbers.

Place    Report, candidate.
In       What `as_plain` gives, in its language.
Out      Text in chapters.
Missing  A chapter without lines says so; what an answer needs stands beside it.
Checked  tests/unit/report/test_candidate.py
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from vein2vein.basis.messages import messages, spoken
from vein2vein.report.candidate.common import Plain
from vein2vein.report.candidate.schedule_text import regimen_lines
from vein2vein.report.shown import unit_text

_STATES: Final = {True: "met", False: "not_met"}
_MEANT: Final = {"false": "not_meant", "unknown": "perhaps_meant"}


def as_text(plain: Plain, *, language: str = "en") -> str:
    """The whole answer as text for people; `plain` was made in the same language."""
    scribe = _Scribe(plain, language)
    blocks = ["\n".join((title, *(f"  - {line}" for line in lines))) for title, lines in scribe.chapters()]
    return "\n\n".join((*blocks, scribe.words["foot"]))


class _Scribe:
    """The plain data, and the words that it is told in."""

    def __init__(self, plain: Plain, language: str) -> None:
        self.plain, self.words = plain, messages("vein2vein.report", "candidate", spoken(language))["candidate"]

    def chapters(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Titles with their lines."""
        plain, words = self.plain, self.words
        calendar = plain["calendar"]
        parts = [
            (words["labels"].format(plain["jurisdiction"]), map(self.label, plain["labels"])),
            (words["gates"], map(self.gate, plain["gates"])),
            *((self.title(one), map(self.criterion, one["criteria"])) for one in plain["selection"]),
            (words["trials"], map(self.trial, plain["trials"])),
            (words["washout"], self.washout(plain["washout"])),
            (words["markers"], map(self.marker, plain["markers"])),
            (words["start"], map(self.criterion, plain["collection_start"]["criteria"])),
            (words["volumes"], map(self.volume, plain["volumes"])),
            (words["sizes"], map(self.size, plain["sizes"])),
            (words["doses"], self.doses(plain)),
        ]
        if calendar is not None:
            on = calendar["infusion_on"] if calendar["infusion_at"] is None else self.when(calendar["infusion_at"])
            parts += [
                (words["calendar"].format(on, f"{one['title']} [{one['id']}]"), regimen_lines(one, self.when, words))
                for one in calendar["regimens"]
            ]
            if not calendar["regimens"]:
                parts.append((words["calendar"].format(on, words["no_regimen"]), iter(())))
        for title, lines in parts:
            yield title, tuple(lines) or (words["nothing"],)

    def when(self, at: str) -> str:
        """An instant as the clocks of the centre show it."""
        return datetime.fromisoformat(at).astimezone(ZoneInfo(self.plain["zone"])).strftime("%Y-%m-%d %H:%M %Z")

    def aside(self, parts: list[str]) -> str:
        return self.words["aside"].format(self.words["semicolon"].join(parts)) if parts else ""

    def needed(self, needs: list[Plain]) -> str:
        return self.words["comma"].join(need["label"] for need in needs)

    def title(self, one: Plain) -> str:
        return f"{one['title']}{self.aside([self.words[one['status']]])}{self.words['colon']}{self.words[one['state']]}"

    def label(self, one: Plain) -> str:
        state = self.words["holds"] if one["applies"] == "true" else self.words["may"].format(self.needed(one["needs"]))
        head = f"{one['title']}{self.words['then']}{one['indication']} [{one['row']}, {self.words[one['status']]}]"
        return f"{head}{self.words['colon']}{state}"

    def gate(self, one: Plain) -> str:
        words = self.words
        asked = [words[key].format(", ".join(one[field])) for key, field in _GATE if one[field]]
        asked += (
            [words["typed"].format(", ".join(f"{row['label']} {row['shown']}" for row in one["because"]))]
            if one["because"]
            else []
        )
        asked += [words["no_effect"]] if one["met"] is False else []
        state = (
            words[_STATES[one["met"]]] if one["met"] in _STATES else words["needs"].format(self.needed(one["needs"]))
        )
        return f"{one['product']} [{one['row']}]{words['colon']}{state}{self.aside(asked)}"

    def criterion(self, one: Plain) -> str:
        # What is needed says by itself that it is not recorded.
        needed = {need["what"] for need in one["needs"]}
        parts = [self.value(value) for value in one["values"] if value["rows"] or value["input"] not in needed]
        parts = parts if one["values"] else [self.words["none"]]
        parts += [self.words["needs"].format(self.needed(one["needs"]))] if one["needs"] else []
        parts += self.by_formula(one)
        return f"{one['label']}{self.words['colon']}{self.words[one['state']]}{self.aside(parts)}"

    def value(self, one: Plain) -> str:
        sources = ", ".join(dict.fromkeys(row["source"] for row in one["rows"] if row["source"]))
        age = (
            "" if one["age_hours"] is None else f"{self.words['then']}{self.words['age'].format(one['age_hours'] / 24)}"
        )
        return f"{one['label']} {one['shown']}{age}{f' [{sources}]' if sources else ''}"

    def trial(self, one: Plain) -> str:
        words = self.words
        state = "all_encoded" if one["state"] == "met" else one["state"]
        text = f"{one['title']}{words['colon']}{words[state]}"
        for key, state in (("against", "concern"), ("open", "unknown")):
            labels = words["comma"].join(
                c["label"] + self.aside(self.by_formula(c)) for c in one["criteria"] if c["state"] == state
            )
            text += words["semicolon"] + words[key].format(labels) if labels else ""
        left = words["comma"].join(left["label"] for left in one["not_encoded"])
        return text + (words["semicolon"] + words["not_encoded"].format(left) if left else "")

    def washout(self, found: Plain | None) -> Iterator[str]:
        if found is None:
            return
        words = self.words
        if found["earliest"] is not None:
            is_open = found["not_charted"] or found["without_rule"]
            yield words["from_open" if is_open else "from"].format(self.when(found["earliest"]))
        for one in found["drugs"]:
            parts = [words["still"] if one["last"] is None else words["last"].format(self.when(one["last"]))]
            parts += [] if one["earliest"] is None else [words["earliest"].format(self.when(one["earliest"]))]
            parts += [] if one["strength"] == "required" else [words[one["strength"]]]
            parts += [words["possible"]] if one["applies"] == "unknown" else []
            parts += [words["decides"]] if one["decides"] else []
            yield f"{one['label']}{words['colon']}{words['then'].join(parts)} [{words[one['status']]}, {one['source']}]"
        for one in found["without_rule"]:
            given = words["still"] if one["last"] is None else words["last"].format(self.when(one["last"]))
            yield f"{one['label']}{words['colon']}{words['then'].join((given, words['flag']))}"
        if found["not_charted"]:
            yield words["uncharted"].format(self.words["comma"].join(one["label"] for one in found["not_charted"]))

    def marker(self, one: Plain) -> str:
        words = self.words
        parts = [] if one["positive"] is None else [words["positive" if one["positive"] else "negative"]]
        # Until when says that it is fresh.
        parts += [] if one["state"] == "fresh" else [words[one["state"]]]
        parts += [] if one["fresh_until"] is None else [words["until"].format(one["fresh_until"])]
        aside = "" if one["everywhere"] else self.aside([words["where"]])
        return f"{one['label']}{words['colon']}{words['then'].join(parts)}{aside}"

    def volume(self, one: Plain) -> str:
        # A usual volume needs no word.
        bands = [band["label"] for band in one["bands"] if band["name"] != "usual"] if one["value"] is not None else []
        return f"{one['collection_efficiency']:g}{self.words['colon']}{self.result(one)}{self.aside(bands)}"

    def size(self, one: Plain) -> str:
        meant = _MEANT.get(one["applies"])
        chosen = [] if meant is None else [self.words[meant]]
        chosen += [self.used(row) for row in one["rows"]]
        # How long a value counts has no bearing on a number that was found; what it is computed from has.
        chosen += [f"{name}: {choice}" for name, choice in one["choices"].items() if not name.endswith("_holds_hours")]
        return f"{one['title']} [{one['id']}]{self.words['colon']}{self.result(one)}{self.aside(chosen)}"

    def used(self, row: Plain) -> str:
        """A value that a formula took, with its unit and local day."""
        shown = row["value"] if row["unit"] is None else f"{row['value']:g} {unit_text(row['unit'])}"
        return f"{row['label']} {shown}{self.words['then']}{row['at'][:10]}"

    def by_formula(self, one: Plain) -> list[str]:
        """What each formula would make of a criterion whose clearance nobody recorded."""
        words = self.words
        return [
            words["by_formula"].format(f"{by['id']} {self.result(by)}") + words["colon"] + words[by["state"]]
            for by in one["by_formula"]
        ]

    def result(self, one: Plain) -> str:
        words = self.words
        if one["value"] is not None:
            return f"{one['value']:.2f} {unit_text(one['unit']).replace('{1.73_m2}', '1.73 m2')}"
        if one["problem"] is not None:
            return words["implausible" if one["implausible"] else "failed"].format(one["problem"])
        return words["cannot"].format(self.needed(one["needs"]))

    def doses(self, plain: Plain) -> Iterator[str]:
        """Daily doses under every policy, the one of the protocol marked."""
        if plain["product"] is None:
            yield self.words["no_product"]
        for one in plain["doses"]:
            chosen = self.aside([self.words["chosen"]]) if one["policy"] == plain["renal_policy"] else ""
            yield from (self.dose(f"{one['policy']}{chosen}", regimen) for regimen in one["regimens"])

    def dose(self, policy: str, one: Plain) -> str:
        told = (f"{drug['label']} {self.amount(drug)}" for drug in one["drugs"])
        aside = "" if one["lent_label"] is None else self.aside([one["lent_label"]])
        return f"{policy}, {one['id']}{self.words['colon']}{self.words['semicolon'].join(told)}{aside}"

    def amount(self, drug: Plain) -> str:
        words, known = self.words, drug["mg_a_day"]
        if drug["withheld"]:
            return words["withheld"]
        if known is None:
            return words["cannot"].format(self.needed(drug["needs"]))
        low, high = (f"{known[end]:.1f}" for end in ("low", "high"))
        return words["mg"].format(low if low == high else words["to"].format(low, high))


_GATE: Final[tuple[tuple[str, str], ...]] = (("any", "any_allele"), ("no", "no_allele"), ("antigens", "antigens"))
