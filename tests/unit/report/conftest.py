"""The small made-up cohort of the report tests."""

from report_example import example

__all__ = ["example"]
