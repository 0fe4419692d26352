"""Dose finding by toxicity."""
