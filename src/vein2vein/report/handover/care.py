"""Who is called, and until when visits, staying near the centre and not driving last, in words.

Place    Report, handover.
In       A voice with an assessment.
Out      Lines for people.
Missing  A topic for which the protocol names nobody says so, and so does a duty after an infusion for which no file names a time.
Checked  tests/unit/report/test_handover_care.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from vein2vein.basis.messages import messages, spoken
from vein2vein.basis.truth import Truth
from vein2vein.knowledge.documents.topics import topics
from vein2vein.report.handover.voice import Voice

# Duties that a reader expects after every infusion: silence would read as leave.
_EXPECTED: Final = ("proximity", "driving")


def care_words(voice: Voice) -> Mapping[str, str]:
    """Words of these lines."""
    return messages("vein2vein.report", "handover", spoken(voice.language))["care"]


def called_lines(voice: Voice) -> Iterator[str]:
    """Whom the advice that certainly applies asks for, with the contact that the protocol names."""
    known, contacts = topics(), voice.found.protocol.contacts
    asked = [p.action.about for a in voice.found.advice for p in a.proposals if p.truth is Truth.TRUE and p.is_proposed]
    for about in dict.fromkeys(asked):
        if about in known and known[about].do in {"consult", "place"}:
            contact = voice.pick(contacts[about]) if about in contacts else care_words(voice)["nobody"]
            yield f"{voice.pick(known[about].label)}: {contact}"


def care_lines(voice: Voice) -> Iterator[str]:
    """Each duty with the first day free of it."""
    words = care_words(voice)
    for care in voice.found.care:
        phrase = words["over" if care.is_over else "until"]
        text = phrase.format(words[care.duty], care.free_from, care.row.row, care.days, voice.said(care.row.status))
        yield text if care.truth is Truth.TRUE else words["may"].format(text)
    stated = {care.duty for care in voice.found.care}
    if voice.found.timeline.course.infused_at is not None:
        where = voice.found.protocol.jurisdiction_of_labels
        yield from (words["unstated"].format(words[duty], where) for duty in _EXPECTED if duty not in stated)
