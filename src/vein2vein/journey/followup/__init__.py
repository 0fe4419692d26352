"""Follow-up: what is due, done, late or still to come after an infusion, and what prophylaxis starts, runs or may stop."""

from vein2vein.journey.followup.calendar import Due, due_items
from vein2vein.journey.followup.care import CareEnd, care_ends
from vein2vein.journey.followup.prophylaxis import Step, agrees, prophylaxis, side_by_side

__all__ = ["CareEnd", "Due", "Step", "agrees", "care_ends", "due_items", "prophylaxis", "side_by_side"]
