"""Lymphodepletion: the calendar from the infusion back, doses by body surface and kidney, deviations, when to repeat."""
