"""Infusion: the go/no-go lists of the day, before lymphodepletion and before thawing."""

from vein2vein.journey.infusion.go import Go, go

__all__ = ["Go", "go"]
