"""Floor 4: synthetic courses with stated assumptions, in exactly the cohort tables of the record; a model, never data."""
