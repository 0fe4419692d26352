"""Floor 0: the words of time, quantity and doubt that every other floor uses."""
