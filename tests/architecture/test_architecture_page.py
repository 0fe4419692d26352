"""The page about the architecture names every room that there is, and none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "vein2vein"
# What is no room: texts of a room, and tables that a command hands out.
NO_ROOMS = {"messages", "demo_cohort", "catalogue", "__pycache__"}


def _rooms() -> set[str]:
    """Folders of the package and of its rooms, and those of `programme.trial`."""
    inner = [*SOURCE.iterdir(), *SOURCE.glob("*/*"), *SOURCE.glob("programme/trial/*")]
    return {folder.name for folder in inner if folder.is_dir()} - NO_ROOMS


def test_the_page_names_every_room_and_no_other() -> None:
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ")]
    named = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    assert named == _rooms()
