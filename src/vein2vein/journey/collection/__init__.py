"""Before cells are collected: what must have stopped, which markers must be fresh, how much blood to process."""
