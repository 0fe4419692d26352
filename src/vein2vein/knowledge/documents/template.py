"""An empty, valid guidance file that a centre fills in.

Place    Floor 1. Read by `vein2vein knowledge new-guidance`.
In       The id that the file shall have.
Out      The text of the file.
Missing  An id that cannot be one is RULE-001.
Checked  tests/unit/knowledge/test_template.py
"""

from __future__ import annotations

from importlib import resources

from vein2vein.basis.data_files import parse_yaml
from vein2vein.knowledge.documents.guidance import Guidance
from vein2vein.knowledge.registry import bound_model


def guidance_template(id: str) -> str:
    """The template with its id put in.

    Raises:
        KnowledgeError: RULE-001 when the id is not of the form "name.guidance".
    """
    file = resources.files("vein2vein.knowledge").joinpath("data", "templates", "guidance.yaml")
    text = file.read_text(encoding="utf-8")
    bound_model({**parse_yaml(text), "id": id}, {}, Guidance)
    return text.replace("\nid: ID\n", f"\nid: {id}\n", 1)
