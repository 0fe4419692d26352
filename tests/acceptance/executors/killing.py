"""An executor whose worker kills itself on the way, as the system does when memory runs out."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any


def die_until(marker: Path, deaths: int, fn: Callable[..., Any], *args: Any) -> Any:
    """Kill this process the first `deaths` times; then do the work."""
    marker.mkdir(exist_ok=True)
    before = len(list(marker.iterdir()))
    if before < deaths:
        (marker / str(before)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return fn(*args)


class Killing(Executor):
    """Passes calls on; the worker of call number `which` is killed while it has that call.

    Args:
        executor: Where the calls really run.
        marker: A folder that remembers how often a worker has died.
        which: Number of the call, from 0.
        deaths: How often a worker dies of it.
    """

    def __init__(self, executor: Executor, marker: Path, *, which: int = 1, deaths: int = 1) -> None:
        self._executor, self._marker, self._which, self._deaths = executor, marker, which, deaths
        self.calls = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert not kwargs
        self.calls += 1
        if self.calls - 1 == self._which:
            return self._executor.submit(die_until, self._marker, self._deaths, fn, *args)
        return self._executor.submit(fn, *args)

    @property
    def deaths(self) -> int:
        """How often a worker has died."""
        return len(list(self._marker.iterdir())) if self._marker.exists() else 0
