"""Follow-up: what is due, done, late or still to come after an infusion."""

from vein2vein.journey.followup.calendar import Due, due_items

__all__ = ["Due", "due_items"]
