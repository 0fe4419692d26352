"""A centre's protocol to begin with: a copy of an example in which every choice is marked as still to be decided.

Place    Floor 1. Read by `vein2vein knowledge new-protocol`.
In       The id that the file shall have, and the id of the protocol of the package that is copied.
Out      The text of a valid file that nobody has signed.
Missing  An id that cannot be one is RULE-001; a protocol that the package does not have is RULE-003.
Checked  tests/unit/knowledge/test_protocol_template.py
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Final

from vein2vein.basis.data_files import parse_yaml
from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.documents.protocol import Protocol
from vein2vein.knowledge.registry import bound_model

TO_DECIDE: Final = "TO DECIDE"
_SUFFIX: Final = ".protocol"
_HEAD: Final = """\
# Protocol of a centre, copied from {like}. Nobody has decided anything in it: read each line under "{mark}", change it or
# keep it, and take the mark away. Then write who has read it under signed_off, and hand the folder over with --rules.
"""
_IN_PLACE: Final = {
    "title": 'title: {en: "Protocol of CENTRE, nothing decided yet", zh: "CENTRE 方案（尚未决定）"}',
    "edition": 'edition: "1"',
    "encoding": "encoding: 0.1.0",
    "status": "status: uncertain\nsigned_off: []",
}
_LIMITS: Final = """\
limits:
  - "{mark}: every choice is copied from {like}, and nobody of the centre has decided or signed it."
"""


def protocol_template(id: str, *, like: str = "reference.protocol") -> str:
    """A copy of a protocol of the package with its choices marked as still to be decided.

    Args:
        id: Id of the new protocol, such as our-centre.protocol.
        like: Id of the protocol that is copied; its last part may be left out.

    Raises:
        KnowledgeError: RULE-001 when the id is not of the form "name.protocol"; RULE-003 when no such protocol is there to copy.
    """
    copied, text = _text_of(like)
    bound_model({**parse_yaml(text), "id": id}, {}, Protocol)
    if not id.endswith(_SUFFIX):
        raise KnowledgeError(
            "RULE-001", saw=f"id {id!r}", expected="a name that ends in .protocol", fix=f"call it {id}{_SUFFIX}"
        )
    questions = parse_yaml(_data("templates", "protocol-choices.yaml"))
    lines = [_HEAD.format(like=copied, mark=TO_DECIDE).rstrip()]
    for line in _without_limits(text).splitlines():
        key = line.partition(":")[0]
        if key in questions:
            lines.append(f"# {TO_DECIDE}: {questions[key]}.")
        lines.append(f"id: {id}" if key == "id" else _IN_PLACE.get(key, line))
    absent = [key for key in questions if not re.search(rf"^{key}:", text, re.MULTILINE)]
    lines += [
        f"# {TO_DECIDE}: {questions[key]}. Not in the example: `{key}:` stands here when it is used." for key in absent
    ]
    return "\n".join(lines) + "\n" + _LIMITS.format(like=copied, mark=TO_DECIDE) + _silence(text)


def _text_of(like: str) -> tuple[str, str]:
    """Id and text of a protocol of the package."""
    folder = resources.files("vein2vein.knowledge").joinpath("data", "protocols")
    known = sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
    id = like if like in known else f"{like}{_SUFFIX}"
    if id not in known:
        raise KnowledgeError(
            "RULE-003", saw=f"protocol {like!r}", expected=f"one of {', '.join(known)}", fix="name one of these"
        )
    return id, _data("protocols", f"{id}.yaml")


def _data(*path: str) -> str:
    return resources.files("vein2vein.knowledge").joinpath("data", *path).read_text(encoding="utf-8")


def _without_limits(text: str) -> str:
    return text.partition("\nlimits:")[0]


def _silence(text: str) -> str:
    return "silence:" + text.partition("\nsilence:")[2]
