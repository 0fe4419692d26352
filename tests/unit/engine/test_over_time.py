"""`sustained` and `syndrome`, step by step."""

from __future__ import annotations

from vein2vein.basis.truth import Truth
from vein2vein.engine.plain.over_time import OverTime, SustainedWorld, SyndromeWorld
from vein2vein.knowledge.predicates import Ref, Sustained, Syndrome

HOUR = 3_600_000_000


def test_sustained_needs_the_whole_time() -> None:
    world = SustainedWorld(3 * HOUR)
    assert not world.step(0, holds=True)
    assert world.next_change(0) == 3 * HOUR
    assert not world.step(3 * HOUR - 1, holds=True)
    assert world.step(3 * HOUR, holds=True)
    assert world.next_change(3 * HOUR) is None
    assert not world.step(4 * HOUR, holds=False)
    assert not world.step(5 * HOUR, holds=True)


def test_sustained_for_no_time_holds_at_once() -> None:
    assert SustainedWorld(0).step(0, holds=True)


def step(world: SyndromeWorld, hours: float, *signs: str) -> bool:
    return world.step(round(hours * HOUR), opens="opens" in signs, sustains="sustains" in signs, masks="masks" in signs)


def test_a_masked_sign_keeps_the_syndrome() -> None:
    world = SyndromeWorld(24 * HOUR)
    assert step(world, 0, "opens")
    assert step(world, 1, "opens", "masks")
    assert step(world, 2, "sustains")
    assert step(world, 3)
    assert world.next_change(3 * HOUR) == 27 * HOUR
    assert step(world, 26.9)
    assert not step(world, 27)


def test_without_masking_it_is_recognised_only_while_the_sign_is_there() -> None:
    world = SyndromeWorld(24 * HOUR)
    assert step(world, 0, "opens")
    assert not step(world, 1, "sustains")
    assert step(world, 2, "sustains", "masks")  # the episode is still open


def test_masking_before_the_episode_does_not_count() -> None:
    world = SyndromeWorld(24 * HOUR)
    assert not step(world, 0, "masks")
    assert step(world, 1, "opens")
    assert not step(world, 2, "sustains")


def test_an_unknown_part_opens_two_worlds() -> None:
    criterion = OverTime(Sustained(Ref("x"), 1.0))
    assert criterion.step(0, (Truth.UNKNOWN,)) is Truth.FALSE
    assert criterion.next_change(0) == [HOUR]
    assert criterion.step(HOUR, (Truth.UNKNOWN,)) is Truth.UNKNOWN
    syndrome = OverTime(Syndrome(Ref("x"), Ref("y"), Ref("z"), 1.0))
    assert syndrome.step(0, (Truth.UNKNOWN, Truth.FALSE, Truth.FALSE)) is Truth.UNKNOWN
