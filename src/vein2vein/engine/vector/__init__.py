"""The fast twin: the same answers from whole columns at once, held to the plain engine by shared tests."""
