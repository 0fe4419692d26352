"""Risk: prognostic and toxicity scores of a course at one instant, with what is missing and what each band means."""

from vein2vein.journey.risk.scores import ScoreAnswer, score, scores

__all__ = ["ScoreAnswer", "score", "scores"]
