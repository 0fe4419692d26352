"""Sources held beside one another, as lines: what they agree on in short, contradictions, differences, who says nothing and why.

Place    Report, handover.
In       Compared topics, sources that say nothing, a voice.
Out      Lines, and how many of the first no page leaves out.
Knows    Doses are those of the patient. What only some sources say is told once for each set of sources. What sources agree on is
         told without the notes of one of them; those follow with its name.
Missing  A source that says nothing for this patient is named with the reason.
Checked  tests/unit/report/test_handover_beside.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vein2vein.journey.guidance.compare import Compared, Quiet, Said
from vein2vein.knowledge.documents.topics import topics
from vein2vein.report.handover.idle import about
from vein2vein.report.handover.voice import Voice


def compared_lines(compared: Sequence[Compared], quiet: Sequence[Quiet], voice: Voice) -> tuple[tuple[str, ...], int]:
    """Lines, and how many of the first (agreement, contradictions, other doses) stand on every page."""
    others = [one for one in compared if one.relation == "differ in detail"]
    first = [
        *_agreed(compared, voice),
        *_differing([one for one in compared if one.relation == "contradict"], voice),
        *_differing([one for one in others if one.about not in topics()], voice),
    ]
    rest = _differing([one for one in others if one.about in topics()], voice)
    rest += [*_only_some(compared, voice), *_silent(quiet, voice)]
    return (*first, *rest), len(first)


def _agreed(compared: Sequence[Compared], voice: Voice) -> list[str]:
    """What sources agree on, once for each set of sources that speak of it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for one in compared:
        if one.relation == "agree":
            first = next(s for s in one.said if not s.is_silent)
            text = "; ".join(first.statements(voice.drugs, voice.language))
            found.setdefault(one.sources, []).append(text + "".join(_added(one, voice)))
    if compared and not found:
        return [voice.words["agree_nothing"]]
    return [voice.words["agree_all"].format(", ".join(ids), "; ".join(texts)) for ids, texts in found.items()]


def _added(one: Compared, voice: Voice) -> Iterator[str]:
    """What single sources add to what all say, each with its name."""
    for said in one.said:
        texts = said.added(voice.drugs, voice.language)
        if texts:
            yield voice.words["adds"].format(said.source, ", ".join(texts))


def _differing(compared: Sequence[Compared], voice: Voice) -> list[str]:
    lines = []
    for one in compared:
        beside = "; ".join(f"{s.source}: {', '.join(_texts(s, voice))}" for s in one.said if not s.is_silent)
        lines.append(f"{about(one.about, voice)} ({voice.said(one.relation)}): {beside}")
    return lines


def _only_some(compared: Sequence[Compared], voice: Voice) -> list[str]:
    found: dict[tuple[str, ...], list[str]] = {}
    for one in compared:
        if one.relation == "only some":
            found.setdefault(one.sources, []).extend(text for s in one.said for text in _texts(s, voice))
    return [voice.words["only"].format(", ".join(ids), "; ".join(texts)) for ids, texts in found.items()]


def _silent(quiet: Sequence[Quiet], voice: Voice) -> list[str]:
    return [f"{one.source}: {voice.words['silent'].format(voice.said(one.why))}" for one in quiet]


def _texts(said: Said, voice: Voice) -> tuple[str, ...]:
    return said.texts(voice.drugs, voice.language)
