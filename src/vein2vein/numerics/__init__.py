"""Floor 1: mathematics without medicine."""
