"""One fixture: `spec` holds a course to its expected verdicts, on both engines."""

from __future__ import annotations

import pytest

from spec.judging import Spec, judged


@pytest.fixture(params=["plain", "vector"])
def spec(request: pytest.FixtureRequest) -> Spec:
    """Judge one spec with one engine."""
    return judged(request.param)
