"""Named streams: each its own, the same everywhere."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from vein2vein.numerics.streams import Streams


def draws(name: str, number: int = 0, seed: int = 7) -> list[float]:
    """The first draws of a replication."""
    return [float(x) for x in Streams(seed).replication(name, number).random(4)]


def test_a_stream_starts_afresh_each_time() -> None:
    streams = Streams(7)
    first = streams["trial/arrival"].random(3).tolist()
    streams["trial/outcome"].random(100)
    assert streams["trial/arrival"].random(3).tolist() == first


@pytest.mark.parametrize("other", [{"name": "b"}, {"name": "a", "number": 1}, {"name": "a", "seed": 8}, {"name": "a "}])
def test_name_number_and_seed_each_change_the_draws(other: dict[str, object]) -> None:
    assert draws("a") != draws(**other)  # type: ignore[arg-type]


def test_the_values_never_change() -> None:
    """Frozen: results of earlier versions must be found again."""
    assert Streams(7)["trial/arrival"].integers(0, 1000, 5).tolist() == FROZEN


def test_other_processes_draw_the_same() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(_on_a_worker).result() == draws("a", 3)


def _on_a_worker() -> list[float]:
    return draws("a", 3)


FROZEN = [865, 210, 944, 665, 360]
