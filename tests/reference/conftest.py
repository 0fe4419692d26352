"""Reference tests run on both engines."""

from __future__ import annotations

import pytest

from vein2vein.engine.grade import Engine


@pytest.fixture(params=["plain", "vector"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The plain definition, then its fast twin."""
    chosen: Engine = request.param
    return chosen
