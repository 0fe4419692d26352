"""Which kinds of documents there are beside rule sets, in which folder they lie, and which model each follows.

Place    Floor 1. Read by the registry (which leaves them alone) and by the library (which reads them).
In       A kind, or a file of a centre.
Out      Folder and model of a kind; whether a file is such a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

import yaml

from vein2vein.basis.data_files import parse_yaml
from vein2vein.knowledge.edition import Edition

KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "formula": ("formulas", "vein2vein.knowledge.formulas", "Formula"),
    "follow-up": ("followup", "vein2vein.knowledge.documents.followup", "FollowUp"),
    "checklist": ("checklists", "vein2vein.knowledge.documents.checklist", "Checklist"),
    "protocol": ("protocols", "vein2vein.knowledge.documents.protocol", "Protocol"),
    "regimen": ("regimens", "vein2vein.knowledge.documents.regimen", "Regimen"),
    "renal-policy": ("policies", "vein2vein.knowledge.documents.renal_policy", "RenalPolicy"),
    "product": ("products", "vein2vein.knowledge.documents.product", "Product"),
    "wash-out": ("washout", "vein2vein.knowledge.documents.washout", "Washout"),
    "bridging-options": ("bridging", "vein2vein.knowledge.documents.bridging", "BridgingOptions"),
    "drug": ("drugs", "vein2vein.knowledge.documents.drug", "Drug"),
    "response": ("response", "vein2vein.knowledge.documents.response", "Response"),
    "policy": ("policies", "vein2vein.knowledge.documents.prophylaxis", "Policy"),
    "biomarkers": ("biomarkers", "vein2vein.knowledge.documents.biomarkers", "Biomarkers"),
    "user-model": ("user_models", "vein2vein.knowledge.documents.user_model", "UserModel"),
    "guidance": ("guidance", "vein2vein.knowledge.documents.guidance", "Guidance"),
}
"""Kind of a file -> folder of the package, module and class of its model. A new kind is one line here."""

FOLDERS: Final = tuple(dict.fromkeys(folder for folder, _, _ in KINDS.values()))


def model_of(raw: Mapping[str, Any]) -> type[Edition]:
    """The model of a raw file, by its kind."""
    _, module, name = KINDS[raw["kind"]]
    return cast("type[Edition]", getattr(import_module(module), name))


def is_document(file: Path) -> bool:
    """Whether a centre's file is a document, and not a rule set; a file that cannot be read is left to the registry to refuse."""
    try:
        raw = parse_yaml(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return False
    return isinstance(raw, dict) and raw.get("kind") in KINDS
