"""Grades and explains the toxicities of CAR-T courses from recorded hospital data."""
