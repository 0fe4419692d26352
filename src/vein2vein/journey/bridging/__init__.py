"""Bridging: what of it has to stop how long before lymphodepletion."""

from vein2vein.journey.bridging.stop import Stopping, stopping

__all__ = ["Stopping", "stopping"]
