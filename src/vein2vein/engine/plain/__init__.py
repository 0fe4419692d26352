"""The plain engine: row by row, readable, slow; what it says is the definition that the fast twin is held to."""
