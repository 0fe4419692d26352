"""What every part of the answer says in the same way: the head of a file, an instant on the centre's clock.

Place    Report, candidate.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vein2vein.knowledge.edition import Edition

Plain = dict[str, Any]


def edition(one: Edition) -> Plain:
    """What goes with every answer of a file."""
    return {
        "id": one.id,
        "edition": one.edition,
        "jurisdiction": list(one.jurisdiction),
        "status": one.status,
        "sources": [source.key for source in one.sources],
    }


def instant(at: datetime | None, zone: str) -> str | None:
    """An instant on the centre's clock with its offset; None for none."""
    return None if at is None else at.astimezone(ZoneInfo(zone)).isoformat()
