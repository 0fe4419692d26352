"""Rates of infusions in the unit a rule asks for, and what an unspecified agent could be.

Place    Engine. Shared by both engines: conversion of units is done once.
Missing  A rate per kilogram and an absolute rate meet only through a body weight; without one there is no rate.
"""

from __future__ import annotations

from functools import lru_cache

from vein2vein.basis.units import convert
from vein2vein.knowledge.codes import streams


@lru_cache(maxsize=65_536)
def rate_with_weight(rate: float, have: str, want: str, weight_kg: float | None) -> float | None:
    """Convert a rate, using body weight between rates per kilogram and absolute rates; None when it cannot be done."""
    direct = convert(rate, have, want)
    if direct is not None:
        return round(direct, 9)
    if weight_kg is None or weight_kg <= 0:
        return None
    per_kg_have, per_kg_want = "/kg" in have, "/kg" in want
    if per_kg_have and not per_kg_want:
        absolute = convert(rate * weight_kg, have.replace("/kg", ""), want)
        return None if absolute is None else round(absolute, 9)
    if per_kg_want and not per_kg_have:
        per_kg = convert(rate / weight_kg, have, want.replace("/kg", ""))
        return None if per_kg is None else round(per_kg, 9)
    return None


@lru_cache(maxsize=256)
def off_at_zero(stream: str) -> frozenset[str]:
    """The agents of a stream that do not run while their rate is 0."""
    return frozenset(name for name, agent in streams()[stream].agents.items() if agent.off_at_zero)


def possible_agents(stream: str) -> list[str]:
    """The agents that "unspecified" could stand for: all of the stream but those that mean absence."""
    return [name for name, agent in streams()[stream].agents.items() if not agent.absence]
