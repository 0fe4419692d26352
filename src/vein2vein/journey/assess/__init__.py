"""One call over all stages: what holds of a course now, what is due, what a protocol proposes, what is missing, what deviated."""

from vein2vein.journey.assess.assess import Assessment, Assessor, assess

__all__ = ["Assessment", "Assessor", "assess"]
