"""A handover says everything in its language: no English is left in Chinese, over many instants of many courses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pytest
import yaml

from builders import INFUSED_AT, a_patient, mild, not_infused, severe
from vein2vein.basis.messages import messages
from vein2vein.engine.plain.engine import NO_INFUSION
from vein2vein.journey.assess import Assessor
from vein2vein.journey.guidance.advise import DEAD, NOT_MEANT, Desk
from vein2vein.journey.guidance.compare import NO_ROW, compare
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.library import default_library
from vein2vein.population.simulate import simulate
from vein2vein.record.timeline import Timeline
from vein2vein.report.handover.content import Handover, handover

# An id of a file, row, course, fact or product: parts of letters and digits joined by . - _ or :.
_ID = re.compile(r"[A-Za-z0-9]+(?:[._:-][A-Za-z0-9]+)+")
_WORD = re.compile(r"[A-Za-z]{2,}")
# Abbreviations of units, of time zones and of what is called so in Chinese too; the names of single-word rows and scales.
_KNOWN = frozenset(["mg", "ug", "microg", "min", "kg", "mL", "UTC", "CET", "CEST", "CST", "CDT", "any", "EU", "US"])


def _wordings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("zh"), str):
            yield node["zh"]
        for part in node.values():
            yield from _wordings(part)
    elif isinstance(node, list):
        for part in node:
            yield from _wordings(part)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (str(node[key]) for key in ("name", "row", "id") if key in node)
        for table in ("facts", "inputs", "scales"):
            yield from (node[table] if isinstance(node.get(table), dict) else ())
        for part in node.values():
            yield from _names(part)
    elif isinstance(node, list):
        for part in node:
            yield from _names(part)


@cache
def _allowed() -> tuple[frozenset[str], frozenset[str]]:
    """Latin words that Chinese texts of the knowledge use themselves, and ids of one word (rows, facts, scales)."""
    words: set[str] = set()
    ids: set[str] = set()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stack = [resources.files("vein2vein.knowledge").joinpath("data")]
    while stack:
        for entry in stack.pop().iterdir():
            if entry.is_dir():
                stack.append(entry)
            elif entry.name.endswith(".yaml"):
                raw = yaml.load(entry.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
                words |= {word for text in _wordings(raw) for word in _WORD.findall(text)}
                ids |= {name for name in _names(raw) if _WORD.fullmatch(name)}
    return frozenset(words), frozenset(ids)


@cache
def _courses() -> tuple[Timeline, ...]:
    cohort = simulate("axi-cel", n=2, seed=3, days=30)
    patient = a_patient("over", days=60).with_course(
        product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma"
    )
    patient.with_value("weight", -36, 70).with_value("height", -36, 172.4).with_value("creatinine", -6, 0.9)
    patient.with_value("ecog", -55, 4).with_milestone("accepted", -50).with_milestone("apheresis", -35)
    patient.with_exposure("corticosteroid", "dexamethasone", -36).with_value("crp", -6, 40)
    patient.with_exposure("antineoplastic", "ibrutinib", -34, until=-9.2)
    for day in (-9, -8, -7):
        patient.with_exposure("lymphodepletion", "fludarabine", day, amount=80.0, amount_unit="mg")
        patient.with_exposure("lymphodepletion", "cyclophosphamide", day, amount=915.0, amount_unit="mg")
    patient.with_statement("infection", -0.1, "yes")
    patient.with_exposure("cell_product", "axicabtagene-ciloleucel", 0, amount=500.0, amount_unit="10*6")
    for day in (1, 1.1, 1.2, 3, 4):
        patient.with_exposure("anticytokine", "tocilizumab", day)
    return (
        patient.built(),
        severe(),
        mild(),
        not_infused(),
        severe(dies=True),
        *(cohort.timeline(id) for id in cohort.courses["course_id"]),
    )


def _instants(timeline: Timeline) -> list[datetime]:
    """Twelve instants from long before the infusion to long after it."""
    begin = timeline.course.infused_at or INFUSED_AT
    days = np.concatenate([[-50, -35.9, -34, -9.1, -8.9, -5, -0.05, 0.5], np.random.default_rng(2).uniform(1, 40, 4)])
    return [begin + timedelta(days=float(day)) for day in days]


def _pages(timeline: Timeline, protocol_id: str, language: str) -> Iterator[Handover]:
    books = default_library()
    protocol = books.get(protocol_id, Protocol)
    assessor = Assessor(timeline, protocol)
    desk = Desk.of(("asco-2021.guidance", "ebmt-2022.guidance", "icaht-2023.guidance"), books)
    drugs = {**Desk.of(protocol.guidance, books).drugs, **desk.drugs}
    for at in _instants(timeline):
        compared = compare(desk.advise(timeline, at))
        yield handover(assessor.at(at), drugs, compared=compared, language=language)


def _left(text: str) -> list[str]:
    """Latin words that are neither ids nor abbreviations that Chinese texts use; the disease is said as the record says it."""
    words, ids = _allowed()
    bare = _ID.sub(" ", text.replace("large B-cell lymphoma", ""))
    plain = [word for word in _WORD.findall(bare) if word not in words and word not in _KNOWN]
    return [word for word in plain if word not in ids]


@pytest.mark.parametrize("place", range(7))
@pytest.mark.parametrize("protocol", ["reference-us.protocol", "reference.protocol"])
def test_nothing_is_left_in_english(place: int, protocol: str) -> None:
    for page in _pages(_courses()[place], protocol, "zh"):
        for label, text in page.head[1:]:
            assert _left(label) == [], label
            assert _left(text) == [], text
        for section in page.sections:
            for line in (section.title, *section.lines):
                assert _left(line) == [], line
                assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", line), line


def test_a_course_that_departs_shows_every_kind_of_departure() -> None:
    protocol = default_library().get("reference-us.protocol", Protocol)
    found = Assessor(_courses()[0], protocol).at(INFUSED_AT + timedelta(days=50)).deviations
    kinds = {deviation.kind for deviation in found}
    assert kinds == {"late", "over-limit", "outside-criteria", "outside-window", "dose", "wash-out", "no-go"}
    assert all(set(deviation.said) == {"en", "zh"} for deviation in found)


def test_a_slip_of_a_unit_is_said_in_both_languages() -> None:
    protocol = default_library().get("reference-us.protocol", Protocol)
    patient = a_patient("slip").with_course(product="axicabtagene-ciloleucel", indication="large-b-cell-lymphoma")
    for kind, value in {"weight": 70, "height": 172.4, "creatinine": 79.6}.items():
        patient.with_value(kind, -8, value)
    found = Assessor(patient.built(), protocol).at(INFUSED_AT - timedelta(days=7))
    told = {language: _before(handover(found, {}, language=language)) for language in ("en", "zh")}
    assert "creatinine 79.6 mg/dL is outside 0.05 to 30; check its unit" in told["en"]
    assert "可信的肾功能值（请核对单位）" in told["zh"]


def _before(page: Handover) -> str:
    return "\n".join(line for section in page.sections for line in section.lines)


def test_every_short_answer_has_words() -> None:
    assert {DEAD, NO_ROW, NOT_MEANT, NO_INFUSION} <= set(messages("vein2vein.report", "handover", "zh")["short"])
