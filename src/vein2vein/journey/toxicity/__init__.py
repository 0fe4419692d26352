"""Acute and late toxicity: which rule sets there are for it, and grading by the name of the toxicity."""
