"""A patient before collection, as plain data and as text in every language."""

from vein2vein.report.candidate.plain import as_plain
from vein2vein.report.candidate.text import as_text

__all__ = ["as_plain", "as_text"]
