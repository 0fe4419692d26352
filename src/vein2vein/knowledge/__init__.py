"""Floor 1: clinical knowledge as cited data, and the closed language it is written in."""
