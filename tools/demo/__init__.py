"""The made-up courses of the demonstration cohort: how a ward charts, and what happens in each course."""
