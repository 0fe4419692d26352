"""Trial design for cell therapies: exact where it can be, simulated where it must be, and named for what it is."""
