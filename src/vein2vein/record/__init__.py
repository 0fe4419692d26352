"""Floor 2: what was observed, frozen and without judgement."""
