"""Rule files of a centre are read with messages that name what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from vein2vein.errors import KnowledgeError
from vein2vein.knowledge.registry import Registry


@pytest.mark.parametrize("content", [b"id: [open\n", b"id: \xff\xfe\n"], ids=["not YAML", "not UTF-8"])
def test_a_rule_file_that_is_not_yaml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "own.crs.yaml").write_bytes(content)
    with pytest.raises(KnowledgeError, match=r"RULE-001[\s\S]*file own\.crs\.yaml that is not YAML"):
        Registry([tmp_path]).get("own.crs")
